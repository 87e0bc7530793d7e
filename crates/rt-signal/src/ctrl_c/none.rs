//! Ctrl-C where nothing is built for it.

use std::convert::Infallible;
use std::io;
use std::panic::Location;
use std::task::{Context, Poll};

/// Cannot be made.
pub(super) struct Listener(Infallible);

impl Listener {
    pub(super) fn new(site: &'static Location<'static>) -> io::Result<Self> {
        let message = format!("`ctrl_c` at {site} is not built for this system yet");
        Err(io::Error::new(io::ErrorKind::Unsupported, message))
    }

    pub(super) fn poll(
        &mut self,
        _cx: &mut Context<'_>,
        _site: &'static Location<'static>,
    ) -> Poll<io::Result<()>> {
        match self.0 {}
    }
}
