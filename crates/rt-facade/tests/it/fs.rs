//! Files, on every flavour: streamed, shared out to tasks, cancelled, and left to a runtime that ends.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use rt_facade::dump::WaitKind;
use rt_facade::fs::{self, File};
use rt_facade::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt, SeekFrom, copy};
use rt_facade::runtime::{Builder, Handle};
use rt_facade::task;
use rt_facade::time::timeout;

use crate::support::{flavors, for_each_flavor, hold, until};

/// A folder of its own, that goes away.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("rt-facade-fs-{}-{}", std::process::id(), NEXT.fetch_add(1, SeqCst));
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir(&path).unwrap();
        Self(path)
    }

    fn at(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

fn bytes(n: u32) -> Vec<u8> {
    (0..n).flat_map(|word| word.wrapping_mul(2_654_435_761).to_le_bytes()).collect()
}

#[test]
fn a_large_file_streams_through_and_comes_out_the_same() {
    let scratch = Scratch::new();
    let (from, to) = (scratch.at("from"), scratch.at("to"));
    let bytes = bytes(1 << 20);
    std::fs::write(&from, &bytes).unwrap();
    for_each_flavor(|runtime| {
        let (from, to) = (from.clone(), to.clone());
        let copied = runtime.block_on(async move {
            let (mut from, mut to) = (File::open(from).await?, File::create(to).await?);
            let copied = copy(&mut from, &mut to).await?;
            to.shutdown().await?;
            std::io::Result::Ok(copied)
        });
        assert_eq!(copied.unwrap(), bytes.len() as u64);
        assert!(std::fs::read(scratch.at("to")).unwrap() == bytes);
    });
}

#[test]
fn many_tasks_have_files_of_their_own() {
    let scratch = Scratch::new();
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let tasks = (0..50_u32).map(|n| {
                let path = scratch.at(&n.to_string());
                task::spawn(async move {
                    let mut file = File::options();
                    file.read(true).write(true).create(true).truncate(true);
                    let mut file = file.open(&path).await?;
                    for word in 0..100 {
                        file.write_u32(n * word).await?;
                    }
                    file.seek(SeekFrom::End(-8)).await?;
                    assert_eq!(file.read_u32().await?, n * 98);
                    assert_eq!(file.read_u32().await?, n * 99);
                    assert!(file.read_u8().await.is_err(), "the end");
                    fs::remove_file(path).await
                })
            });
            for task in tasks.collect::<Vec<_>>() {
                task.await.unwrap().unwrap();
            }
            assert!(fs::read_dir(&scratch.0).await.unwrap().next_entry().await.unwrap().is_none());
        });
    });
}

async fn append(path: &Path, text: &str) -> std::io::Result<()> {
    let mut file = File::options();
    let mut file = file.append(true).create(true).open(path).await?;
    file.write_all(text.as_bytes()).await
}

#[test]
fn a_runtime_that_is_dropped_writes_what_was_taken() {
    for build in flavors() {
        let scratch = Scratch::new();
        let path = scratch.at("log");
        // The one thread of the pool is held, so that the write is queued when the runtime ends.
        let runtime = build().enable_all().max_blocking_threads(1).build().unwrap();
        let (go, held) = hold();
        let file = runtime.block_on(async {
            let mut file = File::create(&path).await.unwrap();
            drop(task::spawn_blocking(move || held.stay()));
            file.write_all(b"taken").await.unwrap();
            file
        });
        drop(file);
        runtime.shutdown_background();
        go.go();
        // Written by who shut down, or by the pool's thread; before or after.
        crate::support::block_until(|| std::fs::read(&path).unwrap() == b"taken");
    }
}

#[test]
fn a_file_outlives_its_runtime_and_then_says_what_is_missing() {
    for build in flavors() {
        let scratch = Scratch::new();
        let path = scratch.at("file");
        let runtime = build().enable_all().build().unwrap();
        runtime.block_on(append(&path, "text")).unwrap();
        let mut file = runtime.block_on(File::open(&path)).unwrap();
        let handle = runtime.handle().clone();
        drop(runtime);
        assert_eq!(std::fs::read(&path).unwrap(), b"text");
        let error = rt_task::block_on(file.sync_all()).unwrap_err().to_string();
        assert!(error.contains("needs a runtime") && error.contains("fs.rs:"), "{error}");
        let _guard = handle.enter();
        let error = rt_task::block_on(file.sync_all()).unwrap_err().to_string();
        assert!(error.contains("shut down"), "{error}");
        let other = Builder::new_current_thread().build().unwrap();
        assert_eq!(other.block_on(file.read_u8()).unwrap(), b't', "another has a pool");
    }
}

#[test]
fn what_is_cancelled_by_a_timeout_loses_nothing() {
    let scratch = Scratch::new();
    let path = scratch.at("file");
    let bytes = bytes(50_000);
    std::fs::write(&path, &bytes).unwrap();
    for_each_flavor(|runtime| {
        let read = runtime.block_on(async {
            let mut file = File::open(&path).await.unwrap();
            let mut read = Vec::new();
            let mut buf = [0; 1000];
            loop {
                match timeout(Duration::ZERO, file.read(&mut buf)).await {
                    Err(_) => {}
                    Ok(Ok(0)) => break read,
                    Ok(n) => read.extend_from_slice(&buf[..n.unwrap()]),
                }
            }
        });
        assert!(read == bytes);
    });
}

#[test]
fn a_task_that_waits_for_a_file_is_shown_at_its_line() {
    for build in flavors() {
        let scratch = Scratch::new();
        let path = scratch.at("file");
        let runtime = build().enable_all().max_blocking_threads(1).build().unwrap();
        runtime.block_on(async {
            let mut file = File::create_new(&path).await.unwrap();
            let (go, held) = hold();
            drop(task::spawn_blocking(move || held.stay()));
            let line = line!() + 1;
            let seeks = task::spawn(async move { file.seek(SeekFrom::End(0)).await });
            let id = seeks.id();
            let mut wait = None;
            until(|| {
                let dump = Handle::current().dump();
                let task = dump.tasks().iter().find(|task| task.id() == id);
                wait = task.and_then(|task| task.waits_for().copied());
                wait.is_some()
            })
            .await;
            let wait = wait.unwrap();
            assert_eq!((wait.kind(), wait.at().line()), (WaitKind::Blocking, line));
            go.go();
            assert_eq!(seeks.await.unwrap().unwrap(), 0);
        });
    }
}
