//! What peers do: go without a word, reset at any time, never read, trickle, come all at once.

use std::io::{ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::time::Duration as Span;

use rt_facade::io::AsyncReadExt;
use rt_facade::net::{TcpListener, TcpSocket, TcpStream};
use rt_facade::task::yield_now;
use rt_facade::time::{Duration, sleep, timeout};

use crate::support::for_each_flavor;

/// Its close is a reset.
fn resets(stream: &std::net::TcpStream) {
    socket2::SockRef::from(stream).set_linger(Some(Span::ZERO)).unwrap();
}

async fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

/// A peer that does as `std` does, and ours.
async fn pair() -> (std::net::TcpStream, TcpStream) {
    let (listener, address) = listener().await;
    let peer = std::net::TcpStream::connect(address).unwrap();
    (peer, listener.accept().await.unwrap().0)
}

fn is_reset(error: ErrorKind) -> bool {
    matches!(error, ErrorKind::ConnectionReset | ErrorKind::BrokenPipe)
}

/// The listener and the runtime are as good as before.
async fn serves(listener: &TcpListener) {
    let address = listener.local_addr().unwrap();
    let client = rt_facade::spawn(async move {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(b"x").await.unwrap();
        let mut back = Vec::new();
        stream.read_to_end(&mut back).await.unwrap();
        assert_eq!(back, b"x");
    });
    loop {
        let Ok((mut stream, _)) = listener.accept().await else { continue };
        let mut byte = [0];
        // One that was reset before, and still in the queue.
        if !matches!(stream.read(&mut byte).await, Ok(1)) {
            continue;
        }
        stream.write_all(&byte).await.unwrap();
        break;
    }
    client.await.unwrap();
}

#[test]
fn a_reset_before_the_accept() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let (listener, address) = listener().await;
            for _ in 0..10 {
                let peer = std::net::TcpStream::connect(address).unwrap();
                resets(&peer);
                drop(peer);
            }
            serves(&listener).await;
        });
    });
}

#[test]
fn a_reset_while_a_read_waits() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let (peer, mut stream) = pair().await;
            let reads = rt_facade::spawn(async move {
                let read = stream.read(&mut [0; 8]).await;
                (read.map_err(|error| error.kind()), stream)
            });
            yield_now().await;
            resets(&peer);
            drop(peer);
            let (read, mut stream) = reads.await.unwrap();
            assert_eq!(read, Err(ErrorKind::ConnectionReset));
            // Told once; then it has ended, in both directions.
            assert_eq!(stream.read(&mut [0; 8]).await.unwrap(), 0);
            assert!(is_reset(stream.write(b"x").await.unwrap_err().kind()));
        });
    });
}

#[test]
fn a_reset_with_bytes_unread() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let (mut peer, mut stream) = pair().await;
            peer.write_all(b"abc").unwrap();
            stream.readable().await.unwrap();
            resets(&peer);
            drop(peer);
            let mut read = Vec::new();
            // What came before may be read or lost, as the system has it; then comes the error.
            let error = stream.read_to_end(&mut read).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::ConnectionReset);
            assert!(b"abc".starts_with(&read), "{read:?}");
        });
    });
}

#[test]
fn a_reset_while_a_write_waits() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let (peer, mut stream) = pair().await;
            let writes = rt_facade::spawn(async move {
                let block = vec![7; 1 << 20];
                loop {
                    if let Err(error) = stream.write_all(&block).await {
                        return error.kind();
                    }
                }
            });
            // Until the system takes no more.
            let mut before = usize::MAX;
            loop {
                let waiting = runtime.metrics().polls;
                if before as u64 == waiting {
                    break;
                }
                before = waiting as usize;
                sleep(Duration::from_millis(5)).await;
            }
            resets(&peer);
            drop(peer);
            assert!(is_reset(writes.await.unwrap()));
        });
    });
}

#[test]
fn a_reset_after_the_end_was_said() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let (peer, mut stream) = pair().await;
            stream.write_all(b"last").await.unwrap();
            stream.shutdown().await.unwrap();
            resets(&peer);
            drop(peer);
            let error = stream.read(&mut [0; 8]).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::ConnectionReset);
        });
    });
}

