//! The protocol: requests out of bytes, replies into bytes. Nothing here waits.

use std::borrow::Cow;
use std::ops::Range;

use bytes::{Buf, Bytes, BytesMut};

/// What a request may have in all; its memory is made as its bytes come, not as its head promises.
pub(crate) const REQUEST_BYTES_MAX: usize = 1024 * 1024;
/// How many words a request may have.
const WORDS_MAX: usize = 1024;
/// What a person may type in a line.
const INLINE_BYTES_MAX: usize = 64 * 1024;
/// `*N` and `$N` with a number that fits.
const HEAD_BYTES_MAX: usize = 32;

/// The words of a request, the name of the command first. None is no request: an empty line.
pub(crate) type Request = Vec<Bytes>;

/// No protocol: what was found. What comes after it has no meaning, so the connection is to be closed.
#[derive(Clone, Copy)]
pub(crate) struct Malformed(pub(crate) &'static str);

/// Takes the next request out of `input`, if it is there whole.
///
/// The words are copies, as long as they are: a value that is kept keeps no buffer alive.
pub(crate) fn take_request(input: &mut BytesMut) -> Result<Option<Request>, Malformed> {
    let mut cursor = Cursor { input, at: 0 };
    let Some(words) = cursor.words()? else {
        return match input.len() > REQUEST_BYTES_MAX {
            true => Err(Malformed("too big request")),
            false => Ok(None),
        };
    };
    let end = cursor.at;
    let request = words.into_iter().map(|word| Bytes::copy_from_slice(&input[word])).collect();
    input.advance(end);
    Ok(Some(request))
}

/// Looks at a request from its start. `Ok(None)` is: not all of it is there.
struct Cursor<'a> {
    input: &'a [u8],
    at: usize,
}

impl Cursor<'_> {
    fn words(&mut self) -> Result<Option<Vec<Range<usize>>>, Malformed> {
        match self.input.first() {
            None => Ok(None),
            Some(b'*') => self.array(),
            Some(_) => self.inline(),
        }
    }

    /// `*2\r\n$4\r\nECHO\r\n$2\r\nhi\r\n`
    fn array(&mut self) -> Result<Option<Vec<Range<usize>>>, Malformed> {
        let invalid = Malformed("invalid multibulk length");
        let Some(count) = self.head(b'*', invalid)? else { return Ok(None) };
        let count = usize::try_from(count.max(0)).map_err(|_| invalid)?;
        if count > WORDS_MAX {
            return Err(invalid);
        }
        let mut words = Vec::new();
        for _ in 0..count {
            let invalid = Malformed("invalid bulk length");
            let Some(len) = self.head(b'$', invalid)? else { return Ok(None) };
            let len = usize::try_from(len).ok().filter(|len| *len <= REQUEST_BYTES_MAX);
            let word = self.at..self.at + len.ok_or(invalid)?;
            match self.input.get(word.end..word.end + 2) {
                None if word.end > REQUEST_BYTES_MAX => return Err(Malformed("too big request")),
                None => return Ok(None),
                Some(b"\r\n") => self.at = word.end + 2,
                Some(_) => return Err(Malformed("expected CRLF behind a word")),
            }
            words.push(word);
        }
        Ok(Some(words))
    }

    /// What a person types: `ECHO hi\r\n`.
    fn inline(&mut self) -> Result<Option<Vec<Range<usize>>>, Malformed> {
        let too_long = Malformed("too big inline request");
        let Some(line) = self.line() else {
            return if self.input.len() > INLINE_BYTES_MAX { Err(too_long) } else { Ok(None) };
        };
        let (mut words, mut start) = (Vec::new(), line.start);
        for word in self.input[line].split(u8::is_ascii_whitespace) {
            if !word.is_empty() {
                words.push(start..start + word.len());
            }
            start += word.len() + 1;
        }
        if words.len() > WORDS_MAX {
            return Err(too_long);
        }
        Ok(Some(words))
    }

    /// The number of a line that starts with `sign`.
    fn head(&mut self, sign: u8, invalid: Malformed) -> Result<Option<i64>, Malformed> {
        let start = self.at;
        match self.input.get(start) {
            None => return Ok(None),
            Some(found) if *found == sign => {}
            Some(_) => return Err(Malformed("expected '$' before a word")),
        }
        match self.line() {
            Some(line) if line.len() <= HEAD_BYTES_MAX => {
                let number = integer(&self.input[line.start + 1..line.end]);
                number.map(Some).ok_or(invalid)
            }
            None if self.input.len() - start <= HEAD_BYTES_MAX => Ok(None),
            _ => Err(invalid),
        }
    }

    /// The next line, without its end.
    fn line(&mut self) -> Option<Range<usize>> {
        let start = self.at;
        let len = self.input[start..].iter().position(|byte| *byte == b'\n')?;
        self.at = start + len + 1;
        let line = &self.input[start..start + len];
        Some(start..start + line.strip_suffix(b"\r").unwrap_or(line).len())
    }
}

pub(crate) fn integer(text: &[u8]) -> Option<i64> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// How replies are written; a connection starts with the older one.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Protocol {
    Resp2,
    Resp3,
}

pub(crate) enum Reply {
    Simple(&'static str),
    Error(Cow<'static, str>),
    Integer(i64),
    Bulk(Bytes),
    Null,
    Array(Vec<Reply>),
    /// To the older protocol an array of keys and values by turns.
    Map(Vec<(Reply, Reply)>),
    /// What was not asked for. To the older protocol an array.
    Push(Vec<Reply>),
}

impl Reply {
    pub(crate) fn text(text: impl Into<Bytes>) -> Self {
        Self::Bulk(text.into())
    }

    pub(crate) fn error(text: impl Into<Cow<'static, str>>) -> Self {
        Self::Error(text.into())
    }

    pub(crate) fn count(number: usize) -> Self {
        Self::Integer(number as i64)
    }

    /// Appends it to `output`.
    pub(crate) fn write(&self, protocol: Protocol, output: &mut Vec<u8>) {
        let older = protocol == Protocol::Resp2;
        match self {
            Self::Simple(text) => line(output, '+', text),
            Self::Error(text) => line(output, '-', text),
            Self::Integer(number) => line(output, ':', number),
            Self::Bulk(bytes) => {
                line(output, '$', bytes.len());
                output.extend_from_slice(bytes);
                output.extend_from_slice(b"\r\n");
            }
            Self::Null if older => output.extend_from_slice(b"$-1\r\n"),
            Self::Null => output.extend_from_slice(b"_\r\n"),
            Self::Map(pairs) => {
                match older {
                    true => line(output, '*', 2 * pairs.len()),
                    false => line(output, '%', pairs.len()),
                }
                for (key, value) in pairs {
                    key.write(protocol, output);
                    value.write(protocol, output);
                }
            }
            Self::Array(items) | Self::Push(items) => {
                let push = matches!(self, Self::Push(_)) && !older;
                line(output, if push { '>' } else { '*' }, items.len());
                for item in items {
                    item.write(protocol, output);
                }
            }
        }
    }
}

fn line(output: &mut Vec<u8>, sign: char, what: impl std::fmt::Display) {
    use std::io::Write;
    write!(output, "{sign}{what}\r\n").expect("a Vec takes all");
}
