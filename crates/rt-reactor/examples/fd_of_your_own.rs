//! What you learn: how to wait for a descriptor that no type of the runtime wraps, with the
//! reactor alone: no scheduler, no timer, no context.
//!
//! A pair of sockets stands in for whatever you have: a serial port, an eventfd, the descriptor
//! that a C library hands out. One side answers on a thread of its own.
//!
//! ```text
//! cargo run -p rt-reactor --example fd_of_your_own
//! ```

use std::error::Error;

#[cfg(not(unix))]
fn main() {}

#[cfg(unix)]
fn main() -> Result<(), Box<dyn Error>> {
    on_unix::run()
}

#[cfg(unix)]
#[path = "fd_of_your_own/on_unix.rs"]
mod on_unix;
