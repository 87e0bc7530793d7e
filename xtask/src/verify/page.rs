//! The tables in `docs/testing.md`: property, technique, command, where it runs; faults; what others got wrong.

use std::fs;

use anyhow::{Context, Result};

use super::lane::Ci;
use super::lanes::{self, faults, history};
use crate::util::{self, markdown};

pub(crate) const PAGE: &str = "docs/testing.md";

/// A table stands between one of these and the last.
const BEGIN: &str = "<!-- table: cargo xtask verify --write -->\n";
const BEGIN_FAULTS: &str = "<!-- faults: cargo xtask verify --write -->\n";
const BEGIN_HISTORY: &str = "<!-- history: cargo xtask verify --write -->\n";
const END: &str = "<!-- end of table -->";

/// A row for each property, under a heading.
pub(super) fn rows() -> Vec<Vec<String>> {
    let heading = ["property", "technique", "command", "where"];
    let mut rows = vec![heading.map(str::to_owned).to_vec()];
    for lane in lanes::ALL {
        let place = match lane.ci {
            Ci::Runs(what) => format!("CI: {what}"),
            Ci::OnDemand(why) => format!("on demand: {why}"),
        };
        let command = format!("`cargo xtask verify {}`", lane.name);
        for (at, shown) in lane.shows.iter().enumerate() {
            // Said once for all that a lane shows.
            let said = |text: &str| if at == 0 { text.to_owned() } else { "″".to_owned() };
            rows.push(vec![
                (*shown).to_owned(),
                said(lane.technique),
                said(&command),
                said(&place),
            ]);
        }
    }
    rows
}

/// What other runtimes got wrong: a row for each.
fn history() -> Vec<Vec<String>> {
    let heading = ["class", "effect", "first seen", "our test"];
    let mut rows = vec![heading.map(str::to_owned).to_vec()];
    let mut class = "";
    for known in history::HISTORY {
        let of = if known.of == class { "″" } else { known.of };
        class = known.of;
        rows.push(vec![of.into(), known.effect.into(), known.seen.into(), known.told()]);
    }
    rows
}

/// Each fault that is put in.
fn faults() -> Vec<Vec<String>> {
    let mut rows = vec![["fault", "test"].map(str::to_owned).to_vec()];
    rows.extend(faults::FAULTS.iter().map(|known| vec![known.of.into(), known.told()]));
    rows
}

/// Makes the rows of a table, the heading first.
type Rows = fn() -> Vec<Vec<String>>;

/// The tables of the page: the line before each, and its rows.
const TABLES: [(&str, Rows); 3] = [(BEGIN, rows), (BEGIN_FAULTS, faults), (BEGIN_HISTORY, history)];

/// Puts the tables of today into the page.
pub(super) fn write() -> Result<()> {
    let path = util::root().join(PAGE);
    let mut text = fs::read_to_string(&path).context(PAGE)?;
    for (begin, rows) in TABLES {
        let (before, after) =
            around(&text, begin).with_context(|| format!("{PAGE}: where is {}?", begin.trim()))?;
        text = format!("{before}{}{after}", markdown(&rows()));
    }
    fs::write(&path, text)?;
    println!("{PAGE}: written");
    Ok(())
}

/// What is wrong with the page, if anything.
pub(crate) fn check(page: &str) -> Option<String> {
    TABLES.iter().find_map(|(begin, rows)| check_table(page, begin, &rows()))
}

fn check_table(page: &str, begin: &str, rows: &[Vec<String>]) -> Option<String> {
    let Some((before, after)) = around(page, begin) else {
        return Some(format!("{PAGE}: has no line `{}`", begin.trim()));
    };
    let table = &page[before.len()..page.len() - after.len()];
    (table != markdown(rows))
        .then(|| format!("{PAGE}: a table is old: run `cargo xtask verify --write`"))
}

/// The page up to the table that this line begins, and from its end.
fn around<'a>(page: &'a str, begin: &str) -> Option<(&'a str, &'a str)> {
    let begin = page.find(begin)? + begin.len();
    let end = begin + page[begin..].find(END)?;
    Some((&page[..begin], &page[end..]))
}

#[cfg(test)]
mod tests {
    use super::{BEGIN, END, around, check, check_table, markdown, rows};

    #[test]
    fn an_old_table_is_told() {
        let page = |table: &str| format!("# Testing\n\n{BEGIN}{table}{END}\n\nmore\n");
        assert_eq!(
            around(&page("x\n"), BEGIN).map(|(_, after)| after),
            Some(&*format!("{END}\n\nmore\n"))
        );
        assert_eq!(check_table(&page(&markdown(&rows())), BEGIN, &rows()), None);
        assert!(check_table(&page("| old |\n"), BEGIN, &rows()).is_some());
        assert!(check("# Testing\n").is_some());
    }
}
