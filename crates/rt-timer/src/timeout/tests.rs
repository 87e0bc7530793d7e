//! A future against its deadline.

use std::cell::Cell;
use std::future::{pending, poll_fn, ready};
use std::io;

use rt_task::base::context;
use rt_task::coop::{consume_budget, with_budget};

use super::*;
use crate::support::{Rig, ms, panic_of, poll};

#[test]
fn the_future_wins_when_both_are_ready() {
    let mut rig = Rig::paused();
    let past = rig.now() - ms(1000);
    rig.block_on(async {
        assert_eq!(timeout(Duration::ZERO, ready(1)).await, Ok(1));
        assert_eq!(timeout_at(past, ready(2)).await, Ok(2));
    });
}

#[test]
fn the_deadline_cuts_off_what_pends() {
    let mut rig = Rig::paused();
    let start = rig.now();
    let elapsed = rig.block_on(async { timeout(ms(10), pending::<()>()).await });
    assert_eq!((elapsed, rig.now() - start), (Err(Elapsed::new()), ms(10)));
    let elapsed = rig.block_on(async { timeout_at(start, pending::<()>()).await });
    assert!(elapsed.is_err(), "a deadline in the past");
    assert_eq!(rig.now() - start, ms(10), "takes no time");
    assert_eq!(rig.handle.armed(), 0);
}

#[test]
fn what_is_ready_in_time_leaves_no_timer() {
    let mut rig = Rig::paused();
    let start = rig.now();
    let slept = rig.block_on(async { timeout(ms(100), crate::sleep(ms(10))).await });
    assert_eq!((slept, rig.now() - start, rig.handle.armed()), (Ok(()), ms(10), 0));
}

#[test]
fn a_span_beyond_the_clock_never_ends() {
    let rig = Rig::paused();
    let _entered = context::enter(rig.env());
    let mut forever = Box::pin(timeout(Duration::MAX, pending::<()>()));
    assert!(poll(forever.as_mut()).is_pending());
    assert_eq!(rig.handle.armed(), 0);
}

#[test]
fn a_future_that_uses_up_the_budget_is_cut_off() {
    let mut rig = Rig::paused();
    let polls = Cell::new(0);
    let greedy = async {
        loop {
            polls.set(polls.get() + 1);
            consume_budget().await;
        }
    };
    let clock = rig.clock.clone();
    let elapsed = rig.block_on(async {
        let mut task = pin!(timeout(ms(5), greedy));
        poll_fn(|cx| {
            // As a task: with a budget. Without one the future would never pend.
            let poll = |ctx: &context::Ctx| with_budget(ctx, || task.as_mut().poll(cx));
            let polled = context::with(poll).expect("the rig enters one");
            clock.advance(ms(1)).unwrap();
            polled
        })
        .await
    });
    assert!(elapsed.is_err() && polls.get() >= 128);
}

#[test]
fn a_deadline_takes_part_in_the_budget_unless_the_future_has_used_it_up() {
    let rig = Rig::paused();
    let past = rig.now();
    let _entered = context::enter(rig.env());
    let passed = || poll(Box::pin(timeout_at(past, pending::<()>())).as_mut()).is_ready();
    let looked =
        context::with(|ctx| with_budget(ctx, || (0..1000).take_while(|_| passed()).count()));
    assert_eq!(looked, Some(usize::from(rt_task::base::budget::BUDGET)));
}

#[test]
fn it_gives_the_future_back() {
    let rig = Rig::paused();
    let mut timeout = Timeout::new(&rig.handle, rig.now(), String::from("inner"));
    timeout.get_mut().push('!');
    assert_eq!(timeout.get_ref(), "inner!");
    assert!(format!("{timeout:?}").contains("inner!"));
    assert_eq!(timeout.into_inner(), "inner!");
}

#[test]
fn elapsed_tells_what_happened() {
    let elapsed = Elapsed::new();
    assert_eq!(elapsed.to_string(), "deadline has elapsed");
    assert_eq!(format!("{elapsed:?}"), "Elapsed(())");
    assert_eq!(io::Error::from(elapsed).kind(), io::ErrorKind::TimedOut);
}

#[test]
fn without_a_timer_it_names_the_place() {
    let message = panic_of(|| timeout(ms(1), ready(())));
    assert!(message.contains("`timeout` at ") && message.contains("timeout/tests.rs"));
    let rig = Rig::paused();
    let mut orphan = Box::pin(Timeout::new(&rig.handle, rig.now() + ms(1), pending::<()>()));
    drop(rig.end());
    let message = panic_of(|| poll(orphan.as_mut()));
    assert!(message.contains("timeout/tests.rs"), "{message}");
}
