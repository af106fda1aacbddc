//! Users who migrate between MC systems: what each hop on the way to the database of their home calls them.

use std::collections::BTreeMap;

use maud::{Markup, html};

use super::many;
use crate::event::IdentityHop;
use crate::report::model::Model;
use crate::report::text;

pub(super) fn table(model: &Model) -> Markup {
    html! {
        @if !model.identity_hops.is_empty() {
            h3 { "Identities between the systems" }
            p.hint {
                "What each request for authentication information (MAR) and each answer (MAA) calls the user, from the S-CSCF of the "
                "partner system to the database of the primary one and back. What is in bold has changed since the hop of the same message before."
                @if model.more_identity_hops > 0 {
                    " Hops after those shown: " (text::grouped(model.more_identity_hops)) ", in run.jsonl."
                }
            }
            (many::table(&head(), &rows(&model.identity_hops), "hops", |_| false, |own, _| row(own)))
        }
    }
}

/// A hop, and that before it of the same message about the same user.
struct Row<'a> {
    ue: &'a str,
    own: &'a IdentityHop,
    before: Option<&'a IdentityHop>,
}

fn rows(hops: &[(String, IdentityHop)]) -> Vec<Row<'_>> {
    let mut last: BTreeMap<&str, &IdentityHop> = BTreeMap::new();
    let all = hops.iter().map(|(ue, own)| {
        // The first hop of a request comes after an answer, the first of an answer after a request.
        let before = last.insert(ue, own).filter(|before| before.command == own.command);
        Row { ue, own, before }
    });
    all.collect()
}

fn head() -> Markup {
    html! {
        tr {
            th { "UE" } th { "Message" } th { "From, to" } th { "User-Name" } th { "Public-Identity" } th { "Server-Name" }
            th { "Origin-Host, Destination-Realm" }
        }
    }
}

fn row(row: &Row<'_>) -> Markup {
    let Row { ue, own, before } = row;
    let cell = |of: fn(&IdentityHop) -> Option<&str>| {
        let value = of(own);
        let has_changed = before.is_some_and(|before| of(before) != value);
        html! {
            @match value {
                Some(value) if has_changed => strong { (value) },
                Some(value) => (value),
                None => "–",
            }
        }
    };
    html! {
        tr {
            td { (ue) }
            td { (own.command) }
            td { (own.from) " → " (own.to) }
            td { (cell(|hop| Some(hop.user_name.as_str()))) }
            td { (cell(|hop| hop.public_identity.as_deref())) }
            td { (cell(|hop| hop.server_name.as_deref())) }
            td {
                div { (cell(|hop| hop.origin_host.as_deref())) }
                div { (cell(|hop| hop.destination_realm.as_deref())) }
            }
        }
    }
}
