//! From readers to writers until the end.
//!
//! What is read and not written yet is in the future: dropping one loses it. While the reader has
//! nothing, what was written is flushed, so that who waits for it before it says more gets it.
//!
//! A buffer begins with 8 KiB and doubles up to 64 KiB when reads keep filling it: a stream in bulk
//! costs an eighth of the system calls, one that trickles no memory. With sizes of your own they are
//! kept. One poll moves at most 64 buffers, so that a reader and a writer that are always ready
//! (and take no part in the budget) leave others their turn.

mod both;
mod buffered;
mod one;
mod pump;

pub use both::{CopyBidirectional, copy_bidirectional, copy_bidirectional_with_sizes};
pub use buffered::{CopyBuf, copy_buf};
pub use one::{Copy, copy};

use core::task::{Context, Poll};

/// Buffers that are moved in one poll.
const ROUNDS_MAX: u32 = 64;

/// Lets others run first.
#[cold]
fn give_way<T>(cx: &mut Context<'_>) -> Poll<T> {
    cx.waker().wake_by_ref();
    Poll::Pending
}

#[cfg(test)]
mod tests;
