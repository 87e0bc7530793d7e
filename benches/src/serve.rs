//! Servers, in processes of their own, so that their processor time can be told apart from their
//! client's.
//!
//! Here is what they speak and how a connection gets its task; `list` says what is measured of
//! them. Two of them speak HTTP by hand, one by way of `hyper`, which asks of a runtime what real
//! programs ask; `mixed` does what a service does besides.

mod datagrams;
mod http;
mod hyper;
mod list;
mod mixed;

use std::io;
use std::net::SocketAddr;

use crate::subject::{Listener, Stream, Subject};

pub use list::list;

/// What a server does with a connection.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Protocol {
    /// Sends back what it reads.
    Echo,
    /// Sends every datagram back to where it came from.
    Udp,
    /// Answers each request of HTTP/1.1 with the same few bytes; requests have no body.
    Http,
    /// The same, by `hyper`.
    Hyper1,
    /// The same over HTTP/2, by `hyper`.
    Hyper2,
    /// HTTP/1.1 with a limit to each request, which asks another task, and every hundredth time
    /// a thread that may block.
    Mixed,
}

/// The body of every answer.
pub const BODY: &[u8] = b"Hello, world!";

/// The answer to every request, where it is written by hand.
pub const RESPONSE: &[u8] =
    b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 13\r\n\r\nHello, world!";

impl Protocol {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Echo, Self::Udp, Self::Http, Self::Hyper1, Self::Hyper2, Self::Mixed];

    /// By its name on the command line.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|protocol| protocol.name() == name)
    }

    /// As it is called on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Echo => "echo",
            Self::Udp => "udp",
            Self::Http => "http",
            Self::Hyper1 => "hyper1",
            Self::Hyper2 => "hyper2",
            Self::Mixed => "mixed",
        }
    }

    /// Whether it has no connections.
    pub fn is_datagrams(self) -> bool {
        self == Self::Udp
    }
}

/// Serves until the process ends; `listening` is told the address.
pub fn serve<S: Subject>(
    mut runtime: S,
    protocol: Protocol,
    listening: impl FnOnce(SocketAddr) + Send + 'static,
) -> io::Result<()> {
    runtime.block_on(async {
        match protocol {
            Protocol::Udp => datagrams::serve::<S>(listening).await,
            Protocol::Mixed => {
                let backend = mixed::Backend::start::<S>();
                accept::<S>(listening, |stream| {
                    spawn::<S>(mixed::converse::<S>(stream, backend.clone()));
                })
                .await
            }
            Protocol::Echo => accept::<S>(listening, |stream| spawn::<S>(echo::<S>(stream))).await,
            Protocol::Http => {
                accept::<S>(listening, |stream| spawn::<S>(http::converse::<S>(stream))).await
            }
            Protocol::Hyper1 => {
                accept::<S>(listening, |stream| spawn::<S>(hyper::version_1::<S>(stream))).await
            }
            Protocol::Hyper2 => {
                accept::<S>(listening, |stream| spawn::<S>(hyper::version_2::<S>(stream))).await
            }
        }
    })
}

/// Accepts for ever.
async fn accept<S: Subject>(
    listening: impl FnOnce(SocketAddr),
    mut converse: impl FnMut(S::Stream),
) -> io::Result<()> {
    let listener = S::Listener::bind().await?;
    listening(listener.address()?);
    loop {
        converse(listener.accept().await?);
    }
}

/// A connection's task. A client that goes away is its own affair.
fn spawn<S: Subject>(conversation: impl Future<Output = io::Result<()>> + Send + 'static) {
    drop(S::spawn(async move { conversation.await.ok() }));
}

async fn echo<S: Subject>(mut stream: S::Stream) -> io::Result<()> {
    let mut buffer = [0; 2048];
    loop {
        match stream.read(&mut buffer).await? {
            0 => return Ok(()),
            read => stream.write_all(&buffer[..read]).await?,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{BODY, Protocol, RESPONSE};

    #[test]
    fn protocols_go_by_their_names() {
        for protocol in Protocol::ALL {
            assert_eq!(Protocol::named(protocol.name()), Some(protocol));
        }
        assert_eq!(Protocol::named("gopher"), None);
    }

    #[test]
    fn the_answer_ends_with_the_body_that_it_announces() {
        assert!(RESPONSE.ends_with(BODY));
        let length = format!("content-length: {}\r\n", BODY.len());
        assert!(str::from_utf8(RESPONSE).unwrap().contains(&length));
    }
}
