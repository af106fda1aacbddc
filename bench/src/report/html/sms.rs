//! Short messages over IP: from whom to whom, by what, and how long it took.

use maud::{Markup, html};

use super::many;
use crate::report::model::Model;
use crate::report::sms_runs::ShortMessageRun;
use crate::report::text;

pub(super) fn table(model: &Model) -> Markup {
    html! {
        // Multimedia messages need what short messages need: there may be none of these.
        @if model.header.scenario.sms.is_some() && (model.header.scenario.mms.is_none() || !model.short_messages.is_empty()) {
            h3 { "Short messages" }
            p.hint {
                "A message is taken when RP-ACK says so, and delivered when the UE shows it; the ladders have the SIP, MAP and SMPP "
                "between the two."
            }
            (many::table(&head(), &model.short_messages, "messages", |own| own.after_s.is_none(), |own, _| row(own)))
            @let more = model.short_messages_counted.sent - model.short_messages.len() as u64;
            @if more > 0 { p.hint { "And " (text::grouped(more)) " more, which are in the record alone." } }
        }
    }
}

fn head() -> Markup {
    html! {
        tr {
            th { "Message" } th { "From" } th { "To" } th { "Text" } th { "Sent" } th { "Taken by the SM-SC" } th { "Parts by" }
            th { "Delivered" } th { "By" } th { "Status report" }
        }
    }
}

fn row(own: &ShortMessageRun) -> Markup {
    let shown: String = own.text.chars().take(TEXT_MAX).collect();
    html! {
        tr {
            td { strong { (own.number) } }
            td { (own.from) }
            td { (own.to) }
            td.text { (shown) @if own.text.chars().count() > TEXT_MAX { "…" } }
            td { (text::seconds(own.sent_ms / 1e3)) }
            td {
                @match (&own.refused, own.taken_s) {
                    (Some(why), _) => span.bad { (why) },
                    (None, Some(after_s)) => { "after " (text::seconds(after_s)) }
                    (None, None) => span.bad { "never" },
                }
            }
            td { (parts(&own.parts_by)) }
            td {
                @match own.after_s {
                    Some(after_s) => { "after " (text::seconds(after_s)) }
                    None => span.bad { "never" },
                }
            }
            td { (own.by.as_deref().unwrap_or("–")) }
            td { (own.status.as_deref().unwrap_or("–")) }
        }
    }
}

/// How many parts went by what.
fn parts(by: &[String]) -> String {
    let mut counts: Vec<(&str, usize)> = Vec::new();
    for own in by {
        match counts.iter_mut().find(|(known, _)| known == own) {
            Some((_, count)) => *count += 1,
            None => counts.push((own, 1)),
        }
    }
    let words: Vec<String> = counts.iter().map(|(by, count)| format!("{count} by {by}")).collect();
    if words.is_empty() { "–".into() } else { words.join(", ") }
}

/// Characters of a text that are shown.
const TEXT_MAX: usize = 80;
