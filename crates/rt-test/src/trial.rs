//! A test, run once for each await.

use std::fmt;
use std::future::{Future, poll_fn};
use std::mem;
use std::panic::{AssertUnwindSafe, Location, catch_unwind, resume_unwind};
use std::sync::Arc;

use rt_task::base::rng::FastRng;
use rt_task::base::seam::{Choice, Choose};

use crate::probe::Manner;
use crate::report::{Await, Point, Report};
use crate::round::{Round, Shared};
use crate::settle::{self, LATE_SECONDS};

/// Runs `test` through once, and then again for each point at which the future that it gives to [`Round::run`] may
/// be dropped.
///
/// The points, in order: before the first poll; and for each await as it begins to wait, and when it has been
/// woken and is about to be polled again. In the last a permit or a message has already been handed to it, which
/// must not be lost.
///
/// The rest of `test` is the check: it makes what the future works on, anew each time, and looks at what is left
/// of it after the future has ended or was dropped. When it ends, no waker that the future was given may be left
/// anywhere. [`Trial`] can watch more, poll otherwise, and choose among awaits that are too many.
///
/// Runs in whatever polls it: a task, a `block_on`, or [`drive`](crate::drive). The report tells every await.
///
/// # Panics
/// If `test` does: the message names the round, the await at which it cancelled, and the line that waited there.
/// If a waker is left behind, if no future is run, or if it awaits more than 1,000 times
/// ([`Trial::awaits_max`]).
///
/// If it is dropped before its end, say by a timeout around it, it tells on stderr how far it came.
///
/// ```
/// use rt_test::cancel_at_every_await;
/// use rt_task::coop::yield_now;
/// use std::cell::Cell;
///
/// let report = rt_task::block_on(cancel_at_every_await(async |round| {
///     let moved = Cell::new((3, 0));
///     let moves = async {
///         for _ in 0..3 {
///             yield_now().await;
///             let (here, there) = moved.get();
///             moved.set((here - 1, there + 1));
///         }
///     };
///     let _ = round.run(moves).await;
///     let (here, there) = moved.get();
///     assert_eq!(here + there, 3, "one was lost on the way");
/// }));
/// assert_eq!(report.awaits().len(), 3);
/// assert_eq!(report.rounds(), 8, "to the end, unpolled, and twice at each of three awaits");
/// ```
#[track_caller]
pub fn cancel_at_every_await<T: AsyncFnMut(Round)>(test: T) -> impl Future<Output = Report> {
    Trial::new().cancel_at_every_await(test)
}

/// How futures are tested: what [`cancel_at_every_await`] does, with more asked for.
pub struct Trial {
    manners: Vec<Manner>,
    levels: Vec<Level>,
    awaits_max: usize,
}

/// Something that each round leaves as it was.
struct Level {
    name: String,
    count: Box<dyn FnMut() -> u64 + Send>,
    before: u64,
}

impl Default for Trial {
    fn default() -> Self {
        Self::new()
    }
}

impl Trial {
    /// Futures are polled when woken, and no level is watched but that of their wakers.
    #[must_use]
    pub fn new() -> Self {
        Self { manners: vec![Manner::WhenWoken], levels: Vec::new(), awaits_max: AWAITS_MAX }
    }

    /// All rounds once for each of [`Manner::ALL`].
    #[must_use]
    pub fn in_every_manner(self) -> Self {
        self.in_manners(&Manner::ALL)
    }

    /// All rounds once for each of these.
    #[must_use]
    pub fn in_manners(mut self, manners: &[Manner]) -> Self {
        self.manners = manners.to_vec();
        self
    }

    /// Watches that no round leaves more of something than it found: tasks, timers, open files. A level has two
    /// seconds to come down, in which other tasks run.
    #[must_use]
    pub fn level(
        mut self,
        name: impl Into<String>,
        count: impl FnMut() -> u64 + Send + 'static,
    ) -> Self {
        self.levels.push(Level { name: name.into(), count: Box::new(count), before: 0 });
        self
    }

    /// How often a future may await; one more is taken for a future that never ends. 1,000 unless set. Rounds are
    /// twice as many, and each is a run up to its await: the time grows with the square.
    #[must_use]
    pub fn awaits_max(mut self, max: usize) -> Self {
        self.awaits_max = max;
        self
    }

    /// [`cancel_at_every_await`], as asked.
    #[track_caller]
    pub fn cancel_at_every_await<T: AsyncFnMut(Round)>(
        self,
        test: T,
    ) -> impl Future<Output = Report> {
        let running = Running::new(self, Location::caller());
        async move { running.all(test).await }
    }

    /// Runs `test` through once, and then `rounds` times, cancelled at a point that `seed` chooses: for futures
    /// with so many awaits that all would take too long. The same seed chooses the same points.
    ///
    /// # Panics
    /// As [`cancel_at_every_await`]; the message names the seed.
    #[track_caller]
    pub fn cancel_at_random<T: AsyncFnMut(Round)>(
        self,
        seed: u64,
        rounds: usize,
        test: T,
    ) -> impl Future<Output = Report> {
        let mut running = Running::new(self, Location::caller());
        running.seed = Some(seed);
        async move { running.some(seed, rounds, test).await }
    }
}

