//! The server: what a program of some size does with a runtime, in one process.
//!
//! Lines over TCP and over a Unix socket (`server/lines.rs`), HTTP/1.1 by hyper (`server/http.rs`),
//! datagrams that are sent back. On SIGHUP it reads its configuration, drops its listeners and binds
//! them again, while old connections are drained. On SIGTERM it answers what has been asked, and ends.
//! `server/control.rs` is a thread of its own that tells the supervisor how it goes, also when the
//! runtime is stuck.

mod app;
mod control;
mod generation;
mod http;
mod lines;

use std::io;
use std::sync::Arc;

use rt_facade::runtime::{Builder, Runtime};
use rt_facade::signal::unix::{SignalKind, signal};
use rt_facade::time::Duration;
use rustix::process::{Resource, Rlimit, setrlimit};

use crate::place::Place;
use crate::proc;
use app::App;
use generation::Generation;

/// Threads of the blocking pool leave so soon, so that a calm server has none.
const KEEP_ALIVE: Duration = Duration::from_secs(1);
/// What a process keeps that has handled a signal: the handlers' event counter.
const KEPT_DESCRIPTORS: u64 = 1;
/// What a shutdown may wait for.
const SHUTDOWN_MAX: Duration = Duration::from_secs(5);

/// One of the two ways to run tasks.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Flavor {
    Multi,
    Current,
}

impl Flavor {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Multi => "multi",
            Self::Current => "current",
        }
    }

    pub(crate) fn runtime(self) -> io::Result<Runtime> {
        let mut builder = match self {
            Self::Multi => Builder::new_multi_thread(),
            Self::Current => Builder::new_current_thread(),
        };
        builder.worker_threads(2).enable_all().thread_keep_alive(KEEP_ALIVE).name("soak");
        builder.build()
    }
}

pub(crate) fn run(flavor: Flavor, place: Place, descriptors: u64) -> io::Result<()> {
    let limit = Rlimit { current: Some(descriptors), maximum: Some(descriptors) };
    setrlimit(Resource::Nofile, limit)?;
    quiet_on_purpose();
    let before = proc::own()?;
    let runtime = flavor.runtime()?;
    let app = runtime.block_on(async { App::new(&place) });
    let control = control::start(runtime.handle(), &app);
    runtime.block_on(serve(&app, &place))?;
    drop(app);
    let report = runtime.shutdown_report(SHUTDOWN_MAX);
    if !report.is_complete() {
        println!("bad the shutdown waited in vain: {report}");
    }
    // It holds a handle, and ends when the supervisor says no more.
    println!("shut down");
    _ = control.join();
    let after = proc::own()?;
    let kept = before.fds + KEPT_DESCRIPTORS;
    println!("ended threads {} {} fds {kept} {}", before.threads, after.threads, after.fds);
    Ok(())
}

async fn serve(app: &Arc<App>, place: &Place) -> io::Result<()> {
    let mut reload = signal(SignalKind::hangup())?;
    let mut end = signal(SignalKind::terminate())?;
    let mut generation = Generation::start(app, place).await?;
    let mut drained = Vec::new();
    println!("ready");
    loop {
        rt_facade::select! {
            _ = reload.recv() => {
                drained.retain(|old: &rt_facade::task::JoinHandle<()>| !old.is_finished());
                drained.push(generation.close().await);
                app.configure(place).await?;
                generation = Generation::start(app, place).await?;
                println!("reloaded");
            }
            _ = end.recv() => break,
        }
    }
    drained.push(generation.close().await);
    for old in drained {
        old.await.map_err(io::Error::other)?;
    }
    Ok(())
}

/// What panics because a client asked for it need not be read by anybody.
fn quiet_on_purpose() {
    let default = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if info.payload().downcast_ref::<&str>() != Some(&app::ON_PURPOSE) {
            default(info);
        }
    }));
}
