//! The life of one thread of the pool.

use std::cell::Cell;
use std::sync::Arc as StdArc;
use std::time::Duration;

use rt_task::base::context;
use rt_task::base::look::Look;
use rt_task::base::park::ThreadPark;
use rt_task::base::shim::{Ordering::*, thread};
use rt_task::{HeldWake, Job};

use crate::pool::Shared;
use crate::roster::Next;
use crate::seat::Seat;
use crate::shutdown::{join, unpark_all};

/// From the first job to the last.
pub(crate) fn main(shared: &StdArc<Shared>, desk: usize) {
    let mut worker = Worker::arrive(shared, desk);
    match shared.options.environment() {
        Some(env) => context::visit_blocking(env, |_| worker.live()),
        None => worker.live(),
    }
}

struct Worker<'a> {
    shared: &'a Shared,
    desk: usize,
    park: ThreadPark,
    seat: StdArc<Seat>,
    look: Look,
}

impl<'a> Worker<'a> {
    fn arrive(shared: &'a Shared, desk: usize) -> Self {
        shared.lock().crew.arrived(thread::current().id(), desk);
        let park = ThreadPark::new();
        let seat = StdArc::new(Seat::new(park.unparker()));
        Self { shared, desk, park, seat, look: Look::new() }
    }

    fn live(&mut self) {
        self.shared.options.thread_starts();
        self.work();
        self.shared.options.thread_stops();
    }

    fn work(&mut self) {
        let mut next = self.next(None);
        while let Some(job) = next {
            // Contains panics, and drops the closure here.
            let wake = job.run_before_wake();
            next = self.next(Some(wake));
        }
    }

    /// The next job, waited for; `None` when the thread is to leave.
    fn next(&mut self, wake: Option<HeldWake>) -> Option<Job> {
        let next = self.shared.lock().roster.next(self.desk, &self.seat); // H0
        // Only now, when the thread is known to be free: who is woken often brings the next job at
        // once, and would start a second thread for it.
        drop(wake);
        match next {
            Next::Run(job) => Some(job),
            Next::Wait => self.wait(),
            Next::Leave => None,
        }
    }

    fn wait(&mut self) -> Option<Job> {
        self.look_around();
        if !self.called_in_time() {
            if self.shared.lock().roster.expired(self.desk) {
                return None; // H6
            }
            self.park.park(); // a job is in the slot, and the call under way
        }
        self.seat.take() // H5
    }

    /// Of the threads of a pool one looks at a time, so that the others' processors are left to
    /// those who have work.
    fn look_around(&mut self) {
        let looking = &self.shared.looking; // a hint: nothing is ordered by it
        let alone = Cell::new(false);
        let may_look = || {
            alone.set(looking.compare_exchange(false, true, Relaxed, Relaxed).is_ok());
            alone.get()
        };
        self.look.around(may_look, || self.park.is_called());
        if alone.get() {
            looking.store(false, Relaxed);
        }
    }

    /// H4.
    fn called_in_time(&self) -> bool {
        match self.shared.options.keep_alive {
            Duration::MAX => {
                self.park.park();
                true
            }
            span => self.park.park_timeout(span),
        }
    }
}

impl Drop for Worker<'_> {
    fn drop(&mut self) {
        let mut locked = self.shared.lock();
        locked.roster.left(self.desk);
        let earlier = locked.crew.left(thread::current().id(), self.desk);
        let met = locked.met();
        drop(locked);
        unpark_all(met);
        join(earlier);
    }
}
