//! The pool on real threads. Nobody sleeps: threads wait for each other by channel and barrier.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Barrier};
use std::task::{Context, Wake, Waker};
use std::thread::{self, ThreadId};

use rt_task::base::context::{self, Env};
use rt_task::block_on;

use super::*;

/// A closure that tells when it has started, and ends when it is let go.
fn held(pool: &Pool) -> (Sender<()>, rt_task::JoinHandle<ThreadId>) {
    let (started, has_started) = channel();
    let (let_go, gate) = channel::<()>();
    let handle = pool.handle().spawn_blocking(move || {
        started.send(()).expect("the test waits");
        let _ = gate.recv();
        thread::current().id()
    });
    has_started.recv().expect("it starts");
    (let_go, handle)
}

/// Waits until `until` is true of the pool. It will be without the test's doing.
fn eventually(pool: &Pool, until: impl Fn(Metrics) -> bool) {
    while !until(pool.handle().metrics()) {
        thread::yield_now();
    }
}

fn thread_id(pool: &Pool) -> ThreadId {
    block_on(pool.handle().spawn_blocking(|| thread::current().id())).expect("it runs")
}

/// Sends when dropped, and says where.
struct Dropped(Sender<ThreadId>);

impl Drop for Dropped {
    fn drop(&mut self) {
        let _ = self.0.send(thread::current().id());
    }
}

fn dropped() -> (Dropped, Receiver<ThreadId>) {
    let (sender, receiver) = channel();
    (Dropped(sender), receiver)
}

#[test]
fn a_closure_runs_on_a_thread_of_the_pool() {
    let pool = Pool::new();
    assert_eq!(pool.handle().metrics(), Metrics::default(), "no thread before the first closure");
    let there = pool.handle().spawn_blocking(|| {
        let thread = thread::current();
        (thread.id(), thread.name().map(String::from))
    });
    let (id, name) = block_on(there).unwrap();
    assert_ne!(id, thread::current().id());
    assert_eq!(name.as_deref(), Some("rt-blocking"));
}

#[test]
fn closures_that_come_one_by_one_share_a_thread() {
    let pool = Pool::new();
    let first = thread_id(&pool);
    for _ in 0..1_000 {
        assert_eq!(thread_id(&pool), first);
    }
    assert_eq!(pool.handle().metrics().threads_peak, 1);
}

#[test]
fn closures_may_wait_for_each_other_as_the_cap_allows() {
    const CAP: usize = 8;
    let pool = Builder::new().max_threads(CAP).build();
    let barrier = Arc::new(Barrier::new(CAP));
    let handles: Vec<_> = (0..CAP)
        .map(|_| {
            let barrier = barrier.clone();
            pool.handle().spawn_blocking(move || barrier.wait().is_leader())
        })
        .collect();
    let leaders = handles.into_iter().filter_map(|handle| block_on(handle).unwrap().then_some(()));
    assert_eq!(leaders.count(), 1);
    assert_eq!(pool.handle().metrics().threads_peak, CAP);
}

#[test]
fn at_the_cap_closures_wait_in_order() {
    let pool = Builder::new().max_threads(1).build();
    let (let_go, first) = held(&pool);
    let (sender, order) = channel();
    let handles: Vec<_> = (0..10)
        .map(|n| {
            let sender = sender.clone();
            pool.handle().spawn_blocking(move || sender.send(n).unwrap())
        })
        .collect();
    let metrics = pool.handle().metrics();
    assert_eq!((metrics.queue_depth, metrics.threads, metrics.idle_threads), (10, 1, 0));
    let_go.send(()).unwrap();
    for handle in handles {
        block_on(handle).unwrap();
    }
    block_on(first).unwrap();
    drop(sender);
    assert!(order.iter().eq(0..10));
}

#[test]
fn the_thread_that_was_idle_last_is_handed_the_next_closure() {
    let pool = Pool::new();
    let (let_go_a, a) = held(&pool);
    let (let_go_b, b) = held(&pool);
    let (let_go_c, c) = held(&pool);
    let mut last = None;
    for (idle, (let_go, handle)) in
        [(let_go_b, b), (let_go_c, c), (let_go_a, a)].into_iter().enumerate()
    {
        let_go.send(()).unwrap();
        last = Some(block_on(handle).unwrap());
        eventually(&pool, |metrics| metrics.idle_threads == idle + 1);
    }
    assert_eq!(Some(thread_id(&pool)), last);
    assert_eq!(pool.handle().metrics().threads_peak, 3);
}

#[test]
fn a_panic_is_told_by_the_handle_and_takes_no_thread_away() {
    let pool = Builder::new().max_threads(1).build();
    let before = thread_id(&pool);
    let error = block_on(pool.handle().spawn_blocking(|| panic!("as told"))).unwrap_err();
    assert!(error.is_panic() && error.to_string().contains("as told"));
    assert_eq!(thread_id(&pool), before);
}

