//! A run of pairings (channels and locks; readers and writers) as tables: a row per workload, ours on our runtime first, and then
//! how many times as fast it is as each other pairing.

use super::results::{Flavor, Results, Workload};
use super::stats::{self, Compared, Spread, Verdict};
use super::table::{time, times};
use crate::util::{columns, markdown};

/// What tables are made of: where threads wait for each other, the clock tells what processor
/// time does not.
const READINGS: [(&str, &str); 2] =
    [("cpu_ns", "processor time"), ("wall_ns", "time on the clock")];

/// Both tables, and what they come to.
pub(super) fn text(results: &Results) -> String {
    let tables = [Flavor::Current, Flavor::Multi];
    let text = tables.into_iter().filter_map(|table| {
        let ours = &results.ours(table)?.name;
        let mut text = format!(
            "\n{}\nMedians; ± how far the middle half of all rounds reaches; noise: how far ours is \
             from itself.\nx: how many times as fast ours is, round by round; ≈: within the noise, \
             or 5 %.\n",
            place(results, table)
        );
        for (reading, name) in READINGS {
            let rows = rows(results, table, reading);
            text += &format!("\n{name} of {ours}\n{}", columns(&rows));
            text += &sums(results, table, reading);
        }
        Some(text + &skipped(results, table))
    });
    text.collect()
}

/// One table a flavour for a page: processor time.
pub(super) fn for_page(results: &Results) -> String {
    let tables = [Flavor::Current, Flavor::Multi].into_iter().filter_map(|table| {
        results.ours(table)?;
        let mut rows = rows(results, table, "cpu_ns");
        let mut medians = vec!["median".to_owned(), String::new(), String::new(), String::new()];
        medians.extend(besides(results, table).map(|other| {
            let ratios = ratios(results, table, other, "cpu_ns");
            stats::median(&ratios).map_or("-".to_owned(), times)
        }));
        rows.push(medians);
        Some(format!("{}\n\n{}\n", place(results, table), markdown(&rows)))
    });
    let tables: String = tables.collect();
    format!(
        "{tables}Processor time per operation, medians of {} rounds on {}, {} cores, {}, commit {}; \
         ≈: within the noise, or 5 %. `{}`\n",
        results.rounds,
        results.machine.processor,
        results.machine.cores,
        results.rustc,
        results.commit,
        results.command
    )
}

fn place(results: &Results, table: Flavor) -> String {
    match table {
        Flavor::Multi => format!("{} workers, {} rounds.", results.workers, results.rounds),
        _ => format!("One thread, {} rounds.", results.rounds),
    }
}

/// The other pairings of a table, in their order.
fn besides(results: &Results, table: Flavor) -> impl Iterator<Item = &str> {
    let others = results.subjects.iter().filter(move |it| it.flavor == table && !it.ours);
    others.map(|subject| subject.name.as_str())
}

fn rows(results: &Results, table: Flavor, reading: &str) -> Vec<Vec<String>> {
    let mut heading = ["workload", "ours", "±", "noise"].map(str::to_owned).to_vec();
    heading.extend(besides(results, table).map(|other| format!("x {other}")));
    let row = |workload: &Workload| {
        let own = results.ours(table).and_then(|ours| workload.row(&ours.name));
        let spread = own.and_then(|row| Spread::of(row.of(reading)));
        let mut cells = vec![
            workload.name.clone(),
            spread.map_or("-".to_owned(), |spread| time(spread.middle)),
            spread.map_or(String::new(), |spread| percent(spread.relative())),
            workload.noise_of(reading).map_or(String::new(), percent),
        ];
        cells.extend(besides(results, table).map(|other| {
            stats::compare(results, workload, other, reading).map_or("-".to_owned(), judged)
        }));
        cells
    };
    [heading].into_iter().chain(results.of_table(table).map(row)).collect()
}

/// In words where ours is behind, since that is what nobody should miss.
fn judged(compared: Compared) -> String {
    let ratio = times(compared.ratio.middle);
    match compared.verdict {
        Verdict::Ahead => ratio,
        Verdict::Behind => format!("{ratio} behind"),
        Verdict::Tie => format!("≈ {ratio}"),
    }
}

