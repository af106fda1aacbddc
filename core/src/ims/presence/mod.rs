//! Presence server (TS 24.141 clause 5.3; RFC 3856, RFC 3903, RFC 3857): what users and the network publish of presentities is
//! put together and told to those who may watch.

mod config;
mod notify;
mod publications;
mod publish;
mod rules;
mod sms;
mod subscribe;
mod winfo;

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use protocol::diameter::charging::RoleOfNode;
use protocol::sip::proxy::Refusal;
use protocol::sip::{
    Flow, Method, NameAddr, Request, ServerKey, SipStack, StackConfig, StackOutput, TransactionKey, Uri,
};
use protocol::xml::{PresRules, Watcher};
use protocol::{Due, Entropy, Instant};
use serde::{Deserialize, Serialize};

use self::publications::{Publication, Publications};
use self::publish::Published;
use self::rules::{Asker, News, Rules};
use self::sms::{Sh, Told};
use self::subscribe::Accepted;
use self::winfo::Waiting;
use super::service::event::{EventId, Subscriptions};
use super::service::{ServiceShell, check_method};
use crate::charging::ChargingClient;
use crate::node::{Node, NodeInput, NodeOutput, NodeStoreOp, Rows, Table};

pub use config::{PresenceConfig, PresenceLimits};

/// A presence server.
#[derive(Debug)]
pub struct PresenceServer {
    config: PresenceConfig,
    contact: NameAddr,
    shell: ServiceShell<Job>,
    subscriptions: Subscriptions<Watching>,
    publications: Publications,
    rules: Rules,
    /// When the documents of the XDM server are looked at again.
    looks_at: Instant,
    /// When rules say something else of a presentity: UTC in milliseconds.
    rule_changes: Due<u64, String>,
    /// Watchers that ended undecided, by presentity and watcher.
    waiting: BTreeMap<(String, String), Waiting>,
    waiting_ends: Due<u64, (String, String)>,
    /// What has changed since a subscription to watcher information was told last.
    changes: BTreeMap<EventId, BTreeMap<String, Watcher>>,
    /// Requests for presentities whose last change is not durable yet.
    busy: BTreeMap<String, VecDeque<Held>>,
    /// Requests that came before the store had told what there was.
    held: Option<Vec<Held>>,
    sh: Option<Sh>,
    closing: bool,
}

/// What the server keeps with a subscription.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
struct Watching {
    /// The presentity has not decided.
    is_pending: bool,
    /// Identities of the watcher for rules; none: he does not say.
    identities: Vec<String>,
}

/// A request that waits.
#[derive(Debug)]
struct Held {
    key: ServerKey,
    request: Request,
    flow: Flow,
}

/// What waits for the store.
#[derive(Debug)]
enum Job {
    Restore,
    Published(Box<Published>),
    Subscribed(Box<Accepted>),
    Told(Box<Told>),
    Nothing,
}

impl Node for PresenceServer {
    fn handle_input(&mut self, now: Instant, input: NodeInput<'_>) {
        self.look(now);
        match self.shell.take(now, input) {
            Some(NodeInput::Store(answer)) => {
                if let Some((job, result)) = self.shell.take_answer(answer) {
                    self.stored(now, job, result.map_err(|error| error.to_string()));
                }
            }
            Some(NodeInput::Diameter(input)) if self.sh.is_some() => {
                if let Some(sh) = &mut self.sh {
                    sh.endpoint.handle_input(now, input);
                }
            }
            Some(NodeInput::Admin(crate::node::Admin::Shutdown)) => {
                self.closing = true;
                self.close_sh(now);
            }
            Some(other) => self.shell.ignore("presence server", &format!("{other:?}")),
            None => {}
        }
        self.drain(now);
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.look(now);
        self.shell.handle_timeout(now);
        if let Some(sh) = &mut self.sh {
            sh.endpoint.handle_timeout(now);
        }
        let utc_ms = self.shell.utc_ms(now);
        self.end_publications(now, utc_ms);
        self.end_subscriptions(now, utc_ms);
        self.end_waiting(now, utc_ms);
        while let Some(resource) = self.rule_changes.next(utc_ms) {
            self.rule_changes.set(&resource, None);
            self.decide_again(now, &resource);
        }
        self.drain(now);
    }

