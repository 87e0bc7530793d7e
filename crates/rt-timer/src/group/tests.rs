//! Whose turn it is in the middle of an advance.

use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, LazyLock};
use std::task::Waker;

use rt_task::base::driver::WakeBatch;

use super::*;
use crate::node::Node;
use crate::pool;
use crate::shard::GENERATION_MAX;

/// Some ticks before a slot of the second level begins.
const START: u64 = 1000;
const SLOT: u64 = 1024;

#[test]
fn a_removal_in_the_middle_of_an_advance_swallows_no_call() {
    let moment = |tick| Phase::default().moment(tick);
    let stamp = pool::take(2).open(moment(START), true);
    let calls = Arc::<AtomicUsize>::default();
    let count = calls.clone();
    let call: Call = Arc::new(move || _ = count.fetch_add(1, Relaxed));
    stamp.set_owner(ptr::null(), &call);
    let armed = |tick| {
        let mut node = Box::pin(Node::new(stamp, moment(tick), false));
        assert!(node.as_mut().poll(Waker::noop()).is_pending());
        node
    };
    let first = armed(SLOT + 6);
    let _others = [7, 8, 9, 10, 11].map(|ahead| armed(SLOT + ahead));
    assert_eq!(stamp.group.before_wait(None), Some(SLOT + 6));
    // Another thread advances, and lets go of the lock before all of the slot have moved down.
    let turn = Turn { generation: stamp.generation, now: SLOT, at_home: false };
    assert!(!stamp.group.shard(0).advance_some(turn, &mut WakeBatch::new()));
    drop(first);
    let _earlier = armed(SLOT + 3);
    assert_eq!(calls.load(Relaxed), 1);
    assert!(stamp.group.close());
    pool::give(stamp.group);
}

#[test]
fn a_shard_rests_for_good_after_its_last_generation() {
    static GROUP: LazyLock<Group> = LazyLock::new(|| Group::new(1));
    let mut ended = 0;
    loop {
        let stamp = GROUP.open(Phase::default().moment(START), false);
        assert_eq!(stamp.generation, ended, "no two drivers have the same");
        ended += 1;
        if !GROUP.close() {
            break;
        }
    }
    assert_eq!(ended, GENERATION_MAX + 1);
}
