//! With two workers or more, a task that does not return from its poll strands nobody else.
//!
//! How late others get is measured and printed; it is asserted against a bound that a loaded machine keeps,
//! too.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::mpsc;
use std::task::{Context, Poll, Wake, Waker};

use rt_facade::net::UdpSocket;
use rt_facade::runtime::Runtime;
use rt_facade::task::yield_now;
use rt_facade::time::{Duration, Instant, sleep};

use crate::support::{Gate, LetGo, block_until, for_workers, hold, receive};

/// What a loaded machine keeps. Some 10 ms are usual.
const LATE_MAX: Duration = Duration::from_secs(2);

/// A task that is in one poll until let go.
fn stick(runtime: &Runtime) -> LetGo {
    let (let_go, held) = hold();
    let (starts, started) = mpsc::channel();
    drop(runtime.spawn(async move {
        starts.send(()).unwrap();
        held.stay();
    }));
    receive(&started);
    let_go
}

/// How long a socket and a timer of another task take beside it, at most.
fn worst_beside(runtime: &Runtime) -> Duration {
    let task = runtime.spawn(async {
        let a = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let b = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let to = b.local_addr().unwrap();
        let mut worst = Duration::ZERO;
        for _ in 0..10 {
            let start = Instant::now();
            sleep(Duration::from_millis(1)).await;
            let sender = async {
                yield_now().await; // so that the other end waits
                a.send_to(b"x", to).await.unwrap();
            };
            let mut buf = [0; 1];
            let receiver = b.recv_from(&mut buf);
            let (_, received) = futures_util::future::join(sender, receiver).await;
            received.unwrap();
            worst = worst.max(start.elapsed());
        }
        worst
    });
    runtime.block_on(task).unwrap()
}

#[test]
fn sockets_and_timers_of_others_go_on() {
    for_workers([2, 4], |runtime| {
        let mut worst = Duration::ZERO;
        for _ in 0..10 {
            let stuck: Vec<_> = (1..runtime.metrics().workers).map(|_| stick(runtime)).collect();
            worst = worst.max(worst_beside(runtime));
            drop(stuck);
        }
        eprintln!("beside a stuck task a socket and a timer took {worst:?} at most");
        assert!(worst < LATE_MAX, "{worst:?}");
    });
}

#[test]
fn so_do_those_whose_driver_was_turned_by_the_thread_that_is_stuck() {
    for_workers([2, 4], |runtime| {
        let mut worst = Duration::ZERO;
        for _ in 0..20 {
            let socket = runtime.block_on(UdpSocket::bind("127.0.0.1:0")).unwrap();
            let other = runtime.block_on(UdpSocket::bind("127.0.0.1:0")).unwrap();
            let (to, to_other) = (socket.local_addr().unwrap(), other.local_addr().unwrap());
            let (let_go, held) = hold();
            let (starts, started) = mpsc::channel();
            drop(runtime.spawn(async move {
                socket.recv(&mut [0; 1]).await.unwrap();
                starts.send(()).unwrap();
                held.stay(); // at once: on the thread that turned the driver
            }));
            let (hears, heard) = mpsc::channel();
            drop(runtime.spawn(async move {
                other.recv(&mut [0; 1]).await.unwrap();
                hears.send(()).unwrap();
            }));
            // All workers wait, one of them in the driver.
            block_until(|| {
                let mut waiting = 0;
                runtime.handle().for_each_task(|_| waiting += 1);
                waiting == 2
            });
            let sender = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
            sender.send_to(b"x", to).unwrap();
            receive(&started);
            let start = std_now();
            sender.send_to(b"x", to_other).unwrap();
            receive(&heard);
            worst = worst.max(start.elapsed());
            let_go.go();
        }
        eprintln!("beside its thread a socket took {worst:?} at most");
        assert!(worst < LATE_MAX, "{worst:?}");
    });
}

#[expect(clippy::disallowed_methods, reason = "measured outside of any runtime")]
fn std_now() -> std::time::Instant {
    std::time::Instant::now()
}