#[test]
fn a_panic_in_a_destructor_takes_no_thread_away() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("a destructor, as told");
        }
    }
    let pool = Builder::new().max_threads(1).build();
    let before = thread_id(&pool);
    let captured = Bomb;
    let error = block_on(pool.handle().spawn_blocking(move || drop(captured))).unwrap_err();
    assert!(error.is_panic());
    drop(pool.handle().spawn_blocking(|| Bomb)); // nobody takes the output
    let payload = || std::panic::panic_any(Bomb);
    drop(pool.handle().spawn_blocking(payload)); // nobody takes the payload
    assert_eq!(thread_id(&pool), before);
}

#[test]
fn closures_and_unwanted_outputs_are_dropped_on_the_pool() {
    let pool = Builder::new().max_threads(1).build();
    let on_pool = thread_id(&pool);
    let (captured, where_captured) = dropped();
    let (output, where_output) = dropped();
    let (let_go, gate) = channel::<()>();
    drop(pool.handle().spawn_blocking(move || {
        gate.recv().unwrap();
        drop(captured);
        output
    }));
    let_go.send(()).unwrap(); // nobody wants the output by now
    assert_eq!(where_captured.recv().unwrap(), on_pool);
    assert_eq!(where_output.recv().unwrap(), on_pool);
}

#[test]
fn an_abort_works_until_the_closure_starts() {
    let pool = Builder::new().max_threads(1).build();
    let (let_go, running) = held(&pool);
    let (captured, where_captured) = dropped();
    let waiting = pool.handle().spawn_blocking(move || drop(captured));
    waiting.abort();
    running.abort();
    assert!(!waiting.is_finished(), "the thread that would run it drops it");
    let_go.send(()).unwrap();
    assert!(block_on(waiting).unwrap_err().is_cancelled());
    let on_pool = block_on(running).expect("started: not abortable");
    assert_eq!(where_captured.recv().unwrap(), on_pool);
}

#[test]
fn a_thread_without_work_ends() {
    let (sender, stopped) = channel();
    let pool = Builder::new()
        .keep_alive(Duration::ZERO)
        .on_thread_stop(move || sender.send(thread::current().id()).unwrap())
        .build();
    let first = thread_id(&pool);
    assert_eq!(stopped.recv().unwrap(), first);
    eventually(&pool, |metrics| metrics.threads == 0);
    let second = thread_id(&pool);
    assert_ne!(second, first);
    assert_eq!(stopped.recv().unwrap(), second);
    assert_eq!(pool.handle().metrics().threads_peak, 1);
}

#[test]
fn a_keep_alive_without_end_is_no_overflow() {
    let pool = Builder::new().keep_alive(Duration::MAX).build();
    let first = thread_id(&pool);
    eventually(&pool, |metrics| metrics.idle_threads == 1);
    assert_eq!(thread_id(&pool), first);
}

#[test]
fn closures_race_with_threads_that_end() {
    let pool = Builder::new().max_threads(2).keep_alive(Duration::from_nanos(1)).build();
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                for n in 0..3_000 {
                    assert_eq!(block_on(pool.handle().spawn_blocking(move || n)).unwrap(), n);
                }
            });
        }
    });
    assert!(pool.shutdown(None).is_complete());
    assert_eq!(pool.handle().metrics().threads, 0);
}

#[test]
fn many_spawners_lose_nothing() {
    let pool = Builder::new().max_threads(4).build();
    let ran = Arc::new(AtomicUsize::new(0));
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let spawn = |_| {
                    let ran = ran.clone();
                    pool.handle().spawn_blocking(move || ran.fetch_add(1, SeqCst))
                };
                let handles: Vec<_> = (0..2_000).map(spawn).collect();
                for handle in handles {
                    block_on(handle).unwrap();
                }
            });
        }
    });
    assert_eq!(ran.load(SeqCst), 8_000);
    assert!(pool.handle().metrics().threads_peak <= 4);
}

#[test]
fn hooks_run_on_each_thread_and_may_panic() {
    let (sender, hooks) = channel();
    let (starts, stops) = (sender.clone(), sender);
    let pool = Builder::new()
        .on_thread_start(move || {
            starts.send(("start", thread::current().id())).unwrap();
            panic!("a start hook, as told");
        })
        .on_thread_stop(move || {
            stops.send(("stop", thread::current().id())).unwrap();
            std::panic::panic_any(PanicsWhenDropped);
        })
        .build();
    let id = thread_id(&pool);
    assert!(pool.shutdown(None).is_complete());
    drop(pool);
    assert!(hooks.iter().eq([("start", id), ("stop", id)]));
}

struct PanicsWhenDropped;

