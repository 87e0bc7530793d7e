//! A pool of threads for closures that block.
