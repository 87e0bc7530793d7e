//! Hops counted, errors told, files dropped, pools that are closed or go away.

#[cfg(unix)]
use std::io::Write;
use std::io::{Read, Seek, SeekFrom};
use std::panic::{AssertUnwindSafe, Location, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

use rt_io::{AsyncReadExt, AsyncSeek, AsyncSeekExt, AsyncWrite, AsyncWriteExt};
use rt_task::block_on;

use super::File;
use crate::OpenOptions;
use crate::kit::{How, Pool, Scratch, poll, poll_once};

/// To read and write, and as on a disk that is never in memory.
#[track_caller]
fn opened(path: &std::path::Path) -> File {
    let mut file = opened_now(path);
    file.front_mut().0.reads_now = false;
    file
}

#[track_caller]
fn opened_now(path: &std::path::Path) -> File {
    let std = std::fs::OpenOptions::new().read(true).write(true).open(path).unwrap();
    File::opened(std, Location::caller())
}

#[test]
fn small_reads_cost_a_hop_per_chunk_and_chunks_grow() {
    let scratch = Scratch::new();
    let bytes: Vec<u8> = (0..1 << 20).map(|n: u32| n.to_le_bytes()[n as usize % 3]).collect();
    let path = scratch.file(&bytes);
    let (pool, _guard) = Pool::enter(How::Here);
    block_on(async {
        let mut file = File::open(&path).await.unwrap();
        file.front_mut().0.reads_now = false;
        assert_eq!(pool.hops(), 1);
        let mut all = Vec::new();
        let mut buf = [0; 100];
        loop {
            match file.read(&mut buf).await.unwrap() {
                0 => break,
                n => all.extend_from_slice(&buf[..n]),
            }
        }
        assert!(all == bytes);
        // 8 + 16 + 32 + 64 + 128 KiB, three of 256, what is left, and the end.
        assert_eq!(pool.hops(), 10);
        file.seek(SeekFrom::Start(77)).await.unwrap();
        file.seek(SeekFrom::Current(-7)).await.unwrap();
        assert_eq!(pool.hops(), 0, "a move on the spot");
        file.read_exact(&mut buf).await.unwrap();
        assert_eq!((&buf[..], pool.hops()), (&bytes[70..170], 1));
        file.seek(SeekFrom::End(-1)).await.unwrap();
        assert_eq!(pool.hops(), 1);
    });
}

#[test]
fn the_next_chunk_is_read_while_this_one_is_handed_out() {
    let scratch = Scratch::new();
    let path = scratch.file(&[7; 300_000]);
    let (pool, _guard) = Pool::enter(How::Held);
    let mut file = opened(&path);
    let mut buf = [0; 1000];
    let mut read = 0;
    while pool.held() == 0 || read < 8192 + 16384 {
        read += pool.drive(file.read(&mut buf), || 0).unwrap();
    }
    assert_eq!(pool.held(), 1, "under way, and nobody waits for it");
    while read < 300_000 {
        let n = pool.drive(file.read(&mut buf), || 0).unwrap();
        assert!(n > 0 && buf[..n].iter().all(|byte| *byte == 7));
        read += n;
    }
    assert_eq!(pool.drive(file.read(&mut buf), || 0).unwrap(), 0);
    std::fs::write(&path, [7; 300_010]).unwrap();
    assert_eq!(pool.drive(file.read(&mut buf), || 0).unwrap(), 10, "the end moved");
}

#[test]
fn memory_stays_within_two_chunks_each_way() {
    let scratch = Scratch::new();
    let path = scratch.file(&[]);
    let (pool, _guard) = Pool::enter(How::Held);
    let mut file = opened(&path);
    let mut taken = 0;
    while let Poll::Ready(n) = poll_once(file.write(&[1; 100_000])) {
        taken += n.unwrap();
    }
    assert_eq!(taken, 256 * 1024);
    pool.run_all();
    assert_eq!(std::fs::metadata(&path).unwrap().len(), 256 * 1024);
    let n = poll_once(file.write(&vec![2; 5 << 20]));
    assert!(matches!(n, Poll::Ready(Ok(n)) if n == file.max_buf_size()), "at once, as the model");
    pool.run_all();
}

#[test]
fn writes_are_gathered_while_one_is_under_way() {
    let scratch = Scratch::new();
    let path = scratch.file(b"");
    let (pool, _guard) = Pool::enter(How::Held);
    let mut file = opened(&path);
    for n in 0..10 {
        assert!(matches!(poll_once(file.write(&[b'0' + n])), Poll::Ready(Ok(1))));
    }
    assert_eq!(pool.hops(), 1);
    assert!(poll_once(file.flush()).is_pending());
    pool.run_all();
    assert!(poll_once(file.flush()).is_ready());
    assert_eq!(std::fs::read(&path).unwrap(), b"0123456789");
    assert_eq!(pool.hops(), 0, "a flush asks nobody");
}

#[test]
fn a_writer_waits_for_room_and_is_woken() {
    let scratch = Scratch::new();
    let path = scratch.file(b"");
    let (pool, _guard) = Pool::enter(How::Held);
    let mut file = opened(&path);
    file.set_max_buf_size(4);
    assert!(matches!(poll_once(file.write(b"abcdef")), Poll::Ready(Ok(4))));
    let woken = Arc::new(Woken::default());
    let waker = Waker::from(woken.clone());
    let mut cx = Context::from_waker(&waker);
    assert!(Pin::new(&mut file).poll_write(&mut cx, b"ef").is_pending());
    assert!(Pin::new(&mut file).poll_write(&mut cx, b"ef").is_pending());
    pool.run_all();
    assert!(woken.0.load(std::sync::atomic::Ordering::SeqCst) > 0);
    assert!(matches!(Pin::new(&mut file).poll_write(&mut cx, b"ef"), Poll::Ready(Ok(2))));
    pool.run_all();
    assert_eq!(std::fs::read(&path).unwrap(), b"abcdef");
}

#[derive(Default)]
struct Woken(std::sync::atomic::AtomicUsize);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
    }
}

