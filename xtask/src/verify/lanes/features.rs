//! Each crate alone, with each of its features, and all of them by the oldest compiler that must do.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::super::ground::Ground;
use super::super::lane::{Bug, Ci, Lane, Outcome};
use crate::{source, util};

pub(super) const LANE: Lane = Lane {
    name: "features",
    technique: "each crate alone: without features, with each, with all; and by the `rust-version` of Cargo.toml",
    shows: &[
        "every feature compiles without the others, and everything by the compiler that is promised",
    ],
    ci: Ci::OnDemand("many small builds: five minutes on two processors"),
    run,
    bugs: &[Bug {
        name: "std_where_there_is_none",
        effect: "a crate without its feature `std` uses `std`",
        file: "crates/rt-task/src/error.rs",
        from: "#[cfg(feature = \"std\")]\nmod with_std {",
        to: "mod with_std {",
        only: "rt-task",
        told: "error[E0433]",
    }],
};

/// One build.
const LIMIT: Duration = Duration::from_secs(900);

fn run(ground: &mut Ground<'_>) -> Result<Outcome> {
    let metadata = util::metadata()?;
    let names: Vec<String> = source::crates()?.into_iter().map(|(name, _)| name).collect();
    let (mut count, mut failed) = (0, 0);
    for name in &names {
        if ground.flags.only.as_ref().is_some_and(|only| only != name) {
            continue;
        }
        for features in sets(&metadata, name) {
            let mut command = ground.cargo(["check", "--lib", "-p"]);
            command.arg(name).args(&features).env("RUSTFLAGS", "-D warnings");
            count += 1;
            if let Err(error) = ground.run(LIMIT, &mut command) {
                println!("   {error:#}");
                failed += 1;
            }
        }
    }
    if failed > 0 {
        bail!("{failed} of {count} sets of features do not compile without a warning");
    }
    let oldest = if ground.flags.only.is_some() {
        String::new()
    } else {
        oldest(ground, &metadata, &names)?
    };
    Ok(Outcome::Passed(format!("{count} sets of features{oldest}")))
}

/// The words for `cargo` that choose features, set by set.
fn sets(metadata: &Value, name: &str) -> Vec<Vec<String>> {
    let packages = metadata["packages"].as_array().into_iter().flatten();
    let package = packages.into_iter().find(|package| package["name"] == name);
    let features = package.and_then(|package| package["features"].as_object());
    let features = features.into_iter().flatten().map(|(feature, _)| feature.clone());
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    let mut sets = vec![words(&["--no-default-features"])];
    sets.extend(features.map(|feature| words(&["--no-default-features", "--features", &feature])));
    if sets.len() > 1 {
        sets.push(words(&["--all-features"]));
    }
    sets
}

/// All crates by the compiler that the workspace names, where that is installed.
fn oldest(ground: &mut Ground<'_>, metadata: &Value, names: &[String]) -> Result<String> {
    let version = metadata["packages"][0]["rust_version"].as_str();
    let version = version.context("Cargo.toml says no rust-version")?;
    if !util::has_toolchain(version) {
        println!("   skipped: Rust {version} is not installed");
        return Ok(format!("; without Rust {version}, which is not installed"));
    }
    let mut command = util::cargo_of(version, ["check", "--lib", "--all-features"]);
    command.env("CARGO_TARGET_DIR", ground.target_dir());
    command.args(names.iter().flat_map(|name| ["-p", name]));
    ground.run(LIMIT, &mut command)?;
    Ok(format!("; all by Rust {version}"))
}

#[cfg(test)]
mod tests {
    use super::sets;

    #[test]
    fn each_feature_comes_alone() {
        let metadata = serde_json::json!({ "packages": [
            { "name": "rt-a", "features": { "x": [], "y": [] } },
            { "name": "rt-b", "features": {} },
        ]});
        let told: Vec<String> = sets(&metadata, "rt-a").iter().map(|set| set.join(" ")).collect();
        assert_eq!(
            told,
            [
                "--no-default-features",
                "--no-default-features --features x",
                "--no-default-features --features y",
                "--all-features"
            ]
        );
        assert_eq!(sets(&metadata, "rt-b").len(), 1);
    }
}
