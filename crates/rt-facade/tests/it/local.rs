//! Tasks that stay on their thread: in a set, and in a local runtime.

mod runtime;
mod set;
mod set_drops;
mod situations;
mod wakes;
