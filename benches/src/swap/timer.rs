//! The timer: `rt-timer` in the place of async-io's, under futures-executor.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use futures_executor::LocalPool;
use futures_util::task::LocalSpawnExt;
use rt_task::base::clock::Monotonic;
use rt_task::base::driver::{Driver as _, Stack, Until, WakeBatch};
use rt_task::base::park::RoamingPark;
use rt_timer::{Driver, Handle};

use super::{Swap, rounds};
use crate::gate::Countdown;
use crate::meter::Cost;

pub(super) const OURS: Swap = Swap {
    piece: "timer",
    part: "rt-timer",
    ours: true,
    about: "a sleep polled once and dropped, one outstanding, in a task of futures-executor",
    timed: 500_000,
    run: ours,
};

pub(super) const PEER: Swap = OURS.beside("async-io", peer);

pub(super) const OURS_DUE: Swap = Swap {
    piece: "timer_due",
    about: "one of 1,000 sleeps of one to ten milliseconds, to its end, in tasks of futures-executor",
    timed: 20_000,
    run: ours_due,
    ..OURS
};

pub(super) const PEER_DUE: Swap = OURS_DUE.beside("async-io", peer_due);

/// Longer than anyone waits.
const FAR: Duration = Duration::from_secs(3_600);

const SLEEPS: u64 = 1_000;

/// A driver of timers with a parker beneath it, which the executor's thread turns.
type Timers = Stack<RoamingPark, Driver, Monotonic>;

fn timers() -> (Timers, Handle) {
    let clock = Monotonic::new();
    let (driver, handle) = Driver::new(clock);
    (Stack::new(RoamingPark::new(), driver, clock), handle)
}

fn ours(n: u64) -> Cost {
    let (_driver, handle) = timers();
    armed_and_dropped(n, |span| handle.sleep(span))
}

fn peer(n: u64) -> Cost {
    armed_and_dropped(n, smol::Timer::after)
}

fn armed_and_dropped<S: Future>(n: u64, sleep: impl Fn(Duration) -> S) -> Cost {
    /// In one go of the executor.
    const GROUP: u64 = 100;
    let mut pool = LocalPool::new();
    let mut outstanding = pin!(sleep(FAR / 2));
    let mut once = |sleep: &mut dyn FnMut(&mut std::task::Context<'_>) -> bool| {
        pool.run_until(poll_fn(|cx| Poll::Ready(sleep(cx))))
    };
    assert!(once(&mut |cx| outstanding.as_mut().poll(cx).is_pending()), "far is far");
    rounds(n, GROUP, || {
        once(&mut |cx| {
            for _ in 0..GROUP {
                assert!(pin!(sleep(FAR)).poll(cx).is_pending(), "far is far");
            }
            true
        });
    })
}

/// So many sleeps, each in a task of its own.
fn spawn_sleeps<S: Future + 'static>(
    pool: &LocalPool,
    left: &'static Countdown,
    sleep: impl Fn(Duration) -> S,
) {
    left.set(SLEEPS);
    for place in 0..SLEEPS {
        let sleep = sleep(Duration::from_millis(1 + place % 10));
        let task = async move {
            sleep.await;
            left.one_less();
        };
        pool.spawner().spawn_local(task).expect("the pool is there");
    }
}

fn ours_due(n: u64) -> Cost {
    let (mut driver, handle) = timers();
    let left: &'static Countdown = Box::leak(Box::default());
    let mut pool = LocalPool::new();
    rounds(n, SLEEPS, || {
        spawn_sleeps(&pool, left, |span| handle.sleep(span));
        pool.run_until_stalled();
        while left.left() > 0 {
            driver.turn(Until::Event, &mut WakeBatch::new()).expect("the system lets us wait");
            pool.run_until_stalled();
        }
    })
}

fn peer_due(n: u64) -> Cost {
    let left: &'static Countdown = Box::leak(Box::default());
    let mut pool = LocalPool::new();
    rounds(n, SLEEPS, || {
        spawn_sleeps(&pool, left, smol::Timer::after);
        // Its timers have a thread of their own, unless somebody is in its `block_on`.
        pool.run_until(left.reached());
    })
}
