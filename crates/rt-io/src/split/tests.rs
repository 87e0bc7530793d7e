use super::*;
use crate::kit::{Drain, Source, Step, poll, run};
use crate::{AsyncReadExt, AsyncWriteExt, Join, duplex, join};
use core::task::Waker;
use std::boxed::Box;
use std::format;
use std::sync::{Mutex, OnceLock};
use std::vec::Vec;

fn stream() -> Join<Source, Drain> {
    join(Source::pieces(&["ab"]), Drain::default().vectored())
}

#[test]
fn halves_hand_everything_through() {
    let (mut reader, mut writer) = split(stream());
    run(async {
        assert_eq!(reader.read_u16().await.unwrap(), 0x6162);
        writer.write_all(b"xy").await.unwrap();
        assert!(writer.is_write_vectored());
        let pieces = [IoSlice::new(b"z"), IoSlice::new(b"!")];
        assert_eq!(writer.write_vectored(&pieces).await.unwrap(), 2);
        writer.flush().await.unwrap();
        writer.shutdown().await.unwrap();
    });
    let (_, drain) = reader.unsplit(writer).into_inner();
    assert_eq!((&drain.taken[..], drain.flushes, drain.shutdowns), (&b"xyz!"[..], 1, 1));
}

#[test]
fn halves_know_each_other() {
    let ((reader, writer), (_, stranger)) = (split(stream()), split(stream()));
    assert!(reader.is_pair_of(&writer) && writer.is_pair_of(&reader));
    assert!(!reader.is_pair_of(&stranger) && !stranger.is_pair_of(&reader));
    let mixed = std::panic::AssertUnwindSafe(|| drop(reader.unsplit(stranger)));
    let panic = std::panic::catch_unwind(mixed).unwrap_err();
    assert_eq!(panic.downcast_ref::<&str>(), Some(&"the other half is of another stream"));
    fn is_send_and_sync<T: Send + core::marker::Sync + Unpin>(_: &T) {}
    is_send_and_sync(&writer);
    assert_eq!(format!("{writer:?}"), "WriteHalf { .. }");
}

/// A stream whose read does something to the other half.
struct Meddles(OnceLock<Mutex<WriteHalf<Meddles>>>, Vec<bool>);

impl AsyncRead for Meddles {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let mut cx = Context::from_waker(Waker::noop());
        let other = self.0.get().expect("it was given").lock();
        let polled = Pin::new(&mut *other.unwrap()).poll_write(&mut cx, b"x").is_pending();
        self.1.push(polled);
        buf.put_slice(b"r");
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Meddles {
    fn poll_write(
        self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
        _buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        panic!("a writer that panics");
    }
    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
    fn poll_shutdown(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// No deadlock: the other half waits.
#[test]
fn a_half_polled_inside_a_poll_of_the_other_waits() {
    let (mut reader, writer) = split(Meddles(OnceLock::new(), Vec::new()));
    // Nobody polls: the value may be given what it meddles with.
    let Poll::Ready(guard) = reader.inner.stream.poll_lock(&mut Context::from_waker(Waker::noop()))
    else {
        panic!("nobody holds it");
    };
    let mut guard = guard;
    _ = guard.pinned().get_mut().0.set(Mutex::new(writer));
    drop(guard);
    assert_eq!(run(reader.read_u8()).unwrap(), b'r');
    assert_eq!(run(reader.read_u8()).unwrap(), b'r'); // and the wait left there is no harm
    let mut cx = Context::from_waker(Waker::noop());
    let Poll::Ready(mut guard) = reader.inner.stream.poll_lock(&mut cx) else { panic!() };
    let inner = guard.pinned().get_mut();
    assert_eq!(inner.1, [true, true]);
    let cycle = core::mem::take(&mut inner.0); // the stream holds a half of itself
    drop(guard);
    drop(cycle);
}

/// A panic lets go of the lock.
#[test]
fn a_half_outlives_a_panic_of_the_other() {
    let (reader, mut writer) = split(Meddles(OnceLock::new(), Vec::new()));
    let write = std::panic::AssertUnwindSafe(|| run(writer.write(b"x")));
    assert!(std::panic::catch_unwind(write).is_err());
    run(writer.flush()).unwrap();
    drop(reader.unsplit(writer));
}

#[test]
fn a_half_that_waits_for_the_lock_is_woken() {
    let (mut reader, mut writer) = split(stream());
    let mut cx = Context::from_waker(Waker::noop());
    let Poll::Ready(guard) = writer.inner.stream.poll_lock(&mut cx) else { panic!("it is free") };
    let inner = reader.inner.clone();
    let reads = thread(move || run(reader.read_u16()));
    while format!("{:?}", inner.stream) == "PairLock { word: 1 }" {
        std::thread::yield_now();
    }
    drop(guard);
    assert_eq!(reads.join().unwrap().unwrap(), 0x6162);
    run(writer.write_all(b"x")).unwrap();
}

/// Both halves in bulk on two threads, and the end of each.
#[test]
fn halves_work_on_two_threads() {
    const BYTES: usize = 100_000;
    let (near, far) = duplex(64);
    let ((mut near_reads, mut near_writes), (mut far_reads, mut far_writes)) =
        (split(near), split(far));
    let writes = thread(move || {
        run(near_writes.write_all(&[7; BYTES])).unwrap();
        run(near_writes.shutdown())
    });
    let back = thread(move || {
        run(far_writes.write_all(&[8; BYTES])).unwrap();
        run(far_writes.shutdown())
    });
    let far = thread(move || {
        let mut heard = Vec::new();
        run(far_reads.read_to_end(&mut heard)).unwrap();
        heard
    });
    let mut heard = Vec::new();
    run(near_reads.read_to_end(&mut heard)).unwrap();
    assert!(heard == [8; BYTES]);
    assert!(far.join().unwrap() == [7; BYTES]);
    writes.join().unwrap().unwrap();
    back.join().unwrap().unwrap();
}

#[test]
fn a_stream_that_pends_lets_go_of_the_lock() {
    let inner = join(Source::new([Step::Pend]), Drain::default());
    let (mut reader, mut writer) = split(Box::pin(inner));
    assert!(poll(&mut reader.read(&mut [0; 1])).is_pending());
    run(writer.write_all(b"x")).unwrap();
}

#[expect(clippy::disallowed_methods, reason = "the two ends are on two threads")]
fn thread<T: Send + 'static>(f: impl FnOnce() -> T + Send + 'static) -> std::thread::JoinHandle<T> {
    std::thread::spawn(f)
}
