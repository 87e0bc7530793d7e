//! Looking at the next bytes without taking them.

use std::future::Future;
use std::io;
use std::panic::Location;
use std::task::{Context, Poll};

use rt_io::ReadBuf;
use rt_reactor::{Direction, Interest};
use rt_task::wait::WaitKind;

use super::{OwnedReadHalf, ReadHalf, TcpStream};
use crate::uninit::{self, Keep};

/// What is peeked says nothing of what is left: a short count clears no readiness.
macro_rules! peeks {
    ($($Type:ty),*) => {$(
        impl $Type {
            /// Waits for bytes and copies them to `buf`, without taking them: the next read gets
            /// them, too. Zero means the end, or that `buf` is empty.
            ///
            /// Any number of tasks may wait. Cancel safe: nothing is taken.
            ///
            /// # Errors
            /// What the connection failed with; or when the I/O driver is gone.
            #[track_caller]
            pub fn peek<'a>(
                &'a self,
                buf: &'a mut [u8],
            ) -> impl Future<Output = io::Result<usize>> + Send + Sync + 'a {
                let os = self.socket().os();
                let no_room = buf.is_empty();
                let peek = || peek(os.source(), &mut ReadBuf::new(buf));
                let peek = os.registration().async_io(Interest::READABLE, WaitKind::Readable, peek);
                async move { if no_room { Ok(0) } else { peek.await } }
            }

            /// As [`peek`](Self::peek), appending to `buf`, and for one task: of those that poll,
            /// the last is woken.
            ///
            /// # Errors
            /// As `peek`.
            #[track_caller]
            pub fn poll_peek(
                &self,
                cx: &mut Context<'_>,
                buf: &mut ReadBuf<'_>,
            ) -> Poll<io::Result<usize>> {
                if buf.remaining() == 0 {
                    return Poll::Ready(Ok(0));
                }
                let os = self.socket().os();
                let wait = os.wait(WaitKind::Readable, Location::caller());
                os.registration().poll_io(cx, Direction::Read, wait, || peek(os.source(), buf))
            }
        }
    )*};
}
peeks!(TcpStream, ReadHalf<'_>, OwnedReadHalf);

fn peek(source: &mio::net::TcpStream, buf: &mut ReadBuf<'_>) -> io::Result<usize> {
    source.try_io(|| uninit::recv(source, buf, Keep::All))
}
