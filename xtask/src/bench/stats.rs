//! What follows from samples: the middle, the spread, who is ahead and who is not.
//!
//! No file is read here and nothing is printed: the tables of `bench` and the page of `report`
//! both ask these functions, and so tell the same.
//!
//! Two subjects are compared round by round, since whatever else the machine does meets both
//! runs of a round more alike than runs of different rounds; what is told is the middle one of
//! these ratios. Our subject runs twice in every round: how far it is from itself is the noise
//! of the workload. Nobody is ahead by less.

use super::results::{Flavor, Group, Kind, Results, Subject, Workload, runtime};

/// Within this nobody is ahead, however quiet the machine was: code that happens to lie
/// elsewhere in memory does as much.
pub(crate) const TIE: f64 = 0.05;

/// What the others are compared with, beside ours.
pub(crate) const PEER: &str = "tokio";

/// Samples in three figures.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Spread {
    /// A quarter of the samples is not above it.
    pub(crate) low: f64,
    /// The median.
    pub(crate) middle: f64,
    /// A quarter of the samples is not below it.
    pub(crate) high: f64,
}

impl Spread {
    /// None of no samples.
    pub(crate) fn of(samples: &[f64]) -> Option<Self> {
        Some(Self {
            low: quantile(samples, 0.25)?,
            middle: quantile(samples, 0.5)?,
            high: quantile(samples, 0.75)?,
        })
    }

    /// How far the quarters are from the middle, as a part of it: 0.04 is 4 %.
    pub(crate) fn relative(&self) -> f64 {
        let far = (self.high - self.middle).max(self.middle - self.low);
        if self.middle == 0.0 { 0.0 } else { far / self.middle }
    }
}

/// The middle one; between the two middle ones where there are two.
pub(crate) fn median(samples: &[f64]) -> Option<f64> {
    quantile(samples, 0.5)
}

/// The sample that this part of all samples is below, or a point between the two around it.
pub(crate) fn quantile(samples: &[f64], part: f64) -> Option<f64> {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    let last = sorted.len().checked_sub(1)?;
    let place = part * last as f64;
    let below = sorted[place.floor() as usize];
    let above = sorted[(place.ceil() as usize).min(last)];
    Some(below + (above - below) * place.fract())
}

/// The one divided by the other, round by round; rounds in which one of them tells nothing, or
/// nought, are left out.
pub(crate) fn ratios(these: &[f64], those: &[f64]) -> Vec<f64> {
    let pairs = these.iter().zip(those).filter(|(this, that)| **this > 0.0 && **that > 0.0);
    pairs.map(|(this, that)| this / that).collect()
}

/// How far a ratio is from one, upwards or downwards: 0.25 for 1.25 and for 0.8.
pub(crate) fn distance(ratio: f64) -> f64 {
    ratio.max(1.0 / ratio) - 1.0
}

/// How far ratios of a thing to itself are from one: three of four rounds are no farther.
pub(crate) fn noise(of_itself: &[f64]) -> Option<f64> {
    let distances: Vec<f64> = of_itself.iter().copied().map(distance).collect();
    quantile(&distances, 0.75)
}

/// The middle of ratios: twice as fast and half as fast come to one.
pub(crate) fn geometric_mean(ratios: &[f64]) -> Option<f64> {
    let logarithms: f64 = ratios.iter().map(|ratio| ratio.ln()).sum();
    (!ratios.is_empty()).then(|| (logarithms / ratios.len() as f64).exp())
}

/// Whether more of it is better: of everything else, less is.
pub(crate) fn more_is_better(reading: &str) -> bool {
    reading.ends_with("_per_s")
}

/// Who is ahead, seen from ours.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Verdict {
    Ahead,
    Behind,
    /// Nobody, or nobody knows.
    Tie,
}

/// One subject of a workload beside ours.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Compared {
    /// How many times as fast (or small) ours is, round by round: above one, ours is ahead.
    pub(crate) ratio: Spread,
    /// Nobody is ahead by less.
    pub(crate) tie: f64,
    pub(crate) verdict: Verdict,
}

