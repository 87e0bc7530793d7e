//! [`ReadBuf`] for code that appends through `bytes`.

use bytes::buf::UninitSlice;

use super::ReadBuf;

// SAFETY: `chunk_mut` is the unfilled part, `remaining_mut` is its length, and `advance_mut`
// moves its start past what was written.
unsafe impl bytes::BufMut for ReadBuf<'_> {
    #[inline]
    fn remaining_mut(&self) -> usize {
        self.remaining()
    }

    #[inline]
    fn chunk_mut(&mut self) -> &mut UninitSlice {
        // SAFETY: an `UninitSlice` lets nobody take a value away.
        UninitSlice::uninit(unsafe { self.unfilled_mut() })
    }

    #[inline]
    unsafe fn advance_mut(&mut self, n: usize) {
        // Checked here, since `advance` could not see that `n` is too much for the memory.
        assert!(n <= self.remaining(), "{n} bytes do not fit");
        // SAFETY: they fit, and hold values (contract of `advance_mut`).
        unsafe { self.assume_init(n) };
        self.advance(n);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::BufMut;
    use core::mem::MaybeUninit;

    #[test]
    fn what_is_put_through_bytes_is_filled() {
        let mut memory = [MaybeUninit::uninit(); 8];
        let mut buf = ReadBuf::uninit(&mut memory);
        buf.put_u16(0x0102);
        buf.put_slice(b"abc");
        assert_eq!(buf.filled(), b"\x01\x02abc");
        assert_eq!((buf.remaining_mut(), buf.chunk_mut().len()), (3, 3));
    }

    #[test]
    #[should_panic = "do not fit"]
    fn more_than_there_is_cannot_be_counted() {
        let mut memory = [0; 2];
        let mut buf = ReadBuf::new(&mut memory);
        // SAFETY: breaks the contract, which `advance_mut` is to notice before it does harm.
        unsafe { buf.advance_mut(3) };
    }
}
