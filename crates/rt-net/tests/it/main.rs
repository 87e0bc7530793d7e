//! The sockets on a reactor, without any runtime: the promises that rt-net makes.

#[cfg(feature = "bytes")]
mod bytes;
mod drive;
#[cfg(unix)]
mod exhausted;
mod options;
mod stream;
mod tcp;
mod traits;
mod udp;
mod waiting;
