//! What one task at a time can use: it sits there for as long as it waits.

use crate::program::TASKS;

/// First numbers of each kind.
pub(crate) const RECEIVER: usize = 0;
pub(crate) const ONESHOT: usize = 3;
pub(crate) const WATCH: usize = 5;
pub(crate) const BROADCAST: usize = 7;
pub(crate) const SET: usize = 9;
pub(crate) const PIPE: usize = 10;
pub(crate) const TCP_READ: usize = 12;
pub(crate) const TCP_WRITE: usize = 14;
pub(crate) const UDP: usize = 16;
pub(crate) const HANDLE: usize = 18;
const CHAIRS: usize = HANDLE + TASKS;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Chair {
    Free,
    Held,
    Gone,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Chairs {
    list: [Chair; CHAIRS],
    /// Those that somebody sat in at any time of this step. Who races with that one may find it so: a task
    /// has what it waited for a little before it gets up.
    touched: u64,
}

impl Chairs {
    pub(super) fn new() -> Self {
        let mut list = [Chair::Free; CHAIRS];
        list[HANDLE..].fill(Chair::Gone);
        Self { list, touched: 0 }
    }

    pub(super) fn of(&self, at: usize) -> Chair {
        self.list[at]
    }

    /// As someone finds it who may have come a little too early.
    pub(super) fn found(&self, at: usize, early: bool) -> Chair {
        match self.list[at] {
            Chair::Gone => Chair::Gone,
            _ if early && self.touched & (1 << at) != 0 => Chair::Held,
            chair => chair,
        }
    }

    pub(super) fn set(&mut self, at: usize, chair: Chair) {
        if chair == Chair::Held {
            self.touched |= 1 << at;
        }
        self.list[at] = chair;
    }

    pub(super) fn step_ends(&mut self) {
        let held = |(at, chair): (usize, &Chair)| u64::from(*chair == Chair::Held) << at;
        self.touched = self.list.iter().enumerate().map(held).sum();
    }
}
