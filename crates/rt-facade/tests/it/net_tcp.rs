//! TCP streams and listeners: how they come and go, and what they tell.

use std::future::poll_fn;
use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr};

use futures_util::future::join_all;
use rt_facade::io::{Interest, ReadBuf};
use rt_facade::net::{TcpListener, TcpStream};
use rt_facade::time::{Duration, timeout};

use crate::support::{LIMIT, for_each_flavor, poll_once};

async fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let near = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    (near, listener.accept().await.unwrap().0)
}

#[test]
fn every_form_of_an_address_is_bound_and_connected_to() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
            let listeners = [
                TcpListener::bind(any).await.unwrap(),
                TcpListener::bind("127.0.0.1:0").await.unwrap(),
                TcpListener::bind("127.0.0.1:0".to_owned()).await.unwrap(),
                TcpListener::bind(("127.0.0.1", 0)).await.unwrap(),
                TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap(),
                TcpListener::bind(&[any][..]).await.unwrap(),
            ];
            for listener in &listeners {
                let there = listener.local_addr().unwrap();
                let streams = [
                    TcpStream::connect(there).await,
                    TcpStream::connect(there.to_string()).await,
                    TcpStream::connect(("127.0.0.1", there.port())).await,
                    TcpStream::connect((Ipv4Addr::LOCALHOST, there.port())).await,
                    TcpStream::connect(&[there][..]).await,
                ];
                for stream in streams {
                    let (_far, peer) = listener.accept().await.unwrap();
                    let near = stream.unwrap();
                    assert_eq!(near.local_addr().unwrap(), peer);
                    assert_eq!(near.peer_addr().unwrap(), there);
                }
            }
        });
    });
}

#[test]
fn many_tasks_accept_and_many_connect() {
    const COUNT: usize = 100;
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let listener = std::sync::Arc::new(TcpListener::bind("127.0.0.1:0").await.unwrap());
            let there = listener.local_addr().unwrap();
            let servers = (0..COUNT).map(|_| {
                let listener = listener.clone();
                rt_facade::spawn(async move {
                    let (mut stream, _) = listener.accept().await.unwrap();
                    let mut one = [0];
                    stream.read_exact(&mut one).await.unwrap();
                    stream.write_all(&one).await.unwrap();
                })
            });
            let servers: Vec<_> = servers.collect();
            let clients = (0..COUNT).map(|n| {
                rt_facade::spawn(async move {
                    let mut stream = TcpStream::connect(there).await.unwrap();
                    stream.write_all(&[n as u8]).await.unwrap();
                    let mut one = [0];
                    stream.read_exact(&mut one).await.unwrap();
                    assert_eq!(one, [n as u8]);
                })
            });
            let clients: Vec<_> = clients.collect();
            let all = join_all(servers.into_iter().chain(clients));
            for ended in timeout(LIMIT, all).await.unwrap() {
                ended.unwrap();
            }
        });
    });
}

#[test]
fn an_accept_that_is_aborted_takes_no_connection_with_it() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let listener = std::sync::Arc::new(TcpListener::bind("127.0.0.1:0").await.unwrap());
            let accepts = listener.clone();
            let task = rt_facade::spawn(async move { accepts.accept().await.map(drop) });
            rt_facade::task::yield_now().await;
            task.abort();
            let before = task.await;
            let _near = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
            if before.is_err() {
                timeout(LIMIT, listener.accept()).await.unwrap().unwrap();
            }
        });
    });
}

#[test]
fn sockets_of_std_come_and_go() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
            let listener = TcpListener::try_from(listener).unwrap();
            let near = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
            let mut near = TcpStream::try_from(near).unwrap();
            let (mut far, _) = listener.accept().await.unwrap();
            near.write_all(b"ours").await.unwrap();
            far.read_exact(&mut [0; 4]).await.unwrap();
            let (mut near, mut far) = (near.into_std().unwrap(), far.into_std().unwrap());
            near.set_nonblocking(false).unwrap();
            far.set_nonblocking(false).unwrap();
            near.write_all(b"std's").unwrap();
            far.read_exact(&mut [0; 5]).unwrap();
            let here = listener.local_addr().unwrap();
            assert_eq!(listener.into_std().unwrap().local_addr().unwrap(), here);
        });
    });
}

