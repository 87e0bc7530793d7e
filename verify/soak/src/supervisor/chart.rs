//! The picture: what was seen over time, one panel below the other, as SVG.

use std::fmt::Write;

use super::record::{Event, Record, Sample, Seconds};

const WIDTH: f64 = 1_200.0;
/// Left of the panels, for figures; right of them, and between them.
const LEFT: f64 = 92.0;
const RIGHT: f64 = 20.0;
const GAP: f64 = 46.0;
const TOP: f64 = 66.0;
const PANEL: f64 = 120.0;
/// Of the panel of events, for each kind.
const ROW: f64 = 15.0;

/// A line is broken where nothing was seen for so many seconds.
const BREAK: Seconds = 2.5;

/// A line of a panel: at a new life of the server it begins anew.
struct Line {
    name: &'static str,
    colour: &'static str,
    points: Vec<(Seconds, usize, f64)>,
}

struct Panel {
    title: &'static str,
    /// Powers of ten, for what is one now and ten thousand then.
    logarithmic: bool,
    lines: Vec<Line>,
}

const BLUE: &str = "#1f6fb4";
const ORANGE: &str = "#d9661f";
const GREEN: &str = "#2a8c4a";
const GREY: &str = "#8a8a8a";

pub(super) fn draw(record: &Record) -> String {
    let end = record.samples.last().map_or(1.0, |last| last.at).max(1.0);
    let across = |at: Seconds| LEFT + (WIDTH - LEFT - RIGHT) * (at / end).clamp(0.0, 1.0);
    let panels = panels(record);
    let events = ROW * Event::ALL.len() as f64;
    let height = TOP + events + GAP + panels.len() as f64 * (PANEL + GAP) + 10.0;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" \
         font-family=\"sans-serif\" font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n"
    );
    text(
        &mut svg,
        LEFT,
        22.0,
        "font-size=\"16\" font-weight=\"bold\"",
        "A server under a load that behaves badly",
    );
    let findings = record.findings.len();
    let told = format!(
        "{end:.0} s, {} calm points (green: all clients are gone), {findings} findings",
        record.calm_points.len()
    );
    text(&mut svg, LEFT, 40.0, "fill=\"#444\"", &told);

    // What lies behind all panels.
    for (from, to) in &record.calm {
        let (x, width) = (across(*from), (across(*to) - across(*from)).max(1.0));
        rectangle(&mut svg, x, TOP - 8.0, width, height - TOP, "#dff0df");
    }
    for (at, name) in &record.flavors {
        let x = across(*at);
        line(&mut svg, (x, TOP - 8.0), (x, height - 10.0), "#222");
        text(&mut svg, x + 4.0, TOP - 12.0, "font-weight=\"bold\"", &format!("{name} flavour"));
    }

    for (row, event) in Event::ALL.into_iter().enumerate() {
        let y = TOP + ROW * row as f64;
        text(&mut svg, LEFT - 8.0, y + 11.0, "text-anchor=\"end\" fill=\"#444\"", event.name());
        for (at, _) in record.events.iter().filter(|(_, it)| *it == event) {
            rectangle(&mut svg, across(*at) - 0.75, y + 2.0, 1.5, ROW - 4.0, "#b02a37");
        }
    }
    let mut top = TOP + events + GAP;
    for panel in &panels {
        panel.draw(&mut svg, top, &across);
        axis(&mut svg, top + PANEL, end, &across);
        top += PANEL + GAP;
    }
    svg.push_str("</svg>\n");
    svg
}

