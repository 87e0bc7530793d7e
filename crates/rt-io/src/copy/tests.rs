use super::*;
use crate::kit::{Drain, Source, Step, Sync, bytes, drains, run, run_for, sources};
use crate::{AsyncReadExt, BufReader, BufWriter, empty, join, repeat, sink};
use proptest::prelude::*;
use std::io::{self, ErrorKind};
use std::vec;
use std::vec::Vec;

proptest! {
    #[test]
    fn a_copy_is_that_of_std(source in sources(true), drain in drains(true)) {
        let (mut theirs, mut ours) = (Sync(drain.clone()), drain.clone());
        let expected = io::copy(&mut Sync(source.clone()), &mut theirs);
        let copied = run(copy(&mut source.clone(), &mut ours));
        // Which comes first, an error of the reader or of the writer, is for each to say: ours
        // reads on while the writer pends, and so asks the writer less often.
        if let (Ok(n), Ok(expected)) = (&copied, &expected) {
            prop_assert_eq!(n, expected);
            prop_assert_eq!(&ours.taken, &theirs.0.taken);
        }
        if let Ok(n) = copied {
            prop_assert_eq!(&ours.taken, &source.bytes());
            prop_assert_eq!((n, ours.flushes > 0), (ours.taken.len() as u64, true));
        }
        prop_assert!(source.bytes().starts_with(&ours.taken));
        if let Err(error) = &copied {
            prop_assert_ne!(error.kind(), ErrorKind::Interrupted);
        }

        let mut buffered = drain;
        let copied = run(copy_buf(&mut BufReader::with_capacity(7, source.clone()), &mut buffered));
        prop_assert!(source.bytes().starts_with(&buffered.taken));
        if copied.is_ok() {
            prop_assert_eq!(&buffered.taken, &source.bytes());
            prop_assert!(buffered.flushes > 0);
        }
    }

    #[test]
    fn a_copy_by_the_readers_buffer_loses_nothing_when_cancelled(
        source in sources(false), mut drain in drains(false), patience in 1_usize..4,
    ) {
        let all = source.bytes();
        let mut reader = BufReader::with_capacity(5, source);
        while run_for(copy_buf(&mut reader, &mut drain), patience).is_none() {}
        prop_assert_eq!(drain.taken, all);
    }

    #[test]
    fn both_ways_each_gets_what_the_other_has(
        one in sources(false), other in sources(false), to_one in drains(false),
        to_other in drains(false), sizes in prop::option::of((1_usize..9, 1_usize..9)),
    ) {
        let (mut a, mut b) = (join(one.clone(), to_one), join(other.clone(), to_other));
        let copied = match sizes {
            None => run(copy_bidirectional(&mut a, &mut b)),
            Some((there, back)) => run(copy_bidirectional_with_sizes(&mut a, &mut b, there, back)),
        };
        let (one, other) = (one.bytes(), other.bytes());
        prop_assert_eq!(copied.unwrap(), (one.len() as u64, other.len() as u64));
        prop_assert_eq!((&a.writer().taken, &b.writer().taken), (&other, &one));
        prop_assert_eq!((a.writer().shutdowns, b.writer().shutdowns), (1, 1));
    }

    #[test]
    fn what_was_taken_by_a_cancelled_copy_is_the_start(
        bytes in bytes(), patience in 1_usize..5, drain in drains(false),
    ) {
        let pieces = bytes.chunks(3).flat_map(|part| [Step::Bytes(part.to_vec()), Step::Pend]);
        let (mut source, mut drain) = (Source::new(pieces), drain);
        let _ = run_for(copy(&mut source, &mut drain), patience);
        prop_assert!(bytes.starts_with(&drain.taken));
    }
}

/// A source that says more once what it said before was answered.
#[test]
fn what_was_written_is_flushed_when_the_reader_waits() {
    let source = || Source::new([Step::Bytes(b"ab".to_vec()), Step::Pend, Step::Pend]);
    let mut writer = BufWriter::new(Drain::default());
    assert!(run_for(copy(&mut source(), &mut writer), 1).is_none());
    assert_eq!((&writer.get_ref().taken[..], writer.get_ref().flushes), (&b"ab"[..], 1));
    let mut writer = BufWriter::new(Drain::default());
    assert!(run_for(copy_buf(&mut BufReader::new(source()), &mut writer), 2).is_none());
    // Once: nothing was written since.
    assert_eq!((&writer.get_ref().taken[..], writer.get_ref().flushes), (&b"ab"[..], 1));
}

