//! The page of a run that has everything a run may have: ties, losses, accidents, rows that were
//! skipped, a workload that nobody could do, names with signs in them.

use super::figures::events;
use super::page::page;
use super::{growth, reading, workload};
use crate::bench::results::{self, Flavor, Results};
use crate::bench::stats::{self, Verdict};
use crate::count::ledger::{self, Ledger};

const FIXTURE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/report/fixture.json");

fn fixture() -> Results {
    results::load(FIXTURE).unwrap()
}

fn costs() -> Ledger {
    ledger::from_page(include_str!("../../../docs/costs.md"))
}

/// The run and its page; for the browser, another run may be named.
pub(super) fn page_to_look_at() -> (Results, String) {
    let Ok(run) = std::env::var("RT_REPORT_RUN") else {
        return fixture_page();
    };
    let results = results::load(&run).unwrap();
    let page = page(&results, &costs()).document();
    (results, page)
}

/// The fixture and its page.
fn fixture_page() -> (Results, String) {
    let results = fixture();
    let page = page(&results, &costs()).document();
    (results, page)
}

/// What the page says of one workload.
fn article(name: &str, table: Flavor) -> String {
    let results = fixture();
    workload::section(&results, results.workload(table, name).unwrap()).to_string()
}

/// What is told of a subject in the table of an article.
fn told<'a>(article: &'a str, subject: &str) -> &'a str {
    let (_, table) = article.split_once("<tbody").unwrap();
    let mut rows = table.split("<tr ");
    rows.find(|row| row.contains(&format!("<span>{subject}</span></th>"))).unwrap()
}

#[test]
fn every_workload_has_a_chart_and_every_anchor_an_end() {
    let (results, page) = fixture_page();
    assert_eq!(page.matches("class=\"workload-chart\"").count(), results.workloads.len());
    for workload in &results.workloads {
        let id = workload::id(workload);
        assert_eq!(page.matches(&format!(" id=\"{id}\"")).count(), 1, "{id}");
    }
    for link in page.split("href=\"#").skip(1) {
        let (to, _) = link.split_once('"').unwrap();
        assert!(page.contains(&format!(" id=\"{to}\"")), "{to}");
    }
}

#[test]
fn nothing_is_loaded_and_nothing_runs() {
    let (_, page) = fixture_page();
    for word in ["<script", "<link", "<img", "<iframe", "url(", "@import", "http:", "https:"] {
        assert!(!page.contains(word), "{word}");
    }
}

#[test]
fn signs_in_names_are_text() {
    let (_, page) = fixture_page();
    assert!(page.contains("<code>Vec&lt;T&gt;</code> &amp; dropped"));
    assert!(page.contains("Rc&lt;RefCell&lt;T&gt;&gt; &amp; friends"));
    assert!(!page.contains("<T>"));
}

#[test]
fn where_when_and_how_it_was_made_is_told() {
    let (results, page) = fixture_page();
    let head = page.split_once("<main>").unwrap().0;
    for fact in [
        &results.machine.processor,
        &results.machine.kernel,
        &results.machine.system,
        &results.rustc,
        &results.commit,
        &results.date,
        &results.command,
    ] {
        assert!(head.contains(fact.as_str()), "{fact}");
    }
    assert!(head.contains("rt 0.1.0, tokio 1.54.0, smol 2.0.2"));
    assert!(head.contains("5 rounds at most") && head.contains("with changes"));
    assert!(page.contains("This was a quick run") && page.contains("The tree differed"));
}

#[test]
fn a_run_that_may_be_quoted_carries_no_warning() {
    let mut results = fixture();
    (results.quick, results.dirty) = (false, false);
    let page = page(&results, &costs()).document();
    assert!(!page.contains("quick run") && !page.contains("differed"));
}

#[test]
fn figures_are_those_of_the_statistics() {
    let results = fixture();
    let workload = results.workload(Flavor::Current, "yield_many").unwrap();
    let article = article("yield_many", Flavor::Current);
    for row in workload.rows.iter().filter(|row| row.skipped.is_none()) {
        let name = workload::marked(results.subject(&row.subject), &row.subject);
        let middle = reading::middle("cpu_ns", row.of("cpu_ns"));
        assert!(told(&article, &name).contains(&format!(">{middle}<")), "{name} {middle}");
    }
}

#[test]
fn losses_and_ties_are_marked_in_words() {
    let lost = article("yield_many", Flavor::Current);
    assert!(told(&lost, "nio-current").contains("▼ behind"));
    assert!(told(&lost, "tokio-current").contains("▲ ahead"));
    let even = article("skewed_fan_out", Flavor::Multi);
    assert!(told(&even, "tokio-multi").contains("≈ level"));
    let (_, page) = fixture_page();
    let summary = page.split_once("How to read it</h2>").unwrap().0;
    let row = summary.split("<tr ").skip(1).find(|row| row.contains(">yield_many<")).unwrap();
    assert!(row.contains("class=\"behind\"") && row.contains("▼ behind"), "{row}");
}

