//! The life of one thread of the pool.

use std::sync::Arc as StdArc;

use rt_task::base::context;
use rt_task::base::park::ThreadPark;
use rt_task::base::shim::thread;
use rt_task::{HeldWake, Job};

use crate::look::Look;
use crate::pool::Shared;
use crate::roster::{Next, Woken};
use crate::seat::Seat;
use crate::shutdown::{join, unpark_all};

/// From the first job to the last.
pub(crate) fn main(shared: &StdArc<Shared>, desk: usize) {
    let mut worker = Worker::arrive(shared, desk);
    shared.options.thread_starts();
    match shared.options.environment() {
        Some(env) => context::visit_blocking(env, |_| worker.work()),
        None => worker.work(),
    }
    shared.options.thread_stops();
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
        loop {
            self.look.around(&self.shared.looking, || self.park.is_called());
            let called = self.park.park_timeout(self.shared.options.keep_alive); // H4
            if let Some(job) = self.seat.take() {
                return Some(job); // H5
            }
            let woken = self.shared.lock().roster.woken(self.desk, !called); // H6
            match woken {
                Woken::Handed => return self.seat.take(), // H5
                Woken::Wait => {}
                Woken::Leave => return None,
            }
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
