//! Which runtime it is, in messages and dumps.

use std::fmt;
use std::num::NonZeroU64;
use std::panic::Location;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::runtime::RuntimeFlavor;

/// The number of a runtime or a [`LocalSet`](crate::task::LocalSet), unique in the process.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id(NonZeroU64);

/// Runtimes built. A count: nothing is ordered by it.
static BUILT: AtomicU64 = AtomicU64::new(0);

impl Id {
    pub(crate) fn fresh() -> Self {
        let before = BUILT.fetch_add(1, Relaxed);
        Self(NonZeroU64::new(before + 1).expect("nobody builds so many"))
    }

    /// The number.
    #[must_use]
    pub fn as_u64(self) -> u64 {
        self.0.get()
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Id({})", self.0)
    }
}

/// What tells one runtime from another.
#[derive(Clone, Debug)]
pub(crate) struct Label {
    pub(crate) id: Id,
    pub(crate) name: Option<Arc<str>>,
    pub(crate) flavor: RuntimeFlavor,
    /// Where it was built.
    pub(crate) built: &'static Location<'static>,
}

impl Label {
    /// For a new runtime.
    pub(crate) fn new(
        name: Option<&str>,
        flavor: RuntimeFlavor,
        built: &'static Location<'static>,
    ) -> Self {
        Self { id: Id::fresh(), name: name.map(Arc::from), flavor, built }
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let flavor = match self.flavor {
            RuntimeFlavor::CurrentThread => "single-thread",
            RuntimeFlavor::MultiThread => "multi-thread",
        };
        write!(f, "the {flavor} runtime ")?;
        match &self.name {
            Some(name) => write!(f, "`{name}` ({})", self.id)?,
            None => write!(f, "{}", self.id)?,
        }
        write!(f, " built at {}", self.built)
    }
}
