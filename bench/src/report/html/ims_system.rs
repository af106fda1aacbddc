//! The boxes of the IMS as a picture: the core in a row, what serves it above, and what the taps between them counted.

use std::collections::BTreeMap;

use maud::{Markup, html};
use protocol::Joint;

use crate::report::model::{Model, UES};
use crate::report::text;
use crate::scenario::{HSS, ICSCF, PCSCF, SCSCF, SIP_PROXY, VISITED_PCSCF};

const WIDTH: f64 = 1000.0;
/// Rows: the boxes above and those of the core.
const ABOVE_Y: f64 = 6.0;
const CORE_Y: f64 = 196.0;
const BOX_HEIGHT: f64 = 62.0;
const BOX_WIDTH: f64 = 158.0;
const HEIGHT: f64 = CORE_Y + BOX_HEIGHT + 8.0;
const CSCFS: &str = "I-, S-CSCF";

/// A box where it stands.
struct Place<'a> {
    name: &'a str,
    words: String,
    x: f64,
    y: f64,
    width: f64,
}

/// Joints between two places, with the messages that were seen.
type Links = BTreeMap<(usize, usize), Vec<(Joint, u64)>>;

pub(super) fn picture(model: &Model) -> Markup {
    let mut pairs: BTreeMap<(&str, &str, Joint), u64> = BTreeMap::new();
    let is_radio = model.header.scenario.cell.is_some();
    for ((joint, a, b), count) in model.traffic.iter().filter(|((joint, ..), _)| !is_radio || !is_in_chain(*joint)) {
        let (a, b) = (drawn(a), drawn(b));
        *pairs.entry((a.min(b), a.max(b), *joint)).or_default() += count;
    }
    let places = places(model, pairs.keys().flat_map(|(a, b, _)| [*a, *b]).collect());
    let at = |name: &str| places.iter().position(|place| place.name == name);
    let mut links = Links::new();
    for ((a, b, joint), count) in &pairs {
        if let Some((a, b)) = at(a).zip(at(b)).filter(|(a, b)| a != b) {
            links.entry((a.min(b), a.max(b))).or_default().push((*joint, *count));
        }
    }
    let own = |place: &Place<'_>| -> Vec<String> {
        let among = pairs.iter().filter(|((a, b, _), _)| *a == place.name && *b == place.name && place.name == UES);
        among.map(|((.., joint), count)| format!("{joint} among them: {}", text::grouped(*count))).collect()
    };
    // An arc over boxes above needs room.
    let is_far = |(a, b): &(usize, usize)| {
        places[*a].y == ABOVE_Y && places[*b].y == ABOVE_Y && !is_next(&places[*a], &places[*b])
    };
    let top = if links.keys().any(is_far) { 46.0 } else { 0.0 };
    html! {
        svg.ims-system viewBox=(format!("0 {} {WIDTH} {}", -top, HEIGHT + top)) role="img" aria-label="Boxes of the IMS and what went between them" {
            @for ((a, b), joints) in &links { (link(&places, *a, *b, joints, &links)) }
            @for place in &places { (node(place, &own(place))) }
        }
    }
}

/// What the picture of the chain from the BM-SC to the radio shows.
const fn is_in_chain(joint: Joint) -> bool {
    matches!(joint, Joint::XmbC | Joint::SgMb | Joint::SgiMb | Joint::M3 | Joint::M2 | Joint::M1)
}

/// What a box is drawn as: I- and S-CSCF are one, and so are P-CSCFs.
fn drawn(name: &str) -> &str {
    match name {
        ICSCF | SCSCF => CSCFS,
        VISITED_PCSCF => PCSCF,
        other => other,
    }
}

/// The place of a box in the core, from left to right.
fn column(name: &str) -> Option<usize> {
    [UES, PCSCF, SIP_PROXY, CSCFS, HSS].iter().position(|own| *own == name)
}

