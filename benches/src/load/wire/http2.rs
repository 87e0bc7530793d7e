//! HTTP/2 (RFC 9113), as much as a client needs that asks the same short question again and again.
//!
//! The head of a request is one constant, made of entries of the static table and of literals
//! that nobody indexes; the server is told to keep no dynamic table, so that of an answer's head
//! only its status has to be read. Windows are opened once, as far as they go.

use std::io;

use super::wrong;
use crate::serve::BODY;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

// Types of frames.
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const WINDOW_UPDATE: u8 = 8;

// Flags.
const ACK: u8 = 1;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
const PADDED: u8 = 8;
const PRIORITY: u8 = 32;

const HEAD_BYTES: usize = 9;

/// No dynamic table, no pushes, and as much of a body as there may be.
#[rustfmt::skip]
const WISHES: &[u8] = &[
    0, 1, 0, 0, 0, 0,
    0, 2, 0, 0, 0, 0,
    0, 4, 0x7f, 0xff, 0xff, 0xff,
];

/// From the 65,535 bytes that a connection begins with to as many as there may be.
const WINDOW: u32 = 0x7fff_ffff - 0xffff;

/// `GET / http`, then `:authority` and `user-agent` as literals that nobody indexes.
const REQUEST: &[u8] = b"\x82\x84\x86\x01\x09localhost\x0f\x2b\x04load";

/// `:status 200` of the static table.
const STATUS_200: u8 = 0x88;

/// The sizes of a dynamic table, which may stand before the first entry, begin with these bits.
const TABLE_SIZE: u8 = 0b0010_0000;
const TABLE_SIZE_MASK: u8 = 0b1110_0000;

#[derive(Default)]
pub(super) struct Http2 {
    /// Requests so far: the streams of a client have odd numbers.
    asked: u32,
    /// Streams whose answer is not whole, and how much of the body has come.
    open: Vec<(u32, usize)>,
    /// What has come of a frame that is not whole.
    come: Vec<u8>,
}

impl Http2 {
    pub(super) fn greet(out: &mut Vec<u8>) {
        out.extend(PREFACE);
        frame(out, SETTINGS, 0, 0, WISHES);
        frame(out, WINDOW_UPDATE, 0, 0, &WINDOW.to_be_bytes());
    }

    pub(super) fn ask(&mut self, out: &mut Vec<u8>) -> u32 {
        let stream = 2 * self.asked + 1;
        self.asked += 1;
        self.open.push((stream, 0));
        frame(out, HEADERS, END_STREAM | END_HEADERS, stream, REQUEST);
        stream
    }

    pub(super) fn hear(
        &mut self,
        bytes: &[u8],
        whole: &mut Vec<u32>,
        out: &mut Vec<u8>,
    ) -> io::Result<()> {
        let mut come = std::mem::take(&mut self.come);
        come.extend(bytes);
        let mut used = 0;
        while let Some(frame) = Frame::first(&come[used..]) {
            used += HEAD_BYTES + frame.payload.len();
            self.take(&frame, whole, out)?;
        }
        come.drain(..used);
        self.come = come;
        Ok(())
    }

    fn take(
        &mut self,
        frame: &Frame<'_>,
        whole: &mut Vec<u32>,
        out: &mut Vec<u8>,
    ) -> io::Result<()> {
        match frame.kind {
            SETTINGS if frame.flags & ACK == 0 => self::frame(out, SETTINGS, ACK, 0, &[]),
            PING if frame.flags & ACK == 0 => self::frame(out, PING, ACK, 0, frame.payload),
            RST_STREAM | GOAWAY => return Err(wrong("the server gives up")),
            HEADERS | DATA if frame.flags & (PADDED | PRIORITY) != 0 => {
                return Err(wrong("a frame of more parts than this client reads"));
            }
            HEADERS => {
                let mut head = frame.payload.iter();
                let status = head.find(|byte| *byte & TABLE_SIZE_MASK != TABLE_SIZE);
                if status != Some(&STATUS_200) || frame.flags & END_STREAM != 0 {
                    return Err(wrong("no 200, or no body"));
                }
            }
            DATA => return self.body(frame, whole),
            // Windows, and acknowledgements of what was said here.
            _ => {}
        }
        Ok(())
    }

    fn body(&mut self, frame: &Frame<'_>, whole: &mut Vec<u32>) -> io::Result<()> {
        let at = self.open.iter().position(|(stream, _)| *stream == frame.stream);
        let at = at.ok_or_else(|| wrong("to no request"))?;
        let come = &mut self.open[at].1;
        if !BODY[*come..].starts_with(frame.payload) {
            return Err(wrong("another body"));
        }
        *come += frame.payload.len();
        if frame.flags & END_STREAM != 0 {
            if *come != BODY.len() {
                return Err(wrong("another length"));
            }
            whole.push(self.open.swap_remove(at).0);
        }
        Ok(())
    }
}

