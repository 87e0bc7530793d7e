//! Which processors a worker's thread may run on.

#[cfg(target_os = "linux")]
mod linux;
#[cfg(not(target_os = "linux"))]
mod other;

use std::io;
use std::sync::Arc;

#[cfg(target_os = "linux")]
use linux::{is_usable, pin};
#[cfg(not(target_os = "linux"))]
use other::{is_usable, pin};

/// Sets of processors, by the system's numbers: worker n has the n-th, and they start over at the end.
#[derive(Clone, Debug)]
pub(crate) struct Affinity(Arc<[Vec<usize>]>);

impl Affinity {
    pub(crate) fn new(sets: Vec<Vec<usize>>) -> Self {
        Self(sets.into())
    }

    /// Whether each set can be had.
    ///
    /// # Errors
    /// `InvalidInput` if one is empty, or names a processor that is not there or that this process may not
    /// use. `Unsupported` on systems where this is not done.
    pub(crate) fn check(&self) -> io::Result<()> {
        for (index, set) in self.0.iter().enumerate() {
            let refuse = |what: String| {
                Err(io::Error::new(
                    io::ErrorKind::InvalidInput,
                    format!("`worker_affinity`: the set of worker {index} {what}"),
                ))
            };
            if set.is_empty() {
                return refuse("is empty".to_owned());
            }
            for processor in set {
                if !is_usable(*processor)? {
                    return refuse(format!(
                        "has processor {processor}, which is not there or may not be used by this process"
                    ));
                }
            }
        }
        Ok(())
    }

    /// Keeps the calling thread, about to be `worker`, on that one's processors.
    pub(crate) fn pin(&self, worker: usize) {
        if let Some(set) = self.0.get(worker % self.0.len().max(1)) {
            // They were there when the runtime was built. One that was taken away since is the system's to
            // make up for.
            let _ = pin(set);
        }
    }
}
