use super::*;
use crate::kit::{Drain, SlowSeek, Source, Step, poll, run, run_for};
use crate::{
    AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncSeekExt, AsyncWrite, AsyncWriteExt, SeekFrom,
    empty, join,
};
use std::format;
use std::io::{Cursor, ErrorKind, IoSlice};
use std::string::String;
use std::vec::Vec;

#[test]
fn a_large_read_goes_past_an_empty_buffer() {
    let mut reader = BufReader::with_capacity(2, &b"0123456789"[..]);
    assert_eq!(run(reader.read(&mut [0; 8])).unwrap(), 8);
    assert_eq!(reader.buffer(), b"");
    assert_eq!(run(reader.read(&mut [0; 1])).unwrap(), 1);
    assert_eq!(reader.buffer(), b"9");
    assert_eq!(run(reader.read(&mut [0; 8])).unwrap(), 1); // what is buffered comes first
    assert_eq!(run(reader.read(&mut [])).unwrap(), 0);
}

#[test]
fn what_is_buffered_is_looked_at_and_consumed() {
    let mut reader = BufReader::with_capacity(4, Source::pieces(&["abcdef", "gh"]));
    assert_eq!(run(reader.fill_buf()).unwrap(), b"abcd");
    AsyncBufReadExt::consume(&mut reader, 3);
    assert_eq!(run(reader.fill_buf()).unwrap(), b"d");
    AsyncBufReadExt::consume(&mut reader, usize::MAX);
    assert_eq!(run(reader.fill_buf()).unwrap(), b"ef");
    assert_eq!(format!("{reader:?}").rsplit_once("buffer: ").unwrap().1, "2/4 }");
    assert_eq!(reader.into_inner().bytes(), b"gh");
}

#[test]
fn buffers_of_one_byte_or_none() {
    let mut line = String::new();
    run(BufReader::with_capacity(1, &b"ab\nc"[..]).read_line(&mut line)).unwrap();
    assert_eq!(line, "ab\n");
    let both = join(&b"ab\n"[..], Vec::new());
    let mut stream = BufStream::with_capacity(1, 0, both);
    run(stream.read_line(&mut line)).unwrap();
    run(stream.write_all(b"xy")).unwrap();
    assert_eq!(stream.get_ref().writer(), b"xy");
    for f in [
        || drop(BufReader::with_capacity(0, empty())),
        || drop(BufStream::with_capacity(0, 1, empty())),
    ] {
        assert!(std::panic::catch_unwind(f).is_err());
    }
}

/// Through a reader whose own position is ahead.
#[test]
fn a_buffered_reader_moves() {
    let inner = SlowSeek::new(&[5, 6, 7, 0, 1, 2, 3, 4]);
    let mut reader = BufReader::with_capacity(2, inner);
    run(async {
        assert_eq!(reader.seek(SeekFrom::Start(3)).await.unwrap(), 3);
        assert_eq!(reader.fill_buf().await.unwrap(), [0, 1]);
        assert_eq!(reader.stream_position().await.unwrap(), 3); // and forgets what is buffered
        assert_eq!(reader.buffer(), b"");
        assert_eq!(reader.read_u8().await.unwrap(), 0);
        assert_eq!(reader.seek(SeekFrom::Current(1)).await.unwrap(), 5);
        assert_eq!(reader.read_u16().await.unwrap(), 0x0203);
        assert_eq!(reader.seek(SeekFrom::End(-1)).await.unwrap(), 7);
        assert_eq!(reader.read_u8().await.unwrap(), 4);
        assert!(reader.seek(SeekFrom::Current(-9)).await.is_err());
        assert_eq!(reader.rewind().await.unwrap(), 0);
    });
}

/// A position beyond what `i64` tells in one step.
struct Wide(u64);

impl AsyncRead for Wide {
    fn poll_read(
        mut self: core::pin::Pin<&mut Self>,
        _cx: &mut core::task::Context<'_>,
        buf: &mut crate::ReadBuf<'_>,
    ) -> core::task::Poll<std::io::Result<()>> {
        self.0 += buf.remaining() as u64;
        buf.initialize_unfilled();
        buf.set_filled(buf.capacity());
        core::task::Poll::Ready(Ok(()))
    }
}

