//! The boxes of the IMS as a picture: the core in a row, what serves it above, and what the taps between them counted.

mod lines;

use std::collections::BTreeMap;

use maud::{Markup, html};
use protocol::Joint;

use crate::report::model::{Model, UES};
use crate::report::text;
use crate::scenario::{DIAMETER_RELAY, HSS, ICSCF, PCSCF, PRIMARY, SCSCF, SIP_PROXY, VISITED_PCSCF};

const WIDTH: f64 = 1000.0;
/// Rows: the boxes above and those of the core.
const ABOVE_Y: f64 = 6.0;
const CORE_Y: f64 = 196.0;
const BOX_HEIGHT: f64 = 62.0;
const BOX_WIDTH: f64 = 158.0;
const HEIGHT: f64 = CORE_Y + BOX_HEIGHT + 8.0;
/// To the picture of the chain.
const CHAIN_GAP: f64 = 18.0;
/// Between the boxes of one system and what is over those of the next.
const BAND_GAP: f64 = 26.0;
/// What the title of a system takes in height.
const TITLE: f64 = 22.0;
/// To the right of the boxes of several systems: lines from one system to another.
const MARGIN: f64 = 26.0;
/// Width of a letter of a name.
const LETTER: f64 = 9.4;
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

/// The boxes of a system, one system below the other.
struct Band<'a> {
    /// The place of its system.
    system: usize,
    /// None: it is the only one.
    title: Option<&'a str>,
    places: Vec<Place<'a>>,
    lines: Vec<lines::Line>,
    /// What UEs said among each other.
    own: Vec<String>,
    /// How much room it takes over its boxes.
    top: f64,
    /// Where it stands.
    y: f64,
}

/// A box by the place of its system and its name there.
type In<'a> = (usize, &'a str);

pub(super) fn picture(model: &Model) -> Markup {
    let systems: Vec<&str> = model.header.scenario.systems.iter().map(|own| own.name.as_str()).collect();
    let mut pairs: Vec<BTreeMap<(&str, &str, Joint), u64>> = vec![BTreeMap::new(); systems.len() + 1];
    let mut across: BTreeMap<(In<'_>, In<'_>), Vec<(Joint, u64)>> = BTreeMap::new();
    let is_radio = model.header.scenario.cell.is_some();
    for ((joint, a, b), count) in model.traffic.iter().filter(|((joint, ..), _)| !is_radio || !is_in_chain(*joint)) {
        let ((a_system, a), (b_system, b)) = (in_system(&systems, a), in_system(&systems, b));
        let (a, b) = (drawn(a), drawn(b));
        match (a_system.or(b_system).unwrap_or(0), b_system.or(a_system).unwrap_or(0)) {
            (one, other) if one == other => *pairs[one].entry((a.min(b), a.max(b), *joint)).or_default() += count,
            (one, other) => {
                let (one, other) = ((one, a), (other, b));
                across.entry((one.min(other), one.max(other))).or_default().push((*joint, *count));
            }
        }
    }
    let mut bands: Vec<Band<'_>> = Vec::new();
    for (n, pairs) in pairs.iter().enumerate().filter(|(_, pairs)| !pairs.is_empty()) {
        let title = (!systems.is_empty()).then(|| if n == 0 { PRIMARY } else { systems[n - 1] });
        let beside = across.keys().flat_map(|(one, other)| [one, other]);
        let beside = beside.filter(|(system, _)| *system == n).map(|(_, name)| *name).collect();
        let below = bands.last().map_or(0.0, |band| band.y + HEIGHT + BAND_GAP);
        bands.push(band(model, n, (title, below), pairs, beside));
    }
    let across = lines::across(&bands, &across);
    let is_below_chain = is_radio && !bands.is_empty();
    let top = bands.first().map_or(0.0, |band| band.top) + if is_below_chain { CHAIN_GAP } else { 0.0 };
    let height = bands.last().map_or(0.0, |band| band.y) + HEIGHT + top;
    html! {
        svg.ims-system viewBox=(format!("0 {} {WIDTH} {height}", -top)) role="img" aria-label="Boxes of the IMS and what went between them" {
            @for line in &across { path.link d=(line.path) {} }
            @for band in &bands { (drawn_band(band)) }
            @for line in &across { (label(line)) }
        }
    }
}