#[test]
fn a_reset_while_both_halves_wait_is_told_to_both() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let (peer, stream) = pair().await;
            let (mut reads, mut writes) = stream.into_split();
            let reads =
                rt_facade::spawn(
                    async move { reads.read(&mut [0; 8]).await.map_err(|e| e.kind()) },
                );
            let writes = rt_facade::spawn(async move {
                let block = vec![7; 8 << 20];
                loop {
                    if let Err(error) = writes.write_all(&block).await {
                        return error.kind();
                    }
                }
            });
            sleep(Duration::from_millis(5)).await;
            resets(&peer);
            drop(peer);
            // One is told of the reset, and the other at least that it is over.
            let (read, write) = (reads.await.unwrap(), writes.await.unwrap());
            assert!(matches!(read, Ok(0) | Err(ErrorKind::ConnectionReset)), "{read:?}");
            assert!(is_reset(write), "{write:?}");
        });
    });
}

#[test]
fn a_peer_that_never_reads_holds_up_nobody_else_and_takes_bounded_memory() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let (_peer, mut stream) = pair().await;
            let block = vec![7; 1 << 20];
            let stuck = timeout(Duration::from_millis(50), async {
                loop {
                    stream.write_all(&block).await.unwrap();
                }
            });
            let (listener, _) = listener().await;
            let others = async {
                for _ in 0..5 {
                    serves(&listener).await;
                }
            };
            let (stuck, ()) = rt_facade::join!(stuck, others);
            stuck.unwrap_err();
            // And it can be given up.
            drop(stream);
        });
    });
}

#[test]
fn a_peer_that_sends_byte_by_byte_is_read_whole() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let (listener, address) = listener().await;
            let trickles = rt_facade::spawn(async move {
                let mut stream = TcpStream::connect(address).await.unwrap();
                stream.set_nodelay(true).unwrap();
                for n in 0..50 {
                    stream.write_all(&[n]).await.unwrap();
                    if n % 10 == 0 {
                        sleep(Duration::from_millis(1)).await;
                    }
                }
            });
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut all = [0; 50];
            stream.read_exact(&mut all).await.unwrap();
            assert!(all.iter().copied().eq(0..50));
            trickles.await.unwrap();
        });
    });
}

/// Between a client and a server: hands on in pieces, late, and resets after so many bytes.
async fn bad_network(to: SocketAddr, dies_after: usize) -> SocketAddr {
    let (listener, address) = listener().await;
    drop(rt_facade::spawn(async move {
        let (client, _) = listener.accept().await.unwrap();
        let server = TcpStream::connect(to).await.unwrap();
        let (client, server) = (client.into_std().unwrap(), server.into_std().unwrap());
        resets(&client);
        resets(&server);
        let (mut client, mut server) =
            (TcpStream::from_std(client).unwrap(), TcpStream::from_std(server).unwrap());
        let (mut handed_on, mut there, mut back) = (0, [0; 700], [0; 300]);
        while handed_on < dies_after {
            let n = rt_facade::select! {
                read = client.read(&mut there) => match read {
                    Ok(n @ 1..) => server.write_all(&there[..n]).await.map(|()| n),
                    _ => return,
                },
                read = server.read(&mut back) => match read {
                    Ok(n @ 1..) => client.write_all(&back[..n]).await.map(|()| n),
                    _ => return,
                },
            };
            let Ok(n) = n else { return };
            handed_on += n;
            if handed_on % 7 == 0 {
                sleep(Duration::from_millis(1)).await;
            }
        }
    }));
    address
}

#[test]
fn over_a_network_that_delays_cuts_up_and_resets_all_comes_or_an_error() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let (listener, server) = listener().await;
            drop(rt_facade::spawn(async move {
                loop {
                    let stream = match listener.accept().await {
                        Ok((stream, _)) => stream,
                        // On Windows, of one that was reset before it was accepted.
                        Err(error) if error.kind() == ErrorKind::NotConnected => continue,
                        Err(error) => panic!("{error}"),
                    };
                    drop(rt_facade::spawn(async move {
                        let (mut reads, mut writes) = stream.into_split();
                        rt_facade::io::copy(&mut reads, &mut writes).await
                    }));
                }
            }));
            let sent: Vec<u8> = (0..10_000_u32).map(|n| n as u8).collect();
            for dies_after in [0, 1, 100, 5_000, 15_000, usize::MAX] {
                let address = bad_network(server, dies_after).await;
                let (mut back, mut failed) = (Vec::new(), None);
                let mut stream = match TcpStream::connect(address).await {
                    Ok(stream) => stream,
                    // Over before it was looked at.
                    Err(error) => {
                        assert!(dies_after == 0 && is_reset(error.kind()), "{error}");
                        continue;
                    }
                };
                for piece in sent.chunks(1000) {
                    let mut echo = vec![0; piece.len()];
                    let exchange = async {
                        stream.write_all(piece).await?;
                        stream.read_exact(&mut echo).await
                    };
                    match timeout(Duration::from_secs(20), exchange).await.expect("it hangs") {
                        Ok(_) => back.extend(echo),
                        Err(error) => {
                            failed = Some(error.kind());
                            break;
                        }
                    }
                }
                assert!(sent.starts_with(&back), "what came back is what was sent");
                assert_eq!(failed.is_none(), dies_after == usize::MAX, "{dies_after}: {failed:?}");
            }
        });
    });
}

