//! Every crate that a published one depends on has a row with its reason, and no other has.

use std::collections::BTreeSet;

use serde_json::Value;

pub(super) const PAGE: &str = "docs/dependencies.md";

pub(super) fn check(page: &str, metadata: &Value) -> Vec<String> {
    let rows: Vec<&str> = page.lines().filter_map(named).collect();
    let wanted = wanted(metadata);
    let mut problems = Vec::new();
    for name in &wanted {
        match rows.iter().filter(|row| *row == name).count() {
            1 => {}
            0 => problems.push(format!("{PAGE}: no row for `{name}`: what is it for?")),
            count => problems.push(format!("{PAGE}: {count} rows for `{name}`")),
        }
    }
    let old = rows.iter().filter(|row| !wanted.contains(**row));
    problems.extend(old.map(|row| format!("{PAGE}: nothing that is published depends on `{row}`")));
    problems
}

/// The crate that a row of a table is about: its first cell is a name in backticks.
fn named(line: &str) -> Option<&str> {
    let (name, _) = line.strip_prefix("| `")?.split_once("` |")?;
    Some(name)
}

/// What published crates name as normal dependencies, those for building included; not each other.
fn wanted(metadata: &Value) -> BTreeSet<&str> {
    let packages: Vec<&Value> = metadata["packages"].as_array().into_iter().flatten().collect();
    let ours: Vec<&str> = packages.iter().filter_map(|package| package["name"].as_str()).collect();
    let published = packages.iter().filter(|package| {
        package["publish"].as_array().is_none_or(|registries| !registries.is_empty())
    });
    let dependencies =
        published.flat_map(|package| package["dependencies"].as_array().into_iter().flatten());
    dependencies
        .filter(|dependency| dependency["kind"] != "dev")
        .filter_map(|dependency| dependency["name"].as_str())
        .filter(|name| !ours.contains(name))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn rows_and_manifests_agree() {
        let metadata = serde_json::json!({ "packages": [
            { "name": "rt-a", "publish": null, "dependencies": [
                { "name": "rt-b", "kind": null }, { "name": "mio", "kind": null },
                { "name": "proptest", "kind": "dev" },
            ]},
            { "name": "rt-b", "publish": [], "dependencies": [{ "name": "slab", "kind": null }] },
        ]});
        let heading = "| crate | in |\n|---|---|\n";
        assert_eq!(check(&format!("{heading}| `mio` | readiness |\n"), &metadata).len(), 0);
        assert_eq!(check(heading, &metadata).len(), 1);
        let more = format!("{heading}| `mio` | x |\n| `mio` | x |\n| `slab` | x |\n");
        assert_eq!(check(&more, &metadata).len(), 2);
    }
}
