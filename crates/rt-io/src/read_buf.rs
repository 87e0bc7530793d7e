//! A buffer that is filled step by step and may start uninitialised.
//!
//! ```text
//! [               capacity                  ]
//! [  filled  |           unfilled           ]
//! [     initialized      |  uninitialized   ]
//! ```
//! **I1** `filled <= initialized <= capacity`.
//! **I2** The first `initialized` bytes hold values. What holds a value keeps one: a reader that
//! got the memory as `MaybeUninit` writes bytes to it or leaves it alone.
//!
//! Every method here keeps both; so must whoever calls an `unsafe` one. What no type can keep: a
//! reader that is lent `&mut ReadBuf` may exchange it for another. Who lends one to foreign code
//! and then relies on the memory behind it compares `filled().as_ptr()` first.

use core::fmt;
use core::mem::MaybeUninit;
use core::ptr;

#[cfg(feature = "bytes")]
mod buf_mut;

/// A borrowed buffer that knows how much of it was filled and how much was ever initialised.
///
/// A reader appends to the filled part. It may be handed memory that holds no values yet, so
/// that nobody pays for zeroes that are overwritten at once.
///
/// ```
/// use rt_io::ReadBuf;
/// let mut memory = [0; 5];
/// let mut buf = ReadBuf::new(&mut memory);
/// buf.put_slice(b"abc");
/// assert_eq!((buf.filled(), buf.remaining()), (&b"abc"[..], 2));
/// ```
pub struct ReadBuf<'a> {
    memory: &'a mut [MaybeUninit<u8>],
    filled: usize,
    initialized: usize,
}

impl<'a> ReadBuf<'a> {
    /// An empty buffer over memory that holds values.
    #[inline]
    #[must_use]
    pub fn new(memory: &'a mut [u8]) -> Self {
        let initialized = memory.len();
        let memory = ptr::from_mut(memory) as *mut [MaybeUninit<u8>];
        Self {
            // SAFETY: the same memory, borrowed for as long; any `u8` is a `MaybeUninit<u8>`, of
            // the same layout. By I2 it holds values still when the borrow ends.
            memory: unsafe { &mut *memory },
            filled: 0,
            initialized,
        }
    }

    /// An empty buffer over memory that may hold no values.
    #[inline]
    #[must_use]
    pub fn uninit(memory: &'a mut [MaybeUninit<u8>]) -> Self {
        Self { memory, filled: 0, initialized: 0 }
    }

