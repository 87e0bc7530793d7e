//! What only a process of its own can show: each test here runs itself again as a child.

#[cfg(target_os = "linux")]
mod child;
#[cfg(target_os = "linux")]
mod no_threads;
#[cfg(target_os = "linux")]
mod threads_gone;