#[test]
fn a_workload_that_ours_could_not_do_is_a_loss() {
    let mut results = fixture();
    let is_it = |workload: &&mut results::Workload| workload.name == "spawn_await";
    let workload = results.workloads.iter_mut().find(is_it).unwrap();
    workload.rows[0].skipped = Some("it hung".to_owned());
    let page = page(&results, &costs()).document();
    let summary = page.split_once("How to read it</h2>").unwrap().0;
    let row = summary.split("<tr ").skip(1).find(|row| row.contains(">spawn_await<")).unwrap();
    assert!(row.contains("class=\"behind\"") && row.contains("▼ no figure"), "{row}");
    assert!(page.contains("rt-current has no bar: it hung"));
}

#[test]
fn who_promises_less_is_marked_and_is_not_the_best() {
    let results = fixture();
    let workload = results.workload(Flavor::Current, "self_wake").unwrap();
    let (best, compared) = stats::best_peer(&results, workload, "cpu_ns").unwrap();
    assert_eq!((best.name.as_str(), compared.verdict), ("nio-current", Verdict::Ahead));
    let article = article("self_wake", Flavor::Current);
    assert!(told(&article, "monoio\u{a0}*").contains("▼ behind"));
    let verdicts = article.split_once("<figure").unwrap().0;
    assert!(verdicts.contains("beside nio-current") && !verdicts.contains("monoio"), "{verdicts}");
    assert!(article.contains("bar hollow c-monoio"));
}

#[test]
fn the_best_comes_first_in_the_chart() {
    let article = article("spawn_await", Flavor::Current);
    let chart = article.split_once("<table").unwrap().0;
    let place = |name: &str| chart.find(&format!(">{name}</text>")).unwrap();
    assert!(place("monoio\u{a0}*") < place("rt-current"));
    assert!(place("rt-current") < place("nio-current"));
    assert!(place("nio-current") < place("tokio-current"));
}

#[test]
fn who_was_skipped_is_told_why_and_has_no_bar() {
    let article = article("sleep_drop", Flavor::Current);
    assert!(article.contains("futures-executor has no bar: it has no timers"));
    assert!(told(&article, "futures-executor\u{a0}*").contains("it has no timers"));
    let chart = article.split_once("<figcaption").unwrap().0;
    assert!(!chart.contains("futures-executor"));
}

#[test]
fn a_workload_that_nobody_could_do_says_so() {
    let article = article("tcp_churn", Flavor::Multi);
    assert!(article.contains("No subject has figures."));
    assert_eq!(article.matches("has no bar: the port range is exhausted").count(), 5);
}

#[test]
fn a_run_of_nothing_is_a_page() {
    let mut results = fixture();
    results.workloads.clear();
    results.subjects.clear();
    let page = page(&results, &ledger::from_page("")).document();
    assert!(page.contains("Nothing has been counted") && !page.contains("<figure"));
    assert!(page.contains("the noise is not known"));
}

#[test]
fn peers_without_us_are_a_page() {
    let mut results = fixture();
    results.subjects.retain(|subject| !subject.ours);
    for workload in &mut results.workloads {
        workload.rows.retain(|row| !row.subject.starts_with("rt-"));
        workload.noise.clear();
    }
    let page = page(&results, &costs()).document();
    assert_eq!(page.matches("class=\"workload-chart\"").count(), results.workloads.len());
    assert!(!page.contains("▲ ahead") && !page.contains("NaN") && !page.contains("inf"));
}

#[test]
fn sizes_of_one_workload_are_one_curve() {
    let results = fixture();
    let families = growth::Family::all(&results);
    let titles: Vec<String> = families.iter().map(growth::Family::title).collect();
    assert_eq!(titles, ["arm_among, one thread", "wake_among, many threads"]);
    let section = families[0].section(&results).to_string();
    let (chart, rest) = section.split_once("</figure>").unwrap();
    // Three points each, but for the one that took too long at the last size.
    assert_eq!(chart.matches("class=\"curve c-smol\"").count(), 2);
    assert_eq!(chart.matches("class=\"curve c-nio\"").count(), 1);
    assert!(rest.contains("1,000,000") && rest.contains("arm_among_1000000"));
}

#[test]
fn the_ledger_is_told_beside_tokios() {
    let (_, page) = fixture_page();
    let told = page.split_once("id=\"costs\"").unwrap().1;
    let ledger = costs();
    assert_eq!(ledger.sections.len(), 2);
    for section in &ledger.sections {
        let counted: Vec<_> = section.entries.iter().filter(|entry| entry.is_counted()).collect();
        assert!(counted.len() > 10, "{:?}", section.flavor);
        for entry in counted {
            let of = |cost: Option<&ledger::Cost>| events(cost.unwrap().rmw.unwrap());
            let both = format!("{}: {} · {}", entry.name, of(entry.ours()), of(entry.peer()));
            assert!(told.contains(&both), "{both}");
        }
    }
    assert!(told.contains("From docs/costs.md.") && told.contains("a task that sleeps"));
}
