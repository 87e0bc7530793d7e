//! What a task waits for outside of the runtime: sockets, the blocking pool, another thread.
#![allow(clippy::disallowed_methods, reason = "the other thread is no part of any runtime")]

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use futures_channel::oneshot;

use super::{WARM_UP, in_root, in_task, work};
use crate::gate::{Doorbell, Summons};
use crate::latency::Latencies;
use crate::meter::{Cost, Meter};
use crate::subject::{Datagrams, Listener, Stream, Subject};

pub(super) fn udp_round_trip<S: Subject>(mut runtime: S, n: u64) -> Cost {
    // Either end is told where the other one is.
    let (tell_here, hear_here) = oneshot::channel();
    let (tell_there, hear_there) = oneshot::channel();
    let total = n + WARM_UP;
    runtime.block_on(async {
        let echo = S::spawn(async move {
            let there = connected::<S>(tell_there, hear_here).await;
            let mut buffer = [0; 64];
            for _ in 0..total {
                let length = there.recv(&mut buffer).await.expect("loopback");
                there.send(&buffer[..length]).await.expect("loopback");
            }
        });
        let ping = S::spawn(async move {
            let here = connected::<S>(tell_here, hear_there).await;
            let mut buffer = [0; 64];
            let mut meter = Meter::start();
            for trip in 0..total {
                if trip == WARM_UP {
                    meter = Meter::start();
                }
                here.send(&[7; 32]).await.expect("loopback");
                let length = here.recv(&mut buffer).await.expect("loopback");
                assert_eq!(length, 32, "a datagram comes whole");
            }
            meter.stop()
        });
        echo.await.expect("the workload does not panic");
        ping.await.expect("the workload does not panic")
    })
}

/// A socket of the task that asks for it, connected to the one that another task made.
async fn connected<S: Subject>(
    tell: oneshot::Sender<SocketAddr>,
    hear: oneshot::Receiver<SocketAddr>,
) -> S::Datagrams {
    let socket = S::Datagrams::bind().await.expect("loopback");
    tell.send(socket.address().expect("bound")).expect("the other one listens");
    socket.connect(hear.await.expect("the other one tells")).await.expect("loopback");
    socket
}

pub(super) fn tcp_echo<S: Subject>(mut runtime: S, n: u64) -> Cost {
    runtime.block_on(async {
        let (tell, hear) = oneshot::channel();
        let echo = S::spawn(async move {
            let listener = S::Listener::bind().await.expect("loopback");
            tell.send(listener.address().expect("bound")).expect("the other one listens");
            let mut stream = listener.accept().await.expect("loopback");
            let mut buffer = [0; 64];
            loop {
                let length = stream.read(&mut buffer).await.expect("loopback");
                if length == 0 {
                    return;
                }
                stream.write_all(&buffer[..length]).await.expect("loopback");
            }
        });
        let ping = S::spawn(async move {
            let address = hear.await.expect("the other one tells");
            let mut stream = S::Stream::connect(address).await.expect("loopback");
            let mut buffer = [0; 64];
            let mut meter = Meter::start();
            for trip in 0..n + WARM_UP {
                if trip == WARM_UP {
                    meter = Meter::start();
                }
                stream.write_all(&[7; 64]).await.expect("loopback");
                let length = stream.read(&mut buffer).await.expect("loopback");
                assert_eq!(length, 64, "so few bytes come in one piece");
            }
            meter.stop()
        });
        let cost = ping.await.expect("the workload does not panic");
        echo.await.expect("the workload does not panic");
        cost
    })
}

/// A closure that says which one it is.
async fn blocking<S: Subject>(trip: &mut u64) {
    let number = *trip;
    let told = S::spawn_blocking(move || number).await.expect("nothing panics");
    assert_eq!(told, number);
    *trip += 1;
}

pub(super) fn blocking_round_trip_root<S: Subject>(runtime: S, n: u64) -> Cost {
    let mut trip = 0;
    in_root(runtime, n, async || blocking::<S>(&mut trip).await)
}

pub(super) fn blocking_round_trip<S: Subject>(runtime: S, n: u64) -> Cost {
    async fn times<S: Subject>(n: u64) {
        for mut trip in 0..n {
            blocking::<S>(&mut trip).await;
        }
    }
    in_task(runtime, async move {
        times::<S>(WARM_UP).await;
        let meter = Meter::start();
        times::<S>(n).await;
        meter.stop()
    })
}

/// One round: the thread wakes, the worker unparks, polls the task, which waits again, and parks.
///
/// The thread sleeps long enough for that, twice where the machine was busy; its sleep costs one
/// system call and no read-modify-write.
pub(super) fn park_unpark<S: Subject>(mut runtime: S, n: u64) -> Cost {
    const ENOUGH: Duration = Duration::from_millis(2);
    const WARM_UP: u64 = 10;
    let bell: &'static Doorbell = Box::leak(Box::default());
    let foreign = thread::spawn(move || {
        let mut meter = Meter::start();
        for round in 0..n + WARM_UP {
            if round == WARM_UP {
                meter = Meter::start();
            }
            bell.ring();
            thread::sleep(ENOUGH);
            while bell.answers() < round + 1 {
                thread::sleep(ENOUGH);
            }
        }
        let cost = meter.stop();
        // The task ends at the last one.
        bell.ring();
        cost
    });
    runtime.block_on(async {
        S::spawn(bell.answer(n + WARM_UP + 1)).await.expect("the workload does not panic");
    });
    foreign.join().expect("a thread that rings does not panic")
}

/// From a thread of no runtime to a task of a runtime that has nothing else to do.
pub(super) fn wake_latency_idle<S: Subject>(runtime: S, n: u64) -> Cost {
    wake_latency(runtime, n, 0)
}

/// The same where tasks take turns without end: as many as keep every worker busy.
pub(super) fn wake_latency_busy<S: Subject>(workers: usize, n: u64) -> Cost {
    const OF_EACH_WORKER: usize = 4;
    wake_latency(S::new(workers), n, workers * OF_EACH_WORKER)
}

fn wake_latency<S: Subject>(mut runtime: S, n: u64, busy: usize) -> Cost {
    /// For the task to come, and for its worker to wait for something again.
    const APART: Duration = Duration::from_millis(1);
    const WARM_UP: u64 = 10;
    /// Some ten microseconds.
    const TURN: u64 = 1_500;
    let summons: &'static Summons = Box::leak(Box::default());
    let took: &'static Latencies = Box::leak(Box::new(Latencies::of(n)));
    let over: &'static AtomicBool = Box::leak(Box::default());
    let foreign = thread::spawn(move || {
        let mut meter = Meter::start();
        for call in 0..n + WARM_UP {
            if call == WARM_UP {
                meter = Meter::start();
            }
            summons.call();
            thread::sleep(APART);
            while !summons.has_come() {
                thread::sleep(APART);
            }
        }
        meter.stop()
    });
    runtime.block_on(async {
        let take_turns = || async {
            while !over.load(Ordering::Relaxed) {
                work(TURN);
                S::yield_now().await;
            }
        };
        let busy: Vec<_> = (0..busy).map(|_| S::spawn(take_turns())).collect();
        let comes = S::spawn(summons.come(n + WARM_UP, |call, ns| {
            if let Some(place) = call.checked_sub(WARM_UP) {
                took.record(place, ns);
            }
        }));
        comes.await.expect("the workload does not panic");
        over.store(true, Ordering::Relaxed);
        for task in busy {
            task.await.expect("the workload does not panic");
        }
    });
    let cost = foreign.join().expect("a thread that calls does not panic");
    Cost { latency: took.latency(), ..cost }
}
