//! Buffers between a program and what is read or written, and reading by pieces.

mod lines;
mod memory;
mod reader;
mod seek;
mod split;
mod stream;
mod writer;

pub use lines::{Lines, NextLine};
pub(crate) use memory::Buffer;
pub use reader::BufReader;
pub use split::{NextSegment, Split};
pub use stream::BufStream;
pub use writer::BufWriter;

/// Bytes that a buffer has unless told otherwise: a large part of what a system moves at once, and
/// small enough to have thousands.
pub(crate) const CAPACITY: usize = 8 * 1024;

#[cfg(test)]
mod model_tests;
#[cfg(test)]
mod tests;
