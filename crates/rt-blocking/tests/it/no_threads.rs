//! The operating system refuses threads: closures go to those that exist, or come back.

use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rt_blocking::{Builder, Pool, RejectedWhy};
use rt_task::block_on;

use crate::child;

const MIB: usize = 1 << 20;
const CLOSURES: usize = 24;

/// More closures than threads can be had, all of which want to run at once: each is run in the end.
fn some_threads_are_enough(pool: &Pool) {
    let (let_go, gate) = channel::<()>();
    let gate = Arc::new(Mutex::new(gate));
    let wait = |n| {
        let gate = gate.clone();
        pool.handle().try_spawn_blocking(move || {
            let _ = gate.lock().unwrap().recv(); // until the gate is gone
            n
        })
    };
    let handles: Vec<_> = (0..CLOSURES).map(|n| wait(n).expect("a thread exists")).collect();
    let metrics = pool.handle().metrics();
    assert!(metrics.start_failures > 0, "the limit was not reached: {metrics:?}");
    assert!((1..CLOSURES).contains(&metrics.threads), "{metrics:?}");
    drop(let_go);
    for (n, handle) in handles.into_iter().enumerate() {
        assert_eq!(block_on(handle).unwrap(), n);
    }
    assert!(pool.shutdown(Some(Duration::from_secs(10))).is_complete());
}

#[test]
fn out_of_address_space() {
    if child::is_here() {
        return some_threads_are_enough(&Builder::new().stack_size(64 * MIB).build());
    }
    child::run("no_threads::out_of_address_space", &["prlimit", "--as=536870912"]);
}

#[test]
fn out_of_processes() {
    if child::is_here() {
        return some_threads_are_enough(&Pool::new());
    }
    // Root has no such limit, and one user's processes count together: be somebody new.
    let user = 40_000 + std::process::id() % 20_000;
    let (user, group) = (format!("--reuid={user}"), format!("--regid={user}"));
    let nobody = ["setpriv", &user, &group, "--clear-groups"];
    let limits = [&nobody[..], &["prlimit", "--nproc=8"]].concat();
    child::run("no_threads::out_of_processes", &limits);
}

#[test]
fn no_thread_at_all() {
    if !child::is_here() {
        return child::run("no_threads::no_thread_at_all", &["prlimit", "--as=536870912"]);
    }
    let pool = Builder::new().stack_size(1024 * MIB).build();
    let error = pool.handle().try_spawn_blocking(|| 1).unwrap_err();
    assert!(matches!(&error, RejectedWhy::NoThread(_)), "{error}");
    assert!(block_on(pool.handle().spawn_blocking(|| 1)).unwrap_err().is_cancelled());
    assert_eq!(pool.handle().metrics().start_failures, 2);
    assert!(pool.shutdown(Some(Duration::from_secs(10))).is_complete());
}
