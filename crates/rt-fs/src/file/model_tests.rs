//! A file against one of `std`, under any sequence of operations, cancelled ones too, on pools that run
//! closures in any order.

use std::io::{Read, Seek, SeekFrom, Write};
use std::pin::Pin;
use std::task::Poll;

use proptest::prelude::*;
use rt_io::{AsyncReadExt, AsyncSeek, AsyncSeekExt, AsyncWriteExt};

use super::File;
use crate::kit::{How, Pool, Scratch, poll_once};

#[derive(Clone, Debug)]
enum Op {
    Read(usize),
    /// Polled once.
    CancelledRead(usize),
    Write(Vec<u8>),
    WriteVectored(Vec<u8>, Vec<u8>),
    CancelledWrite(Vec<u8>),
    Seek(SeekFrom),
    /// Begun, and not waited for.
    Begin(SeekFrom),
    SetLen(u64),
    Flush,
    CancelledFlush,
    Sync,
    Length,
    /// Reads from a twin, which moves both.
    Twin(usize),
    /// A closure that is under way comes to run.
    Run(usize),
}

fn ops() -> impl Strategy<Value = Op> {
    let bytes = || prop::collection::vec(any::<u8>(), 0..40);
    let to = prop_oneof![
        (0_u64..90).prop_map(SeekFrom::Start),
        (-60_i64..40).prop_map(SeekFrom::Current),
        (-60_i64..20).prop_map(SeekFrom::End),
        Just(SeekFrom::Current(i64::MIN)),
    ];
    prop_oneof![
        8 => (0_usize..30).prop_map(Op::Read),
        3 => (1_usize..30).prop_map(Op::CancelledRead),
        6 => bytes().prop_map(Op::Write),
        1 => (bytes(), bytes()).prop_map(|(one, two)| Op::WriteVectored(one, two)),
        2 => bytes().prop_map(Op::CancelledWrite),
        3 => to.clone().prop_map(Op::Seek),
        1 => to.prop_map(Op::Begin),
        1 => (0_u64..80).prop_map(Op::SetLen),
        1 => Just(Op::Flush),
        1 => Just(Op::CancelledFlush),
        1 => Just(Op::Sync),
        1 => Just(Op::Length),
        1 => (1_usize..20).prop_map(Op::Twin),
        4 => any::<usize>().prop_map(Op::Run),
    ]
}

#[derive(Clone, Debug)]
struct Case {
    start: Vec<u8>,
    max: usize,
    is_append: bool,
    is_from_std: bool,
    is_now: bool,
    order: Vec<usize>,
    ops: Vec<Op>,
}

fn cases() -> impl Strategy<Value = Case> {
    (
        prop::collection::vec(any::<u8>(), 0..120),
        prop::sample::select(&[1, 3, 7, 16, 50, 2 << 20][..]),
        any::<bool>(),
        any::<bool>(),
        any::<bool>(),
        prop::collection::vec(any::<usize>(), 1..8),
        prop::collection::vec(ops(), 1..50),
    )
        .prop_map(|(start, max, is_append, is_from_std, is_now, order, ops)| Case {
            start,
            max,
            is_append,
            is_from_std,
            is_now,
            order,
            ops,
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, ..ProptestConfig::default() })]

    #[test]
    fn a_file_is_as_that_of_std_whatever_is_cancelled_in_whatever_order_closures_run(case in cases()) {
        check(&case, How::Held);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]

    #[test]
    fn a_file_is_as_that_of_std_on_threads(case in cases()) {
        check(&case, How::Thread);
    }

    #[test]
    fn a_file_is_as_that_of_std_on_the_spot(case in cases()) {
        check(&case, How::Here);
    }
}

struct Pair<'a> {
    pool: &'a Pool,
    order: Box<dyn FnMut() -> usize>,
    how: How,
    file: File,
    model: std::fs::File,
}

fn check(case: &Case, how: How) {
    let scratch = Scratch::new();
    let (pool, _guard) = Pool::enter(how);
    let (ours, theirs) = (scratch.path().join("ours"), scratch.path().join("theirs"));
    let mut options = std::fs::OpenOptions::new();
    options.read(true);
    match case.is_append {
        true => options.append(true),
        false => options.write(true),
    };
    let open = |path| {
        std::fs::write(path, &case.start).unwrap();
        options.open(path).unwrap()
    };
    let std = open(&ours);
    let mut file = match case.is_from_std {
        true => File::from_std(std),
        false => File::opened(std, std::panic::Location::caller()),
    };
    file.set_max_buf_size(case.max);
    file.front_mut().0.reads_now &= case.is_now;
    let mut order = case.order.clone().into_iter().cycle();
    let order = Box::new(move || order.next().unwrap());
    let mut pair = Pair { pool: &pool, order, how, file, model: open(&theirs) };
    for op in &case.ops {
        pair.step(op);
    }
    pair.end();
    assert_eq!(std::fs::read(ours).unwrap(), std::fs::read(theirs).unwrap());
}

