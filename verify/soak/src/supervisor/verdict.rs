//! What is right and what is wrong, by numbers.

use super::record::{Record, Sample, Told};

/// Processor time of a server that nobody asks anything, in hundredths of a second per look.
const IDLE_TICKS_MAX: u64 = 12;
/// And how often it may poll a task then.
const IDLE_POLLS_MAX: u64 = 20;
/// Failures to accept in a second, of three listeners: each tells of one and then waits.
const ACCEPT_ERRORS_MAX: u64 = 60;
/// And so many for each descriptor that is closed meanwhile.
const ACCEPT_ERRORS_PER_CLOSE: u64 = 3;
/// A steady request may be late so long on an idle machine, ...
const STALL_US: u64 = 2_000_000;
/// ... and so many times as long as somebody was who only slept.
const STALL_FACTOR: u64 = 10;
/// What the heap of a calm server may have more than before its first client: a few tables, ...
const HEAP_BLOCKS: u64 = 256;
const HEAP_BYTES: u64 = 64 * 1_024;
/// ... which are as long as the most that there ever was of something, and that has a descriptor.
const HEAP_BYTES_PER_DESCRIPTOR: u64 = 300;
/// What the heap of a calm server may gain, from the first calm point of a life to the last: tables that
/// grow to the most that was ever needed.
const HEAP_GAIN: u64 = 64 * 1_024;
/// In a minute, by the line through all calm points.
const HEAP_SLOPE: f64 = 8.0 * 1_024.0;
/// Resident memory, in KiB: what the system's allocator keeps is not ours to say.
const RSS_GAIN: u64 = 16 * 1_024;
const RSS_SLOPE: f64 = 256.0;
/// Fewer calm points make no line.
const LINE_MIN: usize = 6;

/// What a calm server has more, or less, than before.
pub(super) fn differences(base: &Sample, now: &Sample) -> Vec<String> {
    let mut differ = Vec::new();
    let mut compare = |name: &str, base: u64, now: u64, right: bool| {
        if !right {
            differ.push(format!("{now} {name}, not {base}"));
        }
    };
    let (was, is) = (base.look, now.look);
    compare("descriptors", was.fds, is.fds, was.fds == is.fds);
    compare("threads", was.threads, is.threads, is.threads <= was.threads);
    for name in ["tasks", "sources", "timers", "pool"] {
        compare(name, base.told(name), now.told(name), base.told(name) == now.told(name));
    }
    differ
}

/// What a calm server has kept on its heap that it need not.
pub(super) fn kept(base: &Sample, now: &Sample, descriptors: u64) -> Vec<String> {
    let mut kept = Vec::new();
    let mut compare = |name: &str, more: u64| {
        let (was, is) = (base.told(name), now.told(name));
        if is > was + more {
            kept.push(format!("{is} {name} of a calm server, not {was}, nor {more} more"));
        }
    };
    compare("heap_blocks", HEAP_BLOCKS);
    compare("heap_bytes", HEAP_BYTES + HEAP_BYTES_PER_DESCRIPTOR * descriptors);
    kept
}

/// What is to be said of a calm server.
pub(super) fn at_rest(now: &Sample) -> String {
    let look = now.look;
    let told =
        ["tasks", "sources", "timers", "heap_blocks", "heap_bytes", "+requests", "+accepted"];
    let told: Vec<String> =
        told.iter().map(|name| format!("{} {name}", now.told(name)).replace('+', "")).collect();
    format!(
        "{} fds, {} threads, {}, {} KiB resident",
        look.fds,
        look.threads,
        told.join(", "),
        look.rss
    )
}

/// Whether a calm server is busy, and how that shows.
pub(super) fn busy(before: &Sample, now: &Sample) -> Option<String> {
    let ticks = now.look.ticks.saturating_sub(before.look.ticks);
    let polls = now.told("+polls").saturating_sub(before.told("+polls"));
    let busy = ticks > IDLE_TICKS_MAX || polls > IDLE_POLLS_MAX;
    busy.then(|| format!("calm, but it took {ticks}0 ms of the processor and polled {polls} times"))
}

