//! Ctrl-C where it is a signal.

use std::io;
use std::panic::Location;
use std::task::{Context, Poll};

use crate::unix::{Signal, SignalKind};

/// Hears of `SIGINT`.
pub(super) struct Listener(Signal);

impl Listener {
    pub(super) fn new(site: &'static Location<'static>) -> io::Result<Self> {
        Signal::entered(SignalKind::interrupt(), "ctrl_c", site).map(Self)
    }

    pub(super) fn poll(
        &mut self,
        cx: &mut Context<'_>,
        site: &'static Location<'static>,
    ) -> Poll<io::Result<()>> {
        self.0.poll_at(cx, site).map(|told| match told {
            Some(()) => Ok(()),
            None => Err(io::Error::other(
                "`ctrl_c` hears nothing more: the runtime that it listened on is gone",
            )),
        })
    }
}
