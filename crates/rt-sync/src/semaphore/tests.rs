use alloc::boxed::Box;
use alloc::format;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use core::task::Context;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::string::ToString;

use super::*;
use crate::kit::{Polled, panic_of, waker_that_panics_in_its_drop};

#[test]
fn permits_go_out_and_come_back() {
    let semaphore = Semaphore::new(3);
    let one = Polled::new(semaphore.acquire()).ready().unwrap();
    let two = semaphore.try_acquire_many(2).unwrap();
    assert_eq!((one.num_permits(), two.num_permits(), semaphore.available_permits()), (1, 2, 0));
    assert_eq!(semaphore.try_acquire().unwrap_err(), TryAcquireError::NoPermits);
    drop(two);
    assert_eq!(semaphore.available_permits(), 2);
    assert!(core::ptr::eq(one.semaphore(), &semaphore));
    drop(one);
    assert_eq!(semaphore.available_permits(), 3);
}

#[test]
fn who_asks_for_many_holds_up_those_behind() {
    let semaphore = Semaphore::new(2);
    let held = semaphore.try_acquire().unwrap();
    let mut many = Polled::new(semaphore.acquire_many(2));
    let mut one = Polled::new(semaphore.acquire());
    many.pends();
    one.pends();
    assert_eq!(semaphore.available_permits(), 0, "the free one is kept for the first");
    assert!(semaphore.try_acquire().is_err(), "nobody overtakes");
    drop(held);
    let both = many.ready().unwrap();
    one.pends();
    drop(both);
    one.ready().unwrap().forget();
    assert_eq!(semaphore.available_permits(), 1);
}

#[test]
fn many_in_small_pieces() {
    let semaphore = Semaphore::new(0);
    let mut ten = Polled::new(semaphore.acquire_many(10));
    ten.pends();
    for _ in 0..9 {
        semaphore.add_permits(1);
        ten.pends();
        assert_eq!(semaphore.available_permits(), 0);
    }
    semaphore.add_permits(3);
    assert_eq!(ten.ready().unwrap().num_permits(), 10);
    assert_eq!(semaphore.available_permits(), 12);
}

#[test]
fn no_permits_are_had_at_once() {
    let semaphore = Semaphore::new(0);
    let mut waits = Polled::new(semaphore.acquire());
    waits.pends();
    assert_eq!(Polled::new(semaphore.acquire_many(0)).ready().unwrap().num_permits(), 0);
    semaphore.close();
    assert!(Polled::new(semaphore.acquire_many(0)).ready().is_err());
    assert!(waits.ready().is_err());
}

#[test]
fn what_a_dropped_wait_had_goes_to_the_next() {
    for polls_after in [false, true] {
        let semaphore = Semaphore::new(1);
        let mut first = Polled::new(semaphore.acquire_many(2));
        let mut second = Polled::new(semaphore.acquire());
        first.pends();
        second.pends();
        if polls_after {
            first.pends();
        }
        drop(first);
        assert_eq!(second.ready().unwrap().num_permits(), 1);
        assert_eq!(semaphore.available_permits(), 1);
    }
}

