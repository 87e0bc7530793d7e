//! Signals of the operating system as futures, on the `rt` reactor.
//!
//! What lives here: [`ctrl_c`], and on Unix the module `unix` with a listener for signals of every
//! kind, `Signal`. Names and behaviour are tokio's; what is added says so.
//!
//! What never does: a thread, a task, a decision about what a signal means. A listener finds the
//! reactor that is entered where it is made, or is given one; without, an error names the call
//! site, what is missing and the fix.
//!
//! ```
//! # #[cfg(unix)] {
//! use rt_reactor::Driver;
//! use rt_signal::unix::{SignalKind, signal_with_handle};
//! use rt_task::base::driver::{Reactor, WakeBatch};
//! use std::task::{Context, Poll, Waker};
//!
//! let mut driver = Driver::new()?;
//! let mut listener = signal_with_handle(SignalKind::window_change(), &driver.handle())?;
//! # fn raise(kind: SignalKind) {
//! #     let this = rustix::process::getpid();
//! #     rustix::process::kill_process(this, rustix::process::Signal::WINCH).unwrap();
//! #     assert_eq!(kind, SignalKind::window_change());
//! # }
//! raise(SignalKind::window_change());
//!
//! // A runtime does this: poll, and turn the reactor when nothing can run.
//! let mut cx = Context::from_waker(Waker::noop());
//! while listener.poll_recv(&mut cx) != Poll::Ready(Some(())) {
//!     driver.poll(None, &mut WakeBatch::new())?;
//! }
//! # }
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! # What it costs
//! A signal: in the handler, one atomic addition and one `write`; then one event for each reactor
//! that has listeners, and one lock for each kind that is listened to. To wait: one lock, and the
//! waker's clone if it is another one than before. A listener is a place in a list; a reactor that
//! has any, one descriptor.
//!
//! # Where to read on
//! `unix/signal.rs` is what users hold. `unix/process.rs` is what the process has one of, and the
//! way of a signal from the handler (`unix/handler.rs`) to the reactors (`unix/hub.rs`, by
//! `unix/bell.rs`) to the listeners (`unix/slot.rs`).
//!
//! # Windows
//! The crate compiles, and [`ctrl_c`] fails with `Unsupported`: handlers of console events are not
//! built yet.

mod ctrl_c;
#[cfg(unix)]
pub mod unix;

pub use ctrl_c::{CtrlC, ctrl_c};

#[cfg(all(doctest, unix))]
#[doc = include_str!("../README.md")]
struct Readme;
