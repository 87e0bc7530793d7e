//! Cells that are filled once: who gives up filling lets the next one try, and who waits is told.

use std::cell::Cell;

use rt_facade::sync::{OnceCell, SetOnce};

use crate::support::{cancelled, forgotten, turns};

// Covers rt-sync::once_cell::GetOrInit, rt-sync::once_cell::GetOrTryInit
#[test]
fn a_value_that_is_given_up_is_made_by_the_next() {
    cancelled(2, async |round| {
        let (cell, made) = (OnceCell::new(), Cell::new(0));
        let make = async |value: u32| {
            turns(2).await;
            made.set(made.get() + 1);
            value
        };
        let first = async {
            let first = round.run(cell.get_or_init(|| make(1))).await.ok().copied();
            forgotten(&round).await;
            first
        };
        let second = async {
            turns(1).await;
            *cell.get_or_init(|| make(2)).await
        };
        let (first, second) = rt_facade::join!(first, second);
        assert_eq!(made.get(), 1, "made twice");
        assert!(first.is_none_or(|first| first == second));
        assert_eq!(cell.get(), Some(&second));
    });
    // Who waits for the other's, and gives up, disturbs nobody.
    cancelled(1, async |round| {
        let cell = OnceCell::new();
        let fills = cell.get_or_init(async || {
            turns(5).await;
            1
        });
        let waits = async {
            turns(2).await;
            let waited = round.run(cell.get_or_try_init(async || Err::<u32, _>("not asked"))).await;
            forgotten(&round).await;
            waited.map(|filled| filled.copied())
        };
        let (filled, waited) = rt_facade::join!(fills, waits);
        assert_eq!(*filled, 1);
        assert!(waited.is_err() || waited.unwrap() == Ok(1));
    });
    // An error and a drop leave it as empty.
    cancelled(2, async |round| {
        let cell = OnceCell::new();
        let fails = round.run(cell.get_or_try_init(async || {
            turns(2).await;
            Err::<u32, _>("failed")
        }));
        let failed = fails.await.map(|filled| filled.copied());
        assert!(failed.is_err() || failed.unwrap() == Err("failed"));
        forgotten(&round).await;
        assert_eq!(cell.set(7), Ok(()));
    });
}

// Covers rt-sync::set_once::WaitSet
#[test]
fn who_gives_up_waiting_for_a_cell_leaves_no_trace() {
    cancelled(1, async |round| {
        let cell = SetOnce::new();
        let waits = async {
            let waited = round.run(cell.wait()).await.ok().copied();
            forgotten(&round).await;
            waited.unwrap_or(*cell.wait().await)
        };
        let sets = async {
            turns(3).await;
            cell.set(7).unwrap();
        };
        let (waited, ()) = rt_facade::join!(waits, sets);
        assert_eq!(waited, 7);
    });
}
