//! A run as tables: on a terminal, row by row with its spread, and as Markdown for the README.

use super::results::{Flavor, Group, Machine, Results, Row, Subject, Workload};
use super::stats::{self, Beside, Compared, Spread, Verdict};
use crate::util::{columns, figure, markdown};

/// Where a run was made and of what, in a few lines.
pub(crate) fn header(results: &Results) -> String {
    let Results { machine, rustc, commit, date, command, seed, .. } = results;
    let Machine { processor, cores, memory_bytes, kernel, system } = machine;
    let gib = *memory_bytes as f64 / f64::from(1 << 30);
    let tree = if results.dirty { ", and the tree differs from it" } else { "" };
    let of_subject = |subject: &Subject| format!("{} {}", subject.name, subject.version);
    let versions: Vec<String> = results.subjects.iter().map(of_subject).collect();
    let quick = if results.quick {
        "\nquick: short loops, few rounds, no curves; a look, not figures to be told"
    } else {
        ""
    };
    format!(
        "{processor}, {cores} cores, {gib:.0} GiB; {kernel}, {system}; {rustc}\n\
         {date}, commit {commit}{tree}\n\
         {versions}\n\
         {command} (seed {seed}){quick}\n",
        versions = versions.join(", ")
    )
}

/// Both tables, and what they come to.
pub(crate) fn text(results: &Results) -> String {
    let tables = [Flavor::Current, Flavor::Multi].map(|table| of_table(results, table));
    tables.concat()
}

fn of_table(results: &Results, table: Flavor) -> String {
    let workloads: Vec<&Workload> = results.of_table(table).collect();
    if workloads.is_empty() {
        return String::new();
    }
    let mut text = format!("\n{}\n", title(results, table));
    // Workloads of one sort tell the same, so that they share columns.
    for (sort, workloads) in sorts(&workloads) {
        let shown = Columns::of(&workloads);
        let mut rows = vec![shown.heading(&sort)];
        for workload in workloads {
            rows.extend(shown.rows(results, workload));
        }
        text.push_str(&format!("\n{}", columns(&rows)));
    }
    text + &skipped(&workloads) + &verdicts(results, table)
}

/// Who could not run what, reason by reason.
fn skipped(workloads: &[&Workload]) -> String {
    let mut reasons: Vec<((&str, &str), Vec<&str>)> = Vec::new();
    for workload in workloads {
        for row in &workload.rows {
            let Some(reason) = row.skipped.as_deref() else { continue };
            let key = (row.subject.as_str(), reason);
            match reasons.iter_mut().find(|(known, _)| *known == key) {
                Some((_, names)) => names.push(&workload.name),
                None => reasons.push((key, vec![&workload.name])),
            }
        }
    }
    let lines = reasons.into_iter().map(|((subject, reason), names)| {
        format!("\n{subject}: {reason} ({})\n", names.join(", "))
    });
    lines.collect()
}

/// Group by group, and then the curves, in the order in which they come.
fn sorts<'a>(workloads: &[&'a Workload]) -> Vec<(String, Vec<&'a Workload>)> {
    let mut sorts: Vec<(String, Vec<&Workload>)> = Vec::new();
    let is_point = |workload: &&&Workload| workload.growth.is_some();
    let (points, others): (Vec<&&Workload>, Vec<&&Workload>) = workloads.iter().partition(is_point);
    for workload in others.into_iter().chain(points) {
        let sort = match &workload.growth {
            Some(growth) => format!("among {}", growth.family),
            None => format!("{:?}", workload.group).to_lowercase(),
        };
        match sorts.iter_mut().find(|(name, _)| *name == sort) {
            Some((_, of_sort)) => of_sort.push(workload),
            None => sorts.push((sort, vec![workload])),
        }
    }
    sorts
}

fn title(results: &Results, table: Flavor) -> String {
    let place = match table {
        Flavor::Multi => format!("{} workers", results.workers),
        _ => "The root future's thread".to_owned(),
    };
    format!(
        "{place}, {} rounds.\nMedians; ± how far the middle half of all rounds reaches; switches per \
         1,000 operations.\nx: how many times as fast ours is, round by round; in the row of ours, \
         how far it is from itself.",
        results.rounds
    )
}

