//! Files: what has begun goes on, and no byte is lost or written twice.

use std::path::PathBuf;

use rt_facade::fs::{self, File};
use rt_facade::io::{AsyncReadExt, AsyncWriteExt};
use rt_facade::task::yield_now;

use crate::support::{busy, cancelled, forgotten};

/// A folder of a test's own, gone with it.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("rt-cancel-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir(&path).unwrap();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

// Covers rt-fs::operation::Operation
#[test]
fn an_operation_is_done_whole_or_not_at_all() {
    let folder = Folder::new("operation");
    let (from, to) = (folder.0.join("from"), folder.0.join("to"));
    cancelled(1, async |round| {
        let _ = std::fs::remove_file(&to);
        std::fs::write(&from, "text").unwrap();
        let renamed = busy(&round, fs::rename(&from, &to)).await;
        forgotten(&round).await;
        let was_polled = renamed.is_ok() || renamed.unwrap_err().at().is_some();
        // One that has been polled may have begun, or does not begin any more.
        yield_now().await;
        let there = [&from, &to].map(|path| path.exists());
        assert!(there[0] != there[1] || was_polled, "{there:?}");
        assert!(round.has_cancelled() || there == [false, true]);
        let read = round.run(fs::read_to_string(if to.exists() { &to } else { &from })).await;
        // Unless the name was changed right then.
        assert!(read.is_err() || round.has_cancelled() || read.unwrap().unwrap() == "text");
    });
    cancelled(1, async |round| {
        let opened = busy(&round, File::create(&to)).await;
        assert!(opened.is_err() || opened.unwrap().is_ok());
        forgotten(&round).await;
    });
}

#[test]
fn files_have_each_byte_once() {
    let folder = Folder::new("bytes");
    let path = folder.0.join("file");
    let data: Vec<u8> = (0..300_000_u32).map(|at| (at % 251) as u8).collect();
    cancelled(1, async |round| {
        let mut file = File::create(&path).await.unwrap();
        let mut sent = 0;
        while sent < data.len() {
            let written = busy(&round, file.write(&data[sent..])).await;
            sent += written.map_or(0, Result::unwrap);
            forgotten(&round).await;
        }
        let _ = round.run(file.flush()).await;
        file.flush().await.unwrap();
        let _ = round.run(file.sync_all()).await;
        let len = round.run(async { file.metadata().await.unwrap().len() }).await;
        assert!(len.is_err() || len.unwrap() == data.len() as u64);
        drop(file);
        let (mut file, mut got) = (File::open(&path).await.unwrap(), Vec::<u8>::new());
        let mut buf = vec![0; 70_000];
        loop {
            match round.run(file.read(&mut buf)).await {
                Ok(Ok(0)) => break,
                Ok(read) => got.extend(&buf[..read.unwrap()]),
                Err(_) => {}
            }
        }
        assert!(got == data, "{} of {} bytes, or others", got.len(), data.len());
    });
}

// Covers rt-fs::read_dir::NextEntry
#[test]
fn a_folder_is_listed_without_a_gap() {
    let folder = Folder::new("listing");
    let names: Vec<String> = (0..70).map(|n| format!("{n:02}")).collect();
    names.iter().for_each(|name| std::fs::write(folder.0.join(name), name).unwrap());
    cancelled(1, async |round| {
        let (mut entries, mut got) = (fs::read_dir(&folder.0).await.unwrap(), Vec::new());
        loop {
            match busy(&round, entries.next_entry()).await {
                Ok(Ok(Some(entry))) => got.push(entry.file_name().into_string().unwrap()),
                Ok(ended) => break assert!(ended.unwrap().is_none()),
                Err(_) => forgotten(&round).await,
            }
        }
        got.sort();
        assert_eq!(got, names);
    });
}

// Covers rt-fs::file::IntoStd
#[test]
fn what_was_written_before_a_file_is_given_up_is_in_it() {
    let folder = Folder::new("std");
    let path = folder.0.join("file");
    cancelled(0, async |round| {
        let mut file = File::create(&path).await.unwrap();
        file.write_all(b"text").await.unwrap();
        let std = round.run(file.into_std()).await;
        forgotten(&round).await;
        if let Ok(std) = std {
            drop(std);
            assert_eq!(std::fs::read(&path).unwrap(), b"text");
        }
    });
}
