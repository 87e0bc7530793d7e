//! The functions, folders and their entries; futures that are dropped.

use std::pin::pin;
use std::task::Poll;

use rt_task::block_on;

use crate::kit::{How, Pool, Scratch, poll, poll_once};

#[test]
fn every_function_does_what_that_of_std_does_in_one_hop() {
    let scratch = Scratch::new();
    let (pool, _guard) = Pool::enter(How::Here);
    let at = |name: &str| scratch.path().join(name);
    macro_rules! hop {
        ($f:expr) => {{
            let output = block_on($f).unwrap();
            assert_eq!(pool.hops(), 1, stringify!($f));
            output
        }};
    }
    hop!(crate::create_dir(at("a")));
    hop!(crate::create_dir_all(at("a/b/c")));
    hop!(crate::DirBuilder::new().recursive(true).create(at("a/b/c")));
    hop!(crate::write(at("file"), "text"));
    assert_eq!(hop!(crate::read(at("file"))), b"text");
    assert_eq!(hop!(crate::read_to_string(at("file"))), "text");
    // Of wine's, std counts none.
    let copied = std::fs::copy(at("file"), at("copy")).unwrap();
    std::fs::remove_file(at("copy")).unwrap();
    assert_eq!(hop!(crate::copy(at("file"), at("copy"))), copied);
    assert_eq!(std::fs::read(at("copy")).unwrap(), b"text");
    hop!(crate::hard_link(at("file"), at("hard")));
    hop!(crate::rename(at("copy"), at("moved")));
    assert!(!hop!(crate::try_exists(at("copy"))));
    assert!(hop!(crate::try_exists(at("moved"))));
    assert_eq!(hop!(crate::metadata(at("hard"))).len(), 4);
    let mut permissions = std::fs::metadata(at("moved")).unwrap().permissions();
    permissions.set_readonly(true);
    hop!(crate::set_permissions(at("moved"), permissions));
    assert!(std::fs::metadata(at("moved")).unwrap().permissions().readonly());
    assert_eq!(hop!(crate::canonicalize(at("a/../file"))), at("file").canonicalize().unwrap());
    hop!(crate::remove_file(at("hard")));
    hop!(crate::remove_dir(at("a/b/c")));
    hop!(crate::remove_dir_all(at("a")));
    assert!(block_on(crate::remove_dir(at("a"))).is_err());
    std::fs::write(at("latin"), b"\xff").unwrap();
    let error = block_on(crate::read_to_string(at("latin"))).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::InvalidData);
}

#[cfg(unix)]
#[test]
fn links_are_made_read_and_told_from_what_they_point_to() {
    use std::os::unix::fs::PermissionsExt;
    let scratch = Scratch::new();
    let (_pool, _guard) = Pool::enter(How::Here);
    let (file, link) = (scratch.file(b"text"), scratch.path().join("link"));
    block_on(crate::symlink(&file, &link)).unwrap();
    assert_eq!(block_on(crate::read_link(&link)).unwrap(), file);
    assert!(block_on(crate::symlink_metadata(&link)).unwrap().is_symlink());
    assert!(block_on(crate::metadata(&link)).unwrap().is_file());
    let made = scratch.path().join("made");
    block_on(crate::DirBuilder::new().mode(0o700).create(&made)).unwrap();
    assert_eq!(std::fs::metadata(made).unwrap().permissions().mode() & 0o777, 0o700);
}

#[test]
fn a_folder_is_listed_in_batches() {
    let scratch = Scratch::new();
    let mut names: Vec<String> = (0..100).map(|n| format!("entry {n:03}")).collect();
    for name in &names {
        std::fs::write(scratch.path().join(name), name).unwrap();
    }
    let (pool, _guard) = Pool::enter(How::Here);
    block_on(async {
        let mut found = Vec::new();
        let mut entries = crate::read_dir(scratch.path()).await.unwrap();
        while let Some(entry) = entries.next_entry().await.unwrap() {
            found.push(entry.file_name().into_string().unwrap());
            assert!(entry.path().starts_with(scratch.path()));
        }
        assert_eq!(pool.hops(), 4, "32, 32, 32 and the rest");
        assert!(entries.next_entry().await.unwrap().is_none());
        found.sort();
        names.sort();
        assert_eq!(found, names);
    });
}

#[test]
fn an_entry_knows_its_file() {
    let scratch = Scratch::new();
    let path = scratch.file(b"text");
    let (pool, _guard) = Pool::enter(How::Here);
    block_on(async {
        let mut entries = crate::read_dir(scratch.path()).await.unwrap();
        let entry = entries.next_entry().await.unwrap().unwrap();
        assert_eq!(entry.path(), path);
        pool.hops();
        assert!(entry.file_type().await.unwrap().is_file());
        assert_eq!(pool.hops(), 0, "the folder told it");
        let metadata = entry.metadata().await.unwrap();
        assert_eq!((metadata.len(), pool.hops()), (4, 1));
        #[cfg(unix)]
        assert_eq!(entry.ino(), std::os::unix::fs::MetadataExt::ino(&metadata));
    });
}

#[test]
fn an_entry_that_was_asked_for_in_vain_comes_with_the_next_ask() {
    let scratch = Scratch::new();
    for n in 0..40 {
        std::fs::write(scratch.path().join(n.to_string()), "").unwrap();
    }
    let (pool, _guard) = Pool::enter(How::Held);
    let mut entries = pool.drive(crate::read_dir(scratch.path()), || 0).unwrap();
    let mut found = 0;
    loop {
        let entry = match poll_once(entries.next_entry()) {
            Poll::Ready(entry) => entry,
            Poll::Pending => pool.drive(entries.next_entry(), || 0), // the first was dropped
        };
        match entry.unwrap() {
            Some(_) => found += 1,
            None => break,
        }
    }
    assert_eq!(found, 40);
    // A pool that drops what was asked for: the rest is lost, and told.
    let mut entries = pool.drive(crate::read_dir(scratch.path()), || 0).unwrap();
    for _ in 0..32 {
        assert!(poll_once(entries.next_entry()).is_ready());
    }
    assert!(poll_once(entries.next_entry()).is_pending());
    drop(std::mem::take(&mut *pool.jobs.lock().unwrap()));
    assert!(matches!(poll_once(entries.next_entry()), Poll::Ready(Err(_))));
}

#[test]
fn an_operation_begins_with_its_first_poll_and_then_goes_on() {
    let scratch = Scratch::new();
    let path = scratch.path().join("file");
    let (pool, _guard) = Pool::enter(How::Held);
    drop(crate::write(&path, "text"));
    assert_eq!(pool.held(), 0, "never polled");
    assert!(poll_once(crate::write(&path, "text")).is_pending());
    pool.run_all();
    assert_eq!(std::fs::read(&path).unwrap(), b"text");
    let mut file = pin!(crate::File::open(&path));
    assert!(poll(file.as_mut()).is_pending());
    assert!(poll(file.as_mut()).is_pending());
    assert_eq!(pool.held(), 1, "asked once");
    pool.run_all();
    assert!(poll(file).is_ready());
}
