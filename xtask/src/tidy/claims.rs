//! Every claim about a protocol names the test that would see it broken.

use super::Room;
use crate::source::{Source, words};

const CLAIM: &str = "**Claim";
const CHECKED: &str = "**Checked by**";

pub(super) fn check(rooms: &[Room]) -> Vec<String> {
    let mut problems = Vec::new();
    for room in rooms {
        for (line, text) in room.source.doc_blocks() {
            for named in claims(&text) {
                let place = format!("{}:{}", room.source.path, line + named.line);
                if named.tests.is_empty() {
                    problems.push(format!("{place}: a claim without a `**Checked by** `test``"));
                }
                let missing = named.tests.iter().filter(|test| !exists(rooms, &room.krate, test));
                problems.extend(missing.map(|test| format!("{place}: no test `{test}`")));
            }
        }
    }
    problems
}

/// One claim, or one list of tests that stands without a claim.
#[derive(Debug, PartialEq)]
struct Named {
    /// Within its block, from 0.
    line: usize,
    tests: Vec<String>,
}

fn claims(block: &[&str]) -> Vec<Named> {
    let mut found: Vec<Named> = Vec::new();
    // The paragraph that names the tests goes on until a blank line or the next bold word.
    let mut naming = false;
    let mut open = false;
    for (line, text) in block.iter().enumerate() {
        if text.contains(CLAIM) {
            found.push(Named { line, tests: Vec::new() });
            (naming, open) = (false, true);
        }
        let names = match text.split_once(CHECKED) {
            Some((_, names)) => {
                if !open {
                    found.push(Named { line, tests: Vec::new() });
                }
                (naming, open) = (true, false);
                names
            }
            None => {
                naming &= !text.trim().is_empty() && !text.contains("**");
                text
            }
        };
        if let (true, Some(claim)) = (naming, found.last_mut()) {
            let quoted = names.split('`').skip(1).step_by(2);
            claim.tests.extend(quoted.filter(|name| is_path(name)).map(str::to_owned));
        }
    }
    found
}

fn is_path(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|char| char.is_alphanumeric() || "_:-".contains(char))
}

/// Whether a function stands where the path says, in this crate or in the one that it names.
fn exists(rooms: &[Room], krate: &str, test: &str) -> bool {
    let mut path: Vec<&str> = test.split("::").collect();
    let named = path[0].replace('_', "-");
    let mut home = krate;
    if rooms.iter().any(|room| room.krate == named) && path.len() > 1 {
        home = &named;
        path.remove(0);
    }
    path.retain(|segment| *segment != "crate");
    let Some((function, modules)) = path.split_last() else {
        return false;
    };
    let rooms = rooms.iter().filter(|room| room.krate == home);
    rooms.map(|room| &room.source).any(|source| holds(source, modules, function))
}

/// Whether the source is the end of that module path and has the function; the last modules of
/// the path may be written inside the file.
fn holds(source: &Source, modules: &[&str], function: &str) -> bool {
    let file = module_path(&source.path);
    let outer = (0..=modules.len()).rev().find(|outer| file.ends_with(&modules[..*outer]));
    let inner = &modules[outer.unwrap_or(0)..];
    let defined = |keyword: &str, name: &str| {
        words(&source.code, name).any(|at| source.code[..at].trim_end().ends_with(keyword))
    };
    // A path of modules must be met by the file at least in part, or be wholly inside `lib.rs`.
    (outer > Some(0) || modules.is_empty() || file.is_empty())
        && inner.iter().all(|module| defined("mod", module))
        && defined("fn", function)
}

/// `crates/x/src/a/b.rs` is `[a, b]`; `crates/x/tests/it/c.rs` is `[it, c]`.
fn module_path(path: &str) -> Vec<&str> {
    let inside = path.splitn(4, '/').nth(3).unwrap_or(path).trim_end_matches(".rs");
    let mut modules: Vec<&str> = inside.split('/').collect();
    modules.retain(|module| !["lib", "main", "mod"].contains(module));
    modules
}

#[cfg(test)]
mod tests {
    use super::{Room, check, claims, module_path};
    use crate::source::Source;

    fn room(path: &str, text: &str) -> Room {
        Room { krate: "rt-x".into(), source: Source::new(path.into(), text.into()) }
    }

    #[test]
    fn a_claim_reaches_to_its_tests() {
        let found = claims(&[
            "# Protocol",
            "**Claim (one).** It holds.",
            "**Why.** See `code`.",
            "**Checked by** `a::loom_tests::one` and",
            "`a::loom_tests::two`.",
            "",
            "**Claim (two).** It holds too.",
        ]);
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].tests, ["a::loom_tests::one", "a::loom_tests::two"]);
        assert!(found[1].tests.is_empty());
    }

    #[test]
    fn tests_are_looked_up_where_their_path_says() {
        let doc = |test: &str| format!("//! **Claim.** x\n//! **Checked by** `{test}`.\n");
        let model = room("crates/rt-x/src/a/loom_tests.rs", "#[test]\nfn one() {}\n");
        let inline = room("crates/rt-x/src/b.rs", "mod tests {\n#[test]\nfn two() {}\n}\n");
        let outside = room("crates/rt-x/tests/it/c.rs", "#[test]\nfn three() {}\n");
        let mut rooms = vec![room("crates/rt-x/src/lib.rs", ""), model, inline, outside];
        let mut problems = |test: &str| {
            rooms[0] = room("crates/rt-x/src/lib.rs", &doc(test));
            check(&rooms).len()
        };
        assert_eq!(problems("a::loom_tests::one"), 0);
        assert_eq!(problems("crate::b::tests::two"), 0);
        assert_eq!(problems("rt_x::it::c::three"), 0);
        assert_eq!(problems("b::loom_tests::one"), 1);
        assert_eq!(problems("a::loom_tests::gone"), 1);
    }

    #[test]
    fn files_are_modules() {
        assert_eq!(module_path("crates/rt-x/src/lib.rs"), Vec::<&str>::new());
        assert_eq!(module_path("crates/rt-x/src/base/mod.rs"), ["base"]);
        assert_eq!(module_path("crates/rt-x/tests/it/main.rs"), ["it"]);
    }
}
