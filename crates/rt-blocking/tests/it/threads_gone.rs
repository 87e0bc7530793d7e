//! After a shutdown the process has as many threads as before.

use std::time::Duration;

use rt_blocking::{Builder, Pool};
use rt_task::block_on;

use crate::child;

fn threads() -> usize {
    std::fs::read_dir("/proc/self/task").expect("Linux tells").count()
}

/// A joined thread is gone as far as anybody can use it; the system strikes it off its list a
/// moment later.
fn threads_settle_at(before: usize) -> bool {
    (0..100_000).any(|_| {
        std::thread::yield_now();
        threads() == before
    })
}

fn used(pool: Pool) -> Pool {
    let handles: Vec<_> = (0..50).map(|n| pool.handle().spawn_blocking(move || n)).collect();
    for (n, handle) in handles.into_iter().enumerate() {
        assert_eq!(block_on(handle).unwrap(), n);
    }
    pool
}

#[test]
fn as_many_threads_as_before() {
    if !child::is_here() {
        return child::run("threads_gone::as_many_threads_as_before", &["env"]);
    }
    let before = threads();
    for _ in 0..20 {
        assert!(used(Pool::new()).shutdown(None).is_complete());
        assert!(threads_settle_at(before), "after a shutdown");
        drop(used(Pool::new()));
        assert!(threads_settle_at(before), "after a drop");
        let short = Builder::new().keep_alive(Duration::from_nanos(1)).build();
        assert!(used(short).shutdown(None).is_complete());
        assert!(threads_settle_at(before), "when some have left by themselves");
    }
}
