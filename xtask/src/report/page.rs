//! The page as a whole: its head, its table of contents, and the order of what it tells.

use super::figures::{percent, whole};
use super::growth::Family;
use super::markup::{Element, anchor, element};
use super::summary::{self, GROUPS};
use super::table::{Table, name, words};
use super::{TABLES, costs, workload};
use crate::bench::results::{Flavor, Results};
use crate::bench::stats;
use crate::count::ledger::Ledger;

const STYLE: &str = include_str!("style.css");

const TITLE: &str = "rt: a benchmark report";

/// The whole page.
pub(super) fn page(results: &Results, ledger: &Ledger) -> Element {
    let families = Family::all(results);
    let body = element("body").child(
        element("div")
            .class("shell")
            .child(header(results))
            .child(contents(results, &families))
            .child(
                element("main")
                    .children(warning(results))
                    .child(summary::section(results))
                    .child(reading_guide(results))
                    .children(
                        TABLES
                            .map(|(table, title)| workloads(results, table, title))
                            .into_iter()
                            .flatten(),
                    )
                    .children(growth(results, &families))
                    .children(costs::section(ledger))
                    .child(run(results))
                    .child(subjects(results)),
            )
            .child(footer(results)),
    );
    let meta = |name, content| element("meta").with("name", name).with("content", content);
    let head = element("head")
        .child(element("meta").with("charset", "utf-8"))
        .child(meta("viewport", "width=device-width, initial-scale=1"))
        .child(meta("color-scheme", "light dark"))
        .child(element("title").text(format!("{TITLE}, {}", day(results))))
        .child(element("style").style_sheet(STYLE));
    element("html").with("lang", "en").child(head).child(body)
}

fn day(results: &Results) -> &str {
    results.date.split(' ').next().unwrap_or_default()
}

/// Where, when and of what it was made, in a few lines; `run` has all of it.
fn header(results: &Results) -> Element {
    let machine = &results.machine;
    let lines = [
        format!("{}, {} cores, {}", machine.processor, machine.cores, memory(results)),
        format!("{} · {} · {}", machine.system, machine.kernel, results.rustc),
        format!("{} · commit {}", versions(results), commit(results)),
        format!("{} · {}", results.date, rounds(results)),
    ];
    element("header")
        .child(element("h1").text("rt beside its peers"))
        .children(lines.map(|line| element("p").class("lead").text(line)))
        .child(element("p").class("lead").child(element("code").text(&results.command)))
}

fn memory(results: &Results) -> String {
    let gib = results.machine.memory_bytes as f64 / (1024.0 * 1024.0 * 1024.0);
    format!("{gib:.1} GiB")
}

fn commit(results: &Results) -> String {
    let dirty = if results.dirty { ", with changes" } else { "" };
    format!("{}{dirty}", results.commit)
}

fn rounds(results: &Results) -> String {
    format!("{} rounds at most", results.rounds)
}

/// Of each runtime once: `rt 0.1.0, tokio 1.54.0`.
fn versions(results: &Results) -> String {
    let mut told: Vec<String> = Vec::new();
    for subject in &results.subjects {
        let version = format!("{} {}", subject.runtime(), subject.version);
        if !told.contains(&version) {
            told.push(version);
        }
    }
    told.join(", ")
}

/// What keeps these figures from being quoted.
fn warning(results: &Results) -> Option<Element> {
    let mut told = Vec::new();
    if results.quick {
        told.push(
            "This was a quick run: loops were short and rounds few. It shows that things work, \
             not who is faster.",
        );
    }
    if results.dirty {
        told.push("The tree differed from the commit that is named here.");
    }
    (!told.is_empty()).then(|| element("p").class("warning").text(told.join(" ")))
}

fn contents(results: &Results, families: &[Family<'_>]) -> Element {
    let link = |to: &str, text: &str| {
        element("li").child(element("a").with("href", format!("#{to}")).text(text))
    };
    let mut list = element("ul")
        .child(link("summary", "Summary"))
        .child(link("how-to-read", "How to read it"));
    for (table, title) in TABLES {
        let mut inner = element("ul");
        let mut is_empty = true;
        for (group, group_name) in GROUPS {
            let workloads = summary::single(results, table, group);
            if workloads.is_empty() {
                continue;
            }
            is_empty = false;
            let leaves = workloads
                .iter()
                .map(|workload| link(&workload::id(workload), &workload.name).class("leaf"));
            inner = inner.child(
                link(&group_id(table, group_name), group_name)
                    .child(element("ul").children(leaves)),
            );
        }
        if !is_empty {
            list = list.child(link(table_id(table), title).child(inner));
        }
    }
    if !families.is_empty() {
        let leaves =
            families.iter().map(|family| link(&family.id(), &family.title()).class("leaf"));
        list = list.child(link("growth", "Growth").child(element("ul").children(leaves)));
    }
    for (to, text) in [
        ("costs", "The ledger"),
        ("bytes", "Bytes per task"),
        ("run", "The run"),
        ("subjects", "Subjects"),
    ] {
        list = list.child(link(to, text));
    }
    element("nav").class("toc").with("aria-label", "Contents").child(list)
}

fn table_id(table: Flavor) -> &'static str {
    match table {
        Flavor::Multi => "many-threads",
        Flavor::Current | Flavor::Local => "one-thread",
    }
}

