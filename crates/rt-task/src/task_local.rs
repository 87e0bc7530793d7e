//! Values that belong to a task, or to a part of one: set for a scope, found by whatever runs in it.
//!
//! Declared by [`task_local!`](crate::task_local), which makes a [`LocalKey`]. No runtime is needed:
//! a scope is a future (or a call), and holds its value itself. While it is polled, a thread-local
//! pointer names that value; so a poll costs two stores, whatever the value's size, and looking
//! it up one load. Nothing is copied and nothing counted.
//!
//! # Inheriting
//! A spawned task is a scope of nobody: it finds no value of its spawner's. For most keys that is as
//! it should be. A key that is declared `#[inherit]` is cloned into every task and every blocking closure
//! that is spawned within its scope, and into what those spawn: so that a request's id is known to
//! all that is done for it, without a touch on each spawn. The opt-in is the key's, since it is
//! the key that knows whether its value may cross. A spawn with no such scope around it costs a
//! load and a branch more. `inherit.rs` holds the means.
//!
//! **Invariant.** A key's pointer is null, or names a value that a call of `LocalKey::hold` on
//! this thread borrows. Such calls end in the reverse order, also by a panic, and put back
//! what was there.

use alloc::boxed::Box;
use core::cell::Cell;
use core::fmt;
use core::future::Future;
use core::mem;
use core::panic::Location;
use core::pin::Pin;
use core::ptr;
use core::task::{Context, Poll};
use std::thread;

use pin_project_lite::pin_project;

use crate::inherit::{self, Carry};

/// Declares task-locals: each a [`LocalKey`](crate::LocalKey) of that name.
///
/// `#[inherit]` before one makes tasks that are spawned within its scope inherit its value; the type
/// must be `Clone + Send` then.
///
/// ```
/// rt_task::task_local! {
///     /// Whose turn it is.
///     pub static PLAYER: u32;
///
///     /// The request that is served, known to all tasks that serve it.
///     #[inherit]
///     static REQUEST: String;
/// }
///
/// assert_eq!(PLAYER.sync_scope(1, || PLAYER.get()), 1);
/// assert!(PLAYER.try_get().is_err());
/// # REQUEST.sync_scope("a".into(), || assert_eq!(REQUEST.get(), "a"));
/// ```
#[macro_export]
macro_rules! task_local {
    () => {};
    ($($rest:tt)+) => {
        $crate::__task_local!([] [] $($rest)+);
    };
}

