//! Child processes as futures, with their pipes, on the `rt` reactor.
//!
//! What lives here: [`Command`], the builder of `std` with futures at its end; [`Child`], a process
//! that was started; [`ChildStdin`], [`ChildStdout`] and [`ChildStderr`], its pipes as `rt-io`
//! writer and readers. Names and behaviour are tokio's; what is added says so.
//!
//! What never does: a handler of signals. Linux tells of a child's end by a descriptor (a pidfd), which
//! the reactor watches like any other; where there is none, a thread waits.
//!
//! # No zombies
//! A process that has ended stays in the system's table until its parent asks how. A [`Child`] that is
//! dropped before that goes to a thread which asks instead, also when no runtime is left: see
//! `orphans.rs`. It is started when it is needed, and ends when nothing is left for it to do.
//!
//! ```
//! # fn drive<F: Future>(future: F) -> F::Output {
//! #     use rt_task::base::{context, driver::{Reactor, WakeBatch}};
//! #     let mut driver = rt_reactor::Driver::new().unwrap();
//! #     let _guard = context::enter(context::Env::new().with_io(driver.handle()));
//! #     let mut future = std::pin::pin!(future);
//! #     loop {
//! #         let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
//! #         if let std::task::Poll::Ready(output) = future.as_mut().poll(&mut cx) {
//! #             return output;
//! #         }
//! #         driver.poll(None, &mut WakeBatch::new()).unwrap();
//! #     }
//! # }
//! use rt_io::{AsyncReadExt, AsyncWriteExt};
//! use rt_process::Command;
//! use std::process::Stdio;
//!
//! # drive(async {
//! let mut child =
//!     Command::new("tr").args(["a-z", "A-Z"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
//! let mut stdin = child.stdin.take().expect("it is piped");
//! stdin.write_all(b"hello").await?;
//! drop(stdin); // the end of the input
//! let output = child.wait_with_output().await?;
//! assert!(output.status.success());
//! assert_eq!(output.stdout, b"HELLO");
//! # std::io::Result::Ok(()) }).unwrap();
//! ```
//!
//! # What it costs
//! On Linux, beyond what `std` does to start and to reap: to open, watch and close one descriptor, a call
//! each (two thousand of `true` under strace: as many each of clone3, pidfd_open, epoll_ctl, wait4, close). To
//! wait: one event, and one call that reaps; in atomic read-modify-writes, what a wait for a socket
//! costs. Nothing is allocated, and no other child is looked at. A pipe is made non-blocking and
//! watched, in a call each, and costs what a socket does. What was not lent is closed without being
//! deregistered first. A child that is dropped unreaped costs a lock and a call, and the first of them a thread.
//!
//! # Where to read on
//! `command.rs` starts, `child.rs` waits; `exit/` is how the end of a child is heard of; `orphans.rs`
//! what becomes of those that nobody waits for. `pipe.rs` moves bytes, over the one unsafe file,
//! `uninit.rs`.
//!
//! # Windows
//! The crate is empty there: waiting for a process handle and overlapped pipes are not built yet.

#![cfg(unix)]

mod child;
mod command;
mod exit;
mod orphans;
mod output;
mod pipe;
mod uninit;

pub use child::{Child, Kill, Wait};
pub use command::Command;
pub use pipe::{ChildStderr, ChildStdin, ChildStdout};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
