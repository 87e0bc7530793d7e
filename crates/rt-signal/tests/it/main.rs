//! Listeners on a reactor, without any runtime: the promises that rt-signal makes.
//!
//! Each test has a signal to itself, or a process.

#![cfg(unix)]

mod alone;
mod ctrl_c;
mod drive;
mod forked;
mod listening;
mod reactors;
mod refused;
