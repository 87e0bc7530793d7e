use super::*;
use crate::kit::{poll, run, run_for};
use crate::{AsyncReadExt, AsyncWriteExt, copy};
use core::future::Future;
use core::task::Waker;
use proptest::prelude::*;
use rt_task::base::context::{Env, drive};
use rt_task::coop::with_budget;
use std::boxed::Box;
use std::collections::VecDeque;
use std::format;
use std::io::ErrorKind;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::task::Wake;
use std::vec;
use std::vec::Vec;

#[test]
fn what_is_said_on_one_end_is_heard_on_the_other() {
    run(async {
        let (mut near, mut far) = duplex(32);
        let mut buf = [0; 4];
        near.write_all(b"ping").await.unwrap();
        far.read_exact(&mut buf).await.unwrap();
        assert_eq!(&buf, b"ping");
        far.write_all(b"pong").await.unwrap();
        near.read_exact(&mut buf).await.unwrap();
        assert_eq!(&buf, b"pong");
        assert_eq!(format!("{far:?}").matches("unread: 0, max: 32").count(), 2);
    });
}

#[test]
fn an_end_that_is_dropped_ends_and_fails_the_other() {
    run(async {
        let (mut near, mut far) = duplex(32);
        near.write_all(b"last words").await.unwrap();
        drop(near);
        let mut heard = Vec::new();
        far.read_to_end(&mut heard).await.unwrap();
        assert_eq!(heard, b"last words");
        assert_eq!(far.read(&mut [0; 1]).await.unwrap(), 0);
        for bytes in [&b"x"[..], b""] {
            assert_eq!(far.write(bytes).await.unwrap_err().kind(), ErrorKind::BrokenPipe);
            let pieces = [IoSlice::new(bytes)];
            let error = far.write_vectored(&pieces).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::BrokenPipe);
        }
    });
}

#[test]
fn what_does_not_fit_waits_for_the_reader() {
    let (mut near, mut far) = duplex(32);
    assert_eq!(run(near.write(&[1; 40])).unwrap(), 32);
    let mut more = Box::pin(async move { near.write_all(&[2; 33]).await.map(|()| near) });
    assert!(poll(&mut more).is_pending());
    assert_eq!(run(far.read(&mut [0; 40])).unwrap(), 32);
    assert!(poll(&mut more).is_pending());
    assert_eq!(run(far.read(&mut [0; 1])).unwrap(), 1);
    let Poll::Ready(Ok(mut near)) = poll(&mut more) else { panic!("there is room") };
    assert!(run_for(near.write(b"x"), 1).is_none());
    drop(far); // while it waits
    assert_eq!(run(near.write(b"x")).unwrap_err().kind(), ErrorKind::BrokenPipe);
}

#[test]
fn nothing_is_read_and_written_at_once() {
    let (mut near, mut far) = duplex(1);
    assert_eq!(run(far.read(&mut [])).unwrap(), 0);
    assert_eq!(run(near.write(b"")).unwrap(), 0);
    assert_eq!(run(near.write_vectored(&[])).unwrap(), 0);
    assert_eq!(run(near.write(b"ab")).unwrap(), 1);
    assert_eq!(run(near.write(b"")).unwrap(), 0); // full, but nothing is to be written
}

#[test]
fn pieces_are_written_as_far_as_they_fit() {
    let (mut near, mut far) = duplex(7);
    let pieces = ["abc", "", "de", "fghi"].map(|piece| IoSlice::new(piece.as_bytes()));
    assert_eq!(run(near.write_vectored(&pieces)).unwrap(), 7);
    assert!(near.is_write_vectored());
    run(near.shutdown()).unwrap();
    run(near.shutdown()).unwrap();
    assert_eq!(run(near.write(b"x")).unwrap_err().kind(), ErrorKind::BrokenPipe);
    let mut heard = Vec::new();
    run(far.read_to_end(&mut heard)).unwrap();
    assert_eq!(heard, b"abcdefg");
    run(far.write_all(b"still")).unwrap(); // the other direction is open
}

#[test]
fn a_simplex_ends_by_shutdown_alone() {
    let (mut reader, mut writer) = simplex(8);
    run(writer.write_all(b"ab")).unwrap();
    assert_eq!(run(reader.read(&mut [0; 8])).unwrap(), 2);
    drop(writer);
    assert!(run_for(reader.read(&mut [0; 8]), 2).is_none());
    let (mut reader, mut writer) = simplex(8);
    run(writer.write_all(b"ab")).unwrap();
    run(writer.shutdown()).unwrap();
    assert_eq!(run(writer.write(b"x")).unwrap_err().kind(), ErrorKind::BrokenPipe);
    let mut heard = Vec::new();
    run(reader.read_to_end(&mut heard)).unwrap();
    assert_eq!(heard, b"ab");
    let mut whole = SimplexStream::new_unsplit(4);
    run(whole.write_all(b"abcd")).unwrap();
    assert!(run_for(whole.write(b"e"), 1).is_none());
    assert_eq!(run(whole.read_u32()).unwrap(), 0x6162_6364);
}

