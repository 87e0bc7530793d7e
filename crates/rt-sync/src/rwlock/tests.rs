use alloc::boxed::Box;
use alloc::format;
use alloc::vec::Vec;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::*;
use crate::kit::Polled;

#[test]
fn many_read_or_one_writes() {
    let lock = RwLock::new(1);
    let (one, two) = (lock.try_read().unwrap(), Polled::new(lock.read()).ready());
    let mut writer = Polled::new(lock.write());
    writer.pends();
    assert!(lock.try_read().is_err(), "nobody overtakes the one that writes");
    let mut reader = Polled::new(lock.read());
    reader.pends();
    assert_eq!(*one + *two, 2);
    drop(one);
    writer.pends();
    drop(two);
    let mut writes = writer.ready();
    *writes += 1;
    reader.pends();
    assert!(lock.try_write().is_err());
    drop(writes);
    assert_eq!(*reader.ready(), 2);
    assert!(lock.try_write().is_ok());
}

#[test]
fn those_that_read_together_are_let_in_together() {
    let lock = RwLock::new(());
    let writes = lock.try_write().unwrap();
    let mut readers: Vec<_> = (0..50).map(|_| Polled::new(lock.read())).collect();
    readers.iter_mut().for_each(Polled::pends);
    drop(writes);
    let guards: Vec<_> = readers.iter_mut().map(Polled::ready).collect();
    assert!(lock.try_write().is_err());
    drop(guards);
    assert!(lock.try_write().is_ok());
}

#[test]
fn a_writer_that_gives_up_lets_the_readers_in() {
    let lock = RwLock::new(());
    let reads = lock.try_read().unwrap();
    let mut writer = Polled::new(lock.write());
    let mut reader = Polled::new(lock.read());
    writer.pends();
    reader.pends();
    drop(writer);
    assert_eq!(reader.wakes(), 1);
    drop((reads, reader.ready()));
    assert!(lock.try_write().is_ok());
}

#[test]
fn a_writer_becomes_a_reader_with_nobody_in_between() {
    let lock = RwLock::new(1);
    let mut writes = lock.try_write().unwrap();
    let mut writer = Polled::new(lock.write());
    writer.pends();
    *writes = 2;
    let reads = writes.downgrade();
    assert_eq!(*reads, 2);
    writer.pends();
    drop(reads);
    *writer.ready() = 3;

    let mut reader = Polled::new(lock.read());
    let writes = lock.try_write().unwrap();
    reader.pends();
    let reads = writes.downgrade();
    assert_eq!((*reads, *reader.ready()), (3, 3), "others read, too");
}

#[test]
fn guards_show_parts() {
    let lock = RwLock::new((1, [2, 3]));
    let part = RwLockReadGuard::map(lock.try_read().unwrap(), |value| &value.1);
    let part = RwLockReadGuard::try_map(part, |_| None::<&i32>).unwrap_err();
    let part = RwLockReadGuard::try_map(part, |array| array.first()).unwrap();
    assert_eq!(format!("{part} {part:?}"), "2 2");
    assert!(lock.try_write().is_err());
    drop(part);

    let writes = lock.try_write().unwrap();
    let writes = RwLockWriteGuard::try_map(writes, |_| None::<&mut i32>).unwrap_err();
    let part = RwLockWriteGuard::map(writes, |value| &mut value.1);
    let mut part = RwLockMappedWriteGuard::map(part, |array| &mut array[1]);
    *part = 30;
    let part = RwLockMappedWriteGuard::try_map(part, |_| None::<&mut i32>).unwrap_err();
    assert_eq!(*RwLockMappedWriteGuard::try_map(part, |n| Some(n)).unwrap(), 30);

    let whole = RwLockWriteGuard::into_mapped(lock.try_write().unwrap());
    assert_eq!(whole.1[1], 30);
    drop(whole);
    let writes = lock.try_write().unwrap();
    let writes = RwLockWriteGuard::try_downgrade_map(writes, |_| None::<&i32>).unwrap_err();
    assert!(lock.try_read().is_err(), "it still writes");
    let part = RwLockWriteGuard::downgrade_map(writes, |value| &value.0);
    assert_eq!(*part + lock.try_read().unwrap().0, 2);
    drop(part);
    assert!(lock.try_write().is_ok());
}

