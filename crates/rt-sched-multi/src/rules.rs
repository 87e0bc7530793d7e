//! The rules by which workers share: ours, and others that were tried beside it.
//!
//! `docs/scaling.md` has what each comes to with few workers and with many.

/// Who is called when, and from whom is stolen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// When a worker that has something in its queue calls a sleeper.
    pub calls: Calls,
    /// Whether the last searcher, when it finds something, looks whether there is more, and calls another.
    pub hands_over: bool,
    /// With whom a thief begins.
    pub victims: Victims,
    /// Whether a thief looks at how many a victim has before it tries to take any.
    pub looks_first: bool,
    /// How many of a group may search at a time, and half of it at most.
    pub searchers_max: u64,
}

/// When a worker that has something in its queue calls a sleeper. Never while somebody searches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Calls {
    /// At a pick, if what waits there takes longer than a call, by the polls and calls of late.
    Worth,
    /// At each push.
    EachPush,
}

/// With whom a thief begins. It tries all, in the order of their numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Victims {
    /// By chance.
    Random,
    /// With the next one.
    Next,
    /// By chance, and first with those that have two tasks or more: who has one is about to run it.
    Richer,
}

impl Rules {
    /// Those of production.
    pub const STANDARD: Self = Self {
        calls: Calls::Worth,
        hands_over: true,
        victims: Victims::Random,
        looks_first: false,
        searchers_max: u64::MAX,
    };
}
