//! Random programs with a result that can be checked.
//!
//! Each seed makes a tree of tasks, the same every time, which spawn, yield, wake each other, sleep, abort,
//! block, and talk over sockets. A failing seed is printed; `RT_STRESS_SEED=n` runs it alone, and
//! `RT_STRESS_SECONDS=n` goes on for longer.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use futures_util::future::join;
use rt_facade::net::UdpSocket;
use rt_facade::runtime::Runtime;
use rt_facade::task::{block_in_place, spawn_blocking, yield_now};
use rt_facade::time::{Duration, sleep, timeout};
use rt_task::base::clock::Monotonic;
use rt_task::base::rng::FastRng;
use rt_task::base::seam::{Choice, Choose, Clock};

use crate::support::{CountsDrops, Gate, LIMIT, block_until, flavors, is_multi};

/// What a program has in common.
#[derive(Clone)]
struct World {
    /// Guards that exist. None may be left.
    alive: Arc<AtomicUsize>,
    drops: Arc<AtomicUsize>,
    in_place: bool,
}

impl World {
    fn guard(&self) -> CountsDrops {
        self.alive.fetch_add(1, SeqCst);
        CountsDrops(self.drops.clone())
    }
}

/// A source of choices, made from one number.
struct Dice(FastRng);

impl Dice {
    fn new(seed: u64) -> Self {
        Self(FastRng::new(seed))
    }

    fn below(&mut self, n: u32) -> u32 {
        self.0.below(n, Choice::Victim)
    }

    fn seed(&mut self) -> u64 {
        u64::from(self.below(u32::MAX)) << 32 | u64::from(self.below(u32::MAX))
    }
}

type Sum = Pin<Box<dyn Future<Output = u64> + Send>>;

/// A task's life: a few steps, whose results add up. The sum depends on the seed alone.
fn life(world: World, seed: u64, depth: u32) -> Sum {
    Box::pin(async move {
        let _guard = world.guard();
        let mut dice = Dice::new(seed);
        let mut sum = 1;
        for _ in 0..1 + dice.below(6) {
            let inner = dice.seed();
            sum += match dice.below(10) {
                0 => {
                    yield_now().await;
                    1
                }
                1 => {
                    sleep(Duration::from_micros(u64::from(dice.below(2000)))).await;
                    2
                }
                2 => spawn_blocking(move || inner % 100).await.unwrap(),
                3 if world.in_place => block_in_place(move || inner % 10),
                4 => exchange(inner).await,
                5 => aborted(&world, inner).await,
                6 => handed_over(inner).await,
                7 => timeout(Duration::from_secs(3600), yield_now()).await.map_or(0, |()| 7),
                _ if depth > 0 => children(&world, &mut dice, depth).await,
                _ => 8,
            };
        }
        sum
    })
}

/// A few children, waited for in any order.
async fn children(world: &World, dice: &mut Dice, depth: u32) -> u64 {
    let mut tasks: Vec<_> = (0..1 + dice.below(8))
        .map(|_| rt_facade::spawn(life(world.clone(), dice.seed(), depth - 1)))
        .collect();
    let mut sum = 0;
    while !tasks.is_empty() {
        let at = dice.below(tasks.len() as u32) as usize;
        sum += tasks.swap_remove(at).await.unwrap();
    }
    sum
}

/// A task that is aborted, at some point of its life.
async fn aborted(world: &World, seed: u64) -> u64 {
    let guard = world.guard();
    let task = rt_facade::spawn(async move {
        let _guard = guard;
        loop {
            match seed % 3 {
                0 => yield_now().await,
                1 => sleep(Duration::from_micros(100)).await,
                _ => std::future::pending().await,
            }
        }
    });
    for _ in 0..seed % 4 {
        yield_now().await;
    }
    task.abort();
    let ended: Result<(), _> = task.await;
    assert!(ended.unwrap_err().is_cancelled());
    5
}

/// Two tasks that wake each other.
async fn handed_over(seed: u64) -> u64 {
    let rounds = 1 + seed % 5;
    let gates: Vec<_> = (0..2 * rounds).map(|_| Gate::new()).collect();
    let theirs = gates.clone();
    let other = rt_facade::spawn(async move {
        for pair in theirs.chunks(2) {
            pair[0].passed().await;
            pair[1].open();
        }
    });
    for pair in gates.chunks(2) {
        pair[0].open();
        pair[1].passed().await;
    }
    other.await.unwrap();
    rounds
}

