//! The curves of a sweep as SVG: block error rate, logarithmic, over SNR, with 95 % intervals and what others publish.
//!
//! Colours are those of the page where it has them, and stand alone in a file of its own.

use maud::{Markup, PreEscaped, html};

use super::{Curve, Point, Requirement, Sweep};

/// All plots of a sweep below each other, in one picture.
pub(super) fn svg(sweep: &Sweep, curves: &[Vec<Point>]) -> Markup {
    let mut titles: Vec<&str> = Vec::new();
    for curve in &sweep.curves {
        if !titles.contains(&curve.plot.as_str()) {
            titles.push(&curve.plot);
        }
    }
    let marks = Marks::of(sweep);
    let panels: Vec<Panel<'_>> = titles.iter().map(|title| Panel::new(sweep, curves, title)).collect();
    let tops: Vec<f64> = panels
        .iter()
        .scan(0.0, |top, panel| {
            let own = *top;
            *top += panel.height(&marks);
            Some(own)
        })
        .collect();
    let height: f64 = panels.iter().map(|panel| panel.height(&marks)).sum();
    html! {
        svg.bler xmlns="http://www.w3.org/2000/svg" viewBox=(format!("0 0 {WIDTH} {height}")) width=(WIDTH) height=(height)
            role="img" aria-label=(sweep.title) font-family="system-ui, 'Segoe UI', 'Noto Sans', 'DejaVu Sans', sans-serif" {
            style { (PreEscaped(STYLE)) }
            rect.bg width=(WIDTH) height=(height) {}
            @for (panel, top) in panels.iter().zip(tops) {
                g transform=(format!("translate(0 {top})")) { (panel.svg(&marks)) }
            }
        }
    }
}

/// The picture as a file of its own.
pub(super) fn document(svg: &Markup) -> String {
    format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{}\n", svg.0)
}

/// Whose references and requirements there are, each with a sign of its own.
struct Marks {
    references: Vec<String>,
    requirements: Vec<String>,
}

impl Marks {
    fn of(sweep: &Sweep) -> Self {
        let mut marks = Self { references: Vec::new(), requirements: Vec::new() };
        sweep.references.iter().for_each(|r| add(&mut marks.references, &r.name));
        sweep.requirements.iter().for_each(|r| add(&mut marks.requirements, &r.name));
        marks
    }
}

fn add(names: &mut Vec<String>, name: &str) {
    if names.iter().all(|n| n != name) {
        names.push(name.to_owned());
    }
}

/// One plot.
struct Panel<'a> {
    sweep: &'a Sweep,
    title: &'a str,
    /// Curves with their place in the palette.
    curves: Vec<(usize, &'a Curve, &'a [Point])>,
    snr: (f64, f64),
    /// The axis goes from 1 to ten to the minus this: as low as any rate, to a limit.
    decades: i32,
}

impl<'a> Panel<'a> {
    fn new(sweep: &'a Sweep, points: &'a [Vec<Point>], title: &'a str) -> Self {
        let own = sweep.curves.iter().zip(points).filter(|(c, _)| c.plot == title);
        let curves: Vec<_> = own.enumerate().map(|(i, (c, p))| (i, c, &p[..])).collect();
        let of_curve = |name: &str| curves.iter().any(|(_, c, _)| c.name == name);
        let measured = curves.iter().flat_map(|(_, _, p)| p.iter());
        let of_others = sweep.references.iter().filter(|r| of_curve(&r.curve)).flat_map(|r| &r.points);
        let required = sweep.requirements.iter().filter(|r| of_curve(&r.curve));
        let snrs: Vec<f64> = measured
            .clone()
            .map(|p| p.snr_db)
            .chain(of_others.clone().map(|p| p.0))
            .chain(required.map(|r| r.snr_db))
            .collect();
        let (low, high) = snrs.iter().fold((f64::MAX, f64::MIN), |(l, h), &s| (l.min(s), h.max(s)));
        let rates = measured.map(|p| p.counts.bler()).chain(of_others.map(|p| p.1)).filter(|&rate| rate > 0.0);
        let decades = (-rates.fold(1.0, f64::min).log10()).ceil().clamp(2.0, MAX_DECADES) as i32;
        Self { sweep, title, curves, snr: ((low - 0.5).floor(), (high + 0.5).ceil()), decades }
    }

    /// Rows of the legend, of two or three entries each.
    fn legend_rows(&self, marks: &Marks) -> usize {
        self.curves.len().div_ceil(COLUMNS) + (marks.references.len() + marks.requirements.len()).div_ceil(COLUMNS)
    }

    fn height(&self, marks: &Marks) -> f64 {
        TOP + PLOT + BOTTOM + self.legend_rows(marks) as f64 * ROW + 4.0
    }

    fn x(&self, snr_db: f64) -> f64 {
        LEFT + (snr_db - self.snr.0) / (self.snr.1 - self.snr.0) * (WIDTH - LEFT - RIGHT)
    }

