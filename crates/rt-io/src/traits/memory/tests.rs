//! Each source and sink in memory, by itself and behind each pointer.

use super::*;
use std::boxed::Box;
use std::string::ToString;
use std::task::Waker;
use std::vec;

fn cx() -> Context<'static> {
    Context::from_waker(Waker::noop())
}

/// Unwraps what is never pending and never fails.
fn now<T>(polled: Poll<io::Result<T>>) -> T {
    match polled {
        Poll::Ready(result) => result.unwrap(),
        Poll::Pending => panic!("memory waits for nothing"),
    }
}

fn read_up_to<R: AsyncRead + Unpin>(source: &mut R, n: usize) -> Vec<u8> {
    let mut memory = vec![0; n];
    let mut buf = ReadBuf::new(&mut memory);
    now(Pin::new(source).poll_read(&mut cx(), &mut buf));
    buf.filled().to_vec()
}

#[test]
fn a_slice_gives_its_start_and_keeps_the_rest() {
    let mut source: &[u8] = b"abcde";
    assert_eq!(read_up_to(&mut source, 3), b"abc");
    assert_eq!(read_up_to(&mut source, 0), b"");
    assert_eq!(read_up_to(&mut source, 9), b"de");
    assert_eq!(read_up_to(&mut source, 9), b"", "the end");
}

#[test]
fn a_cursor_past_the_end_reads_nothing() {
    let mut source = Cursor::new(b"abc");
    source.set_position(u64::MAX);
    assert_eq!(read_up_to(&mut source, 2), b"");
    source.set_position(1);
    assert_eq!(read_up_to(&mut source, 2), b"bc");
    assert_eq!(source.position(), 3);
}

#[test]
fn what_is_looked_at_stays_until_consumed() {
    let mut source: &[u8] = b"abc";
    assert_eq!(now(Pin::new(&mut source).poll_fill_buf(&mut cx())), b"abc");
    Pin::new(&mut source).consume(2);
    assert_eq!(now(Pin::new(&mut source).poll_fill_buf(&mut cx())), b"c");
    let mut pinned = Pin::new(Box::new(Cursor::new("xy".to_string())));
    AsyncBufRead::consume(Pin::new(&mut pinned), 1);
    assert_eq!(now(Pin::new(&mut pinned).poll_fill_buf(&mut cx())), b"y");
}

#[test]
fn a_cursor_seeks() {
    let mut source = Cursor::new(b"abcdef");
    Pin::new(&mut source).start_seek(SeekFrom::End(-2)).unwrap();
    assert_eq!(now(Pin::new(&mut source).poll_complete(&mut cx())), 4);
    assert_eq!(read_up_to(&mut source, 9), b"ef");
    let mut boxed: Box<dyn AsyncSeek + Unpin> = Box::new(source);
    let before = Pin::new(&mut boxed).start_seek(SeekFrom::Current(-7));
    assert_eq!(before.unwrap_err().kind(), io::ErrorKind::InvalidInput);
}

#[test]
fn sinks_take_all_or_what_fits() {
    let bufs = [IoSlice::new(b"ab"), IoSlice::new(b""), IoSlice::new(b"cd")];
    let mut growing = vec![b'_'];
    assert_eq!(now(Pin::new(&mut growing).poll_write_vectored(&mut cx(), &bufs)), 4);
    assert_eq!(now(Pin::new(&mut growing).poll_write(&mut cx(), b"e")), 1);
    assert_eq!(growing, b"_abcde");

    let mut fixed = Cursor::new(Box::from(&b"..."[..]) as Box<[u8]>);
    assert_eq!(now(Pin::new(&mut fixed).poll_write(&mut cx(), b"x")), 1);
    assert_eq!(now(Pin::new(&mut fixed).poll_write_vectored(&mut cx(), &bufs)), 2);
    assert_eq!(now(Pin::new(&mut fixed).poll_write(&mut cx(), b"y")), 0, "full");
    now(Pin::new(&mut fixed).poll_flush(&mut cx()));
    now(Pin::new(&mut fixed).poll_shutdown(&mut cx()));
    assert_eq!(&**fixed.get_ref(), b"xab");
}

/// Takes one byte at a time, from one buffer.
#[derive(Default)]
struct Drip(Vec<u8>);

impl AsyncWrite for Drip {
    fn poll_write(
        mut self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.0.extend(buf.first());
        Poll::Ready(Ok(buf.len().min(1)))
    }
    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
    fn poll_shutdown(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Err(io::ErrorKind::NotConnected.into()))
    }
}

#[test]
fn a_vectored_write_falls_back_to_the_first_buffer_that_is_not_empty() {
    let bufs = [IoSlice::new(b""), IoSlice::new(b"xy"), IoSlice::new(b"z")];
    let mut drip = Drip::default();
    assert_eq!(now(Pin::new(&mut drip).poll_write_vectored(&mut cx(), &bufs)), 1);
    assert_eq!(now(Pin::new(&mut drip).poll_write_vectored(&mut cx(), &[])), 0);
    assert_eq!(drip.0, b"x");
    assert!(!drip.is_write_vectored());
}

#[test]
fn pointers_hand_everything_through() {
    fn check<W: AsyncWrite + Unpin>(mut sink: W, vectored: bool) {
        let bufs = [IoSlice::new(b"ab"), IoSlice::new(b"cd")];
        assert_eq!(sink.is_write_vectored(), vectored);
        let expected = if vectored { 4 } else { 1 };
        let mut sink = Pin::new(&mut sink);
        assert_eq!(now(sink.as_mut().poll_write_vectored(&mut cx(), &bufs)), expected);
        assert_eq!(now(sink.as_mut().poll_write(&mut cx(), b"e")), 1);
        now(sink.as_mut().poll_flush(&mut cx()));
        let shutdown = sink.poll_shutdown(&mut cx());
        assert_eq!(matches!(shutdown, Poll::Ready(Ok(()))), vectored);
    }
    let (mut growing, mut drip) = (Vec::new(), Drip::default());
    check(&mut growing, true);
    check(&mut drip, false);
    check(Pin::new(&mut growing), true);
    check(Box::new(Vec::new()), true);
    check(Box::new(Drip::default()) as Box<dyn AsyncWrite + Unpin>, false);
    check(Box::pin(Drip::default()) as Pin<Box<dyn AsyncWrite>>, false);
    assert_eq!((&growing[..], &drip.0[..]), (&b"abcdeabcde"[..], &b"ae"[..]));

    let mut boxed: Box<dyn AsyncRead + Unpin> = Box::new(&b"abcdef"[..]);
    assert_eq!(read_up_to(&mut boxed, 2), b"ab");
    assert_eq!(read_up_to(&mut &mut boxed, 2), b"cd");
    assert_eq!(read_up_to(&mut Pin::new(&mut boxed), 9), b"ef");
}
