//! What can go wrong with one message.

use core::fmt;

/// The sender is gone, or the receiver was closed, and there is no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecvError(pub(super) ());

impl fmt::Display for RecvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("channel closed")
    }
}

impl core::error::Error for RecvError {}

/// There is no value now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TryRecvError {
    /// Not yet: the sender may still send.
    Empty,
    /// Never: the sender is gone, the receiver was closed, or the value was received.
    Closed,
}

impl fmt::Display for TryRecvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "channel empty",
            Self::Closed => "channel closed",
        })
    }
}

impl core::error::Error for TryRecvError {}
