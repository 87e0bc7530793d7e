//! The reactor's slots and words, by way of its driver.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| rt_programs::parts::reactor(bytes));
