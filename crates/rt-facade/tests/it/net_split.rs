//! A stream in two halves, borrowed and owned: the same promises for every kind of stream.

use std::io::ErrorKind;

use futures_util::future::join;
use rt_facade::io::Interest;
use rt_facade::net::{TcpListener, TcpStream};
use rt_facade::time::timeout;

use crate::support::{LIMIT, for_each_flavor, poll_once};

async fn tcp_pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let near = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    (near, listener.accept().await.unwrap().0)
}

#[cfg(unix)]
async fn unix_pair() -> (rt_facade::net::UnixStream, rt_facade::net::UnixStream) {
    rt_facade::net::UnixStream::pair().unwrap()
}

/// More than the system holds for one connection.
const MANY: usize = 8 << 20;

fn bytes(from: u8) -> Vec<u8> {
    (0..MANY).map(|n| (n % 251) as u8 ^ from).collect()
}

/// Sends `bytes` by the writing half, and ends; reads by the other until the end.
macro_rules! send_and_read_all {
    ($read:expr, $write:expr, $bytes:expr) => {
        join(
            async {
                let mut got = Vec::with_capacity(MANY);
                let mut buf = vec![0; 30_000];
                loop {
                    let n = $read.read(&mut buf).await.unwrap();
                    if n == 0 {
                        break got;
                    }
                    got.extend_from_slice(&buf[..n]);
                }
            },
            async {
                $write.write_all($bytes).await.unwrap();
                $write.shutdown().await.unwrap();
            },
        )
    };
}

