//! The whole reactor: with the operating system where that matters, else by script.

use std::cell::RefCell;
use std::future::Future;
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::panic::Location;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use rt_task::base::context::{self, Env, Missing};
use rt_task::base::driver::WakeBatch;
use rt_task::base::seam::Unpark;
use rt_task::wait::{Wait, WaitKind};

use super::*;
use crate::interest::Interest;
use crate::ready::Direction;
use crate::registration::Registration;
use crate::selector::mock::{self, MockSelector, MockSource, Script};
use crate::word::Cell;

/// Whether it was woken since last asked.
#[derive(Default)]
struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

impl Flag {
    fn take(&self) -> bool {
        self.0.swap(false, Ordering::SeqCst)
    }
}

fn flag() -> (Arc<Flag>, Waker) {
    let flag = Arc::new(Flag::default());
    (flag.clone(), flag.into())
}

fn wait() -> Wait {
    Wait { kind: WaitKind::Other, object: 0, site: Location::caller() }
}

fn turn(driver: &mut Driver<impl Selector>) {
    driver.poll(None, &mut WakeBatch::new()).unwrap();
}

fn turn_now(driver: &mut Driver<impl Selector>) {
    let now = Some(Duration::ZERO);
    driver.poll(now, &mut WakeBatch::new()).unwrap();
}

/// Drives `future` on a driver of its own thread.
fn block_on<T>(driver: &mut Driver<impl Selector>, future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let (flag, waker) = flag();
    loop {
        let polled = future.as_mut().poll(&mut Context::from_waker(&waker));
        if let Poll::Ready(output) = polled {
            return output;
        }
        while !flag.take() {
            turn(driver);
        }
    }
}

fn scripted() -> (Driver<MockSelector>, Script) {
    let (selector, script) = mock::selector();
    (Driver::with_selector(selector).unwrap(), script)
}

/// A connection: the near side registered, the far side blocking.
struct Connection {
    near: mio::net::TcpStream,
    registration: Registration,
    far: TcpStream,
}

impl Connection {
    fn new(driver: &Driver) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let far = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (near, _) = listener.accept().unwrap();
        near.set_nonblocking(true).unwrap();
        let mut near = mio::net::TcpStream::from_std(near);
        let both = Interest::READABLE | Interest::WRITABLE;
        let registration = Registration::new(&mut near, both, &driver.handle()).unwrap();
        Self { near, registration, far }
    }

    /// Turns `driver` until the near side is ready for `interest`.
    fn ready(&self, driver: &mut Driver, interest: Interest) -> Ready {
        block_on(driver, self.registration.ready(interest)).unwrap().ready
    }

    fn known(&self) -> Ready {
        self.registration.slot().word().ready_event(Ready::ALL).ready
    }
}

#[test]
fn a_stream_is_read_as_data_comes() {
    let mut driver = Driver::new().unwrap();
    let mut connection = Connection::new(&driver);
    let mut received = Vec::new();
    for chunk in [&b"one "[..], b"two ", b"three"] {
        connection.far.write_all(chunk).unwrap();
        let mut buffer = [0; 16];
        let near = &mut connection.near;
        let read = connection
            .registration
            .async_io(Interest::READABLE, WaitKind::Readable, || near.read(&mut buffer));
        let count = block_on(&mut driver, read).unwrap();
        received.extend_from_slice(&buffer[..count]);
    }
    assert_eq!(received, b"one two three");
}

#[test]
fn an_operation_is_tried_before_it_waits_only_if_that_is_likely_to_help() {
    let (_driver, script) = scripted();
    let handle = _driver.handle();
    let (_, waker) = flag();
    let mut cx = Context::from_waker(&waker);
    let mut tries = 0;
    let mut blocked = || {
        tries += 1;
        Err::<(), _>(io::ErrorKind::WouldBlock.into())
    };
    let source = script.register(&handle).unwrap();
    let registration = &source.registration;
    let polled = registration.poll_io(&mut cx, Direction::Read, wait(), &mut blocked);
    assert!(polled.is_pending());
    // Assumed ready, it is tried, once.
    registration.slot().assume(Ready::READABLE);
    for _ in 0..2 {
        let polled = registration.poll_io(&mut cx, Direction::Read, wait(), &mut blocked);
        assert!(polled.is_pending());
    }
    assert_eq!(tries, 1);
}

