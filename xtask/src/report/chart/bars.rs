//! A bar per subject: the median, and every sample as a dot.

use super::{AXIS_HEIGHT, Align, Caption, dot, group, line, place, rectangle, text, unit_axis};
use crate::bench::stats::Spread;
use crate::report::figures::{NONE, Unit};
use crate::report::markup::Element;
use crate::report::palette::Look;
use crate::report::scale::Scale;

/// A subject's.
pub(in crate::report) struct Bar<'a> {
    pub(in crate::report) name: String,
    pub(in crate::report) look: Look,
    pub(in crate::report) ours: bool,
    /// Drawn hollow otherwise.
    pub(in crate::report) same_promises: bool,
    pub(in crate::report) samples: &'a [f64],
}

/// A row's name and figure, and below them its bar.
const ROW_HEIGHT: f64 = 42.0;
const NAME_LINE: f64 = 14.0;
const BAR_TOP: f64 = 20.0;
const BAR_HEIGHT: f64 = 14.0;

const STEPS: u32 = 4;

/// Medians further apart than this are shown on a log axis, as points: the shortest bar would be
/// a hair.
const APART_MAX: f64 = 40.0;

/// A sample this many times above every median is an accident, and may leave the chart.
const OUTLIER: f64 = 1.5;

pub(in crate::report) fn draw(caption: &Caption<'_>, unit: Unit, bars: &[Bar<'_>]) -> Element {
    let scale = scale(bars);
    let bottom = ROW_HEIGHT * bars.len() as f64;
    let rows = bars.iter().enumerate().map(|(at, bar)| {
        let top = ROW_HEIGHT * at as f64;
        row(&scale, unit, bar, top)
    });
    caption
        .canvas(bottom + AXIS_HEIGHT)
        .children(unit_axis(&scale, 4.0, bottom, unit))
        .children(rows)
}

fn scale(bars: &[Bar<'_>]) -> Scale {
    let medians = || bars.iter().filter_map(|bar| Some(Spread::of(bar.samples)?.middle));
    let most = medians().fold(0.0, f64::max);
    let least = medians().filter(|median| *median > 0.0).fold(f64::INFINITY, f64::min);
    if most > least * APART_MAX {
        return Scale::log(medians());
    }
    let samples = bars.iter().flat_map(|bar| bar.samples).copied();
    let shown = samples.filter(|sample| *sample <= most * OUTLIER);
    Scale::linear(shown, STEPS)
}

fn row(scale: &Scale, unit: Unit, bar: &Bar<'_>, top: f64) -> Element {
    let class = if bar.ours { "name ours" } else { "name" };
    let mut parts = vec![text(0.0, top + NAME_LINE, Align::Start, class, &bar.name)];
    let Some(spread) = Spread::of(bar.samples) else {
        parts.push(text(1.0, top + NAME_LINE, Align::End, "value", NONE));
        return group(format!("{}: no figure", bar.name), parts);
    };
    let value = unit.write(spread.middle);
    let beyond = bar.samples.iter().filter(|sample| scale.is_beyond(**sample)).count();
    let told = match beyond {
        0 => value.clone(),
        _ => format!("{beyond} beyond ▸ {value}"),
    };
    parts.push(text(1.0, top + NAME_LINE, Align::End, "value", &told));
    let middle = top + BAR_TOP + BAR_HEIGHT / 2.0;
    let end = place(scale, spread.middle);
    let fill = if bar.same_promises { "bar" } else { "bar hollow" };
    match scale {
        Scale::Linear { .. } => parts.push(rectangle(
            0.0,
            top + BAR_TOP,
            end,
            BAR_HEIGHT,
            &format!("{fill} {}", bar.look.classes()),
        )),
        // On a log axis a length means nothing; a point does.
        Scale::Log { .. } => {
            parts.push(line((0.0, middle), (1.0, middle), "rail"));
            parts.push(super::mark(end, middle, bar.look.mark, &bar.look.classes()));
        }
    }
    if bar.samples.len() > 1 {
        let (low, high) = (place(scale, spread.low), place(scale, spread.high));
        parts.push(line((low, middle), (high, middle), "whisker"));
        for sample in bar.samples.iter().filter(|sample| !scale.is_beyond(**sample)) {
            parts.push(dot(place(scale, *sample), middle, 2.0, "sample"));
        }
    }
    let range = format!("{} to {}", unit.write(spread.low), unit.write(spread.high));
    group(format!("{}: {value}, the middle half {range}", bar.name), parts)
}

#[cfg(test)]
mod tests {
    use super::{Bar, STEPS, draw, scale};
    use crate::report::chart::Caption;
    use crate::report::figures::Unit;
    use crate::report::palette::{Look, Mark, OURS, TOKIO};
    use crate::report::scale::Scale;

    fn bar<'a>(name: &str, samples: &'a [f64]) -> Bar<'a> {
        let ours = name == "rt-multi";
        let monoio = Look { class: "c-monoio", mark: Mark::Cross, second: false };
        let look = match name {
            "rt-multi" => OURS,
            "monoio" => monoio,
            _ => TOKIO,
        };
        Bar { name: name.to_owned(), look, ours, same_promises: name != "monoio", samples }
    }

    fn drawn(bars: &[Bar<'_>]) -> String {
        let caption = Caption { id: "x", title: "x".into(), description: "y".into() };
        draw(&caption, Unit::Nanoseconds, bars).to_string()
    }

    #[test]
    fn a_bar_a_figure_and_a_dot_per_sample() {
        let told = drawn(&[bar("rt-multi", &[100.0, 110.0, 105.0]), bar("tokio", &[200.0])]);
        assert_eq!(told.matches("<rect").count(), 2);
        assert_eq!(told.matches("class=\"sample\"").count(), 3);
        assert!(told.contains(">105\u{a0}ns<") && told.contains(">200\u{a0}ns<"), "{told}");
        assert!(told.contains("the middle half 102\u{a0}ns to 108\u{a0}ns"), "{told}");
    }

    #[test]
    fn who_has_no_samples_has_a_row_without_a_bar() {
        let told = drawn(&[bar("rt-multi", &[]), bar("tokio", &[])]);
        assert_eq!(told.matches("<rect").count(), 0);
        assert_eq!(told.matches(">–<").count(), 2);
        assert!(drawn(&[]).starts_with("<svg"));
    }

    #[test]
    fn other_promises_are_drawn_hollow() {
        assert!(drawn(&[bar("monoio", &[1.0])]).contains("bar hollow c-monoio"));
        assert!(!drawn(&[bar("smol", &[1.0])]).contains("hollow"));
    }

    #[test]
    fn an_accident_does_not_press_the_others_together() {
        let bars = [bar("rt-multi", &[100.0, 104.0, 5_000.0]), bar("tokio", &[150.0])];
        assert_eq!(scale(&bars), Scale::linear([150.0], STEPS));
        assert!(drawn(&bars).contains("1 beyond ▸ 104\u{a0}ns"));
    }

    #[test]
    fn medians_far_apart_are_points_on_a_log_axis() {
        let bars = [bar("rt-multi", &[10.0]), bar("tokio", &[9_000.0])];
        assert!(matches!(scale(&bars), Scale::Log { .. }));
        assert!(!drawn(&bars).contains("<rect"));
    }
}
