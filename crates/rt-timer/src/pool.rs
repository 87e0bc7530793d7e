//! Shards that no driver uses just now.
//!
//! They are never freed, since a timer may look at one long after its driver is gone; so the next
//! driver with as many takes them up again, under the next generation. A process has as many as it
//! ever had drivers of that size at once.

use std::sync::{Mutex, PoisonError};

use crate::group::Group;

static FREE: Mutex<Vec<&'static Group>> = Mutex::new(Vec::new());

/// Those whose generations are used up. Nobody reads it: who looks for leaks finds them here.
static RESTING: Mutex<Vec<&'static Group>> = Mutex::new(Vec::new());

/// So many shards for a new driver.
pub(crate) fn take(shards: usize) -> &'static Group {
    let mut free = FREE.lock().unwrap_or_else(PoisonError::into_inner);
    let known = free.iter().rposition(|group| group.count() == shards).map(|at| free.remove(at));
    drop(free);
    known.unwrap_or_else(|| Box::leak(Box::new(Group::new(shards))))
}

/// Takes those of a closed driver back.
pub(crate) fn give(group: &'static Group) {
    FREE.lock().unwrap_or_else(PoisonError::into_inner).push(group);
}

/// Lets those of a closed driver rest for good.
pub(crate) fn retire(group: &'static Group) {
    RESTING.lock().unwrap_or_else(PoisonError::into_inner).push(group);
}
