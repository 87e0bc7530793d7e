//! Our scheduler for many threads.

use super::shape;

shape::subject! {
    /// Our scheduler for many threads.
    RtMulti, "rt-multi", "rt-facade", Multi, rt_facade,
    workers => rt_facade::runtime::Builder::new_multi_thread().worker_threads(workers)
}
