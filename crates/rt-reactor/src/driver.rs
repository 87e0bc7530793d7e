//! The owner half of a reactor: [`Driver`]. Start reading here: [`poll`](Reactor::poll) is the
//! whole loop.

use std::fmt;
use std::io;
use std::time::Duration;

use rt_task::base::driver::{Polled, Reactor};
use rt_task::base::seam::Wakes;
use rt_task::base::shim::Ordering::*;

use crate::handle::{Handle, Shared};
use crate::ready::Ready;
use crate::selector::{EventsMax, MioSelector, Selector, Token};

/// Waits for events and hands out the wakers of what they make ready. One thread at a time turns
/// it; [`Handle`]s to it are everywhere.
///
/// ```
/// use rt_reactor::Driver;
/// use rt_task::base::driver::{Reactor, WakeBatch};
/// use rt_task::base::seam::Unpark;
///
/// let mut driver = Driver::new()?;
/// driver.unparker().unpark();
/// let polled = driver.poll(None, &mut WakeBatch::new())?; // returns: it was unparked before
/// assert!(polled.unparked);
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// Dropping it wakes everything that waits; all of that then fails with an error that says why.
pub struct Driver<S: Selector = MioSelector> {
    selector: S,
    handle: Handle,
}

impl Driver {
    /// A reactor of its own, on the operating system's selector.
    ///
    /// # Errors
    /// When the operating system has no descriptors left: on Linux it needs four.
    pub fn new() -> io::Result<Self> {
        Self::with_selector(MioSelector::new()?)
    }

    /// The same, taking so many events of the system's at once.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn with_events(max: EventsMax) -> io::Result<Self> {
        Self::with_selector(MioSelector::with_events(max)?)
    }
}

impl<S: Selector> Driver<S> {
    /// A reactor on `selector`.
    ///
    /// # Errors
    /// When the selector cannot give its registry.
    pub fn with_selector(selector: S) -> io::Result<Self> {
        let handle = Handle::new(selector.registry()?);
        Ok(Self { selector, handle })
    }

    /// The shared half.
    #[must_use]
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }
}

impl<S: Selector> Reactor for Driver<S> {
    type Unpark = S::Unpark;

    fn sources(&self) -> usize {
        self.handle.shared.slots.occupied()
    }

    fn poll(&mut self, timeout: Option<Duration>, out: &mut impl Wakes) -> io::Result<Polled> {
        let shared = &*self.handle.shared;
        let mut events = 0;
        let selected = self.selector.select(timeout, &mut |token, ready| {
            events += 1;
            shared.event(token, ready, out);
        });
        let before = shared.events.load(Relaxed);
        shared.events.store(before.wrapping_add(events), Relaxed); // written here alone
        Ok(Polled { unparked: selected? })
    }

    fn unparker(&self) -> S::Unpark {
        self.selector.unparker()
    }
}

impl Shared {
    /// Hands out the wakers of all that `ready` satisfies. A token of the past does nothing.
    #[inline]
    pub(crate) fn event(&self, token: Token, ready: Ready, out: &mut impl Wakes) {
        if let Some(slot) = self.slots.at(token.index()) {
            slot.event(token.generation(), ready.with_error_in_both(), out);
        }
    }
}

impl<S: Selector> Drop for Driver<S> {
    fn drop(&mut self) {
        self.handle.shared.slots.close();
    }
}

impl<S: Selector> fmt::Debug for Driver<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Driver").field("handle", &self.handle).finish_non_exhaustive()
    }
}

#[cfg(all(test, not(rt_loom)))]
mod tests;
