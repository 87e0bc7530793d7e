//! Real threads, by seeds: spawns, wakes, aborts, blocking and shutdowns all over each other.
//!
//! `RT_STRESS=n` runs n times as many rounds; a seed that fails is printed with them.

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::thread;

use rt_task::base::context::Env;
use rt_task::base::rng::FastRng;
use rt_task::coop::yield_now;
use rt_task::{JoinHandle, block_on};

use crate::kit::{Bell, Plain, driver};
use crate::{Builder, Spawner};

const ROUNDS: u64 = 12;
const TASKS: usize = 400;

fn rounds() -> u64 {
    let times = std::env::var("RT_STRESS").ok().and_then(|times| times.parse().ok());
    ROUNDS * times.unwrap_or(1)
}

/// Counts futures that are alive.
struct Alive(Arc<AtomicUsize>);

impl Alive {
    fn new(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Relaxed);
        Self(count.clone())
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}

/// A task that does something that `n` says, and tells `n` back.
fn spawn(spawner: &Spawner<Plain>, alive: &Arc<AtomicUsize>, n: usize) -> JoinHandle<usize> {
    let (guard, inner, alive) = (Alive::new(alive), spawner.clone(), alive.clone());
    spawner.spawn(async move {
        let _guard = guard;
        match n % 7 {
            0 => yield_now().await,
            1 => {
                let bell = Bell::default();
                let rings = bell.clone();
                drop(inner.spawn(async move { rings.ring() }));
                bell.await;
            }
            2 => inner.block_in_place(|| ()),
            3 => {
                let bell = Bell::default();
                let rings = bell.clone();
                let waits = inner.spawn(bell);
                inner.block_in_place(|| rings.ring());
                waits.await.unwrap();
            }
            4 => {
                let never = inner.spawn({
                    let guard = Alive::new(&alive);
                    async move {
                        let _guard = guard;
                        pending::<()>().await;
                    }
                });
                yield_now().await;
                never.abort();
                assert!(never.await.unwrap_err().is_cancelled());
            }
            5 => {
                for _ in 0..n % 5 {
                    yield_now().await;
                }
            }
            _ => {}
        }
        n
    })
}

#[test]
fn every_task_runs_to_its_end() {
    for seed in 0..rounds() {
        let random = FastRng::new(seed);
        let workers = 1 + random.next() as usize % 4;
        let alive = Arc::<AtomicUsize>::default();
        let mut builder = Builder::new(workers).seed(seed).event_interval(1 + random.next() % 61);
        if random.next().is_multiple_of(2) {
            builder = builder.global_interval(1 + random.next() % 40);
        }
        if random.next().is_multiple_of(4) {
            builder = builder.disable_slot();
        }
        let mut pool = builder.build(driver());
        pool.start(Env::new()).unwrap();
        thread::scope(|scope| {
            for half in 0..2 {
                let (spawner, alive) = (pool.spawner().clone(), alive.clone());
                scope.spawn(move || {
                    let numbers = (half * TASKS / 2..(half + 1) * TASKS / 2).collect::<Vec<_>>();
                    let handles: Vec<_> =
                        numbers.iter().map(|n| spawn(&spawner, &alive, *n)).collect();
                    for (n, handle) in numbers.into_iter().zip(handles) {
                        assert_eq!(block_on(handle).unwrap(), n, "seed {seed}, {workers} workers");
                    }
                });
            }
        });
        let spawner = pool.spawner().clone();
        assert!(pool.shutdown(None).is_complete());
        let metrics = spawner.metrics();
        assert_eq!((metrics.alive_tasks, metrics.global_queue_depth), (0, 0), "seed {seed}");
        assert_eq!(alive.load(Relaxed), 0, "seed {seed}");
    }
}

#[test]
fn a_shutdown_drops_whatever_goes_on() {
    for seed in 0..rounds() {
        let random = FastRng::new(seed);
        let workers = 1 + random.next() as usize % 4;
        let alive = Arc::<AtomicUsize>::default();
        let mut pool = Builder::new(workers).seed(seed).build(driver());
        pool.start(Env::new()).unwrap();
        let spawner = pool.spawner().clone();
        let bells: Vec<_> = (0..50).map(|_| Bell::default()).collect();
        let waits: Vec<_> = bells.iter().map(|bell| spawner.spawn(bell.clone())).collect();
        thread::scope(|scope| {
            let (spawner, alive) = (&spawner, &alive);
            // While it shuts down: spawns, wakes and aborts.
            let spawns = scope
                .spawn(move || (0..TASKS).map(|n| spawn(spawner, alive, n)).collect::<Vec<_>>());
            scope.spawn(|| bells.iter().for_each(Bell::ring));
            scope.spawn(|| waits.iter().for_each(JoinHandle::abort));
            (0..random.next() % 2_000).for_each(|_| std::hint::spin_loop());
            assert!(pool.shutdown(None).is_complete(), "seed {seed}");
            let handles = spawns.join().unwrap();
            for (n, handle) in handles.into_iter().enumerate() {
                assert!(handle.is_finished(), "seed {seed}, task {n}");
                match block_on(handle) {
                    Ok(told) => assert_eq!(told, n),
                    Err(error) => {
                        assert!(error.is_cancelled() || n % 7 == 3 || n % 7 == 4, "{error}")
                    }
                }
            }
        });
        assert!(waits.iter().all(JoinHandle::is_finished), "seed {seed}");
        assert_eq!(alive.load(Relaxed), 0, "seed {seed}");
        assert_eq!(spawner.metrics().alive_tasks, 0, "seed {seed}");
    }
}
