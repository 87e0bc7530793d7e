//! The messages on their way: linked blocks of slots, many senders at the tail, one receiver at the head.
//!
//! # Protocol: tail
//! The tail's word holds the position of the next slot to be claimed, and three flags. Beside it is the
//! block of that slot.
//!
//! | sender                                               | receiver                               |
//! |------------------------------------------------------|----------------------------------------|
//! | Q1 load the word, then the block                     | Q5 set CLOSED, or CLOSED and GONE      |
//! | Q2 compare-exchange: one position more; of the last slot of a block with MOVING | Q6 all of a block read: clear it, put it among the spares |
//! | Q3 of the last slot: link the next block, store it as the tail's | |
//! | Q4 clear MOVING                                      | |
//!
//! Who claims the last slot has the next block in hand before. While MOVING is set others look again: for
//! two stores of one thread, as long as the holder of a byte lock takes.
//!
//! **Claim (one slot each).** A position is claimed once, and the block read in Q1 is that of the position
//! claimed in Q2; its slots are seen empty.
//! **Why.** Q4 is Release and Q1 Acquire, and read-modify-writes between continue what was released: with the
//! word, Q1 sees the block that was stored before it, or a later one. A later one is stored after a later
//! position was claimed, so that Q2 fails: positions only grow. (The block is loaded with Acquire, so that it
//! is not from after Q2.)
//! **Breaks if** Q4 is weaker than Release, or Q1 or the failing Q2 than Acquire.
//! **Checked by** `mpsc::loom_tests::blocks_are_reused` and `mpsc::loom_tests::what_is_sent_is_received_once`.
//!
//! **Claim (chain).** From the receiver's block `next` leads to the block of every claimed position; a block
//! is nobody's any more when all its messages were read.
//! **Why.** Nothing of a block is claimed before Q4 of the one before it. A sender's last touch of a block is
//! the publishing of its slot (see `slot`), and Q3 comes before the publishing of the last one. Who reads a
//! block in Q1 and fails in Q2 has not touched it.
//! **Breaks if** Q3 came after the last slot is published.
//! **Checked by** `mpsc::loom_tests::blocks_are_reused`.
//!
//! **Claim (exact end).** When Q5 has set a flag that senders stop at, exactly the positions before the one
//! that it returns will be published.
//! **Why.** Q2 fails when the flag is there, and is a compare-exchange of the same word.
//! **Breaks if** flag and position were two words.
//! **Checked by** `mpsc::loom_tests::a_message_meets_a_receiver_that_goes` and `mpsc::loom_tests::closing_tells_how_many_come`.
//!
//! On targets without 64-bit atomics a position has 29 bits, so that a sender which sleeps between Q1 and Q2
//! while a multiple of 2^29 messages passes would be misled; elsewhere it has 61.

use core::ptr::NonNull;

use rt_task::base::byte_lock::ByteLock;
use rt_task::base::shim::{AtomicPtr, AtomicWord, Ordering::*, RawWord, UnsafeCell, relax, site};

use super::block::{Block, SLOTS};
use super::slot::{Chair, ENDED, Gone, Slot};
use super::wake::Wake;

/// The next block is being linked.
const MOVING: RawWord = 1;
/// The receiver wants no more.
pub(crate) const CLOSED: RawWord = 2;
/// The receiver is gone.
pub(crate) const GONE: RawWord = 4;
const FLAGS: RawWord = MOVING | CLOSED | GONE;
const SHIFT: u32 = 3;

/// Where a slot is, counted from the first message on. Wraps around.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Position(RawWord);

impl Position {
    #[inline]
    fn of(word: RawWord) -> Self {
        Self(word & !FLAGS)
    }

    #[inline]
    fn index(self) -> usize {
        (self.0 >> SHIFT) as usize % SLOTS
    }

    #[inline]
    fn after(self) -> Self {
        Self(self.0.wrapping_add(1 << SHIFT))
    }

    /// How many there are from `self` up to, and not with, `end`.
    #[inline]
    pub(crate) fn until(self, end: Self) -> usize {
        (end.0.wrapping_sub(self.0) >> SHIFT) as usize
    }
}

