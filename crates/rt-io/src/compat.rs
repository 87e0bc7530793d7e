//! Readers and writers of other crates as ours, and ours as theirs.
//!
//! One type for each family of traits, in both directions: around a reader of ours it is one of
//! theirs, around one of theirs it is one of ours. Nothing is copied: the caller's memory is lent
//! through, a poll is one call. Names and terms differ (`poll_close`, `poll_shutdown`), what they
//! mean does not.
//!
//! The sockets of `rt-net` need none of these: they implement all the traits themselves.

#[cfg(feature = "futures-io")]
mod futures_io;
#[cfg(feature = "hyper")]
mod hyper_rt;
#[cfg(feature = "tokio-io")]
mod tokio_io;

#[cfg(feature = "futures-io")]
pub use self::futures_io::FuturesIo;
#[cfg(feature = "hyper")]
pub use hyper_rt::HyperIo;
#[cfg(feature = "tokio-io")]
pub use tokio_io::TokioIo;

/// The type `$Adapter` around what it adapts.
macro_rules! adapter {
    ($(#[$doc:meta])* $Adapter:ident $({ $($field:ident: $type:ty),* })?) => {
        pin_project_lite::pin_project! {
            $(#[$doc])*
            #[derive(Clone, Copy, Debug, Default)]
            pub struct $Adapter<T> {
                #[pin]
                inner: T,
                $($($field: $type,)*)?
            }
        }

        impl<T> $Adapter<T> {
            /// Adapts `inner`. Costs nothing.
            pub fn new(inner: T) -> Self {
                Self { inner, $($($field: <$type>::default(),)*)? }
            }

            /// What is adapted.
            pub fn get_ref(&self) -> &T {
                &self.inner
            }

            /// What is adapted.
            pub fn get_mut(&mut self) -> &mut T {
                &mut self.inner
            }

            /// What is adapted, pinned.
            pub fn get_pin_mut(self: core::pin::Pin<&mut Self>) -> core::pin::Pin<&mut T> {
                self.project().inner
            }

            /// What was adapted.
            pub fn into_inner(self) -> T {
                self.inner
            }
        }
    };
}
use adapter;

/// The methods of a writer's trait by those of another that are called the same.
#[cfg_attr(
    not(any(feature = "hyper", feature = "tokio-io")),
    expect(unused_macros, reason = "the traits of `futures_io` close otherwise")
)]
macro_rules! writes_as {
    ($Trait:path) => {
        #[inline]
        fn poll_write(
            self: Pin<&mut Self>,
            cx: &mut Context<'_>,
            buf: &[u8],
        ) -> Poll<io::Result<usize>> {
            <T as $Trait>::poll_write(self.project().inner, cx, buf)
        }

        #[inline]
        fn poll_write_vectored(
            self: Pin<&mut Self>,
            cx: &mut Context<'_>,
            bufs: &[io::IoSlice<'_>],
        ) -> Poll<io::Result<usize>> {
            <T as $Trait>::poll_write_vectored(self.project().inner, cx, bufs)
        }

        #[inline]
        fn is_write_vectored(&self) -> bool {
            <T as $Trait>::is_write_vectored(&self.inner)
        }

        #[inline]
        fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
            <T as $Trait>::poll_flush(self.project().inner, cx)
        }

        #[inline]
        fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
            <T as $Trait>::poll_shutdown(self.project().inner, cx)
        }
    };
}
#[cfg(any(feature = "hyper", feature = "tokio-io"))]
use writes_as;

#[cfg(all(test, not(rt_loom)))]
mod tests;
