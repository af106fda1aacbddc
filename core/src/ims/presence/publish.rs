//! PUBLISH (RFC 3903 clause 6, TS 24.141 clause 5.3.1.3): initial, refreshed, modified, removed.

use protocol::Instant;
use protocol::sip::proxy::Refusal;
use protocol::sip::{Event, Request, Response, ServerKey};
use protocol::xml::{PIDF_CONTENT_TYPE, Pidf};

use super::publications::Publication;
use super::{Held, Job, PRESENCE, PresenceServer, expires_of};
use crate::ims::service::check_content;

/// A PUBLISH that is acknowledged when it is durable.
#[derive(Debug)]
pub(super) struct Published {
    key: ServerKey,
    response: Response,
    change: Change,
}

#[derive(Debug)]
enum Change {
    Put(Publication),
    Remove { resource: String, number: u64 },
}

impl Published {
    pub(super) fn resource(&self) -> &str {
        match &self.change {
            Change::Put(publication) => &publication.resource,
            Change::Remove { resource, .. } => resource,
        }
    }
}

impl PresenceServer {
    pub(super) fn publish(&mut self, now: Instant, resource: &str, held: &Held) -> Result<(), Refusal> {
        let Held { key, request, flow } = held;
        let event = request.headers.get("Event").and_then(|event| Event::parse(event).ok());
        if event.is_none_or(|event| event.package != PRESENCE) {
            return Err(Refusal::new(489).with("Allow-Events", PRESENCE));
        }
        let caller = self.shell.caller(request, *flow)?;
        if !caller.is(resource) && !caller.identities().any(|identity| self.config.publishers.contains(&identity)) {
            return Err(Refusal::new(403).because("Not the presentity"));
        }
        let expires_s = expires_of(request, self.config.limits.publish_s)?;
        let change = self.change(now, resource, request, expires_s)?;
        let Some(mut response) = self.shell.stack.prepare(*key, 200, None) else { return Ok(()) };
        let (op, etag) = match &change {
            Change::Put(publication) => (publication.put(), publication.etag.clone()),
            Change::Remove { number, .. } => (Publication::delete(*number), self.shell.entropy.token(16)),
        };
        response.headers.append("SIP-ETag", &etag);
        response.headers.append("Expires", &expires_s.to_string());
        let published = Published { key: *key, response, change };
        self.wait(resource, vec![op], Job::Published(Box::new(published)));
        Ok(())
    }

    /// Table 1 of RFC 3903: body, expiry and condition tell what is wanted.
    fn change(&mut self, now: Instant, resource: &str, request: &Request, expires_s: u32) -> Result<Change, Refusal> {
        let condition = condition(request)?;
        let etag = self.shell.entropy.token(16);
        let expires_utc_ms = self.shell.utc_ms(now).saturating_add(u64::from(expires_s) * 1000);
        let Some(condition) = condition else {
            if request.body.is_empty() || expires_s == 0 {
                return Err(Refusal::new(400).because("A first publication has a body and lasts"));
            }
            let document = self.document(request)?;
            self.check_room(resource)?;
            let (resource, number) = (resource.to_owned(), self.publications.next_number());
            return Ok(Change::Put(Publication {
                resource,
                etag,
                document,
                expires_utc_ms,
                number,
                by_network: false,
            }));
        };
        let before = self.publications.find(resource, condition).ok_or_else(|| Refusal::new(412))?.clone();
        if expires_s == 0 {
            return Ok(Change::Remove { resource: before.resource, number: before.number });
        }
        let document = if request.body.is_empty() { before.document.clone() } else { self.document(request)? };
        Ok(Change::Put(Publication { etag, document, expires_utc_ms, ..before }))
    }

    /// The body, which is a presence document.
    fn document(&self, request: &Request) -> Result<String, Refusal> {
        check_content(request, PIDF_CONTENT_TYPE)?;
        if request.body.len() > self.config.limits.document {
            return Err(Refusal::new(413));
        }
        let document = std::str::from_utf8(&request.body).map_err(|_| Refusal::new(400).because("Body is no UTF-8"))?;
        Pidf::parse(document).map_err(|why| Refusal::new(400).because(&why.to_string()))?;
        Ok(document.to_owned())
    }

    fn check_room(&self, resource: &str) -> Result<(), Refusal> {
        let (limits, own) = (&self.config.limits, self.publications.count_of(resource));
        if own >= limits.publications {
            return Err(Refusal::new(403).because("Too many publications"));
        }
        if own == 0 && self.publications.counts().0 >= limits.presentities {
            return Err(Refusal::new(503).with("Retry-After", "300"));
        }
        Ok(())
    }

    /// A publication is durable, or could not be kept: then all is as it was.
    pub(super) fn published(&mut self, now: Instant, published: Published, is_durable: bool) {
        let Published { key, response, change } = published;
        if !is_durable {
            return self.shell.refuse(now, key, &Refusal::new(500).because("The publication could not be stored"));
        }
        let resource = match change {
            Change::Put(publication) => {
                let resource = publication.resource.clone();
                self.publications.insert(publication);
                resource
            }
            Change::Remove { resource, number } => {
                self.publications.remove(&resource, number);
                resource
            }
        };
        self.shell.respond(now, key, response);
        self.decide_again(now, &resource);
    }

    /// Publications that nobody has refreshed.
    pub(super) fn end_publications(&mut self, now: Instant, utc_ms: u64) {
        while let Some((resource, number)) = self.publications.next_ended(utc_ms) {
            self.publications.remove(&resource, number);
            self.shell.store(vec![Publication::delete(number)], Job::Nothing);
            self.decide_again(now, &resource);
        }
    }
}

/// SIP-If-Match, which has one entity tag (RFC 3903 clause 11.3.2).
fn condition(request: &Request) -> Result<Option<&str>, Refusal> {
    let mut all = request.headers.values("SIP-If-Match");
    match (all.next(), all.next()) {
        (_, Some(_)) => Err(Refusal::new(400).because("More than one SIP-If-Match")),
        (first, None) => Ok(first.map(str::trim)),
    }
}
