//! The end of a pool.

use std::cell::RefCell;
use std::time::Duration;

use super::*;

/// Whether `thread` does not end, though it has had the time to.
fn still_waits<T>(thread: &thread::ScopedJoinHandle<'_, T>) -> bool {
    !(0..10_000).any(|_| {
        thread::yield_now();
        thread.is_finished()
    })
}

#[test]
fn a_shutdown_waits_for_what_has_started_and_cancels_the_rest() {
    let pool = Builder::new().max_threads(1).build();
    let (let_go, running) = held(&pool);
    let (captured, was_dropped) = dropped();
    let waiting = pool.handle().spawn_blocking(move || drop(captured));
    let report = thread::scope(|scope| {
        let shutdown = scope.spawn(|| pool.shutdown(None));
        // Dropped by the shutdown, before the running one is over.
        was_dropped.recv().unwrap();
        assert!(block_on(waiting).unwrap_err().is_cancelled());
        assert!(!running.is_finished());
        let_go.send(()).unwrap();
        shutdown.join().unwrap()
    });
    assert!(report.is_complete() && report.running.is_empty());
    assert_eq!(report.cancelled, 1);
    assert!(running.is_finished());
    assert_eq!(report.to_string(), "the blocking pool has ended");
}

#[test]
fn a_shutdown_names_what_it_waited_for_in_vain() {
    let pool = Pool::new();
    let (started, has_started) = channel();
    let (let_go, gate) = channel::<()>();
    let (job, named) = Job::with(rt_task::Builder::new().name("stdin.read"), move || {
        started.send(()).unwrap();
        let _ = gate.recv();
    });
    let line = line!() - 4;
    pool.handle().execute(job).unwrap();
    has_started.recv().unwrap();
    let (let_go_other, other) = held(&pool);

    let report = pool.shutdown(Some(Duration::from_millis(1)));
    assert!(!report.is_complete());
    assert_eq!((report.threads, report.running.len(), report.cancelled), (2, 2, 0));
    let told = report.running.iter().find(|running| running.id == named.id()).unwrap();
    assert_eq!(told.name.as_deref(), Some("stdin.read"));
    assert_eq!((told.location.file(), told.location.line()), (file!(), line));
    let other_told = report.running.iter().find(|running| running.id == other.id()).unwrap();
    assert_eq!(other_told.name, None);
    let text = report.to_string();
    let expected = format!("blocking task {} `stdin.read` at {}:{line}:", named.id(), file!());
    assert!(text.starts_with("2 threads") && text.contains(&expected), "{text}");

    drop((let_go, let_go_other));
    assert!(pool.shutdown(None).is_complete(), "asked again, it waits again");
    block_on(named).unwrap();
    block_on(other).unwrap();
}

#[test]
fn what_comes_after_a_shutdown_is_refused() {
    let pool = Pool::new();
    thread_id(&pool);
    assert!(pool.shutdown(None).is_complete());
    let (job, handle) = Job::new(|| 1);
    let rejected = pool.handle().execute(job).unwrap_err();
    assert!(matches!(rejected.why, RejectedWhy::ShutDown));
    assert_eq!(rejected.to_string(), "the blocking pool is shut down");
    drop(rejected);
    assert!(block_on(handle).unwrap_err().is_cancelled());
    assert!(block_on(pool.handle().spawn_blocking(|| 1)).unwrap_err().is_cancelled());
    assert!(pool.handle().try_spawn_blocking(|| 1).is_err());
    assert!(pool.shutdown(Some(Duration::ZERO)).is_complete(), "and again");
    let handle = pool.handle().clone();
    drop(pool);
    assert!(handle.try_spawn_blocking(|| 1).is_err(), "a handle may outlive its pool");
}

#[test]
fn a_shutdown_of_an_unused_pool_is_over_at_once() {
    assert!(Pool::new().shutdown(Some(Duration::ZERO)).is_complete());
}

#[test]
fn idle_threads_leave_at_a_shutdown() {
    let pool = Builder::new().keep_alive(Duration::MAX).build();
    let (let_go_a, a) = held(&pool);
    let (let_go_b, b) = held(&pool);
    drop((let_go_a, let_go_b));
    block_on(a).unwrap();
    block_on(b).unwrap();
    eventually(&pool, |metrics| metrics.idle_threads == 2);
    assert!(pool.shutdown(None).is_complete());
}

