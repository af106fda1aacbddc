//! Speech in group sessions: what each UE has heard of whom, by which way, and what its own way to the network did.

use maud::{Markup, html};

use crate::event::SpeechHeard;
use crate::report::ims_runs::ImsRun;
use crate::report::model::Model;
use crate::report::text;

/// Listeners that are shown.
const UES_SHOWN: usize = 200;
/// Sequence numbers of lost packets that are shown.
const NAMED_SHOWN: usize = 12;

pub(super) fn tables(model: &Model) -> Markup {
    let listeners = || model.ims.iter().filter(|run| !run.listened.is_empty());
    let accesses = || model.ims.iter().filter_map(|run| Some((&run.ue, run.unicast?)));
    let (has_speech, has_access) = (listeners().next().is_some(), accesses().next().is_some());
    html! {
        @if has_speech {
            h3 { "Speech" }
            p.hint {
                "RTP packets of those who spoke, against what came to each listener. Each packet is played once, by its source "
                "and sequence number; while a UE changes over, packets come both ways."
            }
            @for run in model.ims.iter().filter(|run| run.spoke.is_some()) { (said(run)) }
            div.scroll {
                table {
                    thead {
                        tr {
                            th { "UE" } th { "Hears" } th { "Sent" } th { "Taken" } th { "Over MBMS" } th { "By unicast" }
                            th { "Both ways" } th { "Lost" } th { "Twice" } th { "Late" } th { "Delay" } th { "Changes over" }
                        }
                    }
                    tbody {
                        @for run in listeners().take(UES_SHOWN) {
                            @for (n, heard) in run.listened.iter().enumerate() { (row(run, heard, n == 0)) }
                        }
                    }
                }
            }
            @if let Some(more) = more(listeners().count()) { p.soft { (more) } }
        }
        @if has_access {
            h3 { "Unicast access" }
            p.hint { "What the simulated way between UE and network did, both directions together." }
            div.scroll {
                table {
                    thead {
                        tr { th { "UE" } th { "Messages" } th { "Octets" } th { "Lost" } th { "Repeated" } th { "Queue full" } th { "No coverage" } th { "Longest wait" } }
                    }
                    tbody {
                        @for (ue, own) in accesses().take(UES_SHOWN) {
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
                }
            }
            @if let Some(more) = more(accesses().count()) { p.soft { (more) } }
        }
    }
}

/// UEs that are not shown.
fn more(all: usize) -> Option<String> {
    (all > UES_SHOWN).then(|| format!("And {} more, see report.json.", all - UES_SHOWN))
}

fn said(run: &ImsRun) -> Markup {
    html! {
        @if let Some((packets, first, last)) = run.spoke {
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
            td { (heard.reordered) }
            td { (milliseconds(least)) ", " (milliseconds(mean)) ", " (milliseconds(most)) }
            td.text { @if is_first { (changes(run)) } }
        }
        @if heard.lost > 0 {
            tr.words { td {} td.text colspan="11" { "Lost: sequence numbers " (named(heard)) } }
        }
        @if heard.beyond > 0 {
            tr.words { td {} td.text colspan="11" { (text::grouped(heard.beyond)) " packets more, said while it was not in the session" } }
        }
        @if heard.forgotten > 0 {
            tr.words { td {} td.text colspan="11" {
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