/// The system drops what finds no room, and resets some of it later: clients try again, as clients do.
#[test]
#[ignore = "slow: `cargo xtask verify faults`"]
fn a_hundred_clients_at_a_queue_of_one_are_all_served() {
    const CLIENTS: usize = 100;
    async fn asks(address: SocketAddr) -> std::io::Result<()> {
        let mut stream = TcpStream::connect(address).await?;
        stream.write_all(b"?").await?;
        stream.read_exact(&mut [0; 1]).await?;
        Ok(())
    }
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let socket = TcpSocket::new_v4().unwrap();
            socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
            let listener = socket.listen(1).unwrap();
            let address = listener.local_addr().unwrap();
            let clients: Vec<_> = (0..CLIENTS)
                .map(|_| {
                    rt_facade::spawn(async move {
                        while !matches!(
                            timeout(Duration::from_secs(2), asks(address)).await,
                            Ok(Ok(()))
                        ) {}
                    })
                })
                .collect();
            let serves = rt_facade::spawn(async move {
                loop {
                    let Ok((mut stream, _)) = listener.accept().await else { continue };
                    drop(rt_facade::spawn(async move {
                        if matches!(stream.read(&mut [0; 8]).await, Ok(1)) {
                            let _ = stream.write_all(b"!").await;
                        }
                    }));
                }
            });
            for client in clients {
                client.await.unwrap();
            }
            serves.abort();
        });
    });
}

/// Many tasks at one socket: each event wakes them all, and all but one find nothing there.
#[test]
fn a_herd_of_tasks_that_mostly_find_nothing_gets_all_there_is() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let (listener, address) = listener().await;
            let listener = std::sync::Arc::new(listener);
            let accepts: Vec<_> = (0..50)
                .map(|_| {
                    let listener = listener.clone();
                    rt_facade::spawn(async move { listener.accept().await.unwrap() })
                })
                .collect();
            let mut clients = Vec::new();
            for _ in 0..50 {
                clients.push(std::net::TcpStream::connect(address).unwrap());
                yield_now().await;
            }
            for accepted in accepts {
                accepted.await.unwrap();
            }
        });
    });
}

/// A peer that is gone without a word: the kernel's socket is closed in repair mode, which sends nothing.
#[cfg(target_os = "linux")]
#[test]
fn a_peer_that_vanished_is_found_by_a_timeout_or_by_writing() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let (peer, mut stream) = pair().await;
            let (on, fd) = (1, std::os::fd::AsRawFd::as_raw_fd(&peer));
            let value = std::ptr::from_ref::<libc::c_int>(&on).cast();
            let size = size_of::<libc::c_int>() as libc::socklen_t;
            // SAFETY: the descriptor is the peer's, and the value there for the time of the call.
            let set =
                unsafe { libc::setsockopt(fd, libc::IPPROTO_TCP, libc::TCP_REPAIR, value, size) };
            if set != 0 {
                eprintln!("skipped: repair mode: {}", std::io::Error::last_os_error());
                return;
            }
            drop(peer);
            timeout(Span::from_millis(20), stream.read(&mut [0; 8]))
                .await
                .expect_err("nothing comes");
            // Whoever is there now knows nothing of it, and says so.
            let wrote = async {
                while stream.write_all(b"hello?").await.is_ok() {
                    sleep(Duration::from_millis(1)).await;
                }
            };
            timeout(Span::from_secs(20), wrote).await.expect("it is told");
            let _ = peer_is_gone(&mut stream).await;
        });
    });
}

#[cfg(target_os = "linux")]
async fn peer_is_gone(stream: &mut TcpStream) -> std::io::Result<usize> {
    stream.read(&mut [0; 8]).await
}

/// `std`'s side of a pair answers, too: the tests above end connections of which both ends work.
#[test]
fn a_pair_talks() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let (mut peer, mut stream) = pair().await;
            stream.write_all(b"there").await.unwrap();
            let mut read = [0; 5];
            peer.read_exact(&mut read).unwrap();
            peer.write_all(&read).unwrap();
            stream.read_exact(&mut read).await.unwrap();
            assert_eq!(&read, b"there");
        });
    });
}
