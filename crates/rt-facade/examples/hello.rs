//! What you learn: the smallest program. A runtime, two tasks, and what they come to.
//!
//! ```sh
//! cargo run --example hello
//! ```
#![allow(clippy::print_stdout, reason = "a program talks to its user")]

use std::io;

use rt_facade::runtime::Runtime;
use rt_facade::time::{Duration, sleep};

fn main() -> io::Result<()> {
    Runtime::new()?.block_on(async {
        let world = rt_facade::spawn(async {
            sleep(Duration::from_millis(20)).await;
            "World"
        });
        let hello = rt_facade::spawn(async { "Hello" });

        // Both run already. A task that panics says so here, hence the `?`.
        println!("{}, {}!", hello.await?, world.await?);
        Ok(())
    })
}
