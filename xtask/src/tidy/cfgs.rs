//! Where `#[cfg]` may stand: on modules and on what is taken from them, so that a function reads the
//! same on every machine.
//!
//! Allowed are `mod`, `use` and `extern crate`; the doctests of a README; an assertion about layout
//! (`const _`), which is no code; and a lint by `cfg_attr`. Anything else gives its reason on its line or
//! right above; in the doc of a module, for the whole file. `cfg!` is not meant: both of its sides
//! are compiled. Tests are not, either.

use super::Room;
use crate::source::{Source, closing, words};

/// What gives the reason.
const REASON: &str = "cfg here:";

pub(super) fn check(rooms: &[Room]) -> Vec<String> {
    let sources = rooms.iter().map(|room| &room.source);
    sources.filter(|source| source.path.contains("/src/")).flat_map(strays).collect()
}

fn strays(source: &Source) -> Vec<String> {
    if source.module_doc().contains(REASON) {
        return Vec::new();
    }
    let code = &source.code;
    let attributes = ["#[cfg(", "#![cfg(", "#[cfg_attr("].into_iter().flat_map(|text| {
        code.match_indices(text).map(move |(at, _)| (at, at + text.find('[').unwrap_or_default()))
    });
    let stray = attributes.filter(|(at, open)| {
        let end = closing(code, *open);
        let line = source.line(*at);
        let excused = source.remark(line..line + 1, REASON).is_some_and(|why| !why.is_empty());
        !source.is_test(*at) && !excused && !is_in_place(&code[*at..end], &code[end..])
    });
    stray
        .map(|(at, _)| format!("{}: a `cfg` that is not on a `mod` or `use`", source.place(at)))
        .collect()
}

/// Whether the attribute may stand before what follows it.
fn is_in_place(attribute: &str, rest: &str) -> bool {
    if let Some(lint) = attribute.strip_prefix("#[cfg_attr(") {
        return ["allow", "expect"].iter().any(|name| words(lint, name).next().is_some());
    }
    // An item of tests is marked as such only where `test` alone is asked for.
    if words(attribute, "doctest").next().is_some() {
        return true;
    }
    let mut item = rest.trim_start();
    loop {
        if item.starts_with("#[") {
            item = item[closing(item, 1)..].trim_start();
        } else if let Some(after) = item.strip_prefix("pub(") {
            item = after[after.find(')').map_or(0, |end| end + 1)..].trim_start();
        } else if let Some(after) = item.strip_prefix("pub ") {
            item = after.trim_start();
        } else {
            break;
        }
    }
    ["mod ", "use ", "extern crate ", "const _:"].iter().any(|start| item.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::{Source, strays};

    fn problems(text: &str) -> usize {
        strays(&Source::new("crates/x/src/y.rs".into(), text.into())).len()
    }

    #[test]
    fn a_cfg_is_on_modules_and_what_they_export() {
        assert_eq!(problems("#[cfg(unix)]\npub(crate) mod unix;\n"), 0);
        assert_eq!(problems("#[cfg(unix)]\n#[path = \"a.rs\"]\nmod unix { fn f() {} }\n"), 0);
        assert_eq!(problems("#[cfg(all(unix, feature = \"x\"))]\npub use unix::f;\n"), 0);
        assert_eq!(problems("#[cfg(feature = \"std\")]\nextern crate std;\n"), 0);
        assert_eq!(problems("#[cfg(doctest)]\nstruct Readme;\n"), 0);
        assert_eq!(
            problems("#[cfg(target_pointer_width = \"64\")]\nconst _: () = assert!(a);\n"),
            0
        );
        assert_eq!(
            problems("#[cfg_attr(not(unix), expect(dead_code, reason = \"x\"))]\nfn f() {}\n"),
            0
        );
        assert_eq!(problems("#[cfg(test)]\nmod tests { #[cfg(unix)] fn f() {} }\n"), 0);
    }

    #[test]
    fn a_cfg_on_anything_else_says_why() {
        assert_eq!(problems("#[cfg(unix)]\nfn f() {}\n"), 1);
        assert_eq!(problems("fn f() {\n    #[cfg(unix)]\n    g();\n}\n"), 1);
        assert_eq!(problems("#![cfg(unix)]\nfn f() {}\n"), 1);
        assert_eq!(problems("#[cfg_attr(unix, inline)]\nfn f() {}\n"), 1);
        assert_eq!(
            problems("/// Does.\n// cfg here: a method of a trait.\n#[cfg(unix)]\nfn f() {}\n"),
            0
        );
        assert_eq!(problems("//! cfg here: the switch itself.\n#[cfg(unix)]\nfn f() {}\n"), 0);
    }
}
