//! What all streams have in common, TCP's, Unix's and pipes: how their bytes move, the futures of
//! their methods, and the traits of readers and writers.
//!
//! Who has a stream to itself, by `&mut`, waits and transfers at the least cost. The halves of a
//! split stream share it, and go by the protocol that any number of tasks may use at once. One may
//! follow the other: what is kept for whoever has the stream alone is told to all when it is
//! split.

mod futures;
mod halves;
mod methods;
mod traits;
mod transfer;

pub use futures::{Read, ReadExact, ReadVectored, Shutdown, Write, WriteAll, WriteVectored};
pub(crate) use futures::{ReadAt, WriteAt};
pub(crate) use halves::halves;
pub(crate) use methods::{
    polls_reading, polls_writing, reads, reads_alone, tries_reading, tries_writing, writes,
    writes_alone,
};
pub(crate) use transfer::{Reads, Writes};
