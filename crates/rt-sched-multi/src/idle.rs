//! Who sleeps, who searches, and who is called: one word.
//!
//! ```text
//!  63     58   57       56     55       48 47                      0
//! ┌─────────┬────────┬────────┬───────────┬─────────────────────────┐
//! │ unused  │ CLOSED │ WATCHED│ SEARCHING │ SLEEPERS, a bit each    │
//! └─────────┴────────┴────────┴───────────┴─────────────────────────┘
//! ```
//!
//! | field       | set by            | cleared by     | means                                          |
//! |-------------|-------------------|----------------|------------------------------------------------|
//! | a bit of `SLEEPERS` | D2        | D5, C2         | that worker waits, or is about to              |
//! | `SEARCHING` | C2, `start_searching` | D2, `found` | workers that look for work, those called included |
//! | `WATCHED`   | D2                | D5, `unwatch`  | one of the sleepers wakes by itself now and then |
//! | `CLOSED`    | K1                | never          | the scheduler shuts down: nobody may sleep     |
//!
//! A worker's bit is set by itself alone, and whoever clears it answers for it: who called (C2) has
//! counted it as searching, and unparks it.
//!
//! # Protocol: sleep
//! | worker                                    | who pushes from outside                 |
//! |-------------------------------------------|-----------------------------------------|
//! | D1 find nothing                           | C1 push, fence, load the word           |
//! | D2 set the own bit, stop searching, fence | C2 a sleeper and no searcher: clear its bit, count it as searching |
//! | D3 look at every queue again              | C3 unpark it                            |
//! | D4 wait while the bit is set              |                                         |
//! | D5 clear the bit, if nobody did           |                                         |
//!
//! **Claim (no push is overlooked).** Once something is pushed from outside, a worker that is awake
//! finds it, with no further event.
//! **Why.** C1 and D2 are each followed by a sequentially consistent fence. Push before D3's look: the
//! worker sees it, and does not wait. Else C1's load comes after D2, and sees the worker asleep, or
//! called already. If the load sees a searcher instead, that one's own D2 comes after the load (both
//! are of one word), so its D3 comes after the push. Who is called searches before it sleeps again.
//! **Breaks if** one of the fences goes, or D3.
//! **Checked by** `idle::loom_tests::no_push_is_overlooked`.
//!
//! **Claim (who calls and who is called see each other).** Who has cleared a bit sees where that worker
//! waits; and the worker, once it has risen, sees what it is called for.
//! **Why.** D2 is a Release that C2 acquires, and C2 one that D5 acquires.
//! **Breaks if** one of them is weaker.
//! **Checked by** `idle::loom_tests::who_calls_and_who_is_called_see_each_other`.
//!
//! **Claim (watched).** While some of a group sleep and others do not, one of the sleepers wakes by
//! itself, or somebody is called who has not risen yet.
//! **Why.** Who falls asleep with `WATCHED` clear sets it. It is cleared in two places: by D5 of the
//! watcher, and by `unwatch` while all sleep. Whoever rises sees by the same step that changes its bit
//! whether it is clear now, and calls another, who sets it when it falls asleep again.
//! **Breaks if** D5 does not look, or `unwatch` clears the flag while one is awake.
//! **Checked by** `idle::loom_tests::somebody_watches_while_not_all_sleep` and
//! `idle::loom_tests::a_watcher_that_rises_is_followed_by_another`.
//!
//! What a worker pushes to its own queue is fenced by nobody: the worker is awake and runs it, and it
//! looks at the word at every pick, so a sleeper that it did not see at one it sees at the next.
//!
//! More than 48 workers are spread over several such words. Each is a group of its own, in which at
//! most half search; who pushes looks at all.

use crossbeam_utils::CachePadded;
use rt_task::base::shim::{AtomicU64, Ordering::*, fence, site};

const GROUP_MAX: usize = 48;
const SLEEPERS: u64 = (1 << GROUP_MAX) - 1;
const SEARCHER: u64 = 1 << 48;
const SEARCHING: u64 = 0xff << 48;
const WATCHED: u64 = 1 << 56;
const CLOSED: u64 = 1 << 57;

#[derive(Debug)]
pub(crate) struct Idle {
    groups: Box<[Group]>,
    workers: usize,
}

#[derive(Debug)]
struct Group {
    word: CachePadded<AtomicU64>,
    /// How many may search at a time.
    searchers_max: u64,
}

/// A worker about to wait (D2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sleep {
    /// It does not: the scheduler shuts down.
    Closed,
    /// Its bit is set. `watch`: it is the one that wakes by itself now and then.
    Asleep { watch: bool },
}

/// When a worker that falls asleep is to wake by itself now and then, if nobody else does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Watches {
    /// It is the only one.
    Never,
    /// While others of its group are awake.
    OthersAwake,
    /// Also when all sleep: somebody who sleeps again by now wanted one that does.
    Always,
}

/// A worker that waits no more (D5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Risen {
    /// Somebody called: it counts as searching.
    pub(crate) called: bool,
    /// Others sleep, and none of them wakes by itself.
    pub(crate) unwatched: bool,
}

