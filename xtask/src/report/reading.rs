//! What results call a reading, in words; and its unit.

use super::figures::{NONE, Unit, times};
use super::markup::{Element, element};
use crate::bench::stats::{self, Compared, Spread, Verdict};

/// `cpu_ns` as `processor time`.
pub(super) fn title(reading: &str) -> String {
    let known = match reading {
        "cpu_ns" => "processor time",
        "wall_ns" => "time on the clock",
        "switches" => "switches in 1,000",
        "wakes" => "wakes in 1,000",
        "waits" => "waits in 1,000",
        "allocs" => "allocations",
        "bytes" => "bytes",
        "p50_ns" => "p50",
        "p99_ns" => "p99",
        "p999_ns" => "p99.9",
        "max_ns" => "max",
        other => return other.trim_end_matches("_ns").replace('_', " "),
    };
    known.to_owned()
}

pub(super) fn unit(reading: &str) -> Unit {
    match reading {
        time if time.ends_with("_ns") => Unit::Nanoseconds,
        "bytes" => Unit::Bytes,
        _ => Unit::Events,
    }
}

/// The order in which readings are told: the ones that decide first, then by name.
pub(super) fn place(reading: &str) -> (usize, &str) {
    const ORDER: [&str; 8] =
        ["cpu_ns", "wall_ns", "bytes", "p50_ns", "p99_ns", "p999_ns", "max_ns", "switches"];
    let at = ORDER.iter().position(|known| *known == reading);
    (at.unwrap_or(ORDER.len()), reading)
}

/// A value of a reading. What is rare is told of a thousand operations.
fn write(reading: &str, value: f64) -> String {
    match reading {
        "switches" | "wakes" | "waits" => unit(reading).write(value * 1_000.0),
        _ => unit(reading).write(value),
    }
}

/// The median, a dash where there is none.
pub(super) fn middle(reading: &str, samples: &[f64]) -> String {
    stats::median(samples).map_or_else(|| NONE.to_owned(), |middle| write(reading, middle))
}

/// The median and, smaller, the middle half of the samples.
pub(super) fn spread(reading: &str, samples: &[f64]) -> Element {
    let cell = element("td");
    let Some(spread) = Spread::of(samples) else {
        return cell.text(NONE);
    };
    let cell = cell.child(element("span").text(write(reading, spread.middle)));
    if samples.len() < 2 {
        return cell;
    }
    let [low, high] = [spread.low, spread.high].map(|value| write(reading, value));
    let range = format!("{low}–{high}");
    cell.text(" ").child(element("small").text(range))
}

/// A sign and a word beside the colour.
pub(super) fn badge(verdict: Verdict) -> Element {
    let (class, text) = match verdict {
        Verdict::Ahead => ("ahead", "▲ ahead"),
        Verdict::Tie => ("level", "≈ level"),
        Verdict::Behind => ("behind", "▼ behind"),
    };
    element("span").class(format!("badge {class}")).text(text)
}

/// Where others have figures and ours has none, which is no better than to be behind.
pub(super) fn missed() -> Element {
    element("span").class("badge behind").text("▼ no figure")
}

/// How many times as fast, and how sure.
pub(super) fn ratio(compared: &Compared) -> String {
    let Spread { low, middle, high } = compared.ratio;
    match high - low {
        // Of one round nothing is known about its spread.
        0.0 => times(middle),
        _ => format!("{} ({}–{})", times(middle), times(low), times(high)),
    }
}

#[cfg(test)]
mod tests {
    use super::{badge, middle, place, ratio, spread, title, unit};
    use crate::bench::stats::{Compared, Verdict};
    use crate::report::figures::Unit;

    #[test]
    fn readings_have_names_and_units() {
        assert_eq!(title("cpu_ns"), "processor time");
        assert_eq!(title("late_p50_ns"), "late p50");
        assert_eq!(middle("switches", &[0.0123]), "12.3");
        assert_eq!(unit("late_p50_ns"), Unit::Nanoseconds);
        assert_eq!(unit("requests_per_s"), Unit::Events);
        let mut readings = ["zebra", "switches", "wall_ns", "cpu_ns"];
        readings.sort_by_key(|reading| place(reading).0);
        assert_eq!(readings, ["cpu_ns", "wall_ns", "switches", "zebra"]);
    }

    #[test]
    fn what_is_missing_is_a_dash() {
        assert_eq!(middle("cpu_ns", &[]), "–");
        assert_eq!(middle("cpu_ns", &[3.0, 1.0, 2.0]), "2.00\u{a0}ns");
        assert!(!spread("cpu_ns", &[1.0]).to_string().contains("<small>"));
        assert!(spread("cpu_ns", &[1.0, 2.0]).to_string().contains("1.25\u{a0}ns–1.75\u{a0}ns"));
    }

    #[test]
    fn verdicts_are_words_and_not_only_colours() {
        for (verdict, word) in
            [(Verdict::Ahead, "ahead"), (Verdict::Tie, "level"), (Verdict::Behind, "behind")]
        {
            assert!(badge(verdict).to_string().contains(&format!(" {word}</span>")));
        }
    }

    #[test]
    fn a_ratio_of_one_round_has_no_spread() {
        let told = |ratios: &[f64]| ratio(&Compared::of(ratios, None).unwrap());
        assert_eq!(told(&[2.0]), "2.00×");
        assert_eq!(told(&[1.0, 2.0, 3.0]), "2.00× (1.50×–2.50×)");
    }
}
