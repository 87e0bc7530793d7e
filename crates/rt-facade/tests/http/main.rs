//! The main job, on real input: the example `http_hello` as a process of its own, driven by real clients.
//!
//! `cargo test` builds the example before it runs this; told which tests to run, it does not, so then
//! `cargo build -p rt-facade --examples` comes first. The clients are `hyper` on the runtime, raw
//! sockets of the runtime, and curl where it is installed. One test at a time has the machine, so that
//! what is measured is the server; `cargo test -p rt-facade --test http -- --nocapture` prints the figures.
//! What needs `/proc` or a high limit of descriptors says so in a line where it is missing.
#![cfg(unix)]
#![allow(clippy::print_stdout, reason = "figures and what was skipped are told to a person")]

mod bodies;
mod client;
mod curl;
mod ending;
mod figures;
mod idle_connections;
mod level;
mod many_requests;
mod out_of_descriptors;
mod pattern;
mod process;
mod resets;
mod server;
mod slow_clients;
#[path = "../it/slower.rs"]
mod slower;
mod support;
