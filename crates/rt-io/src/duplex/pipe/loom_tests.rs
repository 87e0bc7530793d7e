//! The Claims of the pipe and of its signals, over every interleaving.

use super::*;
use core::task::Waker;
use rt_task::base::park::ThreadPark;
use rt_task::base::shim::{model, thread};
use std::vec::Vec;

fn here() -> &'static Location<'static> {
    Location::caller()
}

/// A side that comes while the other is at the slot comes again at once: the other goes on first.
fn wait(park: &ThreadPark) {
    park.park();
    thread::yield_now();
}

/// Writes all of `bytes`, waiting for room by a waker.
fn write_all(writer: &mut Writer, mut bytes: &[u8]) {
    let park = ThreadPark::new();
    let waker = park.unparker().into_waker();
    let mut cx = Context::from_waker(&waker);
    while !bytes.is_empty() {
        match writer.poll_write(&mut cx, &[IoSlice::new(bytes)], here()) {
            Poll::Ready(n) => bytes = &bytes[n.unwrap()..],
            Poll::Pending => wait(&park),
        }
    }
}

/// Reads to the end, or as many bytes as `limit`, `room` at most at a time.
fn read(reader: &mut Reader, limit: usize, room: usize) -> Vec<u8> {
    let park = ThreadPark::new();
    let waker = park.unparker().into_waker();
    let mut cx = Context::from_waker(&waker);
    let mut bytes = Vec::new();
    while bytes.len() < limit {
        let mut memory = [0; 8];
        let mut buf = ReadBuf::new(&mut memory[..room]);
        match reader.poll_read(&mut cx, &mut buf, here()) {
            Poll::Ready(_) if buf.filled().is_empty() => break,
            Poll::Ready(_) => bytes.extend_from_slice(buf.filled()),
            Poll::Pending => wait(&park),
        }
    }
    bytes
}

#[test]
fn what_is_written_is_read() {
    model(|| {
        let (mut writer, mut reader) = pipe_of(1, 1);
        let writes = thread::spawn(move || {
            write_all(&mut writer, b"abc");
            writer
        });
        assert_eq!(read(&mut reader, 3, 2), b"abc");
        drop(writes.join().unwrap());
    });
}

#[test]
fn the_end_comes_after_all_bytes() {
    model(|| {
        let (mut writer, mut reader) = pipe_of(2, 2);
        let writes = thread::spawn(move || write_all(&mut writer, b"ab"));
        assert_eq!(read(&mut reader, 9, 4), b"ab");
        writes.join().unwrap();
    });
}

#[test]
fn a_pipe_that_grows_keeps_its_bytes() {
    model(|| {
        let (mut writer, mut reader) = pipe_of(4, 1);
        let writes = thread::spawn(move || {
            write_all(&mut writer, b"a");
            write_all(&mut writer, b"bcd");
            writer
        });
        assert_eq!(read(&mut reader, 4, 3), b"abcd");
        drop(writes.join().unwrap());
    });
}

#[test]
fn a_waiter_changes_its_waker() {
    model(|| {
        let (mut writer, mut reader) = pipe_of(2, 2);
        let writes = thread::spawn(move || {
            write_all(&mut writer, b"a");
            write_all(&mut writer, b"b");
            writer
        });
        let mut cx = Context::from_waker(Waker::noop());
        let mut memory = [0; 1];
        let mut buf = ReadBuf::new(&mut memory);
        let early = reader.poll_read(&mut cx, &mut buf, here()).is_ready();
        let rest = read(&mut reader, 2 - usize::from(early), 1);
        assert_eq!(rest.last(), Some(&b'b'));
        drop(writes.join().unwrap());
    });
}

#[test]
fn a_reader_that_leaves_ends_the_wait_for_room() {
    model(|| {
        let (mut writer, reader) = pipe_of(1, 1);
        let leaves = thread::spawn(move || drop(reader));
        let park = ThreadPark::new();
        let waker = park.unparker().into_waker();
        let mut cx = Context::from_waker(&waker);
        let failed = loop {
            match writer.poll_write(&mut cx, &[IoSlice::new(b"x")], here()) {
                Poll::Ready(Ok(_)) => {}
                Poll::Ready(Err(error)) => break error,
                Poll::Pending => wait(&park),
            }
        };
        assert_eq!(failed.kind(), io::ErrorKind::BrokenPipe);
        leaves.join().unwrap();
    });
}