/// Takes the attributes of a key one by one, and puts `#[inherit]` aside.
#[doc(hidden)]
#[macro_export]
macro_rules! __task_local {
    ([$($attribute:tt)*] [$($inherit:ident)?] #[inherit] $($rest:tt)*) => {
        $crate::__task_local!([$($attribute)*] [inherit] $($rest)*);
    };
    ([$($attribute:tt)*] [$($inherit:ident)?] #[$next:meta] $($rest:tt)*) => {
        $crate::__task_local!([$($attribute)* #[$next]] [$($inherit)?] $($rest)*);
    };
    ([$($attribute:tt)*] [$($inherit:ident)?] $vis:vis static $name:ident: $type:ty; $($rest:tt)*) => {
        $crate::__task_local!([$($attribute)*] [$($inherit)?] $vis static $name: $type);
        $crate::task_local!($($rest)*);
    };
    ([$($attribute:tt)*] [] $vis:vis static $name:ident: $type:ty) => {
        $($attribute)*
        $vis static $name: $crate::LocalKey<$type> = {
            ::std::thread_local! {
                static VALUE: $crate::TaskLocalValue<$type> =
                    const { $crate::TaskLocalValue::none() };
            }
            $crate::LocalKey::new(VALUE, ::core::stringify!($name))
        };
    };
    ([$($attribute:tt)*] [inherit] $vis:vis static $name:ident: $type:ty) => {
        $($attribute)*
        $vis static $name: $crate::LocalKey<$type> = {
            ::std::thread_local! {
                static VALUE: $crate::TaskLocalValue<$type> =
                    const { $crate::TaskLocalValue::none() };
            }
            $crate::LocalKey::inherited(VALUE, ::core::stringify!($name))
        };
    };
}

/// A key declared by [`task_local!`](crate::task_local): sets a value for a scope, and finds it there.
///
/// Scopes nest; the innermost counts. They may be entered while the value of one outside is in use.
pub struct LocalKey<T: 'static> {
    value: thread::LocalKey<TaskLocalValue<T>>,
    name: &'static str,
    /// How a spawn takes the value along, if it does.
    carry: Option<CarryFn<T>>,
}

type CarryFn<T> = fn(&'static LocalKey<T>, &T) -> Box<dyn Carry>;

/// What a thread knows of a key.
#[doc(hidden)]
#[derive(Debug)]
pub struct TaskLocalValue<T>(Cell<*const T>);

impl<T> TaskLocalValue<T> {
    #[doc(hidden)]
    #[must_use]
    pub const fn none() -> Self {
        Self(Cell::new(ptr::null()))
    }
}

impl<T: 'static> LocalKey<T> {
    #[doc(hidden)]
    #[must_use]
    pub const fn new(value: thread::LocalKey<TaskLocalValue<T>>, name: &'static str) -> Self {
        Self { value, name, carry: None }
    }

    #[doc(hidden)]
    #[must_use]
    pub const fn inherited(value: thread::LocalKey<TaskLocalValue<T>>, name: &'static str) -> Self
    where
        T: Clone + Send,
    {
        let carry =
            |key, value: &T| -> Box<dyn Carry> { Box::new(Carried { key, value: value.clone() }) };
        Self { value, name, carry: Some(carry) }
    }

    /// Runs `future` with `value` set, on whichever threads it is polled. The value is set also while
    /// the future is dropped, and is dropped after it.
    ///
    /// Cancel safe if `future` is.
    pub fn scope<F: Future>(&'static self, value: T, future: F) -> TaskLocalFuture<T, F> {
        TaskLocalFuture { key: self, value: Some(value), future: Some(future) }
    }

    /// Runs `f` with `value` set, then drops the value.
    pub fn sync_scope<F: FnOnce() -> R, R>(&'static self, value: T, f: F) -> R {
        self.hold(Some(&value), f)
    }

    /// Runs `f` on the value.
    ///
    /// # Panics
    /// Outside a scope of this key: names the call site and the fix.
    #[track_caller]
    pub fn with<F: FnOnce(&T) -> R, R>(&'static self, f: F) -> R {
        match self.try_with(f) {
            Ok(result) => result,
            Err(error) => error.is_misuse(),
        }
    }

    /// Runs `f` on the value.
    ///
    /// # Errors
    /// Outside a scope of this key.
    pub fn try_with<F: FnOnce(&T) -> R, R>(&'static self, f: F) -> Result<R, AccessError> {
        let value = self.value.try_with(|value| value.0.get()).unwrap_or(ptr::null());
        // SAFETY: null, or borrowed by a `hold` of this thread (Invariant), which does not return
        // while `f` runs here.
        let value = unsafe { value.as_ref() };
        value.map(f).ok_or(AccessError { key: self.name })
    }

    /// A clone of the value.
    ///
    /// # Panics
    /// Outside a scope of this key: names the call site and the fix.
    #[track_caller]
    pub fn get(&'static self) -> T
    where
        T: Clone,
    {
        match self.try_get() {
            Ok(value) => value,
            Err(error) => error.is_misuse(),
        }
    }

    /// A clone of the value.
    ///
    /// # Errors
    /// Outside a scope of this key.
    pub fn try_get(&'static self) -> Result<T, AccessError>
    where
        T: Clone,
    {
        self.try_with(T::clone)
    }

    /// Runs `f` with `value` set, or with none.
    fn hold<R>(&'static self, value: Option<&T>, f: impl FnOnce() -> R) -> R {
        struct Restore<T: 'static>(&'static LocalKey<T>, *const T);
        impl<T> Drop for Restore<T> {
            fn drop(&mut self) {
                let _ = self.0.value.try_with(|value| value.0.set(self.1));
            }
        }
        let pointer = value.map_or(ptr::null(), ptr::from_ref);
        // A thread whose locals are gone has no values; then the scope sets none.
        let outer = self.value.try_with(|value| value.0.replace(pointer));
        let _restore = Restore(self, outer.unwrap_or(ptr::null()));
        if self.carry.is_none() {
            return f();
        }
        let key = ptr::from_ref(self).cast();
        // SAFETY: `carry` wants pointers to a key and to its value, if not null; both are borrowed
        // until the call has returned.
        unsafe { inherit::offer(key, pointer.cast(), carry::<T>, f) }
    }
}

/// A copy of a value, to go along with a task.
///
/// # Safety
/// `key` points to a `LocalKey<T>`, for ever, and `value` to a `T` or is null.
unsafe fn carry<T: 'static>(key: *const (), value: *const ()) -> Option<Box<dyn Carry>> {
    // SAFETY: as the contract says.
    let key: &'static LocalKey<T> = unsafe { &*key.cast() };
    // SAFETY: as the contract says.
    let value: Option<&T> = unsafe { value.cast::<T>().as_ref() };
    Some((key.carry?)(key, value?))
}

/// An inherited value.
struct Carried<T: 'static> {
    key: &'static LocalKey<T>,
    value: T,
}

impl<T: Send> Carry for Carried<T> {
    fn enter(&self, f: &mut dyn FnMut()) {
        self.key.hold(Some(&self.value), f);
    }
}

impl<T> fmt::Debug for LocalKey<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalKey")
            .field("name", &self.name)
            .field("is_inherited", &self.carry.is_some())
            .finish_non_exhaustive()
    }
}