#[test]
fn what_is_peeked_is_read_again() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let (mut near, mut far) = pair().await;
            let mut buf = [0; 4];
            let mut peek = Box::pin(far.peek(&mut buf));
            assert!(poll_once(peek.as_mut()).await.is_pending());
            near.write_all(b"peek").await.unwrap();
            assert_eq!(timeout(LIMIT, peek).await.unwrap().unwrap(), 4);
            let mut two = [0; 2];
            let mut read_buf = ReadBuf::new(&mut two);
            assert_eq!(poll_fn(|cx| far.poll_peek(cx, &mut read_buf)).await.unwrap(), 2);
            assert_eq!(read_buf.filled(), b"pe");
            far.read_exact(&mut buf).await.unwrap();
            assert_eq!(&buf, b"peek");
        });
    });
}

#[test]
fn ending_one_direction_leaves_the_other() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let (mut near, mut far) = pair().await;
            near.write_all(b"request").await.unwrap();
            near.shutdown().await.unwrap();
            near.shutdown().await.unwrap();
            let mut got = [0; 16];
            assert_eq!(far.read(&mut got).await.unwrap(), 7);
            assert_eq!(far.read(&mut got).await.unwrap(), 0);
            assert_eq!(far.read(&mut got).await.unwrap(), 0, "again");
            far.write_all(b"answer").await.unwrap();
            assert_eq!(near.read(&mut got).await.unwrap(), 6);
            let late = near.write(b"late").await.unwrap_err();
            assert_eq!(late.kind(), ErrorKind::BrokenPipe);
            drop(near);
            far.shutdown().await.unwrap();
            far.shutdown().await.unwrap();
        });
    });
}

#[test]
fn a_reset_is_told_to_who_waits() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let (near, mut far) = pair().await;
            near.set_zero_linger().unwrap();
            assert_eq!(near.linger().unwrap(), Some(Duration::ZERO));
            let reader =
                rt_facade::spawn(async move { far.read(&mut [0]).await.unwrap_err().kind() });
            rt_facade::task::yield_now().await;
            drop(near);
            let told = timeout(LIMIT, reader).await.expect("it is told").unwrap();
            assert_eq!(told, ErrorKind::ConnectionReset);
        });
    });
}

#[test]
fn it_fills_up_and_drains_by_trying_alone() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let (near, far) = pair().await;
            near.writable().await.unwrap();
            let block = [7; 4096];
            let mut written = 0;
            let full = loop {
                match near.try_write(&block) {
                    Ok(n) => written += n,
                    Err(error) => break error,
                }
            };
            assert_eq!(full.kind(), ErrorKind::WouldBlock);
            assert!(poll_once(std::pin::pin!(near.writable())).await.is_pending());
            let mut read = 0;
            let mut buf = [0; 10_000];
            while read < written {
                timeout(LIMIT, far.readable()).await.expect("more comes").unwrap();
                match far.try_read(&mut buf) {
                    Ok(n) => read += n,
                    Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
                }
            }
            timeout(LIMIT, near.writable()).await.expect("room again").unwrap();
            near.try_write(&block).unwrap();
            drop(near);
            let ready = far.ready(Interest::READABLE | Interest::WRITABLE).await.unwrap();
            assert!(ready.is_readable() || ready.is_writable());
        });
    });
}

#[test]
fn readiness_is_polled_for_in_both_directions() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let (mut near, far) = pair().await;
            poll_fn(|cx| far.poll_write_ready(cx)).await.unwrap();
            let reader = rt_facade::spawn(async move {
                poll_fn(|cx| far.poll_read_ready(cx)).await.unwrap();
                // Right after the event it may still be told of room alone; then it would block.
                loop {
                    match far.try_read(&mut [0; 4]) {
                        Ok(n) => break n,
                        Err(_) => far.readable().await.unwrap(),
                    }
                }
            });
            near.write_all(b"now").await.unwrap();
            assert_eq!(timeout(LIMIT, reader).await.unwrap().unwrap(), 3);
        });
    });
}