fn places<'a>(model: &Model, mut names: Vec<&'a str>) -> Vec<Place<'a>> {
    names.sort_by_key(|name| (column(name), *name));
    names.dedup();
    let (core, above): (Vec<_>, Vec<_>) = names.into_iter().partition(|name| column(name).is_some());
    let words = |name: &str| match name {
        UES => text::counted(model.ues.len() as u64, "agent"),
        PCSCF => "security, trust domain".to_owned(),
        CSCFS => "registrar, filter criteria".to_owned(),
        HSS => "MILENAGE, profiles".to_owned(),
        SIP_PROXY => "registrar, digest".to_owned(),
        _ => String::new(),
    };
    let row = |all: Vec<&'a str>, y: f64| {
        let slot = WIDTH / all.len().max(1) as f64;
        let width = BOX_WIDTH.min(slot - 14.0);
        let place = move |(n, name): (usize, &'a str)| {
            let x = slot * (n as f64 + 0.5);
            Place { name, words: words(name), x, y, width }
        };
        all.into_iter().enumerate().map(place).collect::<Vec<_>>()
    };
    let mut all = row(core, CORE_Y);
    all.extend(row(above, ABOVE_Y));
    all
}

fn link(places: &[Place<'_>], a: usize, b: usize, joints: &[(Joint, u64)], links: &Links) -> Markup {
    let (from, to) = (&places[a], &places[b]);
    let label = joints.iter().map(|(joint, count)| format!("{joint} {}", text::grouped(*count))).collect::<Vec<_>>();
    let label = label.join(" · ");
    if from.y == to.y {
        return beside(from, to, &label);
    }
    // Lines to a box above end side by side, in the order of where they come from.
    let others: Vec<_> = links.keys().filter(|(x, y)| *y == b && places[*x].y != to.y).map(|(x, _)| *x).collect();
    let rank = others.iter().position(|own| *own == a).unwrap_or(0);
    let end = to.x + to.width * ((rank as f64 + 1.0) / (others.len() as f64 + 1.0) - 0.5);
    let starts: Vec<_> = links.keys().filter(|(x, y)| *x == a && places[*y].y != from.y).map(|(_, y)| *y).collect();
    let rank = starts.iter().position(|own| *own == b).unwrap_or(0);
    let start = from.x + from.width * ((rank as f64 + 1.0) / (starts.len() as f64 + 1.0) - 0.5);
    let (top, bottom) = (to.y + BOX_HEIGHT, from.y);
    // Two labels at one box are not at the same height.
    let part = 0.22 + 0.2 * (others.iter().position(|own| *own == a).unwrap_or(0) % 3) as f64;
    let (x, y) = (end + (start - end) * part, top + (bottom - top) * part);
    html! {
        path.link d=(format!("M{start:.1} {bottom:.1}L{end:.1} {top:.1}")) {}
        text.joint x=(format!("{x:.1}")) y=(format!("{:.1}", y + 4.0)) text-anchor="middle" { (label) }
    }
}

/// Two boxes of one row have no other one between them.
fn is_next(a: &Place<'_>, b: &Place<'_>) -> bool {
    let gap = (a.x - b.x).abs() - f64::midpoint(a.width, b.width);
    gap < 1.2 * a.width.max(100.0)
}

/// Two boxes of one row: a straight line, or an arc over those between them.
fn beside(from: &Place<'_>, to: &Place<'_>, label: &str) -> Markup {
    let (left, right) = if from.x < to.x { (from, to) } else { (to, from) };
    let middle = f64::midpoint(left.x, right.x);
    if is_next(left, right) {
        let (x1, x2, y) = (left.x + left.width / 2.0, right.x - right.width / 2.0, left.y + BOX_HEIGHT / 2.0);
        return html! {
            path.link d=(format!("M{x1:.1} {y:.1}H{x2:.1}")) {}
            text.joint x=(format!("{middle:.1}")) y=(format!("{:.1}", y - 7.0)) text-anchor="middle" { (label) }
        };
    }
    let y = left.y;
    html! {
        path.link d=(format!("M{:.1} {y:.1}C{:.1} {:.1} {:.1} {:.1} {:.1} {y:.1}", left.x, left.x, y - 46.0, right.x, y - 46.0, right.x)) {}
        text.joint x=(format!("{middle:.1}")) y=(format!("{:.1}", y - 30.0)) text-anchor="middle" { (label) }
    }
}

fn node(place: &Place<'_>, own: &[String]) -> Markup {
    let (x, y) = (place.x, place.y);
    // Names that are longer than their box are squeezed to it.
    let estimate = 9.4 * place.name.chars().count() as f64;
    let room = place.width - 16.0;
    let words: Vec<&String> = std::iter::once(&place.words).chain(own).filter(|words| !words.is_empty()).collect();
    let first = if words.is_empty() { 36.0 } else { 24.0 };
    html! {
        rect.box x=(format!("{:.1}", x - place.width / 2.0)) y=(y) width=(format!("{:.1}", place.width)) height=(BOX_HEIGHT) rx="9" {}
        text.name x=(format!("{x:.1}")) y=(y + first) text-anchor="middle"
            textLength=[(estimate > room).then(|| format!("{room:.1}"))] lengthAdjust="spacingAndGlyphs" { (place.name) }
        @for (n, words) in words.iter().enumerate() {
            text.words x=(format!("{x:.1}")) y=(y + 41.0 + 15.0 * n as f64) text-anchor="middle" { (words) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::synthetic;
    use crate::scenario::{MESSAGING_SERVER, PRESENCE_SERVER, XDM_SERVER};

    /// Where the lines between boxes begin and end, and what is said at them.
    fn drawn_lines(traffic: &[(Joint, &str, &str)]) -> (String, Vec<(String, String)>) {
        let mut model = Model::new(synthetic::header());
        for (joint, from, to) in traffic {
            model.traffic.insert((*joint, (*from).to_owned(), (*to).to_owned()), 7);
        }
        let page = picture(&model).into_string();
        let text = |part: &str| part.split(['>', '<']).nth(1).unwrap_or_default().to_owned();
        let lines = page.split("<path class=\"link\" d=\"").skip(1);
        let lines = lines.map(|part| {
            let (path, rest) = part.split_once('"').unwrap();
            let label = rest.split("<text class=\"joint\"").nth(1).unwrap();
            (path.to_owned(), text(label))
        });
        let lines = lines.collect();
        (page, lines)
    }

    #[test]
    fn services_hang_on_the_s_cscf_and_on_the_ues_and_not_on_the_hss() {
        let core =
            [(Joint::Gm, PCSCF, UES), (Joint::Mw, PCSCF, SCSCF), (Joint::Mw, ICSCF, PCSCF), (Joint::Cx, HSS, SCSCF)];
        let beside = [
            (Joint::Isc, SCSCF, PRESENCE_SERVER),
            (Joint::Isc, ICSCF, MESSAGING_SERVER),
            (Joint::Isc, SCSCF, MESSAGING_SERVER),
            (Joint::Ut, UES, XDM_SERVER),
            (Joint::Mb, UES, UES),
        ];
        let (page, lines) = drawn_lines(&[&core[..], &beside[..]].concat());
        // Boxes of the core in four columns: UEs, P-CSCF, CSCFs, HSS.
        let column = |path: &str| {
            let x: f64 = path[1..].split([' ', 'H']).next().unwrap().parse().unwrap();
            (x / (WIDTH / 4.0)) as usize
        };
        let said: Vec<_> = lines.iter().map(|(path, label)| (column(path), label.as_str())).collect();
        for line in [(0, "Gm 7"), (1, "Mw 14"), (2, "Cx 7"), (2, "ISC 7"), (2, "ISC 14"), (0, "Ut 7")] {
            assert!(said.contains(&line), "{line:?} is not in {said:?}");
        }
        assert_eq!(said.len(), 6);
        assert!(page.contains("Mb among them: 7"));
    }

    #[test]
    fn without_messages_there_is_nothing_to_draw() {
        let (page, lines) = drawn_lines(&[]);
        assert!(lines.is_empty() && !page.contains("<rect"));
    }
}
