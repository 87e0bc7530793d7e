//! The reactor of the `rt` runtime: from readiness to wakers, on `mio`.
//!
//! The operating system tells when a socket can be read or written; a task wants to be woken
//! then. This crate is what lies between. It knows nothing of tasks, schedulers or timers: it
//! deals in [`Waker`](core::task::Waker)s, and works with any executor. In three steps:
//!
//! 1. Make a [`Driver`], and turn it where a thread has nothing else to do. Its shared half, the
//!    [`Handle`], goes wherever sources are made.
//! 2. Register a source: a [`Registration`] is its stay in the reactor.
//! 3. Try the operation; when it would block, wait. [`Registration::async_io`] does both, and so
//!    does [`Registration::poll_io`] for who writes a `poll` method.
//!
//! ```
//! use rt_reactor::{Driver, Interest, Registration};
//! use rt_task::base::driver::{Reactor, WakeBatch};
//! use rt_task::wait::WaitKind;
//! use std::future::Future;
//! use std::pin::pin;
//! use std::task::{Context, Poll, Waker};
//!
//! let mut driver = Driver::new()?;
//! let mut socket = mio::net::UdpSocket::bind("127.0.0.1:0".parse().unwrap())?;
//! let registration = Registration::new(&mut socket, Interest::READABLE, &driver.handle())?;
//!
//! let mut buffer = [0; 16];
//! let mut receive = pin!(registration.async_io(Interest::READABLE, WaitKind::Receive, || {
//!     socket.recv(&mut buffer)
//! }));
//! let mut cx = Context::from_waker(Waker::noop());
//! assert!(receive.as_mut().poll(&mut cx).is_pending());
//!
//! let far = std::net::UdpSocket::bind("127.0.0.1:0")?;
//! far.send_to(b"hello", socket.local_addr()?)?;
//! driver.poll(None, &mut WakeBatch::new())?; // waits for the event, and wakes
//! let Poll::Ready(received) = receive.poll(&mut cx) else { panic!("it was woken") };
//! assert_eq!(received?, 5);
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! # What it costs
//! Per wait, in atomic read-modify-writes: to begin it, two and the waker's clone (the first of
//! the two also clears the readiness that turned out to be none); for the event, one. A waiter
//! that is polled again with the same waker costs none, and an operation that succeeds at once
//! none. No lock is taken, unless several futures wait for the same direction of one source, or
//! one for several things at once. A source is 128 bytes of a slab; nothing is allocated per wait.
//!
//! # Where to read on
//! `driver.rs` is the loop, `registration.rs` what a socket uses. `word.rs` is the state word of
//! a source and every transition of it, with the protocols; `slot.rs` the order in which word,
//! cells (`cell.rs`) and list (`list.rs`) are touched; `slots.rs` their memory. [`selector`] is
//! the seam to the operating system, with a scripted mock.

mod cell;
mod driver;
mod future;
mod handle;
mod interest;
mod list;
mod ready;
mod registration;
pub mod selector;
mod slot;
mod slots;
#[cfg(unix)]
pub mod unix;
mod word;

pub use driver::Driver;
pub use future::{AsyncIo, ReadyFuture};
pub use handle::{Handle, Metrics, is_gone};
pub use interest::Interest;
pub use ready::{Direction, Ready, ReadyEvent};
pub use registration::Registration;
pub use selector::{EventsMax, MioSelector, Selector};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
