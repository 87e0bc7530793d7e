//! The sites of atomic orderings: every `site("id", Ordering)` call in a source.
//!
//! An ordering above `Relaxed` is written as a site, so that `loom --weaken` can lower it by its
//! id without building again. `tidy` holds the code to that; `loom` makes use of it.

use std::ops::Range;

use crate::source::{Source, closing};

/// The orderings that need a site, the strongest first.
pub(crate) const ORDERINGS: [&str; 4] = ["SeqCst", "AcqRel", "Acquire", "Release"];

/// A remark that accepts an ordering which no model misses.
const ACCEPTED: &str = "weaker unnoticed:";

/// One `site("id", Ordering)`.
#[derive(Debug, PartialEq)]
pub(crate) struct Site {
    pub(crate) id: String,
    pub(crate) ordering: String,
    /// The call that the ordering is given to: `load`, `compare_exchange`, `fence`, …
    operation: String,
    /// Which argument of that call it is, from 0.
    argument: usize,
    pub(crate) place: String,
    /// Why it may stay although no model notices a weaker one.
    pub(crate) accepted: Option<String>,
    /// The bytes of the call.
    pub(crate) span: Range<usize>,
}

impl Site {
    /// One step down: orderings that are legal here and weaker.
    pub(crate) fn weaker(&self) -> &'static [&'static str] {
        let loads = self.operation == "load" || self.is_failure_ordering();
        match self.ordering.as_str() {
            "SeqCst" if loads => &["Acquire"],
            "SeqCst" if self.operation == "store" => &["Release"],
            "SeqCst" => &["AcqRel"],
            "AcqRel" => &["Acquire", "Release"],
            "Acquire" | "Release" => &["Relaxed"],
            _ => &[],
        }
    }

    /// The last of a compare-exchange's two orderings only loads.
    fn is_failure_ordering(&self) -> bool {
        match self.operation.as_str() {
            "compare_exchange" | "compare_exchange_weak" => self.argument == 3,
            "fetch_update" | "try_update" => self.argument == 1,
            _ => false,
        }
    }
}

/// The sites of a source, test code left out; what looks like one and cannot be read is a problem.
pub(crate) fn find(source: &Source) -> (Vec<Site>, Vec<String>) {
    let mut sites = Vec::new();
    let mut problems = Vec::new();
    for at in source.words("site") {
        let is_call = source.code[at..].starts_with("site(");
        let is_definition = source.code[..at].trim_end().ends_with("fn");
        if !is_call || is_definition || source.is_test(at) {
            continue;
        }
        match read(source, at) {
            Some(site) => sites.push(site),
            None => problems.push(format!(
                "{}: not of the form `site(\"id\", Ordering)`, with both written out",
                source.place(at)
            )),
        }
    }
    (sites, problems)
}

fn read(source: &Source, at: usize) -> Option<Site> {
    let span = at..closing(&source.code, at + "site".len());
    let inside = &source.text[span.start + "site(".len()..span.end - 1];
    let (id, ordering) = inside.trim().strip_prefix('"')?.split_once('"')?;
    let ordering = ordering.trim().strip_prefix(',')?.trim().trim_end_matches(',');
    let ordering = ordering.rsplit("::").next()?.trim();
    let known = ORDERINGS.contains(&ordering) || ordering == "Relaxed";
    if id.is_empty() || !known {
        return None;
    }
    let (operation, argument) = caller(&source.code, at);
    let lines = source.line(span.start)..source.line(span.end) + 1;
    Some(Site {
        id: id.to_owned(),
        ordering: ordering.to_owned(),
        operation,
        argument,
        place: source.place(at),
        accepted: source.remark(lines, ACCEPTED),
        span,
    })
}

/// The name of the call around `at`, and which of its arguments `at` is in.
fn caller(code: &str, at: usize) -> (String, usize) {
    let mut depth = 0_usize;
    let mut argument = 0;
    for (before, byte) in code[..at].bytes().enumerate().rev() {
        match byte {
            b')' | b']' | b'}' => depth += 1,
            b'(' if depth == 0 => {
                let name = code[..before].rsplit(|c: char| !c.is_alphanumeric() && c != '_').next();
                return (name.unwrap_or_default().to_owned(), argument);
            }
            b'(' | b'[' | b'{' => depth = depth.saturating_sub(1),
            b',' if depth == 0 => argument += 1,
            b';' if depth == 0 => break,
            _ => {}
        }
    }
    (String::new(), 0)
}

#[cfg(test)]
mod tests {
    use super::{Site, find};
    use crate::source::Source;

    fn sites(text: &str) -> Vec<Site> {
        let (sites, problems) = find(&Source::new("crates/x/src/x.rs".into(), text.into()));
        assert!(problems.is_empty(), "{problems:?}");
        sites
    }

    #[test]
    fn calls_over_several_lines_are_found() {
        let found = sites(
            "fn f() {\n  w.compare_exchange(\n    a(b, c),\n    d,\n    site(\"t.1\", AcqRel),\n    site(\n      \"t.2\",\n      Ordering::Acquire,\n    ), // weaker unnoticed: read again later\n  )\n}",
        );
        assert_eq!(found.len(), 2);
        assert_eq!((found[0].operation.as_str(), found[0].argument), ("compare_exchange", 2));
        assert_eq!(found[0].weaker(), ["Acquire", "Release"]);
        assert_eq!((found[1].id.as_str(), found[1].argument), ("t.2", 3));
        assert_eq!(found[1].accepted.as_deref(), Some("read again later"));
        assert_eq!(found[0].accepted, None);
    }

    #[test]
    fn a_weaker_ordering_stays_legal() {
        let weaker = |text: &str| sites(text)[0].weaker();
        assert_eq!(weaker("w.load(site(\"a\", SeqCst))"), ["Acquire"]);
        assert_eq!(weaker("w.store(1, site(\"a\", SeqCst))"), ["Release"]);
        assert_eq!(weaker("fence(site(\"a\", SeqCst))"), ["AcqRel"]);
        assert_eq!(weaker("w.compare_exchange(a, b, AcqRel, site(\"a\", SeqCst))"), ["Acquire"]);
        assert!(weaker("w.load(site(\"a\", Relaxed))").is_empty());
    }

    #[test]
    fn definitions_and_tests_are_no_sites() {
        assert!(
            sites("pub const fn site(id: &'static str, o: Ordering) -> Ordering { o }").is_empty()
        );
        assert!(sites("#[cfg(test)]\nmod tests { fn t() { site(\"a\", SeqCst); } }").is_empty());
    }

    #[test]
    fn an_ordering_that_is_computed_is_a_problem() {
        let source =
            Source::new("x.rs".into(), "w.load(site(ID, if a { Acquire } else { b }))".into());
        assert_eq!(find(&source).1.len(), 1);
    }
}