/// What there is to show: a column that nobody fills is left out.
struct Columns {
    told: Vec<&'static Column>,
}

/// A reading, as it is shown.
struct Column {
    heading: &'static str,
    reading: &'static str,
    show: fn(f64) -> String,
    /// Whether its spread stands beside it.
    spread: bool,
    /// Whether a ratio of it stands at the end, under this heading.
    ratio: Option<&'static str>,
}

#[rustfmt::skip] // A table: a line each.
const COLUMNS: [Column; 12] = [
    Column { heading: "cpu", reading: "cpu_ns", show: time, spread: true, ratio: Some("x cpu") },
    Column { heading: "clock", reading: "wall_ns", show: time, spread: true, ratio: Some("x clock") },
    Column { heading: "switches", reading: "switches", show: per_thousand, spread: false, ratio: None },
    Column { heading: "wakes", reading: "wakes", show: per_thousand, spread: false, ratio: None },
    Column { heading: "waits", reading: "waits", show: per_thousand, spread: false, ratio: None },
    Column { heading: "p50", reading: "p50_ns", show: time, spread: true, ratio: Some("x p50") },
    Column { heading: "p99", reading: "p99_ns", show: time, spread: true, ratio: Some("x p99") },
    Column { heading: "p99.9", reading: "p999_ns", show: time, spread: false, ratio: None },
    Column { heading: "max", reading: "max_ns", show: time, spread: false, ratio: None },
    Column { heading: "bytes", reading: "bytes", show: figure, spread: false, ratio: Some("x bytes") },
    Column { heading: "per s", reading: "requests_per_s", show: count, spread: true, ratio: Some("x per s") },
    Column { heading: "early", reading: "early", show: count, spread: false, ratio: None },
];

impl Columns {
    fn of(workloads: &[&Workload]) -> Self {
        let rows = || workloads.iter().flat_map(|workload| &workload.rows);
        let is_told = |column: &&Column| rows().any(|row| !row.of(column.reading).is_empty());
        Self { told: COLUMNS.iter().filter(is_told).collect() }
    }

    fn with_ratio(&self) -> impl Iterator<Item = (&Column, &'static str)> {
        self.told.iter().filter_map(|column| Some((*column, column.ratio?)))
    }

    fn heading<'a>(&'a self, sort: &'a str) -> Vec<String> {
        let mut heading = vec![sort, "subject"];
        for column in &self.told {
            heading.push(column.heading);
            if column.spread {
                heading.push("±");
            }
        }
        heading.extend(self.with_ratio().map(|(_, heading)| heading));
        heading.push("ours is");
        heading.into_iter().map(str::to_owned).collect()
    }

    fn rows(&self, results: &Results, workload: &Workload) -> Vec<Vec<String>> {
        let ours = results.ours(workload.flavor.table());
        let headline = stats::headline(workload);
        let best = headline.and_then(|reading| stats::best_peer(results, workload, reading));
        let row = |row: &Row| {
            let mut cells = vec![workload.name.clone(), name(results, row)];
            for column in &self.told {
                let spread = Spread::of(row.of(column.reading));
                cells.push(spread.map_or("-".to_owned(), |spread| (column.show)(spread.middle)));
                if column.spread {
                    cells
                        .push(spread.map_or_else(String::new, |spread| percent(spread.relative())));
                }
            }
            let is_ours = ours.is_some_and(|ours| ours.name == row.subject);
            for (column, _) in self.with_ratio() {
                cells.push(match is_ours {
                    true => workload
                        .noise_of(column.reading)
                        .map_or(String::new(), |it| format!("±{}", percent(it))),
                    false => stats::compare(results, workload, &row.subject, column.reading)
                        .map_or("-".to_owned(), |compared| times(compared.ratio.middle)),
                });
            }
            let is_best = best.is_some_and(|(best, _)| best.name == row.subject);
            cells.push(match headline {
                Some(reading) if !is_ours => {
                    let compared = stats::compare(results, workload, &row.subject, reading);
                    let of_best = if is_best { " (best peer)" } else { "" };
                    match row.skipped {
                        Some(_) => "see below".to_owned(),
                        None => compared
                            .map_or(String::new(), |it| format!("{}{of_best}", word(it.verdict))),
                    }
                }
                _ if row.skipped.is_some() => "see below".to_owned(),
                _ => String::new(),
            });
            cells
        };
        workload.rows.iter().map(row).collect()
    }
}

