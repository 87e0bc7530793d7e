//! What every crate must say of itself before it can be published.

use std::fs;

use anyhow::Result;
use serde_json::Value;

use crate::util;

pub(super) fn check(metadata: &Value) -> Result<Vec<String>> {
    let mut problems = Vec::new();
    for licence in ["LICENSE-MIT", "LICENSE-APACHE"] {
        if !util::root().join(licence).is_file() {
            problems.push(format!("{licence}: missing"));
        }
    }
    for package in metadata["packages"].as_array().into_iter().flatten() {
        let path = package["manifest_path"].as_str().unwrap_or_default();
        let manifest = fs::read_to_string(path)?;
        let name = util::relative(path.as_ref());
        problems.extend(complaints(package, &manifest).map(|text| format!("{name}: {text}")));
    }
    Ok(problems)
}

fn complaints(package: &Value, manifest: &str) -> impl Iterator<Item = &'static str> {
    let published = package["publish"].as_array().is_none_or(|registries| !registries.is_empty());
    let says = |key: &str| package[key].as_str().is_some_and(|text| !text.is_empty());
    let inherits_lints = manifest
        .split_once("[lints]")
        .is_some_and(|(_, rest)| rest.trim_start().starts_with("workspace = true"));
    [
        (!inherits_lints, "does not inherit the workspace lints"),
        (!says("license"), "no licence"),
        (published && !says("description"), "no description"),
        (published && !says("readme"), "no readme"),
    ]
    .into_iter()
    .filter_map(|(wrong, text)| wrong.then_some(text))
}

#[cfg(test)]
mod tests {
    use super::complaints;

    #[test]
    fn a_published_crate_describes_itself() {
        let bare = serde_json::json!({ "license": "MIT", "publish": null });
        assert_eq!(complaints(&bare, "[lints]\nworkspace = true\n").count(), 2);
        let inner = serde_json::json!({ "license": "MIT", "publish": [] });
        assert_eq!(complaints(&inner, "[lints]\nworkspace = true\n").count(), 0);
        assert_eq!(complaints(&inner, "[lints.rust]\n").count(), 1);
    }
}
