//! A scheduler's life: started or not, shut down from wherever.

use std::future::pending;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc;
use std::sync::{Arc, Mutex};
use std::thread;

use rt_task::base::driver::Until;
use rt_task::base::park::RoamingUnpark;
use rt_task::base::seam::Wakes;
use rt_task::block_on;

use super::*;
use crate::Builder;
use crate::kit::{Bell, Plain, driver, started};

/// Tells when it is dropped.
struct Told<T: Send>(T, mpsc::Sender<()>);

impl<T: Send> Drop for Told<T> {
    fn drop(&mut self) {
        let _ = self.1.send(());
    }
}

#[test]
fn what_is_spawned_before_the_start_runs_then() {
    let mut pool = Builder::new(2).build(driver());
    let handles: Vec<_> = (0..300).map(|n| pool.spawn(async move { n })).collect();
    assert_eq!(pool.metrics().alive_tasks, 300);
    assert!(handles.iter().all(|handle| !handle.is_finished()));
    pool.start(Env::new()).unwrap();
    for (n, handle) in handles.into_iter().enumerate() {
        assert_eq!(block_on(handle).unwrap(), n);
    }
}

#[test]
fn one_that_was_not_started_drops_its_tasks() {
    let pool = Builder::new(2).build(driver());
    let (tell, told) = mpsc::channel();
    let guard = Told((), tell);
    let handle = pool.spawn(async move {
        let _guard = guard;
        pending::<()>().await;
    });
    drop(pool);
    assert!(handle.is_finished());
    told.try_recv().expect("dropped by then");
    assert!(block_on(handle).unwrap_err().is_cancelled());
}

