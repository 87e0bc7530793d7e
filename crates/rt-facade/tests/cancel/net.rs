//! Sockets: no connection, byte or datagram is lost, and no registration stays.

#[cfg(unix)]
use std::io::IoSlice;
use std::io::IoSliceMut;
use std::net::SocketAddr;

use rt_facade::io::Interest;
use rt_facade::net::{TcpListener, TcpSocket, TcpStream, UdpSocket, lookup_host};
use rt_facade::testing::Round;

use crate::support::{busy, cancelled, forgotten, turns};

async fn tcp() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let connects = TcpStream::connect(listener.local_addr().unwrap());
    let (near, far) = rt_facade::join!(connects, listener.accept());
    (near.unwrap(), far.unwrap().0)
}

/// Bytes that tell where they belong, and are not zero.
fn bytes(len: usize) -> Vec<u8> {
    (0..len).map(|at| (at % 251) as u8 + 1).collect()
}

/// How much of a buffer that was zeros is filled.
fn filled(buf: &[u8]) -> usize {
    buf.iter().position(|byte| *byte == 0).unwrap_or(buf.len())
}

// Covers rt-reactor::future::AsyncIo, rt-net::tcp::accept
#[test]
fn a_connection_waits_for_the_next_accept() {
    cancelled(1, async |round| {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let accepts = async {
            let accepted = round.run(listener.accept()).await;
            forgotten(&round).await;
            match accepted {
                Ok(accepted) => accepted,
                Err(_) => listener.accept().await,
            }
        };
        let connects = async {
            turns(3).await;
            TcpStream::connect(listener.local_addr().unwrap()).await.unwrap()
        };
        let (accepted, connected) = rt_facade::join!(accepts, connects);
        assert_eq!(accepted.unwrap().1, connected.local_addr().unwrap());
    });
}

// Covers rt-net::tcp::Connect, rt-net::tcp::connect
#[test]
fn a_connect_that_is_given_up_leaves_no_socket() {
    cancelled(1, async |round| {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let connected = round.run(TcpStream::connect(address)).await;
        assert!(connected.is_err() || connected.unwrap().is_ok());
        let socket = TcpSocket::new_v4().unwrap();
        let connected = round.run(socket.connect(address)).await;
        assert!(connected.is_err() || connected.unwrap().is_ok());
        forgotten(&round).await;
    });
    // Refused, and by a name with several addresses.
    cancelled(1, async |round| {
        let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        let refused = busy(&round, TcpStream::connect(("localhost", free.port()))).await;
        assert!(refused.is_err() || refused.unwrap().is_err());
        forgotten(&round).await;
    });
}

// Covers rt-net::lookup::LookupHost, rt-net::bind::Bind, rt-net::udp::UdpConnect, rt-net::udp::SendTo
#[test]
fn a_name_that_is_looked_up_in_vain_is_forgotten() {
    cancelled(1, async |round| {
        let found = busy(&round, async { lookup_host("localhost:80").await.unwrap().next() }).await;
        assert!(found.is_err() || found.unwrap().is_some());
        forgotten(&round).await;
    });
    cancelled(1, async |round| {
        let bound = busy(&round, TcpListener::bind("localhost:0")).await;
        assert!(bound.is_err() || bound.unwrap().is_ok());
        forgotten(&round).await;
    });
    cancelled(1, async |round| {
        let near = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let far = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let name = format!("localhost:{}", far.local_addr().unwrap().port());
        let sent = busy(&round, near.send_to(b"hello", &*name)).await;
        forgotten(&round).await;
        match sent {
            // A name may have an address of the other family first, where a socket of this one cannot send.
            Ok(sent) => drop(sent),
            Err(_) => assert!(far.try_recv(&mut [0; 8]).is_err(), "sent, though it was cancelled"),
        }
        let connected = busy(&round, near.connect(&*name)).await;
        assert!(connected.is_err() || connected.unwrap().is_ok());
        forgotten(&round).await;
    });
}

