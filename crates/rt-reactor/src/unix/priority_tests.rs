//! Urgent data, which Linux tells of.

use std::future::Future;
use std::net::{TcpListener, TcpStream};
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use rt_task::base::driver::{Reactor, WakeBatch};

use super::*;
use crate::driver::Driver;
use crate::interest::Interest;
use crate::ready::Ready;

fn poll<F: Future>(future: F) -> Poll<F::Output> {
    pin!(future).poll(&mut Context::from_waker(Waker::noop()))
}

#[test]
fn urgent_data_is_told_to_who_asks_for_it() {
    let mut driver = Driver::new().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let far = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (near, _) = listener.accept().unwrap();
    near.set_nonblocking(true).unwrap();
    let interest = Interest::READABLE | Interest::PRIORITY;
    let fd = AsyncFd::with_handle(near, interest, &driver.handle()).unwrap();
    assert!(poll(fd.ready(Interest::PRIORITY)).is_pending());

    socket2::SockRef::from(&far).send_out_of_band(b"!").unwrap();
    let mut turns = 0;
    let mut guard = loop {
        let timeout = Some(Duration::from_secs(10));
        driver.poll(timeout, &mut WakeBatch::new()).unwrap();
        turns += 1;
        match poll(fd.ready(Interest::PRIORITY)) {
            Poll::Ready(guard) => break guard.unwrap(),
            Poll::Pending => assert!(turns < 10, "no urgent data"),
        }
    };
    assert_eq!(guard.ready(), Ready::PRIORITY);
    guard.clear_ready();
    assert!(poll(fd.ready(Interest::PRIORITY)).is_pending());
}

#[test]
fn a_side_that_only_waits_for_errors_is_not_woken_by_data() {
    let mut driver = Driver::new().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut far = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (near, _) = listener.accept().unwrap();
    let fd = AsyncFd::with_handle(near, Interest::ERROR, &driver.handle()).unwrap();
    std::io::Write::write_all(&mut far, b"data").unwrap();
    driver.poll(None, &mut WakeBatch::new()).unwrap();
    assert!(poll(fd.ready(Interest::ERROR)).is_pending());
}
