//! Unix: the C library calls back in each child.

use std::sync::Once;

use super::forked;

/// Says once that forks are to be counted.
pub(super) fn watch() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // Its one error is that there is no memory for the entry: forks then go unnoticed.
        // SAFETY: `forked` may be called in a child: it changes one atomic word.
        let _ = unsafe { libc::pthread_atfork(None, None, Some(forked)) };
    });
}
