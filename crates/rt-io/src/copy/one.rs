//! One direction.

use core::future::Future;
use core::panic::Location;
use core::pin::Pin;
use core::task::{Context, Poll};
use std::io;

use super::pump::Pump;
use crate::buf::CAPACITY;
use crate::ext::{Site, reading};
use crate::{AsyncRead, AsyncWrite};

/// Writes to `writer` all that `reader` has until it ends, flushes, and tells how many bytes that
/// was.
///
/// One allocation, and one more each time that its buffer doubles (up to 64 KiB, while reads fill
/// it). The writer is not shut down. Not cancel safe: what was read and not written is lost.
///
/// ```
/// # rt_task::block_on(async {
/// let mut reader = &b"from here"[..];
/// let mut writer = Vec::new();
/// assert_eq!(rt_io::copy(&mut reader, &mut writer).await?, 9);
/// assert_eq!(writer, b"from here");
/// # Ok::<(), std::io::Error>(())
/// # })?;
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
/// What the reader or the writer fails with, but `Interrupted`, which is tried again; `WriteZero`
/// if the writer takes nothing.
#[track_caller]
pub fn copy<'a, R, W>(reader: &'a mut R, writer: &'a mut W) -> Copy<'a, R, W>
where
    R: AsyncRead + Unpin + ?Sized,
    W: AsyncWrite + Unpin + ?Sized,
{
    Copy { reader, writer, pump: Pump::new(CAPACITY, CAPACITY_MAX), site: Location::caller() }
}

/// The future of [`copy()`].
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct Copy<'a, R: ?Sized, W: ?Sized> {
    reader: &'a mut R,
    writer: &'a mut W,
    pump: Pump,
    site: Site,
}

impl<R, W> Future for Copy<'_, R, W>
where
    R: AsyncRead + Unpin + ?Sized,
    W: AsyncWrite + Unpin + ?Sized,
{
    type Output = io::Result<u64>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        let Self { reader, writer, pump, site } = &mut *self;
        reading(site, cx, |cx| pump.poll(cx, Pin::new(&mut **reader), Pin::new(&mut **writer)))
    }
}

/// What the buffer of a copy grows to: as much as a socket's buffers hold at first.
pub(super) const CAPACITY_MAX: usize = 64 * 1024;
