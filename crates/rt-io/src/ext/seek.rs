//! The methods of whatever has a position.

use core::future::Future;
use core::panic::Location;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use std::io::{self, SeekFrom};

use rt_task::wait::{Wait, WaitKind, poll_at};

use super::Site;
use crate::AsyncSeek;

/// Moving to and fro, for whatever implements [`AsyncSeek`].
///
/// ```
/// use rt_io::{AsyncReadExt, AsyncSeekExt, SeekFrom};
///
/// # rt_task::block_on(async {
/// let mut text = std::io::Cursor::new(b"to and fro");
/// assert_eq!(text.seek(SeekFrom::End(-3)).await?, 7);
/// assert_eq!(text.read_u8().await?, b'f');
/// # Ok::<(), std::io::Error>(())
/// # })?;
/// # Ok::<(), std::io::Error>(())
/// ```
pub trait AsyncSeekExt: AsyncSeek {
    /// Moves to `position` and tells it, in bytes from the start.
    ///
    /// Waits for a move that is under way first. Not cancel safe: a move that has begun goes on.
    ///
    /// # Errors
    /// What the move fails with.
    #[track_caller]
    fn seek(&mut self, position: SeekFrom) -> Seek<'_, Self>
    where
        Self: Unpin,
    {
        Seek::new(self, position, Location::caller())
    }

    /// Moves to the start.
    ///
    /// # Errors
    /// What the move fails with.
    #[track_caller]
    fn rewind(&mut self) -> Seek<'_, Self>
    where
        Self: Unpin,
    {
        Seek::new(self, SeekFrom::Start(0), Location::caller())
    }

    /// The position, in bytes from the start.
    ///
    /// # Errors
    /// What the source fails with.
    #[track_caller]
    fn stream_position(&mut self) -> Seek<'_, Self>
    where
        Self: Unpin,
    {
        Seek::new(self, SeekFrom::Current(0), Location::caller())
    }
}

impl<S: AsyncSeek + ?Sized> AsyncSeekExt for S {}

/// The future of [`AsyncSeekExt::seek`] and its like.
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct Seek<'a, S: ?Sized> {
    seek: &'a mut S,
    /// Where to, until the move has begun.
    position: Option<SeekFrom>,
    site: Site,
}

impl<'a, S: ?Sized> Seek<'a, S> {
    fn new(seek: &'a mut S, position: SeekFrom, site: Site) -> Self {
        Self { seek, position: Some(position), site }
    }
}

impl<S: AsyncSeek + Unpin + ?Sized> Future for Seek<'_, S> {
    type Output = io::Result<u64>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        let Self { seek, position, site } = &mut *self;
        let mut seek = Pin::new(&mut **seek);
        let wait = || Wait { kind: WaitKind::Other, object: 0, site };
        poll_at(cx, wait, |cx| {
            if let Some(to) = *position {
                ready!(seek.as_mut().poll_complete(cx))?; // one that is under way
                seek.as_mut().start_seek(to)?;
                *position = None;
            }
            seek.poll_complete(cx)
        })
    }
}
