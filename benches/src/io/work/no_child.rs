//! Where there are no children to start.

use crate::op::Operation;
use crate::subject::Subject;

pub(super) fn all<S: Subject>() -> Vec<Operation<S>> {
    Vec::new()
}
