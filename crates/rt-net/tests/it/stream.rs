//! What a stream does with bytes: short reads, ends, resets, full buffers, vectors, peeking.

use crate::drive::{drive, pair, poll_once};
use futures_util::future::join;
use rt_io::ReadBuf;
use rt_net::TcpStream;
use rt_reactor::Interest;
use std::future::poll_fn;
use std::io::{ErrorKind, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::task::Poll;

/// Writes until the system takes no more. Tells how much it took.
async fn fill(stream: &TcpStream) -> usize {
    let chunk = [7; 65_536];
    let mut total = 0;
    loop {
        match stream.try_write(&chunk) {
            Ok(n) => total += n,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return total,
            Err(error) => panic!("{error}"),
        }
    }
}

#[test]
fn a_read_takes_what_is_there_and_the_next_one_waits() {
    drive(async {
        let (mut near, mut far) = pair().await;
        let mut buf = [0; 16];
        for round in 0_u8..3 {
            far.write_all(&[round; 5]).await.unwrap();
            assert_eq!(near.read(&mut buf).await.unwrap(), 5);
            assert_eq!(buf[..5], [round; 5]);
            assert!(poll_once(&mut near.read(&mut buf)).await.is_pending(), "drained");
        }
        // What comes after a short read is noticed.
        let (read, written) = join(near.read(&mut buf), far.write_all(b"more")).await;
        assert_eq!((read.unwrap(), written.unwrap()), (4, ()));
    });
}

#[test]
fn an_end_that_comes_with_the_last_bytes_is_read_after_them() {
    drive(async {
        for _ in 0..20 {
            let (mut near, mut far) = pair().await;
            far.write_all(b"last").await.unwrap();
            far.shutdown().await.unwrap();
            near.ready(Interest::READABLE).await.unwrap();
            let mut buf = [0; 64];
            assert_eq!(near.read(&mut buf).await.unwrap(), 4);
            assert_eq!(near.read(&mut buf).await.unwrap(), 0);
            assert_eq!(near.read(&mut buf).await.unwrap(), 0, "and stays");
        }
    });
}

#[test]
fn one_direction_can_end_alone() {
    drive(async {
        let (mut near, mut far) = pair().await;
        near.shutdown().await.unwrap();
        near.shutdown().await.unwrap();
        let mut buf = [0; 8];
        assert_eq!(far.read(&mut buf).await.unwrap(), 0);
        far.write_all(b"still").await.unwrap();
        assert_eq!(near.read(&mut buf).await.unwrap(), 5);
        assert_eq!(near.write(b"x").await.unwrap_err().kind(), ErrorKind::BrokenPipe);
        far.shutdown().await.unwrap();
        assert_eq!(near.read(&mut buf).await.unwrap(), 0);
        near.shutdown().await.unwrap(); // the connection is gone: ended all the same
    });
}

#[test]
fn an_end_before_a_buffer_is_full_is_unexpected() {
    drive(async {
        let (mut near, mut far) = pair().await;
        far.write_all(b"abc").await.unwrap();
        drop(far);
        let error = near.read_exact(&mut [0; 4]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
    });
}

#[test]
fn a_reset_is_told_to_reader_and_writer() {
    drive(async {
        let (mut near, far) = pair().await;
        let mut buf = [0; 8];
        let mut reading = near.read(&mut buf);
        assert!(poll_once(&mut reading).await.is_pending());
        far.set_zero_linger().unwrap();
        assert_eq!(far.linger().unwrap(), Some(std::time::Duration::ZERO));
        drop(far);
        assert_eq!(reading.await.unwrap_err().kind(), ErrorKind::ConnectionReset);
        let error = near.write_all(b"x").await.unwrap_err();
        let gone = if cfg!(windows) { ErrorKind::ConnectionReset } else { ErrorKind::BrokenPipe };
        assert_eq!(error.kind(), gone);
        near.shutdown().await.unwrap();
    });
}

#[test]
fn a_writer_waits_until_the_reader_makes_room() {
    drive(async {
        let (mut near, mut far) = pair().await;
        let taken = fill(&near).await;
        assert!(taken > 0);
        assert!(poll_once(&mut near.write(b"x")).await.is_pending());
        assert!(poll_once(&mut Box::pin(near.writable())).await.is_pending());
        let drain = async {
            let mut buf = vec![0; 65_536];
            let mut left = taken;
            while left > 0 {
                left -= far.read(&mut buf).await.unwrap();
            }
            assert_eq!(far.read(&mut buf).await.unwrap(), 4);
        };
        let ((), written) = join(drain, near.write_all(b"room")).await;
        written.unwrap();
    });
}

#[test]
fn a_full_socket_takes_part_of_a_write() {
    drive(async {
        let (mut near, mut far) = pair().await;
        let huge = vec![1; 64 << 20];
        let n = near.write(&huge).await.unwrap();
        assert!(0 < n && n < huge.len(), "{n}");
        assert!(poll_once(&mut near.write(&huge)).await.is_pending(), "it is full");
        let read_all = async {
            let mut buf = vec![0; 1 << 20];
            let mut left = huge.len();
            while left > 0 {
                left -= far.read(&mut buf).await.unwrap();
            }
        };
        let ((), written) = join(read_all, near.write_all(&huge[n..])).await;
        written.unwrap();
    });
}

#[test]
fn several_buffers_go_in_one_call_each_way() {
    drive(async {
        let (mut near, mut far) = pair().await;
        let bufs = [IoSlice::new(b"ab"), IoSlice::new(b""), IoSlice::new(b"cdef")];
        assert_eq!(near.write_vectored(&bufs).await.unwrap(), 6);
        far.readable().await.unwrap();
        let (mut one, mut two) = ([0; 4], [0; 4]);
        let mut bufs = [IoSliceMut::new(&mut one), IoSliceMut::new(&mut two)];
        assert_eq!(far.read_vectored(&mut bufs).await.unwrap(), 6);
        assert_eq!((&one, &two), (b"abcd", b"ef\0\0"));
        // Short, so drained; and what comes after is noticed.
        let mut bufs = [IoSliceMut::new(&mut one)];
        assert!(poll_once(&mut far.read_vectored(&mut bufs)).await.is_pending());
        assert_eq!(near.try_write_vectored(&[IoSlice::new(b"xyz")]).unwrap(), 3);
        assert_eq!(far.read_vectored(&mut bufs).await.unwrap(), 3);
        assert_eq!(&one[..3], b"xyz");
    });
}

#[test]
fn more_slices_than_the_system_takes_are_no_sign_of_a_full_socket() {
    drive(async {
        let (mut near, mut far) = pair().await;
        let bufs = vec![IoSlice::new(b"12345678"); 3000]; // too much to be copied together first
        let n = near.write_vectored(&bufs).await.unwrap();
        assert!(0 < n && n < 24_000, "{n}");
        let again = poll_once(&mut near.write_vectored(&bufs)).await;
        assert!(matches!(again, Poll::Ready(Ok(1..))), "{again:?}");
        far.readable().await.unwrap();
        let mut bytes = vec![0; 1];
        assert_eq!(far.read(&mut bytes).await.unwrap(), 1);
    });
}

/// `len` bytes of a pattern that repeats at no buffer's length.
fn pattern(from: usize, len: usize) -> Vec<u8> {
    (from..from + len).map(|at| (at % 251) as u8).collect()
}

#[test]
fn buffers_arrive_in_order_copied_together_or_not() {
    // Around the bound up to which they are copied, and the number that the system takes at once.
    let mut cases: Vec<Vec<usize>> = [4095, 4096, 4097, 100_000].map(|len| vec![len]).into();
    cases.extend([vec![4095, 1], vec![1, 4095, 1], vec![0, 4096, 0, 0], vec![0, 0, 5, 0]]);
    cases.extend([vec![100, 50_000, 3], vec![1; 1025], vec![5; 1025], vec![0; 1025]]);
    cases.push([vec![0; 1025], vec![5000]].concat());
    for mut lens in cases {
        lens.push(7); // never nothing at all
        drive(async {
            let (mut near, mut far) = pair().await;
            let bytes = pattern(0, lens.iter().sum());
            let mut rest = &bytes[..];
            let pieces: Vec<&[u8]> = lens
                .iter()
                .map(|len| {
                    let (piece, after) = rest.split_at(*len);
                    rest = after;
                    piece
                })
                .collect();
            let mut slices: Vec<_> = pieces.iter().map(|piece| IoSlice::new(piece)).collect();
            let write_all = async {
                let mut left = &mut slices[..];
                while !left.is_empty() {
                    let n = near.write_vectored(left).await.unwrap();
                    assert_ne!(n, 0);
                    IoSlice::advance_slices(&mut left, n);
                }
            };
            let mut read = vec![0; bytes.len()];
            let ((), all) = join(write_all, far.read_exact(&mut read)).await;
            all.unwrap();
            assert!(read == bytes, "{lens:?}");
        });
    }
}

#[test]
fn room_after_more_empty_buffers_than_the_system_takes_is_no_end() {
    drive(async {
        let (mut near, mut far) = pair().await;
        let mut room = [0; 8];
        let mut bufs: Vec<_> = (0..1025).map(|_| IoSliceMut::new(&mut [])).collect();
        bufs.push(IoSliceMut::new(&mut room));
        far.write_all(b"abc").await.unwrap();
        assert_eq!(near.read_vectored(&mut bufs).await.unwrap(), 3);
        far.write_all(b"de").await.unwrap();
        near.readable().await.unwrap();
        assert_eq!(near.try_read_vectored(&mut bufs).unwrap(), 2);
        assert_eq!(&room[..3], b"dec");
    });
}

#[test]
fn what_a_full_socket_takes_of_several_buffers_is_told_exactly() {
    drive(async {
        let (near, mut far) = pair().await;
        let mut sent = 0;
        let mut buf = vec![0; 50_000];
        let mut received = Vec::new();
        for second in [2500, 100_000, 1, 2500] {
            loop {
                let (one, two) = (pattern(sent, 1500), pattern(sent + 1500, second));
                let bufs = [IoSlice::new(&one), IoSlice::new(&two)];
                match near.try_write_vectored(&bufs) {
                    Ok(n) => sent += n,
                    Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                    Err(error) => panic!("{error}"),
                }
            }
            while received.len() < sent {
                let n = far.read(&mut buf).await.unwrap();
                received.extend_from_slice(&buf[..n]);
            }
            near.writable().await.unwrap();
        }
        assert!(received == pattern(0, sent), "{} of {sent}", received.len());
        drop(near);
        assert_eq!(far.read(&mut buf).await.unwrap(), 0, "no more than was told");
    });
}

#[test]
fn several_buffers_to_a_connection_that_is_gone_are_an_error_and_no_signal() {
    drive(async {
        for len in [10, 10_000] {
            let (mut near, _far) = pair().await;
            near.shutdown().await.unwrap();
            let bytes = vec![0; len];
            let bufs = [IoSlice::new(&bytes), IoSlice::new(&bytes)];
            let error = near.write_vectored(&bufs).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::BrokenPipe);
        }
    });
}

#[test]
fn what_needs_no_room_is_done_at_once() {
    drive(async {
        let (mut near, far) = pair().await;
        let done =
            |polled: Poll<std::io::Result<usize>>| assert!(matches!(polled, Poll::Ready(Ok(0))));
        done(poll_once(&mut near.read(&mut [])).await);
        done(poll_once(&mut near.read_exact(&mut [])).await);
        done(poll_once(&mut near.read_vectored(&mut [IoSliceMut::new(&mut [])])).await);
        done(poll_once(&mut Box::pin(near.peek(&mut []))).await);
        assert_eq!(near.try_read(&mut []).unwrap(), 0);
        assert_eq!(near.try_read_vectored(&mut []).unwrap(), 0);
        fill(&near).await;
        done(poll_once(&mut near.write(&[])).await);
        done(poll_once(&mut near.write_vectored(&[IoSlice::new(&[])])).await);
        assert!(poll_once(&mut near.write_all(&[])).await.is_ready());
        assert_eq!(near.try_write(&[]).unwrap(), 0);
        assert_eq!(near.try_write_vectored(&[]).unwrap(), 0);
        drop(far);
    });
}

#[test]
fn trying_never_waits() {
    drive(async {
        let (near, mut far) = pair().await;
        let mut buf = [0; 8];
        let error = near.try_read(&mut buf).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::WouldBlock);
        far.write_all(b"abcdef").await.unwrap();
        near.readable().await.unwrap();
        assert_eq!(near.try_read(&mut buf[..2]).unwrap(), 2);
        let (mut one, mut two) = ([0; 1], [0; 2]);
        let mut bufs = [IoSliceMut::new(&mut one), IoSliceMut::new(&mut two)];
        assert_eq!(near.try_read_vectored(&mut bufs).unwrap(), 3);
        assert_eq!((&buf[..2], &one, &two), (&b"ab"[..], b"c", b"de"));
        assert_eq!(near.try_read(&mut buf).unwrap(), 1);
        let error = near.try_read(&mut buf).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::WouldBlock);
    });
}