    /// Bytes that fit in all.
    #[inline]
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.memory.len()
    }

    /// Bytes that still fit.
    #[inline]
    #[must_use]
    pub fn remaining(&self) -> usize {
        self.capacity() - self.filled
    }

    /// What was read so far.
    #[inline]
    #[must_use]
    pub fn filled(&self) -> &[u8] {
        // SAFETY: `filled <= initialized` (I1), and those hold values (I2).
        unsafe { values(&self.memory[..self.filled]) }
    }

    /// What was read so far, to be changed.
    #[inline]
    #[must_use]
    pub fn filled_mut(&mut self) -> &mut [u8] {
        // SAFETY: `filled <= initialized` (I1), and those hold values (I2).
        unsafe { values_mut(&mut self.memory[..self.filled]) }
    }

    /// What holds values, filled or not.
    #[inline]
    #[must_use]
    pub fn initialized(&self) -> &[u8] {
        // SAFETY: the first `initialized` hold values (I2).
        unsafe { values(&self.memory[..self.initialized]) }
    }

    /// What holds values, filled or not, to be changed.
    #[inline]
    #[must_use]
    pub fn initialized_mut(&mut self) -> &mut [u8] {
        // SAFETY: the first `initialized` hold values (I2).
        unsafe { values_mut(&mut self.memory[..self.initialized]) }
    }

    /// An empty buffer over the first `n` unfilled bytes, or over all that are left if fewer.
    ///
    /// This buffer does not learn what the other is filled with: call
    /// [`assume_init`](Self::assume_init) and [`advance`](Self::advance) after it.
    #[inline]
    #[must_use]
    pub fn take(&mut self, n: usize) -> ReadBuf<'_> {
        let n = n.min(self.remaining());
        let initialized = n.min(self.initialized - self.filled);
        ReadBuf { memory: &mut self.memory[self.filled..][..n], filled: 0, initialized }
    }

    /// All the memory, filled or not.
    ///
    /// # Safety
    /// The caller takes no value away from a byte that holds one.
    #[inline]
    pub unsafe fn inner_mut(&mut self) -> &mut [MaybeUninit<u8>] {
        self.memory
    }

    /// The unfilled part, as it is.
    ///
    /// # Safety
    /// The caller takes no value away from a byte that holds one.
    #[inline]
    pub unsafe fn unfilled_mut(&mut self) -> &mut [MaybeUninit<u8>] {
        &mut self.memory[self.filled..]
    }

    /// The unfilled part, with zeroes where it held no values.
    #[inline]
    pub fn initialize_unfilled(&mut self) -> &mut [u8] {
        self.initialize_unfilled_to(self.remaining())
    }

    /// The first `n` bytes of the unfilled part, with zeroes where they held no values.
    ///
    /// # Panics
    /// If `n` is more than [`remaining`](Self::remaining).
    #[inline]
    #[track_caller]
    pub fn initialize_unfilled_to(&mut self, n: usize) -> &mut [u8] {
        self.assert_fits(n);
        let end = self.filled + n;
        if self.initialized < end {
            self.memory[self.initialized..end].fill(MaybeUninit::new(0));
            self.initialized = end;
        }
        // SAFETY: `end <= initialized` now, and those hold values (I2).
        unsafe { values_mut(&mut self.memory[self.filled..end]) }
    }

    /// Forgets what was read. What holds values goes on holding them.
    #[inline]
    pub fn clear(&mut self) {
        self.filled = 0;
    }

    /// Counts `n` more bytes as filled.
    ///
    /// # Panics
    /// If those were not initialised.
    #[inline]
    #[track_caller]
    pub fn advance(&mut self, n: usize) {
        let Some(filled) = self.filled.checked_add(n) else {
            past_initialized(usize::MAX, self.initialized);
        };
        self.set_filled(filled);
    }

    /// Counts the first `n` bytes as filled, and no others.
    ///
    /// # Panics
    /// If those were not initialised.
    #[inline]
    #[track_caller]
    pub fn set_filled(&mut self, n: usize) {
        if n > self.initialized {
            past_initialized(n, self.initialized);
        }
        self.filled = n;
    }

    /// Counts the first `n` unfilled bytes as initialised. Does not count them as filled.
    ///
    /// # Safety
    /// They hold values, and `n` is at most [`remaining`](Self::remaining).
    #[inline]
    pub unsafe fn assume_init(&mut self, n: usize) {
        debug_assert!(n <= self.remaining(), "the contract of `assume_init`");
        self.initialized = self.initialized.max(self.filled + n);
    }

    /// Appends `bytes`.
    ///
    /// # Panics
    /// If they do not fit in [`remaining`](Self::remaining).
    #[inline]
    #[track_caller]
    pub fn put_slice(&mut self, bytes: &[u8]) {
        self.assert_fits(bytes.len());
        let end = self.filled + bytes.len();
        self.memory[self.filled..end].copy_from_slice(as_uninit(bytes));
        self.initialized = self.initialized.max(end);
        self.filled = end;
    }

    #[inline]
    #[track_caller]
    fn assert_fits(&self, n: usize) {
        assert!(
            n <= self.remaining(),
            "{n} bytes do not fit in the {} that remain of the buffer",
            self.remaining()
        );
    }
}

#[cold]
#[track_caller]
fn past_initialized(n: usize, initialized: usize) -> ! {
    panic!("{n} bytes cannot be filled: {initialized} are initialised");
}

impl fmt::Debug for ReadBuf<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadBuf")
            .field("filled", &self.filled)
            .field("initialized", &self.initialized)
            .field("capacity", &self.capacity())
            .finish()
    }
}

#[inline]
fn as_uninit(bytes: &[u8]) -> &[MaybeUninit<u8>] {
    let memory = ptr::from_ref(bytes) as *const [MaybeUninit<u8>];
    // SAFETY: the same memory and layout, borrowed for as long, and shared: nobody writes to it.
    unsafe { &*memory }
}

/// # Safety
/// All of `memory` holds values.
#[inline]
unsafe fn values(memory: &[MaybeUninit<u8>]) -> &[u8] {
    let values = ptr::from_ref(memory) as *const [u8];
    // SAFETY: the same memory and layout, borrowed for as long, and it holds values (contract).
    unsafe { &*values }
}

/// # Safety
/// All of `memory` holds values.
#[inline]
unsafe fn values_mut(memory: &mut [MaybeUninit<u8>]) -> &mut [u8] {
    let values = ptr::from_mut(memory) as *mut [u8];
    // SAFETY: the same memory and layout, borrowed for as long, and it holds values (contract).
    unsafe { &mut *values }
}

#[cfg(test)]
mod model_tests;
