//! `--against`: what has changed since a run that was saved.
//!
//! A machine is faster on one day than on another, so times of two runs say little beside each
//! other. Each run has tokio in every round: what is compared is how many times as fast as tokio
//! a subject was then and is now. A change counts where it is beyond the noise of both runs, and
//! where the middle halves of their rounds do not meet.

use std::collections::BTreeSet;

use super::results::{Flavor, Results, Workload};
use super::stats::{self, Spread, TIE};
use super::table::times;
use crate::util::columns;

/// A subject of a workload, then and now.
#[derive(Debug, PartialEq)]
pub(crate) struct Change {
    table: Flavor,
    workload: String,
    subject: String,
    reading: String,
    /// How many times as fast as tokio, or times themselves where tokio did not run.
    then: Spread,
    now: Spread,
    /// Above one: better than then.
    ratio: f64,
    /// What a change must be beyond.
    noise: f64,
    /// Whether both runs have rounds enough to tell.
    is_told: bool,
    beside_peer: bool,
}

/// Fewer have no middle half.
const ROUNDS_LEAST: usize = 3;

impl Change {
    fn is_real(&self) -> bool {
        let meet = self.then.low <= self.now.high && self.now.low <= self.then.high;
        stats::distance(self.ratio) > self.noise && !meet
    }

    fn word(&self) -> &'static str {
        match self.ratio > 1.0 {
            _ if !self.is_told => "too few rounds",
            _ if !self.is_real() => "within the noise",
            true => "better",
            false => "worse",
        }
    }
}

/// What both runs have.
pub(crate) fn changes(then: &Results, now: &Results) -> Vec<Change> {
    let mut changes = Vec::new();
    for workload in &now.workloads {
        let table = workload.flavor.table();
        let Some(before) = then.workload(table, &workload.name) else { continue };
        let Some(reading) = stats::headline(workload) else { continue };
        for row in &workload.rows {
            let subject = row.subject.as_str();
            let own = [(then, before), (now, workload)]
                .map(|(run, workload)| beside_peer(run, workload, subject, reading));
            let (then, now, beside_peer) = match own {
                [Some(then), Some(now)] => (then, now, true),
                // tokio beside itself is always one: there only time is left.
                _ => {
                    let samples = |workload: &Workload| {
                        workload.row(subject).map_or(Vec::new(), |row| row.of(reading).to_vec())
                    };
                    (samples(before), samples(workload), false)
                }
            };
            let is_told = then.len().min(now.len()) >= ROUNDS_LEAST;
            let (Some(then), Some(now)) = (Spread::of(&then), Spread::of(&now)) else { continue };
            let more_is_better = beside_peer || stats::more_is_better(reading);
            let noise = [before, workload].map(|it| it.noise_of(reading).unwrap_or_default());
            changes.push(Change {
                table,
                workload: workload.name.clone(),
                subject: subject.to_owned(),
                reading: reading.to_owned(),
                then,
                now,
                ratio: match more_is_better {
                    true => now.middle / then.middle,
                    false => then.middle / now.middle,
                },
                // Two runs, each with a noise of its own.
                noise: noise[0].hypot(noise[1]).max(TIE),
                is_told,
                beside_peer,
            });
        }
    }
    changes
}

/// How many times as fast as tokio, round by round; none of tokio itself.
fn beside_peer(
    run: &Results,
    workload: &Workload,
    subject: &str,
    reading: &str,
) -> Option<Vec<f64>> {
    let peer = stats::peer(run, workload).filter(|peer| peer.name != subject)?;
    let (own, peer) = (workload.row(subject)?.of(reading), workload.row(&peer.name)?.of(reading));
    let ratios = match stats::more_is_better(reading) {
        true => stats::ratios(own, peer),
        false => stats::ratios(peer, own),
    };
    (!ratios.is_empty()).then_some(ratios)
}

/// The changes as a table, and what they come to.
pub(crate) fn text(name: &str, then: &Results, now: &Results) -> String {
    let changes = changes(then, now);
    let heading = ["workload", "subject", "of", "then", "now", "change", "noise", ""];
    let mut rows = vec![heading.map(str::to_owned).to_vec()];
    for change in &changes {
        let shown = |value| match change.beside_peer {
            true => times(value),
            false if change.reading.ends_with("_ns") => super::table::time(value),
            false => format!("{value:.0}"),
        };
        let clock = if change.beside_peer { "" } else { " (times, not beside tokio's)" };
        rows.push(vec![
            change.workload.clone(),
            change.subject.clone(),
            change.reading.clone(),
            shown(change.then.middle),
            shown(change.now.middle),
            times(change.ratio),
            format!("{:.0} %", change.noise * 100.0),
            format!("{}{clock}", change.word()),
        ]);
    }
    let count = |word| {
        let of_ours = changes.iter().filter(|change| {
            now.ours(change.table).is_some_and(|ours| ours.name == change.subject)
        });
        of_ours.filter(|change| change.word() == word).count()
    };
    let (better, worse) = (count("better"), count("worse"));
    let missing = missing(then, now);
    let missing = match missing.is_empty() {
        true => String::new(),
        false => format!("Only in {name}: {}\n", missing.join(", ")),
    };
    format!(
        "\nAgainst {name} (commit {}, {}): how many times as fast as tokio, then and now\n\n{}\
         \nOurs: better in {better}, worse in {worse} of {} workloads\n{missing}",
        then.commit,
        then.date,
        columns(&rows),
        better + worse + count("within the noise"),
    ) + match then.quick || now.quick {
        true => "A quick run is a look: the same code twice differs by more than its noise.\n",
        false => "",
    }
}