struct Panics;

impl Wake for Panics {
    fn wake(self: Arc<Self>) {
        panic!("a waker's own");
    }
}

#[test]
fn a_waker_that_panics_takes_no_shift_with_it() {
    let scratch = Scratch::new();
    let path = scratch.file(b"");
    let (pool, _guard) = Pool::enter(How::Held);
    let mut file = opened(&path);
    file.set_max_buf_size(4);
    assert!(matches!(poll_once(file.write(b"abcd")), Poll::Ready(Ok(4))));
    let waker = Waker::from(Arc::new(Panics));
    assert!(Pin::new(&mut file).poll_write(&mut Context::from_waker(&waker), b"ef").is_pending());
    pool.run_all();
    pool.drive(file.write_all(b"ef"), || 0).unwrap();
    pool.drive(file.sync_all(), || 0).unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), b"abcdef");
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_told_by_the_next_write_flush_or_synchronisation() {
    let (pool, _guard) = Pool::enter(How::Held);
    let mut full = pool.drive(OpenOptions::new().write(true).open("/dev/full"), || 0).unwrap();
    let is_full = |error: std::io::Error| error.raw_os_error() == Some(28);
    // By a write.
    assert!(matches!(poll_once(full.write(b"a")), Poll::Ready(Ok(1))));
    assert!(matches!(poll_once(full.write(b"b")), Poll::Ready(Ok(1))), "taken before it is known");
    pool.run_all();
    assert!(is_full(pool.drive(full.write(b"c"), || 0).unwrap_err()));
    pool.drive(full.flush(), || 0).expect("told once");
    // By a flush.
    pool.drive(full.write(b"a"), || 0).unwrap();
    assert!(is_full(pool.drive(full.flush(), || 0).unwrap_err()));
    // By a shutdown.
    pool.drive(full.write(b"a"), || 0).unwrap();
    assert!(is_full(pool.drive(full.shutdown(), || 0).unwrap_err()));
    // By a synchronisation.
    pool.drive(full.write(b"a"), || 0).unwrap();
    assert!(is_full(pool.drive(full.sync_all(), || 0).unwrap_err()));
    pool.drive(full.flush(), || 0).expect("told once");
}

