//! A runtime from its start to its end: who drives it, from where it is reached, and what goes on while it ends.

use std::cell::RefCell;
use std::future::{pending, poll_fn};
use std::net::SocketAddr;
use std::panic::{self, AssertUnwindSafe, Location, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex, Once, mpsc};
use std::task::{Poll, Wake, Waker};
use std::thread;

use rt_facade::io::Interest;
use rt_facade::net::{TcpListener, TcpStream, UdpSocket};
use rt_facade::runtime::{Builder, Handle, Runtime};
use rt_facade::task::{spawn_blocking, yield_now};
use rt_facade::time::{Duration, Instant, sleep};

use crate::support::{
    CountsDrops, Gate, block_until, flavors, for_each_flavor, hold, is_multi, keep_workers,
    panic_message, receive, until,
};

/// Runs `f` on a thread of its own, to its end.
fn on_thread<R: Send>(f: impl FnOnce() -> R + Send) -> R {
    thread::scope(|scope| scope.spawn(f).join().unwrap())
}

#[test]
fn what_is_spawned_before_anybody_drives_runs_once_somebody_does() {
    for build in flavors() {
        let runtime = build().enable_all().build().unwrap();
        let guard = runtime.enter();
        let (sender, receiver) = mpsc::channel();
        drop(rt_facade::spawn(async move { sender.send(thread::current().id()).unwrap() }));
        drop(guard);
        if !is_multi(&runtime) {
            assert!(receiver.try_recv().is_err(), "nobody drives it");
        }
        let ran = runtime.block_on(async {
            let mut ran = None;
            until(|| {
                ran = receiver.try_recv().ok();
                ran.is_some()
            })
            .await;
            ran.unwrap()
        });
        assert_eq!(ran == thread::current().id(), !is_multi(&runtime));
    }
}

#[test]
fn a_task_outlives_the_block_on_that_spawned_it() {
    for_each_flavor(|runtime| {
        let gate = Gate::new();
        let passed = gate.passed();
        let (sends, sent) = mpsc::channel();
        runtime.block_on(async {
            let task = rt_facade::spawn(async {
                passed.await;
                3
            });
            yield_now().await;
            sends.send(task).unwrap();
        });
        gate.open();
        assert_eq!(runtime.block_on(receive(&sent)).unwrap(), 3);
    });
}

#[test]
fn a_chain_of_tasks_each_awaited_by_the_one_before_ends() {
    fn link(left: u32) -> std::pin::Pin<Box<dyn Future<Output = u32> + Send>> {
        Box::pin(async move {
            match left {
                0 => 0,
                _ => rt_facade::spawn(link(left - 1)).await.unwrap() + 1,
            }
        })
    }
    for_each_flavor(|runtime| assert_eq!(runtime.block_on(link(500)), 500));
}

#[test]
fn a_root_a_task_and_a_socket_go_on_under_load() {
    for_each_flavor(|runtime| {
        let over = Arc::new(AtomicBool::new(false));
        let load: Vec<_> = (0..10)
            .map(|_| {
                let over = over.clone();
                runtime.spawn(async move {
                    while !over.load(SeqCst) {
                        yield_now().await;
                    }
                })
            })
            .collect();
        runtime.block_on(async {
            sleep(Duration::from_millis(2)).await;
            echo_once().await;
            rt_facade::spawn(echo_once()).await.unwrap();
            let (sender, receiver) = futures_channel::oneshot::channel();
            let handle = runtime.handle();
            on_thread(|| {
                handle.spawn(async { sender.send(1).unwrap() });
            });
            assert_eq!(receiver.await.unwrap(), 1);
            over.store(true, SeqCst);
            for task in load {
                task.await.unwrap();
            }
        });
    });
}

async fn echo_once() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let to = listener.local_addr().unwrap();
    let client = rt_facade::spawn(async move {
        let stream = TcpStream::connect(to).await.unwrap();
        // A stream is taken for ready until it says otherwise.
        let write = || stream.try_write(b"hello");
        assert_eq!(stream.async_io(Interest::WRITABLE, write).await.unwrap(), 5);
    });
    let (stream, _) = listener.accept().await.unwrap();
    let read = || stream.try_read(&mut [0; 8]);
    assert_eq!(stream.async_io(Interest::READABLE, read).await.unwrap(), 5);
    client.await.unwrap();
}

