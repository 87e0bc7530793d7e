//! What you learn: one program, two schedulers, and what differs: the thread that a task is on.
//!
//! ```sh
//! cargo run --example two_flavors
//! ```
//!
//! The same hundred tasks count together and wait for each other. On the single-thread flavour all are run
//! by `main`, in the order in which they are woken; on the other by two workers, each of which takes from the
//! other what that has not got to.
#![allow(clippy::print_stdout, reason = "a program talks to its user")]

use std::collections::HashSet;
use std::io;
use std::thread::{self, ThreadId};

use rt_facade::runtime::{Builder, Runtime};
use rt_facade::task::yield_now;
use rt_facade::time::{Duration, sleep};

const TASKS: u64 = 100;

/// The program. It knows nothing of the flavour.
async fn program() -> (u64, HashSet<ThreadId>) {
    let tasks: Vec<_> = (0..TASKS)
        .map(|n| {
            rt_facade::spawn(async move {
                let mut threads = HashSet::new();
                for _ in 0..10 {
                    threads.insert(thread::current().id());
                    yield_now().await;
                }
                sleep(Duration::from_millis(n % 5)).await;
                (n, threads)
            })
        })
        .collect();
    let (mut sum, mut threads) = (0, HashSet::new());
    for task in tasks {
        let (n, its) = task.await.expect("it neither panics nor is aborted");
        sum += n;
        threads.extend(its);
    }
    (sum, threads)
}

fn run(flavor: &str, runtime: &Runtime) -> HashSet<ThreadId> {
    let (sum, threads) = runtime.block_on(program());
    println!("{flavor}: the sum is {sum}, counted on {} of", threads.len());
    println!(
        "  {} worker threads, in {} polls",
        runtime.metrics().workers,
        runtime.metrics().polls
    );
    assert_eq!(sum, TASKS * (TASKS - 1) / 2);
    threads
}

fn main() -> io::Result<()> {
    let current = Builder::new_current_thread().enable_all().build()?;
    let threads = run("current thread", &current);
    assert_eq!(threads, HashSet::from([thread::current().id()]), "`main` ran them");

    let multi = Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let threads = run("multi thread", &multi);
    assert!(!threads.contains(&thread::current().id()), "`main` only waited");
    assert!((1..=2).contains(&threads.len()));
    Ok(())
}