/// In a process of its own, with a limit on the size of files and the signal of it ignored.
#[cfg(unix)]
#[test]
fn a_limited_file_takes_what_fits_and_tells_of_the_rest() {
    const CHILD: &str = "RT_FS_LIMITED_FILE";
    if let Some(path) = std::env::var_os(CHILD) {
        return write_past_the_limit(path.as_ref());
    }
    let scratch = Scratch::new();
    let path = scratch.file(b"");
    let test = "file::tests::a_limited_file_takes_what_fits_and_tells_of_the_rest";
    let child = std::process::Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 16; exec \"$0\" --exact \"$1\" --nocapture"])
        .arg(std::env::current_exe().unwrap())
        .arg(test)
        .env(CHILD, &path)
        .output()
        .unwrap();
    assert!(child.status.success(), "{}", String::from_utf8_lossy(&child.stderr));
    assert!(String::from_utf8_lossy(&child.stdout).contains("1 passed"));
    // In blocks of 512 bytes or of 1024, by the shell.
    let len = std::fs::metadata(&path).unwrap().len();
    assert!([16 * 512, 16 * 1024].contains(&len), "{len}");
}

#[cfg(unix)]
fn write_past_the_limit(path: &std::path::Path) {
    let (_pool, _guard) = Pool::enter(How::Here);
    block_on(async {
        let mut file = File::create(path).await.unwrap();
        let mut told = None;
        for _ in 0..100 {
            if let Err(error) = file.write_all(&[1; 1000]).await {
                told = Some(error);
                break;
            }
        }
        let told = told.expect("100,000 bytes do not fit");
        assert_eq!(told.kind(), std::io::ErrorKind::FileTooLarge, "{told}");
        file.flush().await.expect("told once");
    });
}

#[test]
fn what_cannot_be_read_or_written_says_so() {
    let scratch = Scratch::new();
    let path = scratch.file(b"text");
    let (_pool, _guard) = Pool::enter(How::Here);
    block_on(async {
        use std::io::ErrorKind::*;
        let error = File::open(scratch.path().join("missing")).await.unwrap_err();
        assert_eq!(error.kind(), NotFound);
        assert_eq!(File::create_new(&path).await.unwrap_err().kind(), AlreadyExists);
        let mut written = File::create(scratch.path().join("written")).await.unwrap();
        assert!(written.read_u8().await.unwrap_err().raw_os_error().is_some(), "not for reading");
        let mut read = File::open(&path).await.unwrap();
        read.write_all(b"x").await.unwrap();
        assert!(read.flush().await.unwrap_err().raw_os_error().is_some(), "not for writing");
        assert_eq!(read.read_u8().await.unwrap(), b't', "and goes on");
        assert!(read.set_len(0).await.is_err());
        let mut std = std::fs::File::open(&path).unwrap();
        for to in [SeekFrom::Current(-9), SeekFrom::End(-9)] {
            let refused = std.seek(to).unwrap_err(); // of a kind on Unix, of none on Windows
            assert_eq!(read.seek(to).await.unwrap_err().raw_os_error(), refused.raw_os_error());
        }
        assert_eq!(read.read_u8().await.unwrap(), b'e', "where it was");
    });
}

