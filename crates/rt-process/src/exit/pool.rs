//! By a closure that blocks: where there is no pidfd.
//!
//! It waits without reaping, so that whoever drops the wait leaves the child's end for the next one to ask
//! for. Once started it cannot be called back: a runtime that is dropped then waits for the child to end,
//! as for every closure on its pool.

use std::future::Future;
use std::io;
use std::panic::Location;
use std::pin::Pin;
use std::process::{self, ExitStatus};
use std::task::{Context, Poll, ready};

use rt_task::base::context;
use rt_task::wait::{Wait, WaitKind, poll_at};
use rt_task::{Job, JoinHandle};
use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};

/// A closure that waits, once somebody does.
#[derive(Debug)]
pub(crate) struct Pool {
    id: u32,
    waits: Option<JoinHandle<()>>,
}

impl Pool {
    pub(crate) fn new(id: u32) -> Self {
        Self { id, waits: None }
    }

    pub(super) fn poll_reap(
        &mut self,
        cx: &mut Context<'_>,
        child: &mut process::Child,
        site: &'static Location<'static>,
    ) -> Poll<io::Result<ExitStatus>> {
        let wait = Wait { kind: WaitKind::Child, object: self.id as usize, site };
        poll_at(cx, || wait, |cx| self.poll_pool(cx, child, site))
    }

    fn poll_pool(
        &mut self,
        cx: &mut Context<'_>,
        child: &mut process::Child,
        site: &'static Location<'static>,
    ) -> Poll<io::Result<ExitStatus>> {
        loop {
            if let Some(waits) = &mut self.waits {
                let ended = ready!(Pin::new(waits).poll(cx));
                self.waits = None;
                if let Err(error) = ended {
                    return Poll::Ready(Err(io::Error::other(error))); // cancelled: the pool is gone
                }
            }
            if let Some(status) = child.try_wait()? {
                return Poll::Ready(Ok(status));
            }
            self.waits = Some(start(self.id, site)?);
        }
    }
}

/// Has the pool wait for the end of a child.
fn start(id: u32, site: &'static Location<'static>) -> io::Result<JoinHandle<()>> {
    let pool = context::blocking().map_err(|missing| missing.io_error("Child::wait", site))?;
    let (job, waits) = Job::new(move || {
        let Some(id) = i32::try_from(id).ok().and_then(Pid::from_raw) else { return };
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        // It ended, or was reaped meanwhile: who asks next finds that out.
        while let Err(rustix::io::Errno::INTR) = waitid(WaitId::Pid(id), options) {}
    });
    pool.execute(job).map_err(io::Error::other)?;
    Ok(waits)
}
