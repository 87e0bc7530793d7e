//! What every guard of a lock is: permits, and a pointer to what they open.

use core::fmt;
use core::marker::PhantomData;
use core::ptr::NonNull;

use super::acquire::{Owner, Taken};

/// Permits of `O`, and what they open. Whether it may be sent or shared, `As` tells: it is like the pointer,
/// such as `&mut T`, or owns what it points to.
///
/// **Invariant (H1).** The pointer is valid for as long as the permits are held, for reads; and for writes, if
/// nobody else can hold some meanwhile.
pub(crate) struct Hold<O: Owner, T: ?Sized, As: ?Sized> {
    taken: Taken<O>,
    value: NonNull<T>,
    _as: PhantomData<As>,
}

// SAFETY: its parts may be sent: the permits if their owner may, the pointer if `As` may, which is like it.
unsafe impl<O: Owner + Send, T: ?Sized, As: ?Sized + Send> Send for Hold<O, T, As> {}
// SAFETY: as above, for sharing.
unsafe impl<O: Owner + Sync, T: ?Sized, As: ?Sized + Sync> Sync for Hold<O, T, As> {}

impl<O: Owner, T: ?Sized, As: ?Sized> Hold<O, T, As> {
    /// # Safety
    /// H1, and `As` is like the pointer.
    #[inline]
    pub(crate) unsafe fn new(taken: Taken<O>, value: NonNull<T>) -> Self {
        Self { taken, value, _as: PhantomData }
    }

    #[inline]
    pub(crate) fn get(&self) -> &T {
        // SAFETY: valid for reads while the permits are held, as `self` holds them (H1).
        unsafe { self.value.as_ref() }
    }

    /// # Safety
    /// Nobody else holds permits.
    #[inline]
    pub(crate) unsafe fn get_mut(&mut self) -> &mut T {
        // SAFETY: H1, and nobody else (contract).
        unsafe { self.value.as_mut() }
    }

    #[inline]
    pub(crate) fn owner(&self) -> &O {
        self.taken.owner()
    }

    /// Shows a part of the value instead.
    ///
    /// # Errors
    /// With itself, if there is none.
    ///
    /// # Safety
    /// `To` is like the pointer, for reads.
    pub(crate) unsafe fn narrow<U: ?Sized, To: ?Sized>(
        self,
        part: impl FnOnce(&T) -> Option<&U>,
    ) -> Result<Hold<O, U, To>, Self> {
        match part(self.get()).map(NonNull::from) {
            Some(value) => Ok(Hold { taken: self.taken, value, _as: PhantomData }),
            None => Err(self),
        }
    }

    /// Shows a part of the value instead.
    ///
    /// # Errors
    /// With itself, if there is none.
    ///
    /// # Safety
    /// `To` is like the pointer, and nobody else holds permits.
    pub(crate) unsafe fn narrow_mut<U: ?Sized, To: ?Sized>(
        mut self,
        part: impl FnOnce(&mut T) -> Option<&mut U>,
    ) -> Result<Hold<O, U, To>, Self> {
        // SAFETY: nobody else holds permits (contract).
        match part(unsafe { self.get_mut() }).map(NonNull::from) {
            Some(value) => Ok(Hold { taken: self.taken, value, _as: PhantomData }),
            None => Err(self),
        }
    }

    /// The same with other permits of the same lock. If `f` panics they are gone as it leaves them.
    pub(crate) fn with<P: Owner, To: ?Sized>(
        self,
        f: impl FnOnce(Taken<O>) -> Taken<P>,
    ) -> Hold<P, T, To> {
        Hold { value: self.value, taken: f(self.taken), _as: PhantomData }
    }
}

/// What guards of locks have in common.
macro_rules! guard {
    ($name:ident [$($parameters:tt)*] [$($arguments:tt)*] to $target:ty) => {
        impl<$($parameters)*> core::ops::Deref for $name<$($arguments)*> {
            type Target = $target;
            #[inline]
            fn deref(&self) -> &$target {
                self.hold.get()
            }
        }

        impl<$($parameters)*> core::fmt::Debug for $name<$($arguments)*>
        where
            $target: core::fmt::Debug,
        {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                core::fmt::Debug::fmt(self.hold.get(), f)
            }
        }

        impl<$($parameters)*> core::fmt::Display for $name<$($arguments)*>
        where
            $target: core::fmt::Display,
        {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                core::fmt::Display::fmt(self.hold.get(), f)
            }
        }
    };
}
pub(crate) use guard;

/// A guard that alone has what it shows, and can become `$mapped`, which shows a part.
macro_rules! guard_mut {
    (
        $name:ident [$($parameters:tt)*] [$($arguments:tt)*] to $target:ty,
        mapped $part:ident => $mapped:ident $to:ty, by $with:expr
    ) => {
        $crate::base::hold::guard!($name [$($parameters)*] [$($arguments)*] to $target);

        impl<$($parameters)*> core::ops::DerefMut for $name<$($arguments)*> {
            #[inline]
            fn deref_mut(&mut self) -> &mut $target {
                // SAFETY: while this guard exists, nobody else holds permits.
                unsafe { self.hold.get_mut() }
            }
        }

        impl<$($parameters)*> $name<$($arguments)*> {
            /// A guard that shows a part.
            pub fn map<$part: ?Sized>(
                this: Self,
                part: impl FnOnce(&mut $target) -> &mut $part,
            ) -> $to {
                match Self::try_map(this, |value| Some(part(value))) {
                    Ok(part) => part,
                    Err(_) => unreachable!("there is a part"),
                }
            }

            /// A guard that shows a part, if there is that part.
            ///
            /// # Errors
            /// With this guard, if not.
            pub fn try_map<$part: ?Sized>(
                this: Self,
                part: impl FnOnce(&mut $target) -> Option<&mut $part>,
            ) -> Result<$to, Self> {
                // SAFETY: alone, like this guard.
                match unsafe { this.hold.narrow_mut(part) } {
                    Ok(hold) => Ok($mapped { hold: $with(hold) }),
                    Err(hold) => Err(Self { hold }),
                }
            }
        }
    };
}
pub(crate) use guard_mut;

impl<O: Owner, T: ?Sized, As: ?Sized> fmt::Debug for Hold<O, T, As> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hold").finish_non_exhaustive()
    }
}
