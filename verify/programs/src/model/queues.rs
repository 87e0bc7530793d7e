//! Those that wait in order: for permits, and to be notified.

use std::collections::VecDeque;

/// Who waits: a task, and which of the two things that it waits for.
pub(crate) type Seat = (u8, u8);

/// A fair counter: nobody comes before who waits longer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Permits {
    free: u16,
    closed: bool,
    waiting: VecDeque<(Seat, u16)>,
    /// Handed out, and not noticed yet by who waited.
    granted: Vec<(Seat, u16)>,
}

/// What became of who asked for permits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    Granted,
    Waits,
    Closed,
}

impl Permits {
    pub(crate) fn new(free: u16) -> Self {
        Self { free, ..Self::default() }
    }

    pub(crate) fn has_granted(&self) -> bool {
        !self.granted.is_empty()
    }

    /// Of permits, if nobody waits for any.
    pub(crate) fn free(&self) -> Option<u16> {
        self.waiting.is_empty().then_some(self.free)
    }

    pub(crate) fn begin(&mut self, seat: Seat, need: u16) -> Asked {
        if self.closed {
            return Asked::Closed;
        }
        if self.waiting.is_empty() && self.free >= need {
            self.free -= need;
            return Asked::Granted;
        }
        self.waiting.push_back((seat, need));
        Asked::Waits
    }

    pub(crate) fn look(&self, seat: Seat) -> Asked {
        match self.granted.iter().any(|(who, _)| *who == seat) {
            true => Asked::Granted,
            false if self.closed => Asked::Closed,
            false => Asked::Waits,
        }
    }

    /// Who waited noticed; true if it was handed what it asked for.
    pub(crate) fn take(&mut self, seat: Seat) -> bool {
        self.waiting.retain(|(who, _)| *who != seat);
        let granted = self.granted.iter().position(|(who, _)| *who == seat);
        granted.map(|at| self.granted.swap_remove(at)).is_some()
    }

    /// Who waited went away.
    pub(crate) fn cancel(&mut self, seat: Seat) {
        self.waiting.retain(|(who, _)| *who != seat);
        let granted = self.granted.iter().position(|(who, _)| *who == seat);
        let back = granted.map_or(0, |at| self.granted.swap_remove(at).1);
        self.release(back);
    }

    pub(crate) fn release(&mut self, count: u16) {
        self.free += count;
        while let Some(&(seat, need)) = self.waiting.front() {
            if self.closed || self.free < need {
                break;
            }
            self.free -= need;
            self.waiting.pop_front();
            self.granted.push((seat, need));
            self.granted.sort_unstable();
        }
    }

    pub(crate) fn close(&mut self) {
        self.closed = true;
    }
}

/// One notification is kept if nobody waits.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Notify {
    kept: bool,
    waiting: VecDeque<Seat>,
    /// Told, by `notify_one` if true, and did not notice yet.
    told: Vec<(Seat, bool)>,
}

impl Notify {
    /// True if there was a notification.
    pub(crate) fn begin(&mut self, seat: Seat) -> bool {
        if std::mem::take(&mut self.kept) {
            return true;
        }
        self.waiting.push_back(seat);
        false
    }

    pub(crate) fn is_told(&self, seat: Seat) -> bool {
        self.told.iter().any(|(who, _)| *who == seat)
    }

    pub(crate) fn take(&mut self, seat: Seat) {
        self.told.retain(|(who, _)| *who != seat);
    }

    /// Who goes away hands on what was meant for one.
    pub(crate) fn cancel(&mut self, seat: Seat) {
        self.waiting.retain(|who| *who != seat);
        if let Some(at) = self.told.iter().position(|(who, _)| *who == seat) {
            let (_, for_one) = self.told.swap_remove(at);
            if for_one {
                self.one();
            }
        }
    }

    pub(crate) fn one(&mut self) {
        match self.waiting.pop_front() {
            Some(seat) => self.tell(seat, true),
            None => self.kept = true,
        }
    }

    pub(crate) fn all(&mut self) {
        for seat in std::mem::take(&mut self.waiting) {
            self.tell(seat, false);
        }
    }

    fn tell(&mut self, seat: Seat, for_one: bool) {
        self.told.push((seat, for_one));
        self.told.sort_unstable();
    }
}
