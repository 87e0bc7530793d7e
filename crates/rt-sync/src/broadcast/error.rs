//! What can go wrong with messages to all.

use core::fmt;

/// There is no receiver. Holds the message.
#[derive(Debug)]
pub struct SendError<T>(pub T);

impl<T> fmt::Display for SendError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("channel closed")
    }
}

impl<T: fmt::Debug> core::error::Error for SendError<T> {}

/// There is no message to receive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecvError {
    /// All senders are gone, and all messages were received.
    Closed,
    /// So many messages were overwritten before this receiver came to them. It goes on with the oldest that is
    /// kept.
    Lagged(u64),
}

impl fmt::Display for RecvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed => f.write_str("channel closed"),
            Self::Lagged(missed) => write!(f, "channel lagged by {missed}"),
        }
    }
}

impl core::error::Error for RecvError {}

/// There is no message to receive now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TryRecvError {
    /// All messages were received, and more may come.
    Empty,
    /// All senders are gone, and all messages were received.
    Closed,
    /// So many messages were overwritten before this receiver came to them. It goes on with the oldest that is
    /// kept.
    Lagged(u64),
}

impl fmt::Display for TryRecvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("channel empty"),
            Self::Closed => f.write_str("channel closed"),
            Self::Lagged(missed) => write!(f, "channel lagged by {missed}"),
        }
    }
}

impl core::error::Error for TryRecvError {}
