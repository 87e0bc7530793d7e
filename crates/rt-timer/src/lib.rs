//! Deadlines to wakers: a hierarchical timing wheel, sleeps, timeouts and intervals.