macro_rules! promises {
    ($kind:ident, $pair:path, $types:path) => {
        mod $kind {
            use super::*;
            use $types::{OwnedReadHalf, OwnedWriteHalf, ReadHalf, ReuniteError, WriteHalf};

            #[test]
            fn borrowed_halves_read_and_write_at_the_same_time() {
                for_each_flavor(|runtime| {
                    runtime.block_on(async {
                        let (mut near, mut far) = $pair().await;
                        let (there, back) = (bytes(0), bytes(7));
                        let expected = there.clone();
                        let answer = back.clone();
                        let task = rt_facade::spawn(async move {
                            let (mut read, mut write) = far.split();
                            send_and_read_all!(read, write, &answer).await.0
                        });
                        let (mut read, mut write): (ReadHalf<'_>, WriteHalf<'_>) = near.split();
                        let both = send_and_read_all!(read, write, &there);
                        let (got, ()) = timeout(LIMIT, both).await.unwrap();
                        assert!(got == back && task.await.unwrap() == expected);
                    });
                });
            }

            #[test]
            fn owned_halves_work_in_tasks_of_their_own() {
                for_each_flavor(|runtime| {
                    runtime.block_on(async {
                        let (near, far) = $pair().await;
                        let sent = bytes(0);
                        let (mut far_read, mut far_write) = far.into_split();
                        let echo = rt_facade::spawn(async move {
                            let mut buf = vec![0; 10_000];
                            loop {
                                let n = far_read.read(&mut buf).await.unwrap();
                                if n == 0 {
                                    break;
                                }
                                far_write.write_all(&buf[..n]).await.unwrap();
                            }
                        });
                        let (mut read, mut write) = near.into_split();
                        let all = sent.clone();
                        let writes = rt_facade::spawn(async move {
                            write.write_all(&all).await.unwrap();
                        });
                        let reads = rt_facade::spawn(async move {
                            let mut got = vec![0; MANY];
                            read.read_exact(&mut got).await.unwrap();
                            assert_eq!(read.read(&mut [0]).await.unwrap(), 0, "the end");
                            got
                        });
                        let got = timeout(LIMIT, reads).await.unwrap().unwrap();
                        assert!(got == sent);
                        writes.await.unwrap();
                        echo.await.unwrap();
                    });
                });
            }

            /// Each way of waiting finds what the one before it left: a waker, or what it knew.
            #[test]
            fn whole_and_split_by_turns_miss_nothing() {
                for_each_flavor(|runtime| {
                    runtime.block_on(async {
                        let (mut near, far) = $pair().await;
                        let (mut far_read, mut far_write) = far.into_split();
                        // Sends one byte for each that it gets.
                        let echo = rt_facade::spawn(async move {
                            let mut one = [0];
                            while far_read.read(&mut one).await.unwrap() == 1 {
                                far_write.write_all(&one).await.unwrap();
                            }
                        });
                        // A short read, and a wait that is given up, before each change of hands.
                        macro_rules! ask {
                            ($read:expr, $write:expr, $what:expr) => {{
                                let asks = async {
                                    let mut big = [0; 64];
                                    $write.write_all(&[$what]).await.unwrap();
                                    assert_eq!($read.read(&mut big).await.unwrap(), 1);
                                    assert_eq!(big[0], $what);
                                };
                                timeout(LIMIT, asks).await.expect("an answer");
                                let mut none = [0];
                                let mut given_up = std::pin::pin!($read.read(&mut none));
                                let polled = poll_once(given_up.as_mut()).await;
                                assert!(polled.is_pending());
                            }};
                        }
                        for round in 0..50_u8 {
                            ask!(near, near, round);
                            {
                                let (mut read, mut write) = near.split();
                                ask!(read, write, round);
                            }
                            ask!(near, near, round);
                            let (mut read, mut write) = near.into_split();
                            let halves = rt_facade::spawn(async move {
                                ask!(read, write, round);
                                (read, write)
                            });
                            let (read, write) = halves.await.unwrap();
                            near = read.reunite(write).unwrap();
                        }
                        drop(near);
                        echo.await.unwrap();
                    });
                });
            }

            #[test]
            fn halves_of_one_stream_reunite_and_others_come_back() {
                for_each_flavor(|runtime| {
                    runtime.block_on(async {
                        let (near, far) = $pair().await;
                        let (near_read, near_write) = near.into_split();
                        let (far_read, far_write) = far.into_split();
                        let ReuniteError(near_read, far_write): ReuniteError =
                            near_read.reunite(far_write).unwrap_err();
                        let error = near_write.reunite(far_read).unwrap_err();
                        assert!(error.to_string().contains("not of the same stream"), "{error}");
                        let ReuniteError(far_read, near_write) = error;
                        let mut near = near_read.reunite(near_write).unwrap();
                        let mut far = far_write.reunite(far_read).unwrap();
                        near.write_all(b"whole").await.unwrap();
                        let mut got = [0; 5];
                        far.read_exact(&mut got).await.unwrap();
                        assert_eq!(&got, b"whole");
                    });
                });
            }

            #[test]
            fn dropping_the_writing_half_ends_what_is_sent_unless_forgotten() {
                for_each_flavor(|runtime| {
                    runtime.block_on(async {
                        let (near, mut far) = $pair().await;
                        let (mut read, write): (OwnedReadHalf, OwnedWriteHalf) = near.into_split();
                        drop(write);
                        assert_eq!(far.read(&mut [0]).await.unwrap(), 0);
                        far.write_all(b"still").await.unwrap();
                        read.read_exact(&mut [0; 5]).await.unwrap();

                        let (near, mut far) = $pair().await;
                        let (read, write) = near.into_split();
                        write.forget();
                        let mut buf = [0];
                        let mut end = std::pin::pin!(far.read(&mut buf));
                        assert!(poll_once(end.as_mut()).await.is_pending());
                        drop(read);
                        assert_eq!(end.await.unwrap(), 0, "closed with the last half");
                    });
                });
            }

            #[test]
            fn dropping_the_reading_half_closes_nothing() {
                for_each_flavor(|runtime| {
                    runtime.block_on(async {
                        let (near, mut far) = $pair().await;
                        let (read, mut write) = near.into_split();
                        drop(read);
                        write.write_all(b"on").await.unwrap();
                        far.read_exact(&mut [0; 2]).await.unwrap();
                        far.write_all(b"unread").await.unwrap();
                        write.shutdown().await.unwrap();
                        assert_eq!(far.read(&mut [0]).await.unwrap(), 0);
                    });
                });
            }

            #[test]
            fn a_half_tells_when_it_is_ready_and_tries() {
                for_each_flavor(|runtime| {
                    runtime.block_on(async {
                        let (near, mut far) = $pair().await;
                        let (read, write) = near.into_split();
                        write.writable().await.unwrap();
                        assert!(write.ready(Interest::WRITABLE).await.unwrap().is_writable());
                        let early = read.try_read(&mut [0]).unwrap_err();
                        assert_eq!(early.kind(), ErrorKind::WouldBlock);
                        assert_eq!(write.try_write(b"a").unwrap(), 1);
                        let bufs = [std::io::IoSlice::new(b"b"), std::io::IoSlice::new(b"c")];
                        assert_eq!(write.try_write_vectored(&bufs).unwrap(), 2);
                        let mut got = [0; 3];
                        far.read_exact(&mut got).await.unwrap();
                        assert_eq!(&got, b"abc");
                        far.write_all(b"xyz").await.unwrap();
                        read.readable().await.unwrap();
                        assert!(read.ready(Interest::READABLE).await.unwrap().is_readable());
                        let (mut one, mut two) = ([0; 1], [0; 8]);
                        let mut bufs = [
                            std::io::IoSliceMut::new(&mut one),
                            std::io::IoSliceMut::new(&mut two),
                        ];
                        assert_eq!(read.try_read_vectored(&mut bufs).unwrap(), 3);
                        assert_eq!((&one, &two[..2]), (b"x", &b"yz"[..]));
                        assert_eq!(
                            (read.try_read(&mut []).unwrap(), write.try_write(&[]).unwrap()),
                            (0, 0)
                        );
                    });
                });
            }

            #[test]
            fn a_writer_without_room_keeps_no_reader_from_being_woken() {
                for_each_flavor(|runtime| {
                    runtime.block_on(async {
                        let (near, mut far) = $pair().await;
                        let (mut read, mut write) = near.into_split();
                        let writer = rt_facade::spawn(async move {
                            let result = write.write_all(&vec![0; 4 * MANY]).await;
                            assert!(result.is_err(), "the other side goes without reading it");
                        });
                        let reader = rt_facade::spawn(async move {
                            for _ in 0..100 {
                                read.read_exact(&mut [0]).await.unwrap();
                            }
                        });
                        let feed = async {
                            for _ in 0..100 {
                                far.write_all(b"!").await.unwrap();
                                rt_facade::task::yield_now().await;
                            }
                            reader.await.unwrap();
                        };
                        timeout(LIMIT, feed).await.expect("the reader goes on");
                        drop(far);
                        timeout(LIMIT, writer).await.expect("told of the end").unwrap();
                    });
                });
            }

            #[test]
            fn empty_buffers_are_ready_at_once() {
                for_each_flavor(|runtime| {
                    runtime.block_on(async {
                        let (near, _far) = $pair().await;
                        let (mut read, mut write) = near.into_split();
                        let nothing = async {
                            assert_eq!(read.read(&mut []).await.unwrap(), 0);
                            assert_eq!(write.write(&[]).await.unwrap(), 0);
                            assert_eq!(read.read_exact(&mut []).await.unwrap(), 0);
                            write.write_all(&[]).await.unwrap();
                        };
                        timeout(LIMIT, nothing).await.expect("nothing to wait for");
                    });
                });
            }
        }
    };
}

promises!(tcp, tcp_pair, rt_facade::net::tcp);
#[cfg(unix)]
promises!(unix, unix_pair, rt_facade::net::unix);

#[test]
fn the_reading_half_of_tcp_peeks() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let (near, mut far) = tcp_pair().await;
            let here = near.local_addr().unwrap();
            let (mut read, write) = near.into_split();
            assert_eq!((read.local_addr().unwrap(), write.local_addr().unwrap()), (here, here));
            assert_eq!(read.peer_addr().unwrap(), far.local_addr().unwrap());
            far.write_all(b"peek").await.unwrap();
            let mut got = [0; 2];
            assert_eq!(read.peek(&mut got).await.unwrap(), 2);
            assert_eq!(&got, b"pe");
            assert_eq!(read.peek(&mut []).await.unwrap(), 0);
            let mut all = [0; 4];
            read.read_exact(&mut all).await.unwrap();
            assert_eq!(&all, b"peek");
            assert!(read.as_ref().nodelay().is_ok());
        });
    });
}
