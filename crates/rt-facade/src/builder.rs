//! The options of a runtime.
//!
//! One thought: what may be set, and what is built of it.

use std::fmt;
use std::io;
use std::num::NonZeroUsize;
use std::panic::Location;
use std::sync::{Arc, Mutex, OnceLock};
use std::thread;
use std::time::Duration;

use rt_reactor::EventsMax;
use rt_sched_current::Parking;
use rt_task::base::context::{Env, WeakEnv};
use rt_task::base::driver::{Reactor, Stack};
use rt_task::base::fork::Generation;
use rt_task::base::park::RoamingPark;
use rt_task::base::seam::Unpark;

use crate::affinity::Affinity;
use crate::compose::{BlockingPool, Clock, Io, SteadyClock, Waiter};
use crate::handle::{Handle, Pieces};
use crate::hooks::TaskHooks;
use crate::label::Label;
use crate::runtime::{RngSeed, Runtime};
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
    kind: Kind,
    event_interval: Option<u32>,
    global_interval: Option<u32>,
    slot: bool,
    seed: Option<RngSeed>,
    affinity: Option<Affinity>,
    events: EventsMax,
    busy_events: Option<usize>,
    measures_busy: bool,
    threads: Threads,
    pub(crate) hooks: TaskHooks,
}

/// Which scheduler.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Current,
    Multi { workers: Option<NonZeroUsize> },
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
    on_park: Option<Hook>,
    on_unpark: Option<Hook>,
}

type Hook = Arc<dyn Fn() + Send + Sync>;

impl Builder {
    /// A runtime on the thread that calls `block_on`. No driver is on yet.
    #[must_use]
    pub fn new_current_thread() -> Self {
        Self::new(Kind::Current)
    }

    /// A runtime on threads of its own, which steal work from each other. No driver is on yet.
    #[must_use]
    pub fn new_multi_thread() -> Self {
        Self::new(Kind::Multi { workers: None })
    }

    fn new(kind: Kind) -> Self {
        Self {
            name: None,
            io: false,
            time: false,
            start_paused: false,
            kind,
            event_interval: None,
            global_interval: None,
            slot: true,
            seed: None,
            affinity: None,
            events: EventsMax::default(),
            busy_events: None,
            measures_busy: false,
            threads: Threads::default(),
            hooks: TaskHooks::default(),
        }
    }

    /// How many threads run tasks on the multi-thread flavour. As many as there are processors, unless
    /// set. The single-thread flavour has one whatever is said here.
    ///
    /// # Panics
    /// If `workers` is zero, or more than 32,768.
    #[track_caller]
    pub fn worker_threads(&mut self, workers: usize) -> &mut Self {
        assert!(
            workers <= WORKERS_MAX,
            "{workers} worker threads were asked for, and {WORKERS_MAX} is the most; one for each \
             processor is best"
        );
        let set = NonZeroUsize::new(workers).expect("a runtime needs at least one worker thread");
        if let Kind::Multi { workers } = &mut self.kind {
            *workers = Some(set);
        }
        self
    }

