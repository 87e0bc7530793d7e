//! A lock that many readers share.

use super::super::scales::{ALONE, SHARED};
use super::super::{CROWD, in_crowd, leaked, measured};
use super::family::RwLock;
use crate::gate::SelfWake;
use crate::meter::Cost;
use crate::op::{Operation, WARM_UP, in_task};
use crate::subject::Subject;

#[rustfmt::skip] // A table: a line each.
pub(super) fn all<S: Subject>() -> Vec<Operation<S>> {
    vec![
        ALONE.of("rwlock_read", "a lock taken for reading and given back, which nobody else wants", rwlock_read),
        ALONE.of("rwlock_write", "the same for writing", rwlock_write),
        SHARED.of("rwlock_among_8", "a lock taken by one of 8 tasks, of which 2 write, and kept while that is polled once more", rwlock_among),
    ]
}

fn rwlock_read<S: Subject>(runtime: S, n: u64) -> Cost {
    in_task(runtime, async move {
        let lock = RwLock::new(7);
        let mut sum = 0;
        let cost = measured!(n, sum += *lock.read().await);
        assert_eq!(sum, 7 * (n + WARM_UP));
        cost
    })
}

fn rwlock_write<S: Subject>(runtime: S, n: u64) -> Cost {
    in_task(runtime, async move {
        let lock = RwLock::new(0);
        let cost = measured!(n, *lock.write().await += 1);
        assert_eq!(lock.into_inner(), n + WARM_UP);
        cost
    })
}

fn rwlock_among<S: Subject>(runtime: S, n: u64) -> Cost {
    const WRITERS: u64 = 2;
    let lock = leaked(RwLock::new(0));
    let cost = in_crowd(runtime, n, move |place, times| async move {
        for _ in 0..times {
            if place < WRITERS {
                let mut value = lock.write().await;
                let before = *value;
                SelfWake::by_ref(1).await;
                *value = before + 1;
            } else {
                let value = lock.read().await;
                let before = *value;
                SelfWake::by_ref(1).await;
                assert_eq!(*value, before, "nobody writes what is being read");
            }
        }
    });
    let written = (n / CROWD + WARM_UP) * WRITERS;
    assert_eq!(*lock.try_read().expect("all are done"), written);
    cost
}
