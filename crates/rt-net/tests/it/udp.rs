//! Datagrams: sent and received in all three forms, looked at, cut off, refused.

use crate::drive::{drive, poll_once};
use futures_util::future::join;
use futures_util::stream::{FuturesUnordered, StreamExt};
use rt_io::ReadBuf;
use rt_net::UdpSocket;
#[cfg(unix)]
use socket2::SockRef;
use std::collections::BTreeSet;
use std::fmt::Debug;
use std::future::poll_fn;
use std::io;
use std::io::ErrorKind::{self, ConnectionRefused, ConnectionReset};
use std::mem::MaybeUninit;
use std::net::SocketAddr;
use std::task::Poll;

async fn bound() -> (UdpSocket, SocketAddr) {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let address = socket.local_addr().unwrap();
    (socket, address)
}

/// Two sockets, connected to each other.
async fn connected() -> (UdpSocket, UdpSocket) {
    let ((near, near_at), (far, far_at)) = (bound().await, bound().await);
    near.connect(far_at).await.unwrap();
    far.connect(near_at).await.unwrap();
    (near, far)
}

#[test]
fn datagrams_come_whole_and_with_their_sender() {
    drive(async {
        let ((near, near_at), (far, far_at)) = (bound().await, bound().await);
        let mut buf = [0; 16];
        for datagram in [&b"one"[..], b"", b"three"] {
            let (received, sent) =
                join(far.recv_from(&mut buf), near.send_to(datagram, far_at)).await;
            assert_eq!(sent.unwrap(), datagram.len());
            let (len, sender) = received.unwrap();
            assert_eq!((&buf[..len], sender), (datagram, near_at));
        }
        let name = format!("localhost:{}", far_at.port());
        near.send_to(b"by name", &name).await.unwrap();
        assert_eq!(far.recv_from(&mut buf).await.unwrap(), (7, near_at));
        let nowhere: &[SocketAddr] = &[];
        let error = near.send_to(b"x", nowhere).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
    });
}

/// Of a datagram that was cut off, Windows tells that it was, and others the `part` that is left.
#[track_caller]
fn assert_cut<T: PartialEq + Debug>(told: io::Result<T>, part: T) {
    match told {
        Err(error) if cfg!(windows) => assert_eq!(error.raw_os_error(), Some(10040), "{error}"),
        told => assert_eq!(told.unwrap(), part),
    }
}

#[test]
fn what_does_not_fit_is_lost() {
    drive(async {
        let (near, far) = connected().await;
        for _ in 0..2 {
            near.send(b"0123456789").await.unwrap();
        }
        let mut buf = [0; 4];
        assert_cut(far.recv(&mut buf).await, 4);
        assert_cut(far.recv(&mut []).await, 0); // the second, all of it lost
        assert!(poll_once(&mut Box::pin(far.recv(&mut buf))).await.is_pending());
    });
}

#[test]
fn a_connected_socket_hears_its_peer_alone() {
    drive(async {
        let (near, far) = connected().await;
        let (stranger, _) = bound().await;
        stranger.send_to(b"psst", far.local_addr().unwrap()).await.unwrap();
        near.send(b"hello").await.unwrap();
        let mut buf = [0; 8];
        assert_eq!(far.recv(&mut buf).await.unwrap(), 5);
        assert_eq!(far.peer_addr().unwrap(), near.local_addr().unwrap());
    });
}

#[test]
fn nobody_there_is_told_by_a_later_call() {
    drive(async {
        let (near, far) = connected().await;
        drop(far);
        near.send(b"x").await.unwrap();
        let mut buf = [0; 8];
        let error = near.recv(&mut buf).await.unwrap_err();
        let refused = if cfg!(windows) { ConnectionReset } else { ConnectionRefused };
        assert_eq!(error.kind(), refused);
        assert!(poll_once(&mut Box::pin(near.recv(&mut buf))).await.is_pending(), "told once");
    });
}

#[test]
fn too_long_a_datagram_is_refused() {
    drive(async {
        let (near, far) = connected().await;
        assert!(near.send(&[0; 70_000]).await.is_err());
        assert!(near.send_to(&[0; 70_000], far.local_addr().unwrap()).await.is_err());
        assert!(near.try_send(&[0; 70_000]).is_err());
        near.send(b"fine").await.unwrap();
        assert_eq!(far.recv(&mut [0; 8]).await.unwrap(), 4);
    });
}

#[test]
fn a_datagram_can_be_looked_at() {
    drive(async {
        let (near, far) = connected().await;
        let near_at = near.local_addr().unwrap();
        let mut buf = [0; 8];
        assert_eq!(far.try_peek(&mut buf).unwrap_err().kind(), ErrorKind::WouldBlock);
        let (peeked, sent) = join(far.peek(&mut buf), near.send(b"abcdef")).await;
        assert_eq!((peeked.unwrap(), sent.unwrap()), (6, 6));
        assert_cut(far.peek(&mut buf[..2]).await, 2); // and all of it kept
        assert_eq!(far.peek_from(&mut buf).await.unwrap(), (6, near_at));
        assert_eq!(far.peek_sender().await.unwrap(), near_at);
        assert_eq!(far.try_peek(&mut buf).unwrap(), 6);
        assert_eq!(far.try_peek_from(&mut buf).unwrap(), (6, near_at));
        assert_eq!(far.try_peek_sender().unwrap(), near_at);
        let mut memory = [MaybeUninit::uninit(); 16];
        let mut peeked = ReadBuf::uninit(&mut memory);
        poll_fn(|cx| far.poll_peek(cx, &mut peeked)).await.unwrap();
        let sender = poll_fn(|cx| far.poll_peek_from(cx, &mut peeked)).await.unwrap();
        assert_eq!((peeked.filled(), sender), (&b"abcdefabcdef"[..], near_at));
        assert_eq!(poll_fn(|cx| far.poll_peek_sender(cx)).await.unwrap(), near_at);
        assert_eq!(far.recv(&mut buf).await.unwrap(), 6);
        assert_eq!(far.try_peek_sender().unwrap_err().kind(), ErrorKind::WouldBlock);
    });
}

