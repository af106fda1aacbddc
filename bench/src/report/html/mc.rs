//! Mission critical group calls: what each client has heard by which way, and how long it heard nothing.

use maud::{Markup, html};

use crate::report::model::Model;
use crate::report::text;

/// Clients that are shown.
const UES_SHOWN: usize = 1000;

pub(super) fn tables(model: &Model) -> Markup {
    let clients = || model.ims.iter().filter_map(|run| Some((&run.ue, run.mc?)));
    html! {
        @if model.header.scenario.mc.is_some() {
            h3 { "Mission critical group calls" }
            p.hint {
                "Media security is not built: there are no MSCCK and no KMS (TS 33.180), speech and floor control go in the clear. "
                "A gap is a silence while somebody talks; \"in coverage\" leaves out those around a change of the coverage."
            }
            div.scroll {
                table {
                    thead {
                        tr {
                            th { "UE" } th { "Taken" } th { "Over MBMS" } th { "By unicast" } th { "Both ways" } th { "Twice" }
                            th { "On air twice" } th { "Missing" } th { "Gap in coverage" } th { "Gap" } th { "Above 300 ms" }
                            th { "To MBMS" } th { "To unicast" } th { "Floor granted, denied, revoked" }
                        }
                    }
                    tbody {
                        @for (ue, own) in clients().take(UES_SHOWN) {
                            tr {
                                td { strong { (ue) } }
                                td { (text::grouped(own.taken)) }
                                td { (text::grouped(own.by_mbms)) }
                                td { (text::grouped(own.by_unicast)) }
                                td { (text::grouped(own.both_ways)) }
                                td { (bad(own.doubled)) }
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
                }
            }
        }
    }
}

fn bad(count: u64) -> Markup {
    html! { @if count > 0 { span.bad { (text::grouped(count)) } } @else { "0" } }
}
