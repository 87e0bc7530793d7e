//! A file on its way back to `std`.

use std::fs::File as StdFile;
use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use rt_task::wait::{Wait, WaitKind, poll_leaf};

use super::core::{CoreRef, wake};
use crate::operation::Site;

/// The future of [`File::into_std`](super::File::into_std).
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct IntoStd {
    /// Until the first poll.
    core: Option<CoreRef>,
    heir: Arc<Heir>,
    site: Site,
}

/// Gets the file from whoever holds it last.
#[derive(Debug, Default)]
pub(super) struct Heir(Mutex<Inheritance>);

#[derive(Debug, Default)]
struct Inheritance {
    std: Option<StdFile>,
    waker: Option<Waker>,
}

impl Heir {
    fn lock(&self) -> MutexGuard<'_, Inheritance> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn inherit(&self, std: StdFile) {
        let mut inheritance = self.lock();
        inheritance.std = Some(std);
        let waker = inheritance.waker.take();
        drop(inheritance);
        wake(waker);
    }

    fn poll(&self, cx: &Context<'_>) -> Poll<StdFile> {
        if let Some(std) = self.lock().std.take() {
            return Poll::Ready(std);
        }
        let mut waker = Some(cx.waker().clone());
        let mut inheritance = self.lock();
        mem::swap(&mut inheritance.waker, &mut waker);
        let std = inheritance.std.take();
        drop(inheritance);
        std.map_or(Poll::Pending, Poll::Ready)
    }
}

impl IntoStd {
    pub(super) fn new(core: CoreRef, site: Site) -> Self {
        Self { core: Some(core), heir: Arc::default(), site }
    }
}

impl Future for IntoStd {
    type Output = StdFile;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<StdFile> {
        if let Some(core) = self.core.take() {
            core.desk().set_heir(self.heir.clone());
            drop(core); // whose drop hands it over, if no closure has a share
        }
        let (site, object) = (self.site, Arc::as_ptr(&self.heir) as usize);
        let wait = || Wait { kind: WaitKind::Blocking, object, site };
        poll_leaf(cx, wait, |cx| self.heir.poll(cx))
    }
}
