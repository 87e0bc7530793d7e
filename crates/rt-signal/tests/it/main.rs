//! Listeners on a reactor, without any runtime: the promises that rt-signal makes.
//!
//! Each test has a signal to itself, or a process: there are enough where there are real-time signals.

#![cfg(target_os = "linux")]

mod alone;
mod ctrl_c;
mod drive;
mod forked;
mod listening;
mod reactors;
mod refused;
