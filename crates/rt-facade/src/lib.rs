//! The `rt` runtime: separable parts under one roof.
//!
//! ```
//! use rt_facade::runtime::Runtime;
//! use rt_facade::time::{Duration, sleep, timeout};
//!
//! let runtime = Runtime::new()?;
//! let answer = runtime.block_on(async {
//!     let task = rt_facade::spawn(async {
//!         sleep(Duration::from_millis(10)).await;
//!         42
//!     });
//!     timeout(Duration::from_secs(5), task).await
//! });
//! assert_eq!(answer.unwrap().unwrap(), 42);
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! This crate is thin: it puts the parts together ([`runtime`]) and shows them under the names that users
//! of the model runtime know ([`task`], [`time`], [`net`], [`io`], `process`, [`signal`], [`sync`]). Each part stands alone, too:
//! `rt-task`, `rt-sched-current`, `rt-timer`, `rt-blocking`, `rt-reactor`, `rt-net`, `rt-process`, `rt-signal`, `rt-sync`; and so does [`testing`], `rt-test`.
//!
//! # Features
//! - `net` types always implement `rt-io`'s traits. `futures-io`, `tokio-io` and `hyper` add those of
//!   `futures_io`, `tokio::io` (whose runtime is not started) and `hyper::rt`, and adapters for other types in
//!   `io::compat`.
//! - `hyper` adds the module `hyper` as well: executor and timer.
//! - `hyper-server` adds `hyper::serve`, for axum's `Router` and other `tower` services; `hyper-client` adds
//!   `hyper::HttpConnector`, for the pooled client of `hyper-util`.
//! - `quinn` adds the module `quinn`: QUIC on the runtime.
//! - `tower` adds the module `tower`: a layer that limits the time of a request.
//! - `macros`, on unless switched off, adds `main`, `test`, `select!`, `join!`, `try_join!` and `pin!`.
//! - `bytes` adds reads into `bytes::BufMut`.

#![forbid(unsafe_code)]

mod affinity;
mod builder;
mod compose;
pub mod dump;
mod handle;
mod hooks;
#[cfg(feature = "hyper")]
pub mod hyper;
mod label;
#[cfg(feature = "macros")]
#[doc(hidden)]
pub mod macros;
mod metrics;
mod refused;
mod report;
mod runtimes;
mod scheduler;
mod seed;

/// Files and folders.
pub mod fs {
    #[doc(inline)]
    pub use rt_fs::*;
}
/// Reading and writing: traits and their methods, buffers, copies, streams in memory and the process's own;
/// readiness.
pub mod io {
    #[doc(inline)]
    pub use rt_io::*;
    #[doc(inline)]
    pub use rt_reactor::{Interest, Ready};

    /// Readiness of any descriptor.
    #[cfg(unix)]
    pub mod unix {
        #[doc(inline)]
        pub use rt_reactor::unix::*;
    }
}
/// Sockets.
pub mod net {
    #[doc(inline)]
    pub use rt_net::*;
}
/// Child processes and their pipes.
#[cfg(unix)]
pub mod process {
    #[doc(inline)]
    pub use rt_process::*;
}
#[cfg(feature = "quinn")]
pub mod quinn;
pub mod runtime;
/// Signals: Ctrl-C everywhere, and on Unix every kind that a program can handle.
pub mod signal {
    #[doc(inline)]
    pub use rt_signal::*;
}
pub mod sync;
pub mod task;
pub mod testing;
#[cfg(feature = "tower")]
pub mod tower;
/// Time: sleeping, timeouts, intervals, and a clock that tests can stop.
pub mod time {
    #[doc(inline)]
    pub use rt_timer::*;
}

#[doc(inline)]
pub use rt_task::task_local;
#[doc(inline)]
pub use task::spawn;

#[cfg(feature = "macros")]
mod entry;
#[cfg(feature = "macros")]
pub use entry::{main, test};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
