//! Where a set waits: in whatever polls it. Its unpark is the waker of that.
//!
//! # Protocol: outer waker
//! | caller                                      | set                                      |
//! |---------------------------------------------|------------------------------------------|
//! | B1 leave the work                           | R1 leave the waker, under the lock       |
//! | B2 or a bit into the bell's word            | S2 compare-exchange 0 → ASLEEP           |
//! | U1 if ASLEEP alone was set: take the wakers, under the lock; wake them | S4 at its next poll: swap → 0; look at the work again |
//!
//! **Claim (no lost wake).** Work left by B1 is found before the set sleeps, or the waker of its last poll
//! is woken after that.
//! **Why.** B2 first: S2 fails, since a bit is set. S2 first: B2 sees ASLEEP, and its Acquire pairs with
//! S2's Release, so that U1 locks after R1 did. It finds the waker there, or another caller took it, and
//! that one wakes it: a poll follows either way, whose S4 comes after both B2. A caller that is late and
//! takes the waker of a later poll wakes for nothing.
//! **Breaks if** B2 is weaker than Release or S4 than Acquire. (That R1 comes before U1 needs B2's Acquire and
//! S2's Release, too; the checker cannot tell, as it lets no lock be taken in another order than it ran.)
//! **Checked by** `outer::loom_tests::no_lost_wake`.

use std::fmt;
use std::io;
use std::mem;
use std::sync::Arc;
use std::task::Waker;

use rt_task::base::byte_lock::ByteLock;
use rt_task::base::driver::{Driver, Until, WakeBatch};
use rt_task::base::seam::{Unpark, Wakes};
use rt_task::base::shim;

/// Who polls the set, by a key for each.
#[derive(Default)]
struct Wakers {
    one: Option<(u64, Waker)>,
    /// Where several do.
    more: Option<Box<More>>,
}

struct More {
    key: u64,
    waker: Waker,
    next: Option<Box<More>>,
}

/// The wakers of who polls a [`LocalSet`](crate::LocalSet): its unpark.
#[derive(Clone)]
pub struct Outer {
    wakers: Arc<ByteLock<Wakers>>,
}

impl Outer {
    pub(crate) fn new() -> Self {
        Self { wakers: Arc::new(ByteLock::new(Wakers::default())) }
    }

    /// R1: leaves the waker of who polls the set under `key`. Nobody but the set's thread does.
    pub(crate) fn leave(&self, key: u64, waker: &Waker) {
        let needs_room = match self.wakers.lock().with(|wakers| wakers.find(key, waker)) {
            Found::Same => return,
            Found::Room => false,
            Found::Full => true,
        };
        let waker = waker.clone(); // may run anything: not under the lock
        // From here on callers can only have made room.
        let before = match needs_room {
            false => self.wakers.lock().with(|wakers| wakers.put(key, waker)),
            true => {
                let more = Box::new(More { key, waker, next: None });
                self.wakers.lock().with(|wakers| wakers.link(more));
                None
            }
        };
        drop(before);
    }

    /// The poller of that key polls no more: its waker is dropped. Others that poll the set go on in its
    /// place.
    pub(crate) fn forget(&self, key: u64) {
        wake_each(self.take(), Some(key));
    }

    fn take(&self) -> Wakers {
        self.wakers.lock().with(mem::take)
    }
}

enum Found {
    Same,
    Room,
    Full,
}

impl Wakers {
    fn find(&mut self, key: u64, waker: &Waker) -> Found {
        let there = match &mut self.one {
            None => return Found::Room,
            Some((at, there)) if *at == key => there,
            Some(_) => match self.more(key) {
                Some(there) => there,
                None => return Found::Full,
            },
        };
        match there.will_wake(waker) {
            true => Found::Same,
            false => Found::Room,
        }
    }

    fn more(&mut self, key: u64) -> Option<&mut Waker> {
        let mut at = self.more.as_deref_mut();
        while let Some(more) = at {
            if more.key == key {
                return Some(&mut more.waker);
            }
            at = more.next.as_deref_mut();
        }
        None
    }

    /// Returns the one that was there.
    fn put(&mut self, key: u64, waker: Waker) -> Option<Waker> {
        if let Some(there) = self.more(key) {
            return Some(mem::replace(there, waker));
        }
        self.one.replace((key, waker)).map(|(_, before)| before)
    }

    fn link(&mut self, mut more: Box<More>) {
        more.next = self.more.take();
        self.more = Some(more);
    }
}

/// Wakes them, but for that of `skip`. No lock is held. One of several that panics is contained: the others
/// are woken all the same.
fn wake_each(wakers: Wakers, skip: Option<u64>) {
    let Wakers { one, mut more } = wakers;
    let one = one.and_then(|(key, waker)| (skip != Some(key)).then_some(waker));
    if more.is_none() {
        if let Some(waker) = one {
            waker.wake();
        }
        return;
    }
    let mut batch = WakeBatch::new();
    one.into_iter().for_each(|waker| batch.push(waker));
    while let Some(at) = more {
        let More { key, waker, next } = *at;
        more = next;
        if skip != Some(key) {
            batch.push(waker);
        }
    }
    batch.wake_all();
}

impl Unpark for Outer {
    /// U1.
    fn unpark(&self) {
        wake_each(self.take(), None);
    }
}

impl fmt::Debug for Outer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outer").finish_non_exhaustive()
    }
}

/// The driver of a set: none. Sockets and timers are the surrounding runtime's.
#[derive(Debug)]
pub(crate) struct NoDriver {
    outer: Outer,
    /// Looks in vain, for [`shim::relax`].
    turns: u32,
}

impl NoDriver {
    pub(crate) fn new(outer: Outer) -> Self {
        Self { outer, turns: 0 }
    }
}

impl Driver for NoDriver {
    type Unpark = Outer;

    /// Waits in the shutdown alone, for pushes in flight: a few instructions of another thread, so it looks
    /// again and again. Parking might not be allowed any more: a thread may end with the set in a
    /// thread-local.
    fn turn(&mut self, until: Until, _out: &mut impl Wakes) -> io::Result<()> {
        if until != Until::Now {
            shim::relax(&mut self.turns);
        }
        Ok(())
    }

    fn unparker(&self) -> Outer {
        self.outer.clone()
    }
}

#[cfg(all(test, rt_loom))]
mod loom_tests;
#[cfg(all(test, not(rt_loom)))]
mod tests;
