//! Schedulers of tasks that stay on this thread: which one a task spawned here goes to.
//!
//! Apart from the environments, which travel between threads; these must not.

use alloc::rc::Rc;
use core::any::Any;
use core::fmt;

use super::{Ctx, Stay, StayHere};
use core::marker::PhantomData;

pub(super) struct Entry {
    key: u64,
    spawner: Rc<dyn Any>,
}

/// A scheduler that stays entered on this thread until the guard is dropped. Guards may be dropped in any
/// order.
#[must_use = "the scheduler is left when the guard is dropped"]
pub struct EnterLocal {
    key: u64,
    stay: StayHere,
}

/// Enters `spawner` on this thread, for [`local`]. Costs no read-modify-write.
pub fn enter_local(spawner: Rc<dyn Any>) -> EnterLocal {
    let stay = Stay::new();
    let ctx = stay.ctx();
    let key = ctx.next_entry.get();
    ctx.next_entry.set(key + 1);
    ctx.locals.borrow_mut().push(Entry { key, spawner });
    EnterLocal { key, stay: StayHere(stay, PhantomData) }
}

/// The innermost scheduler that is entered on this thread, if it is a `T`.
#[must_use]
pub fn local<T: Any>() -> Option<Rc<T>> {
    let spawner = super::peek(Ctx::innermost_local).flatten()?;
    spawner.downcast().ok()
}

impl Ctx {
    fn innermost_local(&self) -> Option<Rc<dyn Any>> {
        self.locals.borrow().last().map(|entry| entry.spawner.clone())
    }
}

impl Drop for EnterLocal {
    fn drop(&mut self) {
        let mut locals = self.stay.0.ctx().locals.borrow_mut();
        let at = locals.iter().rposition(|entry| entry.key == self.key);
        let entry = at.map(|at| locals.remove(at));
        drop(locals); // before `entry`, whose drop may run anything
        drop(entry);
    }
}

impl fmt::Debug for EnterLocal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EnterLocal").finish_non_exhaustive()
    }
}