fn group_id(table: Flavor, group: &str) -> String {
    anchor(&format!("{}-{group}", table_id(table)))
}

fn workloads(results: &Results, table: Flavor, title: &str) -> Option<Element> {
    let mut section = element("section").id(table_id(table)).child(element("h2").text(title));
    let mut is_empty = true;
    for (group, group_name) in GROUPS {
        let workloads = summary::single(results, table, group);
        if workloads.is_empty() {
            continue;
        }
        is_empty = false;
        section = section
            .child(element("h3").id(group_id(table, group_name)).text(group_name))
            .children(workloads.iter().map(|workload| workload::section(results, workload)));
    }
    (!is_empty).then_some(section)
}

fn growth(results: &Results, families: &[Family<'_>]) -> Option<Element> {
    (!families.is_empty()).then(|| {
        element("section")
            .id("growth")
            .child(element("h2").text("How costs grow"))
            .child(element("p").text(
                "The same workload with more and more tasks, timers or connections. Both axes \
                 are logarithmic: a level line is a cost that does not grow.",
            ))
            .children(families.iter().map(|family| family.section(results)))
    })
}

/// How to read it, and what the noise is.
fn reading_guide(results: &Results) -> Element {
    let tie = percent(stats::TIE);
    let mut noises: Vec<f64> = results
        .workloads
        .iter()
        .filter_map(|workload| workload.noise_of(stats::headline(workload)?))
        .collect();
    noises.sort_by(f64::total_cmp);
    let noise = match (stats::median(&noises), noises.last()) {
        (Some(middle), Some(most)) => format!(
            " In this run it was {} in the middle of all workloads, and {} in the worst.",
            percent(middle),
            percent(*most)
        ),
        _ => " In this run ours did not run twice, so the noise is not known.".to_owned(),
    };
    let points = [
        "A sample is one process that does one workload on one subject, many times. In every round \
         each subject has its turn, in an order that changes, so that whatever else the machine \
         does meets all alike."
            .to_owned(),
        "A bar is the median of a subject's samples. Each sample is a small circle, and the line \
         through them is the middle half. Shorter is better. Where medians are very far apart the \
         axis is logarithmic, and there are points in place of bars. Samples of more than \
         one and a half times the largest median are beyond the chart and counted there: “1 \
         beyond ▸”."
            .to_owned(),
        "Processor time comes first: it is that of all threads of the process, the kernel's part \
         included, and says something on a busy machine, too. Time on the clock does not."
            .to_owned(),
        "“2.00× beside tokio” means that tokio takes twice what ours takes. Ratios are taken \
         round by round, and the middle one is told; in parentheses is the middle half of them."
            .to_owned(),
        format!(
            "Noise is how far our subject is from itself: it runs twice in each round.{noise} Nobody \
             is called ahead by less than the noise of the workload or by less than {tie}: that is \
             level. Nor where the middle half of the rounds disagrees."
        ),
        "The best peer is the fastest of those that promise the same: wakers that any thread may \
         use, timers that are never early, tasks that can be aborted and joined. Who promises less \
         is marked * and drawn hollow."
            .to_owned(),
        "Latencies are per request or per event: half of them were no slower than p50, all but one \
         in a hundred no slower than p99, all but one in a thousand no slower than p99.9."
            .to_owned(),
    ];
    element("section")
        .id("how-to-read")
        .child(element("h2").text("How to read it"))
        .child(element("ul").children(points.into_iter().map(|point| element("li").prose(&point))))
}

fn run(results: &Results) -> Element {
    let machine = &results.machine;
    let facts = [
        ("processor", format!("{}, {} cores", machine.processor, machine.cores)),
        ("memory", memory(results)),
        ("system", format!("{}, {}", machine.system, machine.kernel)),
        ("compiler", results.rustc.clone()),
        ("commit", commit(results)),
        ("date", results.date.clone()),
        ("command", results.command.clone()),
        ("rounds", format!("{}; what is counted has fewer", rounds(results))),
        ("warm-up", results.warm_up.clone()),
        ("workers", format!("{}, of runtimes that have any", results.workers)),
        ("order", format!("shuffled from seed {}", results.seed)),
        ("took", format!("{} s", whole(results.took_s))),
    ];
    let mut list = element("dl").class("facts-list");
    for (name, value) in facts {
        let value = match name {
            "command" | "commit" => element("dd").child(element("code").text(value)),
            _ => element("dd").text(value),
        };
        list = list.child(element("dt").text(name)).child(value);
    }
    element("section").id("run").child(element("h2").text("The run")).child(list)
}

fn subjects(results: &Results) -> Element {
    let heading = ["subject", "version", "tasks run on", "what it is"];
    let mut table = Table::new("Who was measured", heading);
    for subject in &results.subjects {
        let place = match subject.flavor {
            Flavor::Current => "the root future's thread",
            Flavor::Multi => "workers",
            Flavor::Local => "the root future's thread, and never leave it",
        };
        table.row(
            if subject.ours { "ours" } else { "" },
            [
                name(&workload::marked(Some(subject), &subject.name)),
                words(&subject.version),
                words(place),
                words(&subject.about),
            ],
        );
    }
    element("section").id("subjects").child(element("h2").text("Subjects")).child(table.build())
}

fn footer(results: &Results) -> Element {
    let text = format!("Made by `cargo xtask report` from the run of {}.", results.date);
    element("footer").child(element("p").prose(&text))
}
