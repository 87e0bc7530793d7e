use alloc::boxed::Box;
use alloc::format;
use alloc::string::ToString;
use alloc::vec::Vec;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::*;
use crate::kit::Polled;

#[test]
fn one_has_it_at_a_time() {
    let lock = Mutex::new(100);
    let mut first = Polled::new(lock.lock());
    let mut second = Polled::new(lock.lock());
    let mut guard = first.ready();
    *guard += 1;
    second.pends();
    assert_eq!(lock.try_lock().unwrap_err().to_string(), "operation would block");
    drop(guard);
    assert_eq!(second.wakes(), 1);
    assert!(lock.try_lock().is_err(), "it was handed to the one that waited");
    assert_eq!(*second.ready(), 101);
    assert_eq!(*lock.try_lock().unwrap(), 101);
}

#[test]
fn a_wait_that_gives_up_lets_the_next_have_it() {
    let lock = Mutex::new(());
    let guard = lock.try_lock().unwrap();
    let mut first = Polled::new(lock.lock());
    let mut second = Polled::new(lock.lock());
    let mut third = Polled::new(lock.lock());
    first.pends();
    second.pends();
    third.pends();
    drop(second);
    drop(guard);
    drop(first); // it had it by now
    drop(third.ready());
    assert!(lock.try_lock().is_ok());
}

#[test]
fn a_panic_while_it_is_held_poisons_nothing() {
    let lock = Mutex::new(1);
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        let mut guard = lock.try_lock().unwrap();
        *guard = 2;
        panic!("while it is held");
    }));
    assert!(panicked.is_err());
    assert_eq!(*lock.try_lock().unwrap(), 2);
}

#[test]
fn a_guard_shows_a_part() {
    let lock = Mutex::new((1, [2, 3]));
    let part = MutexGuard::map(lock.try_lock().unwrap(), |value| &mut value.1);
    let mut part = MappedMutexGuard::map(part, |array| &mut array[0]);
    *part += 10;
    assert!(lock.try_lock().is_err());
    assert_eq!(format!("{part} {part:?}"), "12 12");
    drop(part);
    let guard = lock.try_lock().unwrap();
    let guard = MutexGuard::try_map(guard, |_| None::<&mut i32>).unwrap_err();
    assert!(core::ptr::eq(MutexGuard::mutex(&guard), &lock));
    let part = MutexGuard::try_map(guard, |value| Some(&mut value.0)).unwrap();
    let part = MappedMutexGuard::try_map(part, |_| None::<&mut i32>).unwrap_err();
    assert_eq!(*MappedMutexGuard::try_map(part, |n| Some(n)).unwrap(), 1);
    assert_eq!(*lock.try_lock().unwrap(), (1, [12, 3]));
}

#[test]
fn an_owned_guard_shows_a_part_and_keeps_the_lock() {
    let lock = Arc::new(Mutex::new((1, [2, 3])));
    let owned = Polled::new(lock.clone().lock_owned()).ready();
    assert!(Arc::ptr_eq(OwnedMutexGuard::mutex(&owned), &lock));
    assert!(lock.clone().try_lock_owned().is_err());
    let part = OwnedMutexGuard::map(owned, |value| &mut value.1);
    let mut part = OwnedMappedMutexGuard::map(part, |array| &mut array[1]);
    *part += 10;
    let part = OwnedMappedMutexGuard::try_map(part, |_| None::<&mut i32>).unwrap_err();
    let part = OwnedMappedMutexGuard::try_map(part, |n| Some(n)).unwrap();
    assert_eq!(Arc::strong_count(&lock), 2);
    drop(part);
    assert_eq!(Arc::strong_count(&lock), 1);
    let owned = lock.clone().try_lock_owned().unwrap();
    let owned = OwnedMutexGuard::try_map(owned, |_| None::<&mut i32>).unwrap_err();
    assert_eq!(OwnedMutexGuard::try_map(owned, |value| Some(&mut value.1)).unwrap()[1], 13);
    assert!(lock.try_lock().is_ok());
}

