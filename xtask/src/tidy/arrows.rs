//! The direction rule: arrows point down, and siblings never name each other.

use serde_json::Value;

/// What each crate may name, tests included.
const ALLOWED: &[(&str, &[&str])] = &[
    ("rt-task", &[]),
    ("rt-macros", &[]),
    ("xtask", &[]),
    ("rt-sched-current", &["rt-task"]),
    ("rt-sched-multi", &["rt-task"]),
    ("rt-timer", &["rt-task"]),
    ("rt-blocking", &["rt-task"]),
    ("rt-reactor", &["rt-task"]),
    ("rt-io", &["rt-task"]),
    ("rt-sync", &["rt-task"]),
    ("rt-test", &["rt-task"]),
    ("rt-net", &["rt-task", "rt-reactor", "rt-io"]),
    ("rt-fs", &["rt-task", "rt-reactor", "rt-io"]),
    ("rt-process", &["rt-task", "rt-reactor", "rt-io"]),
    ("rt-signal", &["rt-task", "rt-reactor", "rt-io"]),
    ("rt-scaling", &["rt-task", "rt-sched-multi", "rt-sync", "rt-timer"]),
];

/// Crates that see everything below them.
const SEE_ALL: &[&str] = &["rt-facade", "rt-benches", "rt-soak", "rt-programs"];

pub(super) fn check(metadata: &Value) -> Vec<String> {
    let mut problems = Vec::new();
    let packages: Vec<&Value> = metadata["packages"].as_array().into_iter().flatten().collect();
    let members: Vec<&str> =
        packages.iter().filter_map(|package| package["name"].as_str()).collect();
    for package in &packages {
        let from = package["name"].as_str().unwrap_or_default();
        for dependency in package["dependencies"].as_array().into_iter().flatten() {
            let to = dependency["name"].as_str().unwrap_or_default();
            let kind = dependency["kind"].as_str().unwrap_or("normal");
            problems.extend(arrow(from, to, kind, members.contains(&to)));
        }
    }
    problems
}

/// What is wrong with one arrow.
fn arrow(from: &str, to: &str, kind: &str, ours: bool) -> Option<String> {
    if to == "loom" && from != "rt-task" {
        return Some(format!("{from} -> loom: only the shim in rt-task depends on loom"));
    }
    if !ours {
        return None;
    }
    let below = match SEE_ALL.contains(&from) {
        true => !["xtask", "rt-benches"].contains(&to),
        false => match ALLOWED.iter().find(|(name, _)| *name == from) {
            Some((_, below)) => below.contains(&to),
            None => return Some(format!("{from}: no row in xtask/src/tidy/arrows.rs yet")),
        },
    };
    (!below).then(|| format!("{from} -> {to} ({kind}): a sideways or upward arrow"))
}

#[cfg(test)]
mod tests {
    use super::{arrow, check};

    #[test]
    fn arrows_point_down_only() {
        assert_eq!(arrow("rt-net", "rt-reactor", "normal", true), None);
        assert_eq!(arrow("rt-facade", "rt-net", "normal", true), None);
        assert_eq!(arrow("rt-timer", "mio", "normal", false), None);
        assert!(arrow("rt-task", "rt-timer", "normal", true).is_some());
        assert!(arrow("rt-timer", "rt-reactor", "dev", true).is_some());
        assert!(arrow("rt-facade", "rt-benches", "dev", true).is_some());
        assert!(arrow("rt-timer", "loom", "dev", false).is_some());
        assert!(arrow("rt-new", "rt-task", "normal", true).is_some());
    }

    #[test]
    fn dev_dependencies_count() {
        let metadata = serde_json::json!({ "packages": [
            { "name": "rt-timer", "dependencies": [{ "name": "rt-net", "kind": "dev" }] },
            { "name": "rt-net", "dependencies": [{ "name": "rt-task", "kind": null }] },
            { "name": "rt-task", "dependencies": [] },
        ]});
        assert_eq!(check(&metadata).len(), 1);
    }
}