#[test]
fn a_dropped_wait_gives_back_what_it_had_though_its_waker_panics() {
    let semaphore = Semaphore::new(1);
    let mut first = Box::pin(semaphore.acquire_many(2));
    let waker = waker_that_panics_in_its_drop();
    assert!(first.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    drop(waker); // the wait has the last
    let mut second = Polled::new(semaphore.acquire());
    second.pends();
    assert!(panic_of(|| drop(first)).is_some());
    assert_eq!(second.ready().unwrap().num_permits(), 1);
}

#[test]
fn permits_that_were_handed_to_a_dropped_wait_come_back() {
    let semaphore = Semaphore::new(0);
    let mut waits = Polled::new(semaphore.acquire_many(2));
    waits.pends();
    semaphore.add_permits(2);
    assert_eq!(semaphore.available_permits(), 0, "they are its own, though it was not polled");
    drop(waits);
    assert_eq!(semaphore.available_permits(), 2);
}

#[test]
fn a_wait_that_was_never_polled_takes_nothing() {
    let semaphore = Semaphore::new(1);
    drop(semaphore.acquire());
    drop(Polled::new(semaphore.acquire()));
    assert_eq!(semaphore.available_permits(), 1);
}

#[test]
fn a_hundred_that_wait_are_woken_by_one_that_adds() {
    let semaphore = Semaphore::new(0);
    let mut all: Vec<_> = (0..100).map(|_| Polled::new(semaphore.acquire())).collect();
    all.iter_mut().for_each(Polled::pends);
    semaphore.add_permits(100);
    for waits in &mut all {
        assert_eq!(waits.wakes(), 1);
        waits.ready().unwrap().forget();
    }
    assert_eq!(semaphore.available_permits(), 0);
}

#[test]
fn a_hundred_that_wait_are_told_of_the_close() {
    let semaphore = Semaphore::new(0);
    let mut all: Vec<_> = (0..100).map(|_| Polled::new(semaphore.acquire())).collect();
    all.iter_mut().for_each(Polled::pends);
    assert!(!semaphore.is_closed());
    semaphore.close();
    semaphore.close();
    assert!(semaphore.is_closed());
    for waits in &mut all {
        assert_eq!(waits.ready().unwrap_err().to_string(), "semaphore closed");
    }
    assert_eq!(semaphore.try_acquire().unwrap_err(), TryAcquireError::Closed);
    semaphore.add_permits(1);
    assert_eq!(semaphore.try_acquire().unwrap_err().to_string(), "semaphore closed");
    assert_eq!(semaphore.available_permits(), 1);
}

#[test]
fn who_is_woken_by_a_close_finds_it_closed() {
    struct Looks {
        semaphore: Arc<Semaphore>,
        found_open: AtomicUsize,
    }
    impl std::task::Wake for Looks {
        fn wake(self: Arc<Self>) {
            self.found_open.fetch_add(usize::from(!self.semaphore.is_closed()), Relaxed);
        }
    }
    let semaphore = Arc::new(Semaphore::new(0));
    let looks = Arc::new(Looks { semaphore: semaphore.clone(), found_open: AtomicUsize::new(0) });
    let waker = looks.clone().into();
    let mut waits: Vec<_> = (0..100).map(|_| Box::pin(semaphore.acquire())).collect();
    waits.iter_mut().for_each(|wait| {
        assert!(wait.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    });
    semaphore.close();
    assert_eq!(looks.found_open.load(Relaxed), 0);
}

#[test]
fn permits_held_across_the_close_stay_valid() {
    let semaphore = Semaphore::new(2);
    let held = semaphore.try_acquire().unwrap();
    semaphore.close();
    assert_eq!(semaphore.available_permits(), 1);
    drop(held);
    assert_eq!(semaphore.available_permits(), 2);
}

#[test]
fn permits_are_split_and_merged() {
    let semaphore = Semaphore::new(5);
    let mut all = semaphore.try_acquire_many(5).unwrap();
    let two = all.split(2).unwrap();
    assert_eq!((all.num_permits(), two.num_permits()), (3, 2));
    assert!(all.split(4).is_none());
    assert_eq!(all.split(0).unwrap().num_permits(), 0);
    drop(two);
    assert_eq!(semaphore.available_permits(), 2);
    all.merge(semaphore.try_acquire().unwrap());
    assert_eq!(all.num_permits(), 4);
    drop(all);
    assert_eq!(semaphore.available_permits(), 5);
}

#[test]
fn permits_of_another_semaphore_are_not_merged() {
    let (one, other) = (Semaphore::new(1), Semaphore::new(1));
    let mut mine = one.try_acquire().unwrap();
    let theirs = other.try_acquire().unwrap();
    let refused = catch_unwind(AssertUnwindSafe(|| mine.merge(theirs)));
    assert!(refused.is_err());
    assert_eq!((one.available_permits(), other.available_permits()), (0, 1), "nothing is lost");
}

#[test]
fn owned_permits_keep_the_semaphore() {
    let semaphore = Arc::new(Semaphore::new(4));
    let mut owned = semaphore.clone().try_acquire_many_owned(3).unwrap();
    let split = owned.split(1).unwrap();
    owned.merge(Polled::new(semaphore.clone().acquire_owned()).ready().unwrap());
    assert_eq!((owned.num_permits(), split.num_permits()), (3, 1));
    assert!(owned.split(4).is_none());
    assert!(Arc::ptr_eq(owned.semaphore(), &semaphore));
    assert!(semaphore.clone().try_acquire_owned().is_err());
    let mut waits = Polled::new(semaphore.clone().acquire_many_owned(2));
    waits.pends();
    drop(owned);
    let got = waits.ready().unwrap();
    assert_eq!(semaphore.available_permits(), 1);
    got.forget();
    let mut split = split;
    assert_eq!(split.split(1).unwrap().num_permits(), 1);
    assert_eq!(split.num_permits(), 0);
    drop(split);
    assert_eq!((Arc::strong_count(&semaphore), semaphore.available_permits()), (1, 2));
}

#[test]
fn free_permits_can_be_forgotten() {
    let semaphore = Semaphore::new(3);
    assert_eq!(semaphore.forget_permits(2), 2);
    assert_eq!(semaphore.forget_permits(2), 1);
    assert_eq!(semaphore.forget_permits(2), 0);
    let mut waits = Polled::new(semaphore.acquire());
    waits.pends();
    assert_eq!(semaphore.forget_permits(usize::MAX), 0);
    semaphore.add_permits(1);
    waits.ready().unwrap().forget();
}

#[test]
fn the_maximum_is_allowed_and_more_is_refused_with_the_callers_place() {
    let semaphore = Semaphore::new(Semaphore::MAX_PERMITS);
    for bad in [
        (|| drop(Semaphore::new(Semaphore::MAX_PERMITS + 1))) as fn(),
        || drop(Semaphore::const_new(usize::MAX)),
        || Semaphore::new(1).add_permits(Semaphore::MAX_PERMITS),
        || Semaphore::new(0).add_permits(usize::MAX),
    ] {
        assert!(catch_unwind(bad).is_err());
    }
    assert!(catch_unwind(AssertUnwindSafe(|| semaphore.add_permits(1))).is_err());
    drop(semaphore.try_acquire().unwrap());
    assert_eq!(semaphore.available_permits(), Semaphore::MAX_PERMITS);
}

#[test]
fn a_semaphore_may_be_static() {
    static SEMAPHORE: Semaphore = Semaphore::const_new(1);
    let held = SEMAPHORE.try_acquire().unwrap();
    let mut waits = Polled::new(SEMAPHORE.acquire());
    waits.pends();
    drop(held);
    waits.ready().unwrap().forget();
    assert_eq!(SEMAPHORE.available_permits(), 0);
}

#[test]
fn it_is_told_what_is_there() {
    let semaphore = Semaphore::new(2);
    let held = semaphore.try_acquire().unwrap();
    let said = format!("{held:?}");
    assert!(said.contains("SemaphorePermit") && said.contains("free: 1"), "{said}");
}

#[test]
fn it_may_be_sent_and_shared() {
    fn is_send_and_sync<T: Send + Sync>(_: &T) {}
    let semaphore = Arc::new(Semaphore::new(9));
    is_send_and_sync(&semaphore);
    is_send_and_sync(&semaphore.acquire());
    is_send_and_sync(&semaphore.clone().acquire_owned());
    is_send_and_sync(&semaphore.try_acquire().unwrap());
    is_send_and_sync(&semaphore.clone().try_acquire_owned().unwrap());
}

#[test]
fn threads_share_permits_and_none_is_lost() {
    let semaphore = Arc::new(Semaphore::new(3));
    let inside = Arc::new(core::sync::atomic::AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for n in 0..4_u32 {
            let (semaphore, inside) = (semaphore.clone(), inside.clone());
            scope.spawn(move || {
                use core::sync::atomic::Ordering::SeqCst;
                for turn in 0..500_u32 {
                    let many = 1 + (turn + n) % 3;
                    let permits = semaphore.blocking_acquire_many(many).unwrap();
                    assert!(inside.fetch_add(many as usize, SeqCst) + many as usize <= 3);
                    std::thread::yield_now();
                    inside.fetch_sub(many as usize, SeqCst);
                    drop(permits);
                    // And one that gives up.
                    let mut gives_up = Polled::new(semaphore.acquire_many(2));
                    let _ = gives_up.poll();
                }
            });
        }
    });
    assert_eq!(semaphore.available_permits(), 3);
}
