//! Single parts beside their models: each takes bytes, and panics if the part does what the model does not.
//!
//! On one thread: what happens in which order is in the bytes. For a fuzzer; their corpora are run by a test, too.

mod io;
mod reactor;
mod sync;
mod task;
mod timers;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::task::Wake;

pub use io::run as io;
pub use reactor::run as reactor;
pub use sync::run as sync;
pub use task::run as task;
pub use timers::run as timers;

/// Counts its wakes.
#[derive(Default)]
struct Woken(AtomicUsize);

impl Woken {
    fn count(&self) -> usize {
        self.0.load(Relaxed)
    }
}

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use crate::bytes;

    #[test]
    fn every_part_does_what_its_model_does() {
        for seed in 0..200 {
            let bytes = bytes(seed);
            super::task(&bytes);
            super::timers(&bytes);
            super::sync(&bytes);
            super::io(&bytes);
            super::reactor(&bytes);
        }
    }
}
