//! Datagrams between processes of one machine.

use std::future::poll_fn;
use std::io::ErrorKind;
use std::net::Shutdown;
use std::sync::Arc;

use rt_facade::io::{Interest, ReadBuf};
use rt_facade::net::{UnixDatagram, UnixSocket};
use rt_facade::time::timeout;

use crate::net_unix::Dir;
use crate::support::{LIMIT, for_each_flavor};

#[test]
fn a_datagram_goes_to_a_path_and_is_answered() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let dir = Dir::new();
            let (here, there) = (dir.path("here"), dir.path("there"));
            let near = UnixDatagram::bind(&here).unwrap();
            let far = UnixDatagram::bind(&there).unwrap();
            let answer = rt_facade::spawn(async move {
                let mut buf = [0; 16];
                let (len, sender) = far.recv_from(&mut buf).await.unwrap();
                far.send_to(&buf[..len], sender.as_pathname().unwrap()).await.unwrap()
            });
            assert_eq!(near.send_to(b"hello", &there).await.unwrap(), 5);
            let mut buf = [0; 16];
            let (len, sender) = timeout(LIMIT, near.recv_from(&mut buf)).await.unwrap().unwrap();
            assert_eq!((&buf[..len], sender.as_pathname()), (&b"hello"[..], Some(&*there)));
            assert_eq!(answer.await.unwrap(), 5);
            assert_eq!(near.local_addr().unwrap().as_pathname(), Some(&*here));
            assert!(near.peer_addr().is_err() && near.take_error().unwrap().is_none());
        });
    });
}

#[test]
fn a_pair_sends_whole_datagrams_and_empty_ones() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let (near, far) = UnixDatagram::pair().unwrap();
            let mut buf = [0; 4];
            near.send(b"").await.unwrap();
            near.send(b"one").await.unwrap();
            near.send(b"longer").await.unwrap();
            assert_eq!(far.recv(&mut buf).await.unwrap(), 0);
            assert_eq!(far.recv(&mut buf).await.unwrap(), 3);
            assert_eq!(far.recv(&mut buf).await.unwrap(), 4, "what does not fit is lost");
            near.send(b"last").await.unwrap();
            let (len, sender) = far.recv_from(&mut buf).await.unwrap();
            assert_eq!((&buf[..len], sender.is_unnamed()), (&b"last"[..], true));
        });
    });
}

#[test]
fn a_sender_waits_for_room_and_none_is_lost() {
    const COUNT: u32 = 2_000;
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let (near, far) = UnixDatagram::pair().unwrap();
            let sends = rt_facade::spawn(async move {
                for n in 0..COUNT {
                    assert_eq!(near.send(&n.to_le_bytes()).await.unwrap(), 4);
                }
                near
            });
            let receives = async {
                for n in 0..COUNT {
                    let mut buf = [0; 4];
                    assert_eq!(far.recv(&mut buf).await.unwrap(), 4);
                    assert_eq!(u32::from_le_bytes(buf), n, "in order");
                }
            };
            timeout(LIMIT, receives).await.unwrap();
            sends.await.unwrap();
        });
    });
}

#[test]
fn a_sender_waits_for_a_receiver_that_is_not_connected_to_it() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let dir = Dir::new();
            let far = UnixDatagram::bind(dir.path("far")).unwrap();
            let near = UnixDatagram::unbound().unwrap();
            near.connect(dir.path("far")).unwrap();
            near.writable().await.unwrap();
            let mut sent = 0;
            while near.try_send(b"x").is_ok() {
                sent += 1;
            }
            let waits = rt_facade::spawn(async move { near.send(b"last").await.unwrap() });
            rt_facade::task::yield_now().await;
            let mut buf = [0; 4];
            for _ in 0..sent {
                assert_eq!(timeout(LIMIT, far.recv(&mut buf)).await.unwrap().unwrap(), 1);
            }
            assert_eq!(timeout(LIMIT, far.recv(&mut buf)).await.unwrap().unwrap(), 4);
            assert_eq!(waits.await.unwrap(), 4);
        });
    });
}

#[test]
fn one_socket_sends_and_receives_in_two_tasks() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let (near, far) = UnixDatagram::pair().unwrap();
            let far = Arc::new(far);
            let echo = rt_facade::spawn(async move {
                let mut buf = [0; 8];
                for _ in 0..100 {
                    let len = far.recv(&mut buf).await.unwrap();
                    far.send(&buf[..len]).await.unwrap();
                }
            });
            let near = Arc::new(near);
            let sender = near.clone();
            let sends = rt_facade::spawn(async move {
                for n in 0..100_u8 {
                    sender.send(&[n]).await.unwrap();
                }
            });
            for n in 0..100 {
                let mut buf = [0; 8];
                assert_eq!(timeout(LIMIT, near.recv(&mut buf)).await.unwrap().unwrap(), 1);
                assert_eq!(buf[0], n);
            }
            sends.await.unwrap();
            echo.await.unwrap();
        });
    });
}

