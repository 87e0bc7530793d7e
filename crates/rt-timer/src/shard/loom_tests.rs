//! The Claim about waiting, over every interleaving.

use std::pin::Pin;
use std::ptr;
use std::sync::Arc;
use std::task::Waker;

use rt_task::base::park::ThreadPark;
use rt_task::base::seam::Unpark;
use rt_task::base::shim::{model, thread};

use super::*;
use crate::group::Stamp;
use crate::moment::{Moment, Phase};
use crate::node::Node;
use crate::pool;

const START: u64 = 1000;

fn moment(tick: u64) -> Moment {
    Phase::default().moment(tick)
}

fn armed(stamp: Stamp, tick: u64) -> Pin<Box<Node>> {
    let mut node = Box::pin(Node::new(stamp, moment(tick), false));
    assert!(node.as_mut().poll(Waker::noop()).is_pending());
    node
}

/// A driver without a scheduler, whose thread is called back through `park`.
fn open(park: &ThreadPark) -> Stamp {
    let stamp = pool::take(1).open(moment(START), false);
    let unparker = park.unparker();
    let call: Call = Arc::new(move || unparker.unpark());
    stamp.set_owner(ptr::null(), &call);
    stamp
}

/// Waits as a driver's thread does; in a model, no timeout ever ends the wait.
fn wait_for(stamp: Stamp, park: &ThreadPark, tick: u64) {
    while stamp.group.next_at_home() != Some(tick) {
        park.park();
    }
}

#[test]
fn no_timer_is_missed() {
    model(|| {
        let park = ThreadPark::new();
        let stamp = open(&park);
        let other = thread::spawn(move || armed(stamp, START + 5));
        wait_for(stamp, &park, START + 5);
        drop(other.join().unwrap());
        stamp.group.close();
    });
}

#[test]
fn an_earlier_timer_calls_back() {
    model(|| {
        let park = ThreadPark::new();
        let stamp = open(&park);
        let _later = armed(stamp, START + 9);
        assert_eq!(stamp.group.next_at_home(), Some(START + 9));
        let others = [5, 3].map(|ahead| thread::spawn(move || armed(stamp, START + ahead)));
        wait_for(stamp, &park, START + 3);
        let _armed = others.map(|other| other.join().unwrap());
        assert_eq!(stamp.group.next_at_home(), Some(START + 3));
        stamp.group.close();
    });
}

#[test]
fn a_removal_does_not_swallow_the_call() {
    model(|| {
        let park = ThreadPark::new();
        let stamp = open(&park);
        let first = armed(stamp, START + 9);
        let other = thread::spawn(move || {
            drop(first);
            armed(stamp, START + 5)
        });
        wait_for(stamp, &park, START + 5);
        drop(other.join().unwrap());
        stamp.group.close();
    });
}

#[test]
fn a_reset_to_earlier_calls_back() {
    model(|| {
        let park = ThreadPark::new();
        let stamp = open(&park);
        let mut node = armed(stamp, START + 9);
        let other = thread::spawn(move || {
            node.as_mut().reset(moment(START + 5));
            node
        });
        wait_for(stamp, &park, START + 5);
        drop(other.join().unwrap());
        stamp.group.close();
    });
}
