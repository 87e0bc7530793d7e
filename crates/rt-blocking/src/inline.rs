//! A pool that is none, for simulators and tests.

use rt_task::Job;
use rt_task::base::seam::{Blocking, Rejected};

/// Runs each closure at once on the thread that spawns it.
///
/// For a simulator, which has one thread and wants every run to be the same. A closure that waits
/// for what its spawner does next never ends. A panic is contained and told to the handle, as
/// on a pool.
///
/// ```
/// use rt_blocking::Inline;
/// use rt_task::{Job, base::seam::Blocking};
///
/// let (job, handle) = Job::new(|| 6 * 7);
/// Inline.execute(job).unwrap();
/// assert!(handle.is_finished());
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Inline;

impl Blocking for Inline {
    fn execute(&self, job: Job) -> Result<(), Rejected> {
        job.run();
        Ok(())
    }
}
