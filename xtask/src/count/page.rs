//! The tables: on the terminal, and in `docs/costs.md`.

use std::fs;

use anyhow::{Context, Result};

use super::{Cost, Kind, Row, is_ours};
use crate::flags::Flavor;
use crate::util::{self, figure, markdown};

pub(super) const PAGE: &str = "docs/costs.md";

/// The parts of the page that this command writes, each with the comments around it.
pub(super) fn marks(flavor: Flavor) -> [&'static str; 2] {
    match flavor {
        Flavor::Current => ["<!-- count:begin -->", "<!-- count:end -->"],
        Flavor::Multi => ["<!-- count:multi:begin -->", "<!-- count:multi:end -->"],
    }
}

impl Row<'_> {
    /// Ours, then the peer's, with a dash where there is none.
    fn cells(&self, figure: impl Fn(&Cost) -> Option<String>) -> (String, String) {
        let cell = |ours: bool| {
            let mut costs = self.costs.iter().filter(|(subject, _)| is_ours(subject) == ours);
            costs.next().and_then(|(_, cost)| figure(cost)).unwrap_or_else(|| "–".to_owned())
        };
        (cell(true), cell(false))
    }

    fn pair(&self, figure: impl Fn(&Cost) -> Option<String>) -> String {
        let (ours, other) = self.cells(figure);
        format!("{ours} / {other}")
    }
}

/// Operations that are counted in steps.
pub(super) fn table(rows: &[Row<'_>]) -> Vec<Vec<String>> {
    let heading = [
        "operation",
        "RMW ours",
        "RMW tokio",
        "instr ours",
        "instr tokio",
        "allocs ours / tokio",
        "syscalls ours / tokio",
    ];
    let mut cells = vec![heading.map(str::to_owned).to_vec()];
    for row in rows.iter().filter(|row| row.operation.kind == Kind::Steps) {
        let (rmw_ours, rmw_other) = row.cells(|cost| Some(figure(cost.rmw)));
        let (instr_ours, instr_other) = row.cells(|cost| Some(format!("{:.0}", cost.instructions)));
        cells.push(vec![
            row.operation.name.clone(),
            rmw_ours,
            rmw_other,
            instr_ours,
            instr_other,
            row.pair(|cost| Some(figure(cost.allocs))),
            row.pair(|cost| Some(figure(cost.all_syscalls()))),
        ]);
    }
    cells
}

/// What else is measured, and what the operations are.
fn notes(rows: &[Row<'_>]) -> String {
    let mut text = String::from("\n| what | ours | tokio |\n| --- | --- | --- |\n");
    for row in rows.iter().filter(|row| row.operation.kind != Kind::Steps) {
        let (ours, other) = row.cells(|cost| match cost.bytes {
            Some(bytes) => Some(format!("{bytes:.0} B")),
            None => cost.idle_us.map(|idle_us| {
                format!("{idle_us:.0} us, system calls: {}", figure(cost.all_syscalls()))
            }),
        });
        text.push_str(&format!("| {} | {ours} | {other} |\n", row.operation.about));
    }
    text.push('\n');
    for row in rows.iter().filter(|row| row.operation.kind == Kind::Steps) {
        text.push_str(&format!("- `{}`: {}\n", row.operation.name, row.operation.about));
    }
    text
}

/// Puts the tables of a flavour into the page.
pub(super) fn write(flavor: Flavor, rows: &[Row<'_>]) -> Result<()> {
    let path = util::root().join(PAGE);
    let page = fs::read_to_string(&path).context(PAGE)?;
    fs::write(&path, replace(&page, marks(flavor), &block(rows))?)?;
    println!("written: {PAGE}");
    Ok(())
}

/// What stands between the marks; `ledger` reads it again.
pub(super) fn block(rows: &[Row<'_>]) -> String {
    markdown(&table(rows)) + &notes(rows)
}

fn replace(page: &str, [begin, end]: [&str; 2], block: &str) -> Result<String> {
    let (before, rest) =
        page.split_once(begin).with_context(|| format!("{PAGE} has no {begin}"))?;
    let (_, after) = rest.split_once(end).with_context(|| format!("{PAGE} has no {end}"))?;
    Ok(format!("{before}{begin}\n{block}{end}{after}"))
}

#[cfg(test)]
mod tests {
    use super::{Flavor, marks, replace};

    #[test]
    fn the_table_replaces_the_old_one() {
        let [begin, end] = marks(Flavor::Multi);
        let page = |table| format!("a\n{begin}\n{table}\n{end}\nb\n");
        let replaced = replace(&page("old"), [begin, end], "new\n").unwrap();
        assert_eq!(replaced, page("new"));
        assert!(replace("a", [begin, end], "new").is_err());
    }
}
