//! The list service (RFC 5365): one MESSAGE with a list of recipients becomes one MESSAGE for each of them.

use std::collections::BTreeSet;

use protocol::Instant;
use protocol::mime::{MediaType, Multipart, Part};
use protocol::sip::proxy::Refusal;
use protocol::sip::{Request, ServerKey, Uri};
use protocol::xml::{
    ANONYMOUS_URI, CopyControl, Disposition, ImdnStatus, ListEntry, RESOURCE_LISTS_CONTENT_TYPE, ResourceLists,
};

use super::MessagingServer;
use super::item::{Item, Wish, name_of};
use crate::ims::charging;
use crate::ims::service::{Caller, check_require};

/// What is to be sent, and to whom.
struct ListMessage {
    entries: Vec<ListEntry>,
    /// The parts that recipients get.
    content: Vec<Part>,
}

impl MessagingServer {
    pub(super) fn list_message(
        &mut self,
        now: Instant,
        key: ServerKey,
        request: &Request,
        caller: &Caller,
    ) -> Result<(), Refusal> {
        check_require(request, &["recipient-list-message"])?;
        if request.body.len() > self.config.limits.octets {
            return Err(Refusal::new(413));
        }
        let message = read(request)?;
        if message.entries.len() > self.config.limits.recipients {
            let why = format!("More than {} recipients", self.config.limits.recipients);
            return Err(Refusal::new(403).because(&why));
        }
        let now_ms = self.shell.utc_ms(now);
        let expires_ms = self.expiry(request, now_ms)?;
        let origin = name_of(request);
        if self.queue.knows(&origin) {
            // All of it is durable already: what was lost is our answer.
            self.shell.reply(now, key, 202);
            return Ok(());
        }
        let (recipients, refused) = self.recipients(&message.entries);
        if recipients.is_empty() {
            return Err(Refusal::new(403).because("No recipient of the list is reached"));
        }
        let (content_type, headers, body) = self.content(&message, &recipients);
        let wish = Wish::of(&content_type, &body, &caller.uri().to_string());
        let mut items = Vec::with_capacity(recipients.len());
        for uri in &recipients {
            // Clause 7.3: the sender's From with a tag of its own, a Call-ID of its own, no list.
            let mut item = Item::new(request, uri, now_ms, expires_ms, &mut self.shell.entropy);
            item.headers.retain(|(name, _)| !is_of_request_alone(name));
            item.headers.extend(headers.iter().cloned());
            let shell = &mut self.shell;
            let vector = charging::originated(&mut shell.entropy, &self.own.host, &shell.charging);
            item.headers.push(("P-Charging-Vector".to_owned(), vector.to_string()));
            item.set_body(&content_type, &body);
            item.wish.clone_from(&wish);
            items.push(item);
        }
        if let Some(first) = items.first_mut() {
            first.origin = Some(origin);
        }
        if let Some(wish) = wish {
            // A 202 says nothing of recipients (clause 7.2): who asks for notifications gets them.
            for uri in refused.iter().filter(|_| wish.negative) {
                let failed = Disposition::Delivery(ImdnStatus::Forbidden);
                items.push(self.notification(now, &wish, uri, failed));
            }
        }
        self.accept(Some(key), items)?;
        Ok(())
    }

    /// Whom the list leads to, each once, and who is not reached. The service itself is nobody: a list of a list would go
    /// round for ever.
    fn recipients(&mut self, entries: &[ListEntry]) -> (Vec<Uri>, Vec<String>) {
        let (mut recipients, mut refused): (Vec<Uri>, Vec<String>) = Default::default();
        let mut seen = BTreeSet::new();
        for entry in entries {
            let uri = Uri::parse(&entry.uri).map(plain);
            let is_reached = uri.as_ref().is_ok_and(|uri| {
                let is_here = uri.as_sip().is_some_and(|sip| sip.host.eq_ignore_ascii_case(&self.own.host));
                !is_here && self.config.reach.check(uri).is_ok()
            });
            match uri {
                Ok(uri) if is_reached => {
                    if seen.insert(uri.identity()) {
                        recipients.push(uri);
                    }
                }
                _ => refused.push(entry.uri.clone()),
            }
        }
        if !refused.is_empty() {
            self.shell.say(format!("a list has {} recipients that are not reached", refused.len()));
        }
        (recipients, refused)
    }

