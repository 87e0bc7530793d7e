//! Reading and writing without a trait: methods that every stream and every half of one has.
//!
//! They have the names and the meaning of those that `AsyncReadExt` and `AsyncWriteExt` give to
//! every reader and writer; a method of the type itself wins over a trait's, so that importing
//! these changes nothing.

/// What waits for bytes.
macro_rules! reads {
    () => {
        /// Reads what was received, at most what fits into `buf`, and tells how much that is. Zero
        /// means the end, or that `buf` is empty.
        ///
        /// Cancel safe: nothing is taken when the future is dropped early.
        ///
        /// # Errors
        /// What the connection failed with, such as `ConnectionReset`; or when the I/O driver is
        /// gone.
        #[track_caller]
        pub fn read<'a>(&'a mut self, buf: &'a mut [u8]) -> $crate::stream::Read<'a, Self> {
            $crate::stream::Read::new(self, buf, std::panic::Location::caller())
        }

        /// As [`read`](Self::read), into several buffers in a row.
        ///
        /// # Errors
        /// As `read`.
        #[track_caller]
        pub fn read_vectored<'a, 'b>(
            &'a mut self,
            bufs: &'a mut [std::io::IoSliceMut<'b>],
        ) -> $crate::stream::ReadVectored<'a, 'b, Self> {
            $crate::stream::ReadVectored::new(self, bufs, std::panic::Location::caller())
        }

        /// Reads until `buf` is full, and tells its length.
        ///
        /// Not cancel safe: what was read so far is in `buf`, and nobody tells how much that is.
        ///
        /// # Errors
        /// `UnexpectedEof` if the end comes first. As [`read`](Self::read).
        #[track_caller]
        pub fn read_exact<'a>(
            &'a mut self,
            buf: &'a mut [u8],
        ) -> $crate::stream::ReadExact<'a, Self> {
            $crate::stream::ReadExact::new(self, buf, std::panic::Location::caller())
        }
    };
}
pub(crate) use reads;

/// What waits for room.
macro_rules! writes {
    () => {
        /// Writes the start of `buf`, and tells how much of it.
        ///
        /// Cancel safe: nothing is written when the future is dropped early.
        ///
        /// # Errors
        /// What the connection failed with, such as `BrokenPipe`; or when the I/O driver is gone.
        #[track_caller]
        pub fn write<'a>(&'a mut self, buf: &'a [u8]) -> $crate::stream::Write<'a, Self> {
            $crate::stream::Write::new(self, buf, std::panic::Location::caller())
        }

        /// As [`write`](Self::write), from several buffers in a row.
        ///
        /// # Errors
        /// As `write`.
        #[track_caller]
        pub fn write_vectored<'a, 'b>(
            &'a mut self,
            bufs: &'a [std::io::IoSlice<'b>],
        ) -> $crate::stream::WriteVectored<'a, 'b, Self> {
            $crate::stream::WriteVectored::new(self, bufs, std::panic::Location::caller())
        }

        /// Writes all of `buf`.
        ///
        /// Not cancel safe: some of it may be written, and nobody tells how much.
        ///
        /// # Errors
        /// As [`write`](Self::write); some of `buf` may be written then.
        #[track_caller]
        pub fn write_all<'a>(&'a mut self, buf: &'a [u8]) -> $crate::stream::WriteAll<'a, Self> {
            $crate::stream::WriteAll::new(self, buf, std::panic::Location::caller())
        }

        /// Ends what is sent: the other side reads the end after what was written. Reading goes
        /// on. Of a pipe's end it does nothing: drop that.
        ///
        /// # Errors
        /// When the system refuses. Not if the connection is gone already.
        pub fn shutdown(&mut self) -> $crate::stream::Shutdown<'_, Self> {
            $crate::stream::Shutdown::new(self)
        }
    };
}
pub(crate) use writes;