// Covers rt-net::stream::Read, rt-net::stream::ReadVectored
#[test]
fn bytes_wait_for_the_next_read() {
    async fn all(round: &Round, vectored: bool) {
        let (mut near, mut far) = tcp().await;
        let data = bytes(40);
        let writes = async {
            for piece in data.chunks(13) {
                turns(3).await;
                far.write_all(piece).await.unwrap();
            }
        };
        let reads = async {
            let mut got = Vec::<u8>::new();
            while got.len() < data.len() {
                let (mut one, mut two) = ([0; 5], [0; 5]);
                let read = match vectored {
                    false => round.run(near.read(&mut one)).await,
                    true => {
                        let mut bufs = [IoSliceMut::new(&mut one), IoSliceMut::new(&mut two)];
                        round.run(near.read_vectored(&mut bufs)).await
                    }
                };
                forgotten(round).await;
                let both = [one, two].concat();
                got.extend(&both[..read.map_or(0, Result::unwrap)]);
            }
            got
        };
        let ((), got) = rt_facade::join!(writes, reads);
        assert_eq!(got, data);
    }
    cancelled(1, async |round| all(&round, false).await);
    cancelled(1, async |round| all(&round, true).await);
}

// Covers rt-net::stream::ReadExact
#[test]
fn what_an_exact_read_took_is_in_its_buffer() {
    cancelled(1, async |round| {
        let (mut near, mut far) = tcp().await;
        let data = bytes(40);
        let writes = async {
            for piece in data.chunks(13) {
                turns(3).await;
                far.write_all(piece).await.unwrap();
            }
            far.shutdown().await.unwrap();
        };
        let reads = async {
            let mut buf = [0; 30];
            let read = round.run(near.read_exact(&mut buf)).await;
            assert!(read.is_err() || filled(&buf) == buf.len());
            forgotten(&round).await;
            let mut got = buf[..filled(&buf)].to_vec();
            loop {
                let read = near.read(&mut buf).await.unwrap();
                got.extend(&buf[..read]);
                if read == 0 {
                    return got;
                }
            }
        };
        let ((), got) = rt_facade::join!(writes, reads);
        assert_eq!(got, data);
    });
}

/// More than a pair of Unix sockets holds.
#[cfg(unix)]
const MUCH: usize = 600_000;

#[cfg(unix)]
async fn reads_all(stream: &mut rt_facade::net::UnixStream) -> Vec<u8> {
    turns(3).await;
    let (mut got, mut buf) = (Vec::new(), vec![0; 150_000]);
    loop {
        match stream.read(&mut buf).await.unwrap() {
            0 => return got,
            read => got.extend(&buf[..read]),
        }
        turns(2).await;
    }
}

// Covers rt-net::stream::Write, rt-net::stream::WriteVectored, rt-net::stream::WriteAll, rt-net::stream::Shutdown
#[cfg(unix)]
#[test]
fn a_write_that_is_given_up_has_written_nothing() {
    use rt_facade::net::UnixStream;
    async fn all(round: &Round, data: &[u8], vectored: bool) {
        let (mut near, mut far) = UnixStream::pair().unwrap();
        let writes = async {
            let mut sent = 0;
            while sent < data.len() {
                let (one, two) = data[sent..].split_at((data.len() - sent) / 2);
                let written = match vectored {
                    false => round.run(near.write(&data[sent..])).await,
                    true => {
                        let bufs = [IoSlice::new(one), IoSlice::new(two)];
                        round.run(near.write_vectored(&bufs)).await
                    }
                };
                forgotten(round).await;
                sent += written.map_or(0, Result::unwrap);
            }
            let ended = round.run(near.shutdown()).await;
            drop(near);
            assert!(ended.is_err() || ended.unwrap().is_ok());
        };
        let ((), got) = rt_facade::join!(writes, reads_all(&mut far));
        assert!(got == data, "{} of {} bytes, or others", got.len(), data.len());
    }
    let data = bytes(MUCH);
    cancelled(1, async |round| all(&round, &data, false).await);
    cancelled(1, async |round| all(&round, &data, true).await);
    // And one of all has written the start.
    cancelled(1, async |round| {
        let (mut near, mut far) = UnixStream::pair().unwrap();
        let writes = async {
            let written = round.run(near.write_all(&data)).await;
            forgotten(&round).await;
            drop(near);
            written.is_ok()
        };
        let (whole, got) = rt_facade::join!(writes, reads_all(&mut far));
        assert!(data.starts_with(&got), "not the start");
        assert!(!whole || got.len() == data.len(), "{} of {} bytes", got.len(), data.len());
    });
}

