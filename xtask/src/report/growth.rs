//! Workloads that differ in nothing but how many there are of something, as curves.

use super::chart::growth::{self as lines, Curve};
use super::chart::{Caption, legend};
use super::figures::whole;
use super::markup::{Element, anchor, element};
use super::palette::{OURS, look};
use super::table::{Table, name};
use super::workload::{self, capital, marked, panel};
use super::{TABLES, reading};
use crate::bench::results::{Flavor, Results, Workload};
use crate::bench::stats::{self, Spread};

/// Workloads of one curve, from few to many.
pub(super) struct Family<'a> {
    /// What all their names begin with.
    pub(super) name: String,
    /// What there are many of.
    pub(super) what: &'a str,
    table: Flavor,
    points: Vec<(u64, &'a Workload)>,
}

/// Beside the reading that decides, these are drawn where they are told.
const DRAWN: [&str; 3] = ["cpu_ns", "p99_ns", "bytes"];

/// More than so many stand in a row of no page.
const SUBJECTS_MAX: usize = 5;

impl<'a> Family<'a> {
    pub(super) fn all(results: &'a Results) -> Vec<Self> {
        let mut families: Vec<Self> = Vec::new();
        for (table, _) in TABLES {
            for workload in results.of_table(table) {
                let Some(growth) = &workload.growth else { continue };
                let name = stem(&workload.name).to_owned();
                let what = growth.family.as_str();
                let is_it = |family: &&mut Self| {
                    family.table == table && family.name == name && family.what == what
                };
                let point = (growth.size, workload);
                match families.iter_mut().find(is_it) {
                    Some(family) => family.points.push(point),
                    None => families.push(Self { name, what, table, points: vec![point] }),
                }
            }
        }
        for family in &mut families {
            family.points.sort_by_key(|(size, _)| *size);
        }
        families
    }

    pub(super) fn id(&self) -> String {
        let first = workload::id(self.points[0].1);
        anchor(&format!("growth-{}-{first}", self.what))
    }

    /// As it stands in headings.
    pub(super) fn title(&self) -> String {
        let place = TABLES.iter().find(|(table, _)| *table == self.table).map_or("", |(_, t)| t);
        format!("{}, {}", self.name, place.to_lowercase())
    }

    pub(super) fn section(&self, results: &Results) -> Element {
        let headline = self.points.iter().find_map(|(_, workload)| stats::headline(workload));
        let readings = headline.into_iter().chain(
            DRAWN.into_iter().filter(|reading| Some(*reading) != headline && self.tells(reading)),
        );
        let readings: Vec<&str> = readings.collect();
        let panels = readings.iter().map(|reading| self.panel(results, reading));
        let named = self.subjects().into_iter().map(|subject| {
            let look = look(results, subject);
            (look.mark, look.classes(), marked(results.subject(subject), subject))
        });
        let each = self.points.iter().map(|(_, workload)| workload::section(results, workload));
        element("section")
            .class("family card")
            .id(self.id())
            .child(element("h4").text(self.title()))
            .child(element("p").class("about").prose(&self.points[0].1.about))
            .child(
                element("figure")
                    .class("growth-chart")
                    .child(element("div").class("panels").children(panels))
                    .child(legend(named)),
            )
            .children(headline.map(|reading| self.table(results, reading)))
            .child(
                element("details")
                    .child(element("summary").text("Each size by itself"))
                    .children(each),
            )
    }

    fn tells(&self, reading: &str) -> bool {
        let mut rows = self.points.iter().flat_map(|(_, workload)| &workload.rows);
        rows.any(|row| !row.of(reading).is_empty())
    }

    /// Whoever has a row, in the order of the first workload.
    fn subjects(&self) -> Vec<&'a str> {
        let mut subjects: Vec<&str> = Vec::new();
        for row in self.points.iter().flat_map(|(_, workload)| &workload.rows) {
            let has_figures = row.skipped.is_none();
            if has_figures && !subjects.contains(&row.subject.as_str()) {
                subjects.push(&row.subject);
            }
        }
        subjects
    }

    fn panel(&self, results: &Results, reading: &str) -> Element {
        let curve = |subject: &str| {
            let known = results.subject(subject);
            let points = self.points.iter().filter_map(|(size, workload)| {
                Some((*size as f64, Spread::of(workload.row(subject)?.of(reading))?))
            });
            Curve {
                name: marked(known, subject),
                look: look(results, subject),
                points: points.collect(),
            }
        };
        let mut curves: Vec<Curve> = self.subjects().into_iter().map(curve).collect();
        // Ours is drawn last, above the others.
        curves.sort_by_key(|curve| curve.look.class == OURS.class);
        let heading = format!("{}, by {}, log axes", capital(&reading::title(reading)), self.what);
        let told = curves.iter().filter_map(|curve| {
            let (first, last) = (curve.points.first()?, curve.points.last()?);
            let write = |cost: &Spread| reading::unit(reading).write(cost.middle);
            Some(format!("{} from {} to {}", curve.name, write(&first.1), write(&last.1)))
        });
        let told: Vec<String> = told.collect();
        let caption = Caption {
            id: &format!("{}-{reading}", self.id()),
            title: format!("{}: {heading}", self.title()),
            description: format!("From the fewest to the most {}: {}.", self.what, told.join(", ")),
        };
        panel(&heading, lines::draw(&caption, reading::unit(reading), self.what, &curves))
    }

    fn table(&self, results: &Results, reading: &str) -> Element {
        let subjects = self.subjects();
        let mut heading = vec![self.what.to_owned()];
        heading.extend(subjects.iter().map(|subject| marked(results.subject(subject), subject)));
        heading.push("ours beside the best peer".to_owned());
        let caption = format!("Medians: {}", reading::title(reading));
        let mut table = Table::with_heading(&caption, heading)
            .class(if subjects.len() > SUBJECTS_MAX { "wide" } else { "" });
        for (size, workload) in &self.points {
            let mut cells = vec![name(&whole(*size as f64))];
            cells.extend(subjects.iter().map(|subject| {
                let row = workload.row(subject);
                let samples = row.map_or(&[][..], |row| row.of(reading));
                element("td").text(reading::middle(reading, samples))
            }));
            let best = stats::best_peer(results, workload, reading);
            cells.push(match best {
                Some((_, compared)) => element("td")
                    .text(super::figures::times(compared.ratio.middle))
                    .text(" ")
                    .child(reading::badge(compared.verdict)),
                None => element("td").text(super::figures::NONE),
            });
            table.row("", cells);
        }
        table.build()
    }
}

/// A name without the size at its end: `spawn_many` of `spawn_many_10k` and of `spawn_many_1000`.
fn stem(name: &str) -> &str {
    let is_size = |part: &str| {
        let digits = part.trim_end_matches(['k', 'm', 'K', 'M']);
        !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
    };
    match name.rsplit_once('_') {
        Some((stem, size)) if is_size(size) => stem,
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::stem;

    #[test]
    fn sizes_are_no_part_of_the_name_of_a_curve() {
        let names = ["spawn_many_1000", "sleeps_10k", "idle_1m", "echo_64", "fan_in", "a_k"];
        let stems = ["spawn_many", "sleeps", "idle", "echo", "fan_in", "a_k"];
        assert_eq!(names.map(stem), stems);
    }
}