    /// Content-Type, further headers and body of what recipients get: the parts as they came, and who else got them.
    fn content(&mut self, message: &ListMessage, recipients: &[Uri]) -> (String, Vec<(String, String)>, Vec<u8>) {
        let history = history(&message.entries, recipients);
        let mut parts = message.content.clone();
        if let Some(history) = history {
            let part = Part::new(RESOURCE_LISTS_CONTENT_TYPE, history.to_document());
            parts.push(part.with("Content-Disposition", "recipient-list-history; handling=optional"));
        }
        if let [part] = parts.as_slice() {
            let content_type = part.headers.get("Content-Type").unwrap_or("text/plain").to_owned();
            let others = part.headers.iter().filter(|field| field.name().to_ascii_lowercase().starts_with("content-"));
            let others = others.filter(|field| !field.is("Content-Type") && !field.is("Content-Length"));
            let others = others.map(|field| (field.name().to_owned(), field.value().to_owned())).collect();
            return (content_type, others, part.body.clone());
        }
        let multipart = Multipart { parts, ..Multipart::default() };
        let (content_type, body) = multipart.to_body("mixed", &mut self.shell.entropy);
        (content_type, Vec::new(), body)
    }
}

/// The lists and the rest of a body.
fn read(request: &Request) -> Result<ListMessage, Refusal> {
    let bad = |why: &str| Refusal::new(400).because(why);
    let media = MediaType::of(&request.headers).ok().flatten().filter(MediaType::is_multipart);
    let media = media.ok_or_else(|| Refusal::new(415).with("Accept", "multipart/mixed"))?;
    let body = Multipart::parse(&media, &request.body).map_err(|problem| bad(&problem.to_string()))?;
    let (lists, content): (Vec<_>, Vec<_>) =
        body.parts.into_iter().partition(|part| part.is_disposed("recipient-list"));
    let mut entries = Vec::new();
    for list in &lists {
        if !list.is(RESOURCE_LISTS_CONTENT_TYPE) {
            return Err(Refusal::new(415).with("Accept", RESOURCE_LISTS_CONTENT_TYPE));
        }
        let text = std::str::from_utf8(&list.body).map_err(|_| bad("The list is not UTF-8"))?;
        let document = ResourceLists::parse(text).map_err(|problem| bad(&problem.to_string()))?;
        if document.has_references() {
            return Err(bad("The list refers to others: send the entries themselves"));
        }
        entries.extend(document.entries().into_iter().cloned());
    }
    if entries.is_empty() {
        return Err(bad("There is no recipient-list body with an entry"));
    }
    if content.is_empty() {
        return Err(bad("There is nothing to send beside the list"));
    }
    Ok(ListMessage { entries, content })
}

/// Who got it, as the list lets the others know (RFC 5364 clause 4): `to` and `cc`, names taken away where that is wanted.
fn history(entries: &[ListEntry], recipients: &[Uri]) -> Option<ResourceLists> {
    let mut told: Vec<ListEntry> = Vec::new();
    let mut anonymous = [(CopyControl::To, 0_u32), (CopyControl::Cc, 0)];
    let mut seen = BTreeSet::new();
    for entry in entries {
        let Some(control @ (CopyControl::To | CopyControl::Cc)) = entry.copy_control else { continue };
        let Ok(uri) = Uri::parse(&entry.uri).map(plain) else { continue };
        let is_reached = recipients.iter().any(|own| own.identity() == uri.identity());
        if !is_reached || !seen.insert(uri.identity()) {
            continue;
        }
        match anonymous.iter_mut().find(|(own, _)| *own == control && entry.anonymize) {
            Some((_, count)) => *count += 1,
            None => told.push(ListEntry { uri: uri.to_string(), copy_control: Some(control), ..ListEntry::default() }),
        }
    }
    for (control, count) in anonymous.into_iter().filter(|(_, count)| *count > 0) {
        let count = Some(count);
        told.push(ListEntry { copy_control: Some(control), count, ..ListEntry::new(ANONYMOUS_URI) });
    }
    (!told.is_empty()).then(|| ResourceLists::flat(told))
}

/// RFC 5363 clause 4.1: what stands after `?`, and a method, are not for the one who sends.
fn plain(uri: Uri) -> Uri {
    match uri {
        Uri::Sip(mut sip) => {
            sip.headers = None;
            sip.params.remove("method");
            Uri::Sip(sip)
        }
        other => other,
    }
}

/// Headers that belong to the request with the list, or are made anew.
fn is_of_request_alone(name: &str) -> bool {
    name.eq_ignore_ascii_case("P-Charging-Vector")
        || name.eq_ignore_ascii_case("Accept-Contact")
        || name.to_ascii_lowercase().starts_with("content-")
}
