//! Pools for the tests: on the spot, held back, a thread each; and files that go away.

use std::future::Future;
use std::path::{Path, PathBuf};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::thread;

use rt_task::Job;
use rt_task::base::context::{EnterGuard, Env, enter};
use rt_task::base::seam::{Blocking, Rejected, RejectedWhy};

/// What a pool does with a job.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum How {
    /// Runs it on the spot.
    Here,
    /// Keeps it until told.
    Held,
    /// Gives it a thread of its own.
    Thread,
    /// Refuses it.
    Closed,
}

pub(crate) struct Pool {
    how: Mutex<How>,
    pub(crate) jobs: Mutex<Vec<Job>>,
    pub(crate) hops: AtomicUsize,
}

impl Pool {
    /// Entered on this thread.
    pub(crate) fn enter(how: How) -> (Arc<Self>, EnterGuard) {
        let pool = Arc::new(Self { how: Mutex::new(how), jobs: Mutex::default(), hops: 0.into() });
        let guard = enter(Env::new().with_blocking(pool.clone()));
        (pool, guard)
    }

    pub(crate) fn set(&self, how: How) {
        *self.how.lock().unwrap() = how;
    }

    /// Runs one of the jobs held.
    pub(crate) fn run(&self, which: usize) -> bool {
        let job = {
            let mut jobs = self.jobs.lock().unwrap();
            let n = jobs.len();
            (n > 0).then(|| jobs.remove(which % n))
        };
        job.map(Job::run).is_some()
    }

    pub(crate) fn run_all(&self) {
        while self.run(0) {}
    }

    pub(crate) fn held(&self) -> usize {
        self.jobs.lock().unwrap().len()
    }

    /// Hops since this was last asked.
    pub(crate) fn hops(&self) -> usize {
        self.hops.swap(0, SeqCst)
    }

    /// Polls `future` to its end; the jobs held are run meanwhile, in an order that `choose` says.
    pub(crate) fn drive<F: Future>(
        &self,
        future: F,
        mut choose: impl FnMut() -> usize,
    ) -> F::Output {
        let mut future = pin!(future);
        loop {
            if let Poll::Ready(output) = poll(future.as_mut()) {
                return output;
            }
            assert!(self.run(choose()), "it waits, and nothing is under way");
        }
    }
}

impl Blocking for Pool {
    fn execute(&self, job: Job) -> Result<(), Rejected> {
        let how = *self.how.lock().unwrap();
        if how != How::Closed {
            self.hops.fetch_add(1, SeqCst);
        }
        match how {
            How::Here => job.run(),
            How::Held => self.jobs.lock().unwrap().push(job),
            How::Thread => drop(thread::Builder::new().spawn(|| job.run()).unwrap()),
            How::Closed => return Err(Rejected::new(job, RejectedWhy::ShutDown)),
        }
        Ok(())
    }
}

/// Polls once.
pub(crate) fn poll<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// Polls once, and drops it.
pub(crate) fn poll_once<F: Future>(future: F) -> Poll<F::Output> {
    poll(pin!(future))
}

/// A folder of its own, that goes away.
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("rt-fs-test-{}-{}", std::process::id(), NEXT.fetch_add(1, SeqCst));
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir(&path).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// The path of a file with that in it.
    pub(crate) fn file(&self, bytes: &[u8]) -> PathBuf {
        let path = self.0.join("file");
        std::fs::write(&path, bytes).unwrap();
        path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}