#[test]
fn an_interrupted_operation_is_tried_again() {
    let (mut driver, script) = scripted();
    let source = script.register(&driver.handle()).unwrap();
    source.tell(Ready::WRITABLE);
    turn(&mut driver);
    let mut answers =
        [Err(io::ErrorKind::Interrupted), Err(io::ErrorKind::Interrupted), Ok(5)].into_iter();
    let write = source.registration.async_io(Interest::WRITABLE, WaitKind::Writable, || {
        answers.next().expect("no try after a success").map_err(io::Error::from)
    });
    assert_eq!(block_on(&mut driver, write).unwrap(), 5);
}

#[cfg(not(windows))] // Where readiness is told by edges.
#[test]
fn a_short_count_saves_the_try_that_would_block() {
    let (mut driver, script) = scripted();
    let source = script.register(&driver.handle()).unwrap();
    let (_, waker) = flag();
    let mut cx = Context::from_waker(&waker);
    let known = || source.registration.slot().word().ready_event(Ready::READABLE).ready;
    let mut transfer = |count| {
        source
            .registration
            .poll_transfer(&mut cx, Direction::Read, wait(), 8, || Ok(count))
            .map(Result::unwrap)
    };
    source.tell(Ready::READABLE);
    turn(&mut driver);
    for (count, stays) in [(8, true), (0, true), (3, false)] {
        assert_eq!(transfer(count), Poll::Ready(count));
        assert_eq!(known() == Ready::READABLE, stays, "after {count} of 8");
    }
    assert!(transfer(8).is_pending(), "not tried");

    source.tell(Ready::READABLE);
    turn(&mut driver);
    let future =
        source.registration.async_io(Interest::READABLE, WaitKind::Readable, || Ok(7)).transfers(8);
    assert_eq!(block_on(&mut driver, future).unwrap(), 7);
    assert_eq!(known(), Ready::EMPTY);
}

#[test]
fn a_closed_half_that_would_block_all_the_same_does_not_hog_the_thread() {
    let (mut driver, script) = scripted();
    let source = script.register(&driver.handle()).unwrap();
    source.tell(Ready::WRITE_CLOSED);
    turn(&mut driver);
    let (flag, waker) = flag();
    let mut cx = Context::from_waker(&waker);
    let mut tries = 0;
    let mut blocked = || {
        tries += 1;
        Err::<(), _>(io::ErrorKind::WouldBlock.into())
    };
    let registration = &source.registration;
    let polled = registration.poll_io(&mut cx, Direction::Write, wait(), &mut blocked);
    assert!(polled.is_pending());
    assert!(flag.take(), "it is to be polled again");
    let future = registration.async_io(Interest::WRITABLE, WaitKind::Writable, &mut blocked);
    assert!(pin!(future).poll(&mut cx).is_pending());
    assert!(flag.take());
    assert_eq!(tries, 2);
}

#[test]
fn trying_without_waiting_learns_that_it_would_block() {
    let mut driver = Driver::new().unwrap();
    let mut connection = Connection::new(&driver);
    connection.far.write_all(b"x").unwrap();
    connection.ready(&mut driver, Interest::READABLE);
    let registration = &connection.registration;
    let near = &mut connection.near;
    let mut read = || registration.try_io(Interest::READABLE, || near.read(&mut [0; 4]));
    assert_eq!(read().unwrap(), 1);
    assert_eq!(read().unwrap_err().kind(), io::ErrorKind::WouldBlock);
    assert_eq!(connection.known(), Ready::WRITABLE);
}

#[test]
fn the_end_of_the_other_side_is_read_again_and_again() {
    let mut driver = Driver::new().unwrap();
    let connection = Connection::new(&driver);
    connection.far.shutdown(Shutdown::Write).unwrap();
    while !connection.ready(&mut driver, Interest::READABLE).is_read_closed() {
        turn(&mut driver);
    }
    assert!(!connection.known().is_write_closed());
    let event = connection.registration.slot().word();
    let event = event.ready_event(Ready::ALL);
    connection.registration.clear_ready(event);
    let ready = connection.ready(&mut driver, Interest::READABLE);
    assert_eq!(ready, Ready::READ_CLOSED);
}

#[cfg(unix)]
#[test]
fn a_reset_connection_is_ready_both_ways() {
    let mut driver = Driver::new().unwrap();
    let mut connection = Connection::new(&driver);
    connection.ready(&mut driver, Interest::WRITABLE);
    // Closing with unread data resets the connection.
    connection.near.write_all(b"never read").unwrap();
    let event = connection.registration.slot().word();
    connection.registration.clear_ready(event.ready_event(Ready::ALL));
    connection.far.peek(&mut [0; 1]).unwrap();
    drop(connection.far);
    let ready = block_on(&mut driver, connection.registration.ready(Interest::ERROR));
    assert_eq!(ready.unwrap().ready, Ready::ERROR);
    let event = connection.registration.slot().word().ready_event(Ready::ALL);
    assert!(event.ready.is_readable() && event.ready.is_writable());
    let error = connection.near.read(&mut [0; 1]).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
}

