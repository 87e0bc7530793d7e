//! The futures that methods and functions here return, for those who name them.

#[cfg(feature = "bytes")]
pub use crate::ext::{ReadInto, WriteAllBuf, WriteBuf};
pub use crate::{
    buf::{NextLine, NextSegment},
    copy::{Copy, CopyBidirectional, CopyBuf},
    ext::{
        FillBuf, Flush, Read, ReadExact, ReadLine, ReadNumber, ReadToEnd, ReadToString, ReadUntil,
        Seek, Shutdown, Write, WriteAll, WriteNumber, WriteVectored,
    },
};