/// Where the caller is, not here.
#[test]
fn a_stream_of_nothing_is_refused_where_it_is_made() {
    static PANICS: Mutex<Vec<u32>> = Mutex::new(Vec::new());
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| match info.location() {
        Some(at) if at.file() == file!() => PANICS.lock().unwrap().push(at.line()),
        _ => before(info),
    }));
    let start = line!();
    _ = std::panic::catch_unwind(|| drop(duplex(0)));
    _ = std::panic::catch_unwind(|| drop(simplex(0)));
    _ = std::panic::catch_unwind(|| drop(SimplexStream::new_unsplit(0)));
    _ = std::panic::take_hook();
    assert_eq!(*PANICS.lock().unwrap(), [start + 1, start + 2, start + 3]);
}

#[test]
fn a_stream_that_is_always_ready_gives_way() {
    let budget = usize::from(rt_task::base::budget::BUDGET);
    let (mut near, mut far) = duplex(4096);
    let turns = |op: &mut dyn FnMut() -> bool| {
        let turn = |ctx: &_| with_budget(ctx, || (0..10_000).take_while(|_| op()).count());
        drive(Env::new(), turn).expect("this thread drives nothing")
    };
    assert_eq!(turns(&mut || poll(&mut near.write(b"x")).is_ready()), budget);
    assert_eq!(turns(&mut || poll(&mut far.read(&mut [0; 1])).is_ready()), budget);
}

#[test]
fn memory_grows_to_what_waits_and_not_before() {
    let (mut near, mut far) = duplex(usize::MAX);
    let bytes: Vec<u8> = (0..100_000_u32).map(|n| n as u8).collect();
    assert_eq!(run(near.write(&bytes)).unwrap(), bytes.len());
    run(near.write_all(&bytes)).unwrap();
    run(near.shutdown()).unwrap();
    let mut heard = Vec::new();
    run(far.read_to_end(&mut heard)).unwrap();
    assert!(heard == [&bytes[..], &bytes].concat());
}

/// Counts its wakes, and does something to the stream in each.
struct Meddler {
    wakes: AtomicUsize,
    stream: Mutex<Option<DuplexStream>>,
}

impl Wake for Meddler {
    fn wake(self: Arc<Self>) {
        self.wakes.fetch_add(1, SeqCst);
        let stream = self.stream.lock().unwrap().take();
        if let Some(mut stream) = stream {
            let mut cx = Context::from_waker(Waker::noop());
            let mut memory = [0; 4];
            let _ = Pin::new(&mut stream).poll_read(&mut cx, &mut ReadBuf::new(&mut memory));
            let _ = Pin::new(&mut stream).poll_write(&mut cx, b"reentrant");
            drop(stream);
        }
    }
}

impl Meddler {
    fn new() -> Arc<Self> {
        Arc::new(Self { wakes: AtomicUsize::new(0), stream: Mutex::default() })
    }

    fn poll<F: Future + Unpin>(self: &Arc<Self>, mut future: F) -> bool {
        let waker = self.clone().into();
        Pin::new(&mut future).poll(&mut Context::from_waker(&waker)).is_ready()
    }

    fn wakes(&self) -> usize {
        self.wakes.load(SeqCst)
    }
}

#[test]
fn wakers_may_do_anything() {
    // A reader is woken by a write, by a shutdown, and by a drop.
    let news: [fn(DuplexStream) -> Option<DuplexStream>; 3] = [
        |mut near| run(near.write_all(b"x")).is_ok().then_some(near),
        |mut near| run(near.shutdown()).is_ok().then_some(near),
        |near| {
            drop(near);
            None
        },
    ];
    for news in news {
        let (near, mut far) = duplex(8);
        let meddler = Meddler::new();
        assert!(!meddler.poll(far.read(&mut [0; 1])));
        *meddler.stream.lock().unwrap() = Some(far);
        let near = news(near);
        assert_eq!(meddler.wakes(), 1);
        drop(near);
    }
    // A writer is woken by a read and by a drop.
    for is_dropped in [false, true] {
        let (mut near, mut far) = duplex(8);
        let meddler = Meddler::new();
        run(near.write_all(&[1; 8])).unwrap();
        assert!(!meddler.poll(near.write(b"x")));
        *meddler.stream.lock().unwrap() = Some(near);
        match is_dropped {
            false => _ = run(far.read(&mut [0; 1])).unwrap(),
            true => drop(far),
        }
        assert_eq!(meddler.wakes(), 1);
    }
}

#[test]
fn the_last_waker_is_woken_once_and_the_ones_before_are_let_go() {
    let (mut near, mut far) = duplex(8);
    let (first, last) = (Meddler::new(), Meddler::new());
    assert!(!first.poll(far.read(&mut [0; 1])));
    assert!(!last.poll(far.read(&mut [0; 1])));
    assert_eq!(Arc::strong_count(&first), 1);
    run(near.write_all(b"ab")).unwrap();
    run(near.write_all(b"cd")).unwrap();
    assert_eq!((first.wakes(), last.wakes(), Arc::strong_count(&last)), (0, 1, 1));
}

