//! Lines between the boxes of the picture, and where their words stand: no two of them at one place.

use std::collections::BTreeMap;

use protocol::Joint;

use super::{ABOVE_Y, BOX_HEIGHT, Band, In, Links, Place, WIDTH};
use crate::report::text;

/// A line with what is said at it.
pub(super) struct Line {
    /// SVG path.
    pub(super) path: String,
    pub(super) label: String,
    /// Middle of the label.
    pub(super) x: f64,
    /// Its base line.
    pub(super) y: f64,
}

/// All lines; and how much room those over the boxes above take.
pub(super) fn lines(places: &[Place<'_>], links: &Links) -> (Vec<Line>, f64) {
    let labels: Vec<String> = links.values().map(|joints| words(joints)).collect();
    let pairs: Vec<(usize, usize)> = links.keys().copied().collect();
    let lanes = Lanes::new(places, &pairs, &labels);
    let feet = lanes.feet(places, &pairs);
    let mut taken = Vec::new();
    let drawn = pairs.iter().zip(labels).enumerate().map(|(n, (&(a, b), label))| {
        let (path, spots) = match lanes.of[n] {
            Some(lane) => lanes.bracket(places, &pairs, n, lane),
            None if places[a].y == places[b].y => beside(places, a, b),
            None => between_rows(places, &pairs, (a, b)),
        };
        let (x, y) = free_spot(&mut taken, &feet, &label, &spots);
        Line { path, label, x, y }
    });
    (drawn.collect(), lanes.height())
}

/// Lines from boxes of one system to those of another, at the right of all boxes.
pub(super) fn across(bands: &[Band<'_>], links: &BTreeMap<(In<'_>, In<'_>), Vec<(Joint, u64)>>) -> Vec<Line> {
    let place = |(system, name): In<'_>| {
        let band = bands.iter().find(|band| band.system == system)?;
        let place = band.places.iter().find(|place| place.name == name)?;
        Some((band, place.x + place.width / 2.0, band.y + place.y + BOX_HEIGHT / 2.0))
    };
    let mut drawn: Vec<Line> = Vec::new();
    for ((one, other), joints) in links {
        let Some(((_, x1, y1), (below, x2, y2))) = place(*one).zip(place(*other)) else { continue };
        let n = drawn.len() as f64;
        let x = WIDTH - 4.0 - ACROSS * (n % 3.0);
        let path = format!("M{x1:.1} {y1:.1}H{x:.1}V{y2:.1}H{x2:.1}");
        let label = words(joints);
        let y = below.y - below.top - LINE_HEIGHT * n;
        drawn.push(Line { path, x: x - 10.0 - half_width(&label), label, y });
    }
    drawn
}

fn words(joints: &[(Joint, u64)]) -> String {
    let words: Vec<_> = joints.iter().map(|(joint, n)| format!("{joint} {}", text::grouped(*n))).collect();
    words.join(" · ")
}

/// Half of what a label takes in width; the letters of the page are not known here.
pub(super) fn half_width(label: &str) -> f64 {
    LETTER * label.chars().count() as f64 / 2.0
}

/// The first spot at which a label touches none before it and, if there is such a one, no foot of a bracket.
fn free_spot(taken: &mut Vec<(f64, f64, f64)>, feet: &[(f64, f64)], label: &str, spots: &[(f64, f64)]) -> (f64, f64) {
    let half = half_width(label);
    let inside = |x: f64| x.clamp(half, (WIDTH - half).max(half));
    let is_free = |(x, y): (f64, f64)| {
        taken
            .iter()
            .all(|(other, at, other_half)| (x - other).abs() > half + other_half || (y - at).abs() > LINE_HEIGHT)
    };
    let is_clear =
        |(x, y): (f64, f64)| feet.iter().all(|(foot, top)| (x - foot).abs() > half || y < *top || y > ABOVE_Y);
    let spots: Vec<_> = spots.iter().map(|(x, y)| (inside(*x), *y)).collect();
    let best = spots.iter().find(|spot| is_free(**spot) && is_clear(**spot));
    let best = best.or_else(|| spots.iter().find(|spot| is_free(**spot))).or_else(|| spots.first());
    let spot = best.copied().unwrap_or_default();
    taken.push((spot.0, spot.1, half));
    spot
}

/// Lines over the boxes above: brackets, those of the shortest nearest to the boxes.
struct Lanes {
    /// The lane of each link that has one.
    of: Vec<Option<usize>>,
}

impl Lanes {
    fn new(places: &[Place<'_>], pairs: &[(usize, usize)], labels: &[String]) -> Self {
        let is_over = |n: usize| {
            let (a, b) = (&places[pairs[n].0], &places[pairs[n].1]);
            let gap = (a.x - b.x).abs() - f64::midpoint(a.width, b.width);
            let fits = is_next(pairs[n].0, pairs[n].1) && gap > 2.0 * half_width(&labels[n]);
            a.y == ABOVE_Y && b.y == ABOVE_Y && !fits
        };
        let mut over: Vec<usize> = (0..pairs.len()).filter(|n| is_over(*n)).collect();
        over.sort_by_key(|n| (pairs[*n].1 - pairs[*n].0, pairs[*n].0));
        let mut of: Vec<Option<usize>> = vec![None; pairs.len()];
        for n in over {
            let (a, b) = pairs[n];
            let is_taken = |lane| (0..pairs.len()).any(|m| of[m] == Some(lane) && pairs[m].0 < b && a < pairs[m].1);
            of[n] = (0..).find(|lane| !is_taken(*lane));
        }
        Self { of }
    }

    fn height(&self) -> f64 {
        self.of.iter().flatten().max().map_or(0.0, |lane| LANE * (*lane as f64 + 1.0) + LINE_HEIGHT)
    }

    /// Where brackets stand, and up to where.
    fn feet(&self, places: &[Place<'_>], pairs: &[(usize, usize)]) -> Vec<(f64, f64)> {
        let own = self.of.iter().enumerate().filter_map(|(n, lane)| Some((n, Self::top((*lane)?))));
        own.flat_map(|(n, top)| self.ends(places, pairs, n).map(|x| (x, top))).collect()
    }

    fn top(lane: usize) -> f64 {
        ABOVE_Y - LANE * (lane as f64 + 1.0)
    }

    fn ends(&self, places: &[Place<'_>], pairs: &[(usize, usize)], n: usize) -> [f64; 2] {
        let (a, b) = pairs[n];
        [self.foot(places, pairs, a, n, 1.0), self.foot(places, pairs, b, n, -1.0)]
    }

    /// A bracket, and spots for its label above it.
    fn bracket(
        &self,
        places: &[Place<'_>],
        pairs: &[(usize, usize)],
        n: usize,
        lane: usize,
    ) -> (String, Vec<(f64, f64)>) {
        let ([left, right], y) = (self.ends(places, pairs, n), Self::top(lane));
        let path = format!("M{left:.1} {ABOVE_Y:.1}V{y:.1}H{right:.1}V{ABOVE_Y:.1}");
        let part = |part: f64| (left + (right - left) * part, y - BASE);
        (path, [0.5, 0.4, 0.6, 0.3, 0.7, 0.2, 0.8, 0.1, 0.9].map(part).to_vec())
    }

    /// Where a bracket stands on a box: of those that go to one side, the shortest is nearest to it.
    fn foot(&self, places: &[Place<'_>], pairs: &[(usize, usize)], place: usize, n: usize, side: f64) -> f64 {
        let mut own: Vec<usize> = (0..pairs.len())
            .filter(|m| self.of[*m].is_some() && place == if side > 0.0 { pairs[*m].0 } else { pairs[*m].1 })
            .collect();
        own.sort_by_key(|m| self.of[*m]);
        let rank = own.iter().position(|m| *m == n).unwrap_or(0) as f64;
        let own = own.len() as f64;
        places[place].x + side * places[place].width / 2.0 * (own - rank) / (own + 1.0)
    }
}

/// Two boxes of one row: a straight line, or an arc over those between them.
fn beside(places: &[Place<'_>], a: usize, b: usize) -> (String, Vec<(f64, f64)>) {
    let (left, right) = (&places[a], &places[b]);
    if is_next(a, b) {
        let (x1, x2, y) = (left.x + left.width / 2.0, right.x - right.width / 2.0, left.y + BOX_HEIGHT / 2.0);
        return (format!("M{x1:.1} {y:.1}H{x2:.1}"), vec![(f64::midpoint(left.x, right.x), y - 7.0)]);
    }
    let (x1, x2, y, top) = (left.x, right.x, left.y, left.y - 46.0);
    let path = format!("M{x1:.1} {y:.1}C{x1:.1} {top:.1} {x2:.1} {top:.1} {x2:.1} {y:.1}");
    (path, [0.5, 0.4, 0.6].map(|part| (x1 + (x2 - x1) * part, y - 30.0)).to_vec())
}

/// Two boxes of one row have no other one between them: they stand in their order.
const fn is_next(a: usize, b: usize) -> bool {
    a + 1 == b
}

/// A box of the core and one above. Lines to a box end side by side, in the order of where they come from.
fn between_rows(places: &[Place<'_>], pairs: &[(usize, usize)], (a, b): (usize, usize)) -> (String, Vec<(f64, f64)>) {
    let (from, to) = (&places[a], &places[b]);
    let is_of_rows = |(x, y): &&(usize, usize)| places[*x].y != places[*y].y;
    let side_by_side = |place: &Place<'_>, others: &[usize], own: usize| {
        let rank = others.iter().position(|other| *other == own).unwrap_or(0) as f64;
        place.x + place.width * ((rank + 1.0) / (others.len() as f64 + 1.0) - 0.5)
    };
    let below: Vec<usize> = pairs.iter().filter(is_of_rows).filter(|(_, y)| *y == b).map(|(x, _)| *x).collect();
    let above: Vec<usize> = pairs.iter().filter(is_of_rows).filter(|(x, _)| *x == a).map(|(_, y)| *y).collect();
    let (start, end) = (side_by_side(from, &above, b), side_by_side(to, &below, a));
    let (top, bottom) = (to.y + BOX_HEIGHT, from.y);
    let path = format!("M{start:.1} {bottom:.1}L{end:.1} {top:.1}");
    // Two labels at one box are not at the same height.
    let first = 0.22 + 0.2 * (below.iter().position(|own| *own == a).unwrap_or(0) % 3) as f64;
    let spot = |part: f64| (end + (start - end) * part, top + (bottom - top) * part + BASE);
    (path, [first, 0.22, 0.42, 0.62, 0.82].map(spot).to_vec())
}

/// Between two lines from one system to another.
const ACROSS: f64 = 7.0;
/// Between two brackets, one over the other.
const LANE: f64 = 26.0;
/// What a label takes in height.
const LINE_HEIGHT: f64 = 16.0;
/// From the middle of a label down to its base line.
const BASE: f64 = 4.0;
/// Width of a letter, or a little more.
const LETTER: f64 = 7.0;
