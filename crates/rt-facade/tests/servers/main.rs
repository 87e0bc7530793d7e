//! The examples `mini_redis` and `static_files` as processes of their own, driven by real clients.
//!
//! `cargo test` builds the examples before it runs this; told which tests to run, it does not, so then
//! `cargo build -p rt-facade --examples` comes first. What needs `/proc`, or a tool, says so in a line where it is
//! missing.
#![cfg(unix)]
#![allow(clippy::print_stdout, reason = "figures and what was skipped are told to a person")]

mod mini_redis;
mod server;
#[path = "../it/slower.rs"]
mod slower;
mod static_files;
mod support;
