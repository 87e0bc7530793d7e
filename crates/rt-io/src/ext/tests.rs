use super::*;
use crate::kit::{Drain, Source, Step, poll, run, run_for};
use crate::{AsyncBufRead, AsyncRead, AsyncSeek, AsyncWrite, BufReader, ReadBuf};
use core::future::Future;
use core::pin::Pin;
use std::boxed::Box;
use std::io::{Cursor, ErrorKind, IoSlice, SeekFrom};
use std::string::String;
use std::vec::Vec;
use std::{format, vec};

#[test]
fn the_traits_can_be_objects_and_the_methods_work_on_them() {
    let mut reader: Box<dyn AsyncBufRead + Unpin> = Box::new(&b"ab\n"[..]);
    let mut line = String::new();
    assert_eq!(run(reader.read_line(&mut line)).unwrap(), 3);
    let mut seeker: Box<dyn AsyncSeek + Unpin> = Box::new(Cursor::new([0; 3]));
    assert_eq!(run(seeker.stream_position()).unwrap(), 0);
    let mut writer: Pin<Box<dyn AsyncWrite>> = Box::pin(Vec::new());
    run(writer.write_all(b"ab")).unwrap();
    let reader: &mut (dyn AsyncRead + Unpin) = &mut Source::pieces(&["ab"]);
    assert_eq!(run(reader.read_u16()).unwrap(), 0x6162);
}

#[test]
fn a_single_read_hands_on_what_it_gets() {
    let mut source = Source::new([Step::Pend, Step::Fail(ErrorKind::Interrupted)]);
    let mut buf = [1; 4];
    assert!(poll(&mut source.read(&mut buf)).is_pending());
    assert_eq!(run(source.read(&mut buf)).unwrap_err().kind(), ErrorKind::Interrupted);
    assert_eq!(run(source.read(&mut buf)).unwrap(), 0);
    assert_eq!(buf, [1; 4]);
    let mut drain = Drain::new([Step::Fail(ErrorKind::Interrupted), Step::Room(1)]);
    assert_eq!(run(drain.write(b"ab")).unwrap_err().kind(), ErrorKind::Interrupted);
    assert_eq!(run(drain.write(b"ab")).unwrap(), 1);
    assert_eq!(run(drain.write(b"")).unwrap(), 0);
}

