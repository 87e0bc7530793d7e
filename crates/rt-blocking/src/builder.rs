//! What can be set of a pool.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use rt_task::base::context::Env;

use crate::Pool;
use crate::start::{Os, Start};

/// A pool to be, with options.
///
/// ```
/// use std::time::Duration;
///
/// let pool = rt_blocking::Builder::new()
///     .max_threads(4)
///     .keep_alive(Duration::from_secs(1))
///     .thread_name("disk")
///     .build();
/// let name = pool.handle().spawn_blocking(|| std::thread::current().name().map(String::from));
/// assert_eq!(rt_task::block_on(name).unwrap().as_deref(), Some("disk"));
/// ```
#[must_use = "a builder builds nothing by itself"]
pub struct Builder {
    options: Options,
}

/// What stays of a builder in its pool.
pub(crate) struct Options {
    pub(crate) max_threads: usize,
    pub(crate) keep_alive: Duration,
    pub(crate) stack_size: Option<usize>,
    pub(crate) start: Box<dyn Start>,
    thread_name: ThreadName,
    on_thread_start: Option<Hook>,
    on_thread_stop: Option<Hook>,
    environment: Option<Box<dyn Fn() -> Option<Env> + Send + Sync>>,
}

type Hook = Box<dyn Fn() + Send + Sync>;

enum ThreadName {
    Same(Cow<'static, str>),
    Each(Box<dyn Fn() -> String + Send + Sync>),
}

impl Builder {
    /// A pool of up to 512 threads, each kept for ten seconds without work.
    pub fn new() -> Self {
        Self {
            options: Options {
                max_threads: MAX_THREADS,
                keep_alive: KEEP_ALIVE,
                stack_size: None,
                start: Box::new(Os),
                thread_name: ThreadName::Same(Cow::Borrowed(THREAD_NAME)),
                on_thread_start: None,
                on_thread_stop: None,
                environment: None,
            },
        }
    }

    /// How many closures may run at a time, each on a thread of its own. 512 if not set.
    ///
    /// More wait in a queue without bound. Closures that wait for each other need as many
    /// threads.
    ///
    /// # Panics
    /// If `threads` is zero: no closure would ever run.
    #[track_caller]
    pub fn max_threads(mut self, threads: usize) -> Self {
        assert!(threads > 0, "a blocking pool needs at least one thread");
        self.options.max_threads = threads;
        self
    }

    /// How long a thread waits for its next closure before it ends. Ten seconds if not set; with
    /// `Duration::MAX` threads stay.
    pub fn keep_alive(mut self, span: Duration) -> Self {
        self.options.keep_alive = span;
        self
    }

    /// The name of every thread. `rt-blocking` if not set. Linux shows the first 15 bytes.
    ///
    /// # Panics
    /// If the name has a zero byte in it.
    #[track_caller]
    pub fn thread_name(mut self, name: impl Into<String>) -> Self {
        let name = name.into();
        assert!(!name.contains('\0'), "a thread's name has no zero byte");
        self.options.thread_name = ThreadName::Same(Cow::Owned(name));
        self
    }

    /// Names each thread by what `name` returns, asked once per thread on the thread that spawns.
    ///
    /// A thread for which `name` panics or returns a zero byte is called `rt-blocking`.
    pub fn thread_name_fn(mut self, name: impl Fn() -> String + Send + Sync + 'static) -> Self {
        self.options.thread_name = ThreadName::Each(Box::new(name));
        self
    }

    /// Bytes of stack for each thread. What the standard library takes if not set.
    pub fn stack_size(mut self, bytes: usize) -> Self {
        self.options.stack_size = Some(bytes);
        self
    }

    /// Runs `hook` on each thread before its first closure. A panic in it is contained.
    pub fn on_thread_start(mut self, hook: impl Fn() + Send + Sync + 'static) -> Self {
        self.options.on_thread_start = Some(Box::new(hook));
        self
    }

    /// Runs `hook` on each thread after its last closure. A panic in it is contained.
    pub fn on_thread_stop(mut self, hook: impl Fn() + Send + Sync + 'static) -> Self {
        self.options.on_thread_stop = Some(Box::new(hook));
        self
    }

    /// What each thread enters for all its life, so that closures find the pieces of a runtime.
    ///
    /// Asked once per thread, on it. With `None`, or where `environment` panics, nothing is
    /// entered. An environment that holds a handle of this very pool keeps the pool's memory as
    /// long as it lives: let `environment` reach it by a `Weak`.
    pub fn environment(
        mut self,
        environment: impl Fn() -> Option<Env> + Send + Sync + 'static,
    ) -> Self {
        self.options.environment = Some(Box::new(environment));
        self
    }

    /// The pool. No thread is started before the first closure comes.
    #[must_use = "a pool that is dropped is shut down"]
    pub fn build(self) -> Pool {
        Pool::with(self.options)
    }

    /// Starts threads by `start`.
    #[cfg(all(test, not(rt_loom)))]
    pub(crate) fn start(mut self, start: impl Start) -> Self {
        self.options.start = Box::new(start);
        self
    }
}

impl Options {
    /// A name for a thread that is about to be started.
    pub(crate) fn thread_name(&self) -> String {
        match &self.thread_name {
            ThreadName::Same(name) => name.to_string(),
            ThreadName::Each(name) => contain(name)
                .filter(|name| !name.contains('\0'))
                .unwrap_or_else(|| String::from(THREAD_NAME)),
        }
    }

    /// Called on a thread that begins.
    pub(crate) fn thread_starts(&self) {
        self.on_thread_start.as_ref().and_then(contain);
    }

    /// Called on a thread that ends.
    pub(crate) fn thread_stops(&self) {
        self.on_thread_stop.as_ref().and_then(contain);
    }

    /// What a thread enters.
    pub(crate) fn environment(&self) -> Option<Env> {
        self.environment.as_ref().and_then(contain).flatten()
    }
}

/// Runs user code that is no job. The panic hook has told of a panic by then.
fn contain<R>(f: impl Fn() -> R) -> Option<R> {
    let mut result = None;
    rt_task::base::contain(|| result = Some(f()));
    result
}

impl Default for Builder {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("max_threads", &self.options.max_threads)
            .field("keep_alive", &self.options.keep_alive)
            .field("stack_size", &self.options.stack_size)
            .finish_non_exhaustive()
    }
}

/// As many as the model runtime has: closures block, so their number says nothing of the load.
const MAX_THREADS: usize = 512;
/// As long as the model runtime keeps one.
const KEEP_ALIVE: Duration = Duration::from_secs(10);
const THREAD_NAME: &str = "rt-blocking";