impl Compared {
    /// Of ratios round by round, above one where ours is ahead. Of what has no noise (what was
    /// counted, or ran once) the least of ties is left.
    pub(crate) fn of(ratios: &[f64], noise: Option<f64>) -> Option<Self> {
        let ratio = Spread::of(ratios)?;
        let tie = noise.unwrap_or_default().max(TIE);
        // The middle half of all rounds must agree on who it is.
        let verdict = match ratio {
            _ if distance(ratio.middle) <= tie => Verdict::Tie,
            _ if ratio.low > 1.0 => Verdict::Ahead,
            _ if ratio.high < 1.0 => Verdict::Behind,
            _ => Verdict::Tie,
        };
        Some(Self { ratio, tie, verdict })
    }
}

/// Ours beside `other` in one reading of a workload; none if either has no samples of it.
pub(crate) fn compare(
    results: &Results,
    workload: &Workload,
    other: &str,
    reading: &str,
) -> Option<Compared> {
    let ours = workload.row(&results.ours(workload.flavor.table())?.name)?.of(reading);
    let theirs = workload.row(other)?.of(reading);
    let ratios = match more_is_better(reading) {
        true => ratios(ours, theirs),
        false => ratios(theirs, ours),
    };
    Compared::of(&ratios, workload.noise_of(reading))
}

/// The reading that a row is judged by, if anybody told it.
pub(crate) fn headline(workload: &Workload) -> Option<&str> {
    let order: &[&str] = match workload.group {
        Group::Memory => &["bytes", "cpu_ns", "wall_ns"],
        Group::Latency => &["p50_ns", "cpu_ns", "wall_ns"],
        _ => &["cpu_ns", "wall_ns", "p50_ns", "bytes"],
    };
    let is_told = |reading: &&&str| workload.rows.iter().any(|row| !row.of(reading).is_empty());
    order.iter().find(is_told).copied()
}

/// tokio's subject in the table of a workload.
pub(crate) fn peer<'a>(results: &'a Results, workload: &Workload) -> Option<&'a Subject> {
    let table = workload.flavor.table();
    let mut of_table = results.subjects.iter().filter(|subject| subject.flavor == table);
    of_table.find(|subject| subject.runtime() == PEER)
}

/// Of those that promise the same, the one that is best beside ours in this reading.
pub(crate) fn best_peer<'a>(
    results: &'a Results,
    workload: &'a Workload,
    reading: &str,
) -> Option<(&'a Subject, Compared)> {
    let rows = workload.rows.iter().filter_map(|row| results.subject(&row.subject));
    let peers = rows.filter(|subject| subject.same_promises && !subject.ours);
    let compared = peers
        .filter_map(|subject| Some((subject, compare(results, workload, &subject.name, reading)?)));
    compared.min_by(|(_, a), (_, b)| a.ratio.middle.total_cmp(&b.ratio.middle))
}

/// Whom a mean is over.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Beside<'a> {
    /// One runtime, by the name without its flavour.
    Runtime(&'a str),
    /// The best peer of each row.
    BestPeer,
}

/// How many times as fast ours is by processor time, over the rows of the scheduler, of timers
/// and of the blocking pool in which something happens and which are no point of a curve: the
/// geometric mean, and of how many.
pub(crate) fn mean_ratio(
    results: &Results,
    table: Flavor,
    beside: Beside<'_>,
) -> Option<(f64, usize)> {
    const READING: &str = "cpu_ns";
    let counts = |workload: &&Workload| {
        workload.growth.is_none()
            && workload.kind != Kind::Idle
            && matches!(workload.group, Group::Scheduler | Group::Timer | Group::Blocking)
    };
    let ratio = |workload: &Workload| match beside {
        Beside::BestPeer => Some(best_peer(results, workload, READING)?.1.ratio.middle),
        // A runtime may stand in a table twice: with the one that is better at this.
        Beside::Runtime(name) => {
            let rows = workload.rows.iter().filter(|row| runtime(&row.subject) == name);
            let compared = rows.filter_map(|row| compare(results, workload, &row.subject, READING));
            compared.map(|compared| compared.ratio.middle).min_by(f64::total_cmp)
        }
    };
    let ratios: Vec<f64> = results.of_table(table).filter(counts).filter_map(ratio).collect();
    Some((geometric_mean(&ratios)?, ratios.len()))
}

