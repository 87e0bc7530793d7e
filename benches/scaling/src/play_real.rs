//! What a workload tells the simulation: nothing, on real threads; work is done.

use std::future::Future;
use std::hint::black_box;
use std::task::Waker;

use rt_task::base::clock::Monotonic;
use rt_task::base::seam::Clock;

/// The code of the workload takes as long as it takes.
pub fn spend(_ns: f64) {}

/// Works for so long.
pub fn work(ns: f64) {
    let clock = Monotonic::new();
    while (black_box(clock.now().0) as f64) < ns {}
}

/// The task of that waker is about to be woken.
pub fn ready(_waker: &Waker) {}

/// Steps are counted from here on.
pub fn steps_of(_tasks: usize) {}

/// Another step.
pub fn step(_place: usize, _of: u64) {}

/// The future as it is.
pub fn played<F: Future + Send + 'static>(future: F) -> F {
    future
}