fn ratios(results: &Results, table: Flavor, other: &str, reading: &str) -> Vec<f64> {
    let compared = results.of_table(table);
    let compared = compared.filter_map(|it| stats::compare(results, it, other, reading));
    compared.map(|compared| compared.ratio.middle).collect()
}

/// The median of the rows beside each other pairing, and which rows are not ahead.
fn sums(results: &Results, table: Flavor, reading: &str) -> String {
    let mut text = String::new();
    for other in besides(results, table) {
        let ratios = ratios(results, table, other, reading);
        let Some(median) = stats::median(&ratios) else { continue };
        let of = |verdict| -> Vec<String> {
            let rows = results.of_table(table).filter_map(|workload| {
                let compared = stats::compare(results, workload, other, reading)?;
                let name = format!("{} {}", workload.name, times(compared.ratio.middle));
                (compared.verdict == verdict).then_some(name)
            });
            rows.collect()
        };
        let [level, behind] = [Verdict::Tie, Verdict::Behind].map(of);
        let listed = |names: &[String]| match names.is_empty() {
            true => String::new(),
            false => format!(" ({})", names.join(", ")),
        };
        text += &format!(
            "beside {other}: {} in the median of {} rows; ahead in {}; level in {}{}; behind in {}{}\n",
            times(median),
            ratios.len(),
            ratios.len() - level.len() - behind.len(),
            level.len(),
            listed(&level),
            behind.len(),
            listed(&behind)
        );
    }
    text
}

/// Who could not run what.
fn skipped(results: &Results, table: Flavor) -> String {
    let lines = results.of_table(table).flat_map(|workload| {
        workload.rows.iter().filter_map(|row| {
            Some(format!("{} on {}: {}\n", workload.name, row.subject, row.skipped.as_deref()?))
        })
    });
    lines.collect()
}

fn percent(part: f64) -> String {
    format!("{:.0} %", part * 100.0)
}

#[cfg(test)]
mod tests {
    use super::super::results::tests::{results, row, subject, workload};
    use super::super::results::{Group, Results, Subject};
    use super::{for_page, text};

    fn run() -> Results {
        let rows = |ours: f64, here: f64| {
            vec![
                row("rt-sync@rt-multi", &[("cpu_ns", &[ours; 3]), ("wall_ns", &[ours; 3])]),
                row("tokio@tokio-multi", &[("cpu_ns", &[30.0; 3]), ("wall_ns", &[5.0; 3])]),
                row("tokio@rt-multi", &[("cpu_ns", &[here; 3]), ("wall_ns", &[here; 3])]),
            ]
        };
        let pairing = |name| Subject { ours: name == "rt-sync@rt-multi", ..subject(name, true) };
        let mut lost = workload("lost", Group::Sync, 0.01, rows(10.0, 8.0));
        lost.rows[1].skipped = Some("hung".to_owned());
        results(
            ["rt-sync@rt-multi", "tokio@tokio-multi", "tokio@rt-multi"].map(pairing).into(),
            vec![
                workload("mutex", Group::Sync, 0.01, rows(10.0, 20.0)),
                workload("level", Group::Sync, 0.01, rows(10.0, 10.2)),
                lost,
            ],
        )
    }

    #[test]
    fn a_row_says_how_many_times_as_fast_ours_is() {
        let text = text(&run());
        let lines: Vec<String> = text
            .lines()
            .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
            .collect();
        for line in [
            "mutex 10.0 ns 0 % 1 % 3.00x 2.00x",
            "level 10.0 ns 0 % 1 % 3.00x ≈ 1.02x",
            "lost 10.0 ns 0 % 1 % - 0.80x behind",
            "mutex 10.0 ns 0 % 1 % 0.50x behind 2.00x",
            "lost on tokio@tokio-multi: hung",
            "beside tokio@rt-multi: 1.02x in the median of 3 rows; ahead in 1; level in 1 \
             (level 1.02x); behind in 1 (lost 0.80x)",
        ] {
            assert!(lines.iter().any(|it| it == line), "{line} in {text}");
        }
    }

    #[test]
    fn a_page_ends_with_the_medians() {
        let page = for_page(&run());
        assert!(
            page.contains(
                "| workload | ours | ± | noise | x tokio@tokio-multi | x tokio@rt-multi |"
            ),
            "{page}"
        );
        assert!(page.contains("| median |  |  |  | 3.00x | 1.02x |"), "{page}");
    }
}
