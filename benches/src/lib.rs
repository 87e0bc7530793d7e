//! Workloads, written once, run on this runtime and on its peers.
//!
//! A workload asks of a runtime only what [`subject::Subject`] has, so that every runtime is
//! given the same source. `bin/op` runs one operation a number of times and says what it cost;
//! `bin/sync` does so with channels and locks, ours and tokio's, on either runtime, and `bin/io` with
//! what reads and writes; `bin/serve` and `bin/load` are two ends of a socket; `bin/sizes` tells the bytes of types.
//! The commands `count`, `bench` and `size` of `cargo xtask` drive them.

pub mod alloc;
mod epoll;
pub mod floor;
pub mod gate;
pub mod io;
pub mod latency;
pub mod load;
pub mod marks;
pub mod meter;
pub mod op;
pub mod pairing;
pub mod serve;
pub mod subject;
pub mod swap;
pub mod sync;
pub mod words;
