//! What you learn: to ask a program that hangs what it waits for, from outside and without a special build.
//!
//! A kitchen. The waiter waits for the cook, the cook for the market, which never delivers; a dishwasher
//! blocks a thread that was to run tasks; a thousand guests wait for their dinner. Nothing fails, nothing is
//! logged, nothing goes on. A dump tells who waits for whom, and on which line.
//!
//! `cargo run --example why_stuck`. A program of your own tells the same, as it is, with `RT_DUMP=5s`.
#![allow(clippy::print_stdout, reason = "it shows something")]

use std::error::Error;
use std::io;
use std::sync::mpsc;
use std::thread;

use rt_facade::dump::{Dump, TaskState, WaitKind};
use rt_facade::net::UdpSocket;
use rt_facade::runtime::{Builder, Handle};
use rt_facade::task;
use rt_facade::time::{Duration, sleep};

fn main() -> Result<(), Box<dyn Error>> {
    let runtime =
        Builder::new_multi_thread().worker_threads(2).enable_all().name("kitchen").build()?;
    let _guard = runtime.enter();
    let (let_go, dishes) = mpsc::channel::<()>();

    let market = runtime.block_on(UdpSocket::bind("127.0.0.1:0"))?;
    let cook = task::Builder::new().name("cook").spawn(async move { buy(&market).await })?;
    drop(task::Builder::new().name("waiter").spawn(cook)?);
    for _ in 0..1000 {
        drop(task::spawn(sleep(Duration::from_secs(3600))));
    }
    drop(task::spawn(async move { dishes.recv() })); // blocks its worker

    let dump = stuck(runtime.handle());
    println!("{dump}");

    // What is read there by people, machines can read, too.
    let named = |name| dump.tasks().iter().find(|task| task.name() == Some(name)).expect("alive");
    let waiter = named("waiter").waits_for().expect("it waits");
    assert_eq!(waiter.kind(), WaitKind::Join);
    assert_eq!(waiter.object() as u64, named("cook").id().as_u64());
    let cook = named("cook").waits_for().expect("it waits");
    println!("the waiter waits for the cook, who waits for: {cook}, at {}", cook.at());
    let_go.send(())?; // else the runtime's drop would wait for the dishwasher
    Ok(())
}

/// Waits for what nobody sends.
async fn buy(market: &UdpSocket) -> io::Result<usize> {
    let mut basket = [0; 64];
    market.recv(&mut basket).await
}

/// A dump, once everybody has got as far as they come.
fn stuck(kitchen: &Handle) -> Dump {
    loop {
        let dump = kitchen.dump();
        let running = dump.tasks().iter().filter(|task| task.state() == TaskState::Running);
        let waiting = dump.tasks().iter().filter(|task| task.waits_for().is_some());
        if dump.never_polled() == 0 && running.count() == 1 && waiting.count() == 1002 {
            return dump;
        }
        thread::yield_now();
    }
}
