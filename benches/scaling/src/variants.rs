//! The queues and rules that are compared: production's, and what was tried beside it.
//!
//! Queues of other crates have atomics that the simulation does not see, so they are wrapped: each
//! operation tells which lines it touches, by the sources of `crossbeam-deque` and `concurrent-queue`.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;

use crossbeam_utils::CachePadded;
use rt_sched_multi::queue::{Deque, Inject, Injector, LocalQueue, Queues};
use rt_sched_multi::rules::{Calls, Rules, Victims};
use rt_task::base::shim::{AtomicUsize, Mutex, Ordering::*, PoisonError, Touch, fence, touch};

/// Does something with each kind of queues and rules.
pub trait Visit {
    /// What comes of it.
    type Output;
    /// Does it.
    fn visit<Q: Queues>(self) -> Self::Output;
}

/// The names, ours first, and what each is.
pub const ALL: &[(&str, &str)] = &[
    ("ours", "as in production"),
    ("each_push", "a sleeper is called at each push while nobody searches"),
    ("no_hand_over", "a searcher that finds something calls nobody"),
    ("steal_one", "a thief takes one task, not half"),
    ("next_victim", "a thief begins with its neighbour, not by chance"),
    ("richer", "a thief begins with victims that have two tasks or more"),
    ("few_search", "two of a group search at a time, not half"),
    ("looks_first", "a thief reads a victim's length before it tries to take any"),
    ("locked", "each worker's queue is a list under a lock"),
    ("one_for_all", "one queue under a lock for all workers"),
];

/// Visits by name.
pub fn with<V: Visit>(name: &str, visit: V) -> Option<V::Output> {
    match name {
        "ours" => Some(visit.visit::<Ours>()),
        "each_push" => Some(visit.visit::<EachPush>()),
        "no_hand_over" => Some(visit.visit::<NoHandOver>()),
        "steal_one" => Some(visit.visit::<StealOne>()),
        "next_victim" => Some(visit.visit::<NextVictim>()),
        "richer" => Some(visit.visit::<Richer>()),
        "few_search" => Some(visit.visit::<FewSearch>()),
        "looks_first" => Some(visit.visit::<LooksFirst>()),
        "locked" => Some(visit.visit::<Locked>()),
        "one_for_all" => Some(visit.visit::<OneForAll>()),
        _ => None,
    }
}

macro_rules! variant {
    ($(#[$doc:meta])* $name:ident, $local:ty, $rules:expr) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $name;

        impl Queues for $name {
            type Local<T: Send + 'static> = $local;
            type Inject<T: Send + 'static> = Seen<T>;
            const RULES: Rules = $rules;
        }
    };
}

variant!(
    /// As in production.
    Ours, Watched<T, false>, Rules::STANDARD
);
variant!(
    /// A sleeper is called at each push.
    EachPush, Watched<T, false>, Rules { calls: Calls::EachPush, ..Rules::STANDARD }
);
variant!(
    /// Who finds something calls nobody.
    NoHandOver, Watched<T, false>, Rules { hands_over: false, ..Rules::STANDARD }
);
variant!(
    /// A thief takes one.
    StealOne, Watched<T, true>, Rules::STANDARD
);
variant!(
    /// A thief begins with its neighbour.
    NextVictim, Watched<T, false>, Rules { victims: Victims::Next, ..Rules::STANDARD }
);
variant!(
    /// A thief begins with those that have several.
    Richer, Watched<T, false>, Rules { victims: Victims::Richer, ..Rules::STANDARD }
);
variant!(
    /// Two search at a time.
    FewSearch, Watched<T, false>, Rules { searchers_max: 2, ..Rules::STANDARD }
);
variant!(
    /// A thief looks before it takes.
    LooksFirst, Watched<T, false>, Rules { looks_first: true, ..Rules::STANDARD }
);
variant!(
    /// Lists under locks.
    Locked, UnderLock<T>, Rules::STANDARD
);
variant!(
    /// One list for all.
    OneForAll, Common<T>, Rules::STANDARD
);

thread_local! {
    static ATTEMPTS: Cell<u64> = const { Cell::new(0) };
    static MOVES: Cell<u64> = const { Cell::new(0) };
    static COMMON: RefCell<Option<Arc<dyn Any + Send + Sync>>> = const { RefCell::new(None) };
}

/// Forgets the play before.
pub fn reset() {
    ATTEMPTS.set(0);
    COMMON.set(None);
}

/// How often a thief has looked at a victim so far.
pub fn attempts() -> u64 {
    ATTEMPTS.get()
}

/// How often tasks have gone from one queue to another so far.
pub fn moves() -> u64 {
    MOVES.get()
}

fn moved() {
    MOVES.set(MOVES.get() + 1);
}

/// The memory of a queue, by place alone.
#[derive(Debug)]
pub struct Ends {
    /// Front and back, which are in one line.
    ends: CachePadded<u64>,
    items: Box<[u64; ROOM]>,
}

/// Places of a queue, which goes round.
const ROOM: usize = 256;

impl Ends {
    fn new() -> Self {
        Self { ends: CachePadded::new(0), items: Box::new([0; ROOM]) }
    }

    fn ends(&self, how: Touch) {
        touch(&raw const self.ends, how);
    }

    fn item(&self, at: usize, how: Touch) {
        touch(&raw const self.items[at % ROOM], how);
    }
}

/// Production's queue, whose lines are told; with `ONE`, a thief takes one task.
#[derive(Debug)]
pub struct Watched<T, const ONE: bool> {
    inner: Deque<T>,
    ends: Arc<Ends>,
    pushed: Cell<usize>,
}

/// The thieves' half.
pub struct Thief<T: Send + 'static> {
    inner: <Deque<T> as LocalQueue<T>>::Stealer,
    ends: Arc<Ends>,
}

