//! Looks for orders of steps in which the scheduler goes wrong.
//!
//! A seed makes a small program of tasks that spawn, yield, meet, block, wait for other threads and are
//! aborted, and plays it by chance: before any access to an atomic another thread may go on. Wrong is:
//! a task that could run while all threads sleep; one that waits for ever; a future that outlives the
//! scheduler; a panic.

use std::cell::Cell;
use std::future::pending;
use std::rc::Rc;
use std::sync::Arc;

use rt_sched_multi::{Builder, Pool, Spawner};
use rt_task::base::clock::Monotonic;
use rt_task::base::context::Env;
use rt_task::base::driver::Stack;
use rt_task::base::rng::FastRng;
use rt_task::base::seam::{Choice, Choose, NoTimers};
use rt_task::base::shim::{AtomicU64, Ordering::*, thread};
use rt_task::{JoinHandle, block_on};

use crate::cost::HERE;
use crate::machine::{Order, World};
use crate::meet::{Channel, Countdown, yield_now};
use crate::play;
use crate::stage::{Driver, Sleeper};
use crate::variants::Ours;

/// Plays one seed with so many workers. Returns how often another thread went on.
///
/// # Errors
/// What went wrong.
pub fn seed(workers: usize, seed: u64) -> Result<u64, String> {
    let turns = [2, 4, 8, 16, 64, 256];
    let order = Order::Chance(turns[(seed % turns.len() as u64) as usize]);
    let world = World::new(HERE, order, seed);
    play::record(world);
    world.on_rest(|| match play::ready_tasks() {
        0 => None,
        tasks => Some(format!("{tasks} tasks could run while all threads sleep")),
    });
    let alive = Rc::new(Cell::new(u64::MAX));
    let left = alive.clone();
    world.play(move || left.set(program(workers, seed)))?;
    match alive.get() {
        0 => Ok(world.switches()),
        left => Err(format!("{left} futures outlive the scheduler")),
    }
}

/// Returns how many futures are left.
fn program(workers: usize, seed: u64) -> u64 {
    let rng = FastRng::new(!seed);
    let one_of = |n: u32| rng.below(n, Choice::Tie);
    let mut builder = Builder::new(workers).seed(seed);
    if one_of(3) == 0 {
        builder = builder.event_interval(3).global_interval(2);
    }
    let driver = Stack::new(Sleeper::default(), NoTimers, Monotonic::new());
    let mut pool: Pool<Driver, Ours> = builder.build_with(driver);
    pool.start(Env::new()).expect("a machine starts threads");
    let crowd = Crowd { spawner: pool.spawner().clone(), alive: Arc::default() };
    let mut threads = Vec::new();
    let mut handles = Vec::new();
    for _ in 0..=one_of(24) {
        crowd.some(one_of(10), one_of(40), &mut handles, &mut threads);
    }
    // Often all of it is awaited; else the scheduler goes with tasks at any stage.
    if one_of(4) != 0 {
        for handle in handles.drain(..) {
            block_on(handle).expect("nothing panics");
        }
        for thread in threads.drain(..) {
            thread.join().expect("nothing panics");
        }
    }
    drop(pool);
    for thread in threads {
        thread.join().expect("nothing panics");
    }
    crowd.alive.load(Relaxed)
}

#[derive(Clone)]
struct Crowd {
    spawner: Spawner<Driver, Ours>,
    /// Futures.
    alive: Arc<AtomicU64>,
}

/// Counts a future.
struct Guard(Arc<AtomicU64>);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed); // a count
    }
}

/// Closes its channel when its task is gone.
struct Receiver(Arc<Channel>);

impl Drop for Receiver {
    fn drop(&mut self) {
        self.0.close();
    }
}

type Handles = Vec<JoinHandle<()>>;

impl Crowd {
    fn spawn(&self, future: impl Future<Output = ()> + Send + 'static) -> JoinHandle<()> {
        self.alive.fetch_add(1, Relaxed); // a count
        let guard = Guard(self.alive.clone());
        self.spawner.spawn(play::played(async move {
            let _guard = guard;
            future.await;
        }))
    }

    fn some(
        &self,
        kind: u32,
        size: u32,
        handles: &mut Handles,
        threads: &mut Vec<thread::JoinHandle<()>>,
    ) {
        let this = self.clone();
        match kind {
            0 => handles.push(self.spawn(async move {
                for _ in 0..size {
                    yield_now().await;
                }
            })),
            // Spawned from inside, and counted.
            1 | 2 => handles.push(self.spawn(async move {
                let left = Arc::new(Countdown::default());
                left.set(u64::from(size) + 1);
                for _ in 0..=size {
                    let left = left.clone();
                    drop(this.spawn(async move { left.one_less() }));
                }
                left.reached().await;
            })),
            // Two that meet.
            3 => {
                let channel = Arc::new(Channel::of(1));
                let (sends, receives) = (channel.clone(), channel);
                handles.push(self.spawn(async move {
                    for message in 0..size {
                        sends.send(u64::from(message)).await;
                    }
                }));
                handles.push(self.spawn(async move {
                    for message in 0..size {
                        assert_eq!(receives.receive().await, u64::from(message));
                    }
                }));
            }
            // Another thread that sends.
            4 | 5 => {
                let channel = Arc::new(Channel::of(2));
                let sends = channel.clone();
                let receiver = Receiver(channel);
                handles.push(self.spawn(async move {
                    for _ in 0..size {
                        receiver.0.receive().await;
                    }
                }));
                let sent = thread::Builder::new().spawn(move || {
                    for message in 0..size {
                        block_on(sends.send(u64::from(message)));
                    }
                });
                threads.push(sent.expect("a machine starts threads"));
            }
            // Another thread that spawns.
            6 => {
                let spawned = thread::Builder::new().spawn(move || {
                    for _ in 0..size {
                        drop(this.spawn(async { yield_now().await }));
                    }
                });
                threads.push(spawned.expect("a machine starts threads"));
            }
            // One that blocks, with others behind it.
            7 => handles.push(self.spawn(async move {
                let behind = this.spawn(async { yield_now().await });
                this.spawner.block_in_place(thread::yield_now);
                drop(behind.await); // cancelled, if the scheduler goes meanwhile
            })),
            // One that is aborted.
            8 => handles.push(self.spawn(async move {
                let never = this.spawn(pending());
                if size.is_multiple_of(2) {
                    yield_now().await;
                }
                never.abort();
                assert!(never.await.is_err_and(|error| error.is_cancelled()), "it was aborted");
            })),
            // One that is never awaited.
            _ => drop(self.spawn(pending())),
        }
    }
}
