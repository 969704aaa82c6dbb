//! A run as a picture: age and lag, arrivals, consumers with the reasons of their changes.

use std::fmt::Write as _;

use super::run::{Frame, Recording};

const WIDTH: f64 = 1_100.0;
const LEFT: f64 = 70.0;
const RIGHT: f64 = 70.0;
const PANEL: f64 = 170.0;
const GAP: f64 = 46.0;
const TOP: f64 = 64.0;
/// Points across: more than there are pixels tell nothing.
const POINTS: usize = 1_000;

/// A panel with one scale.
struct Panel {
    top: f64,
    most: f64,
}

impl Panel {
    fn new(place: usize, most: f64) -> Self {
        Self { top: TOP + place as f64 * (PANEL + GAP), most: nice(most) }
    }

    fn y(&self, value: f64) -> f64 {
        self.top + PANEL * (1.0 - value / self.most)
    }
}

/// Draws it. `target`: the oldest age allowed, seconds.
pub fn drawing(recording: &Recording, title: &str, target: f64) -> String {
    let frames = &recording.frames;
    let end = frames.last().map_or(1.0, |frame| frame.t);
    let x = |t: f64| LEFT + (WIDTH - LEFT - RIGHT) * t / end;
    let most = |value: &dyn Fn(&Frame) -> f64| frames.iter().map(value).fold(0.0, f64::max);
    let legend = legend(recording);
    let height = TOP + 3.0 * (PANEL + GAP) + 14.0 + 15.0 * legend.len() as f64;

    let mut svg = String::new();
    let _ = writeln!(
        svg,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" font-family=\"sans-serif\" font-size=\"12\">"
    );
    let _ = writeln!(svg, "<rect width=\"{WIDTH}\" height=\"{height}\" fill=\"#fff\"/>");
    let m = &recording.measures;
    text(
        &mut svg,
        LEFT,
        22.0,
        "start",
        "#111",
        &format!("<tspan font-size=\"15\" font-weight=\"bold\">{}</tspan>", escape(title)),
    );
    let summary = format!(
        "{} membership changes, {:.1} pod-hours, {} s over target, worst age {:.0} s, p99 {:.0} s",
        m.changes, m.pod_hours, m.over_target_seconds, m.worst_order_age, m.p99_order_age
    );
    text(&mut svg, LEFT, 40.0, "start", "#555", &summary);

    let age = Panel::new(0, most(&|frame| frame.age).max(1.2 * target));
    axes(&mut svg, &age, "age of the oldest order, s", end);
    let _ = writeln!(
        svg,
        "<line x1=\"{LEFT}\" x2=\"{:.1}\" y1=\"{y:.1}\" y2=\"{y:.1}\" stroke=\"#c0392b\" stroke-dasharray=\"5 4\"/>",
        WIDTH - RIGHT,
        y = age.y(target)
    );
    text(&mut svg, LEFT + 6.0, age.y(target) - 4.0, "start", "#c0392b", "target");
    line(&mut svg, frames, &x, "#c0392b", |frame| age.y(frame.age));
    let lag = Panel { top: age.top, most: nice(most(&|frame| frame.lag)) };
    line(&mut svg, frames, &x, "#7f8c8d", |frame| lag.y(frame.lag));
    right(&mut svg, &lag, "orders waiting");

    let rate = Panel::new(1, most(&|frame| frame.rate));
    axes(&mut svg, &rate, "orders per second that come in", end);
    line(&mut svg, frames, &x, "#2471a3", |frame| rate.y(frame.rate));

    let pods = Panel::new(2, most(&|frame| f64::from(frame.replicas)) + 1.0);
    axes(&mut svg, &pods, "consumers: asked for (light), at work (dark)", end);
    line(&mut svg, frames, &x, "#abdcb9", |frame| pods.y(f64::from(frame.replicas)));
    line(&mut svg, frames, &x, "#1e8449", |frame| pods.y(f64::from(frame.members)));
    for (number, (t, choice)) in (1..).zip(&recording.decisions) {
        let (x, y) = (x(*t), pods.y(f64::from(choice.replicas)));
        let _ = writeln!(
            svg,
            "<g><title>{}</title><circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"8\" fill=\"#fff\" stroke=\"#1e8449\"/>",
            escape(&choice.reason)
        );
        text(&mut svg, x, y + 4.0, "middle", "#111", &format!("<tspan font-size=\"10\">{number}</tspan>"));
        svg.push_str("</g>\n");
    }
    for (place, entry) in legend.iter().enumerate() {
        let y = TOP + 3.0 * (PANEL + GAP) + 8.0 + 15.0 * place as f64;
        text(&mut svg, LEFT, y, "start", "#333", &format!("<tspan font-size=\"11\">{}</tspan>", escape(entry)));
    }
    svg.push_str("</svg>\n");
    svg
}

