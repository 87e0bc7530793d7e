//! Listening, connecting, accepting; std's sockets to ours and back; what is missing or wrong.

use crate::drive::{drive, drive_on, drive_with, pair, poll_once};
use futures_util::future::{join, join_all};
use rt_net::{TcpListener, TcpStream, UdpSocket, lookup_host};
use rt_reactor::{Driver, Interest};
use rt_task::base::context::{self, Env};
#[cfg(unix)]
use socket2::SockRef;
use std::future::{Future, poll_fn};
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::pin::pin;
use std::task::{Context, Waker};

/// An address of this host where nobody listens.
fn refused() -> SocketAddr {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap() // free again when this returns
}

#[test]
fn a_megabyte_is_echoed() {
    drive(async {
        let (mut near, mut far) = pair().await;
        let sent: Vec<u8> = (0..1 << 20).map(|n: u32| (n % 251) as u8).collect();
        let echo = async {
            let mut buf = vec![0; 10_000];
            loop {
                let n = far.read(&mut buf).await.unwrap();
                if n == 0 {
                    break far.shutdown().await.unwrap();
                }
                far.write_all(&buf[..n]).await.unwrap();
            }
        };
        // More than the system holds: written and read at the same time, by turns.
        let talk = async {
            let mut got = Vec::new();
            let mut rest = &sent[..];
            let mut buf = vec![0; 7_000];
            while got.len() < sent.len() {
                let n = near.write(&rest[..rest.len().min(5_000)]).await.unwrap();
                rest = &rest[n..];
                let n = near.read(&mut buf).await.unwrap();
                got.extend_from_slice(&buf[..n]);
            }
            near.shutdown().await.unwrap();
            assert_eq!(near.read(&mut buf).await.unwrap(), 0);
            got
        };
        let ((), got) = join(echo, talk).await;
        assert!(got == sent);
    });
}

#[test]
fn nobody_there_is_refused() {
    drive(async {
        let error = TcpStream::connect(refused()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    });
}

#[test]
fn each_address_is_tried_and_the_last_error_told() {
    drive(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (none, there) = (refused(), listener.local_addr().unwrap());
        let addresses: &[_] = &[none, there, none];
        let stream = TcpStream::connect(addresses).await.unwrap();
        assert_eq!(stream.peer_addr().unwrap(), there);
        let unroutable = SocketAddr::from(([255, 255, 255, 255], 1));
        let addresses: &[_] = &[unroutable, none];
        let error = TcpStream::connect(addresses).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
        let addresses: &[_] = &[none, unroutable];
        let error = TcpStream::connect(addresses).await.unwrap_err();
        assert_ne!(error.kind(), ErrorKind::ConnectionRefused, "of the last one");
    });
}

#[test]
fn no_address_at_all_is_invalid() {
    drive(async {
        let none: &[SocketAddr] = &[];
        let errors = [
            TcpStream::connect(none).await.unwrap_err(),
            TcpListener::bind(none).await.unwrap_err(),
            UdpSocket::bind(none).await.unwrap_err(),
        ];
        for error in errors {
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
            assert_eq!(error.to_string(), "could not resolve to any address");
        }
    });
}

#[test]
fn names_are_resolved_where_closures_may_block() {
    drive(async {
        let listener = TcpListener::bind(("localhost", 0)).await.unwrap();
        let there = listener.local_addr().unwrap();
        let host = format!("localhost:{}", there.port());
        assert!(lookup_host(host.as_str()).await.unwrap().any(|address| address == there));
        let stream = TcpStream::connect(&host).await.unwrap();
        assert_eq!(stream.peer_addr().unwrap(), there);
    });
}

#[test]
fn an_address_in_use_is_told() {
    drive(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let error = TcpListener::bind(listener.local_addr().unwrap()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AddrInUse);
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let error = UdpSocket::bind(socket.local_addr().unwrap()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AddrInUse);
    });
}