/// The boxes of one system where they stand, `below` being the end of the one before it.
fn band<'a>(
    model: &Model,
    system: usize,
    (title, below): (Option<&'a str>, f64),
    pairs: &BTreeMap<(&'a str, &'a str, Joint), u64>,
    beside: Vec<&'a str>,
) -> Band<'a> {
    let names = pairs.keys().flat_map(|(a, b, _)| [*a, *b]).chain(beside).collect();
    let places = places(model, title, names);
    let at = |name: &str| places.iter().position(|place| place.name == name);
    let mut links = Links::new();
    for ((a, b, joint), count) in pairs {
        if let Some((a, b)) = at(a).zip(at(b)).filter(|(a, b)| a != b) {
            links.entry((a.min(b), a.max(b))).or_default().push((*joint, *count));
        }
    }
    let among = pairs.iter().filter(|((a, b, _), _)| *a == UES && *b == UES);
    let own = among.map(|((.., joint), count)| format!("{joint} among them: {}", text::grouped(*count))).collect();
    let (lines, top) = lines::lines(&places, &links);
    let top = top + title.map_or(0.0, |_| TITLE);
    let y = if below > 0.0 { below + top } else { 0.0 };
    Band { system, title, places, lines, own, top, y }
}

fn drawn_band(band: &Band<'_>) -> Markup {
    html! {
        g transform=[(band.y > 0.0).then(|| format!("translate(0 {:.1})", band.y))] {
            @if let Some(title) = band.title {
                text.band x="7" y=(format!("{:.1}", 14.0 - band.top)) { "MC system " (title) }
            }
            @for line in &band.lines { path.link d=(line.path) {} }
            @for place in &band.places { (node(place, if place.name == UES { &band.own } else { &[] })) }
            @for line in &band.lines { (label(line)) }
        }
    }
}

fn label(line: &lines::Line) -> Markup {
    html! {
        text.joint x=(format!("{:.1}", line.x)) y=(format!("{:.1}", line.y)) text-anchor="middle" { (line.label) }
    }
}

/// A box by its system, from 0, and what it is called there; UEs are of none.
fn in_system<'a>(systems: &[&str], name: &'a str) -> (Option<usize>, &'a str) {
    if name == UES {
        return (None, name);
    }
    let own = |system: &&str| name.strip_prefix(*system)?.strip_prefix('.');
    let further = systems.iter().enumerate().find_map(|(n, system)| Some((Some(n + 1), own(system)?)));
    further.unwrap_or((Some(0), name))
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

fn places<'a>(model: &Model, system: Option<&str>, mut names: Vec<&'a str>) -> Vec<Place<'a>> {
    // Lines to other systems begin at the right.
    names.sort_by_key(|name| (column(name), *name == DIAMETER_RELAY, *name));
    names.dedup();
    let (core, above): (Vec<_>, Vec<_>) = names.into_iter().partition(|name| column(name).is_some());
    let room = system.map_or(WIDTH, |_| WIDTH - MARGIN);
    let words = |name: &str| match name {
        UES if system.is_none_or(|system| system == PRIMARY) => text::counted(model.ues.len() as u64, "agent"),
        UES => "the same agents".to_owned(),
        PCSCF => "security, trust domain".to_owned(),
        CSCFS => "registrar, filter criteria".to_owned(),
        HSS => "MILENAGE, profiles".to_owned(),
        SIP_PROXY => "registrar, digest".to_owned(),
        _ => String::new(),
    };
    let row = |all: Vec<&'a str>, y: f64| {
        let slot = room / all.len().max(1) as f64;
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

