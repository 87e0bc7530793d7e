//! Many tasks that workers share: spawned, woken, and meeting over channels of no runtime.
//!
//! What tasks meet at is leaked rather than counted: a reference count that all share would be
//! the hottest word of the workload, for every subject alike.

use std::future::poll_fn;

use futures_channel::{mpsc, oneshot};

use super::{MANY, WARM_UP, in_task, rounds, work};
use crate::gate::{Countdown, Storm};
use crate::meter::{Cost, Meter};
use crate::subject::Subject;

fn leaked<T: Default>() -> &'static T {
    Box::leak(Box::default())
}

/// Spawns so many tasks that only count down, and waits for the last.
async fn spawn_and_wait<S: Subject>(tasks: u64, left: &'static Countdown) {
    left.set(tasks);
    for _ in 0..tasks {
        drop(S::spawn(async { left.one_less() }));
    }
    left.reached().await;
}

/// Tasks at a time of `spawn_many_inside` and `spawn_many_outside`.
const SPAWNED: u64 = 10_000;

pub(super) fn spawn_many_inside<S: Subject>(runtime: S, n: u64) -> Cost {
    let left = leaked();
    in_task(runtime, async move {
        spawn_and_wait::<S>(SPAWNED, left).await;
        let meter = Meter::start();
        for _ in 0..n / SPAWNED {
            spawn_and_wait::<S>(SPAWNED, left).await;
        }
        meter.stop()
    })
}

pub(super) fn spawn_many_outside<S: Subject>(mut runtime: S, n: u64) -> Cost {
    let left = leaked();
    runtime.block_on(rounds(n, SPAWNED, async || spawn_and_wait::<S>(SPAWNED, left).await))
}

pub(super) fn chained_spawn<S: Subject>(runtime: S, n: u64) -> Cost {
    fn link<S: Subject>(left: u64, end: oneshot::Sender<()>) {
        match left {
            0 => end.send(()).expect("the beginning waits"),
            _ => drop(S::spawn(async move { link::<S>(left - 1, end) })),
        }
    }
    async fn chain<S: Subject>() {
        let (end, ended) = oneshot::channel();
        link::<S>(MANY, end);
        ended.await.expect("the last link tells");
    }
    in_task(runtime, async move {
        chain::<S>().await;
        let meter = Meter::start();
        for _ in 0..n / MANY {
            chain::<S>().await;
        }
        meter.stop()
    })
}

pub(super) fn yield_many<S: Subject>(runtime: S, n: u64) -> Cost {
    const TASKS: u64 = 200;
    const YIELDS: u64 = 200;
    async fn round<S: Subject>(left: &'static Countdown) {
        left.set(TASKS);
        for _ in 0..TASKS {
            drop(S::spawn(async {
                for _ in 0..YIELDS {
                    S::yield_now().await;
                }
                left.one_less();
            }));
        }
        left.reached().await;
    }
    let left = leaked();
    in_task(runtime, async move {
        round::<S>(left).await;
        let meter = Meter::start();
        for _ in 0..n / (TASKS * YIELDS) {
            round::<S>(left).await;
        }
        meter.stop()
    })
}

pub(super) fn oneshot_pairs<S: Subject>(runtime: S, n: u64) -> Cost {
    async fn pair<S: Subject>() {
        let (ask, asked) = oneshot::channel();
        let (answer, answered) = oneshot::channel();
        drop(S::spawn(async move {
            asked.await.expect("it asks");
            answer.send(()).expect("it waits");
        }));
        ask.send(()).expect("it waits");
        answered.await.expect("it answers");
    }
    async fn round<S: Subject>(left: &'static Countdown) {
        left.set(MANY);
        for _ in 0..MANY {
            drop(S::spawn(async {
                pair::<S>().await;
                left.one_less();
            }));
        }
        left.reached().await;
    }
    let left = leaked();
    in_task(runtime, async move {
        round::<S>(left).await;
        let meter = Meter::start();
        for _ in 0..n / MANY {
            round::<S>(left).await;
        }
        meter.stop()
    })
}