#[test]
fn a_closure_on_the_pool_spawns_sleeps_and_opens_sockets() {
    for_each_flavor(|runtime| {
        let all = runtime.block_on(async {
            spawn_blocking(|| {
                let task = rt_facade::spawn(async { 1 });
                let closure = spawn_blocking(|| 2);
                let handle = Handle::current();
                handle.block_on(sleep(Duration::from_millis(1)));
                handle.block_on(echo_once());
                handle.block_on(async { task.await.unwrap() + closure.await.unwrap() })
            })
            .await
            .unwrap()
        });
        assert_eq!(all, 3);
    });
}

#[test]
fn a_socket_of_one_runtime_is_awaited_on_another() {
    for build in flavors() {
        for_each_flavor(|runtime| {
            let other = build().enable_all().build().unwrap();
            let socket = other.block_on(UdpSocket::bind("127.0.0.1:0")).unwrap();
            let to: SocketAddr = socket.local_addr().unwrap();
            let (stop, stopped) = futures_channel::oneshot::channel::<()>();
            thread::scope(|scope| {
                // Its driver is turned while somebody drives it.
                scope.spawn(|| other.block_on(stopped).unwrap_err());
                let received =
                    runtime.spawn(async move { socket.recv(&mut [0; 8]).await.unwrap() });
                let sender = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
                sender.send_to(b"four", to).unwrap();
                assert_eq!(runtime.block_on(received).unwrap(), 4);
                drop(stop);
            });
        });
    }
}

thread_local! {
    static KEPT: RefCell<Option<Box<dyn std::any::Any>>> = const { RefCell::new(None) };
}

#[test]
fn a_runtime_in_a_thread_local_ends_with_its_thread() {
    for build in flavors() {
        let drops = Arc::new(AtomicUsize::new(0));
        let counted = CountsDrops(drops.clone());
        on_thread(move || {
            // The key is there before what the runtime itself keeps on the thread.
            KEPT.with_borrow_mut(|kept| *kept = Some(Box::new(())));
            let runtime = build().enable_all().build().unwrap();
            let task = runtime.spawn(async move {
                let _counted = counted;
                pending::<()>().await;
            });
            runtime.block_on(yield_now());
            drop(task);
            KEPT.with_borrow_mut(|kept| *kept = Some(Box::new(runtime)));
        });
        assert_eq!(drops.load(SeqCst), 1);
    }
}

/// Wakes when it is dropped.
struct WakesWhenDropped(Option<Waker>, bool);

impl Drop for WakesWhenDropped {
    fn drop(&mut self) {
        if let Some(waker) = self.0.take() {
            match self.1 {
                true => waker.wake_by_ref(),
                false => waker.wake(),
            }
        }
    }
}

#[test]
fn a_waker_may_be_woken_by_the_end_of_a_thread() {
    for by_ref in [false, true] {
        for_each_flavor(|runtime| {
            let (sends, sent) = mpsc::channel();
            let woken = Arc::new(AtomicBool::new(false));
            let is_woken = woken.clone();
            let task = runtime.spawn(async move {
                let mut sends = Some(sends);
                poll_fn(move |cx| {
                    if is_woken.load(SeqCst) {
                        return Poll::Ready(());
                    }
                    if let Some(sends) = sends.take() {
                        sends.send(cx.waker().clone()).unwrap();
                    }
                    Poll::Pending
                })
                .await;
            });
            thread::scope(|scope| {
                scope.spawn(move || {
                    let waker = receive(&sent);
                    let wakes = WakesWhenDropped(Some(waker), by_ref);
                    KEPT.with_borrow_mut(|kept| *kept = Some(Box::new(wakes)));
                    woken.store(true, SeqCst);
                });
                runtime.block_on(task).unwrap();
            });
        });
    }
}

