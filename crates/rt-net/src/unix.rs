//! What only Unix has: sockets with a place in the file system, or with none, and pipes.
//!
//! A path that begins with a zero byte names a socket of Linux's abstract namespace, which is no
//! file.

mod addr;
mod credentials;
mod datagram;
mod listener;
pub mod pipe;
mod socket;
mod split;
mod stream;

pub use addr::SocketAddr;
pub use credentials::{UCred, gid_t, pid_t, uid_t};
pub use datagram::UnixDatagram;
pub use listener::UnixListener;
pub use socket::UnixSocket;
pub use split::{OwnedReadHalf, OwnedWriteHalf, ReadHalf, ReuniteError, WriteHalf};
pub use stream::UnixStream;
