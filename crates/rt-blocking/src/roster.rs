//! Who does what: every decision of the pool, as a plain structure.
//!
//! No lock, thread, clock or atomic in here: `pool.rs` holds a [`Roster`] behind its lock, asks,
//! lets go of the lock and does as told. A *desk* is the number of a thread of the pool.
//!
//! ```text
//!             submit               next: job            next: none
//!   Vacant ────────────► Starting ───────────► Busy ─────────────────► Idle
//!     ▲ ▲                 │    │               │  ▲       submit       │  │
//!     │ └─ start_failed ──┘    │ next: closed  │  └────────────────────┘  │ close, expired
//!     │                        ▼               ▼                          ▼
//!     └─────── left ──────────────────────── Leaving ◄────────────────────┘
//! ```
//!
//! # Invariants
//! - **R1** A job waits in the queue only while nobody is idle. So jobs start in the order of
//!   their submission.
//! - **R2** A job waits in the queue only while a thread exists that will look there again:
//!   `threads`, which counts Starting, Busy and Idle, is not zero.
//! - **R3** An idle thread is on the idle stack exactly once. The pop from there is the claim: who
//!   pops owes it a job (or, closing, a call), and nobody else can.
//! - **R4** At most `max_threads` threads take jobs.
//! - **R5** Once closed, the queue and the idle stack are empty for good.

use std::collections::VecDeque;
use std::mem;

/// What the pool runs.
pub(crate) trait Work {
    /// What is told of it while it runs.
    type Brief: Clone;

    /// What is told of it while it runs.
    fn brief(&self) -> Self::Brief;
}

/// Jobs that wait, threads that wait, and what each thread does.
#[derive(Debug)]
pub(crate) struct Roster<J: Work, S> {
    max_threads: usize,
    closed: bool,
    /// Jobs that wait for a thread, oldest first.
    queue: VecDeque<J>,
    /// Threads that wait for a job, most recently idle last.
    idle: Vec<(usize, S)>,
    desks: Vec<Desk<J::Brief>>,
    vacant: Vec<usize>,
    /// Desks that are Starting, Busy or Idle.
    threads: usize,
    leaving: usize,
    threads_peak: usize,
}

/// What a thread does.
#[derive(Debug)]
enum Desk<B> {
    Vacant,
    Starting,
    Busy(B),
    Idle,
    Leaving,
}

/// What is to be done with a submitted job.
#[must_use]
#[derive(Debug)]
pub(crate) enum Submitted<J, S> {
    /// Let go of the lock, put it into the thread's slot and unpark the thread.
    HandOver(S, J),
    /// It is queued; start a thread for this desk.
    Start(usize),
    /// Nothing: a thread will come for it.
    Queued,
    /// It was not taken.
    Closed(J),
}

/// What a thread does next.
#[must_use]
#[derive(Debug)]
pub(crate) enum Next<J> {
    /// Run this.
    Run(J),
    /// Wait for a job or a call.
    Wait,
    /// Leave.
    Leave,
}

/// What closing leaves to do.
#[must_use]
#[derive(Debug)]
pub(crate) struct Closed<J, S> {
    /// Jobs that nobody will run.
    pub(crate) cancelled: VecDeque<J>,
    /// Threads to call: they leave.
    pub(crate) idle: Vec<(usize, S)>,
}

impl<J: Work, S: Clone> Roster<J, S> {
    pub(crate) fn new(max_threads: usize) -> Self {
        Self {
            max_threads,
            closed: false,
            queue: VecDeque::new(),
            idle: Vec::new(),
            desks: Vec::new(),
            vacant: Vec::new(),
            threads: 0,
            leaving: 0,
            threads_peak: 0,
        }
    }

    /// Takes a job in.
    pub(crate) fn submit(&mut self, job: J) -> Submitted<J, S> {
        if self.closed {
            return Submitted::Closed(job);
        }
        if let Some((desk, seat)) = self.idle.pop() {
            self.desks[desk] = Desk::Busy(job.brief());
            return Submitted::HandOver(seat, job);
        }
        self.queue.push_back(job);
        match self.threads < self.max_threads {
            true => Submitted::Start(self.reserve()),
            false => Submitted::Queued,
        }
    }

