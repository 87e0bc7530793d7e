//! What a file and the closures on the pool that work for it have in common: the descriptor, and a
//! desk where it is written down what is to be done.
//!
//! # Protocol: the shift
//! One at a time works on the descriptor: who set `is_busy`, under the lock of the desk, has the
//! *shift*. The lock itself is held for a few plain lines, never for a system call that may wait,
//! never while a waker is woken, cloned or dropped.
//!
//! | task                                            | who has the shift (on the pool)                      |
//! |-------------------------------------------------|-----------------------------------------------------|
//! | W1 bytes, or a move, onto the desk; nobody busy or called: call | D1 wait until nobody is busy, be busy           |
//! | W2 no room, flush, or a move: leave a waker      | D2 catch up: put the position right, write the bytes, move, wake |
//! | R1 what was read ahead is not wanted: `unread`  | D3 do what it came for                              |
//! |                                                 | D4 catch up; with nothing on the desk, be busy no more |
//!
//! **Claim (in order).** What is done to the descriptor after something was laid on the desk is done
//! after that, by whoever has the shift then.
//! **Why.** D2 comes before D3, and the desk is read under its lock. So a closure that synchronises or
//! reads waits for no other closure, and the order in which the pool starts them does not matter.
//! **Breaks if** D3 comes before D2, or the desk is read without the shift.
//! **Checked by** `file::model_tests::a_file_is_as_that_of_std_whatever_is_cancelled_in_whatever_order_closures_run`,
//! `file::tests::what_is_asked_of_a_shared_file_comes_after_its_writes`.
//!
//! **Claim (nothing stays).** While anything is on the desk, somebody is busy or called.
//! **Why.** D4 looks at the desk and ends the shift under one lock: W1 comes before, and D4 sees it, or
//! after, and finds nobody busy. A call that is dropped unrun (the pool was shut down) does what it was
//! called for as it is dropped.
//! **Breaks if** D4 lets go of the lock between its look and the end of the shift.
//! **Checked by** `file::tests::threads_take_turns_on_one_file`,
//! `file::tests::a_pool_that_drops_its_jobs_fails_reads_and_loses_no_write`.
//!
//! # Where the descriptor stands
//! Reading ahead moves the descriptor past what was handed out:
//! **Invariant** `position of the descriptor - unread - ahead - (bytes in the front's buffer)` is the
//! position that the file's user sees. `ahead` was read and is on its way to the front; `unread` is not
//! wanted any more, and goes to zero, by a move backwards, before anything else is done. Who makes
//! something unread counts `version` up: what was read under an earlier one is thrown away.

use std::fmt;
use std::fs::File as StdFile;
use std::io::{self, Seek, SeekFrom, Write};
use std::mem;
use std::ops::Deref;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use super::into_std::Heir;

pub(super) struct Core {
    pub(super) std: StdFile,
    desk: Mutex<Desk>,
    free: Condvar,
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Desk {
    is_busy: bool,
    /// A closure that will catch up is on its way.
    is_called: bool,
    /// That closure is dropped since the pool refused it.
    is_refused: bool,
    /// Whether it has a position. `None`: nobody has asked yet, or read anything.
    pub(super) is_seekable: Option<bool>,
    pub(super) unread: u64,
    pub(super) ahead: u64,
    pub(super) version: u64,
    /// To be written.
    bytes: Vec<u8>,
    /// To be done after that.
    seek: Option<SeekFrom>,
    /// What came of it, until that is told.
    sought: Option<io::Result<u64>>,
    /// Empty, with the memory of the last that were.
    spare: Vec<u8>,
    /// Those, and those that are being written.
    taken: usize,
    /// Of a write; nothing is taken until it was told.
    error: Option<io::Error>,
    /// Who waits for room or for the end of writing. There is one: both need `&mut File`.
    waiter: Option<Waker>,
    heir: Option<Arc<Heir>>,
}

impl Desk {
    fn is_clear(&self) -> bool {
        self.unread == 0 && self.bytes.is_empty() && self.seek.is_none()
    }

    /// Whether a write is under way.
    pub(super) fn is_behind(&self) -> bool {
        self.taken > 0
    }

    pub(super) fn has_error(&self) -> bool {
        self.error.is_some()
    }

    /// The error of a write that was not told yet.
    pub(super) fn take_error(&mut self) -> Option<io::Error> {
        self.error.take()
    }

    /// How many more bytes may be laid on it, if a write may have so many at most.
    pub(super) fn room(&self, max: usize) -> usize {
        match self.bytes.len() {
            0 => max,
            taken => max.min(BATCH_MAX).saturating_sub(taken),
        }
    }