#[test]
fn many_accept_at_once_and_each_connection_goes_to_one() {
    const COUNT: usize = 64;
    drive(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let there = listener.local_addr().unwrap();
        let accepts = join_all((0..COUNT).map(|_| listener.accept()));
        let connects = join_all((0..COUNT).map(|_| TcpStream::connect(there)));
        let (accepted, connected) = join(accepts, connects).await;
        let mut accepted: Vec<_> =
            accepted.into_iter().map(|accepted| accepted.unwrap().1).collect();
        let mut connected: Vec<_> =
            connected.iter().map(|stream| stream.as_ref().unwrap().local_addr().unwrap()).collect();
        accepted.sort();
        connected.sort();
        assert_eq!(accepted, connected);
    });
}

#[test]
fn an_accept_that_is_dropped_takes_no_connection_with_it() {
    drive(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        for _ in 0..3 {
            let mut first = Box::pin(listener.accept());
            let mut second = Box::pin(listener.accept());
            assert!(poll_once(&mut first).await.is_pending());
            assert!(poll_once(&mut second).await.is_pending());
            let near = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
            drop(first); // woken or not
            let (_far, peer) = second.await.unwrap();
            assert_eq!(peer, near.local_addr().unwrap());
        }
    });
}

#[test]
fn poll_accept_accepts() {
    drive(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let there = listener.local_addr().unwrap();
        let accept = poll_fn(|cx| listener.poll_accept(cx));
        let (accepted, connected) = join(accept, TcpStream::connect(there)).await;
        assert_eq!(accepted.unwrap().1, connected.unwrap().local_addr().unwrap());
    });
}

#[test]
fn a_connection_can_be_written_and_read_without_waiting_for_the_reactor() {
    drive(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut near = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        near.write_all(b"early").await.unwrap();
        let (far, _) = listener.accept().await.unwrap();
        assert_eq!(far.try_write(b"x").unwrap(), 1);
        let mut buf = [0; 8];
        assert_eq!(far.try_read(&mut buf).unwrap(), 5);
    });
}

#[test]
fn a_connect_that_is_dropped_is_given_up() {
    drive(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut connect = TcpStream::connect(listener.local_addr().unwrap());
        assert!(poll_once(&mut connect).await.is_pending());
        drop(connect);
        let (mut far, _) = listener.accept().await.unwrap();
        let ended = far.read(&mut [0; 8]).await;
        assert!(matches!(ended, Ok(0) | Err(_)), "{ended:?}");
    });
}

#[test]
fn sockets_go_to_std_and_back_and_to_another_reactor() {
    let std_listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let there = std_listener.local_addr().unwrap();
    let (listener, near, far) = drive(async {
        let listener = TcpListener::from_std(std_listener).unwrap();
        assert_eq!(listener.local_addr().unwrap(), there);
        let near = TcpStream::connect(there).await.unwrap();
        let (far, _) = listener.accept().await.unwrap();
        let (listener, near) = (listener.into_std().unwrap(), near.into_std().unwrap());
        // To be made non-blocking again.
        listener.set_nonblocking(false).unwrap();
        near.set_nonblocking(false).unwrap();
        (listener, near, far.into_std().unwrap())
    });
    drive(async {
        let listener = TcpListener::try_from(listener).unwrap();
        #[cfg(unix)] // Windows does not tell.
        assert!(SockRef::from(&listener).nonblocking().unwrap());
        let (mut near, mut far) =
            (TcpStream::try_from(near).unwrap(), TcpStream::try_from(far).unwrap());
        #[cfg(unix)] // Windows does not tell.
        assert!(SockRef::from(&near).nonblocking().unwrap());
        let mut buf = [0; 4];
        let (read, written) = join(far.read_exact(&mut buf), near.write_all(b"moved")).await;
        assert_eq!((read.unwrap(), written.unwrap(), &buf), (4, (), b"move"));
        let (accepted, connected) = join(listener.accept(), TcpStream::connect(there)).await;
        assert_eq!(accepted.unwrap().1, connected.unwrap().local_addr().unwrap());
    });
}