impl fmt::Debug for Trial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let levels: Vec<&str> = self.levels.iter().map(|level| &*level.name).collect();
        f.debug_struct("Trial")
            .field("manners", &self.manners)
            .field("levels", &levels)
            .field("awaits_max", &self.awaits_max)
            .finish()
    }
}

/// A trial under way.
struct Running {
    trial: Trial,
    site: &'static Location<'static>,
    seed: Option<u64>,
    rounds: usize,
    /// The awaits of the round that had most.
    most: Vec<Await>,
    /// The round that is run now.
    now: Option<Arc<Shared>>,
}

impl Running {
    fn new(trial: Trial, site: &'static Location<'static>) -> Self {
        Self { trial, site, seed: None, rounds: 0, most: Vec::new(), now: None }
    }

    async fn all(mut self, mut test: impl AsyncFnMut(Round)) -> Report {
        for manner in self.trial.manners.clone() {
            self.round(&mut test, manner, Point::Never).await;
            let mut point = Point::Unpolled;
            // Rounds may differ: other threads have their own pace.
            while point.number() <= self.most.len() {
                self.round(&mut test, manner, point).await;
                point = point.next();
            }
        }
        self.report()
    }

    fn report(&mut self) -> Report {
        Report { rounds: self.rounds, awaits: mem::take(&mut self.most) }
    }

    async fn some(mut self, seed: u64, rounds: usize, mut test: impl AsyncFnMut(Round)) -> Report {
        let random = FastRng::new(seed);
        let manners = self.trial.manners.clone();
        self.round(&mut test, manners[0], Point::Never).await;
        let points = u32::try_from(2 * self.most.len() + 1).expect("fewer awaits than 2^31");
        for round in 0..rounds {
            let point = Point::nth(random.below(points, Choice::Tie) as usize);
            self.round(&mut test, manners[round % manners.len()], point).await;
        }
        self.report()
    }

    /// Runs `test` once.
    async fn round(&mut self, test: &mut impl AsyncFnMut(Round), manner: Manner, point: Point) {
        self.rounds += 1;
        let shared = Shared::new(self.rounds, manner, point);
        self.now = Some(shared.clone());
        for level in &mut self.trial.levels {
            level.before = (level.count)();
        }
        let mut run = Some(Box::pin(test(Round { shared: shared.clone() })));
        poll_fn(|cx| {
            let polled = catch_unwind(AssertUnwindSafe(|| {
                let polled = run.as_mut().expect("polled until it ends").as_mut().poll(cx);
                if polled.is_ready() {
                    run = None;
                }
                polled
            }));
            let awaits = shared.awaits_count();
            if awaits > self.trial.awaits_max {
                self.fail(&format!("it has awaited {awaits} times: see `Trial::awaits_max`"));
            }
            match polled {
                Ok(polled) => polled,
                Err(panic) => self.fail_by(panic),
            }
        })
        .await;
        if !shared.was_run() {
            self.fail("the test gave no future to `Round::run`");
        }
        self.is_level(&shared).await;
        self.now = None;
        let awaits = shared.awaits();
        if awaits.len() > self.most.len() {
            self.most = awaits;
        }
    }

    /// Nothing is left behind.
    async fn is_level(&mut self, shared: &Shared) {
        if !settle::in_time(|| shared.alive.count() == 0).await {
            let left = shared.alive.count();
            self.fail(&format!("{left} of its wakers were still kept {LATE_SECONDS} s later"));
        }
        for index in 0..self.trial.levels.len() {
            let level = &mut self.trial.levels[index];
            if !settle::in_time(|| (level.count)() <= level.before).await {
                let (name, before, now) = (&level.name, level.before, (level.count)());
                let left = format!("{name}: {now}, {LATE_SECONDS} s later, and {before} before");
                self.fail(&left);
            }
        }
    }

    fn fail(&mut self, why: &str) -> ! {
        let message = format!("{self}: {why}");
        self.now = None;
        panic!("{message}")
    }

    /// With the message that the test panicked with, and where.
    fn fail_by(&mut self, panic: Box<dyn std::any::Any + Send>) -> ! {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        match text.or_else(|| panic.downcast_ref::<&str>().copied()) {
            Some(text) => self.fail(text),
            None => {
                eprintln!("{self}: it panicked with something that is no text");
                self.now = None;
                resume_unwind(panic)
            }
        }
    }
}

impl fmt::Display for Running {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cancel test at {}", self.site)?;
        if let Some(seed) = self.seed {
            write!(f, ", seed {seed}")?;
        }
        let Some(now) = &self.now else { return Ok(()) };
        write!(f, ", round {}, {}: ", now.number, now.manner)?;
        match (now.cancelled(), now.last_await()) {
            (Some(cancelled), _) => cancelled.fmt(f),
            (None, Some(last)) => write!(f, "not cancelled; last it waited at {last}"),
            (None, None) => f.write_str("not cancelled"),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.now.is_some() && !std::thread::panicking() {
            eprintln!("{self}: dropped before its end");
        }
    }
}

/// A future with more awaits is rather one that never ends.
const AWAITS_MAX: usize = 1000;
