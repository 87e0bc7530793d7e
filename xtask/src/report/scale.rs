//! From a figure to a place on an axis, and where the axis is marked.

/// An axis. Places are shares of its length, from 0 to 1.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Scale {
    /// From nought.
    Linear { max: f64, step: f64 },
    /// From `10^low` to `10^high`.
    Log { low: f64, high: f64 },
}

impl Scale {
    /// From nought to a little more than the largest of `values`, with at most `steps` steps.
    pub(super) fn linear(values: impl IntoIterator<Item = f64>, steps: u32) -> Self {
        let most = values.into_iter().filter(|value| value.is_finite()).fold(0.0, f64::max);
        if most <= 0.0 {
            return Self::Linear { max: 1.0, step: 1.0 };
        }
        let step = round_up(most / f64::from(steps));
        Self::Linear { max: most * ROOM, step }
    }

    /// Around all of `values` that are above nought, to the next 1, 2 or 5 of a decade.
    pub(super) fn log(values: impl IntoIterator<Item = f64>) -> Self {
        let positive = values.into_iter().filter(|value| value.is_finite() && *value > 0.0);
        let (least, most) = positive.fold((f64::INFINITY, 0.0_f64), |(least, most), value| {
            (least.min(value), most.max(value))
        });
        if most == 0.0 {
            return Self::Log { low: 0.0, high: 1.0 };
        }
        let (low, high) = (round_down(least).log10(), round_up(most).log10());
        // One value, and a round one: some room to both sides.
        if high - low < SLACK {
            return Self::Log { low: low - 0.5, high: high + 0.5 };
        }
        Self::Log { low, high }
    }

    /// Where `value` is; what lies beyond an end is at that end.
    pub(super) fn at(&self, value: f64) -> f64 {
        let at = match self {
            Self::Linear { max, .. } => value / max,
            Self::Log { low, high } if value > 0.0 => (value.log10() - low) / (high - low),
            Self::Log { .. } => 0.0,
        };
        if at.is_nan() { 0.0 } else { at.clamp(0.0, 1.0) }
    }

    /// Whether `value` lies beyond the far end.
    pub(super) fn is_beyond(&self, value: f64) -> bool {
        match self {
            Self::Linear { max, .. } => value > max * (1.0 + SLACK),
            Self::Log { high, .. } => value.log10() > high + SLACK,
        }
    }

    /// The marks: few enough for their figures to stand side by side on a phone.
    pub(super) fn ticks(&self) -> Vec<f64> {
        match *self {
            Self::Linear { max, step } => {
                let count = (max / step + SLACK).floor() as u32;
                (0..=count).map(|at| f64::from(at) * step).collect()
            }
            Self::Log { low, high } => log_ticks(low, high),
        }
    }
}

fn log_ticks(low: f64, high: f64) -> Vec<f64> {
    let span = high - low;
    // The narrower the axis, the finer the marks; over many decades, not each of them.
    let (parts, every): (&[f64], i32) = match span {
        _ if span <= 1.2 => (&[1.0, 2.0, 5.0], 1),
        _ if span <= 2.2 => (&[1.0, 3.0], 1),
        _ => (&[1.0], (span / DECADES_MAX).ceil() as i32),
    };
    let decades = (low - SLACK).floor() as i32..=(high + SLACK).ceil() as i32;
    let marked = decades.filter(|decade| decade.rem_euclid(every) == 0);
    let marks = marked.flat_map(|decade| parts.iter().map(move |part| part * 10_f64.powi(decade)));
    marks.filter(|mark| (low - SLACK..=high + SLACK).contains(&mark.log10())).collect()
}

/// A largest value does not touch the end of its axis.
const ROOM: f64 = 1.02;

/// What floating point may be off by.
const SLACK: f64 = 1e-9;

const DECADES_MAX: f64 = 5.0;

/// The next 1, 2 or 5 times a power of ten.
fn round_up(value: f64) -> f64 {
    let power = 10_f64.powf(value.log10().floor());
    let fits = |part: &&f64| **part * power >= value * (1.0 - SLACK);
    [1.0, 2.0, 5.0].iter().find(fits).map_or(10.0 * power, |part| part * power)
}

/// The last 1, 2 or 5 times a power of ten.
fn round_down(value: f64) -> f64 {
    let power = 10_f64.powf(value.log10().floor());
    let fits = |part: &&f64| **part * power <= value * (1.0 + SLACK);
    [5.0, 2.0, 1.0].iter().find(fits).map_or(power, |part| part * power)
}

#[cfg(test)]
mod tests {
    use super::Scale;

    fn near(left: f64, right: f64) -> bool {
        (left - right).abs() < 1e-9
    }

    #[test]
    fn a_linear_axis_starts_at_nought_and_is_marked_at_round_numbers() {
        let scale = Scale::linear([182.0, 405.0, 12.0], 5);
        assert_eq!(scale.ticks(), [0.0, 100.0, 200.0, 300.0, 400.0]);
        assert!(near(scale.at(0.0), 0.0) && near(scale.at(405.0), 1.0 / 1.02));
        assert!(near(scale.at(202.5), scale.at(405.0) / 2.0));
        // The largest value has a mark when it is round itself.
        assert_eq!(Scale::linear([400.0], 4).ticks().last(), Some(&400.0));
    }

    #[test]
    fn what_is_beyond_an_axis_is_at_its_end_and_said_to_be_beyond() {
        let scale = Scale::linear([100.0], 4);
        assert!(near(scale.at(1e6), 1.0) && scale.is_beyond(1e6));
        assert!(near(scale.at(-5.0), 0.0) && !scale.is_beyond(101.0));
    }

    #[test]
    fn a_log_axis_gives_each_factor_the_same_length() {
        let scale = Scale::log([100.0, 1e6]);
        assert_eq!(scale.ticks(), [1e2, 1e3, 1e4, 1e5, 1e6].map(|mark: f64| mark));
        assert!(near(scale.at(1e4), 0.5) && near(scale.at(1e6), 1.0));
        assert!(near(scale.at(0.0), 0.0) && near(scale.at(-1.0), 0.0));
        assert!(scale.is_beyond(1e7) && !scale.is_beyond(1e6));
    }

    #[test]
    fn a_narrow_log_axis_is_marked_within_its_decades() {
        assert_eq!(Scale::log([3.0, 17.0]).ticks().len(), 4); // 2, 5, 10, 20
        assert!(Scale::log([1.0, 1e12]).ticks().len() <= 6);
    }

    #[test]
    fn axes_of_nothing_of_one_value_and_of_nonsense_exist() {
        for values in [&[][..], &[0.0], &[7.0], &[10.0], &[f64::NAN], &[f64::INFINITY, 3.0]] {
            for scale in [Scale::linear(values.to_vec(), 4), Scale::log(values.to_vec())] {
                assert!(!scale.ticks().is_empty(), "{values:?} {scale:?}");
                assert!(scale.ticks().len() <= 6, "{values:?} {scale:?}");
                for value in values {
                    assert!((0.0..=1.0).contains(&scale.at(*value)), "{value} {scale:?}");
                }
            }
        }
    }
}
