//! The summary that `strace -c` writes.

use std::collections::BTreeMap;

/// Fewer calls per operation than this are the edges of a run.
const CALLS_MIN: f64 = 0.01;

/// Calls by name.
pub(super) fn parse(text: &str) -> BTreeMap<String, f64> {
    let rows = text.lines().filter_map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        // Share, seconds, microseconds a call, calls, errors if any, name.
        let (calls, name) = (words.get(3)?, words.last()?);
        Some(((*name).to_owned(), calls.parse().ok()?))
    });
    rows.filter(|(name, _)| name != "total").collect()
}

/// The difference of two runs, per operation.
pub(super) fn per_op(
    few: &BTreeMap<String, f64>,
    many: &BTreeMap<String, f64>,
    times: f64,
) -> BTreeMap<String, f64> {
    let calls = many.iter().map(|(name, calls)| {
        let before = few.get(name).copied().unwrap_or_default();
        (name.clone(), (calls - before) / times)
    });
    calls.filter(|(_, calls)| *calls >= CALLS_MIN).collect()
}

#[cfg(test)]
mod tests {
    use super::{parse, per_op};

    const TEXT: &str = "\
% time     seconds  usecs/call     calls    errors syscall
------ ----------- ----------- --------- --------- ----------------
 60.00    0.001000           1       400       200 recvfrom
 40.00    0.001000           1       200           sendto
------ ----------- ----------- --------- --------- ----------------
100.00    0.002000           1       600       200 total
";

    #[test]
    fn calls_are_told_by_name() {
        let calls = parse(TEXT);
        assert_eq!(calls.len(), 2);
        let few = [("sendto".to_owned(), 100.0), ("recvfrom".to_owned(), 400.0)].into();
        assert_eq!(per_op(&few, &calls, 100.0), [("sendto".to_owned(), 1.0)].into());
    }
}