impl Pair<'_> {
    fn run<F: Future>(pool: &Pool, order: &mut dyn FnMut() -> usize, how: How, f: F) -> F::Output {
        match how {
            How::Held => pool.drive(f, order),
            _ => rt_task::block_on(f),
        }
    }

    fn step(&mut self, op: &Op) {
        let Self { pool, order, how, file, model } = self;
        macro_rules! run {
            ($f:expr) => {
                Self::run(pool, order, *how, $f)
            };
        }
        match op {
            Op::Read(n) => {
                let mut buf = vec![0; *n];
                let read = run!(file.read(&mut buf)).unwrap();
                same_bytes(model, &buf, read);
            }
            Op::CancelledRead(n) => {
                let mut buf = vec![0; *n];
                if let Poll::Ready(read) = poll_once(file.read(&mut buf)) {
                    same_bytes(model, &buf, read.unwrap());
                }
            }
            Op::Write(bytes) => {
                let n = run!(file.write(bytes)).unwrap();
                assert!(n <= file.max_buf_size() && (n > 0 || bytes.is_empty()));
                model.write_all(&bytes[..n]).unwrap();
            }
            Op::WriteVectored(one, two) => {
                let slices = [one, two].map(|bytes| std::io::IoSlice::new(bytes));
                let n = run!(file.write_vectored(&slices)).unwrap();
                model.write_all(&[one.as_slice(), two].concat()[..n]).unwrap();
            }
            Op::CancelledWrite(bytes) => {
                if let Poll::Ready(n) = poll_once(file.write(bytes)) {
                    model.write_all(&bytes[..n.unwrap()]).unwrap();
                }
            }
            Op::Seek(to) => {
                // That of a move that was begun is told first; and that move goes on all the same.
                let sought = run!(async {
                    drop(std::future::poll_fn(|cx| Pin::new(&mut *file).poll_complete(cx)).await);
                    file.seek(*to).await
                });
                assert_eq!(sought.ok(), model.seek(*to).ok());
            }
            Op::Begin(to) => {
                if Pin::new(file).start_seek(*to).is_ok() {
                    drop(model.seek(*to));
                }
            }
            Op::SetLen(size) => {
                run!(file.set_len(*size)).unwrap();
                model.set_len(*size).unwrap();
            }
            Op::Flush => run!(file.flush()).unwrap(),
            Op::CancelledFlush => drop(poll_once(file.flush())),
            Op::Sync => run!(file.sync_data()).unwrap(),
            Op::Length => {
                let length = run!(file.metadata()).unwrap().len();
                assert_eq!(length, model.metadata().unwrap().len());
            }
            Op::Twin(n) => {
                // A move that was begun is no operation of the twin's.
                run!(std::future::poll_fn(|cx| Pin::new(&mut *file).poll_complete(cx))).ok();
                let mut twin = run!(file.try_clone()).unwrap();
                let mut buf = vec![0; *n];
                let read = run!(twin.read(&mut buf)).unwrap();
                same_bytes(model, &buf, read);
            }
            Op::Run(which) => drop(pool.run(*which)),
        }
    }

    fn end(self) {
        let Self { pool, mut order, how, mut file, mut model } = self;
        Self::run(pool, &mut order, how, file.flush()).unwrap();
        drop(Self::run(
            pool,
            &mut order,
            how,
            std::future::poll_fn(|cx| Pin::new(&mut file).poll_complete(cx)),
        ));
        let mut std = Self::run(pool, &mut order, how, file.into_std());
        assert_eq!(std.stream_position().unwrap(), model.stream_position().unwrap());
    }
}

/// What was read is what `model` has, and nothing only at its end.
fn same_bytes(model: &mut std::fs::File, buf: &[u8], read: usize) {
    let mut expected = vec![0; buf.len()];
    if read == 0 {
        assert_eq!(model.read(&mut expected).unwrap(), 0, "that was not the end");
        return;
    }
    model.read_exact(&mut expected[..read]).unwrap();
    assert_eq!(&buf[..read], &expected[..read]);
}
