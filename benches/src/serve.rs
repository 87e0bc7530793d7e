//! A server, so that its processor time can be told apart from its client's.

use std::io;
use std::net::SocketAddr;

use crate::subject::{Listener, Stream, Subject};

/// What a server does with a connection.
#[derive(Clone, Copy, Debug)]
pub enum Protocol {
    /// Sends back what it reads.
    Echo,
    /// Answers each request with the same few bytes; requests have no body.
    Http,
}

/// The end of a request.
const END: &[u8] = b"\r\n\r\n";

/// The answer to every request.
pub const RESPONSE: &[u8] =
    b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 13\r\n\r\nHello, world!";

impl Protocol {
    /// By its name on the command line.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "echo" => Some(Self::Echo),
            "http" => Some(Self::Http),
            _ => None,
        }
    }
}

/// Serves until the process ends; `listening` is told the address.
pub fn serve<S: Subject>(
    mut runtime: S,
    protocol: Protocol,
    listening: impl FnOnce(SocketAddr),
) -> io::Result<()> {
    runtime.block_on(async {
        let listener = S::Listener::bind().await?;
        listening(listener.address()?);
        loop {
            let stream = listener.accept().await?;
            // A client that goes away is its own affair.
            drop(S::spawn(async move { converse::<S>(stream, protocol).await.ok() }));
        }
    })
}

async fn converse<S: Subject>(mut stream: S::Stream, protocol: Protocol) -> io::Result<()> {
    let mut buffer = [0; 2048];
    let mut filled = 0;
    loop {
        let read = stream.read(&mut buffer[filled..]).await?;
        if read == 0 {
            return Ok(());
        }
        match protocol {
            Protocol::Echo => stream.write_all(&buffer[..read]).await?,
            Protocol::Http => {
                filled += read;
                while let Some(end) = end_of_request(&buffer[..filled]) {
                    stream.write_all(RESPONSE).await?;
                    buffer.copy_within(end..filled, 0);
                    filled -= end;
                }
            }
        }
    }
}

fn end_of_request(bytes: &[u8]) -> Option<usize> {
    let at = bytes.windows(END.len()).position(|window| window == END)?;
    Some(at + END.len())
}

#[cfg(test)]
mod tests {
    use super::end_of_request;

    #[test]
    fn a_request_ends_at_the_empty_line() {
        assert_eq!(end_of_request(b"GET / HTTP/1.1\r\nhost: a\r\n\r\nGET"), Some(27));
        assert_eq!(end_of_request(b"GET / HTTP/1.1\r\n"), None);
    }
}
