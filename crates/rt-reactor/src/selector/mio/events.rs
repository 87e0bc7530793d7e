//! Waiting for events: by `mio`, to the millisecond.

use std::io;
use std::time::Duration;

use mio::Poll;
use mio::event::Event;

use super::EVENTS_MAX;
use crate::ready::Ready;
use crate::selector::Token;

/// Room for events.
#[derive(Debug)]
pub(super) struct Events(mio::Events);

impl Events {
    pub(super) fn new() -> Self {
        Self(mio::Events::with_capacity(EVENTS_MAX))
    }

    /// Waits up to `timeout`, and tells `sink` of each event.
    pub(super) fn wait(
        &mut self,
        poll: &mut Poll,
        timeout: Option<Duration>,
        mut sink: impl FnMut(Token, Ready),
    ) -> io::Result<()> {
        poll.poll(&mut self.0, timeout)?;
        self.0.iter().for_each(|event| sink(Token::from_usize(event.token().0), ready(event)));
        Ok(())
    }
}

pub(super) fn ready(event: &Event) -> Ready {
    let told = [
        (event.is_readable(), Ready::READABLE),
        (event.is_writable(), Ready::WRITABLE),
        (event.is_read_closed(), Ready::READ_CLOSED),
        (event.is_write_closed(), Ready::WRITE_CLOSED),
        (event.is_priority(), Ready::PRIORITY),
        (event.is_error(), Ready::ERROR),
    ];
    let told = told.into_iter().filter(|(told, _)| *told);
    told.fold(Ready::EMPTY, |ready, (_, kind)| ready | kind)
}
