//! What you learn: to know, wherever work is done, for whom it is done; and to see every task come and go.
//!
//! A shop serves requests, each with tasks and closures of its own. None of them is handed the request's
//! id: they inherit it, since the key says so. The customer's name does not leave its task: that key says
//! nothing. Hooks count the tasks of each request, without a line in the shop; and one request that
//! panics is reported with the place where its task was spawned.
//!
//! `cargo run --example one_request`
#![allow(clippy::print_stdout, reason = "it shows something")]

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::{Arc, Mutex};

use rt_facade::runtime::Builder;
use rt_facade::task::{JoinHandle, spawn_blocking};
use rt_facade::{spawn, task_local};

task_local! {
    /// Which request is served, in all that is done for it.
    #[inherit]
    static REQUEST: u32;
    /// Who made it.
    static CUSTOMER: String;
}

fn main() -> Result<(), Box<dyn Error>> {
    let polls = Arc::new(Mutex::new(BTreeMap::<u32, u32>::new()));
    let told = Arc::new(Mutex::new(Vec::new()));
    let (counts, tells) = (polls.clone(), told.clone());
    let runtime = Builder::new_multi_thread()
        .worker_threads(2)
        .on_before_task_poll(move |_task| {
            if let Ok(request) = REQUEST.try_get() {
                *counts.lock().unwrap().entry(request).or_default() += 1;
            }
        })
        .on_unhandled_panic(move |panic| tells.lock().unwrap().push(panic.to_string()))
        .build()?;

    let served: Vec<_> = ["Ann", "Bob", "Eve"]
        .into_iter()
        .zip(1..)
        .map(|(customer, request)| {
            let serve = CUSTOMER.scope(customer.to_owned(), serve());
            REQUEST.sync_scope(request, || runtime.spawn(serve))
        })
        .collect();
    runtime.block_on(async {
        for (request, served) in (1..).zip(served) {
            match served.await {
                Ok(lines) => lines.iter().for_each(|line| println!("{line}")),
                Err(error) => println!("request {request} failed: {error}"),
            }
        }
    });
    println!("polls by request: {:?}", polls.lock().unwrap());
    println!("panics: {:?}", told.lock().unwrap());
    assert_eq!(polls.lock().unwrap().keys().copied().collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!(told.lock().unwrap().len(), 1);
    Ok(())
}

async fn serve() -> Vec<String> {
    assert!(CUSTOMER.get() != "Eve", "we do not serve Eve");
    let pays: JoinHandle<String> = spawn(async {
        assert!(CUSTOMER.try_get().is_err(), "a name stays where it was said");
        line("charges the card")
    });
    let packs = spawn_blocking(|| line("packs the parcel"));
    vec![pays.await.unwrap(), packs.await.unwrap(), line("says thanks")]
}

/// A line of a log.
fn line(what: &str) -> String {
    format!("request {}: {what}", REQUEST.get())
}
