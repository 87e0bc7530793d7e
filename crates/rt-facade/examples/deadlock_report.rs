//! What you learn: to have a deadlock explained, with every line that had a part in it.
//!
//! Two transfers between two accounts, in opposite directions. Each locks the account that it takes from, then
//! the one that it gives to: the locks A and B, taken as A, B by one and as B, A by the other. Each gets its first
//! and waits for its second for ever; a third waits behind them. Nothing fails, and nothing is logged.
//! `sync::deadlocks` walks from each waiting task to the one that holds what it waits for, and tells of the circle.
//!
//! `cargo run --example deadlock_report`.
#![allow(clippy::print_stdout, reason = "it shows something")]

use std::error::Error;
use std::sync::Arc;

use rt_facade::runtime::Builder;
use rt_facade::sync::{Barrier, Mutex, deadlocks};
use rt_facade::task;

type Account = Arc<Mutex<i64>>;

async fn transfer(from: Account, to: Account, amount: i64, both_have_begun: Arc<Barrier>) {
    let mut from = from.lock().await;
    both_have_begun.wait().await; // so that it happens each time, not once in a thousand
    let mut to = to.lock().await;
    *from -= amount;
    *to += amount;
}

fn main() -> Result<(), Box<dyn Error>> {
    let runtime =
        Builder::new_multi_thread().worker_threads(2).enable_all().name("bank").build()?;
    let _guard = runtime.enter();
    let (anna, ben) = (Account::default(), Account::default());
    let begun = Arc::new(Barrier::new(2));
    let there = transfer(anna.clone(), ben.clone(), 5, begun.clone());
    let back = transfer(ben, anna.clone(), 7, begun);
    let there = task::Builder::new().name("anna to ben").spawn(there)?;
    let back = task::Builder::new().name("ben to anna").spawn(back)?;
    let audit = task::Builder::new().name("audit").spawn(async move { *anna.lock().await })?;

    // A program would ask now and then, on a thread of its own, or when a timeout has fired.
    let deadlock = loop {
        match deadlocks().pop() {
            Some(deadlock) if deadlock.is_certain() => break deadlock,
            _ => std::thread::yield_now(),
        }
    };
    print!("{deadlock}");
    println!("\n{}", runtime.handle().dump());

    // Who reads this in a program may break the circle.
    back.abort();
    runtime.block_on(async {
        there.await?;
        assert!(back.await.unwrap_err().is_cancelled());
        println!("without the one, the other goes on; the audit finds {}", audit.await?);
        assert!(deadlocks().is_empty());
        Ok::<(), task::JoinError>(())
    })?;
    Ok(())
}
