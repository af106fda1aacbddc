//! Notifier of the reg event package (TS 24.229 clauses 5.4.2.1.1 and 5.4.2.1.2; RFC 3680, RFC 6665 clause 4.2).

use std::collections::{BTreeMap, BTreeSet};

use protocol::sip::proxy::Refusal;
use protocol::sip::{Method, NameAddr, Request, Response, ServerKey, Uri};
use protocol::xml::{ContactEvent, REGINFO_CONTENT_TYPE, RegInfo, RegInfoState};
use protocol::{Due, Instant};
use serde::{Deserialize, Serialize};

use super::reg_document::registration;
use super::registrar::{Binding, ImplicitSet};
use super::registration::Change;
use super::{ClientUse, Scscf, StoreJob};
use crate::node::{NodeStoreOp, Table};

/// Subscriptions by Call-ID and our tag.
#[derive(Debug, Default)]
pub(super) struct Subscriptions {
    by_id: BTreeMap<String, RegSubscription>,
    /// Watched identity to ids.
    of_impu: BTreeMap<String, BTreeSet<String>>,
    ends: Due<u64, String>,
}

/// A subscription and its dialog; kept in the store.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct RegSubscription {
    /// The identity that is watched.
    impu: String,
    call_id: String,
    /// Our end: To of the SUBSCRIBE with our tag.
    local: String,
    /// The other end: From of the SUBSCRIBE.
    remote: String,
    /// Contact of the subscriber.
    target: String,
    /// Record-Route of the SUBSCRIBE.
    routes: Vec<String>,
    /// `id` of Event.
    event_id: Option<String>,
    /// CSeq of the last SUBSCRIBE.
    remote_cseq: u32,
    /// CSeq of the last NOTIFY.
    cseq: u32,
    /// Version of the next document.
    version: u32,
    /// When it ends: UTC in milliseconds.
    expires_utc_ms: u64,
}

/// A NOTIFY that leaves when its numbers are durable: after a restart they do not come again.
#[derive(Debug)]
pub(super) struct Notify {
    subscription: String,
    request: Request,
    /// The subscription ends with it.
    is_last: bool,
}

/// A SUBSCRIBE that is acknowledged when its subscription is durable.
#[derive(Debug)]
pub(super) struct Subscribed {
    key: ServerKey,
    response: Response,
    id: String,
    /// The subscription before it.
    before: Option<RegSubscription>,
    notify: Notify,
}

impl Subscriptions {
    pub(super) fn insert(&mut self, subscription: RegSubscription) {
        let id = subscription.id();
        self.of_impu.entry(subscription.impu.clone()).or_default().insert(id.clone());
        self.ends.set(&id, Some(subscription.expires_utc_ms));
        self.by_id.insert(id, subscription);
    }

    fn remove(&mut self, id: &str) -> Option<RegSubscription> {
        let subscription = self.by_id.remove(id)?;
        self.ends.set(&id.to_owned(), None);
        if let Some(ids) = self.of_impu.get_mut(&subscription.impu) {
            ids.remove(id);
            if ids.is_empty() {
                self.of_impu.remove(&subscription.impu);
            }
        }
        Some(subscription)
    }

    pub(super) fn len(&self) -> usize {
        self.by_id.len()
    }

    /// Whether an identity is watched by as many as may.
    fn is_full(&self, impu: &str) -> bool {
        self.of_impu.get(impu).is_some_and(|ids| ids.len() >= MAX_PER_IDENTITY)
    }

    pub(super) fn next_expiry(&self) -> Option<u64> {
        self.ends.first()
    }

    /// Subscriptions to any of `identities`: those of UEs first, for a P-CSCF that has heard of the end may close the way to
    /// its UE.
    fn of_any(&self, identities: &[String]) -> Vec<String> {
        let all = identities.iter().filter_map(|impu| self.of_impu.get(impu)).flatten().cloned();
        let (mut ids, direct): (Vec<_>, Vec<_>) =
            all.partition(|id| self.by_id.get(id).is_some_and(|s| !s.routes.is_empty()));
        ids.extend(direct);
        ids
    }
}

impl RegSubscription {
    /// Reads a stored subscription.
    pub(super) fn from_json(octets: &[u8]) -> Result<Self, String> {
        serde_json::from_slice(octets).map_err(|e| e.to_string())
    }

    fn id(&self) -> String {
        let tag = NameAddr::parse(&self.local).ok().and_then(|a| a.tag().map(str::to_owned));
        dialog_id(&self.call_id, &tag.unwrap_or_default())
    }
}

