//! What must hold of every task in every order of steps, looked at while it is played.
//!
//! - Its future is polled by one thread at a time, and never after it was ready, after it was dropped, or
//!   after the scheduler is gone; once it is aborted at most one more poll begins, which had been decided.
//! - Its future, and its output, are dropped once.
//! - It does not wait while all threads sleep.
//! - It is not overtaken beyond [`bound`].
//!
//! What is noted here is no memory of the play: it takes no step there.

use std::cell::RefCell;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::{mem, ptr};

use rt_task::base::context;

use crate::machine::World;
use crate::variants;

thread_local! {
    static LAWS: RefCell<Laws> = RefCell::default();
}

#[derive(Default)]
struct Laws {
    world: Option<&'static World>,
    /// What the context names on the scheduler's threads.
    home: usize,
    lives: Vec<Life>,
    /// Tasks that could run, and are not polled.
    ready: u64,
    /// Futures, and the most that there were.
    alive: u64,
    most_alive: u64,
    outputs: u64,
    /// Per thread.
    polls: Vec<u64>,
    /// Workers that were given away or taken back.
    lent: u64,
    goes: bool,
    gone: bool,
    told: Told,
}

/// What was counted.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Told {
    pub(super) tasks: u64,
    pub(super) polls: u64,
    /// The most polls of others, by whichever thread polled it, between a task's wake and its poll, where
    /// it stayed in that worker's queue; and how many would have been allowed there.
    pub(super) overtaken: (u64, u64),
    /// The most polls on all threads between a task's wake and its poll, where threads go by their clocks, and
    /// how many tasks there were.
    pub(super) passed: (u64, u64),
    /// The longest wait of a task that could run, in ns, where threads go by their clocks.
    pub(super) longest_ns: u64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Stage {
    #[default]
    Waits,
    Polled,
    Ended,
    Dropped,
}

#[derive(Default)]
struct Life {
    stage: Stage,
    ready: Option<Ready>,
    /// Wakes that have begun and not returned.
    wakes: u32,
    /// A wake went on while its last poll began: where it is queued is not known.
    strays: bool,
    /// Polls that began after an abort had returned.
    after_abort: Option<u32>,
}

/// When a task was woken.
struct Ready {
    at: u64,
    thread: usize,
    /// On a worker's thread, by a task or a driver there.
    home: bool,
    exact: bool,
    polls: Vec<u64>,
    moves: u64,
    lent: u64,
}

fn with<R>(f: impl FnOnce(&mut Laws) -> R) -> R {
    LAWS.with_borrow_mut(f)
}

/// Begins anew.
pub(super) fn begin(world: &'static World) {
    with(|laws| *laws = Laws { world: Some(world), ..Laws::default() });
}

/// The scheduler's address.
pub(super) fn set_home(home: *const ()) {
    with(|laws| laws.home = home.addr());
}

/// The scheduler is about to go: tasks may be cancelled.
pub(super) fn going() {
    with(|laws| laws.goes = true);
}

/// Whether it is, or has gone.
pub(super) fn goes() -> bool {
    with(|laws| laws.goes)
}

/// The scheduler is gone: nothing is polled any more.
pub(super) fn gone() {
    with(|laws| laws.gone = true);
}

/// A worker is given away, or taken back.
pub(super) fn lends() {
    with(|laws| laws.lent += 1);
}

/// Tasks that could run, and are not polled.
pub(super) fn ready() -> u64 {
    with(|laws| laws.ready)
}

/// Futures and outputs that are not dropped.
pub(super) fn left() -> (u64, u64) {
    with(|laws| (laws.alive, laws.outputs))
}

pub(super) fn told() -> Told {
    with(|laws| laws.told)
}

/// Ends the play.
pub(super) fn complain(wrong: impl fmt::Display) {
    if let Some(world) = with(|laws| laws.world) {
        world.complain(wrong.to_string());
    }
}

