//! [`SignalKind`]: which signal.

#[cfg(any(
    target_os = "dragonfly",
    target_os = "freebsd",
    target_os = "illumos",
    target_os = "macos",
    target_os = "netbsd",
    target_os = "openbsd",
))]
mod info;
#[cfg(any(target_os = "android", target_os = "linux"))]
mod real_time;

use std::ffi::c_int;

/// Which signal to listen to.
#[derive(Clone, Copy, Debug, Hash, PartialEq, Eq)]
pub struct SignalKind(c_int);

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $number:ident,)*) => {
        impl SignalKind {
            $(
                $(#[$doc])*
                #[must_use]
                pub const fn $name() -> Self {
                    Self(libc::$number)
                }
            )*
        }
    };
}

kinds! {
    /// `SIGALRM`: a timer of the system has run out. Ends the process unless listened to.
    alarm = SIGALRM,
    /// `SIGCHLD`: a child process has ended, stopped or gone on. Ignored unless listened to.
    child = SIGCHLD,
    /// `SIGHUP`: the terminal is gone; by convention, a daemon reads its configuration again. Ends
    /// the process unless listened to.
    hangup = SIGHUP,
    /// `SIGINT`: Ctrl-C. Ends the process unless listened to.
    interrupt = SIGINT,
    /// `SIGIO`: a descriptor that was asked to is ready. What happens unless listened to depends
    /// on the system.
    io = SIGIO,
    /// `SIGPIPE`: a write to a pipe that nobody reads. Ignored in Rust programs, which get an
    /// error instead.
    pipe = SIGPIPE,
    /// `SIGQUIT`: Ctrl-\. Ends the process with a core dump unless listened to.
    quit = SIGQUIT,
    /// `SIGTERM`: a polite request to end. Ends the process unless listened to.
    terminate = SIGTERM,
    /// `SIGUSR1`: for programs to give a meaning to. Ends the process unless listened to.
    user_defined1 = SIGUSR1,
    /// `SIGUSR2`: for programs to give a meaning to. Ends the process unless listened to.
    user_defined2 = SIGUSR2,
    /// `SIGWINCH`: the terminal's window has another size. Ignored unless listened to.
    window_change = SIGWINCH,
}

impl SignalKind {
    /// The signal of this number. Whether there is one, and whether it can be listened to, is
    /// found out by [`signal`](super::signal()).
    #[must_use]
    pub const fn from_raw(number: c_int) -> Self {
        Self(number)
    }

    /// The signal's number.
    ///
    /// ```
    /// # use rt_signal::unix::SignalKind;
    /// assert_eq!(SignalKind::interrupt().as_raw_value(), 2);
    /// ```
    #[must_use]
    pub const fn as_raw_value(&self) -> c_int {
        self.0
    }
}

impl From<c_int> for SignalKind {
    fn from(number: c_int) -> Self {
        Self::from_raw(number)
    }
}

impl From<SignalKind> for c_int {
    fn from(kind: SignalKind) -> Self {
        kind.as_raw_value()
    }
}