/// See the module.
#[repr(C)]
pub(crate) struct Queue<T> {
    rest: Rest<T>,
    /// The block that needs no allocation of its own.
    first: Block<T>,
}

/// All but the first block: it is small.
#[repr(C)]
struct Rest<T> {
    tail: Tail<T>,
    chair: Chair,
    spares: ByteLock<Spares<T>>,
    /// From where on blocks are still linked, once the receiver is gone.
    left: UnsafeCell<Option<NonNull<Block<T>>>>,
}

/// What senders compete for, on a line of its own.
#[repr(align(128))]
struct Tail<T> {
    word: AtomicWord,
    block: AtomicPtr<Block<T>>,
}

/// Blocks that were read, linked.
struct Spares<T> {
    top: Option<NonNull<Block<T>>>,
    count: u8,
}

// SAFETY: blocks on the heap, which nobody else uses; they hold no messages.
unsafe impl<T> Send for Spares<T> {}

/// How many blocks are kept for the next burst: room for 256 messages.
const SPARES_MAX: u8 = 8;

impl<T> Queue<T> {
    /// Writes an empty queue to `place`, its first position `start` messages after zero. Returns the
    /// receiver's end of it.
    ///
    /// # Safety
    /// `place` may be written, holds nothing, and the queue stays there.
    pub(crate) unsafe fn init(place: *mut Self, start: RawWord) -> Head<T> {
        // SAFETY: inside of `place` (contract); no reference is made.
        let first = unsafe { &raw mut (*place).first };
        // SAFETY: it may be written, and holds nothing (contract).
        unsafe { Block::init(first) };
        let at = Position(start << SHIFT);
        let rest = Rest {
            tail: Tail { word: AtomicWord::new(at.0), block: AtomicPtr::new(first) },
            chair: UnsafeCell::new(None),
            spares: ByteLock::new(Spares { top: None, count: 0 }),
            left: UnsafeCell::new(None),
        };
        // SAFETY: as of `first`.
        let to_rest = unsafe { &raw mut (*place).rest };
        // SAFETY: as of `first`.
        unsafe { to_rest.write(rest) };
        Head { block: NonNull::new(first).expect("inside of memory"), at }
    }

    /// Sends, unless one of the flags of `stop` is set, or the receiver goes meanwhile. Two
    /// read-modify-writes; two more, and a store, for the last of a block.
    #[inline]
    pub(crate) fn send(&self, message: T, stop: RawWord) -> Result<Wake, T> {
        let Some(slot) = self.claim(stop) else { return Err(message) };
        // SAFETY: claimed right above, in this queue: alive until it is published (Claim (chain)).
        let slot = unsafe { slot.as_ref() };
        // SAFETY: claimed right above; the chair is this queue's.
        unsafe { slot.send(message, &self.rest.chair) }.map(Wake)
    }

    /// Q1 to Q4.
    #[inline]
    fn claim(&self, stop: RawWord) -> Option<NonNull<Slot<T>>> {
        let (mut turns, mut next) = (0, None);
        let mut word = self.look();
        let claimed = loop {
            if word & stop != 0 {
                break None;
            }
            if word & MOVING != 0 {
                relax(&mut turns);
                word = self.look();
                continue;
            }
            let at = Position::of(word);
            // weaker unnoticed: a model never loads what is stored later
            let block = self.rest.tail.block.load(site("mpsc_queue.Q1-block", Acquire));
            let is_last = at.index() + 1 == SLOTS;
            if is_last && next.is_none() {
                next = Some(self.obtain());
            }
            let moving = if is_last { MOVING } else { 0 };
            let more = (at.after().0 | word & FLAGS) | moving;
            // Q2. Relaxed when it succeeds: Q1 has seen all that belongs to the position.
            match self.rest.tail.word.compare_exchange_weak(
                word,
                more,
                Relaxed,
                site("mpsc_queue.Q2", Acquire), // pairs with Q4
            ) {
                Ok(_) => {
                    // SAFETY: the block of the claimed position: alive until its slots are published.
                    let block = unsafe { &*block };
                    if is_last {
                        self.link(block, next.take().expect("obtained above"));
                    }
                    break Some(NonNull::from(block.slot(at.index())));
                }
                Err(now) => word = now,
            }
        };
        if let Some(unused) = next {
            self.put_spare(unused);
        }
        claimed
    }

