//! The signal that Linux does not have.

use super::SignalKind;

impl SignalKind {
    /// `SIGINFO`: Ctrl-T, a question how far the program is. Ignored unless listened to.
    #[must_use]
    pub const fn info() -> Self {
        Self(libc::SIGINFO)
    }
}
