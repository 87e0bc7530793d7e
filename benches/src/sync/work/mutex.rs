//! A lock, and what it guards.

use super::super::scales::{ALONE, SHARED};
use super::super::{CROWD, in_crowd, leaked, measured};
use super::family::Mutex;
use crate::gate::SelfWake;
use crate::meter::Cost;
use crate::op::{Operation, WARM_UP, in_task};
use crate::subject::Subject;

#[rustfmt::skip] // A table: a line each.
pub(super) fn all<S: Subject>() -> Vec<Operation<S>> {
    vec![
        ALONE.of("mutex", "a lock taken and given back, which nobody else wants", mutex),
        ALONE.of("mutex_try", "the same by `try_lock`", mutex_try),
        SHARED.of("mutex_among_8", "a lock taken by one of 8 tasks, and kept while that is polled once more", mutex_among),
    ]
}

fn mutex<S: Subject>(runtime: S, n: u64) -> Cost {
    in_task(runtime, async move {
        let mutex = Mutex::new(0);
        let cost = measured!(n, *mutex.lock().await += 1);
        assert_eq!(mutex.into_inner(), n + WARM_UP);
        cost
    })
}

fn mutex_try<S: Subject>(runtime: S, n: u64) -> Cost {
    in_task(runtime, async move {
        let mutex = Mutex::new(0);
        let cost = measured!(n, *mutex.try_lock().expect("nobody has it") += 1);
        assert_eq!(mutex.into_inner(), n + WARM_UP);
        cost
    })
}

fn mutex_among<S: Subject>(runtime: S, n: u64) -> Cost {
    let mutex = leaked(Mutex::new(0));
    let cost = in_crowd(runtime, n, move |_, times| async move {
        for _ in 0..times {
            let mut value = mutex.lock().await;
            let before = *value;
            SelfWake::by_ref(1).await;
            // Whoever came in between would have been lost.
            *value = before + 1;
        }
    });
    assert_eq!(*mutex.try_lock().expect("all are done"), n / CROWD * CROWD + WARM_UP * CROWD);
    cost
}
