//! One workload: what it is, who is ahead, its chart, and every figure in a table.

use super::chart::bars::{self, Bar};
use super::chart::latency::{self, POINTS, Tail};
use super::chart::{Caption, legend};
use super::figures::{percent, whole};
use super::markup::{Element, anchor, element};
use super::palette::look;
use super::reading;
use super::table::{Table, name, words};
use crate::bench::results::{Flavor, Results, Row, Subject, Workload};
use crate::bench::stats::{self, Compared};

/// Readings that are drawn as bars, where they are told.
const BARS: [&str; 3] = ["cpu_ns", "wall_ns", "bytes"];

/// More than so many stand in a row of no page.
const READINGS_MAX: usize = 4;

/// Where a workload is on the page.
pub(super) fn id(workload: &Workload) -> String {
    let table = match workload.flavor.table() {
        Flavor::Multi => "many",
        Flavor::Current | Flavor::Local => "one",
    };
    anchor(&format!("{table}-{}", workload.name))
}

pub(super) fn section(results: &Results, workload: &Workload) -> Element {
    let id = id(workload);
    let view = View::new(results, workload);
    element("article")
        .class("workload")
        .id(&id)
        .child(
            element("h4").child(element("a").with("href", format!("#{id}")).text(&workload.name)),
        )
        .child(element("p").class("about").prose(&workload.about))
        .child(view.verdicts())
        .child(view.figure(&id))
        .child(element("details").child(element("summary").text("All figures")).child(view.table()))
}

/// The name of a subject as it stands in charts and tables: marked if it promises less.
pub(super) fn marked(subject: Option<&Subject>, name: &str) -> String {
    match subject {
        Some(subject) if !subject.same_promises => format!("{name}\u{a0}*"),
        _ => name.to_owned(),
    }
}

struct View<'a> {
    results: &'a Results,
    workload: &'a Workload,
    /// The best first, by the reading that decides; those without figures last.
    rows: Vec<&'a Row>,
}

impl<'a> View<'a> {
    fn new(results: &'a Results, workload: &'a Workload) -> Self {
        let mut rows: Vec<&Row> = workload.rows.iter().collect();
        if let Some(reading) = stats::headline(workload) {
            let key = |row: &&Row| match stats::median(row.of(reading)) {
                None => f64::INFINITY,
                Some(middle) if stats::more_is_better(reading) => -middle,
                Some(middle) => middle,
            };
            rows.sort_by(|a, b| key(a).total_cmp(&key(b)));
        }
        Self { results, workload, rows }
    }

    fn verdicts(&self) -> Element {
        let mut told = element("p").class("verdicts");
        let Some(reading) = stats::headline(self.workload) else {
            return told.text("No subject has figures.");
        };
        let workload = self.workload;
        let peer = stats::peer(self.results, workload);
        let peer = peer.and_then(|subject| {
            Some((subject, stats::compare(self.results, workload, &subject.name, reading)?))
        });
        let best = stats::best_peer(self.results, workload, reading);
        let is_other = |(subject, _): &(&Subject, Compared)| {
            peer.is_none_or(|(peer, _)| peer.name != subject.name)
        };
        for (subject, compared) in peer.into_iter().chain(best.filter(is_other)) {
            let is_best = best.is_some_and(|(best, _)| best.name == subject.name);
            let rank = if is_best { ", the best peer" } else { "" };
            let beside = format!(" {} beside {}{rank}", reading::ratio(&compared), subject.name);
            let told_one = element("span")
                .class("verdict")
                .child(reading::badge(compared.verdict))
                .text(beside);
            told = told.child(told_one).text(" ");
        }
        let mut facts = vec![format!("judged by {}", reading::title(reading))];
        facts.extend(workload.noise_of(reading).map(|noise| format!("noise {}", percent(noise))));
        if workload.n > 0 {
            facts.push(format!("{} times a process", whole(workload.n as f64)));
        }
        told.child(element("span").class("facts").text(facts.join(" · ")))
    }

    fn figure(&self, id: &str) -> Element {
        let told = |reading: &&str| self.rows.iter().any(|row| !row.of(reading).is_empty());
        let mut bars: Vec<&str> = BARS.into_iter().filter(told).collect();
        let headline = stats::headline(self.workload);
        bars.sort_by_key(|reading| Some(*reading) != headline);
        let mut panels: Vec<Element> =
            bars.into_iter().map(|reading| self.bars(id, reading)).collect();
        let is_point = |reading: &str| POINTS.iter().any(|(_, _, point)| *point == reading);
        if POINTS.iter().any(|(_, _, reading)| told(reading)) {
            let first = headline.is_some_and(is_point);
            panels.insert(if first { 0 } else { panels.len() }, self.tails(id));
        }
        if panels.is_empty() {
            panels.extend(self.readings().first().map(|reading| self.bars(id, reading)));
        }
        element("figure")
            .class("workload-chart")
            .child(element("div").class("panels").children(panels))
            .children(self.notes())
    }

