//! The options of a scheduler.

use std::fmt;
use std::sync::Arc;

use rt_task::Hooks;
use rt_task::base::contain;
use rt_task::base::driver::Driver;

use crate::Pool;
use crate::queue::{Queues, Standard};

/// Picks before the driver is turned, unless set.
const EVENT_INTERVAL: u32 = 61;

/// More threads than any machine has processors; their numbers have 16 bits.
pub(crate) const WORKERS_MAX: usize = 1 << 15;

/// Collects the options of a scheduler.
#[derive(Clone)]
#[must_use = "a builder builds nothing by itself"]
pub struct Builder {
    pub(crate) config: Config,
}

#[derive(Clone)]
pub(crate) struct Config {
    pub(crate) workers: usize,
    pub(crate) event_interval: u32,
    /// Local picks before the shared queue comes first; adapted to the mean poll time if `None`.
    pub(crate) global_interval: Option<u32>,
    pub(crate) slot: bool,
    pub(crate) seed: u64,
    pub(crate) stack_size: Option<usize>,
    pub(crate) hooks: Option<Arc<Hooks>>,
    name: Option<Name>,
    on_start: Option<Hook>,
    on_stop: Option<Hook>,
    on_park: Option<Hook>,
    on_unpark: Option<Hook>,
    on_home: Option<HomeHook>,
}

type HomeHook = Arc<dyn Fn(usize) + Send + Sync>;
type Name = Arc<dyn Fn() -> String + Send + Sync>;
type Hook = Arc<dyn Fn() + Send + Sync>;

impl Builder {
    /// A scheduler of so many workers.
    ///
    /// # Panics
    /// If `workers` is zero, or more than 32,768.
    #[track_caller]
    pub fn new(workers: usize) -> Self {
        assert!(workers > 0, "a scheduler needs at least one worker");
        assert!(
            workers <= WORKERS_MAX,
            "{workers} workers were asked for, and {WORKERS_MAX} is the most; a worker for each \
             processor is best"
        );
        let config = Config {
            workers,
            event_interval: EVENT_INTERVAL,
            global_interval: None,
            slot: true,
            seed: 0,
            stack_size: None,
            hooks: None,
            name: None,
            on_start: None,
            on_stop: None,
            on_park: None,
            on_unpark: None,
            on_home: None,
        };
        Self { config }
    }

    /// After how many picks a worker turns the driver. 61 unless set.
    ///
    /// # Panics
    /// If `picks` is zero.
    #[track_caller]
    pub fn event_interval(mut self, picks: u32) -> Self {
        assert!(picks > 0, "the event interval must be at least one pick");
        self.config.event_interval = picks;
        self
    }

    /// After how many picks a worker looks at the shared queue first. Unless set, so many that this
    /// comes about every 20 µs by the mean poll time of late: between 2 and 127.
    ///
    /// # Panics
    /// If `picks` is zero.
    #[track_caller]
    pub fn global_interval(mut self, picks: u32) -> Self {
        assert!(picks > 0, "the global queue interval must be at least one pick");
        self.config.global_interval = Some(picks);
        self
    }

    /// Switches the slot off, by which the task woken last is run next: all tasks then run in the
    /// order in which they are woken.
    pub fn disable_slot(mut self) -> Self {
        self.config.slot = false;
        self
    }

    /// What the workers' choices begin with: whom they steal from.
    pub fn seed(mut self, seed: u64) -> Self {
        self.config.seed = seed;
        self
    }

    /// The stack of the workers' threads, in bytes.
    pub fn stack_size(mut self, bytes: usize) -> Self {
        self.config.stack_size = Some(bytes);
        self
    }

    /// What is told of each task. Without any (`None`, as unless set) nothing is asked per poll.
    pub fn hooks(mut self, hooks: Option<Arc<Hooks>>) -> Self {
        self.config.hooks = hooks;
        self
    }

    /// The names of the workers' threads, one call each.
    pub fn thread_name_fn(mut self, name: impl Fn() -> String + Send + Sync + 'static) -> Self {
        self.config.name = Some(Arc::new(name));
        self
    }

    /// Runs `hook` on each thread before its first task.
    pub fn on_thread_start(mut self, hook: impl Fn() + Send + Sync + 'static) -> Self {
        self.config.on_start = Some(Arc::new(hook));
        self
    }

    /// Runs `hook` on each thread after its last task.
    pub fn on_thread_stop(mut self, hook: impl Fn() + Send + Sync + 'static) -> Self {
        self.config.on_stop = Some(Arc::new(hook));
        self
    }

    /// Runs `hook` on a worker's thread before it waits for something to do. It must not block.
    pub fn on_thread_park(mut self, hook: impl Fn() + Send + Sync + 'static) -> Self {
        self.config.on_park = Some(Arc::new(hook));
        self
    }

    /// Runs `hook` on a worker's thread after it has waited. It must not block.
    pub fn on_thread_unpark(mut self, hook: impl Fn() + Send + Sync + 'static) -> Self {
        self.config.on_unpark = Some(Arc::new(hook));
        self
    }

    /// Runs `hook` with a worker's number on each thread that comes home there: at its start, and when it takes
    /// over from one that blocks.
    pub fn on_home(mut self, hook: impl Fn(usize) + Send + Sync + 'static) -> Self {
        self.config.on_home = Some(Arc::new(hook));
        self
    }

    /// A scheduler over `driver`, with the usual queues. [`Pool::start`] starts its threads.
    pub fn build<D: Driver + Send + 'static>(self, driver: D) -> Pool<D> {
        self.build_with::<D, Standard>(driver)
    }

    /// A scheduler over `driver`, with other queues.
    pub fn build_with<D: Driver + Send + 'static, Q: Queues>(self, driver: D) -> Pool<D, Q> {
        Pool::new(driver, self.config)
    }
}

impl Config {
    pub(crate) fn thread_name(&self) -> String {
        let mut name = None;
        if let Some(hook) = &self.name {
            contain(|| name = Some(hook())); // one that panics names nothing
        }
        match name {
            // The system knows no name with a zero in it.
            Some(name) if !name.contains('\0') => name,
            _ => "rt-worker".to_owned(),
        }
    }

    pub(crate) fn thread_starts(&self) {
        run(self.on_start.as_ref());
    }

    pub(crate) fn thread_stops(&self) {
        run(self.on_stop.as_ref());
    }

    pub(crate) fn comes_home(&self, worker: usize) {
        if let Some(hook) = &self.on_home {
            contain(|| hook(worker));
        }
    }

    #[inline]
    pub(crate) fn thread_parks(&self) {
        run(self.on_park.as_ref());
    }

    #[inline]
    pub(crate) fn thread_unparks(&self) {
        run(self.on_unpark.as_ref());
    }
}

#[inline]
fn run(hook: Option<&Hook>) {
    if let Some(hook) = hook {
        contain(|| hook());
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.config.fmt(f)
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("workers", &self.workers)
            .field("event_interval", &self.event_interval)
            .field("global_interval", &self.global_interval)
            .field("slot", &self.slot)
            .field("seed", &self.seed)
            .field("stack_size", &self.stack_size)
            .finish_non_exhaustive()
    }
}
