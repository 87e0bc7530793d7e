//! Urgent data, where the system tells of it.

/// What to ask `mio` for.
pub(super) fn interest() -> Option<mio::Interest> {
    Some(mio::Interest::PRIORITY)
}
