//! Multimedia messages: from whom to whom, what is in them, what became of them, and the pictures that came.

use maud::{Markup, html};

use super::many;
use crate::event::MmsPart;
use crate::report::mms_runs::MultimediaMessageRun;
use crate::report::model::Model;
use crate::report::text;

pub(super) fn table(model: &Model) -> Markup {
    html! {
        @if model.header.scenario.mms.is_some() {
            h3 { "Multimedia messages" }
            p.hint {
                "A message is taken when M-Send.conf says so, and has come whole when each part has the octets that it was sent "
                "with. What came to each UE is in its folder under ues/."
            }
            (many::table(&head(), &model.multimedia_messages, "messages", is_in_trouble, |own, _| row(own)))
            @let more = model.multimedia_messages_counted.sent - model.multimedia_messages.len() as u64;
            @if more > 0 { p.hint { "And " (text::grouped(more)) " more, which are in the record alone." } }
            (pictures(model))
        }
    }
}

/// It has neither come nor been refused by whom it is for.
fn is_in_trouble(own: &MultimediaMessageRun) -> bool {
    own.refused.is_some() || own.is_whole == Some(false) || own.after_s.is_none() && own.response.is_none()
}

fn head() -> Markup {
    html! {
        tr {
            th { "Message" } th { "From" } th { "To" } th { "Subject" } th { "Parts" } th { "Octets" } th { "Sent" }
            th { "Taken by the relay" } th { "Notified" } th { "Retrieved" } th { "Whole" } th { "Delivery report" } th { "Read report" }
        }
    }
}

fn row(own: &MultimediaMessageRun) -> Markup {
    let after = |seconds: f64, by: Option<&String>| {
        html! { "after " (text::seconds(seconds)) @if let Some(by) = by { " by " (by) } }
    };
    html! {
        tr {
            td { strong { (own.number) } @if let Some(other) = own.forwards { " (" (other) " passed on)" } }
            td { (own.from) }
            td { (own.to) }
            td.text { (shown(own.subject.as_deref().unwrap_or("–"))) }
            td.text { (parts(&own.parts)) }
            td { (text::grouped(own.octets())) }
            td { (text::seconds(own.sent_ms / 1e3)) }
            td {
                @match (&own.refused, own.taken_s) {
                    (Some(why), _) => span.bad { (why) },
                    (None, Some(after_s)) => (after(after_s, own.taken_by.as_ref())),
                    (None, None) => span.bad { "never" },
                }
            }
            td { @if let Some(after_s) = own.notified_s { (after(after_s, None)) } @else { span.bad { "never" } } }
            td {
                @match (own.after_s, &own.response) {
                    (Some(after_s), _) => (after(after_s, own.by.as_ref())),
                    (None, Some(response)) => (response),
                    (None, None) => span.bad { "never" },
                }
            }
            td {
                @match own.is_whole {
                    Some(true) => "octet for octet",
                    Some(false) => span.bad { "no" },
                    None => "–",
                }
            }
            td { (own.status.as_deref().unwrap_or("–")) }
            td { (own.read.as_deref().unwrap_or("–")) }
        }
    }
}

/// The first pictures, as the UEs show them.
fn pictures(model: &Model) -> Markup {
    let with_picture = model.multimedia_messages.iter().filter_map(|own| Some((own, own.picture.as_ref()?)));
    html! {
        div.cards {
            @for (own, picture) in with_picture.take(PICTURES_MAX).filter(|(_, picture)| is_picture(picture)) {
                div.card {
                    img src=(picture) alt=(format!("the picture of message {}", own.number)) style="max-width:100%;height:auto";
                    p.label { "message " (own.number) ", as it came to " (own.to) }
                }
            }
        }
    }
}

/// A picture without anything that could run.
fn is_picture(uri: &str) -> bool {
    ["image/jpeg", "image/png", "image/gif", "image/webp"]
        .iter()
        .any(|kind| uri.starts_with(&format!("data:{kind};base64,")))
}

fn parts(all: &[MmsPart]) -> String {
    let one = |part: &MmsPart| format!("{} {}", part.media_type, shown(&part.name));
    all.iter().take(PARTS_MAX).map(one).collect::<Vec<_>>().join(", ")
}

fn shown(words: &str) -> String {
    words.chars().take(TEXT_MAX).collect()
}

/// Characters of a text, parts of a message and pictures that are shown.
const TEXT_MAX: usize = 60;
const PARTS_MAX: usize = 8;
const PICTURES_MAX: usize = 12;
