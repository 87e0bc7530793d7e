//! The task of the `rt` runtime, and the ground floor that every other crate stands on.
//!
//! A task is a future with a state word and a scheduler, in one allocation. This crate knows
//! what a task *is*; when one runs is for a scheduler to say. In three steps:
//!
//! 1. Say where a woken task goes: implement [`Schedule`] for a cheap handle to a queue.
//! 2. [`spawn`] a future: you get a [`Runnable`], the right to poll it once, and a
//!    [`JoinHandle`], the right to its output.
//! 3. Run what is in the queue: [`Runnable::run`] polls once and says what is left.
//!
//! ```
//! use rt_task::{Ran, Runnable, Schedule, Why};
//! use std::collections::VecDeque;
//! use std::sync::{Arc, Mutex};
//!
//! #[derive(Clone, Default)]
//! struct Queue(Arc<Mutex<VecDeque<Runnable<Queue>>>>);
//!
//! impl Schedule for Queue {
//!     fn schedule(&self, runnable: Runnable<Self>, _why: Why) {
//!         self.0.lock().unwrap().push_back(runnable);
//!     }
//! }
//!
//! let queue = Queue::default();
//! let (runnable, handle) = rt_task::spawn(
//!     async {
//!         rt_task::coop::yield_now().await;
//!         "done"
//!     },
//!     queue.clone(),
//! );
//! queue.schedule(runnable, Why::Wake);
//! loop {
//!     let Some(next) = queue.0.lock().unwrap().pop_front() else { break };
//!     if let Ran::Yielded(again) = next.run() {
//!         queue.schedule(again, Why::Wake);
//!     }
//! }
//! assert_eq!(rt_task::block_on(handle).unwrap(), "done");
//! ```
//!
//! # Where to read on
//! `state.rs` is the life cycle; `runnable.rs`, `join.rs` and `waker.rs` are the three holders of
//! a task; `cell.rs` is its memory; `hooks.rs` is who is told of it; [`wait`] is how a task tells what it waits for; [`base`] holds
//! the seams.
//!
//! # Features
//! `std` (default): thread-locals, the parker, the clocks, and containment of panics. Without it
//! the crate needs `core` and `alloc` only; a panic in a task then ends the program.

#![no_std]

extern crate alloc;
#[cfg(any(feature = "std", rt_loom))]
extern crate std;

pub mod base;
#[cfg(feature = "std")]
mod block_on;
mod cell;
pub mod coop;
mod error;
mod fifo;
mod first;
mod header;
mod hooks;
mod id;
mod inbox;
mod info;
mod inherit;
mod job;
mod join;
mod join_set;
#[cfg(all(test, feature = "std", not(rt_loom)))]
mod kit;
#[cfg(doctest)]
mod misuse;
mod origin;
mod owned;
mod panic;
#[cfg(not(rt_loom))]
mod place;
#[cfg(rt_loom)]
#[path = "place/model.rs"]
mod place;
mod runnable;
mod schedule;
mod spawn;
mod state;
#[cfg(feature = "std")]
mod task_local;
pub mod wait;
mod waker;

#[cfg(feature = "std")]
pub use block_on::block_on;
pub use cell::FIXED_PART;
pub use error::JoinError;
pub use fifo::{Fifo, Link};
pub use hooks::{Hooks, TaskMeta, TaskPanic};
pub use id::{TaskId, current_id};
pub use inbox::{Closed, Inbox};
pub use info::{TaskInfo, TaskState};
pub use inherit::inherit_nothing;
pub use job::{HeldWake, Job};
pub use join::{AbortHandle, JoinHandle};
pub use join_set::{JoinNext, JoinNextWithId, JoinSet};
pub use owned::Owned;
pub use runnable::{Ran, Runnable};
pub use schedule::{Schedule, Why};
pub use spawn::{Builder, spawn};
#[cfg(feature = "std")]
pub use task_local::{AccessError, LocalKey, TaskLocalFuture, TaskLocalValue};