    fn poll_timeout(&self) -> Option<Instant> {
        let (told, ends) = self.subscriptions.next_deadline();
        let utc = [ends, self.publications.next_deadline(), self.waiting_ends.first(), self.rule_changes.first()];
        let utc = utc.into_iter().flatten().min().map(|ms| self.shell.instant_of(ms));
        // Without anybody to be told it is soon enough to look when somebody asks.
        let looks = (self.rules.may_change() && !self.subscriptions.is_empty()).then_some(self.looks_at);
        let sh = self.sh.as_ref().and_then(|sh| sh.endpoint.poll_timeout());
        [self.shell.poll_timeout(), told, utc, looks, sh].into_iter().flatten().min()
    }

    fn poll_output(&mut self) -> Option<NodeOutput> {
        self.shell.poll_output()
    }

    fn figures(&self) -> Vec<(&'static str, u64)> {
        let (presentities, publications) = self.publications.counts();
        [
            ("presentities", presentities),
            ("publications", publications),
            ("subscriptions", self.subscriptions.len()),
            ("waiting_watchers", self.waiting.len()),
        ]
        .map(|(name, count)| (name, count as u64))
        .to_vec()
    }
}

impl PresenceServer {
    /// A server that first asks the store what it had.
    ///
    /// # Errors
    /// The URI of the configuration is no SIP URI, or rules of it cannot be read.
    pub fn new(config: PresenceConfig, mut entropy: Entropy) -> Result<Self, String> {
        let (own, stack) = StackConfig::user_agent_at(&config.uri, &config.local, &config.hosts, config.timers)
            .map_err(|why| format!("presence server: {why}"))?;
        let stack = SipStack::new(stack, entropy.split());
        let sh = config.sh.clone().map(|sh| Sh::new(sh, entropy.split()));
        let mut shell = ServiceShell::new(stack, entropy, config.trusted.clone(), config.utc_ms_at_zero);
        let scans = [Table::Publication, Table::PresenceSubscription, Table::WaitingWatcher];
        shell.store(scans.map(|table| NodeStoreOp::Scan { table }).to_vec(), Job::Restore);
        Ok(Self {
            rules: Rules::new(&config.rules, config.without_rules, config.documents.clone())?,
            looks_at: Instant::ZERO,
            config,
            contact: NameAddr::new(Uri::Sip(own)),
            shell,
            subscriptions: Subscriptions::new(Table::PresenceSubscription),
            publications: Publications::default(),
            rule_changes: Due::default(),
            waiting: BTreeMap::new(),
            waiting_ends: Due::default(),
            changes: BTreeMap::new(),
            busy: BTreeMap::new(),
            held: Some(Vec::new()),
            sh,
            closing: false,
        })
    }

    /// The same with offline charging.
    #[must_use]
    pub fn with_charging(mut self, charging: ChargingClient) -> Self {
        self.shell.charging = charging;
        self
    }

    /// The rules of a presentity are others now; none: it has no document any more. Its watchers are told what that means for
    /// them.
    pub fn set_rules(&mut self, now: Instant, resource: &str, rules: Option<PresRules>) {
        self.rules.set(resource, rules);
        self.decide_again(now, resource);
        self.drain(now);
    }

    /// Subscriptions that were looked at to tell them something: what a change costs, without a clock.
    #[must_use]
    pub const fn steps(&self) -> u64 {
        self.subscriptions.steps()
    }

    /// Documents at the XDM server may be others now.
    fn look(&mut self, now: Instant) {
        self.looks_at = now + LOOK;
        match self.rules.news() {
            News::None => {}
            News::Of(users) => users.iter().for_each(|user| self.decide_again(now, user)),
            News::All => {
                self.subscriptions.resources(PRESENCE).iter().for_each(|resource| self.decide_again(now, resource));
            }
        }
    }

    fn drain(&mut self, now: Instant) {
        loop {
            while let Some(output) = self.shell.stack.poll_output() {
                self.handle_stack(now, output);
            }
            if self.drain_sh(now) {
                continue;
            }
            match self.subscriptions.next_due(now) {
                Some(id) => self.tell(now, id),
                None => return,
            }
        }
    }

