//! Comments that must say something: on `unsafe`, on long rooms; and tests that must not sleep.

use super::Room;
use crate::source::{Comment, Source};

/// Words of a safety comment that proves nothing.
const VACUOUS: [&str; 7] = [
    "untriaged",
    "trust me",
    "safe because we checked",
    "this is safe",
    "obviously",
    "todo",
    "fixme",
];

/// `alive (contract)` is the shortest proof.
const WORDS_MIN: usize = 2;

/// A room longer than this says why it is one thought.
const ROOM_LINES_MAX: usize = 500;

const LONG_ROOM: &str = "One thought:";

pub(super) fn check(rooms: &[Room]) -> Vec<String> {
    let mut problems = Vec::new();
    for source in rooms.iter().map(|room| &room.source) {
        problems.extend(safety(source));
        problems.extend(sleeps(source));
        problems.extend(long(source));
    }
    problems
}

fn safety(source: &Source) -> Vec<String> {
    let mut problems = Vec::new();
    for (at, comment) in source.comments.iter().enumerate() {
        let Some((_, first)) = comment.text.split_once("SAFETY:") else {
            continue;
        };
        let proof = format!("{first} {}", continuation(&source.comments[at..]));
        if is_vacuous(&proof) {
            problems.push(format!(
                "{}:{}: a SAFETY comment that proves nothing",
                source.path, comment.line
            ));
        }
    }
    problems
}

/// The lines that carry on a comment that stands alone.
fn continuation(comments: &[Comment]) -> String {
    let start = comments[0].line;
    let lines = comments.iter().enumerate().skip(1);
    let lines =
        lines.take_while(|(offset, comment)| comment.alone && comment.line == start + offset);
    lines
        .map(|(_, comment)| comment.text.trim_start_matches('/').trim())
        .collect::<Vec<_>>()
        .join(" ")
}

fn is_vacuous(proof: &str) -> bool {
    let proof = proof.to_lowercase();
    let words = proof.split_whitespace().filter(|word| word.contains(char::is_alphanumeric));
    words.count() < WORDS_MIN || VACUOUS.iter().any(|word| proof.contains(word))
}

fn sleeps(source: &Source) -> Vec<String> {
    let threads = source.words("sleep").filter(|at| source.code[..*at].ends_with("thread::"));
    let in_tests = threads.filter(|at| source.is_test(*at));
    in_tests.map(|at| format!("{}: a test that sleeps", source.place(at))).collect()
}

fn long(source: &Source) -> Option<String> {
    let lines = source.room_lines();
    let excused = lines <= ROOM_LINES_MAX || source.module_doc().contains(LONG_ROOM);
    (!excused).then(|| {
        format!("{}: {lines} lines, and no sentence `{LONG_ROOM} …` at the top", source.path)
    })
}

#[cfg(test)]
mod tests {
    use super::{Room, check};
    use crate::source::Source;

    fn problems(text: &str) -> usize {
        let source = Source::new("crates/x/src/x.rs".into(), text.into());
        check(&[Room { krate: "x".into(), source }]).len()
    }

    #[test]
    fn safety_comments_prove_something() {
        assert_eq!(
            problems("// SAFETY: T2 returned `Poll`, so\n// the stage is ours.\nunsafe {}"),
            0
        );
        assert_eq!(problems("// SAFETY: Untriaged for now, see later.\nunsafe {}"), 1);
        assert_eq!(problems("// SAFETY:\nunsafe {}"), 1);
        assert_eq!(problems("// SAFETY:\n// the contract of `f` holds\nunsafe {}"), 0);
    }

    #[test]
    fn tests_do_not_sleep() {
        assert_eq!(problems("#[cfg(test)]\nmod tests { fn f() { std::thread::sleep(d); } }"), 1);
        assert_eq!(problems("fn f() { std::thread::sleep(d); }"), 0);
    }

    #[test]
    fn long_rooms_say_why() {
        let long = "fn f() {}\n".repeat(501);
        assert_eq!(problems(&long), 1);
        assert_eq!(problems(&format!("//! One thought: the loop.\n{long}")), 0);
        assert_eq!(problems(&format!("#[cfg(test)]\nmod tests {{\n{long}}}\n")), 0);
    }
}