/// Waits until there is room, then sends.
async fn send<T>(to: &mut mpsc::Sender<T>, message: T) {
    poll_fn(|cx| to.poll_ready(cx)).await.expect("someone receives");
    to.start_send(message).unwrap_or_else(|_| unreachable!("there is room"));
}

pub(super) fn ping_pong<S: Subject>(mut runtime: S, n: u64) -> Cost {
    let total = n + WARM_UP;
    let (mut ping, mut pinged) = mpsc::channel(1);
    let (mut pong, mut ponged) = mpsc::channel(1);
    runtime.block_on(async {
        let other = S::spawn(async move {
            for _ in 0..total {
                let trip: u64 = pinged.recv().await.expect("it pings");
                send(&mut pong, trip).await;
            }
        });
        let one = S::spawn(async move {
            let mut meter = Meter::start();
            for trip in 0..total {
                if trip == WARM_UP {
                    meter = Meter::start();
                }
                send(&mut ping, trip).await;
                assert_eq!(ponged.recv().await, Ok(trip));
            }
            meter.stop()
        });
        other.await.expect("the workload does not panic");
        one.await.expect("the workload does not panic")
    })
}

pub(super) fn wake_storm<S: Subject>(runtime: S, n: u64) -> Cost {
    const TASKS: usize = 128;
    let storm: &'static Storm = Box::leak(Box::new(Storm::of(TASKS)));
    in_task(runtime, async move {
        for place in 0..TASKS {
            drop(S::spawn(async move {
                for round in 1.. {
                    storm.pass(place, round).await;
                }
            }));
        }
        storm.all_wait().await;
        storm.wake_all().await;
        let meter = Meter::start();
        for _ in 0..n / TASKS as u64 {
            storm.wake_all().await;
        }
        meter.stop()
    })
}

pub(super) fn fan_in<S: Subject>(runtime: S, n: u64) -> Cost {
    const PRODUCERS: u64 = 16;
    const ROOM: usize = 64;
    in_task(runtime, async move {
        let (sender, mut messages) = mpsc::channel(ROOM);
        for _ in 0..PRODUCERS {
            let mut sender = sender.clone();
            drop(S::spawn(async move {
                for message in 0..(n + WARM_UP * PRODUCERS) / PRODUCERS {
                    send(&mut sender, message).await;
                }
            }));
        }
        drop(sender);
        let mut meter = Meter::start();
        let mut received = 0;
        while messages.recv().await.is_ok() {
            received += 1;
            if received == WARM_UP * PRODUCERS {
                meter = Meter::start();
            }
        }
        assert_eq!(received, n + WARM_UP * PRODUCERS, "every message arrives");
        meter.stop()
    })
}

/// One task makes jobs of equal length, all of them where it is itself.
pub(super) fn skewed_fan_out<S: Subject>(runtime: S, n: u64) -> Cost {
    /// Some twenty microseconds.
    const JOB: u64 = 3_000;
    fan_out(runtime, n, SKEWED, |_| JOB)
}

/// Jobs at a time.
pub(super) const SKEWED: u64 = 10_000;

/// One task makes jobs of very unequal length.
pub(super) fn uneven_fan_out<S: Subject>(runtime: S, n: u64) -> Cost {
    const JOBS: u64 = 512;
    fan_out(runtime, n, JOBS, uneven)
}

/// So many jobs at a time, each of so many units of work.
fn fan_out<S: Subject>(runtime: S, n: u64, jobs: u64, length: fn(u64) -> u64) -> Cost {
    async fn round<S: Subject>(left: &'static Countdown, jobs: u64, length: fn(u64) -> u64) {
        left.set(jobs);
        for place in 0..jobs {
            drop(S::spawn(async move {
                work(length(place));
                left.one_less();
            }));
        }
        left.reached().await;
    }
    let left = leaked();
    in_task(runtime, async move {
        round::<S>(left, WARM_UP, length).await;
        let meter = Meter::start();
        for _ in 0..n / jobs {
            round::<S>(left, jobs, length).await;
        }
        meter.stop()
    })
}

/// From one unit to 2,048, so that half of the work is in one task of twelve.
fn uneven(place: u64) -> u64 {
    const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
    1 << ((place.wrapping_mul(ODD) >> 32) % 12)
}
