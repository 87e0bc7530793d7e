//! What a workload tells the simulation: what its own code costs, and when which task became ready.
//!
//! On real threads it tells nothing, and work is done.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::ptr;
use std::task::{Context, Poll, Waker};

use rt_task::base::shim::{Machine, Touch, machine, touch};

use crate::cost;
use crate::machine::World;

thread_local! {
    static RECORD: RefCell<Record> = RefCell::default();
}

/// What is known of the tasks of a play.
#[derive(Default)]
struct Record {
    world: Option<&'static World>,
    /// By the address that a task's wakers share: when it became ready, if it is. A map whose memory follows
    /// from the order of addresses alone: one that hashes by chance would lay out all else by chance, too.
    tasks: BTreeMap<usize, Option<Ready>>,
    /// Tasks made and never polled.
    fresh: u64,
    ready: u64,
    made_ready: u64,
    /// Per poll: which of those made ready, and how long it waited, in ps.
    polls: Vec<(u64, u64)>,
    /// Per thread: the same of tasks that were made ready and polled there, of those made ready there.
    at_home: Vec<Vec<u64>>,
    progress: Progress,
}

#[derive(Clone, Copy, Debug)]
struct Ready {
    at: u64,
    order: u64,
    thread: usize,
}

#[derive(Default)]
struct Progress {
    steps: Vec<u64>,
    /// How far the last was behind when the first had done all.
    behind: Option<u64>,
}

/// What the record says in the end.
#[derive(Clone, Debug, Default)]
pub struct Told {
    /// Waits of ready tasks, in ns, sorted.
    pub delays: Vec<u64>,
    /// The most polls of tasks that became ready later which came before one's own.
    pub overtaken: u64,
    /// The same among those that were made ready and polled by one worker.
    pub overtaken_at_home: u64,
    /// How far the last was behind when the first had done all its steps, of so many.
    pub behind: Option<(u64, u64)>,
}

fn with<R>(f: impl FnOnce(&mut Record) -> R) -> R {
    RECORD.with_borrow_mut(f)
}

/// Begins a new record.
pub fn record(world: &'static World) {
    with(|record| *record = Record { world: Some(world), ..Record::default() });
}

/// Forgets the polls so far.
pub fn forget() {
    with(|record| {
        record.polls.clear();
        record.at_home.clear();
    });
}

/// Tasks that are ready, and are not polled.
pub fn ready_tasks() -> u64 {
    with(|record| record.ready)
}

/// What was recorded.
pub fn told() -> Told {
    with(|record| {
        let mut delays: Vec<u64> = record.polls.iter().map(|(_, delay)| delay / 1000).collect();
        delays.sort_unstable();
        let orders: Vec<u64> = record.polls.iter().map(|(order, _)| *order).collect();
        let steps = record.progress.steps.iter().max().copied().unwrap_or_default();
        let behind = record.progress.behind.map(|behind| (behind, steps));
        let at_home = record.at_home.iter().map(|orders| most_overtaken(orders));
        let overtaken_at_home = at_home.max().unwrap_or_default();
        Told { delays, overtaken: most_overtaken(&orders), overtaken_at_home, behind }
    })
}

/// The most larger numbers before one. Counted by a tree of sums (after Fenwick 1994).
fn most_overtaken(orders: &[u64]) -> u64 {
    let Some(&first) = orders.iter().min() else { return 0 };
    let last = orders.iter().max().copied().unwrap_or(first);
    let mut sums = vec![0_u64; (last - first) as usize + 2];
    let mut most = 0;
    for (before, order) in orders.iter().enumerate() {
        let place = (order - first) as usize + 1;
        let (mut at, mut smaller) = (place, 0);
        while at > 0 {
            smaller += sums[at];
            at &= at - 1;
        }
        most = most.max(before as u64 - smaller);
        let mut at = place;
        while at < sums.len() {
            sums[at] += 1;
            at += at & at.wrapping_neg();
        }
    }
    most
}

