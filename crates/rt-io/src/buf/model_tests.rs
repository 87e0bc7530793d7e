//! Buffers and the methods of readers, beside `std`'s over the same source.

use proptest::prelude::*;
use std::io::{BufRead, ErrorKind, Read};
use std::string::{String, ToString};
use std::vec::Vec;
use std::{io, vec};

use crate::kit::{Drain, Source, Sync, drains, run, run_for, sources};
use crate::{
    AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, BufWriter, Chain, Lines, Take,
};

#[derive(Clone, Debug)]
enum Op {
    Read(usize),
    Exact(usize),
    Until(u8),
    Line,
    Fill(usize),
    Take(u64, usize),
    Number,
}

fn ops() -> impl Strategy<Value = Vec<Op>> {
    let op = prop_oneof![
        (1_usize..30).prop_map(Op::Read),
        (0_usize..30).prop_map(Op::Exact),
        prop::sample::select(&b"ab\n"[..]).prop_map(Op::Until),
        Just(Op::Line),
        (0_usize..20).prop_map(Op::Fill),
        (0_u64..30, 1_usize..30).prop_map(|(limit, n)| Op::Take(limit, n)),
        Just(Op::Number),
    ];
    prop::collection::vec(op, 0..20)
}

/// What an operation gave: a count and bytes, or how it failed.
type Given = Result<(usize, Vec<u8>), ErrorKind>;

fn given(result: io::Result<usize>, bytes: Vec<u8>) -> Given {
    result.map(|n| (n, bytes)).map_err(|error| error.kind())
}

fn theirs(reader: &mut io::BufReader<Sync<Source>>, op: &Op) -> Given {
    let mut buf = vec![0; 64];
    match *op {
        Op::Read(n) => {
            let read = reader.read(&mut buf[..n]);
            given(read, buf)
        }
        Op::Exact(n) => {
            let read = reader.read_exact(&mut buf[..n]);
            given(read.map(|()| n), buf)
        }
        Op::Until(byte) => {
            let mut bytes = b"before".to_vec();
            let read = reader.read_until(byte, &mut bytes);
            given(read, bytes)
        }
        Op::Line => {
            let mut line = "before".to_string();
            let read = reader.read_line(&mut line);
            given(read, line.into_bytes())
        }
        Op::Fill(n) => {
            let there = reader.fill_buf().map(<[u8]>::to_vec);
            if let Ok(there) = &there {
                let n = n.min(there.len());
                reader.consume(n);
            }
            given(
                there.as_ref().map(Vec::len).map_err(|e| e.kind().into()),
                there.unwrap_or_default(),
            )
        }
        Op::Take(limit, n) => {
            let read = Read::take(reader, limit).read(&mut buf[..n]);
            given(read, buf)
        }
        Op::Number => {
            let mut four = [0; 4];
            let read = reader.read_exact(&mut four);
            given(read.map(|()| 4), four.to_vec())
        }
    }
}

async fn ours(reader: &mut BufReader<Source>, op: &Op) -> Given {
    let mut buf = vec![0; 64];
    match *op {
        Op::Read(n) => {
            let read = reader.read(&mut buf[..n]).await;
            given(read, buf)
        }
        Op::Exact(n) => {
            let read = reader.read_exact(&mut buf[..n]).await;
            given(read, buf)
        }
        Op::Until(byte) => {
            let mut bytes = b"before".to_vec();
            let read = reader.read_until(byte, &mut bytes).await;
            given(read, bytes)
        }
        Op::Line => {
            let mut line = "before".to_string();
            let read = reader.read_line(&mut line).await;
            given(read, line.into_bytes())
        }
        Op::Fill(n) => {
            let there = reader.fill_buf().await.map(<[u8]>::to_vec);
            if let Ok(there) = &there {
                AsyncBufReadExt::consume(reader, n.min(there.len()));
            }
            given(
                there.as_ref().map(Vec::len).map_err(|e| e.kind().into()),
                there.unwrap_or_default(),
            )
        }
        Op::Take(limit, n) => {
            let read = AsyncReadExt::take(reader, limit).read(&mut buf[..n]).await;
            given(read, buf)
        }
        Op::Number => {
            let read = reader.read_u32_le().await;
            let bytes = read.as_ref().map_or_else(|_| Vec::new(), |n| n.to_le_bytes().to_vec());
            given(read.map(|_| 4), bytes)
        }
    }
}