// Covers rt-reactor::future::ReadyFuture, rt-net::tcp::peek
#[test]
fn readiness_is_told_of_again() {
    cancelled(1, async |round| {
        let (near, mut far) = tcp().await;
        let writes = async {
            turns(3).await;
            far.write_all(b"x").await.unwrap();
        };
        let waits = async {
            let _ = round.run(near.readable()).await;
            forgotten(&round).await;
            near.readable().await.unwrap();
            let _ = round.run(near.writable()).await;
            let ready = near.ready(Interest::READABLE | Interest::WRITABLE).await.unwrap();
            assert!(ready.is_readable() && ready.is_writable());
            let _ = round.run(near.peek(&mut [0; 4])).await;
            assert_eq!(near.peek(&mut [0; 4]).await.unwrap(), 1);
            let reads = || near.try_read(&mut [0; 4]);
            let read = match round.run(near.async_io(Interest::READABLE, reads)).await {
                Ok(read) => read,
                Err(_) => near.async_io(Interest::READABLE, reads).await,
            };
            assert_eq!(read.unwrap(), 1);
        };
        rt_facade::join!(writes, waits);
    });
}

// Covers rt-net::udp::peek_sender, rt-net::udp::peek, rt-net::udp::peek_from
#[test]
fn a_datagram_waits_for_the_next_who_receives() {
    async fn one(round: &Round, receive: impl AsyncFn(&UdpSocket) -> Option<SocketAddr>) {
        let near = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let far = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let to = near.local_addr().unwrap();
        let sends = async {
            turns(3).await;
            let sent = round.run(far.send_to(b"hello", to)).await;
            if sent.is_err() {
                far.send_to(b"hello", to).await.unwrap();
            }
        };
        let receives = async {
            let received = round.run(receive(&near)).await;
            forgotten(round).await;
            match received {
                Ok(received) => received,
                Err(_) => receive(&near).await,
            }
        };
        let ((), sender) = rt_facade::join!(sends, receives);
        assert!(sender.is_none_or(|sender| sender == far.local_addr().unwrap()));
    }
    cancelled(1, async |round| {
        one(&round, async |socket| {
            let mut buf = [0; 8];
            assert_eq!(socket.recv(&mut buf).await.unwrap(), 5);
            assert_eq!(&buf[..5], b"hello");
            None
        })
        .await;
    });
    cancelled(1, async |round| {
        one(&round, async |socket| Some(socket.recv_from(&mut [0; 8]).await.unwrap().1)).await;
    });
    cancelled(1, async |round| {
        one(&round, async |socket| {
            let peeked = socket.peek_from(&mut [0; 8]).await.unwrap().1;
            let sender = socket.peek_sender().await.unwrap();
            assert_eq!(socket.peek(&mut [0; 8]).await.unwrap(), 5);
            assert_eq!(peeked, sender);
            Some(sender)
        })
        .await;
    });
}

// Covers rt-facade::hyper::Connecting
#[test]
fn a_connection_for_a_client_of_http_is_given_up_with_it() {
    use tower::Service;
    cancelled(1, async |round| {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let uri = format!("http://localhost:{}/", listener.local_addr().unwrap().port());
        let mut connector = rt_facade::hyper::HttpConnector::new();
        let connected = busy(&round, connector.call(uri.parse().unwrap())).await;
        assert!(connected.is_err() || connected.unwrap().is_ok());
        forgotten(&round).await;
    });
}
