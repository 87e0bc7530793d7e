//! Containment: a panic in user code ends that piece of user code, never a worker.

#[cfg(feature = "std")]
pub(crate) use with_std::attempt;
#[cfg(feature = "std")]
pub use with_std::contain;
#[cfg(not(feature = "std"))]
pub(crate) use without_std::{attempt, contain};

/// What a panic carries.
pub(crate) type Payload = alloc::boxed::Box<dyn core::any::Any + Send + 'static>;

/// The same, as one word.
pub(crate) type BoxedPayload = alloc::boxed::Box<Payload>;

/// What a `panic!` with a message leaves.
pub(crate) fn text(payload: &Payload) -> Option<&str> {
    match payload.downcast_ref::<alloc::string::String>() {
        Some(text) => Some(text),
        None => payload.downcast_ref::<&'static str>().copied(),
    }
}

#[cfg(feature = "std")]
mod with_std {
    use super::Payload;
    use std::panic::{AssertUnwindSafe, catch_unwind};

    /// Runs `f`; a panic comes back as its payload.
    pub(crate) fn attempt<R>(f: impl FnOnce() -> R) -> Result<R, Payload> {
        // Nothing that `f` left half done is looked at again: a future that panicked is
        // dropped, a waker or an output is gone.
        catch_unwind(AssertUnwindSafe(f))
    }

    /// Runs `f`, a piece of the user's code such as a hook. A panic ends it and nothing else: the panic
    /// hook has told of it by then, and what it carries is dropped.
    pub fn contain(f: impl FnOnce()) {
        if let Err(payload) = attempt(f) {
            discard(payload);
        }
    }

    /// Payloads that may panic one after the other before somebody is taken to play.
    const PAYLOADS_MAX: usize = 8;

    /// Drops a payload whose own drop may panic, with a payload whose own drop may panic …
    fn discard(mut payload: Payload) {
        for _ in 0..PAYLOADS_MAX {
            match attempt(|| drop(payload)) {
                Ok(()) => return,
                Err(next) => payload = next,
            }
        }
        core::mem::forget(payload);
    }
}

#[cfg(not(feature = "std"))]
mod without_std {
    use super::Payload;

    /// Without `std` nothing can be caught: a panic in a task ends the program.
    struct Abort;

    impl Drop for Abort {
        fn drop(&mut self) {
            // A panic while unwinding aborts.
            panic!("a task panicked, and without the `std` feature panics cannot be contained");
        }
    }

    pub(crate) fn attempt<R>(f: impl FnOnce() -> R) -> Result<R, Payload> {
        let abort = Abort;
        let result = f();
        core::mem::forget(abort);
        Ok(result)
    }

    pub(crate) fn contain(f: impl FnOnce()) {
        if attempt(f).is_err() {
            unreachable!("`attempt` cannot fail here");
        }
    }
}
