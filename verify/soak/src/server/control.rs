//! A thread beside the runtime that answers the supervisor, also when the runtime does not.

use std::io;
use std::process;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use rt_facade::runtime::Handle;

use super::app::App;
use crate::heap;

/// Answers on standard output what is asked on standard input: `stat`, `trim` and `dump`.
pub(super) fn start(handle: &Handle, app: &Arc<App>) -> JoinHandle<()> {
    let handle = handle.clone();
    // Of what a shutdown must find dropped, it holds nothing.
    let app = Arc::downgrade(app);
    thread::spawn(move || {
        let _entered = handle.enter();
        for line in io::stdin().lines() {
            match line.as_deref() {
                Ok("stat") => println!("stat {}", stat(&handle, app.upgrade().as_deref())),
                Ok("trim") => {
                    heap::trim();
                    println!("trimmed");
                }
                Ok("dump") => println!("{}\nend of dump", handle.dump()),
                _ => break,
            }
        }
        // The supervisor says no more before the runtime is gone: it is gone itself.
        if app.strong_count() > 0 {
            process::exit(1);
        }
    })
}

/// What the server knows of itself: `name=number`, those that only grow with a `+`.
fn stat(handle: &Handle, app: Option<&App>) -> String {
    let metrics = handle.metrics();
    let heap = heap::alive();
    let Ok(reactor) = rt_reactor::Handle::current().map(|reactor| reactor.metrics()) else {
        return String::new();
    };
    let mut told = vec![
        ("tasks".to_owned(), metrics.alive_tasks),
        ("timers".to_owned(), rt_facade::time::Handle::current().armed() as u64),
        ("sources".to_owned(), reactor.sources as u64),
        ("pool".to_owned(), metrics.blocking_threads as u64),
        ("heap_blocks".to_owned(), heap.blocks),
        ("heap_bytes".to_owned(), heap.bytes),
        ("+spawned".to_owned(), metrics.spawned_tasks),
        ("+polls".to_owned(), metrics.polls),
        ("+parks".to_owned(), metrics.parks),
        ("+remote".to_owned(), metrics.remote_schedules),
        ("+registered".to_owned(), reactor.registered_count),
        ("+deregistered".to_owned(), reactor.deregistered_count),
        ("+ready".to_owned(), reactor.ready_count),
    ];
    let counts = app.into_iter().flat_map(App::counts);
    told.extend(counts.map(|(name, count)| (format!("+{name}"), count)));
    for worker in 0..metrics.workers {
        let Some(it) = handle.worker_metrics(worker) else { continue };
        let counts = [
            ("polls", it.polls),
            ("steals", it.steals),
            ("steal_operations", it.steal_operations),
            ("overflows", it.overflows),
            ("parks", it.parks),
            ("unparks", it.unparks),
            ("noop_wakes", it.noop_wakes),
            ("calls", it.calls),
            ("turns", it.turns),
            ("from_global", it.from_global),
            ("rescues", it.rescues),
            ("busy", it.busy.as_nanos() as u64),
        ];
        told.extend(counts.map(|(name, count)| (format!("+worker{worker}.{name}"), count)));
    }
    let told: Vec<String> = told.iter().map(|(name, count)| format!("{name}={count}")).collect();
    told.join(" ")
}
