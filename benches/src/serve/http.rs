//! HTTP/1.1 by hand: no more of it than the client needs, so that the runtime is what is measured.

use std::io;

use super::RESPONSE;
use crate::subject::{Stream, Subject};

/// The end of a request, which has no body.
const END: &[u8] = b"\r\n\r\n";

pub(super) async fn converse<S: Subject>(stream: S::Stream) -> io::Result<()> {
    let mut conversation = Conversation::<S>::new(stream);
    while conversation.request().await? {
        conversation.answer().await?;
    }
    Ok(())
}

/// A connection, and what has been read of the next request.
pub(super) struct Conversation<S: Subject> {
    stream: S::Stream,
    buffer: [u8; 2048],
    filled: usize,
}

impl<S: Subject> Conversation<S> {
    pub(super) fn new(stream: S::Stream) -> Self {
        Self { stream, buffer: [0; 2048], filled: 0 }
    }

    /// Waits for a request; there is none if the client has hung up.
    pub(super) async fn request(&mut self) -> io::Result<bool> {
        loop {
            if let Some(end) = end_of_request(&self.buffer[..self.filled]) {
                self.buffer.copy_within(end..self.filled, 0);
                self.filled -= end;
                return Ok(true);
            }
            match self.stream.read(&mut self.buffer[self.filled..]).await? {
                0 => return Ok(false),
                read => self.filled += read,
            }
        }
    }

    pub(super) async fn answer(&mut self) -> io::Result<()> {
        self.stream.write_all(RESPONSE).await
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
