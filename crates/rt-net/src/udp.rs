//! UDP: datagrams, whole or not at all.
//!
//! Every operation comes in three forms: a future, for any number of tasks; `poll_*`, for one
//! task in each direction (of those that poll, the last is woken); and `try_*`, which never waits.

mod options;
#[cfg(any(target_os = "linux", target_os = "android"))]
mod options_linux;
mod peek;
mod recv;
#[cfg(feature = "bytes")]
mod recv_buf;
mod send;
mod socket;

pub use send::{SendTo, UdpConnect};
pub use socket::UdpSocket;
