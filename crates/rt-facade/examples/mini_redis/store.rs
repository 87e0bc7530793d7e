//! The keys, their values, and when they expire: one lock, held for a moment and never while waiting, so it is
//! the standard library's.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use rt_facade::sync::Notify;
use rt_facade::task::yield_now;
use rt_facade::time::{Duration, Instant, sleep_until};

use crate::resp::integer;

/// How many keys are removed before others may have the lock.
const BATCH_MAX: usize = 256;

#[derive(Default)]
pub(crate) struct Store {
    inner: Mutex<Inner>,
    /// A deadline has come that is before all others.
    sooner: Notify,
}

#[derive(Default)]
struct Inner {
    entries: HashMap<Bytes, Entry>,
    /// Of every entry that has one; the soonest is first.
    deadlines: BTreeSet<(Instant, Bytes)>,
    expired: u64,
}

struct Entry {
    value: Bytes,
    deadline: Option<Instant>,
}

/// Whether a key must be there, or must not, to be set.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Condition {
    #[default]
    Always,
    IfAbsent,
    IfPresent,
}

/// What a key has left.
pub(crate) enum Left {
    NoKey,
    Forever,
    Span(Duration),
}

impl Store {
    pub(crate) fn value(&self, key: &Bytes) -> Option<Bytes> {
        self.lock().live(key).map(|entry| entry.value.clone())
    }

    /// Whether it was set.
    pub(crate) fn set(
        &self,
        key: Bytes,
        value: Bytes,
        deadline: Option<Instant>,
        condition: Condition,
    ) -> bool {
        let mut inner = self.lock();
        let found = inner.live(&key).is_some();
        match condition {
            Condition::IfAbsent if found => return false,
            Condition::IfPresent if !found => return false,
            _ => {}
        }
        inner.remove(&key);
        let sooner = inner.insert(key, Entry { value, deadline });
        drop(inner);
        self.tell(sooner);
        true
    }

    /// Whether there was one to remove.
    pub(crate) fn remove(&self, key: &Bytes) -> bool {
        let mut inner = self.lock();
        let found = inner.live(key).is_some();
        inner.remove(key);
        found
    }

    pub(crate) fn contains(&self, key: &Bytes) -> bool {
        self.lock().live(key).is_some()
    }

    /// Whether there is such a key.
    pub(crate) fn expire(&self, key: Bytes, deadline: Instant) -> bool {
        let mut inner = self.lock();
        if inner.live(&key).is_none() {
            return false;
        }
        let Some(entry) = inner.remove(&key) else { return false };
        let sooner = inner.insert(key, Entry { deadline: Some(deadline), ..entry });
        drop(inner);
        self.tell(sooner);
        true
    }

    pub(crate) fn left(&self, key: &Bytes) -> Left {
        match self.lock().live(key).map(|entry| entry.deadline) {
            None => Left::NoKey,
            Some(None) => Left::Forever,
            Some(Some(deadline)) => Left::Span(deadline.duration_since(Instant::now())),
        }
    }

    /// Adds one, and tells the sum; none if the value is no number that can be added to.
    pub(crate) fn increment(&self, key: Bytes) -> Option<i64> {
        let mut inner = self.lock();
        if inner.live(&key).is_none() {
            inner.remove(&key);
            inner.insert(key, Entry { value: Bytes::from_static(b"1"), deadline: None });
            return Some(1);
        }
        let entry = inner.entries.get_mut(&key)?;
        let sum = integer(&entry.value)?.checked_add(1)?;
        entry.value = sum.to_string().into();
        Some(sum)
    }

    /// How many keys there are, those included that expire right now.
    pub(crate) fn len(&self) -> usize {
        self.lock().entries.len()
    }

    /// How many keys have expired so far, and were not asked for.
    pub(crate) fn expired(&self) -> u64 {
        self.lock().expired
    }

    /// Removes keys when their time has come. One timer serves all of them.
    pub(crate) async fn expire_keys(&self) {
        loop {
            let next = self.lock().purge(Instant::now());
            match next {
                // There is more to do at once: after the others.
                Some(deadline) if deadline <= Instant::now() => yield_now().await,
                Some(deadline) => rt_facade::select! {
                    () = sleep_until(deadline) => {}
                    () = self.sooner.notified() => {}
                },
                None => self.sooner.notified().await,
            }
        }
    }

    fn tell(&self, sooner: bool) {
        if sooner {
            self.sooner.notify_one();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // What panicked changed nothing by halves that matters here.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// The entry, unless its time has come: the timer may be a moment late, a reply is not.
    fn live(&self, key: &Bytes) -> Option<&Entry> {
        let entry = self.entries.get(key)?;
        let expired = entry.deadline.is_some_and(|deadline| deadline <= Instant::now());
        (!expired).then_some(entry)
    }

    /// Whether its deadline is before all others. There is no such key.
    fn insert(&mut self, key: Bytes, entry: Entry) -> bool {
        let sooner = entry.deadline.is_some_and(|deadline| {
            let sooner = self.deadlines.first().is_none_or(|(first, _)| deadline < *first);
            self.deadlines.insert((deadline, key.clone()));
            sooner
        });
        self.entries.insert(key, entry);
        sooner
    }

    fn remove(&mut self, key: &Bytes) -> Option<Entry> {
        let entry = self.entries.remove(key)?;
        if let Some(deadline) = entry.deadline {
            self.deadlines.remove(&(deadline, key.clone()));
        }
        Some(entry)
    }

    /// Removes some of those whose time has come, and tells when the next one's does.
    fn purge(&mut self, now: Instant) -> Option<Instant> {
        for _ in 0..BATCH_MAX {
            let (deadline, _) = self.deadlines.first()?;
            if *deadline > now {
                break;
            }
            let (_, key) = self.deadlines.pop_first()?;
            self.entries.remove(&key);
            self.expired += 1;
        }
        self.deadlines.first().map(|(deadline, _)| *deadline)
    }
}