#[test]
fn a_future_that_is_dropped_with_the_runtime_finds_it_entered() {
    struct Finds(mpsc::Sender<bool>);
    impl Drop for Finds {
        fn drop(&mut self) {
            self.0.send(Handle::try_current().is_ok()).unwrap();
        }
    }
    for build in flavors() {
        let runtime = build().enable_all().build().unwrap();
        let (sender, receiver) = mpsc::channel();
        let (idle, fresh) = (Finds(sender.clone()), Finds(sender));
        runtime.block_on(async {
            drop(rt_facade::spawn(async move {
                let _idle = idle;
                pending::<()>().await;
            }));
            until(|| Handle::current().dump().never_polled() == 0).await;
        });
        let workers = keep_workers(&runtime);
        drop(runtime.spawn(async move {
            let _fresh = fresh;
            pending::<()>().await;
        }));
        drop(workers);
        drop(runtime);
        assert_eq!(receiver.iter().collect::<Vec<_>>(), [true, true]);
    }
}

#[test]
fn a_future_may_lock_wake_and_spawn_as_it_is_dropped_with_the_runtime() {
    struct Busy {
        lock: Arc<Mutex<u32>>,
        waker: Waker,
    }
    impl Drop for Busy {
        fn drop(&mut self) {
            *self.lock.lock().unwrap() += 1;
            self.waker.wake_by_ref();
            drop(rt_facade::spawn(async { unreachable!("the runtime ends") }));
            drop(spawn_blocking(|| ()));
        }
    }
    for build in flavors() {
        let runtime = build().enable_all().build().unwrap();
        let lock = Arc::new(Mutex::new(0));
        runtime.block_on(async {
            let (sender, receiver) = mpsc::channel();
            for _ in 0..3 {
                let (lock, sender) = (lock.clone(), sender.clone());
                drop(rt_facade::spawn(async move {
                    let waker = poll_fn(|cx| Poll::Ready(cx.waker().clone())).await;
                    let _busy = Busy { lock, waker };
                    sender.send(()).unwrap();
                    pending::<()>().await;
                }));
            }
            let mut started = 0;
            until(|| {
                started += receiver.try_iter().count();
                started == 3
            })
            .await;
        });
        drop(runtime);
        assert_eq!(*lock.lock().unwrap(), 3);
    }
}

#[test]
fn tasks_that_hold_each_other_and_the_handle_are_dropped() {
    for build in flavors() {
        let runtime = build().enable_all().build().unwrap();
        let drops = Arc::new(AtomicUsize::new(0));
        runtime.block_on(async {
            let (a_sends, a) =
                futures_channel::oneshot::channel::<rt_facade::task::JoinHandle<()>>();
            let (counted, handle) = (CountsDrops(drops.clone()), Handle::current());
            let first = rt_facade::spawn(async move {
                let _kept = (counted, handle);
                a.await.unwrap().await.unwrap();
            });
            let (counted, handle) = (CountsDrops(drops.clone()), Handle::current());
            let second = rt_facade::spawn(async move {
                let _kept = (counted, handle);
                first.await.unwrap();
            });
            a_sends.send(second).unwrap();
            yield_now().await;
        });
        drop(runtime);
        assert_eq!(drops.load(SeqCst), 2);
    }
}

#[test]
fn a_shutdown_with_no_end_in_sight_and_one_with_no_time_return() {
    for build in flavors() {
        for timeout in [Duration::ZERO, Duration::MAX] {
            let runtime = build().enable_all().build().unwrap();
            let start = Instant::now();
            runtime.block_on(async {
                // A timer far away delays nothing.
                drop(rt_facade::spawn(sleep(Duration::from_secs(1000))));
                assert_eq!(spawn_blocking(|| 1).await.unwrap(), 1);
            });
            runtime.shutdown_timeout(timeout);
            assert!(start.elapsed() < Duration::from_secs(500));
        }
    }
}

#[test]
fn sockets_that_become_ready_while_the_runtime_ends_do_no_harm() {
    for build in flavors() {
        for _ in 0..5 {
            let runtime = build().enable_all().build().unwrap();
            let to = runtime.block_on(async {
                let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
                let to = socket.local_addr().unwrap();
                drop(rt_facade::spawn(async move {
                    loop {
                        socket.recv(&mut [0; 8]).await.unwrap();
                    }
                }));
                to
            });
            let (starts, started) = mpsc::channel();
            thread::scope(|scope| {
                scope.spawn(move || {
                    let sender = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
                    for n in 0..200 {
                        let _ = sender.send_to(b"x", to);
                        if n == 20 {
                            starts.send(()).unwrap();
                        }
                    }
                });
                receive(&started);
                drop(runtime);
            });
        }
    }
}

