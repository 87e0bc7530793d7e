//! Random programs, run on every flavour of the runtime and compared with a model.
//!
//! A program is a few tasks and what they are told, step by step: to send, to lock, to sleep, to join, to spawn, to
//! abort, to panic, for the first of two things or for so long. The model ([`Program`] on plain data, no task in
//! it) says what each command comes to, and when. Commands of one step race each other; then the runtime must
//! have done what the model does in one of their orders.
//!
//! ```
//! use rt_programs::{Flavor, bytes, check};
//!
//! check(&bytes(7), Flavor::Current).unwrap();
//! ```
//!
//! [`check`] takes bytes, so that a fuzzer can use it as well as a random source. What is looked at besides: every
//! future is dropped once and where it may be, nothing is polled twice at once or after its end, values are
//! dropped once, counts never go backwards, and threads, descriptors and timers are what they were before.
//!
//! Where to read: `program.rs` for what there is, `model.rs` for what it does, `director.rs` for how the two are
//! compared.

mod actor;
mod census;
mod director;
mod flavor;
mod life;
mod model;
pub mod parts;
mod program;
mod shrink;
mod watchdog;
mod world;

use std::fmt;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::task::{Context, Poll, Waker};
use std::thread;

pub use flavor::Flavor;
pub use program::{Act, CHUNK, Command, Ending, HEAD, Op, Program, Serial, Step, TASKS, Wait};
pub use shrink::shrink;

use census::Census;
use director::Director;
use flavor::Engine;
use life::Lives;
use model::{End, Model};
use watchdog::Watchdog;
use world::World;

/// What went wrong.
#[derive(Debug)]
pub struct Failure {
    /// In words.
    pub what: String,
    /// In which step.
    pub step: usize,
    /// What the tasks did.
    pub dump: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, step, dump } = self;
        match step {
            &usize::MAX => writeln!(f, "at the end: {what}")?,
            step => writeln!(f, "in step {step}: {what}")?,
        }
        write!(f, "{dump}")
    }
}

impl std::error::Error for Failure {}

/// What was run.
#[derive(Debug, Default)]
pub struct Counts {
    /// Programs.
    pub programs: AtomicU64,
    /// Their steps.
    pub steps: AtomicU64,
    /// What their tasks were told.
    pub commands: AtomicU64,
    /// Programs not followed to their end: too many orders were possible.
    pub given_up: AtomicU64,
}

/// Of all calls of [`check`].
pub static COUNTS: Counts = Counts {
    programs: AtomicU64::new(0),
    steps: AtomicU64::new(0),
    commands: AtomicU64::new(0),
    given_up: AtomicU64::new(0),
};

/// Bytes of a program, the same for the same seed.
#[must_use]
pub fn bytes(seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(0x1234_5678_9abc_def1);
    let mut next = move || {
        // splitmix, after Steele et al. 2014.
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        ((mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb) >> 32) as u8
    };
    let commands = 10 + usize::from(next()) % 70;
    (0..HEAD + commands * CHUNK).map(|_| next()).collect()
}

/// Runs the program that `bytes` are, and compares it with the model.
///
/// # Errors
/// If the runtime does what the model does not.
pub fn check(bytes: &[u8], flavor: Flavor) -> Result<(), Failure> {
    let program = Program::read(bytes);
    COUNTS.programs.fetch_add(1, Relaxed);
    Watchdog::start();
    let before = Census::now();
    let end = |what: String| Failure { what, step: usize::MAX, dump: String::new() };
    let engine = Engine::new(flavor).map_err(|error| end(format!("no runtime: {error}")))?;
    let dog =
        Watchdog::new(format!("{}\n{program}", replay(bytes, flavor)), engine.handle().clone());
    let home = flavor.is_local().then(|| thread::current().id());
    let lives = Arc::new(Lives::new(TASKS, home));
    let (world, ran) = engine.block_on(async {
        let world = World::new(lives.clone(), flavor.is_local(), flavor.clock_runs()).await;
        let world = world.map_err(|error| end(format!("no world: {error}")))?;
        let director = Director::new(&world, engine.handle().clone(), flavor, &COUNTS);
        let ran = director.run(&program).await;
        Ok::<_, Failure>((world, ran))
    })?;
    engine.end(program.ending);
    until(|| lives.alive() == 0).map_err(|()| end("futures are left after the shutdown".into()))?;
    lives.runtime_is_gone();
    let models = ran?;
    handles(&world, &models, program.ending).map_err(end)?;
    world.clear();
    drop(world);
    until(|| lives.values() == 0)
        .map_err(|()| end(format!("{} values are left", lives.values())))?;
    if let Some(fault) = lives.faults.first() {
        return Err(end(fault));
    }
    // It has a handle, and that keeps descriptors.
    drop(dog);
    until(|| Census::now().is_at_most(before))
        .map_err(|()| end(format!("not as it was: {before:?}, now {:?}", Census::now())))?;
    Ok(())
}

/// The command that runs this again.
#[must_use]
pub fn replay(bytes: &[u8], flavor: Flavor) -> String {
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("cargo run -q -p rt-programs -- --flavors {flavor} --replay {hex}")
}

/// Each handle has the result that the model says, or of a task that was dropped. After a shutdown in the
/// background a worker may have dropped the future a moment ago, and not told the handle yet.
fn handles(world: &World, models: &[Model], ending: Ending) -> Result<(), String> {
    if models.is_empty() {
        return Ok(());
    }
    for (id, chair) in (0..).zip(&world.handles) {
        let Ok(mut handle) = chair.take() else { continue };
        let mut ended = Poll::Pending;
        let mut is_told = || {
            ended = pin!(&mut *handle).poll(&mut Context::from_waker(Waker::noop()));
            ended.is_ready()
        };
        let told = match ending {
            Ending::Background => until(is_told),
            _ => is_told().then_some(()).ok_or(()),
        };
        let (Ok(()), Poll::Ready(ended)) = (told, ended) else {
            return Err(format!("the handle of task {id} waits, and its runtime is gone"));
        };
        let ended = actor::end(ended);
        let fits = |model: &Model| ended == model.end(id).unwrap_or(End::Cancelled);
        if !models.iter().any(fits) {
            return Err(format!("the handle of task {id} has {ended:?}"));
        }
        drop(handle.into_inner());
    }
    Ok(())
}

/// Waits for what other threads do. Looks often: it is there already, but for a shutdown in the background.
fn until(mut condition: impl FnMut() -> bool) -> Result<(), ()> {
    use rt_task::base::clock::Monotonic;
    use rt_task::base::seam::Clock;
    let clock = Monotonic::new();
    while !condition() {
        if clock.now().0 > 5_000_000_000 {
            return Err(());
        }
        thread::yield_now();
    }
    Ok(())
}