#[test]
fn it_connects_tries_and_polls() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let dir = Dir::new();
            let there = dir.path("there");
            let far = UnixDatagram::bind(&there).unwrap();
            let near = UnixDatagram::unbound().unwrap();
            assert!(near.local_addr().unwrap().is_unnamed());
            near.connect(&there).unwrap();
            assert_eq!(near.peer_addr().unwrap().as_pathname(), Some(&*there));
            near.writable().await.unwrap();
            assert!(near.ready(Interest::WRITABLE).await.unwrap().is_writable());
            let early = far.try_recv(&mut [0]).unwrap_err();
            assert_eq!(early.kind(), ErrorKind::WouldBlock);
            assert_eq!(near.try_send(b"a").unwrap(), 1);
            assert_eq!(poll_fn(|cx| near.poll_send(cx, b"b")).await.unwrap(), 1);
            poll_fn(|cx| near.poll_send_ready(cx)).await.unwrap();
            let other = UnixDatagram::unbound().unwrap();
            other.writable().await.unwrap();
            assert_eq!(other.try_send_to(b"c", &there).unwrap(), 1);
            assert_eq!(poll_fn(|cx| other.poll_send_to(cx, b"d", &there)).await.unwrap(), 1);
            far.readable().await.unwrap();
            poll_fn(|cx| far.poll_recv_ready(cx)).await.unwrap();
            let mut buf = [0; 8];
            assert_eq!(far.try_recv(&mut buf).unwrap(), 1);
            assert!(far.try_recv_from(&mut buf[1..]).unwrap().1.is_unnamed());
            let mut left = ReadBuf::new(&mut buf[2..]);
            poll_fn(|cx| far.poll_recv(cx, &mut left)).await.unwrap();
            assert!(poll_fn(|cx| far.poll_recv_from(cx, &mut left)).await.unwrap().is_unnamed());
            assert_eq!(left.filled(), b"cd");
            assert_eq!(&buf[..4], b"abcd");
        });
    });
}

#[test]
fn what_is_wrong_is_told() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let dir = Dir::new();
            let (path, long) = (dir.path("socket"), dir.path(&"long".repeat(100)));
            let near = UnixDatagram::unbound().unwrap();
            let missing = near.send_to(b"x", &path).await.unwrap_err();
            assert_eq!(missing.kind(), ErrorKind::NotFound);
            assert_eq!(near.connect(&path).unwrap_err().kind(), ErrorKind::NotFound);
            let too_long = near.send_to(b"x", &long).await.unwrap_err();
            assert_eq!(too_long.kind(), ErrorKind::InvalidInput);
            assert_eq!(UnixDatagram::bind(&long).unwrap_err().kind(), ErrorKind::InvalidInput);
            let to_nobody = near.send(b"x").await.unwrap_err();
            assert_eq!(to_nobody.kind(), ErrorKind::NotConnected);
            let far = UnixDatagram::bind(&path).unwrap();
            let twice = UnixDatagram::bind(&path).unwrap_err();
            assert_eq!(twice.kind(), ErrorKind::AddrInUse);
            drop(far);
            let nobody = near.send_to(b"x", &path).await.unwrap_err();
            assert_eq!(nobody.kind(), ErrorKind::ConnectionRefused);
        });
    });
}

#[test]
fn an_end_that_is_shut_down_receives_no_more() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let (near, far) = UnixDatagram::pair().unwrap();
            near.send(b"before").await.unwrap();
            near.shutdown(Shutdown::Both).unwrap();
            let mut buf = [0; 8];
            assert_eq!(far.recv(&mut buf).await.unwrap(), 6);
            let after = near.send(b"after").await.unwrap_err();
            assert_eq!(after.kind(), ErrorKind::BrokenPipe);
        });
    });
}

#[test]
fn sockets_of_std_and_bound_ones_become_datagrams() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let dir = Dir::new();
            let path = dir.path("socket");
            let socket = UnixSocket::new_datagram().unwrap();
            socket.bind(&path).unwrap();
            let far = socket.datagram().unwrap();
            let std = std::os::unix::net::UnixDatagram::unbound().unwrap();
            let near = UnixDatagram::from_std(std).unwrap();
            near.send_to(b"x", &path).await.unwrap();
            assert_eq!(far.recv(&mut [0; 4]).await.unwrap(), 1);
            let std = near.into_std().unwrap();
            std.send_to(b"yz", &path).unwrap();
            assert_eq!(far.recv(&mut [0; 4]).await.unwrap(), 2);
        });
    });
}

#[cfg(target_os = "linux")]
#[test]
fn abstract_names_work_for_datagrams_too() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let name = format!("\0rt-it-datagram-{}", std::process::id());
            let far = UnixDatagram::bind(&name).unwrap();
            let near = UnixDatagram::unbound().unwrap();
            near.send_to(b"x", &name).await.unwrap();
            near.connect(&name).unwrap();
            near.send(b"y").await.unwrap();
            let mut buf = [0; 1];
            far.recv(&mut buf).await.unwrap();
            far.recv(&mut buf).await.unwrap();
            assert_eq!(&buf, b"y");
        });
    });
}