    /// W1. Lays as much as there is room for.
    #[must_use]
    pub(super) fn lay<'a>(&mut self, slices: impl Iterator<Item = &'a [u8]>, room: usize) -> Laid {
        let before = self.bytes.len();
        for slice in slices {
            let room = room - (self.bytes.len() - before);
            self.bytes.extend_from_slice(&slice[..slice.len().min(room)]);
        }
        let bytes = self.bytes.len() - before;
        self.taken += bytes;
        Laid { bytes, must_call: self.call() }
    }

    /// W1 of a move. Whether somebody must be called.
    #[must_use]
    pub(super) fn lay_seek(&mut self, to: SeekFrom) -> bool {
        self.seek = Some(to);
        self.sought = None;
        self.call()
    }

    /// W1, its second half. Whether somebody must be called, and will be, by the caller.
    fn call(&mut self) -> bool {
        let must_call = !self.is_busy && !self.is_called;
        self.is_called |= must_call;
        must_call
    }

    /// A move that was made on the spot.
    pub(super) fn set_sought(&mut self, sought: io::Result<u64>) {
        self.sought = Some(sought);
    }

    pub(super) fn has_sought(&self) -> bool {
        self.sought.is_some()
    }

    pub(super) fn take_sought(&mut self) -> Option<io::Result<u64>> {
        self.sought.take()
    }

    /// What cannot be done now will not be done later.
    fn fail(&mut self, error: io::Error) {
        self.taken -= self.bytes.len();
        self.bytes.clear();
        self.error.get_or_insert(error);
    }

    pub(super) fn set_heir(&mut self, heir: Arc<Heir>) {
        self.heir = Some(heir);
    }
}

pub(super) struct Laid {
    pub(super) bytes: usize,
    pub(super) must_call: bool,
}

impl Core {
    pub(super) fn new(std: StdFile, is_seekable: Option<bool>) -> Self {
        let desk = Desk { is_seekable, ..Desk::default() };
        Self { std, desk: Mutex::new(desk), free: Condvar::new() }
    }

    pub(super) fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Which one it is, for dumps.
    pub(super) fn address(&self) -> usize {
        std::ptr::from_ref(self) as usize
    }

    /// The desk, where nobody else can be.
    pub(super) fn desk_mut(&mut self) -> &mut Desk {
        self.desk.get_mut().unwrap_or_else(PoisonError::into_inner)
    }

    /// D1 and D2. Waits, so on the pool only.
    pub(super) fn shift(&self) -> Shift<'_> {
        let mut desk = self.desk();
        while desk.is_busy {
            desk = self.free.wait(desk).unwrap_or_else(PoisonError::into_inner);
        }
        self.begin(desk)
    }

    /// D1 and D2, unless somebody is busy: who then sees what is on the desk.
    fn try_shift(&self) -> Option<Shift<'_>> {
        let desk = self.desk();
        (!desk.is_busy).then(|| self.begin(desk))
    }

    fn begin(&self, mut desk: MutexGuard<'_, Desk>) -> Shift<'_> {
        desk.is_busy = true;
        let asks = desk.is_seekable.is_none();
        drop(desk);
        let shift = Shift { core: self };
        if asks {
            let is_seekable = (&self.std).stream_position().is_ok();
            self.desk().is_seekable = Some(is_seekable);
        }
        shift.catch_up();
        shift
    }

    /// W2: the desk, once `is_so`; else `cx` is woken when that may have changed.
    pub(super) fn wait(
        &self,
        cx: &Context<'_>,
        is_so: impl Fn(&Desk) -> bool,
    ) -> Poll<MutexGuard<'_, Desk>> {
        loop {
            let desk = self.desk();
            if is_so(&desk) {
                return Poll::Ready(desk);
            }
            if desk.waiter.as_ref().is_some_and(|waiter| waiter.will_wake(cx.waker())) {
                return Poll::Pending;
            }
            drop(desk);
            let mut waker = Some(cx.waker().clone());
            let mut desk = self.desk();
            if is_so(&desk) {
                drop(desk);
                continue; // and drop the waker
            }
            mem::swap(&mut desk.waiter, &mut waker);
            drop(desk);
            return Poll::Pending; // and drop the one before
        }
    }

    /// After a call was refused. Whether what was laid was left.
    pub(super) fn take_back(&self) -> bool {
        let mut desk = self.desk();
        let is_left = !desk.bytes.is_empty() || desk.seek.take().is_some();
        desk.taken -= desk.bytes.len();
        desk.bytes.clear();
        is_left
    }

    /// Nobody could be called.
    pub(super) fn uncall(&self) {
        self.desk().is_called = false;
    }

    /// The call is dropped next, since the pool refused it.
    pub(super) fn refuse(&self) {
        self.desk().is_refused = true;
    }
}

