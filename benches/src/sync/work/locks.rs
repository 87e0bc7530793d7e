//! Locks, and what is counted like one: taken where nobody else wants them, and among tasks that do.

use std::hint::black_box;

use super::super::scales::{ALONE, SHARED};
use super::super::{CROWD, in_crowd, leaked, measured};
use super::family::{Mutex, OnceCell, RwLock, Semaphore};
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
        ALONE.of("rwlock_read", "a lock taken for reading and given back, which nobody else wants", rwlock_read),
        ALONE.of("rwlock_write", "the same for writing", rwlock_write),
        SHARED.of("rwlock_among_8", "a lock taken by one of 8 tasks, of which 2 write, and kept while that is polled once more", rwlock_among),
        ALONE.of("semaphore", "a permit taken and given back, which nobody else wants", semaphore),
        ALONE.of("semaphore_try", "the same by `try_acquire`", semaphore_try),
        SHARED.of("semaphore_among_8", "one of 3 permits taken by one of 8 tasks, and kept while that is polled once more", semaphore_among),
        ALONE.of("once_cell_get", "a value that is there, looked at", once_cell_get),
        ALONE.of("once_cell_get_or_init", "the same by `get_or_init`", once_cell_get_or_init),
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

fn once_cell_get<S: Subject>(runtime: S, n: u64) -> Cost {
    in_task(runtime, async move {
        let cell = OnceCell::new_with(Some(7));
        let mut sum = 0;
        let cost = measured!(n, sum += black_box(&cell).get().expect("it is there"));
        assert_eq!(sum, 7 * (n + WARM_UP));
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