#[test]
fn a_source_that_ends_in_what_is_wanted_ends_early() {
    let mut buf = [0; 4];
    let error = run(Source::pieces(&["ab", "c"]).read_exact(&mut buf)).unwrap_err();
    assert_eq!((error.kind(), &buf), (ErrorKind::UnexpectedEof, b"abc\0"));
    let error = run(Source::pieces(&["ab", "c"]).read_u32()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
    assert_eq!(run(Source::default().read_exact(&mut [])).unwrap(), 0);
}

#[test]
fn a_sink_that_takes_nothing_is_an_error() {
    let full = || Drain::new([Step::Room(1), Step::Room(0)]);
    assert_eq!(run(full().write_all(b"ab")).unwrap_err().kind(), ErrorKind::WriteZero);
    assert_eq!(run(full().write_u16(1)).unwrap_err().kind(), ErrorKind::WriteZero);
    let mut memory = [0; 3];
    let mut full = Cursor::new(&mut memory[..]);
    assert_eq!(run(full.write_all(b"abcd")).unwrap_err().kind(), ErrorKind::WriteZero);
    // Nothing to write needs no sink.
    run(Drain::new([Step::Fail(ErrorKind::Other)]).write_all(b"")).unwrap();
}

/// Both ways, whole and in pieces, pending and interrupted between.
macro_rules! numbers {
    ($($value:expr => $write:ident $read:ident $bytes:expr;)*) => {$({
        let (value, bytes) = ($value, $bytes);
        let pause = || [Step::Pend, Step::Fail(ErrorKind::Interrupted)];
        let mut drain = Drain::new(pause().into_iter().chain([Step::Room(1)]).chain(pause()));
        run(drain.$write(value)).unwrap();
        assert_eq!(drain.taken, bytes, stringify!($write));
        let (start, end) = bytes.split_at(1);
        let steps = [Step::Bytes(start.to_vec())].into_iter().chain(pause());
        let end = (!end.is_empty()).then(|| Step::Bytes(end.to_vec()));
        assert_eq!(run(Source::new(steps.chain(end)).$read()).unwrap(), value);
        assert_eq!(run((&bytes[..]).$read()).unwrap(), value, stringify!($read));
    })*};
}

#[test]
fn numbers_go_both_ways_in_both_orders() {
    numbers! {
        0x12_u8 => write_u8 read_u8 [0x12];
        -2_i8 => write_i8 read_i8 [0xfe];
        0x1234_u16 => write_u16 read_u16 [0x12, 0x34];
        -2_i16 => write_i16 read_i16 [0xff, 0xfe];
        0x1234_5678_u32 => write_u32 read_u32 [0x12, 0x34, 0x56, 0x78];
        -2_i32 => write_i32 read_i32 (-2_i32).to_be_bytes();
        0x0123_4567_89ab_cdef_u64 => write_u64 read_u64 0x0123_4567_89ab_cdef_u64.to_be_bytes();
        i64::MIN + 5 => write_i64 read_i64 (i64::MIN + 5).to_be_bytes();
        u128::MAX / 7 => write_u128 read_u128 (u128::MAX / 7).to_be_bytes();
        i128::MIN / 7 => write_i128 read_i128 (i128::MIN / 7).to_be_bytes();
        1.5_f32 => write_f32 read_f32 1.5_f32.to_be_bytes();
        -1.5e300_f64 => write_f64 read_f64 (-1.5e300_f64).to_be_bytes();
        0x1234_u16 => write_u16_le read_u16_le [0x34, 0x12];
        -2_i16 => write_i16_le read_i16_le [0xfe, 0xff];
        0x1234_5678_u32 => write_u32_le read_u32_le [0x78, 0x56, 0x34, 0x12];
        -2_i32 => write_i32_le read_i32_le (-2_i32).to_le_bytes();
        7_u64 => write_u64_le read_u64_le 7_u64.to_le_bytes();
        -7_i64 => write_i64_le read_i64_le (-7_i64).to_le_bytes();
        u128::MAX / 7 => write_u128_le read_u128_le (u128::MAX / 7).to_le_bytes();
        i128::MIN / 7 => write_i128_le read_i128_le (i128::MIN / 7).to_le_bytes();
        1.5_f32 => write_f32_le read_f32_le 1.5_f32.to_le_bytes();
        -1.5e300_f64 => write_f64_le read_f64_le (-1.5e300_f64).to_le_bytes();
    }
}

#[test]
fn a_vector_of_the_right_size_is_not_made_larger() {
    let mut bytes = Vec::with_capacity(4000);
    let exact = bytes.capacity();
    let mut source = Source::new([Step::Bytes(vec![7; exact])]);
    assert_eq!(run(source.read_to_end(&mut bytes)).unwrap(), exact);
    assert_eq!(bytes.capacity(), exact);
    let mut nothing = Vec::new();
    assert_eq!(run(Source::default().read_to_end(&mut nothing)).unwrap(), 0);
    assert_eq!(nothing.capacity(), 0);
}

#[test]
fn what_was_read_to_the_end_is_kept_when_cancelled() {
    let mut source = Source::pieces(&["ab", "cd"]);
    source.0.insert(1, Step::Pend);
    let mut bytes = b"0".to_vec();
    assert!(run_for(source.read_to_end(&mut bytes), 1).is_none());
    assert_eq!(bytes, b"0ab");
    assert_eq!(run(source.read_to_end(&mut bytes)).unwrap(), 2);
    assert_eq!(bytes, b"0abcd");
}

/// A reader that zeroes what it is given, as code that knows nothing of `MaybeUninit` does.
struct Zeroing(usize, usize);

impl AsyncRead for Zeroing {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.1 += buf.remaining() - (buf.initialized().len() - buf.filled().len());
        let n = buf.initialize_unfilled().len().min(self.0).min(10);
        buf.advance(n);
        self.0 -= n;
        Poll::Ready(Ok(()))
    }
}

#[test]
fn what_a_reader_zeroed_is_zeroed_once() {
    let mut reader = Zeroing(1000, 0);
    let mut bytes = Vec::with_capacity(2000);
    run(reader.read_to_end(&mut bytes)).unwrap();
    assert_eq!((bytes.len(), reader.1), (1000, 2000));
    let mut reader = BufReader::with_capacity(100, Zeroing(1000, 0));
    while !run(reader.fill_buf()).unwrap().is_empty() {
        AsyncBufReadExt::consume(&mut reader, 7);
    }
    assert_eq!(reader.get_ref().1, 100);
}