    fn handle_stack(&mut self, now: Instant, output: StackOutput) {
        match output {
            StackOutput::Transmit { target, bytes } => self.shell.transmit(target, bytes),
            StackOutput::Request { key: Some(key), request, flow } => {
                let held = Held { key, request, flow };
                match &mut self.held {
                    Some(all) => all.push(held),
                    None => self.handle_request(now, held),
                }
            }
            StackOutput::Response { key, response } => {
                let over = self.subscriptions.answered(now, key, Ok(&response));
                self.not_told(now, over, response.status);
            }
            StackOutput::Timeout { key } => {
                let over = self.subscriptions.answered(now, key, Err(408));
                self.not_told(now, over, 408);
            }
            StackOutput::TransportFailed { key, why } => {
                self.shell.say(format!("NOTIFY not sent: {why}"));
                let over = self.subscriptions.answered(now, key, Err(503));
                self.not_told(now, over, 503);
            }
            StackOutput::Ignored { what, why } => self.shell.ignore(&why, &what),
            StackOutput::Request { key: None, .. }
            | StackOutput::Cancel { .. }
            | StackOutput::AckMissing { .. }
            | StackOutput::Terminated { key: TransactionKey::Client(_) } => {}
            StackOutput::Terminated { key } => self.shell.charging.over(key),
        }
    }

    /// One change of a presentity at a time: the next one waits until the one before is durable.
    fn handle_request(&mut self, now: Instant, held: Held) {
        if self.closing {
            return self.shell.refuse(now, held.key, &Refusal::new(503).with("Retry-After", "30"));
        }
        let resource = match self.admit(&held) {
            Ok(resource) => resource,
            Err(refusal) => return self.shell.refuse(now, held.key, &refusal),
        };
        self.shell.charging.begin(now, held.key, RoleOfNode::Terminating, &held.request, None);
        if let Some(queue) = self.busy.get_mut(&resource) {
            return match queue.len() < self.config.limits.queued {
                true => queue.push_back(held),
                false => self.shell.refuse(now, held.key, &Refusal::new(503).with("Retry-After", "5")),
            };
        }
        self.execute(now, &resource, &held);
    }

    fn execute(&mut self, now: Instant, resource: &str, held: &Held) {
        let in_dialog = held.request.to().ok().flatten().is_some_and(|to| to.tag().is_some());
        let done = match self.subscriptions.find(&held.request) {
            Some(id) => self.resubscribe(now, id, held),
            // It has ended while the request waited.
            None if in_dialog => Err(Refusal::new(481)),
            None if held.request.method == Method::PUBLISH => self.publish(now, resource, held),
            None => self.subscribe(now, resource, held),
        };
        if let Err(refusal) = done {
            self.shell.refuse(now, held.key, &refusal);
        }
    }

    /// What every request has to have; the presentity that it is about.
    fn admit(&self, held: &Held) -> Result<String, Refusal> {
        let Held { request, flow, .. } = held;
        if !super::service::trusts(&self.config.trusted, *flow) {
            return Err(Refusal::new(403).because("Not from a trusted domain"));
        }
        check_method(request, &[Method::PUBLISH, Method::SUBSCRIBE])?;
        super::service::check_require(request, &[])?;
        if request.to().ok().flatten().is_some_and(|to| to.tag().is_some()) {
            let id = self.subscriptions.find(request).filter(|_| request.method == Method::SUBSCRIBE);
            let subscribed = id.and_then(|id| self.subscriptions.get(id)).ok_or_else(|| Refusal::new(481))?;
            return Ok(subscribed.resource.clone());
        }
        self.resource_of(&request.uri).ok_or_else(|| Refusal::new(404))
    }

    /// A presentity of one of the domains; `pres:` names the same as `sip:` (RFC 3856 clause 5).
    fn resource_of(&self, uri: &Uri) -> Option<String> {
        let uri = match uri {
            Uri::Other(text) => &Uri::parse(&format!("sip:{}", text.strip_prefix("pres:")?)).ok()?,
            uri => uri,
        };
        match uri {
            Uri::Sip(sip) => {
                let served = self.config.domains.iter().any(|domain| domain.eq_ignore_ascii_case(&sip.host));
                (served && sip.user.is_some()).then(|| uri.identity())
            }
            Uri::Tel(_) => Some(uri.identity()),
            Uri::Other(_) => None,
        }
    }

