//! [`OpenOptions`] for a pipe that has a name.

#[cfg(any(target_os = "linux", target_os = "android"))]
mod both;

use std::fs::{self, File};
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::OpenOptionsExt;
use std::panic::Location;
use std::path::Path;

use super::{Receiver, Sender, flags};
use crate::socket::reactor;

/// How to open an end of a pipe that has a name.
///
/// ```no_run
/// # async fn doc() -> std::io::Result<()> {
/// use rt_net::unix::pipe;
///
/// let mut receiver = pipe::OpenOptions::new().open_receiver("/run/commands.fifo")?;
/// let mut buf = [0; 64];
/// let len = receiver.read(&mut buf).await?;
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, Default)]
pub struct OpenOptions {
    read_write: bool,
    unchecked: bool,
}

impl OpenOptions {
    /// Checks that the file is a pipe, and opens it for one direction.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Says whether to skip the check that the file is a pipe. Off at first.
    pub fn unchecked(&mut self, unchecked: bool) -> &mut Self {
        self.unchecked = unchecked;
        self
    }

    /// Opens the reading end of the pipe at `path`. Does not wait for a writer: until there is one
    /// it waits for the first, and after the last it reads the end.
    ///
    /// # Errors
    /// `InvalidInput` if the file is no pipe; such as `NotFound`, `PermissionDenied`. If no reactor
    /// is entered; names the call site and the fix.
    #[track_caller]
    pub fn open_receiver<P: AsRef<Path>>(&self, path: P) -> io::Result<Receiver> {
        let reactor = reactor("OpenOptions::open_receiver", Location::caller())?;
        let mut options = fs::OpenOptions::new();
        let file = self.open(options.read(true).write(self.read_write), path.as_ref())?;
        Receiver::foreign(file.into(), &reactor)
    }

    /// Opens the writing end of the pipe at `path`.
    ///
    /// # Errors
    /// As [`open_receiver`](Self::open_receiver); `ENXIO` if nobody has it open for reading: try
    /// again later, or open it for both directions where the system allows that.
    #[track_caller]
    pub fn open_sender<P: AsRef<Path>>(&self, path: P) -> io::Result<Sender> {
        let reactor = reactor("OpenOptions::open_sender", Location::caller())?;
        let mut options = fs::OpenOptions::new();
        let file = self.open(options.write(true).read(self.read_write), path.as_ref())?;
        Sender::foreign(file.into(), &reactor)
    }

    fn open(&self, options: &mut fs::OpenOptions, path: &Path) -> io::Result<File> {
        let file = options.custom_flags(libc::O_NONBLOCK).open(path)?;
        if !self.unchecked {
            flags::expect_pipe(file.as_fd())?;
        }
        Ok(file)
    }
}
