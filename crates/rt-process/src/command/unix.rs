//! What only Unix has to say about a process.

use std::ffi::OsStr;
use std::io;
use std::os::unix::process::CommandExt;

use super::Command;

impl Command {
    /// Runs it as this user.
    pub fn uid(&mut self, id: u32) -> &mut Self {
        self.std.uid(id);
        self
    }

    /// Runs it as of this group.
    pub fn gid(&mut self, id: u32) -> &mut Self {
        self.std.gid(id);
        self
    }

    /// What the program is told to be called: its argument number zero.
    pub fn arg0<S: AsRef<OsStr>>(&mut self, arg: S) -> &mut Self {
        self.std.arg0(arg);
        self
    }

    /// Has `f` run in the new process, after it was forked and before it is the program. An error of `f` is
    /// the error of the spawn.
    ///
    /// # Safety
    /// `f` runs in a copy of this process that has one thread, whatever the others did: it does only what
    /// may be done there, which leaves out locks and allocation. See
    /// [`pre_exec`](CommandExt::pre_exec) of `std`.
    pub unsafe fn pre_exec<F>(&mut self, f: F) -> &mut Self
    where
        F: FnMut() -> io::Result<()> + Send + Sync + 'static,
    {
        // SAFETY: as the caller promises.
        unsafe { self.std.pre_exec(f) };
        self
    }

    /// Puts it into the process group of this number; into one of its own, if that is 0.
    pub fn process_group(&mut self, group: i32) -> &mut Self {
        self.std.process_group(group);
        self
    }
}
