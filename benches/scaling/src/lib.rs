//! Many processors, played by one thread.
//!
//! The multi-thread scheduler is built with `--cfg rt_sim`: its code and its layout in memory are those
//! of production, but each access to an atomic asks a machine first (`machine.rs`). That one runs a
//! coroutine per worker in the order of a virtual time, charges what each access costs by a model of
//! caches (`memory.rs`), and so tells how the scheduler does on machines that nobody here has. Told to
//! choose at random instead, it looks for orders in which a task is lost (`search.rs`).
//!
//! Built without, the same workloads run on real threads (`real.rs`): what the model says of two workers
//! can be held against that. `cargo xtask scaling` builds and runs both; `docs/scaling.md` reads the figures.
#![allow(clippy::print_stdout, reason = "the output of a program")]

pub mod cost;
#[cfg(rt_sim)]
pub mod machine;
pub mod meet;
#[cfg(rt_sim)]
pub mod memory;
#[cfg(rt_sim)]
pub mod outcome;
#[cfg(rt_sim)]
pub mod play;
#[cfg(not(rt_sim))]
#[path = "play_real.rs"]
pub mod play;
#[cfg(rt_sim)]
mod ranks;
#[cfg(not(rt_sim))]
pub mod real;
#[cfg(rt_sim)]
pub mod search;
pub mod stage;
#[cfg(rt_sim)]
pub mod sweep;
#[cfg(all(test, rt_sim))]
mod tests;
#[cfg(rt_sim)]
pub mod variants;
pub mod work;

#[cfg(not(rt_sim))]
pub use real::command;
#[cfg(rt_sim)]
pub use sweep::command;
