//! `SetOnce`: a value that is set once, by whom that may be, and waited for.
//!
//! Never here: making the value on demand; that is [`OnceCell`](crate::OnceCell). The protocol is that of
//! `base/event.rs`.
//!
//! # What it costs
//! `get` is one load. `set` is one atomic read-modify-write, and one more for each further 32 that wait. A wait
//! is one to come, none to end. No allocation.

use core::error::Error;
use core::fmt;
use core::future::Future;
use core::mem::MaybeUninit;
use core::panic::Location;
use core::pin::Pin;
use core::task::{Context, Poll, ready};

use pin_project_lite::pin_project;
use rt_task::base::shim::{UnsafeCell, const_fn};
use rt_task::wait::{Wait, WaitKind, poll_leaf};

use crate::base::crowd::Member;
use crate::base::event::Event;

/// A cell that is set once, and can be waited for.
///
/// ```
/// use rt_sync::SetOnce;
///
/// static ADDRESS: SetOnce<String> = SetOnce::const_new();
/// # rt_task::block_on(async {
/// let thread = std::thread::spawn(|| ADDRESS.set("[::1]:80".into()).unwrap());
/// assert_eq!(ADDRESS.wait().await, "[::1]:80");
/// # thread.join().unwrap();
/// assert!(ADDRESS.set("[::1]:81".into()).is_err());
/// # });
/// ```
pub struct SetOnce<T> {
    /// That it is set: then `value` is there, and is not written any more.
    set: Event,
    value: UnsafeCell<MaybeUninit<T>>,
}

// SAFETY: shared, it hands out `&T` to any thread, and takes a `T` from any that is dropped by any other.
unsafe impl<T: Send + Sync> Sync for SetOnce<T> {}

impl<T> SetOnce<T> {
    const_fn! {
        /// An empty one. In a constant, too.
        #[must_use]
        pub const fn new() -> Self {
            Self { set: Event::new(false), value: UnsafeCell::new(MaybeUninit::uninit()) }
        }
    }

    const_fn! {
        /// The same as [`new`](Self::new), which is `const` here.
        #[must_use]
        pub const fn const_new() -> Self {
            Self::new()
        }
    }

    const_fn! {
        /// One that is set.
        #[must_use]
        pub const fn const_new_with(value: T) -> Self {
            Self { set: Event::new(true), value: UnsafeCell::new(MaybeUninit::new(value)) }
        }
    }

    /// One that is set, or not.
    #[must_use]
    pub fn new_with(value: Option<T>) -> Self {
        value.map_or_else(Self::new, Self::const_new_with)
    }

    /// Whether it is set. One load.
    #[inline]
    pub fn initialized(&self) -> bool {
        self.set.has_happened()
    }

    /// The value, if it is set. One load.
    #[inline]
    pub fn get(&self) -> Option<&T> {
        if !self.initialized() {
            return None;
        }
        // SAFETY: set (V2), hence not written any more; and there until `self` is dropped or borrowed alone.
        let value = self.value.with(|value| unsafe { &*value });
        // SAFETY: set, hence initialised.
        Some(unsafe { value.assume_init_ref() })
    }

    /// Sets it, and wakes all that wait.
    ///
    /// # Errors
    /// If it is set: gives `value` back.
    pub fn set(&self, value: T) -> Result<(), SetOnceError<T>> {
        if self.initialized() {
            return Err(SetOnceError(value));
        }
        let mut value = Some(value);
        self.set.happen(|| {
            if let Some(value) = value.take() {
                // SAFETY: not set, hence nobody reads it; and who runs in `happen` is alone.
                self.value.with_mut(|place| unsafe { (*place).write(value) });
            }
        });
        value.map_or(Ok(()), |value| Err(SetOnceError(value)))
    }

    /// The value, if it was set.
    pub fn into_inner(mut self) -> Option<T> {
        let was_set = core::mem::replace(&mut self.set, Event::new(false)).has_happened();
        // SAFETY: by value, hence nobody else reaches it.
        let value = self.value.with(|value| unsafe { &*value });
        // SAFETY: it was set, hence initialised; and is not any more, so that nobody reads or drops it again.
        was_set.then(|| unsafe { value.assume_init_read() })
    }

    /// Waits until it is set. Ready at once if it is.
    ///
    /// Cancel safe: nothing is lost but its place among those that are woken.
    #[track_caller]
    pub fn wait(&self) -> WaitSet<'_, T> {
        WaitSet { cell: self, site: Location::caller(), member: Member::new() }
    }
}

impl<T> Drop for SetOnce<T> {
    fn drop(&mut self) {
        if self.initialized() {
            // SAFETY: dropped, hence nobody else reaches it.
            let value = self.value.with_mut(|value| unsafe { &mut *value });
            // SAFETY: set, hence initialised; and gone after this.
            unsafe { value.assume_init_drop() };
        }
    }
}

pin_project! {
    /// The future of [`SetOnce::wait`].
    #[must_use = "futures do nothing unless polled"]
    pub struct WaitSet<'a, T> {
        cell: &'a SetOnce<T>,
        site: &'static Location<'static>,
        #[pin]
        member: Member,
    }

    impl<T> PinnedDrop for WaitSet<'_, T> {
        fn drop(this: Pin<&mut Self>) {
            let this = this.project();
            this.cell.set.leave(this.member);
        }
    }
}

impl<'a, T> Future for WaitSet<'a, T> {
    type Output = &'a T;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<&'a T> {
        let this = self.project();
        let (cell, site) = (*this.cell, *this.site);
        let object = core::ptr::from_ref(cell).addr();
        let op = |cx: &mut Context<'_>| cell.set.poll(this.member, cx.waker());
        ready!(poll_leaf(cx, || Wait { kind: WaitKind::Fill, object, site }, op));
        Poll::Ready(cell.get().expect("it is set, and stays so"))
    }
}

/// It was set before: the value that it was not set to.
#[derive(Debug, PartialEq, Eq)]
pub struct SetOnceError<T>(pub T);

impl<T> fmt::Display for SetOnceError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the cell is set already")
    }
}

impl<T: fmt::Debug> Error for SetOnceError<T> {}

impl<T> Default for SetOnce<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> From<T> for SetOnce<T> {
    fn from(value: T) -> Self {
        Self::const_new_with(value)
    }
}

impl<T: Clone> Clone for SetOnce<T> {
    /// A cell of its own, set to the same or not set.
    fn clone(&self) -> Self {
        Self::new_with(self.get().cloned())
    }
}

impl<T: PartialEq> PartialEq for SetOnce<T> {
    fn eq(&self, other: &Self) -> bool {
        self.get() == other.get()
    }
}

impl<T: Eq> Eq for SetOnce<T> {}

impl<T: fmt::Debug> fmt::Debug for SetOnce<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SetOnce").field("value", &self.get()).finish()
    }
}

impl<T> fmt::Debug for WaitSet<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WaitSet").field("is_set", &self.cell.initialized()).finish_non_exhaustive()
    }
}

#[cfg(all(test, rt_loom))]
mod loom_tests;
#[cfg(all(test, feature = "std", not(rt_loom)))]
mod tests;
