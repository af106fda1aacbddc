//! Subscriptions that a server has accepted, by the thousand and durable (RFC 6665 clause 4.2): indexed by dialog and by
//! resource, paced one by one, and with numbers that do not come again after a restart.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use protocol::sip::proxy::Refusal;
use protocol::sip::{
    ClientKey, Event, Method, NameAddr, Request, Response, SendError, ServerKey, SipStack, SubscriptionState, Uri,
};
use protocol::{Due, Instant};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::node::{NodeStoreOp, Table};

/// Names a subscription of one server; its key in the store.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct EventId(pub u64);

/// A subscription. `D` is what the event package keeps with it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Subscribed<D> {
    /// The event package.
    pub package: String,
    /// What is watched.
    pub resource: String,
    /// Who watches.
    pub watcher: String,
    /// When it was made: UTC in milliseconds.
    pub created_utc_ms: u64,
    /// When it ends: UTC in milliseconds.
    pub expires_utc_ms: u64,
    /// What the package keeps.
    pub data: D,
    dialog: EventDialog,
    /// Numbers below may have been used: after a restart it goes on here.
    reserved: u32,
    #[serde(skip)]
    run: Run,
}

/// The dialog of a subscription.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct EventDialog {
    call_id: String,
    /// Our end: To of the SUBSCRIBE with our tag.
    local: String,
    /// The other end: From of the SUBSCRIBE.
    remote: String,
    /// Contact of the subscriber.
    target: String,
    /// Record-Route of the SUBSCRIBE.
    routes: Vec<String>,
    /// Event of the SUBSCRIBE.
    event: String,
    /// CSeq of the last SUBSCRIBE.
    remote_cseq: u32,
}

/// What a restart forgets.
#[derive(Clone, Debug, Default)]
struct Run {
    /// CSeq of the last NOTIFY, and number of the next document.
    number: u32,
    /// The next document tells everything: an earlier one may not have come.
    needs_all: bool,
    /// A NOTIFY is under way.
    notifying: bool,
    /// There is something to tell.
    is_dirty: bool,
    /// Not before.
    not_before: Instant,
    /// What was told last, as a digest.
    told: Option<u64>,
}

/// What is told, and how a subscription stands.
#[derive(Clone, Debug)]
pub struct Telling {
    /// Subscription-State.
    pub state: SubscriptionState,
    /// Content type and body; none: nothing is told.
    pub body: Option<(&'static str, String)>,
}

/// Subscriptions of one server.
#[derive(Debug)]
pub struct Subscriptions<D> {
    table: Table,
    by_id: BTreeMap<EventId, Subscribed<D>>,
    /// Call-ID and our tag.
    of_dialog: BTreeMap<(String, String), EventId>,
    /// Package and resource.
    of_resource: BTreeMap<(String, String), BTreeSet<EventId>>,
    of_watcher: BTreeMap<String, usize>,
    ends: Due<u64, EventId>,
    due: Due<Instant, EventId>,
    clients: BTreeMap<ClientKey, EventId>,
    last_id: u64,
    /// Entries of its tables that were looked at, for a test of what things cost.
    steps: u64,
}

impl<D: Clone + Serialize + DeserializeOwned> Subscriptions<D> {
    /// None, to be kept in `table`.
    #[must_use]
    pub fn new(table: Table) -> Self {
        Self {
            table,
            by_id: BTreeMap::new(),
            of_dialog: BTreeMap::new(),
            of_resource: BTreeMap::new(),
            of_watcher: BTreeMap::new(),
            ends: Due::default(),
            due: Due::default(),
            clients: BTreeMap::new(),
            last_id: 0,
            steps: 0,
        }
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.by_id.len()
    }

    /// There is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    /// A subscription.
    #[must_use]
    pub fn get(&self, id: EventId) -> Option<&Subscribed<D>> {
        self.by_id.get(&id)
    }