/// A waker that panics when woken leaves the stream as it should be.
#[test]
fn a_waker_that_panics_harms_nothing() {
    struct Panics;
    impl Wake for Panics {
        fn wake(self: Arc<Self>) {
            panic!("a waker that panics");
        }
    }
    let (mut near, mut far) = duplex(8);
    let waker = Arc::new(Panics).into();
    let mut memory = [0; 1];
    let mut read = far.read(&mut memory);
    assert!(Pin::new(&mut read).poll(&mut Context::from_waker(&waker)).is_pending());
    let write = std::panic::AssertUnwindSafe(|| run(near.write_all(b"ab")));
    assert!(std::panic::catch_unwind(write).is_err());
    assert_eq!(run(far.read_u16()).unwrap(), 0x6162);
    let meddler = Meddler::new();
    assert!(!meddler.poll(far.read(&mut memory)));
    run(near.write_all(b"c")).unwrap();
    assert_eq!(meddler.wakes(), 1);
}

#[test]
fn two_threads_hear_each_other() {
    const BYTES: usize = 200_000;
    for max in [1, 7, 4096, 70_000] {
        let bytes = if max == 1 { BYTES / 20 } else { BYTES };
        let (mut near, far) = duplex(max);
        let echo = thread(move || {
            let (mut reader, mut writer) = crate::split(far);
            run(async {
                let n = copy(&mut reader, &mut writer).await?;
                writer.shutdown().await.map(|()| n)
            })
        });
        let sent: Vec<u8> = (0..bytes).map(|n| (n % 251) as u8).collect();
        let (mut next, mut heard) = (0, Vec::new());
        while next < sent.len() {
            let end = (next + 1 + next % 997).min(sent.len()).min(next + max);
            run(near.write_all(&sent[next..end])).unwrap();
            let mut back = vec![0; end - next];
            run(near.read_exact(&mut back)).unwrap();
            heard.extend(back);
            next = end;
        }
        run(near.shutdown()).unwrap();
        assert_eq!(run(near.read(&mut [0; 1])).unwrap(), 0);
        assert_eq!(echo.join().unwrap().unwrap(), bytes as u64);
        assert!(heard == sent);
    }
}

#[derive(Clone, Debug)]
enum Op {
    Write(usize),
    WritePieces(usize, usize),
    Read(usize),
    Shutdown,
}

fn ops() -> impl Strategy<Value = Vec<Op>> {
    let size = || prop_oneof![0_usize..20, 0_usize..20_000];
    let op = prop_oneof![
        8 => size().prop_map(Op::Write),
        4 => (size(), size()).prop_map(|(one, other)| Op::WritePieces(one, other)),
        8 => size().prop_map(Op::Read),
        1 => Just(Op::Shutdown),
    ];
    prop::collection::vec(op, 0..60)
}

proptest! {
    #[test]
    fn a_pipe_is_a_queue_of_bytes(
        ops in ops(), max in prop_oneof![1_usize..50, 1_usize..30_000, Just(usize::MAX)],
    ) {
        let (mut near, mut far) = duplex(max);
        let (mut model, mut is_over, mut next) = (VecDeque::<u8>::new(), false, 0_u32);
        for op in ops {
            let write = match op {
                Op::Write(n) => Some((n, 0)),
                Op::WritePieces(one, other) => Some((one, other)),
                _ => None,
            };
            if let Some((one, other)) = write {
                let bytes: Vec<u8> = (0..one + other).map(|n| (next + n as u32) as u8).collect();
                let (start, end) = bytes.split_at(one);
                let pieces = [start, end].map(IoSlice::new);
                let fits = bytes.len().min(max - model.len());
                match run_for(near.write_vectored(&pieces), 1) {
                    Some(Err(error)) => {
                        prop_assert!(is_over && error.kind() == ErrorKind::BrokenPipe);
                    }
                    Some(Ok(n)) => {
                        prop_assert_eq!(n, fits);
                        model.extend(&bytes[..n]);
                        next += n as u32;
                    }
                    None => prop_assert!(fits == 0 && !bytes.is_empty()),
                }
            }
            if let Op::Read(n) = op {
                let mut buf = vec![0; n];
                match run_for(far.read(&mut buf), 1) {
                    Some(read) => {
                        let read = read.unwrap();
                        prop_assert_eq!(read, n.min(model.len()));
                        prop_assert!(model.drain(..read).eq(buf[..read].iter().copied()));
                    }
                    None => prop_assert!(model.is_empty() && !is_over && n > 0),
                }
            }
            if let Op::Shutdown = op {
                run(near.shutdown()).unwrap();
                is_over = true;
            }
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the two ends are on two threads")]
fn thread<T: Send + 'static>(f: impl FnOnce() -> T + Send + 'static) -> std::thread::JoinHandle<T> {
    std::thread::spawn(f)
}
