//! The shared half of a reactor: [`Handle`].

use std::fmt;
use std::io;
use std::panic::{RefUnwindSafe, UnwindSafe};

use rt_task::base::context::{self, Missing};
use rt_task::base::shim::{Arc, AtomicUsize, Ordering::*};

use crate::slots::{Refused, Slots};

/// The shared half of a [`Driver`](crate::Driver): where sources are registered. Cheap to clone;
/// goes to any thread.
///
/// Keeps the memory of the reactor, not the reactor: once the driver is dropped, whatever waits
/// and whatever is registered fails with an error that says so.
#[derive(Clone)]
pub struct Handle {
    pub(crate) shared: Arc<Shared>,
}

pub(crate) struct Shared {
    pub(crate) slots: Slots,
    /// Where sources of the operating system are registered, if this reactor has any.
    pub(crate) registry: Option<mio::Registry>,
    /// Events handed out. Written by the driver alone.
    pub(crate) events: AtomicUsize,
}

/// How much a reactor has done. Counts wrap after years.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Metrics {
    /// Sources that are registered now.
    pub sources: usize,
    /// Sources that ever were.
    pub registered_count: u64,
    /// Sources that were and are no more.
    pub deregistered_count: u64,
    /// Events that the selector told of.
    pub ready_count: u64,
}

// As a registration: nothing is left half-changed when foreign code panics.
impl UnwindSafe for Handle {}
impl RefUnwindSafe for Handle {}

impl Handle {
    pub(crate) fn new(registry: Option<mio::Registry>) -> Self {
        Self {
            shared: Arc::new(Shared { slots: Slots::new(), registry, events: AtomicUsize::new(0) }),
        }
    }

    /// The reactor that is entered on this thread.
    ///
    /// # Errors
    /// If none is; [`Missing::io_error`] makes an error of it that names the call site and the
    /// fix.
    pub fn current() -> Result<Self, Missing> {
        context::io(Self::clone)
    }

    /// Whether `other` is of the same reactor.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
    }

    /// What the reactor has done so far. Takes a lock.
    #[must_use]
    pub fn metrics(&self) -> Metrics {
        let (registered_count, deregistered_count) = self.shared.slots.traffic();
        Metrics {
            sources: self.shared.slots.occupied(),
            registered_count,
            deregistered_count,
            ready_count: self.shared.events.load(Relaxed) as u64, // a statistic
        }
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle")
            .field("sources", &self.shared.slots.occupied())
            .finish_non_exhaustive()
    }
}

/// The error of whoever waits or registers after the driver is gone.
#[cold]
pub(crate) fn gone() -> io::Error {
    io::Error::other(DriverGone)
}

/// Whether an error says that the driver is gone.
#[must_use]
pub fn is_gone(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|inner| inner.is::<DriverGone>())
}

#[derive(Debug)]
struct DriverGone;

impl fmt::Display for DriverGone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "the I/O driver is gone: its runtime is shutting down, or was dropped; keep the runtime until its \
             sockets are",
        )
    }
}

impl std::error::Error for DriverGone {}

impl From<Refused> for io::Error {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Gone => gone(),
            Refused::Full => Self::new(
                io::ErrorKind::OutOfMemory,
                "the reactor holds as many sources as it can tell apart",
            ),
        }
    }
}
