//! Tests that a lane names one by one: each exists, and each is run.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Result, bail};

use super::ground::{Ground, passed};

/// A test, and what it is for.
pub(super) struct Known {
    /// The class of bug, or the fault.
    pub(super) of: &'static str,
    /// What went wrong, or what is done.
    pub(super) effect: &'static str,
    /// Where it was first seen, if elsewhere.
    pub(super) seen: &'static str,
    /// The file that has the test, from the top of the tree.
    pub(super) file: &'static str,
    pub(super) test: &'static str,
}

impl Known {
    /// The rest of a line of `cargo test` that runs it; none if it is a model.
    fn target(&self) -> Option<(&'static str, Option<&'static str>)> {
        let (package, rest) = self.file.strip_prefix("crates/")?.split_once('/')?;
        if rest.ends_with("loom_tests.rs") {
            return None;
        }
        let binary = rest.strip_prefix("tests/").and_then(|rest| rest.split('/').next());
        Some((package, binary))
    }

    /// `` `test` in `file` ``.
    pub(super) fn told(&self) -> String {
        let file = self.file.strip_prefix("crates/").unwrap_or(self.file);
        format!("`{}` in `{file}`", self.test)
    }
}

/// Runs all of them but models, and returns how many ran.
pub(super) fn run(ground: &mut Ground<'_>, all: &[Known], limit: Duration) -> Result<u64> {
    let only = ground.flags.only.clone();
    let asked =
        |known: &&Known| only.as_ref().is_none_or(|only| known.test.contains(only.as_str()));
    let mut by_target: BTreeMap<_, Vec<&str>> = BTreeMap::new();
    for known in all.iter().filter(asked) {
        if let Some(target) = known.target() {
            by_target.entry(target).or_default().push(known.test);
        }
    }
    let mut count = 0;
    for ((package, binary), tests) in by_target {
        let mut command = ground.cargo(["test", "--package", package, "--all-features"]);
        match binary {
            Some(binary) => command.args(["--test", binary]),
            None => command.arg("--lib"),
        };
        command.arg("--").args(&tests);
        let ran = passed(&ground.run(limit, &mut command)?)?;
        if ran < tests.len() as u64 {
            bail!("{package}: {ran} tests ran of {}", tests.join(", "));
        }
        count += ran;
    }
    Ok(count)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::fs;

    use super::super::lanes::{faults, history};
    use crate::util;

    /// A test that is renamed takes its row with it.
    #[test]
    fn each_test_that_is_named_exists() {
        let mut named = HashSet::new();
        for known in faults::FAULTS.iter().chain(history::HISTORY) {
            let text = fs::read_to_string(util::root().join(known.file)).expect(known.file);
            let found = text.contains(&format!("fn {}(", known.test));
            assert!(found, "{}: no test `{}`", known.file, known.test);
            assert!(named.insert((known.effect, known.test)), "twice: {}", known.test);
        }
    }
}
