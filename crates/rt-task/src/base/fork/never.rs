//! Systems without `fork`.

pub(super) fn watch() {}
