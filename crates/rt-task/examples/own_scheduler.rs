//! A scheduler of your own: urgent tasks before the others, run by several threads, with a
//! shutdown that leaves no task behind.
//!
//! You learn how a scheduler's handle can carry what it knows of a task (here: how urgent it is),
//! where threads wait for work, and what the registry of owned tasks is for.
//!
//! `cargo run --release -p rt-task --example own_scheduler`
#![allow(clippy::print_stdout, reason = "an example talks")]

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Condvar, Mutex};

use rt_task::coop::yield_now;
use rt_task::{JoinHandle, Owned, Ran, Runnable, Schedule, Why, block_on};

/// What a task carries: the pool, and its own place in it. Cloned by each wake.
#[derive(Clone)]
struct Lane {
    pool: Arc<Pool>,
    urgent: bool,
}

struct Pool {
    queues: Mutex<Queues>,
    pushed: Condvar,
    owned: Owned<Lane>,
}

#[derive(Default)]
struct Queues {
    urgent: VecDeque<Runnable<Lane>>,
    others: VecDeque<Runnable<Lane>>,
    picks: usize,
    closed: bool,
}

/// The others come first once in so many picks, so that urgent tasks cannot starve them.
const OTHERS_INTERVAL: usize = 8;

impl Schedule for Lane {
    fn schedule(&self, runnable: Runnable<Self>, _why: Why) {
        let mut queues = self.pool.queues.lock().unwrap();
        if queues.closed {
            drop(queues); // a dropped `Runnable` runs destructors: never under a lock
            return drop(runnable);
        }
        match self.urgent {
            true => queues.urgent.push_back(runnable),
            false => queues.others.push_back(runnable),
        }
        drop(queues);
        self.pool.pushed.notify_one();
    }

    fn owned(&self) -> Option<&Owned<Self>> {
        Some(&self.pool.owned)
    }
}

impl Pool {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            queues: Mutex::default(),
            pushed: Condvar::new(),
            // SAFETY: a `Lane` returns the registry of its pool, which it never changes.
            owned: unsafe { Owned::new(1) },
        })
    }

    fn spawn<T: Send + 'static>(
        self: &Arc<Self>,
        urgent: bool,
        future: impl Future<Output = T> + Send + 'static,
    ) -> JoinHandle<T> {
        let lane = Lane { pool: self.clone(), urgent };
        let (runnable, handle) = rt_task::spawn(future, lane.clone());
        lane.schedule(runnable, Why::Wake);
        handle
    }

    /// The loop of each thread.
    fn work(&self) {
        while let Some(runnable) = self.next() {
            if let Ran::Yielded(again) = runnable.run() {
                again.scheduler().clone().schedule(again, Why::Wake);
            }
        }
    }

    fn next(&self) -> Option<Runnable<Lane>> {
        let mut queues = self.queues.lock().unwrap();
        loop {
            if queues.closed {
                return None;
            }
            queues.picks += 1;
            let Queues { urgent, others, picks, .. } = &mut *queues;
            let picked = match *picks % OTHERS_INTERVAL {
                0 => others.pop_front().or_else(|| urgent.pop_front()),
                _ => urgent.pop_front().or_else(|| others.pop_front()),
            };
            if picked.is_some() {
                return picked;
            }
            queues = self.pushed.wait(queues).unwrap();
        }
    }

    /// Ends the threads. What is woken from here on is cancelled.
    fn close(&self) {
        self.queues.lock().unwrap().closed = true;
        self.pushed.notify_all();
    }

    /// Cancels every task that is left. To be called when the threads have ended: one that still
    /// polls a task could register it after this has looked.
    fn cancel(&self) -> usize {
        let mut queues = self.queues.lock().unwrap();
        let queued = (std::mem::take(&mut queues.urgent), std::mem::take(&mut queues.others));
        drop(queues);
        let idle = self.owned.cancel_all();
        queued.0.len() + queued.1.len() + idle.len() // dropped here, hence cancelled
    }
}

fn main() {
    let pool = Pool::new();
    let ended = Arc::new(AtomicUsize::new(0));
    // Each task ends as number n of all.
    let task = |turns: usize| {
        let ended = ended.clone();
        async move {
            for _ in 0..turns {
                yield_now().await;
            }
            ended.fetch_add(1, Relaxed) + 1
        }
    };
    let others: Vec<_> = (0..10_000).map(|_| pool.spawn(false, task(10))).collect();
    let urgent: Vec<_> = (0..100).map(|_| pool.spawn(true, task(10))).collect();
    let stuck = pool.spawn(true, std::future::pending::<()>());
    let average = |handles: Vec<JoinHandle<usize>>| {
        let count = handles.len();
        let sum: usize = handles.into_iter().map(|handle| block_on(handle).unwrap()).sum();
        sum / count
    };
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| pool.work());
        }
        println!("100 urgent tasks ended on average as number {}", average(urgent));
        println!("10000 others ended on average as number {}", average(others));
        pool.close();
    });
    println!("left at the end, and cancelled: {}", pool.cancel());
    println!("the task that nobody woke: {}", block_on(stuck).unwrap_err());
}
