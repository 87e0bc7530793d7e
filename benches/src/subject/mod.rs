//! What a workload may ask of a runtime. One more runtime is one more file here and one more
//! line in [`with`].

mod rt_current;
mod shape;
mod tokio_current;

use std::fmt::Debug;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

pub use rt_current::RtCurrent;
pub use tokio_current::TokioCurrent;

/// A runtime under measurement.
pub trait Subject: Sized + 'static {
    /// As it is called on the command line.
    const NAME: &'static str;

    /// Why a task has no output.
    type JoinError: Debug + Send;
    /// A TCP connection.
    type Stream: Stream;
    /// A TCP listener.
    type Listener: Listener<Stream = Self::Stream>;
    /// A UDP socket.
    type Datagrams: Datagrams;

    /// A new runtime with every driver on.
    fn new() -> Self;

    /// Runs a future on the calling thread.
    fn block_on<F: Future>(&mut self, future: F) -> F::Output;

    /// Starts a task on the runtime that is entered.
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

/// Names of all subjects, ours first.
pub const NAMES: &[&str] = &[RtCurrent::NAME, TokioCurrent::NAME];

/// Visits the subject of that name.
pub fn with<V: Visit>(name: &str, visit: V) -> Option<V::Output> {
    match name {
        RtCurrent::NAME => Some(visit.visit::<RtCurrent>()),
        TokioCurrent::NAME => Some(visit.visit::<TokioCurrent>()),
        _ => None,
    }
}