#[test]
fn an_error_alone_wakes_both_directions() {
    let (mut driver, script) = scripted();
    let source = script.register(&driver.handle()).unwrap();
    let (reader, read_waker) = flag();
    let (writer, write_waker) = flag();
    let poll = |waker, direction| {
        let mut cx = Context::from_waker(waker);
        source.registration.poll_ready(&mut cx, direction, wait())
    };
    assert!(poll(&read_waker, Direction::Read).is_pending());
    assert!(poll(&write_waker, Direction::Write).is_pending());
    source.tell(Ready::ERROR);
    turn(&mut driver);
    assert!(reader.take() && writer.take());
}

#[test]
fn a_refused_connection_is_told_to_the_writer() {
    let mut driver = Driver::new().unwrap();
    // A port that was free a moment ago.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let mut stream = match mio::net::TcpStream::connect(address) {
        Ok(stream) => stream,
        Err(error) => {
            assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
            return;
        }
    };
    let registration =
        Registration::new(&mut stream, Interest::WRITABLE, &driver.handle()).unwrap();
    block_on(&mut driver, registration.writable()).unwrap();
    let error = stream.take_error().unwrap().expect("it was refused");
    assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
}

/// Hands each waker to the test at once, as a full batch would wake it.
struct AtOnce<F: FnMut(Waker)>(F);

impl<F: FnMut(Waker)> Wakes for AtOnce<F> {
    fn push(&mut self, waker: Waker) {
        self.0(waker);
    }
    fn is_full(&self) -> bool {
        false
    }
    fn wake_all(&mut self) {}
}

#[test]
fn an_event_in_flight_for_a_source_that_left_is_not_told_to_the_next() {
    let (mut driver, script) = scripted();
    let handle = driver.handle();
    let first = script.register(&handle).unwrap();
    let second = script.register(&handle).unwrap();
    let (_, waker) = flag();
    let mut cx = Context::from_waker(&waker);
    let polled = first.registration.poll_ready(&mut cx, Direction::Read, wait());
    assert!(polled.is_pending());
    // Both events are in one batch. Whom the first one wakes drops the second source and
    // registers a third, in its slot.
    first.tell(Ready::READABLE);
    second.tell(Ready::ALL);
    let (slot, second) = (second.registration.object(), RefCell::new(Some(second)));
    let third: RefCell<Option<MockSource>> = RefCell::new(None);
    let mut replace = AtOnce(|_| {
        drop(second.take());
        *third.borrow_mut() = Some(script.register(&handle).unwrap());
    });
    driver.poll(None, &mut replace).unwrap();
    let third = third.take().expect("the first source woke us");
    assert_eq!(third.registration.object(), slot, "it has the same slot");
    let word = third.registration.slot().word();
    assert_eq!(word.ready_event(Ready::ALL).ready, Ready::EMPTY);
}

#[test]
fn a_number_that_names_no_slot_is_ignored() {
    let (mut driver, script) = scripted();
    for number in [0, 1, 1 << 20, usize::MAX] {
        script.event(Token::from_usize(number), Ready::ALL);
    }
    turn(&mut driver);
    assert_eq!(driver.handle().metrics().ready_count, 4);
}

#[test]
fn what_waits_when_the_driver_goes_is_told_so() {
    let (driver, script) = scripted();
    let handle = driver.handle();
    let source = script.register(&handle).unwrap();
    let (flag, waker) = flag();
    let mut cx = Context::from_waker(&waker);
    let mut readable = pin!(source.registration.readable());
    let mut either = pin!(source.registration.ready(Interest::READABLE | Interest::WRITABLE));
    assert!(readable.as_mut().poll(&mut cx).is_pending());
    assert!(either.as_mut().poll(&mut cx).is_pending());
    assert!(!source.registration.is_shutdown());
    drop(driver);
    assert!(flag.take());
    assert!(source.registration.is_shutdown());
    let is_gone = |polled: Poll<io::Result<_>>| match polled {
        Poll::Ready(Err(error)) => error.to_string().contains("the I/O driver is gone"),
        _ => false,
    };
    assert!(is_gone(readable.poll(&mut cx).map_ok(drop)));
    assert!(is_gone(either.poll(&mut cx).map_ok(drop)));
    let polled = source.registration.poll_io(&mut cx, Direction::Write, wait(), || Ok(()));
    assert!(is_gone(polled));
    let polled = source.registration.poll_ready(&mut cx, Direction::Read, wait());
    assert!(is_gone(polled.map_ok(drop)));
    let error = script.register(&handle).unwrap_err();
    assert!(error.to_string().contains("the I/O driver is gone"));
    let tried = source.registration.try_io(Interest::READABLE, || Ok(()));
    assert_eq!(tried.unwrap_err().kind(), io::ErrorKind::WouldBlock);
}

