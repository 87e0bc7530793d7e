//! What a pool tells of itself.

/// A pool at one moment. All figures were read under its lock, so they fit together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Metrics {
    /// Closures that wait for a thread.
    pub queue_depth: usize,
    /// Threads that take closures: starting, busy or idle.
    pub threads: usize,
    /// Threads that wait for a closure.
    pub idle_threads: usize,
    /// The most threads that there were at one time.
    pub threads_peak: usize,
    /// How often no thread could be started.
    pub start_failures: u64,
}