    /// Switches off that the task woken last is run next on the multi-thread flavour: tasks then run in
    /// the order in which they are woken.
    pub fn disable_lifo_slot(&mut self) -> &mut Self {
        self.slot = false;
        self
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
    ///
    /// # Panics
    /// If `name` is blank.
    #[track_caller]
    pub fn name(&mut self, name: impl Into<String>) -> &mut Self {
        let name = name.into();
        assert!(!name.trim().is_empty(), "a runtime's name must not be blank");
        self.name = Some(name);
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
        assert!(picks > 0, "the event interval must be at least one pick");
        self.event_interval = Some(picks);
        self
    }

    /// After how many local picks the scheduler looks at the global queue first. Unless set, four on the
    /// single-thread flavour, and adapted to the mean poll time on the other.
    ///
    /// # Panics
    /// If `picks` is zero.
    #[track_caller]
    pub fn global_queue_interval(&mut self, picks: u32) -> &mut Self {
        assert!(picks > 0, "the global queue interval must be at least one pick");
        self.global_interval = Some(picks);
        self
    }

    /// Makes the choices of the runtime repeat: which branch of a `select!` comes first, in the root of each
    /// `block_on` and in tasks, and from whom a worker steals. What the threads of a multi-thread runtime do at
    /// the same time is not repeated by that.
    pub fn rng_seed(&mut self, seed: RngSeed) -> &mut Self {
        self.seed = Some(seed);
        self
    }

    /// Keeps each worker's thread on some processors, by the system's numbers: worker n has the n-th of `sets`,
    /// and they start over at the end. On Linux; the single-thread flavour, whose thread is the
    /// caller's, is kept nowhere. [`build`](Self::build) fails if a set is empty, or has a processor that is
    /// not there or that this process may not use, and on other systems.
    ///
    /// ```
    /// use rt_facade::runtime::Builder;
    ///
    /// let mut builder = Builder::new_multi_thread();
    /// builder.worker_threads(2).worker_affinity([[0], [0]]);
    /// # #[cfg(target_os = "linux")] // whose first processor may be none of ours
    /// # if let Ok(runtime) = builder.build() {
    /// # runtime.block_on(runtime.spawn(async {})).unwrap();
    /// # }
    /// ```
    pub fn worker_affinity<S>(&mut self, sets: impl IntoIterator<Item = S>) -> &mut Self
    where
        S: IntoIterator<Item = usize>,
    {
        let sets = sets.into_iter().map(|set| set.into_iter().collect()).collect();
        self.affinity = Some(Affinity::new(sets));
        self
    }

    /// How many I/O events are taken from the system at once. 1024 unless set; the rest comes next time.
    ///
    /// # Panics
    /// If `events` is zero.
    #[track_caller]
    pub fn max_io_events_per_tick(&mut self, events: usize) -> &mut Self {
        assert!(events > 0, "at least one event must be taken at once");
        self.events.waiting = events;
        self
    }

    /// How many I/O events are taken from the system at once while tasks wait for their turn. As many as
    /// [otherwise](Self::max_io_events_per_tick) unless set.
    ///
    /// # Panics
    /// If `events` is zero.
    #[track_caller]
    pub fn max_io_events_per_busy_tick(&mut self, events: usize) -> &mut Self {
        assert!(events > 0, "at least one event must be taken at once");
        self.busy_events = Some(events);
        self
    }

    /// Measures the time that the thread of a single-thread runtime does not spend waiting, for
    /// [`RuntimeMetrics::worker_total_busy_duration`](crate::runtime::RuntimeMetrics::worker_total_busy_duration).
    /// Costs two looks at the clock for each wait. The multi-thread flavour measures it in any case.
    pub fn measure_busy_time(&mut self) -> &mut Self {
        self.measures_busy = true;
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

    /// Runs `hook` on a worker thread before it waits for something to do; on the single-thread
    /// flavour, on the thread that drives it. The hook may wake and spawn; it must not block.
    pub fn on_thread_park(&mut self, hook: impl Fn() + Send + Sync + 'static) -> &mut Self {
        self.threads.on_park = Some(Arc::new(hook));
        self
    }

    /// Runs `hook` on such a thread after it has waited.
    pub fn on_thread_unpark(&mut self, hook: impl Fn() + Send + Sync + 'static) -> &mut Self {
        self.threads.on_unpark = Some(Arc::new(hook));
        self
    }

    /// Builds the runtime, and starts its worker threads if it has any.
    ///
    /// # Errors
    /// When the operating system refuses a descriptor or a thread. Nothing is left behind then. When a
    /// multi-thread runtime is to start with its clock paused: that would let time run on while other
    /// threads work. When a processor of [`worker_affinity`](Self::worker_affinity) cannot be had.
    #[track_caller]
    pub fn build(&mut self) -> io::Result<Runtime> {
        let (built, born) = (Location::caller(), Generation::current());
        let mut env = Env::new();
        if let Some(name) = &self.name {
            env = env.named(name);
        }
        if let Some(seed) = self.seed {
            env = env.with_seed(seed.number());
        }
        if let (Kind::Multi { .. }, Some(affinity)) = (self.kind, &self.affinity) {
            affinity.check()?;
        }
        let waiter = match self.io {
            true => {
                let busy = self.busy_events.unwrap_or(self.events.waiting);
                let io = Io::with_events(EventsMax { busy, ..self.events })?;
                env = env.with_io(io.handle());
                Waiter::Io(io)
            }
            false => Waiter::Park(RoamingPark::new()),
        };
        let unpark = Reactor::unparker(&waiter);
        let entered = Arc::new(OnceLock::<WeakEnv>::new());
        let hooks = self.hooks.share(&entered);

        let (mut scheduler, timer, clock) = match self.kind {
            Kind::Current => {
                let clock = Clock::new();
                if self.start_paused {
                    clock.pause().expect("a fresh clock runs");
                }
                env = env.with_clock(Arc::new(clock.clone()));
                let (driver, timer) = self.timers(|| rt_timer::Driver::new(clock.clone()));
                let stack = Stack::new(waiter, driver, clock.clone());
                let mut current = self.current().hooks(hooks).build(stack);
                current.set_parking(self.threads.parking());
                if self.measures_busy {
                    current.measure_busy_time();
                }
                (Scheduler::Current(current), timer, Some(clock))
            }
            Kind::Multi { .. } if self.start_paused => {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidInput,
                    "`start_paused` needs the single-thread flavour (`Builder::new_current_thread`): \
                     time could not stand still while other threads work",
                ));
            }
            Kind::Multi { workers } => {
                let workers = workers.map_or_else(processors, NonZeroUsize::get);
                let clock = SteadyClock::new();
                env = env.with_clock(Arc::new(clock));
                let (driver, timer) =
                    self.timers(|| rt_timer::Driver::shared(clock, workers as u16));
                let stack = Stack::new(waiter, driver, clock);
                (Scheduler::Multi(self.multi(workers).hooks(hooks).build(stack)), timer, None)
            }
        };
        let spawner: Spawner = scheduler.spawner();
        if let Some(timer) = &timer {
            let unpark = unpark.clone();
            timer.set_owner(spawner.home(), Arc::new(move || unpark.unpark()));
            env = env.with_time(Arc::new(timer.clone()));
        }

        let pool = self.threads.pool(entered.clone());
        env = env.with_blocking(Arc::new(pool.handle().clone()));
        let label = Label::new(self.name.as_deref(), spawner.flavor(), built);
        let blocking = pool.handle().clone();
        let sets = Mutex::default();
        let pieces = Pieces { label, born, spawner, blocking, clock, timer, unpark, sets };
        let handle = Handle::new(pieces, env);
        entered.set(handle.env().downgrade()).expect("set once, here");
        scheduler.start(handle.env().clone())?;
        Ok(Runtime::from_parts(scheduler, handle, pool))
    }