fn node(place: &Place<'_>, own: &[String]) -> Markup {
    let (x, y) = (place.x, place.y);
    // Names that are longer than their box are squeezed to it.
    let estimate = LETTER * place.name.chars().count() as f64;
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
    use crate::scenario::{MESSAGING_SERVER, MIGRATION_SERVER, Overrides, PRESENCE_SERVER, Scenario, XDM_SERVER};

    /// Where the lines between boxes begin and end, and what is said at them.
    fn drawn_lines(traffic: &[(Joint, &str, &str)]) -> (String, Vec<(String, String)>) {
        let mut model = Model::new(synthetic::header());
        for (joint, from, to) in traffic {
            model.traffic.insert((*joint, (*from).to_owned(), (*to).to_owned()), 7);
        }
        let page = picture(&model).into_string();
        let lines =
            page.split("<path class=\"link\" d=\"").skip(1).map(|part| part.split_once('"').unwrap().0.to_owned());
        let lines = lines.zip(labels(&page).into_iter().map(|(.., label)| label)).collect();
        (page, lines)
    }

    /// Labels with their middles and base lines.
    fn labels(page: &str) -> Vec<(f64, f64, String)> {
        let number = |part: &str, name: &str| -> f64 {
            part.split(&format!("{name}=\"")).nth(1).unwrap().split('"').next().unwrap().parse().unwrap()
        };
        let label =
            |part: &str| (number(part, " x"), number(part, " y"), part.split(['>', '<']).nth(1).unwrap().to_owned());
        page.split("<text class=\"joint\"").skip(1).map(label).collect()
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
    fn words_of_servers_that_all_speak_with_each_other_do_not_overlap() {
        let servers = ["MC server 1", "MC server 2", "MC server 3"];
        let mut traffic = vec![(Joint::Csc1, UES, "identity server"), (Joint::Gm, PCSCF, UES)];
        for (n, server) in servers.into_iter().enumerate() {
            traffic.extend([(Joint::Mb2C, "BM-SC", server), (Joint::Mb2U, "BM-SC", server)]);
            traffic.extend([(Joint::Isc, server, SCSCF), (Joint::Mb, server, UES)]);
            traffic.extend(
                servers[n + 1..].iter().flat_map(|other| [Joint::Mcptt3, Joint::Mb].map(|j| (j, server, *other))),
            );
        }
        let (page, lines) = drawn_lines(&traffic);
        assert_eq!(lines.len(), 1 + 1 + 3 + 6 + 3);
        let labels = labels(&page);
        let boxes: Vec<f64> = page
            .split("<rect")
            .skip(1)
            .map(|part| part.split(" y=\"").nth(1).unwrap())
            .map(|part| part.split('"').next().unwrap().parse().unwrap())
            .collect();
        for (n, (x, y, label)) in labels.iter().enumerate() {
            for (other_x, other_y, other) in &labels[n + 1..] {
                let is_apart = (x - other_x).abs() > lines::half_width(label) + lines::half_width(other);
                assert!(is_apart || (y - other_y).abs() > 12.0, "{label:?} and {other:?}");
            }
            let is_gm = label == "Gm 7";
            assert!(is_gm || boxes.iter().all(|top| *y < *top || *y > *top + BOX_HEIGHT + 12.0), "{label:?} in a box");
        }
    }

    #[test]
    fn each_system_has_a_band_of_its_own_and_names_that_fit() {
        let file = fixtures::scenario("mc/migration.toml");
        let mut model = Model::new(synthetic::header());
        model.header.scenario = Scenario::load(&file, &Overrides::default()).unwrap().scenario;
        let mut says = |joint, a: &str, b: &str| _ = model.traffic.insert((joint, a.to_owned(), b.to_owned()), 7);
        for system in ["", "partner."] {
            let own = |name: &str| format!("{system}{name}");
            says(Joint::Gm, &own(PCSCF), UES);
            says(Joint::Mw, &own(PCSCF), &own(ICSCF));
            says(Joint::Cx, &own(DIAMETER_RELAY), &own(HSS));
            says(Joint::Migration, &own(DIAMETER_RELAY), &own(MIGRATION_SERVER));
            says(Joint::Csc1, UES, &own("identity server"));
        }
        says(Joint::Migration, DIAMETER_RELAY, "partner.Diameter relay");
        let page = picture(&model).into_string();
        assert!(page.contains("MC system primary") && page.contains("MC system partner"));
        assert!(!page.contains("partner."), "{page}");
        for squeezed in page.split("textLength=\"").skip(1) {
            let room: f64 = squeezed.split('"').next().unwrap().parse().unwrap();
            let name = squeezed.split(['>', '<']).nth(1).unwrap();
            assert!(room > 0.9 * LETTER * name.chars().count() as f64, "{name} has {room} of room");
        }
        assert_eq!(page.matches("<rect").count(), 14);
        assert_eq!(page.matches("<path").count(), 11);
        // The line between the relays ends at both of them, at the right of all boxes.
        let across = page.split("d=\"").nth(1).unwrap().split('"').next().unwrap();
        let x: f64 = across.split(['H', 'V']).nth(1).unwrap().parse().unwrap();
        assert!(x > WIDTH - MARGIN && x < WIDTH, "{across}");
        let labels = labels(&page);
        assert_eq!(labels.iter().filter(|(.., label)| label == "Migration 7").count(), 3);
        assert!(labels.iter().all(|(x, _, label)| x + lines::half_width(label) < WIDTH), "{labels:?}");
    }

    #[test]
    fn without_messages_there_is_nothing_to_draw() {
        let (page, lines) = drawn_lines(&[]);
        assert!(lines.is_empty() && !page.contains("<rect"));
    }
}