impl<T: Send + 'static, const ONE: bool> LocalQueue<T> for Watched<T, ONE> {
    type Stealer = Thief<T>;

    fn new() -> Self {
        Self { inner: Deque::new(), ends: Arc::new(Ends::new()), pushed: Cell::new(0) }
    }

    fn stealer(&self) -> Thief<T> {
        Thief { inner: self.inner.stealer(), ends: self.ends.clone() }
    }

    fn push(&self, item: T) {
        self.ends.ends(Touch::Read);
        self.ends.item(self.pushed.replace(self.pushed.get() + 1), Touch::Write);
        self.ends.ends(Touch::Write);
        self.inner.push(item);
    }

    fn pop(&self) -> Option<T> {
        self.ends.ends(Touch::Read);
        if self.inner.is_empty() {
            return None;
        }
        self.ends.ends(Touch::Modify);
        let popped = self.inner.pop();
        self.ends.item(self.pushed.get().wrapping_sub(self.inner.len() + 1), Touch::Read);
        popped
    }

    fn len(&self) -> usize {
        self.ends.ends(Touch::Read);
        self.inner.len()
    }

    fn steal_half(from: &Thief<T>, into: &Self, most: usize) -> Option<T> {
        ATTEMPTS.set(ATTEMPTS.get() + 1);
        fence(SeqCst); // it pins the epoch
        from.ends.ends(Touch::Read);
        if Deque::depth(&from.inner) == 0 {
            return None;
        }
        let most = if ONE { 1 } else { most };
        let before = into.inner.len();
        for line in 0..(Deque::depth(&from.inner) / 2).min(most).div_ceil(8) {
            from.ends.item(line * 8, Touch::Read);
        }
        from.ends.ends(Touch::Modify);
        let stolen = Deque::steal_half(&from.inner, &into.inner, most);
        moved();
        for _ in 0..into.inner.len() - before {
            into.ends.item(into.pushed.replace(into.pushed.get() + 1), Touch::Write);
        }
        into.ends.ends(Touch::Write);
        stolen
    }

    fn depth(from: &Thief<T>) -> usize {
        from.ends.ends(Touch::Read);
        Deque::depth(&from.inner)
    }
}

/// Production's shared queue, whose lines are told.
pub struct Seen<T> {
    inner: Injector<T>,
    head: CachePadded<u64>,
    tail: CachePadded<u64>,
    items: Box<[u64; ROOM]>,
    count: Cell<(usize, usize)>,
}

// SAFETY: the counts, which are what is not shared otherwise, are touched by one real thread: the
// simulation's, which plays all others.
unsafe impl<T: Send> Sync for Seen<T> {}

impl<T: Send + 'static> fmt::Debug for Thief<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Thief").finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for Seen<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Seen").field("count", &self.count).finish_non_exhaustive()
    }
}

