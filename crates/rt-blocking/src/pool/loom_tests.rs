//! The Claims of the hand-off and of the end, over every interleaving of a whole pool.
//!
//! In a model a keep-alive, like every timeout, is over whenever it likes.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use rt_task::base::shim::{model, thread};
use rt_task::{JoinHandle, block_on};

use super::*;

/// Counts runs. Not modelled: the models are about threads, and each job counts itself alone.
#[derive(Clone, Default)]
struct Ran(StdArc<AtomicUsize>);

impl Ran {
    fn spawn(&self, handle: &Handle) -> JoinHandle<()> {
        let ran = self.clone();
        handle.spawn_blocking(move || {
            ran.0.fetch_add(1, Relaxed);
        })
    }

    fn times(&self) -> usize {
        self.0.load(Relaxed)
    }
}

/// Of threads that leave whenever they like.
fn pool(max_threads: usize) -> Pool {
    Builder::new().max_threads(max_threads).build()
}

/// Of threads that wait for ever: a call that is missing is a deadlock.
fn patient(max_threads: usize) -> Pool {
    Builder::new().max_threads(max_threads).keep_alive(Duration::MAX).build()
}

/// A thread may be starting, busy, idle, late or gone when the second job comes.
#[test]
fn hand_off_meets_keep_alive() {
    model(|| {
        let (pool, ran) = (pool(1), Ran::default());
        block_on(ran.spawn(pool.handle())).unwrap();
        block_on(ran.spawn(pool.handle())).unwrap();
        assert_eq!(ran.times(), 2);
        assert_eq!(pool.handle().metrics().queue_depth, 0);
        drop(pool);
    });
}

/// Threads that nobody calls wait for ever: each is called for its job, and at the end.
#[test]
fn nobody_sleeps_on_a_job() {
    model(|| {
        let (pool, ran) = (patient(1), Ran::default());
        let other = {
            let (handle, ran) = (pool.handle().clone(), ran.clone());
            thread::spawn(move || block_on(ran.spawn(&handle)).unwrap())
        };
        block_on(ran.spawn(pool.handle())).unwrap();
        other.join().unwrap();
        assert_eq!(ran.times(), 2);
        assert!(pool.shutdown(None).is_complete());
    });
}

/// Two threads may start, wait and be handed jobs.
#[test]
fn two_threads_share_the_work() {
    model(|| {
        let (pool, ran) = (patient(2), Ran::default());
        let jobs = [(); 2].map(|()| ran.spawn(pool.handle()));
        for job in jobs {
            block_on(job).unwrap();
        }
        block_on(ran.spawn(pool.handle())).unwrap();
        assert_eq!(ran.times(), 3);
        assert!(pool.shutdown(None).is_complete());
    });
}

/// A thread that has just gone idle is called to leave.
#[test]
fn patient_threads_leave_at_a_shutdown() {
    model(|| {
        let (pool, ran) = (patient(1), Ran::default());
        drop(ran.spawn(pool.handle()));
        let cancelled = pool.shutdown(None).cancelled;
        assert_eq!(ran.times() + cancelled, 1);
    });
}

/// Another thread brings a job while the pool is shut down: it is run before the end, or never,
/// and both are told.
#[test]
fn hand_off_meets_shutdown() {
    model(|| {
        let (pool, ran) = (pool(1), Ran::default());
        block_on(ran.spawn(pool.handle())).unwrap();
        let spawner = {
            let (handle, ran) = (pool.handle().clone(), ran.clone());
            thread::spawn(move || ran.spawn(&handle))
        };
        assert!(pool.shutdown(None).is_complete());
        let by_then = ran.times();
        let second = spawner.join().unwrap();
        assert!(second.is_finished(), "run or cancelled");
        assert_eq!(ran.times(), by_then, "nothing runs after a shutdown");
        assert_eq!(block_on(second).is_ok(), by_then == 2);
    });
}

/// The first thread is being started while the pool is shut down.
#[test]
fn start_meets_shutdown() {
    model(|| {
        let (pool, ran) = (pool(1), Ran::default());
        let spawner = {
            let (handle, ran) = (pool.handle().clone(), ran.clone());
            thread::spawn(move || ran.spawn(&handle))
        };
        let report = pool.shutdown(None);
        assert!(report.is_complete() && report.cancelled <= 1);
        let by_then = ran.times();
        let only = spawner.join().unwrap();
        assert!(only.is_finished(), "run or cancelled");
        assert_eq!(block_on(only).is_ok(), by_then == 1);
        assert_eq!(ran.times(), by_then, "nothing runs after a shutdown");
    });
}

/// A thread leaves by itself while it is called to leave.
#[test]
fn keep_alive_meets_shutdown() {
    model(|| {
        let (pool, ran) = (pool(1), Ran::default());
        drop(ran.spawn(pool.handle()));
        let cancelled = pool.shutdown(None).cancelled;
        assert_eq!(ran.times() + cancelled, 1);
        let metrics = pool.handle().metrics();
        assert_eq!((metrics.threads, metrics.queue_depth), (0, 0));
    });
}

/// Two bring jobs for one thread.
#[test]
fn two_spawners_lose_nothing() {
    model(|| {
        let (pool, ran) = (pool(1), Ran::default());
        let other = {
            let (handle, ran) = (pool.handle().clone(), ran.clone());
            thread::spawn(move || drop(ran.spawn(&handle)))
        };
        block_on(ran.spawn(pool.handle())).unwrap();
        other.join().unwrap();
        let cancelled = pool.shutdown(None).cancelled;
        assert_eq!(ran.times() + cancelled, 2);
    });
}

/// Who waits for the end up to a timeout either sees it, or hears of what runs.
#[test]
fn a_timed_shutdown_tells_the_truth() {
    model(|| {
        let (pool, ran) = (pool(1), Ran::default());
        let only = ran.spawn(pool.handle());
        let report = pool.shutdown(Some(Duration::from_millis(1)));
        if report.is_complete() {
            assert!(only.is_finished() && report.running.is_empty());
        } else {
            assert_eq!(report.threads, 1);
            assert!(report.running.iter().all(|running| running.id == only.id()));
        }
        assert!(pool.shutdown(None).is_complete());
        assert!(only.is_finished());
    });
}

/// A closure shuts its own pool down while the owner does so, too.
#[test]
fn a_shutdown_from_inside_ends() {
    model(|| {
        let pool = StdArc::new(pool(1));
        let inner = pool.clone();
        let inside = pool.handle().spawn_blocking(move || inner.shutdown(None).is_complete());
        assert!(pool.shutdown(None).is_complete());
        if let Ok(complete) = block_on(inside) {
            assert!(complete);
        }
    });
}
