//! Channels, locks and notification: ours and tokio's, on our runtime and on tokio's.
//!
//! The names are the same, so each workload is written once, as a file under `work/`, and compiled
//! twice: `ours` and `theirs` each say what its names mean, and take the files in. That is as if
//! it had been typed out for both, with no layer between that would cost one of them more.
//!
//! Who is measured is a [pairing](all): primitives of the one, on a runtime of the one or the
//! other. `sync list` names them in the columns of `op list`; `cargo xtask bench sync` and
//! `cargo xtask count --sync` run them.

mod ours;
mod theirs;

use crate::meter::{Cost, Meter};
use crate::op::{Group, Kind, Operation, Scale, WARM_UP, in_task};
use crate::subject::{
    Described, Flavor, RtCurrent, RtMulti, Subject, TokioCurrent, TokioMulti, version,
};

pub use ours::Ours;
pub use theirs::Theirs;

/// Whose channels and locks they are.
pub trait Family {
    /// The package whose version is told.
    const PACKAGE: &'static str;

    /// That version.
    fn version() -> &'static str {
        version::of(Self::PACKAGE)
    }

    /// Every workload, on a runtime.
    fn operations<S: Subject>() -> Vec<Operation<S>>;
}

/// Something to do with the pairing that the command line names.
pub trait Visit {
    /// What comes of it.
    type Output;
    /// Does it.
    fn visit<F: Family, S: Subject>(self) -> Self::Output;
}

/// The list, in the order in which it is shown.
macro_rules! pairings {
    ($($name:literal: $family:ty, $runtime:ty, $side:ident, $about:literal;)*) => {
        /// Every pairing: within a flavour ours first, and then the one that it is held against.
        pub fn all() -> Vec<Described> {
            vec![$(Described {
                name: $name,
                flavor: <$runtime>::FLAVOR,
                version: <$family>::version(),
                ours: stringify!($side) == "ours",
                withholds: &[],
                unavailable: None,
                about: $about,
            }),*]
        }

        /// Visits the pairing of that name.
        pub fn with<V: Visit>(name: &str, visit: V) -> Option<V::Output> {
            match name {
                $($name => Some(visit.visit::<$family, $runtime>()),)*
                _ => None,
            }
        }
    };
}

pairings! {
    "rt-sync@rt-current": Ours, RtCurrent, ours, "rt-sync, on our scheduler for one thread";
    "tokio@tokio-current": Theirs, TokioCurrent, peer, "tokio's, on tokio's scheduler for one thread";
    "tokio@rt-current": Theirs, RtCurrent, peer, "tokio's, on our scheduler for one thread";
    "rt-sync@tokio-current": Ours, TokioCurrent, peer, "rt-sync, on tokio's scheduler for one thread";
    "rt-sync@rt-multi": Ours, RtMulti, ours, "rt-sync, on our scheduler for many threads";
    "tokio@tokio-multi": Theirs, TokioMulti, peer, "tokio's, on tokio's scheduler for many threads";
    "tokio@rt-multi": Theirs, RtMulti, peer, "tokio's, on our scheduler for many threads";
    "rt-sync@tokio-multi": Ours, TokioMulti, peer, "rt-sync, on tokio's scheduler for many threads";
}

/// As `sync list` prints them: a line per pairing, and one per workload and flavour.
// Compiled where it is called: with it comes every workload on every runtime.
#[inline]
pub fn list() -> Vec<String> {
    list_of(&all(), |name| with(name, Lines))
}

/// The same of any pairings; `lines` are those of the workloads of one.
pub(crate) fn list_of(
    pairings: &[Described],
    lines: impl Fn(&str) -> Option<Vec<String>>,
) -> Vec<String> {
    let operations = |flavor| {
        let first = pairings.iter().find(|described| described.flavor == flavor);
        first.map(|it| lines(it.name).unwrap_or_default())
    };
    let told = pairings.iter().map(|described| format!("subject\t{}", described.line())).collect();
    let of_flavors = [Flavor::Current, Flavor::Multi].into_iter().filter_map(operations);
    [told].into_iter().chain(of_flavors).flatten().collect()
}

/// The lines of its workloads.
pub(crate) struct Lines;

impl Visit for Lines {
    type Output = Vec<String>;

    fn visit<F: Family, S: Subject>(self) -> Vec<String> {
        F::operations::<S>().iter().map(Operation::line).collect()
    }
}

/// Tasks where some want what one has.
const CROWD: u64 = 8;

/// What takes less than a nanosecond is done so often in a row: a loop around one would tell where
/// it lies in memory.
const GLANCES_AT_ONCE: u64 = 16;

/// Tasks where all hear the same.
const AUDIENCE: u64 = 100;

