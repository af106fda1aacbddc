//! Plots as SVG: axes with units, curves that a pointer can read. No colours here: classes `s0` to `s7` carry them.

use std::fmt::Write;

use maud::{Markup, html};

/// A plot of curves over one axis.
#[derive(Clone)]
pub(super) struct Plot {
    /// Width and height of the picture, pixels.
    pub(super) size: (f64, f64),
    /// Horizontal axis.
    pub(super) x: Axis,
    /// Vertical axis.
    pub(super) y: Axis,
    /// The curves.
    pub(super) curves: Vec<Curve>,
    /// Vertical marks: position and words.
    pub(super) marks: Vec<(f64, String)>,
    /// What the picture shows, for those who cannot see it.
    pub(super) title: String,
}

/// An axis.
#[derive(Clone)]
pub(super) struct Axis {
    /// Range.
    pub(super) from: f64,
    /// Range.
    pub(super) to: f64,
    /// Quantity and unit.
    pub(super) label: &'static str,
}

/// A curve.
#[derive(Clone)]
pub(super) struct Curve {
    /// Position in the palette.
    pub(super) palette: usize,
    /// Name in the legend and at the pointer.
    pub(super) name: String,
    /// Points, x ascending.
    pub(super) points: Vec<(f64, f64)>,
    /// For each point, what the pointer shows.
    pub(super) tips: Vec<String>,
    /// How it is drawn.
    pub(super) style: Style,
    /// A mark at the last point.
    pub(super) end: Option<EndMark>,
}

/// How a curve is drawn.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// From point to point.
    Line,
    /// The value holds until the next point.
    Steps,
    /// As steps, filled down to the axis.
    Area,
    /// From point to point, faint and without a pointer: an envelope.
    Faint,
    /// A dot at each point.
    Points,
    /// An upright bar from each point to the next, in pairs.
    Bars,
}

/// What the end of a curve means.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum EndMark {
    /// Reached.
    Done,
    /// Given up.
    GivenUp,
}

const LEFT: f64 = 50.0;
const RIGHT: f64 = 14.0;
const TOP: f64 = 10.0;
const BOTTOM: f64 = 40.0;
/// Size on a narrow screen, where a wide picture would shrink its words beyond reading.
const NARROW: (f64, f64) = (350.0, 230.0);
/// Dash of curves that lie on each other, pixels: each shows through the gaps of the others.
const SHARED_DASH: usize = 12;
/// Radius of the dot of a point, pixels.
const DOT: usize = 4;

impl Axis {
    /// An axis from `from` to `to`, widened when it is empty.
    pub(super) fn new(from: f64, to: f64, label: &'static str) -> Self {
        let to = if to > from { to } else { from + 1.0 };
        Self { from, to, label }
    }

    fn share(&self, value: f64) -> f64 {
        ((value - self.from) / (self.to - self.from)).clamp(0.0, 1.0)
    }
}

impl Plot {
    /// The picture in its own size, and a small one for narrow screens.
    pub(super) fn responsive(&self) -> Markup {
        let narrow = Self { size: NARROW, ..self.clone() };
        html! { div.wide { (self.svg()) } div.narrow { (narrow.svg()) } }
    }

    /// The picture.
    pub(super) fn svg(&self) -> Markup {
        let (width, height) = self.size;
        let (right, bottom) = (width - RIGHT, height - BOTTOM);
        let paths: Vec<String> = self.curves.iter().map(|c| self.path(c)).collect();
        let dash = |i: usize| if self.curves[i].style == Style::Steps { shared_dash(&paths, i) } else { None };
        html! {
            svg.plot viewBox=(format!("0 0 {width} {height}")) width=(width) height=(height) role="img"
                aria-label=(self.title) data-left=(LEFT) data-right=(right) data-top=(TOP) data-bottom=(bottom) {
                @for tick in ticks(self.y.from, self.y.to, ((bottom - TOP) / 26.0) as usize) {
                    @let y = self.y_at(tick);
                    line.grid x1=(LEFT) x2=(right) y1=(px(y)) y2=(px(y)) {}
                    text.tick x=(LEFT - 6.0) y=(px(y + 4.0)) text-anchor="end" { (label(tick)) }
                }
                @for tick in ticks(self.x.from, self.x.to, ((right - LEFT) / 62.0) as usize) {
                    @let x = self.x_at(tick);
                    line.grid x1=(px(x)) x2=(px(x)) y1=(TOP) y2=(bottom) {}
                    text.tick x=(px(x)) y=(bottom + 16.0) text-anchor="middle" { (label(tick)) }
                }
                line.axis x1=(LEFT) x2=(right) y1=(bottom) y2=(bottom) {}
                text.axis-label x=(px((LEFT + right) / 2.0)) y=(height - 5.0) text-anchor="middle" { (self.x.label) }
                text.axis-label transform=(format!("translate(12 {}) rotate(-90)", px((TOP + bottom) / 2.0)))
                    text-anchor="middle" { (self.y.label) }
                @for (x, words) in &self.marks {
                    line.mark x1=(px(self.x_at(*x))) x2=(px(self.x_at(*x))) y1=(TOP) y2=(bottom) {}
                    // Behind the mark, where curves have ended, if there is room.
                    @let (side, anchor) = if right - self.x_at(*x) > 90.0 { (5.0, "start") } else { (-5.0, "end") };
                    text.mark-label x=(px(self.x_at(*x) + side)) y=(TOP + 10.0) text-anchor=(anchor) { (words) }
                }
                @for (i, curve) in self.curves.iter().enumerate() { (self.curve(curve, &paths[i], dash(i))) }
                @if paths.iter().all(String::is_empty) {
                    text.none x=(px((LEFT + right) / 2.0)) y=(px((TOP + bottom) / 2.0 + 4.0)) text-anchor="middle" { "no samples" }
                }
                line.cursor x1="0" x2="0" y1=(TOP) y2=(bottom) {}
            }
        }
    }