/// A star marks who promises less.
fn name(results: &Results, row: &Row) -> String {
    let fewer = results.subject(&row.subject).is_some_and(|subject| !subject.same_promises);
    format!("{}{}", row.subject, if fewer { "*" } else { "" })
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Ahead => "ahead",
        Verdict::Behind => "behind",
        Verdict::Tie => "level",
    }
}

/// What the rows of a table come to.
fn verdicts(results: &Results, table: Flavor) -> String {
    let mut text = String::new();
    let mut runtimes: Vec<&str> = Vec::new();
    for subject in results.subjects.iter().filter(|it| !it.ours && it.flavor.table() == table) {
        if !runtimes.contains(&subject.runtime()) {
            runtimes.push(subject.runtime());
        }
    }
    let besides = runtimes.into_iter().map(|runtime| (runtime, Beside::Runtime(runtime)));
    let besides = besides.chain([("the best peer of each row", Beside::BestPeer)]);
    let means: Vec<String> = besides
        .filter_map(|(name, beside)| {
            let (mean, rows) = stats::mean_ratio(results, table, beside)?;
            Some(format!("{} {name} ({rows} rows)", times(mean)))
        })
        .collect();
    if !means.is_empty() {
        text.push_str(&format!(
            "\nProcessor time, geometric mean of scheduler, timers and blocking: {}\n",
            means.join(", ")
        ));
    }
    let mut lists = [Verdict::Ahead, Verdict::Tie, Verdict::Behind].map(|it| (it, Vec::new()));
    for workload in results.of_table(table) {
        let Some(reading) = stats::headline(workload) else { continue };
        let Some((best, compared)) = stats::best_peer(results, workload, reading) else { continue };
        for (verdict, names) in &mut lists {
            if compared.verdict == *verdict {
                let ratio = times(compared.ratio.middle);
                names.push(format!("{} ({} {ratio})", workload.name, best.name));
            }
        }
    }
    let [ahead, level, behind] = lists.map(|(_, names)| names);
    if ahead.len() + level.len() + behind.len() > 0 {
        let listed = |names: &[String]| match names.is_empty() {
            true => String::new(),
            false => format!(": {}", names.join(", ")),
        };
        text.push_str(&format!(
            "Beside the best peer of the same promises: ahead in {}; level in {}{}; behind in {}{}\n",
            ahead.len(),
            level.len(),
            listed(&level),
            behind.len(),
            listed(&behind)
        ));
    }
    text
}

/// One table for a page: every row that is no point of a curve, losses included.
pub(crate) fn for_page(results: &Results) -> String {
    let tables = [Flavor::Current, Flavor::Multi].map(|table| page_table(results, table));
    let Results { machine, rustc, commit, rounds, .. } = results;
    let Machine { processor, cores, kernel, .. } = machine;
    let mut versions: Vec<String> = Vec::new();
    for subject in &results.subjects {
        let version = format!("{} {}", subject.runtime(), subject.version);
        if !versions.contains(&version) {
            versions.push(version);
        }
    }
    format!(
        "{}Medians of {rounds} rounds on {processor}, {cores} cores, {kernel}, {rustc}, commit \
         {commit}; {}. Times are processor time per operation where nothing else is said; \
         **bold**: ours is behind; ≈: nobody is ahead of the noise, or by more than 5 %. Of the \
         best peer: the best that makes the same promises; \\*: promises less, so never called \
         the best. `{}`\n",
        tables.concat(),
        versions.join(", "),
        results.command
    )
}