pin_project! {
    /// A future with a task-local set. See [`LocalKey::scope`].
    #[must_use = "futures do nothing unless polled"]
    pub struct TaskLocalFuture<T, F>
    where
        T: 'static,
    {
        key: &'static LocalKey<T>,
        value: Option<T>,
        // There until it is ready.
        #[pin]
        future: Option<F>,
    }

    impl<T: 'static, F> PinnedDrop for TaskLocalFuture<T, F> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            if mem::needs_drop::<F>() && this.future.is_some() {
                this.key.hold(this.value.as_ref(), || this.future.set(None));
            }
        }
    }
}

impl<T: 'static, F> TaskLocalFuture<T, F> {
    /// Takes the value out; the future, if polled again, finds none. `None` if it was taken before.
    ///
    /// For what the future has left there: once it is ready its scope is over, and the value still here.
    pub fn take_value(self: Pin<&mut Self>) -> Option<T> {
        self.project().value.take()
    }
}

impl<T: 'static, F: Future> Future for TaskLocalFuture<T, F> {
    type Output = F::Output;

    /// # Panics
    /// When polled after it was ready.
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let mut this = self.project();
        this.key.hold(this.value.as_ref(), || {
            let future = this.future.as_mut().as_pin_mut();
            let polled = future.expect("`TaskLocalFuture` polled after completion").poll(cx);
            if polled.is_ready() {
                this.future.set(None); // in the scope
            }
            polled
        })
    }
}

impl<T: fmt::Debug, F> fmt::Debug for TaskLocalFuture<T, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskLocalFuture")
            .field("key", &self.key.name)
            .field("value", &self.value)
            .finish_non_exhaustive()
    }
}

/// A task-local has no value here: no scope of it is entered.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct AccessError {
    key: &'static str,
}

impl AccessError {
    #[cold]
    #[track_caller]
    fn is_misuse(self) -> ! {
        panic!(
            "task-local `{key}` is not set at {site}: run this inside `{key}.scope(value, future)`, or ask \
             by `{key}.try_with`. A spawned task finds its spawner's value only if the key is declared \
             `#[inherit]`",
            key = self.key,
            site = Location::caller(),
        )
    }
}

impl fmt::Debug for AccessError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessError").field("key", &self.key).finish()
    }
}

impl fmt::Display for AccessError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "task-local `{}` is not set", self.key)
    }
}

impl core::error::Error for AccessError {}

#[cfg(all(test, not(rt_loom)))]
mod tests;