    /// What the package keeps with a subscription, to be changed; [`Self::op`] makes it durable.
    pub fn data_mut(&mut self, id: EventId) -> Option<&mut D> {
        self.by_id.get_mut(&id).map(|subscribed| &mut subscribed.data)
    }

    /// Subscriptions to a resource.
    #[must_use]
    pub fn of(&self, package: &str, resource: &str) -> Vec<EventId> {
        let key = (package.to_owned(), resource.to_owned());
        self.of_resource.get(&key).map(|ids| ids.iter().copied().collect()).unwrap_or_default()
    }

    /// Resources that there are subscriptions to.
    #[must_use]
    pub fn resources(&self, package: &str) -> Vec<String> {
        self.of_resource.keys().filter(|(own, _)| own == package).map(|(_, resource)| resource.clone()).collect()
    }

    /// How many there are to a resource.
    #[must_use]
    pub fn count_of(&self, package: &str, resource: &str) -> usize {
        self.of_resource.get(&(package.to_owned(), resource.to_owned())).map_or(0, BTreeSet::len)
    }

    /// How many a watcher has.
    #[must_use]
    pub fn count_of_watcher(&self, watcher: &str) -> usize {
        self.of_watcher.get(watcher).copied().unwrap_or(0)
    }

    /// Entries of its tables that were looked at.
    #[must_use]
    pub const fn steps(&self) -> u64 {
        self.steps
    }

    /// The subscription that a request within a dialog belongs to.
    #[must_use]
    pub fn find(&self, request: &Request) -> Option<EventId> {
        let to = request.to().ok().flatten()?;
        let key = (request.call_id()?.to_owned(), to.tag()?.to_owned());
        self.of_dialog.get(&key).copied()
    }

    /// A subscription that a SUBSCRIBE outside of dialogs makes, with the 2xx that says so. Neither counts before
    /// [`Self::insert`].
    #[expect(clippy::too_many_arguments, reason = "each is another thing of the subscription")]
    pub fn draft(
        &mut self,
        stack: &SipStack,
        key: ServerKey,
        request: &Request,
        (package, resource, watcher): (&str, &str, &str),
        contact: &NameAddr,
        utc_ms: u64,
        expires_s: u32,
        data: D,
    ) -> Result<(EventId, Subscribed<D>, Response), Refusal> {
        let bad = || Refusal::new(400).because("Bad SUBSCRIBE");
        let field = |value: Option<&str>| value.map(str::to_owned).ok_or_else(bad);
        let mut response = stack.prepare(key, 200, None).ok_or_else(bad)?;
        let target = request.contact().ok().flatten().ok_or_else(bad)?;
        let dialog = EventDialog {
            call_id: field(request.call_id())?,
            local: field(response.headers.get("To"))?,
            remote: field(request.headers.get("From"))?,
            target: target.uri.to_string(),
            routes: request.headers.values("Record-Route").map(str::to_owned).collect(),
            event: field(request.headers.get("Event"))?,
            remote_cseq: request.cseq().ok().flatten().ok_or_else(bad)?.seq,
        };
        finish(&mut response, request, contact, expires_s);
        self.last_id += 1;
        let subscribed = Subscribed {
            package: package.to_owned(),
            resource: resource.to_owned(),
            watcher: watcher.to_owned(),
            created_utc_ms: utc_ms,
            expires_utc_ms: utc_ms.saturating_add(u64::from(expires_s) * 1000),
            data,
            dialog,
            reserved: RESERVE,
            run: Run::default(),
        };
        Ok((EventId(self.last_id), subscribed, response))
    }

