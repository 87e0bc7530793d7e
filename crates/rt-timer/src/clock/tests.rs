//! Stopping the clock, seen from a task.

use rt_task::base::context::{self, Env};
use rt_task::base::seam::Clock;
use rt_task::base::{clock::Monotonic, seam::Nanos};

use super::*;
use crate::support::{Count, Rig, ms, panic_of, poll, poll_with};
use crate::{Driver, Instant, interval, sleep};

#[test]
fn a_paused_clock_stands_and_jumps_to_the_next_timer() {
    let mut rig = Rig::running();
    rig.block_on(async {
        pause();
        let start = Instant::now();
        assert_eq!(Instant::now(), start);
        sleep(Duration::from_secs(3600)).await;
        let slept = start.elapsed();
        let hour = Duration::from_secs(3600);
        assert!(slept >= hour && slept <= hour + ms(1), "{slept:?}");
        resume();
        let resumed = Instant::now();
        while Instant::now() == resumed {}
    });
}

#[test]
fn advance_fires_what_is_due_before_it_returns() {
    let mut rig = Rig::paused();
    let start = rig.now();
    let (woken, waker) = Count::new();
    let handle = rig.handle.clone();
    rig.block_on(async {
        let mut first = Box::pin(handle.sleep(ms(1)));
        let mut later = Box::pin(handle.sleep(ms(1000)));
        assert!(poll_with(first.as_mut(), &waker).is_pending());
        assert!(poll_with(later.as_mut(), &waker).is_pending());
        for _ in 0..3 {
            advance(Duration::from_micros(250)).await;
            assert!(woken.woken() == 0 && poll_with(first.as_mut(), &waker).is_pending());
        }
        advance(Duration::from_micros(250)).await;
        assert!(woken.woken() == 1 && poll(first.as_mut()).is_ready());
        assert_eq!(start.elapsed(), ms(1));
        advance(Duration::from_micros(3_141_592)).await;
        assert_eq!(start.elapsed(), ms(1) + Duration::from_micros(3_141_592));
        assert!(later.is_elapsed());
    });
}

#[test]
fn advance_yields_once() {
    let rig = Rig::paused();
    let _entered = context::enter(rig.env());
    let (woken, waker) = Count::new();
    let mut advance = advance(ms(5));
    let start = Instant::now();
    assert!(poll_with(Pin::new(&mut advance), &waker).is_pending());
    assert_eq!((woken.woken(), start.elapsed()), (1, ms(5)));
    assert!(poll_with(Pin::new(&mut advance), &waker).is_ready());
    assert_eq!(start.elapsed(), ms(5), "the clock is moved once");
}

#[test]
fn a_paused_run_repeats() {
    let run = || {
        let mut rig = Rig::paused();
        let start = rig.now();
        rig.block_on(async {
            let mut times = Vec::new();
            let mut every = interval(ms(7));
            for n in 0..2000_u64 {
                let span = Duration::from_micros(n * n * 7919 % 100_000);
                match n % 5 {
                    0 => drop(every.tick().await),
                    _ => sleep(span).await,
                }
                times.push(start.elapsed());
            }
            times
        })
    };
    assert_eq!(run(), run());
}

#[test]
fn a_held_clock_does_not_jump() {
    let mut rig = Rig::paused();
    let start = rig.now();
    let mut sleep = Box::pin(rig.handle.sleep(ms(10)));
    assert!(poll(sleep.as_mut()).is_pending());
    let hold = rig.clock.hold();
    rig.block_on(async {
        // Woken by the yield alone.
        rt_task::coop::yield_now().await;
    });
    assert_eq!(rig.now(), start);
    drop(hold);
    rig.turn(rt_task::base::driver::Until::Event);
    assert_eq!(rig.now() - start, ms(10));
}

#[test]
fn misuse_names_the_place() {
    let told = |message: String, what: &str, why: &str| {
        let named = format!("`{what}` at ");
        assert!(message.contains(&named) && message.contains("clock/tests.rs"), "{message}");
        assert!(message.contains(why), "{message}");
    };
    told(panic_of(|| pause()), "pause", "needs a runtime");
    told(panic_of(|| rt_task::block_on(advance(ms(1)))), "advance", "needs a runtime");
    let rig = Rig::running();
    let entered = context::enter(rig.env());
    told(panic_of(|| resume()), "resume", "not paused");
    told(panic_of(|| rt_task::block_on(advance(ms(1)))), "advance", "not paused");
    pause();
    told(panic_of(|| pause()), "pause", "paused already");
    drop(entered);
    let _entered = context::enter(Env::new());
    told(panic_of(|| pause()), "pause", "enable_time");
}

#[test]
fn a_clock_of_another_kind_is_not_paused() {
    let (_driver, handle) = Driver::new(Monotonic::new());
    assert!(handle.pausable().is_none());
    assert!(handle.advance(ms(1)).is_err());
    let env = Env::new().with_time(std::sync::Arc::new(handle));
    let _entered = context::enter(env);
    for message in [
        panic_of(|| pause()),
        panic_of(|| resume()),
        panic_of(|| rt_task::block_on(advance(ms(1)))),
    ] {
        assert!(message.contains("not a clock that can be paused"), "{message}");
        assert!(message.contains("use the current-thread flavour"), "{message}");
    }
    let before = Instant::now();
    assert!(Instant::now() >= before, "without a clock of its own, it is the timer's");
}

#[test]
fn now_asks_the_innermost_clock() {
    struct Still(Monotonic);
    impl Clock for Still {
        fn now(&self) -> Nanos {
            Nanos(5)
        }
        fn start(&self) -> std::time::Instant {
            self.0.start()
        }
    }
    let outside = Instant::now();
    assert!(Instant::now() >= outside);
    let clock = Still(Monotonic::new());
    let at = clock.start() + Duration::from_nanos(5);
    let _entered = context::enter(Env::new().with_clock(std::sync::Arc::new(clock)));
    assert_eq!(Instant::now().into_std(), at);
}
