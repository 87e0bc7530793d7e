//! The handles of the standard streams.

use std::os::windows::io::{AsHandle, AsRawHandle, BorrowedHandle, RawHandle};

macro_rules! handles {
    ($($Stream:ident, $stream:ident;)*) => {$(
        impl AsRawHandle for super::$Stream {
            fn as_raw_handle(&self) -> RawHandle {
                std::io::$stream().as_raw_handle()
            }
        }

        impl AsHandle for super::$Stream {
            fn as_handle(&self) -> BorrowedHandle<'_> {
                // SAFETY: a standard stream stays open as long as the process.
                unsafe { BorrowedHandle::borrow_raw(self.as_raw_handle()) }
            }
        }
    )*};
}

handles! {
    Stdin, stdin;
    Stdout, stdout;
    Stderr, stderr;
}
