//! What the primitives are made of.

pub(crate) mod waiters;
