//! As many random programs as fit into a few seconds, on each flavour.
//!
//! The one test of this process: it counts the threads and the descriptors of all.

use rt_programs::{Flavor, bytes, check, replay};

const SEEDS: u64 = 40;

#[test]
fn every_flavor_does_what_the_model_does() {
    for seed in 0..SEEDS {
        let bytes = bytes(seed);
        for flavor in Flavor::ALL {
            if let Err(failure) = check(&bytes, flavor) {
                panic!(
                    "seed {seed} on {flavor}: {failure}\nrun it again by: {}",
                    replay(&bytes, flavor)
                );
            }
        }
    }
}
