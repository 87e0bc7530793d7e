//! How a cost grows with how many there are: lines on two log axes.

use super::{Align, Caption, group, line, mark, place, text};
use crate::bench::stats::Spread;
use crate::report::figures::{self, Unit, whole};
use crate::report::markup::Element;
use crate::report::palette::Look;
use crate::report::scale::Scale;

/// A subject's points, by size.
pub(in crate::report) struct Curve {
    pub(in crate::report) name: String,
    pub(in crate::report) look: Look,
    pub(in crate::report) points: Vec<(f64, Spread)>,
}

const TOP: f64 = 18.0;
const BOTTOM: f64 = 238.0;
const HEIGHT: f64 = BOTTOM + 38.0;

/// Left of the curves: the figures of the cost.
const LEFT: f64 = 0.16;

/// `what`: what there are many of.
pub(in crate::report) fn draw(
    caption: &Caption<'_>,
    unit: Unit,
    what: &str,
    curves: &[Curve],
) -> Element {
    let points = || curves.iter().flat_map(|curve| &curve.points);
    let sizes = Scale::log(points().map(|(size, _)| *size));
    let costs = Scale::log(points().flat_map(|(_, cost)| [cost.low, cost.middle, cost.high]));
    let mut parts = Vec::new();
    for tick in costs.ticks() {
        let y = height(&costs, tick);
        parts.push(line((LEFT, y), (1.0, y), "grid"));
        parts.push(text(0.0, y + 4.0, Align::Start, "tick", &figures::tick(unit, tick)));
    }
    for tick in sizes.ticks() {
        let x = right(&sizes, tick);
        parts.push(line((x, TOP), (x, BOTTOM), "grid"));
        let align = if sizes.at(tick) > 0.96 { Align::End } else { Align::Middle };
        let x = if sizes.at(tick) > 0.96 { 1.0 } else { x };
        parts.push(text(x, BOTTOM + 16.0, align, "tick", &many(tick)));
    }
    parts.push(text(1.0, BOTTOM + 34.0, Align::End, "tick", what));
    for curve in curves {
        parts.push(drawn(&sizes, &costs, unit, what, curve));
    }
    caption.canvas(HEIGHT).children(parts)
}

fn drawn(sizes: &Scale, costs: &Scale, unit: Unit, what: &str, curve: &Curve) -> Element {
    let class = &curve.look.classes();
    let spot = |size: f64, cost: f64| (right(sizes, size), height(costs, cost));
    let mut parts = Vec::new();
    for pair in curve.points.windows(2) {
        let ends = [pair[0], pair[1]].map(|(size, cost)| spot(size, cost.middle));
        parts.push(line(ends[0], ends[1], &format!("curve {class}")));
    }
    let mut title = curve.name.clone();
    for (size, cost) in &curve.points {
        let (x, y) = spot(*size, cost.middle);
        parts.push(line(spot(*size, cost.low), spot(*size, cost.high), "whisker"));
        parts.push(mark(x, y, curve.look.mark, class));
        title.push_str(&format!("; {} {what}: {}", whole(*size), unit.write(cost.middle)));
    }
    group(title, parts)
}

fn right(sizes: &Scale, size: f64) -> f64 {
    LEFT + 0.02 + place(sizes, size) * (1.0 - LEFT - 0.02)
}

fn height(costs: &Scale, cost: f64) -> f64 {
    BOTTOM - costs.at(cost) * (BOTTOM - TOP)
}

/// As short as a mark must be: `100`, `10 k`, `1 M`.
fn many(size: f64) -> String {
    match size {
        large if large >= 1e6 => format!("{} M", figures::events(large / 1e6)),
        middle if middle >= 1e4 => format!("{} k", figures::events(middle / 1e3)),
        small => figures::events(small),
    }
}

#[cfg(test)]
mod tests {
    use super::{Curve, draw, many};
    use crate::bench::stats::Spread;
    use crate::report::chart::Caption;
    use crate::report::figures::Unit;
    use crate::report::palette::OURS;

    fn drawn(points: &[(f64, f64)]) -> String {
        let caption = Caption { id: "x", title: "x".into(), description: "y".into() };
        let points = points
            .iter()
            .map(|(size, cost)| (*size, Spread { low: *cost, middle: *cost, high: *cost }));
        let curve = Curve { name: "rt".into(), look: OURS, points: points.collect() };
        draw(&caption, Unit::Nanoseconds, "tasks", &[curve]).to_string()
    }

    #[test]
    fn points_are_joined() {
        let told = drawn(&[(1e2, 50.0), (1e4, 60.0), (1e6, 900.0)]);
        assert_eq!(told.matches("class=\"curve").count(), 2);
        assert_eq!(told.matches("class=\"spot\"").count(), 3);
        assert!(told.contains("1,000,000 tasks: 900\u{a0}ns"), "{told}");
    }

    #[test]
    fn one_point_and_none_are_charts_too() {
        assert_eq!(drawn(&[(100.0, 5.0)]).matches("class=\"curve").count(), 0);
        assert!(drawn(&[]).ends_with("</svg>"));
    }

    #[test]
    fn sizes_are_short() {
        assert_eq!([100.0, 1e3, 1e4, 1e6].map(many), ["100", "1,000", "10 k", "1 M"]);
    }
}
