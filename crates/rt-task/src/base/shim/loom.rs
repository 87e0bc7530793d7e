//! Modelled concurrency: loom, with orderings that can be weakened from outside.

pub use loom::cell::UnsafeCell;
pub use loom::hint::spin_loop;
pub use loom::sync::atomic::{
    AtomicBool, AtomicPtr, AtomicU8, AtomicU16, AtomicU32, AtomicU64, AtomicU64 as AtomicWord,
    AtomicUsize, fence,
};
pub use loom::sync::{Arc, Condvar, Mutex, MutexGuard};
pub use loom::thread;
pub use loom::thread_local;
pub use loom::{explore, model, stop_exploring};
pub use std::sync::PoisonError;

use loom::sync::atomic::Ordering;
use std::borrow::ToOwned;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::Write;
use std::string::String;
use std::sync::OnceLock;

/// The widest word that the target can change in one step.
pub type RawWord = u64;

/// `order`, unless `RT_WEAKEN=id=Order` names this place.
///
/// With `RT_SITES=FILE`, writes the names of those that were asked for into it.
#[must_use]
pub fn site(id: &'static str, order: Ordering) -> Ordering {
    static WEAKENED: OnceLock<Option<(String, Ordering)>> = OnceLock::new();
    static SEEN: OnceLock<Option<Seen>> = OnceLock::new();
    if let Some(seen) = SEEN.get_or_init(Seen::wanted) {
        seen.add(id);
    }
    match WEAKENED.get_or_init(weakened) {
        Some((at, weaker)) if at == id => *weaker,
        _ => order,
    }
}

fn weakened() -> Option<(String, Ordering)> {
    let named = std::env::var("RT_WEAKEN").ok()?;
    let (id, order) = named.rsplit_once('=').expect("RT_WEAKEN is `id=Order`");
    let order = match order {
        "Relaxed" => Ordering::Relaxed,
        "Acquire" => Ordering::Acquire,
        "Release" => Ordering::Release,
        "AcqRel" => Ordering::AcqRel,
        other => panic!("RT_WEAKEN names the order `{other}`"),
    };
    Some((id.to_owned(), order))
}

/// The sites that were come by, each a line of a file.
struct Seen(std::sync::Mutex<(BTreeSet<&'static str>, File)>);

impl Seen {
    fn wanted() -> Option<Self> {
        let path = std::env::var_os("RT_SITES")?;
        let file = File::create(path).expect("RT_SITES names a file that can be written");
        Some(Self(std::sync::Mutex::new((BTreeSet::new(), file))))
    }

    fn add(&self, id: &'static str) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.0.insert(id) {
            writeln!(seen.1, "{id}").expect("the file of RT_SITES takes a line");
        }
    }
}

/// A function that is `const` where atomics can be made in constants: not here.
#[macro_export]
#[doc(hidden)]
macro_rules! const_fn {
    ($(#[$attribute:meta])* $visibility:vis const fn $($rest:tt)*) => {
        $(#[$attribute])* $visibility fn $($rest)*
    };
}
pub use const_fn;

/// The token of the thread that made it. The checker's own is lost when the thread waits for something
/// else just then, and wakes it from there.
#[derive(Debug)]
pub struct Token {
    is_left: Mutex<bool>,
    changed: Condvar,
}

impl Token {
    /// Of the calling thread.
    #[must_use]
    pub fn here() -> Self {
        Self { is_left: Mutex::new(false), changed: Condvar::new() }
    }

    /// Ends the thread's park, or the next one.
    pub fn unpark(&self) {
        *self.is_left.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.changed.notify_one();
    }

    /// Waits for an unpark. On the thread that made the token.
    #[track_caller]
    pub fn park(&self) {
        let mut is_left = self.is_left.lock().unwrap_or_else(PoisonError::into_inner);
        while !*is_left {
            is_left = self.changed.wait(is_left).unwrap_or_else(PoisonError::into_inner);
        }
        *is_left = false;
    }
}

/// The time: it stands still, since each run of a model must be like the last.
#[must_use]
pub fn virtual_now() -> Option<u64> {
    Some(0)
}

/// So often two who wait for a third may be let go on in turns, and not the third.
const UNFAIR_MAX: u32 = 8;

/// One step of waiting for another thread.
///
/// To wait longer shows nothing new, and the checker would try every number of turns: what follows so many
/// is run in one order, and not explored.
pub fn relax(turns: &mut u32) {
    *turns += 1;
    if *turns > UNFAIR_MAX {
        loom::skip_branch();
    }
    loom::thread::yield_now();
}
