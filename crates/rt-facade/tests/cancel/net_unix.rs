//! Sockets, pipes and descriptors of Unix.

use rt_facade::io::Interest;
use rt_facade::io::unix::AsyncFd;
use rt_facade::net::{UnixDatagram, UnixListener, UnixStream, unix::pipe};

use crate::support::{cancelled, forgotten, turns};

// Covers rt-net::unix::accept, rt-net::unix::connect, rt-net::unix::connect_addr
#[test]
fn a_connection_by_a_path_waits_for_the_next_accept() {
    let path = std::env::temp_dir().join(format!("rt-cancel-{}.socket", std::process::id()));
    cancelled(1, async |round| {
        let _ = std::fs::remove_file(&path);
        let listener = UnixListener::bind(&path).unwrap();
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
            let connected = round.run(UnixStream::connect(&path)).await;
            match connected {
                Ok(connected) => connected,
                Err(_) => UnixStream::connect(&path).await,
            }
        };
        let (accepted, connected) = rt_facade::join!(accepts, connects);
        assert!(accepted.is_ok() && connected.is_ok());
        let address = listener.local_addr().unwrap();
        let connected = round.run(UnixStream::connect_addr(&address)).await;
        assert!(connected.is_err() || connected.unwrap().is_ok());
        forgotten(&round).await;
    });
    let _ = std::fs::remove_file(&path);
}

#[test]
fn datagrams_and_pipes_keep_what_was_not_taken() {
    cancelled(1, async |round| {
        let (near, far) = UnixDatagram::pair().unwrap();
        let sends = async {
            // Until the queue is full; then it waits.
            for number in 0..40_u32 {
                let datagram = number.to_ne_bytes();
                if round.run(far.send(&datagram)).await.is_err() {
                    far.send(&datagram).await.unwrap();
                }
            }
        };
        let receives = async {
            turns(3).await;
            for number in 0..40_u32 {
                let mut buf = [0; 4];
                if round.run(near.recv(&mut buf)).await.is_err() {
                    near.recv(&mut buf).await.unwrap();
                }
                assert_eq!(u32::from_ne_bytes(buf), number);
            }
        };
        rt_facade::join!(sends, receives);
        forgotten(&round).await;
    });
    let data = vec![7; 200_000];
    cancelled(2, async |round| {
        let (mut sender, mut receiver) = pipe::pipe().unwrap();
        let writes = async {
            let mut sent = 0;
            while sent < data.len() {
                let written = round.run(sender.write(&data[sent..])).await;
                sent += written.map_or(0, Result::unwrap);
            }
            drop(sender);
        };
        let reads = async {
            turns(3).await;
            let (mut got, mut buf) = (0, vec![0; 70_000]);
            loop {
                match round.run(receiver.read(&mut buf)).await {
                    Ok(Ok(0)) => return got,
                    Ok(read) => got += read.unwrap(),
                    Err(_) => {}
                }
                turns(1).await;
            }
        };
        let ((), got) = rt_facade::join!(writes, reads);
        assert_eq!(got, data.len());
        forgotten(&round).await;
    });
}

// Covers rt-net::unix::send_to
#[test]
fn a_datagram_to_a_path_is_sent_once_or_not_at_all() {
    let path = std::env::temp_dir().join(format!("rt-cancel-{}.datagrams", std::process::id()));
    cancelled(1, async |round| {
        let _ = std::fs::remove_file(&path);
        let (near, far) = (UnixDatagram::bind(&path).unwrap(), UnixDatagram::unbound().unwrap());
        let sends = async {
            // Until the queue is full; then it waits.
            for number in 0..30_u32 {
                let datagram = number.to_ne_bytes();
                if round.run(far.send_to(&datagram, &path)).await.is_err() {
                    far.send_to(&datagram, &path).await.unwrap();
                }
            }
        };
        let receives = async {
            turns(3).await;
            for number in 0..30_u32 {
                let mut buf = [0; 4];
                if round.run(near.recv_from(&mut buf)).await.is_err() {
                    near.recv_from(&mut buf).await.unwrap();
                }
                assert_eq!(u32::from_ne_bytes(buf), number);
            }
        };
        rt_facade::join!(sends, receives);
        forgotten(&round).await;
    });
    let _ = std::fs::remove_file(&path);
}

#[test]
fn halves_of_a_stream_are_each_as_the_whole() {
    cancelled(1, async |round| {
        let (near, far) = UnixStream::pair().unwrap();
        let (mut reads, mut writes) = near.into_split();
        let (mut far_reads, mut far_writes) = far.into_split();
        let echoes = async {
            let mut buf = [0; 4];
            if round.run(far_reads.read(&mut buf)).await.is_err() {
                assert_eq!(far_reads.read(&mut buf).await.unwrap(), 4);
            }
            if round.run(far_writes.write(&buf)).await.is_err() {
                assert_eq!(far_writes.write(&buf).await.unwrap(), 4);
            }
        };
        let asks = async {
            turns(3).await;
            writes.write_all(b"ping").await.unwrap();
            let mut buf = [0; 4];
            if round.run(reads.read(&mut buf)).await.is_err() {
                assert_eq!(reads.read(&mut buf).await.unwrap(), 4);
            }
            assert_eq!(&buf, b"ping");
        };
        rt_facade::join!(echoes, asks);
        forgotten(&round).await;
    });
}

// Covers rt-reactor::unix::AsyncFdReady, rt-reactor::unix::AsyncFdReadyMut
#[test]
fn a_descriptor_of_ones_own_is_ready_again() {
    use std::io::{Read, Write};
    cancelled(1, async |round| {
        let (near, mut far) = std::os::unix::net::UnixStream::pair().unwrap();
        near.set_nonblocking(true).unwrap();
        let mut near = AsyncFd::new(near).unwrap();
        let writes = async {
            for byte in 0..3 {
                turns(4).await;
                far.write_all(&[byte]).unwrap();
            }
        };
        let reads = async {
            let mut buf = [0; 1];
            // By a guard.
            loop {
                if let Ok(guard) = round.run(near.readable()).await {
                    let mut guard = guard.unwrap();
                    if guard.try_io(|fd| fd.get_ref().read(&mut buf)).is_ok() {
                        break;
                    }
                }
                forgotten(&round).await;
            }
            assert_eq!(buf, [0]);
            loop {
                if let Ok(guard) = round.run(near.readable_mut()).await {
                    let mut guard = guard.unwrap();
                    if guard.try_io(|fd| fd.get_mut().read(&mut buf)).is_ok() {
                        break;
                    }
                }
            }
            assert_eq!(buf, [1]);
            let mut got = [0; 1];
            let read = near.async_io(Interest::READABLE, |mut fd| fd.read(&mut got));
            if round.run(read).await.is_err() {
                let read = near.async_io(Interest::READABLE, |mut fd| fd.read(&mut got)).await;
                assert_eq!(read.unwrap(), 1);
            }
            assert_eq!(got, [2]);
        };
        rt_facade::join!(writes, reads);
    });
}