impl Record {
    fn now(&self) -> u64 {
        self.world.map_or(0, World::now_ps)
    }

    fn make_ready(&mut self) -> Ready {
        self.ready += 1;
        self.made_ready += 1;
        let thread = machine().map_or(0, Machine::here);
        Ready { at: self.now(), order: self.made_ready, thread }
    }

    fn poll(&mut self, ready: Ready) {
        self.ready -= 1;
        self.polls.push((ready.order, self.now().saturating_sub(ready.at)));
        let here = machine().map_or(0, Machine::here);
        if here == ready.thread {
            let threads = self.at_home.len().max(here + 1);
            self.at_home.resize(threads, Vec::new());
            self.at_home[here].push(ready.order);
        }
    }
}

/// The code of the workload takes so long.
pub fn spend(ns: f64) {
    if let Some(world) = with(|record| record.world) {
        world.spend(ns);
    }
}

/// Works for so long.
pub fn work(ns: f64) {
    spend(ns);
}

/// The task of that waker is about to be woken.
pub fn ready(waker: &Waker) {
    with(|record| {
        let task = waker.data().addr();
        if let Some(None) = record.tasks.get(&task) {
            let ready = record.make_ready();
            record.tasks.insert(task, Some(ready));
        }
    });
}

/// A task's steps are counted from here on: which place it has among so many.
pub fn steps_of(tasks: usize) {
    with(|record| record.progress = Progress { steps: vec![0; tasks], behind: None });
}

/// The task at that place has done another step, of so many.
pub fn step(place: usize, of: u64) {
    with(|record| {
        let Progress { steps, behind } = &mut record.progress;
        steps[place] += 1;
        if steps[place] == of && behind.is_none() {
            *behind = steps.iter().min().map(|least| of - least);
        }
    });
}

/// A task's future, whose polls are recorded.
#[derive(Debug)]
pub struct Played<F> {
    inner: F,
    fresh: Option<Ready>,
    task: usize,
}

/// Around `future`, which is about to be spawned.
pub fn played<F: Future + Send + 'static>(future: F) -> Played<F> {
    spend(cost::SPAWN);
    let fresh = with(|record| {
        record.fresh += 1;
        record.make_ready()
    });
    Played { inner: future, fresh: Some(fresh), task: 0 }
}

impl<F: Future> Future for Played<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        // SAFETY: `inner` is pinned with the rest, and never moved out.
        let this = unsafe { self.get_unchecked_mut() };
        // Its state is somewhere else than its head.
        touch(ptr::from_ref(this), Touch::Write);
        spend(cost::POLL);
        with(|record| {
            this.task = cx.waker().data().addr();
            let woken = record.tasks.insert(this.task, None).flatten();
            if let Some(fresh) = this.fresh.take() {
                record.fresh -= 1;
                record.poll(fresh);
            } else if let Some(ready) = woken {
                record.poll(ready);
            }
        });
        // SAFETY: as above.
        let inner = unsafe { Pin::new_unchecked(&mut this.inner) };
        inner.poll(cx)
    }
}

impl<F> Drop for Played<F> {
    fn drop(&mut self) {
        let (task, fresh) = (self.task, self.fresh.take());
        with(|record| {
            let woken = record.tasks.remove(&task).flatten();
            record.ready -= u64::from(fresh.is_some()) + u64::from(woken.is_some());
            record.fresh -= u64::from(fresh.is_some());
        });
    }
}

#[cfg(test)]
mod tests {
    use super::most_overtaken;

    #[test]
    fn who_is_overtaken_most() {
        assert_eq!(most_overtaken(&[1, 2, 3]), 0);
        assert_eq!(most_overtaken(&[4, 2, 3, 1]), 3);
        assert_eq!(most_overtaken(&[10, 12, 11, 14, 13]), 1);
        assert_eq!(most_overtaken(&[]), 0);
    }
}