#[test]
fn what_it_spawned_and_woke_last_is_taken_from_its_worker() {
    for_workers([2, 4], |runtime| {
        let mut worst = Duration::ZERO;
        for _ in 0..20 {
            let task = runtime.spawn(async {
                let (sender, receiver) = mpsc::channel();
                let gate = Gate::new();
                let waiting = (gate.passed(), sender.clone());
                drop(rt_facade::spawn(async move {
                    waiting.0.await;
                    waiting.1.send("woken").unwrap();
                }));
                yield_now().await;
                for _ in 0..100 {
                    let sender = sender.clone();
                    drop(rt_facade::spawn(async move { sender.send("spawned").unwrap() }));
                }
                let start = std_now();
                gate.open(); // to the slot
                let heard: Vec<_> = (0..101).map(|_| receive(&receiver)).collect(); // in one poll
                assert_eq!(heard.iter().filter(|what| **what == "woken").count(), 1);
                start.elapsed()
            });
            worst = worst.max(runtime.block_on(task).unwrap());
        }
        eprintln!("what a stuck task spawned and woke was run after {worst:?} at most");
        assert!(worst < LATE_MAX, "{worst:?}");
        let handle = runtime.handle();
        let workers = 0..runtime.metrics().workers;
        let workers: Vec<_> = workers.map(|n| handle.worker_metrics(n).unwrap()).collect();
        let sum = |of: fn(&rt_facade::runtime::WorkerMetrics) -> u64| -> u64 {
            workers.iter().map(of).sum()
        };
        assert!(sum(|it| it.steals) > 0 && sum(|it| it.steal_operations) > 0, "{workers:?}");
        assert!(sum(|it| it.steals) >= sum(|it| it.steal_operations), "{workers:?}");
    });
}

#[test]
fn a_task_alone_in_its_slot_is_rescued() {
    for_workers([2, 4], |runtime| {
        let mut worst = Duration::ZERO;
        for _ in 0..20 {
            let task = runtime.spawn(async {
                let (sender, receiver) = mpsc::channel();
                let gate = Gate::new();
                let passed = gate.passed();
                let waiting = rt_facade::spawn(async move {
                    passed.await;
                    sender.send(()).unwrap();
                });
                while !gate.is_waited_for() {
                    yield_now().await;
                }
                let start = std_now();
                gate.open();
                receive(&receiver);
                drop(waiting);
                start.elapsed()
            });
            worst = worst.max(runtime.block_on(task).unwrap());
        }
        eprintln!("a task in the slot of a stuck worker was run after {worst:?} at most");
        assert!(worst < LATE_MAX, "{worst:?}");
    });
}

/// Tells a channel.
struct Tells(mpsc::Sender<()>);

impl Wake for Tells {
    fn wake(self: Arc<Self>) {
        let _ = self.0.send(());
    }
}

/// Polls `future`, which pends, and waits in this poll until it is woken: after `then`, at the latest.
fn wait_for_wake(future: impl Future, then: impl FnOnce()) {
    let (sender, receiver) = mpsc::channel();
    let waker = Waker::from(Arc::new(Tells(sender)));
    let mut future = pin!(future);
    let mut cx = Context::from_waker(&waker);
    assert!(future.as_mut().poll(&mut cx).is_pending());
    then();
    receive(&receiver);
    assert!(matches!(future.as_mut().poll(&mut cx), Poll::Ready(_)));
}

#[test]
fn a_timer_armed_and_a_socket_watched_in_the_very_poll_fire() {
    for_workers([2, 4], |runtime| {
        let task = runtime.spawn(async {
            let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
            let to = socket.local_addr().unwrap();
            let sender = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
            for _ in 0..10 {
                wait_for_wake(sleep(Duration::from_millis(2)), || ());
                let sends = || {
                    sender.send_to(b"x", to).unwrap();
                };
                wait_for_wake(socket.recv(&mut [0; 1]), sends);
            }
        });
        runtime.block_on(task).unwrap();
    });
}