impl crate::AsyncSeek for Wide {
    fn start_seek(mut self: core::pin::Pin<&mut Self>, to: SeekFrom) -> std::io::Result<()> {
        match to {
            SeekFrom::Start(n) => self.0 = n,
            SeekFrom::Current(n) => self.0 = self.0.wrapping_add_signed(n),
            SeekFrom::End(n) => self.0 = u64::MAX.wrapping_add_signed(n),
        }
        Ok(())
    }
    fn poll_complete(
        self: core::pin::Pin<&mut Self>,
        _cx: &mut core::task::Context<'_>,
    ) -> core::task::Poll<std::io::Result<u64>> {
        core::task::Poll::Ready(Ok(self.0))
    }
}

#[test]
fn a_move_too_far_for_one_step_takes_two() {
    let mut reader = BufReader::with_capacity(5, Wide(0));
    run(async {
        assert_eq!(reader.fill_buf().await.unwrap(), [0; 5]);
        assert_eq!(reader.seek(SeekFrom::End(-5)).await.unwrap(), u64::MAX - 5);
        assert_eq!(reader.fill_buf().await.unwrap().len(), 5);
        let end = reader.seek(SeekFrom::Current(i64::MIN)).await.unwrap();
        assert_eq!(end, (u64::MAX - 5).wrapping_add_signed(i64::MIN));
        assert_eq!(reader.buffer(), b"");
    });
}

#[test]
fn a_buffered_writer_writes_before_it_moves() {
    let mut writer = BufWriter::with_capacity(8, SlowSeek::new(&[0; 8]));
    run(async {
        writer.write_all(b"0123").await.unwrap();
        assert_eq!(writer.get_ref().inner.get_ref(), &[0; 8]);
        assert_eq!(writer.seek(SeekFrom::Start(2)).await.unwrap(), 2);
        assert_eq!(&writer.get_ref().inner.get_ref()[..5], b"0123\0");
        writer.write_all(b"xyz").await.unwrap();
        assert_eq!(writer.rewind().await.unwrap(), 0);
        assert!(writer.seek(SeekFrom::Current(-1)).await.is_err());
        assert_eq!(writer.stream_position().await.unwrap(), 0);
    });
    assert_eq!(writer.into_inner().inner.into_inner(), b"01xyz\0\0\0");
}

#[test]
fn small_writes_are_joined() {
    let mut writer = BufWriter::with_capacity(4, Drain::default());
    run(async {
        for byte in b"abcde" {
            writer.write_u8(*byte).await.unwrap();
        }
        assert_eq!((writer.buffer(), &writer.get_ref().calls[..]), (&b"e"[..], &[4][..]));
        writer.write_all(b"0123").await.unwrap();
        assert_eq!(writer.get_ref().calls, [4, 1, 4]);
        writer.write_all(b"xy").await.unwrap();
        writer.shutdown().await.unwrap();
    });
    let drain = writer.into_inner();
    assert_eq!((&drain.taken[..], drain.shutdowns), (&b"abcde0123xy"[..], 1));
}

#[test]
fn what_is_large_goes_with_what_is_buffered_in_one_call() {
    let mut writer = BufWriter::with_capacity(4, Drain::default().vectored());
    run(async {
        writer.write_all(b"ab").await.unwrap();
        writer.write_all(b"01234567").await.unwrap();
        assert_eq!(writer.get_ref().calls, [10]);
        let pieces = [IoSlice::new(b"x"), IoSlice::new(b""), IoSlice::new(b"yzyz")];
        writer.write_all(b"ab").await.unwrap();
        assert_eq!(writer.write_vectored(&pieces).await.unwrap(), 5);
        assert_eq!(writer.get_ref().calls, [10, 7]);
        assert_eq!(writer.write_vectored(&pieces[..2]).await.unwrap(), 1);
        assert_eq!(writer.buffer(), b"x");
        assert_eq!(writer.write_vectored(&[]).await.unwrap(), 0);
    });
}

