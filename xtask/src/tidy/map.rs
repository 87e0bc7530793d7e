//! The file map in the architecture page matches the disk, in both directions.

use super::Room;
use crate::util;

pub(super) const PAGE: &str = "docs/architecture.md";

const FENCE: &str = "```text map";

pub(super) fn check(page: &str, rooms: &[Room]) -> Vec<String> {
    let Some(map) = map(page) else {
        return vec![format!("{PAGE}: no file map (a block fenced with `{FENCE}`)")];
    };
    let mut problems = Vec::new();
    for (path, comment) in &map {
        if !util::root().join(path).exists() {
            problems.push(format!("{PAGE}: the map has `{path}`, the disk has not"));
        }
        if comment.is_empty() {
            problems.push(format!("{PAGE}: the map does not say what `{path}` is"));
        }
    }
    let sources = rooms.iter().map(|room| &room.source).filter(|source| !source.is_all_test());
    for path in sources.map(|source| source.path.as_str()).filter(|path| is_room(path)) {
        if !map.iter().any(|(known, _)| known == path) {
            problems.push(format!("{PAGE}: the disk has `{path}`, the map has not"));
        }
    }
    problems
}

/// A source of a crate itself: not an example or a build script.
fn is_room(path: &str) -> bool {
    path.split('/').nth(2) == Some("src")
}

/// The paths of the map with what is said of them.
///
/// An indented line is below the last line that ends in `/` and is indented less.
fn map(page: &str) -> Option<Vec<(String, String)>> {
    let (_, rest) = page.split_once(FENCE)?;
    let (block, _) = rest.split_once("\n```")?;
    let mut folders: Vec<(usize, String)> = Vec::new();
    let mut found = Vec::new();
    for line in block.lines().filter(|line| !line.trim().is_empty()) {
        let indent = line.len() - line.trim_start().len();
        folders.retain(|(outer, _)| *outer < indent);
        let (name, comment) =
            line.trim().split_once(char::is_whitespace).unwrap_or((line.trim(), ""));
        let above = folders.last().map_or("", |(_, folder)| folder.as_str());
        let path = format!("{above}{name}");
        if name.ends_with('/') {
            folders.push((indent, path.clone()));
        }
        found.push((path, comment.trim().to_owned()));
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::{is_room, map};

    #[test]
    fn paths_may_be_full_or_indented() {
        let page = "# Map\n```text map\ncrates/a/src/lib.rs  the door\ncrates/b/src/  b\n  lib.rs  the door\n  base/  ground\n    park.rs  parks\n  word.rs\nxtask/  tools\n```\n";
        let map = map(page).unwrap();
        let paths: Vec<&str> = map.iter().map(|(path, _)| path.as_str()).collect();
        assert_eq!(
            paths,
            [
                "crates/a/src/lib.rs",
                "crates/b/src/",
                "crates/b/src/lib.rs",
                "crates/b/src/base/",
                "crates/b/src/base/park.rs",
                "crates/b/src/word.rs",
                "xtask/",
            ]
        );
        assert_eq!(map[0].1, "the door");
        assert!(map[5].1.is_empty());
    }

    #[test]
    fn examples_and_tests_need_no_place() {
        assert!(is_room("crates/a/src/x/y.rs"));
        assert!(!is_room("crates/a/examples/x.rs"));
        assert!(!is_room("crates/a/tests/it/x.rs"));
    }
}