/// The word of a worker's group, a moment ago.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Glance(u64);

impl Glance {
    #[inline]
    pub(crate) fn is_closed(self) -> bool {
        self.0 & CLOSED != 0
    }

    /// Some sleep, and none of them wakes by itself.
    #[inline]
    pub(crate) fn is_unwatched(self) -> bool {
        self.0 & SLEEPERS != 0 && self.0 & WATCHED == 0
    }

    /// Somebody sleeps, and nobody searches.
    #[inline]
    pub(crate) fn is_short_of_searchers(self) -> bool {
        self.0 & SLEEPERS != 0 && self.0 & SEARCHING == 0
    }
}

impl Idle {
    /// All workers are awake, and none searches.
    pub(crate) fn new(workers: usize) -> Self {
        let count = workers.div_ceil(GROUP_MAX).max(1);
        let groups = (0..count).map(|group| {
            let size = (workers + count - 1 - group) / count;
            let searchers_max = (size as u64).div_ceil(2).max(1);
            Group { word: CachePadded::new(AtomicU64::new(0)), searchers_max }
        });
        Self { groups: groups.collect(), workers }
    }

    /// Lets no more than so many of a group search at a time.
    pub(crate) fn search_at_most(mut self, most: u64) -> Self {
        for group in &mut self.groups {
            group.searchers_max = group.searchers_max.min(most);
        }
        self
    }

    #[inline]
    fn group(&self, worker: usize) -> &Group {
        match self.groups.len() {
            1 => &self.groups[0],
            count => &self.groups[worker % count],
        }
    }

    #[inline]
    fn bit(&self, worker: usize) -> u64 {
        1 << (worker / self.groups.len())
    }

    /// The bits of all workers of that one's group.
    fn all(&self, worker: usize) -> u64 {
        let count = self.groups.len();
        let size = (self.workers + count - 1 - worker % count) / count;
        SLEEPERS >> (GROUP_MAX - size)
    }

    /// How the worker's group stands. A load, and orders nothing.
    #[inline]
    pub(crate) fn glance(&self, worker: usize) -> Glance {
        Glance(self.group(worker).word.load(Relaxed))
    }

    /// How many sleep, a moment ago.
    pub(crate) fn sleepers(&self) -> usize {
        let count = |group: &Group| {
            // Of two who fall asleep, the later one's fence makes it see what the other let go of before.
            let word = group.word.load(Relaxed);
            (word & SLEEPERS).count_ones() as usize
        };
        self.groups.iter().map(count).sum()
    }

    /// Whether some sleep, and none of them wakes by itself: in the worker's group, or where all of that
    /// are awake, in another.
    #[inline]
    pub(crate) fn is_unwatched(&self, worker: usize) -> bool {
        let glance = self.glance(worker);
        glance.is_unwatched() || self.groups.len() > 1 && self.is_unwatched_beside(glance)
    }

    #[cold]
    fn is_unwatched_beside(&self, own: Glance) -> bool {
        own.0 & SLEEPERS == 0
            && self.groups.iter().any(|group| Glance(group.word.load(Relaxed)).is_unwatched())
    }

    /// Whether the worker may search; then it counts as searching.
    pub(crate) fn start_searching(&self, worker: usize) -> bool {
        let group = self.group(worker);
        let mut word = group.word.load(Relaxed);
        loop {
            if (word & SEARCHING) / SEARCHER >= group.searchers_max {
                return false;
            }
            // Publishes nothing: what is found is ordered by the queues.
            match group.word.compare_exchange_weak(word, word + SEARCHER, Relaxed, Relaxed) {
                Ok(_) => return true,
                Err(changed) => word = changed,
            }
        }
    }

    /// A searching worker has found something. Whether it was the last that searched.
    pub(crate) fn found(&self, worker: usize) -> bool {
        // A count; who sees it zero calls, and orders by that.
        let before = self.group(worker).word.fetch_sub(SEARCHER, Relaxed);
        debug_assert!(before & SEARCHING != 0, "a searcher was counted");
        before & SEARCHING == SEARCHER
    }

    /// D2. The worker was `searching`, or not. Look at every queue after this.
    pub(crate) fn sleep(&self, worker: usize, searching: bool, watches: Watches) -> Sleep {
        let group = self.group(worker);
        let bit = self.bit(worker);
        let mut word = group.word.load(Relaxed);
        loop {
            if word & CLOSED != 0 {
                return Sleep::Closed;
            }
            debug_assert!(word & bit == 0, "a worker that is awake has no bit");
            let mut asleep = word | bit;
            let watch = word & WATCHED == 0
                && match watches {
                    Watches::Never => false,
                    Watches::OthersAwake => asleep & SLEEPERS != self.all(worker),
                    Watches::Always => true,
                };
            if searching {
                asleep -= SEARCHER;
            }
            if watch {
                asleep |= WATCHED;
            }
            // Release pairs with C2: who calls sees where this worker waits.
            let slept =
                group.word.compare_exchange_weak(word, asleep, site("idle.D2", Release), Relaxed);
            match slept {
                Ok(_) => {
                    fence(site("idle.D2-fence", SeqCst)); // pairs with C1's
                    return Sleep::Asleep { watch };
                }
                Err(changed) => word = changed,
            }
        }
    }

