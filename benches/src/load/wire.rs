//! What a client has to know of a protocol: how one asks, and when an answer is whole and right.

mod echo;
mod http1;
mod http2;

use std::io;

use crate::serve::Protocol;
use echo::Echo;
use http1::Http1;
use http2::Http2;

/// One connection's state.
pub(super) struct Wire(Spoken);

enum Spoken {
    Echo(Echo),
    Http1(Http1),
    Http2(Http2),
}

impl Wire {
    pub(super) fn of(protocol: Protocol) -> Self {
        match protocol {
            Protocol::Echo | Protocol::Udp => Self(Spoken::Echo(Echo::default())),
            Protocol::Http | Protocol::Hyper1 | Protocol::Mixed => {
                Self(Spoken::Http1(Http1::default()))
            }
            Protocol::Hyper2 => Self(Spoken::Http2(Http2::default())),
        }
    }

    /// What is said before the first request.
    pub(super) fn greet(&self, out: &mut Vec<u8>) {
        if let Spoken::Http2(_) = self.0 {
            Http2::greet(out);
        }
    }

    /// Writes a request and returns its number.
    pub(super) fn ask(&mut self, out: &mut Vec<u8>) -> u32 {
        match &mut self.0 {
            Spoken::Echo(echo) => echo.ask(out),
            Spoken::Http1(http) => http.ask(out),
            Spoken::Http2(http) => http.ask(out),
        }
    }

    /// Takes what has come, in whatever pieces; adds the numbers of requests whose answers are
    /// whole now, and writes what the protocol wants said to it.
    ///
    /// # Errors
    /// If the answer is not the one that was asked for.
    pub(super) fn hear(
        &mut self,
        bytes: &[u8],
        whole: &mut Vec<u32>,
        out: &mut Vec<u8>,
    ) -> io::Result<()> {
        match &mut self.0 {
            Spoken::Echo(echo) => echo.hear(bytes, whole),
            Spoken::Http1(http) => http.hear(bytes, whole),
            Spoken::Http2(http) => http.hear(bytes, whole, out),
        }
    }
}

/// The answer is none, or a wrong one.
fn wrong(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("a wrong answer: {what}"))
}
