//! Waiting for events: by `mio`, to the millisecond.

use std::io;
use std::time::Duration;

use mio::Poll;
use mio::event::Event;

use super::EventsMax;
use crate::ready::Ready;
use crate::selector::Token;

/// Room for events.
#[derive(Debug)]
pub(super) struct Events {
    waiting: mio::Events,
    /// For calls that do not wait, if that is another number.
    busy: Option<mio::Events>,
}

impl Events {
    pub(super) fn new(max: EventsMax) -> Self {
        let (waiting, busy) = (max.of(None), max.of(Some(Duration::ZERO)));
        let busy = (busy != waiting).then(|| mio::Events::with_capacity(busy));
        Self { waiting: mio::Events::with_capacity(waiting), busy }
    }

    /// Waits up to `timeout`, and tells `sink` of each event.
    pub(super) fn wait(
        &mut self,
        poll: &mut Poll,
        timeout: Option<Duration>,
        mut sink: impl FnMut(Token, Ready),
    ) -> io::Result<()> {
        let events = match &mut self.busy {
            Some(busy) if timeout == Some(Duration::ZERO) => busy,
            _ => &mut self.waiting,
        };
        poll.poll(events, timeout)?;
        events.iter().for_each(|event| sink(Token::from_usize(event.token().0), ready(event)));
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