fn page_table(results: &Results, table: Flavor) -> String {
    let workloads = results.of_table(table).filter(|workload| workload.growth.is_none());
    let workloads: Vec<&Workload> = workloads.collect();
    let Some(ours) = results.ours(table).filter(|_| !workloads.is_empty()) else {
        return String::new();
    };
    let others = results.subjects.iter();
    let others: Vec<&Subject> =
        others.filter(|it| it.flavor.table() == table && it.name != ours.name).collect();
    let star = |subject: &Subject| if subject.same_promises { "" } else { "\\*" };
    let mut heading = vec!["workload".to_owned(), ours.name.clone()];
    heading.extend(others.iter().map(|other| format!("{}{}", other.name, star(other))));
    heading.push("best peer".to_owned());
    let mut rows = vec![heading];
    for (workload, reading) in workloads.into_iter().flat_map(page_rows) {
        let label = match (workload.group, reading) {
            (Group::Memory, "bytes") | (_, "cpu_ns") => workload.name.clone(),
            (_, reading) => format!("{} ({})", workload.name, spoken(reading)),
        };
        let mut cells = vec![label, middle(workload, &ours.name, reading)];
        for other in &others {
            let compared = stats::compare(results, workload, &other.name, reading);
            cells.push(match compared {
                Some(compared) => {
                    format!("{} ({})", middle(workload, &other.name, reading), judged(&compared))
                }
                None => middle(workload, &other.name, reading),
            });
        }
        let best = stats::best_peer(results, workload, reading);
        cells.push(best.map_or("-".to_owned(), |(best, compared)| {
            format!("{} {}", best.runtime(), judged(&compared))
        }));
        rows.push(cells);
    }
    let mean = |beside| match stats::mean_ratio(results, table, beside) {
        Some((mean, rows)) => format!("{} over {rows}", times(mean)),
        None => "-".to_owned(),
    };
    let mut means = vec!["geometric mean of scheduler, timers, blocking".to_owned(), String::new()];
    means.extend(others.iter().map(|other| mean(Beside::Runtime(other.runtime()))));
    means.push(mean(Beside::BestPeer));
    rows.push(means);
    markdown(&rows) + "\n"
}

/// What is told of a workload: one reading, and where that is how soon, also how late at worst.
fn page_rows(workload: &Workload) -> Vec<(&Workload, &str)> {
    match stats::headline(workload) {
        Some("p50_ns") => vec![(workload, "p50_ns"), (workload, "p99_ns")],
        Some(reading) => vec![(workload, reading)],
        None => Vec::new(),
    }
}

/// The median with its unit.
fn middle(workload: &Workload, subject: &str, reading: &str) -> String {
    let middle = workload.row(subject).and_then(|row| stats::median(row.of(reading)));
    let show = COLUMNS.iter().find(|column| column.reading == reading).map(|column| column.show);
    match (middle, reading) {
        (None, _) => "-".to_owned(),
        (Some(middle), "bytes") => format!("{middle:.0} B"),
        (Some(middle), _) => show.unwrap_or(figure)(middle),
    }
}

/// The ratio, bold where ours is behind.
fn judged(compared: &Compared) -> String {
    let ratio = times(compared.ratio.middle);
    match compared.verdict {
        Verdict::Ahead => ratio,
        Verdict::Behind => format!("**{ratio}**"),
        Verdict::Tie => format!("≈ {ratio}"),
    }
}

fn spoken(reading: &str) -> &str {
    COLUMNS.iter().find(|column| column.reading == reading).map_or(reading, |it| it.heading)
}

/// Nanoseconds in three digits and a unit.
pub(crate) fn time(ns: f64) -> String {
    let units = [(1e9, "s"), (1e6, "ms"), (1e3, "µs"), (1.0, "ns")];
    let rounds_up_to = |unit: f64| ns >= unit * 0.9995;
    let (unit, name) = units.into_iter().find(|(unit, _)| rounds_up_to(*unit)).unwrap_or(units[3]);
    let value = ns / unit;
    let digits = match value {
        _ if value >= 99.95 => 0,
        _ if value >= 9.995 => 1,
        _ => 2,
    };
    format!("{value:.digits$} {name}")
}

/// To one digit: these are never exact.
fn per_thousand(per_op: f64) -> String {
    figure((per_op * 10_000.0).round() / 10.0)
}

fn count(value: f64) -> String {
    format!("{value:.0}")
}