impl Drop for PanicsWhenDropped {
    fn drop(&mut self) {
        std::panic::panic_any(PanicsWhenDropped);
    }
}

#[test]
fn threads_are_named_one_by_one() {
    let n = AtomicUsize::new(0);
    let name = move || match n.fetch_add(1, SeqCst) {
        0 => String::from("disk-0"),
        1 => String::from("zero \0 byte"),
        _ => panic!("a name, as told"),
    };
    let pool = Builder::new().thread_name_fn(name).build();
    let barrier = Arc::new(Barrier::new(3));
    let names: Vec<_> = (0..3)
        .map(|_| {
            let barrier = barrier.clone();
            pool.handle().spawn_blocking(move || {
                barrier.wait();
                thread::current().name().map(String::from)
            })
        })
        .collect();
    let mut names: Vec<_> =
        names.into_iter().map(|name| block_on(name).unwrap().unwrap()).collect();
    names.sort();
    assert_eq!(names, ["disk-0", "rt-blocking", "rt-blocking"]);
}

#[test]
#[should_panic(expected = "at least one thread")]
fn a_pool_has_threads() {
    let _ = Builder::new().max_threads(0);
}

#[test]
#[should_panic(expected = "no zero byte")]
fn a_name_has_no_zero_byte() {
    let _ = Builder::new().thread_name("a\0b");
}

#[test]
fn each_thread_enters_the_environment() {
    let asked = AtomicUsize::new(0);
    let environment = move || match asked.fetch_add(1, SeqCst) {
        0 => Some(Env::new().named("home").with_blocking(Arc::new(crate::Inline))),
        _ => panic!("an environment, as told"),
    };
    let pool = Builder::new().environment(environment).build();
    let entered = || pool.handle().spawn_blocking(|| crate::spawn_blocking(|| 7).is_finished());
    assert!(block_on(entered()).unwrap(), "found the pool of the environment");
    let (let_go, first) = held(&pool);
    let none = block_on(pool.handle().spawn_blocking(|| context::env().is_none()));
    assert!(none.unwrap(), "a second thread, whose environment panicked");
    drop(let_go);
    block_on(first).unwrap();
}

#[test]
fn without_a_pool_entered_the_message_says_what_to_do() {
    let panic = std::panic::catch_unwind(|| crate::spawn_blocking(|| ())).unwrap_err();
    let text = panic.downcast_ref::<String>().unwrap();
    assert!(text.contains("spawn_blocking") && text.contains(file!()), "{text}");
}

/// A waker that does something.
struct OnWake<F>(F);

impl<F: Fn() + Send + Sync + 'static> Wake for OnWake<F> {
    fn wake(self: Arc<Self>) {
        (self.0)();
    }
}

#[test]
fn who_is_woken_may_spawn_at_once() {
    let pool = Builder::new().max_threads(1).build();
    let (let_go, mut handle) = held(&pool);
    let spawner = pool.handle().clone();
    let (sender, next) = channel();
    let waker = Waker::from(Arc::new(OnWake(move || {
        let sender = sender.clone();
        sender.send(spawner.spawn_blocking(|| thread::current().id())).unwrap();
    })));
    assert!(std::pin::Pin::new(&mut handle).poll(&mut Context::from_waker(&waker)).is_pending());
    let_go.send(()).unwrap();
    let second = next.recv().unwrap();
    assert_eq!(block_on(second).unwrap(), block_on(handle).unwrap());
    assert_eq!(pool.handle().metrics().threads_peak, 1);
}

#[test]
fn a_waker_that_panics_takes_no_thread_away() {
    let pool = Builder::new().max_threads(1).build();
    let (let_go, mut handle) = held(&pool);
    let waker = Waker::from(Arc::new(OnWake(|| panic!("a waker, as told"))));
    assert!(std::pin::Pin::new(&mut handle).poll(&mut Context::from_waker(&waker)).is_pending());
    let_go.send(()).unwrap();
    assert_eq!(thread_id(&pool), block_on(handle).unwrap());
}

#[test]
fn a_handle_that_is_polled_again_is_ready() {
    let pool = Pool::new();
    let mut handle = pool.handle().spawn_blocking(|| 5);
    let output = block_on(std::future::poll_fn(|cx| {
        let polled = std::pin::Pin::new(&mut handle).poll(cx);
        if polled.is_pending() {
            cx.waker().wake_by_ref();
            thread::yield_now();
        }
        polled
    }));
    assert_eq!(output.unwrap(), 5);
}

#[test]
fn pools_and_handles_go_anywhere() {
    fn anywhere<T: Send + Sync + 'static>() {}
    anywhere::<Pool>();
    anywhere::<Handle>();
    anywhere::<Report>();
}

mod contract;
mod refused;
mod shutting_down;
