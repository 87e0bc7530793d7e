//! UDP sockets.

use std::future::poll_fn;
use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use rt_facade::io::{Interest, ReadBuf};
use rt_facade::net::UdpSocket;
use rt_facade::time::timeout;

use crate::support::{LIMIT, for_each_flavor, poll_once};

async fn socket() -> UdpSocket {
    UdpSocket::bind("127.0.0.1:0").await.unwrap()
}

/// Two that are connected to each other.
async fn pair() -> (UdpSocket, UdpSocket) {
    let (near, far) = (socket().await, socket().await);
    near.connect(far.local_addr().unwrap()).await.unwrap();
    far.connect(near.local_addr().unwrap()).await.unwrap();
    (near, far)
}

#[test]
fn connected_sockets_talk_and_hear_nobody_else() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let (near, far) = pair().await;
            assert_eq!(near.peer_addr().unwrap(), far.local_addr().unwrap());
            let stranger = socket().await;
            stranger.send_to(b"noise", far.local_addr().unwrap()).await.unwrap();
            assert_eq!(near.send(b"hello").await.unwrap(), 5);
            let mut buf = [0; 16];
            assert_eq!(timeout(LIMIT, far.recv(&mut buf)).await.unwrap().unwrap(), 5);
            assert_eq!(&buf[..5], b"hello");
        });
    });
}

#[test]
fn one_socket_sends_and_receives_in_two_tasks() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let (near, far) = pair().await;
            let echo = rt_facade::spawn(async move {
                let mut buf = [0; 8];
                loop {
                    let len = far.recv(&mut buf).await.unwrap();
                    far.send(&buf[..len]).await.unwrap();
                    if len == 0 {
                        break;
                    }
                }
            });
            let near = Arc::new(near);
            for n in 0..100_u8 {
                let sender = near.clone();
                let send = rt_facade::spawn(async move { sender.send(&[n]).await });
                let mut buf = [0; 8];
                assert_eq!(timeout(LIMIT, near.recv(&mut buf)).await.unwrap().unwrap(), 1);
                assert_eq!((buf[0], send.await.unwrap().unwrap()), (n, 1));
            }
            near.send(&[]).await.unwrap();
            assert_eq!(near.recv(&mut [0]).await.unwrap(), 0, "an empty datagram is one");
            echo.await.unwrap();
        });
    });
}

#[test]
fn datagrams_are_looked_at_and_stay() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let (near, far) = pair().await;
            let here = near.local_addr().unwrap();
            near.send(b"look").await.unwrap();
            let mut buf = [0; 8];
            assert_eq!(timeout(LIMIT, far.peek(&mut buf)).await.unwrap().unwrap(), 4);
            assert_eq!(far.peek_from(&mut buf).await.unwrap(), (4, here));
            assert_eq!(far.peek_sender().await.unwrap(), here);
            // What does not fit is left out; Windows tells that it was.
            match far.try_peek(&mut buf[..2]) {
                Err(error) if cfg!(windows) => assert_eq!(error.raw_os_error(), Some(10040)),
                cut => assert_eq!(cut.unwrap(), 2),
            }
            assert_eq!(far.try_peek_sender().unwrap(), here);
            assert_eq!(far.recv_from(&mut buf).await.unwrap(), (4, here));
            let none = far.try_recv(&mut buf).unwrap_err();
            assert_eq!(none.kind(), ErrorKind::WouldBlock);
        });
    });
}

#[test]
fn it_polls_and_tries() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let (near, far) = (socket().await, socket().await);
            let (here, there) = (near.local_addr().unwrap(), far.local_addr().unwrap());
            let mut waits = Box::pin(far.readable());
            assert!(poll_once(waits.as_mut()).await.is_pending());
            poll_fn(|cx| near.poll_send_ready(cx)).await.unwrap();
            assert_eq!(poll_fn(|cx| near.poll_send_to(cx, b"one", there)).await.unwrap(), 3);
            near.writable().await.unwrap();
            assert_eq!(near.try_send_to(b"two", there).unwrap(), 3);
            timeout(LIMIT, waits).await.expect("it is told").unwrap();
            assert!(far.ready(Interest::READABLE).await.unwrap().is_readable());
            poll_fn(|cx| far.poll_recv_ready(cx)).await.unwrap();
            let mut memory = [0; 16];
            let mut buf = ReadBuf::new(&mut memory);
            assert_eq!(poll_fn(|cx| far.poll_recv_from(cx, &mut buf)).await.unwrap(), here);
            poll_fn(|cx| far.poll_recv(cx, &mut buf)).await.unwrap();
            assert_eq!(buf.filled(), b"onetwo");
            let unconnected = near.send(b"x").await.unwrap_err();
            assert!(unconnected.raw_os_error().is_some(), "{unconnected}");
        });
    });
}

#[test]
fn what_is_wrong_is_told() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let near = socket().await;
            let taken = UdpSocket::bind(near.local_addr().unwrap()).await.unwrap_err();
            assert_eq!(taken.kind(), ErrorKind::AddrInUse);
            let long = near.send_to(&[0; 70_000], near.local_addr().unwrap()).await.unwrap_err();
            assert!(long.raw_os_error().is_some(), "{long}");
            let none: &[SocketAddr] = &[];
            let nowhere = near.send_to(b"x", none).await.unwrap_err();
            assert_eq!(nowhere.kind(), ErrorKind::InvalidInput);
            let v6: SocketAddr = "[::1]:1".parse().unwrap();
            assert!(near.send_to(b"x", v6).await.is_err(), "of the other family");
            let unprivileged = near.send_to(b"x", (Ipv4Addr::BROADCAST, 9)).await.unwrap_err();
            assert!(unprivileged.raw_os_error().is_some(), "`set_broadcast` is off");
        });
    });
}

#[test]
fn sockets_of_std_come_and_go() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let std = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
            let near = UdpSocket::try_from(std).unwrap();
            let far = socket().await;
            let there = far.local_addr().unwrap();
            near.send_to(b"ours", there).await.unwrap();
            far.recv(&mut [0; 4]).await.unwrap();
            near.into_std().unwrap().send_to(b"std's", there).unwrap();
            assert_eq!(timeout(LIMIT, far.recv(&mut [0; 8])).await.unwrap().unwrap(), 5);
        });
    });
}
