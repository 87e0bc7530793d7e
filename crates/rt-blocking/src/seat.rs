//! Where a thread of the pool waits for its next job.
//!
//! # Protocol: hand-off
//! | submitter                                         | thread                                   |
//! |---------------------------------------------------|------------------------------------------|
//! | H1 under the lock: pop the thread from the idle stack | H0 under the lock: onto the idle stack |
//! | H2 put the job into its slot                      | H4 park, up to the keep-alive            |
//! | H3 unpark                                         | H5 called: take what is in the slot; with nothing there, leave |
//! |                                                   | H6 late, under the lock: off the idle stack and leave; if not on it, park for good and H5 |
//!
//! **Claim (one job, one thread).** A job in a slot is run exactly once, by the thread of that
//! slot, and a thread whose keep-alive is over leaves only while nobody owes it a job.
//! **Why.** H1 and H6 both need the thread on the idle stack and take it off there, under one
//! lock: one of them happens. H1 first: H6 finds the thread gone from the stack, and the call of
//! H3 comes. H6 first: H1 pops another. There is one call for each pop, and it is waited for, so
//! no call is left over for a later wait. Closing pops, too, and puts nothing: that is the call
//! to leave. The job travels by the byte lock of the slot, the call by the word of the parker,
//! each with a claim of its own.
//! **Breaks if** H2 comes after H3, H3 is left out, or H6 does not look at the stack.
//! **Checked by** `pool::loom_tests::hand_off_meets_keep_alive`,
//! `pool::loom_tests::hand_off_meets_shutdown`, `pool::loom_tests::nobody_sleeps_on_a_job`.

use rt_task::Job;
use rt_task::base::byte_lock::ByteLock;
use rt_task::base::park::ThreadUnpark;
use rt_task::base::seam::Unpark;

/// A thread's slot, and how to call it.
#[derive(Debug)]
pub(crate) struct Seat {
    slot: ByteLock<Option<Job>>,
    unpark: ThreadUnpark,
}

impl Seat {
    pub(crate) fn new(unpark: ThreadUnpark) -> Self {
        Self { slot: ByteLock::new(None), unpark }
    }

    /// H2. Called by who popped the seat from the idle stack.
    pub(crate) fn put(&self, job: Job) {
        let before = self.slot.lock().replace(job);
        debug_assert!(before.is_none(), "one claim, one job");
    }

    /// H3.
    pub(crate) fn unpark(&self) {
        self.unpark.unpark();
    }

    /// H5. `None`: the pool is closed, and the thread is to leave.
    pub(crate) fn take(&self) -> Option<Job> {
        self.slot.lock().take()
    }
}
