//! Reading into the buffers of `bytes`: by every kind of stream and of datagram socket.

use crate::drive::{drive, pair};
use bytes::BytesMut;
use std::io::ErrorKind;

/// Reads by trying into a buffer that grows by what was there.
macro_rules! tries {
    ($reader:expr) => {{
        let mut buf = BytesMut::with_capacity(8);
        buf.extend_from_slice(b"_");
        $reader.readable().await.unwrap();
        assert_eq!($reader.try_read_buf(&mut buf).unwrap(), 3);
        assert_eq!(&buf[..], b"_abc");
        let none = loop {
            match $reader.try_read_buf(&mut buf) {
                Err(error) => break error,
                Ok(n) => assert_eq!(n, 0, "nothing was written"),
            }
        };
        assert_eq!(none.kind(), ErrorKind::WouldBlock);
    }};
}

#[test]
fn streams_and_their_halves() {
    drive(async {
        let (mut near, far) = pair().await;
        near.write_all(b"abc").await.unwrap();
        tries!(far);
        near.write_all(b"abc").await.unwrap();
        let (read, _write) = far.into_split();
        tries!(read);
    });
}

#[cfg(unix)]
#[test]
fn streams_and_pipes_of_unix() {
    drive(async {
        let (mut near, mut far) = rt_net::UnixStream::pair().unwrap();
        near.write_all(b"abc").await.unwrap();
        tries!(far);
        near.write_all(b"abc").await.unwrap();
        tries!(far.split().0);
        let (mut sender, receiver) = rt_net::unix::pipe::pipe().unwrap();
        sender.write_all(b"abc").await.unwrap();
        tries!(receiver);
    });
}

#[cfg(unix)]
#[test]
fn datagrams_of_unix() {
    drive(async {
        let (near, far) = rt_net::UnixDatagram::pair().unwrap();
        let mut buf = BytesMut::with_capacity(32);
        for datagram in [&b"one"[..], b"two", b"three", b"four"] {
            near.send(datagram).await.unwrap();
        }
        assert_eq!(far.recv_buf(&mut buf).await.unwrap(), 3);
        let (len, sender) = far.recv_buf_from(&mut buf).await.unwrap();
        assert_eq!((len, sender.is_unnamed()), (3, true));
        assert_eq!(far.try_recv_buf(&mut buf).unwrap(), 5);
        assert_eq!(far.try_recv_buf_from(&mut buf).unwrap().0, 4);
        assert_eq!(&buf[..], b"onetwothreefour");
    });
}