/// How many polls of others may come between a wake and the poll, on the worker in whose queue the task waits,
/// when `tasks` are alive.
///
/// The queue is first in, first out, holds 256, and each other task is in it once: at most `tasks - 1` picks from
/// it come before. After each of these, and before the first, come at most three from the slot. And of all picks
/// at most each third is one from the shared queue (the interval is two at the least), and the first may be.
/// What came from outside waits in the shared queue first, up to [`GLOBAL_MAX`] picks of any one worker.
fn bound(tasks: u64, home: bool) -> u64 {
    const LOCAL_MAX: u64 = 256;
    const SLOT_RUNS_MAX: u64 = 3;
    let queued = tasks.min(LOCAL_MAX).saturating_sub(1);
    let own = queued + SLOT_RUNS_MAX * (queued + 1);
    let shared = own / 2 + 1;
    own + shared + if home { 0 } else { GLOBAL_MAX }
}

/// The longest interval at which a worker looks at the shared queue first, and that look.
const GLOBAL_MAX: u64 = 127 + 1;

impl Laws {
    fn here(&self) -> usize {
        self.world.map_or(0, World::thread)
    }

    fn now(&self) -> u64 {
        self.world.map_or(0, World::now_ps)
    }

    fn complain(&self, task: usize, wrong: &str) {
        if let Some(world) = self.world {
            world.complain(format!("task {task} {wrong}"));
        }
    }

    fn make_ready(&mut self, task: usize, exact: bool) {
        let life = &self.lives[task];
        if life.ready.is_some() || matches!(life.stage, Stage::Ended | Stage::Dropped) {
            return;
        }
        let ready = Ready {
            at: self.now(),
            thread: self.here(),
            home: context::shard_at(ptr::without_provenance(self.home)).is_some(),
            exact,
            polls: self.polls.clone(),
            moves: variants::moves(),
            lent: self.lent,
        };
        self.ready += 1;
        self.lives[task].ready = Some(ready);
    }

    fn unready(&mut self, task: usize) -> Option<Ready> {
        let ready = self.lives[task].ready.take();
        self.ready -= u64::from(ready.is_some());
        ready
    }

    fn begins(&mut self, task: usize) {
        let here = self.here();
        let life = &mut self.lives[task];
        let stage = mem::replace(&mut life.stage, Stage::Polled);
        life.strays = life.wakes != 0;
        let after_abort = life.after_abort.as_mut().map(|polls| {
            *polls += 1;
            *polls
        });
        match stage {
            Stage::Waits => {}
            Stage::Polled => self.complain(task, "is polled by two threads at once"),
            Stage::Ended => self.complain(task, "is polled after it was ready"),
            Stage::Dropped => self.complain(task, "is polled after it was dropped"),
        }
        if self.gone {
            self.complain(task, "is polled after the scheduler is gone");
        }
        if after_abort.is_some_and(|polls| polls > 1) {
            self.complain(task, "is polled though it was aborted before");
        }
        if let Some(ready) = self.unready(task) {
            self.look_at_wait(task, here, &ready);
        }
        let threads = self.polls.len().max(here + 1);
        self.polls.resize(threads, 0);
        self.polls[here] += 1;
        self.told.polls += 1;
    }

    fn look_at_wait(&mut self, task: usize, here: usize, ready: &Ready) {
        let waited = self.now().saturating_sub(ready.at) / 1000;
        self.told.longest_ns = self.told.longest_ns.max(waited);
        let all = |polls: &[u64]| polls.iter().sum::<u64>();
        let passed = all(&self.polls) - all(&ready.polls);
        if passed > self.told.passed.0 {
            self.told.passed = (passed, self.most_alive);
        }
        // It has stayed where it was put: in the queue of this thread's worker, or before that in the shared one.
        let stayed = ready.moves == variants::moves() && ready.lent == self.lent && ready.exact;
        if !stayed || (ready.home && ready.thread != here) {
            return;
        }
        let count = |polls: &Vec<u64>| polls.get(here).copied().unwrap_or_default();
        let polls = count(&self.polls) - count(&ready.polls);
        let bound = bound(self.most_alive, ready.home);
        if polls > bound {
            self.complain(task, &format!("was overtaken {polls} times, and {bound} is the most"));
        }
        if polls > self.told.overtaken.0 {
            self.told.overtaken = (polls, bound);
        }
    }

