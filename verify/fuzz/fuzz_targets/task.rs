//! One task and its state word, in any order of what can be done to it.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| rt_programs::parts::task(bytes));