    fn y(&self, bler: f64) -> f64 {
        let decades = -bler.max(1e-12).log10() / f64::from(self.decades);
        TOP + decades.clamp(0.0, 1.0) * PLOT
    }

    fn svg(&self, marks: &Marks) -> Markup {
        let (right, bottom) = (WIDTH - RIGHT, TOP + PLOT);
        let span = self.snr.1 - self.snr.0;
        let step = [1, 2, 5, 10].into_iter().find(|&s| span / f64::from(s) <= 20.0).unwrap_or(10);
        let first = (self.snr.0 / f64::from(step)).ceil() as i32;
        let ticks = (first..).map(|k| f64::from(k * step)).take_while(|&t| t <= self.snr.1);
        html! {
            text.title x=(LEFT) y="22" { (self.title) }
            @for decade in 0..self.decades { @for k in 2..10 {
                @let y = px(self.y(f64::from(k) * 10f64.powi(-decade - 1)));
                line.minor x1=(LEFT) x2=(right) y1=(y) y2=(y) {}
            } }
            @for decade in 0..=self.decades {
                @let y = self.y(10f64.powi(-decade));
                line.grid x1=(LEFT) x2=(right) y1=(px(y)) y2=(px(y)) {}
                text.tick x=(LEFT - 8.0) y=(px(y + 4.0)) text-anchor="end" { (rate(decade)) }
            }
            @for tick in ticks {
                @let x = px(self.x(tick));
                line.grid x1=(x) x2=(x) y1=(TOP) y2=(bottom) {}
                text.tick x=(x) y=(bottom + 18.0) text-anchor="middle" { (signed(tick)) }
            }
            rect.frame x=(LEFT) y=(TOP) width=(right - LEFT) height=(PLOT) {}
            text.label x=(px((LEFT + right) / 2.0)) y=(bottom + 38.0) text-anchor="middle" { "SNR per resource element, dB" }
            text.label transform=(format!("translate(16 {}) rotate(-90)", px(TOP + PLOT / 2.0))) text-anchor="middle" {
                "block error rate, bars: 95 %"
            }
            @for (palette, curve, _) in &self.curves { (self.others(marks, *palette, curve)) }
            @for (palette, _, points) in &self.curves { (self.curve(*palette, points)) }
            (self.legend(marks, bottom + 62.0))
        }
    }

    fn curve(&self, palette: usize, points: &[Point]) -> Markup {
        let with_errors = || points.iter().filter(|p| p.counts.errors > 0);
        let line: Vec<String> =
            with_errors().map(|p| format!("{} {}", px(self.x(p.snr_db)), px(self.y(p.counts.bler())))).collect();
        html! {
            g class=(series(palette)) {
                @if !line.is_empty() { path.line d=(format!("M{}", line.join("L"))) {} }
                @for p in points {
                    @let (low, high) = p.counts.wilson_95();
                    @let (x, top) = (self.x(p.snr_db), self.y(high));
                    @let bottom = if p.counts.errors > 0 { self.y(low) } else { TOP + PLOT };
                    path.bar d=(format!("M{x0} {top}h7m-3.5 0V{bottom}m-3.5 0h7", x0 = px(x - 3.5), top = px(top), bottom = px(bottom))) {}
                    @if p.counts.errors > 0 { circle.dot cx=(px(x)) cy=(px(self.y(p.counts.bler()))) r="3.2" {
                        title { (tip(p)) }
                    } }
                }
            }
        }
    }

    /// What others publish of a curve, in its colour.
    fn others(&self, marks: &Marks, palette: usize, curve: &Curve) -> Markup {
        let references = self.sweep.references.iter().filter(|r| r.curve == curve.name);
        let requirements = self.sweep.requirements.iter().filter(|r| r.curve == curve.name);
        html! {
            g class=(series(palette)) {
                @for reference in references {
                    @let sign = marks.references.iter().position(|n| *n == reference.name).unwrap_or(0);
                    @let at: Vec<(f64, f64)> = reference.points.iter().map(|&(s, b)| (self.x(s), self.y(b))).collect();
                    @if at.len() > 1 {
                        @let line: Vec<String> = at.iter().map(|&(x, y)| format!("{} {}", px(x), px(y))).collect();
                        path.other d=(format!("M{}", line.join("L"))) {}
                    }
                    @for (x, y) in at { path.sign d=(outline(sign, x, y)) {} }
                }
                @for Requirement { name, bler, snr_db, .. } in requirements {
                    @let sign = marks.requirements.iter().position(|n| n == name).unwrap_or(0);
                    path.limit d=(limit(sign, self.x(*snr_db), self.y(*bler))) {}
                }
            }
        }
    }