#[cfg(unix)]
#[test]
fn a_folder_opens_and_does_not_read() {
    let scratch = Scratch::new();
    let (_pool, _guard) = Pool::enter(How::Here);
    let mut folder = block_on(File::open(scratch.path())).unwrap();
    let error = block_on(folder.read_u8()).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::IsADirectory);
    assert!(block_on(folder.metadata()).unwrap().is_dir());
}

#[cfg(unix)]
#[test]
fn permissions_are_those_that_std_meets() {
    use std::os::unix::fs::PermissionsExt;
    let scratch = Scratch::new();
    let path = scratch.file(b"text");
    let (_pool, _guard) = Pool::enter(How::Here);
    let file = block_on(File::open(&path)).unwrap();
    block_on(file.set_permissions(PermissionsExt::from_mode(0o000))).unwrap();
    let kind = |error: std::io::Error| error.kind();
    assert_eq!(
        block_on(File::open(&path)).map(drop).map_err(kind),
        std::fs::File::open(&path).map(drop).map_err(kind), // root may do everything
    );
    let made = scratch.path().join("made");
    let options = OpenOptions::new().write(true).create_new(true).mode(0o600).clone();
    let file = block_on(options.open(&made)).unwrap();
    assert_eq!(block_on(file.metadata()).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn without_a_pool_the_error_names_the_call_and_the_fix() {
    let scratch = Scratch::new();
    let path = scratch.file(b"text");
    let line = line!() + 1;
    let error = block_on(File::open(&path)).unwrap_err().to_string();
    assert!(error.contains("`File::open` at "), "{error}");
    assert!(error.contains(&format!("tests.rs:{line}:")), "{error}");
    assert!(error.contains("needs a runtime"), "{error}");
    let mut file = opened(&path);
    for error in [
        block_on(file.read_u8()).unwrap_err(),
        block_on(file.write_all(b"x")).unwrap_err(),
        block_on(file.seek(SeekFrom::End(0))).unwrap_err(),
        block_on(file.sync_all()).unwrap_err(),
    ] {
        let error = error.to_string();
        assert!(error.contains("needs a runtime") && error.contains("tests.rs:"), "{error}");
    }
    drop(file);
    assert_eq!(std::fs::read(&path).unwrap(), b"text");
}

#[test]
fn a_closed_pool_is_an_error_and_nothing_is_taken() {
    let scratch = Scratch::new();
    let path = scratch.file(b"text");
    let (pool, _guard) = Pool::enter(How::Closed);
    let mut file = opened(&path);
    for error in [
        block_on(file.read_u8()).unwrap_err(),
        block_on(file.write_all(b"x")).unwrap_err(),
        block_on(file.seek(SeekFrom::End(0))).unwrap_err(),
        block_on(file.sync_all()).unwrap_err(),
        block_on(file.set_len(0)).unwrap_err(),
        block_on(crate::read(&path)).unwrap_err(),
    ] {
        let error = error.to_string();
        assert!(error.contains("the blocking pool is shut down"), "{error}");
        assert!(error.contains("tests.rs:"), "{error}");
    }
    block_on(file.flush()).expect("nothing was taken");
    pool.set(How::Here);
    block_on(async {
        assert_eq!(file.read_u8().await.unwrap(), b't', "a pool again");
        file.write_all(b"E").await.unwrap();
        file.flush().await.unwrap();
    });
    assert_eq!(std::fs::read(&path).unwrap(), b"tExt");
}

#[test]
fn a_pool_that_drops_its_jobs_fails_reads_and_loses_no_write() {
    let scratch = Scratch::new();
    let path = scratch.file(b"text");
    let (pool, _guard) = Pool::enter(How::Held);
    let mut file = opened(&path);
    let forget = || drop(std::mem::take(&mut *pool.jobs.lock().unwrap()));
    assert!(poll_once(file.read_u8()).is_pending());
    forget();
    let Poll::Ready(Err(error)) = poll_once(file.read_u8()) else { panic!("told") };
    assert!(error.to_string().contains("cancelled"), "{error}");
    assert!(matches!(poll_once(file.write(b"TE")), Poll::Ready(Ok(2))));
    forget();
    assert!(matches!(poll_once(file.flush()), Poll::Ready(Ok(()))));
    Pin::new(&mut file).start_seek(SeekFrom::End(-1)).unwrap();
    forget();
    let mut cx = Context::from_waker(Waker::noop());
    assert!(matches!(Pin::new(&mut file).poll_complete(&mut cx), Poll::Ready(Ok(3))));
    let mut sync = pin!(file.sync_all());
    assert!(poll(sync.as_mut()).is_pending());
    forget();
    assert!(matches!(poll(sync), Poll::Ready(Err(_))));
    assert_eq!(std::fs::read(&path).unwrap(), b"TExt");
}

#[test]
fn a_dropped_file_is_written_to_the_end() {
    let scratch = Scratch::new();
    let path = scratch.file(b"");
    let (pool, _guard) = Pool::enter(How::Held);
    let mut file = opened(&path);
    assert!(matches!(poll_once(file.write(b"behind")), Poll::Ready(Ok(6))));
    drop(file);
    assert_eq!(std::fs::read(&path).unwrap(), b"");
    pool.run_all();
    assert_eq!(std::fs::read(&path).unwrap(), b"behind");
}

#[test]
fn a_cancelled_read_loses_no_bytes() {
    let scratch = Scratch::new();
    let path = scratch.file(b"0123456789");
    let (pool, _guard) = Pool::enter(How::Held);
    for mut file in [opened(&path), File::from_std(std::fs::File::open(&path).unwrap())] {
        assert!(poll_once(file.read(&mut [0; 6])).is_pending());
        let mut buf = [0; 4];
        let n = pool.drive(file.read(&mut buf), || 0).unwrap();
        assert_eq!(&buf[..n], b"0123");
        assert!(poll_once(file.read(&mut [])).is_ready(), "nothing wanted");
        let mut rest = Vec::new();
        pool.drive(file.read_to_end(&mut rest), || 0).unwrap();
        assert_eq!(rest, b"456789");
    }
}

#[test]
fn back_in_std_it_stands_where_its_user_left_it() {
    let scratch = Scratch::new();
    let path = scratch.file(b"0123456789");
    let (pool, _guard) = Pool::enter(How::Held);
    let mut file = opened(&path);
    assert_eq!(pool.drive(file.read_u8(), || 0).unwrap(), b'0');
    let mut std = file.try_into_std().unwrap();
    assert_eq!(std.stream_position().unwrap(), 1);

    let mut file = File::from(std);
    assert!(matches!(poll_once(file.write(b"ab")), Poll::Ready(Ok(2))));
    assert!(poll_once(file.sync_all()).is_pending());
    let file = file.try_into_std().expect_err("two closures are under way");
    let mut into_std = pin!(file.into_std());
    assert!(poll(into_std.as_mut()).is_pending());
    assert!(pool.run(1));
    assert!(poll(into_std.as_mut()).is_pending(), "one of two");
    assert!(pool.run(0));
    let Poll::Ready(mut std) = poll(into_std) else { panic!("nothing is under way") };
    assert_eq!(std.stream_position().unwrap(), 3);
    let mut rest = String::new();
    std.read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "3456789");
}

#[test]
fn twins_share_a_position_and_neither_reads_ahead() {
    let scratch = Scratch::new();
    let path = scratch.file(b"0123456789");
    let (_pool, _guard) = Pool::enter(How::Here);
    block_on(async {
        let mut one = File::open(&path).await.unwrap();
        one.set_max_buf_size(5);
        assert_eq!(one.read_u8().await.unwrap(), b'0');
        let mut two = one.try_clone().await.unwrap();
        assert_eq!(two.max_buf_size(), 5);
        for digit in b'1'..=b'9' {
            let twin = if digit % 2 == 0 { &mut one } else { &mut two };
            assert_eq!(twin.read_u8().await.unwrap(), digit);
        }
    });
}

#[cfg(unix)]
#[test]
fn what_has_no_position_is_read_exactly_and_never_moved() {
    let (pool, _guard) = Pool::enter(How::Held);
    let (reader, mut writer) = std::io::pipe().unwrap();
    let mut pipe = File::from(std::os::fd::OwnedFd::from(reader));
    writer.write_all(b"0123456789").unwrap();
    assert!(poll_once(pipe.read(&mut [0; 6])).is_pending());
    pool.run_all();
    let mut buf = [0; 2];
    pool.drive(pipe.read(&mut buf), || 0).unwrap();
    assert_eq!(&buf, b"01");
    assert!(pool.drive(pipe.seek(SeekFrom::Start(0)), || 0).is_err());
    assert!(pool.drive(pipe.set_len(0), || 0).is_err());
    let mut rest = [0; 4];
    pool.drive(pipe.read_exact(&mut rest), || 0).unwrap();
    assert_eq!(&rest, b"2345", "kept");
    assert_eq!(pool.held(), 0);
    drop(writer);
    let mut rest = Vec::new();
    pool.drive(pipe.read_to_end(&mut rest), || 0).unwrap();
    assert_eq!(rest, b"6789");
}

#[test]
fn what_is_asked_of_a_shared_file_comes_after_its_writes() {
    let scratch = Scratch::new();
    let path = scratch.file(b"");
    let (pool, _guard) = Pool::enter(How::Held);
    let mut file = opened(&path);
    assert!(matches!(poll_once(file.write(b"abcdef")), Poll::Ready(Ok(6))));
    let (mut length, mut cut) = (pin!(file.metadata()), pin!(file.set_len(3)));
    assert!(poll(length.as_mut()).is_pending());
    assert!(poll(cut.as_mut()).is_pending());
    assert!(pool.run(1), "the first that was asked, before the write's own closure");
    let Poll::Ready(Ok(metadata)) = poll(length) else { panic!("it was run") };
    assert_eq!(metadata.len(), 6);
    pool.run_all();
    assert!(poll(cut).is_ready());
    assert_eq!(std::fs::read(&path).unwrap(), b"abc");
}

#[test]
fn threads_take_turns_on_one_file() {
    let scratch = Scratch::new();
    let path = scratch.file(b"");
    let (_pool, _guard) = Pool::enter(How::Thread);
    block_on(async {
        let mut file = opened(&path);
        for round in 0..300_u32 {
            file.write_all(&round.to_le_bytes()).await.unwrap();
            let mut operations = [pin!(file.sync_data()), pin!(file.sync_data())];
            let pends = operations.each_mut().map(|one| poll(one.as_mut()).is_pending());
            for (operation, pends) in operations.into_iter().zip(pends) {
                if pends && round % 2 == 0 {
                    operation.await.ok();
                }
            }
        }
        file.flush().await.unwrap();
        let all: Vec<u8> = (0..300_u32).flat_map(u32::to_le_bytes).collect();
        assert_eq!(std::fs::read(&path).unwrap(), all);
    });
}

#[test]
fn times_are_set_after_writes() {
    let scratch = Scratch::new();
    let path = scratch.file(b"");
    let (pool, _guard) = Pool::enter(How::Held);
    let mut file = opened(&path);
    let time = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000);
    assert!(poll_once(file.write(b"x")).is_ready());
    let mut set = pin!(file.set_modified(time));
    assert!(poll(set.as_mut()).is_pending());
    assert!(pool.run(1));
    assert!(poll(set).is_ready());
    pool.run_all();
    assert_eq!(std::fs::metadata(&path).unwrap().modified().unwrap(), time);
    assert_eq!(std::fs::read(&path).unwrap(), b"x");
}

