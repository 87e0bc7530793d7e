//! What server and load must both know to tell a right answer from a wrong one.

/// What `hash` answers: some work for a processor.
pub(crate) fn hashed(rounds: u64) -> u64 {
    (0..rounds).fold(0xcbf2_9ce4_8422_2325, |hash, round| {
        (hash ^ round).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// What `file` answers for these bytes.
pub(crate) fn summed(bytes: &[u8]) -> u64 {
    bytes.iter().map(|byte| u64::from(*byte)).sum::<u64>() + bytes.len() as u64
}

/// What the server's file has in it.
pub(crate) fn data() -> Vec<u8> {
    (0..50_000_u32).map(|at| (at % 251) as u8).collect()
}

/// What HTTP answers at `/`.
pub(crate) const HELLO: &str = "hello";

/// The last line before the server closes a connection of its own accord.
pub(crate) const BYE: &str = "bye";

#[cfg(test)]
mod tests {
    use super::{data, hashed, summed};

    #[test]
    fn another_request_has_another_answer() {
        assert_ne!(hashed(10), hashed(11));
        let mut bytes = data();
        let sum = summed(&bytes);
        bytes.pop();
        assert_ne!(summed(&bytes), sum);
    }
}
