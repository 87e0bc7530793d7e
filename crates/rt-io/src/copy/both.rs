//! Both directions.

use core::future::Future;
use core::panic::Location;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use std::io;

use super::one::CAPACITY_MAX;
use super::pump::Pump;
use crate::buf::CAPACITY;
use crate::ext::{Site, reading};
use crate::{AsyncRead, AsyncWrite};

/// Copies from `a` to `b` and from `b` to `a`, at the same time, until both have ended, and tells
/// how many bytes went each way.
///
/// When one has ended, the other is shut down once all is written to it, and the other way goes
/// on. An error of either ends both ways. Two allocations, and one more each time that a buffer
/// doubles. Not cancel safe: what was read and not written is lost.
///
/// # Errors
/// As [`copy`](fn@crate::copy); what a shutdown fails with.
#[track_caller]
pub fn copy_bidirectional<'a, A, B>(a: &'a mut A, b: &'a mut B) -> CopyBidirectional<'a, A, B>
where
    A: AsyncRead + AsyncWrite + Unpin + ?Sized,
    B: AsyncRead + AsyncWrite + Unpin + ?Sized,
{
    let [a_to_b, b_to_a] = [(); 2].map(|()| Way::Open(Pump::new(CAPACITY, CAPACITY_MAX)));
    CopyBidirectional { a, b, a_to_b, b_to_a, site: Location::caller() }
}

/// [`copy_bidirectional`] with buffers of `a_to_b` and `b_to_a` bytes, which do not grow.
///
/// # Errors
/// As `copy_bidirectional`.
///
/// # Panics
/// If one of them is zero: nothing could ever be read.
#[track_caller]
pub fn copy_bidirectional_with_sizes<'a, A, B>(
    a: &'a mut A,
    b: &'a mut B,
    a_to_b: usize,
    b_to_a: usize,
) -> CopyBidirectional<'a, A, B>
where
    A: AsyncRead + AsyncWrite + Unpin + ?Sized,
    B: AsyncRead + AsyncWrite + Unpin + ?Sized,
{
    assert!(a_to_b > 0 && b_to_a > 0, "a buffer of 0 bytes can hold nothing: say how many");
    let [a_to_b, b_to_a] = [a_to_b, b_to_a].map(|size| Way::Open(Pump::new(size, size)));
    CopyBidirectional { a, b, a_to_b, b_to_a, site: Location::caller() }
}

/// The future of [`copy_bidirectional`].
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct CopyBidirectional<'a, A: ?Sized, B: ?Sized> {
    a: &'a mut A,
    b: &'a mut B,
    a_to_b: Way,
    b_to_a: Way,
    site: Site,
}

impl<A, B> Future for CopyBidirectional<'_, A, B>
where
    A: AsyncRead + AsyncWrite + Unpin + ?Sized,
    B: AsyncRead + AsyncWrite + Unpin + ?Sized,
{
    type Output = io::Result<(u64, u64)>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Self { a, b, a_to_b, b_to_a, site } = &mut *self;
        reading(site, cx, |cx| {
            // Both are polled, whether or not the first is over.
            let there = a_to_b.poll(cx, &mut **a, &mut **b)?;
            let back = b_to_a.poll(cx, &mut **b, &mut **a)?;
            Poll::Ready(Ok((ready!(there), ready!(back))))
        })
    }
}

/// One of two ways.
#[derive(Debug)]
enum Way {
    Open(Pump),
    /// The reader has ended and so many bytes are written; the writer is being shut down.
    Closing(u64),
    Over(u64),
}

impl Way {
    fn poll<R, W>(
        &mut self,
        cx: &mut Context<'_>,
        reader: &mut R,
        writer: &mut W,
    ) -> Poll<io::Result<u64>>
    where
        R: AsyncRead + Unpin + ?Sized,
        W: AsyncWrite + Unpin + ?Sized,
    {
        loop {
            match self {
                Self::Open(pump) => {
                    let copied = pump.poll(cx, Pin::new(&mut *reader), Pin::new(&mut *writer));
                    *self = Self::Closing(ready!(copied)?);
                }
                Self::Closing(written) => {
                    ready!(Pin::new(&mut *writer).poll_shutdown(cx))?;
                    *self = Self::Over(*written);
                }
                Self::Over(written) => return Poll::Ready(Ok(*written)),
            }
        }
    }
}
