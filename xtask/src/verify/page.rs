//! The table in `docs/testing.md`: property, technique, command, where it runs.

use std::fs;

use anyhow::{Context, Result};

use super::lane::Ci;
use super::lanes;
use crate::util::{self, markdown};

pub(crate) const PAGE: &str = "docs/testing.md";

/// The table stands between these.
const BEGIN: &str = "<!-- table: cargo xtask verify --write -->\n";
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

/// Puts the table of today into the page.
pub(super) fn write() -> Result<()> {
    let path = util::root().join(PAGE);
    let text = fs::read_to_string(&path).context(PAGE)?;
    let (before, after) = around(&text).with_context(|| format!("{PAGE}: where is the table?"))?;
    fs::write(&path, format!("{before}{}{after}", markdown(&rows())))?;
    println!("{PAGE}: written");
    Ok(())
}

/// What is wrong with the page, if anything.
pub(crate) fn check(page: &str) -> Option<String> {
    let Some((before, after)) = around(page) else {
        return Some(format!("{PAGE}: has no line `{}`", BEGIN.trim()));
    };
    let table = &page[before.len()..page.len() - after.len()];
    (table != markdown(&rows()))
        .then(|| format!("{PAGE}: its table is old: run `cargo xtask verify --write`"))
}

/// The page up to the table, and from its end.
fn around(page: &str) -> Option<(&str, &str)> {
    let begin = page.find(BEGIN)? + BEGIN.len();
    let end = begin + page[begin..].find(END)?;
    Some((&page[..begin], &page[end..]))
}

#[cfg(test)]
mod tests {
    use super::{BEGIN, END, around, check, markdown, rows};

    #[test]
    fn an_old_table_is_told() {
        let page = |table: &str| format!("# Testing\n\n{BEGIN}{table}{END}\n\nmore\n");
        assert_eq!(
            around(&page("x\n")).map(|(_, after)| after),
            Some(&*format!("{END}\n\nmore\n"))
        );
        assert_eq!(check(&page(&markdown(&rows()))), None);
        assert!(check(&page("| old |\n")).is_some());
        assert!(check("# Testing\n").is_some());
    }
}
