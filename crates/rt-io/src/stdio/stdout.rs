//! Standard output and standard error.

use core::panic::Location;
use core::pin::Pin;
use core::task::{Context, Poll};
use std::io::{self, Write};

use super::output::{Output, Target};
use super::sys;
use crate::AsyncWrite;

/// The two streams, which differ by a name.
macro_rules! outputs {
    ($($(#[$doc:meta])* $Stream:ident, $stream:ident, $Target:ident, $what:literal;)*) => {$(
        #[doc = concat!("The process's standard ", $what, ", by [`", stringify!($stream), "`].")]
        ///
        /// Order is kept, and what is given to one write is written in one piece, up to 2 MiB: lines
        /// of several tasks do not mix in it. A write returns once the bytes are taken; **flush** waits
        /// until they are written, and a program that ends right after its last write does so best
        /// after that. What was taken is written even so, before the runtime is gone. An error is told
        /// by the next write or flush. Cancel safe: a write that pends has taken nothing.
        #[derive(Debug)]
        pub struct $Stream(Output<$Target>);

        #[doc = concat!("The process's standard ", $what, ".")]
        ///
        /// Written on the blocking pool of the runtime that is entered at the write, through
        $(#[$doc])*
        #[must_use]
        pub fn $stream() -> $Stream {
            $Stream(Output::new())
        }

        #[derive(Debug)]
        struct $Target;

        impl Target for $Target {
            const NAME: &'static str = stringify!($stream);
            fn write_all(bytes: &[u8]) -> io::Result<()> {
                write_all(&mut io::$stream().lock(), bytes)
            }
            fn flush() -> io::Result<()> {
                flush(&mut io::$stream().lock())
            }
        }

        impl AsyncWrite for $Stream {
            #[track_caller]
            fn poll_write(
                mut self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                buf: &[u8],
            ) -> Poll<io::Result<usize>> {
                self.0.poll_write(cx, buf, Location::caller())
            }

            #[track_caller]
            fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
                self.0.poll_flush(cx, Location::caller())
            }

            /// Flushes. The stream stays open: it is the process's.
            #[track_caller]
            fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
                self.0.poll_flush(cx, Location::caller())
            }
        }
    )*};
}

outputs! {
    /// [`std::io::stdout`], whose lock and line buffer it shares with `println!`.
    Stdout, stdout, ToStdout, "output";
    /// [`std::io::stderr`], whose lock it shares with `eprintln!`.
    Stderr, stderr, ToStderr, "error";
}

/// Writes all, also where somebody has made the stream non-blocking.
fn write_all(to: &mut (impl Write + sys::Waits), mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match to.write(bytes) {
            Ok(0) => return Err(crate::ext::took_nothing()),
            Ok(n) => bytes = &bytes[n..],
            Err(error) => wait_after(to, error)?,
        }
    }
    Ok(())
}

fn flush(to: &mut (impl Write + sys::Waits)) -> io::Result<()> {
    while let Err(error) = to.flush() {
        wait_after(to, error)?;
    }
    Ok(())
}

/// Waits, if `error` is not one but a request to try again.
fn wait_after(to: &impl sys::Waits, error: io::Error) -> io::Result<()> {
    match error.kind() {
        io::ErrorKind::Interrupted => Ok(()),
        io::ErrorKind::WouldBlock => to.wait_writable(),
        _ => Err(error),
    }
}
