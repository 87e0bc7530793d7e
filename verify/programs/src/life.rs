//! The life of a task, and of a value: begun once, ended once, where it may.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use std::thread::{self, ThreadId};

/// What went wrong, as said where it did.
#[derive(Debug, Default)]
pub(crate) struct Faults(Mutex<Vec<String>>);

impl Faults {
    pub(crate) fn tell(&self, fault: String) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(fault);
    }

    pub(crate) fn first(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).first().cloned()
    }
}

/// What is known of one task.
#[derive(Debug, Default)]
pub(crate) struct Record {
    born: AtomicBool,
    polled: AtomicBool,
    drops: AtomicU32,
}

impl Record {
    pub(crate) fn is_alive(&self) -> bool {
        self.born.load(SeqCst) && self.drops.load(SeqCst) == 0
    }
}

/// What all lives of a program share.
#[derive(Debug)]
pub(crate) struct Lives {
    pub(crate) records: Vec<Record>,
    pub(crate) faults: Faults,
    /// Where tasks must stay, if they must.
    home: Option<ThreadId>,
    /// Whether the runtime is gone.
    over: AtomicBool,
    values: AtomicUsize,
}

impl Lives {
    pub(crate) fn new(tasks: usize, home: Option<ThreadId>) -> Self {
        Self {
            records: (0..tasks).map(|_| Record::default()).collect(),
            faults: Faults::default(),
            home,
            over: AtomicBool::new(false),
            values: AtomicUsize::new(0),
        }
    }

    pub(crate) fn runtime_is_gone(&self) {
        self.over.store(true, SeqCst);
    }

    /// Tasks that are there.
    pub(crate) fn alive(&self) -> usize {
        self.records.iter().filter(|record| record.is_alive()).count()
    }

    /// Values that were made and not dropped.
    pub(crate) fn values(&self) -> usize {
        self.values.load(SeqCst)
    }

    /// The future of task `id`, watched from the call on.
    pub(crate) fn watch<F: Future>(
        self: &Arc<Self>,
        id: u8,
        future: F,
    ) -> impl Future<Output = F::Output> + use<F> {
        if self.records[usize::from(id)].born.swap(true, SeqCst) {
            self.faults.tell(format!("task {id} is born twice: the checker is wrong"));
        }
        let watched = Watched { lives: self.clone(), id };
        async move {
            let watched = watched;
            let mut future = pin!(future);
            poll_fn(move |cx| watched.poll(|| future.as_mut().poll(cx))).await
        }
    }

    fn check_thread(&self, what: &str, id: u8) {
        if self.home.is_some_and(|home| home != thread::current().id()) {
            self.faults.tell(format!("task {id} was {what} on another thread than its own"));
        }
    }
}

struct Watched {
    lives: Arc<Lives>,
    id: u8,
}

impl Watched {
    fn poll<T>(&self, poll: impl FnOnce() -> Poll<T>) -> Poll<T> {
        let (lives, id) = (&self.lives, self.id);
        let record = &lives.records[usize::from(id)];
        lives.check_thread("polled", id);
        if record.polled.swap(true, SeqCst) {
            lives.faults.tell(format!("task {id} is polled twice at the same time"));
        }
        if record.drops.load(SeqCst) > 0 {
            lives.faults.tell(format!("task {id} is polled after it was dropped"));
        }
        if lives.over.load(SeqCst) {
            lives.faults.tell(format!("task {id} is polled after the shutdown"));
        }
        let polled = poll();
        record.polled.store(false, SeqCst);
        polled
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        let record = &self.lives.records[usize::from(self.id)];
        self.lives.check_thread("dropped", self.id);
        // A panic leaves its poll without a word.
        if record.polled.load(SeqCst) && !thread::panicking() {
            self.lives.faults.tell(format!("task {} is dropped while it is polled", self.id));
        }
        if record.drops.fetch_add(1, SeqCst) > 0 {
            self.lives.faults.tell(format!("task {} is dropped twice", self.id));
        }
    }
}

/// A number that must be dropped once.
#[derive(Debug)]
pub(crate) struct Value {
    pub(crate) number: u32,
    lives: Arc<Lives>,
}

impl Value {
    pub(crate) fn new(number: u32, lives: &Arc<Lives>) -> Self {
        lives.values.fetch_add(1, SeqCst);
        Self { number, lives: lives.clone() }
    }
}

impl Clone for Value {
    fn clone(&self) -> Self {
        Self::new(self.number, &self.lives)
    }
}

impl Drop for Value {
    fn drop(&mut self) {
        if self.lives.values.fetch_sub(1, SeqCst) == 0 {
            self.lives.faults.tell(format!("value {} is dropped twice", self.number));
        }
    }
}
