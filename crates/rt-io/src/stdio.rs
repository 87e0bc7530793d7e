//! Standard input, output and error of the process.
//!
//! *Output* goes to the blocking pool of the runtime that is entered, a write at a time, in order.
//! *Input* has a thread of its own, since nothing else keeps a runtime's shutdown from waiting for
//! somebody at a keyboard: see `stdin.rs`.

mod input;
mod output;
mod stdin;
mod stdout;
#[cfg(not(unix))]
#[path = "stdio/sys_portable.rs"]
mod sys;
#[cfg(unix)]
#[path = "stdio/sys_unix.rs"]
mod sys;
#[cfg(windows)]
mod windows;

pub use stdin::{Stdin, stdin};
pub use stdout::{Stderr, Stdout, stderr, stdout};
