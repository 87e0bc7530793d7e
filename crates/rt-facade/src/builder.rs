//! The options of a runtime.

use std::fmt;
use std::io;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use rt_task::base::context::{Env, WeakEnv};
use rt_task::base::driver::{Reactor, Stack};
use rt_task::base::park::RoamingPark;
use rt_task::base::seam::Unpark;

use crate::compose::{BlockingPool, Clock, Io, Waiter};
use crate::handle::{Handle, Pieces};
use crate::runtime::Runtime;
use crate::scheduler::{Scheduler, Spawner};

/// Collects the options of a runtime. Names and defaults are the model runtime's.
///
/// ```
/// use rt_facade::runtime::Builder;
///
/// let runtime = Builder::new_current_thread().enable_all().thread_name("files").build()?;
/// assert_eq!(runtime.block_on(async { 6 * 7 }), 42);
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct Builder {
    name: Option<String>,
    io: bool,
    time: bool,
    start_paused: bool,
    scheduler: rt_sched_current::Builder,
    threads: Threads,
}

/// The threads that a runtime starts.
#[derive(Clone, Default)]
struct Threads {
    max_blocking: Option<usize>,
    keep_alive: Option<Duration>,
    stack_size: Option<usize>,
    name: Option<Arc<dyn Fn() -> String + Send + Sync>>,
    on_start: Option<Hook>,
    on_stop: Option<Hook>,
}

type Hook = Arc<dyn Fn() + Send + Sync>;

impl Builder {
    /// A runtime on the thread that calls `block_on`. No driver is on yet.
    #[must_use]
    pub fn new_current_thread() -> Self {
        Self {
            name: None,
            io: false,
            time: false,
            start_paused: false,
            scheduler: rt_sched_current::Builder::new(),
            threads: Threads::default(),
        }
    }

    /// Switches all drivers on.
    pub fn enable_all(&mut self) -> &mut Self {
        self.enable_io().enable_time()
    }

    /// Switches the I/O driver on: sockets need it.
    pub fn enable_io(&mut self) -> &mut Self {
        self.io = true;
        self
    }

    /// Switches the timer on: `rt_facade::time` needs it.
    pub fn enable_time(&mut self) -> &mut Self {
        self.time = true;
        self
    }

    /// Names the runtime, for messages.
    pub fn name(&mut self, name: impl Into<String>) -> &mut Self {
        self.name = Some(name.into());
        self
    }

    /// Starts with the clock paused, for tests. See [`time::pause`](crate::time::pause).
    pub fn start_paused(&mut self, paused: bool) -> &mut Self {
        self.start_paused = paused;
        self
    }

    /// After how many picks the scheduler looks at the drivers. 61 unless set.
    ///
    /// # Panics
    /// If `picks` is zero.
    #[track_caller]
    pub fn event_interval(&mut self, picks: u32) -> &mut Self {
        self.scheduler = self.scheduler.clone().event_interval(picks);
        self
    }

    /// After how many local picks the scheduler looks at the global queue first. 31 unless set.
    ///
    /// # Panics
    /// If `picks` is zero.
    #[track_caller]
    pub fn global_queue_interval(&mut self, picks: u32) -> &mut Self {
        self.scheduler = self.scheduler.clone().global_interval(picks);
        self
    }

    /// How many threads the blocking pool has at most. 512 unless set.
    ///
    /// # Panics
    /// If `threads` is zero.
    #[track_caller]
    pub fn max_blocking_threads(&mut self, threads: usize) -> &mut Self {
        assert!(threads > 0, "the blocking pool needs at least one thread");
        self.threads.max_blocking = Some(threads);
        self
    }

    /// How long a thread of the blocking pool waits for work before it ends. 10 s unless set.
    pub fn thread_keep_alive(&mut self, span: Duration) -> &mut Self {
        self.threads.keep_alive = Some(span);
        self
    }

    /// The name of the threads that the runtime starts.
    pub fn thread_name(&mut self, name: impl Into<String>) -> &mut Self {
        let name = name.into();
        self.thread_name_fn(move || name.clone())
    }

