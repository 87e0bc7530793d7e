//! Locks and permits: what a future was given and did not take goes to the next.

use std::sync::Arc;

use rt_facade::sync::{Mutex, RwLock, Semaphore};

use crate::support::{cancelled, handed_on};

// Covers rt-sync::mutex::Lock, rt-sync::mutex::LockOwned, rt-sync::base::Acquire
#[test]
fn a_lock_that_was_given_to_a_dropped_future_goes_to_the_next() {
    cancelled(1, async |round| {
        let lock = Mutex::new(());
        let held = lock.try_lock().unwrap();
        handed_on(&round, lock.lock(), lock.lock(), || drop(held)).await;
        assert!(lock.try_lock().is_ok(), "it is held for ever");
    });
    cancelled(1, async |round| {
        let lock = Arc::new(Mutex::new(()));
        let held = lock.try_lock().unwrap();
        handed_on(&round, lock.clone().lock_owned(), lock.lock(), || drop(held)).await;
        assert!(lock.try_lock().is_ok(), "it is held for ever");
        assert_eq!(Arc::strong_count(&lock), 1);
    });
}

// Covers rt-sync::rwlock::Read, rt-sync::rwlock::ReadOwned
// Covers rt-sync::rwlock::Write, rt-sync::rwlock::WriteOwned
#[test]
fn readers_and_a_writer_pass_each_other_on() {
    cancelled(1, async |round| {
        let lock = RwLock::new(());
        let held = lock.try_read().unwrap();
        handed_on(&round, lock.write(), lock.read(), || drop(held)).await;
        assert!(lock.try_write().is_ok(), "it is held for ever");
    });
    cancelled(1, async |round| {
        let lock = RwLock::new(());
        let held = lock.try_write().unwrap();
        handed_on(&round, lock.read(), lock.write(), || drop(held)).await;
        assert!(lock.try_write().is_ok(), "it is held for ever");
    });
    cancelled(1, async |round| {
        let lock = Arc::new(RwLock::new(()));
        let held = lock.try_write().unwrap();
        handed_on(&round, lock.clone().write_owned(), lock.clone().read_owned(), || drop(held))
            .await;
        assert!(lock.try_write().is_ok(), "it is held for ever");
        assert_eq!(Arc::strong_count(&lock), 1);
    });
    cancelled(1, async |round| {
        let lock = Arc::new(RwLock::new(()));
        let held = lock.try_write().unwrap();
        handed_on(&round, lock.clone().read_owned(), lock.clone().write_owned(), || drop(held))
            .await;
        assert!(lock.try_write().is_ok(), "it is held for ever");
    });
}

/// The writer in front keeps the readers behind it out until it is gone.
#[test]
fn a_writer_that_gives_up_lets_the_readers_behind_it_in() {
    cancelled(1, async |round| {
        let lock = RwLock::new(());
        let first = lock.try_read().unwrap();
        let writer = round.run(lock.write());
        let readers = async {
            crate::support::turns(2).await;
            drop(lock.read().await);
        };
        let ends = async {
            crate::support::turns(5).await;
            if !round.has_cancelled() {
                drop(first); // else the reader goes beside it
            }
        };
        let (written, (), ()) = rt_facade::join!(async { drop(writer.await) }, readers, ends);
        let () = written;
    });
}

// Covers rt-sync::semaphore::Acquire, rt-sync::semaphore::AcquireOwned
#[test]
fn permits_are_all_there_afterwards() {
    cancelled(1, async |round| {
        let seats = Semaphore::new(1);
        let held = seats.try_acquire().unwrap();
        handed_on(&round, seats.acquire(), seats.acquire(), || drop(held)).await;
        assert_eq!(seats.available_permits(), 1);
    });
    cancelled(1, async |round| {
        // One comes at a time, so that a few are gathered when the first is dropped.
        let seats = Semaphore::new(1);
        let give = || (0..3).for_each(|_| seats.add_permits(1));
        handed_on(&round, seats.acquire_many(4), seats.acquire_many(3), give).await;
        assert_eq!(seats.available_permits(), 4);
    });
    cancelled(1, async |round| {
        let seats = Arc::new(Semaphore::new(0));
        let give = || seats.add_permits(1);
        handed_on(&round, seats.clone().acquire_owned(), seats.acquire(), give).await;
        assert_eq!(seats.available_permits(), 1);
        assert_eq!(Arc::strong_count(&seats), 1);
    });
    cancelled(1, async |round| {
        let seats = Arc::new(Semaphore::new(1));
        let give = || seats.add_permits(2);
        let (first, second) =
            (seats.clone().acquire_many_owned(3), seats.clone().acquire_many_owned(2));
        handed_on(&round, first, second, give).await;
        assert_eq!(seats.available_permits(), 3);
        assert_eq!(Arc::strong_count(&seats), 1);
    });
}

#[test]
fn who_waits_when_a_semaphore_closes_leaves_no_trace() {
    cancelled(1, async |round| {
        let seats = Semaphore::new(0);
        handed_on(&round, seats.acquire(), seats.acquire(), || seats.close()).await;
        assert_eq!(seats.available_permits(), 0);
    });
}