#[test]
fn dropping_the_pool_waits_for_what_has_started() {
    let pool = Pool::new();
    let (let_go, running) = held(&pool);
    thread::scope(|scope| {
        let dropping = scope.spawn(|| drop(pool));
        assert!(still_waits(&dropping));
        let_go.send(()).unwrap();
        dropping.join().unwrap();
    });
    assert!(running.is_finished());
}

#[test]
fn in_the_background_nobody_waits() {
    let pool = Builder::new().max_threads(1).build();
    let (let_go, running) = held(&pool);
    let waiting = pool.handle().spawn_blocking(|| 1);
    assert_eq!(pool.shutdown_background(), 1);
    drop(pool); // would not return if it waited: the gate is shut
    assert!(block_on(waiting).unwrap_err().is_cancelled());
    assert!(!running.is_finished());
    let_go.send(()).unwrap();
    block_on(running).unwrap();
}

#[test]
fn after_a_shutdown_the_drop_does_not_wait_again() {
    let pool = Pool::new();
    let (let_go, running) = held(&pool);
    assert_eq!(pool.shutdown(Some(Duration::ZERO)).threads, 1);
    drop(pool);
    assert!(!running.is_finished());
    drop(let_go);
    block_on(running).unwrap();
}

thread_local! {
    static LAST_WORDS: RefCell<Option<Dropped>> = const { RefCell::new(None) };
}

#[test]
fn after_a_shutdown_the_threads_are_gone_with_their_locals() {
    let pool = Builder::new().keep_alive(Duration::ZERO).build();
    let (sender, last_words) = channel();
    // One thread has left by itself by then, others are there: all are joined.
    let leave = |sender: Sender<ThreadId>| {
        pool.handle().spawn_blocking(move || LAST_WORDS.set(Some(Dropped(sender))))
    };
    block_on(leave(sender.clone())).unwrap();
    eventually(&pool, |metrics| metrics.threads == 0);
    let handles: Vec<_> = (0..5).map(|_| leave(sender.clone())).collect();
    for handle in handles {
        block_on(handle).unwrap();
    }
    assert!(pool.shutdown(None).is_complete());
    drop(sender);
    let spoken = last_words.try_iter().count();
    assert!((2..=6).contains(&spoken), "one per thread: {spoken}");
    let end = last_words.try_recv().unwrap_err();
    assert_eq!(end, std::sync::mpsc::TryRecvError::Disconnected, "no local is left");
}

/// Tells that it is being dropped, and lets that take until the gate is gone.
struct DropsSlowly(Sender<()>, Receiver<()>);

impl Drop for DropsSlowly {
    fn drop(&mut self) {
        let _ = self.0.send(());
        let _ = self.1.recv();
    }
}

thread_local! {
    static SLOW: RefCell<Option<DropsSlowly>> = const { RefCell::new(None) };
}

#[test]
fn a_shutdown_waits_for_the_locals_of_each_thread() {
    // Of the last that left, which the shutdown joins, and of one that others join.
    for others in [0, 1] {
        let pool = Builder::new().keep_alive(Duration::ZERO).build();
        let (sender, dropping) = channel();
        let (let_go, gate) = channel();
        let slow = DropsSlowly(sender, gate);
        block_on(pool.handle().spawn_blocking(move || SLOW.set(Some(slow)))).unwrap();
        dropping.recv().unwrap();
        for _ in 0..others {
            thread_id(&pool);
        }
        thread::scope(|scope| {
            let shutdown = scope.spawn(|| pool.shutdown(None));
            assert!(still_waits(&shutdown), "a local is being dropped");
            drop(let_go);
            assert!(shutdown.join().unwrap().is_complete());
        });
    }
}

#[test]
fn a_pool_that_is_shut_down_by_its_own_thread_does_not_wait_for_itself() {
    let pool = Arc::new(Pool::new());
    let (let_go, other) = held(&pool);
    let inner = pool.clone();
    let (asked, was_asked) = channel();
    let inside = pool.handle().spawn_blocking(move || {
        let in_vain = inner.shutdown(Some(Duration::ZERO));
        asked.send(()).unwrap();
        let complete = inner.shutdown(None);
        (in_vain, complete)
    });
    was_asked.recv().unwrap();
    assert!(!inside.is_finished(), "it waits for the other");
    let_go.send(()).unwrap();
    let (in_vain, complete) = block_on(inside).unwrap();
    assert_eq!((in_vain.threads, in_vain.running.len()), (1, 1));
    assert_eq!(in_vain.running[0].id, other.id());
    assert!(complete.is_complete());
    assert!(pool.shutdown(None).is_complete(), "from outside, it waits for that one, too");
    assert_eq!(pool.handle().metrics().threads, 0);
}