    /// The names of the threads that the runtime starts, one call each.
    pub fn thread_name_fn(
        &mut self,
        name: impl Fn() -> String + Send + Sync + 'static,
    ) -> &mut Self {
        self.threads.name = Some(Arc::new(name));
        self
    }

    /// The stack of the threads that the runtime starts, in bytes.
    pub fn thread_stack_size(&mut self, bytes: usize) -> &mut Self {
        self.threads.stack_size = Some(bytes);
        self
    }

    /// Runs `hook` on each thread that the runtime starts, before its first work.
    pub fn on_thread_start(&mut self, hook: impl Fn() + Send + Sync + 'static) -> &mut Self {
        self.threads.on_start = Some(Arc::new(hook));
        self
    }

    /// Runs `hook` on each thread that the runtime started, after its last work.
    pub fn on_thread_stop(&mut self, hook: impl Fn() + Send + Sync + 'static) -> &mut Self {
        self.threads.on_stop = Some(Arc::new(hook));
        self
    }

    /// Builds the runtime.
    ///
    /// # Errors
    /// When the operating system refuses a descriptor. Nothing is left behind then.
    pub fn build(&mut self) -> io::Result<Runtime> {
        let clock = Clock::new();
        if self.start_paused {
            clock.pause().expect("a fresh clock runs");
        }
        let mut env = Env::new().with_clock(Arc::new(clock.clone()));
        if let Some(name) = &self.name {
            env = env.named(name);
        }

        let waiter = match self.io {
            true => {
                let io = Io::new()?;
                env = env.with_io(io.handle());
                Waiter::Io(io)
            }
            false => Waiter::Park(RoamingPark::new()),
        };
        let unpark = Reactor::unparker(&waiter);

        let (timers, timer_handle) = match self.time {
            true => {
                let (driver, handle) = rt_timer::Driver::new(clock.clone());
                env = env.with_time(handle.clone(), Arc::new(handle.clone()));
                (Some(driver), Some(handle))
            }
            false => (None, None),
        };

        let entered = Arc::new(OnceLock::<WeakEnv>::new());
        let pool = self.threads.pool(entered.clone());
        env = env.with_blocking(Arc::new(pool.handle().clone()));

        let stack = Stack::new(waiter, timers, clock.clone());
        let mut scheduler = Scheduler::Current(Box::new(self.scheduler.clone().build(stack)));
        let spawner: Spawner = scheduler.spawner();
        if let Some(handle) = timer_handle {
            let unpark = unpark.clone();
            handle.set_owner(spawner.home(), Arc::new(move || unpark.unpark()));
        }
        let pieces = Pieces { spawner, blocking: pool.handle().clone(), clock, unpark };
        let handle = Handle::new(pieces, env);
        scheduler.set_env(handle.env().clone());
        entered.set(handle.env().downgrade()).expect("set once, here");
        Ok(Runtime::from_parts(scheduler, handle, pool))
    }
}

impl Threads {
    /// A pool whose threads enter `env` for all their life. No thread is started yet.
    fn pool(&self, env: Arc<OnceLock<WeakEnv>>) -> BlockingPool {
        let Self { max_blocking, keep_alive, stack_size, name, on_start, on_stop } = self.clone();
        let mut pool = rt_blocking::Builder::new().environment(move || env.get()?.upgrade());
        if let Some(threads) = max_blocking {
            pool = pool.max_threads(threads);
        }
        if let Some(span) = keep_alive {
            pool = pool.keep_alive(span);
        }
        if let Some(bytes) = stack_size {
            pool = pool.stack_size(bytes);
        }
        if let Some(name) = name {
            pool = pool.thread_name_fn(move || name());
        }
        if let Some(hook) = on_start {
            pool = pool.on_thread_start(move || hook());
        }
        if let Some(hook) = on_stop {
            pool = pool.on_thread_stop(move || hook());
        }
        pool.build()
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("name", &self.name)
            .field("io", &self.io)
            .field("time", &self.time)
            .field("start_paused", &self.start_paused)
            .field("scheduler", &self.scheduler)
            .field("max_blocking_threads", &self.threads.max_blocking)
            .finish_non_exhaustive()
    }
}
