//! What a task waits for outside of the runtime: sockets, the blocking pool, another thread.
#![allow(clippy::disallowed_methods, reason = "the other thread is no part of any runtime")]

use std::net::SocketAddr;
use std::thread;
use std::time::Duration;

use futures_channel::oneshot;

use super::{WARM_UP, in_root, in_task};
use crate::gate::Doorbell;
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
                here.recv(&mut buffer).await.expect("loopback");
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

pub(super) fn blocking_round_trip_root<S: Subject>(runtime: S, n: u64) -> Cost {
    in_root(runtime, n, async || S::spawn_blocking(|| ()).await.expect("nothing panics"))
}

pub(super) fn blocking_round_trip<S: Subject>(runtime: S, n: u64) -> Cost {
    async fn times<S: Subject>(n: u64) {
        for _ in 0..n {
            S::spawn_blocking(|| ()).await.expect("nothing panics");
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
