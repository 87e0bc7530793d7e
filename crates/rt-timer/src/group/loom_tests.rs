//! The Claim about the shared wait, over every interleaving.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::task::Waker;

use rt_task::base::driver::WakeBatch;
use rt_task::base::park::ThreadPark;
use rt_task::base::seam::Unpark;
use rt_task::base::shim::{model, thread};

use super::*;
use crate::moment::Phase;
use crate::node::Node;
use crate::pool;

const START: u64 = 1000;
/// What no test waits for.
const LATE: u64 = START + 60;

fn moment(tick: u64) -> Moment {
    Phase::default().moment(tick)
}

/// A driver of two workers, and how its thread waits.
struct Rig {
    stamp: Stamp,
    park: ThreadPark,
    /// Not modelled: it orders nothing between threads.
    calls: Arc<AtomicUsize>,
}

impl Rig {
    fn new() -> Self {
        let park = ThreadPark::new();
        let stamp = pool::take(2).open(moment(START), true);
        let calls = Arc::<AtomicUsize>::default();
        let (unparker, count) = (park.unparker(), calls.clone());
        let call: Call = Arc::new(move || {
            count.fetch_add(1, Relaxed);
            unparker.unpark();
        });
        stamp.set_owner(ptr::null(), &call);
        Self { stamp, park, calls }
    }

    /// Waits as a driver's thread does until `tick` is what it waits for, and is the earliest. In a model
    /// no timeout ever ends a wait: a timer that is missed is a deadlock.
    fn wait_for(&self, tick: u64) {
        let group = self.stamp.group;
        while group.before_wait(None) != Some(tick) {
            self.park.park();
            group.after_wait();
        }
        group.after_wait();
    }

    /// What another thread does, in the shard `shard`.
    fn spawn<R: 'static>(&self, f: impl FnOnce(Stamp) -> R + 'static) -> thread::JoinHandle<R> {
        let stamp = self.stamp;
        thread::spawn(move || f(stamp))
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        self.stamp.group.close();
    }
}

/// A timer that is armed in a shard of its own choice: models have no scheduler.
fn armed(stamp: Stamp, shard: u16, tick: u64) -> Pin<Box<Node>> {
    let mut node = Box::pin(Node::new(stamp, moment(tick), false));
    assert!(node.as_mut().poll_in(shard, Waker::noop()).is_pending());
    node
}

#[test]
fn no_timer_is_missed_by_whoever_waits() {
    model(|| {
        let rig = Rig::new();
        let other = rig.spawn(|stamp| armed(stamp, 1, START + 5));
        rig.wait_for(START + 5);
        drop(other.join().unwrap());
    });
}

#[test]
fn two_arm_on_two_shards() {
    model(|| {
        let rig = Rig::new();
        let later = rig.spawn(|stamp| armed(stamp, 0, START + 5));
        let earlier = rig.spawn(|stamp| armed(stamp, 1, START + 3));
        rig.wait_for(START + 3);
        let _armed = [later, earlier].map(|other| other.join().unwrap());
        assert_eq!(rig.stamp.group.before_wait(None), Some(START + 3));
    });
}

#[test]
fn a_call_to_the_wait_before_hides_nothing() {
    model(|| {
        let rig = Rig::new();
        let group = rig.stamp.group;
        // A wait that ends by itself, as by an event, while somebody may be about to call.
        group.before_wait(Some(START + 50));
        let first = rig.spawn(|stamp| armed(stamp, 0, START + 5));
        let second = rig.spawn(|stamp| armed(stamp, 1, START + 3));
        group.after_wait();
        rig.wait_for(START + 3);
        let _armed = [first, second].map(|other| other.join().unwrap());
    });
}

#[test]
fn a_removal_hides_nothing() {
    model(|| {
        let rig = Rig::new();
        let first = armed(rig.stamp, 1, START + 9);
        let other = rig.spawn(move |stamp| {
            drop(first);
            armed(stamp, 1, START + 5)
        });
        rig.wait_for(START + 5);
        drop(other.join().unwrap());
    });
}

