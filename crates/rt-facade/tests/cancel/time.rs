//! Timers: one that is dropped is disarmed, and time goes on for the others.

use std::time::Duration;

use rt_facade::task::yield_now;
use rt_facade::testing::Round;
use rt_facade::time::{Instant, advance, interval, sleep, sleep_until, timeout};

use crate::support::{cancelled, forgotten, paused, turns};

const HOUR: Duration = Duration::from_secs(3600);

// Covers rt-timer::sleep::Sleep
#[test]
fn a_sleep_that_is_dropped_is_disarmed() {
    paused(1, async |round| {
        let start = Instant::now();
        let slept = round.run(sleep(HOUR)).await;
        forgotten(&round).await;
        assert!(slept.is_err() || start.elapsed() >= HOUR);
        sleep_until(start + 2 * HOUR).await;
        assert!(start.elapsed() < 2 * HOUR + Duration::from_millis(2));
    });
    cancelled(1, async |round| {
        let _ = round.run(sleep(Duration::from_millis(2))).await;
        forgotten(&round).await;
    });
}

// Covers rt-timer::timeout::Timeout
#[test]
fn a_timeout_is_dropped_with_what_is_in_it() {
    paused(1, async |round| {
        let ended = round.run(timeout(HOUR, std::future::pending::<()>())).await;
        assert!(ended.is_err() || ended.unwrap().is_err());
        forgotten(&round).await;
    });
    cancelled(3, async |round| {
        let ended = round.run(timeout(HOUR, turns(3))).await;
        assert!(ended.is_err() || ended.unwrap().is_ok());
        forgotten(&round).await;
    });
}

// Covers rt-timer::interval::Tick
#[test]
fn a_tick_that_was_not_returned_comes_all_the_same() {
    paused(2, async |round| {
        let start = Instant::now();
        let mut ticks = interval(HOUR);
        let mut got = Vec::new();
        while got.len() < 4 {
            if let Ok(at) = round.run(ticks.tick()).await {
                got.push((at - start).as_secs() / 3600);
            }
        }
        drop(ticks); // whose timer stays armed from tick to tick
        forgotten(&round).await;
        assert_eq!(got, [0, 1, 2, 3]);
    });
}

// Covers rt-timer::clock::Advance
#[test]
fn a_clock_that_was_moved_has_moved() {
    async fn moves(round: &Round) {
        let start = Instant::now();
        let moved = round.run(advance(HOUR)).await;
        let was_polled = moved.is_ok() || moved.unwrap_err().at().is_some();
        assert_eq!(start.elapsed(), if was_polled { HOUR } else { Duration::ZERO });
        yield_now().await;
    }
    paused(1, async |round| moves(&round).await);
}

// Covers rt-facade::hyper::HyperSleep, rt-facade::tower::ResponseFuture
#[test]
fn timers_for_others_are_disarmed_too() {
    use hyper::rt::Timer;
    use tower::{Layer, Service};
    paused(1, async |round| {
        let _ = round.run(rt_facade::hyper::HyperTimer::new().sleep(HOUR)).await;
        forgotten(&round).await;
    });
    paused(1, async |round| {
        let endless = tower::service_fn(async |()| {
            std::future::pending::<()>().await;
            Ok::<_, std::convert::Infallible>(())
        });
        let mut limited = rt_facade::tower::TimeoutLayer::new(HOUR).layer(endless);
        let answer = round.run(limited.call(())).await;
        assert!(answer.is_err() || answer.unwrap().is_err());
        forgotten(&round).await;
    });
}
