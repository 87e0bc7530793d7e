//! What is told to who asks for what cannot be: to block a thread that drives a runtime, or to use one in a
//! forked child.

use std::fmt;
use std::panic::Location;
use std::sync::Arc;

use rt_task::base::context::Driven;

use crate::handle::Pieces;
use crate::label::Label;

/// Two loops on one thread: the inner would keep the outer's tasks from running.
#[track_caller]
pub(crate) fn nested(what: &str, outer: Driven) -> ! {
    panic!(
        "`{what}` at {} would block {}: what else runs there could not go on. Await the future instead, or \
         block where that is allowed: in `task::spawn_blocking` or, on the multi-thread flavour, \
         `task::block_in_place`",
        Location::caller(),
        Whose(outer),
    );
}

/// The thread that drives something, and what.
pub(crate) struct Whose(pub(crate) Driven);

impl fmt::Display for Whose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let env = self.0.env();
        let pieces = env.as_ref().and_then(|env| env.spawner::<Arc<Pieces>>());
        match pieces {
            Some(pieces) if pieces.spawner.is_own_thread() => {
                write!(f, "a worker thread of {}", pieces.label)
            }
            Some(pieces) => {
                write!(f, "a thread that runs {}, since {}", pieces.label, self.0.since)
            }
            None => write!(f, "a thread that runs a scheduler since {}", self.0.since),
        }
    }
}

/// What `what`, called at `site`, is told if the runtime was built by the parent of this process.
#[cold]
pub(crate) fn forked(what: &str, site: &Location<'_>, label: &Label) -> ! {
    panic!("`{what}` at {site} {}", Forked(label));
}

/// Why a runtime is of no use in a forked child, and what is.
pub(crate) struct Forked<'a>(pub(crate) &'a Label);

impl fmt::Display for Forked<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "needs {}, and this process is a fork of the one that built it: its threads stayed there, and \
             its descriptors are shared with them. Build a runtime in the child, fork before the first \
             one is built, or `exec`",
            self.0
        )
    }
}
