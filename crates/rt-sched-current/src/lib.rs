//! The single-thread scheduler of the rt runtime, for Send tasks and for tasks that never move.
