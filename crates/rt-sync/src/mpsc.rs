//! Channels of many senders and one receiver: [bounded](channel) and [unbounded](unbounded_channel).
//!
//! Messages of one sender are received in the order in which they were sent. A bounded channel hands its room
//! out first come, first served. When all senders are gone the receiver gets what was sent, and then `None`;
//! when the receiver is gone, sending fails and what was not received is dropped.
//!
//! # Where to read on
//! `slot.rs` is one message and the wait for it; `queue.rs` the blocks of slots; `chan.rs` who is there;
//! `receiving.rs` and `sending.rs` what both kinds of channel have in common, `unbounded.rs` and `bounded.rs`
//! what they offer.
//!
//! # What it costs
//! In read-modify-writes, of who finds what it wants:
//!
//! | | unbounded | bounded |
//! |---|---|---|
//! | send | 2: claim a slot, publish it | 3: and room |
//! | receive | 0 | 1: give the room back |
//! | receive `n` at once | 0 | 1 |
//! | clone a sender, drop one | 1, 1 | 1, 1 |
//! | downgrade, upgrade | 1, 1 | 1, 1 |
//!
//! To wait for a message costs one and a clone of the waker; to send to who waits costs nothing more than
//! the wake. With each 32nd message three more are spent on the block, two by the sender and one by the
//! receiver, and nothing is allocated as long as 256 messages' room is enough for the rise and fall. A channel is one
//! allocation.

mod block;
mod bound;
mod bounded;
mod chan;
mod closing;
#[cfg(doctest)]
mod misuse;
mod permit;
mod queue;
mod receiving;
mod recv;
mod send;
mod sending;
mod slot;
mod unbounded;
mod wake;

pub mod error;
/// The futures of the channels, by name.
pub mod futures {
    pub use super::closing::Closed;
    pub use super::recv::{Recv, RecvMany};
    pub use super::send::{Reserve, ReserveMany, ReserveOwned, Send, SendTimeout};
}

pub use bounded::{Receiver, Sender, WeakSender, channel};
pub use permit::{OwnedPermit, Permit, PermitIterator};
pub use unbounded::{UnboundedReceiver, UnboundedSender, WeakUnboundedSender, unbounded_channel};

#[cfg(all(test, rt_loom))]
mod loom_tests;
#[cfg(all(test, feature = "std", not(rt_loom)))]
mod model_tests;
#[cfg(all(test, feature = "std", not(rt_loom)))]
mod tests;
#[cfg(all(test, feature = "std", not(rt_loom)))]
mod unbounded_tests;
