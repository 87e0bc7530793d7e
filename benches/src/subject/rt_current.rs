//! Our scheduler for one thread.

use std::convert;

use super::shape;

shape::subject! {
    /// Our scheduler for one thread.
    RtCurrent, "rt-current", "rt-facade", Current, rt_facade,
    _ => rt_facade::runtime::Builder::new_current_thread()
}

shape::sockets!(rt_facade, hyper: convert::identity);
