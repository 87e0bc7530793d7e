//! How long it took for most, and for the unlucky: four points per subject on a log axis.

use super::{AXIS_HEIGHT, Align, Caption, group, line, mark, place, text, unit_axis};
use crate::report::figures::{NONE, Unit, time};
use crate::report::markup::Element;
use crate::report::palette::{Look, Mark};
use crate::report::scale::Scale;

/// A subject's medians of each of [`POINTS`], as far as it was told.
pub(in crate::report) struct Tail {
    pub(in crate::report) name: String,
    pub(in crate::report) look: Look,
    pub(in crate::report) ours: bool,
    pub(in crate::report) points: [Option<f64>; POINTS.len()],
}

/// What a reading is called here, how it is drawn, and how results call it.
pub(in crate::report) const POINTS: [(&str, Mark, &str); 4] = [
    ("p50", Mark::Circle, "p50_ns"),
    ("p99", Mark::Ring, "p99_ns"),
    ("p99.9", Mark::Diamond, "p999_ns"),
    ("max", Mark::Cross, "max_ns"),
];

const ROW_HEIGHT: f64 = 42.0;
const NAME_LINE: f64 = 14.0;
const RAIL: f64 = 28.0;

/// `told`: which of [`POINTS`] is written out.
pub(in crate::report) fn draw(caption: &Caption<'_>, tails: &[Tail], told: usize) -> Element {
    let scale = Scale::log(tails.iter().flat_map(|tail| tail.points.iter().flatten().copied()));
    let bottom = ROW_HEIGHT * tails.len() as f64;
    let rows =
        tails.iter().enumerate().map(|(at, tail)| row(&scale, tail, told, ROW_HEIGHT * at as f64));
    caption
        .canvas(bottom + AXIS_HEIGHT)
        .children(unit_axis(&scale, 4.0, bottom, Unit::Nanoseconds))
        .children(rows)
}

fn row(scale: &Scale, tail: &Tail, told: usize, top: f64) -> Element {
    let class = if tail.ours { "name ours" } else { "name" };
    let told = match tail.points[told] {
        Some(value) => format!("{} {}", POINTS[told].0, time(value)),
        None => NONE.to_owned(),
    };
    let mut parts = vec![
        text(0.0, top + NAME_LINE, Align::Start, class, &tail.name),
        text(1.0, top + NAME_LINE, Align::End, "value", &told),
        line((0.0, top + RAIL), (1.0, top + RAIL), "rail"),
    ];
    let known: Vec<f64> = tail.points.iter().flatten().copied().collect();
    if let [first, .., last] = known[..] {
        let class = format!("reach {}", tail.look.classes());
        let (first, last) = (place(scale, first), place(scale, last));
        parts.push(line((first, top + RAIL), (last, top + RAIL), &class));
    }
    let mut title = tail.name.clone();
    // The shape says which point it is, so that it cannot say which of two subjects, too.
    for ((name, shape, _), point) in POINTS.iter().zip(tail.points) {
        let Some(value) = point else { continue };
        title.push_str(&format!(", {name} {}", time(value)));
        parts.push(mark(place(scale, value), top + RAIL, *shape, tail.look.class));
    }
    group(title, parts)
}

#[cfg(test)]
mod tests {
    use super::{Tail, draw};
    use crate::report::chart::Caption;
    use crate::report::palette::TOKIO;

    fn drawn(points: [Option<f64>; 4]) -> String {
        let caption = Caption { id: "x", title: "x".into(), description: "y".into() };
        let tail = Tail { name: "tokio".into(), look: TOKIO, ours: false, points };
        draw(&caption, &[tail], 1).to_string()
    }

    #[test]
    fn a_mark_per_point_and_a_line_that_joins_them() {
        let told = drawn([Some(1e4), Some(5e4), Some(2e5), Some(1e6)]);
        assert_eq!(told.matches("class=\"spot\"").count(), 4);
        assert_eq!(told.matches("class=\"reach").count(), 1);
        assert!(
            told.replace('\u{a0}', " ")
                .contains("tokio, p50 10.0 µs, p99 50.0 µs, p99.9 200 µs, max 1.00 ms")
        );
    }

    #[test]
    fn points_that_nobody_told_are_left_out() {
        let told = drawn([Some(1e4), None, None, None]);
        assert_eq!(told.matches("class=\"spot\"").count(), 1);
        assert!(!told.contains("class=\"reach"));
        assert_eq!(drawn([None; 4]).matches("class=\"spot\"").count(), 0);
    }
}
