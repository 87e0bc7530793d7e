//! `std`'s calls, made by a task on the spot.

use std::fs::{self, File};
use std::io::{Read, Seek, Write};

use super::Scratch;
use super::scales::{MEBI, MEBIS, PIECES, SMALL, STREAM, WHOLE};
use crate::meter::Cost;
use crate::op::{Group, Operation, in_task};
use crate::subject::Subject;
use crate::sync::{Family, measured};

/// `std`'s.
#[derive(Debug)]
pub enum Std {}

impl Family for Std {
    const PACKAGE: &'static str = "std";

    fn version() -> &'static str {
        "-"
    }

    #[rustfmt::skip] // A table: a line each.
    fn operations<S: Subject>() -> Vec<Operation<S>> {
        Group::Io.of(vec![
            PIECES.of("file_small_reads", "100 bytes read from a file", small_reads),
            PIECES.of("file_small_writes", "100 bytes written to a file; flushed at the end", small_writes),
            STREAM.of("file_stream", "1 MiB of a file of 64 MiB, read by 64 KiB", stream),
            STREAM.of("file_stream_out", "1 MiB written to a file, by 64 KiB; flushed at the end", stream_out),
            WHOLE.of("file_whole", "a file of 4 KiB opened, read and closed", whole),
        ])
    }
}

fn small_reads<S: Subject>(runtime: S, n: u64) -> Cost {
    let scratch = Scratch::of(MEBI);
    in_task(runtime, async move {
        let mut file = File::open(&scratch.0).expect("it is there");
        let mut buf = [0; SMALL];
        measured!(n, {
            if file.read_exact(&mut buf).is_err() {
                file.rewind().expect("a file");
            }
        })
    })
}

fn small_writes<S: Subject>(runtime: S, n: u64) -> Cost {
    let scratch = Scratch::of(0);
    in_task(runtime, async move {
        let mut file = File::create(&scratch.0).expect("it can be made");
        measured!(n, file.write_all(&[7; SMALL]).expect("there is room"))
    })
}

fn stream<S: Subject>(runtime: S, n: u64) -> Cost {
    let scratch = Scratch::of(MEBI * MEBIS as usize);
    in_task(runtime, async move {
        let mut file = File::open(&scratch.0).expect("it is there");
        let mut buf = vec![0; MEBI / 16];
        let meter = crate::meter::Meter::start();
        for _ in 0..n / MEBIS {
            file.rewind().expect("a file");
            let mut read = 0;
            while read < MEBI * MEBIS as usize {
                read += file.read(&mut buf).expect("it can be read");
            }
        }
        meter.stop()
    })
}

fn stream_out<S: Subject>(runtime: S, n: u64) -> Cost {
    let scratch = Scratch::of(MEBI * MEBIS as usize);
    in_task(runtime, async move {
        let mut file = fs::OpenOptions::new().write(true).open(&scratch.0).expect("it is there");
        let buf = vec![7; MEBI / 16];
        let meter = crate::meter::Meter::start();
        for _ in 0..n / MEBIS {
            file.rewind().expect("a file");
            for _ in 0..16 * MEBIS {
                file.write_all(&buf).expect("there is room");
            }
        }
        meter.stop()
    })
}

fn whole<S: Subject>(runtime: S, n: u64) -> Cost {
    let scratch = Scratch::of(4096);
    in_task(runtime, async move {
        measured!(n, assert_eq!(fs::read(&scratch.0).expect("it is there").len(), 4096))
    })
}
