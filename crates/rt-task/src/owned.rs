//! The live tasks of one scheduler, so that a shutdown finds them and a dump lists them.
//!
//! A task is always in a queue, being polled, or idle; only an idle one could be missed. So it
//! is linked at the end of its first pending poll, and one that ends in that poll costs
//! nothing here. The lists are intrusive: a link is a few pointer writes under the lock of a
//! shard.
//!
//! **Invariant.** A linked task is alive: its last owner unlinks it, from the shard that it is
//! linked in, before it completes.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;
use core::marker::PhantomData;

use crate::base::byte_lock::ByteLock;
use crate::base::context;
use crate::first::First;
use crate::header::{Header, Links, TaskRef};
use crate::schedule::Schedule;
use crate::state::Woken;
use crate::{AbortHandle, Fifo, Runnable, TaskInfo};

/// The registry of a scheduler's tasks that have pended, in one shard per worker.
pub struct Owned<S: Schedule> {
    shards: Box<[Shard]>,
    _scheduler: PhantomData<fn() -> S>,
}

/// What one worker writes to: on a cache line of its own.
#[derive(Default)]
#[repr(align(64))]
struct Shard {
    list: ByteLock<List>,
    first: First,
}

/// A doubly linked list through the heads.
#[derive(Default)]
struct List {
    first: Option<TaskRef>,
    len: usize,
}

// SAFETY: the tasks of a list are reached under its lock, and only their heads.
unsafe impl Send for List {}

impl<S: Schedule> Owned<S> {
    /// A registry of `shards` shards, at least one. A task goes to that of the context's
    /// [`shard`](context::Ctx::shard).
    ///
    /// # Safety
    /// The tasks are linked through their own memory, so each must be unlinked where it was
    /// linked. For every scheduler of type `S`, [`owned`](Schedule::owned) returns the same
    /// registry, or none, from the spawn of a task with it to that task's end, and does not
    /// panic.
    #[must_use]
    pub unsafe fn new(shards: u16) -> Self {
        let shards = (0..shards.max(1)).map(|_| Shard::default()).collect();
        Self { shards, _scheduler: PhantomData }
    }

    /// How many tasks are linked.
    #[must_use]
    pub fn len(&self) -> usize {
        self.shards.iter().map(Shard::len).sum()
    }

    /// Whether no task is linked.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Links a task that is in no list: once in its life.
    #[inline(never)]
    pub(crate) fn link(&self, runnable: &Runnable<S>) {
        let hint = context::peek(context::Ctx::shard).unwrap_or(0);
        let shard = hint % self.shards.len() as u16;
        runnable.header().set_shard(Some(shard));
        self.shards[usize::from(shard)].list.lock().with(|list| list.push(runnable.task()));
    }

    /// Unlinks a task that is linked.
    pub(crate) fn unlink(&self, runnable: &Runnable<S>) {
        let header = runnable.header();
        let Some(shard) = header.shard() else { return };
        header.set_shard(None);
        self.shards[usize::from(shard)].list.lock().with(|list| list.remove(runnable.task()));
    }

    /// Cancels every linked task. Those that were idle come back, to be dropped where that is
    /// allowed; the others end at their next run.
    ///
    /// A task that pends for the first time later is not among them: a shutdown that goes on
    /// polling calls this again.
    pub fn cancel_all(&self) -> Fifo<S> {
        let mut idle = Fifo::new();
        for shard in &self.shards {
            shard.list.lock().with(|list| {
                list.for_each(|task, header| {
                    if header.state.cancel() == Woken::Submit {
                        // SAFETY: T10 gave us the right; the tasks here have schedulers of
                        // type `S`, by `link`.
                        idle.push_back(unsafe { Runnable::from_task(task) });
                    }
                });
            });
        }
        idle
    }

    /// The first poll of `runnable` begins on a thread of `shard`.
    #[inline]
    pub(crate) fn begin_first(&self, shard: u16, runnable: &Runnable<S>) {
        let header = runnable.header();
        // Without a shard of that number (a set of its own tasks on a worker of many), the first.
        if let Some(shard) = self.shards.get(usize::from(shard)).or(self.shards.first()) {
            shard.first.begin(header.id, header.location());
        }
    }

    /// It is over.
    #[inline]
    pub(crate) fn end_first(&self, shard: u16, runnable: &Runnable<S>) {
        if let Some(shard) = self.shards.get(usize::from(shard)).or(self.shards.first()) {
            shard.first.end(runnable.header().id);
        }
    }

