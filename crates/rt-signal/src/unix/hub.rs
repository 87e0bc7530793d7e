//! [`Hub`]: a reactor's ear.
//!
//! It watches a copy of the process's bell. There is no task behind it: when the bell rings, the
//! reactor wakes a [`Ring`], and that does the work at once, on the thread that turned the reactor.

use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Weak};
use std::task::{Context, Poll, Wake, Waker};

use mio::unix::SourceFd;
use rt_reactor::{Direction, Handle, Interest, Registration};

use super::process::Process;

/// A reactor's ear. Kept by the listeners that were made on the reactor; gone with the last.
#[derive(Debug)]
pub(super) struct Hub {
    process: &'static Process,
    copy: OwnedFd,
    registration: Registration,
    /// Whether the reactor's driver is. Only ever set; what it decides is asked again after a wake.
    gone: AtomicBool,
    this: Weak<Self>,
}

impl Hub {
    /// The ear of the reactor of `handle`, which hears once it [listens](Self::listen).
    pub(super) fn new(process: &'static Process, handle: &Handle) -> io::Result<Arc<Self>> {
        let copy = process.bell().copy()?;
        let fd = copy.as_raw_fd();
        let registration = Registration::new(&mut SourceFd(&fd), Interest::READABLE, handle)?;
        Ok(Arc::new_cyclic(|this| Self {
            process,
            copy,
            registration,
            gone: AtomicBool::new(false),
            this: this.clone(),
        }))
    }

    pub(super) fn is_of(&self, handle: &Handle) -> bool {
        self.registration.handle().is_same(handle)
    }

    pub(super) fn is_gone(&self) -> bool {
        self.gone.load(Relaxed)
    }

    /// Has the next ring call. What rang up to now may be looked for after this.
    pub(super) fn listen(&self) {
        // The ring keeps no hub: the reactor, which keeps the ring, is kept by the hub.
        let ring = Waker::from(Arc::new(Ring(self.this.clone())));
        let mut cx = Context::from_waker(&ring);
        loop {
            match self.registration.poll_event(&mut cx, Direction::Read) {
                Poll::Pending => return,
                Poll::Ready(Ok(event)) => {
                    self.process.bell().make_room();
                    self.registration.clear_ready(event);
                }
                Poll::Ready(Err(_gone)) => return self.gone.store(true, Relaxed),
            }
        }
    }
}

impl Drop for Hub {
    fn drop(&mut self) {
        // A forked child would make the system forget what its parent watches.
        if !self.process.is_past() {
            let fd = self.copy.as_raw_fd();
            // Fails if the driver is gone, and its list with it.
            let _ = self.registration.deregister(&mut SourceFd(&fd));
        }
    }
}

/// What the reactor wakes.
struct Ring(Weak<Hub>);

impl Wake for Ring {
    fn wake(self: Arc<Self>) {
        if let Some(hub) = self.0.upgrade() {
            hub.listen(); // first, so that a signal which comes from here on calls again
            hub.process.tell(hub.is_gone());
        }
    }
}