proptest! {
    #[test]
    fn a_buffered_reader_reads_as_that_of_std(
        source in sources(true), capacity in 1_usize..30, ops in ops(),
    ) {
        let mut theirs_reader = io::BufReader::with_capacity(capacity, Sync(source.clone()));
        let mut reader = BufReader::with_capacity(capacity, source);
        for op in ops {
            let expected = theirs(&mut theirs_reader, &op);
            prop_assert_eq!(run(ours(&mut reader, &op)), expected, "{:?}", op);
            prop_assert_eq!(reader.buffer(), theirs_reader.buffer());
        }
    }

    #[test]
    fn all_that_comes_is_read_to_the_end(
        source in sources(true), capacity in 0_usize..100, buffer in prop::option::of(1_usize..50),
    ) {
        let (mut theirs, mut bytes) = (b"before".to_vec(), Vec::with_capacity(capacity));
        bytes.extend_from_slice(b"before");
        let mut sync = Sync(source.clone());
        let expected = sync.read_to_end(&mut theirs).map_err(|error| error.kind());
        let read = match buffer {
            None => run(source.clone().read_to_end(&mut bytes)),
            Some(n) => run(BufReader::with_capacity(n, source.clone()).read_to_end(&mut bytes)),
        };
        prop_assert_eq!(read.map_err(|error| error.kind()), expected);
        prop_assert_eq!(&bytes, &theirs);

        let (mut text, mut theirs) = ("before".to_string(), "before".to_string());
        let read = run(source.clone().read_to_string(&mut text)).map_err(|error| error.kind());
        prop_assert_eq!(&read, &Sync(source.clone()).read_to_string(&mut theirs).map_err(|e| e.kind()));
        match read {
            Ok(_) => prop_assert_eq!(text, theirs),
            Err(_) => prop_assert_eq!(text, "before"),
        }
    }

    /// Each call is given up after so many polls, and made anew.
    #[test]
    fn lines_and_segments_lose_nothing_when_cancelled(
        source in sources(false), capacity in 1_usize..30, patience in 1_usize..3,
    ) {
        let bytes = source.bytes();
        let mut lines: Lines<_> = BufReader::with_capacity(capacity, source.clone()).lines();
        for expected in BufRead::lines(&bytes[..]) {
            let line = until_ready(|| run_for(lines.next_line(), patience));
            match expected {
                Ok(expected) => prop_assert_eq!(line.unwrap(), Some(expected)),
                Err(error) => prop_assert_eq!(line.unwrap_err().kind(), error.kind()),
            }
        }
        prop_assert_eq!(until_ready(|| run_for(lines.next_line(), patience)).unwrap(), None);

        let mut pieces = BufReader::with_capacity(capacity, source).split(b'a');
        for expected in BufRead::split(&bytes[..], b'a') {
            let piece = until_ready(|| run_for(pieces.next_segment(), patience)).unwrap();
            prop_assert_eq!(piece, Some(expected.unwrap()));
        }
        prop_assert_eq!(until_ready(|| run_for(pieces.next_segment(), patience)).unwrap(), None);
    }

    /// As are these, which tell what they did by what they leave behind.
    #[test]
    fn reads_that_say_so_lose_nothing_when_cancelled(
        source in sources(false), capacity in 1_usize..30,
        choices in prop::collection::vec(0..3, 1..200),
    ) {
        let all = source.bytes();
        let mut reader = BufReader::with_capacity(capacity, source);
        let mut bytes = Vec::new();
        for choice in choices {
            let mut buf = [0; 7];
            match choice {
                0 => if let Some(Ok(n)) = run_for(reader.read(&mut buf), 1) {
                    bytes.extend_from_slice(&buf[..n]);
                },
                1 => drop(run_for(reader.read_until(b'\n', &mut bytes), 1)),
                _ => if let Some(Ok(there)) = run_for(reader.fill_buf(), 1) {
                    bytes.extend_from_slice(there);
                    let n = there.len();
                    AsyncBufReadExt::consume(&mut reader, n);
                },
            }
        }
        while let None | Some(Err(_)) = run_for(reader.read_to_end(&mut bytes), 1) {}
        prop_assert_eq!(bytes, all);
    }

    #[test]
    fn chains_and_starts_are_those_of_std(
        one in sources(true), other in sources(true), limit in 0_u64..200, n in 1_usize..40,
    ) {
        let mut theirs: io::Take<io::Chain<_, _>> =
            Read::take(Read::chain(Sync(one.clone()), Sync(other.clone())), limit);
        let chain: Chain<_, _> = AsyncReadExt::chain(one, other);
        let mut ours: Take<_> = AsyncReadExt::take(chain, limit);
        for _ in 0..50 {
            let (mut expected, mut buf) = (vec![0; n], vec![0; n]);
            let read = theirs.read(&mut expected).map_err(|error| error.kind());
            prop_assert_eq!(run(ours.read(&mut buf)).map_err(|error| error.kind()), read);
            prop_assert_eq!(buf, expected);
            prop_assert_eq!(ours.limit(), theirs.limit());
        }
    }

    /// Whatever was said to be taken is in the sink or in the buffer, in order, once.
    #[test]
    fn a_buffered_writer_keeps_what_it_took(
        drain in drains(true), capacity in 0_usize..40,
        ops in prop::collection::vec((0..4, 0_usize..60, 1_usize..4), 0..30),
    ) {
        let mut writer = BufWriter::with_capacity(capacity, drain);
        let (mut taken, mut next) = (Vec::new(), 0_u8);
        for (op, len, patience) in ops {
            let bytes: Vec<u8> = (0..len).map(|_| { next = next.wrapping_add(1); next }).collect();
            match op {
                0 | 1 => if let Some(Ok(n)) = run_for(writer.write(&bytes), patience) {
                    prop_assert!(n > 0 || len == 0 || writer.get_ref().calls.last() == Some(&0));
                    taken.extend_from_slice(&bytes[..n]);
                },
                2 => {
                    let (start, end) = bytes.split_at(len / 3);
                    let pieces = [start, &[], end].map(io::IoSlice::new);
                    if let Some(Ok(n)) = run_for(writer.write_vectored(&pieces), patience) {
                        taken.extend_from_slice(&bytes[..n]);
                    }
                }
                _ => if let Some(Ok(())) = run_for(writer.flush(), patience) {
                    prop_assert_eq!(writer.buffer(), b"");
                },
            }
            let all = [&writer.get_ref().taken, writer.buffer()].concat();
            prop_assert_eq!(&all, &taken);
        }
        while run_for(writer.flush(), 9).is_none_or(|flushed| flushed.is_err()) {}
        prop_assert_eq!(&writer.get_ref().taken, &taken);
    }

    #[test]
    fn all_is_written_or_it_fails_as_in_std(drain in drains(true), bytes in crate::kit::bytes()) {
        let (mut ours, mut theirs): (Drain, Sync<Drain>) = (drain.clone(), Sync(drain));
        let expected = io::Write::write_all(&mut theirs, &bytes).map_err(|error| error.kind());
        let written = run(ours.write_all(&bytes)).map_err(|error| error.kind());
        prop_assert_eq!(written, expected);
        prop_assert_eq!(ours.taken, theirs.0.taken);
    }
}

/// Makes a future anew each time that it was given up.
fn until_ready<T>(mut attempt: impl FnMut() -> Option<T>) -> T {
    loop {
        if let Some(output) = attempt() {
            return output;
        }
    }
}

#[test]
fn the_text_of_a_failed_read_is_kept_for_lines_alone() {
    let mut line = String::from("Foo");
    let mut reader = BufReader::new(Source::new([
        crate::kit::Step::Bytes(b"Hello Wor".to_vec()),
        crate::kit::Step::Fail(ErrorKind::Other),
    ]));
    assert_eq!(run(reader.read_line(&mut line)).unwrap_err().kind(), ErrorKind::Other);
    assert_eq!(line, "FooHello Wor");
}