/// The reasons by number; what does not fit is left to the tooltips.
fn legend(recording: &Recording) -> Vec<String> {
    const MOST: usize = 24;
    const WIDE: usize = 175;
    let decisions = &recording.decisions;
    let mut lines: Vec<String> = (1..)
        .zip(decisions.iter().take(MOST))
        .map(|(number, (t, choice))| {
            let line = format!("{number}  {}  {}", clock(*t), choice.reason);
            let short: String = line.chars().take(WIDE).collect();
            if short.len() < line.len() { short + "…" } else { line }
        })
        .collect();
    if decisions.len() > MOST {
        lines.push(format!("and {} more", decisions.len() - MOST));
    }
    lines
}

fn axes(svg: &mut String, panel: &Panel, label: &str, end: f64) {
    text(svg, LEFT, panel.top - 7.0, "start", "#111", label);
    for part in 0..=4 {
        let value = panel.most * f64::from(part) / 4.0;
        let y = panel.y(value);
        let _ = writeln!(
            svg,
            "<line x1=\"{LEFT}\" x2=\"{:.1}\" y1=\"{y:.1}\" y2=\"{y:.1}\" stroke=\"#e5e7e9\"/>",
            WIDTH - RIGHT
        );
        text(svg, LEFT - 6.0, y + 4.0, "end", "#555", &short(value));
    }
    for part in 0..=6 {
        let t = end * f64::from(part) / 6.0;
        let x = LEFT + (WIDTH - LEFT - RIGHT) * f64::from(part) / 6.0;
        text(svg, x, panel.top + PANEL + 15.0, "middle", "#555", &clock(t));
    }
}

fn right(svg: &mut String, panel: &Panel, label: &str) {
    for part in 0..=4 {
        let value = panel.most * f64::from(part) / 4.0;
        text(svg, WIDTH - RIGHT + 6.0, panel.y(value) + 4.0, "start", "#7f8c8d", &short(value));
    }
    text(svg, WIDTH - RIGHT, panel.top - 7.0, "end", "#7f8c8d", label);
}

/// The highest value of each stretch, so that no peak is lost.
fn line(svg: &mut String, frames: &[Frame], x: &impl Fn(f64) -> f64, colour: &str, y: impl Fn(&Frame) -> f64) {
    let points = frames.chunks(frames.len().div_ceil(POINTS).max(1)).map(|chunk| {
        let top = chunk.iter().map(&y).fold(f64::INFINITY, f64::min);
        format!("{:.1},{top:.1}", x(chunk[0].t))
    });
    let points: Vec<String> = points.collect();
    let _ = writeln!(
        svg,
        "<polyline fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.6\" points=\"{}\"/>",
        points.join(" ")
    );
}

fn text(svg: &mut String, x: f64, y: f64, anchor: &str, colour: &str, content: &str) {
    let _ =
        writeln!(svg, "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\" fill=\"{colour}\">{content}</text>");
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// The next number that reads well and divides by four.
fn nice(most: f64) -> f64 {
    let unit = 10f64.powf(most.max(1.0).log10().floor());
    let steps = [1.0, 1.2, 1.6, 2.0, 2.4, 3.2, 4.0, 6.0, 8.0, 10.0].map(|step| step * unit);
    steps.into_iter().find(|step| *step >= most && *step >= 4.0).unwrap_or(10.0 * unit)
}

fn short(value: f64) -> String {
    if value >= 10_000.0 { format!("{:.0}k", value / 1_000.0) } else { format!("{value:.0}") }
}

fn clock(t: f64) -> String {
    let t = t.round() as u64;
    format!("{}:{:02}:{:02}", t / 3_600, t / 60 % 60, t % 60)
}

#[cfg(test)]
mod tests {
    use super::super::run::{Choice, Measures};
    use super::*;

    #[test]
    fn a_drawing_has_every_line_and_every_reason() {
        let frames = (0..5_000).map(|t| Frame {
            t: f64::from(t),
            rate: 10.0,
            lag: f64::from(t),
            age: 3.0,
            replicas: 2,
            members: 2,
        });
        let choice = Choice { replicas: 2, reason: "1 -> 2 consumers: a < b & c".to_owned() };
        let recording =
            Recording { measures: Measures::default(), frames: frames.collect(), decisions: vec![(7.0, choice)] };
        let svg = drawing(&recording, "a <title>", 30.0);
        assert_eq!(svg.matches("<polyline").count(), 5);
        assert!(svg.contains("1 -&gt; 2 consumers: a &lt; b &amp; c") && svg.contains("a &lt;title&gt;"));
        assert!(svg.len() < 200_000, "{}", svg.len());
    }
}
