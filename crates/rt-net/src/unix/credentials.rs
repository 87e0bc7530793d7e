//! Who is at the other end of a Unix stream: [`UCred`].
//!
//! Every system has a call of its own for that; `peer` asks it, and is all the unsafe code here.

#[cfg(any(target_os = "linux", target_os = "android"))]
#[path = "credentials/linux.rs"]
mod system;
#[cfg(any(
    target_vendor = "apple",
    target_os = "freebsd",
    target_os = "dragonfly",
    target_os = "netbsd",
    target_os = "openbsd"
))]
#[path = "credentials/bsd.rs"]
mod system;
#[cfg(not(any(
    target_os = "linux",
    target_os = "android",
    target_vendor = "apple",
    target_os = "freebsd",
    target_os = "dragonfly",
    target_os = "netbsd",
    target_os = "openbsd"
)))]
#[path = "credentials/unknown.rs"]
mod system;

pub(super) use system::peer;

/// A user's id.
#[expect(non_camel_case_types, reason = "the C library's name")]
pub type uid_t = u32;
/// A group's id.
#[expect(non_camel_case_types, reason = "the C library's name")]
pub type gid_t = u32;
/// A process's id.
#[expect(non_camel_case_types, reason = "the C library's name")]
pub type pid_t = i32;

/// Who was at the other end when the connection was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct UCred {
    uid: uid_t,
    gid: gid_t,
    pid: Option<pid_t>,
}

impl UCred {
    /// The effective user id of the process.
    #[must_use]
    pub fn uid(&self) -> uid_t {
        self.uid
    }

    /// The effective group id of the process.
    #[must_use]
    pub fn gid(&self) -> gid_t {
        self.gid
    }

    /// The id of the process: Linux and Apple's systems tell it. The process may have ended
    /// since, and another one have its id.
    #[must_use]
    pub fn pid(&self) -> Option<pid_t> {
        self.pid
    }
}
