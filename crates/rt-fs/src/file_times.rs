//! FileTimes.

use std::time::SystemTime;

/// Which of a file's times are set, and to what, by [`File::set_times`](crate::File::set_times).
///
/// Those that are not named here stay. The same as [`std::fs::FileTimes`], from which it is made, too.
#[derive(Clone, Copy, Debug, Default)]
#[must_use = "has no effect until it is given to `File::set_times`"]
pub struct FileTimes(std::fs::FileTimes);

impl FileTimes {
    /// None.
    pub fn new() -> Self {
        Self::default()
    }

    /// When the file was last read.
    pub fn set_accessed(self, time: SystemTime) -> Self {
        Self(self.0.set_accessed(time))
    }

    /// When the file was last written.
    pub fn set_modified(self, time: SystemTime) -> Self {
        Self(self.0.set_modified(time))
    }

    pub(crate) fn into_std(self) -> std::fs::FileTimes {
        self.0
    }
}

impl From<std::fs::FileTimes> for FileTimes {
    fn from(times: std::fs::FileTimes) -> Self {
        Self(times)
    }
}
