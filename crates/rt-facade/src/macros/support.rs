//! What the code calls that the macros expand to. Not for direct use: it changes with them.

pub use std::compile_error;
pub use std::future::{Future, IntoFuture, poll_fn};
pub use std::pin::pin;
pub use std::result::Result::Ok;
pub use std::task::Poll;

pub use rt_macros::{join, select, try_join};

use std::panic::Location;
use std::pin::Pin;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::task::Context;

use pin_project_lite::pin_project;
use rt_task::base::context;
use rt_task::base::seam::{Choice, Choose};
use rt_task::coop;
use rt_task::wait::{Wait, WaitKind, poll_leaf};

/// Which of so many branches is polled first.
///
/// Chosen by the thread's seeded source. On a foreign executor, which has none, it goes round.
#[inline]
#[must_use]
pub fn first(branches: u32) -> u32 {
    static ROUND: AtomicU32 = AtomicU32::new(0);
    let chosen = context::with(|ctx| ctx.rng().below(branches, Choice::Branch));
    chosen.unwrap_or_else(|| ROUND.fetch_add(1, Relaxed) % branches)
}

/// Ready if the task has budget left; otherwise wakes it for its next turn.
#[inline]
#[track_caller]
pub fn poll_budget(cx: &mut Context<'_>) -> Poll<()> {
    if coop::has_budget_remaining() {
        return Poll::Ready(());
    }
    let site = Location::caller();
    poll_leaf(cx, || Wait { kind: WaitKind::Yield, object: 0, site }, |_| Poll::Ready(()))
}

/// No branch of a `select!` is left, and nothing says what to do then.
#[cold]
#[track_caller]
pub fn all_disabled() -> ! {
    panic!(
        "all branches are disabled and there is no else branch: every condition of this `select!` was \
         false, or no output fitted its pattern"
    )
}

pin_project! {
    /// A future, or what it brought, in the same place.
    #[project = MaybeDoneProject]
    #[project_replace = MaybeDoneReplace]
    #[derive(Debug)]
    pub enum MaybeDone<F: Future> {
        /// It goes on.
        Going {
            #[pin]
            future: F,
        },
        /// It is ready, and gone.
        Done {
            output: F::Output,
        },
        /// The output is taken.
        Taken,
    }
}

impl<F: Future> MaybeDone<F> {
    /// `future`, not polled yet.
    pub fn new(future: impl IntoFuture<IntoFuture = F, Output = F::Output>) -> Self {
        Self::Going { future: future.into_future() }
    }

    /// Ready once the output is there.
    #[inline]
    pub fn poll_done(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let polled = match self.as_mut().project() {
            MaybeDoneProject::Going { future } => future.poll(cx),
            MaybeDoneProject::Done { .. } => return Poll::Ready(()),
            MaybeDoneProject::Taken => panic!("a `join!` was polled again after it was ready"),
        };
        polled.map(|output| {
            self.project_replace(Self::Done { output });
        })
    }

    /// Takes the output, which is there.
    #[track_caller]
    pub fn take(self: Pin<&mut Self>) -> F::Output {
        match self.project_replace(Self::Taken) {
            MaybeDoneReplace::Done { output } => output,
            _ => unreachable!("taken once, after `poll_done` was ready"),
        }
    }
}

impl<T, E, F: Future<Output = Result<T, E>>> MaybeDone<F> {
    /// Ready once a good output is there, or with the error.
    #[inline]
    pub fn poll_ok(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), E>> {
        let polled = match self.as_mut().project() {
            MaybeDoneProject::Going { future } => future.poll(cx),
            MaybeDoneProject::Done { .. } => return Poll::Ready(Ok(())),
            MaybeDoneProject::Taken => panic!("a `try_join!` was polled again after it was ready"),
        };
        match polled {
            Poll::Pending => Poll::Pending,
            Poll::Ready(Ok(value)) => {
                self.project_replace(Self::Done { output: Ok(value) });
                Poll::Ready(Ok(()))
            }
            Poll::Ready(Err(error)) => {
                self.project_replace(Self::Taken);
                Poll::Ready(Err(error))
            }
        }
    }

    /// Takes the good output, which is there.
    #[track_caller]
    pub fn take_ok(self: Pin<&mut Self>) -> T {
        match self.take() {
            Ok(value) => value,
            Err(_) => unreachable!("`poll_ok` hands errors out"),
        }
    }
}
