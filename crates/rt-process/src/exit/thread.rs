//! By a thread that blocks: where there is no pidfd.
//!
//! It is started when somebody waits, and waits without reaping, so that whoever drops the wait leaves the
//! child's end for the next one to ask for. It cannot be called back: it ends when the child does. So it is
//! no pool's: a runtime waits for what its pool has begun, and nobody shall wait for a child that was given up.

use std::future::Future;
use std::io;
use std::panic::Location;
use std::pin::Pin;
use std::process::{self, ExitStatus};
use std::task::{Context, Poll, ready};
use std::thread::Builder;

use rt_task::wait::{Wait, WaitKind, poll_at};
use rt_task::{Job, JoinHandle};
use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};

/// A thread that waits, once somebody does.
#[derive(Debug)]
pub(crate) struct Thread {
    id: u32,
    waits: Option<JoinHandle<()>>,
}

impl Thread {
    pub(crate) fn new(id: u32) -> Self {
        Self { id, waits: None }
    }

    pub(super) fn poll_reap(
        &mut self,
        cx: &mut Context<'_>,
        child: &mut process::Child,
        site: &'static Location<'static>,
    ) -> Poll<io::Result<ExitStatus>> {
        let wait = Wait { kind: WaitKind::Child, object: self.id as usize, site };
        poll_at(cx, || wait, |cx| self.poll_thread(cx, child))
    }

    fn poll_thread(
        &mut self,
        cx: &mut Context<'_>,
        child: &mut process::Child,
    ) -> Poll<io::Result<ExitStatus>> {
        loop {
            if let Some(waits) = &mut self.waits {
                let ended = ready!(Pin::new(waits).poll(cx));
                self.waits = None;
                ended.map_err(io::Error::other)?;
            }
            if let Some(status) = child.try_wait()? {
                return Poll::Ready(Ok(status));
            }
            self.waits = Some(start(self.id)?);
        }
    }
}

/// A thread that waits for the end of a child.
fn start(id: u32) -> io::Result<JoinHandle<()>> {
    let (job, waits) = Job::new(move || {
        let Some(id) = i32::try_from(id).ok().and_then(Pid::from_raw) else { return };
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        // It ended, or was reaped meanwhile: who asks next finds that out.
        while let Err(rustix::io::Errno::INTR) = waitid(WaitId::Pid(id), options) {}
    });
    drop(Builder::new().name("rt-child".to_owned()).spawn(move || job.run())?); // runs on by itself
    Ok(waits)
}
