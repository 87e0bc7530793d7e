//! The wheel by way of its driver, beside a list of deadlines.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use rt_facade::time::{Driver, Duration, Instant, Sleep};
use rt_task::base::clock::Pausable;
use rt_task::base::driver::WakeBatch;
use rt_task::base::seam::{Clock, Timers};

use super::Woken;

/// The grain of the wheel.
const TICK_NANOS: u64 = 125_000;

struct Armed {
    sleep: Pin<Box<Sleep>>,
    woken: Arc<Woken>,
    /// Since the start.
    deadline_nanos: u64,
    /// Was polled, and waits.
    waits: bool,
    fired: bool,
    /// It was due when it was made.
    was_due: bool,
}

/// Four bytes a step: what is done, to which, and for how long.
///
/// # Panics
/// If a timer is early, late, lost or fired twice.
pub fn run(bytes: &[u8]) {
    let clock = Pausable::new();
    clock.pause().expect("it runs");
    let (mut driver, handle) = Driver::new(clock.clone());
    let (start, start_nanos) = (handle.now(), clock.now().0);
    let mut timers: Vec<Armed> = Vec::new();
    // Of the last turn: what is due by then fires.
    let mut elapsed_tick = 0;
    for step in bytes.chunks_exact(4) {
        let now = clock.now().0 - start_nanos;
        // Up to months, and not only in full ticks; the clock does not span what many centuries would be.
        let span = (u64::from(step[2]) << (step[3] % 30)) * TICK_NANOS / 4 + u64::from(step[3] & 1);
        let which = usize::from(step[1]);
        let at = |len: usize| if len > 0 { which % len } else { 0 };
        let is_due = |deadline: u64, tick: u64| deadline.div_ceil(TICK_NANOS) <= tick;
        let (index, has_room) = (at(timers.len()), timers.len() < 64);
        match (step[0] % 8, timers.get_mut(index)) {
            (0..3, _) if has_room => {
                let deadline_nanos = now + span;
                let sleep = Box::pin(Sleep::new(&handle, after(start, deadline_nanos)));
                let armed = Armed {
                    sleep,
                    woken: Arc::default(),
                    deadline_nanos,
                    waits: false,
                    fired: false,
                    was_due: span == 0,
                };
                timers.push(armed);
                poll(timers.last_mut().expect("just pushed"), elapsed_tick);
            }
            (3, Some(timer)) => poll(timer, elapsed_tick),
            (4, Some(timer)) => {
                timer.deadline_nanos = now + span;
                timer.sleep.as_mut().reset(after(start, timer.deadline_nanos));
                (timer.waits, timer.fired, timer.was_due) = (false, false, false);
                poll(timer, elapsed_tick);
            }
            (5, Some(_)) => drop(timers.swap_remove(index)),
            (6, _) => {
                clock.advance(Duration::from_nanos(span)).expect("paused");
                turn(&clock, &mut driver);
                elapsed_tick = (clock.now().0 - start_nanos) / TICK_NANOS;
            }
            (7, _) => {
                let next = driver.next().map(|next| (next.0 - start_nanos).div_ceil(TICK_NANOS));
                let waiting = timers.iter().filter(|timer| timer.waits && !timer.fired);
                let first = waiting.map(|timer| timer.deadline_nanos.div_ceil(TICK_NANOS)).min();
                assert!(
                    next.is_some() >= first.is_some(),
                    "a timer waits, and the driver waits for none"
                );
                if let (Some(next), Some(first)) = (next, first) {
                    assert!(next <= first, "the driver waits until {next}, and {first} is due");
                }
                // As a thread would that waits.
                let until = next.map_or(0, |next| (next * TICK_NANOS).saturating_sub(now));
                clock.advance(Duration::from_nanos(until)).expect("paused");
                turn(&clock, &mut driver);
                elapsed_tick = (clock.now().0 - start_nanos) / TICK_NANOS;
            }
            _ => {}
        }
        let mut waiting = 0;
        for timer in &mut timers {
            timer.fired |= timer.waits && is_due(timer.deadline_nanos, elapsed_tick);
            waiting += usize::from(timer.waits && !timer.fired);
            if timer.waits {
                let wakes = timer.woken.count();
                assert_eq!(
                    wakes,
                    usize::from(timer.fired),
                    "woken {wakes} times, {} ns of {now}",
                    timer.deadline_nanos
                );
            }
        }
        assert_eq!(handle.armed(), waiting);
    }
    drop(timers);
    assert_eq!(handle.armed(), 0);
}

fn after(start: Instant, nanos: u64) -> Instant {
    start + Duration::from_nanos(nanos)
}

fn turn(clock: &Pausable, driver: &mut Driver) {
    driver.advance(clock.now(), &mut WakeBatch::new());
}

fn poll(timer: &mut Armed, elapsed_tick: u64) {
    if timer.fired {
        return;
    }
    if !timer.waits {
        timer.woken = Arc::default();
    }
    let waker = Waker::from(timer.woken.clone());
    let polled = timer.sleep.as_mut().poll(&mut Context::from_waker(&waker));
    let is_due = timer.was_due || timer.deadline_nanos.div_ceil(TICK_NANOS) <= elapsed_tick;
    assert_eq!(
        polled == Poll::Ready(()),
        is_due,
        "polled at tick {elapsed_tick}, due {}",
        timer.deadline_nanos
    );
    (timer.waits, timer.fired) = (!is_due, is_due);
}