#[test]
fn polling_sends_and_receives() {
    drive(async {
        let (near, far) = connected().await;
        let (near_at, far_at) = (near.local_addr().unwrap(), far.local_addr().unwrap());
        let mut memory = [MaybeUninit::uninit(); 16];
        let mut buf = ReadBuf::uninit(&mut memory);
        let pending = poll_fn(|cx| Poll::Ready(far.poll_recv(cx, &mut buf).is_pending())).await;
        assert!(pending);
        poll_fn(|cx| near.poll_send_ready(cx)).await.unwrap();
        assert_eq!(poll_fn(|cx| near.poll_send(cx, b"one")).await.unwrap(), 3);
        poll_fn(|cx| far.poll_recv_ready(cx)).await.unwrap();
        poll_fn(|cx| far.poll_recv(cx, &mut buf)).await.unwrap();
        assert_eq!(poll_fn(|cx| near.poll_send_to(cx, b"two", far_at)).await.unwrap(), 3);
        let sender = poll_fn(|cx| far.poll_recv_from(cx, &mut buf)).await.unwrap();
        assert_eq!((buf.filled(), sender), (&b"onetwo"[..], near_at));
    });
}

#[test]
fn trying_never_waits() {
    drive(async {
        let (near, far) = connected().await;
        let (near_at, far_at) = (near.local_addr().unwrap(), far.local_addr().unwrap());
        let mut buf = [0; 8];
        assert_eq!(far.try_recv(&mut buf).unwrap_err().kind(), ErrorKind::WouldBlock);
        assert_eq!(far.try_recv_from(&mut buf).unwrap_err().kind(), ErrorKind::WouldBlock);
        near.writable().await.unwrap();
        assert_eq!(near.try_send(b"one").unwrap(), 3);
        assert_eq!(near.try_send_to(b"three", far_at).unwrap(), 5);
        far.readable().await.unwrap();
        assert_eq!(far.try_recv(&mut buf).unwrap(), 3);
        assert_eq!(far.try_recv_from(&mut buf).unwrap(), (5, near_at));
        assert_eq!(far.try_recv(&mut buf).unwrap_err().kind(), ErrorKind::WouldBlock);
    });
}

#[test]
fn any_number_of_tasks_receive_and_each_datagram_goes_to_one() {
    const COUNT: u8 = 50;
    drive(async {
        let (near, far) = connected().await;
        // Each with a waker of its own.
        let receivers: FuturesUnordered<_> = (0..COUNT)
            .map(|_| async {
                let mut buf = [0; 1];
                far.recv(&mut buf).await.unwrap();
                buf[0]
            })
            .collect();
        let send = async {
            for datagram in 0..COUNT {
                near.send(&[datagram]).await.unwrap();
            }
        };
        let (got, ()) = join(receivers.collect::<BTreeSet<_>>(), send).await;
        assert_eq!(got, (0..COUNT).collect());
    });
}

#[test]
fn a_receiver_that_is_dropped_takes_no_datagram_with_it() {
    drive(async {
        let (near, far) = connected().await;
        let (mut buf, mut other) = ([0; 8], [0; 8]);
        let mut first = Box::pin(far.recv(&mut buf));
        let mut second = Box::pin(far.recv(&mut other));
        assert!(poll_once(&mut first).await.is_pending());
        assert!(poll_once(&mut second).await.is_pending());
        near.send(b"x").await.unwrap();
        drop(first);
        assert_eq!(second.await.unwrap(), 1);
    });
}

#[test]
fn sockets_go_to_std_and_back() {
    let socket = drive(async { connected().await.0.into_std().unwrap() });
    let at = socket.local_addr().unwrap();
    socket.set_nonblocking(false).unwrap();
    drive(async {
        let socket = UdpSocket::try_from(socket).unwrap();
        #[cfg(unix)] // Windows does not tell.
        assert!(SockRef::from(&socket).nonblocking().unwrap());
        let (other, other_at) = bound().await;
        socket.connect(other_at).await.unwrap();
        let mut buf = [0; 8];
        let (received, sent) = join(socket.recv(&mut buf), other.send_to(b"back", at)).await;
        assert_eq!((received.unwrap(), sent.unwrap()), (4, 4));
    });
}

#[cfg(feature = "bytes")]
mod bytes_buffers {
    use super::*;
    use bytes::{BufMut, BytesMut};

    #[test]
    fn datagrams_are_appended() {
        drive(async {
            let (near, far) = connected().await;
            let near_at = near.local_addr().unwrap();
            let mut buf = BytesMut::with_capacity(64);
            let error = far.try_recv_buf(&mut buf).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::WouldBlock);
            let (received, sent) = join(far.recv_buf(&mut buf), near.send(b"one ")).await;
            assert_eq!((received.unwrap(), sent.unwrap()), (4, 4));
            for datagram in [&b"two "[..], b"three ", b"four"] {
                near.send(datagram).await.unwrap();
            }
            assert_eq!(far.recv_buf_from(&mut buf).await.unwrap(), (4, near_at));
            assert_eq!(far.try_recv_buf(&mut buf).unwrap(), 6);
            assert_cut(far.try_recv_buf_from(&mut (&mut buf).limit(2)), (2, near_at));
            let end = if cfg!(windows) { "" } else { "fo" };
            assert_eq!(buf, format!("one two three {end}"));
        });
    }
}
