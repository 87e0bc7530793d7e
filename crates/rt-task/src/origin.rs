//! Where a task comes from, and what few tasks have besides: one word in the head.
//!
//! Most tasks have no name and inherit nothing; their word is the address of a `Location`. What the
//! others have is in a box.

use alloc::boxed::Box;
use alloc::string::String;
use core::cell::UnsafeCell;
use core::panic::Location;
use core::ptr;

use crate::inherit::{self, Inherited};

/// Where a task was spawned, its name, and what it inherited. Tells, too, whether a poll is more
/// than a poll: [`is_attended`](Self::is_attended).
pub(crate) struct Origin(*const ());

/// The word is the address of a box of `Extras`, not of a location.
const BOXED: usize = 1;
/// Somebody is told of the task, or it inherited something.
const ATTENDED: usize = 2;
const TAGS: usize = BOXED | ATTENDED;
const _: () = assert!(align_of::<Location<'_>>() > TAGS && align_of::<Extras>() > TAGS);

struct Extras {
    location: &'static Location<'static>,
    name: Option<String>,
    /// Belongs to the owner of the `Runnable`.
    inherited: UnsafeCell<Option<Inherited>>,
}

// SAFETY: owns its box, if any, of data that are `Send`; else points to a static.
unsafe impl Send for Origin {}
// SAFETY: a shared reference reads what never changes and is `Sync`; but for what was inherited,
// which only the owner of the `Runnable` touches (contract of its accessors).
unsafe impl Sync for Origin {}

impl Origin {
    /// Of a task that is spawned here and now. Inherits what this thread's scopes offer.
    #[inline]
    pub(crate) fn new(
        location: &'static Location<'static>,
        name: Option<String>,
        is_hooked: bool,
    ) -> Self {
        let inherited = inherit::offered();
        if name.is_none() && inherited.is_none() {
            let word = ptr::from_ref(location).cast::<()>();
            return Self(word.map_addr(|address| address | (usize::from(is_hooked) * ATTENDED)));
        }
        Self::with_extras(location, name, inherited, is_hooked)
    }

    #[cold]
    fn with_extras(
        location: &'static Location<'static>,
        name: Option<String>,
        inherited: Option<Inherited>,
        is_hooked: bool,
    ) -> Self {
        let attended = if is_hooked || inherited.is_some() { ATTENDED } else { 0 };
        let inherited = UnsafeCell::new(inherited);
        let extras = Box::into_raw(Box::new(Extras { location, name, inherited }));
        Self(extras.cast_const().cast::<()>().map_addr(|address| address | attended | BOXED))
    }

    /// Whether somebody is told of the task, or it inherited something.
    #[inline]
    pub(crate) fn is_attended(&self) -> bool {
        self.0.addr() & ATTENDED != 0
    }

    fn extras(&self) -> Option<*mut Extras> {
        let boxed = self.0.addr() & BOXED != 0;
        boxed.then(|| self.0.map_addr(|address| address & !TAGS).cast_mut().cast())
    }

    #[inline]
    pub(crate) fn location(&self) -> &'static Location<'static> {
        match self.extras() {
            // SAFETY: tagged, hence made from such a box, which lives as long as `self`.
            Some(extras) => unsafe { (*extras).location },
            // SAFETY: not tagged as a box, hence a `&'static Location`.
            None => unsafe { &*self.0.map_addr(|address| address & !TAGS).cast() },
        }
    }

    pub(crate) fn name(&self) -> Option<&str> {
        // SAFETY: tagged, hence made from such a box, which lives as long as `self`.
        self.extras().and_then(|extras| unsafe { &*extras }.name.as_deref())
    }

    fn inherited(&self) -> Option<*mut Option<Inherited>> {
        // SAFETY: tagged, hence made from such a box, which lives as long as `self`.
        self.extras().map(|extras| unsafe { &*extras }.inherited.get())
    }

    /// Runs `f` with what was inherited in scope.
    ///
    /// # Safety
    /// The caller owns the task's `Runnable`, from before the call until after it.
    pub(crate) unsafe fn within(&self, f: &mut dyn FnMut()) {
        match self.inherited() {
            // SAFETY: the owner of the `Runnable` alone touches it (contract), and it takes nothing
            // out while `f` runs: that is the end of the task, and consumes the `Runnable`.
            Some(inherited) => match unsafe { &*inherited } {
                Some(inherited) => inherited.within(f),
                None => f(),
            },
            None => f(),
        }
    }

    /// Takes out what was inherited: the task's future is gone.
    ///
    /// # Safety
    /// The caller owns the task's `Runnable`, and is not in [`within`](Self::within).
    pub(crate) unsafe fn take_inherited(&self) -> Option<Inherited> {
        // SAFETY: the owner of the `Runnable` alone touches it, and nobody borrows it (contract).
        self.inherited().and_then(|inherited| unsafe { &mut *inherited }.take())
    }
}

impl Drop for Origin {
    fn drop(&mut self) {
        if let Some(extras) = self.extras() {
            // SAFETY: tagged, hence made from such a box; `self` owned it.
            drop(unsafe { Box::from_raw(extras) });
        }
    }
}
