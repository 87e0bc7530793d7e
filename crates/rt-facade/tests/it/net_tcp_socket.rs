//! A TCP socket that is told how to be before it connects or listens.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::task::Poll;

use rt_facade::net::{TcpListener, TcpSocket};
use rt_facade::time::Duration;

use crate::support::{for_each_flavor, poll_once};

const ANY: ([u8; 4], u16) = ([127, 0, 0, 1], 0);

fn socket() -> TcpSocket {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(ANY.into()).unwrap();
    socket
}

#[test]
fn one_listens_and_another_connects_from_the_address_it_was_bound_to() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let listener = socket().listen(128).unwrap();
            let near = socket();
            let from = near.local_addr().unwrap();
            let mut near = near.connect(listener.local_addr().unwrap()).await.unwrap();
            let (mut far, peer) = listener.accept().await.unwrap();
            assert_eq!((peer, near.local_addr().unwrap()), (from, from));
            near.write_all(b"hello").await.unwrap();
            let mut got = [0; 5];
            far.read_exact(&mut got).await.unwrap();
            assert_eq!(&got, b"hello");
        });
    });
}

#[test]
fn ipv6_too_where_there_is_any() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let Ok(listener) = TcpListener::bind("[::1]:0").await else { return };
            let socket = TcpSocket::new_v6().unwrap();
            let near = socket.connect(listener.local_addr().unwrap()).await.unwrap();
            assert!(near.peer_addr().unwrap().is_ipv6());
        });
    });
}

#[test]
fn nobody_there_an_address_in_use_and_the_other_family_say_so() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let taken = socket().listen(1).unwrap();
            let there = taken.local_addr().unwrap();
            let in_use = TcpSocket::new_v4().unwrap().bind(there).unwrap_err();
            assert_eq!(in_use.kind(), ErrorKind::AddrInUse);
            let v6: SocketAddr = "[::1]:1".parse().unwrap();
            let wrong = TcpSocket::new_v4().unwrap().bind(v6).unwrap_err();
            assert!(wrong.raw_os_error().is_some(), "{wrong}");
            let wrong = TcpSocket::new_v4().unwrap().connect(v6).await.unwrap_err();
            assert!(wrong.raw_os_error().is_some(), "{wrong}");
            let bound = socket();
            assert_eq!(bound.bind(ANY.into()).unwrap_err().kind(), ErrorKind::InvalidInput);
            drop(taken);
            let refused = TcpSocket::new_v4().unwrap().connect(there).await.unwrap_err();
            assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
        });
    });
}

#[test]
fn a_connection_that_is_given_up_leaves_nothing_behind() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            // An address that is set aside for documents: nobody answers, if there is a route at all.
            let nowhere = SocketAddr::from(([192, 0, 2, 1], 9));
            let mut connect = Box::pin(TcpSocket::new_v4().unwrap().connect(nowhere));
            assert!(!matches!(poll_once(connect.as_mut()).await, Poll::Ready(Ok(_))));
            drop(connect);
            let reactor = rt_reactor::Handle::current().unwrap();
            assert_eq!(reactor.metrics().sources, 0);
        });
    });
}

#[test]
fn options_are_told_again_and_kept_by_the_stream() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let socket = TcpSocket::new_v4().unwrap();
            for on in [true, false] {
                socket.set_reuseaddr(on).unwrap();
                socket.set_keepalive(on).unwrap();
                assert_eq!((socket.reuseaddr().unwrap(), socket.keepalive().unwrap()), (on, on));
            }
            socket.set_send_buffer_size(100_000).unwrap();
            socket.set_recv_buffer_size(50_000).unwrap();
            assert!(socket.send_buffer_size().unwrap() >= 100_000);
            assert!(socket.recv_buffer_size().unwrap() >= 50_000);
            assert_eq!(socket.linger().unwrap(), None);
            socket.set_zero_linger().unwrap();
            assert_eq!(socket.linger().unwrap(), Some(Duration::ZERO));
            assert!(!socket.nodelay().unwrap());
            socket.set_nodelay(true).unwrap();
            socket.set_tos_v4(0x10).unwrap();
            assert_eq!(socket.tos_v4().unwrap(), 0x10);
            assert!(socket.take_error().unwrap().is_none());

            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let stream = socket.connect(listener.local_addr().unwrap()).await.unwrap();
            assert!(stream.nodelay().unwrap());
            assert_eq!(stream.linger().unwrap(), Some(Duration::ZERO));
        });
    });
}

#[cfg(target_os = "linux")]
#[test]
fn options_of_linux_are_told_again() {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_reuseport(true).unwrap();
    assert!(socket.reuseport().unwrap());
    assert_eq!(socket.device().unwrap(), None);
    match socket.bind_device(Some(b"lo")) {
        Ok(()) => assert_eq!(socket.device().unwrap().as_deref(), Some(&b"lo"[..])),
        Err(error) => assert_eq!(error.kind(), ErrorKind::PermissionDenied),
    }
    let Ok(socket) = TcpSocket::new_v6() else { return };
    socket.set_tclass_v6(0x20).unwrap();
    assert_eq!(socket.tclass_v6().unwrap(), 0x20);
}

#[cfg(target_os = "linux")]
#[test]
fn two_that_share_an_address_both_accept() {
    use crate::support::LIMIT;
    use futures_util::future::{Either, select};
    use rt_facade::net::TcpStream;
    use rt_facade::time::timeout;
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let shared = || {
                let socket = TcpSocket::new_v4().unwrap();
                socket.set_reuseport(true).unwrap();
                socket
            };
            let first = shared();
            first.bind(ANY.into()).unwrap();
            let there = first.local_addr().unwrap();
            let second = shared();
            second.bind(there).unwrap();
            let listeners = [first.listen(64).unwrap(), second.listen(64).unwrap()];
            // Which of them gets one, the system decides by the other side's port.
            let [mut first, mut second] = [0, 0];
            while first == 0 || second == 0 {
                let _near = TcpStream::connect(there).await.unwrap();
                let accepts = listeners.each_ref().map(|listener| Box::pin(listener.accept()));
                let [one, other] = accepts;
                match timeout(LIMIT, select(one, other)).await.expect("one of them gets it") {
                    Either::Left((accepted, _)) => first += usize::from(accepted.is_ok()),
                    Either::Right((accepted, _)) => second += usize::from(accepted.is_ok()),
                }
                assert!(first + second < 1_000, "one gets them all");
            }
        });
    });
}

#[cfg(target_os = "linux")]
#[test]
fn a_socket_of_another_library_is_taken_over() {
    use rustix::net::{AddressFamily, SocketFlags, SocketType};
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
            let foreign =
                rustix::net::socket_with(AddressFamily::INET, SocketType::STREAM, flags, None)
                    .unwrap();
            rustix::net::sockopt::set_tcp_nodelay(&foreign, true).unwrap();
            let socket = TcpSocket::from_std_stream(foreign.into());
            assert!(socket.nodelay().unwrap());
            let near = socket.connect(listener.local_addr().unwrap()).await.unwrap();
            let (_far, peer) = listener.accept().await.unwrap();
            assert_eq!(peer, near.local_addr().unwrap());
        });
    });
}
