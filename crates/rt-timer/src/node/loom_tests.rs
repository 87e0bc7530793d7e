//! The Claims of a timer's node, over every interleaving.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::task::Wake;

use rt_task::base::driver::WakeBatch;
use rt_task::base::seam::Wakes;
use rt_task::base::shim::{model, thread};

use super::*;
use crate::moment::{Moment, Phase};
use crate::pool;

const START: u64 = 1000;

fn moment(tick: u64) -> Moment {
    Phase::default().moment(tick)
}

fn open() -> Stamp {
    pool::take(1).open(moment(START), false)
}

/// Counts its wakes. Not modelled: it orders nothing between threads.
#[derive(Default)]
struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Relaxed);
    }
}

impl Count {
    fn new() -> (Arc<Self>, Waker) {
        let count = Arc::<Self>::default();
        (count.clone(), count.into())
    }

    fn woken(&self) -> usize {
        self.0.load(Relaxed)
    }
}

fn armed(stamp: Stamp, tick: u64, waker: &Waker) -> Pin<Box<Node>> {
    let mut node = Box::pin(Node::new(stamp, moment(tick), false));
    assert!(node.as_mut().poll(waker).is_pending());
    node
}

fn advance(stamp: Stamp, tick: u64) {
    let mut out = WakeBatch::new();
    stamp.advance(tick, true, &mut out);
    out.wake_all();
}

fn is_ready(node: &mut Pin<Box<Node>>, waker: &Waker) -> bool {
    node.as_mut().poll(waker).map(Result::unwrap).is_ready()
}

#[test]
fn fire_against_drop() {
    model(|| {
        let stamp = open();
        let (_, waker) = Count::new();
        let node = armed(stamp, START + 1, &waker);
        let driver = thread::spawn(move || advance(stamp, START + 1));
        drop(node);
        driver.join().unwrap();
        assert_eq!(stamp.armed(), 0);
    });
}

#[test]
fn neighbours_fire_and_are_dropped() {
    model(|| {
        let stamp = open();
        let (woken, waker) = Count::new();
        let mut first = armed(stamp, START + 1, &waker);
        let second = armed(stamp, START + 1, &waker);
        let mut third = armed(stamp, START + 2, &waker);
        let driver = thread::spawn(move || advance(stamp, START + 2));
        drop(second);
        driver.join().unwrap();
        assert_eq!(stamp.armed(), 0);
        assert!(is_ready(&mut first, &waker) && is_ready(&mut third, &waker));
        assert!(woken.woken() >= 2);
    });
}

#[test]
fn fire_against_reset() {
    model(|| {
        let stamp = open();
        let (woken, waker) = Count::new();
        let mut node = armed(stamp, START + 1, &waker);
        let driver = thread::spawn(move || advance(stamp, START + 1));
        node.as_mut().reset(moment(START + 5));
        driver.join().unwrap();
        assert!(!node.is_fired(), "reset, and fired for the old deadline");
        assert!(!is_ready(&mut node, &waker));
        assert_eq!(stamp.armed(), 1);
        let before = woken.woken();
        advance(stamp, START + 4);
        assert_eq!(woken.woken(), before);
        advance(stamp, START + 5);
        assert_eq!(woken.woken(), before + 1);
        assert!(is_ready(&mut node, &waker));
    });
}

#[test]
fn the_deadline_is_told_while_the_entry_moves() {
    // In a slot of the second level, which begins at a multiple of 64.
    const SLOT: u64 = 1024;
    model(|| {
        let stamp = open();
        let (_, waker) = Count::new();
        let node = armed(stamp, SLOT + 6, &waker);
        let driver = thread::spawn(move || advance(stamp, SLOT));
        assert_eq!(node.deadline(), moment(SLOT + 6));
        driver.join().unwrap();
    });
}

#[test]
fn what_has_fired_is_armed_anew() {
    model(|| {
        let stamp = open();
        let (_, waker) = Count::new();
        let mut node = armed(stamp, START + 1, &waker);
        let driver = thread::spawn(move || advance(stamp, START + 1));
        if node.as_mut().poll(&waker).is_ready() {
            // The driver may still hold the lock, and must not touch the node.
            node.as_mut().reset(moment(START + 2));
            assert!(!is_ready(&mut node, &waker));
        }
        driver.join().unwrap();
        advance(stamp, START + 2);
        assert!(is_ready(&mut node, &waker));
    });
}

#[test]
fn another_waker_against_fire() {
    model(|| {
        let stamp = open();
        let (old, old_waker) = Count::new();
        let (new, new_waker) = Count::new();
        let mut node = armed(stamp, START + 1, &old_waker);
        let driver = thread::spawn(move || advance(stamp, START + 1));
        let pending = node.as_mut().poll(&new_waker).is_pending();
        driver.join().unwrap();
        assert_eq!(old.woken() + new.woken(), 1, "one waker is woken, once");
        assert!(!pending || new.woken() == 1, "the last waker counts");
    });
}

#[test]
fn close_against_drop() {
    model(|| {
        let stamp = open();
        let (_, waker) = Count::new();
        let node = armed(stamp, START + 1, &waker);
        let driver = thread::spawn(move || stamp.group.close());
        drop(node);
        driver.join().unwrap();
        assert_eq!(stamp.group.open(moment(START), false).armed(), 0);
    });
}

#[test]
fn close_against_poll() {
    model(|| {
        let stamp = open();
        let (woken, waker) = Count::new();
        let mut node = Box::pin(Node::new(stamp, moment(START + 1), false));
        let driver = thread::spawn(move || stamp.group.close());
        let polled = node.as_mut().poll(&waker);
        driver.join().unwrap();
        match polled {
            Poll::Ready(Err(Closed)) => {}
            Poll::Ready(Ok(())) => panic!("fired before its time"),
            // Armed in time: told of the end.
            Poll::Pending => assert_eq!(woken.woken(), 1),
        }
        // The shard's next driver has nothing to do with the timer, nor the timer with it.
        let next = stamp.group.open(moment(START), false);
        assert!(matches!(node.as_mut().poll(&waker), Poll::Ready(Err(Closed))));
        assert_eq!(next.armed(), 0);
    });
}
