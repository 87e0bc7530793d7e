//! The ledger: what operations cost when they are counted and not timed; and bytes per task.

use super::chart::bars::{self, Bar};
use super::chart::pairs::{self, Pair};
use super::chart::{Caption, legend};
use super::figures::{NONE, Unit, bytes, events, time, times, whole};
use super::markup::{Element, anchor, element};
use super::palette::{Look, OURS, TOKIO};
use super::table::{Table, figure, name};
use super::workload::panel;
use super::{TABLES, reading};
use crate::bench::results::Flavor;
use crate::count::ledger::{Cost, Entry, Ledger, Section};

const NOTHING: &str = "Nothing has been counted: `cargo xtask count` does.";

/// Both sections.
pub(super) fn section(ledger: &Ledger) -> [Element; 2] {
    [counted(ledger), memory(ledger)]
}

fn title(flavor: Flavor) -> &'static str {
    TABLES.iter().find(|(table, _)| *table == flavor.table()).map_or("", |(_, title)| title)
}

fn counted(ledger: &Ledger) -> Element {
    let mut section = element("section")
        .id("costs")
        .child(element("h2").text("The ledger: counted, not timed"))
        .child(element("p").text(
            "What one operation executes: atomic read-modify-writes and fences (RMW), \
             instructions, allocations and system calls. These figures are the same on a busy \
             machine. With many threads they are counted with one worker, so that no chance \
             decides who does what.",
        ));
    let is_counted = |part: &Section| part.entries.iter().any(Entry::is_counted);
    if !ledger.sections.iter().any(is_counted) {
        return section.child(element("p").prose(NOTHING));
    }
    for part in &ledger.sections {
        let steps: Vec<&Entry> = part.entries.iter().filter(|entry| entry.is_counted()).collect();
        if steps.is_empty() {
            continue;
        }
        let id = anchor(&format!("costs-{}", title(part.flavor)));
        section = section
            .child(element("h3").id(&id).text(title(part.flavor)))
            .child(element("p").class("about").prose(&part.source))
            .child(chart(&id, part.flavor, &steps))
            .child(
                element("details")
                    .child(element("summary").text("All figures"))
                    .child(table(&steps)),
            );
    }
    section
}

/// What is drawn of a cost.
type Figure = fn(&Cost) -> Option<f64>;

fn chart(id: &str, flavor: Flavor, steps: &[&Entry]) -> Element {
    let drawn: [(&str, &str, Figure); 2] = [
        ("instructions", "Instructions, log axis", |cost| cost.instructions),
        ("rmw", "Atomic read-modify-writes and fences, log axis", |cost| cost.rmw),
    ];
    let panels = drawn.into_iter().map(|(key, heading, figure)| {
        let pairs: Vec<Pair> = steps.iter().map(|entry| pair(entry, figure)).collect();
        let told: Vec<String> =
            pairs.iter().map(|pair| format!("{} {}", pair.name, pair.told)).collect();
        let caption = Caption {
            id: &format!("{id}-{key}"),
            title: format!("{heading}, {}", title(flavor).to_lowercase()),
            description: format!("Ours, then tokio's: {}.", told.join("; ")),
        };
        panel(heading, pairs::draw(&caption, &pairs, None, events))
    });
    element("figure")
        .class("ledger-chart card")
        .child(element("div").class("panels").children(panels))
        .child(legend([
            (OURS.mark, OURS.classes(), "ours".to_owned()),
            (TOKIO.mark, TOKIO.classes(), "tokio".to_owned()),
        ]))
}

fn pair(entry: &Entry, figure: Figure) -> Pair {
    let both = [(entry.ours(), OURS), (entry.peer(), TOKIO)];
    let known = both.map(|(cost, look)| (cost.and_then(figure), look));
    let points: Vec<(f64, Look)> =
        known.iter().filter_map(|(value, look)| Some(((*value)?, *look))).collect();
    let told = known.map(|(value, _)| value.map_or_else(|| NONE.to_owned(), events));
    Pair { name: entry.name.clone(), link: None, points, told: told.join(" · ") }
}

