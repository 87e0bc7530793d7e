//! Where a thread of the pool waits for its next job.
//!
//! # Protocol: hand-off
//! | submitter, under the pool's lock      | thread                                        |
//! |---------------------------------------|-----------------------------------------------|
//! |                                       | H0 under the lock: onto the idle stack        |
//! | H1 pop the thread from the idle stack | H4 park, up to the keep-alive                 |
//! | H2 put the job into its slot          | H5 take the slot; if empty, under the lock:   |
//! | after the lock: H3 unpark             | H6 off the idle stack and leave, or H5 again  |
//!
//! **Claim (one job, one thread).** A job in a slot is run by the thread of that slot, exactly
//! once, and a thread whose keep-alive is over leaves only while nobody owes it a job.
//! **Why.** H1 and H6 both need the thread on the idle stack and take it off there, under one
//! lock: one of them happens. H1 first: H2 came before the lock was let go, so H6 finds the
//! thread gone from the stack and the job in the slot. H6 first: H1 pops another. The job itself
//! travels by the byte lock of the slot, the call by the word of the parker, each with a claim of
//! its own.
//! **Breaks if** H2 happens after the lock is let go, or H6 without it.
//! **Checked by** `pool::loom_tests::hand_off_meets_keep_alive`,
//! `pool::loom_tests::hand_off_meets_shutdown`.
//!
//! The call of H3 may arrive after the job was found by H6: the next wait then ends at once with
//! an empty slot, and the thread waits again.

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

    /// H2. Called by who popped the seat from the idle stack, before it lets go of the lock.
    pub(crate) fn put(&self, job: Job) {
        let before = self.slot.lock().replace(job);
        debug_assert!(before.is_none(), "one claim, one job");
    }

    /// H3.
    pub(crate) fn unpark(&self) {
        self.unpark.unpark();
    }

    /// H5.
    pub(crate) fn take(&self) -> Option<Job> {
        self.slot.lock().take()
    }
}
