//! What reads and writes memory.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| rt_programs::parts::io(bytes));