    fn drops(&mut self, task: usize) {
        match mem::replace(&mut self.lives[task].stage, Stage::Dropped) {
            Stage::Dropped => self.complain(task, "is dropped twice"),
            Stage::Polled => self.complain(task, "is dropped in its poll"),
            Stage::Waits | Stage::Ended => {}
        }
        self.unready(task);
        self.alive -= 1;
    }
}

/// A task's future under these laws.
#[derive(Debug)]
pub(super) struct Checked<F> {
    inner: F,
    task: usize,
}

/// Around `future`, which is about to be spawned.
pub(super) fn checked<F: Future>(future: F) -> Checked<F> {
    let task = with(|laws| {
        let task = laws.lives.len();
        laws.lives.push(Life::default());
        laws.alive += 1;
        laws.most_alive = laws.most_alive.max(laws.alive);
        laws.told.tasks += 1;
        laws.make_ready(task, true);
        task
    });
    Checked { inner: future, task }
}

impl<F> Checked<F> {
    /// By which the task is known here.
    pub(super) fn task(&self) -> usize {
        self.task
    }
}

/// An abort of that task has returned.
pub(super) fn aborted(task: usize) {
    with(|laws| _ = laws.lives[task].after_abort.get_or_insert(0));
}

impl<F: Future> Future for Checked<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let task = self.task;
        with(|laws| laws.begins(task));
        let waker = Waker::from(Arc::new(Heard { task, inner: cx.waker().clone() }));
        // SAFETY: `inner` is pinned with the rest, and never moved out.
        let inner = unsafe { self.map_unchecked_mut(|this| &mut this.inner) };
        let panics = Panics(task);
        let polled = inner.poll(&mut Context::from_waker(&waker));
        mem::forget(panics);
        with(|laws| {
            let is_over = polled.is_ready();
            laws.lives[task].stage = if is_over { Stage::Ended } else { Stage::Waits };
            if is_over {
                laws.unready(task);
            }
        });
        polled
    }
}

/// Dropped when a poll panics.
struct Panics(usize);

impl Drop for Panics {
    fn drop(&mut self) {
        with(|laws| {
            laws.lives[self.0].stage = Stage::Ended;
            laws.complain(self.0, &format!("panicked: {}", PANIC.take()));
        });
    }
}

thread_local! {
    static PANIC: RefCell<String> = const { RefCell::new(String::new()) };
}

/// What panics is told with the seed, not at once.
pub(super) fn hush() {
    std::panic::set_hook(Box::new(|panic| PANIC.set(panic.to_string())));
}

/// What panicked last.
pub(super) fn panicked() -> String {
    PANIC.take()
}

impl<F> Drop for Checked<F> {
    fn drop(&mut self) {
        with(|laws| laws.drops(self.task));
    }
}

/// A task's waker, of which it is noted when it wakes. Made anew for each poll, so that the task's own is
/// cloned, woken and dropped wherever this one is.
struct Heard {
    task: usize,
    inner: Waker,
}

impl Wake for Heard {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        with(|laws| {
            let life = &mut laws.lives[self.task];
            let exact = life.wakes == 0 && !life.strays;
            life.wakes += 1;
            laws.make_ready(self.task, exact);
        });
        self.inner.wake_by_ref();
        with(|laws| laws.lives[self.task].wakes -= 1);
    }
}

/// A task's output: dropped once.
#[derive(Debug)]
pub(super) struct Output(());

impl Output {
    pub(super) fn new() -> Self {
        with(|laws| laws.outputs += 1);
        Self(())
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        with(|laws| laws.outputs -= 1);
    }
}

#[cfg(test)]
mod tests {
    use super::bound;

    #[test]
    fn the_bound_of_one_that_is_alone_is_a_row_from_the_slot_and_the_shared_queue() {
        assert_eq!(bound(1, true), 3 + 2);
        assert_eq!(bound(2, true), 7 + 4);
        assert_eq!(bound(2, false), 7 + 4 + 128);
    }
}
