//! A plain SIP network in one node (RFC 3261): registrar with digest, location service, stateful proxy that forks, services
//! that requests are led by, and asserted identities for those who have shown who they are (RFC 3325).
//!
//! What the IMS says with P-CSCF, I-CSCF, S-CSCF and HSS is said here by one box: services find the same P-Asserted-Identity,
//! P-Served-User (RFC 5502), Route back and third-party REGISTER, and miss only headers of the IMS, such as
//! P-Charging-Vector.

mod config;
mod contacts;
mod digest;
mod location;
mod register;
mod request;
mod services;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use protocol::sip::proxy::{Proxy, ProxyConfig, ProxyEvent, Refusal};
use protocol::sip::{
    ClientKey, Flow, Request, Response, ServerKey, SipStack, SipUri, StackConfig, StackOutput, TransactionKey, Uri,
};
use protocol::{Entropy, Instant};

pub use config::{Otherwise, Proof, Side, SipNetworkConfig, SipService, SipUser, SipUsersError, parse_sip_users};

use crate::ims::service::ServiceShell;
use crate::node::{Admin, Expiring, Node, NodeInput, NodeOutput, NodeStoreAnswer, NodeStoreOp, Table};
use contacts::Call;
use digest::Guard;
use location::{Binding, Location};
use register::Registered;
use services::Chain;

/// A plain SIP network.
#[derive(Debug)]
pub struct SipNetwork {
    config: SipNetworkConfig,
    own: SipUri,
    shell: ServiceShell<Job>,
    proxy: Proxy,
    guard: Guard,
    /// Which user an identity is of.
    owners: BTreeMap<String, String>,
    location: Location,
    /// How far requests have come that services have, by the token in their Route.
    chains: Expiring<String, Chain>,
    calls: BTreeMap<ServerKey, Call>,
    /// Requests whose client is outside of the trust domain.
    outside: BTreeSet<ServerKey>,
    /// Third-party REGISTERs: to which service.
    told: BTreeMap<ClientKey, String>,
    /// Requests that came before the store had told what there was.
    held: Option<Vec<(ServerKey, Request, Flow)>>,
}

/// What waits until data are durable.
#[derive(Debug)]
enum Job {
    /// Data at the start.
    Restore,
    /// The answer to a REGISTER, and what follows from it.
    Registered(Box<Registered>),
    /// Nothing.
    Nothing,
}

impl Node for SipNetwork {
    fn handle_input(&mut self, now: Instant, input: NodeInput<'_>) {
        match self.shell.take(now, input) {
            Some(NodeInput::Store(answer)) => self.stored(now, answer),
            Some(NodeInput::Admin(Admin::Shutdown)) | None => {}
            Some(other) => self.shell.ignore("a plain SIP network", &format!("{other:?}")),
        }
        self.drain(now);
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.shell.stack.handle_timeout(now);
        self.proxy.handle_timeout(now, &mut self.shell.stack);
        self.drain(now);
        self.guard.expire(now);
        self.chains.expire(now);
        self.expire_contacts(now);
        self.drain(now);
    }

    fn poll_timeout(&self) -> Option<Instant> {
        let own = [
            self.shell.stack.poll_timeout(),
            self.proxy.poll_timeout(),
            self.guard.next_deadline(),
            self.chains.first_end(),
            self.location.next_end().map(|ms| self.shell.instant_of(ms)),
        ];
        own.into_iter().flatten().min()
    }

    fn poll_output(&mut self) -> Option<NodeOutput> {
        self.shell.poll_output()
    }

    fn figures(&self) -> Vec<(&'static str, u64)> {
        let (registrations, contacts) = self.location.counts();
        [("registrations", registrations), ("contacts", contacts), ("requests_under_way", self.calls.len())]
            .map(|(name, count)| (name, count as u64))
            .to_vec()
    }
}

impl SipNetwork {
    /// A network that first asks the store where its users were.
    ///
    /// # Errors
    /// The URI of the configuration is none, or two users share an identity.
    pub fn new(config: SipNetworkConfig, mut entropy: Entropy) -> Result<Self, String> {
        let (own, stack) = StackConfig::proxy_at(&config.uri, &config.local, &config.hosts, config.timers)
            .map_err(|why| format!("SIP network: {why}"))?;
        let mut owners = BTreeMap::new();
        for user in &config.users {
            for identity in &user.identities {
                let uri = Uri::parse(identity).map_err(|e| format!("SIP network: identity {identity}: {e}"))?;
                if owners.insert(uri.identity(), user.name.clone()).is_some() {
                    return Err(format!("SIP network: identity {identity} is of two users"));
                }
            }
        }
        let stack = SipStack::new(stack, entropy.split());
        let guard = Guard::new(&config.domain, &config.algorithms, config.nonce_lifetime, &config.users, &mut entropy);
        let mut shell = ServiceShell::new(stack, entropy, config.trusted.clone(), config.utc_ms_at_zero);
        shell.store(vec![NodeStoreOp::Scan { table: Table::SipLocation }], Job::Restore);
        Ok(Self {
            config,
            own,
            shell,
            proxy: Proxy::new(ProxyConfig::default()),
            guard,
            owners,
            location: Location::default(),
            chains: Expiring::default(),
            calls: BTreeMap::new(),
            outside: BTreeSet::new(),
            told: BTreeMap::new(),
            held: Some(Vec::new()),
        })
    }

