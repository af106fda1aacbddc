//! What each box was, what the bench could not see, modems and messages.

use std::collections::BTreeMap;

use maud::{Markup, html};

use super::{many, panel};
use crate::event::BoxBackend;
use crate::report::model::Model;
use crate::report::modem_runs::{MessageRun, ModemRun};
use crate::report::text;

pub(super) fn section(model: &Model) -> Markup {
    let boxes = &model.header.boxes;
    html! {
        @if !boxes.is_empty() {
            (panel(
                "boxes",
                "Boxes",
                &html! { "What stood behind each box of this run, and what the bench could not see of it." },
                &html! {
                    (backends(boxes, model.ues.len() > many::SHOWN))
                    @if !model.modems.is_empty() { h3 { "Modems" } (modems(&model.modems)) }
                    @if !model.messages.is_empty() { h3 { "Messages" } (messages(&model.messages)) }
                },
            ))
        }
    }
}

/// The boxes; those of many UEs that are alike are one line.
fn backends(boxes: &[BoxBackend], are_many: bool) -> Markup {
    let mut alike: Vec<(&BoxBackend, usize)> = Vec::new();
    let mut places = BTreeMap::new();
    for own in boxes {
        let key = (&own.name, &own.backend, &own.unseen, own.ue.as_ref().filter(|_| !are_many));
        let place = *places.entry(key).or_insert(alike.len());
        match alike.get_mut(place) {
            Some((_, count)) => *count += 1,
            None => alike.push((own, 1)),
        }
    }
    html! {
        div.scroll {
            table {
                thead { tr { th { "Box" } th { "UE" } th { "Backend" } th { "Not seen" } } }
                tbody {
                    @for (own, count) in alike {
                        tr {
                            td { (own.name) }
                            td {
                                (own.ue.as_deref().unwrap_or(""))
                                @if count > 1 { " and " (text::grouped(count as u64 - 1)) " more" }
                            }
                            td.text { (own.backend) }
                            td.text { (own.unseen.as_deref().unwrap_or("–")) }
                        }
                    }
                }
            }
        }
    }
}

fn modems(modems: &[ModemRun]) -> Markup {
    html! {
        div.scroll {
            table {
                thead { tr { th { "UE" } th { "Device" } th { "State" } th { "Registered" } th { "Sessions" } th { "Brought back by" } } }
                tbody {
                    @for modem in modems {
                        tr {
                            td { (modem.ue) }
                            td { @if let Some((device, profile)) = &modem.identity { (device) ", profile " (profile) } @else { "did not say" } }
                            td { (modem.state.as_deref().unwrap_or("–"))
                                @if let Some(why) = &modem.failed { p.bad { (why) } } }
                            td { (listed(modem.registrations.iter().map(|(domain, status)| format!("{domain} {status}")))) }
                            td { (listed(modem.services.iter().map(|(session, refused)| match refused {
                                None => session.clone(),
                                Some(why) => format!("{session} refused: {why}"),
                            }))) }
                            td { (listed(modem.rungs.iter().map(|(at, rung, why)| format!("{}: {rung} ({why})", text::at(*at))))) }
                        }
                    }
                }
            }
        }
    }
}

fn messages(messages: &[MessageRun]) -> Markup {
    html! {
        div.scroll {
            table {
                thead { tr { th { "Message" } th { "From" } th { "To" } th { "Text" } th { "Fate" } } }
                tbody {
                    @for message in messages.iter().take(MESSAGES_SHOWN) {
                        tr {
                            td { (message.number) }
                            td { (message.from) }
                            td { (message.to) }
                            td { (message.text) }
                            td { @if message.after_s.is_some() { (message.fate()) } @else { span.bad { (message.fate()) } } }
                        }
                    }
                }
            }
        }
        @if messages.len() > MESSAGES_SHOWN { p.soft { "And " (messages.len() - MESSAGES_SHOWN) " more, see report.json." } }
    }
}

fn listed(items: impl Iterator<Item = String>) -> String {
    let all: Vec<String> = items.collect();
    if all.is_empty() { "–".into() } else { all.join("; ") }
}

const MESSAGES_SHOWN: usize = 100;
