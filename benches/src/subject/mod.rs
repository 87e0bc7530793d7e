//! What a workload may ask of a runtime. One more runtime is one more file here and one more
//! line in [`with`].

mod rt_current;
mod rt_multi;
mod shape;
mod smol;
mod tokio_current;
mod tokio_multi;

use std::fmt::Debug;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

pub use rt_current::RtCurrent;
pub use rt_multi::RtMulti;
pub use smol::Smol;
pub use tokio_current::TokioCurrent;
pub use tokio_multi::TokioMulti;

/// Where a runtime polls tasks. Only subjects of one flavour are compared.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Flavor {
    /// On the thread that calls `block_on`.
    Current,
    /// On worker threads; the root future stays on the thread that calls `block_on`.
    Multi,
}

/// A runtime under measurement.
pub trait Subject: Sized + 'static {
    /// As it is called on the command line.
    const NAME: &'static str;
    /// Where it polls tasks.
    const FLAVOR: Flavor;

    /// Why a task has no output.
    type JoinError: Debug + Send;
    /// A TCP connection.
    type Stream: Stream;
    /// A TCP listener.
    type Listener: Listener<Stream = Self::Stream>;
    /// A UDP socket.
    type Datagrams: Datagrams;

    /// A new runtime with every driver on, and with so many workers if it has any.
    fn new(workers: usize) -> Self;

    /// Runs a future on the calling thread.
    fn block_on<F: Future>(&mut self, future: F) -> F::Output;

    /// Starts a task on the runtime that is entered. Whoever drops the handle lets it run on.
    fn spawn<F>(future: F) -> impl Future<Output = Result<F::Output, Self::JoinError>> + Send
    where
        F: Future<Output: Send + 'static> + Send + 'static;

    /// Runs a closure where it may block.
    fn spawn_blocking<F, T>(work: F) -> impl Future<Output = Result<T, Self::JoinError>> + Send
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static;

    /// Lets others run.
    fn yield_now() -> impl Future<Output = ()> + Send;

    /// Waits.
    fn sleep(duration: Duration) -> impl Future<Output = ()> + Send + 'static;
}

/// A TCP connection.
pub trait Stream: Sized + Send + 'static {
    /// Connects.
    fn connect(to: SocketAddr) -> impl Future<Output = io::Result<Self>> + Send;
    /// Reads some bytes; none at the end.
    fn read(&mut self, into: &mut [u8]) -> impl Future<Output = io::Result<usize>> + Send;
    /// Writes all bytes.
    fn write_all(&mut self, bytes: &[u8]) -> impl Future<Output = io::Result<()>> + Send;
}

/// A TCP listener.
pub trait Listener: Sized + Send + 'static {
    /// What it accepts.
    type Stream: Stream;
    /// Binds to a free port of the loopback device.
    fn bind() -> impl Future<Output = io::Result<Self>> + Send;
    /// Where it listens.
    fn address(&self) -> io::Result<SocketAddr>;
    /// The next connection, with small writes sent at once.
    fn accept(&self) -> impl Future<Output = io::Result<Self::Stream>> + Send;
}

/// A UDP socket.
pub trait Datagrams: Sized + Send + 'static {
    /// Binds to a free port of the loopback device.
    fn bind() -> impl Future<Output = io::Result<Self>> + Send;
    /// Where it is bound.
    fn address(&self) -> io::Result<SocketAddr>;
    /// Fixes the other end.
    fn connect(&self, to: SocketAddr) -> impl Future<Output = io::Result<()>> + Send;
    /// Sends to the other end.
    fn send(&self, bytes: &[u8]) -> impl Future<Output = io::Result<usize>> + Send;
    /// Receives from the other end.
    fn recv(&self, into: &mut [u8]) -> impl Future<Output = io::Result<usize>> + Send;
}

/// A free port of the loopback device.
pub(crate) const LOOPBACK: &str = "127.0.0.1:0";

/// Something to do with the subject that the command line names.
pub trait Visit {
    /// What comes of it.
    type Output;
    /// Does it.
    fn visit<S: Subject>(self) -> Self::Output;
}

/// Workers of a runtime that has any, unless told otherwise.
pub const WORKERS: usize = 2;

/// Names and flavours of all subjects: within a flavour ours first, and then the one that the
/// others are compared with.
pub const ALL: &[(&str, Flavor)] = &[
    named::<RtCurrent>(),
    named::<TokioCurrent>(),
    named::<RtMulti>(),
    named::<TokioMulti>(),
    named::<Smol>(),
];

const fn named<S: Subject>() -> (&'static str, Flavor) {
    (S::NAME, S::FLAVOR)
}

/// Visits the subject of that name.
pub fn with<V: Visit>(name: &str, visit: V) -> Option<V::Output> {
    match name {
        RtCurrent::NAME => Some(visit.visit::<RtCurrent>()),
        TokioCurrent::NAME => Some(visit.visit::<TokioCurrent>()),
        RtMulti::NAME => Some(visit.visit::<RtMulti>()),
        TokioMulti::NAME => Some(visit.visit::<TokioMulti>()),
        Smol::NAME => Some(visit.visit::<Smol>()),
        _ => None,
    }
}
