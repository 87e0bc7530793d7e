//! The futures that read into and write from the buffers of `bytes`.

use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use std::io::{self, IoSlice};

use bytes::{Buf, BufMut};

use super::{Site, reading, took_nothing, uninterrupted, writing};
use crate::lend::lend_raw;
use crate::{AsyncRead, AsyncWrite};

/// The future of [`AsyncReadExt::read_buf`](crate::AsyncReadExt::read_buf).
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct ReadInto<'a, R: ?Sized, B: ?Sized> {
    reader: &'a mut R,
    buf: &'a mut B,
    site: Site,
}

impl<'a, R: ?Sized, B: ?Sized> ReadInto<'a, R, B> {
    pub(super) fn new(reader: &'a mut R, buf: &'a mut B, site: Site) -> Self {
        Self { reader, buf, site }
    }
}

impl<R, B> Future for ReadInto<'_, R, B>
where
    R: AsyncRead + Unpin + ?Sized,
    B: BufMut + ?Sized,
{
    type Output = io::Result<usize>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let Self { reader, buf, site } = &mut *self;
        if !buf.has_remaining_mut() {
            return Poll::Ready(Ok(0));
        }
        let chunk = buf.chunk_mut();
        // SAFETY: a `ReadBuf` takes no value away (its I2).
        let memory = unsafe { chunk.as_uninit_slice_mut() };
        let (lent, polled) = lend_raw(memory, |memory| {
            reading(site, cx, |cx| Pin::new(&mut **reader).poll_read(cx, memory))
        });
        ready!(polled)?;
        // SAFETY: the first `lent.filled` bytes of the chunk hold values: those of the `ReadBuf` over
        // it that are filled.
        unsafe { buf.advance_mut(lent.filled) };
        Poll::Ready(Ok(lent.filled))
    }
}

/// The future of [`AsyncWriteExt::write_buf`](crate::AsyncWriteExt::write_buf).
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct WriteBuf<'a, W: ?Sized, B: ?Sized> {
    writer: &'a mut W,
    buf: &'a mut B,
    site: Site,
}

impl<'a, W: ?Sized, B: ?Sized> WriteBuf<'a, W, B> {
    pub(super) fn new(writer: &'a mut W, buf: &'a mut B, site: Site) -> Self {
        Self { writer, buf, site }
    }
}

impl<W, B> Future for WriteBuf<'_, W, B>
where
    W: AsyncWrite + Unpin + ?Sized,
    B: Buf + ?Sized,
{
    type Output = io::Result<usize>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let Self { writer, buf, site } = &mut *self;
        if !buf.has_remaining() {
            return Poll::Ready(Ok(0));
        }
        writing(site, cx, |cx| poll_write_buf(&mut **writer, cx, &mut **buf))
    }
}

/// The future of [`AsyncWriteExt::write_all_buf`](crate::AsyncWriteExt::write_all_buf).
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct WriteAllBuf<'a, W: ?Sized, B: ?Sized> {
    writer: &'a mut W,
    buf: &'a mut B,
    site: Site,
}

impl<'a, W: ?Sized, B: ?Sized> WriteAllBuf<'a, W, B> {
    pub(super) fn new(writer: &'a mut W, buf: &'a mut B, site: Site) -> Self {
        Self { writer, buf, site }
    }
}

impl<W, B> Future for WriteAllBuf<'_, W, B>
where
    W: AsyncWrite + Unpin + ?Sized,
    B: Buf + ?Sized,
{
    type Output = io::Result<()>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Self { writer, buf, site } = &mut *self;
        writing(site, cx, |cx| {
            while buf.has_remaining() {
                let written = uninterrupted(|| poll_write_buf(&mut **writer, cx, &mut **buf));
                if ready!(written)? == 0 {
                    return Poll::Ready(Err(took_nothing()));
                }
            }
            Poll::Ready(Ok(()))
        })
    }
}

/// Writes once from `buf`, which has something left, and moves it on.
fn poll_write_buf<W, B>(
    writer: &mut W,
    cx: &mut Context<'_>,
    buf: &mut B,
) -> Poll<io::Result<usize>>
where
    W: AsyncWrite + Unpin + ?Sized,
    B: Buf + ?Sized,
{
    let mut writer = Pin::new(writer);
    // One piece needs no list of pieces.
    let is_whole = buf.chunk().len() == buf.remaining();
    let n = if is_whole || !writer.is_write_vectored() {
        ready!(writer.poll_write(cx, buf.chunk()))?
    } else {
        let mut pieces = [IoSlice::new(&[]); PIECES_MAX];
        let n = buf.chunks_vectored(&mut pieces);
        ready!(writer.as_mut().poll_write_vectored(cx, &pieces[..n]))?
    };
    buf.advance(n);
    Poll::Ready(Ok(n))
}

/// Pieces of a buffer that are written at once; what systems take is 1024 at most, and often less.
const PIECES_MAX: usize = 64;
