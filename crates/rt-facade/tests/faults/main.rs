//! Faults, put in one by one: what users' code, the system, the clock and peers can do wrong, and that the
//! runtime goes on, or says so. Which fault is tested where is told in `docs/testing.md`.
//!
//! Tests that take longer than a second are ignored here, and run by `cargo xtask verify faults`.

#[path = "../it/child.rs"]
mod child;
mod given_up;
mod history;
#[cfg(target_os = "linux")]
mod link;
mod memory;
mod panics;
mod peers;
#[path = "../it/slower.rs"]
mod slower;
#[cfg(target_os = "linux")]
mod start_level;
#[path = "../it/support.rs"]
#[allow(dead_code, reason = "these tests need less of it")]
mod support;
#[cfg(target_os = "linux")]
mod system;
#[cfg(target_os = "linux")]
mod work;
