//! What the owner half tells, and when.

use std::task::Waker;
use std::time::Duration;

use proptest::prelude::*;
use rt_task::base::clock::Pausable;
use rt_task::base::driver::WakeBatch;

use super::*;
use crate::support::{Count, ms, poll, poll_with};
use crate::{Instant, Sleep};

fn paused() -> (Pausable, Driver, Handle) {
    let clock = Pausable::new();
    clock.pause().unwrap();
    let (driver, handle) = Driver::new(clock.clone());
    (clock, driver, handle)
}

fn turn(driver: &mut Driver, now: Nanos) {
    let mut batch = WakeBatch::new();
    driver.advance(now, &mut batch);
}

#[test]
fn next_is_the_earliest_deadline_and_no_slot_of_the_wheel() {
    let (clock, mut driver, handle) = paused();
    let start = clock.now();
    assert_eq!(driver.next(), None);
    let mut late = Box::pin(handle.sleep(ms(100_000)));
    assert!(poll(late.as_mut()).is_pending());
    assert_eq!(driver.next(), Some(start.saturating_add(ms(100_000))));
    let mut early = Box::pin(handle.sleep(ms(5000)));
    assert!(poll(early.as_mut()).is_pending());
    assert_eq!(driver.next(), Some(start.saturating_add(ms(5000))));
    early.as_mut().reset(handle.now() + ms(700));
    assert_eq!(driver.next(), Some(start.saturating_add(ms(700))));
    turn(&mut driver, start.saturating_add(ms(699)));
    assert!(!early.is_elapsed());
    drop(early);
    assert_eq!(driver.next(), Some(start.saturating_add(ms(100_000))));
    drop(late);
    assert_eq!(driver.next(), None);
}

#[test]
fn a_clock_that_goes_back_fires_nothing_twice() {
    let (clock, mut driver, handle) = paused();
    let start = clock.now();
    let (woken, waker) = Count::new();
    let mut sleep = Box::pin(handle.sleep(ms(10)));
    assert!(poll_with(sleep.as_mut(), &waker).is_pending());
    turn(&mut driver, start.saturating_add(ms(10)));
    turn(&mut driver, Nanos(0));
    turn(&mut driver, start);
    assert_eq!(woken.woken(), 1);
    // The wheel stands at 10, and what is due before is due.
    let mut sleep = Box::pin(handle.sleep(ms(9)));
    assert!(poll(sleep.as_mut()).is_ready());
}

#[test]
fn a_full_batch_is_woken_and_the_rest_follows() {
    let (clock, mut driver, handle) = paused();
    let (woken, waker) = Count::new();
    let mut sleeps: Vec<_> = (0..1000).map(|n| Box::pin(handle.sleep(ms(1 + n % 300)))).collect();
    for sleep in &mut sleeps {
        assert!(poll_with(sleep.as_mut(), &waker).is_pending());
    }
    assert_eq!(handle.armed(), 1000);
    turn(&mut driver, clock.now().saturating_add(ms(300)));
    assert_eq!((woken.woken(), handle.armed()), (1000, 0));
    assert!(sleeps.iter().all(|sleep| sleep.is_elapsed()));
}

#[test]
fn drivers_do_not_meet() {
    let (clock, mut one, handle) = paused();
    let (_, mut two, other) = paused();
    let mut mine = Box::pin(handle.sleep(ms(1)));
    let mut theirs = Box::pin(other.sleep(ms(1)));
    assert!(poll(mine.as_mut()).is_pending() && poll(theirs.as_mut()).is_pending());
    let later = clock.now().saturating_add(Duration::from_secs(1));
    turn(&mut one, later);
    assert!(mine.is_elapsed() && !theirs.is_elapsed());
    turn(&mut two, later);
    assert!(theirs.is_elapsed());
}

#[test]
fn a_driver_moves_between_threads() {
    let (clock, mut driver, handle) = paused();
    for _ in 0..20 {
        driver = std::thread::scope(|scope| {
            let turned = scope.spawn(|| {
                let mut sleep = Box::pin(handle.sleep(ms(1)));
                assert!(poll(sleep.as_mut()).is_pending());
                clock.advance(ms(1)).unwrap();
                assert_eq!(driver.next(), Some(clock.now()));
                turn(&mut driver, clock.now());
                assert!(sleep.is_elapsed());
                driver
            });
            turned.join().unwrap()
        });
    }
}

/// What a sleep's life is made of, in nanoseconds.
#[derive(Clone, Debug)]
enum Op {
    Arm(i64),
    Drop(usize),
    Reset(usize, i64),
    /// Time passes, and the driver turns if it has to.
    Pass(u64),
}

fn op() -> impl Strategy<Value = Op> {
    let span = || prop_oneof![-3_000_000_i64..3_000_000, 0_i64..200_000_000];
    prop_oneof![
        3 => span().prop_map(Op::Arm),
        1 => any::<usize>().prop_map(Op::Drop),
        1 => (any::<usize>(), span()).prop_map(|(which, span)| Op::Reset(which, span)),
        3 => (0_u64..30_000_000).prop_map(Op::Pass),
    ]
}

fn at(now: Instant, ahead: i64) -> Instant {
    let span = Duration::from_nanos(ahead.unsigned_abs());
    if ahead < 0 { now - span } else { now + span }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, ..Default::default() })]

    /// The promise to users: never early, at most one tick late.
    #[test]
    fn never_early_and_at_most_a_tick_late(
        phase in 0_u64..2_000_000,
        ops in proptest::collection::vec(op(), 0..60),
    ) {
        let clock = Pausable::new();
        clock.pause().unwrap();
        clock.advance(Duration::from_nanos(phase)).unwrap();
        let (mut driver, handle) = Driver::new(clock.clone());
        let mut sleeps: Vec<std::pin::Pin<Box<Sleep>>> = Vec::new();
        for op in ops {
            match op {
                Op::Arm(ahead) => {
                    let mut sleep = Box::pin(Sleep::new(&handle, at(handle.now(), ahead)));
                    let _ = poll(sleep.as_mut());
                    sleeps.push(sleep);
                }
                Op::Drop(which) if !sleeps.is_empty() => {
                    drop(sleeps.swap_remove(which % sleeps.len()));
                }
                Op::Reset(which, ahead) if !sleeps.is_empty() => {
                    let which = which % sleeps.len();
                    sleeps[which].as_mut().reset(at(handle.now(), ahead));
                    // One that had fired is armed by its next poll.
                    let _ = poll(sleeps[which].as_mut());
                }
                Op::Drop(_) | Op::Reset(..) => {}
                Op::Pass(span) => clock.advance(Duration::from_nanos(span)).unwrap(),
            }
            if driver.next().is_some_and(|next| next <= clock.now()) {
                turn(&mut driver, clock.now());
            }
            let now = handle.now();
            for sleep in &sleeps {
                let early = sleep.is_elapsed() && now < sleep.deadline();
                prop_assert!(!early, "{:?} early", sleep.deadline() - now);
                let late = !sleep.is_elapsed() && now >= sleep.deadline() + ms(1);
                prop_assert!(!late, "{:?} late", now - sleep.deadline());
            }
        }
    }
}

#[test]
fn its_debug_form_counts_timers() {
    let (_clock, driver, handle) = paused();
    let mut sleep = Box::pin(handle.sleep(ms(1)));
    assert!(poll_with(sleep.as_mut(), Waker::noop()).is_pending());
    assert_eq!(format!("{driver:?}"), "Driver { armed: 1, .. }");
    assert_eq!(format!("{handle:?}"), "Handle { armed: 1, .. }");
}
