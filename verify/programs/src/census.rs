//! What the process has of the system: threads and descriptors.

use std::fs;

/// How many of each there are; nothing where the system does not say.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Census {
    threads: Option<usize>,
    descriptors: Option<usize>,
}

impl Census {
    /// Whether nothing is more than it was.
    pub(crate) fn is_at_most(self, before: Self) -> bool {
        self.threads <= before.threads && self.descriptors <= before.descriptors
    }

    pub(crate) fn now() -> Self {
        let count = |folder| fs::read_dir(folder).ok().map(Iterator::count);
        Self { threads: count("/proc/self/task"), descriptors: count("/proc/self/fd") }
    }
}