#[test]
fn several_block_on_at_once_and_one_ends_by_a_panic() {
    for_each_flavor(|runtime| {
        let gate = Gate::new();
        thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    runtime.block_on(async {
                        sleep(Duration::from_millis(1)).await;
                        gate.passed().await;
                    });
                });
            }
            let message = panic_message(|| runtime.block_on(async { panic!("one of them") }));
            assert_eq!(message, "one of them");
            gate.open();
        });
        assert_eq!(runtime.block_on(async { 1 }), 1);
    });
}

#[test]
fn the_root_of_a_single_thread_runtime_is_polled_when_it_was_woken_and_not_else() {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let polls = AtomicUsize::new(0);
    let gate = Gate::new();
    let mut passed = std::pin::pin!(gate.passed());
    let opens = gate.clone();
    drop(runtime.spawn(async move {
        for _ in 0..500 {
            yield_now().await;
        }
        opens.open();
    }));
    runtime.block_on(poll_fn(|cx| {
        polls.fetch_add(1, SeqCst);
        passed.as_mut().poll(cx)
    }));
    assert_eq!(polls.load(SeqCst), 2);
}

#[test]
fn a_handles_block_on_lives_as_long_as_what_it_waits_for() {
    for build in flavors() {
        let runtime = build().enable_all().build().unwrap();
        let handle = runtime.handle().clone();
        let socket = runtime.block_on(UdpSocket::bind("127.0.0.1:0")).unwrap();
        let (let_go, held) = hold();
        let (starts, started) = mpsc::channel();
        let closure = handle.spawn_blocking(move || {
            starts.send(()).unwrap();
            held.stay();
            5
        });
        receive(&started);
        runtime.shutdown_background();
        let_go.go();
        // What has started goes on; what needs a driver says that it is gone.
        assert_eq!(handle.block_on(closure).unwrap(), 5);
        assert!(handle.block_on(handle.spawn(async {})).unwrap_err().is_cancelled());
        assert!(handle.block_on(handle.spawn_blocking(|| ())).unwrap_err().is_cancelled());
        let gone = |error: std::io::Error| {
            assert!(rt_facade::runtime::is_rt_shutdown_err(&error), "{error}")
        };
        // In the background: the driver may be there for a moment.
        block_until(|| handle.block_on(UdpSocket::bind("127.0.0.1:0")).is_err());
        gone(handle.block_on(socket.recv(&mut [0; 1])).unwrap_err());
        gone(handle.block_on(TcpListener::bind("127.0.0.1:0")).unwrap_err());
        gone(handle.block_on(TcpStream::connect("127.0.0.1:1")).unwrap_err());
        let message =
            panic_message(|| handle.block_on(async { sleep(Duration::from_millis(1)).await }));
        assert!(message.contains("has shut down"), "{message}");
        assert_eq!(handle.block_on(async { yield_now().await }), ());
    }
}

#[test]
fn a_sleep_that_waits_in_a_handles_block_on_is_told_of_the_shutdown() {
    for build in flavors() {
        let runtime = build().enable_all().build().unwrap();
        let handle = runtime.handle().clone();
        let (starts, started) = mpsc::channel();
        thread::scope(|scope| {
            let waits = scope.spawn(move || {
                panic_message(|| {
                    handle.block_on(async {
                        let mut sleep = Box::pin(sleep(Duration::from_secs(1000)));
                        poll_fn(|cx| {
                            assert!(sleep.as_mut().poll(cx).is_pending());
                            Poll::Ready(())
                        })
                        .await;
                        starts.send(()).unwrap();
                        sleep.await;
                    });
                })
            });
            receive(&started);
            drop(runtime);
            assert!(waits.join().unwrap().contains("has shut down"));
        });
    }
}

#[test]
fn a_closure_refused_after_the_shutdown_is_dropped_with_no_lock_held() {
    struct AsksBack(Handle);
    impl Drop for AsksBack {
        fn drop(&mut self) {
            let _ = self.0.metrics().num_blocking_threads();
            drop(self.0.spawn_blocking(|| ()));
        }
    }
    for build in flavors() {
        let runtime = build().build().unwrap();
        let handle = runtime.handle().clone();
        drop(runtime);
        let asks = AsksBack(handle.clone());
        let refused = handle.spawn_blocking(move || drop(asks));
        assert!(rt_task::block_on(refused).unwrap_err().is_cancelled());
    }
}

