//! Stopping the clock, seen from a task.
