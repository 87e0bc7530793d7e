//! The example `mini_redis` as a process of its own, driven by real clients: the `redis` crate over the runtime's
//! sockets, `redis-cli` and `redis-benchmark` where they are installed, and raw bytes.
//!
//! `cargo test` builds the example before it runs this; told which tests to run, it does not, so then
//! `cargo build -p rt-facade --examples` comes first. What needs `/proc` says so in a line where it is missing.
#![cfg(unix)]
#![allow(clippy::print_stdout, reason = "figures and what was skipped are told to a person")]

mod client;
mod commands;
mod ending;
mod expiry;
mod malformed;
mod memory;
mod server;
mod storm;
mod subscribers;
mod support;
mod tools;
