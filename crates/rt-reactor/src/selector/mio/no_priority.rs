//! Urgent data, where the system does not tell of it.

/// Nothing to ask `mio` for.
pub(super) fn interest() -> Option<mio::Interest> {
    None
}