/// Counts that have become less.
pub(super) fn backwards(before: &Sample, now: &Sample) -> Vec<String> {
    let counts = before.told.iter().filter(|(name, _)| name.starts_with('+'));
    let less = counts.filter(|(name, was)| now.told.get(*name).is_some_and(|is| is < *was));
    less.map(|(name, was)| {
        format!("a count went backwards: {name} from {was} to {}", now.told(name))
    })
    .collect()
}

/// Looks at the whole of it, once it is over.
pub(super) fn judge(record: &mut Record) {
    let mut found = Vec::new();
    found.extend(
        record.latencies.iter().filter_map(|(at, told)| stalled(*at, told, &record.samples)),
    );
    for pair in record.samples.windows(2) {
        let [before, now] = pair else { continue };
        let errors = now.told("+accept_errors").saturating_sub(before.told("+accept_errors"));
        let seconds = (now.at - before.at).max(1.0);
        // Whenever a descriptor is closed there is a reason to try again.
        let closed = now.told("+deregistered").saturating_sub(before.told("+deregistered"));
        let allowed =
            ACCEPT_ERRORS_MAX as f64 * seconds + (ACCEPT_ERRORS_PER_CLOSE * closed) as f64;
        if before.life == now.life && errors as f64 > allowed {
            found.push(format!("{errors} failures to accept in {seconds:.1} s, while {closed} descriptors were closed: a loop that does not wait"));
        }
    }
    let lives = record.samples.last().map_or(0, |last| last.life + 1);
    for life in 0..lives {
        let points: Vec<&Sample> = record.calm_points.iter().filter(|it| it.life == life).collect();
        found.extend(growth(&points));
    }
    found.into_iter().for_each(|told| record.found(told));
}

/// Whether a steady client waited too long, and nobody but the server can be blamed.
fn stalled(at: f64, told: &Told, samples: &[Sample]) -> Option<String> {
    let number = |name: &str| told.get(name).copied().unwrap_or(0);
    let (max, canary) = (number("judged_max"), number("canary"));
    let kept = kept_waiting_us(at - max as f64 / 1e6, at, samples);
    let limit = STALL_US + STALL_FACTOR * canary + kept;
    (max > limit).then(|| {
        format!(
            "at {at:.0} s a steady request took {max} us; the machine itself stalled for {canary} us, \
             and kept the server from running for {kept} us"
        )
    })
}

/// How long the server's threads, taken together, waited for a processor between two points in time.
fn kept_waiting_us(from: f64, to: f64, samples: &[Sample]) -> u64 {
    let between = samples.windows(2).filter(|pair| pair[1].at > from && pair[0].at < to);
    let waited =
        |pair: &[Sample]| pair[1].look.kept_waiting_us.saturating_sub(pair[0].look.kept_waiting_us);
    between.filter(|pair| pair[0].life == pair[1].life).map(waited).sum()
}

/// What has grown from one calm point to the next. The first one of a life is for warming up.
fn growth(points: &[&Sample]) -> Vec<String> {
    let [_, points @ ..] = points else { return Vec::new() };
    let (Some(first), Some(last)) = (points.first(), points.last()) else { return Vec::new() };
    let mut found = Vec::new();
    let bytes = |it: &Sample| it.told("heap_bytes");
    let rss = |it: &Sample| it.look.rss;
    let minutes = (last.at - first.at) / 60.0;
    let mut look = |what: &str, of: &dyn Fn(&Sample) -> u64, gain: u64, slope_max: f64| {
        let (was, is) = (of(first), of(last));
        let slope = slope(points, of);
        if is > was + gain || (points.len() >= LINE_MIN && slope > slope_max && is > was + gain / 4)
        {
            found.push(format!("{what} of a calm server grew from {was} to {is} in {minutes:.1} min, by {slope:.0} a minute"));
        }
    };
    look("the heap (bytes)", &bytes, HEAP_GAIN, HEAP_SLOPE);
    look("resident memory (KiB)", &rss, RSS_GAIN, RSS_SLOPE);
    found
}

