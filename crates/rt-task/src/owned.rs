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
use crate::header::{Header, Links, TaskRef};
use crate::schedule::Schedule;
use crate::state::Woken;
use crate::{AbortHandle, Fifo, Runnable, TaskInfo};

/// The registry of a scheduler's tasks that have pended, in one shard per worker.
pub struct Owned<S: Schedule> {
    shards: Box<[ByteLock<List>]>,
    _scheduler: PhantomData<fn() -> S>,
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
        let shards = (0..shards.max(1)).map(|_| ByteLock::default()).collect();
        Self { shards, _scheduler: PhantomData }
    }

    /// How many tasks are linked.
    #[must_use]
    pub fn len(&self) -> usize {
        self.shards.iter().map(|shard| shard.lock().with(|list| list.len)).sum()
    }

    /// Whether no task is linked.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Links a task that is in no list.
    pub(crate) fn link(&self, runnable: &Runnable<S>) {
        let hint = context::peek(context::Ctx::shard).unwrap_or(0);
        let shard = hint % self.shards.len() as u16;
        runnable.header().set_shard(Some(shard));
        self.shards[usize::from(shard)].lock().with(|list| list.push(runnable.task()));
    }

    /// Unlinks a task that is linked.
    pub(crate) fn unlink(&self, runnable: &Runnable<S>) {
        let header = runnable.header();
        let Some(shard) = header.shard() else { return };
        header.set_shard(None);
        self.shards[usize::from(shard)].lock().with(|list| list.remove(runnable.task()));
    }

    /// Cancels every linked task. Those that were idle come back, to be dropped where that is
    /// allowed; the others end at their next run.
    ///
    /// A task that pends for the first time later is not among them: a shutdown that goes on
    /// polling calls this again.
    pub fn cancel_all(&self) -> Fifo<S> {
        let mut idle = Fifo::new();
        for shard in &self.shards {
            shard.lock().with(|list| {
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

    /// Tells `f` what is known of every linked task. No lock is held while `f` runs: it may do
    /// anything.
    ///
    /// Costs two read-modify-writes and, if it is named, an allocation for each task.
    pub fn for_each_info(&self, mut f: impl FnMut(TaskInfo)) {
        for shard in &self.shards {
            let mut tasks = Vec::new();
            // Room outside the lock; a list that has grown since is cut short.
            tasks.reserve_exact(shard.lock().with(|list| list.len) + GROWTH_MARGIN);
            shard.lock().with(|list| {
                list.for_each(|task, header| {
                    if tasks.len() < tasks.capacity() {
                        header.state.add_ref();
                        // SAFETY: the reference was counted above.
                        tasks.push(unsafe { AbortHandle::new(task) });
                    }
                });
            });
            tasks.into_iter().for_each(|task| f(task.info()));
        }
    }
}

/// Tasks that may be linked between counting a shard and copying it.
const GROWTH_MARGIN: usize = 64;

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
