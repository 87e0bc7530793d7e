//! The reactor: `rt-reactor` with the sockets of `rt-net` in the place of async-io's, under
//! async-executor.

use std::io;
use std::net::SocketAddr;

use rt_task::base::context::{Env, enter};
use rt_task::base::driver::{Reactor, WakeBatch};

use super::Swap;
use crate::meter::{Cost, Meter};

pub(super) const OURS: Swap = Swap {
    piece: "reactor",
    part: "rt-reactor",
    ours: true,
    about: "a datagram there and back between two tasks of async-executor",
    timed: 50_000,
    run: ours,
};

pub(super) const PEER: Swap = OURS.beside("async-io", peer);

const LOOPBACK: &str = "127.0.0.1:0";

const WARM_UP: u64 = 100;

/// What the two tasks ask of a socket.
trait Datagrams {
    fn address(&self) -> io::Result<SocketAddr>;
    async fn connect(&self, to: SocketAddr) -> io::Result<()>;
    async fn send(&self, bytes: &[u8]) -> io::Result<usize>;
    async fn recv(&self, into: &mut [u8]) -> io::Result<usize>;
}

macro_rules! datagrams {
    ($($socket:ty),*) => {$(
        impl Datagrams for $socket {
            fn address(&self) -> io::Result<SocketAddr> {
                self.local_addr()
            }

            async fn connect(&self, to: SocketAddr) -> io::Result<()> {
                self.connect(to).await
            }

            async fn send(&self, bytes: &[u8]) -> io::Result<usize> {
                self.send(bytes).await
            }

            async fn recv(&self, into: &mut [u8]) -> io::Result<usize> {
                self.recv(into).await
            }
        }
    )*};
}

datagrams!(rt_net::UdpSocket, smol::net::UdpSocket);

type Executor = &'static smol::LocalExecutor<'static>;

/// Two sockets, and a task for each.
async fn round_trips<D: Datagrams + 'static>(
    executor: Executor,
    n: u64,
    bind: impl AsyncFn() -> io::Result<D>,
) -> io::Result<Cost> {
    let (here, there) = (bind().await?, bind().await?);
    here.connect(there.address()?).await?;
    there.connect(here.address()?).await?;
    let echoing = executor.spawn(echo(there, n));
    let cost = executor.spawn(ask(here, n)).await?;
    echoing.await.map(|()| cost)
}

async fn echo(socket: impl Datagrams, n: u64) -> io::Result<()> {
    let mut buffer = [0; 64];
    for _ in 0..n + WARM_UP {
        let length = socket.recv(&mut buffer).await?;
        socket.send(&buffer[..length]).await?;
    }
    Ok(())
}

async fn ask(socket: impl Datagrams, n: u64) -> io::Result<Cost> {
    let mut buffer = [0; 64];
    let mut meter = Meter::start();
    for trip in 0..n + WARM_UP {
        if trip == WARM_UP {
            meter = Meter::start();
        }
        socket.send(&trip.to_ne_bytes()).await?;
        let length = socket.recv(&mut buffer).await?;
        assert_eq!(buffer[..length], trip.to_ne_bytes(), "it comes back as it went");
    }
    Ok(meter.stop())
}

fn ours(n: u64) -> Cost {
    let mut reactor = rt_reactor::Driver::new().expect("the system lets us");
    let _entered = enter(Env::new().with_io(reactor.handle()));
    let executor: Executor = Box::leak(Box::default());
    let bind = async || rt_net::UdpSocket::bind(LOOPBACK).await;
    let root = executor.spawn(round_trips(executor, n, bind));
    // The whole of a runtime's loop: what can run runs, then the reactor waits.
    while !root.is_finished() {
        if !executor.try_tick() {
            reactor.poll(None, &mut WakeBatch::new()).expect("the system lets us wait");
        }
    }
    rt_task::block_on(root).expect("loopback")
}

fn peer(n: u64) -> Cost {
    let executor: Executor = Box::leak(Box::default());
    let bind = async || smol::net::UdpSocket::bind(LOOPBACK).await;
    // Its `block_on` turns its reactor on this thread.
    smol::block_on(executor.run(round_trips(executor, n, bind))).expect("loopback")
}