/// A datagram there and back. One from elsewhere is not meant: a program that was dropped may have sent it to
/// the socket that had this port before, of this process or another.
async fn exchange(seed: u64) -> u64 {
    let a = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let b = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let (to_a, to_b) = (a.local_addr().unwrap(), b.local_addr().unwrap());
    let echo = rt_facade::spawn(async move {
        let mut buf = [0; 8];
        while b.recv_from(&mut buf).await.unwrap().1 != to_a {}
        b.send_to(&buf, to_a).await.unwrap();
    });
    let sent = seed.to_le_bytes();
    let mut back = [0; 8];
    let received = async { while a.recv_from(&mut back).await.unwrap().1 != to_b {} };
    let (sent, ()) = join(a.send_to(&sent, to_b), received).await;
    sent.unwrap();
    echo.await.unwrap();
    u64::from_le_bytes(back) % 50
}

fn run(runtime: &Runtime, seed: u64) -> u64 {
    let world = World {
        alive: Arc::default(),
        drops: Arc::default(),
        // Where that is forbidden, the same choices are made and something else is done.
        in_place: is_multi(runtime),
    };
    let theirs = world.clone();
    let sum = runtime.block_on(async {
        let program = rt_facade::spawn(life(theirs, seed, 4));
        timeout(LIMIT, program).await
    });
    let sum = sum.unwrap_or_else(|_| panic!("seed {seed} hangs")).unwrap();
    assert_eq!(world.drops.load(SeqCst), world.alive.load(SeqCst), "seed {seed} lost a task");
    // Counted a moment after its output is there.
    block_until(|| runtime.metrics().alive_tasks == 0);
    sum
}

/// As long as told to, else a second or two.
fn seeds() -> Box<dyn Iterator<Item = u64>> {
    let number = |name: &str| std::env::var(name).ok().and_then(|n| n.parse().ok());
    if let Some(seed) = number("RT_STRESS_SEED") {
        return Box::new([seed].into_iter());
    }
    match number("RT_STRESS_SECONDS") {
        None => Box::new(0..30),
        Some(seconds) => {
            let clock = Monotonic::new();
            let span = Duration::from_secs(seconds);
            Box::new((0..).take_while(move |_| Duration::from_nanos(clock.now().0) < span))
        }
    }
}

/// Says which seed it was.
struct TellsSeed(u64);

impl Drop for TellsSeed {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("rerun: RT_STRESS_SEED={} cargo test -p rt-facade --test it stress", self.0);
        }
    }
}

#[test]
fn a_random_program_adds_up_to_the_same_on_every_multi_thread_runtime() {
    let [_, multi @ ..] = flavors();
    let runtimes = multi.map(|build| build().enable_all().build().unwrap());
    for seed in seeds() {
        let _tells = TellsSeed(seed);
        let [first, others @ ..] = &runtimes;
        let sum = run(first, seed);
        for runtime in others {
            assert_eq!(run(runtime, seed), sum, "{} workers", runtime.metrics().workers);
        }
    }
}

#[test]
fn a_random_program_ends_on_the_single_thread_flavour() {
    let runtime = flavors()[0]().enable_all().build().unwrap();
    for seed in seeds() {
        let _tells = TellsSeed(seed);
        assert_eq!(run(&runtime, seed), run(&runtime, seed));
    }
}

#[test]
fn a_random_program_whose_runtime_is_dropped_leaves_nothing() {
    for seed in seeds() {
        let _tells = TellsSeed(seed);
        for build in flavors() {
            let runtime = build().enable_all().build().unwrap();
            let world = World {
                alive: Arc::default(),
                drops: Arc::default(),
                in_place: is_multi(&runtime),
            };
            let programs: Vec<_> =
                (0..4).map(|n| runtime.spawn(life(world.clone(), seed * 4 + n, 4))).collect();
            // Some time, of no importance.
            runtime.block_on(async { sleep(Duration::from_micros(seed * 100 % 3000)).await });
            drop(runtime);
            assert_eq!(world.drops.load(SeqCst), world.alive.load(SeqCst), "a task is left");
            assert!(programs.iter().all(|program| program.is_finished()));
        }
    }
}
