//! TCP, UDP and Unix sockets, pipes, and address look-up, on the `rt` reactor.
//!
//! What lives here: [`TcpListener`], [`TcpStream`] and its halves, [`TcpSocket`], [`UdpSocket`],
//! [`lookup_host`] and what can stand for an address, [`ToSocketAddrs`]; on Unix, the sockets and
//! pipes of the module `unix`. Names and behaviour are tokio's; what is added says so.
//!
//! What never does: a thread, a timer, a scheduler. A socket finds the reactor that is entered
//! where it is made, and names are resolved on the blocking pool that is entered; without them an
//! error names the call site, what is missing and the fix.
//!
//! ```
//! # fn drive<F: Future>(future: F) -> F::Output {
//! #     use rt_task::base::{context, driver::{Reactor, WakeBatch}};
//! #     let mut driver = rt_reactor::Driver::new().unwrap();
//! #     let _guard = context::enter(context::Env::new().with_io(driver.handle()));
//! #     let mut future = std::pin::pin!(future);
//! #     loop {
//! #         let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
//! #         if let std::task::Poll::Ready(output) = future.as_mut().poll(&mut cx) {
//! #             return output;
//! #         }
//! #         driver.poll(None, &mut WakeBatch::new()).unwrap();
//! #     }
//! # }
//! use rt_net::{TcpListener, TcpStream};
//!
//! # drive(async {
//! let listener = TcpListener::bind("127.0.0.1:0").await?;
//! let mut near = TcpStream::connect(listener.local_addr()?).await?;
//! let (mut far, _peer) = listener.accept().await?;
//!
//! near.write_all(b"hello").await?;
//! let mut buf = [0; 5];
//! far.read_exact(&mut buf).await?;
//! assert_eq!(&buf, b"hello");
//! # std::io::Result::Ok(()) }).unwrap();
//! ```
//!
//! # Where to read on
//! `socket.rs` is what all sockets have in common: the source and its stay in the reactor, or, one
//! day, in a simulator. `stream/transfer.rs` moves the bytes of a stream, `udp/` those of
//! datagrams, `listening.rs` accepts; `exhausted.rs` says what happens when there are no
//! descriptors left. `uninit.rs` holds all unsafe code but that of taking over a raw descriptor
//! (`sys`) and of asking who is at the other end (`unix/credentials`).
//!
//! # Features
//! * `bytes`: reads into `bytes::BufMut`.
//! * `futures-io`, `tokio-io`, `hyper`: those crates' traits for streams, beside `rt-io`'s, which
//!   are always there. Through `tokio-io` and `hyper`, as through `rt-io`, nobody zeroes a buffer.

mod addr;
mod bind;
mod datagram;
mod exhausted;
mod listening;
mod lookup;
mod options;
mod socket;
pub mod stream;
mod sys;
pub mod tcp;
pub mod udp;
mod uninit;
#[cfg(unix)]
pub mod unix;

pub use addr::{Addresses, ToSocketAddrs};
pub use bind::Bind;
pub use lookup::{LookupHost, lookup_host};
pub use tcp::{TcpListener, TcpSocket, TcpStream};
pub use udp::UdpSocket;
#[cfg(unix)]
pub use unix::{UnixDatagram, UnixListener, UnixSocket, UnixStream};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