#[test]
fn sources_are_counted() {
    let (mut driver, script) = scripted();
    let handle = driver.handle();
    assert_eq!(driver.sources(), 0);
    let sources: Vec<_> = (0..100).map(|_| script.register(&handle).unwrap()).collect();
    assert_eq!(driver.sources(), 100);
    sources[99].tell(Ready::READABLE);
    turn(&mut driver);
    drop(sources);
    assert_eq!(driver.sources(), 0);
    let metrics = handle.metrics();
    assert_eq!((metrics.registered_count, metrics.deregistered_count), (100, 100));
    assert_eq!((metrics.sources, metrics.ready_count), (0, 1));
}

#[test]
fn an_interrupted_wait_ends_early_and_without_error() {
    let (mut driver, script) = scripted();
    script.interrupt();
    let polled = driver.poll(None, &mut WakeBatch::new()).unwrap();
    assert!(!polled.unparked);
    script.fail(io::ErrorKind::PermissionDenied);
    let error = driver.poll(None, &mut WakeBatch::new()).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::PermissionDenied);
}

#[test]
fn events_that_came_before_the_system_refused_are_counted() {
    let (mut driver, script) = scripted();
    let source = script.register(&driver.handle()).unwrap();
    source.tell(Ready::READABLE);
    script.fail(io::ErrorKind::OutOfMemory);
    driver.poll(None, &mut WakeBatch::new()).unwrap_err();
    assert_eq!(driver.handle().metrics().ready_count, 1);
}

#[test]
fn an_unpark_from_anywhere_ends_the_wait() {
    let mut driver = Driver::new().unwrap();
    let unparker = driver.unparker();
    std::thread::scope(|scope| {
        let unparker = unparker.clone();
        scope.spawn(move || unparker.unpark());
        let polled = driver.poll(None, &mut WakeBatch::new()).unwrap();
        assert!(polled.unparked);
    });
    turn_now(&mut driver);
    unparker.unpark();
    let polled = driver.poll(None, &mut WakeBatch::new()).unwrap();
    assert!(polled.unparked);
}

/// A source that cannot be registered.
struct Refuses(i32);

impl mio::event::Source for Refuses {
    fn register(&mut self, _: &mio::Registry, _: mio::Token, _: mio::Interest) -> io::Result<()> {
        Err(io::Error::from_raw_os_error(self.0))
    }
    fn reregister(&mut self, _: &mio::Registry, _: mio::Token, _: mio::Interest) -> io::Result<()> {
        unreachable!("nothing is registered twice")
    }
    fn deregister(&mut self, _: &mio::Registry) -> io::Result<()> {
        Err(io::Error::from_raw_os_error(self.0))
    }
}

#[test]
fn a_refused_registration_leaves_no_trace_and_keeps_the_error() {
    let driver = Driver::new().unwrap();
    for code in [24, 28] {
        let registered =
            Registration::new(&mut Refuses(code), Interest::READABLE, &driver.handle());
        assert_eq!(registered.unwrap_err().raw_os_error(), Some(code));
        assert_eq!(driver.sources(), 0);
    }
}

#[test]
fn a_registration_that_panics_leaves_no_trace() {
    let (driver, script) = scripted();
    let handle = driver.handle();
    let panics = || Registration::with_token(&handle, |_| panic!("in user code"));
    assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(panics)).is_err());
    assert_eq!(driver.sources(), 0);
    assert!(script.register(&handle).is_ok());
}

#[test]
fn an_operation_that_panics_can_be_tried_again() {
    let (mut driver, script) = scripted();
    let source = script.register(&driver.handle()).unwrap();
    source.tell(Ready::READABLE);
    turn(&mut driver);
    let mut tries = 0;
    let read = source.registration.async_io(Interest::READABLE, WaitKind::Readable, || {
        tries += 1;
        assert_ne!(tries, 1, "the first try panics");
        Ok(tries)
    });
    let mut read = pin!(read);
    let (_, waker) = flag();
    let mut poll = || read.as_mut().poll(&mut Context::from_waker(&waker));
    assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(&mut poll)).is_err());
    assert!(matches!(poll(), Poll::Ready(Ok(2))));
}

#[test]
fn a_reactor_without_an_operating_system_says_so() {
    let (driver, _script) = scripted();
    let registered = Registration::new(&mut Refuses(1), Interest::READABLE, &driver.handle());
    let error = registered.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::Unsupported);
}

