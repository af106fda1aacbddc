//! Speech in group sessions: what each UE has heard of whom, by which way, and what its own way to the network did.

use maud::{Markup, html};

use super::many;
use crate::event::SpeechHeard;
use crate::report::ims_runs::{ImsRun, UnicastRun};
use crate::report::model::Model;
use crate::report::text;

/// Sequence numbers of lost packets that are shown.
const NAMED_SHOWN: usize = 12;
/// What counts as twice, and what does not.
pub(super) const SAME_BEARER: &str = "Copies by the same way, over the same bearer";
pub(super) const OTHER_BEARER: &str =
    "Copies over another bearer, as they come while a group moves from one to the other";

pub(super) fn tables(model: &Model) -> Markup {
    let listeners: Vec<&ImsRun> = model.ims.iter().filter(|run| !run.listened.is_empty()).collect();
    let accesses: Vec<_> = model.ims.iter().filter_map(|run| Some((&run.ue, run.unicast?))).collect();
    html! {
        @if !listeners.is_empty() {
            h3 { "Speech" }
            p.hint {
                "RTP packets of those who spoke, against what came to each listener. Each packet is played once, by its source "
                "and sequence number; while a UE changes over, packets come both ways."
            }
            @for run in model.ims.iter().filter(|run| !run.spoke.is_empty()) { (said(run)) }
            (many::table(&speech_head(), &listeners, "listeners", |run| has_trouble(run), |run, _| html! {
                @for (n, heard) in run.listened.iter().enumerate() { (row(run, heard, n == 0)) }
            }))
        }
        @if !accesses.is_empty() {
            h3 { "Unicast access" }
            p.hint { "What the simulated way between UE and network did, both directions together." }
            (many::table(&access_head(), &accesses, "UEs", |(_, own)| own.dropped > 0, |(ue, own), _| access_row(ue, own)))
        }
    }
}

/// Something has not come to it, or came twice.
fn has_trouble(run: &ImsRun) -> bool {
    run.listened.iter().any(|heard| heard.lost > 0 || heard.doubled > 0)
}

fn speech_head() -> Markup {
    html! {
        tr {
            th { "UE" } th { "Hears" } th { "Sent" } th { "Taken" } th { "Over MBMS" } th { "By unicast" } th { "Both ways" }
            th { "Lost" } th title=(SAME_BEARER) { "Twice" } th title=(OTHER_BEARER) { "On another bearer" }
            th { "Late" } th { "Delay" } th { "Changes over" }
        }
    }
}

fn access_head() -> Markup {
    html! {
        tr {
            th { "UE" } th { "Messages" } th { "Octets" } th { "Lost" } th { "Repeated" } th { "Queue full" }
            th { "No coverage" } th { "Longest wait" }
        }
    }
}

fn access_row(ue: &str, own: &UnicastRun) -> Markup {
    html! {
        tr {
            td { strong { (ue) } }
            td { (text::grouped(own.messages)) }
            td { (text::octets(own.octets)) }
            td { (own.lost) }
            td { (own.repeated) }
            td { (own.dropped) }
            td { (own.uncovered) }
            td { (milliseconds(own.waited_ms)) }
        }
    }
}

fn said(run: &ImsRun) -> Markup {
    html! {
        @for (packets, first, last) in run.spoke.iter().copied() {
            p { strong { (run.ue) } " spoke: " (text::grouped(packets)) " packets, sequence numbers " (first) " to " (last) "." }
        }
    }
}

fn row(run: &ImsRun, heard: &SpeechHeard, is_first: bool) -> Markup {
    let [least, mean, most] = heard.delay_ms;
    html! {
        tr {
            td { strong { (run.ue) } }
            td { (heard.of) }
            td { (text::grouped(heard.sent)) }
            td { (text::grouped(heard.taken)) }
            td { (text::grouped(heard.by_mbms)) }
            td { (text::grouped(heard.by_unicast)) }
            td { (text::grouped(heard.both_ways)) }
            td {
                @if heard.lost > 0 { span.bad { (text::grouped(heard.lost)) } } @else { "0" }
            }
            td { @if heard.doubled > 0 { span.bad { (heard.doubled) } } @else { "0" } }
            td { (text::grouped(heard.moved)) }
            td { (heard.reordered) }
            td { (milliseconds(least)) ", " (milliseconds(mean)) ", " (milliseconds(most)) }
            td.text { @if is_first { (changes(run)) } }
        }
        @if heard.lost > 0 {
            tr.words { td {} td.text colspan="12" { "Lost: sequence numbers " (named(heard)) } }
        }
        @if heard.beyond > 0 {
            tr.words { td {} td.text colspan="12" { (text::grouped(heard.beyond)) " packets more, said while it was not in the session" } }
        }
        @if heard.forgotten > 0 {
            tr.words { td {} td.text colspan="12" {
                (text::grouped(heard.forgotten)) " packets more, of which nobody knows: more was said than is kept"
            } }
        }
    }
}

fn changes(run: &ImsRun) -> String {
    let way = |over_mbms| if over_mbms { "MBMS" } else { "unicast" };
    let change = |&(t, over_mbms): &(u64, bool)| format!("{} at {}", way(over_mbms), text::seconds(t as f64 / 1e9));
    run.ways_ns.iter().map(change).collect::<Vec<_>>().join(", ")
}

fn named(heard: &SpeechHeard) -> String {
    let shown = heard.lost_sequence.iter().take(NAMED_SHOWN).map(u16::to_string).collect::<Vec<_>>().join(", ");
    let more = heard.lost.saturating_sub(NAMED_SHOWN as u64);
    if more > 0 { format!("{shown} and {more} more") } else { shown }
}

fn milliseconds(value: f64) -> String {
    if value >= 100.0 { format!("{value:.0} ms") } else { format!("{value:.1} ms") }
}
