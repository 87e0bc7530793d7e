//! Standard streams by `std` alone: a read cannot be ended, so what it brings is for the next reader.

use std::io::{self, Read};

/// Standard input.
#[derive(Debug)]
pub(super) struct Input;

impl Input {
    pub(super) fn open() -> io::Result<Self> {
        Ok(Self)
    }

    pub(super) fn ring(&self) {}

    pub(super) fn read(
        &self,
        buf: &mut [u8],
        wanted: impl Fn() -> bool,
    ) -> io::Result<Option<usize>> {
        if !wanted() {
            return Ok(None);
        }
        loop {
            match io::stdin().read(buf) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => return read.map(Some),
            }
        }
    }
}

/// What is always waited for by its writes.
pub(super) trait Waits {
    fn wait_writable(&self) -> io::Result<()>;
}

impl<T> Waits for T {
    fn wait_writable(&self) -> io::Result<()> {
        std::thread::yield_now();
        Ok(())
    }
}
