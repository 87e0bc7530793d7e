//! A value that is made once.

use std::hint::black_box;

use super::super::scales::{ALONE, GLANCES};
use super::super::{GLANCES_AT_ONCE, measured};
use super::family::OnceCell;
use crate::meter::Cost;
use crate::op::{Operation, WARM_UP, in_task};
use crate::subject::Subject;

#[rustfmt::skip] // A table: a line each.
pub(super) fn all<S: Subject>() -> Vec<Operation<S>> {
    vec![
        GLANCES.of("once_cell_get", "a value that is there, looked at", once_cell_get),
        ALONE.of("once_cell_get_or_init", "the same by `get_or_init`", once_cell_get_or_init),
    ]
}

fn once_cell_get<S: Subject>(runtime: S, n: u64) -> Cost {
    in_task(runtime, async move {
        let cell = OnceCell::new_with(Some(7));
        let cost = measured!(n / GLANCES_AT_ONCE, {
            for _ in 0..GLANCES_AT_ONCE {
                black_box(*black_box(&cell).get().expect("it is there"));
            }
        });
        assert_eq!(cell.into_inner(), Some(7));
        cost
    })
}

fn once_cell_get_or_init<S: Subject>(runtime: S, n: u64) -> Cost {
    in_task(runtime, async move {
        let cell = OnceCell::new();
        let mut sum = 0;
        let cost = measured!(n, sum += black_box(&cell).get_or_init(async || 7).await);
        assert_eq!(sum, 7 * (n + WARM_UP));
        cost
    })
}
