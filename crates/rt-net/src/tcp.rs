//! TCP: a listener that accepts streams, and streams that are read and written.

mod connect;
mod exhausted;
mod futures;
mod listener;
#[cfg(any(target_os = "linux", target_os = "android"))]
mod quickack;
mod socket;
mod stream;
mod traits;
mod transfer;

pub use connect::Connect;
pub use futures::{Read, ReadExact, ReadVectored, Shutdown, Write, WriteAll, WriteVectored};
pub use listener::TcpListener;
pub use socket::TcpSocket;
pub use stream::TcpStream;