    fn curve(&self, curve: &Curve, path: &str, dash: Option<String>) -> Markup {
        let class = format!(
            "{} {}",
            series_class(curve.palette),
            match curve.style {
                Style::Faint => "curve faint",
                Style::Area => "curve area",
                Style::Points => "curve points",
                Style::Line | Style::Steps | Style::Bars => "curve",
            }
        );
        // Pixels relative to the left edge, one decimal: the pointer needs no more.
        let xs: Vec<String> = curve.points.iter().map(|p| px(self.x_at(p.0))).collect();
        let ys: Vec<String> = curve.points.iter().map(|p| px(self.y_at(p.1))).collect();
        let end = curve.points.last().map(|p| (self.x_at(p.0), self.y_at(p.1))).zip(curve.end);
        html! {
            g class=(class) data-series=(curve.palette) {
                path d=(path) style=[dash] {}
                @if !curve.tips.is_empty() {
                    desc.pointer data-name=(curve.name) data-x=(xs.join(" ")) data-y=(ys.join(" "))
                        data-tips=(curve.tips.join("|")) {}
                }
                @match end {
                    Some(((x, y), EndMark::Done)) => { circle.end cx=(px(x)) cy=(px(y)) r="4" {} }
                    Some(((x, y), EndMark::GivenUp)) => {
                        path.end d=(format!("M{} {}l7 7m0 -7l-7 7", px(x - 3.5), px(y - 3.5))) {}
                    }
                    None => {}
                }
            }
        }
    }

    fn path(&self, curve: &Curve) -> String {
        let mut d = String::new();
        for (i, &(x, y)) in curve.points.iter().enumerate() {
            let (x, y) = (px(self.x_at(x)), px(self.y_at(y)));
            // Writing to a String cannot fail.
            let _ = match (i, curve.style) {
                (_, Style::Points) => {
                    write!(d, "M{x} {y}m-{DOT} 0a{DOT} {DOT} 0 1 0 {} 0a{DOT} {DOT} 0 1 0 -{0} 0", 2 * DOT)
                }
                (i, Style::Bars) if i % 2 == 1 => write!(d, "V{y}"),
                (0, _) | (_, Style::Bars) => write!(d, "M{x} {y}"),
                (_, Style::Line | Style::Faint) => write!(d, "L{x} {y}"),
                (_, Style::Steps) => write!(d, "H{x}V{y}"),
                (_, Style::Area) => write!(d, "V{y}H{x}"),
            };
        }
        if curve.style == Style::Area
            && let (Some(first), Some(_)) = (curve.points.first(), curve.points.last())
        {
            let _ = write!(d, "V{}H{}Z", px(self.y_at(self.y.from)), px(self.x_at(first.0)));
        }
        d
    }

    fn x_at(&self, x: f64) -> f64 {
        LEFT + self.x.share(x) * (self.size.0 - LEFT - RIGHT)
    }

    fn y_at(&self, y: f64) -> f64 {
        self.size.1 - BOTTOM - self.y.share(y) * (self.size.1 - TOP - BOTTOM)
    }
}

/// Dash pattern of a curve whose path others have, too: they take turns along it.
fn shared_dash(paths: &[String], index: usize) -> Option<String> {
    let same = |p: &&String| !p.is_empty() && **p == paths[index];
    let count = paths.iter().filter(same).count();
    let position = paths[..index].iter().filter(same).count();
    (count > 1).then(|| {
        format!(
            "stroke-dasharray:{SHARED_DASH} {};stroke-dashoffset:{}",
            SHARED_DASH * (count - 1),
            SHARED_DASH * (count - position)
        )
    })
}

/// The palette's place for what is not a UE.
pub(super) const NEUTRAL: usize = usize::MAX;

