//! HTTP/1.1: a request without a body, an answer with the body that the server was told to send.

use std::io;

use super::wrong;
use crate::serve::BODY;

const REQUEST: &[u8] =
    b"GET / HTTP/1.1\r\nhost: localhost\r\nuser-agent: load\r\naccept: */*\r\n\r\n";

/// The end of a head.
const END: &[u8] = b"\r\n\r\n";

#[derive(Default)]
pub(super) struct Http1 {
    asked: u32,
    answered: u32,
    /// What has come of an answer that is not whole.
    come: Vec<u8>,
}

impl Http1 {
    pub(super) fn ask(&mut self, out: &mut Vec<u8>) -> u32 {
        out.extend(REQUEST);
        self.asked = self.asked.wrapping_add(1);
        self.asked
    }

    pub(super) fn hear(&mut self, bytes: &[u8], whole: &mut Vec<u32>) -> io::Result<()> {
        // Most of the time an answer comes in one piece.
        if self.come.is_empty() {
            let used = self.take(bytes, whole)?;
            self.come.extend(&bytes[used..]);
            return Ok(());
        }
        let mut come = std::mem::take(&mut self.come);
        come.extend(bytes);
        let used = self.take(&come, whole)?;
        come.drain(..used);
        self.come = come;
        Ok(())
    }

    /// Takes whole answers from the beginning; returns how many bytes they had.
    fn take(&mut self, bytes: &[u8], whole: &mut Vec<u32>) -> io::Result<usize> {
        let mut used = 0;
        while let Some(length) = answer(&bytes[used..])? {
            used += length;
            self.answered = self.answered.wrapping_add(1);
            whole.push(self.answered);
        }
        Ok(used)
    }
}

/// The length of the answer that these bytes begin with, if it is whole.
fn answer(bytes: &[u8]) -> io::Result<Option<usize>> {
    let Some(at) = bytes.windows(END.len()).position(|window| window == END) else {
        return Ok(None);
    };
    let (head, body) = (&bytes[..at], &bytes[at + END.len()..]);
    if !head.starts_with(b"HTTP/1.1 200 ") {
        return Err(wrong("no 200"));
    }
    if content_length(head) != Some(BODY.len()) {
        return Err(wrong("another length"));
    }
    if body.len() < BODY.len() {
        return Ok(None);
    }
    match body.starts_with(BODY) {
        true => Ok(Some(at + END.len() + BODY.len())),
        false => Err(wrong("another body")),
    }
}

fn content_length(head: &[u8]) -> Option<usize> {
    const NAME: &[u8] = b"content-length:";
    let mut lines = head.split(|byte| *byte == b'\n');
    let value = lines.find_map(|line| {
        let (name, value) = line.split_at_checked(NAME.len())?;
        name.eq_ignore_ascii_case(NAME).then_some(value)
    })?;
    str::from_utf8(value).ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::Http1;
    use crate::serve::RESPONSE;

    fn heard(pieces: &[&[u8]]) -> std::io::Result<Vec<u32>> {
        let (mut http, mut whole) = (Http1::default(), Vec::new());
        for piece in pieces {
            http.hear(piece, &mut whole)?;
        }
        Ok(whole)
    }

    #[test]
    fn answers_are_whole_wherever_they_are_cut() {
        let two = RESPONSE.repeat(2);
        for cut in 0..two.len() {
            let (one, other) = two.split_at(cut);
            assert_eq!(heard(&[one, other]).unwrap(), [1, 2], "cut at {cut}");
        }
        assert!(heard(&[&RESPONSE[..RESPONSE.len() - 1]]).unwrap().is_empty());
    }

    #[test]
    fn headers_may_stand_in_any_order_and_case() {
        let answer = b"HTTP/1.1 200 OK\r\nContent-Length:13\r\ndate: now\r\n\r\nHello, world!";
        assert_eq!(heard(&[answer]).unwrap(), [1]);
    }

    #[test]
    fn any_other_answer_is_wrong() {
        let wrong: [&[u8]; 4] = [
            b"HTTP/1.1 404 Not Found\r\ncontent-length: 13\r\n\r\nHello, world!",
            b"HTTP/1.1 200 OK\r\ncontent-length: 12\r\n\r\nHello, world",
            b"HTTP/1.1 200 OK\r\n\r\nHello, world!",
            b"HTTP/1.1 200 OK\r\ncontent-length: 13\r\n\r\nHello, earth!",
        ];
        assert!(wrong.into_iter().all(|answer| heard(&[answer]).is_err()));
    }
}
