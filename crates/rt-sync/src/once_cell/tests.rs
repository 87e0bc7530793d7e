use std::format;
use std::future::{Future, poll_fn, ready};
use std::pin::pin;
use std::string::ToString;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::*};
use std::task::Poll;
use std::thread;
use std::vec::Vec;

use crate::kit::{Polled, panic_of};
use crate::{Notify, OnceCell, SetError};

#[test]
fn it_is_set_once() {
    static CELL: OnceCell<u32> = OnceCell::const_new();
    assert_eq!((CELL.get(), CELL.initialized()), (None, false));
    assert_eq!(CELL.set(5), Ok(()));
    let refused = CELL.set(6).unwrap_err();
    assert!(refused.is_already_init_err() && !refused.is_initializing_err());
    assert_eq!(refused.to_string(), "the cell is filled already");
    assert_eq!(CELL.get(), Some(&5));
}

#[test]
fn why_it_is_not_set_is_told() {
    let full = SetError::AlreadyInitializedError(1);
    let being_filled = SetError::InitializingError(1);
    assert!(full.is_already_init_err() && !full.is_initializing_err());
    assert!(!being_filled.is_already_init_err() && being_filled.is_initializing_err());
}

#[test]
fn one_makes_it_and_the_others_wait() {
    let (cell, go) = (OnceCell::new(), Notify::new());
    let mut first = Polled::new(cell.get_or_init(async || {
        go.notified().await;
        1
    }));
    let mut others: Vec<_> =
        (2..50).map(|n| Polled::new(cell.get_or_init(async move || n))).collect();
    first.pends();
    others.iter_mut().for_each(Polled::pends);
    let refused = cell.set(9).unwrap_err();
    assert_eq!(refused, SetError::InitializingError(9));
    assert_eq!(refused.to_string(), "the cell is being filled");
    go.notify_one();
    assert_eq!(*first.ready(), 1);
    assert!(others.iter().all(|other| other.wakes() == 1));
    assert!(others.iter_mut().all(|other| *other.ready() == 1));
    assert_eq!(*Polled::new(cell.get_or_init(async || unreachable!())).ready(), 1);
}

#[test]
fn who_gives_up_lets_the_next_one_try() {
    let cell = OnceCell::new();
    let mut given_up = Polled::new(cell.get_or_init(std::future::pending::<u32>));
    let mut left = Polled::new(cell.get_or_init(|| ready(2)));
    let mut next = Polled::new(cell.get_or_try_init(|| ready(Err("no"))));
    let mut last = Polled::new(cell.get_or_init(|| ready(4)));
    given_up.pends();
    left.pends();
    next.pends();
    last.pends();
    drop(given_up);
    assert!(left.is_woken() && !next.is_woken());
    drop(left); // with its turn
    assert!(next.is_woken() && !last.is_woken());
    assert_eq!(next.ready(), Err("no"));
    assert!(last.is_woken());
    assert_eq!(*last.ready(), 4);
    assert_eq!(Polled::new(cell.get_or_try_init(|| ready(Err("no")))).ready(), Ok(&4));
}

#[test]
fn a_panic_lets_the_next_one_try_at_once() {
    let cell = OnceCell::new();
    let mut in_make =
        Polled::new(cell.get_or_init(|| -> std::future::Ready<u32> { panic!("make") }));
    let mut in_poll =
        Polled::new(cell.get_or_init(|| poll_fn(|_| -> Poll<u32> { panic!("poll") })));
    assert_eq!(panic_of(|| in_make.poll()).as_deref(), Some("make"));
    assert_eq!(panic_of(|| in_poll.poll()).as_deref(), Some("poll"));
    assert_eq!(panic_of(|| in_poll.poll()).as_deref(), Some("polled after it has ended"));
    assert_eq!(*Polled::new(cell.get_or_init(|| ready(3))).ready(), 3);
}

#[test]
fn a_panic_of_the_future_s_end_loses_the_value_only() {
    struct Breaks;
    impl Drop for Breaks {
        fn drop(&mut self) {
            panic!("a drop that breaks");
        }
    }
    let (cell, value) = (OnceCell::new(), Arc::new(()));
    let made = value.clone();
    let breaks = Breaks;
    let mut made = Some(made);
    let mut first = Polled::new(cell.get_or_init(|| {
        poll_fn(move |_| {
            let _breaks = &breaks;
            Poll::Ready(made.take().expect("polled once"))
        })
    }));
    assert_eq!(panic_of(|| first.poll().is_ready()).as_deref(), Some("a drop that breaks"));
    assert_eq!(Arc::strong_count(&value), 1);
    assert!(!cell.initialized());
    Polled::new(cell.get_or_init(|| ready(value.clone()))).ready();
    assert_eq!(Arc::strong_count(&value), 2);
}

#[test]
fn its_value_is_dropped_once() {
    let value = Arc::new(());
    drop(OnceCell::const_new_with(value.clone()));
    let mut cell = OnceCell::new_with(Some(value.clone()));
    assert!(cell.get_mut().is_some());
    assert_eq!(Arc::strong_count(&value), 2);
    assert!(cell.take().is_some() && cell.take().is_none() && cell.get_mut().is_none());
    assert_eq!(Arc::strong_count(&value), 1);
    cell.set(value.clone()).unwrap(); // empty again, it can be filled again
    assert!(cell.set(value.clone()).is_err());
    assert!(cell.into_inner().is_some());
    assert_eq!(Arc::strong_count(&value), 1);
    assert_eq!(OnceCell::<u8>::new().into_inner(), None);
}

#[test]
fn it_is_like_its_value() {
    let cell = OnceCell::from(3);
    assert_eq!(format!("{cell:?}"), "OnceCell { value: Some(3) }");
    assert_eq!(cell.clone(), cell);
    assert_ne!(OnceCell::default(), cell);
    fn shared<T: Send + Sync>(_: &T) {}
    shared(&cell);
    shared(&cell.get_or_init(|| ready(1)));
}

#[test]
fn who_waits_shows_who_makes_it() {
    let cell = OnceCell::new();
    let line = line!() + 1;
    let mut first = Polled::new(cell.get_or_init(std::future::pending::<u32>));
    first.pends();
    assert_eq!(cell.permits.holder.read().map(|held| held.site.line()), Some(line));
    drop(first);
    assert!(cell.permits.holder.read().is_none());
    cell.set(1).unwrap();
    assert!(cell.permits.holder.read().is_none());
}

#[test]
fn of_many_threads_one_makes_it() {
    const ROUNDS: usize = 300;
    for round in 0..ROUNDS {
        let (cell, calls) = (OnceCell::new(), AtomicUsize::new(0));
        thread::scope(|scope| {
            for number in 0..4 {
                let (cell, calls) = (&cell, &calls);
                scope.spawn(move || {
                    let make = || async move {
                        let mut is_second = false;
                        poll_fn(|cx| {
                            cx.waker().wake_by_ref();
                            if std::mem::replace(&mut is_second, true) {
                                Poll::Ready(())
                            } else {
                                Poll::Pending
                            }
                        })
                        .await;
                        calls.fetch_add(1, Relaxed);
                        round
                    };
                    if number == 0 {
                        let mut given_up = pin!(cell.get_or_init(make));
                        let waker = std::task::Waker::noop();
                        let _ = given_up.as_mut().poll(&mut std::task::Context::from_waker(waker));
                        return;
                    }
                    assert_eq!(*rt_task::block_on(cell.get_or_init(make)), round);
                });
            }
        });
        assert_eq!(calls.load(Relaxed), 1);
    }
}
