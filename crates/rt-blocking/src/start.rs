//! How a thread of the pool is started. The one place that asks the operating system for one.

use std::io;

use rt_task::base::shim::thread::{Builder, JoinHandle};

/// A thread to be.
pub(crate) struct NewThread {
    pub(crate) name: String,
    pub(crate) stack_size: Option<usize>,
    pub(crate) main: Box<dyn FnOnce() + Send>,
}

/// Starts threads. A seam of this crate's tests: threads can be refused here.
pub(crate) trait Start: Send + Sync + 'static {
    /// Starts `thread`.
    ///
    /// # Errors
    /// When there can be no more threads. What `main` holds is dropped then.
    fn start(&self, thread: NewThread) -> io::Result<JoinHandle<()>>;
}

/// Threads of the operating system.
pub(crate) struct Os;

impl Start for Os {
    fn start(&self, thread: NewThread) -> io::Result<JoinHandle<()>> {
        let mut builder = Builder::new().name(thread.name);
        if let Some(bytes) = thread.stack_size {
            builder = builder.stack_size(bytes);
        }
        builder.spawn(thread.main)
    }
}
