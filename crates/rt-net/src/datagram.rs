//! What sockets for datagrams have in common, UDP's and Unix's: how they receive from anybody and
//! send to the one whom they are connected to.
//!
//! The macros are the methods of a type that has `socket`, `receive`, `receive_from` and
//! `send_now`.

/// Receiving, and readiness for one task. `$errors` is what receiving may end with besides.
macro_rules! receives {
    ($Address:ty $(, $errors:literal)?) => {
        /// Waits until a datagram may be there, for one task: of those that poll, the last is
        /// woken.
        ///
        /// # Errors
        /// When the I/O driver is gone.
        #[track_caller]
        pub fn poll_recv_ready(
            &self,
            cx: &mut std::task::Context<'_>,
        ) -> std::task::Poll<std::io::Result<()>> {
            self.socket().os().poll_direction(
                cx,
                rt_reactor::Direction::Read,
                std::panic::Location::caller(),
            )
        }

        /// Waits until a datagram may be sent, for one task: of those that poll, the last is
        /// woken.
        ///
        /// # Errors
        /// When the I/O driver is gone.
        #[track_caller]
        pub fn poll_send_ready(
            &self,
            cx: &mut std::task::Context<'_>,
        ) -> std::task::Poll<std::io::Result<()>> {
            self.socket().os().poll_direction(
                cx,
                rt_reactor::Direction::Write,
                std::panic::Location::caller(),
            )
        }

        /// What a dump shows of a task that waits here.
        pub(super) fn wait(
            &self,
            direction: rt_reactor::Direction,
            site: &'static std::panic::Location<'static>,
        ) -> rt_task::wait::Wait {
            let kind = match direction {
                rt_reactor::Direction::Read => rt_task::wait::WaitKind::Readable,
                rt_reactor::Direction::Write => rt_task::wait::WaitKind::Writable,
            };
            self.socket().os().wait(kind, site)
        }

        /// Waits for a datagram from the address that the socket is connected to, and tells its
        /// length.
        ///
        /// Cancel safe: no datagram is lost.
        ///
        /// # Errors
        /// What the system tells; or when the I/O driver is gone.
        $(#[doc = $errors])?
        #[track_caller]
        pub fn recv<'a>(
            &'a self,
            buf: &'a mut [u8],
        ) -> impl std::future::Future<Output = std::io::Result<usize>> + Send + Sync + 'a {
            let recv =
                || self.receive(&mut rt_io::ReadBuf::new(buf), $crate::uninit::Keep::Nothing);
            let registration = self.socket().os().registration();
            registration.async_io(
                rt_reactor::Interest::READABLE,
                rt_task::wait::WaitKind::Readable,
                recv,
            )
        }

        /// As [`recv`](Self::recv), appending to `buf`, for one task.
        ///
        /// # Errors
        /// As `recv`.
        #[track_caller]
        pub fn poll_recv(
            &self,
            cx: &mut std::task::Context<'_>,
            buf: &mut rt_io::ReadBuf<'_>,
        ) -> std::task::Poll<std::io::Result<()>> {
            let wait = self.wait(rt_reactor::Direction::Read, std::panic::Location::caller());
            let recv = || self.receive(buf, $crate::uninit::Keep::Nothing);
            let registration = self.socket().os().registration();
            registration.poll_io(cx, rt_reactor::Direction::Read, wait, recv).map_ok(drop)
        }

        /// As [`recv`](Self::recv), without waiting.
        ///
        /// # Errors
        /// `WouldBlock` if nothing was received, as far as is known. As `recv`.
        pub fn try_recv(&self, buf: &mut [u8]) -> std::io::Result<usize> {
            let recv =
                || self.receive(&mut rt_io::ReadBuf::new(buf), $crate::uninit::Keep::Nothing);
            self.socket().os().attempt(rt_reactor::Interest::READABLE, recv)
        }

        /// Waits for a datagram from anywhere, and tells its length and its sender.
        ///
        /// Cancel safe: no datagram is lost.
        ///
        /// # Errors
        /// What the system tells; or when the I/O driver is gone.
        $(#[doc = $errors])?
        #[track_caller]
        pub fn recv_from<'a>(
            &'a self,
            buf: &'a mut [u8],
        ) -> impl std::future::Future<Output = std::io::Result<(usize, $Address)>>
        + Send
        + Sync
        + 'a
        {
            let recv = || {
                self.receive_from(&mut rt_io::ReadBuf::new(buf), $crate::uninit::Keep::Nothing)
            };
            let registration = self.socket().os().registration();
            registration.async_io(
                rt_reactor::Interest::READABLE,
                rt_task::wait::WaitKind::Readable,
                recv,
            )
        }

        /// As [`recv_from`](Self::recv_from), appending to `buf`, for one task. Tells the sender.
        ///
        /// # Errors
        /// As `recv_from`.
        #[track_caller]
        pub fn poll_recv_from(
            &self,
            cx: &mut std::task::Context<'_>,
            buf: &mut rt_io::ReadBuf<'_>,
        ) -> std::task::Poll<std::io::Result<$Address>> {
            let wait = self.wait(rt_reactor::Direction::Read, std::panic::Location::caller());
            let recv = || self.receive_from(buf, $crate::uninit::Keep::Nothing);
            let registration = self.socket().os().registration();
            registration
                .poll_io(cx, rt_reactor::Direction::Read, wait, recv)
                .map_ok(|(_, sender)| sender)
        }

        /// As [`recv_from`](Self::recv_from), without waiting.
        ///
        /// # Errors
        /// `WouldBlock` if nothing was received, as far as is known. As `recv_from`.
        pub fn try_recv_from(&self, buf: &mut [u8]) -> std::io::Result<(usize, $Address)> {
            let recv = || {
                self.receive_from(&mut rt_io::ReadBuf::new(buf), $crate::uninit::Keep::Nothing)
            };
            self.socket().os().attempt(rt_reactor::Interest::READABLE, recv)
        }
    };
}
pub(crate) use receives;