impl Scscf {
    /// The subscription that a request within a dialog belongs to.
    pub(super) fn subscription_of(&self, request: &Request) -> Option<String> {
        let to = request.to().ok().flatten()?;
        let id = dialog_id(request.call_id()?, to.tag()?);
        self.subscriptions.by_id.contains_key(&id).then_some(id)
    }

    /// SUBSCRIBE outside a dialog for an identity that is registered here.
    pub(super) fn subscribe(&mut self, now: Instant, key: ServerKey, request: &Request) {
        let impu = request.uri.identity();
        let Some(set) = self.registrar.set_of(&impu) else {
            // Clause 5.4.2.1.1: there is nothing to tell of a user who is not registered.
            return self.refuse(now, key, &Refusal::new(480));
        };
        if !may_watch(set, request) {
            return self.refuse(now, key, &Refusal::new(403));
        }
        if self.subscriptions.is_full(&impu) {
            return self.refuse(now, key, &Refusal::new(403).because("Too many subscriptions"));
        }
        let fields = (
            request.call_id(),
            request.headers.get("From"),
            request.contact().ok().flatten(),
            request.cseq().ok().flatten(),
            self.stack.prepare(key, 200, None),
        );
        let (Some(call_id), Some(from), Some(contact), Some(cseq), Some(response)) = fields else {
            return self.refuse(now, key, &Refusal::new(400).because("Bad SUBSCRIBE"));
        };
        let subscription = RegSubscription {
            impu,
            call_id: call_id.to_owned(),
            local: response.headers.get("To").unwrap_or_default().to_owned(),
            remote: from.to_owned(),
            target: contact.uri.to_string(),
            routes: request.headers.values("Record-Route").map(str::to_owned).collect(),
            event_id: event_id(request),
            remote_cseq: cseq.seq,
            cseq: 0,
            version: 0,
            expires_utc_ms: 0,
        };
        self.accept_subscribe(now, key, request, subscription, None);
    }

    /// SUBSCRIBE within the dialog: a refresh, or the end.
    pub(super) fn resubscribe(&mut self, now: Instant, key: ServerKey, request: &Request, id: &str) {
        let Some(before) = self.subscriptions.by_id.get(id).cloned() else { return };
        let cseq = request.cseq().ok().flatten().map_or(0, |c| c.seq);
        if request.method != Method::SUBSCRIBE {
            return self.refuse(now, key, &Refusal::new(405).with("Allow", "SUBSCRIBE"));
        }
        if cseq <= before.remote_cseq {
            return self.refuse(now, key, &Refusal::new(500).because("CSeq out of order"));
        }
        let mut subscription = RegSubscription { remote_cseq: cseq, ..before.clone() };
        if let Ok(Some(contact)) = request.contact() {
            subscription.target = contact.uri.to_string();
        }
        self.accept_subscribe(now, key, request, subscription, Some(before));
    }

    /// 200 with the expiry, then a NOTIFY with everything (RFC 6665 clause 4.2.1.2), both when they are durable.
    fn accept_subscribe(
        &mut self,
        now: Instant,
        key: ServerKey,
        request: &Request,
        mut subscription: RegSubscription,
        before: Option<RegSubscription>,
    ) {
        if !accepts_reginfo(request) {
            return self.refuse(now, key, &Refusal::new(406));
        }
        let asked = request.expires().ok().flatten().unwrap_or(DEFAULT_EXPIRES);
        let expires = asked.min(self.config.max_expires);
        let Some(mut response) = self.stack.prepare(key, 200, None) else { return };
        response.headers.set("To", &subscription.local);
        response.headers.append("Contact", &NameAddr::new(Uri::Sip(self.own.clone())).to_string());
        response.headers.append("Expires", &expires.to_string());
        response.headers.copy_from(&request.headers, "Record-Route");
        subscription.expires_utc_ms = self.utc_ms(now).saturating_add(u64::from(expires) * 1000);
        let id = subscription.id();
        let set = self.registrar.set_of(&subscription.impu).cloned();
        let everything = set.as_ref().map(|set| self.document(now, set, None));
        let end = (expires == 0).then_some("timeout");
        self.subscriptions.insert(subscription);
        let Some((notify, op)) = self.next_notify(now, &id, everything, end) else {
            self.subscriptions.remove(&id);
            return self.refuse(now, key, &Refusal::new(400).because("Bad Contact"));
        };
        self.store(vec![op], StoreJob::Subscribed(Box::new(Subscribed { key, response, id, before, notify })));
    }

