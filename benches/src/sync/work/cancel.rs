//! The token by which work is called off.

use std::hint::black_box;
use std::pin::pin;

use super::super::scales::{ALONE, GLANCES};
use super::super::{GLANCES_AT_ONCE, measured, polled_once};
use super::family::CancellationToken;
use crate::meter::Cost;
use crate::op::{Operation, in_task};
use crate::subject::Subject;

#[rustfmt::skip] // A table: a line each.
pub(super) fn all<S: Subject>() -> Vec<Operation<S>> {
    vec![
        GLANCES.of("cancel_check", "a token asked whether it was cancelled", cancel_check),
        ALONE.of("cancel_waiting", "a token waited for, once polled, which nobody cancels", cancel_waiting),
        ALONE.of("cancel_child", "a child of a token made and dropped", cancel_child),
    ]
}

fn cancel_check<S: Subject>(runtime: S, n: u64) -> Cost {
    in_task(runtime, async move {
        let token = CancellationToken::new();
        let cost = measured!(n / GLANCES_AT_ONCE, {
            for _ in 0..GLANCES_AT_ONCE {
                assert!(!black_box(&token).is_cancelled());
            }
        });
        token.cancel();
        assert!(token.is_cancelled());
        cost
    })
}

fn cancel_waiting<S: Subject>(runtime: S, n: u64) -> Cost {
    in_task(runtime, async move {
        let token = CancellationToken::new();
        measured!(n, polled_once(pin!(token.cancelled())).await)
    })
}

fn cancel_child<S: Subject>(runtime: S, n: u64) -> Cost {
    in_task(runtime, async move {
        let token = CancellationToken::new();
        let cost = measured!(n, drop(black_box(token.child_token())));
        let child = token.child_token();
        token.cancel();
        assert!(child.is_cancelled());
        cost
    })
}