fn table(steps: &[&Entry]) -> Element {
    let heading = [
        "operation",
        "RMW",
        "tokio's RMW",
        "instructions",
        "tokio's instructions",
        "allocations, ours / tokio's",
        "system calls, ours / tokio's",
    ];
    let mut table = Table::new("Per operation", heading);
    for entry in steps {
        let both = |of: Figure| {
            [entry.ours(), entry.peer()].map(|cost| match cost.and_then(of) {
                Some(value) => events(value),
                None => NONE.to_owned(),
            })
        };
        let [rmw, other_rmw] = both(|cost| cost.rmw);
        let instructions = |cost: Option<&Cost>| {
            let value = cost.and_then(|cost| cost.instructions);
            value.map_or_else(|| NONE.to_owned(), whole)
        };
        let operation = name(&entry.name)
            .child(element("br"))
            .child(element("small").class("wrap").prose(&entry.about));
        table.row(
            "",
            [
                operation,
                figure(&rmw),
                figure(&other_rmw),
                figure(&instructions(entry.ours())),
                figure(&instructions(entry.peer())),
                figure(&both(|cost| cost.allocs).join(" / ")),
                figure(&both(|cost| cost.syscalls).join(" / ")).children(calls(entry)),
            ],
        );
    }
    table.build()
}

/// Which system calls ours makes, where that is known.
fn calls(entry: &Entry) -> Option<Element> {
    let calls = &entry.ours()?.calls;
    let told: Vec<String> =
        calls.iter().map(|(name, count)| format!("{} {name}", events(*count))).collect();
    let text = || format!(" ours: {}", told.join(", "));
    (!told.is_empty()).then(|| element("small").class("wrap").text(text()))
}

fn memory(ledger: &Ledger) -> Element {
    let mut section = element("section")
        .id("bytes")
        .child(element("h2").text("Bytes per task"))
        .child(element("p").text(
            "Resident memory of a process that holds a million tasks, divided by their number.",
        ));
    let mut panels = Vec::new();
    let mut rows = Table::new("Per task", ["what", "ours", "tokio", "how many times as small"]);
    for Section { flavor, entries, .. } in &ledger.sections {
        rows.part(title(*flavor));
        for entry in entries {
            let known = [entry.ours(), entry.peer()].map(|cost| cost.and_then(|cost| cost.bytes));
            if known == [None, None] {
                continue;
            }
            panels.push(bytes_panel(*flavor, entry, known));
            let ratio = match known {
                [Some(ours), Some(other)] if ours > 0.0 => times(other / ours),
                _ => NONE.to_owned(),
            };
            let [ours, other] = known
                .map(|value| value.map_or_else(|| NONE.to_owned(), |value| bytes(value.round())));
            rows.row("", [name(&entry.about), figure(&ours), figure(&other), figure(&ratio)]);
        }
    }
    if panels.is_empty() {
        return section.child(element("p").prose(NOTHING));
    }
    let figure = element("figure")
        .class("bytes-chart card")
        .child(element("div").class("panels").children(panels));
    section = section.child(figure).child(
        element("details").child(element("summary").text("All figures")).child(rows.build()),
    );
    let idle = idle(ledger);
    section.children(idle)
}

fn bytes_panel(flavor: Flavor, entry: &Entry, known: [Option<f64>; 2]) -> Element {
    let heading = format!("{}, {}", entry.about, title(flavor).to_lowercase());
    let samples = known.map(|value| value.into_iter().collect::<Vec<f64>>());
    let bar = |at: usize, name: &str, look: Look| Bar {
        name: name.to_owned(),
        look,
        ours: at == 0,
        same_promises: true,
        samples: &samples[at],
    };
    let caption = Caption {
        id: &anchor(&format!("bytes-{}-{}", title(flavor), entry.name)),
        title: heading.clone(),
        description: format!(
            "Ours {}, tokio's {}.",
            reading::middle("bytes", &samples[0]),
            reading::middle("bytes", &samples[1])
        ),
    };
    let both = [bar(0, "ours", OURS), bar(1, "tokio", TOKIO)];
    panel(&heading, bars::draw(&caption, Unit::Bytes, &both))
}

/// What a runtime does when there is nothing to do.
fn idle(ledger: &Ledger) -> Option<Element> {
    let mut table = Table::new("Idle", ["what", "ours", "tokio"]);
    let mut found = false;
    for Section { flavor, entries, .. } in &ledger.sections {
        for entry in entries {
            let both = [entry.ours(), entry.peer()].map(|cost| {
                let idle_us = cost?.idle_us?;
                let calls = cost?.syscalls.map_or_else(|| NONE.to_owned(), events);
                Some(format!("{}, system calls: {calls}", time(idle_us * 1_000.0)))
            });
            if both == [None, None] {
                continue;
            }
            found = true;
            let [ours, other] = both.map(|text| text.unwrap_or_else(|| NONE.to_owned()));
            let what = format!("{}, {}", entry.about, title(*flavor).to_lowercase());
            table.row("", [name(&what), figure(&ours), figure(&other)]);
        }
    }
    found.then(|| table.build())
}
