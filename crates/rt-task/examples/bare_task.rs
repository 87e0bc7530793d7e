//! A task, and a queue as its scheduler: nothing else of a runtime.
//!
//! You learn what a scheduler is at least (a place for `Runnable`s and a loop that runs them), how
//! a woken task gets back there, and who gets the output.
//!
//! `cargo run -p rt-task --example bare_task`
#![allow(clippy::print_stdout, reason = "an example talks")]

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use rt_task::coop::yield_now;
use rt_task::{JoinHandle, Ran, Runnable, Schedule, Why};

#[derive(Clone, Default)]
struct Queue(Arc<Mutex<VecDeque<Runnable<Queue>>>>);

impl Schedule for Queue {
    fn schedule(&self, runnable: Runnable<Self>, _why: Why) {
        self.0.lock().unwrap().push_back(runnable);
    }
}

impl Queue {
    fn spawn<T: Send + 'static>(
        &self,
        future: impl Future<Output = T> + Send + 'static,
    ) -> JoinHandle<T> {
        let (runnable, handle) = rt_task::spawn(future, self.clone());
        self.schedule(runnable, Why::Wake);
        handle
    }

    fn run(&self) {
        loop {
            let Some(next) = self.0.lock().unwrap().pop_front() else { return };
            if let Ran::Yielded(again) = next.run() {
                self.schedule(again, Why::Wake); // woken while it ran: to the back
            }
        }
    }
}

fn main() {
    let queue = Queue::default();
    let counts = [("a", 2), ("b", 3)].map(|(name, turns)| {
        queue.spawn(async move {
            for turn in 1..=turns {
                println!("{name}: turn {turn} of {turns}");
                yield_now().await;
            }
            turns
        })
    });
    let sum = queue.spawn(async move {
        let mut sum = 0;
        for count in counts {
            sum += count.await.unwrap(); // pends; the end of the other task wakes this one
        }
        sum
    });
    queue.run();
    println!("turns in all: {}", rt_task::block_on(sum).unwrap());
}
