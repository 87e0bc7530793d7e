//! What a workload may ask of a runtime. One more runtime is one more file here and one more
//! line in its list.
//!
//! A subject says of itself what a reader of its figures must know: its version, what it promises
//! less than the others ([`Promise`]), what was done to fit it in. What a runtime has not got at
//! all ([`Need`]) ends the process that asks for it, with a line that says so: a workload is
//! skipped by what it does, not by a list that may be wrong.

mod at_home;
#[cfg(feature = "peers")]
pub mod compio;
mod detach;
mod futures;
#[cfg(feature = "peers")]
pub mod glommio;
mod hyper_io;
#[cfg(feature = "peers")]
mod lent;
pub mod missing;
#[cfg(feature = "peers")]
pub mod monoio;
pub mod nio;
mod rt_current;
mod rt_multi;
mod shape;
mod smol;
mod tokio_current;
mod tokio_multi;
pub(crate) mod version;

use std::fmt::Debug;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::process;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, Once, PoisonError};
use std::time::Duration;

#[cfg(feature = "peers")]
pub use compio::{Compio, CompioUring};
pub use futures::Futures;
#[cfg(feature = "peers")]
pub use glommio::Glommio;
#[cfg(feature = "peers")]
pub use monoio::{Monoio, MonoioUring};
pub use nio::{NioCurrent, NioMulti, NioPinned};
pub use rt_current::RtCurrent;
pub use rt_multi::RtMulti;
pub use smol::{Smol, SmolCurrent};
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

/// What a runtime may promise, at a cost; one that does not may be the faster for it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Promise {
    /// A task, and the sleeps and sockets that it holds, may be sent to other threads.
    Send,
    /// A waker may be woken, cloned and dropped on any thread.
    Wakers,
    /// No sleep ends before its time.
    NeverEarly,
    /// A task can be cancelled, from any thread.
    Abort,
    /// A task's output can be awaited, from any thread.
    Join,
    /// A panic in a task ends that task alone.
    Panics,
}

/// What a runtime may not have at all.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Need {
    /// Sleeps in tasks.
    Sleep,
    /// TCP in tasks.
    Tcp,
    /// UDP in tasks.
    Udp,
    /// A place for closures that block.
    Blocking,
    /// A yield after which all others run before the task does again.
    Yield,
}

/// A runtime under measurement.
pub trait Subject: Sized + 'static {
    /// As it is called on the command line.
    const NAME: &'static str;
    /// The package whose version is told.
    const PACKAGE: &'static str;
    /// Where it polls tasks.
    const FLAVOR: Flavor;
    /// What it is, and what was done to fit it in, in one line.
    const ABOUT: &'static str;
    /// What it does not promise.
    const WITHHOLDS: &'static [Promise] = &[];

    /// Why a task has no output.
    type JoinError: Debug + Send;
    /// A TCP connection.
    type Stream: Stream;
    /// A TCP listener.
    type Listener: Listener<Stream = Self::Stream>;
    /// A UDP socket.
    type Datagrams: Datagrams;

    /// Why it has not got this, if so.
    fn lacks(_need: Need) -> Option<&'static str> {
        None
    }

    /// Why it cannot be had on this machine, if so.
    fn unavailable() -> Option<String> {
        None
    }

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

    /// Waits, in the task that asks for it.
    fn sleep(duration: Duration) -> impl Future<Output = ()> + Send + 'static;
}

/// Whether [`skip`] is a mistake.
static NEVER_SKIPS: AtomicBool = AtomicBool::new(false);

/// From here on, to ask a subject for what it lacks is a panic: for tests, which a process that
/// ends early would call passed.
pub fn never_skip() {
    NEVER_SKIPS.store(true, Ordering::Relaxed);
}

/// Ends the process: the workload needs what the subject has not got.
///
/// Prints `skipped`, a tab and the reason.
#[allow(clippy::print_stdout, reason = "the output of a program")]
pub(crate) fn skip(reason: &str) -> ! {
    assert!(!NEVER_SKIPS.load(Ordering::Relaxed), "skipped: {reason}");
    // Whoever else finds out waits here for the end.
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        println!("skipped\t{reason}");
        process::exit(0)
    });
    unreachable!("the process has ended")
}

/// Ends the process if this is not the subject's first runtime.
fn once_only<S: Subject>() {
    static MADE: Mutex<Vec<&str>> = Mutex::new(Vec::new());
    let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
    if made.contains(&S::NAME) {
        skip("what it runs on lasts for as long as the process does");
    }
    made.push(S::NAME);
}

/// Ends the process if the subject lacks this.
fn need<S: Subject>(need: Need) {
    if let Some(reason) = S::lacks(need) {
        skip(reason);
    }
}