    /// Q1
    #[inline]
    fn look(&self) -> RawWord {
        self.rest.tail.word.load(site("mpsc_queue.Q1", Acquire)) // Q1, pairs with Q4
    }

    /// Q3 and Q4, by who claimed the last slot of `block`.
    fn link(&self, block: &Block<T>, next: NonNull<Block<T>>) {
        block.set_next(Some(next)); // Q3
        // weaker unnoticed: Q4 comes after it
        self.rest.tail.block.store(next.as_ptr(), site("mpsc_queue.Q3", Release));
        self.rest.tail.word.fetch_sub(MOVING, site("mpsc_queue.Q4", Release)); // Q4, pairs with Q1
    }

    /// A spare block, or a new one.
    #[cold]
    fn obtain(&self) -> NonNull<Block<T>> {
        let spare = self.rest.spares.lock().with(Spares::take);
        spare.unwrap_or_else(Block::allocate)
    }

    /// Q6. `block` is empty, and the caller's.
    #[cold]
    fn put_spare(&self, block: NonNull<Block<T>>) {
        let is_first = self.is_first(block);
        let is_kept = self.rest.spares.lock().with(|spares| {
            let has_room = spares.count < SPARES_MAX || is_first;
            if has_room {
                spares.put(block);
            }
            has_room
        });
        if !is_kept {
            // SAFETY: not the first, hence allocated; the caller's, and empty.
            unsafe { Block::free(block) };
        }
    }

    fn is_first(&self, block: NonNull<Block<T>>) -> bool {
        block.as_ptr().cast_const() == &raw const self.first
    }

    /// Where the next message will be, and the flags.
    #[inline]
    pub(crate) fn tail(&self) -> (Position, RawWord) {
        let word = self.rest.tail.word.load(Relaxed); // nobody gets at a slot by it
        (Position::of(word), word & FLAGS)
    }

    /// Where the receiver leaves its waker.
    pub(crate) fn chair(&self) -> &Chair {
        &self.rest.chair
    }

    /// Q5. Tells where the next message would have been, and the flags that were set.
    pub(crate) fn set(&self, flags: RawWord) -> (Position, RawWord) {
        let word = self.rest.tail.word.fetch_or(flags, site("mpsc_queue.Q5", Acquire)); // pairs with Q4, for who walks the chain
        (Position::of(word), word & FLAGS)
    }

    /// Says that nothing will be sent any more. May be said again.
    ///
    /// # Safety
    /// Every claim of a slot happened before, and none will come.
    pub(crate) unsafe fn end(&self) -> Wake {
        let word = self.rest.tail.word.load(Relaxed); // all that changes the position happened before (contract)
        let block = self.rest.tail.block.load(Relaxed);
        // SAFETY: the block of the next position: the receiver does not get past it, as nothing is sent.
        let slot = unsafe { &*block }.slot(Position::of(word).index());
        // SAFETY: the next to be claimed, and never claimed (contract); the chair is this queue's.
        match unsafe { slot.publish(ENDED, &self.rest.chair) } {
            Ok(waker) => Wake(waker),
            Err(Gone) => Wake(None),
        }
    }

    /// Leaves the blocks from `head` on to the drop of the queue.
    ///
    /// # Safety
    /// By the receiver, which is going; before the drop.
    pub(crate) unsafe fn leave(&self, head: NonNull<Block<T>>) {
        // SAFETY: the receiver's, and the drop's after it (contract).
        self.rest.left.with_mut(|left| unsafe { *left = Some(head) });
    }

    fn free_chain(&self, mut next: Option<NonNull<Block<T>>>) {
        while let Some(block) = next {
            // SAFETY: alive: in the chain or a spare, and freed below alone.
            next = unsafe { block.as_ref() }.next();
            if !self.is_first(block) {
                // SAFETY: not the first, hence allocated. Nobody uses it: the queue is being dropped.
                unsafe { Block::free(block) };
            }
        }
    }
}

