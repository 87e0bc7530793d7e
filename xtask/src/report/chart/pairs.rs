//! Two points per row on one log axis: how far apart they are is what is to be seen.

use super::{AXIS_HEIGHT, Align, Caption, axis, group, line, mark, place, rectangle, text};
use crate::report::markup::{Element, element};
use crate::report::palette::Look;
use crate::report::scale::Scale;

/// A row.
pub(in crate::report) struct Pair {
    pub(in crate::report) name: String,
    /// Where the name leads.
    pub(in crate::report) link: Option<String>,
    pub(in crate::report) points: Vec<(f64, Look)>,
    /// At the right of the name.
    pub(in crate::report) told: String,
}

/// A part of the axis that is shaded, from and to, and the line within.
pub(in crate::report) struct Band {
    pub(in crate::report) from: f64,
    pub(in crate::report) line: f64,
    pub(in crate::report) to: f64,
}

const ROW_HEIGHT: f64 = 34.0;
const NAME_LINE: f64 = 14.0;
const RAIL: f64 = 24.0;

pub(in crate::report) fn draw(
    caption: &Caption<'_>,
    pairs: &[Pair],
    band: Option<&Band>,
    figure: impl Fn(f64) -> String,
) -> Element {
    let points = pairs.iter().flat_map(|pair| &pair.points).map(|(value, _)| *value);
    let around = band.into_iter().flat_map(|band| [band.from, band.to]);
    let scale = Scale::log(points.chain(around));
    let bottom = ROW_HEIGHT * pairs.len() as f64 + 4.0;
    let mut canvas = caption.canvas(bottom + AXIS_HEIGHT);
    if let Some(band) = band {
        let (from, to) = (place(&scale, band.from), place(&scale, band.to));
        canvas = canvas.child(rectangle(from, 0.0, to - from, bottom, "band"));
    }
    canvas = canvas.children(axis(&scale, 4.0, bottom, figure));
    if let Some(band) = band {
        let x = place(&scale, band.line);
        canvas = canvas.child(line((x, 0.0), (x, bottom), "even"));
    }
    let rows = pairs.iter().enumerate().map(|(at, pair)| row(&scale, pair, ROW_HEIGHT * at as f64));
    canvas.children(rows)
}

fn row(scale: &Scale, pair: &Pair, top: f64) -> Element {
    let name = text(0.0, top + NAME_LINE, Align::Start, "name", &pair.name);
    let name = match &pair.link {
        Some(link) => element("a").with("href", link).child(name),
        None => name,
    };
    let told = text(1.0, top + NAME_LINE, Align::End, "value", &pair.told);
    let y = top + RAIL;
    let mut parts = vec![name, told, line((0.0, y), (1.0, y), "rail")];
    let places = || pair.points.iter().map(|(value, _)| place(scale, *value));
    let (least, most) = (places().fold(1.0, f64::min), places().fold(0.0, f64::max));
    if pair.points.len() > 1 {
        parts.push(line((least, y), (most, y), "between"));
    }
    for (value, look) in pair.points.iter().rev() {
        parts.push(mark(place(scale, *value), y, look.mark, &look.classes()));
    }
    group(format!("{}: {}", pair.name, pair.told), parts)
}

#[cfg(test)]
mod tests {
    use super::{Band, Pair, draw};
    use crate::report::chart::Caption;
    use crate::report::palette::{OURS, TOKIO};

    fn drawn(pairs: &[Pair], band: Option<&Band>) -> String {
        let caption = Caption { id: "x", title: "x".into(), description: "y".into() };
        draw(&caption, pairs, band, |tick| format!("{tick}×")).to_string()
    }

    fn pair(points: &[f64]) -> Pair {
        let points = points.iter().copied().zip([OURS, TOKIO]).collect();
        Pair { name: "a<b".into(), link: Some("#a".into()), points, told: "2×".into() }
    }

    #[test]
    fn the_two_are_joined_and_one_is_not() {
        let both = drawn(&[pair(&[1.0, 2.0])], None);
        assert_eq!(both.matches("class=\"spot\"").count(), 2);
        assert_eq!(both.matches("class=\"between\"").count(), 1);
        let one = drawn(&[pair(&[1.0])], None);
        assert_eq!(one.matches("class=\"between\"").count(), 0);
        assert!(one.contains("<a href=\"#a\">") && one.contains("a&lt;b"), "{one}");
        assert!(drawn(&[pair(&[])], None).contains("a&lt;b"));
    }

    #[test]
    fn the_band_is_within_the_axis() {
        let band = Band { from: 0.95, line: 1.0, to: 1.05 };
        let told = drawn(&[pair(&[4.0, 8.0])], Some(&band));
        assert_eq!(told.matches("class=\"band\"").count(), 1);
        assert_eq!(told.matches("class=\"even\"").count(), 1);
    }
}
