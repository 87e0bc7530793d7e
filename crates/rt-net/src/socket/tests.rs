//! What to do with operations that would block or are interrupted.

use super::*;
use rt_reactor::Driver;
use rt_task::base::driver::{Reactor, WakeBatch};
use std::cell::Cell;
use std::pin::pin;
use std::task::Waker;

/// A socket that is known to be writable.
fn writable() -> (Driver, Os<mio::net::UdpSocket>) {
    let mut driver = Driver::new().unwrap();
    let socket = mio::net::UdpSocket::bind(([127, 0, 0, 1], 0).into()).unwrap();
    let os = Os::new(socket, DUPLEX, &driver.handle()).unwrap();
    driver.poll(None, &mut WakeBatch::new()).unwrap();
    (driver, os)
}

/// Fails with each of `kinds`, from the last to the first, and then succeeds.
fn after(kinds: &[io::ErrorKind]) -> impl Fn() -> io::Result<&'static str> {
    let left = Cell::new(kinds.to_vec());
    move || {
        let mut kinds = left.take();
        let result = kinds.pop().map_or(Ok("done"), |kind| Err(kind.into()));
        left.set(kinds);
        result
    }
}

#[test]
fn what_would_block_is_tried_again_after_the_next_event_alone() {
    let (_driver, os) = writable();
    let mut cx = Context::from_waker(Waker::noop());
    let blocks_once = after(&[io::ErrorKind::WouldBlock]);
    let mut ready = pin!(os.registration().writable());
    assert!(os.poll_with(&mut cx, ready.as_mut(), &blocks_once).is_pending());
    assert!(os.poll_with(&mut cx, ready.as_mut(), &blocks_once).is_pending(), "no event came");
    let tried = os.attempt(Interest::WRITABLE, &blocks_once);
    assert_eq!(tried.unwrap_err().kind(), io::ErrorKind::WouldBlock, "not even tried");
    assert_eq!(blocks_once().unwrap(), "done");
}

#[test]
fn what_is_interrupted_is_tried_again_at_once() {
    let (_driver, os) = writable();
    let mut cx = Context::from_waker(Waker::noop());
    let interrupts = [io::ErrorKind::Interrupted; 3];
    let mut ready = pin!(os.registration().writable());
    let polled = os.poll_with(&mut cx, ready.as_mut(), after(&interrupts));
    assert!(matches!(polled, Poll::Ready(Ok("done"))), "{polled:?}");
    assert_eq!(os.attempt(Interest::WRITABLE, after(&interrupts)).unwrap(), "done");
    let failed = os.attempt(Interest::WRITABLE, after(&[io::ErrorKind::BrokenPipe]));
    assert_eq!(failed.unwrap_err().kind(), io::ErrorKind::BrokenPipe);
}