    /// What a SUBSCRIBE within the dialog makes of a subscription, with the 2xx that says so.
    pub fn refresh(
        &self,
        stack: &SipStack,
        (key, request, id): (ServerKey, &Request, EventId),
        contact: &NameAddr,
        utc_ms: u64,
        expires_s: u32,
    ) -> Result<(Subscribed<D>, Response), Refusal> {
        let mut subscribed = self.by_id.get(&id).cloned().ok_or_else(|| Refusal::new(481))?;
        let cseq = request.cseq().ok().flatten().ok_or_else(|| Refusal::new(400).because("Bad CSeq"))?.seq;
        if cseq <= subscribed.dialog.remote_cseq {
            return Err(Refusal::new(500).because("CSeq out of order"));
        }
        let event = |value: &str| Event::parse(value).ok();
        let same = request.headers.get("Event").and_then(event).zip(event(&subscribed.dialog.event));
        if !same.is_some_and(|(one, other)| one.matches(&other)) {
            return Err(Refusal::new(489).with("Allow-Events", &subscribed.package));
        }
        subscribed.dialog.remote_cseq = cseq;
        if let Ok(Some(contact)) = request.contact() {
            subscribed.dialog.target = contact.uri.to_string();
        }
        subscribed.expires_utc_ms = utc_ms.saturating_add(u64::from(expires_s) * 1000);
        let mut response = stack.prepare(key, 200, None).ok_or_else(|| Refusal::new(481))?;
        finish(&mut response, request, contact, expires_s);
        Ok((subscribed, response))
    }

    /// What makes a subscription durable.
    #[must_use]
    pub fn put(&self, id: EventId, subscribed: &Subscribed<D>) -> NodeStoreOp {
        // Nothing of it can fail to be written as JSON.
        let value = serde_json::to_vec(subscribed).unwrap_or_default();
        NodeStoreOp::Put { table: self.table, key: key_of(id), value }
    }

    /// The same of one that is here.
    #[must_use]
    pub fn op(&self, id: EventId) -> Option<NodeStoreOp> {
        self.by_id.get(&id).map(|subscribed| self.put(id, subscribed))
    }

    /// What makes the end of a subscription durable.
    #[must_use]
    pub fn delete(&self, id: EventId) -> NodeStoreOp {
        NodeStoreOp::Delete { table: self.table, key: key_of(id) }
    }

    /// A subscription stands, or is another now.
    pub fn insert(&mut self, id: EventId, mut subscribed: Subscribed<D>) {
        if let Some(before) = self.by_id.get(&id) {
            subscribed.run = before.run.clone();
            subscribed.reserved = before.reserved.max(subscribed.reserved);
        } else {
            *self.of_watcher.entry(subscribed.watcher.clone()).or_default() += 1;
        }
        self.last_id = self.last_id.max(id.0);
        self.of_dialog.insert(dialog_key(&subscribed), id);
        self.of_resource.entry(resource_key(&subscribed)).or_default().insert(id);
        self.ends.set(&id, Some(subscribed.expires_utc_ms));
        self.by_id.insert(id, subscribed);
    }

    /// A row of the store; false: it cannot be read.
    pub fn restore(&mut self, key: &str, value: &[u8]) -> bool {
        let id = u64::from_str_radix(key, 16).ok().map(EventId);
        let Some((id, mut subscribed)) = id.zip(serde_json::from_slice::<Subscribed<D>>(value).ok()) else {
            return false;
        };
        subscribed.run = Run { number: subscribed.reserved, needs_all: true, ..Run::default() };
        self.insert(id, subscribed);
        true
    }

    /// A subscription is over.
    pub fn remove(&mut self, id: EventId) -> Option<Subscribed<D>> {
        let subscribed = self.by_id.remove(&id)?;
        self.of_dialog.remove(&dialog_key(&subscribed));
        let key = resource_key(&subscribed);
        if let Some(ids) = self.of_resource.get_mut(&key) {
            ids.remove(&id);
            if ids.is_empty() {
                self.of_resource.remove(&key);
            }
        }
        if let Some(count) = self.of_watcher.get_mut(&subscribed.watcher) {
            *count -= 1;
            if *count == 0 {
                self.of_watcher.remove(&subscribed.watcher);
            }
        }
        self.ends.set(&id, None);
        self.due.set(&id, None);
        Some(subscribed)
    }

    /// All of them, in the order in which they were made.
    #[must_use]
    pub fn ids(&self) -> Vec<EventId> {
        self.by_id.keys().copied().collect()
    }

