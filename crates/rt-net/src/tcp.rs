//! TCP: a listener that accepts streams, and streams that are read and written.

mod connect;
mod listener;
mod peek;
#[cfg(any(target_os = "linux", target_os = "android"))]
mod quickack;
mod socket;
mod split;
mod stream;
mod transfer;

pub use connect::Connect;
pub use listener::TcpListener;
pub use socket::TcpSocket;
pub use split::{OwnedReadHalf, OwnedWriteHalf, ReadHalf, ReuniteError, WriteHalf};
pub use stream::TcpStream;
