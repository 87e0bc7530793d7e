//! All workloads at a glance: how many rows are won, even and lost, and by how much.

use super::chart::pairs::{self, Band, Pair};
use super::chart::{Caption, legend};
use super::figures::{NONE, events, times};
use super::markup::{Element, element};
use super::palette::{Look, Mark, TOKIO};
use super::table::{Table, figure, words};
use super::workload::{self, panel};
use super::{TABLES, reading};
use crate::bench::results::{Flavor, Group, Results, Subject, Workload};
use crate::bench::stats::{self, Beside, Compared, Verdict};

/// The order in which groups are told.
pub(super) const GROUPS: [(Group, &str); 6] = [
    (Group::Scheduler, "Scheduler"),
    (Group::Timer, "Timers"),
    (Group::Blocking, "Blocking"),
    (Group::Latency, "Latency"),
    (Group::Sockets, "Sockets"),
    (Group::Memory, "Memory"),
];

/// Best peers are drawn alike, whoever it is: the table names them.
const BEST: Look = Look { class: "c-ink", mark: Mark::Diamond, second: false };

/// Workloads of a table that stand for themselves: points of curves are told as curves.
pub(super) fn single(results: &Results, table: Flavor, group: Group) -> Vec<&Workload> {
    let of_table = results.of_table(table);
    of_table.filter(|workload| workload.growth.is_none() && workload.group == group).collect()
}