#[test]
fn a_buffer_of_nothing_is_refused() {
    let scratch = Scratch::new();
    let mut file = opened(&scratch.file(b""));
    assert_eq!(file.max_buf_size(), 2 << 20);
    assert!(catch_unwind(AssertUnwindSafe(|| file.set_max_buf_size(0))).is_err());
}

#[test]
fn a_file_goes_where_its_task_goes() {
    fn goes<T: Send + Sync + Unpin + std::fmt::Debug>() {}
    goes::<File>();
    goes::<OpenOptions>();
    goes::<super::IntoStd>();
    goes::<crate::Operation<'_, File>>();
    goes::<crate::ReadDir>();
    goes::<crate::DirEntry>();
    goes::<crate::DirBuilder>();
}

/// Whether the file system of the scratch folder can tell what is in memory.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn tells_what_is_in_memory(path: &std::path::Path) -> bool {
    let file = std::fs::File::open(path).unwrap();
    crate::sys::read_now(&file, &mut [0]) != crate::sys::Now::Never
}

#[cfg(any(target_os = "linux", target_os = "android"))]
#[test]
fn what_is_in_memory_takes_no_hop() {
    let scratch = Scratch::new();
    let bytes: Vec<u8> = (0..300_000_u32).flat_map(|n| n.to_le_bytes()).collect();
    let path = scratch.file(&bytes);
    if !tells_what_is_in_memory(&path) {
        return;
    }
    let (pool, _guard) = Pool::enter(How::Closed);
    for size in [100, 5_000, 16_384, 100_000, 3 << 20] {
        let mut file = opened_now(&path);
        let (mut all, mut buf) = (Vec::new(), vec![0; size]);
        block_on(async {
            loop {
                match file.read(&mut buf).await.unwrap() {
                    0 => break,
                    n => all.extend_from_slice(&buf[..n]),
                }
            }
            assert!(all == bytes, "by {size}");
            file.seek(SeekFrom::Start(4)).await.unwrap();
            assert_eq!(file.read_u32_le().await.unwrap(), 1);
            file.seek(SeekFrom::Current(4)).await.unwrap();
            assert_eq!(file.read_u32_le().await.unwrap(), 3);
        });
        assert_eq!(file.try_into_std().unwrap().stream_position().unwrap(), 16);
    }
    assert_eq!(pool.hops(), 0);
}

