//! Signals without a meaning of their own.

use std::ffi::c_int;

use super::SignalKind;

impl SignalKind {
    /// `SIGRTMIN + n`: one of the real-time signals, for programs to give a meaning to. `None` past
    /// `SIGRTMAX`. Ends the process unless listened to.
    ///
    /// The system queues them, each with its own order; a listener is told of many that came since as of
    /// one, as with every other kind.
    ///
    /// ```
    /// # use rt_signal::unix::SignalKind;
    /// assert!(SignalKind::real_time(0).is_some());
    /// assert!(SignalKind::real_time(200).is_none());
    /// ```
    #[must_use]
    pub fn real_time(n: u8) -> Option<Self> {
        let number = libc::SIGRTMIN() + c_int::from(n);
        (number <= libc::SIGRTMAX()).then_some(Self(number))
    }
}
