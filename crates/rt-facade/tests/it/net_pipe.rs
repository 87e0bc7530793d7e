//! Pipes, with and without a name.

use std::fs::File;
use std::future::poll_fn;
use std::io::{ErrorKind, IoSlice, IoSliceMut, Read, Write};
use std::os::fd::AsFd;

use rt_facade::io::Interest;
use rt_facade::net::unix::pipe::{self, OpenOptions, Receiver, Sender, pipe};
use rt_facade::time::timeout;

use crate::net_unix::Dir;
use crate::support::{LIMIT, for_each_flavor, poll_once};

/// Makes a pipe with a name.
fn fifo(dir: &Dir) -> std::path::PathBuf {
    let path = dir.path("fifo");
    let made = std::process::Command::new("mkfifo").arg(&path).status().unwrap();
    assert!(made.success());
    path
}

#[test]
fn more_than_it_holds_goes_through_and_then_the_end() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let (mut sender, mut receiver) = pipe().unwrap();
            let sent: Vec<u8> = (0..1 << 20).map(|n: u32| (n % 251) as u8).collect();
            let bytes = sent.clone();
            let writes = rt_facade::spawn(async move {
                sender.write_all(&bytes).await.unwrap();
                sender.shutdown().await.unwrap(); // does nothing; the drop does
            });
            let mut got = Vec::new();
            let reads = async {
                let mut buf = vec![0; 10_000];
                loop {
                    let n = receiver.read(&mut buf).await.unwrap();
                    if n == 0 {
                        break;
                    }
                    got.extend_from_slice(&buf[..n]);
                }
            };
            timeout(LIMIT, reads).await.unwrap();
            assert!(got == sent);
            writes.await.unwrap();
        });
    });
}

#[test]
fn a_pipe_that_nobody_reads_is_broken() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let (mut sender, receiver) = pipe().unwrap();
            let writer = rt_facade::spawn(async move {
                sender.write_all(&vec![0; 1 << 20]).await.unwrap_err().kind()
            });
            receiver.readable().await.unwrap();
            drop(receiver);
            let error = timeout(LIMIT, writer).await.expect("it is told").unwrap();
            assert_eq!(error, ErrorKind::BrokenPipe);
        });
    });
}

#[test]
fn it_tries_without_waiting_and_tells_when_it_is_ready() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let (sender, receiver) = pipe().unwrap();
            sender.writable().await.unwrap();
            assert!(sender.ready(Interest::WRITABLE).await.unwrap().is_writable());
            poll_fn(|cx| sender.poll_write_ready(cx)).await.unwrap();
            let early = receiver.try_read(&mut [0]).unwrap_err();
            assert_eq!(early.kind(), ErrorKind::WouldBlock);
            assert_eq!(sender.try_write(b"ab").unwrap(), 2);
            let bufs = [IoSlice::new(b"c"), IoSlice::new(b"d")];
            assert_eq!(sender.try_write_vectored(&bufs).unwrap(), 2);
            receiver.readable().await.unwrap();
            poll_fn(|cx| receiver.poll_read_ready(cx)).await.unwrap();
            assert!(receiver.ready(Interest::READABLE).await.unwrap().is_readable());
            let (mut one, mut two) = ([0; 1], [0; 2]);
            let mut bufs = [IoSliceMut::new(&mut one), IoSliceMut::new(&mut two)];
            assert_eq!(receiver.try_read_vectored(&mut bufs).unwrap(), 3);
            let mut last = [0; 9];
            assert_eq!(receiver.try_io(|| Ok(rustix::io::read(&receiver, &mut last)?)).unwrap(), 1);
            assert_eq!((&one, &two, last[0]), (b"a", b"bc", b'd'));
            assert_eq!(
                (receiver.try_read(&mut []).unwrap(), sender.try_write(&[]).unwrap()),
                (0, 0)
            );
            while sender.try_write(&[0; 4096]).is_ok() {}
            let full = sender.try_io(|| Ok(rustix::io::write(&sender, b"x")?)).unwrap_err();
            assert_eq!(full.kind(), ErrorKind::WouldBlock);
        });
    });
}

/// A packet ends a read, though another one follows it.
#[cfg(target_os = "linux")]
#[test]
fn packets_come_one_by_one_and_none_is_waited_for_in_vain() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let flags = rustix::pipe::PipeFlags::DIRECT | rustix::pipe::PipeFlags::CLOEXEC;
            let (read, write) = rustix::pipe::pipe_with(flags).unwrap();
            let mut receiver = Receiver::from_owned_fd(read).unwrap();
            let sender = Sender::from_owned_fd(write).unwrap();
            sender.writable().await.unwrap();
            sender.try_write(b"first").unwrap();
            sender.try_write(b"second").unwrap();
            let mut buf = [0; 64];
            assert_eq!(receiver.read(&mut buf).await.unwrap(), 5);
            let second = timeout(LIMIT, receiver.read(&mut buf)).await.expect("it is there");
            assert_eq!(second.unwrap(), 6);
        });
    });
}

