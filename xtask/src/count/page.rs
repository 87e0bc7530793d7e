//! The tables: on the terminal, and in `docs/costs.md`.

use std::fs;

use anyhow::{Context, Result};

use super::{Cost, Kind, Row, is_ours};
use crate::flags::Table;
use crate::util::{self, figure, markdown};

pub(super) const PAGE: &str = "docs/costs.md";

/// The parts of the page that this command writes, each with the comments around it.
pub(super) fn marks(table: Table) -> [&'static str; 2] {
    match table {
        Table::Current => ["<!-- count:begin -->", "<!-- count:end -->"],
        Table::Multi => ["<!-- count:multi:begin -->", "<!-- count:multi:end -->"],
        Table::Sync => ["<!-- count:sync:begin -->", "<!-- count:sync:end -->"],
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
pub(super) fn table(table: Table, rows: &[Row<'_>]) -> Vec<Vec<String>> {
    if table == Table::Sync {
        return pairings(rows);
    }
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

/// The same of channels and locks: a column for each pairing, ours first.
fn pairings(rows: &[Row<'_>]) -> Vec<Vec<String>> {
    let mut heading = vec!["operation".to_owned()];
    let columns = |name| move |(subject, _): &(String, Cost)| format!("{name} {}", spoken(subject));
    let pairings = || rows.first().into_iter().flat_map(|row| &row.costs);
    for name in ["RMW", "instr"] {
        heading.extend(pairings().map(columns(name)));
    }
    let names: Vec<String> = pairings().map(|(subject, _)| spoken(subject)).collect();
    heading.push(format!("allocs {}", names.join(" / ")));
    let mut cells = vec![heading];
    for row in rows {
        let each = |told: fn(&Cost) -> String| row.costs.iter().map(move |(_, cost)| told(cost));
        let mut line = vec![row.operation.name.clone()];
        line.extend(each(|cost| figure(cost.rmw)));
        line.extend(each(|cost| format!("{:.0}", cost.instructions)));
        line.push(each(|cost| figure(cost.allocs)).collect::<Vec<String>>().join(" / "));
        cells.push(line);
    }
    cells
}

/// `tokio on ours` of `tokio@rt-current`.
fn spoken(pairing: &str) -> String {
    let (of, on) = pairing.split_once('@').unwrap_or((pairing, pairing));
    match (is_ours(of), is_ours(on)) {
        (true, _) => "ours".to_owned(),
        (false, true) => "tokio on ours".to_owned(),
        (false, false) => "tokio".to_owned(),
    }
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
    text + &abouts(rows)
}

/// What the operations are.
fn abouts(rows: &[Row<'_>]) -> String {
    let steps = rows.iter().map(|row| row.operation).filter(|it| it.kind == Kind::Steps);
    let lines = steps.map(|it| format!("- `{}`: {}\n", it.name, it.about));
    format!("\n{}", lines.collect::<String>())
}

/// Puts the tables into the page.
pub(super) fn write(table: Table, rows: &[Row<'_>]) -> Result<()> {
    let path = util::root().join(PAGE);
    let page = fs::read_to_string(&path).context(PAGE)?;
    fs::write(&path, replace(&page, marks(table), &block(table, rows))?)?;
    println!("written: {PAGE}");
    Ok(())
}

/// What stands between the marks; `ledger` reads it again.
pub(super) fn block(table: Table, rows: &[Row<'_>]) -> String {
    let notes = if table == Table::Sync { abouts(rows) } else { notes(rows) };
    markdown(&self::table(table, rows)) + &notes
}

fn replace(page: &str, [begin, end]: [&str; 2], block: &str) -> Result<String> {
    let (before, rest) =
        page.split_once(begin).with_context(|| format!("{PAGE} has no {begin}"))?;
    let (_, after) = rest.split_once(end).with_context(|| format!("{PAGE} has no {end}"))?;
    Ok(format!("{before}{begin}\n{block}{end}{after}"))
}

#[cfg(test)]
mod tests {
    use super::super::{Cost, Kind, Operation, Row};
    use super::{Table, block, marks, replace};
    use crate::bench::results::Flavor;

    #[test]
    fn the_table_replaces_the_old_one() {
        let [begin, end] = marks(Table::Multi);
        let page = |table| format!("a\n{begin}\n{table}\n{end}\nb\n");
        let replaced = replace(&page("old"), [begin, end], "new\n").unwrap();
        assert_eq!(replaced, page("new"));
        assert!(replace("a", [begin, end], "new").is_err());
    }

    #[test]
    fn pairings_have_a_column_each() {
        let operation = Operation {
            flavor: Flavor::Current,
            name: "mutex".to_owned(),
            kind: Kind::Steps,
            few: 1,
            many: 2,
            about: "a lock".to_owned(),
        };
        let cost = |rmw| Cost { rmw, instructions: 10.0 * rmw, ..Cost::default() };
        let costs =
            [("rt-sync@rt-current", 1.0), ("tokio@tokio-current", 4.0), ("tokio@rt-current", 3.0)];
        let costs = costs.map(|(subject, rmw)| (subject.to_owned(), cost(rmw))).into();
        let text = block(Table::Sync, &[Row { operation: &operation, costs }]);
        assert!(
            text.contains("| RMW ours | RMW tokio | RMW tokio on ours | instr ours |"),
            "{text}"
        );
        assert!(text.contains("| mutex | 1 | 4 | 3 | 10 | 40 | 30 | 0 / 0 / 0 |"), "{text}");
        assert!(text.ends_with("\n- `mutex`: a lock\n"), "{text}");
    }
}
