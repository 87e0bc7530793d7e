//! Signals of Unix: [`signal`] listens to those of one [`SignalKind`].

mod bell;
mod handler;
mod hub;
mod kind;
mod process;
mod signal;
mod slot;

pub use kind::SignalKind;
pub use signal::{Recv, Signal, signal, signal_with_handle};
