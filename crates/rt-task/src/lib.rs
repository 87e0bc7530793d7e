//! The task of the rt runtime: one allocation, one state word, and the ground floor that every other crate stands on.
