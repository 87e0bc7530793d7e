//! Shards that no driver uses just now.
//!
//! A shard is never freed, since a timer may look at it long after its driver is gone; so the next
//! driver takes it up again, under the next generation. A process has as many as it ever had
//! drivers at once.

use std::sync::{Mutex, PoisonError};

use crate::shard::Shard;

static FREE: Mutex<Vec<&'static Shard>> = Mutex::new(Vec::new());

/// A shard for a new driver.
pub(crate) fn take() -> &'static Shard {
    let free = FREE.lock().unwrap_or_else(PoisonError::into_inner).pop();
    free.unwrap_or_else(|| Box::leak(Box::new(Shard::new())))
}

/// Takes a closed shard back.
pub(crate) fn give(shard: &'static Shard) {
    FREE.lock().unwrap_or_else(PoisonError::into_inner).push(shard);
}
