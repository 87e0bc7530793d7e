//! Nobody to read what is written.

use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll};
use std::io;

use super::swallows;
use crate::AsyncWrite;

/// A writer that swallows everything, by [`sink`].
#[derive(Clone, Copy, Default)]
pub struct Sink;

/// A writer that swallows everything.
#[must_use]
pub fn sink() -> Sink {
    Sink
}

impl AsyncWrite for Sink {
    swallows!();
}

impl fmt::Debug for Sink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sink").finish_non_exhaustive()
    }
}