#[rustfmt::skip] // A table: a line each.
mod scales {
    use super::{AUDIENCE, CROWD, GLANCES_AT_ONCE, Kind, Scale};

    pub(super) const ALONE: Scale = Scale { kind: Kind::Steps, counts: (1_000, 3_000), timed: 500_000, least: 1 };
    pub(super) const GLANCES: Scale = Scale { kind: Kind::Steps, counts: (1_600, 4_800), timed: 4_000_000, least: GLANCES_AT_ONCE };
    pub(super) const PAIR: Scale = Scale { kind: Kind::Steps, counts: (1_000, 3_000), timed: 200_000, least: 1 };
    pub(super) const SHARED: Scale = Scale { kind: Kind::Steps, counts: (1_600, 4_800), timed: 200_000, least: CROWD };
    pub(super) const HEARD: Scale = Scale { kind: Kind::Steps, counts: (2_000, 6_000), timed: 200_000, least: AUDIENCE };
    pub(super) const BEHIND: Scale = Scale { kind: Kind::Steps, counts: (3_200, 9_600), timed: 800_000, least: AUDIENCE * 16 };
}

/// Warms up, then measures so many times; what is done stands here, and so lies in the future of
/// the workload itself.
macro_rules! measured {
    ($n:expr, $operation:expr) => {{
        for _ in 0..$crate::op::WARM_UP {
            $operation
        }
        let meter = $crate::meter::Meter::start();
        for _ in 0..$n {
            $operation
        }
        meter.stop()
    }};
}

/// The same where all of an audience hear of each: so many rounds of that many operations.
macro_rules! measured_rounds {
    ($n:expr, $round:expr) => {{
        $round
        let meter = $crate::meter::Meter::start();
        for _ in 0..$n / $crate::sync::AUDIENCE {
            $round
        }
        meter.stop()
    }};
}

use measured_rounds;
pub(crate) use {measured, pairings};

/// What lives as long as the process, so that no reference to it is counted.
fn leaked<T>(value: T) -> &'static T {
    Box::leak(Box::new(value))
}

/// Shares `n` out to tasks that all do the same, and measures from the first spawn to the last
/// end; `share` is told the task's place and how often it does it.
fn in_crowd<S: Subject, F>(
    runtime: S,
    n: u64,
    share: impl Fn(u64, u64) -> F + Send + Sync + 'static,
) -> Cost
where
    F: Future<Output = ()> + Send + 'static,
{
    let share = leaked(share);
    let round = move |times| async move {
        let tasks: Vec<_> = (0..CROWD).map(|place| S::spawn(share(place, times))).collect();
        for task in tasks {
            task.await.expect("the workload does not panic");
        }
    };
    in_task(runtime, async move {
        round(WARM_UP).await;
        let meter = Meter::start();
        round(n / CROWD).await;
        meter.stop()
    })
}

/// Two tasks take turns: both run to their ends, and the first one measures.
fn in_pair<S: Subject>(
    mut runtime: S,
    one: impl Future<Output = Cost> + Send + 'static,
    other: impl Future<Output = ()> + Send + 'static,
) -> Cost {
    runtime.block_on(async {
        let other = S::spawn(other);
        let one = S::spawn(one);
        other.await.expect("the workload does not panic");
        one.await.expect("the workload does not panic")
    })
}

/// Polls a future once, which has nothing to tell yet.
async fn polled_once(future: impl Future<Output: Sized> + Unpin) {
    let mut future = future;
    std::future::poll_fn(|cx| {
        assert!(std::pin::Pin::new(&mut future).poll(cx).is_pending(), "nothing has happened");
        std::task::Poll::Ready(())
    })
    .await;
}

impl Group {
    /// The workloads of several files.
    pub(crate) fn of_all<S>(
        self,
        files: impl IntoIterator<Item = Vec<Operation<S>>>,
    ) -> Vec<Operation<S>> {
        self.of(files.into_iter().flatten().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::{Family, Ours, Theirs, all, list, with};
    use crate::subject::RtCurrent;

    #[test]
    fn both_families_are_given_the_same() {
        fn names<F: Family>() -> Vec<String> {
            F::operations::<RtCurrent>().into_iter().map(|operation| operation.name).collect()
        }
        assert_eq!(names::<Ours>(), names::<Theirs>());
    }

    #[test]
    fn every_pairing_is_listed_and_found() {
        struct Exists;
        impl super::Visit for Exists {
            type Output = ();
            fn visit<F: Family, S: crate::subject::Subject>(self) {}
        }
        let pairings = all();
        assert_eq!(pairings.len(), 8);
        for pairing in &pairings {
            assert!(with(pairing.name, Exists).is_some());
            assert!(list().contains(&format!("subject\t{}", pairing.line())));
        }
        assert!(with("tokio@smol", Exists).is_none());
    }
}