/// A reader that puts another buffer in the place of its own.
struct Thief;

impl AsyncRead for Thief {
    fn poll_read(
        self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        *buf = ReadBuf::new(&mut []);
        Poll::Ready(Ok(()))
    }
}

#[test]
fn another_buffer_in_the_place_of_ours_is_noticed() {
    let caught = |f: &mut dyn FnMut()| {
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(f)).expect_err("it is noticed")
    };
    caught(&mut || drop(run(Thief.read_to_end(&mut Vec::with_capacity(64)))));
    caught(&mut || drop(run(BufReader::new(Thief).fill_buf()).map(<[u8]>::len)));
    caught(&mut || drop(run(Thief.take(3).read(&mut [0; 9]))));
    #[cfg(feature = "bytes")]
    caught(&mut || drop(run(Thief.read_buf(&mut Vec::with_capacity(64)))));
}

#[test]
fn text_that_is_none_leaves_the_string_as_it_was() {
    let mut text = String::from("Foo");
    let error = run((&b"Hello Wor\xffld.\n"[..]).read_line(&mut text)).unwrap_err();
    assert_eq!((error.kind(), text.as_str()), (ErrorKind::InvalidData, "Foo"));
    let inner = error.into_inner().unwrap().downcast::<std::str::Utf8Error>().unwrap();
    assert_eq!(inner.valid_up_to(), 12);
    let error = run((&b"\xff"[..]).read_to_string(&mut text)).unwrap_err();
    assert_eq!((error.kind(), text.as_str()), (ErrorKind::InvalidData, "Foo"));
    let mut fails =
        Source::new([Step::Bytes(b"Hello\xff".to_vec()), Step::Fail(ErrorKind::BrokenPipe)]);
    let error = run(BufReader::new(fails.clone()).read_line(&mut text)).unwrap_err();
    assert_eq!((error.kind(), text.as_str()), (ErrorKind::BrokenPipe, "Foo"));
    let error = run(fails.read_to_string(&mut text)).unwrap_err();
    assert_eq!((error.kind(), text.as_str()), (ErrorKind::BrokenPipe, "Foo"));
}

#[test]
fn a_letter_may_come_in_two_reads() {
    let mut source =
        Source::new([Step::Bytes(b"ab\xc3".to_vec()), Step::Pend, Step::Bytes(b"\xa9cd".to_vec())]);
    let mut text = String::from("x");
    assert_eq!(run(source.read_to_string(&mut text)).unwrap(), 6);
    assert_eq!(text, "xabécd");
}

#[cfg(feature = "bytes")]
mod of_bytes {
    use super::*;
    use ::bytes::{Buf, BufMut, Bytes, BytesMut};

    #[test]
    fn room_of_any_kind_is_read_into() {
        let mut buf = BytesMut::with_capacity(4);
        let mut source = Source::pieces(&["abcdef", "gh"]);
        assert_eq!(run(source.read_buf(&mut buf)).unwrap(), 4);
        assert_eq!(run(source.read_buf(&mut buf)).unwrap(), 2); // it has made room
        assert_eq!(&buf[..], b"abcdef");
        let mut memory = [0; 2];
        let mut full = (&mut memory[..]).limit(0);
        assert_eq!(run(source.read_buf(&mut full)).unwrap(), 0);
        assert_eq!(run(source.read_buf(&mut Vec::new())).unwrap(), 2);
        let two: &mut dyn BufMut = &mut BytesMut::new();
        assert_eq!(run((&b"ab"[..]).read_buf(two)).unwrap(), 2);
    }

    #[test]
    fn pieces_are_written_at_once_where_the_sink_takes_such() {
        let pieces = || Bytes::from("abc").chain(Bytes::from("def"));
        let mut drain = Drain::default().vectored();
        run(drain.write_all_buf(&mut pieces())).unwrap();
        assert_eq!((&drain.taken[..], &drain.calls[..]), (&b"abcdef"[..], &[6][..]));
        let mut drain = Drain::new([Step::Pend, Step::Room(2)]);
        let mut buf = pieces();
        assert_eq!(run(drain.write_buf(&mut buf)).unwrap(), 2);
        assert_eq!(buf.remaining(), 4);
        assert_eq!(run(drain.write_buf(&mut &b""[..])).unwrap(), 0);
    }

