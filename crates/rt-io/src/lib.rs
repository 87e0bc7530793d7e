//! Asynchronous reading and writing: the traits, with no runtime inside.
