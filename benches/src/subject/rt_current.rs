//! Our scheduler for one thread.

use super::shape;

shape::subject! {
    /// Our scheduler for one thread.
    RtCurrent, "rt-current", Current, rt_facade,
    _ => rt_facade::runtime::Builder::new_current_thread()
}

shape::sockets!(rt_facade);