/// Workloads that ran then and not now.
fn missing(then: &Results, now: &Results) -> Vec<String> {
    let is_missing = |it: &&Workload| now.workload(it.flavor.table(), &it.name).is_none();
    let names: BTreeSet<String> =
        then.workloads.iter().filter(is_missing).map(|it| it.name.clone()).collect();
    names.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::super::results::tests::{results, row, subject, workload};
    use super::super::results::{Group, Results};
    use super::{changes, text};

    /// A run in which the machine is so many times slower, and ours takes so long.
    fn run(ours: f64, machine: f64, noise: f64) -> Results {
        let samples = |ns: f64| [ns * machine, ns * machine * 1.5, ns * machine];
        let rows = vec![
            row("rt-multi", &[("cpu_ns", &samples(ours))]),
            row("tokio-multi", &[("cpu_ns", &samples(20.0))]),
        ];
        results(
            vec![subject("rt-multi", true), subject("tokio-multi", true)],
            vec![workload("yields", Group::Scheduler, noise, rows)],
        )
    }

    #[test]
    fn a_slower_machine_is_no_change() {
        let changes = changes(&run(10.0, 1.0, 0.02), &run(10.0, 1.7, 0.02));
        let [ours, peer] = &changes[..] else { panic!("{changes:?}") };
        assert_eq!(
            (ours.then.middle, ours.now.middle, ours.word()),
            (2.0, 2.0, "within the noise")
        );
        // tokio has nobody beside it, so its time shows what the machine did.
        assert_eq!((peer.beside_peer, peer.word()), (false, "worse"));
    }

    #[test]
    fn changes_count_beyond_the_noise_of_both() {
        let word = |then, now| changes(&then, &now)[0].word();
        assert_eq!(word(run(10.0, 1.0, 0.02), run(8.0, 1.3, 0.02)), "better");
        assert_eq!(word(run(8.0, 1.0, 0.02), run(10.0, 0.5, 0.02)), "worse");
        assert_eq!(word(run(10.0, 1.0, 0.02), run(9.7, 1.0, 0.02)), "within the noise");
        assert_eq!(word(run(10.0, 1.0, 0.2), run(8.0, 1.0, 0.2)), "within the noise");
        assert_eq!(word(run(10.0, 1.0, 0.2), run(8.0, 1.0, 0.0)), "better");
    }

    #[test]
    fn rounds_that_meet_tell_no_change() {
        let spread = |ours: [f64; 3]| {
            let mut run = run(10.0, 1.0, 0.0);
            let samples = ours.map(|ns| [ns, ns * 1.5, ns]);
            run.workloads[0].rows[0] = row("rt-multi", &[("cpu_ns", &samples.concat())]);
            let peer = [20.0, 30.0, 20.0].repeat(3);
            run.workloads[0].rows[1] = row("tokio-multi", &[("cpu_ns", &peer)]);
            run
        };
        let word = |then, now| changes(&spread(then), &spread(now))[0].word();
        assert_eq!(word([10.0, 10.0, 10.0], [7.0, 7.0, 7.0]), "better");
        assert_eq!(word([10.0, 10.0, 6.0], [7.0, 7.0, 10.0]), "within the noise");
        let mut few = run(10.0, 1.0, 0.0);
        few.workloads[0].rows[0] = row("rt-multi", &[("cpu_ns", &[10.0])]);
        assert_eq!(changes(&few, &run(5.0, 1.0, 0.0))[0].word(), "too few rounds");
    }

    #[test]
    fn without_tokio_times_are_compared() {
        let alone = |ours| {
            let mut run = run(ours, 1.0, 0.02);
            run.subjects.pop();
            run.workloads[0].rows.pop();
            run
        };
        let changes = changes(&alone(10.0), &alone(5.0));
        assert_eq!((changes[0].then.middle, changes[0].ratio), (10.0, 2.0));
        assert!(text("before", &alone(10.0), &alone(5.0)).contains("not beside tokio's"));
    }

    #[test]
    fn what_is_gone_is_named() {
        let mut now = run(10.0, 1.0, 0.02);
        now.workloads[0].name = "other".to_owned();
        let text = text("before", &run(10.0, 1.0, 0.02), &now);
        assert!(text.contains("Only in before: yields"), "{text}");
        assert!(text.contains("better in 0, worse in 0 of 0"));
    }
}
