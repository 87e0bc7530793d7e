//! Sockets on the runtime.

use std::io::ErrorKind;

use rt_facade::net::{TcpListener, TcpStream, UdpSocket, lookup_host};
use rt_facade::time::{Duration, timeout};

use crate::support::for_each_flavor;

#[test]
fn a_tcp_echo_goes_both_ways() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let addr = listener.local_addr().unwrap();
            let server = rt_facade::spawn(async move {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut buf = [0; 4096];
                loop {
                    let n = stream.read(&mut buf).await.unwrap();
                    if n == 0 {
                        break;
                    }
                    stream.write_all(&buf[..n]).await.unwrap();
                }
            });
            let mut stream = TcpStream::connect(addr).await.unwrap();
            for size in [1, 100, 4096] {
                let sent: Vec<u8> = (0..size).map(|n| n as u8).collect();
                stream.write_all(&sent).await.unwrap();
                let mut back = vec![0; size];
                stream.read_exact(&mut back).await.unwrap();
                assert_eq!(back, sent);
            }
            drop(stream);
            server.await.unwrap();
        });
    });
}

#[test]
fn names_are_resolved_off_the_scheduler_and_each_address_is_tried() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let port = listener.local_addr().unwrap().port();
            let found: Vec<_> = lookup_host(("localhost", port)).await.unwrap().collect();
            assert!(found.iter().any(|addr| addr.ip().is_loopback()));
            // `localhost` may come as `::1` first, where nobody listens.
            let (connected, accepted) =
                (TcpStream::connect(("localhost", port)).await, listener.accept().await);
            assert!(connected.is_ok() && accepted.is_ok());
        });
    });
}

#[test]
fn literals_need_no_look_up_and_what_stands_for_nothing_is_told() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let there: std::net::SocketAddr = ([127, 0, 0, 1], 3000).into();
            for mut found in [
                lookup_host(there).await.unwrap(),
                lookup_host("127.0.0.1:3000").await.unwrap(),
                lookup_host(("127.0.0.1", 3000)).await.unwrap(),
                lookup_host(&[there][..]).await.unwrap(),
            ] {
                assert_eq!((found.next(), found.next()), (Some(there), None));
            }
            let no_port = lookup_host("127.0.0.1").await.unwrap_err();
            assert_eq!(no_port.kind(), ErrorKind::InvalidInput);
            let no_number = lookup_host("localhost:port").await.unwrap_err();
            assert_eq!(no_number.kind(), ErrorKind::InvalidInput);
            // Names that end so are set aside for this: nobody has one.
            assert!(lookup_host("nobody.invalid:80").await.is_err());
        });
    });
}

#[test]
fn a_refused_connection_and_an_address_in_use_say_so() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let addr = listener.local_addr().unwrap();
            let twice = TcpListener::bind(addr).await.unwrap_err();
            assert_eq!(twice.kind(), ErrorKind::AddrInUse);
            drop(listener);
            let refused = TcpStream::connect(addr).await.unwrap_err();
            assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
        });
    });
}

#[test]
fn empty_buffers_are_ready_at_once() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let mut stream = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
            let read = timeout(Duration::from_secs(5), stream.read(&mut [])).await;
            assert_eq!(read.expect("nothing to wait for").unwrap(), 0);
            let written = timeout(Duration::from_secs(5), stream.write(&[])).await;
            assert_eq!(written.expect("nothing to wait for").unwrap(), 0);
        });
    });
}

#[test]
fn a_datagram_goes_round() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let a = UdpSocket::bind("127.0.0.1:0").await.unwrap();
            let b = UdpSocket::bind("127.0.0.1:0").await.unwrap();
            let (a_addr, b_addr) = (a.local_addr().unwrap(), b.local_addr().unwrap());
            let echo = rt_facade::spawn(async move {
                let mut buf = [0; 16];
                let (n, from) = b.recv_from(&mut buf).await.unwrap();
                b.send_to(&buf[..n], from).await.unwrap();
                from
            });
            a.send_to(b"ping", b_addr).await.unwrap();
            let mut buf = [0; 16];
            let (n, from) = a.recv_from(&mut buf).await.unwrap();
            assert_eq!((&buf[..n], from), (&b"ping"[..], b_addr));
            assert_eq!(echo.await.unwrap(), a_addr);
        });
    });
}

#[test]
fn a_socket_that_outlives_its_runtime_fails_clearly() {
    for build in crate::support::flavors() {
        let runtime = build().enable_all().build().unwrap();
        let socket = runtime.block_on(async { UdpSocket::bind("127.0.0.1:0").await.unwrap() });
        drop(runtime);
        let late = rt_task::block_on(socket.recv(&mut [0; 1]));
        assert!(late.is_err(), "it must not hang");
    }
}