    /// D4: whether nobody has called yet.
    #[inline]
    pub(crate) fn is_asleep(&self, worker: usize) -> bool {
        let word = self.group(worker).word.load(Relaxed); // D5 orders
        word & (self.bit(worker) | CLOSED) == self.bit(worker)
    }

    /// D5. `watch`: as D2 said. Who was called sees what it is called for.
    pub(crate) fn rise(&self, worker: usize, watch: bool) -> Risen {
        let bit = self.bit(worker);
        let word = &self.group(worker).word;
        let mine = if watch { bit | WATCHED } else { bit };
        let mut before = word.load(site("idle.D5-called", Acquire)); // pairs with C2
        if watch || before & bit != 0 {
            before = word.fetch_and(!mine, site("idle.D5", Acquire)); // pairs with C2
        }
        let after = before & !mine;
        Risen { called: before & bit == 0, unwatched: Glance(after).is_unwatched() }
    }

    /// The watcher need not wake by itself any more, if all workers of the group sleep still.
    pub(crate) fn unwatch(&self, worker: usize) -> bool {
        let group = self.group(worker);
        let quiet = WATCHED | self.all(worker);
        // Publishes nothing: whoever rises changes this very word.
        group.word.compare_exchange(quiet, quiet & !WATCHED, Relaxed, Relaxed).is_ok()
    }

    /// After a push from outside (C1): a worker that is to be unparked, counted as searching.
    /// `last` is called only if no other can be.
    #[inline]
    pub(crate) fn call_after_push(&self, last: impl Fn() -> usize) -> Option<usize> {
        fence(site("idle.C1", SeqCst)); // C1, pairs with D2's
        self.call(0, last)
    }

    /// C2, unless somebody searches: a worker that is to be unparked, counted as searching.
    pub(crate) fn call(&self, from: usize, last: impl Fn() -> usize) -> Option<usize> {
        let count = self.groups.len();
        if count > 1 && self.groups.iter().any(|g| g.word.load(Relaxed) & SEARCHING != 0) {
            return None;
        }
        (from..from + count).find_map(|group| self.call_in(group % count, &last, true))
    }

    /// C2, also when somebody searches, and in the group of `worker` if anybody sleeps there.
    pub(crate) fn call_beside(&self, worker: usize, last: impl Fn() -> usize) -> Option<usize> {
        let count = self.groups.len();
        let own = worker % count;
        (own..own + count).find_map(|group| self.call_in(group % count, &last, false))
    }

    fn call_in(&self, group: usize, last: &impl Fn() -> usize, polite: bool) -> Option<usize> {
        let Group { word: atomic, .. } = &self.groups[group];
        let mut word = atomic.load(Relaxed);
        loop {
            let sleepers = word & SLEEPERS;
            if sleepers == 0 || (polite && word & SEARCHING != 0) {
                return None;
            }
            let worker = self.choose(group, sleepers, last());
            let called = (word & !self.bit(worker)) + SEARCHER;
            // Release pairs with D4 and D5; Acquire with D2.
            match atomic.compare_exchange_weak(word, called, site("idle.C2", AcqRel), Relaxed) {
                Ok(_) => return Some(worker),
                Err(changed) => word = changed,
            }
        }
    }

    /// The first sleeper that is not `last`, if there is one: low numbers stay warm.
    fn choose(&self, group: usize, sleepers: u64, last: usize) -> usize {
        let count = self.groups.len();
        let worker = |bits: u64| bits.trailing_zeros() as usize * count + group;
        let first = worker(sleepers);
        match sleepers & (sleepers - 1) {
            rest if first == last && rest != 0 => worker(rest),
            _ => first,
        }
    }

    /// K1: nobody may sleep any more. Returns who did, to be unparked.
    pub(crate) fn close(&self) -> Vec<usize> {
        let mut called = Vec::new();
        let count = self.groups.len();
        for (group, Group { word, .. }) in self.groups.iter().enumerate() {
            // Acquire pairs with D2: where who is unparked waits. Who pushes and does not see CLOSED is
            // found by the last worker's drain (see `crew`).
            let before = word.fetch_or(CLOSED, site("idle.K1", Acquire));
            let mut sleepers = before & SLEEPERS;
            while sleepers != 0 {
                called.push(sleepers.trailing_zeros() as usize * count + group);
                sleepers &= sleepers - 1;
            }
        }
        called
    }

    /// Whether the scheduler shuts down.
    #[inline]
    pub(crate) fn is_closed(&self) -> bool {
        self.groups[0].word.load(Relaxed) & CLOSED != 0
    }
}

#[cfg(all(test, rt_loom))]
mod loom_tests;
#[cfg(all(test, not(rt_loom)))]
mod model_tests;
#[cfg(all(test, not(rt_loom)))]
mod tests;
