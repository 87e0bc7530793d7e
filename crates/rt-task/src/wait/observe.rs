//! Looking at what the leaves of a poll noted, from around it.

use super::{Noted, RUNNING, Wait};
use crate::base::context;

/// Runs `poll`, one poll of a future, and tells what the last of its leaves noted, if any pended. The task that
/// polls is told, too.
///
/// For who polls futures to learn about them: it makes a context where there is none, as on a foreign executor.
///
/// ```
/// use rt_task::wait::{WaitKind, observe};
/// use std::future::Future;
/// use std::pin::pin;
/// use std::task::{Context, Waker};
///
/// let mut yields = pin!(rt_task::coop::yield_now());
/// let (polled, wait) = observe(|| yields.as_mut().poll(&mut Context::from_waker(Waker::noop())));
/// assert!(polled.is_pending());
/// assert_eq!(wait.unwrap().kind, WaitKind::Yield);
/// ```
pub fn observe<R>(poll: impl FnOnce() -> R) -> (R, Option<Wait>) {
    let stay = context::Stay::new();
    let noted = &stay.ctx().noted;
    let observed = Observed { noted, before: Some(noted.begin()) };
    let polled = poll();
    (polled, observed.end())
}

/// Puts back what was noted before, also when the poll panics.
struct Observed<'a> {
    noted: &'a Noted,
    before: Option<(Option<Wait>, u8)>,
}

impl Observed<'_> {
    fn end(mut self) -> Option<Wait> {
        let (seen, pended) = (self.noted.last.get(), self.noted.pended());
        self.put_back();
        let seen = seen?;
        self.noted.last.set(Some(seen));
        self.noted.pended.set(self.noted.pended().saturating_add(pended).min(RUNNING - 1));
        Some(seen)
    }

    fn put_back(&mut self) {
        if let Some(before) = self.before.take() {
            self.noted.restore(before);
        }
    }
}

impl Drop for Observed<'_> {
    fn drop(&mut self) {
        self.put_back();
    }
}