/// Class of a series: eight colours, then the same with another dash pattern.
pub(super) fn series_class(palette: usize) -> String {
    if palette == NEUTRAL { "neutral d0".into() } else { format!("s{} d{}", palette % 8, palette / 8 % 3) }
}

/// The legend of curves with these names.
pub(super) fn legend<'a>(names: impl IntoIterator<Item = (usize, &'a str)>) -> Markup {
    html! {
        ul.legend {
            @for (palette, name) in names {
                li data-series=(palette) {
                    svg.swatch.(series_class(palette)) viewBox="0 0 22 8" width="22" height="8" aria-hidden="true" {
                        path d="M1 4H21" {}
                    }
                    (name)
                }
            }
        }
    }
}

/// Received symbols on the complex plane, with the points that were sent.
pub(super) fn constellation(points_milli: &[[i16; 2]], modulation: &str, palette: usize) -> Markup {
    const SIZE: f64 = 172.0;
    const RANGE: f64 = 1.6;
    let at = |v: f64| SIZE / 2.0 + v / RANGE * SIZE / 2.0;
    let inside = |v: f64| at(v).clamp(1.0, SIZE - 1.0);
    let dots = points_milli.iter().fold(String::new(), |mut d, [i, q]| {
        let _ = write!(d, "M{} {}h0", px(inside(f64::from(*i) / 1e3)), px(inside(-f64::from(*q) / 1e3)));
        d
    });
    let levels = ideal_levels(modulation);
    html! {
        svg.constellation.(series_class(palette)) viewBox=(format!("0 0 {SIZE} {SIZE}")) width=(SIZE) height=(SIZE)
            role="img" aria-label=(format!("constellation, {modulation}")) {
            rect.frame x="0.5" y="0.5" width=(SIZE - 1.0) height=(SIZE - 1.0) rx="6" {}
            path.grid d=(format!("M{m} 0V{SIZE}M0 {m}H{SIZE}", m = SIZE / 2.0)) {}
            path.dots d=(dots) {}
            @for i in &levels { @for q in &levels {
                path.ideal d=(format!("M{} {}h6m-3 -3v6", px(at(*i) - 3.0), px(at(*q)))) {}
            } }
            text.tick x=(SIZE - 5.0) y=(SIZE / 2.0 - 4.0) text-anchor="end" { "I" }
            text.tick x=(SIZE / 2.0 + 4.0) y="11" { "Q" }
        }
    }
}

/// Levels per axis at unit power (TS 36.211 clause 7.1).
fn ideal_levels(modulation: &str) -> Vec<f64> {
    let (levels, norm): (i32, f64) = match modulation {
        "QPSK" => (2, 2.0),
        "16QAM" => (4, 10.0),
        "64QAM" => (8, 42.0),
        "256QAM" => (16, 170.0),
        _ => return Vec::new(),
    };
    (0..levels).map(|k| f64::from(2 * k + 1 - levels) / norm.sqrt()).collect()
}

/// Round numbers inside of a range, about `count` of them.
pub(super) fn ticks(from: f64, to: f64, count: usize) -> Vec<f64> {
    let raw = (to - from) / count.max(1) as f64;
    let decade = 10f64.powf(raw.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].into_iter().map(|m| m * decade).find(|s| *s >= raw * 0.999).unwrap_or(raw);
    let (first, last) = ((from / step - 1e-9).ceil() as i64, (to / step + 1e-9).floor() as i64);
    (first..=last).map(|k| k as f64 * step).collect()
}

/// The next round number that is not below `value`.
pub(super) fn round_up(value: f64) -> f64 {
    let decade = 10f64.powf(value.max(1e-12).log10().floor());
    [1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0]
        .into_iter()
        .map(|m| m * decade)
        .find(|r| *r >= value * 0.999)
        .unwrap_or(value)
}

fn label(tick: f64) -> String {
    let text = super::text::number(tick);
    text.strip_prefix('-')
        .map_or_else(|| text.clone(), |rest| if rest == "0" { "0".into() } else { format!("−{rest}") })
}

fn px(v: f64) -> String {
    let text = format!("{v:.1}");
    text.strip_suffix(".0").map_or_else(|| text.clone(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_inside() {
        assert_eq!(ticks(0.0, 9.0, 5), [0.0, 2.0, 4.0, 6.0, 8.0]);
        assert_eq!(ticks(-3.84, 3.84, 8), [-3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0]);
        assert_eq!(ticks(0.0, 0.02, 4).len(), 5);
        assert_eq!((round_up(0.187), round_up(0.01), round_up(103.0)), (0.2, 0.01, 150.0));
    }

    #[test]
    fn levels_have_unit_power() {
        for modulation in ["QPSK", "16QAM", "64QAM", "256QAM"] {
            let levels = ideal_levels(modulation);
            let power = 2.0 * levels.iter().map(|l| l * l).sum::<f64>() / levels.len() as f64;
            assert!((power - 1.0).abs() < 1e-12, "{modulation}: {power}");
        }
    }
}