#[cfg(any(target_os = "linux", target_os = "android"))]
#[test]
fn what_is_on_the_disk_alone_is_read_on_the_pool() {
    let scratch = Scratch::new();
    let bytes: Vec<u8> = (0..300_000_u32).flat_map(|n| n.to_le_bytes()).collect();
    let path = scratch.file(&bytes);
    let std = std::fs::File::open(&path).unwrap();
    std.sync_all().unwrap();
    // The kernel may forget it then, and mostly does.
    rustix::fs::fadvise(&std, 0, None, rustix::fs::Advice::DontNeed).unwrap();
    let (_pool, _guard) = Pool::enter(How::Here);
    let mut all = Vec::new();
    block_on(opened_now(&path).read_to_end(&mut all)).unwrap();
    assert!(all == bytes);
}

#[cfg(any(target_os = "linux", target_os = "android"))]
#[test]
fn a_file_in_memory_lets_others_have_their_turn() {
    let scratch = Scratch::new();
    let path = scratch.file(&vec![7; 5 << 20]);
    if !tells_what_is_in_memory(&path) {
        return;
    }
    let (_pool, _guard) = Pool::enter(How::Closed);
    let mut file = opened_now(&path);
    let (mut buf, mut read, mut pended) = (vec![0; 1 << 16], 0, 0);
    while read < 5 << 20 {
        match poll_once(file.read(&mut buf)) {
            Poll::Ready(n) => read += n.unwrap(),
            Poll::Pending => pended += 1,
        }
    }
    assert_eq!(pended, 4, "after each of the first four MiB");
}
