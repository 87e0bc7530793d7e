//! Every kind of stream behind each reader's and writer's trait.

use crate::drive::{drive, pair};
use std::future::poll_fn;
use std::io::IoSlice;
use std::mem::MaybeUninit;
use std::pin::Pin;

use rt_net::tcp::{OwnedReadHalf, OwnedWriteHalf};

/// A writer and a reader: halves of two streams.
async fn halves() -> (OwnedWriteHalf, OwnedReadHalf) {
    let (near, far) = pair().await;
    (near.into_split().1, far.into_split().0)
}

#[cfg(unix)]
mod unix {
    use rt_net::UnixStream;
    use rt_net::unix::{OwnedReadHalf, OwnedWriteHalf, pipe};

    pub(super) async fn pair() -> (UnixStream, UnixStream) {
        UnixStream::pair().unwrap()
    }

    pub(super) async fn halves() -> (OwnedWriteHalf, OwnedReadHalf) {
        let (near, far) = pair().await;
        (near.into_split().1, far.into_split().0)
    }

    pub(super) async fn piped() -> (pipe::Sender, pipe::Receiver) {
        pipe::pipe().unwrap()
    }
}

/// [`talk`]s by each kind of stream.
macro_rules! there_and_back {
    ($($traits:tt)*) => {
        talk!(pair(), $($traits)*);
        talk!(halves(), $($traits)*);
        #[cfg(unix)]
        {
            talk!(unix::pair(), $($traits)*);
            talk!(unix::halves(), $($traits)*);
            talk!(unix::piped(), $($traits)*);
        }
    };
}

/// Writes by a trait from one side, reads by it on the other, then ends. A macro, since the
/// traits differ in name only.
macro_rules! talk {
    ($pair:expr, $read:path, $write:path, $write_end:ident, |$memory:ident| $buf:expr, $fill:expr) => {
        drive(async {
            let (mut near, mut far) = $pair.await;
            let bufs = [IoSlice::new(b"ab"), IoSlice::new(b"cd")];
            let n = poll_fn(|cx| {
                use $write as Write;
                Write::poll_write_vectored(Pin::new(&mut near), cx, &bufs)
            });
            assert_eq!(n.await.unwrap(), 4);
            let n = poll_fn(|cx| {
                use $write as Write;
                Write::poll_write(Pin::new(&mut near), cx, b"e")
            });
            assert_eq!(n.await.unwrap(), 1);
            poll_fn(|cx| {
                use $write as Write;
                Write::poll_flush(Pin::new(&mut near), cx)
            })
            .await
            .unwrap();
            poll_fn(|cx| {
                use $write as Write;
                Write::$write_end(Pin::new(&mut near), cx)
            })
            .await
            .unwrap();
            drop(near); // of a pipe, this is the end
            let mut got = Vec::new();
            loop {
                let mut $memory = [MaybeUninit::uninit(); 3];
                let mut buf = $buf;
                poll_fn(|cx| {
                    use $read as Read;
                    Read::poll_read(Pin::new(&mut far), cx, $fill(&mut buf))
                })
                .await
                .unwrap();
                if buf.filled().is_empty() {
                    break;
                }
                got.extend_from_slice(buf.filled());
            }
            assert_eq!(got, b"abcde");
        })
    };
}

#[test]
fn rt_io() {
    use rt_io::{AsyncWrite, ReadBuf};
    there_and_back!(
        rt_io::AsyncRead,
        rt_io::AsyncWrite,
        poll_shutdown,
        |memory| ReadBuf::uninit(&mut memory),
        |buf| buf
    );
    drive(async { assert!(pair().await.0.is_write_vectored()) });
}

#[cfg(feature = "tokio-io")]
#[test]
fn tokio_io() {
    use tokio::io::{AsyncWrite, ReadBuf};
    there_and_back!(
        tokio::io::AsyncRead,
        tokio::io::AsyncWrite,
        poll_shutdown,
        |memory| ReadBuf::uninit(&mut memory),
        |buf| buf
    );
    drive(async { assert!(AsyncWrite::is_write_vectored(&pair().await.0)) });
}

#[cfg(feature = "hyper")]
#[test]
fn hyper_rt() {
    use hyper::rt::{ReadBuf, Write};
    fn cursor<'a>(buf: &'a mut ReadBuf<'_>) -> hyper::rt::ReadBufCursor<'a> {
        buf.unfilled()
    }
    there_and_back!(
        hyper::rt::Read,
        hyper::rt::Write,
        poll_shutdown,
        |memory| ReadBuf::uninit(&mut memory),
        cursor
    );
    drive(async { assert!(Write::is_write_vectored(&pair().await.0)) });
}

#[cfg(feature = "futures-io")]
#[test]
fn futures_io() {
    use futures_util::io::{AsyncReadExt, AsyncWriteExt};
    drive(async {
        let (mut near, mut far) = pair().await;
        AsyncWriteExt::write_all(&mut near, b"abc").await.unwrap();
        let bufs = [IoSlice::new(b"d"), IoSlice::new(b"e")];
        assert_eq!(AsyncWriteExt::write_vectored(&mut near, &bufs).await.unwrap(), 2);
        AsyncWriteExt::flush(&mut near).await.unwrap();
        AsyncWriteExt::close(&mut near).await.unwrap();
        let (mut one, mut two) = ([0; 1], [0; 1]);
        let mut bufs = [std::io::IoSliceMut::new(&mut one), std::io::IoSliceMut::new(&mut two)];
        assert_eq!(AsyncReadExt::read_vectored(&mut far, &mut bufs).await.unwrap(), 2);
        let mut rest = String::new();
        AsyncReadExt::read_to_string(&mut far, &mut rest).await.unwrap();
        assert_eq!((&one, &two, &*rest), (b"a", b"b", "cde"));
    });
}
