//! What the innermost environment offers: one look-up, and an accessor for each slot.
//!
//! An accessor may run anything, also code that leaves the environment it reads, or ends the thread's
//! last stay. Both are put off until the last reading is over.

use alloc::sync::Arc;
use core::any::Any;

use super::{Ctx, Missing, Stay, peek};
use crate::base::env::Slots;
use crate::base::seam::{Blocking, Clock, Delay};

#[inline]
fn with_env<R>(f: impl FnOnce(&Slots) -> Option<R>, missing: Missing) -> Result<R, Missing> {
    let reading = Reading::begin().ok_or(Missing::Runtime)?;
    f(reading.slots()).ok_or(missing)
}

/// Keeps the thread's context, and the innermost environment where it is, also when that is left.
struct Reading {
    ctx: *const Ctx,
    slots: *const Slots,
}

impl Reading {
    #[inline]
    fn begin() -> Option<Self> {
        peek(|ctx| {
            let slots = ctx.innermost.get();
            (!slots.is_null()).then(|| {
                ctx.readers.set(ctx.readers.get() + 1);
                Self { ctx, slots }
            })
        })
        .flatten()
    }

    #[inline]
    fn slots(&self) -> &Slots {
        // SAFETY: its environment was entered when `self` was made, and `readers`, which counts
        // `self`, keeps one that is left from being dropped.
        unsafe { &*self.slots }
    }
}

impl Drop for Reading {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: `readers` counts `self`, so nobody freed it.
        let ctx = unsafe { &*self.ctx };
        let readers = ctx.readers.get() - 1;
        ctx.readers.set(readers);
        // Without users, the last of them left something.
        if readers == 0 && !ctx.left.borrow().is_empty() {
            ctx.users.set(ctx.users.get() + 1);
            drop_left(&Stay { ctx: self.ctx });
        }
    }
}

/// Drops the environments that were left while they were read.
#[cold]
fn drop_left(stay: &Stay) {
    let left = stay.ctx().left.take();
    drop(left); // may run anything
}

/// Runs `f` on the entered reactor's handle, of type `T`.
///
/// # Errors
/// If none is entered, or one of another type.
pub fn io<T: Any, R>(f: impl FnOnce(&T) -> R) -> Result<R, Missing> {
    with_env(|slots| slots.io.as_ref()?.downcast_ref().map(f), Missing::Io)
}

/// Runs `f` on the entered timer's handle, of type `T`.
///
/// # Errors
/// If none is entered, or one of another type.
pub fn time<T: Any, R>(f: impl FnOnce(&T) -> R) -> Result<R, Missing> {
    with_env(|slots| slots.time.as_ref()?.downcast_ref().map(f), Missing::Time)
}

/// The entered timer, for those that may not name its type.
///
/// # Errors
/// If none is entered.
pub fn delay() -> Result<Arc<dyn Delay>, Missing> {
    with_env(|slots| slots.delay.clone(), Missing::Time)
}

/// The entered pool for blocking work.
///
/// # Errors
/// If none is entered.
pub fn blocking() -> Result<Arc<dyn Blocking>, Missing> {
    with_env(|slots| slots.blocking.clone(), Missing::Blocking)
}

/// Runs `f` on the entered clock.
///
/// # Errors
/// If none is entered.
pub fn clock<R>(f: impl FnOnce(&dyn Clock) -> R) -> Result<R, Missing> {
    with_env(|slots| slots.clock.as_deref().map(f), Missing::Runtime)
}

/// Runs `f` on the entered spawner, of type `T`.
///
/// # Errors
/// If none is entered, or one of another type.
pub fn spawner<T: Any, R>(f: impl FnOnce(&T) -> R) -> Result<R, Missing> {
    with_env(|slots| slots.spawner.as_ref()?.downcast_ref().map(f), Missing::Spawner)
}