#[test]
fn a_sink_that_takes_one_piece_gets_them_joined() {
    let mut writer = BufWriter::with_capacity(4, Drain::default());
    let pieces = ["", "ab", "c", "defg"].map(|piece| IoSlice::new(piece.as_bytes()));
    run(async {
        assert!(writer.is_write_vectored());
        assert_eq!(writer.write_vectored(&pieces).await.unwrap(), 3);
        assert_eq!(writer.buffer(), b"abc");
        assert_eq!(writer.write_vectored(&pieces[3..]).await.unwrap(), 4);
        assert_eq!(writer.get_ref().calls, [3, 4]);
        assert_eq!(writer.write_vectored(&pieces[..1]).await.unwrap(), 0);
        writer.flush().await.unwrap();
    });
    assert_eq!((writer.buffer(), writer.get_ref().flushes), (&b""[..], 1));
}

#[test]
fn a_flush_that_failed_or_was_cancelled_goes_on_where_it_was() {
    let script = [
        Step::Room(1),
        Step::Fail(ErrorKind::Interrupted),
        Step::Pend,
        Step::Room(1),
        Step::Fail(ErrorKind::BrokenPipe),
        Step::Room(0),
    ];
    let mut writer = BufWriter::new(Drain::new(script));
    run(writer.write_all(b"abcd")).unwrap();
    assert!(run_for(writer.flush(), 1).is_none());
    assert_eq!(writer.buffer(), b"bcd");
    assert_eq!(run(writer.flush()).unwrap_err().kind(), ErrorKind::BrokenPipe);
    assert_eq!(run(writer.flush()).unwrap_err().kind(), ErrorKind::WriteZero);
    assert_eq!(writer.buffer(), b"cd");
    run(writer.flush()).unwrap();
    assert_eq!(writer.get_ref().taken, b"abcd");
}

#[test]
fn a_stream_turned_inside_out_keeps_both_buffers() {
    let inside = BufReader::with_capacity(4, join(&b"abcdef"[..], Vec::new()));
    let mut outside = BufWriter::with_capacity(8, inside);
    run(async {
        assert_eq!(outside.read_u8().await.unwrap(), b'a');
        outside.write_all(b"xy").await.unwrap();
        let mut stream = BufStream::from(outside);
        assert_eq!(stream.fill_buf().await.unwrap(), b"bcd");
        stream.flush().await.unwrap();
        let (reader, writer) = stream.into_inner().into_inner();
        assert_eq!((reader, &writer[..]), (&b"ef"[..], &b"xy"[..]));
    });
}

#[test]
fn lines_end_as_they_may() {
    let mut lines = (&b"hello\r\nworld\n\nend\r"[..]).lines();
    for expected in ["hello", "world", "", "end\r"] {
        assert_eq!(run(lines.next_line()).unwrap().as_deref(), Some(expected));
    }
    assert_eq!(run(lines.next_line()).unwrap(), None);
    assert_eq!(run(lines.next_line()).unwrap(), None);
    assert_eq!(*lines.get_ref(), &b""[..]);
}

#[test]
fn a_line_is_kept_over_errors_and_cancellation() {
    let mut lines = BufReader::new(Source::new([
        Step::Bytes(b"ab\xc3".to_vec()),
        Step::Fail(ErrorKind::Other),
        Step::Pend,
        Step::Bytes(b"\xa9cd\nghi\n\xff\nok".to_vec()),
    ]))
    .lines();
    assert_eq!(run(lines.next_line()).unwrap_err().kind(), ErrorKind::Other);
    assert!(poll(&mut lines.next_line()).is_pending());
    assert_eq!(run(lines.next_line()).unwrap().as_deref(), Some("abécd"));
    assert_eq!(run(lines.next_line()).unwrap().as_deref(), Some("ghi"));
    let error = run(lines.next_line()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidData);
    let inner = error.into_inner().unwrap().downcast::<std::string::FromUtf8Error>().unwrap();
    assert_eq!(inner.into_bytes(), b"\xff");
    assert_eq!(run(lines.next_line()).unwrap().as_deref(), Some("ok"));
    assert_eq!(run(lines.next_line()).unwrap(), None);
}

