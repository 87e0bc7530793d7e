//! The life of one thread of the pool.

use std::sync::Arc as StdArc;

use rt_task::Job;
use rt_task::base::context;
use rt_task::base::park::ThreadPark;
use rt_task::base::shim::thread;

use crate::pool::Shared;
use crate::roster::{Next, Woken};
use crate::seat::Seat;
use crate::shutdown::{join, unpark_all};

/// From the first job to the last.
pub(crate) fn main(shared: &StdArc<Shared>, desk: usize) {
    let worker = Worker::arrive(shared, desk);
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
}

impl<'a> Worker<'a> {
    fn arrive(shared: &'a Shared, desk: usize) -> Self {
        shared.lock().crew.arrived(thread::current().id(), desk);
        let park = ThreadPark::new();
        let seat = StdArc::new(Seat::new(park.unparker()));
        Self { shared, desk, park, seat }
    }

    fn work(&self) {
        while let Some(job) = self.next() {
            job.run(); // contains panics, and drops the closure here
        }
    }

    /// The next job, waited for; `None` when the thread is to leave.
    fn next(&self) -> Option<Job> {
        let next = self.shared.lock().roster.next(self.desk, &self.seat); // H0
        match next {
            Next::Run(job) => Some(job),
            Next::Wait => self.wait(),
            Next::Leave => None,
        }
    }

    fn wait(&self) -> Option<Job> {
        loop {
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
