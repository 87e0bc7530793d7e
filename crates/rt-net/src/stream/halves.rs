//! The two halves of a stream, borrowed or owned: the same for every stream, written once.
//!
//! A half goes by a shared reference to the stream, so it waits by the protocol that any number of
//! tasks may use at once; who has the whole stream to itself does it at less cost. Splitting tells
//! the reactor what was kept for that one alone.

/// The types of the halves of `$Stream`, whose addresses are `$Address`es.
macro_rules! halves {
    ($Stream:ident, $Source:ty, $Address:ty) => {
        #[doc = concat!(
            "The reading half of a [`", stringify!($Stream), "`], borrowed by [`split`](",
            stringify!($Stream), "::split)."
        )]
        ///
        /// Costs nothing but the reference. Reading by it and writing by the other half do not
        /// disturb each other.
        #[derive(Debug)]
        pub struct ReadHalf<'a>(&'a $Stream);

        #[doc = concat!(
            "The writing half of a [`", stringify!($Stream), "`], borrowed by [`split`](",
            stringify!($Stream), "::split)."
        )]
        ///
        /// Costs nothing but the reference. Dropping it does not end what is sent; `shutdown`
        /// does.
        #[derive(Debug)]
        pub struct WriteHalf<'a>(&'a $Stream);

        #[doc = concat!(
            "The reading half of a [`", stringify!($Stream), "`], by [`into_split`](",
            stringify!($Stream), "::into_split)."
        )]
        ///
        /// May go to another task than the other half. Dropping it closes nothing: what the other
        /// side sends waits unread.
        #[derive(Debug)]
        pub struct OwnedReadHalf {
            stream: Arc<$Stream>,
        }

        #[doc = concat!(
            "The writing half of a [`", stringify!($Stream), "`], by [`into_split`](",
            stringify!($Stream), "::into_split)."
        )]
        ///
        /// May go to another task than the other half. Dropping it ends what is sent, so that the
        /// other side reads the end, unless [`forget`](Self::forget) took care of that.
        #[derive(Debug)]
        pub struct OwnedWriteHalf {
            stream: Arc<$Stream>,
            /// Whether dropping it ends what is sent.
            ends: bool,
        }

        /// Two halves that are not of one stream, from `reunite`.
        #[derive(Debug)]
        pub struct ReuniteError(pub OwnedReadHalf, pub OwnedWriteHalf);

        impl std::fmt::Display for ReuniteError {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("the two halves are not of the same stream")
            }
        }

        impl std::error::Error for ReuniteError {}

        impl $Stream {
            /// Splits the stream in two, for the duration of the borrow: one half reads, the other
            /// writes, at the same time.
            ///
            /// Allocates nothing. Each half costs one atomic read-modify-write more per wait than
            /// the whole stream does.
            pub fn split(&mut self) -> (ReadHalf<'_>, WriteHalf<'_>) {
                self.socket.os_mut().share();
                (ReadHalf(self), WriteHalf(self))
            }

            /// Splits the stream in two that may go to different tasks: one reads, the other
            /// writes, at the same time.
            ///
            /// One allocation. The stream is closed when both are dropped; the halves'
            /// [`reunite`](OwnedReadHalf::reunite) undoes this.
            pub fn into_split(mut self) -> (OwnedReadHalf, OwnedWriteHalf) {
                self.socket.os_mut().share();
                let stream = Arc::new(self);
                let read = OwnedReadHalf { stream: stream.clone() };
                (read, OwnedWriteHalf { stream, ends: true })
            }
        }

        $crate::stream::halves!(@read ReadHalf<'_>, (0), $Stream, $Source, $Address);
        $crate::stream::halves!(@read OwnedReadHalf, (stream), $Stream, $Source, $Address);
        $crate::stream::halves!(@write WriteHalf<'_>, (0), $Stream, $Source, $Address);
        $crate::stream::halves!(@write OwnedWriteHalf, (stream), $Stream, $Source, $Address);

        impl OwnedReadHalf {
            /// Makes one stream of the two halves again.
            ///
            /// # Errors
            /// If they are not of the same stream; both come back with the error.
            pub fn reunite(self, other: OwnedWriteHalf) -> Result<$Stream, ReuniteError> {
                if !Arc::ptr_eq(&self.stream, &other.stream) {
                    return Err(ReuniteError(self, other));
                }
                other.forget();
                Ok(Arc::into_inner(self.stream).expect("a stream has two halves"))
            }
        }

        impl OwnedWriteHalf {
            /// Makes one stream of the two halves again.
            ///
            /// # Errors
            /// If they are not of the same stream; both come back with the error.
            pub fn reunite(self, other: OwnedReadHalf) -> Result<$Stream, ReuniteError> {
                other.reunite(self)
            }

            /// Drops the half without ending what is sent: the other side reads no end until the
            /// other half is dropped, too.
            pub fn forget(mut self) {
                self.ends = false;
            }
        }

        impl Drop for OwnedWriteHalf {
            fn drop(&mut self) {
                if self.ends {
                    // Nobody is left to be told of a failure.
                    let _gone = self.socket().shut_down();
                }
            }
        }

        impl $crate::stream::WriteAt for WriteHalf<'_> {
            $crate::stream::halves!(@write_at);

            fn shut_down(&mut self) -> io::Result<()> {
                self.socket().shut_down()
            }
        }

        impl $crate::stream::WriteAt for OwnedWriteHalf {
            $crate::stream::halves!(@write_at);

            fn shut_down(&mut self) -> io::Result<()> {
                self.socket().shut_down()?;
                self.ends = false; // it has
                Ok(())
            }
        }
    };

    (@read $Half:ty, ($stream:tt), $Stream:ident, $Source:ty, $Address:ty) => {
        /// Reading. All of it may be done while the other half writes.
        impl $Half {
            $crate::stream::reads!();
            $crate::stream::tries_reading!();
            $crate::socket::readiness!(ready);
            $crate::socket::readiness!(readable);
            $crate::stream::halves!(@common $stream, $Source, $Address);
        }

        impl AsRef<$Stream> for $Half {
            fn as_ref(&self) -> &$Stream {
                &self.$stream
            }
        }

        impl $crate::stream::ReadAt for $Half {
            #[inline]
            fn poll_read_at(
                &mut self,
                cx: &mut Context<'_>,
                buf: &mut rt_io::ReadBuf<'_>,
                site: &'static Location<'static>,
            ) -> Poll<io::Result<()>> {
                self.socket().poll_read(cx, buf, site)
            }

            fn poll_read_vectored_at(
                &mut self,
                cx: &mut Context<'_>,
                bufs: &mut [io::IoSliceMut<'_>],
                site: &'static Location<'static>,
            ) -> Poll<io::Result<usize>> {
                self.socket().poll_read_vectored(cx, bufs, site)
            }
        }
    };

    (@write $Half:ty, ($stream:tt), $Stream:ident, $Source:ty, $Address:ty) => {
        /// Writing. All of it may be done while the other half reads.
        impl $Half {
            $crate::stream::writes!();
            $crate::stream::tries_writing!();
            $crate::socket::readiness!(ready);
            $crate::socket::readiness!(writable);
            $crate::stream::halves!(@common $stream, $Source, $Address);
        }

        impl AsRef<$Stream> for $Half {
            fn as_ref(&self) -> &$Stream {
                &self.$stream
            }
        }
    };

    (@common $stream:tt, $Source:ty, $Address:ty) => {
        /// The address of this side.
        ///
        /// # Errors
        /// When the system does not tell.
        pub fn local_addr(&self) -> io::Result<$Address> {
            self.$stream.local_addr()
        }

        /// The address of the other side.
        ///
        /// # Errors
        /// `NotConnected` if there is none.
        pub fn peer_addr(&self) -> io::Result<$Address> {
            self.$stream.peer_addr()
        }

        pub(super) fn socket(&self) -> &$crate::socket::Socket<$Source> {
            &self.$stream.socket
        }
    };

    (@write_at) => {
        #[inline]
        fn poll_write_at(
            &mut self,
            cx: &mut Context<'_>,
            buf: &[u8],
            site: &'static Location<'static>,
        ) -> Poll<io::Result<usize>> {
            self.socket().poll_write(cx, buf, site)
        }

        fn poll_write_vectored_at(
            &mut self,
            cx: &mut Context<'_>,
            bufs: &[io::IoSlice<'_>],
            site: &'static Location<'static>,
        ) -> Poll<io::Result<usize>> {
            self.socket().poll_write_vectored(cx, bufs, site)
        }
    };
}
pub(crate) use halves;