/// The right to work on the descriptor.
pub(super) struct Shift<'a> {
    core: &'a Core,
}

impl Shift<'_> {
    /// D2.
    fn catch_up(&self) {
        loop {
            let desk = self.core.desk();
            if desk.is_clear() {
                return;
            }
            self.do_one(desk);
        }
    }

    /// The first thing on the desk.
    fn do_one(&self, mut desk: MutexGuard<'_, Desk>) {
        let mut std = &self.core.std;
        if desk.unread > 0 {
            let unread = desk.unread;
            drop(desk);
            let moved = std.seek(SeekFrom::Current(back_by(unread)));
            let mut desk = self.core.desk();
            desk.unread -= unread;
            if let Err(error) = moved {
                desk.fail(error);
            }
            return;
        }
        if desk.bytes.is_empty()
            && let Some(to) = desk.seek.take()
        {
            drop(desk);
            let sought = std.seek(to);
            let mut desk = self.core.desk();
            desk.sought = Some(sought);
            let waiter = desk.waiter.take();
            drop(desk);
            return wake(waiter);
        }
        let spare = mem::take(&mut desk.spare);
        let mut batch = mem::replace(&mut desk.bytes, spare);
        let waiter = desk.waiter.take();
        drop(desk);
        wake(waiter); // there is room
        let written = std.write_all(&batch);
        let mut desk = self.core.desk();
        desk.taken -= batch.len();
        batch.clear();
        desk.spare = batch;
        if let Err(error) = written {
            desk.fail(error);
        }
        let waiter = desk.waiter.take();
        drop(desk);
        wake(waiter);
    }
}

impl Drop for Shift<'_> {
    /// D4.
    fn drop(&mut self) {
        loop {
            let mut desk = self.core.desk();
            if desk.is_clear() {
                desk.is_busy = false;
                break;
            }
            self.do_one(desk);
        }
        self.core.free.notify_one();
    }
}

/// Called: catches up when it is dropped, on the pool or by who shuts the pool down.
pub(super) struct Call(pub(super) CoreRef);

impl Drop for Call {
    fn drop(&mut self) {
        let mut desk = self.0.desk();
        desk.is_called = false;
        let is_refused = mem::take(&mut desk.is_refused);
        drop(desk);
        if !is_refused {
            drop(self.0.try_shift());
        }
    }
}

/// A share of a core. The last one of a file that is turned back into that of `std` hands it over.
pub(super) struct CoreRef(Option<Arc<Core>>);

impl CoreRef {
    pub(super) fn new(core: Core) -> Self {
        Self(Some(Arc::new(core)))
    }

    pub(super) fn share(&self) -> Self {
        Self(self.0.clone())
    }

    /// The core, if there is no other share: no closure works for it then, or will.
    pub(super) fn alone(&mut self) -> Option<&mut Core> {
        self.0.as_mut().and_then(Arc::get_mut)
    }

    pub(super) fn into_alone(mut self) -> Result<StdFile, Self> {
        match self.0.take().map(Arc::try_unwrap) {
            Some(Ok(core)) => Ok(core.into_std().0),
            Some(Err(shared)) => Err(Self(Some(shared))),
            None => unreachable!("taken by drop alone"),
        }
    }
}

impl Core {
    /// With the descriptor where its user left it.
    fn into_std(mut self) -> (StdFile, Option<Arc<Heir>>) {
        let desk = self.desk_mut();
        let unread = mem::take(&mut desk.unread) + mem::take(&mut desk.ahead);
        let heir = desk.heir.take();
        if unread > 0 {
            // It was read, so it can be moved; if not, it stands where it stands.
            drop((&self.std).seek(SeekFrom::Current(back_by(unread))));
        }
        (self.std, heir)
    }
}

impl Deref for CoreRef {
    type Target = Core;

    fn deref(&self) -> &Core {
        self.0.as_deref().expect("taken by drop alone")
    }
}

impl Drop for CoreRef {
    fn drop(&mut self) {
        let Some(mut core) = self.0.take().and_then(Arc::into_inner) else { return };
        if core.desk_mut().heir.is_some()
            && let (std, Some(heir)) = core.into_std()
        {
            heir.inherit(std);
        }
    }
}

impl fmt::Debug for CoreRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.std.fmt(f)
    }
}

fn back_by(unread: u64) -> i64 {
    -i64::try_from(unread).expect("as much as is in memory")
}

/// A waker that panics takes no shift with it.
pub(super) fn wake(waker: Option<Waker>) {
    if let Some(waker) = waker {
        drop(catch_unwind(AssertUnwindSafe(|| waker.wake())));
    }
}

/// Bytes that small writes are gathered up to while others are written: a hop costs a tenth of writing
/// so many.
const BATCH_MAX: usize = 256 * 1024;
