//! Multimedia messages: from whom to whom, what is in them, what became of them, and the pictures that came.

use maud::{Markup, html};
use protocol::mms::MmsStatus;

use super::many;
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
            (many::table(&head(), &model.multimedia_messages, "messages", |own| is_in_trouble(model, own), |own, _| row(own)))
            @let more = model.multimedia_messages_counted.sent - model.multimedia_messages.len() as u64;
            @if more > 0 { p.hint { "And " (text::grouped(more)) " more, which are in the record alone." } }
            (pictures(model))
        }
    }
}

/// It has not come whole, and was neither rejected nor passed on by whom it is for.
fn is_in_trouble(model: &Model, own: &MultimediaMessageRun) -> bool {
    let is_rejected = own.response.as_deref() == Some(&*MmsStatus::REJECTED.to_string());
    let is_passed_on = || model.multimedia_messages.iter().any(|other| other.forwards == Some(own.number));
    own.is_whole != Some(true) && !is_rejected && !is_passed_on()
}

fn head() -> Markup {
    html! {
        tr {
            th { "Message" } th { "From, to" } th { "Content" } th { "Sent, taken" } th { "Notified, retrieved" }
            th { "Reports" }
        }
    }
}

fn row(own: &MultimediaMessageRun) -> Markup {
    html! {
        tr {
            td { strong { (own.number) } @if let Some(other) = own.forwards { div.soft { (other) " passed on" } } }
            td { (own.from) " → " (own.to) }
            td { (content(own)) }
            td {
                div { "at " (text::seconds(own.sent_ms / 1e3)) }
                @match (&own.refused, own.taken_s) {
                    (Some(why), _) => div.bad { (shown(why)) },
                    (None, Some(after_s)) => div { "taken " (after(after_s, own.taken_by.as_ref())) },
                    (None, None) => div.bad { "never taken" },
                }
            }
            td {
                @match own.notified_s {
                    Some(after_s) => div { (after(after_s, None)) },
                    None => div.bad { "never notified" },
                }
                @match (own.after_s, &own.response) {
                    (Some(after_s), _) => div { "retrieved " (after(after_s, own.by.as_ref())) },
                    (None, Some(response)) => div { (response) },
                    (None, None) => div.bad { "never retrieved" },
                }
                @match own.is_whole {
                    Some(true) => div { "octet for octet" },
                    Some(false) => div.bad { "with other content" },
                    None => "",
                }
            }
            td {
                @if let Some(status) = &own.status { div { "delivery: " (status) } }
                @if let Some(status) = &own.read { div { "read: " (status) } }
                @if own.status.is_none() && own.read.is_none() { "–" }
            }
        }
    }
}

/// Subject, and a line for each part.
fn content(own: &MultimediaMessageRun) -> Markup {
    html! {
        @if let Some(subject) = &own.subject { div { strong { (shown(subject)) } } }
        @for part in own.parts.iter().take(PARTS_MAX) {
            div.soft { (shown(&part.media_type)) " " (shown(&part.name)) ", " (text::octets(part.octets)) }
        }
        @if own.parts.len() > PARTS_MAX { div.soft { "and " (own.parts.len() - PARTS_MAX) " more" } }
        @if own.parts.len() > 1 { div.soft { "together " (text::octets(own.octets())) } }
    }
}

fn after(seconds: f64, by: Option<&String>) -> Markup {
    html! { "after " (text::seconds(seconds)) @if let Some(by) = by { " by " (by) } }
}

/// The first pictures, as the UEs show them.
fn pictures(model: &Model) -> Markup {
    let with_picture = model.multimedia_messages.iter().filter_map(|own| Some((own, own.picture.as_ref()?)));
    html! {
        div.cards {
            @for (own, picture) in with_picture.filter(|(_, picture)| is_picture(picture)).take(PICTURES_MAX) {
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

fn shown(words: &str) -> String {
    words.chars().take(TEXT_MAX).collect()
}

/// Characters of a text, parts of a message and pictures that are shown.
const TEXT_MAX: usize = 32;
const PARTS_MAX: usize = 8;
const PICTURES_MAX: usize = 12;