/// A workload beside tokio and beside the best peer.
struct Line<'a> {
    workload: &'a Workload,
    reading: &'a str,
    peer: Option<(&'a Subject, Compared)>,
    best: Option<(&'a Subject, Compared)>,
}

impl<'a> Line<'a> {
    fn new(results: &'a Results, workload: &'a Workload) -> Option<Self> {
        let reading = stats::headline(workload)?;
        let peer = stats::peer(results, workload)
            .and_then(|peer| Some((peer, stats::compare(results, workload, &peer.name, reading)?)));
        let best = stats::best_peer(results, workload, reading);
        Some(Self { workload, reading, peer, best })
    }

    /// Whether others have figures and ours, which is among the subjects, has none.
    fn is_missed(&self, results: &Results) -> bool {
        let Some(ours) = results.ours(self.workload.flavor.table()) else {
            return false;
        };
        let row = self.workload.row(&ours.name);
        row.is_none_or(|row| row.of(self.reading).is_empty())
    }

    /// Beside the best peer there is.
    fn verdict(&self) -> Option<Verdict> {
        Some(self.best?.1.verdict)
    }
}

pub(super) fn section(results: &Results) -> Element {
    let mut section = element("section").id("summary").child(element("h2").text("Summary"));
    for (table, title) in TABLES {
        let groups = GROUPS.iter().map(|(group, name)| {
            let workloads = single(results, table, *group);
            let lines = workloads.into_iter().filter_map(|workload| Line::new(results, workload));
            (*name, lines.collect::<Vec<_>>())
        });
        let groups: Vec<_> = groups.filter(|(_, lines)| !lines.is_empty()).collect();
        if groups.is_empty() {
            continue;
        }
        section = section
            .child(element("h3").text(title))
            .child(tiles(results, table, &groups))
            .child(overview(table, &groups))
            .child(table_of(results, title, &groups));
    }
    section
}

/// The table in three figures.
fn tiles(results: &Results, table: Flavor, groups: &[(&str, Vec<Line<'_>>)]) -> Element {
    let tile = |figure: String, text: String| {
        element("li").child(element("b").text(figure)).child(element("span").text(text))
    };
    let mut tiles = Vec::new();
    for (beside, name) in [
        (Beside::Runtime(stats::PEER), stats::PEER),
        (Beside::BestPeer, "the best peer of each row"),
    ] {
        if let Some((mean, rows)) = stats::mean_ratio(results, table, beside) {
            let text = format!(
                "as fast as {name}: geometric mean of {rows} rows of the scheduler, timers and \
                 blocking, by processor time"
            );
            tiles.push(tile(times(mean), text));
        }
    }
    let lines = groups.iter().flat_map(|(_, lines)| lines);
    let verdicts: Vec<Verdict> = lines.filter_map(Line::verdict).collect();
    let count = |verdict| verdicts.iter().filter(|known| **known == verdict).count();
    if !verdicts.is_empty() {
        let [ahead, tie, behind] = [Verdict::Ahead, Verdict::Tie, Verdict::Behind].map(count);
        let text = "rows ahead of, level with and behind the best peer that promises the same";
        tiles.push(tile(format!("{ahead} : {tie} : {behind}"), text.to_owned()));
    }
    element("ul").class("tiles").children(tiles)
}

fn overview(table: Flavor, groups: &[(&str, Vec<Line<'_>>)]) -> Element {
    let lines = || groups.iter().flat_map(|(_, lines)| lines);
    let ratio = |of: &Option<(&Subject, Compared)>| of.map(|(_, compared)| compared.ratio.middle);
    let pair = |line: &Line<'_>| {
        let (peer, best) = (ratio(&line.peer), ratio(&line.best));
        // Where the two are one, one figure says it.
        let name = |of: &Option<(&Subject, Compared)>| of.map(|(subject, _)| subject.name.clone());
        let second = best.filter(|_| name(&line.peer) != name(&line.best));
        let told: Vec<String> = peer.into_iter().chain(second).map(times).collect();
        let points = peer.map(|ratio| (ratio, TOKIO)).into_iter();
        Pair {
            name: line.workload.name.clone(),
            link: Some(format!("#{}", workload::id(line.workload))),
            points: points.chain(best.map(|ratio| (ratio, BEST))).collect(),
            told: told.join(" · "),
        }
    };
    let pairs: Vec<Pair> = lines().map(pair).collect();
    let told: Vec<String> =
        pairs.iter().map(|pair| format!("{} {}", pair.name, pair.told)).collect();
    let caption = Caption {
        id: match table {
            Flavor::Multi => "overview-many",
            Flavor::Current | Flavor::Local => "overview-one",
        },
        title: "How many times as fast (or small) ours is".to_owned(),
        description: format!(
            "Ratios to {}, then to the best peer; above one ours is faster. {}.",
            stats::PEER,
            told.join(", ")
        ),
    };
    let band = Band { from: 1.0 / (1.0 + stats::TIE), line: 1.0, to: 1.0 + stats::TIE };
    let chart = pairs::draw(&caption, &pairs, Some(&band), |tick| format!("{}×", events(tick)));
    let heading =
        "How many times as fast (or small) ours is, log axis: ahead to the right of the line";
    element("figure").class("overview card").child(panel(heading, chart)).child(legend([
        (TOKIO.mark, TOKIO.classes(), format!("beside {}, the first figure", stats::PEER)),
        (
            BEST.mark,
            BEST.classes(),
            "beside the best peer, the second, if it is another".to_owned(),
        ),
    ]))
}

fn table_of(results: &Results, title: &str, groups: &[(&str, Vec<Line<'_>>)]) -> Element {
    let heading =
        ["workload", "judged by", "ours", "tokio", "beside tokio", "best peer", "beside it", ""];
    let caption = format!("{title}: medians, and how many times as fast (or small) ours is");
    let mut table = Table::new(&caption, heading).class("brief");
    for (group, lines) in groups {
        table.part(group);
        for line in lines {
            let is_lost = line.verdict() == Some(Verdict::Behind) || line.is_missed(results);
            table.row(if is_lost { "behind" } else { "" }, cells(results, line));
        }
    }
    table.build()
}

fn cells(results: &Results, line: &Line<'_>) -> Vec<Element> {
    let Line { workload, reading, peer, best } = line;
    let link = element("a").with("href", format!("#{}", workload::id(workload)));
    let middle = |subject: Option<&Subject>| {
        let row = subject.and_then(|subject| workload.row(&subject.name));
        reading::middle(reading, row.map_or(&[], |row| row.of(reading)))
    };
    let ratio = |of: &Option<(&Subject, Compared)>| match of {
        Some((_, compared)) => figure(&times(compared.ratio.middle)),
        None => figure(NONE),
    };
    vec![
        element("th").with("scope", "row").child(link.text(&workload.name)),
        words(&reading::title(reading)),
        figure(&middle(results.ours(workload.flavor.table()))),
        figure(&middle(stats::peer(results, workload))),
        ratio(peer),
        words(&match best {
            Some((subject, _)) => format!("{} {}", subject.name, middle(Some(subject))),
            None => NONE.to_owned(),
        }),
        ratio(best),
        match line.is_missed(results) {
            true => element("td").child(reading::missed()),
            false => element("td").children(line.verdict().map(reading::badge)),
        },
    ]
}