/// A TCP connection, used by the task that made it; an accepted one may be handed to another
/// task before its first use.
pub trait Stream: Sized + Send + 'static {
    /// Connects.
    fn connect(to: SocketAddr) -> impl Future<Output = io::Result<Self>> + Send;
    /// Reads some bytes; none at the end.
    fn read(&mut self, into: &mut [u8]) -> impl Future<Output = io::Result<usize>> + Send;
    /// Writes all bytes.
    fn write_all(&mut self, bytes: &[u8]) -> impl Future<Output = io::Result<()>> + Send;

    /// The connection as `hyper` reads and writes it; ends the process where there is no such way.
    fn hyper(
        self,
    ) -> impl Future<Output = io::Result<impl hyper::rt::Read + hyper::rt::Write + Send + Unpin>> + Send
    {
        async { hyper_io::nothing("its connections are none that hyper could read") }
    }
}

/// A TCP listener, used by the task that made it.
pub trait Listener: Sized + Send + Sync + 'static {
    /// What it accepts.
    type Stream: Stream;
    /// Binds to a free port of the loopback device.
    fn bind() -> impl Future<Output = io::Result<Self>> + Send;
    /// Where it listens.
    fn address(&self) -> io::Result<SocketAddr>;
    /// The next connection, with small writes sent at once.
    fn accept(&self) -> impl Future<Output = io::Result<Self::Stream>> + Send;
}

/// A UDP socket, used by the task that made it.
pub trait Datagrams: Sized + Send + Sync + 'static {
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

    /// Receives from anywhere; ends the process where only one other end can be had.
    fn recv_from(
        &self,
        _into: &mut [u8],
    ) -> impl Future<Output = io::Result<(usize, SocketAddr)>> + Send {
        async { skip("its sockets have one other end each") }
    }

    /// Sends to anywhere; ends the process where only one other end can be had.
    fn send_to(
        &self,
        _bytes: &[u8],
        _to: SocketAddr,
    ) -> impl Future<Output = io::Result<usize>> + Send {
        async { skip("its sockets have one other end each") }
    }
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

/// What is said of a subject.
#[derive(Debug)]
pub struct Described {
    /// As it is called on the command line.
    pub name: &'static str,
    /// Where it polls tasks.
    pub flavor: Flavor,
    /// The version of its package that is built in.
    pub version: &'static str,
    /// One of ours.
    pub ours: bool,
    /// What it does not promise.
    pub withholds: &'static [Promise],
    /// Why it cannot be had on this machine, if so.
    pub unavailable: Option<String>,
    /// What it is, and what was done to fit it in.
    pub about: &'static str,
}

impl Described {
    fn of<S: Subject>() -> Self {
        Self {
            name: S::NAME,
            flavor: S::FLAVOR,
            version: version::of(S::PACKAGE),
            ours: S::PACKAGE == "rt-facade",
            withholds: S::WITHHOLDS,
            unavailable: S::unavailable(),
            about: S::ABOUT,
        }
    }

    /// Fields with tabs between them: name, flavour, version, `ours` or `peer`, what it withholds
    /// (`-` for nothing), why it cannot be had here (`-` if it can), and what it is.
    pub fn line(&self) -> String {
        let Self { name, flavor, version, ours, withholds, unavailable, about } = self;
        let side = if *ours { "ours" } else { "peer" };
        let withheld: Vec<String> = withholds.iter().map(|it| format!("{it:?}")).collect();
        let withheld = if withheld.is_empty() { "-".to_owned() } else { withheld.join(",") };
        let unavailable = unavailable.as_deref().unwrap_or("-");
        format!("{name}\t{flavor:?}\t{version}\t{side}\t{withheld}\t{unavailable}\t{about}")
    }
}

/// The list, in the order in which it is shown.
macro_rules! subjects {
    ($($(#[$only:meta])* $subject:ident),* $(,)?) => {
        /// Every subject: within a flavour ours first, and then the one that the others are
        /// compared with.
        pub fn all() -> Vec<Described> {
            vec![$($(#[$only])* Described::of::<$subject>()),*]
        }

        /// Visits the subject of that name; ends the process if it cannot be had here.
        pub fn with<V: Visit>(name: &str, visit: V) -> Option<V::Output> {
            $(
                $(#[$only])*
                if name == $subject::NAME {
                    if let Some(reason) = $subject::unavailable() {
                        skip(&reason);
                    }
                    return Some(visit.visit::<$subject>());
                }
            )*
            None
        }
    };
}

subjects! {
    RtCurrent,
    TokioCurrent,
    SmolCurrent,
    NioCurrent,
    Futures,
    #[cfg(feature = "peers")]
    Monoio,
    #[cfg(feature = "peers")]
    MonoioUring,
    #[cfg(feature = "peers")]
    Compio,
    #[cfg(feature = "peers")]
    CompioUring,
    #[cfg(feature = "peers")]
    Glommio,
    RtMulti,
    TokioMulti,
    Smol,
    NioMulti,
    NioPinned,
}
