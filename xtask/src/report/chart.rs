//! What every chart is made of: a canvas, an axis, texts and marks.
//!
//! Places across are in percent and places down in pixels, so that a chart is as wide as there is
//! room, on a phone or a desktop, and its letters keep their size. Colours are classes.

pub(super) mod bars;
pub(super) mod growth;
pub(super) mod latency;
pub(super) mod pairs;

use super::figures::{self, Unit};
use super::markup::{Element, element};
use super::palette::Mark;
use super::scale::Scale;

/// Below the lowest row: the axis and its figures.
const AXIS_HEIGHT: f64 = 24.0;

/// Marks at either end of an axis are drawn whole.
const MARGIN: f64 = 0.015;

/// What a chart is called, and what it says to those who do not see it.
pub(super) struct Caption<'a> {
    /// Unique on the page.
    pub(super) id: &'a str,
    pub(super) title: String,
    pub(super) description: String,
}

impl Caption<'_> {
    fn canvas(&self, height: f64) -> Element {
        let (title, description) = (format!("{}-title", self.id), format!("{}-text", self.id));
        element("svg")
            .class("chart")
            .id(self.id)
            .with("role", "img")
            .with("aria-labelledby", format!("{title} {description}"))
            .with("width", "100%")
            .with("height", height.round())
            .child(element("title").id(title).text(&self.title))
            .child(element("desc").id(description).text(&self.description))
    }
}

#[derive(Clone, Copy)]
enum Align {
    Start,
    Middle,
    End,
}

/// A text whose base line is at `y`.
fn text(x: f64, y: f64, align: Align, class: &str, text: &str) -> Element {
    let anchor = match align {
        Align::Start => "start",
        Align::Middle => "middle",
        Align::End => "end",
    };
    element("text")
        .with("x", across(x))
        .with("y", down(y))
        .with("text-anchor", anchor)
        .class(class)
        .text(text)
}

fn line((x1, y1): (f64, f64), (x2, y2): (f64, f64), class: &str) -> Element {
    element("line")
        .with("x1", across(x1))
        .with("y1", down(y1))
        .with("x2", across(x2))
        .with("y2", down(y2))
        .class(class)
}

fn rectangle(x: f64, y: f64, width: f64, height: f64, class: &str) -> Element {
    element("rect")
        .with("x", across(x))
        .with("y", down(y))
        .with("width", across(width))
        .with("height", down(height))
        .class(class)
}

fn dot(x: f64, y: f64, radius: f64, class: &str) -> Element {
    element("circle").with("cx", across(x)).with("cy", down(y)).with("r", down(radius)).class(class)
}

/// A mark at a place: a canvas within the canvas, since a path knows no percent.
fn mark(x: f64, y: f64, mark: Mark, class: &str) -> Element {
    element("svg")
        .class("spot")
        .with("x", across(x))
        .with("y", down(y))
        .with("width", 1)
        .with("height", 1)
        .child(mark.draw(class))
}

fn group(title: String, parts: impl IntoIterator<Item = Element>) -> Element {
    element("g").child(element("title").text(title)).children(parts)
}

/// The vertical lines of an axis from `top` to `bottom`, with their figures below.
fn axis(scale: &Scale, top: f64, bottom: f64, figure: impl Fn(f64) -> String) -> Vec<Element> {
    let mut parts = Vec::new();
    for tick in scale.ticks() {
        let at = scale.at(tick);
        let x = place(scale, tick);
        parts.push(line((x, top), (x, bottom), "grid"));
        let (x, align) = match at {
            _ if at < 0.04 => (0.0, Align::Start),
            _ if at > 0.92 => (1.0, Align::End),
            _ => (x, Align::Middle),
        };
        parts.push(text(x, bottom + 16.0, align, "tick", &figure(tick)));
    }
    parts
}

fn unit_axis(scale: &Scale, top: f64, bottom: f64, unit: Unit) -> Vec<Element> {
    axis(scale, top, bottom, |value| figures::tick(unit, value))
}

/// Across the canvas: a linear axis begins at its edge, where bars do.
fn place(scale: &Scale, value: f64) -> f64 {
    let at = scale.at(value);
    match scale {
        Scale::Linear { .. } => at * (1.0 - MARGIN),
        Scale::Log { .. } => MARGIN + at * (1.0 - 2.0 * MARGIN),
    }
}

fn across(share: f64) -> String {
    format!("{}%", short(share * 100.0))
}

fn down(pixels: f64) -> String {
    short(pixels)
}

/// Two digits after the point at most.
fn short(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// The colours or marks of a chart, named.
pub(super) fn legend(entries: impl IntoIterator<Item = (Mark, String, String)>) -> Element {
    let entry = |(mark, class, name): (Mark, String, String)| {
        let swatch = element("svg")
            .class("swatch")
            .with("viewBox", "-7 -7 14 14")
            .with("width", 14)
            .with("height", 14)
            .with("aria-hidden", "true")
            .child(mark.draw(&class));
        element("li").child(swatch).text(name)
    };
    element("ul").class("legend").children(entries.into_iter().map(entry))
}

#[cfg(test)]
mod tests {
    use super::{across, axis, place, short};
    use crate::report::scale::Scale;

    #[test]
    fn places_are_short() {
        assert_eq!([1.0, 0.13, 2.0 / 3.0, 0.0].map(short), ["1", "0.13", "0.67", "0"]);
        assert_eq!(across(0.5), "50%");
    }

    #[test]
    fn an_axis_has_a_line_and_a_figure_per_tick() {
        let scale = Scale::linear([40.0], 4);
        let told: String = axis(&scale, 0.0, 10.0, |tick| format!("<{tick}>"))
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(told.matches("<line").count(), scale.ticks().len());
        assert!(told.contains("&lt;40&gt;"), "{told}");
    }

    #[test]
    fn nothing_is_placed_outside() {
        for scale in [Scale::linear([10.0], 4), Scale::log([1.0, 1e4])] {
            for value in [-1.0, 0.0, 1.0, 1e9] {
                assert!((0.0..=1.0).contains(&place(&scale, value)));
            }
        }
    }
}
