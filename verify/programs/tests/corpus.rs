//! The inputs that the fuzzer found to reach something new, without the fuzzer.

#![allow(clippy::print_stdout, reason = "a test that fails says on which input")]

use std::fs;
use std::path::Path;

use rt_programs::{Flavor, check, parts, replay};

fn each(target: &str, run: impl Fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target);
    let mut count = 0;
    for input in fs::read_dir(&folder).expect("there is a corpus") {
        let path = input.expect("a folder can be read").path();
        println!("{}", path.display());
        run(&fs::read(&path).expect("an input can be read"));
        count += 1;
    }
    assert!(count > 0, "{} is empty", folder.display());
}

/// One test: it counts the threads of the process.
#[test]
fn every_kept_input_does_what_its_model_does() {
    each("task", parts::task);
    each("timers", parts::timers);
    each("sync", parts::sync);
    each("io", parts::io);
    each("reactor", parts::reactor);
    each("programs", |bytes| {
        if let Err(failure) = check(bytes, Flavor::Current) {
            panic!("{failure}\nrun it again by: {}", replay(bytes, Flavor::Current));
        }
    });
}
