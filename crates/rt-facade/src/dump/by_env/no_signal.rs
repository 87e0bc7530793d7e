//! Systems without signals.

use std::sync::Once;

use super::{VARIABLE, print};

/// Says once that there are none.
pub(super) fn start(value: &str) {
    static TOLD: Once = Once::new();
    TOLD.call_once(|| {
        print(&format_args!(
            "{VARIABLE}={value}: `signal` is for Unix alone, and does nothing here\n"
        ));
    });
}
