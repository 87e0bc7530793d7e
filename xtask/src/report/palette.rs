//! One colour and one mark per runtime, the same in every chart.
//!
//! The colours themselves are in `style.css`, once for light and once for dark; here is who has
//! which. Marks differ too, so that lines can be told apart without colours.

use super::markup::{Element, element};
use crate::bench::results::{Results, Subject, runtime};

/// Who is drawn how.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Look {
    /// The class that carries the colour.
    pub(super) class: &'static str,
    pub(super) mark: Mark,
    /// Whether another subject of the same runtime stands in the same table before it.
    pub(super) second: bool,
}

/// What a point of a subject looks like.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Mark {
    Circle,
    Square,
    Triangle,
    Diamond,
    Ring,
    Cross,
}

#[rustfmt::skip] // A table: a line each.
const LOOKS: [(&str, Look); 9] = [
    ("rt", Look { class: "c-ours", mark: Mark::Circle, second: false }),
    ("tokio", Look { class: "c-tokio", mark: Mark::Square, second: false }),
    ("smol", Look { class: "c-smol", mark: Mark::Triangle, second: false }),
    ("nio", Look { class: "c-nio", mark: Mark::Diamond, second: false }),
    ("compio", Look { class: "c-compio", mark: Mark::Ring, second: false }),
    ("monoio", Look { class: "c-monoio", mark: Mark::Cross, second: false }),
    ("glommio", Look { class: "c-glommio", mark: Mark::Ring, second: false }),
    ("futures", Look { class: "c-futures", mark: Mark::Cross, second: false }),
    ("async", Look { class: "c-futures", mark: Mark::Triangle, second: false }),
];

/// Nobody in particular.
const OTHER: Look = Look { class: "c-other", mark: Mark::Diamond, second: false };

pub(super) const OURS: Look = LOOKS[0].1;
pub(super) const TOKIO: Look = LOOKS[1].1;

/// How a subject is drawn; a stranger as nobody in particular.
pub(super) fn look(results: &Results, name: &str) -> Look {
    let look = of_runtime(runtime(name));
    let Some(at) = results.subjects.iter().position(|subject| subject.name == name) else {
        return look;
    };
    let (before, subject) = (&results.subjects[..at], &results.subjects[at]);
    let is_first = |other: &Subject| {
        other.flavor.table() == subject.flavor.table() && other.runtime() == subject.runtime()
    };
    Look { second: before.iter().any(is_first), ..look }
}

fn of_runtime(runtime: &str) -> Look {
    LOOKS.iter().find(|(name, _)| *name == runtime).map_or(OTHER, |(_, look)| *look)
}

impl Look {
    /// The classes of what is drawn for it.
    pub(super) fn classes(self) -> String {
        let second = if self.second { " second" } else { "" };
        format!("{}{second}", self.class)
    }
}

impl Mark {
    /// Around the origin, about nine units wide.
    pub(super) fn draw(self, class: &str) -> Element {
        let path = |d: &str| element("path").class(format!("mark {class}")).with("d", d);
        match self {
            Self::Circle => circle(format!("mark {class}")),
            Self::Ring => circle(format!("mark hollow {class}")),
            Self::Square => path("M-4 -4H4V4H-4Z"),
            Self::Triangle => path("M0 -5L5 4H-5Z"),
            Self::Diamond => path("M0 -5.5L5 0L0 5.5L-5 0Z"),
            Self::Cross => element("path")
                .class(format!("mark hollow {class}"))
                .with("d", "M-4 -4L4 4M-4 4L4 -4"),
        }
    }
}

fn circle(class: String) -> Element {
    element("circle").class(class).with("r", "4.5")
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::{LOOKS, OTHER, look};
    use crate::bench::results::tests::{results, subject};

    #[test]
    fn no_two_runtimes_look_alike() {
        let looks = LOOKS.iter().map(|(_, look)| *look).chain([OTHER]);
        let seen: HashSet<String> = looks.map(|look| format!("{look:?}")).collect();
        assert_eq!(seen.len(), LOOKS.len() + 1);
    }

    #[test]
    fn a_second_subject_of_a_runtime_is_told_from_the_first() {
        let names = ["rt-multi", "nio-multi", "nio-pinned"];
        let run = results(names.map(|name| subject(name, true)).to_vec(), Vec::new());
        assert_eq!(look(&run, "nio-multi").classes(), "c-nio");
        assert_eq!(look(&run, "nio-pinned").classes(), "c-nio second");
        assert_eq!(look(&run, "nobody"), OTHER);
    }

    #[test]
    fn every_colour_is_defined_for_light_and_for_dark() {
        let css = include_str!("style.css");
        for class in LOOKS.iter().map(|(_, look)| look.class).chain([OTHER.class]) {
            assert!(css.contains(&format!(".{class} ")), "no rule for {class}");
            let variable = class.replace("c-", "--");
            assert_eq!(css.matches(&format!("{variable}: ")).count(), 2, "{variable}");
        }
    }
}
