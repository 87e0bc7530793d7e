//! A place where tasks wait for each other.

use super::super::scales::SHARED;
use super::super::{CROWD, in_crowd, leaked};
use super::family::Barrier;
use crate::gate::Countdown;
use crate::meter::Cost;
use crate::op::{Operation, WARM_UP};
use crate::subject::Subject;

#[rustfmt::skip] // A table: a line each.
pub(super) fn all<S: Subject>() -> Vec<Operation<S>> {
    vec![
        SHARED.of("barrier_8", "one of 8 tasks that wait for each other at a barrier", barrier),
    ]
}

fn barrier<S: Subject>(runtime: S, n: u64) -> Cost {
    let barrier = leaked(Barrier::new(CROWD as usize));
    let leaders = leaked(Countdown::default());
    let each = n / CROWD + WARM_UP;
    leaders.set(each);
    let cost = in_crowd(runtime, n, move |_, times| async move {
        for _ in 0..times {
            if barrier.wait().await.is_leader() {
                leaders.one_less();
            }
        }
    });
    assert_eq!(leaders.left(), 0, "one of 8 leads");
    cost
}
