//! `count --check`: every figure of ours against its ceiling.

use std::fs;

use anyhow::{Context, Result};
use serde_json::Value;

use super::{Bench, Cost, Row, is_ours};
use crate::flags::Table;
use crate::util::{self, figure};

const CEILINGS: &str = "benches/ceilings.json";

/// Instructions may exceed their ceiling by so much: compilers change their minds. Counts of
/// read-modify-writes, allocations and system calls may not.
const INSTRUCTIONS_SLACK: f64 = 1.05;

/// What a count may be off by, since a few turns of a driver fall on one side or the other.
const SLACK: f64 = 0.05;

/// Per task: what the process itself gains in the meantime, spread over a million.
const BYTES_SLACK: f64 = 1.0;

/// How often an operation is counted before it is said to be above its ceiling. Where two threads
/// meet, which of them comes first decides over a call more or less, and a tracer holds them up in
/// the middle of it; a cost that has really grown is there each time.
const COUNTS: usize = 4;

/// Counts again what is above its ceiling, prints what stays there, and returns how many that are.
///
/// `whole`: every operation of the table has been counted.
pub(super) fn check(
    bench: &Bench,
    table: Table,
    mut rows: Vec<Row<'_>>,
    whole: bool,
) -> Result<usize> {
    let text = fs::read_to_string(util::root().join(CEILINGS)).context(CEILINGS)?;
    let ceilings: Value = serde_json::from_str(&text).context(CEILINGS)?;
    let section = table.section();
    let ceilings = &ceilings[section];
    let mut problems = Vec::new();
    for row in &mut rows {
        let Some(ceiling) = ceilings.get(&row.operation.name) else {
            continue;
        };
        for (subject, cost) in row.costs.iter_mut().filter(|(subject, _)| is_ours(subject)) {
            for _ in 1..COUNTS {
                if above(cost, ceiling).next().is_none() {
                    break;
                }
                *cost = bench.measure(subject, row.operation, false)?;
                println!("{subject:<19} {:<20} again: {}", row.operation.name, cost.sentence());
            }
        }
    }
    for row in &rows {
        let name = &row.operation.name;
        for (_, cost) in row.costs.iter().filter(|(subject, _)| is_ours(subject)) {
            match ceilings.get(name) {
                Some(ceiling) => {
                    problems.extend(above(cost, ceiling).map(|text| format!("{name}: {text}")));
                }
                None => problems.push(format!("{name}: no ceiling in {CEILINGS}")),
            }
        }
    }
    let known = |name: &String| rows.iter().any(|row| row.operation.name == *name);
    let gone = ceilings.as_object().into_iter().flat_map(|ceilings| ceilings.keys());
    problems.extend(
        gone.filter(|name| whole && !known(name))
            .map(|name| format!("{name}: a ceiling in {CEILINGS} for no operation")),
    );
    problems.iter().for_each(|problem| println!("{section}: {problem}"));
    if problems.is_empty() {
        println!("count: {} operations ({section}) within their ceilings", rows.len());
    }
    Ok(problems.len())
}

/// The figures of a cost that exceed its ceiling; what a ceiling leaves out is free.
fn above(cost: &Cost, ceiling: &Value) -> impl Iterator<Item = String> {
    let figures = [
        ("rmw", Some(cost.rmw), 1.0, SLACK),
        ("allocs", Some(cost.allocs), 1.0, SLACK),
        ("syscalls", Some(cost.all_syscalls()), 1.0, SLACK),
        ("instructions", Some(cost.instructions), INSTRUCTIONS_SLACK, 0.0),
        ("bytes", cost.bytes, 1.0, BYTES_SLACK),
    ];
    figures.into_iter().filter_map(|(name, value, factor, slack)| {
        let (value, max) = (value?, ceiling[name].as_f64()?);
        (value > max * factor + slack)
            .then(|| format!("{} {name}, and the ceiling is {}", figure(value), figure(max)))
    })
}

#[cfg(test)]
mod tests {
    use super::{Cost, above};

    #[test]
    fn only_what_exceeds_its_ceiling_is_told() {
        let cost = Cost { rmw: 4.04, instructions: 104.0, allocs: 1.0, ..Cost::default() };
        let told = |ceiling| above(&cost, &ceiling).count();
        assert_eq!(told(serde_json::json!({ "rmw": 4, "instructions": 100, "allocs": 1 })), 0);
        assert_eq!(told(serde_json::json!({ "rmw": 3, "instructions": 99, "allocs": 0 })), 3);
        assert_eq!(told(serde_json::json!({})), 0);
    }
}
