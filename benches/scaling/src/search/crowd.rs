//! What a program plays on: a scheduler, its timers, and the tasks and threads that are to be waited for.

use std::future::{Future, pending};
use std::sync::Arc;

use rt_sched_multi::{Builder, Pool, Spawner};
use rt_task::base::clock::Monotonic;
use rt_task::base::context::Env;
use rt_task::base::driver::Stack;
use rt_task::base::rng::FastRng;
use rt_task::base::seam::{Choice, Choose, Clock, Unpark};
use rt_task::base::shim::thread;
use rt_task::{AbortHandle, JoinError, JoinHandle, block_on};
use rt_timer::{Duration, Handle};

use super::laws::{self, Output};
use super::programs::Program;
use crate::stage::Sleeper;
use crate::variants::Ours;

type Driver = Stack<Sleeper, rt_timer::Driver, Monotonic>;

/// Spawns tasks, from any thread.
#[derive(Clone)]
pub(super) struct Crowd {
    spawner: Spawner<Driver, Ours>,
    timers: Handle,
    /// Threads go by their clocks: times mean something.
    pub(super) timed: bool,
}

/// A program, while it is played.
pub(super) struct Scene {
    pub(super) crowd: Crowd,
    pub(super) workers: usize,
    /// The scheduler goes before the tasks have ended: no thread waits for what only a task would bring.
    pub(super) goes: bool,
    rng: FastRng,
    pool: Option<Pool<Driver, Ours>>,
    handles: Vec<JoinHandle<Output>>,
    threads: Vec<thread::JoinHandle<()>>,
}

/// A task that may be aborted.
pub(super) struct Abort {
    handle: AbortHandle,
    task: usize,
}

impl Abort {
    pub(super) fn abort(&self) {
        self.handle.abort();
        laws::aborted(self.task);
    }
}

impl Crowd {
    pub(super) fn spawn(
        &self,
        future: impl Future<Output = ()> + Send + 'static,
    ) -> JoinHandle<Output> {
        self.spawn_abortable(future).0
    }

    pub(super) fn spawn_abortable(
        &self,
        future: impl Future<Output = ()> + Send + 'static,
    ) -> (JoinHandle<Output>, Abort) {
        let future = laws::checked(async move {
            future.await;
            Output::new()
        });
        let task = future.task();
        let handle = self.spawner.spawn(future);
        let abort = Abort { handle: handle.abort_handle(), task };
        (handle, abort)
    }

    pub(super) fn block_in_place<R>(&self, f: impl FnOnce() -> R) -> R {
        laws::lends();
        let ran = self.spawner.block_in_place(f);
        laws::lends();
        ran
    }

    /// Sleeps, and looks whether that was right.
    pub(super) async fn sleep(&self, span: Duration) {
        let clock = Monotonic::new();
        let begin = clock.now();
        self.timers.sleep(span).await;
        let slept = clock.now().saturating_since(begin);
        if slept < span {
            laws::complain(format_args!("a timer of {span:?} was early: {slept:?}"));
        }
        if self.timed && slept > span + LATE_MAX {
            laws::complain(format_args!("a timer of {span:?} was late: {slept:?}"));
        }
    }

    pub(super) fn timers(&self) -> &Handle {
        &self.timers
    }
}

/// A task's output, if that is the only way for it to end.
pub(super) fn ended(result: Result<Output, JoinError>) {
    match result {
        Ok(output) => drop(output),
        Err(error) if error.is_cancelled() && laws::goes() => {}
        Err(error) => laws::complain(error),
    }
}

/// The same of one that was aborted.
pub(super) fn aborted(result: Result<Output, JoinError>) {
    if let Err(error) = result
        && !error.is_cancelled()
    {
        laws::complain(error);
    }
}

/// A tick, and what the simulated system adds to a wait (`slack`), a call and a queue of short polls.
const LATE_MAX: Duration = Duration::from_micros(1_500);

impl Scene {
    pub(super) fn play(
        program: &'static Program,
        rng: FastRng,
        workers: usize,
        seed: u64,
        timed: bool,
    ) {
        let clock = Monotonic::new();
        let (timers, handle) = rt_timer::Driver::shared(clock, workers as u16);
        let mut builder = Builder::new(workers).seed(seed);
        if rng.below(3, Choice::Tie) == 0 {
            builder = builder.event_interval(3).global_interval(2);
        }
        let driver = Stack::new(Sleeper::default(), timers, clock);
        let caller = rt_task::base::driver::Driver::unparker(&driver);
        let mut pool: Pool<Driver, Ours> = builder.build_with(driver);
        let spawner = pool.spawner().clone();
        laws::set_home(spawner.home());
        handle.set_owner(spawner.home(), Arc::new(move || caller.unpark()));
        pool.start(Env::new().with_clock(Arc::new(clock))).expect("a machine starts threads");
        let mut scene = Self {
            crowd: Crowd { spawner, timers: handle, timed },
            workers,
            goes: false,
            rng,
            pool: Some(pool),
            handles: Vec::new(),
            threads: Vec::new(),
        };
        (program.run)(&mut scene);
        scene.end();
    }

    /// A choice of the seed's.
    pub(super) fn below(&self, n: u32) -> u32 {
        self.rng.below(n, Choice::Tie)
    }

    pub(super) fn is_one_in(&self, n: u32) -> bool {
        self.below(n) == 0
    }

    /// A task that is waited for in the end.
    pub(super) fn spawn(&mut self, future: impl Future<Output = ()> + Send + 'static) {
        let handle = self.crowd.spawn(future);
        self.handles.push(handle);
    }

    /// One that never ends by itself.
    pub(super) fn spawn_idle(&self) -> (JoinHandle<Output>, Abort) {
        self.crowd.spawn_abortable(pending())
    }

    /// A thread that is no worker, and is waited for in the end.
    pub(super) fn start(&mut self, main: impl FnOnce() + Send + 'static) {
        let thread = thread::Builder::new().spawn(main).expect("a machine starts threads");
        self.threads.push(thread);
    }

    /// Waits for the tasks that are to be waited for.
    pub(super) fn join(&mut self) {
        for handle in self.handles.drain(..) {
            ended(block_on(handle));
        }
    }

    /// Forgets about the tasks that are to be waited for.
    pub(super) fn detach(&mut self) {
        self.handles.clear();
    }

    /// The scheduler goes, at this moment.
    pub(super) fn shut_down(&mut self) {
        laws::going();
        if let Some(pool) = self.pool.take() {
            drop(pool);
            laws::gone();
        }
    }

    /// The same, without waiting for it.
    pub(super) fn shut_down_in_background(&mut self) {
        laws::going();
        if let Some(pool) = self.pool.take() {
            pool.shutdown_background();
        }
    }

    fn end(mut self) {
        self.join();
        let threads = std::mem::take(&mut self.threads);
        // Those that wait for tasks are done before the scheduler goes, but for programs in which it has gone.
        let join = |thread: thread::JoinHandle<()>| thread.join().expect("nothing panics");
        threads.into_iter().for_each(join);
        self.shut_down();
    }
}