fn panels(record: &Record) -> Vec<Panel> {
    let server = |name, colour, of: &dyn Fn(&Sample) -> f64| {
        let points = record.samples.iter().map(|it| (it.at, it.life, of(it))).collect();
        Line { name, colour, points }
    };
    let told = |name: &'static str, colour| server(name, colour, &|it| it.told(name) as f64);
    let latency = |name, of: &str, colour| {
        let points = record.latencies.iter().filter(|(_, told)| told.get("answers") > Some(&0));
        let ms = |us: Option<&u64>| us.map_or(0.0, |us| *us as f64 / 1_000.0);
        Line { name, colour, points: points.map(|(at, told)| (*at, 0, ms(told.get(of)))).collect() }
    };
    let rate = |name, of: &str, colour| {
        let pairs = record.samples.windows(2).filter(|pair| pair[0].life == pair[1].life);
        let each = pairs.map(|pair| {
            let gained = pair[1].told(of).saturating_sub(pair[0].told(of)) as f64;
            (pair[1].at, pair[1].life, gained / (pair[1].at - pair[0].at).max(0.05))
        });
        Line { name, colour, points: each.collect() }
    };
    vec![
        Panel {
            title: "latency of steady clients, ms, in each second",
            logarithmic: true,
            lines: vec![
                latency("worst", "max", GREY),
                latency("p99.9", "p999", GREEN),
                latency("p99", "p99", ORANGE),
                latency("median", "p50", BLUE),
            ],
        },
        Panel {
            title: "memory, MiB",
            logarithmic: false,
            lines: vec![
                server("resident", BLUE, &|it| it.look.rss as f64 / 1_024.0),
                server("heap alive", ORANGE, &|it| it.told("heap_bytes") as f64 / 1_048_576.0),
            ],
        },
        Panel {
            title: "descriptors",
            logarithmic: true,
            lines: vec![server("open", BLUE, &|it| it.look.fds as f64), told("sources", ORANGE)],
        },
        Panel {
            title: "tasks and timers",
            logarithmic: true,
            lines: vec![told("tasks", BLUE), told("timers", ORANGE)],
        },
        Panel {
            title: "threads",
            logarithmic: false,
            lines: vec![
                server("of the process", BLUE, &|it| it.look.threads as f64),
                told("pool", ORANGE),
            ],
        },
        Panel {
            title: "in each second",
            logarithmic: true,
            lines: vec![
                rate("polls of tasks", "+polls", GREY),
                rate("requests", "+requests", BLUE),
                rate("connections", "+accepted", ORANGE),
            ],
        },
    ]
}

impl Panel {
    fn draw(&self, svg: &mut String, top: f64, across: &dyn Fn(Seconds) -> f64) {
        let values = self.lines.iter().flat_map(|line| line.points.iter().map(|point| point.2));
        let most = values.fold(1.0, f64::max);
        let share = |value: f64| match self.logarithmic {
            // A tenth is the least that is told apart.
            true => (value.max(0.1).log10() + 1.0) / (most.log10().ceil().max(1.0) + 1.0),
            false => value / (most * 1.1),
        };
        let down = |value: f64| top + PANEL * (1.0 - share(value).clamp(0.0, 1.0));
        text(svg, LEFT, top - 8.0, "font-weight=\"bold\"", self.title);
        for tick in self.ticks(most) {
            let y = down(tick);
            line(svg, (LEFT, y), (WIDTH - RIGHT, y), "#e2e2e2");
            text(svg, LEFT - 8.0, y + 4.0, "text-anchor=\"end\" fill=\"#444\"", &figure(tick));
        }
        let mut at = WIDTH - RIGHT;
        for line in &self.lines {
            let style = format!("text-anchor=\"end\" fill=\"{}\"", line.colour);
            text(svg, at, top - 8.0, &style, line.name);
            at -= 8.0 * line.name.len() as f64 + 12.0;
            let mut last: Option<(Seconds, usize)> = None;
            let mut path = String::new();
            for (when, of, value) in &line.points {
                let on = last.is_some_and(|(before, life)| life == *of && when - before < BREAK);
                let command = if on { 'L' } else { 'M' };
                last = Some((*when, *of));
                _ = write!(path, "{command}{:.1} {:.1}", across(*when), down(*value));
            }
            _ = writeln!(
                svg,
                "<path d=\"{path}\" fill=\"none\" stroke=\"{}\" stroke-width=\"1.2\"/>",
                line.colour
            );
        }
    }

