//! Where a buffered stream is in a move that takes several steps.

use std::io::SeekFrom;

/// Steps of a move. The inner stream is asked to move only from `poll_complete`, since what must
/// come before (a flush, an earlier move) may pend.
#[derive(Clone, Copy, Debug)]
pub(super) enum Seeking {
    /// None is under way.
    No,
    /// Asked for, not begun.
    To(SeekFrom),
    /// Back over what is buffered, by as much as fits; so much is then to come.
    Back(i64),
    /// Begun.
    Begun,
}
