//! How numbers are written: here and nowhere else in the report.
//!
//! Three digits, and the unit that leaves one to three of them before the point. Between a figure
//! and its unit no line is broken.

/// What a figure is a figure of.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Unit {
    Nanoseconds,
    Bytes,
    /// Events per operation.
    Events,
}

impl Unit {
    pub(super) fn write(self, value: f64) -> String {
        match self {
            Self::Nanoseconds => time(value),
            Self::Bytes => bytes(value),
            Self::Events => events(value),
        }
    }
}

/// Where there is no figure.
pub(super) const NONE: &str = "–";

const TIMES: [(f64, &str); 4] = [(1.0, "ns"), (1e3, "µs"), (1e6, "ms"), (1e9, "s")];

const BYTES: [(f64, &str); 4] =
    [(1.0, "B"), (1024.0, "KiB"), (1024.0 * 1024.0, "MiB"), (1024.0 * 1024.0 * 1024.0, "GiB")];

/// `1234` ns as `1.23 µs`.
pub(super) fn time(ns: f64) -> String {
    in_units(ns, &TIMES)
}

/// `448` as `448 B`, `1536` as `1.50 KiB`.
pub(super) fn bytes(bytes: f64) -> String {
    match bytes {
        // A whole number of bytes carries no point.
        few if few.fract() == 0.0 && few.abs() < 1024.0 => format!("{few:.0}\u{a0}B"),
        _ => in_units(bytes, &BYTES),
    }
}

/// A count per operation: `12` as `12`, `0.1251` as `0.125`.
pub(super) fn events(count: f64) -> String {
    if !count.is_finite() {
        return NONE.to_owned();
    }
    let rounded = (count * 1e3).round() / 1e3;
    if rounded == 0.0 {
        return "0".to_owned();
    }
    if rounded.fract() == 0.0 || rounded.abs() >= 1e3 {
        return whole(rounded);
    }
    let text = digits(rounded);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// How many times: `1.93×`.
pub(super) fn times(ratio: f64) -> String {
    if ratio.is_finite() { format!("{}×", digits(ratio)) } else { NONE.to_owned() }
}

/// A share of one: `0.031` as `3.1 %`.
pub(super) fn percent(share: f64) -> String {
    if share.is_finite() { format!("{:.1}\u{a0}%", share * 100.0) } else { NONE.to_owned() }
}

/// A whole number in groups of three: `1,000,000`.
pub(super) fn whole(value: f64) -> String {
    let text = format!("{:.0}", value.abs());
    let mut grouped = String::from(if value < 0.0 { "−" } else { "" });
    for (at, digit) in text.chars().enumerate() {
        if at > 0 && (text.len() - at) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// The mark of an axis, as short as it can be: `0`, `20 ns`, `1.5 µs`, `10,000`.
pub(super) fn tick(unit: Unit, value: f64) -> String {
    let units: &[(f64, &str)] = match unit {
        Unit::Nanoseconds => &TIMES,
        Unit::Bytes => &BYTES,
        Unit::Events => return events(value),
    };
    if value == 0.0 {
        return "0".to_owned();
    }
    let (size, name) = unit_of(value, units);
    format!("{}\u{a0}{name}", events(value / size))
}

fn in_units(value: f64, units: &[(f64, &str)]) -> String {
    if !value.is_finite() {
        return NONE.to_owned();
    }
    let (size, name) = unit_of(value, units);
    format!("{}\u{a0}{name}", digits(value / size))
}

/// The largest unit of which there is at least one, after rounding.
fn unit_of<'a>(value: f64, units: &[(f64, &'a str)]) -> (f64, &'a str) {
    // What rounds up to one of a unit is written in it: 999.6 ns is 1.00 µs.
    let enough = |(size, _): &&(f64, &str)| value.abs() >= size * 0.999_5;
    *units.iter().rev().find(enough).unwrap_or(&units[0])
}

/// Three of them, more before the point if there are more.
fn digits(value: f64) -> String {
    // The bounds round as the figure will: 9.996 is 10.0.
    match value.abs() {
        large if large >= 99.95 => whole(value),
        middle if middle >= 9.995 => format!("{value:.1}"),
        small if small >= 0.999_5 => format!("{value:.2}"),
        _ if value == 0.0 => "0".to_owned(),
        _ => format!("{value:.3}"),
    }
}

#[cfg(test)]
mod tests {
    use super::{NONE, Unit, bytes, events, percent, tick, time, times, whole};

    /// As one would type it.
    fn plain(text: String) -> String {
        text.replace('\u{a0}', " ")
    }

    #[test]
    fn times_carry_three_digits_and_the_unit_that_fits() {
        let told = [0.0, 0.1234, 1.0, 12.34, 182.4, 999.6, 1234.0, 45_678.0, 1.5e6, 2e9, 1.2e12];
        assert_eq!(
            told.map(|ns| plain(time(ns))),
            [
                "0 ns", "0.123 ns", "1.00 ns", "12.3 ns", "182 ns", "1.00 µs", "1.23 µs",
                "45.7 µs", "1.50 ms", "2.00 s", "1,200 s"
            ]
        );
        assert_eq!(plain(time(9.999)), "10.0 ns");
        assert_eq!(time(f64::NAN), NONE);
    }

    #[test]
    fn whole_bytes_carry_no_point() {
        let told = [128.0, 128.4, 315.7, 1023.0, 1024.0, 1.5e6].map(|value| plain(bytes(value)));
        assert_eq!(told, ["128 B", "128 B", "316 B", "1023 B", "1.00 KiB", "1.43 MiB"]);
    }

    #[test]
    fn counts_are_as_short_as_they_can_be() {
        let told = [0.0, 0.0001, -0.0001, 1.0, 0.02, 7.03, 22.5, 1067.0, 3667.4].map(events);
        assert_eq!(told, ["0", "0", "0", "1", "0.02", "7.03", "22.5", "1,067", "3,667"]);
        assert_eq!(whole(1_000_000.0), "1,000,000");
        assert_eq!(whole(-1234.0), "−1,234");
    }

    #[test]
    fn ratios_and_shares() {
        assert_eq!([1.0, 1.934, 12.56, 0.5].map(times), ["1.00×", "1.93×", "12.6×", "0.500×"]);
        assert_eq!(plain(percent(0.0312)), "3.1 %");
        assert_eq!(times(f64::INFINITY), NONE);
    }

    #[test]
    fn marks_of_an_axis_carry_no_idle_noughts() {
        let ns = [0.0, 20.0, 500.0, 1500.0, 1e6].map(|value| plain(tick(Unit::Nanoseconds, value)));
        assert_eq!(ns, ["0", "20 ns", "500 ns", "1.5 µs", "1 ms"]);
        assert_eq!(tick(Unit::Events, 10_000.0), "10,000");
        assert_eq!(plain(tick(Unit::Bytes, 448.0)), "448 B");
    }
}