/// Sending to the other end.
macro_rules! sends {
    () => {
        /// Sends `datagram` to the address that the socket is connected to, and tells its length.
        ///
        /// Cancel safe: it is not sent when the future is dropped early.
        ///
        /// # Errors
        /// What the system tells, such as that the datagram is too long, or that an earlier one was
        /// refused; or when the I/O driver is gone.
        #[track_caller]
        pub fn send<'a>(
            &'a self,
            datagram: &'a [u8],
        ) -> impl std::future::Future<Output = std::io::Result<usize>> + Send + Sync + 'a {
            let send = || self.send_now(datagram);
            let registration = self.socket().os().registration();
            registration.async_io(
                rt_reactor::Interest::WRITABLE,
                rt_task::wait::WaitKind::Writable,
                send,
            )
        }

        /// As [`send`](Self::send), for one task.
        ///
        /// # Errors
        /// As `send`.
        #[track_caller]
        pub fn poll_send(
            &self,
            cx: &mut std::task::Context<'_>,
            datagram: &[u8],
        ) -> std::task::Poll<std::io::Result<usize>> {
            let wait = self.wait(rt_reactor::Direction::Write, std::panic::Location::caller());
            let registration = self.socket().os().registration();
            registration.poll_io(cx, rt_reactor::Direction::Write, wait, || self.send_now(datagram))
        }

        /// As [`send`](Self::send), without waiting.
        ///
        /// # Errors
        /// `WouldBlock` if nothing can be sent now, as far as is known. As `send`.
        pub fn try_send(&self, datagram: &[u8]) -> std::io::Result<usize> {
            self.socket().os().attempt(rt_reactor::Interest::WRITABLE, || self.send_now(datagram))
        }
    };
}
pub(crate) use sends;

/// Receiving into the buffers of `bytes`, which need not be initialised. A datagram goes into the
/// next chunk of the buffer alone; what does not fit there is lost, so reserve room first.
// cfg here: a macro is not exported from a module of its own.
#[cfg(feature = "bytes")]
macro_rules! receives_buf {
    ($Address:ty) => {
        /// As [`recv`](Self::recv), appending to `buf`.
        ///
        /// # Errors
        /// As `recv`.
        #[track_caller]
        pub fn recv_buf<'a, B: bytes::BufMut>(
            &'a self,
            buf: &'a mut B,
        ) -> impl std::future::Future<Output = std::io::Result<usize>> + use<'a, B> {
            let recv = || {
                $crate::uninit::buf_mut::fill(buf, |buf| {
                    self.receive(buf, $crate::uninit::Keep::Nothing)
                })
            };
            let registration = self.socket().os().registration();
            registration.async_io(
                rt_reactor::Interest::READABLE,
                rt_task::wait::WaitKind::Readable,
                recv,
            )
        }

        /// As [`try_recv`](Self::try_recv), appending to `buf`.
        ///
        /// # Errors
        /// As `try_recv`.
        pub fn try_recv_buf<B: bytes::BufMut>(&self, buf: &mut B) -> std::io::Result<usize> {
            let recv = || {
                $crate::uninit::buf_mut::fill(buf, |buf| {
                    self.receive(buf, $crate::uninit::Keep::Nothing)
                })
            };
            self.socket().os().attempt(rt_reactor::Interest::READABLE, recv)
        }

        /// As [`recv_from`](Self::recv_from), appending to `buf`.
        ///
        /// # Errors
        /// As `recv_from`.
        #[track_caller]
        pub fn recv_buf_from<'a, B: bytes::BufMut>(
            &'a self,
            buf: &'a mut B,
        ) -> impl std::future::Future<Output = std::io::Result<(usize, $Address)>> + use<'a, B> {
            let recv = || {
                $crate::uninit::buf_mut::fill(buf, |buf| {
                    self.receive_from(buf, $crate::uninit::Keep::Nothing)
                })
            };
            let registration = self.socket().os().registration();
            registration.async_io(
                rt_reactor::Interest::READABLE,
                rt_task::wait::WaitKind::Readable,
                recv,
            )
        }

        /// As [`try_recv_from`](Self::try_recv_from), appending to `buf`.
        ///
        /// # Errors
        /// As `try_recv_from`.
        pub fn try_recv_buf_from<B: bytes::BufMut>(
            &self,
            buf: &mut B,
        ) -> std::io::Result<(usize, $Address)> {
            let recv = || {
                $crate::uninit::buf_mut::fill(buf, |buf| {
                    self.receive_from(buf, $crate::uninit::Keep::Nothing)
                })
            };
            self.socket().os().attempt(rt_reactor::Interest::READABLE, recv)
        }
    };
}
#[cfg(feature = "bytes")]
pub(crate) use receives_buf;