    /// There is something to tell, as soon as may be.
    pub fn mark(&mut self, id: EventId, now: Instant) {
        self.steps += 1;
        let Some(subscribed) = self.by_id.get_mut(&id) else { return };
        subscribed.run.is_dirty = true;
        if !subscribed.run.notifying {
            let due = subscribed.run.not_before.max(now);
            self.due.set(&id, Some(due));
        }
    }

    /// There is something to tell at once, whatever the pace: a SUBSCRIBE wants it (RFC 6665 clause 4.2.1.2).
    pub fn mark_at_once(&mut self, id: EventId, now: Instant) {
        if let Some(subscribed) = self.by_id.get_mut(&id) {
            subscribed.run.not_before = now;
            subscribed.run.told = None;
            subscribed.run.needs_all = true;
        }
        self.mark(id, now);
    }

    /// One that is to be told now. It has to be told, or [`Self::silent`].
    pub fn next_due(&mut self, now: Instant) -> Option<EventId> {
        let id = self.due.next(now)?;
        self.due.set(&id, None);
        self.steps += 1;
        Some(id)
    }

    /// One that has ended at a UTC; it stays until [`Self::remove`].
    #[must_use]
    pub fn next_ended(&self, utc_ms: u64) -> Option<EventId> {
        self.ends.next(utc_ms)
    }

    /// When something is to be told or ends: an instant, and a UTC in milliseconds.
    #[must_use]
    pub fn next_deadline(&self) -> (Option<Instant>, Option<u64>) {
        (self.due.first(), self.ends.first())
    }

    /// The number of the next document of a subscription, from 0, and whether it has to tell everything: it is the first one,
    /// or an earlier one may not have come.
    #[must_use]
    pub fn next_version(&self, id: EventId) -> (u32, bool) {
        self.by_id.get(&id).map_or((0, true), |s| (s.run.number, s.run.number == 0 || s.run.needs_all))
    }

    /// There is nothing to tell after all.
    pub fn silent(&mut self, id: EventId) {
        if let Some(subscribed) = self.by_id.get_mut(&id) {
            subscribed.run.is_dirty = false;
        }
    }

    /// Tells a subscriber: false when it was told the same before. `pace` is the least time until the next one. What has to
    /// be stored comes with it, and is not waited for: numbers are reserved well before they are used.
    pub fn tell(
        &mut self,
        now: Instant,
        stack: &mut SipStack,
        id: EventId,
        telling: &Telling,
        (contact, pace): (&NameAddr, Duration),
    ) -> Result<(bool, Option<NodeStoreOp>), SendError> {
        let Some(subscribed) = self.by_id.get_mut(&id) else { return Ok((false, None)) };
        subscribed.run.is_dirty = false;
        let digest = digest_of(telling);
        if subscribed.run.told == Some(digest) {
            return Ok((false, None));
        }
        let Some(request) = subscribed.notify(telling, contact) else { return Ok((false, None)) };
        let reserves = subscribed.run.number + RESERVE / 2 > subscribed.reserved;
        if reserves {
            subscribed.reserved = subscribed.reserved.saturating_add(RESERVE);
        }
        subscribed.run =
            Run { notifying: true, needs_all: false, not_before: now + pace, told: Some(digest), ..subscribed.run };
        let client = stack.send_request(now, request, None)?;
        self.clients.insert(client, id);
        Ok((true, reserves.then(|| self.op(id)).flatten()))
    }

    /// Tells a subscriber for the last time; the subscription has been removed.
    pub fn tell_last(
        now: Instant,
        stack: &mut SipStack,
        mut subscribed: Subscribed<D>,
        telling: &Telling,
        contact: &NameAddr,
    ) -> Result<(), SendError> {
        match subscribed.notify(telling, contact) {
            Some(request) => stack.send_request(now, request, None).map(drop),
            None => Ok(()),
        }
    }