#[test]
fn a_pipe_with_a_name_is_opened_at_both_ends() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let dir = Dir::new();
            let path = fifo(&dir);
            let nobody = OpenOptions::new().open_sender(&path).unwrap_err();
            assert_eq!(nobody.raw_os_error(), Some(rustix::io::Errno::NXIO.raw_os_error()));
            let mut receiver = OpenOptions::new().open_receiver(&path).unwrap();
            let mut sender = OpenOptions::new().open_sender(&path).unwrap();
            let mut got = [0; 5];
            {
                let mut read = std::pin::pin!(receiver.read_exact(&mut got));
                assert!(poll_once(read.as_mut()).await.is_pending());
                sender.write_all(b"named").await.unwrap();
                timeout(LIMIT, read).await.unwrap().unwrap();
            }
            assert_eq!(&got, b"named");
            drop(sender);
            assert_eq!(receiver.read(&mut got).await.unwrap(), 0, "no writer is left");
            // The next one can be heard again.
            let mut sender = OpenOptions::new().open_sender(&path).unwrap();
            sender.write_all(b"again").await.unwrap();
            receiver.readable().await.unwrap();
            let mut read = std::pin::pin!(receiver.read_exact(&mut got));
            timeout(LIMIT, read.as_mut()).await.unwrap().unwrap();
        });
    });
}

#[cfg(target_os = "linux")]
#[test]
fn one_opened_both_ways_waits_for_nobody_and_never_ends() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let dir = Dir::new();
            let path = fifo(&dir);
            let mut both = OpenOptions::new();
            both.read_write(true);
            let mut sender = both.open_sender(&path).unwrap();
            sender.write_all(b"kept").await.unwrap();
            let mut receiver = both.open_receiver(&path).unwrap();
            drop(sender);
            let mut got = [0; 4];
            receiver.read_exact(&mut got).await.unwrap();
            let mut end = std::pin::pin!(receiver.read(&mut got));
            assert!(poll_once(end.as_mut()).await.is_pending(), "it is a writer itself");
        });
    });
}

#[test]
fn what_is_no_pipe_or_the_other_end_is_refused() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let dir = Dir::new();
            let regular = dir.path("regular");
            File::create(&regular).unwrap();
            let open = OpenOptions::new();
            for error in [
                open.open_receiver(&regular).unwrap_err(),
                open.open_sender(&regular).unwrap_err(),
                Receiver::from_file(File::open(&regular).unwrap()).unwrap_err(),
                Sender::from_file(File::create(&regular).unwrap()).unwrap_err(),
            ] {
                assert_eq!(
                    (error.kind(), &*error.to_string()),
                    (ErrorKind::InvalidInput, "not a pipe")
                );
            }
            let (read, write) = rustix::pipe::pipe().unwrap();
            let error = Receiver::from_owned_fd(write).unwrap_err();
            assert_eq!(error.to_string(), "not in O_RDONLY or O_RDWR access mode");
            let error = Sender::from_owned_fd(read).unwrap_err();
            assert_eq!(error.to_string(), "not in O_WRONLY or O_RDWR access mode");
            let missing = open.open_receiver(dir.path("missing")).unwrap_err();
            assert_eq!(missing.kind(), ErrorKind::NotFound);
            let unwatched = OpenOptions::new().unchecked(true).open_receiver(&regular);
            assert!(unwatched.is_err(), "the system cannot watch a regular file");
        });
    });
}

#[test]
fn an_end_goes_to_a_child_process_and_blocks_there() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let (sender, mut receiver) = pipe().unwrap();
            let fd = sender.into_blocking_fd().unwrap();
            let flags = rustix::fs::fcntl_getfl(&fd).unwrap();
            assert!(!flags.contains(rustix::fs::OFlags::NONBLOCK));
            let mut child =
                std::process::Command::new("echo").arg("hi").stdout(fd).spawn().unwrap();
            let mut got = Vec::new();
            let reads = async {
                let mut buf = [0; 16];
                loop {
                    let n = receiver.read(&mut buf).await.unwrap();
                    if n == 0 {
                        break;
                    }
                    got.extend_from_slice(&buf[..n]);
                }
            };
            timeout(LIMIT, reads).await.unwrap();
            assert_eq!(got, b"hi\n");
            child.wait().unwrap();
        });
    });
}

#[test]
fn ends_of_other_libraries_come_and_go() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let (mut read, mut write) = std::io::pipe().unwrap();
            let mut receiver = Receiver::from_owned_fd(read.try_clone().unwrap().into()).unwrap();
            let flags = rustix::fs::fcntl_getfl(receiver.as_fd()).unwrap();
            assert!(flags.contains(rustix::fs::OFlags::NONBLOCK), "it was put there");
            write.write_all(b"std").unwrap();
            receiver.read_exact(&mut [0; 3]).await.unwrap();
            let back = receiver.into_nonblocking_fd().unwrap();
            let mut again = pipe::Receiver::from_owned_fd_unchecked(back).unwrap();
            write.write_all(b"x").unwrap();
            again.read_exact(&mut [0]).await.unwrap();
            drop(again.into_blocking_fd().unwrap());
            write.write_all(b"y").unwrap();
            read.read_exact(&mut [0]).unwrap();
            let mut sender = Sender::from_owned_fd(write.into()).unwrap();
            sender.write_all(b"z").await.unwrap();
            read.read_exact(&mut [0]).unwrap();
        });
    });
}
