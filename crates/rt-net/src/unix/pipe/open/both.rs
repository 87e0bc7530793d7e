//! Both directions at once, which Linux allows.

use super::OpenOptions;

impl OpenOptions {
    /// Says whether to open the pipe for reading and writing, whichever end is asked for. Off at
    /// first. On Linux and Android alone.
    ///
    /// A sender can be opened before there is a receiver then, and a receiver never reads the end,
    /// since it is a writer itself.
    pub fn read_write(&mut self, read_write: bool) -> &mut Self {
        self.read_write = read_write;
        self
    }
}