    /// The answer to a NOTIFY of [`Self::tell`]. Who does not know the subscription any more has none: it comes out, and is
    /// to be removed (RFC 6665 clause 4.2.2).
    pub fn answered(&mut self, now: Instant, client: ClientKey, response: Result<&Response, u16>) -> Option<EventId> {
        let status = response.map_or_else(|status| status, |response| response.status);
        if status < 200 {
            return None;
        }
        let id = self.clients.remove(&client)?;
        let subscribed = self.by_id.get_mut(&id)?;
        subscribed.run.notifying = false;
        let retry = response.ok().and_then(|response| response.headers.delta_seconds("Retry-After").ok().flatten());
        match (status, retry) {
            (..300, _) => {}
            (_, Some(seconds)) => {
                subscribed.run.not_before = now + Duration::from_secs(seconds.min(MOST_RETRY_S).into());
                subscribed.run.told = None;
                subscribed.run.needs_all = true;
                subscribed.run.is_dirty = true;
            }
            _ => return Some(id),
        }
        if subscribed.run.is_dirty {
            let due = subscribed.run.not_before.max(now);
            self.due.set(&id, Some(due));
        }
        None
    }
}

impl<D> Subscribed<D> {
    /// Seconds until it ends.
    #[must_use]
    pub fn left_s(&self, utc_ms: u64) -> u32 {
        u32::try_from(self.expires_utc_ms.saturating_sub(utc_ms).div_ceil(1000)).unwrap_or(u32::MAX)
    }

    /// Its resource as the subscriber has named it.
    #[must_use]
    pub fn local(&self) -> &str {
        &self.dialog.local
    }

    /// The next NOTIFY.
    fn notify(&mut self, telling: &Telling, contact: &NameAddr) -> Option<Request> {
        let mut request = Request::new(Method::NOTIFY, Uri::parse(&self.dialog.target).ok()?);
        self.run.number += 1;
        let headers = &mut request.headers;
        self.dialog.routes.iter().for_each(|route| headers.append("Route", route));
        headers.append("From", &self.dialog.local);
        headers.append("To", &self.dialog.remote);
        headers.append("Call-ID", &self.dialog.call_id);
        headers.append("CSeq", &format!("{} NOTIFY", self.run.number));
        headers.append("Max-Forwards", "70");
        headers.append("Contact", &contact.to_string());
        headers.append("P-Asserted-Identity", &contact.to_string());
        headers.append("Event", &self.dialog.event);
        headers.append("Subscription-State", &telling.state.to_string());
        if let Some((kind, body)) = &telling.body {
            request.set_body(kind, body.as_bytes());
        }
        Some(request)
    }
}

fn finish(response: &mut Response, request: &Request, contact: &NameAddr, expires_s: u32) {
    response.headers.append("Contact", &contact.to_string());
    response.headers.append("Expires", &expires_s.to_string());
    response.headers.copy_from(&request.headers, "Record-Route");
}

fn key_of(id: EventId) -> String {
    format!("{:016x}", id.0)
}

fn dialog_key<D>(subscribed: &Subscribed<D>) -> (String, String) {
    let local = NameAddr::parse(&subscribed.dialog.local).ok();
    let tag = local.as_ref().and_then(NameAddr::tag).unwrap_or_default();
    (subscribed.dialog.call_id.clone(), tag.to_owned())
}

fn resource_key<D>(subscribed: &Subscribed<D>) -> (String, String) {
    (subscribed.package.clone(), subscribed.resource.clone())
}

/// Word of the state and body; the seconds that are left count for nothing.
fn digest_of(telling: &Telling) -> u64 {
    use std::hash::{DefaultHasher, Hash, Hasher};
    // Without keys of its own it gives the same in every run.
    let mut hasher = DefaultHasher::new();
    telling.state.state.hash(&mut hasher);
    telling.body.as_ref().map(|(_, body)| body).hash(&mut hasher);
    hasher.finish()
}

/// Numbers of NOTIFYs that are reserved at a time.
const RESERVE: u32 = 64;

/// A subscriber may not put its notifications off for longer.
const MOST_RETRY_S: u32 = 3600;