#[test]
fn owned_guards_show_parts_and_keep_the_lock() {
    let lock = Arc::new(RwLock::new((1, [2, 3])));
    let reads = Polled::new(lock.clone().read_owned()).ready();
    assert!(Arc::ptr_eq(OwnedRwLockReadGuard::rwlock(&reads), &lock));
    let part = OwnedRwLockReadGuard::map(reads, |value| &value.1);
    let part = OwnedRwLockReadGuard::try_map(part, |_| None::<&i32>).unwrap_err();
    let part = OwnedRwLockReadGuard::try_map(part, |array| array.first()).unwrap();
    assert!(lock.clone().try_write_owned().is_err());
    assert_eq!((*part, Arc::strong_count(&lock)), (2, 2));
    drop(part);

    let writes = Polled::new(lock.clone().write_owned()).ready();
    assert!(Arc::ptr_eq(OwnedRwLockWriteGuard::rwlock(&writes), &lock));
    assert!(lock.clone().try_read_owned().is_err());
    let writes = OwnedRwLockWriteGuard::try_map(writes, |_| None::<&mut i32>).unwrap_err();
    let part = OwnedRwLockWriteGuard::map(writes, |value| &mut value.1);
    assert!(Arc::ptr_eq(OwnedRwLockMappedWriteGuard::rwlock(&part), &lock));
    let mut part = OwnedRwLockMappedWriteGuard::map(part, |array| &mut array[1]);
    *part = 30;
    let part = OwnedRwLockMappedWriteGuard::try_map(part, |_| None::<&mut i32>).unwrap_err();
    drop(OwnedRwLockMappedWriteGuard::try_map(part, |n| Some(n)).unwrap());

    let whole = OwnedRwLockWriteGuard::into_mapped(lock.clone().try_write_owned().unwrap());
    assert_eq!(whole.1[1], 30);
    drop(whole);
    let writes = lock.clone().try_write_owned().unwrap();
    let writes = OwnedRwLockWriteGuard::try_downgrade_map(writes, |_| None::<&i32>).unwrap_err();
    let part = OwnedRwLockWriteGuard::downgrade_map(writes, |value| &value.0);
    assert_eq!(*part + lock.clone().try_read_owned().unwrap().0, 2);
    drop(part);
    assert_eq!(lock.clone().try_write_owned().unwrap().downgrade().0, 1);
    assert_eq!(Arc::strong_count(&lock), 1);
}

#[test]
fn there_are_no_more_readers_than_it_was_told() {
    let lock = RwLock::with_max_readers(0, 2);
    let one = lock.try_read().unwrap();
    let two = lock.try_read().unwrap();
    assert!(lock.try_read().is_err());
    drop(one);
    drop((lock.try_read().unwrap(), two));
    let alone = RwLock::with_max_readers(0, 1);
    let writes = alone.try_write().unwrap().downgrade();
    assert!(alone.try_read().is_err());
    drop(writes);
    assert!(alone.try_write().is_ok());
}

#[test]
fn no_readers_and_too_many_are_refused() {
    for bad in [0, READERS_MAX + 1, u32::MAX] {
        assert!(catch_unwind(|| drop(RwLock::with_max_readers((), bad))).is_err(), "{bad}");
    }
    drop(RwLock::with_max_readers((), READERS_MAX));
}

#[test]
fn a_panic_while_it_is_held_poisons_nothing() {
    let lock = RwLock::new(1);
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        let mut guard = lock.try_write().unwrap();
        *guard = 2;
        panic!("while it is held");
    }));
    assert!(panicked.is_err());
    assert_eq!(*lock.try_read().unwrap(), 2);
}

#[test]
fn who_owns_the_lock_needs_none() {
    let mut lock = RwLock::from(Vec::from([1]));
    lock.get_mut().push(2);
    assert_eq!(format!("{lock:?}"), "RwLock { data: [1, 2] }");
    let guard = lock.try_write().unwrap();
    assert_eq!(format!("{lock:?}"), "RwLock { data: <locked> }");
    drop(guard);
    assert_eq!(lock.into_inner(), [1, 2]);
    assert_eq!(RwLock::<u8>::default().into_inner(), 0);
    let boxed: Box<RwLock<[u8]>> = Box::new(RwLock::new([1, 2]));
    assert_eq!(boxed.try_read().unwrap().len(), 2);
}

#[test]
fn a_lock_may_be_static() {
    static LOCK: RwLock<u32> = RwLock::const_new(7);
    static FEW: RwLock<u32> = RwLock::const_with_max_readers(7, 1);
    *LOCK.blocking_write() += 1;
    assert_eq!(*LOCK.blocking_read() + *FEW.blocking_read(), 15);
}

#[test]
fn it_may_be_sent_and_shared_as_its_value() {
    fn is_send_and_sync<T: Send + Sync>(_: &T) {}
    let lock = Arc::new(RwLock::new(1));
    is_send_and_sync(&lock);
    is_send_and_sync(&lock.read());
    is_send_and_sync(&lock.write());
    is_send_and_sync(&lock.clone().read_owned());
    is_send_and_sync(&lock.clone().write_owned());
    is_send_and_sync(&lock.try_read().unwrap());
    is_send_and_sync(&lock.clone().try_read_owned().unwrap());
    is_send_and_sync(&lock.try_write().unwrap());
    is_send_and_sync(&lock.clone().try_write_owned().unwrap());
    is_send_and_sync(&RwLockWriteGuard::into_mapped(lock.try_write().unwrap()));
}

#[test]
fn threads_that_read_see_no_half_of_a_write() {
    let lock = Arc::new(RwLock::new((0_u32, 0_u32)));
    std::thread::scope(|scope| {
        for n in 0..4_u32 {
            let lock = lock.clone();
            scope.spawn(move || {
                for turn in 0..300 {
                    if (turn + n) % 4 == 0 {
                        let mut writes = lock.blocking_write();
                        writes.0 += 1;
                        std::thread::yield_now();
                        writes.1 += 1;
                        let reads = writes.downgrade();
                        assert_eq!(reads.0, reads.1);
                    } else {
                        let reads = lock.blocking_read();
                        assert_eq!(reads.0, reads.1);
                    }
                    let _ = Polled::new(lock.write()).poll();
                }
            });
        }
    });
    assert_eq!(*lock.try_read().unwrap(), (300, 300));
}
