//! `AsyncFd` on socket pairs, with a driver that the test turns.

use std::fs::File;
use std::future::Future;
use std::io::{self, Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use rt_task::base::context::{self, Env};
use rt_task::base::driver::{Reactor, WakeBatch};

use super::*;
use crate::driver::Driver;
use crate::interest::Interest;
use crate::ready::Ready;

const BOTH: Interest = Interest::READABLE.add(Interest::WRITABLE);

/// A watched stream, the other end of it, and the driver.
fn pair() -> (Driver, AsyncFd<UnixStream>, UnixStream) {
    let driver = Driver::new().unwrap();
    let (near, far) = UnixStream::pair().unwrap();
    near.set_nonblocking(true).unwrap();
    let fd = AsyncFd::with_handle(near, BOTH, &driver.handle()).unwrap();
    (driver, fd, far)
}

/// Hands out all that has happened.
fn turn(driver: &mut Driver) {
    let now = Some(Duration::ZERO);
    driver.poll(now, &mut WakeBatch::new()).unwrap();
}

/// Polls once, now.
fn poll<F: Future>(future: F) -> Poll<F::Output> {
    pin!(future).poll(&mut Context::from_waker(Waker::noop()))
}

#[track_caller]
fn now<T>(polled: Poll<io::Result<T>>) -> T {
    match polled {
        Poll::Ready(result) => result.unwrap(),
        Poll::Pending => panic!("not ready"),
    }
}

fn drain(mut stream: &UnixStream) {
    while stream.read(&mut [0; 64]).is_ok_and(|count| count > 0) {}
}

#[test]
fn a_guard_clears_what_would_block() {
    let (mut driver, fd, mut far) = pair();
    assert!(poll(fd.readable()).is_pending());
    far.write_all(b"hello").unwrap();
    turn(&mut driver);
    let mut guard = now(poll(fd.readable()));
    let mut buffer = [0; 16];
    let read = guard.try_io(|fd| fd.get_ref().read(&mut buffer));
    assert_eq!(read.unwrap().unwrap(), 5);
    assert!(guard.ready().is_readable(), "it may be so still");
    let blocked = guard.try_io(|fd| fd.get_ref().read(&mut buffer));
    assert_eq!(blocked.unwrap_err().to_string(), "the operation would block");
    assert_eq!(guard.ready(), Ready::EMPTY);
    assert!(poll(fd.readable()).is_pending());
}

#[test]
fn an_error_other_than_would_block_clears_nothing() {
    let (mut driver, fd, _far) = pair();
    turn(&mut driver);
    let mut guard = now(poll(fd.writable()));
    let failed = guard.try_io(|_| Err::<(), _>(io::ErrorKind::BrokenPipe.into()));
    assert_eq!(failed.unwrap().unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    guard.retain_ready();
    assert!(poll(fd.writable()).is_ready());
}

#[test]
fn a_guard_clears_nothing_that_came_later() {
    let (mut driver, fd, mut far) = pair();
    far.write_all(b"a").unwrap();
    turn(&mut driver);
    let mut guard = now(poll(fd.readable()));
    drain(fd.get_ref());
    far.write_all(b"b").unwrap();
    turn(&mut driver);
    guard.clear_ready();
    assert!(poll(fd.readable()).is_ready());
}

#[test]
fn a_part_of_the_readiness_can_be_cleared() {
    let (mut driver, fd, mut far) = pair();
    far.write_all(b"a").unwrap();
    turn(&mut driver);
    let mut guard = now(poll(fd.ready(BOTH)));
    assert_eq!(guard.ready(), Ready::READABLE | Ready::WRITABLE);
    guard.clear_ready_matching(Ready::READABLE);
    assert_eq!(guard.ready(), Ready::WRITABLE);
    assert!(poll(fd.readable()).is_pending());
    assert!(poll(fd.writable()).is_ready());
}

#[test]
fn the_owner_reads_and_writes_through_its_guard() {
    let (mut driver, mut fd, mut far) = pair();
    far.write_all(b"abc").unwrap();
    turn(&mut driver);
    let mut guard = now(poll(fd.readable_mut()));
    let mut buffer = [0; 2];
    let read = guard.try_io(|fd| fd.get_mut().read(&mut buffer));
    assert_eq!((read.unwrap().unwrap(), &buffer), (2, b"ab"));
    assert_eq!(guard.get_inner_mut().read(&mut buffer).unwrap(), 1);
    guard.clear_ready();
    assert!(poll(fd.readable_mut()).is_pending());

    let mut guard = now(poll(fd.writable_mut()));
    guard.get_inner_mut().write_all(b"xyz").unwrap();
    guard.clear_ready_matching(Ready::READABLE);
    assert_eq!(guard.ready(), Ready::WRITABLE, "that is all it was asked for");
    guard.retain_ready();
    let mut received = [0; 3];
    far.read_exact(&mut received).unwrap();
    assert_eq!(&received, b"xyz");
}

#[test]
fn a_listed_wait_of_the_owner_ends_before_the_guard_is_out() {
    let (mut driver, mut fd, mut far) = pair();
    turn(&mut driver);
    now(poll(fd.writable())).clear_ready();
    let mut future = pin!(fd.ready_mut(Interest::READABLE | Interest::PRIORITY));
    let mut cx = Context::from_waker(Waker::noop());
    assert!(future.as_mut().poll(&mut cx).is_pending());
    far.write_all(b"a").unwrap();
    turn(&mut driver);
    let mut guard = now(future.as_mut().poll(&mut cx));
    guard.clear_ready();
    far.write_all(b"b").unwrap();
    turn(&mut driver); // would touch the entry, were it in the list still
    assert!(poll(guard.get_ref().readable()).is_ready());
}

#[test]
fn poll_style_waiters_get_guards_too() {
    let (mut driver, mut fd, mut far) = pair();
    let mut cx = Context::from_waker(Waker::noop());
    assert!(fd.poll_read_ready(&mut cx).is_pending());
    assert!(fd.poll_write_ready_mut(&mut cx).is_pending());
    far.write_all(b"a").unwrap();
    turn(&mut driver);
    now(fd.poll_read_ready_mut(&mut cx)).clear_ready();
    assert!(fd.poll_read_ready(&mut cx).is_pending());
    let guard = now(fd.poll_write_ready(&mut cx));
    assert_eq!(guard.get_inner().as_raw_fd(), fd.as_raw_fd());
}

#[test]
fn operations_wait_and_try_again() {
    let (mut driver, mut fd, mut far) = pair();
    turn(&mut driver);
    let mut buffer = [0; 8];
    {
        let read = fd.async_io(Interest::READABLE, |mut stream| stream.read(&mut buffer));
        let mut read = pin!(read);
        let mut cx = Context::from_waker(Waker::noop());
        assert!(read.as_mut().poll(&mut cx).is_pending());
        far.write_all(b"data").unwrap();
        turn(&mut driver);
        assert_eq!(now(read.as_mut().poll(&mut cx)), 4);
    }
    let written = poll(fd.async_io_mut(Interest::WRITABLE, |stream| stream.write(b"reply")));
    assert_eq!(now(written), 5);
    let tried = fd.try_io(Interest::WRITABLE, |mut stream| stream.write(b"!"));
    assert_eq!(tried.unwrap(), 1);
    let tried = fd.try_io_mut(Interest::READABLE, |stream| stream.read(&mut buffer));
    assert_eq!(tried.unwrap_err().kind(), io::ErrorKind::WouldBlock);
}

#[test]
fn only_what_was_asked_for_is_told() {
    let mut driver = Driver::new().unwrap();
    let (near, mut far) = UnixStream::pair().unwrap();
    let fd = AsyncFd::with_handle(near, Interest::READABLE, &driver.handle()).unwrap();
    turn(&mut driver);
    assert!(poll(fd.writable()).is_pending());
    far.write_all(b"a").unwrap();
    turn(&mut driver);
    assert!(poll(fd.readable()).is_ready());
    assert!(poll(fd.writable()).is_pending());
}

#[test]
fn a_descriptor_is_watched_once_at_a_time() {
    let driver = Driver::new().unwrap();
    let _inside = context::enter(Env::new().with_io(driver.handle()));
    let (near, _far) = UnixStream::pair().unwrap();
    let near = Arc::new(near);
    let first = AsyncFd::new(near.clone()).unwrap();
    let error = AsyncFd::try_new(near.clone()).unwrap_err();
    assert!(!error.to_string().is_empty());
    let (back, cause) = error.into_parts();
    assert_eq!(cause.kind(), io::ErrorKind::AlreadyExists);
    assert!(Arc::ptr_eq(&back, &near));
    assert_eq!(driver.sources(), 1);
    drop(first);
    let again = AsyncFd::with_interest(near.clone(), Interest::WRITABLE).unwrap();
    assert!(Arc::ptr_eq(&again.into_inner(), &near));
    assert_eq!(driver.sources(), 0);
    // SAFETY: `near` keeps the descriptor open, and the same.
    let promised = unsafe { AsyncFd::register(near.clone()) };
    assert!(promised.is_ok());
}

#[test]
fn a_kind_of_file_that_cannot_be_watched_is_refused() {
    let driver = Driver::new().unwrap();
    let file = File::open("/proc/self/exe").or_else(|_| File::open("/bin/sh"));
    let watched = AsyncFd::with_handle(file.unwrap(), BOTH, &driver.handle());
    if cfg!(target_os = "linux") {
        assert_eq!(watched.unwrap_err().kind(), io::ErrorKind::PermissionDenied);
    }
}

#[test]
fn what_a_duplicate_tells_after_the_drop_is_ignored() {
    let (mut driver, fd, mut far) = pair();
    let (raw, duplicate) = (fd.as_raw_fd(), fd.get_ref().try_clone().unwrap());
    // Closed behind its back: the operating system watches on, by the duplicate.
    let inner = fd.get_ref().try_clone().unwrap();
    let mut fd = fd;
    drop(std::mem::replace(fd.get_mut(), inner));
    assert_ne!(raw, fd.as_raw_fd());
    drop(fd);
    let (near, _far) = UnixStream::pair().unwrap();
    let next = AsyncFd::with_handle(near, Interest::READABLE, &driver.handle()).unwrap();
    far.write_all(b"for the first").unwrap();
    turn(&mut driver);
    assert!(poll(next.readable()).is_pending());
    drop(duplicate);
}

#[test]
fn without_a_reactor_the_error_names_the_caller_and_the_fix() {
    let (near, _far) = UnixStream::pair().unwrap();
    let line = line!() + 1;
    let error = AsyncFd::new(near).unwrap_err().to_string();
    assert!(error.contains(&format!("unix/tests.rs:{line}")), "{error}");
    assert!(error.contains("enter"), "{error}");
    let _inside = context::enter(Env::new());
    let (near, _far) = UnixStream::pair().unwrap();
    let error = AsyncFd::new(near).unwrap_err().to_string();
    assert!(error.contains("enable_io"), "{error}");
}

#[test]
fn when_the_driver_is_gone_waits_fail() {
    let (driver, fd, _far) = pair();
    drop(driver);
    let error = match poll(fd.readable()) {
        Poll::Ready(Err(error)) => error,
        other => panic!("{other:?}"),
    };
    assert!(error.to_string().contains("gone"), "{error}");
    fd.into_inner().set_nonblocking(false).unwrap();
}
