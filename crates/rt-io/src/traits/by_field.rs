//! Writing by a field, for types that wrap a writer.

/// The methods of `AsyncWrite` by that of the pinned field `$field`.
macro_rules! writes_by {
    ($field:ident) => {
        #[inline]
        fn poll_write(
            self: core::pin::Pin<&mut Self>,
            cx: &mut core::task::Context<'_>,
            buf: &[u8],
        ) -> core::task::Poll<std::io::Result<usize>> {
            self.project().$field.poll_write(cx, buf)
        }

        #[inline]
        fn poll_write_vectored(
            self: core::pin::Pin<&mut Self>,
            cx: &mut core::task::Context<'_>,
            bufs: &[std::io::IoSlice<'_>],
        ) -> core::task::Poll<std::io::Result<usize>> {
            self.project().$field.poll_write_vectored(cx, bufs)
        }

        #[inline]
        fn is_write_vectored(&self) -> bool {
            self.$field.is_write_vectored()
        }

        #[inline]
        fn poll_flush(
            self: core::pin::Pin<&mut Self>,
            cx: &mut core::task::Context<'_>,
        ) -> core::task::Poll<std::io::Result<()>> {
            self.project().$field.poll_flush(cx)
        }

        #[inline]
        fn poll_shutdown(
            self: core::pin::Pin<&mut Self>,
            cx: &mut core::task::Context<'_>,
        ) -> core::task::Poll<std::io::Result<()>> {
            self.project().$field.poll_shutdown(cx)
        }
    };
}

/// The methods of `AsyncBufRead` by that of the pinned field `$field`.
macro_rules! buf_reads_by {
    ($field:ident) => {
        #[inline]
        fn poll_fill_buf(
            self: core::pin::Pin<&mut Self>,
            cx: &mut core::task::Context<'_>,
        ) -> core::task::Poll<std::io::Result<&[u8]>> {
            self.project().$field.poll_fill_buf(cx)
        }

        #[inline]
        fn consume(self: core::pin::Pin<&mut Self>, amount: usize) {
            self.project().$field.consume(amount);
        }
    };
}

/// The method of `AsyncRead` by that of the pinned field `$field`.
macro_rules! reads_by {
    ($field:ident) => {
        #[inline]
        fn poll_read(
            self: core::pin::Pin<&mut Self>,
            cx: &mut core::task::Context<'_>,
            buf: &mut crate::ReadBuf<'_>,
        ) -> core::task::Poll<std::io::Result<()>> {
            self.project().$field.poll_read(cx, buf)
        }
    };
}

/// The methods of `AsyncSeek` by that of the pinned field `$field`.
macro_rules! seeks_by {
    ($field:ident) => {
        fn start_seek(
            self: core::pin::Pin<&mut Self>,
            position: std::io::SeekFrom,
        ) -> std::io::Result<()> {
            self.project().$field.start_seek(position)
        }

        fn poll_complete(
            self: core::pin::Pin<&mut Self>,
            cx: &mut core::task::Context<'_>,
        ) -> core::task::Poll<std::io::Result<u64>> {
            self.project().$field.poll_complete(cx)
        }
    };
}

pub(crate) use {buf_reads_by, reads_by, seeks_by, writes_by};