    pub(crate) fn is_multi_thread(&self) -> bool {
        matches!(self.kind, Kind::Multi { .. })
    }

    fn timers(
        &self,
        make: impl FnOnce() -> (rt_timer::Driver, rt_timer::Handle),
    ) -> (Option<rt_timer::Driver>, Option<rt_timer::Handle>) {
        self.time.then(make).unzip()
    }

    fn current(&self) -> rt_sched_current::Builder {
        let mut builder = rt_sched_current::Builder::new();
        if let Some(picks) = self.event_interval {
            builder = builder.event_interval(picks);
        }
        if let Some(picks) = self.global_interval {
            builder = builder.global_interval(picks);
        }
        builder
    }

    fn multi(&self, workers: usize) -> rt_sched_multi::Builder {
        let mut builder = rt_sched_multi::Builder::new(workers);
        if let Some(picks) = self.event_interval {
            builder = builder.event_interval(picks);
        }
        if let Some(picks) = self.global_interval {
            builder = builder.global_interval(picks);
        }
        if !self.slot {
            builder = builder.disable_slot();
        }
        if let Some(seed) = self.seed {
            builder = builder.seed(seed.number());
        }
        if let Some(affinity) = self.affinity.clone() {
            builder = builder.on_home(move |worker| affinity.pin(worker));
        }
        let Threads { stack_size, name, on_start, on_stop, on_park, on_unpark, .. } =
            self.threads.clone();
        if let Some(bytes) = stack_size {
            builder = builder.stack_size(bytes);
        }
        if let Some(name) = name {
            builder = builder.thread_name_fn(move || name());
        }
        if let Some(hook) = on_start {
            builder = builder.on_thread_start(move || hook());
        }
        if let Some(hook) = on_stop {
            builder = builder.on_thread_stop(move || hook());
        }
        if let Some(hook) = on_park {
            builder = builder.on_thread_park(move || hook());
        }
        if let Some(hook) = on_unpark {
            builder = builder.on_thread_unpark(move || hook());
        }
        builder
    }
}

/// How many threads can run at once; one if the system does not tell.
fn processors() -> usize {
    thread::available_parallelism().map_or(1, NonZeroUsize::get)
}

/// More than any machine has processors.
const WORKERS_MAX: usize = 1 << 15;

impl Threads {
    /// What is told of the waits of a single-thread runtime.
    fn parking(&self) -> Option<Parking> {
        let mut parking = Parking::default();
        parking.on_park.clone_from(&self.on_park);
        parking.on_unpark.clone_from(&self.on_unpark);
        (parking.on_park.is_some() || parking.on_unpark.is_some()).then_some(parking)
    }

    /// A pool whose threads enter `env` for all their life. No thread is started yet.
    fn pool(&self, env: Arc<OnceLock<WeakEnv>>) -> BlockingPool {
        let Self { max_blocking, keep_alive, stack_size, name, on_start, on_stop, .. } =
            self.clone();
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
            .field("kind", &self.kind)
            .field("event_interval", &self.event_interval)
            .field("global_queue_interval", &self.global_interval)
            .field("max_blocking_threads", &self.threads.max_blocking)
            .finish_non_exhaustive()
    }
}
