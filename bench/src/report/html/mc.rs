//! Mission critical group calls: what each client has heard by which way, and how long it heard nothing.

use maud::{Markup, html};

use super::many;
use super::speech::{OTHER_BEARER, SAME_BEARER};
use crate::event::McFigures;
use crate::report::model::Model;
use crate::report::text;

pub(super) fn tables(model: &Model) -> Markup {
    let clients: Vec<(&String, McFigures)> = model.ims.iter().filter_map(|run| Some((&run.ue, run.mc?))).collect();
    html! {
        @if model.header.scenario.mc.is_some() {
            h3 { "Mission critical group calls" }
            p.hint {
                "Media security is not built: there are no MSCCK and no KMS (TS 33.180), speech and floor control go in the clear. "
                "A gap is a silence while somebody talks; \"in coverage\" leaves out those around a change of the coverage."
            }
            @if clients.len() > many::SHOWN { (sum(&clients)) }
            (many::table(&head(), &clients, "clients", |(_, own)| has_trouble(own), |(ue, own), _| row(ue, own)))
        }
    }
}

/// It has heard something twice or not at all, or nothing for long.
const fn has_trouble(own: &McFigures) -> bool {
    own.doubled > 0 || own.on_air_twice > 0 || own.missing > 0 || own.long_gaps > 0
}

/// All clients together.
fn sum(clients: &[(&String, McFigures)]) -> Markup {
    let sum = |of: fn(&McFigures) -> u64| text::grouped(clients.iter().map(|(_, own)| of(own)).sum());
    let most = |of: fn(&McFigures) -> f64| clients.iter().map(|(_, own)| of(own)).fold(0.0, f64::max);
    html! {
        p {
            (text::grouped(clients.len() as u64)) " clients took " (sum(|own| own.taken)) " packets, "
            (sum(|own| own.by_mbms)) " of them over MBMS; " (sum(|own| own.doubled)) " came twice by one way, "
            (sum(|own| own.moved)) " on another bearer as well, "
            (sum(|own| own.on_air_twice)) " twice on the air, " (sum(|own| own.missing)) " are missing. The longest gap: "
            (format!("{:.0} ms in coverage, {:.0} ms in all.", most(|own| own.gap_in_coverage_ms), most(|own| own.gap_ms)))
        }
    }
}

fn head() -> Markup {
    html! {
        tr {
            th { "UE" } th { "Taken" } th { "Over MBMS" } th { "By unicast" } th { "Both ways" }
            th title=(SAME_BEARER) { "Twice" } th title=(OTHER_BEARER) { "On another bearer" } th { "On air twice" }
            th { "Missing" } th { "Gap in coverage" } th { "Gap" } th { "Above 300 ms" }
            th { "To MBMS" } th { "To unicast" } th { "Floor granted, denied, revoked" }
        }
    }
}

fn row(ue: &str, own: &McFigures) -> Markup {
    html! {
        tr {
            td { strong { (ue) } }
            td { (text::grouped(own.taken)) }
            td { (text::grouped(own.by_mbms)) }
            td { (text::grouped(own.by_unicast)) }
            td { (text::grouped(own.both_ways)) }
            td { (bad(own.doubled)) }
            td { (text::grouped(own.moved)) }
            td { (bad(own.on_air_twice)) }
            td { (bad(own.missing)) }
            td { (format!("{:.0} ms", own.gap_in_coverage_ms)) }
            td { (format!("{:.0} ms", own.gap_ms)) }
            td { (own.long_gaps) }
            td { (own.to_mbms) }
            td { (own.to_unicast) }
            td { (own.floor[0]) ", " (own.floor[1]) ", " (own.floor[2]) }
        }
    }
}

fn bad(count: u64) -> Markup {
    html! { @if count > 0 { span.bad { (text::grouped(count)) } } @else { "0" } }
}
