//! What you learn: three ways between code that waits and code that blocks.
//!
//! ```sh
//! cargo run --example three_bridges
//! ```
//!
//! | from | to | by |
//! |---|---|---|
//! | a task | a closure that blocks, on another thread | `spawn_blocking` |
//! | a task | a closure that blocks, right here | `block_in_place` |
//! | a thread that blocks | a future | `Handle::block_on` |
#![allow(clippy::print_stdout, reason = "a program talks to its user")]

use std::io;
use std::sync::mpsc;
use std::thread;

use rt_facade::runtime::{Builder, Handle};
use rt_facade::task::{block_in_place, spawn_blocking};
use rt_facade::time::{Duration, sleep};

fn main() -> io::Result<()> {
    // One worker: what blocked it would stop everything.
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let task = runtime.spawn(async {
        // The closure may take what it needs along; the task waits as it waits for anything.
        let words = String::from("blocking code in its own thread");
        let count = spawn_blocking(move || words.split(' ').count()).await;
        println!("spawn_blocking: {} words", count.expect("it does not panic"));

        // The closure may borrow: it runs on this very thread, and another becomes the worker meanwhile.
        let (sender, receiver) = mpsc::channel();
        let other = rt_facade::spawn(async move {
            sleep(Duration::from_millis(1)).await;
            sender.send("another task").expect("somebody listens");
        });
        let heard = block_in_place(|| receiver.recv());
        println!("block_in_place: heard of {}", heard.expect("it was sent"));
        other.await.expect("it has ended");
    });
    runtime.block_on(task).expect("it does not panic");

    // Threads of your own may wait for futures: each by itself, with the runtime entered.
    let handle: Handle = runtime.handle().clone();
    let thread = thread::Builder::new().spawn(move || {
        handle.block_on(async {
            let half = rt_facade::spawn(async { 21 });
            2 * half.await.expect("it does not panic")
        })
    })?;
    println!("Handle::block_on: {}", thread.join().expect("it does not panic"));
    Ok(())
}