    /// What is to be stored first; no other change of the presentity until then.
    fn wait(&mut self, resource: &str, ops: Vec<NodeStoreOp>, job: Job) {
        self.busy.entry(resource.to_owned()).or_default();
        self.shell.store(ops, job);
    }

    fn stored(&mut self, now: Instant, job: Job, result: Result<Vec<Rows>, String>) {
        let result = result.map_err(|why| self.shell.say(format!("presence: {why}")));
        let resource = match job {
            Job::Nothing => return,
            Job::Told(told) => return self.told(now, *told, result.is_ok()),
            Job::Restore => return self.restored(now, result),
            Job::Published(published) => {
                let resource = published.resource().to_owned();
                self.published(now, *published, result.is_ok());
                resource
            }
            Job::Subscribed(accepted) => {
                let resource = accepted.resource().to_owned();
                self.accepted(now, *accepted, result.is_ok());
                resource
            }
        };
        // The next ones, as long as they wait for nothing.
        while let Some(queue) = self.busy.remove(&resource) {
            let mut queue = queue;
            let Some(held) = queue.pop_front() else { return };
            self.execute(now, &resource, &held);
            match self.busy.get_mut(&resource) {
                Some(new) => return new.extend(queue),
                None => drop(self.busy.insert(resource.clone(), queue)),
            }
        }
    }

    fn restored(&mut self, now: Instant, rows: Result<Vec<Rows>, ()>) {
        let held = self.held.take().unwrap_or_default();
        let Ok(rows) = rows else {
            self.shell.say("presence: what was known is not known any more: look at the store and start again");
            let refusal = Refusal::new(500).because("The store cannot be read");
            return held.into_iter().for_each(|held| self.shell.refuse(now, held.key, &refusal));
        };
        let mut rows = rows.into_iter();
        for (key, value) in rows.next().unwrap_or_default() {
            match serde_json::from_slice::<Publication>(&value) {
                Ok(publication) => self.publications.insert(publication),
                Err(why) => self.shell.say(format!("stored publication {key} is unreadable: {why}")),
            }
        }
        for (key, value) in rows.next().unwrap_or_default() {
            if !self.subscriptions.restore(&key, &value) {
                self.shell.say(format!("stored subscription {key} is unreadable"));
            }
        }
        for (key, value) in rows.next().unwrap_or_default() {
            match serde_json::from_slice::<Waiting>(&value) {
                Ok(waiting) => self.remember(waiting),
                Err(why) => self.shell.say(format!("stored watcher {key} is unreadable: {why}")),
            }
        }
        self.tell_all_again(now);
        self.sh_restored(now);
        held.into_iter().for_each(|held| self.handle_request(now, held));
    }

    fn decision(&mut self, now: Instant, resource: &str, identities: &[String]) -> protocol::xml::Decision {
        let sphere = publications::sphere_of(&self.publications.composed(resource));
        let utc_ms = self.shell.utc_ms(now);
        self.rules.decide(Asker { resource, identities, sphere: sphere.as_deref(), utc_ms })
    }
}

/// Seconds that a request asks for, within bounds; 423 below them (RFC 3903 clause 6, RFC 6665 clause 4.2.1.1).
fn expires_of(request: &Request, (least, most, without): (u32, u32, u32)) -> Result<u32, Refusal> {
    let asked = request.expires().map_err(|_| Refusal::new(400).because("Bad Expires"))?.unwrap_or(without);
    if asked > 0 && asked < least {
        return Err(Refusal::new(423).with("Min-Expires", &least.to_string()));
    }
    Ok(asked.min(most))
}

/// How soon changed rules are seen, at the latest.
const LOOK: Duration = Duration::from_secs(1);

/// RFC 3856 clause 6.1.
const PRESENCE: &str = "presence";

/// RFC 3857 clause 4.1.
const WINFO: &str = "presence.winfo";

#[cfg(test)]
mod tests;
