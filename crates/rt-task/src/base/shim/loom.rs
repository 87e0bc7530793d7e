//! Modelled concurrency: loom, with orderings that can be weakened from outside.

pub use loom::cell::UnsafeCell;
pub use loom::hint::spin_loop;
pub use loom::model;
pub use loom::sync::atomic::{
    AtomicBool, AtomicPtr, AtomicU8, AtomicU16, AtomicU32, AtomicU64, AtomicU64 as AtomicWord,
    AtomicUsize, fence,
};
pub use loom::sync::{Arc, Condvar, Mutex, MutexGuard};
pub use loom::thread;
pub use loom::thread_local;
pub use std::sync::PoisonError;

use loom::sync::atomic::Ordering;
use std::borrow::ToOwned;
use std::string::String;
use std::sync::OnceLock;

/// The widest word that the target can change in one step.
pub type RawWord = u64;

/// `order`, unless `RT_WEAKEN=id=Order` names this place.
#[must_use]
pub fn site(id: &'static str, order: Ordering) -> Ordering {
    static WEAKENED: OnceLock<Option<(String, Ordering)>> = OnceLock::new();
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

/// One step of waiting for another thread.
pub fn relax(_turns: &mut u32) {
    loom::thread::yield_now();
}
