//! The sockets on a reactor, without any runtime: the promises that rt-net makes.

mod drive;
#[cfg(unix)]
mod exhausted;
mod options;
mod stream;
mod tcp;
mod traits;
mod udp;
mod waiting;
