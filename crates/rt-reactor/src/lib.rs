//! Readiness to wakers, on mio.
