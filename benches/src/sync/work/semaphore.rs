//! Permits.

use super::super::scales::{ALONE, SHARED};
use super::super::{in_crowd, leaked, measured};
use super::family::Semaphore;
use crate::gate::SelfWake;
use crate::meter::Cost;
use crate::op::{Operation, in_task};
use crate::subject::Subject;

#[rustfmt::skip] // A table: a line each.
pub(super) fn all<S: Subject>() -> Vec<Operation<S>> {
    vec![
        ALONE.of("semaphore", "a permit taken and given back, which nobody else wants", semaphore),
        ALONE.of("semaphore_try", "the same by `try_acquire`", semaphore_try),
        SHARED.of("semaphore_among_8", "one of 3 permits taken by one of 8 tasks, and kept while that is polled once more", semaphore_among),
    ]
}

fn semaphore<S: Subject>(runtime: S, n: u64) -> Cost {
    in_task(runtime, async move {
        let semaphore = Semaphore::new(3);
        let cost = measured!(n, drop(semaphore.acquire().await.expect("it is open")));
        assert_eq!(semaphore.available_permits(), 3);
        cost
    })
}

fn semaphore_try<S: Subject>(runtime: S, n: u64) -> Cost {
    in_task(runtime, async move {
        let semaphore = Semaphore::new(3);
        let cost = measured!(n, drop(semaphore.try_acquire().expect("there are some")));
        assert_eq!(semaphore.available_permits(), 3);
        cost
    })
}

fn semaphore_among<S: Subject>(runtime: S, n: u64) -> Cost {
    const PERMITS: usize = 3;
    let semaphore = leaked(Semaphore::new(PERMITS));
    let cost = in_crowd(runtime, n, move |_, times| async move {
        for _ in 0..times {
            let permit = semaphore.acquire().await.expect("it is open");
            assert!(semaphore.available_permits() < PERMITS, "one is ours");
            SelfWake::by_ref(1).await;
            drop(permit);
        }
    });
    assert_eq!(semaphore.available_permits(), PERMITS);
    cost
}