fn percent(part: f64) -> String {
    format!("{:.0} %", part * 100.0)
}

pub(crate) fn times(ratio: f64) -> String {
    format!("{ratio:.2}x")
}

#[cfg(test)]
mod tests {
    use super::super::results::Group;
    use super::super::results::Results;
    use super::super::results::tests::{results, row, subject, workload};
    use super::{for_page, header, text, time};

    fn run() -> Results {
        let mut skipped = row("nio-multi", &[]);
        skipped.skipped = Some("in its trial: no end within 9 s".to_owned());
        let echo = vec![
            row("rt-multi", &[("cpu_ns", &[5_000.0; 3]), ("p99_ns", &[2e6; 3])]),
            row("tokio-multi", &[("cpu_ns", &[4_000.0; 3]), ("p99_ns", &[3e6; 3])]),
            skipped,
        ];
        let yields = vec![
            row("rt-multi", &[("cpu_ns", &[10.0, 11.0, 10.0]), ("switches", &[0.002; 3])]),
            row("tokio-multi", &[("cpu_ns", &[20.0, 22.0, 20.0]), ("switches", &[0.0; 3])]),
            row("nio-multi", &[("cpu_ns", &[5.0, 5.5, 5.0]), ("switches", &[0.0; 3])]),
        ];
        results(
            vec![
                subject("rt-multi", true),
                subject("tokio-multi", true),
                subject("nio-multi", false),
            ],
            vec![
                workload("yields", Group::Scheduler, 0.03, yields),
                workload("echo", Group::Sockets, 0.01, echo),
            ],
        )
    }

    #[test]
    fn every_row_has_its_verdict() {
        let text = text(&run());
        let line = |start: &str| {
            let lines =
                text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
            lines.into_iter().find(|line| line.starts_with(start)).unwrap()
        };
        assert_eq!(line("yields rt"), "yields rt-multi 10.0 ns 5 % 2 ±3 %");
        let told = line("yields tokio");
        assert!(told.ends_with("2.00x ahead (best peer)"), "{told}");
        let told = line("yields nio-multi*");
        assert!(told.ends_with("0.50x behind"), "{told}");
        assert!(line("echo tokio").ends_with("0.80x 1.50x behind (best peer)"));
        // Who tells no latency has no columns for it.
        assert_eq!(line("scheduler"), "scheduler subject cpu ± switches x cpu ours is");
        assert_eq!(line("sockets"), "sockets subject cpu ± p99 ± x cpu x p99 ours is");
        assert!(text.contains("nio-multi: in its trial: no end within 9 s (echo)"));
        assert!(text.contains("2.00x tokio (1 rows), 0.50x nio (1 rows)"), "{text}");
        assert!(text.contains("ahead in 1; level in 0; behind in 1: echo (tokio-multi 0.80x)"));
    }

    #[test]
    fn a_page_shows_losses_in_bold() {
        let page = for_page(&run());
        assert!(page.contains("| workload | rt-multi | tokio-multi | nio-multi\\* | best peer |"));
        assert!(
            page.contains(
                "| yields | 10.0 ns | 20.0 ns (2.00x) | 5.00 ns (**0.50x**) | tokio 2.00x |"
            ),
            "{page}"
        );
        assert!(page.contains("| echo | 5.00 µs | 4.00 µs (**0.80x**) | - | tokio **0.80x** |"));
        assert!(page.contains("`cargo xtask bench`"));
    }

    #[test]
    fn a_run_says_where_it_was_made() {
        let mut run = run();
        run.dirty = true;
        let text = header(&run);
        for part in ["2 cores", "rustc 1.88.0", "tokio-multi 1.2.3", "seed 7", "tree differs"] {
            assert!(text.contains(part), "{part} in {text}");
        }
    }

    #[test]
    fn times_have_three_digits_and_a_unit() {
        let told = [0.5, 9.996, 45.25, 999.6, 12_345.0, 2e6, 3.5e9].map(time);
        assert_eq!(
            told,
            ["0.50 ns", "10.0 ns", "45.2 ns", "1.00 µs", "12.3 µs", "2.00 ms", "3.50 s"]
        );
    }
}
