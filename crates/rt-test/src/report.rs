//! Where a future awaits, where it was cancelled, and what came of it all.

use std::fmt;
use std::panic::Location;

use rt_task::wait::{Wait, WaitKind};

/// One time that a future under test pended.
#[derive(Clone, Copy, Debug)]
pub struct Await {
    pub(crate) number: usize,
    pub(crate) wait: Option<Wait>,
}

impl Await {
    /// Counted from one, in its round.
    #[must_use]
    pub fn number(&self) -> usize {
        self.number
    }

    /// What it waits for. `None` if the leaf that pends does not tell: it is not one of ours.
    #[must_use]
    pub fn kind(&self) -> Option<WaitKind> {
        self.wait.map(|wait| wait.kind)
    }

    /// The line that made the leaf future.
    #[must_use]
    pub fn at(&self) -> Option<&'static Location<'static>> {
        self.wait.map(|wait| wait.site)
    }
}

impl fmt::Display for Await {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "await {}", self.number)?;
        match &self.wait {
            Some(Wait { kind, site, .. }) => write!(f, " ({} at {site})", kind.as_str()),
            None => f.write_str(" (of a leaf that does not tell what it waits for)"),
        }
    }
}

/// Where a round cancels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Point {
    /// Nowhere.
    Never,
    /// Before the first poll.
    Unpolled,
    /// Having pended for the so-manieth time.
    Waiting(usize),
    /// Woken after that, instead of the poll.
    Woken(usize),
}

impl Point {
    /// All of them, in order.
    pub(crate) fn next(self) -> Self {
        match self {
            Self::Never => Self::Unpolled,
            Self::Unpolled => Self::Waiting(1),
            Self::Waiting(number) => Self::Woken(number),
            Self::Woken(number) => Self::Waiting(number + 1),
        }
    }

    /// The await that it is at; none before the first.
    pub(crate) fn number(self) -> usize {
        match self {
            Self::Never | Self::Unpolled => 0,
            Self::Waiting(number) | Self::Woken(number) => number,
        }
    }

    /// The one of this index; all of a future that awaits `n` times are those below `2 * n + 1`.
    pub(crate) fn nth(index: usize) -> Self {
        match (index, index.is_multiple_of(2)) {
            (0, _) => Self::Unpolled,
            (_, true) => Self::Woken(index / 2),
            (_, false) => Self::Waiting(index.div_ceil(2)),
        }
    }
}

/// The future was dropped, as the round wanted it.
#[derive(Clone, Copy, Debug)]
pub struct Cancelled {
    pub(crate) point: Point,
    pub(crate) last: Option<Await>,
}

impl Cancelled {
    /// The await at which it was. `None` if it had not been polled at all.
    #[must_use]
    pub fn at(&self) -> Option<Await> {
        self.last
    }

    /// Whether it had been woken, and was to be polled again: what it waited for may have been given to it.
    #[must_use]
    pub fn was_woken(&self) -> bool {
        matches!(self.point, Point::Woken(_))
    }
}

impl fmt::Display for Cancelled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.last, self.was_woken()) {
            (None, _) => f.write_str("cancelled before its first poll"),
            (Some(last), false) => write!(f, "cancelled at {last}, as it began to wait"),
            (Some(last), true) => write!(f, "cancelled at {last}, once it was woken"),
        }
    }
}

impl std::error::Error for Cancelled {}

/// What a test with cancellation did. Its `Display` lists the awaits.
#[derive(Clone, Debug)]
pub struct Report {
    pub(crate) rounds: usize,
    pub(crate) awaits: Vec<Await>,
}

impl Report {
    /// How often the test was run.
    #[must_use]
    pub fn rounds(&self) -> usize {
        self.rounds
    }

    /// The awaits of what was run, in order, in the round that had most.
    #[must_use]
    pub fn awaits(&self) -> &[Await] {
        &self.awaits
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "rounds: {}, awaits: {}", self.rounds, self.awaits.len())?;
        self.awaits.iter().try_for_each(|one| write!(f, "\n  {one}"))
    }
}