#[test]
fn an_operation_of_ones_own_runs_when_the_socket_is_ready() {
    drive(async {
        let (near, mut far) = pair().await;
        let peek = || {
            let mut byte = [MaybeUninit::uninit()];
            socket2::SockRef::from(&near).peek(&mut byte)
        };
        let tried = near.try_io(Interest::READABLE, peek);
        assert_eq!(tried.unwrap_err().kind(), ErrorKind::WouldBlock);
        let waiting = near.async_io(Interest::READABLE, peek);
        let (peeked, written) = join(waiting, far.write_all(b"x")).await;
        assert_eq!((peeked.unwrap(), written.unwrap()), (1, ()));
        assert_eq!(near.try_io(Interest::READABLE, peek).unwrap(), 1);
        let failed = near.try_io(Interest::READABLE, || Err::<(), _>(ErrorKind::Other.into()));
        assert_eq!(failed.unwrap_err().kind(), ErrorKind::Other);
    });
}

#[test]
fn what_is_peeked_is_read_again() {
    drive(async {
        let (mut near, mut far) = pair().await;
        let mut buf = [0; 8];
        let (peeked, written) = join(near.peek(&mut buf), far.write_all(b"abc")).await;
        assert_eq!((peeked.unwrap(), written.unwrap()), (3, ()));
        let mut memory = [MaybeUninit::uninit(); 8];
        let mut peeked = ReadBuf::uninit(&mut memory);
        peeked.put_slice(b"_");
        // Short of the room, and yet not drained.
        for end in [&b"_abc"[..], b"_abc"] {
            peeked.set_filled(1);
            assert_eq!(poll_fn(|cx| near.poll_peek(cx, &mut peeked)).await.unwrap(), 3);
            assert_eq!(peeked.filled(), end);
        }
        let none = poll_fn(|cx| near.poll_peek(cx, &mut peeked.take(0))).await;
        assert_eq!(none.unwrap(), 0, "no room");
        assert_eq!(near.read(&mut buf).await.unwrap(), 3);
        assert_eq!(&buf[..3], b"abc");
    });
}