    /// The tasks that are in their very first poll now, with the shard of the thread that polls. (A task
    /// that has lent its worker in that poll is hidden by the next one's.)
    pub fn first_polls(&self) -> impl Iterator<Item = (usize, TaskInfo)> {
        let shards = self.shards.iter().enumerate();
        shards.filter_map(|(number, shard)| Some((number, shard.first.info()?)))
    }

    /// Tells `f` what is known of every linked task. No lock is held while `f` runs: it may do
    /// anything.
    ///
    /// Takes the lock of each shard for as long as it takes to read the heads of the tasks there. Costs two
    /// read-modify-writes and an allocation for each task that is named.
    pub fn for_each_info(&self, mut f: impl FnMut(TaskInfo)) {
        for shard in &self.shards {
            shard.infos().into_iter().for_each(|(mut info, named)| {
                if let Some(named) = named {
                    info.name = named.info().name;
                }
                f(info);
            });
        }
    }
}

/// Tasks that may be linked between counting a shard and copying it.
const GROWTH_MARGIN: usize = 64;
/// How often a shard is counted anew that has grown by more.
const ATTEMPTS: usize = 8;

impl Shard {
    fn len(&self) -> usize {
        self.list.lock().with(|list| list.len)
    }

    /// What is known of each task, and the task itself if its name is still to be asked for. One that
    /// grows without end is cut short.
    fn infos(&self) -> Vec<(TaskInfo, Option<AbortHandle>)> {
        let mut infos = Vec::new();
        for attempt in 1..=ATTEMPTS {
            // Room outside the lock.
            let len = self.len();
            infos.reserve_exact(len + len / 8 + GROWTH_MARGIN);
            let is_whole = self.list.lock().with(|list| {
                if list.len > infos.capacity() && attempt < ATTEMPTS {
                    return false;
                }
                list.for_each(|task, header| {
                    if infos.len() == infos.capacity() {
                        return;
                    }
                    let named = header.name().is_some().then(|| {
                        header.state.add_ref();
                        // SAFETY: the reference was counted above.
                        unsafe { AbortHandle::new(task) }
                    });
                    infos.push((TaskInfo::read_unnamed(header), named));
                });
                true
            });
            if is_whole {
                break;
            }
        }
        infos
    }
}

impl<S: Schedule> fmt::Debug for Owned<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Owned").field("shards", &self.shards.len()).finish_non_exhaustive()
    }
}

impl Default for ByteLock<List> {
    fn default() -> Self {
        Self::new(List::default())
    }
}

impl List {
    /// The links of a task in this list, or about to be.
    fn links(&mut self, task: TaskRef) -> Links {
        // SAFETY: linked tasks are alive (Invariant); `self` is borrowed from the lock, whose
        // holder alone touches the links.
        unsafe { task.header() }.links.with(|links| unsafe { *links })
    }

    fn set_links(&mut self, task: TaskRef, new: Links) {
        // SAFETY: as in `links`.
        unsafe { task.header() }.links.with_mut(|links| unsafe { *links = new });
    }

    fn push(&mut self, task: TaskRef) {
        let next = self.first.replace(task);
        self.set_links(task, Links { prev: None, next });
        if let Some(next) = next {
            let links = Links { prev: Some(task), ..self.links(next) };
            self.set_links(next, links);
        }
        self.len += 1;
    }

    fn remove(&mut self, task: TaskRef) {
        let Links { prev, next } = self.links(task);
        match prev {
            Some(prev) => {
                let links = Links { next, ..self.links(prev) };
                self.set_links(prev, links);
            }
            None => self.first = next,
        }
        if let Some(next) = next {
            let links = Links { prev, ..self.links(next) };
            self.set_links(next, links);
        }
        self.len -= 1;
    }

    fn for_each(&mut self, mut f: impl FnMut(TaskRef, &Header)) {
        let mut at = self.first;
        while let Some(task) = at {
            at = self.links(task).next;
            // SAFETY: alive (Invariant) as long as the lock is held, hence as long as `self`.
            f(task, unsafe { task.header() });
        }
    }
}

#[cfg(all(test, rt_loom))]
mod loom_tests;
#[cfg(all(test, feature = "std", not(rt_loom)))]
mod model_tests;
