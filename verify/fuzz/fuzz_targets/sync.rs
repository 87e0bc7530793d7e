//! Permits, notifications, and who waits for them.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| rt_programs::parts::sync(bytes));
