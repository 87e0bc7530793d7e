//! Ticks, taken in time and late.

use rt_task::base::context;

use super::*;
use crate::support::{Count, Rig, ms, panic_of};
use crate::{Sleep, sleep};

/// A paused clock a millisecond after `start`, and what polls an interval there.
struct Table {
    rig: Rig,
    start: Instant,
    interval: Interval,
}

impl Table {
    fn new(period: u64, behavior: MissedTickBehavior) -> Self {
        let mut rig = Rig::paused();
        let start = rig.now();
        rig.skip(ms(1));
        let mut interval = Interval::new(&rig.handle, start, ms(period));
        interval.set_missed_tick_behavior(behavior);
        Self { rig, start, interval }
    }

    /// After `span` more milliseconds these ticks come, and no other.
    #[track_caller]
    fn after(&mut self, span: u64, ticks: &[u64]) {
        self.rig.skip(ms(span));
        let mut cx = Context::from_waker(std::task::Waker::noop());
        let mut taken = Vec::new();
        while let Poll::Ready(tick) = self.interval.poll_tick(&mut cx) {
            taken.push((tick - self.start).as_millis() as u64);
        }
        assert_eq!(taken, ticks);
    }
}

#[test]
fn burst_catches_up() {
    let mut table = Table::new(300, MissedTickBehavior::Burst);
    table.after(0, &[0]);
    table.after(100, &[]);
    table.after(200, &[300]);
    table.after(650, &[600, 900]);
    table.after(200, &[]);
    table.after(100, &[1200]);
    table.after(250, &[1500]);
    table.after(300, &[1800]);
}

#[test]
fn delay_starts_over_from_the_late_tick() {
    let mut table = Table::new(300, MissedTickBehavior::Delay);
    table.after(0, &[0]);
    table.after(100, &[]);
    table.after(200, &[300]);
    table.after(650, &[600]);
    table.after(100, &[]);
    table.after(200, &[1251]);
    table.after(300, &[1551]);
}

#[test]
fn skip_leaves_out_what_was_missed() {
    let mut table = Table::new(300, MissedTickBehavior::Skip);
    table.after(0, &[0]);
    table.after(100, &[]);
    table.after(200, &[300]);
    table.after(650, &[600]);
    table.after(250, &[1200]);
    table.after(300, &[1500]);
    table.after(10_000, &[1800]);
    table.after(199, &[11_700]);
}

#[test]
fn five_milliseconds_late_is_in_time() {
    for behavior in [MissedTickBehavior::Delay, MissedTickBehavior::Skip] {
        let mut table = Table::new(10, behavior);
        table.after(0, &[0]);
        table.after(14, &[10]); // at 15
        table.after(5, &[20]); // at 20
    }
}

#[test]
fn resets_move_the_next_tick() {
    let mut table = Table::new(300, MissedTickBehavior::Burst);
    table.after(0, &[0]);
    table.after(400, &[300]);
    table.interval.reset(); // at 401
    table.after(299, &[]);
    table.after(1, &[701]);
    table.interval.reset_immediately();
    table.after(0, &[701]);
    table.interval.reset_after(ms(20));
    table.after(19, &[]);
    table.after(1, &[721]);
    let at = table.rig.now() + ms(1000);
    table.interval.reset_at(at);
    table.after(999, &[]);
    table.after(1, &[1721]);
    table.after(300, &[2021]);
}

#[test]
fn a_reset_while_it_waits_moves_the_wake() {
    let mut rig = Rig::paused();
    let (woken, waker) = Count::new();
    let mut cx = Context::from_waker(&waker);
    let mut interval = Interval::new(&rig.handle, rig.now(), ms(10));
    assert!(interval.poll_tick(&mut cx).is_ready());
    assert!(interval.poll_tick(&mut cx).is_pending());
    interval.reset_after(ms(30));
    rig.skip(ms(29));
    assert_eq!(woken.woken(), 0);
    rig.skip(ms(1));
    assert_eq!(woken.woken(), 1);
}

#[test]
fn a_tick_that_was_given_up_is_not_lost() {
    let mut rig = Rig::paused();
    let start = rig.now();
    rig.block_on(async {
        let mut interval = interval(ms(10));
        assert_eq!(interval.tick().await, start);
        let given_up = crate::timeout(ms(5), interval.tick()).await;
        assert!(given_up.is_err());
        assert_eq!(interval.tick().await, start + ms(10));
    });
}

#[test]
fn ticks_come_at_regular_times_whatever_is_done_between() {
    let mut rig = Rig::paused();
    let start = rig.now();
    rig.block_on(async {
        let mut interval = interval_at(start + ms(7), ms(10));
        for n in 0..20 {
            assert_eq!(interval.tick().await, start + ms(7 + 10 * n));
            assert_eq!(Instant::now(), start + ms(7 + 10 * n));
            sleep(ms(n % 10)).await;
        }
    });
}

#[test]
fn the_longest_period_does_not_overflow() {
    let mut rig = Rig::paused();
    rig.block_on(async {
        let mut interval = interval(Duration::MAX);
        interval.tick().await;
        interval.reset();
        interval.reset_after(Duration::MAX);
        assert_eq!(interval.period(), FAR);
    });
    // A late tick, after centuries.
    for behavior in [MissedTickBehavior::Burst, MissedTickBehavior::Delay, MissedTickBehavior::Skip]
    {
        let mut interval = Interval::new(&rig.handle, rig.now(), FAR);
        interval.set_missed_tick_behavior(behavior);
        assert_eq!(interval.missed_tick_behavior(), behavior);
        rig.skip(10 * FAR);
        let mut cx = Context::from_waker(std::task::Waker::noop());
        assert!(interval.poll_tick(&mut cx).is_ready());
    }
}

#[test]
fn a_period_of_nothing_is_refused() {
    let rig = Rig::paused();
    let _entered = context::enter(rig.env());
    assert_eq!(panic_of(|| interval(Duration::ZERO)), "`period` must be non-zero.");
    drop(_entered);
    let message = panic_of(|| interval(ms(1)));
    assert!(message.contains("`interval` at ") && message.contains("interval/tests.rs"));
}

#[test]
fn the_tick_names_its_own_place() {
    // The interval may be made in one function and awaited in another.
    let rig = Rig::paused();
    let mut interval = Interval::new(&rig.handle, rig.now() + ms(1), ms(10));
    drop(rig.end());
    let line = line!() + 1;
    let tick = interval.tick();
    let message = panic_of(|| rt_task::block_on(tick));
    assert!(message.contains(&format!("interval/tests.rs:{line}:")), "{message}");
}

#[test]
fn it_moves_while_it_waits() {
    fn unpin<T: Unpin + Send + Sync>(_: &T) {}
    let mut rig = Rig::paused();
    let mut interval = Interval::new(&rig.handle, rig.now() + ms(5), ms(10));
    let mut cx = Context::from_waker(std::task::Waker::noop());
    assert!(interval.poll_tick(&mut cx).is_pending());
    unpin(&interval);
    let mut moved = Box::new(interval);
    rig.skip(ms(5));
    assert!(moved.poll_tick(&mut cx).is_ready());
    let _: &Sleep = &moved.delay;
}