    fn bars(&self, id: &str, reading: &str) -> Element {
        let rows = self.rows.iter().filter(|row| row.skipped.is_none());
        let bars: Vec<Bar<'_>> = rows
            .map(|row| {
                let subject = self.results.subject(&row.subject);
                let ours = subject.is_some_and(|subject| subject.ours);
                Bar {
                    name: marked(subject, &row.subject),
                    look: look(self.results, &row.subject),
                    ours,
                    same_promises: subject.is_none_or(|subject| subject.same_promises),
                    samples: row.of(reading),
                }
            })
            .collect();
        let per = if reading == "bytes" { "resident, of one" } else { "per operation" };
        let heading = format!("{}, {per}", capital(&reading::title(reading)));
        let caption = Caption {
            id: &format!("{id}-{reading}"),
            title: format!("{}: {}", self.workload.name, heading),
            description: self.in_words(reading),
        };
        panel(&heading, bars::draw(&caption, reading::unit(reading), &bars))
    }

    fn tails(&self, id: &str) -> Element {
        let rows = self.rows.iter().filter(|row| row.skipped.is_none());
        let tails: Vec<Tail> = rows
            .map(|row| {
                let subject = self.results.subject(&row.subject);
                let ours = subject.is_some_and(|subject| subject.ours);
                Tail {
                    name: marked(subject, &row.subject),
                    look: look(self.results, &row.subject),
                    ours,
                    points: POINTS.map(|(_, _, reading)| stats::median(row.of(reading))),
                }
            })
            .collect();
        // The one that decides, or else the one that matters.
        let decides =
            |(_, _, reading): &(_, _, &str)| Some(*reading) == stats::headline(self.workload);
        let told = POINTS.iter().position(decides).unwrap_or(1);
        let heading = "Latency, log axis";
        let caption = Caption {
            id: &format!("{id}-latency"),
            title: format!("{}: {heading}", self.workload.name),
            description: self.in_words(POINTS[told].2),
        };
        let entries = POINTS.map(|(name, mark, _)| (mark, "c-ink".to_owned(), name.to_owned()));
        panel(heading, latency::draw(&caption, &tails, told)).child(legend(entries))
    }

    /// The medians of a reading as a sentence.
    fn in_words(&self, reading: &str) -> String {
        let rows = self.rows.iter().filter(|row| !row.of(reading).is_empty());
        let told: Vec<String> = rows
            .map(|row| format!("{} {}", row.subject, reading::middle(reading, row.of(reading))))
            .collect();
        format!("Medians of {}: {}.", reading::title(reading), told.join(", "))
    }

    /// Who has no figures and why, and who promises less.
    fn notes(&self) -> Option<Element> {
        let mut notes = Vec::new();
        for row in &self.rows {
            if let Some(reason) = &row.skipped {
                notes.push(format!("{} has no bar: {reason}", row.subject));
            }
        }
        let is_marked = |row: &&&Row| {
            let subject = self.results.subject(&row.subject);
            row.skipped.is_none() && subject.is_some_and(|subject| !subject.same_promises)
        };
        if self.rows.iter().any(|row| is_marked(&row)) {
            notes.push("* promises less, and is not called the best peer".to_owned());
        }
        let items = notes.iter().map(|note| element("li").prose(note));
        (!notes.is_empty())
            .then(|| element("figcaption").child(element("ul").class("notes").children(items)))
    }

    /// Readings that anybody told, in their order.
    fn readings(&self) -> Vec<&'a str> {
        let rows = self.workload.rows.iter().filter(|row| row.skipped.is_none());
        let told = rows.flat_map(|row| row.samples.iter());
        let told = told.filter(|(_, samples)| !samples.is_empty());
        let mut readings: Vec<&str> = told.map(|(reading, _)| reading.as_str()).collect();
        readings.sort_by_key(|reading| reading::place(reading));
        readings.dedup();
        readings
    }

    fn table(&self) -> Element {
        let readings = self.readings();
        let headline = stats::headline(self.workload);
        let mut heading = vec!["subject".to_owned()];
        heading.extend(readings.iter().map(|reading| reading::title(reading)));
        heading.push(times_as(headline).to_owned());
        let caption = "Medians, and the middle half of the samples";
        let mut table = Table::with_heading(caption, heading)
            .class(if readings.len() > READINGS_MAX { "wide" } else { "" });
        for row in &self.rows {
            let subject = self.results.subject(&row.subject);
            let ours = subject.is_some_and(|subject| subject.ours);
            let mut cells = vec![name(&marked(subject, &row.subject))];
            cells.extend(readings.iter().map(|reading| reading::spread(reading, row.of(reading))));
            cells.push(self.beside(row, ours, headline));
            table.row(if ours { "ours" } else { "" }, cells);
        }
        table.build()
    }

    fn beside(&self, row: &Row, ours: bool, headline: Option<&str>) -> Element {
        if let Some(reason) = &row.skipped {
            return words(reason);
        }
        if ours {
            return words("");
        }
        let compared = headline
            .and_then(|reading| stats::compare(self.results, self.workload, &row.subject, reading));
        match compared {
            None => words("–"),
            Some(compared) => {
                words(&reading::ratio(&compared)).text(" ").child(reading::badge(compared.verdict))
            }
        }
    }
}

/// What a ratio of this reading says.
fn times_as(reading: Option<&str>) -> &'static str {
    match reading {
        Some("bytes") => "ours, times as small",
        _ => "ours, times as fast",
    }
}

/// A chart and what is above it.
pub(super) fn panel(heading: &str, chart: Element) -> Element {
    element("div").class("panel").child(element("p").class("unit").text(heading)).child(chart)
}

pub(super) fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
