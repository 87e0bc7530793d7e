//! The runtimes of this process: where a task is looked up by its id alone, and all are dumped.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use rt_task::TaskInfo;

use crate::handle::Pieces;
use crate::task;

/// Those that were built; some may be gone.
static RUNTIMES: Mutex<Vec<Weak<Pieces>>> = Mutex::new(Vec::new());

/// One was built.
pub(crate) fn add(pieces: &Arc<Pieces>) {
    let mut runtimes = RUNTIMES.lock().unwrap_or_else(PoisonError::into_inner);
    if runtimes.len() == runtimes.capacity() {
        // Before it would grow, so that its length is bound by the number of those that are alive.
        runtimes.retain(|runtime| runtime.strong_count() > 0);
    }
    runtimes.push(Arc::downgrade(pieces));
}

fn all() -> Vec<Arc<Pieces>> {
    let runtimes = RUNTIMES.lock().unwrap_or_else(PoisonError::into_inner);
    runtimes.iter().filter_map(Weak::upgrade).collect()
}

/// Tells `f` of each that is alive, and was built by this process.
#[cfg_attr(not(unix), expect(dead_code, reason = "a signal asks for it"))]
pub(crate) fn for_each(f: impl FnMut(&Pieces)) {
    all().iter().filter(|pieces| !pieces.born.is_past()).map(|pieces| &**pieces).for_each(f);
}

/// What is known of a task of any of them.
pub(crate) fn task(id: task::Id) -> Option<TaskInfo> {
    let mut found = None;
    for pieces in all() {
        pieces.for_each_task(&mut |info| {
            if info.id == id {
                found = Some(info);
            }
        });
    }
    found
}

#[cfg(test)]
mod tests {
    use crate::runtime::Builder;

    #[test]
    fn runtimes_that_are_gone_are_forgotten() {
        for _ in 0..100 {
            drop(Builder::new_current_thread().build().unwrap());
        }
        let runtimes = super::RUNTIMES.lock().unwrap();
        assert!(runtimes.capacity() < 100, "{}", runtimes.capacity());
    }
}