/// What takes bytes that are there, by a shared reference.
macro_rules! tries_reading {
    () => {
        /// Reads what was received, if anything was. Zero means the end, or that `buf` is empty.
        ///
        /// # Errors
        /// `WouldBlock` if nothing was received, as far as is known: wait until it is
        /// [`readable`](Self::readable). What the connection failed with.
        pub fn try_read(&self, buf: &mut [u8]) -> std::io::Result<usize> {
            self.socket().try_read(&mut rt_io::ReadBuf::new(buf))
        }

        /// As [`try_read`](Self::try_read), into several buffers in a row.
        ///
        /// # Errors
        /// As `try_read`.
        pub fn try_read_vectored(
            &self,
            bufs: &mut [std::io::IoSliceMut<'_>],
        ) -> std::io::Result<usize> {
            self.socket().try_read_vectored(bufs)
        }

        /// As [`try_read`](Self::try_read), appending to `buf`; it needs not be initialised.
        ///
        /// # Errors
        /// As `try_read`.
        // cfg here: part of what this macro writes.
        #[cfg(feature = "bytes")]
        pub fn try_read_buf<B: bytes::BufMut>(&self, buf: &mut B) -> std::io::Result<usize> {
            $crate::uninit::buf_mut::fill(buf, |buf| self.socket().try_read(buf))
        }
    };
}
pub(crate) use tries_reading;

/// What writes if there is room, by a shared reference.
macro_rules! tries_writing {
    () => {
        /// Writes the start of `buf`, if the system takes any, and tells how much of it.
        ///
        /// # Errors
        /// `WouldBlock` if the system takes nothing, as far as is known: wait until it is
        /// [`writable`](Self::writable). What the connection failed with.
        pub fn try_write(&self, buf: &[u8]) -> std::io::Result<usize> {
            self.socket().try_write(buf)
        }

        /// As [`try_write`](Self::try_write), from several buffers in a row.
        ///
        /// # Errors
        /// As `try_write`.
        pub fn try_write_vectored(&self, bufs: &[std::io::IoSlice<'_>]) -> std::io::Result<usize> {
            self.socket().try_write_vectored(bufs)
        }
    };
}
pub(crate) use tries_writing;

/// Readiness to read, for one task.
macro_rules! polls_reading {
    () => {
        /// Waits until reading may not block, for one task: of those that poll, the last is woken.
        ///
        /// # Errors
        /// When the I/O driver is gone.
        #[track_caller]
        pub fn poll_read_ready(
            &self,
            cx: &mut std::task::Context<'_>,
        ) -> std::task::Poll<std::io::Result<()>> {
            let site = std::panic::Location::caller();
            self.socket().os().poll_direction(cx, rt_reactor::Direction::Read, site)
        }
    };
}
pub(crate) use polls_reading;

/// Readiness to write, for one task.
macro_rules! polls_writing {
    () => {
        /// Waits until writing may not block, for one task: of those that poll, the last is woken.
        ///
        /// # Errors
        /// When the I/O driver is gone.
        #[track_caller]
        pub fn poll_write_ready(
            &self,
            cx: &mut std::task::Context<'_>,
        ) -> std::task::Poll<std::io::Result<()>> {
            let site = std::panic::Location::caller();
            self.socket().os().poll_direction(cx, rt_reactor::Direction::Write, site)
        }
    };
}
pub(crate) use polls_writing;

/// A stream that is read by `&mut`, hence by one alone.
macro_rules! reads_alone {
    ($Stream:ty) => {
        impl $crate::stream::ReadAt for $Stream {
            #[inline]
            fn poll_read_at(
                &mut self,
                cx: &mut Context<'_>,
                buf: &mut rt_io::ReadBuf<'_>,
                site: &'static Location<'static>,
            ) -> Poll<io::Result<()>> {
                self.socket.poll_read_alone(cx, buf, site)
            }

            fn poll_read_vectored_at(
                &mut self,
                cx: &mut Context<'_>,
                bufs: &mut [io::IoSliceMut<'_>],
                site: &'static Location<'static>,
            ) -> Poll<io::Result<usize>> {
                self.socket.poll_read_vectored_alone(cx, bufs, site)
            }
        }
    };
}
pub(crate) use reads_alone;

/// A stream that is written by `&mut`, hence by one alone.
macro_rules! writes_alone {
    ($Stream:ty) => {
        impl $crate::stream::WriteAt for $Stream {
            #[inline]
            fn poll_write_at(
                &mut self,
                cx: &mut Context<'_>,
                buf: &[u8],
                site: &'static Location<'static>,
            ) -> Poll<io::Result<usize>> {
                self.socket.poll_write_alone(cx, buf, site)
            }

            fn poll_write_vectored_at(
                &mut self,
                cx: &mut Context<'_>,
                bufs: &[io::IoSlice<'_>],
                site: &'static Location<'static>,
            ) -> Poll<io::Result<usize>> {
                self.socket.poll_write_vectored_alone(cx, bufs, site)
            }

            fn shut_down(&mut self) -> io::Result<()> {
                self.socket.shut_down()
            }
        }
    };
}
pub(crate) use writes_alone;