#[cfg(test)]
mod tests {
    use super::super::results::tests::{results, row, subject, workload};
    use super::super::results::{Flavor, Group, Results};
    use super::{
        Beside, Compared, Spread, Verdict, best_peer, compare, distance, geometric_mean, headline,
        mean_ratio, median, noise, peer, ratios,
    };

    fn near(a: f64, b: f64) -> bool {
        (a - b).abs() < 1e-9
    }

    #[test]
    fn the_middle_is_between_two_where_there_are_two() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), Some(2.5));
        assert_eq!(median(&[]), None);
        let spread = Spread::of(&[1.0, 2.0, 3.0, 4.0, 5.0]).unwrap();
        assert_eq!(spread, Spread { low: 2.0, middle: 3.0, high: 4.0 });
        assert!(near(spread.relative(), 1.0 / 3.0));
        assert_eq!(Spread::of(&[7.0]), Some(Spread { low: 7.0, middle: 7.0, high: 7.0 }));
    }

    #[test]
    fn ratios_are_taken_round_by_round() {
        // A slow machine in the second round slows both.
        assert_eq!(ratios(&[10.0, 100.0, 10.0], &[5.0, 50.0, 4.0]), [2.0, 2.0, 2.5]);
        // Who failed in the third round has two.
        assert_eq!(ratios(&[10.0, 100.0], &[5.0, 50.0, 4.0]), [2.0, 2.0]);
        assert_eq!(ratios(&[0.0, 1.0, 3.0], &[1.0, 0.0, 1.0]), [3.0]);
    }

    #[test]
    fn up_and_down_are_as_far() {
        assert!(near(distance(1.25), 0.25));
        assert!(near(distance(0.8), 0.25));
        assert!(near(geometric_mean(&[4.0, 0.25]).unwrap(), 1.0));
        assert!(near(geometric_mean(&[2.0, 8.0]).unwrap(), 4.0));
        assert_eq!(geometric_mean(&[]), None);
    }

    #[test]
    fn three_of_four_rounds_are_within_the_noise() {
        assert!(near(noise(&[1.0, 1.02, 1.0 / 1.04, 1.03, 9.0]).unwrap(), 0.04));
        assert_eq!(noise(&[]), None);
    }

    #[test]
    fn nobody_wins_by_less_than_the_noise_or_five_in_a_hundred() {
        let verdict = |ratios: &[f64], noise| Compared::of(ratios, noise).unwrap().verdict;
        assert_eq!(verdict(&[1.3, 1.3, 1.3], Some(0.02)), Verdict::Ahead);
        assert_eq!(verdict(&[0.7, 0.7, 0.7], Some(0.02)), Verdict::Behind);
        assert_eq!(verdict(&[1.04, 1.04, 1.04], Some(0.01)), Verdict::Tie);
        assert_eq!(verdict(&[1.04, 1.04, 1.04], None), Verdict::Tie);
        assert_eq!(verdict(&[0.96, 0.96, 0.96], None), Verdict::Tie);
        assert_eq!(verdict(&[1.3, 1.3, 1.3], Some(0.4)), Verdict::Tie);
        assert_eq!(verdict(&[0.75, 0.75, 0.75], Some(0.4)), Verdict::Tie);
        // The middle is far enough, but a quarter of the rounds saw it the other way round.
        assert_eq!(verdict(&[0.8, 0.9, 1.5, 1.6, 1.7], Some(0.02)), Verdict::Tie);
        assert_eq!(Compared::of(&[], Some(0.1)), None);
    }

    /// Ours takes 10, tokio 20, smol 14, and a faster one promises less.
    fn run() -> Results {
        let rows = || {
            vec![
                row("rt-multi", &[("cpu_ns", &[10.0, 10.0, 10.0]), ("requests_per_s", &[300.0])]),
                row(
                    "tokio-multi",
                    &[("cpu_ns", &[20.0, 20.0, 90.0]), ("requests_per_s", &[200.0])],
                ),
                row("smol", &[("cpu_ns", &[14.0, 14.0, 14.0])]),
                row("monoio", &[("cpu_ns", &[2.0, 2.0, 2.0])]),
            ]
        };
        let mut curve = workload("grown", Group::Timer, 0.01, rows());
        curve.growth = Some(super::super::results::Growth { family: "timers".into(), size: 100 });
        results(
            vec![
                subject("rt-multi", true),
                subject("tokio-multi", true),
                subject("smol", true),
                subject("monoio", false),
            ],
            vec![
                workload("yield_many", Group::Scheduler, 0.01, rows()),
                workload("echo", Group::Sockets, 0.01, rows()),
                curve,
            ],
        )
    }

    #[test]
    fn the_best_peer_makes_the_same_promises() {
        let run = run();
        let workload = &run.workloads[0];
        let (best, compared) = best_peer(&run, workload, "cpu_ns").unwrap();
        assert_eq!((best.name.as_str(), compared.verdict), ("smol", Verdict::Ahead));
        assert!(near(compared.ratio.middle, 1.4));
        assert_eq!(peer(&run, workload).unwrap().name, "tokio-multi");
        assert_eq!(compare(&run, workload, "monoio", "cpu_ns").unwrap().verdict, Verdict::Behind);
        assert_eq!(compare(&run, workload, "smol", "p99_ns"), None);
    }

    #[test]
    fn of_throughput_more_is_better() {
        let run = run();
        let compared = compare(&run, &run.workloads[1], "tokio-multi", "requests_per_s").unwrap();
        assert_eq!((compared.ratio.middle, compared.verdict), (1.5, Verdict::Ahead));
    }

    #[test]
    fn who_was_skipped_is_compared_with_nobody() {
        let mut run = run();
        run.workloads[0].rows[2].skipped = Some("hung".to_owned());
        let (best, _) = best_peer(&run, &run.workloads[0], "cpu_ns").unwrap();
        assert_eq!(best.name, "tokio-multi");
        run.workloads[0].rows[0].skipped = Some("crashed".to_owned());
        assert_eq!(best_peer(&run, &run.workloads[0], "cpu_ns"), None);
    }

    #[test]
    fn the_mean_leaves_out_sockets_and_curves() {
        let run = run();
        let mean = |beside| mean_ratio(&run, Flavor::Multi, beside).unwrap();
        let (tokio, rows) = mean(Beside::Runtime("tokio"));
        assert!(near(tokio, 2.0));
        assert_eq!(rows, 1);
        assert!(near(mean(Beside::BestPeer).0, 1.4));
        assert_eq!(mean_ratio(&run, Flavor::Current, Beside::BestPeer), None);
    }

    #[test]
    fn a_row_is_judged_by_what_it_is_about() {
        let judged = |group, readings: &[(&str, &[f64])]| {
            let told = workload("x", group, 0.0, vec![row("rt-multi", readings)]);
            headline(&told).map(str::to_owned)
        };
        let all: &[(&str, &[f64])] = &[("cpu_ns", &[1.0]), ("p50_ns", &[1.0]), ("bytes", &[1.0])];
        assert_eq!(judged(Group::Scheduler, all).unwrap(), "cpu_ns");
        assert_eq!(judged(Group::Memory, all).unwrap(), "bytes");
        assert_eq!(judged(Group::Latency, all).unwrap(), "p50_ns");
        assert_eq!(judged(Group::Timer, &[("wall_ns", &[1.0])]).unwrap(), "wall_ns");
        assert_eq!(judged(Group::Timer, &[]), None);
    }
}