/// What is gained in a minute, by the line of least squares.
fn slope(points: &[&Sample], of: &dyn Fn(&Sample) -> u64) -> f64 {
    let count = points.len() as f64;
    let mean =
        |values: &dyn Fn(&Sample) -> f64| points.iter().map(|it| values(it)).sum::<f64>() / count;
    let (x, y) = (mean(&|it| it.at / 60.0), mean(&|it| of(it) as f64));
    let spread: f64 = points.iter().map(|it| (it.at / 60.0 - x).powi(2)).sum();
    let both: f64 = points.iter().map(|it| (it.at / 60.0 - x) * (of(it) as f64 - y)).sum();
    if spread > 0.0 { both / spread } else { 0.0 }
}

/// The figures of the run.
pub(super) fn tell(record: &Record) {
    let judged = record
        .latencies
        .iter()
        .filter(|(_, told)| told.get("judged").is_some_and(|judged| *judged > 0));
    let of =
        |name: &'static str| judged.clone().filter_map(move |(_, told)| told.get(name).copied());
    let all =
        |name: &str| record.latencies.iter().filter_map(|(_, told)| told.get(name)).sum::<u64>();
    let most = |name| of(name).max().unwrap_or(0);
    let middle = |name| {
        let mut values: Vec<u64> = of(name).collect();
        values.sort_unstable();
        values.get(values.len() / 2).copied().unwrap_or(0)
    };
    println!(
        "steady: {} answers, {} tries again; p50 {} us, p99 {} us in half of the seconds or more; worst that nothing excuses {} us (the machine's own worst {} us)",
        all("answers"),
        all("retries"),
        middle("p50"),
        middle("p99"),
        most("judged_max"),
        most("canary"),
    );
    let kept = kept_waiting_us(0.0, f64::MAX, &record.samples) / 1_000;
    println!("the machine kept the server's threads from running for {kept} ms in all");
    let most = |of: &dyn Fn(&Sample) -> u64| record.samples.iter().map(of).max().unwrap_or(0);
    println!(
        "server: at most {} descriptors, {} tasks, {} threads, {} MiB resident; {} bad deeds",
        most(&|it| it.look.fds),
        most(&|it| it.told("tasks")),
        most(&|it| it.look.threads),
        most(&|it| it.look.rss_max) / 1_024,
        all("chaos"),
    );
    let lives = record.samples.last().map_or(0, |last| last.life + 1);
    for life in 0..lives {
        let points: Vec<&Sample> = record.calm_points.iter().filter(|it| it.life == life).collect();
        let [_, rest @ ..] = &points[..] else { continue };
        let (Some(first), Some(last)) = (rest.first(), rest.last()) else { continue };
        println!(
            "life {life}: {} calm points; heap {} to {} bytes ({:+.0} a minute), resident {} to {} KiB ({:+.0} a minute)",
            points.len(),
            first.told("heap_bytes"),
            last.told("heap_bytes"),
            slope(rest, &|it| it.told("heap_bytes")),
            first.look.rss,
            last.look.rss,
            slope(rest, &|it| it.look.rss),
        );
    }
    println!(
        "{} calm points, {} events, {} findings in {:.0} s",
        record.calm_points.len(),
        record.events.len(),
        record.findings.len(),
        record.now()
    );
    record.findings.iter().for_each(|told| println!("FOUND: {told}"));
}

#[cfg(test)]
mod tests {
    use super::super::record::{Record, Sample, told};
    use super::{backwards, busy, differences, growth, judge, kept, slope, stalled};
    use crate::proc::Look;

    fn sample(at: f64, text: &str) -> Sample {
        let look = Look { fds: 14, threads: 4, ..Look::default() };
        Sample { at, look, told: told(text), ..Sample::default() }
    }

