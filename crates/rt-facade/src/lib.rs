//! The rt runtime: its separable parts under one roof.
