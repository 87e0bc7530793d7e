//! Which files may hold `unsafe`: a list, with a reason each, that grows by a decision and not by
//! accident.

use super::Room;
use crate::source::Source;

const LIST: &str = include_str!("unsafe_files.txt");

/// Where the list is, for messages.
const PATH: &str = "xtask/src/tidy/unsafe_files.txt";

pub(super) fn check(rooms: &[Room]) -> Vec<String> {
    let sources: Vec<&Source> =
        rooms.iter().map(|room| &room.source).filter(|source| ships(&source.path)).collect();
    compare(LIST, &sources)
}

/// Whether a file is built into what others depend on: not an example, not a test.
fn ships(path: &str) -> bool {
    path.split('/').nth(2) == Some("src")
}

fn compare(list: &str, sources: &[&Source]) -> Vec<String> {
    let mut problems = Vec::new();
    let listed = list.lines().map(str::trim).filter(|line| !line.is_empty());
    let listed: Vec<(&str, &str)> = listed
        .filter(|line| !line.starts_with('#'))
        .map(|line| line.split_once("  ").unwrap_or((line, "")))
        .collect();
    for source in sources {
        let name = source.path.strip_prefix("crates/").unwrap_or(&source.path);
        let listed = listed.iter().any(|(path, _)| *path == name);
        let first = source.words("unsafe").find(|at| !source.is_test(*at));
        match first {
            Some(at) if !listed => {
                problems.push(format!(
                    "{}: `unsafe` in a file that {PATH} does not list",
                    source.place(at)
                ));
            }
            None if listed => problems.push(format!("{PATH}: `{name}` holds no `unsafe` any more")),
            _ => {}
        }
    }
    for (path, reason) in &listed {
        if !sources.iter().any(|source| source.path.strip_prefix("crates/") == Some(path)) {
            problems.push(format!("{PATH}: there is no `{path}`"));
        }
        if reason.trim().is_empty() {
            problems.push(format!("{PATH}: `{path}` has no reason"));
        }
        if listed.iter().filter(|(other, _)| other == path).count() > 1 {
            problems.push(format!("{PATH}: `{path}` is listed twice"));
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::{Source, compare};

    fn problems(list: &str, text: &str) -> Vec<String> {
        compare(list, &[&Source::new("crates/x/src/y.rs".into(), text.into())])
    }

    #[test]
    fn unsafe_stands_in_listed_files_only() {
        let text = "fn f() { unsafe { g() } }\n";
        assert_eq!(problems("# which\n\nx/src/y.rs   calls `g`\n", text), Vec::<String>::new());
        assert_eq!(
            problems("", text),
            [
                "crates/x/src/y.rs:1: `unsafe` in a file that xtask/src/tidy/unsafe_files.txt does not list"
            ]
        );
        assert_eq!(problems("", "// unsafe\nlet a = \"unsafe\"; let unsafety = 1;\n").len(), 0);
        assert_eq!(problems("", "#[cfg(test)]\nmod tests { unsafe fn f() {} }\n").len(), 0);
    }

    #[test]
    fn the_list_is_true() {
        assert_eq!(problems("x/src/y.rs  calls `g`", "fn f() {}\n").len(), 1);
        assert_eq!(problems("x/src/z.rs  calls `g`", "fn f() {}\n").len(), 1);
        assert_eq!(problems("x/src/y.rs", "unsafe fn f() {}\n").len(), 1);
        assert_eq!(problems("x/src/y.rs  a\nx/src/y.rs  a", "unsafe fn f() {}\n").len(), 2);
    }
}
