//! Every future has a test that cancels it at each of its awaits.
//!
//! A test in `crates/rt-facade/tests/cancel` says which futures it covers, in a line `// Covers
//! CRATE::ROOM::NAME, …`; the room is the first part of the path below the crate's `src`. Futures are
//! types that implement `Future`, and public functions that return one without a name.

use std::collections::BTreeMap;

use super::Room;
use crate::source::{self, Source};

const TESTS: &str = "crates/rt-facade/tests/cancel/";

/// Futures that nobody outside can hold.
const INSIDE: &[(&str, &str)] = &[
    ("rt-sched-multi::doom::Fatal", "around a task that is spawned, and dropped with it"),
    ("rt-task::job::Once", "is ready when it is polled first"),
];

pub(super) fn check(rooms: &[Room]) -> Vec<String> {
    let mut futures = BTreeMap::new();
    let mut covered = BTreeMap::new();
    for Room { krate, source } in rooms {
        if source.path.starts_with(TESTS) {
            covered.extend(covers(source));
        }
        // The helpers of tests have tests of their own.
        let is_ours = source.path.starts_with("crates/") && krate != "rt-test";
        if let Some(room) = room(&source.path).filter(|_| is_ours) {
            let found = futures_of(source).into_iter();
            futures.extend(found.map(|(name, at)| (format!("{krate}::{room}::{name}"), at)));
        }
    }
    let inside = |name: &str| INSIDE.iter().any(|(inside, _)| *inside == name);
    let mut problems = Vec::new();
    for (name, place) in &futures {
        if !covered.contains_key(name) && !inside(name) {
            problems.push(format!("{place}: no test in {TESTS} has `// Covers {name}`"));
        }
    }
    let gone = covered.iter().filter(|(name, _)| !futures.contains_key(*name));
    problems.extend(gone.map(|(name, place)| format!("{place}: there is no future `{name}`")));
    let gone = INSIDE.iter().filter(|(name, _)| !futures.contains_key(*name));
    // A tree of a test has none of them.
    if !futures.is_empty() {
        problems.extend(gone.map(|(name, _)| format!("{}: there is no `{name}`", file!())));
    }
    problems
}

/// The first part of the path below `src`.
fn room(path: &str) -> Option<&str> {
    let (_, below) = path.split_once("/src/")?;
    let first = below.split('/').next()?;
    Some(first.trim_end_matches(".rs"))
}

/// What the tests of a file say they cover, and where.
fn covers(source: &Source) -> Vec<(String, String)> {
    let mut covers = Vec::new();
    for comment in &source.comments {
        let Some(names) = comment.text.strip_prefix("// Covers ") else { continue };
        let place = format!("{}:{}", source.path, comment.line);
        covers.extend(names.split(',').map(|name| (name.trim().to_owned(), place.clone())));
    }
    covers
}

/// The futures that a source has, and where.
fn futures_of(source: &Source) -> Vec<(String, String)> {
    let code = &source.code;
    let mut futures = Vec::new();
    let mut add = |at: usize, name: &str| {
        if !name.is_empty() && !source.is_test(at) {
            futures.push((name.to_owned(), source.place(at)));
        }
    };
    for at in source.words("Future") {
        let rest = code[at + "Future".len()..].trim_start();
        if let Some(rest) = rest.strip_prefix("for ") {
            add(at, word(rest)); // none, in a macro: its uses are below
        } else if rest.starts_with('<') && code[..at].trim_end().ends_with("-> impl") {
            let before = &code[..at];
            let function = source::words(before, "fn").last();
            let is_public = |start: usize| before[..start].trim_end().ends_with("pub");
            if let Some(start) = function.filter(|start| is_public(*start)) {
                add(at, word(&code[start + "fn".len()..]));
            }
        }
    }
    for at in source.words("waits") {
        if let Some(rest) = code[at..].strip_prefix("waits! {") {
            add(at, word(rest));
        }
    }
    futures
}

/// The word at the start, or none.
fn word(code: &str) -> &str {
    let code = code.trim_start();
    let end = code.find(|char: char| !char.is_alphanumeric() && char != '_');
    &code[..end.unwrap_or(code.len())]
}

#[cfg(test)]
mod tests {
    use super::{Room, check};
    use crate::source::Source;

    const FUTURES: &str = "impl<'a, T> Future for Waits<'a, T> { }
        pub fn goes(\n a: u32,\n) -> impl Future<Output = u32> { }
        fn helps() -> impl Future<Output = ()> { }
        fn takes(f: impl Future<Output = ()>) { }
        waits! { /// Doc.\n Lock ['a] ['a] }
        #[cfg(test)]\nmod tests { impl Future for Fake {} }";

    fn problems(tests: &str) -> Vec<String> {
        let room = |krate: &str, path: &str, text: &str| {
            let source = Source::new(path.into(), text.into());
            Room { krate: krate.into(), source }
        };
        let inside = "impl Future for Fatal {}";
        let rooms = [
            room("rt-x", "crates/rt-x/src/sea/shore.rs", FUTURES),
            room("rt-sched-multi", "crates/rt-sched-multi/src/doom.rs", inside),
            room("rt-task", "crates/rt-task/src/job.rs", "impl Future for Once {}"),
            room("rt-facade", "crates/rt-facade/tests/cancel/x.rs", tests),
        ];
        check(&rooms)
    }

    #[test]
    fn each_future_wants_a_test() {
        let all = "// Covers rt-x::sea::Waits, rt-x::sea::goes\n// Covers rt-x::sea::Lock";
        assert_eq!(problems(all), [""; 0]);
        let one = problems("// Covers rt-x::sea::Waits, rt-x::sea::goes");
        assert_eq!(one.len(), 1, "{one:?}");
        assert!(one[0].ends_with(
            "no test in crates/rt-facade/tests/cancel/ has `// Covers rt-x::sea::Lock`"
        ));
    }

    #[test]
    fn a_test_of_what_is_gone_is_told() {
        let more = "// Covers rt-x::sea::Waits, rt-x::sea::goes, rt-x::sea::Lock, rt-x::sea::Gone";
        assert_eq!(
            problems(more),
            ["crates/rt-facade/tests/cancel/x.rs:1: there is no future `rt-x::sea::Gone`"]
        );
    }
}
