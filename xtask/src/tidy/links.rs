//! Every relative link in a Markdown page leads somewhere, headings included.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use anyhow::Result;

use crate::util;

pub(super) fn check(root: &Path) -> Result<Vec<String>> {
    let mut problems = Vec::new();
    for page in util::files(root, "md") {
        let text = fs::read_to_string(&page)?;
        for (line, target) in links(&text) {
            if !leads_somewhere(&page, &text, &target) {
                problems.push(format!("{}:{line}: no `{target}`", util::relative(&page)));
            }
        }
    }
    Ok(problems)
}

fn leads_somewhere(page: &Path, text: &str, target: &str) -> bool {
    if target.contains("://") || target.starts_with("mailto:") {
        return true;
    }
    let (path, anchor) = target.split_once('#').unwrap_or((target, ""));
    let path = match path {
        "" => page.to_owned(),
        path => page.parent().unwrap_or(page).join(path),
    };
    if anchor.is_empty() || path.extension().is_none_or(|extension| extension != "md") {
        return path.exists();
    }
    let there = match path == page {
        true => text.to_owned(),
        false => fs::read_to_string(path).unwrap_or_default(),
    };
    anchors(&there).iter().any(|known| known == anchor)
}

/// The targets of links, with their lines; fenced and quoted code left out.
fn links(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (line, text) in prose(text) {
        let text = without_code(text);
        let inline = text.match_indices("](").filter_map(|(at, _)| {
            let rest = &text[at + 2..];
            // A title may follow the target: `[text](target "title")`.
            rest[..rest.find(')')?].split_whitespace().next()
        });
        let named = text.trim_start().starts_with('[').then(|| text.split_once("]: ")).flatten();
        let named = named.and_then(|(_, target)| target.split_whitespace().next());
        found.extend(
            inline.chain(named).map(|target| {
                (line, target.trim_start_matches('<').trim_end_matches('>').to_owned())
            }),
        );
    }
    found
}

/// The anchors that a page's headings get.
fn anchors(text: &str) -> Vec<String> {
    let mut seen: HashMap<String, usize> = HashMap::new();
    let mut found = Vec::new();
    for (_, line) in prose(text) {
        let level = line.bytes().take_while(|byte| *byte == b'#').count();
        if (1..=6).contains(&level) && line[level..].starts_with(' ') {
            let slug = slug(line[level..].trim());
            let count = seen.entry(slug.clone()).or_default();
            found.push(match *count {
                0 => slug,
                count => format!("{slug}-{count}"),
            });
            *count += 1;
        }
    }
    found
}

/// Letters, digits, `_` and `-` stay; spaces become `-`; a link keeps its text alone.
fn slug(heading: &str) -> String {
    let mut plain = heading.to_owned();
    while let Some((before, rest)) = plain.split_once("](") {
        let after = rest.split_once(')').map_or("", |(_, after)| after);
        plain = format!("{before}{after}");
    }
    let keep = |char: char| match char {
        ' ' | '-' => Some('-'),
        '_' => Some('_'),
        char if char.is_alphanumeric() => Some(char),
        _ => None,
    };
    plain.to_lowercase().chars().filter_map(keep).collect()
}

/// The lines outside fences, numbered from 1.
fn prose(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut fence: Option<&str> = None;
    text.lines().enumerate().filter_map(move |(at, line)| {
        let start = line.trim_start();
        let mark = ["```", "~~~"].into_iter().find(|mark| start.starts_with(mark));
        match (fence, mark) {
            (None, Some(mark)) => fence = Some(mark),
            (Some(open), Some(mark)) if open == mark => fence = None,
            (None, None) => return Some((at + 1, line)),
            _ => {}
        }
        None
    })
}

fn without_code(line: &str) -> String {
    line.split('`').step_by(2).collect::<Vec<_>>().join("`")
}

#[cfg(test)]
mod tests {
    use super::{anchors, links, slug};

    #[test]
    fn links_in_code_are_no_links() {
        let found =
            links("[a](b.md) `[c](d.md)` [`e`](f.md#g)\n```text\n[h](i.md)\n```\n[j]: k.md\n");
        assert_eq!(found, [(1, "b.md".into()), (1, "f.md#g".into()), (5, "k.md".into())]);
    }

    #[test]
    fn headings_become_anchors() {
        assert_eq!(slug("What it *costs*, `per op`"), "what-it-costs-per-op");
        assert_eq!(slug("See [the map](map.md): all"), "see-the-map-all");
        assert_eq!(slug("5. A – B"), "5-a--b");
        assert_eq!(anchors("# A\n## B b\n```sh\n# no\n```\n## B b\n#!x\n"), ["a", "b-b", "b-b-1"]);
    }
}
