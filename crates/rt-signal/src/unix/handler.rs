//! The handler, and all the unsafe code of the crate: what runs in the middle of anything.
//!
//! A handler may interrupt a thread that holds any lock, so it takes none, allocates nothing and
//! cannot panic: it loads a pointer, adds one to a counter and writes to a descriptor. `errno` is kept by
//! `signal-hook-registry`, through which it is installed; so it lives beside the handlers of other
//! libraries, and one that was there before is called, too.

use std::ffi::c_int;
use std::io;
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering::*};

use rt_task::base::shim::site;

use super::process::Process;

/// What the process has one of; null before the first listener. Replaced in a forked child.
///
/// **Invariant (for ever).** What it points to is never freed nor borrowed mutably.
static CURRENT: AtomicPtr<Process> = AtomicPtr::new(ptr::null_mut());

/// What the process has one of, if there ever was a listener.
pub(super) fn current() -> Option<&'static Process> {
    // Pairs with `publish`: what was made there is seen whole.
    // weaker unnoticed: a static of the process cannot be modelled
    let current = CURRENT.load(site("signal.current", Acquire));
    // SAFETY: null, or leaked by `publish` (Invariant).
    unsafe { current.as_ref() }
}

/// Puts `new` in the place of `old`, unless somebody was faster. What is there then.
pub(super) fn publish(old: Option<&'static Process>, new: Process) -> Option<&'static Process> {
    let new = Box::into_raw(Box::new(new));
    let old = old.map_or(ptr::null_mut(), |old| ptr::from_ref(old).cast_mut());
    // Pairs with `current`.
    // weaker unnoticed: a static of the process cannot be modelled
    let order = site("signal.publish", Release);
    if CURRENT.compare_exchange(old, new, order, Relaxed).is_err() {
        // SAFETY: made above, and seen by nobody.
        drop(unsafe { Box::from_raw(new) });
    }
    current()
}

/// Installs the handler for the signal of this number. It stays for ever.
///
/// # Errors
/// When the system refuses: there is no such signal, or it is the C library's own.
pub(super) fn install(number: c_int) -> io::Result<()> {
    // SAFETY: `arrived` is safe to be called in a handler: it takes no lock, allocates nothing,
    // calls nothing but `write`, and does not panic. The signal is none of those that must not be
    // handled so, which `register` would panic for: `signal` has refused them.
    unsafe { signal_hook_registry::register(number, move || arrived(number)) }.map(drop)
}

/// The handler.
fn arrived(number: c_int) {
    if let Some(process) = current() {
        process.arrived(number);
    }
}
