//! Programs of tasks on the single-thread runtimes, where the same bytes do the same again.

#![no_main]

use rt_programs::{Flavor, check, replay};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    for flavor in [Flavor::Current, Flavor::LocalSet] {
        if let Err(failure) = check(bytes, flavor) {
            panic!("{failure}\nrun it again by: {}", replay(bytes, flavor));
        }
    }
});