    fn ticks(&self, most: f64) -> Vec<f64> {
        if self.logarithmic {
            return (-1..=most.log10().ceil().max(1.0) as i32)
                .map(|power| 10_f64.powi(power))
                .collect();
        }
        let rough = most / 4.0;
        let power = 10_f64.powf(rough.log10().floor());
        let step =
            [1.0, 2.0, 5.0, 10.0].map(|step| step * power).into_iter().find(|step| *step >= rough);
        let step = step.unwrap_or(most);
        (0..=5).map(|at| step * f64::from(at)).filter(|tick| *tick <= most * 1.1).collect()
    }
}

/// Below each panel: the time.
fn axis(svg: &mut String, y: f64, end: Seconds, across: &dyn Fn(Seconds) -> f64) {
    let steps = [1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1_800.0];
    let step = steps.into_iter().find(|step| end / step <= 16.0).unwrap_or(3_600.0);
    line(svg, (LEFT, y), (WIDTH - RIGHT, y), "#888");
    let mut at = 0.0;
    while at <= end {
        let told = if step < 60.0 { format!("{at} s") } else { format!("{} min", at / 60.0) };
        line(svg, (across(at), y), (across(at), y + 4.0), "#888");
        text(svg, across(at), y + 17.0, "text-anchor=\"middle\" fill=\"#444\"", &told);
        at += step;
    }
}

fn figure(value: f64) -> String {
    let digits = format!("{:.0}", value);
    match value {
        value if value < 1.0 => format!("{value}"),
        value if value >= 10_000.0 => {
            format!("{} {}", &digits[..digits.len() - 3], &digits[digits.len() - 3..])
        }
        value => format!("{value}"),
    }
}

fn text(svg: &mut String, x: f64, y: f64, style: &str, text: &str) {
    _ = writeln!(svg, "<text x=\"{x:.1}\" y=\"{y:.1}\" {style}>{text}</text>");
}

fn line(svg: &mut String, from: (f64, f64), to: (f64, f64), colour: &str) {
    _ = writeln!(
        svg,
        "<line x1=\"{:.1}\" y1=\"{:.1}\" x2=\"{:.1}\" y2=\"{:.1}\" stroke=\"{colour}\"/>",
        from.0, from.1, to.0, to.1
    );
}

fn rectangle(svg: &mut String, x: f64, y: f64, width: f64, height: f64, colour: &str) {
    _ = writeln!(
        svg,
        "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" fill=\"{colour}\"/>"
    );
}

#[cfg(test)]
mod tests {
    use super::super::record::{Event, Record, Sample, told};
    use super::{draw, figure};

    #[test]
    fn a_picture_has_every_panel_and_breaks_its_lines_between_lives() {
        let mut record = Record::new();
        record.flavors.push((0.0, "multi"));
        for (at, life) in [(1.0, 0), (2.0, 0), (3.0, 1), (4.0, 1)] {
            let told = told("tasks=5 +polls=10");
            record.samples.push(Sample { at, life, told, ..Sample::default() });
        }
        record.latencies.push((2.0, told("answers=3 p50=100 max=2000")));
        record.events.push((1.5, Event::Reload));
        record.calm.push((2.0, 3.0));
        let picture = draw(&record);
        assert_eq!(picture.matches("<path").count(), 15, "{picture}");
        for word in ["multi flavour", "reload", "latency", "memory", "threads", "#dff0df"] {
            assert!(picture.contains(word), "{word}");
        }
        // Each line of what the server tells is begun twice: it had two lives.
        let begun_twice = picture.split("<path").filter(|path| path.matches('M').count() == 2);
        assert!(begun_twice.count() >= 8, "{picture}");
        assert!(!picture.contains("NaN") && !picture.contains("inf"), "{picture}");
    }

    #[test]
    fn figures_are_short() {
        let told = [0.1, 1.0, 250.0, 10_000.0, 100_000.0].map(figure);
        assert_eq!(told, ["0.1", "1", "250", "10 000", "100 000"]);
    }
}
