//! What reads and writes memory, beside vectors.

use std::collections::VecDeque;
use std::future::Future;
use std::io::Result;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use rt_facade::io::{
    AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWriteExt, BufReader, ReadBuf, duplex,
};

/// Reads in pieces of such sizes, and sometimes not at once.
struct Pieces<'a> {
    left: &'a [u8],
    sizes: &'a [u8],
    turn: usize,
}

impl AsyncRead for Pieces<'_> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<Result<()>> {
        let size = self
            .sizes
            .get(self.turn % self.sizes.len().max(1))
            .map_or(1, |size| usize::from(*size) % 9);
        self.turn += 1;
        if size == 0 && self.turn.is_multiple_of(2) {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let (now, later) =
            self.left.split_at(size.max(1).min(self.left.len()).min(buf.remaining()));
        self.left = later;
        buf.put_slice(now);
        Poll::Ready(Ok(()))
    }
}

/// The first byte says what is read, the next few in which pieces, the rest is what.
///
/// # Panics
/// If something else comes out than went in.
pub fn run(bytes: &[u8]) {
    let Some((&kind, rest)) = bytes.split_first() else { return };
    match kind % 4 {
        0 => lines(rest, kind),
        1 => buffer(rest),
        2 => pipe(rest, kind),
        _ => exact(rest, kind),
    }
}

fn split(bytes: &[u8]) -> (&[u8], &[u8]) {
    bytes.split_at(bytes.len().min(4))
}

fn lines(bytes: &[u8], kind: u8) {
    let (sizes, text) = split(bytes);
    let end = if kind & 4 == 0 { b'\n' } else { text.first().copied().unwrap_or_default() };
    let wanted: Vec<&[u8]> = text.split_inclusive(|byte| *byte == end).collect();
    rt_task::block_on(async {
        let room = 1 + usize::from(kind / 8);
        let mut reader = BufReader::with_capacity(room, Pieces { left: text, sizes, turn: 0 });
        for wanted in wanted {
            let mut line = Vec::new();
            let count = reader.read_until(end, &mut line).await.expect("memory");
            assert_eq!((count, &line[..]), (wanted.len(), wanted));
        }
        assert_eq!(reader.read_until(end, &mut Vec::new()).await.expect("memory"), 0);
    });
    let as_text = String::from_utf8_lossy(text).into_owned();
    rt_task::block_on(async {
        let mut lines =
            BufReader::with_capacity(3, Pieces { left: as_text.as_bytes(), sizes, turn: 0 })
                .lines();
        for wanted in as_text.lines() {
            assert_eq!(lines.next_line().await.expect("text").as_deref(), Some(wanted));
        }
        assert_eq!(lines.next_line().await.expect("text"), None);
    });
}

/// Any order of what may be done to a buffer.
fn buffer(bytes: &[u8]) {
    let mut memory = [const { std::mem::MaybeUninit::uninit() }; 32];
    let mut buf = ReadBuf::uninit(&mut memory);
    // What is filled, and how much is initialised.
    let (mut filled, mut initialized): (Vec<u8>, usize) = (Vec::new(), 0);
    for step in bytes.chunks_exact(2) {
        let [what, count] = [step[0], step[1] % 33];
        let count = usize::from(count);
        match what % 6 {
            0 if count <= buf.remaining() => {
                let put = vec![what; count];
                buf.put_slice(&put);
                filled.extend(put);
            }
            1 if count <= buf.remaining() => {
                buf.initialize_unfilled_to(count).fill(what);
                initialized = initialized.max(filled.len() + count);
                buf.advance(count);
                filled.resize(filled.len() + count, what);
            }
            2 => {
                buf.clear();
                filled.clear();
            }
            3 if count <= filled.len() => {
                buf.set_filled(count);
                filled.truncate(count);
            }
            4 => {
                let mut part = buf.take(count);
                assert_eq!(part.capacity(), part.remaining());
                if part.remaining() > 0 {
                    part.put_slice(&[what]);
                    let written = filled.len() + 1;
                    initialized = initialized.max(written);
                    // SAFETY would be needed to say that it was initialised: so it is written again.
                    buf.put_slice(&[what]);
                    filled.push(what);
                }
            }
            5 => assert!(buf.initialize_unfilled().len() == 32 - filled.len()),
            _ => {}
        }
        initialized = initialized.max(filled.len());
        assert_eq!(buf.filled(), filled);
        assert_eq!(buf.remaining(), 32 - filled.len());
        assert!(buf.initialized().len() >= initialized);
    }
}

/// Two ends that write and read by turns, and one may go.
fn pipe(bytes: &[u8], kind: u8) {
    let room = 1 + usize::from(kind / 4 % 16);
    let ends = duplex(room);
    let (mut ends, mut pipes) =
        ([Some(ends.0), Some(ends.1)], [const { VecDeque::<u8>::new() }; 2]);
    let mut cx = Context::from_waker(Waker::noop());
    for step in bytes.chunks_exact(2) {
        let (at, size) = (usize::from(step[0] & 1), usize::from(step[1]) % 20);
        let is_alone = ends[1 - at].is_none();
        let Some(end) = ends[at].as_mut() else { continue };
        match step[0] / 2 % 8 {
            0..4 => {
                let data: Vec<u8> = (0..size as u8).map(|byte| byte ^ step[1]).collect();
                let written = pin!(end.write(&data)).poll(&mut cx);
                let fits = size.min(room - pipes[at].len());
                match written {
                    Poll::Ready(Ok(count)) if size > 0 => {
                        assert!(!is_alone, "written to nobody");
                        assert_eq!(count, fits);
                        pipes[at].extend(&data[..count]);
                    }
                    Poll::Ready(Ok(count)) => assert_eq!(count, 0),
                    Poll::Ready(Err(_)) => assert!(is_alone),
                    Poll::Pending => assert!(fits == 0 && !is_alone),
                }
            }
            4..7 => {
                let mut data = vec![0; size];
                let polled = pin!(end.read(&mut data)).poll(&mut cx);
                let from = &mut pipes[1 - at];
                match polled {
                    Poll::Ready(Ok(count)) => {
                        assert_eq!(count, size.min(from.len()));
                        assert!(count > 0 || size == 0 || is_alone);
                        assert!(from.drain(..count).eq(data[..count].iter().copied()));
                    }
                    Poll::Ready(Err(error)) => panic!("{error}"),
                    Poll::Pending => assert!(from.is_empty() && !is_alone),
                }
            }
            _ if size == 0 => {
                ends[at] = None;
                pipes[1 - at].clear();
            }
            _ => {}
        }
    }
}

/// Exactly so much, or an error that says that there is less.
fn exact(bytes: &[u8], kind: u8) {
    let (sizes, data) = split(bytes);
    let want = usize::from(kind / 2);
    let mut read = vec![0; want];
    let mut reader = Pieces { left: data, sizes, turn: 0 };
    rt_task::block_on(async {
        match reader.read_exact(&mut read).await {
            Ok(_) => assert_eq!(read, data[..want]),
            Err(_) => assert!(data.len() < want),
        }
        let mut rest = Vec::new();
        let count = reader.read_to_end(&mut rest).await.expect("memory");
        assert_eq!(
            (count, &rest[..]),
            (data.len().saturating_sub(want), &data[want.min(data.len())..])
        );
    });
}