#[test]
fn buffers_hand_the_other_direction_through() {
    let both = || join(Cursor::new(b"ab".to_vec()), Drain::default());
    run(async {
        let mut reader = BufReader::new(both());
        reader.write_all(b"xy").await.unwrap();
        assert!(!reader.is_write_vectored());
        assert_eq!(reader.get_mut().writer_mut().taken, b"xy");
        let mut writer = BufWriter::new(both());
        assert_eq!(writer.fill_buf().await.unwrap(), b"ab");
        assert_eq!(writer.read_u16().await.unwrap(), 0x6162);
    });
}

#[test]
fn a_read_of_nothing_says_nothing_of_the_end() {
    let mut chain = (&b"ab"[..]).chain(&b"cd"[..]);
    assert_eq!(run(chain.read(&mut [])).unwrap(), 0);
    let mut four = [0; 4];
    run(chain.read_exact(&mut four)).unwrap();
    assert_eq!(&four, b"abcd");
    assert_eq!(format!("{chain:?}"), "Chain { first: [], second: [] }");
    assert_eq!(chain.into_inner(), (&b""[..], &b""[..]));
}

#[test]
fn the_start_of_a_reader_ends_and_can_be_moved() {
    let mut start = (&b"hello world"[..]).take(5);
    assert_eq!(run(start.read(&mut [0; 4])).unwrap(), 4);
    assert_eq!(run(start.fill_buf()).unwrap(), b"o");
    AsyncBufReadExt::consume(&mut start, 100); // not beyond the limit
    assert_eq!((start.limit(), run(start.read(&mut [0; 4])).unwrap()), (0, 0));
    start.set_limit(u64::MAX);
    let mut rest = Vec::new();
    run(start.read_to_end(&mut rest)).unwrap();
    assert_eq!(rest, b" world");
    assert_eq!(start.limit(), u64::MAX - 6);
}

#[test]
fn a_move_of_a_buffer_waits_for_one_inside() {
    let inner = || {
        let mut inner = SlowSeek::new(b"0123456789");
        crate::AsyncSeek::start_seek(core::pin::Pin::new(&mut inner), SeekFrom::Start(4)).unwrap();
        inner
    };
    run(async {
        let mut reader = BufReader::with_capacity(2, inner());
        assert_eq!(reader.seek(SeekFrom::Current(1)).await.unwrap(), 5);
        let mut reader = BufReader::with_capacity(2, inner());
        let mut pinned = core::pin::Pin::new(&mut reader);
        crate::AsyncSeek::start_seek(pinned.as_mut(), SeekFrom::Current(1)).unwrap();
        let moved =
            core::future::poll_fn(|cx| crate::AsyncSeek::poll_complete(pinned.as_mut(), cx));
        assert_eq!(moved.await.unwrap(), 5);
        let mut writer = BufWriter::new(inner());
        writer.write_all(b"x").await.unwrap();
        assert_eq!(writer.rewind().await.unwrap(), 0);
    });
}

/// Nothing is lost of what was read ahead.
#[test]
fn a_move_that_cannot_be_leaves_the_reader_where_it_was() {
    let mut reader = BufReader::with_capacity(2, Cursor::new([5, 6, 7, 0, 1, 2, 3, 4]));
    run(async {
        assert_eq!(reader.seek(SeekFrom::Start(3)).await.unwrap(), 3);
        assert_eq!(reader.fill_buf().await.unwrap(), [0, 1]);
        assert!(reader.seek(SeekFrom::Current(i64::MIN)).await.is_err());
        assert_eq!(reader.fill_buf().await.unwrap(), [0, 1]);
        assert!(reader.seek(SeekFrom::Current(-9)).await.is_err());
        assert_eq!(reader.fill_buf().await.unwrap(), [0, 1]);
        assert_eq!(reader.seek(SeekFrom::Current(1)).await.unwrap(), 4);
        assert_eq!(reader.fill_buf().await.unwrap(), [1, 2]);
        AsyncBufReadExt::consume(&mut reader, 1);
        assert_eq!(reader.seek(SeekFrom::Current(-2)).await.unwrap(), 3);
    });
}
