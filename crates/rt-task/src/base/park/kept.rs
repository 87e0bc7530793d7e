//! The parker that a thread keeps for its next loop.

use core::cell::Cell;

use super::Pair;

std::thread_local! {
    static KEPT: Cell<Option<Pair>> = const { Cell::new(None) };
}

/// `None` the first time, while it is lent, and while the thread's locals are being destroyed.
#[inline]
pub(super) fn take() -> Option<Pair> {
    KEPT.try_with(Cell::take).ok().flatten()
}

#[inline]
pub(super) fn keep(pair: Pair) {
    let _ = KEPT.try_with(|kept| kept.set(Some(pair)));
}