#[test]
fn the_current_reactor_is_that_of_the_environment() {
    assert_eq!(Handle::current().unwrap_err(), Missing::Runtime);
    let _without = context::enter(Env::new());
    assert_eq!(Handle::current().unwrap_err(), Missing::Io);
    let (driver, script) = scripted();
    let _with = context::enter(Env::new().with_io(driver.handle()));
    let _source = script.register(&Handle::current().unwrap()).unwrap();
    assert_eq!(driver.sources(), 1);
}

#[test]
fn the_halves_and_the_futures_go_to_any_thread() {
    fn goes<T: Send + Sync>(_: &T) {}
    let (driver, script) = scripted();
    let source = script.register(&driver.handle()).unwrap();
    goes(&driver.handle());
    goes(&source.registration);
    goes(&source.registration.readable());
    let io = source.registration.async_io(Interest::READABLE, WaitKind::Readable, || Ok(()));
    goes(&io);
}

#[test]
fn futures_tell_where_they_were_made() {
    let (driver, script) = scripted();
    let source = script.register(&driver.handle()).unwrap();
    let line = line!() + 1;
    let readable = source.registration.readable();
    let here = format!("driver/tests.rs\", line: {line}");
    let shown = format!("{readable:?}");
    assert!(shown.contains(&here) || shown.contains(&format!("tests.rs:{line}")), "{shown}");
    assert!(shown.contains("READABLE"), "{shown}");
}

/// A future that is ready once all of `futures` are.
async fn all<F: Future>(futures: Vec<F>) -> Vec<F::Output> {
    let mut futures: Vec<Pin<Box<F>>> = futures.into_iter().map(Box::pin).collect();
    let mut outputs = Vec::new();
    std::future::poll_fn(|cx| {
        futures.retain_mut(|future| match future.as_mut().poll(cx) {
            Poll::Ready(output) => {
                outputs.push(output);
                false
            }
            Poll::Pending => true,
        });
        match futures.is_empty() {
            true => Poll::Ready(()),
            false => Poll::Pending,
        }
    })
    .await;
    outputs
}

#[test]
fn several_tasks_share_one_source() {
    // Datagrams come one at a time; eight tasks receive from one socket, on four threads, while
    // the driver turns on its own. Each datagram reaches one of them, and none waits in vain.
    const DATAGRAMS: usize = 2_000;
    const TASKS: usize = 8;
    const IN_FLIGHT_MAX: usize = 32;
    const LAST: [u8; 4] = [0xff; 4];
    let mut driver = Driver::new().unwrap();
    let mut socket = mio::net::UdpSocket::bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let registration =
        Registration::new(&mut socket, Interest::READABLE, &driver.handle()).unwrap();
    let address = socket.local_addr().unwrap();
    let (socket, registration) = (&socket, &registration);
    let (done, received) = (&AtomicBool::new(false), &AtomicUsize::new(0));
    let unparker = driver.unparker();
    std::thread::scope(|scope| {
        let receivers: Vec<_> = (0..TASKS / 2)
            .map(|_| {
                let receive = || async move {
                    loop {
                        let mut datagram = [0; 4];
                        registration
                            .async_io(Interest::READABLE, WaitKind::Receive, || {
                                socket.recv(&mut datagram)
                            })
                            .await
                            .unwrap();
                        if datagram == LAST {
                            return;
                        }
                        received.fetch_add(1, Ordering::SeqCst);
                    }
                };
                scope.spawn(move || rt_task::block_on(all(vec![receive(), receive()])))
            })
            .collect();
        let sender = scope.spawn(move || {
            let far = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
            for sent in 0..DATAGRAMS {
                // The socket's buffer is bounded: the others catch up now and then.
                while sent - received.load(Ordering::SeqCst) >= IN_FLIGHT_MAX {
                    std::thread::yield_now();
                }
                far.send_to(&[0; 4], address).unwrap();
            }
            for _ in 0..TASKS {
                far.send_to(&LAST, address).unwrap();
            }
        });
        let turning = scope.spawn(move || {
            while !done.load(Ordering::SeqCst) {
                turn(&mut driver);
            }
        });
        sender.join().unwrap();
        for receiver in receivers {
            receiver.join().unwrap();
        }
        assert_eq!(received.load(Ordering::SeqCst), DATAGRAMS);
        done.store(true, Ordering::SeqCst);
        unparker.unpark();
        turning.join().unwrap();
    });
    let word = registration.slot().word();
    assert!(!word.is_waiting(Cell::FutureRead), "no future left its waker behind");
}