    /// The subscription is durable.
    pub(super) fn subscribed(&mut self, now: Instant, subscribed: Subscribed) {
        self.respond(now, subscribed.key, subscribed.response);
        self.send_notify(now, subscribed.notify);
    }

    /// It could not be stored: all is as it was.
    pub(super) fn not_subscribed(&mut self, now: Instant, subscribed: Subscribed) {
        let Subscribed { key, id, before, notify, .. } = subscribed;
        let current = self.subscriptions.remove(&id);
        if let Some(before) = before.filter(|_| notify.is_last || current.is_some()) {
            let RegSubscription { remote_cseq, cseq, version, .. } = *current.as_ref().unwrap_or(&before);
            self.subscriptions.insert(RegSubscription { remote_cseq, cseq, version, ..before });
        }
        self.refuse(now, key, &Refusal::new(500).because("The subscription could not be stored"));
    }

    /// Tells all subscribers of a set what has changed; without contacts left it was the last word (clause 5.4.2.1.2).
    pub(super) fn notify_all(&mut self, now: Instant, set: &ImplicitSet, changes: &[Change]) {
        if changes.is_empty() {
            return;
        }
        let end = set.bindings.is_empty().then_some("noresource");
        let mut told = Vec::new();
        for id in self.subscriptions.of_any(&set.identities()) {
            let document = self.document(now, set, Some(changes));
            told.extend(self.next_notify(now, &id, Some(document), end));
        }
        self.store_notifies(now, told);
    }

    /// Subscriptions whose time is over.
    pub(super) fn expire_subscriptions(&mut self, now: Instant) {
        let utc = self.utc_ms(now);
        let mut told = Vec::new();
        for id in self.subscriptions.ends.until(utc) {
            let set = self.subscriptions.by_id.get(&id).and_then(|s| self.registrar.set_of(&s.impu)).cloned();
            let everything = set.as_ref().map(|set| self.document(now, set, None));
            told.extend(self.next_notify(now, &id, everything, Some("timeout")));
        }
        self.store_notifies(now, told);
    }

    /// The answer to a NOTIFY: who does not know the subscription any more has none (RFC 6665 clause 4.2.2).
    pub(super) fn notified(&mut self, id: &str, status: u16) {
        if status < 300 || status == 491 {
            return;
        }
        if self.subscriptions.remove(id).is_some() {
            self.say(format!("NOTIFY is answered with {status}: the subscription is over"));
            self.store(vec![delete(id)], StoreJob::Nothing);
        }
    }

    /// The next NOTIFY of a subscription, and what has to be stored before it leaves.
    fn next_notify(
        &mut self,
        now: Instant,
        id: &str,
        document: Option<RegInfo>,
        end: Option<&str>,
    ) -> Option<(Notify, NodeStoreOp)> {
        let utc = self.utc_ms(now);
        let subscription = self.subscriptions.by_id.get_mut(id)?;
        subscription.cseq += 1;
        let document = document.map(|document| RegInfo { version: subscription.version, ..document });
        if document.is_some() {
            subscription.version += 1;
        }
        let request = notify_request(subscription, document.as_ref(), end, utc, &self.own)?;
        let value = serde_json::to_vec(&subscription).unwrap_or_default();
        let op = match end {
            Some(_) => {
                self.subscriptions.remove(id);
                delete(id)
            }
            None => NodeStoreOp::Put { table: Table::Subscription, key: id.to_owned(), value },
        };
        Some((Notify { subscription: id.to_owned(), request, is_last: end.is_some() }, op))
    }

    /// NOTIFYs leave when a restart would not use their numbers again. After the last of a subscription there is nothing to
    /// count: it leaves at once.
    fn store_notifies(&mut self, now: Instant, told: Vec<(Notify, NodeStoreOp)>) {
        if told.is_empty() {
            return;
        }
        let (mut ops, mut waiting) = (Vec::new(), Vec::new());
        for (notify, op) in told {
            ops.push(op);
            if notify.is_last {
                self.send_notify(now, notify);
            } else {
                waiting.push(notify);
            }
        }
        self.store(ops, StoreJob::Notify(waiting));
    }

    pub(super) fn send_notify(&mut self, now: Instant, notify: Notify) {
        let Notify { subscription, request, .. } = notify;
        match self.stack.send_request(now, request, None) {
            Ok(client) => {
                self.clients.insert(client, ClientUse::Notify { subscription });
            }
            Err(error) => {
                self.say(format!("NOTIFY: {error}"));
                self.notified(&subscription, 503);
            }
        }
    }