    #[test]
    fn what_is_left_tells_where_a_cancelled_write_is() {
        let interrupted = Step::Fail(ErrorKind::Interrupted);
        let mut drain = Drain::new([Step::Room(2), interrupted, Step::Pend, Step::Room(0)]);
        let mut buf = Bytes::from("abcdef");
        assert!(run_for(drain.write_all_buf(&mut buf), 1).is_none());
        assert_eq!((&buf[..], &drain.taken[..]), (&b"cdef"[..], &b"ab"[..]));
        let error = run(drain.write_all_buf(&mut buf)).unwrap_err();
        assert_eq!((error.kind(), &buf[..]), (ErrorKind::WriteZero, &b"cdef"[..]));
    }
}

#[test]
fn a_move_waits_for_the_one_before() {
    let mut slow = crate::kit::SlowSeek::new(b"0123456789");
    Pin::new(&mut slow).start_seek(SeekFrom::Start(3)).unwrap();
    assert_eq!(run(slow.seek(SeekFrom::Current(2))).unwrap(), 5);
    assert_eq!(run(slow.stream_position()).unwrap(), 5);
    assert_eq!(run(slow.rewind()).unwrap(), 0);
    assert_eq!(run(slow.seek(SeekFrom::Current(-1))).unwrap_err().kind(), ErrorKind::InvalidInput);
}

#[test]
fn futures_are_small_and_tell_what_they_are_of() {
    assert!(size_of::<Read<'_, Source>>() <= 4 * size_of::<usize>());
    assert!(size_of::<WriteAll<'_, Drain>>() <= 4 * size_of::<usize>());
    let (mut source, mut drain) = (Source::default(), Drain::default());
    assert!(format!("{:?}", source.read_u32()).starts_with("ReadNumber { reader: Source"));
    assert!(format!("{:?}", drain.write_u32(1)).starts_with("WriteNumber { writer: Drain"));
    assert!(format!("{:?}", source.read_to_end(&mut vec![])).starts_with("ReadToEnd"));
    fn is_send<T: Send + core::marker::Sync + Unpin>(_: &T) {}
    is_send(&source.read(&mut []));
    is_send(&source.read_u128());
    is_send(&drain.write_vectored(&[IoSlice::new(b"")]));
}

/// Keeps no task: each is polled once.
#[derive(Clone)]
struct Nowhere;

impl rt_task::Schedule for Nowhere {
    fn schedule(&self, runnable: rt_task::Runnable<Self>, _why: rt_task::Why) {
        drop(runnable);
    }
}

/// What a task of `future` waits for after one poll, at which line of this file.
#[track_caller]
fn waits<F>(future: F) -> (WaitKind, u32)
where
    F: Future<Output: Send> + Send + 'static,
{
    let _entered = rt_task::base::context::enter(rt_task::base::context::Env::new());
    let (runnable, handle) = rt_task::spawn(future, Nowhere);
    drop(runnable.run());
    let (wait, _among) = handle.info().wait.expect("the task waits");
    assert_eq!(wait.site.file(), file!(), "{wait:?}");
    handle.abort(); // nobody would wake it
    (wait.kind, wait.site.line())
}

#[test]
fn a_task_waits_where_the_method_was_called() {
    let source = || BufReader::new(Source::new([Step::Pend]));
    let drain = || Drain::new([Step::Pend]);
    let start = line!();
    let wait = waits(async move { source().read_u32().await });
    assert_eq!(wait, (WaitKind::Readable, start + 1));
    let wait = waits(async move { source().lines().next_line().await });
    assert_eq!(wait, (WaitKind::Readable, start + 3));
    let wait = waits(async move { drain().write_all(b"ab").await });
    assert_eq!(wait, (WaitKind::Writable, start + 5));
    let wait = waits(async move { crate::copy(&mut source(), &mut drain()).await });
    assert_eq!(wait, (WaitKind::Readable, start + 7));
    // A leaf inside says what for, and the method where.
    let wait = waits(async move { Sleeper.read_u8().await });
    assert_eq!(wait, (WaitKind::Time, start + 10));
}

/// A reader that is a leaf of another kind.
struct Sleeper;

impl AsyncRead for Sleeper {
    #[track_caller]
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        _buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let site = Location::caller();
        rt_task::wait::poll_leaf(
            cx,
            || Wait { kind: WaitKind::Time, object: 1, site },
            |_| Poll::Pending,
        )
    }
}
