//! The end of a pool: what is waited for, by whom, and what is told when that is in vain.

use std::fmt;
use std::panic::Location;
use std::time::Duration;

use rt_task::base::park::{ThreadPark, ThreadUnpark};
use rt_task::base::seam::Unpark;
use rt_task::base::shim::thread;
use rt_task::{Job, TaskId};

use crate::pool::{Locked, Shared};
use crate::roster::Work;

/// What a shutdown found.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Report {
    /// Closures that had started and did not end in time.
    pub running: Vec<Running>,
    /// How many closures had not started, and never will.
    pub cancelled: usize,
    /// Threads that did not end in time: those of `running`, and any that are held up by their
    /// stop hook.
    pub threads: usize,
}

impl Report {
    /// Whether all threads ended in time.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.threads == 0
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.threads {
            0 => f.write_str("the blocking pool has ended")?,
            1 => f.write_str("1 thread of the blocking pool still runs")?,
            n => write!(f, "{n} threads of the blocking pool still run")?,
        }
        for running in &self.running {
            write!(f, "; {running}")?;
        }
        Ok(())
    }
}

/// A closure that runs.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Running {
    /// Its id.
    pub id: TaskId,
    /// Its name, if it was given one.
    pub name: Option<String>,
    /// Where it was spawned.
    pub location: &'static Location<'static>,
}

impl fmt::Display for Running {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "blocking task {}", self.id)?;
        if let Some(name) = &self.name {
            write!(f, " `{name}`")?;
        }
        write!(f, " at {}", self.location)
    }
}

impl Work for Job {
    type Brief = Running;

    fn brief(&self) -> Running {
        Running { id: self.id(), name: self.name().map(String::from), location: self.location() }
    }
}

/// Who waits for the end of a pool.
#[derive(Debug, Default)]
pub(crate) struct Ending {
    waiters: Vec<Waiter>,
    /// How many of them are threads of the pool itself, whose end nobody can wait for here.
    insiders: usize,
    next_key: u64,
}

#[derive(Debug)]
struct Waiter {
    key: u64,
    inside: bool,
    unpark: ThreadUnpark,
}

impl Ending {
    /// Takes out the waiters who wait no longer, given how many threads there are: those of the
    /// pool wait until only they are left, the others until nobody is.
    #[must_use = "they are to be unparked, with the lock let go"]
    pub(crate) fn met(&mut self, threads: usize) -> Vec<ThreadUnpark> {
        let insiders = self.insiders;
        let met = self
            .waiters
            .extract_if(.., |waiter| threads == if waiter.inside { insiders } else { 0 });
        met.map(|waiter| waiter.unpark).collect()
    }

    fn enlist(&mut self, inside: bool, unpark: ThreadUnpark) -> u64 {
        let key = self.next_key;
        self.next_key += 1;
        self.insiders += usize::from(inside);
        self.waiters.push(Waiter { key, inside, unpark });
        key
    }

    /// Whether the waiter was still waiting: what it waits for has not come, then.
    fn withdraw(&mut self, key: u64, inside: bool) -> bool {
        self.insiders -= usize::from(inside);
        let at = self.waiters.iter().position(|waiter| waiter.key == key);
        at.map(|at| self.waiters.swap_remove(at)).is_some()
    }
}

impl Shared {
    /// Closes the pool and calls the idle threads to leave. Tells how many jobs it cancelled.
    pub(crate) fn close(&self) -> usize {
        let closed = self.lock().roster.close();
        for (_, seat) in &closed.idle {
            seat.unpark();
        }
        // The jobs are dropped here, with no lock held: that runs destructors, which may do
        // anything. `rt-task` contains their panics.
        closed.cancelled.len()
    }

    /// What runs now.
    pub(crate) fn running(&self) -> Vec<Running> {
        self.lock().roster.running().map(|(_, running)| running.clone()).collect()
    }

    /// Closes, and waits until all threads have ended, up to `timeout`.
    pub(crate) fn shut_down(&self, timeout: Option<Duration>) -> Report {
        let cancelled = self.close();
        let mut locked = self.lock();
        if !locked.is_deserted() {
            let park = ThreadPark::new();
            let own_desk = locked.crew.desk(thread::current().id());
            let key = locked.ending.enlist(own_desk.is_some(), park.unparker());
            let met = locked.met();
            drop(locked);
            unpark_all(met);

            // Called at most once: when the end has come.
            match timeout {
                Some(timeout) => drop(park.park_timeout(timeout)),
                None => park.park(),
            }

            locked = self.lock();
            if locked.ending.withdraw(key, own_desk.is_some()) {
                return Report { cancelled, ..locked.in_vain(own_desk) };
            }
        }
        let leavers = locked.crew.leavers();
        drop(locked);
        join(leavers);
        Report { cancelled, ..Report::default() }
    }
}

impl Locked {
    /// Whether no thread is alive, and none on its way.
    fn is_deserted(&self) -> bool {
        self.starting == 0 && self.roster.alive() == 0
    }

    /// Who waits no longer. To be asked after each change of what they wait for.
    #[must_use = "they are to be unparked, with the lock let go"]
    pub(crate) fn met(&mut self) -> Vec<ThreadUnpark> {
        match self.starting {
            // Who is starting a thread has not told yet whom to join.
            0 => self.ending.met(self.roster.alive()),
            _ => Vec::new(),
        }
    }

    /// What is waited for now, by a thread of the pool or another.
    fn in_vain(&self, own_desk: Option<usize>) -> Report {
        let others = self.roster.running().filter(|(desk, _)| Some(*desk) != own_desk);
        let threads = self.roster.alive() - usize::from(own_desk.is_some());
        Report {
            running: others.map(|(_, running)| running.clone()).collect(),
            // None: one has left, and who started it has yet to tell whom to join.
            threads: threads.max(1),
            ..Report::default()
        }
    }
}

pub(crate) fn unpark_all(waiters: Vec<ThreadUnpark>) {
    for waiter in waiters {
        waiter.unpark();
    }
}

/// Joins `threads`, with no lock held.
pub(crate) fn join(threads: Vec<thread::JoinHandle<()>>) {
    let own = thread::current().id();
    // A thread-local of a thread that has left may own the pool: nobody joins itself.
    for thread in threads.into_iter().filter(|thread| thread.thread().id() != own) {
        // Its panic, if any, was told by the panic hook.
        drop(thread.join());
    }
}