impl<T: Send + 'static> Inject<T> for Seen<T> {
    fn new() -> Self {
        Self {
            inner: Injector::new(),
            head: CachePadded::new(0),
            tail: CachePadded::new(0),
            items: Box::new([0; ROOM]),
            count: Cell::new((0, 0)),
        }
    }

    fn push(&self, item: T) {
        let (pushed, popped) = self.count.get();
        self.count.set((pushed + 1, popped));
        touch(&raw const self.tail, Touch::Modify);
        touch(&raw const self.items[pushed % ROOM], Touch::Modify);
        self.inner.push(item);
        moved();
    }

    fn pop(&self) -> Option<T> {
        let (pushed, popped) = self.count.get();
        fence(SeqCst);
        touch(&raw const self.head, Touch::Modify);
        touch(&raw const self.items[popped % ROOM], Touch::Modify);
        let item = self.inner.pop();
        moved();
        let (pushed_now, popped_now) = self.count.get();
        self.count.set((pushed_now.max(pushed), popped_now + usize::from(item.is_some())));
        item
    }

    fn is_empty(&self) -> bool {
        touch(&raw const self.head, Touch::Read);
        touch(&raw const self.tail, Touch::Read);
        self.inner.is_empty()
    }
}

/// A list under a lock, and its length beside it.
#[derive(Debug)]
pub struct UnderLock<T>(Arc<List<T>>);

/// What [`UnderLock`] and [`Common`] share.
#[derive(Debug)]
pub struct List<T> {
    items: Mutex<VecDeque<T>>,
    len: AtomicUsize,
}

impl<T> List<T> {
    fn new() -> Self {
        Self { items: Mutex::new(VecDeque::new()), len: AtomicUsize::new(0) }
    }

    fn with<R>(&self, f: impl FnOnce(&mut VecDeque<T>) -> R) -> R {
        let mut items = self.items.lock().unwrap_or_else(PoisonError::into_inner);
        let result = f(&mut items);
        self.len.store(items.len(), Relaxed); // a hint: the lock orders
        result
    }
}

impl<T: Send + 'static> LocalQueue<T> for UnderLock<T> {
    type Stealer = Arc<List<T>>;

    fn new() -> Self {
        Self(Arc::new(List::new()))
    }

    fn stealer(&self) -> Arc<List<T>> {
        self.0.clone()
    }

    fn push(&self, item: T) {
        self.0.with(|items| items.push_back(item));
    }

    fn pop(&self) -> Option<T> {
        match self.len() {
            0 => None,
            _ => self.0.with(VecDeque::pop_front),
        }
    }

    fn len(&self) -> usize {
        self.0.len.load(Relaxed)
    }

    fn steal_half(from: &Arc<List<T>>, into: &Self, most: usize) -> Option<T> {
        ATTEMPTS.set(ATTEMPTS.get() + 1);
        if Self::depth(from) == 0 {
            return None;
        }
        let mut loot = from.with(|items| {
            let half = items.len().div_ceil(2).min(most);
            items.drain(..half).collect::<VecDeque<T>>()
        });
        let first = loot.pop_front();
        if !loot.is_empty() {
            into.0.with(|items| items.append(&mut loot));
        }
        first
    }

    fn depth(from: &Arc<List<T>>) -> usize {
        from.len.load(Relaxed)
    }
}

/// Every worker's queue is the same one.
#[derive(Debug)]
pub struct Common<T>(Arc<List<T>>);

impl<T: Send + 'static> LocalQueue<T> for Common<T> {
    type Stealer = Arc<List<T>>;

    fn new() -> Self {
        let known = COMMON.with_borrow(|common| common.clone().map(Arc::downcast::<List<T>>));
        Self(match known {
            Some(Ok(list)) => list,
            _ => {
                let list = Arc::new(List::new());
                let common: Arc<dyn Any + Send + Sync> = list.clone();
                COMMON.set(Some(common));
                list
            }
        })
    }

    fn stealer(&self) -> Arc<List<T>> {
        self.0.clone()
    }

    fn push(&self, item: T) {
        self.0.with(|items| items.push_back(item));
    }

    fn pop(&self) -> Option<T> {
        match self.len() {
            0 => None,
            _ => self.0.with(VecDeque::pop_front),
        }
    }

    /// Never so many that it would overflow to where all find it: they find it here.
    fn len(&self) -> usize {
        self.0.len.load(Relaxed).min(ROOM / 2)
    }

    fn steal_half(from: &Arc<List<T>>, _into: &Self, _most: usize) -> Option<T> {
        ATTEMPTS.set(ATTEMPTS.get() + 1);
        match from.len.load(Relaxed) {
            0 => None,
            _ => from.with(VecDeque::pop_front),
        }
    }

    fn depth(from: &Arc<List<T>>) -> usize {
        from.len.load(Relaxed)
    }
}