    /// No thread could be started for `desk`. Hands out the jobs that no thread will come for:
    /// all that wait, if this was the last.
    pub(crate) fn start_failed(&mut self, desk: usize) -> VecDeque<J> {
        debug_assert!(matches!(self.desks[desk], Desk::Starting));
        self.threads -= 1;
        self.vacate(desk);
        match self.threads {
            0 => mem::take(&mut self.queue),
            _ => VecDeque::new(),
        }
    }

    /// The thread at `desk` is free.
    pub(crate) fn next(&mut self, desk: usize, seat: &S) -> Next<J> {
        debug_assert!(matches!(self.desks[desk], Desk::Starting | Desk::Busy(_)));
        if self.closed {
            self.leave(desk);
            return Next::Leave;
        }
        if let Some(job) = self.queue.pop_front() {
            self.desks[desk] = Desk::Busy(job.brief());
            return Next::Run(job);
        }
        self.desks[desk] = Desk::Idle;
        self.idle.push((desk, seat.clone()));
        Next::Wait
    }

    /// The keep-alive of the thread at `desk` is over. Tells whether it is to leave; else it is
    /// owed a job, and a call.
    #[must_use]
    pub(crate) fn expired(&mut self, desk: usize) -> bool {
        match &self.desks[desk] {
            Desk::Busy(_) => false,
            Desk::Idle => {
                // The longest idle are at the front, and those come here.
                let at = self.idle.iter().position(|(idle, _)| *idle == desk);
                self.idle.remove(at.expect("an idle thread is on the stack (R3)"));
                self.leave(desk);
                true
            }
            Desk::Leaving => true, // closed meanwhile
            Desk::Vacant | Desk::Starting => unreachable!("a thread that waits has been idle"),
        }
    }

    /// The thread at `desk` will not come again: nobody else calls with its number.
    pub(crate) fn left(&mut self, desk: usize) {
        match &self.desks[desk] {
            Desk::Leaving => {}
            // It unwinds, which `Job::run` does not let happen: still nobody may wait for it.
            _ => self.leave(desk),
        }
        self.leaving -= 1;
        self.vacate(desk);
    }

    /// Takes no more work. Nothing to do the second time.
    pub(crate) fn close(&mut self) -> Closed<J, S> {
        self.closed = true;
        let idle = mem::take(&mut self.idle);
        for (desk, _) in &idle {
            self.leave(*desk);
        }
        Closed { cancelled: mem::take(&mut self.queue), idle }
    }

    /// Jobs that wait for a thread.
    pub(crate) fn queue_depth(&self) -> usize {
        self.queue.len()
    }

    /// Threads that take jobs: starting, busy or idle.
    pub(crate) fn threads(&self) -> usize {
        self.threads
    }

    /// Threads that exist, those that are about to end included.
    pub(crate) fn alive(&self) -> usize {
        self.threads + self.leaving
    }

    /// The most threads that took jobs at one time.
    pub(crate) fn threads_peak(&self) -> usize {
        self.threads_peak
    }

    /// Threads that wait for a job.
    pub(crate) fn idle(&self) -> usize {
        self.idle.len()
    }

    /// What runs now, and at which desk.
    pub(crate) fn running(&self) -> impl Iterator<Item = (usize, &J::Brief)> {
        let desks = self.desks.iter().enumerate();
        desks.filter_map(|(number, desk)| match desk {
            Desk::Busy(brief) => Some((number, brief)),
            _ => None,
        })
    }

    fn reserve(&mut self) -> usize {
        self.threads += 1;
        self.threads_peak = self.threads_peak.max(self.threads);
        match self.vacant.pop() {
            Some(desk) => {
                self.desks[desk] = Desk::Starting;
                desk
            }
            None => {
                self.desks.push(Desk::Starting);
                self.desks.len() - 1
            }
        }
    }

    fn leave(&mut self, desk: usize) {
        self.desks[desk] = Desk::Leaving;
        self.threads -= 1;
        self.leaving += 1;
    }

    fn vacate(&mut self, desk: usize) {
        self.desks[desk] = Desk::Vacant;
        self.vacant.push(desk);
    }
}

#[cfg(all(test, not(rt_loom)))]
mod model_tests;