#[test]
fn a_failed_start_is_an_error_and_leaves_nothing() {
    /// Tells when it is dropped.
    struct Guarded(Plain, #[expect(dead_code, reason = "dropped")] Told<()>);
    impl Driver for Guarded {
        type Unpark = RoamingUnpark;
        fn turn(&mut self, until: Until, out: &mut impl Wakes) -> io::Result<()> {
            self.0.turn(until, out)
        }
        fn unparker(&self) -> RoamingUnpark {
            self.0.unparker()
        }
    }
    let (tell, told) = mpsc::channel();
    // No machine has so much memory, and no address of 32 bits is so large with room below for all else.
    let size = usize::try_from(1_u64 << 50).unwrap_or(7 << 29);
    let builder = Builder::new(3).stack_size(size);
    let mut pool = builder.build(Guarded(driver(), Told((), tell)));
    let handle = pool.spawn(async {});
    pool.start(Env::new()).expect_err("the stack is too large");
    assert!(handle.is_finished());
    told.try_recv().expect("the driver is gone");
    let late = pool.spawn(async {});
    assert!(block_on(late).unwrap_err().is_cancelled());
}

#[test]
fn a_second_start_is_refused() {
    let mut pool = started(1);
    let again = catch_unwind(AssertUnwindSafe(|| pool.start(Env::new())));
    assert!(again.is_err());
    assert_eq!(block_on(pool.spawn(async { 1 })).unwrap(), 1);
}

#[test]
fn a_shutdown_tells_what_it_waits_for() {
    let pool = started(2);
    let (go, wait) = mpsc::channel::<()>();
    let (tell, told) = mpsc::channel();
    let stuck = pool.spawn(async move {
        rt_task::coop::yield_now().await;
        tell.send(()).unwrap();
        let _ = wait.recv();
    });
    let idle = pool.spawn(pending::<()>());
    told.recv().unwrap();
    let spawner = pool.spawner().clone();
    let report = pool.shutdown(Some(Duration::ZERO));
    assert!(!report.is_complete());
    assert!(report.alive_tasks >= 1 && report.busy_workers >= 1, "{report:?}");
    go.send(()).unwrap();
    block_on(stuck).unwrap();
    assert!(block_on(idle).unwrap_err().is_cancelled());
    assert!(spawner.shared.crew.wait_until_done(None));
    assert_eq!(spawner.metrics().alive_tasks, 0);
    assert!(block_on(spawner.spawn(async {})).unwrap_err().is_cancelled());
}

#[test]
fn wakers_that_outlive_the_scheduler_do_nothing() {
    let pool = started(2);
    let bell = Bell::default();
    let handle = pool.spawn(bell.clone());
    while pool.spawner().worker_metrics(0).polls + pool.spawner().worker_metrics(1).polls == 0 {
        thread::yield_now();
    }
    assert!(pool.shutdown(None).is_complete());
    assert!(handle.is_finished());
    bell.ring();
}

#[test]
fn dropped_on_its_own_worker_it_only_begins_to_end() {
    let pool = Arc::new(Mutex::new(Some(started(2))));
    let spawner = pool.lock().unwrap().as_ref().unwrap().spawner().clone();
    let inner = pool.clone();
    let last = spawner.spawn(async move {
        let own = inner.lock().unwrap().take().unwrap();
        assert!(own.is_own_thread());
        drop(own);
        7
    });
    assert_eq!(block_on(last).unwrap(), 7);
    assert!(spawner.shared.crew.wait_until_done(None));
}

#[test]
fn shut_down_from_a_thread_that_gave_its_worker_away_it_does_not_wait_for_itself() {
    let pool = Arc::new(Mutex::new(Some(started(1))));
    let spawner = pool.lock().unwrap().as_ref().unwrap().spawner().clone();
    let (inner, lends) = (pool.clone(), spawner.clone());
    let last = spawner.spawn(async move {
        lends.block_in_place(|| {
            let own = inner.lock().unwrap().take().unwrap();
            assert!(own.is_own_thread());
            own.shutdown(None).is_complete()
        })
    });
    assert!(!block_on(last).unwrap(), "this very task had not ended");
    assert!(spawner.shared.crew.wait_until_done(None));
}

#[test]
fn block_in_place_lets_others_run_and_nests() {
    let pool = started(1);
    let spawner = pool.spawner().clone();
    let task = pool.spawn(async move {
        let other = spawner.spawn(async { 1 });
        let inner = spawner.clone();
        spawner.block_in_place(|| {
            let third = inner.spawn(async { 2 });
            inner.block_in_place(|| block_on(other).unwrap() + block_on(third).unwrap())
        })
    });
    assert_eq!(block_on(task).unwrap(), 3);
    assert_eq!(block_on(pool.spawn(async { 4 })).unwrap(), 4);
}

#[test]
fn outside_a_worker_block_in_place_just_runs() {
    let pool = started(1);
    let spawner = pool.spawner();
    let ran = rt_task::base::context::drive(Env::new(), |_| spawner.block_in_place(|| 5));
    assert_eq!(ran.unwrap(), 5);
}

#[test]
fn panics_of_tasks_take_no_worker_away() {
    let pool = started(2);
    let handles: Vec<_> =
        (0..50).map(|n| pool.spawn(async move { assert!(n % 2 == 0, "odd") })).collect();
    for (n, handle) in handles.into_iter().enumerate() {
        assert_eq!(block_on(handle).is_ok(), n % 2 == 0);
    }
    assert!(pool.shutdown(None).is_complete());
}

#[test]
fn a_fatal_panic_is_told_to_all_who_ask_and_ends_the_pool() {
    let hooks = rt_task::Hooks::new().panics_are_fatal().share();
    for workers in [1, 2] {
        let mut pool = Builder::new(workers).hooks(hooks.clone()).build(driver());
        pool.start(Env::new()).unwrap();
        let ask = || pool.spawner().fatal().expect("the hooks say so");
        let (dropped_unpolled, mut dropped_pending) = (ask(), ask());
        drop(dropped_unpolled);
        let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
        assert!(std::pin::Pin::new(&mut dropped_pending).poll(&mut cx).is_pending());
        assert!(std::pin::Pin::new(&mut dropped_pending).poll(&mut cx).is_pending());
        drop(dropped_pending);
        let waiting = pool.spawn(pending::<()>());
        let asked = ask();
        drop(pool.spawn(async { panic!("boom") }));
        assert_eq!(block_on(asked).message(), Some("boom"));
        assert_eq!(block_on(ask()).message(), Some("boom"), "who asks later, too");
        assert!(block_on(waiting).unwrap_err().is_cancelled());
        assert!(block_on(pool.spawn(async {})).unwrap_err().is_cancelled());
        drop(pool);
    }
    assert!(started(1).spawner().fatal().is_none(), "none is fatal unless said");
}
