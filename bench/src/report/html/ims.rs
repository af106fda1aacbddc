//! The UEs on the IMS: registrations, messages, calls, and what went over the reference points.

use maud::{Markup, html};

use super::{many, mc, migration, mms, panel, sms, speech};
use crate::report::ims_runs::ImsRun;
use crate::report::model::Model;
use crate::report::text;

pub(super) fn section(model: &Model) -> Markup {
    if model.header.scenario.ims.is_none() {
        return html! {};
    }
    panel(
        "ims",
        "IMS",
        &html! { "What became of each UE, as its own agent saw it. The ladders below are ticked from the wire." },
        &html! {
            (many::table(&head(), &model.ims, "UEs", |run| run.registrations + run.gateway_registrations == 0, row))
            (speech::tables(model))
            (mc::tables(model))
            (migration::table(model))
            (sms::table(model))
            (mms::table(model))
            (joints(model))
        },
    )
}

fn head() -> Markup {
    html! {
        tr {
            th { "UE" } th { "Registered" } th { "Registrations" } th { "Reg event" } th { "Messages sent" } th { "Received" }
            th { "Calls" } th { "Set-up" }
        }
    }
}

fn row(run: &ImsRun, is_in_full: bool) -> Markup {
    html! {
        tr {
            td { strong { (run.ue) } }
            td {
                @match run.registration_s {
                    Some(after_s) => { "after " (text::seconds(after_s)) }
                    None if run.gateway_registrations > 0 => "with the IP-Message-GW",
                    None => span.bad { "never" },
                }
            }
            td { (run.registrations) }
            td.text { (run.reg_infos) @if let Some(state) = run.reg_states.first() { span.soft { " · " (state) } } }
            td { (run.messages_sent.0) @if run.messages_sent.0 > 0 { " (" (run.messages_sent.1) " answered)" } }
            td { (run.messages_received) }
            td { (run.calls.0) @if run.calls.0 > 0 { " (" (run.calls.1) " set up)" } }
            td { @if let Some(setup_s) = run.setup_s { (text::seconds(setup_s)) } }
        }
        @if is_in_full && !run.troubles.is_empty() {
            tr.words { td {} td.text colspan="7" { (run.troubles.join("; ")) } }
        }
    }
}

/// What the taps of the reference points counted.
fn joints(model: &Model) -> Markup {
    html! {
        dl.facts {
            @for (joint, (packets, octets)) in model.captured.iter().filter(|(joint, _)| joint.is_core()) {
                dt { (joint) } dd { (text::grouped(*packets)) " messages, " (text::octets(*octets)) }
            }
        }
        p.hint {
            "Keys on Cx (Confidentiality-Key, Integrity-Key, SIP-Authorization, Digest-HA1) and on Mw (ck, ik) are overwritten "
            "with asterisks in the capture; responses and nonces also in this report."
        }
    }
}