    fn legend(&self, marks: &Marks, top: f64) -> Markup {
        let column = (WIDTH - LEFT - RIGHT) / COLUMNS as f64;
        let at = |i: usize, row: usize| (LEFT + (i % COLUMNS) as f64 * column, top + (row + i / COLUMNS) as f64 * ROW);
        let below = self.curves.len().div_ceil(COLUMNS);
        let others = marks.references.iter().enumerate().map(|(i, name)| (outline(i, 11.0, 0.0), "sign", name));
        let limits = marks.requirements.iter().enumerate().map(|(i, name)| (limit(i, 11.0, 0.0), "limit", name));
        html! {
            @for (palette, curve, _) in &self.curves {
                @let (x, y) = at(*palette, 0);
                g class=(series(*palette)) transform=(format!("translate({} {})", px(x), px(y))) {
                    path.line d="M0 -4h22" {} circle.dot cx="11" cy="-4" r="3.2" {}
                    text.entry x="30" { (curve.name) }
                }
            }
            @for (i, (path, class, name)) in others.chain(limits).enumerate() {
                @let (x, y) = at(i, below);
                g.neutral transform=(format!("translate({} {})", px(x), px(y))) {
                    path class=(class) d=(path) transform="translate(0 -4)" {}
                    text.entry x="30" { @if class == "limit" { "required: " } (name) }
                }
            }
        }
    }
}

fn tip(point: &Point) -> String {
    let Point { snr_db, counts } = point;
    let (low, high) = counts.wilson_95();
    format!("{snr_db} dB: {} of {} blocks, {:.4} ({low:.4} to {high:.4})", counts.errors, counts.blocks, counts.bler())
}

/// Signs of references, hollow.
fn outline(sign: usize, x: f64, y: f64) -> String {
    let (x, y) = (px(x), px(y));
    match sign % 3 {
        0 => format!("M{x} {y}m-4.5 -4.5h9v9h-9z"),
        1 => format!("M{x} {y}m0 -6l6 6l-6 6l-6 -6z"),
        _ => format!("M{x} {y}m0 -6l5.5 10h-11z"),
    }
}

/// Signs of requirements: what is on this side of the corner is allowed.
fn limit(sign: usize, x: f64, y: f64) -> String {
    let (x, y) = (px(x), px(y));
    match sign % 2 {
        0 => format!("M{x} {y}m0 -9v18m-9 -9h9"),
        _ => format!("M{x} {y}m-5 -5l10 10m0 -10l-10 10"),
    }
}

fn rate(decade: i32) -> String {
    match decade {
        0 => "100 %".into(),
        1 => "10 %".into(),
        2 => "1 %".into(),
        _ => format!("{} %", 10f64.powi(2 - decade)),
    }
}

fn signed(tick: f64) -> String {
    if tick < 0.0 { format!("−{}", -tick) } else { tick.to_string() }
}

fn series(palette: usize) -> String {
    format!("s{}", palette % 8)
}

fn px(v: f64) -> String {
    let text = format!("{v:.1}");
    text.strip_suffix(".0").map_or_else(|| text.clone(), str::to_owned)
}

const WIDTH: f64 = 1000.0;
const PLOT: f64 = 380.0;
const LEFT: f64 = 70.0;
const RIGHT: f64 = 20.0;
const TOP: f64 = 36.0;
const BOTTOM: f64 = 62.0;
const ROW: f64 = 22.0;
const COLUMNS: usize = 3;
const MAX_DECADES: f64 = 5.0;

const STYLE: &str = "\
.bler .bg{fill:var(--surface,#fff)}.bler text{fill:var(--ink,#161b22);font-size:13px}\
.bler .title{font-size:16px;font-weight:650}.bler .tick,.bler .label{fill:var(--muted,#57606c)}\
.bler .grid{stroke:var(--line,#dfe3e9)}.bler .minor{stroke:var(--grid,#edf0f3)}\
.bler .frame{fill:none;stroke:var(--muted,#57606c)}\
.bler .s0{--c:var(--s0,#0072b2)}.bler .s1{--c:var(--s1,#d55e00)}.bler .s2{--c:var(--s2,#009e73)}\
.bler .s3{--c:var(--s3,#b8588f)}.bler .s4{--c:var(--s4,#b07c00)}.bler .s5{--c:var(--s5,#3a9bd6)}\
.bler .s6{--c:var(--s6,#6b5ca5)}.bler .s7{--c:var(--s7,#7a6a55)}.bler .neutral{--c:var(--muted,#57606c)}\
.bler .line{fill:none;stroke:var(--c);stroke-width:2;stroke-linejoin:round}\
.bler .bar{fill:none;stroke:var(--c);stroke-width:1.2;opacity:.75}.bler .dot{fill:var(--c)}\
.bler .other{fill:none;stroke:var(--c);stroke-width:1.2;stroke-dasharray:2 4;opacity:.8}\
.bler .sign{fill:var(--surface,#fff);stroke:var(--c);stroke-width:1.5}\
.bler .limit{fill:none;stroke:var(--c);stroke-width:2.4}";
