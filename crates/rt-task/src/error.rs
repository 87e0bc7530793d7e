//! Why a task has no output.

use alloc::boxed::Box;
use core::any::Any;
use core::fmt;

use crate::TaskId;
use crate::panic::text;

/// A task ended without output: it was cancelled, or it panicked.
pub struct JoinError {
    id: TaskId,
    repr: Repr,
}

enum Repr {
    Cancelled,
    /// The mutex of `tokio` is not needed: the payload is only reached by value.
    Panicked(SyncPayload),
}

/// A payload that is reached by value only.
struct SyncPayload(Box<dyn Any + Send + 'static>);

// SAFETY: a shared reference gives no access to the payload, but for `text`, which reads it as
// a `String` or a `&'static str`, both of which are `Sync`.
unsafe impl Sync for SyncPayload {}

impl SyncPayload {
    /// What a `panic!` with a message leaves.
    fn text(&self) -> Option<&str> {
        text(&self.0)
    }
}

impl JoinError {
    pub(crate) fn cancelled(id: TaskId) -> Self {
        Self { id, repr: Repr::Cancelled }
    }

    pub(crate) fn panicked(id: TaskId, payload: Box<dyn Any + Send + 'static>) -> Self {
        Self { id, repr: Repr::Panicked(SyncPayload(payload)) }
    }

    /// Whether the task was cancelled: aborted, or dropped by a runtime that shut down.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        matches!(self.repr, Repr::Cancelled)
    }

    /// Whether the task panicked.
    #[must_use]
    pub fn is_panic(&self) -> bool {
        !self.is_cancelled()
    }

    /// What the task panicked with, for [`resume_unwind`](std::panic::resume_unwind).
    ///
    /// # Panics
    /// If the task did not panic.
    #[track_caller]
    #[must_use]
    pub fn into_panic(self) -> Box<dyn Any + Send + 'static> {
        self.try_into_panic().expect("the task was cancelled: it left no panic")
    }

    /// What the task panicked with.
    ///
    /// # Errors
    /// Gives the error back if the task did not panic.
    pub fn try_into_panic(self) -> Result<Box<dyn Any + Send + 'static>, Self> {
        match self.repr {
            Repr::Panicked(payload) => Ok(payload.0),
            Repr::Cancelled => Err(self),
        }
    }

    /// The task's id.
    #[must_use]
    pub fn id(&self) -> TaskId {
        self.id
    }
}

impl fmt::Display for JoinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.repr {
            Repr::Cancelled => write!(f, "task {} was cancelled", self.id),
            Repr::Panicked(payload) => match payload.text() {
                Some(text) => write!(f, "task {} panicked with message {text:?}", self.id),
                None => write!(f, "task {} panicked", self.id),
            },
        }
    }
}

impl fmt::Debug for JoinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.repr {
            Repr::Cancelled => write!(f, "JoinError::Cancelled({:?})", self.id),
            Repr::Panicked(payload) => match payload.text() {
                Some(text) => write!(f, "JoinError::Panic({:?}, {text:?}, ...)", self.id),
                None => write!(f, "JoinError::Panic({:?}, ...)", self.id),
            },
        }
    }
}

impl core::error::Error for JoinError {}

#[cfg(feature = "std")]
mod with_std {
    impl From<super::JoinError> for std::io::Error {
        fn from(error: super::JoinError) -> Self {
            std::io::Error::other(error)
        }
    }
}

#[cfg(all(test, feature = "std", not(rt_loom)))]
mod tests {
    use super::*;
    use crate::kit::{Queue, panics, result};
    use alloc::boxed::Box;
    use alloc::format;
    use core::future::Future;
    use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

    fn error(future: impl Future<Output = ()> + Send + 'static) -> JoinError {
        let queue = Queue::new();
        let handle = queue.spawn(future);
        queue.run();
        result(handle).unwrap_err()
    }

    fn cancelled() -> JoinError {
        let queue = Queue::new();
        let handle = queue.spawn(async {});
        drop(queue.pop());
        result(handle).unwrap_err()
    }

    #[test]
    fn a_cancelled_task_says_so() {
        let error = cancelled();
        assert!(error.is_cancelled() && !error.is_panic());
        let id = error.id();
        assert_eq!(format!("{error}"), format!("task {id} was cancelled"));
        assert_eq!(format!("{error:?}"), format!("JoinError::Cancelled({id:?})"));
        let error = error.try_into_panic().unwrap_err();
        assert_eq!(error.id(), id, "given back unharmed");
        let told = catch_unwind(AssertUnwindSafe(|| error.into_panic())).unwrap_err();
        let told = *told.downcast::<alloc::string::String>().unwrap();
        assert!(told.contains("it left no panic"), "{told}");
    }

    #[test]
    fn a_panic_tells_its_message_if_it_has_one() {
        let word = error(async { panics("word") });
        assert!(word.is_panic() && !word.is_cancelled());
        let id = word.id();
        assert_eq!(format!("{word}"), format!("task {id} panicked with message \"word\""));
        assert_eq!(format!("{word:?}"), format!("JoinError::Panic({id:?}, \"word\", ...)"));
        let text = error(async { resume_unwind(Box::new(format!("te{}", "xt"))) });
        let id = text.id();
        assert_eq!(format!("{text}"), format!("task {id} panicked with message \"text\""));
        let number = error(async { resume_unwind(Box::new(7)) });
        let id = number.id();
        assert_eq!(format!("{number}"), format!("task {id} panicked"));
        assert_eq!(format!("{number:?}"), format!("JoinError::Panic({id:?}, ...)"));
        assert_eq!(*number.into_panic().downcast::<i32>().unwrap(), 7);
        assert_eq!(*word.try_into_panic().unwrap().downcast::<&str>().unwrap(), "word");
    }

    #[test]
    fn an_io_error_is_made_of_it() {
        let io = std::io::Error::from(cancelled());
        assert_eq!(io.kind(), std::io::ErrorKind::Other);
        assert!(io.get_ref().unwrap().downcast_ref::<JoinError>().unwrap().is_cancelled());
    }
}