#[test]
fn a_panic_of_the_closure_that_shows_a_part_lets_the_lock_go() {
    let lock = Mutex::new(0);
    let mapped = || MutexGuard::map(lock.try_lock().unwrap(), |_| -> &mut u8 { panic!("no part") });
    assert!(catch_unwind(AssertUnwindSafe(|| drop(mapped()))).is_err());
    assert!(lock.try_lock().is_ok());
}

#[test]
fn a_value_without_a_size_can_be_locked() {
    let lock: Arc<Mutex<[u8]>> = Arc::new(Mutex::new([1, 2, 3]));
    lock.try_lock().unwrap()[0] = 7;
    assert_eq!(lock.clone().try_lock_owned().unwrap().len(), 3);
    let boxed: Box<Mutex<dyn Fn() -> u8 + Send>> = Box::new(Mutex::new(|| 5));
    assert_eq!(boxed.try_lock().unwrap()(), 5);
}

#[test]
fn who_owns_the_lock_needs_none() {
    let mut lock = Mutex::from(Vec::from([1]));
    lock.get_mut().push(2);
    assert_eq!(format!("{lock:?}"), "Mutex { data: [1, 2] }");
    let guard = lock.try_lock().unwrap();
    assert_eq!(format!("{lock:?}"), "Mutex { data: <locked> }");
    drop(guard);
    assert_eq!(lock.into_inner(), [1, 2]);
    assert_eq!(Mutex::<u8>::default().into_inner(), 0);
}

#[test]
fn a_lock_may_be_static() {
    static LOCK: Mutex<u32> = Mutex::const_new(7);
    *LOCK.try_lock().unwrap() += 1;
    assert_eq!(*LOCK.blocking_lock(), 8);
}

#[test]
fn a_lock_that_was_waited_for_may_be_moved() {
    let lock = Mutex::new(1);
    let guard = lock.try_lock().unwrap();
    let mut waits = Polled::new(lock.lock());
    waits.pends();
    drop(waits);
    drop(guard);
    let moved = Box::new(lock);
    let guard = moved.try_lock().unwrap();
    let mut waits = Polled::new(moved.lock());
    waits.pends();
    drop(guard);
    assert_eq!(*waits.ready(), 1);
}

#[test]
fn a_wait_that_was_leaked_keeps_nothing_but_its_turn() {
    let lock = Mutex::new(1);
    let guard = lock.try_lock().unwrap();
    let mut leaked = Box::pin(lock.lock());
    let mut cx = core::task::Context::from_waker(core::task::Waker::noop());
    assert!(leaked.as_mut().poll(&mut cx).is_pending());
    crate::kit::forget(leaked);
    drop(guard);
    assert!(lock.try_lock().is_err(), "it is the leaked one's turn, for ever");
    let moved = Box::new(lock); // and nothing points to where it was
    assert!(moved.try_lock().is_err());
}

#[test]
fn it_may_be_sent_and_shared_as_its_value() {
    fn is_send<T: Send>(_: &T) {}
    fn is_sync<T: Sync>(_: &T) {}
    let lock = Arc::new(Mutex::new(core::cell::Cell::new(1)));
    is_send(&lock);
    is_sync(&lock);
    is_send(&lock.lock());
    is_send(&lock.clone().lock_owned());
    is_send(&lock.try_lock().unwrap());
    is_send(&lock.clone().try_lock_owned().unwrap());
    let both = Arc::new(Mutex::new(1));
    is_sync(&both.try_lock().unwrap());
    is_sync(&both.clone().try_lock_owned().unwrap());
    is_sync(&MutexGuard::map(both.try_lock().unwrap(), |n| n));
}

#[test]
fn threads_take_turns_and_no_step_is_lost() {
    let lock = Arc::new(Mutex::new(0_u32));
    std::thread::scope(|scope| {
        for _ in 0..4_u32 {
            let lock = lock.clone();
            scope.spawn(move || {
                for _ in 0..500 {
                    let mut guard = lock.blocking_lock();
                    let seen = *guard;
                    std::thread::yield_now();
                    *guard = seen + 1;
                    drop(guard);
                    // And one that gives up, perhaps just when its turn has come.
                    let _ = Polled::new(lock.lock()).poll();
                    *lock.clone().blocking_lock_owned() += 1;
                }
            });
        }
    });
    assert_eq!(*lock.try_lock().unwrap(), 4000);
}
