use alloc::boxed::Box;
use alloc::string::ToString;
use alloc::vec::Vec;
use core::task::{Context, Waker};

use super::*;
use crate::{Mutex, RwLock};

fn id(n: usize) -> TaskId {
    TaskId::from_usize(n).unwrap()
}

/// `task` waits for lock `object`, which `holder` holds.
fn wait(task: usize, object: usize, holder: usize) -> LockWait {
    let at = Location::caller();
    let holder = LockHolder { task: Some(id(holder)), since: at, is_alone: true };
    LockWait { task: Some(id(task)), kind: WaitKind::Lock, object, at, holder: Some(holder) }
}

fn found(waits: &[LockWait]) -> Vec<Vec<u64>> {
    let tasks = |circle: Vec<LockWait>| circle.iter().map(|w| w.task.unwrap().as_u64()).collect();
    circles(waits).into_iter().map(tasks).collect()
}

#[test]
fn a_circle_is_found_once_from_wherever_the_search_begins() {
    let (a, b, c) = (wait(1, 10, 2), wait(2, 20, 3), wait(3, 30, 1));
    assert_eq!(found(&[a, b, c]), [[1, 2, 3]]);
    assert_eq!(found(&[c, a, b]), [[1, 2, 3]]);
    let outside = wait(7, 10, 2);
    assert_eq!(found(&[outside, a, b, c]), [[1, 2, 3]]);
    let before = wait(1, 50, 5);
    assert_eq!(found(&[before, wait(5, 60, 6), wait(6, 70, 5)]), [[5, 6]]);
    assert!(found(&[a, b, outside]).is_empty());
}

#[test]
fn who_waits_for_itself_is_a_circle() {
    assert_eq!(found(&[wait(1, 10, 1)]), [[1]]);
}

#[test]
fn two_circles_through_one_task_are_two() {
    // 1 waits for 2 and for 3 at once; both wait for 1.
    let waits = [wait(1, 10, 2), wait(1, 20, 3), wait(2, 30, 1), wait(3, 40, 1)];
    assert_eq!(found(&waits), [[1, 2], [1, 3]]);
}

#[test]
fn a_long_chain_that_does_not_close_is_none() {
    let chain: Vec<_> = (1..500).map(|n| wait(n, n, n + 1)).collect();
    assert!(found(&chain).is_empty());
    let mut closed = chain;
    closed.push(wait(500, 500, 1));
    assert_eq!(found(&closed).len(), 1);
}

#[test]
fn a_wait_outside_of_tasks_is_told_with_both_lines() {
    let lock = Mutex::new(());
    let line = line!() + 1;
    let held = lock.try_lock().unwrap();
    let mut waits = Box::pin(lock.lock());
    assert!(waits.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    let mine = |wait: &LockWait| wait.at.file() == file!() && wait.at.line() == line + 1;
    let seen = lock_waits().into_iter().find(mine).expect("it waits");
    assert_eq!((seen.task(), seen.kind()), (None, WaitKind::Lock));
    let holder = seen.holder().expect("it is held");
    assert_eq!(holder.since().line(), line);
    assert!(holder.is_alone());
    assert!(holder.to_string().contains("held by who is no task since"), "{holder}");
    drop(held);
    let handed = lock_waits().into_iter().find(mine);
    assert!(handed.is_none(), "it waits no more");
    drop(waits);
    assert!(lock.try_lock().is_ok());
}

#[test]
fn of_several_readers_the_last_is_known_and_it_says_so() {
    let lock = RwLock::new(());
    let (one, other) = (lock.try_read().unwrap(), lock.try_read().unwrap());
    let line = line!() + 1;
    let mut waits = Box::pin(lock.write());
    assert!(waits.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    let mine = |wait: &LockWait| wait.at.file() == file!() && wait.at.line() == line;
    let holder = lock_waits().into_iter().find(mine).unwrap().holder().unwrap();
    assert_eq!((holder.since().line(), holder.is_alone()), (line - 2, false));
    drop((one, other));
    assert!(waits.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready());
}
