//! Sets of tasks, awaited in the order in which they end.

mod ends;
mod spawning;
