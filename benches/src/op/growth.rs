//! Little done among much: how the cost of a wake, a spawn or a sleep grows with the tasks and
//! timers that lie still meanwhile.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use super::{FAR, MANY, WARM_UP, in_task};
use crate::gate::{Countdown, Muster};
use crate::meter::{Cost, Meter};
use crate::subject::Subject;

/// Tasks that are made, or woken, before anybody waits for them: so few that no queue overflows.
const BATCH: u64 = 100;

/// So many tasks that wait, each for its calls.
async fn parked<S: Subject>(size: u64) -> &'static Muster {
    let muster: &'static Muster = Box::leak(Box::new(Muster::of(size)));
    for first in (0..size).step_by(BATCH as usize) {
        let places = first..size.min(first + BATCH);
        muster.expect(places.end - places.start);
        for place in places {
            drop(S::spawn(async move {
                for times in 1.. {
                    muster.called(place, times).await;
                }
            }));
        }
        muster.all_wait().await;
    }
    muster
}

/// Calls so many of them, all over the place, and waits until they wait again.
async fn call(muster: &Muster, size: u64, from: u64, calls: u64) {
    /// No size has it as a factor, and it is far from one.
    const STRIDE: u64 = 618_033;
    muster.expect(calls);
    for call in from..from + calls {
        muster.call(call.wrapping_mul(STRIDE) % size);
    }
    muster.all_wait().await;
}

pub(super) fn wake_among<S: Subject>(runtime: S, size: u64, n: u64) -> Cost {
    in_task(runtime, async move {
        let muster = parked::<S>(size).await;
        call(muster, size, 0, BATCH).await;
        let meter = Meter::start();
        for batch in 1..=n / BATCH {
            call(muster, size, batch * BATCH, BATCH).await;
        }
        meter.stop()
    })
}

pub(super) fn spawn_among<S: Subject>(runtime: S, size: u64, n: u64) -> Cost {
    async fn times<S: Subject>(n: u64) {
        for _ in 0..n {
            S::spawn(async {}).await.expect("an empty task does not panic");
        }
    }
    in_task(runtime, async move {
        parked::<S>(size).await;
        times::<S>(WARM_UP).await;
        let meter = Meter::start();
        times::<S>(n).await;
        meter.stop()
    })
}

/// So many tasks that sleep for an hour and more.
async fn asleep<S: Subject>(size: u64) {
    const APART: Duration = Duration::from_millis(7);
    let armed: &'static Countdown = Box::leak(Box::default());
    for first in (0..size).step_by(BATCH as usize) {
        let places = first..size.min(first + BATCH);
        armed.set(places.end - places.start);
        for place in places {
            drop(S::spawn(async move {
                let mut sleep = pin!(S::sleep(FAR + APART * place as u32));
                poll_fn(|cx| Poll::Ready(sleep.as_mut().poll(cx).is_pending())).await;
                armed.one_less();
                sleep.await;
            }));
        }
        armed.reached().await;
    }
    // The driver has to have seen them.
    S::sleep(Duration::from_millis(1)).await;
}

pub(super) fn arm_among<S: Subject>(runtime: S, size: u64, n: u64) -> Cost {
    in_task(runtime, async move {
        asleep::<S>(size).await;
        super::timer::measured::<S>(n).await
    })
}

pub(super) fn fire_among<S: Subject>(runtime: S, size: u64, n: u64) -> Cost {
    /// Milliseconds over which those fall due that sleep at a time.
    const SPREAD: u64 = 8;
    async fn round<S: Subject>(left: &'static Countdown) {
        left.set(MANY);
        for place in 0..MANY {
            drop(S::spawn(async move {
                S::sleep(Duration::from_millis(1 + place % SPREAD)).await;
                left.one_less();
            }));
        }
        left.reached().await;
    }
    in_task(runtime, async move {
        asleep::<S>(size).await;
        let left: &'static Countdown = Box::leak(Box::default());
        round::<S>(left).await;
        let meter = Meter::start();
        for _ in 0..n / MANY {
            round::<S>(left).await;
        }
        meter.stop()
    })
}