#[test]
fn guards_of_one_and_of_several_runtimes_nest() {
    for build in flavors() {
        let (a, b) = (build().build().unwrap(), build().build().unwrap());
        let id = || Handle::try_current().map(|handle| handle.id()).ok();
        let (ids, mut guards) = ([a.handle().id(), b.handle().id()], Vec::new());
        for runtime in [&a, &b, &a, &a, &b] {
            guards.push(runtime.enter());
            assert_eq!(id(), Some(runtime.handle().id()));
        }
        for left in [ids[0], ids[0], ids[1], ids[0]] {
            guards.pop();
            assert_eq!(id(), Some(left), "{}", guards.len());
        }
        guards.clear();
        assert_eq!(id(), None);
    }
}

/// The place that a panic of `f` names.
fn panics_at(f: impl FnOnce()) -> Option<(String, u32)> {
    thread_local! {
        static AT: RefCell<Option<(String, u32)>> = const { RefCell::new(None) };
    }
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            let at = info.location().map(|at: &Location<'_>| (at.file().to_owned(), at.line()));
            AT.with_borrow_mut(|last| *last = at);
            before(info);
        }));
    });
    AT.with_borrow_mut(|last| *last = None);
    assert!(catch_unwind(AssertUnwindSafe(f)).is_err(), "it was to panic");
    AT.with_borrow_mut(Option::take)
}

#[test]
fn panics_name_the_line_that_called() {
    let runtime = Runtime::new().unwrap();
    type Call<'a> = Box<dyn Fn() + 'a>;
    let calls: [(&str, Call<'_>); 14] = [
        ("current", Box::new(|| drop(Handle::current()))),
        ("spawn", Box::new(|| drop(rt_facade::spawn(async {})))),
        ("spawn_blocking", Box::new(|| drop(spawn_blocking(|| ())))),
        ("id", Box::new(|| _ = rt_facade::task::id())),
        ("workers", Box::new(|| drop(Builder::new_multi_thread().worker_threads(0).build()))),
        (
            "blocking",
            Box::new(|| drop(Builder::new_multi_thread().max_blocking_threads(0).build())),
        ),
        ("global", Box::new(|| drop(Builder::new_multi_thread().global_queue_interval(0).build()))),
        ("event", Box::new(|| drop(Builder::new_multi_thread().event_interval(0).build()))),
        ("name", Box::new(|| drop(Builder::new_multi_thread().name(" ").build()))),
        (
            "events",
            Box::new(|| drop(Builder::new_multi_thread().max_io_events_per_tick(0).build())),
        ),
        ("metrics", Box::new(|| _ = runtime.metrics().worker_park_count(usize::MAX))),
        ("nested", Box::new(|| runtime.block_on(async { runtime.block_on(async {}) }))),
        ("handle", Box::new(|| runtime.block_on(async { runtime.handle().block_on(async {}) }))),
        (
            "in_place",
            Box::new(|| {
                let current = Builder::new_current_thread().build().unwrap();
                current.block_on(async { rt_facade::task::block_in_place(|| ()) });
            }),
        ),
    ];
    for (what, call) in calls {
        let (file, _) = panics_at(call).unwrap();
        assert_eq!(file, file!(), "{what}");
    }
}

/// Counts its wakes.
struct Counts(AtomicUsize);

impl Wake for Counts {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, SeqCst);
    }
}

#[test]
fn the_shutdown_wakes_who_joins() {
    for build in flavors() {
        let runtime = build().build().unwrap();
        let counts = Arc::new(Counts(AtomicUsize::new(0)));
        let waker = Waker::from(counts.clone());
        let mut task = runtime.spawn(pending::<()>());
        let mut cx = std::task::Context::from_waker(&waker);
        assert!(std::pin::Pin::new(&mut task).poll(&mut cx).is_pending());
        drop(runtime);
        assert_eq!(counts.0.load(SeqCst), 1);
        assert!(rt_task::block_on(task).unwrap_err().is_cancelled());
    }
}