#[test]
fn two_threads_that_shut_their_pool_down_do_not_wait_for_each_other() {
    let pool = Arc::new(Pool::new());
    let barrier = Arc::new(Barrier::new(3));
    let shut_down = || {
        let (pool, barrier) = (pool.clone(), barrier.clone());
        pool.clone().handle().spawn_blocking(move || {
            barrier.wait();
            pool.shutdown(None).is_complete()
        })
    };
    let (a, b) = (shut_down(), shut_down());
    barrier.wait();
    assert!(pool.shutdown(None).is_complete());
    assert!(block_on(a).unwrap() && block_on(b).unwrap());
}

#[test]
fn the_last_owner_may_be_a_closure() {
    let pool = Arc::new(Pool::new());
    let (let_go, gate) = channel::<()>();
    let inner = pool.clone();
    let handle = pool.handle().spawn_blocking(move || {
        gate.recv().unwrap();
        drop(inner);
    });
    drop(pool);
    let_go.send(()).unwrap();
    block_on(handle).unwrap();
}

#[test]
fn the_last_owner_may_be_a_thread_local() {
    thread_local! {
        static KEPT: RefCell<Option<Arc<Pool>>> = const { RefCell::new(None) };
    }
    // The hook goes with the pool.
    let (sender, pool_gone) = channel::<()>();
    let stop = move || drop(sender.clone());
    let pool = Arc::new(Builder::new().keep_alive(Duration::ZERO).on_thread_stop(stop).build());
    let (let_go, gate) = channel::<()>();
    let kept = pool.clone();
    drop(pool.handle().spawn_blocking(move || {
        KEPT.set(Some(kept));
        let _ = gate.recv();
    }));
    drop(pool);
    drop(let_go); // a panic while locals are dropped would abort
    assert!(pool_gone.recv().is_err());
}

#[test]
fn a_destructor_of_a_cancelled_closure_may_use_the_pool() {
    struct UsesPool(Handle);
    impl Drop for UsesPool {
        fn drop(&mut self) {
            let _ = self.0.metrics();
            assert!(self.0.try_spawn_blocking(|| ()).is_err());
            panic!("a destructor, as told");
        }
    }
    let pool = Builder::new().max_threads(1).build();
    let (let_go, _running) = held(&pool);
    let uses = UsesPool(pool.handle().clone());
    let waiting = pool.handle().spawn_blocking(move || drop(uses));
    assert_eq!(pool.shutdown_background(), 1);
    assert!(block_on(waiting).unwrap_err().is_panic());
    drop(let_go);
}

#[test]
fn a_stop_hook_that_takes_long_is_counted() {
    let (let_go, gate) = channel::<()>();
    let gate = std::sync::Mutex::new(gate);
    let (sender, stops) = channel();
    let pool = Builder::new()
        .on_thread_stop(move || {
            sender.send(()).unwrap();
            let _ = gate.lock().unwrap().recv();
        })
        .build();
    thread_id(&pool);
    assert_eq!(pool.shutdown_background(), 0);
    stops.recv().unwrap();
    let report = pool.shutdown(Some(Duration::ZERO));
    assert_eq!((report.threads, report.running.len()), (1, 0));
    drop(let_go);
    assert!(pool.shutdown(None).is_complete());
}

#[test]
fn spawns_race_with_a_shutdown() {
    for round in 0..200 {
        let pool = Builder::new().max_threads(3).keep_alive(Duration::from_nanos(round)).build();
        let ran = Arc::new(AtomicUsize::new(0));
        let handles: Vec<_> = thread::scope(|scope| {
            let spawners = [(); 2].map(|()| {
                scope.spawn(|| {
                    let spawn = |_| {
                        let ran = ran.clone();
                        pool.handle().spawn_blocking(move || ran.fetch_add(1, SeqCst))
                    };
                    (0..50).map(spawn).collect::<Vec<_>>()
                })
            });
            assert!(pool.shutdown(None).is_complete());
            let ran_by_then = ran.load(SeqCst);
            let handles = spawners.map(|spawner| spawner.join().unwrap());
            assert_eq!(ran.load(SeqCst), ran_by_then, "nothing runs after a shutdown");
            handles.into_iter().flatten().collect()
        });
        let finished = handles.into_iter().filter(|handle| {
            assert!(handle.is_finished(), "each was run or cancelled");
            true
        });
        let done = finished.filter_map(|handle| block_on(handle).ok()).count();
        assert_eq!(done, ran.load(SeqCst));
    }
}