struct Frame<'a> {
    kind: u8,
    flags: u8,
    stream: u32,
    payload: &'a [u8],
}

impl<'a> Frame<'a> {
    /// The one that these bytes begin with, if it is whole.
    fn first(bytes: &'a [u8]) -> Option<Self> {
        let (head, rest) = bytes.split_first_chunk::<HEAD_BYTES>()?;
        let [a, b, c, kind, flags, stream @ ..] = *head;
        let payload = rest.get(..u32::from_be_bytes([0, a, b, c]) as usize)?;
        const RESERVED: u32 = 1 << 31;
        Some(Self { kind, flags, stream: u32::from_be_bytes(stream) & !RESERVED, payload })
    }
}

/// Writes one.
fn frame(out: &mut Vec<u8>, kind: u8, flags: u8, stream: u32, payload: &[u8]) {
    let [_, length @ ..] = (payload.len() as u32).to_be_bytes();
    out.extend(length);
    out.extend([kind, flags]);
    out.extend(stream.to_be_bytes());
    out.extend(payload);
}

#[cfg(test)]
mod tests {
    use super::{
        ACK, DATA, END_HEADERS, END_STREAM, Frame, GOAWAY, HEADERS, Http2, PING, SETTINGS, frame,
    };
    use crate::serve::BODY;

    /// What comes of these bytes after so many requests: answers, and what is said to it.
    fn heard(requests: u32, pieces: &[&[u8]]) -> std::io::Result<(Vec<u32>, Vec<u8>)> {
        let (mut http, mut whole, mut out) = (Http2::default(), Vec::new(), Vec::new());
        for request in 0..requests {
            assert_eq!(http.ask(&mut Vec::new()), 2 * request + 1);
        }
        for piece in pieces {
            http.hear(piece, &mut whole, &mut out)?;
        }
        Ok((whole, out))
    }

    fn answer(stream: u32, body: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        frame(&mut bytes, HEADERS, END_HEADERS, stream, b"\x20\x88\x5c\x02\x31\x33");
        frame(&mut bytes, DATA, END_STREAM, stream, body);
        bytes
    }

    #[test]
    fn answers_may_come_in_any_order_and_be_cut_anywhere() {
        let both = [answer(3, BODY), answer(1, BODY)].concat();
        for cut in 0..both.len() {
            let (one, other) = both.split_at(cut);
            assert_eq!(heard(2, &[one, other]).unwrap().0, [3, 1], "cut at {cut}");
        }
    }

    #[test]
    fn a_body_may_come_in_several_frames() {
        let mut bytes = Vec::new();
        frame(&mut bytes, HEADERS, END_HEADERS, 1, b"\x88");
        frame(&mut bytes, DATA, 0, 1, &BODY[..4]);
        frame(&mut bytes, DATA, 0, 1, &BODY[4..]);
        frame(&mut bytes, DATA, END_STREAM, 1, &[]);
        assert_eq!(heard(1, &[&bytes]).unwrap().0, [1]);
    }

    #[test]
    fn settings_and_pings_are_acknowledged_once() {
        let mut bytes = Vec::new();
        frame(&mut bytes, SETTINGS, 0, 0, &[0, 3, 0, 0, 0, 200]);
        frame(&mut bytes, SETTINGS, ACK, 0, &[]);
        frame(&mut bytes, PING, 0, 0, b"12345678");
        let said = heard(0, &[&bytes]).unwrap().1;
        let first = Frame::first(&said).unwrap();
        assert_eq!((first.kind, first.flags, first.payload), (SETTINGS, ACK, &[][..]));
        let second = Frame::first(&said[9..]).unwrap();
        assert_eq!((second.kind, second.flags, second.payload), (PING, ACK, &b"12345678"[..]));
        assert_eq!(said.len(), 9 + 9 + 8);
    }

    #[test]
    fn any_other_answer_is_wrong() {
        let mut not_found = Vec::new();
        frame(&mut not_found, HEADERS, END_HEADERS, 1, b"\x8d");
        let mut bodiless = Vec::new();
        frame(&mut bodiless, HEADERS, END_HEADERS | END_STREAM, 1, b"\x88");
        let mut gone = Vec::new();
        frame(&mut gone, GOAWAY, 0, 0, &[0; 8]);
        let wrong = [
            not_found,
            bodiless,
            gone,
            answer(1, b"Hello, earth!"),
            answer(1, &BODY[..5]),
            answer(5, BODY),
        ];
        assert!(wrong.iter().all(|bytes| heard(1, &[bytes]).is_err()));
    }
}