    #[test]
    fn a_calm_server_has_what_it_had_or_fewer_threads() {
        let base = sample(0.0, "tasks=5 sources=5 timers=0 pool=0");
        let mut now = base.clone();
        now.look.threads = 3;
        assert!(differences(&base, &now).is_empty());
        now.look.fds = 15;
        now.told.insert("timers".to_owned(), 2);
        assert_eq!(differences(&base, &now), ["15 descriptors, not 14", "2 timers, not 0"]);
    }

    #[test]
    fn a_table_is_kept_and_a_block_for_each_client_is_not() {
        let base = sample(0.0, "heap_blocks=140 heap_bytes=160000");
        assert!(kept(&base, &sample(1.0, "heap_blocks=170 heap_bytes=430000"), 1_500).is_empty());
        let leaks = kept(&base, &sample(1.0, "heap_blocks=5567 heap_bytes=6612384"), 1_500);
        assert_eq!(leaks[0], "5567 heap_blocks of a calm server, not 140, nor 256 more");
        assert_eq!(leaks.len(), 2);
    }

    #[test]
    fn only_counts_may_not_go_backwards() {
        let (before, now) = (sample(0.0, "+polls=7 tasks=7"), sample(1.0, "+polls=6 tasks=6"));
        assert_eq!(backwards(&before, &now), ["a count went backwards: +polls from 7 to 6"]);
        assert!(backwards(&now, &before).is_empty());
    }

    #[test]
    fn who_is_idle_neither_polls_nor_runs() {
        let before = sample(0.0, "+polls=100");
        assert!(busy(&before, &sample(1.0, "+polls=103")).is_none());
        assert!(busy(&before, &sample(1.0, "+polls=1000")).is_some());
        let mut spinning = sample(1.0, "+polls=100");
        spinning.look.ticks = 100;
        assert!(busy(&before, &spinning).is_some());
    }

    #[test]
    fn a_stall_is_measured_by_that_of_the_machine() {
        let mut samples = [sample(0.0, ""), sample(1.0, "")];
        assert!(stalled(1.0, &told("judged_max=2500000 canary=1000"), &samples).is_some());
        assert!(stalled(1.0, &told("judged_max=2500000 canary=60000"), &samples).is_none());
        // Its threads could have run, and others did.
        samples[1].look.kept_waiting_us = 600_000;
        assert!(stalled(1.0, &told("judged_max=2500000 canary=1000"), &samples).is_none());
    }

    #[test]
    fn growth_is_found_and_a_table_that_keeps_its_size_is_none() {
        let points = |bytes: &dyn Fn(u64) -> u64| -> Vec<Sample> {
            let point = |at: u64| sample(at as f64 * 30.0, &format!("heap_bytes={}", bytes(at)));
            (0..10).map(point).collect()
        };
        let grown = |bytes: &dyn Fn(u64) -> u64| {
            let points = points(bytes);
            growth(&points.iter().collect::<Vec<_>>()).len()
        };
        assert_eq!(grown(&|at| 2_000_000 + at % 3 * 1_000), 0, "up and down");
        assert_eq!(grown(&|at| if at == 0 { 1_000 } else { 2_000_000 }), 0, "warmed up");
        assert_eq!(grown(&|at| 2_000_000 + at * 10_000), 1, "each round a little");
        let steady = points(&|at| at * 500);
        assert_eq!(slope(&steady.iter().collect::<Vec<_>>(), &|it| it.told("heap_bytes")), 1_000.0);
    }

    #[test]
    fn a_listener_may_fail_as_often_as_descriptors_are_closed_but_not_spin() {
        let found = |errors: u64, closed: u64| {
            let mut record = Record::new();
            record.samples.push(sample(0.0, "+accept_errors=0 +deregistered=0"));
            let now = format!("+accept_errors={errors} +deregistered={closed}");
            record.samples.push(sample(1.0, &now));
            judge(&mut record);
            record.findings.len()
        };
        assert_eq!([found(50, 0), found(200, 100), found(200, 0)], [0, 0, 1]);
    }
}
