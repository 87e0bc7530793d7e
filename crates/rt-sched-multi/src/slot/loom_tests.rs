//! The Claim of the slot, over every interleaving.

use std::future::poll_fn;
use std::task::Poll;

use rt_task::base::shim::{Arc, UnsafeCell, thread};
use rt_task::{JoinHandle, Ran, Why};

use super::*;
use crate::models::both_ways;

/// Nothing is woken here.
#[derive(Clone, Copy)]
struct Nowhere;

impl Schedule for Nowhere {
    fn schedule(&self, _runnable: Runnable<Self>, _why: Why) {
        unreachable!("nobody wakes")
    }
}

/// What came before a task was put there, which its poll looks at.
struct Before(UnsafeCell<u32>);

// SAFETY: the models find out whether an access is not alone.
unsafe impl Sync for Before {}
// SAFETY: as above.
unsafe impl Send for Before {}

/// A task that ends in its first poll, and looks at what came before.
fn task() -> (Runnable<Nowhere>, JoinHandle<u32>, Arc<Before>) {
    let before = Arc::new(Before(UnsafeCell::new(0)));
    let seen = before.clone();
    // SAFETY: that the writer is done by then is what the model is to find out.
    let look = poll_fn(move |_| Poll::Ready(seen.0.with(|seen| unsafe { *seen })));
    let (runnable, handle) = rt_task::spawn(look, Nowhere);
    (runnable, handle, before)
}

fn write(before: &Before) {
    // SAFETY: the task is not put anywhere yet.
    before.0.with_mut(|before| unsafe { *before = 1 });
}

/// Runs what was taken; tells how many.
fn run(taken: Option<Runnable<Nowhere>>) -> usize {
    taken.map_or(0, |task| {
        assert!(matches!(task.run(), Ran::Done));
        1
    })
}

fn is_over(handle: JoinHandle<u32>) {
    assert!(handle.is_finished());
    let sum = rt_task::block_on(handle);
    assert_eq!(sum.unwrap(), 1, "its poll saw what came before it was put there");
}

/// The worker puts two and takes one, while two others take.
#[test]
fn one_taker() {
    both_ways(|turn| {
        let slot = Arc::new(Slot::new());
        let rescuers = [(); 2].map(|()| {
            let slot = slot.clone();
            thread::spawn(move || run(slot.take()))
        });
        turn();
        let (first, first_handle, before_first) = task();
        let (second, second_handle, before_second) = task();
        write(&before_first);
        let mut ran = run(slot.put(first));
        assert_eq!(ran, 0, "it was empty");
        write(&before_second);
        ran += run(slot.put(second));
        ran += run(slot.take());
        for rescuer in rescuers {
            ran += rescuer.join().unwrap();
        }
        ran += run(slot.take());
        assert!(slot.is_empty());
        assert_eq!(ran, 2);
        is_over(first_handle);
        is_over(second_handle);
    });
}

/// A rescued task is put again by the worker, while a second rescuer still looks at it.
#[test]
fn one_taker_of_a_task_that_comes_back() {
    both_ways(|turn| {
        let slot = Arc::new(Slot::new());
        let (only, handle, before) = task();
        write(&before);
        assert!(slot.put(only).is_none());
        let rescuer = {
            let slot = slot.clone();
            thread::spawn(move || run(slot.take()))
        };
        turn();
        let mut ran = 0;
        if let Some(back) = slot.take() {
            assert!(slot.put(back).is_none(), "an empty slot stays empty");
            ran += run(slot.take());
        }
        ran += rescuer.join().unwrap();
        assert_eq!(ran, 1);
        is_over(handle);
    });
}

/// Dropped instead of run: a shutdown takes what is there.
#[test]
fn one_taker_at_the_end() {
    both_ways(|turn| {
        let slot = Arc::new(Slot::new());
        let (only, handle, before) = task();
        write(&before);
        assert!(slot.put(only).is_none());
        let others = [(); 2].map(|()| {
            let slot = slot.clone();
            thread::spawn(move || slot.take().is_some())
        });
        turn();
        let mut taken = usize::from(slot.take().is_some());
        for other in others {
            taken += usize::from(other.join().unwrap());
        }
        assert_eq!(taken, 1);
        assert!(handle.is_finished());
    });
}
