//! Every ordering above `Relaxed` is a site with an id of its own.

use std::collections::HashMap;

use super::Room;
use crate::sites::{self, ORDERINGS};
use crate::source::Source;

/// A remark that exempts a line; in a module doc, the whole file.
const EXEMPT: &str = "no site:";

/// The switch between real and modelled orderings takes them apart, and `site` is defined there.
const SHIM: &str = "crates/rt-task/src/base/shim/";

pub(super) fn check(rooms: &[Room]) -> Vec<String> {
    let mut problems = Vec::new();
    let mut places: HashMap<String, String> = HashMap::new();
    let sources =
        rooms.iter().map(|room| &room.source).filter(|source| source.path.contains("/src/"));
    for source in sources {
        let (sites, unread) = sites::find(source);
        problems.extend(unread);
        problems.extend(bare(source, &sites));
        for site in sites {
            if let Some(other) = places.insert(site.id.clone(), site.place.clone()) {
                problems.push(format!("{}: the id `{}` is also at {other}", site.place, site.id));
            }
        }
    }
    problems
}

/// Orderings outside a `site(…)`.
fn bare(source: &Source, sites: &[sites::Site]) -> Vec<String> {
    if source.path.starts_with(SHIM) || source.module_doc().contains(EXEMPT) {
        return Vec::new();
    }
    let mut problems = Vec::new();
    for ordering in ORDERINGS {
        for at in source.words(ordering) {
            let in_site = sites.iter().any(|site| site.span.contains(&at));
            let line = source.line(at);
            let exempt = source.remark(line..line + 1, EXEMPT).is_some_and(|why| !why.is_empty());
            if !in_site && !exempt && !source.is_test(at) && is_ordering(source, at, ordering) {
                problems.push(format!("{}: `{ordering}` outside a `site(…)`", source.place(at)));
            }
        }
    }
    problems
}

/// Whether the word is the atomic ordering and not something else of that name: it is qualified
/// with `Ordering`, or imported from it. The import itself does not count.
fn is_ordering(source: &Source, at: usize, ordering: &str) -> bool {
    let before = source.code[..at].trim_end();
    let statement = &before[before.rfind(';').map_or(0, |end| end + 1)..];
    if statement.trim_start().starts_with("use ") || statement.contains("\nuse ") {
        return false;
    }
    if let Some(path) = before.strip_suffix("::") {
        return path.ends_with("Ordering");
    }
    let mut imports = source.words("use").map(|start| {
        let rest = &source.code[start..];
        &rest[..rest.find(';').unwrap_or(rest.len())]
    });
    imports.any(|import| {
        let named = import.split(|char: char| !char.is_alphanumeric()).any(|word| word == ordering);
        import.contains("Ordering::") && (named || import.contains("Ordering::*"))
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
    fn orderings_are_sites() {
        let import = "use core::sync::atomic::Ordering::{Acquire, Relaxed};\n";
        assert_eq!(problems(&format!("{import}fn f() {{ w.load(site(\"a\", Acquire)) }}")), 0);
        assert_eq!(problems(&format!("{import}fn f() {{ w.load(Acquire) }}")), 1);
        assert_eq!(problems(&format!("{import}fn f() {{ w.load(Relaxed) }}")), 0);
        assert_eq!(problems("fn f() { fence(Ordering::SeqCst); }"), 1);
        assert_eq!(problems("enum Duty { Release }\nfn f() -> Duty { Duty::Release }"), 0);
    }

    #[test]
    fn exemptions_give_a_reason() {
        assert_eq!(problems("fn f() { fence(Ordering::SeqCst); } // no site: a statistic"), 0);
        assert_eq!(problems("fn f() { fence(Ordering::SeqCst); } // no site:"), 1);
        assert_eq!(
            problems(
                "//! The shim. no site: it takes them apart.\nfn f() { fence(Ordering::SeqCst); }"
            ),
            0
        );
        assert_eq!(problems("#[cfg(test)]\nmod tests { fn f() { fence(Ordering::SeqCst); } }"), 0);
    }

    #[test]
    fn ids_are_unique() {
        assert_eq!(
            problems("fn f() { w.load(site(\"a\", Acquire)); w.load(site(\"a\", Acquire)) }"),
            1
        );
    }
}