#[test]
fn readiness_can_be_polled_for() {
    drive(async {
        let (near, mut far) = pair().await;
        poll_fn(|cx| near.poll_write_ready(cx)).await.unwrap();
        let pending = poll_fn(|cx| Poll::Ready(near.poll_read_ready(cx).is_pending())).await;
        assert!(pending);
        far.write_all(b"x").await.unwrap();
        poll_fn(|cx| near.poll_read_ready(cx)).await.unwrap();
        let ready = near.ready(Interest::READABLE | Interest::WRITABLE).await.unwrap();
        assert!(ready.is_readable() && ready.is_writable(), "{ready:?}");
    });
}

#[test]
fn an_accept_future_and_the_like_go_to_other_threads() {
    fn assert_send<T: Send>(_: &T) {}
    fn assert_sync<T: Sync>(_: &T) {}
    drive(async {
        let listener = rt_net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let socket = rt_net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let (mut near, _far) = pair().await;
        assert_send(&listener.accept());
        assert_send(&TcpStream::connect("localhost:1"));
        assert_send(&near.readable());
        assert_send(&near.async_io(Interest::READABLE, || Ok(())));
        assert_send(&socket.send_to(&[], "localhost:1"));
        assert_send(&socket.recv_from(&mut []));
        assert_sync(&socket.recv_from(&mut []));
        assert_send(&near.read(&mut []));
        assert_sync(&near);
        assert_sync(&listener);
        assert_sync(&socket);
    });
}

#[cfg(feature = "bytes")]
mod bytes_buffers {
    use super::*;
    use bytes::{BufMut, BytesMut};

    #[test]
    fn bytes_are_appended() {
        drive(async {
            let (near, mut far) = pair().await;
            let mut buf = BytesMut::with_capacity(4);
            let error = near.try_read_buf(&mut buf).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::WouldBlock);
            far.write_all(b"abcdef").await.unwrap();
            near.readable().await.unwrap();
            assert_eq!(near.try_read_buf(&mut buf).unwrap(), 4);
            let mut none = (&mut buf).limit(0);
            assert_eq!(near.try_read_buf(&mut none).unwrap(), 0);
            let mut vector = vec![b'_'];
            assert_eq!(near.try_read_buf(&mut vector).unwrap(), 2);
            assert_eq!((&buf[..], &vector[..]), (&b"abcd"[..], &b"_ef"[..]));
        });
    }
}
