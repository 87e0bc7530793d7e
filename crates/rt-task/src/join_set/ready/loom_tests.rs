//! The Claim of ended members, over every interleaving.

use super::*;
use crate::base::park::ThreadPark;
use crate::base::shim::{model, thread};

/// What a member leaves behind: read by who takes it.
struct Left(UnsafeCell<bool>);

// SAFETY: written before the member's wake, read after it was popped (Claim).
unsafe impl Send for Left {}
// SAFETY: as above.
unsafe impl Sync for Left {}

impl Left {
    fn leave(&self) {
        // SAFETY: nobody reads before the wake that follows.
        self.0.with_mut(|left| unsafe { *left = true });
    }

    fn is_left(&self) -> bool {
        // SAFETY: the member was popped, so its wake came before.
        self.0.with(|left| unsafe { *left })
    }
}

#[test]
fn every_end_is_told() {
    model(|| {
        let mut ready = Ready::new();
        let left = Arc::new([Left(UnsafeCell::new(false)), Left(UnsafeCell::new(false))]);
        let members: Vec<_> = (0..2)
            .map(|n| {
                let member = ready.reserve();
                assert_eq!(member.index(), n);
                let (waker, left) = (ready.waker(member), left.clone());
                thread::spawn(move || {
                    left[n].leave();
                    waker.wake();
                })
            })
            .collect();
        let park = ThreadPark::new();
        let waker = park.unparker().into_waker();
        let mut told = [false; 2];
        while told != [true; 2] {
            match ready.pop() {
                Some(member) => {
                    assert!(left[member.index()].is_left());
                    assert!(!core::mem::replace(&mut told[member.index()], true), "told once");
                    ready.release(member);
                }
                None if ready.wait(&waker) => {}
                None => park.park(),
            }
        }
        members.into_iter().for_each(|member| member.join().unwrap());
    });
}

#[test]
fn a_set_may_go_while_members_end() {
    model(|| {
        let mut ready = Ready::new();
        let (ends, dropped) = (ready.reserve(), ready.reserve());
        let (ends, dropped) = (ready.waker(ends), ready.waker(dropped));
        let member = thread::spawn(move || ends.wake());
        let _ = ready.pop();
        drop(ready);
        drop(dropped);
        member.join().unwrap();
    });
}