    /// A document about a set: of all its contacts, or of what has changed.
    fn document(&self, now: Instant, set: &ImplicitSet, changes: Option<&[Change]>) -> RegInfo {
        let utc = self.utc_ms(now);
        let as_is = |binding: &Binding| Change { binding: binding.clone(), event: ContactEvent::Registered };
        let all: Vec<Change> = set.bindings.iter().map(as_is).collect();
        let state = if changes.is_some() { RegInfoState::Partial } else { RegInfoState::Full };
        let changes = changes.unwrap_or(&all);
        let registrations =
            set.usable().map(|identity| registration(identity, !set.bindings.is_empty(), changes, utc)).collect();
        RegInfo { version: 0, state, registrations }
    }
}

/// Clause 5.4.2.1.1: the user, the P-CSCF in the path of a contact, an application server of the filter criteria.
fn may_watch(set: &ImplicitSet, request: &Request) -> bool {
    let asserted = request.headers.addresses("P-Asserted-Identity").unwrap_or_default();
    let host = |uri: &Uri| uri.as_sip().map(|s| s.host.to_ascii_lowercase());
    let in_path = |uri: &Uri| {
        let paths = set.bindings.iter().flat_map(|b| &b.path).filter_map(|p| NameAddr::parse(p).ok());
        host(uri).is_some_and(|h| paths.filter_map(|p| host(&p.uri)).any(|p| p == h))
    };
    let is_server = |uri: &Uri| {
        let servers = set.profile.service_profiles.iter().flat_map(|p| &p.criteria);
        servers.filter_map(|c| Uri::parse(&c.server.name).ok()).any(|s| s.identity() == uri.identity())
    };
    let identities = set.identities();
    asserted.iter().any(|a| identities.contains(&a.uri.identity()) || in_path(&a.uri) || is_server(&a.uri))
}

fn notify_request(
    subscription: &RegSubscription,
    document: Option<&RegInfo>,
    end: Option<&str>,
    utc: u64,
    own: &protocol::sip::SipUri,
) -> Option<Request> {
    let mut request = Request::new(Method::NOTIFY, Uri::parse(&subscription.target).ok()?);
    let headers = &mut request.headers;
    subscription.routes.iter().for_each(|route| headers.append("Route", route));
    headers.append("From", &subscription.local);
    headers.append("To", &subscription.remote);
    headers.append("Call-ID", &subscription.call_id);
    headers.append("CSeq", &format!("{} NOTIFY", subscription.cseq));
    headers.append("Max-Forwards", "70");
    headers.append("Contact", &NameAddr::new(Uri::Sip(own.clone())).to_string());
    let id = subscription.event_id.as_ref().map(|id| format!(";id={id}")).unwrap_or_default();
    headers.append("Event", &format!("reg{id}"));
    let left = subscription.expires_utc_ms.saturating_sub(utc).div_ceil(1000);
    let state = end.map_or_else(|| format!("active;expires={left}"), |why| format!("terminated;reason={why}"));
    headers.append("Subscription-State", &state);
    if let Some(document) = document {
        request.set_body(REGINFO_CONTENT_TYPE, document.to_document());
    }
    Some(request)
}

/// Without Accept the default format of the package does (RFC 3680 clause 4.6).
fn accepts_reginfo(request: &Request) -> bool {
    let accepts = |a: &str| {
        let kind = a.split(';').next().unwrap_or_default().trim();
        [REGINFO_CONTENT_TYPE, "*/*", "application/*"].iter().any(|k| k.eq_ignore_ascii_case(kind))
    };
    !request.headers.contains("Accept") || request.headers.values("Accept").any(accepts)
}

/// Whether Event says `reg`.
pub(super) fn is_reg_event(request: &Request) -> bool {
    let event = request.headers.get("Event").unwrap_or_default();
    event.split(';').next().unwrap_or_default().trim() == "reg"
}

fn event_id(request: &Request) -> Option<String> {
    let event = request.headers.get("Event")?;
    event.split(';').skip(1).find_map(|p| p.trim().strip_prefix("id=").map(str::to_owned))
}

fn dialog_id(call_id: &str, tag: &str) -> String {
    format!("{call_id} {tag}")
}

fn delete(id: &str) -> NodeStoreOp {
    NodeStoreOp::Delete { table: Table::Subscription, key: id.to_owned() }
}

/// RFC 3680 clause 4.4.
const DEFAULT_EXPIRES: u32 = 3761;

/// Subscriptions to one identity: its UEs, their P-CSCFs, its application servers. Each change is told to all of them.
const MAX_PER_IDENTITY: usize = 32;