#[test]
fn a_stream_of_std_may_be_connecting_still() {
    drive(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None);
        let socket = socket.unwrap();
        socket.set_nonblocking(true).unwrap();
        let _in_progress = socket.connect(&listener.local_addr().unwrap().into());
        let stream = TcpStream::from_std(socket.into()).unwrap();
        stream.writable().await.unwrap();
        assert!(stream.take_error().unwrap().is_none());
        assert!(stream.peer_addr().is_ok());
    });
}

/// Polls `future` once without any reactor, and returns its error.
fn fails_at_once<T>(future: impl Future<Output = io::Result<T>>) -> io::Error {
    let mut future = pin!(future);
    match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        std::task::Poll::Ready(Err(error)) => error,
        _ => panic!("there is no reactor"),
    }
}

#[test]
fn no_reactor_is_an_error_that_names_the_call_and_the_fix() {
    let there: SocketAddr = ([127, 0, 0, 1], 1).into();
    let std_udp = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let check = |error: io::Error, what: &str, line: u32| {
        let text = error.to_string();
        let call = format!("`{what}` at {}:{line}:", file!());
        assert!(text.contains(&call), "{text}: {call}");
        text
    };
    let text = check(fails_at_once(TcpStream::connect(there)), "TcpStream::connect", line!());
    assert!(text.contains("Runtime::block_on"), "{text}");
    let _guard = context::enter(Env::new());
    let text = check(fails_at_once(TcpListener::bind(there)), "TcpListener::bind", line!());
    assert!(text.contains("enable_io"), "{text}");
    check(fails_at_once(UdpSocket::bind(there)), "UdpSocket::bind", line!());
    check(UdpSocket::from_std(std_udp).unwrap_err(), "UdpSocket::from_std", line!());
}

#[test]
fn futures_made_outside_a_runtime_work_inside_one() {
    let bind = TcpListener::bind("127.0.0.1:0");
    let listener = drive(bind).unwrap();
    assert!(listener.local_addr().unwrap().port() != 0);
}

#[test]
fn a_listener_accepts_where_no_reactor_is_entered() {
    let mut driver = Driver::new().unwrap();
    let entered = context::enter(Env::new().with_io(driver.handle()));
    let listener = drive_on(&mut driver, TcpListener::bind("127.0.0.1:0")).unwrap();
    drop(entered);
    let _near = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    drive_on(&mut driver, listener.accept()).unwrap();
}

#[test]
fn a_socket_that_outlives_its_reactor_says_so() {
    let mut driver = Driver::new().unwrap();
    let _entered = context::enter(Env::new().with_io(driver.handle()));
    let (mut near, _far) = drive_on(&mut driver, pair());
    let listener = drive_on(&mut driver, TcpListener::bind("127.0.0.1:0")).unwrap();
    let mut buf = [0; 8];
    drive_on(&mut driver, async {
        assert!(poll_once(&mut near.read(&mut buf)).await.is_pending())
    });
    drop(driver);
    assert!(fails_at_once(near.read(&mut buf)).to_string().contains("gone"));
    assert!(fails_at_once(near.ready(Interest::WRITABLE)).to_string().contains("gone"));
    assert!(fails_at_once(listener.accept()).to_string().contains("gone"));
    assert!(fails_at_once(TcpListener::bind("127.0.0.1:0")).to_string().contains("gone"));
}

#[test]
fn a_name_without_a_pool_is_an_error() {
    drive_with(|_| Env::new(), async {
        let error = TcpStream::connect("localhost:1").await.unwrap_err();
        assert!(error.to_string().contains("`TcpStream::connect` at "), "{error}");
        assert!(error.to_string().contains("pool for blocking work"), "{error}");
    });
}