#[test]
fn what_comes_while_the_writer_waits_is_written_with_the_rest() {
    let mut source = Source::pieces(&["ab", "cd", "ef"]);
    let mut drain = Drain::new([Step::Pend]);
    assert_eq!(run(copy(&mut source, &mut drain)).unwrap(), 6);
    assert_eq!(drain.calls[0], 6); // read: ab, then cd while it pended, then ef before it wrote
}

#[test]
fn a_buffer_grows_while_reads_fill_it() {
    let mut source = Source::new([Step::Bytes(vec![7; 300 * 1024])]);
    let mut drain = Drain::default();
    assert_eq!(run(copy(&mut source, &mut drain)).unwrap(), 300 * 1024);
    let kib: Vec<usize> = drain.calls.iter().map(|n| n / 1024).collect();
    assert_eq!(kib, [8, 16, 32, 64, 64, 64, 52]);
    let mut source = Source::new([Step::Bytes(vec![7; 100])]);
    let (mut a, mut b) = (join(empty(), Drain::default()), join(&mut source, Drain::default()));
    run(copy_bidirectional_with_sizes(&mut a, &mut b, 10, 10)).unwrap();
    assert_eq!(a.writer().calls, [10; 10]);
}

/// Ends are never seen: each is polled for ever unless it gives way.
#[test]
fn a_copy_that_never_waits_gives_way() {
    let mut endless = repeat(1).take(u64::MAX);
    assert!(run_for(copy(&mut endless, &mut sink()), 3).is_none());
    struct Endless;
    impl crate::AsyncRead for Endless {
        fn poll_read(
            self: core::pin::Pin<&mut Self>,
            _cx: &mut Context<'_>,
            buf: &mut crate::ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            buf.put_slice(b"x");
            Poll::Ready(Ok(()))
        }
    }
    assert!(run_for(copy_buf(&mut BufReader::new(Endless), &mut sink()), 3).is_none());
    let (mut a, mut b) = (join(Endless, sink()), join(Endless, sink()));
    assert!(run_for(copy_bidirectional(&mut a, &mut b), 3).is_none());
}

#[test]
fn an_error_of_one_way_ends_both() {
    let fails = Source::new([Step::Bytes(b"ab".to_vec()), Step::Fail(ErrorKind::BrokenPipe)]);
    let waits = Source::new(vec![Step::Pend; 1000]);
    let (mut a, mut b) = (join(waits.clone(), sink()), join(fails, sink()));
    let error = run(copy_bidirectional(&mut a, &mut b)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BrokenPipe);
    let closed = Drain::new([Step::Fail(ErrorKind::BrokenPipe)]);
    let (mut a, mut b) = (join(&b"ab"[..], sink()), join(waits, closed));
    let error = run(copy_bidirectional(&mut a, &mut b)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BrokenPipe);
    let (mut a, mut b) = (join(&b"ab"[..], sink()), join(empty(), Drain::new([Step::Room(0)])));
    let error = run(copy_bidirectional(&mut a, &mut b)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WriteZero);
}

/// One side that takes nothing for a while holds up nobody's words to it.
#[test]
fn one_way_goes_on_while_the_other_waits() {
    let slow = Drain::new(vec![Step::Pend; 1000]);
    let (mut a, mut b) = (join(&b"to b"[..], Drain::default()), join(&b"to a"[..], slow));
    assert!(run_for(copy_bidirectional(&mut a, &mut b), 10).is_none());
    assert_eq!((&a.writer().taken[..], a.writer().shutdowns), (&b"to a"[..], 1));
}

#[test]
#[should_panic = "0 bytes can hold nothing"]
fn a_buffer_of_nothing_is_refused() {
    drop(copy_bidirectional_with_sizes(&mut empty(), &mut empty(), 1, 0));
}