#[test]
fn an_advance_that_was_left_midway_hides_nothing() {
    model(|| {
        let rig = Rig::new();
        let early = armed(rig.stamp, 1, START + 2);
        let late = armed(rig.stamp, 1, LATE);
        // Another thread advances, and has no room for the next when it comes to publish.
        let mut out = Full(1);
        let turn = Turn { generation: rig.stamp.generation, now: START + 2, at_home: false };
        assert!(!rig.stamp.group.shard(1).advance_some(turn, &mut out));
        assert_eq!(rig.stamp.group.shard(1).published(), START + 2, "out of date");
        let other = rig.spawn(|stamp| armed(stamp, 1, START + 5));
        rig.wait_for(START + 5);
        drop((other.join().unwrap(), early, late));
    });
}

/// Has room for so many.
struct Full(usize);

impl Wakes for Full {
    fn push(&mut self, _waker: Waker) {
        self.0 -= 1;
    }
    fn is_full(&self) -> bool {
        self.0 == 0
    }
    fn wake_all(&mut self) {}
}

#[test]
fn a_reset_to_earlier_calls() {
    model(|| {
        let rig = Rig::new();
        let mut node = armed(rig.stamp, 1, LATE);
        let other = rig.spawn(move |_| {
            node.as_mut().reset(moment(START + 5));
            node
        });
        rig.wait_for(START + 5);
        drop(other.join().unwrap());
    });
}

/// Whoever turns the driver next relies on nothing that the one before has told.
#[test]
fn the_driver_moves_on() {
    model(|| {
        let rig = Rig::new();
        let group = rig.stamp.group;
        let waited = thread::spawn(move || {
            group.before_wait(Some(START + 1));
            group.after_wait();
        });
        let armed = rig.spawn(|stamp| armed(stamp, 1, START + 5));
        waited.join().unwrap(); // the driver's slot orders
        rig.wait_for(START + 5);
        drop(armed.join().unwrap());
    });
}

#[test]
fn one_wait_is_called_once_and_nobody_is_called_for_nothing() {
    model(|| {
        let rig = Rig::new();
        let group = rig.stamp.group;
        drop(armed(rig.stamp, 0, START + 5));
        assert_eq!(rig.calls.load(Relaxed), 0, "nobody waits");
        let _waited_for = armed(rig.stamp, 0, START + 9);
        group.before_wait(None);
        let later = rig.spawn(|stamp| {
            drop(armed(stamp, 1, START + 9));
            drop(armed(stamp, 1, START + 20));
        });
        later.join().unwrap();
        assert_eq!(rig.calls.load(Relaxed), 0, "later than what is waited for");
        let earlier = [3, 5].map(|ahead| {
            rig.spawn(move |stamp| {
                drop(armed(stamp, 1, START + ahead));
                drop(armed(stamp, 1, START + ahead));
            })
        });
        let _ = earlier.map(|other| other.join().unwrap());
        let calls = rig.calls.load(Relaxed);
        assert_eq!(calls, 1, "on one shard, its lock tells who comes first");
        group.after_wait();
    });
}

#[test]
fn fire_against_drop_on_another_shard() {
    model(|| {
        let rig = Rig::new();
        let here = armed(rig.stamp, 0, START + 1);
        let there = armed(rig.stamp, 1, START + 1);
        let other = rig.spawn(move |_| drop(there));
        let mut out = WakeBatch::new();
        rig.stamp.advance_due(START + 1, &mut out);
        out.wake_all();
        other.join().unwrap();
        assert!(here.is_fired());
        assert_eq!(rig.stamp.armed(), 0);
    });
}

#[test]
fn close_against_drop_and_arm_on_other_shards() {
    model(|| {
        let stamp = pool::take(2).open(moment(START), true);
        let node = armed(stamp, 1, START + 1);
        let dropping = thread::spawn(move || drop(node));
        let arming = thread::spawn(move || {
            let mut node = Box::pin(Node::new(stamp, moment(START + 1), false));
            let _ = node.as_mut().poll_in(0, Waker::noop());
            node
        });
        stamp.group.close();
        dropping.join().unwrap();
        let node = arming.join().unwrap();
        assert!(!node.is_fired());
        assert_eq!(stamp.group.open(moment(START), true).armed(), 0);
    });
}
