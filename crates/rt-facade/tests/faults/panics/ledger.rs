//! What was made, and how often it was dropped.

use std::any::Any;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};

/// Panics without a word: the panic hook is not what is tested, and there are thousands.
pub(super) fn boom() -> ! {
    resume_unwind(Box::new("boom"))
}

/// Whether it is the panic of [`boom`].
pub(super) fn is_boom(payload: &(dyn Any + Send)) -> bool {
    payload.downcast_ref() == Some(&"boom")
}

/// Knows whatever was made of it.
#[derive(Clone, Default)]
pub(super) struct Ledger(Arc<Mutex<Vec<Arc<AtomicUsize>>>>);

impl Ledger {
    /// Something that is dropped in silence.
    pub(super) fn good(&self) -> Guard {
        self.entry(None)
    }

    /// Something whose drop panics.
    pub(super) fn bad(&self) -> Guard {
        self.entry(Some(boom))
    }

    /// Something whose drop panics with something whose drop panics.
    pub(super) fn worse(&self) -> Worse {
        Worse(self.clone(), self.good())
    }

    fn entry(&self, then: Option<fn() -> !>) -> Guard {
        let drops = Arc::new(AtomicUsize::new(0));
        self.0.lock().unwrap().push(drops.clone());
        Guard { drops, then, ledger: self.clone() }
    }

    /// Everything is gone, and went once.
    #[track_caller]
    pub(super) fn is_balanced(&self) {
        let drops: Vec<usize> = self.0.lock().unwrap().iter().map(|it| it.load(SeqCst)).collect();
        assert!(drops.iter().all(|drops| *drops == 1), "drops of each that was made: {drops:?}");
    }
}

/// Counts its drop, then panics, if it is bad. A clone is an entry of its own.
pub(super) struct Guard {
    drops: Arc<AtomicUsize>,
    then: Option<fn() -> !>,
    ledger: Ledger,
}

impl Clone for Guard {
    fn clone(&self) -> Self {
        self.ledger.entry(self.then)
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.drops.fetch_add(1, SeqCst);
        if let Some(then) = self.then {
            then();
        }
    }
}

/// See [`Ledger::worse`].
pub(super) struct Worse(Ledger, #[expect(dead_code, reason = "it is dropped")] Guard);

impl Drop for Worse {
    fn drop(&mut self) {
        resume_unwind(Box::new(self.0.bad()));
    }
}
