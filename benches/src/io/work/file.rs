//! Files.

use super::super::Scratch;
use super::super::scales::{MEBI, MEBIS, PIECES, SMALL, STREAM, WHOLE};
use super::family::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt, fs};
use crate::meter::{Cost, Meter};
use crate::op::{Operation, in_task};
use crate::subject::Subject;
use crate::sync::measured;

#[rustfmt::skip] // A table: a line each.
pub(super) fn all<S: Subject>() -> Vec<Operation<S>> {
    vec![
        PIECES.of("file_small_reads", "100 bytes read from a file", small_reads),
        PIECES.of("file_small_writes", "100 bytes written to a file; flushed at the end", small_writes),
        STREAM.of("file_stream", "1 MiB of a file of 64 MiB, read by 64 KiB", stream),
        STREAM.of("file_stream_out", "1 MiB written to a file, by 64 KiB; flushed at the end", stream_out),
        WHOLE.of("file_whole", "a file of 4 KiB opened, read and closed", whole),
    ]
}

fn small_reads<S: Subject>(runtime: S, n: u64) -> Cost {
    let scratch = Scratch::of(MEBI);
    in_task(runtime, async move {
        let mut file = fs::File::open(&scratch.0).await.expect("it is there");
        let mut buf = [0; SMALL];
        measured!(n, {
            if file.read_exact(&mut buf).await.is_err() {
                file.rewind().await.expect("a file");
            }
        })
    })
}

fn small_writes<S: Subject>(runtime: S, n: u64) -> Cost {
    let scratch = Scratch::of(0);
    in_task(runtime, async move {
        let mut file = fs::File::create(&scratch.0).await.expect("it can be made");
        let meter = Meter::start();
        for _ in 0..n {
            file.write_all(&[7; SMALL]).await.expect("there is room");
        }
        file.flush().await.expect("there is room");
        meter.stop()
    })
}

fn stream<S: Subject>(runtime: S, n: u64) -> Cost {
    let scratch = Scratch::of(MEBI * MEBIS as usize);
    in_task(runtime, async move {
        let mut file = fs::File::open(&scratch.0).await.expect("it is there");
        let mut buf = vec![0; MEBI / 16];
        let meter = Meter::start();
        for _ in 0..n / MEBIS {
            file.rewind().await.expect("a file");
            let mut read = 0;
            while read < MEBI * MEBIS as usize {
                read += file.read(&mut buf).await.expect("it can be read");
            }
        }
        meter.stop()
    })
}

fn stream_out<S: Subject>(runtime: S, n: u64) -> Cost {
    let scratch = Scratch::of(MEBI * MEBIS as usize);
    in_task(runtime, async move {
        let file = fs::OpenOptions::new().write(true).open(&scratch.0).await;
        let mut file = file.expect("it is there");
        let buf = vec![7; MEBI / 16];
        let meter = Meter::start();
        for _ in 0..n / MEBIS {
            file.rewind().await.expect("a file");
            for _ in 0..16 * MEBIS {
                file.write_all(&buf).await.expect("there is room");
            }
        }
        file.flush().await.expect("there is room");
        meter.stop()
    })
}

fn whole<S: Subject>(runtime: S, n: u64) -> Cost {
    let scratch = Scratch::of(4096);
    in_task(runtime, async move {
        measured!(n, assert_eq!(fs::read(&scratch.0).await.expect("it is there").len(), 4096))
    })
}