    fn drain(&mut self, now: Instant) {
        loop {
            if let Some(output) = self.shell.stack.poll_output() {
                match output {
                    StackOutput::Transmit { target, bytes } => self.shell.output(NodeOutput::Sip { target, bytes }),
                    output => self.proxy.handle(now, &mut self.shell.stack, output),
                }
            } else if let Some(event) = self.proxy.poll_event() {
                self.handle_proxy(now, event);
            } else {
                return;
            }
        }
    }

    fn handle_proxy(&mut self, now: Instant, event: ProxyEvent) {
        match event {
            ProxyEvent::Upstream { key, client, response, .. } => self.handle_upstream(now, key, client, response),
            // The branches answer 487, which goes up.
            ProxyEvent::Cancelled { key, .. } => self.give_up(key),
            ProxyEvent::Trying { .. } => {}
            ProxyEvent::Other(output) => self.handle_stack(now, output),
        }
    }

    fn handle_stack(&mut self, now: Instant, output: StackOutput) {
        match output {
            StackOutput::Request { key: Some(key), request, flow } => match &mut self.held {
                Some(held) if held.len() < MAX_HELD => held.push((key, request, flow)),
                Some(_) => self.refuse(now, key, &Refusal::new(503).with("Retry-After", "8")),
                None => self.handle_request(now, key, request, flow),
            },
            StackOutput::Request { key: None, request, flow } => self.forward_ack(request, flow),
            StackOutput::Cancel { key, .. } => {
                self.give_up(key);
                self.refuse(now, key, &Refusal::new(487));
            }
            StackOutput::Response { key, response } => self.service_told(key, response.status),
            StackOutput::Timeout { key } => self.service_told(key, 408),
            StackOutput::TransportFailed { key, why } => {
                self.shell.say(format!("own request not sent: {why}"));
                self.service_told(key, 503);
            }
            StackOutput::Terminated { key: TransactionKey::Server(key) } => {
                self.calls.remove(&key);
                self.outside.remove(&key);
            }
            StackOutput::Terminated { key: TransactionKey::Client(key) } => drop(self.told.remove(&key)),
            StackOutput::AckMissing { .. } => {}
            StackOutput::Ignored { what, why } => self.shell.ignore(&why, &what),
            StackOutput::Transmit { target, bytes } => self.shell.output(NodeOutput::Sip { target, bytes }),
        }
    }

    fn stored(&mut self, now: Instant, answer: NodeStoreAnswer) {
        match self.shell.take_answer(answer) {
            Some((Job::Restore, Ok(tables))) => self.restore(now, tables.into_iter().flatten()),
            Some((Job::Restore, Err(error))) => {
                self.shell.say(format!("contacts of the last run are lost: {error}"));
                self.restore(now, std::iter::empty());
            }
            Some((Job::Registered(job), result)) => self.registration_stored(now, *job, result.err()),
            Some((Job::Nothing, Err(error))) => self.shell.say(format!("a change could not be stored: {error}")),
            Some((Job::Nothing, Ok(_))) | None => {}
        }
    }

    fn restore(&mut self, now: Instant, rows: impl Iterator<Item = (String, Vec<u8>)>) {
        for (aor, value) in rows {
            let bindings = serde_json::from_slice::<Vec<Binding>>(&value);
            // A user may have been taken out of the configuration meanwhile.
            let known = bindings.ok().filter(|_| self.owners.contains_key(&aor));
            match known {
                Some(bindings) => self.location.put(&aor, bindings),
                None => {
                    self.shell.store(vec![NodeStoreOp::Delete { table: Table::SipLocation, key: aor }], Job::Nothing)
                }
            }
        }
        let held = self.held.take().unwrap_or_default();
        self.expire_contacts(now);
        for (key, request, flow) in held {
            self.handle_request(now, key, request, flow);
        }
    }

    /// A box of the trust domain. Unlike in the IMS, where UEs come by a P-CSCF, who is not named is a stranger.
    fn trusts(&self, flow: Flow) -> bool {
        self.config.trusted.iter().any(|peer| peer.is(flow.remote))
    }

    fn is_own(&self, uri: &SipUri) -> bool {
        let (host, port) = uri.host_port();
        let (own, own_port) = self.own.host_port();
        let here = |(_, at): &(_, std::net::SocketAddr)| Some(at.ip()) == uri.host_address() && at.port() == port;
        (host.eq_ignore_ascii_case(own) && port == own_port) || self.config.local.iter().any(here)
    }

    /// A host whose users are ours.
    fn is_home(&self, uri: &SipUri) -> bool {
        uri.host.eq_ignore_ascii_case(&self.config.domain)
    }

    fn refuse(&mut self, now: Instant, key: ServerKey, refusal: &Refusal) {
        self.calls.remove(&key);
        self.shell.refuse(now, key, refusal);
    }

    fn respond(&mut self, now: Instant, key: ServerKey, response: Response) {
        if self.proxy.respond(now, &mut self.shell.stack, key, response).is_err() {
            self.shell.ignore("the transaction is over", "response");
        }
    }
}

/// Requests that wait for the store at the start.
const MAX_HELD: usize = 10_000;
