//! The traits of reading, writing and moving, for files.

use std::io::{self, IoSlice, SeekFrom};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use rt_io::{AsyncRead, AsyncSeek, AsyncWrite, ReadBuf};
use rt_task::wait::{Wait, WaitKind, poll_leaf};

use super::File;
use super::core::CoreRef;
use super::front::{Front, call};

/// From what was read ahead: no hop. Else one.
impl AsyncRead for File {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let (front, core) = self.get_mut().front_mut();
        match buf.remaining() {
            0 => Poll::Ready(Ok(())),
            _ => front.poll_read(core, cx, buf),
        }
    }
}

/// Copied, and written behind. A flush waits for it; a shutdown is a flush.
impl AsyncWrite for File {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, &[IoSlice::new(buf)])
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let (front, core) = self.get_mut().front_mut();
        ready!(front.poll_still(core, cx));
        write(front, core, cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let (front, core) = self.get_mut().front_mut();
        let wait =
            || Wait { kind: WaitKind::Blocking, object: core.address(), site: front.opened_at() };
        poll_leaf(cx, wait, |cx| {
            let mut desk = ready!(core.wait(cx, |desk| !desk.is_behind()));
            Poll::Ready(desk.take_error().map_or(Ok(()), Err))
        })
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_flush(cx)
    }
}

fn write(
    front: &mut Front,
    core: &CoreRef,
    cx: &mut Context<'_>,
    bufs: &[IoSlice<'_>],
) -> Poll<io::Result<usize>> {
    let site = front.opened_at();
    let wait = || Wait { kind: WaitKind::Blocking, object: core.address(), site };
    poll_leaf(cx, wait, |cx| {
        let max = front.max_buf_size;
        let mut desk = ready!(core.wait(cx, |desk| desk.has_error() || desk.room(max) > 0));
        if let Some(error) = desk.take_error() {
            return Poll::Ready(Err(error));
        }
        if bufs.iter().all(|buf| buf.is_empty()) {
            return Poll::Ready(Ok(0));
        }
        front.settle(&mut desk);
        let room = desk.room(max);
        let laid = desk.lay(bufs.iter().map(|buf| &**buf), room);
        drop(desk);
        if laid.must_call
            && let Err(error) = call("writing the `File` opened", core, site)
            && core.take_back()
        {
            return Poll::Ready(Err(error));
        }
        Poll::Ready(Ok(laid.bytes))
    })
}

/// From the start or from here: no hop, if nothing is under way. Else one.
impl AsyncSeek for File {
    fn start_seek(self: Pin<&mut Self>, position: SeekFrom) -> io::Result<()> {
        let (front, core) = self.get_mut().front_mut();
        front.start_seek(core, position)
    }

    fn poll_complete(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        let (front, core) = self.get_mut().front_mut();
        front.poll_complete(core, cx)
    }
}
