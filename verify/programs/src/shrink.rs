//! A smaller program that fails as well.

use crate::program::{CHUNK, HEAD};

/// Takes commands out, and makes numbers smaller, for as long as `fails` says that it still fails.
pub fn shrink(bytes: &[u8], mut fails: impl FnMut(&[u8]) -> bool) -> Vec<u8> {
    let mut best = bytes.to_vec();
    let mut length = (best.len() - HEAD.min(best.len())) / CHUNK;
    while length > 0 {
        let mut at = HEAD;
        while at + length * CHUNK <= best.len() {
            let less = [&best[..at], &best[at + length * CHUNK..]].concat();
            match fails(&less) {
                true => best = less,
                false => at += length * CHUNK,
            }
        }
        length /= 2;
    }
    for at in 0..best.len() {
        for smaller in [0, best[at] / 2] {
            let mut less = best.clone();
            less[at] = smaller;
            if smaller < best[at] && fails(&less) {
                best = less;
                break;
            }
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::{CHUNK, HEAD, shrink};

    #[test]
    fn what_makes_it_fail_is_left() {
        let mut bytes = vec![7; HEAD + 20 * CHUNK];
        bytes[HEAD + 5 * CHUNK + 1] = 200;
        let fails = |bytes: &[u8]| bytes.iter().any(|byte| *byte > 99);
        let small = shrink(&bytes, fails);
        assert!(fails(&small));
        assert_eq!(small.len(), HEAD + CHUNK);
        assert_eq!(small.iter().filter(|byte| **byte > 0).count(), 1);
    }
}