impl<T> Drop for Queue<T> {
    fn drop(&mut self) {
        let spares = self.rest.spares.lock().with(|spares| spares.top.take());
        // SAFETY: the queue is being dropped: nobody else has it.
        let left = self.rest.left.with_mut(|left| unsafe { (*left).take() });
        self.free_chain(spares);
        self.free_chain(left);
    }
}

impl<T> Spares<T> {
    fn take(&mut self) -> Option<NonNull<Block<T>>> {
        let block = self.top?;
        // SAFETY: a spare is alive, and the lock's holder's.
        let spare = unsafe { block.as_ref() };
        self.top = spare.next();
        self.count -= 1;
        spare.set_next(None);
        Some(block)
    }

    fn put(&mut self, block: NonNull<Block<T>>) {
        // SAFETY: alive, and the caller's.
        unsafe { block.as_ref() }.set_next(self.top.replace(block));
        self.count += 1;
    }
}

/// The receiver's end of the queue.
pub(crate) struct Head<T> {
    /// The block of `at`.
    block: NonNull<Block<T>>,
    at: Position,
}

impl<T> Head<T> {
    /// Where the next message will be read.
    #[inline]
    pub(crate) fn at(&self) -> Position {
        self.at
    }

    /// The slot of the next message.
    #[inline]
    pub(crate) fn slot(&self) -> &Slot<T> {
        // SAFETY: the receiver's block is alive: it is put among the spares by `go_on` alone.
        unsafe { self.block.as_ref() }.slot(self.at.index())
    }

    /// Takes the next message. No read-modify-write; one for the last of a block.
    ///
    /// # Safety
    /// `queue` is this end's, and R1 has returned READY.
    #[inline]
    pub(crate) unsafe fn take(&mut self, queue: &Queue<T>) -> T {
        // SAFETY: R1 returned READY, and once: `at` is moved on below.
        let message = unsafe { self.slot().read() };
        if self.at.after().index() == 0 {
            let read = self.go_on().expect("linked before its last slot is published");
            // SAFETY: alive: all its messages were read, and nobody has it any more (Claim (chain)).
            unsafe { read.as_ref() }.clear();
            queue.put_spare(read);
        } else {
            self.at = self.at.after();
        }
        message
    }

    /// Goes on without the message that will not come. The block is kept, and need not be followed by another
    /// if this was the last position.
    pub(crate) fn skip(&mut self) {
        self.go_on();
    }

    /// As [`take`](Self::take), with the block kept.
    ///
    /// # Safety
    /// As there.
    pub(crate) unsafe fn take_and_keep(&mut self) -> T {
        // SAFETY: R1 returned READY, and once: `at` is moved on below.
        let message = unsafe { self.slot().read() };
        self.go_on();
        message
    }

    pub(crate) fn block(&self) -> NonNull<Block<T>> {
        self.block
    }

    /// To the next position, and into the next block, if that is there. Returns the block that was left.
    #[inline]
    fn go_on(&mut self) -> Option<NonNull<Block<T>>> {
        self.at = self.at.after();
        if self.at.index() != 0 {
            return None;
        }
        // SAFETY: the receiver's block is alive.
        let next = unsafe { self.block.as_ref() }.next();
        // Linked before the last slot is published, and before anything is claimed after it.
        Some(core::mem::replace(&mut self.block, next?))
    }
}

#[cfg(all(test, not(rt_loom)))]
mod tests {
    use super::*;

    #[test]
    fn spare_blocks_are_used_again_the_last_first() {
        let mut spares = Spares::<u8> { top: None, count: 0 };
        let blocks = [(); 3].map(|()| Block::allocate());
        blocks.into_iter().for_each(|block| spares.put(block));
        assert_eq!(spares.count, 3);
        for (block, left) in blocks.into_iter().rev().zip([2, 1, 0]) {
            assert_eq!((spares.take(), spares.count), (Some(block), left));
            // SAFETY: allocated above, used by nobody, and in no list.
            unsafe { Block::free(block) };
        }
        assert_eq!(spares.take(), None);
    }
}
