//! IP-Message-GW, called IP-SM-GW since: TR 23.804 clause 5.1.1, TS 23.204, TS 24.341.
//!
//! UEs come to it in two ways: straight over IP on R2 (clauses 8.1 to 8.6), or by the IMS, whose application server it is
//! (clauses 8.7 to 8.10). To the HLR it looks like an SGSN (R1), to SMS-GMSC and SMS-IWMSC like an MSC (R6). Messages are
//! carried as RP-DATA in MESSAGE; a message is delivered when the relay layer says so, never because a SIP response does.

mod arriving;
pub(in crate::sms) mod causes;
mod challenge;
mod charged;
mod config;
mod ims;
mod leaving;
mod letter;
mod map_side;
mod message;
mod mms;
mod mo;
mod mt;
mod reg_event;
mod registration;
mod row;
#[cfg(test)]
mod tests;
mod users;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use protocol::map::{DialogueId, MapEndpoint};
use protocol::sip::proxy::Refusal;
use protocol::sip::{
    ClientKey, Flow, Method, NameAddr, Request, Response, ServerKey, SipStack, SipUri, StackConfig, StackOutput, Uri,
};
use protocol::{Entropy, Instant};

pub use config::{IpMessageGwConfig, IpMessageGwLimits, RegistrationTimes};
pub use mms::{GatewayMms, GatewayRelay};

use super::charging::{SmsCharging, SmsTicket};
use crate::ims::service::ServiceShell;
use crate::ims::service::event::Subscriptions;
use crate::node::{Admin, Node, NodeInput, NodeOutput, NodeStoreAnswer, NodeStoreOp, Rows, Table};
use arriving::Arrivals;
use challenge::Challenges;
use leaving::Leaving;
use letter::Letter;
use map_side::{Asked, Titles, map_config};
use mms::Mms;
use mo::Mos;
use mt::Mts;
use reg_event::Subscribing;
use row::Row;
use users::{User, Users};

/// An IP-Message-GW.
#[derive(Debug)]
pub struct IpMessageGw {
    config: IpMessageGwConfig,
    own: SipUri,
    /// Its Contact.
    contact: NameAddr,
    titles: Titles,
    shell: ServiceShell<Job>,
    /// Charging: off unless somebody turns it on.
    charging: SmsCharging,
    map: MapEndpoint,
    /// What an earlier run has left is read; before that nothing is taken.
    is_ready: bool,
    /// When it is read again what could not be read.
    read_again: Option<Instant>,
    users: Users,
    challenges: Challenges,
    arrivals: Arrivals,
    subscriptions: Subscriptions<()>,
    asked: BTreeMap<DialogueId, Asked>,
    /// Users who are about to be gone.
    leaving: BTreeSet<String>,
    /// Dialogues of the HLR whose answers wait for the store.
    serving: BTreeSet<DialogueId>,
    mos: Mos,
    mts: Mts,
    mms: Mms,
    clients: BTreeMap<ClientKey, ClientUse>,
    last_number: u64,
    counters: Counters,
}

/// What is counted since the start.
#[derive(Clone, Copy, Debug, Default)]
struct Counters {
    registered: u64,
    mo_accepted: u64,
    mo_forwarded: u64,
    mo_refused: u64,
    mt_delivered: u64,
    mt_failed: u64,
    repeated: u64,
}

/// What a MESSAGE of its own is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum ClientUse {
    /// RP-DATA: this message.
    Deliver(u64),
    /// What became of this message.
    Report(u64),
    /// A PDU of MM1: of this exchange.
    Mms(u64),
    /// Nothing hangs on it.
    Aside,
}

/// What waits for the store.
#[derive(Debug)]
enum Job {
    /// Everything that was left by an earlier run.
    Read,
    /// A registration: its REGISTER is answered.
    Registered { key: ServerKey, user: Box<User>, expires_s: u32, arrival: Option<u64> },
    /// Its end.
    Left { imsi: String, stamp: u64, leaving: Leaving },
    /// Other data of a user, and the dialogue that waits.
    Changed(DialogueId, i8),
    /// A subscription.
    Subscribed(Box<Subscribing>),
    /// A message from a UE.
    MoTaken(u64),
    /// What became of it.
    MoAnswered(u64, SmsTicket),
    /// What names the MESSAGE to a UE.
    MtPlaced(u64),
    /// The UE's report.
    MtReported(u64, SmsTicket),
    /// What charging has to keep of a message.
    Charged(SmsTicket),
    /// Nobody.
    Nothing,
}

impl Node for IpMessageGw {
    fn handle_input(&mut self, now: Instant, input: NodeInput<'_>) {
        match self.shell.take(now, input) {
            Some(NodeInput::Store(answer)) => {
                if let Some(answer) = self.charging.stored(now, answer) {
                    self.store_answered(now, answer);
                }
            }
            Some(NodeInput::Diameter(input)) if self.charging.diameter(now, input).is_some() => {
                self.shell.ignore("IP-Message-GW", "Diameter that is not for it");
            }
            Some(NodeInput::Diameter(_)) => {}
            Some(NodeInput::Sccp { bytes }) => self.sccp(now, bytes),
            Some(NodeInput::Http { exchange, peer, request }) => self.push(now, exchange, peer, &request),
            Some(NodeInput::HttpResponse { token, result }) => self.relay_answered(now, token, result),
            Some(NodeInput::Admin(Admin::Shutdown)) => self.charging.shut_down(now),
            None => {}
            // What it holds may be a secret.
            Some(_) => self.shell.ignore("IP-Message-GW", "an input that is neither SIP, MAP nor HTTP"),
        }
        self.drain(now);
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.shell.handle_timeout(now);
        self.map.handle_timeout(now);
        self.charging.handle_timeout(now);
        self.drain(now);
        if self.read_again.is_some_and(|at| at <= now) {
            self.read_again = None;
            self.shell.store(what_was_left(), Job::Read);
        }
        if self.is_ready {
            let utc_ms = self.shell.utc_ms(now);
            self.challenges.expire(now);
            self.end_early(now);
            self.end_silences(now);
            self.end_guarded(now);
            self.notify_due(now);
            self.end_mms_waits(now);
            self.forget_mos(utc_ms);
            self.forget_mts(utc_ms);
        }
        self.drain(now);
    }

    fn poll_timeout(&self) -> Option<Instant> {
        let (told, ended) = self.subscriptions.next_deadline();
        let utc = [ended, self.users.next_guard(), self.mos.next_end(), self.mts.next_end()];
        let utc = utc.into_iter().flatten().map(|ms| self.shell.instant_of(ms));
        let own = [
            self.shell.poll_timeout(),
            self.map.poll_timeout(),
            self.charging.poll_timeout(),
            self.challenges.next_deadline(),
            self.arrivals.next_deadline(),
            self.mts.next_silence(),
            self.read_again,
            self.mms.next_deadline(),
            told,
        ];
        own.into_iter().flatten().chain(utc).min()
    }

    fn poll_output(&mut self) -> Option<NodeOutput> {
        self.shell.poll_output().or_else(|| self.charging.poll_output())
    }

    fn figures(&self) -> Vec<(&'static str, u64)> {
        let counters = self.counters;
        let mut all = vec![
            ("users", self.users.len() as u64),
            ("registered", counters.registered),
            ("challenges", self.challenges.len() as u64),
            ("early", self.arrivals.waiting() as u64),
            ("dialogues", self.map.dialogues() as u64),
            ("waiting", self.waiting() as u64),
            ("mo_accepted", counters.mo_accepted),
            ("mo_forwarded", counters.mo_forwarded),
            ("mo_refused", counters.mo_refused),
            ("mt_delivered", counters.mt_delivered),
            ("mt_failed", counters.mt_failed),
            ("repeated", counters.repeated),
            ("mms_exchanges", self.mms.len() as u64),
            ("mms_submitted", self.mms.counters.submitted),
            ("mms_retrieved", self.mms.counters.retrieved),
            ("mms_pushed", self.mms.counters.pushed),
            ("mms_refused", self.mms.counters.refused),
        ];
        all.extend(self.charging.figures());
        all
    }
}

impl IpMessageGw {
    /// A gateway that first asks the store what an earlier run has left.
    ///
    /// # Errors
    /// The URI of the configuration is no SIP URI, or a number is none.
    pub fn new(config: IpMessageGwConfig, mut entropy: Entropy) -> Result<Self, String> {
        // A request that comes again is known here: it is no merged one (RFC 3261 clause 8.2.2.2).
        let named = StackConfig::proxy_at(&config.uri, &config.local, &config.hosts, config.timers);
        let (own, stack) = named.map_err(|why| format!("IP-Message-GW: {why}"))?;
        let titles = Titles::of(&config).map_err(|why| format!("IP-Message-GW: {why}"))?;
        let stack = SipStack::new(stack, entropy.split());
        let map = MapEndpoint::new(map_config(&config), entropy.split());
        let mut shell = ServiceShell::new(stack, entropy, config.trusted.clone(), config.utc_ms_at_zero);
        shell.store(what_was_left(), Job::Read);
        let pushes = config.mms.as_ref().map_or(0, |mms| mms.pushes);
        Ok(Self {
            contact: NameAddr::new(Uri::Sip(own.clone())),
            config,
            own,
            titles,
            shell,
            charging: SmsCharging::off(),
            map,
            is_ready: false,
            read_again: None,
            users: Users::default(),
            challenges: Challenges::default(),
            arrivals: Arrivals::default(),
            subscriptions: Subscriptions::new(Table::IpMessageGwSubscription),
            asked: BTreeMap::new(),
            leaving: BTreeSet::new(),
            serving: BTreeSet::new(),
            mos: Mos::default(),
            mts: Mts::default(),
            mms: Mms::new(pushes),
            clients: BTreeMap::new(),
            last_number: 0,
            counters: Counters::default(),
        })
    }

    /// The same with charging on Rf and Ro (TR 23.804 clause 7).
    #[must_use]
    pub fn with_charging(mut self, charging: SmsCharging) -> Self {
        self.charging = charging;
        self
    }

    fn drain(&mut self, now: Instant) {
        loop {
            if let Some(output) = self.shell.stack.poll_output() {
                self.handle_stack(now, output);
            } else if let Some(output) = self.map.poll_output() {
                self.handle_map(now, output);
            } else if let Some(event) = self.charging.poll_event() {
                self.mo_decided(now, event.token, event.decision);
            } else {
                return;
            }
        }
    }

    fn handle_stack(&mut self, now: Instant, output: StackOutput) {
        match output {
            StackOutput::Transmit { target, bytes } => self.shell.transmit(target, bytes),
            StackOutput::Request { key: Some(key), request, flow } => {
                if let Err(refusal) = self.handle_request(now, key, &request, flow) {
                    self.shell.refuse(now, key, &refusal);
                }
            }
            StackOutput::Response { key, response } => self.answered(now, key, Ok(&response)),
            StackOutput::Timeout { key } => self.answered(now, key, Err(408)),
            StackOutput::TransportFailed { key, why } => {
                self.shell.say(format!("own request not sent: {why}"));
                self.answered(now, key, Err(503));
            }
            StackOutput::Ignored { what, why } => self.shell.ignore(&why, &what),
            StackOutput::Cancel { key, .. } => self.shell.reply(now, key, 487),
            StackOutput::Request { key: None, .. }
            | StackOutput::AckMissing { .. }
            | StackOutput::Terminated { .. } => {}
        }
    }

    fn handle_request(&mut self, now: Instant, key: ServerKey, request: &Request, flow: Flow) -> Result<(), Refusal> {
        if !self.is_ready {
            return Err(Refusal::new(503).because("Not ready").with("Retry-After", "2"));
        }
        // Without CSCFs that are known, there is no ISC.
        let is_isc =
            !self.config.r2.contains(&flow.local) && self.shell.trusted.iter().any(|peer| peer.is(flow.remote));
        match (&request.method, is_isc) {
            (&Method::REGISTER, true) => self.third_party_register(now, key, request),
            (&Method::REGISTER, false) => self.register(now, key, request, flow),
            (&Method::MESSAGE, _) => self.message(now, key, request, (flow, is_isc)),
            (&Method::SUBSCRIBE, false) => self.subscribe(now, key, request, flow),
            (&Method::OPTIONS, _) => Err(Refusal::new(200).with("Allow", ALLOW)),
            _ => Err(Refusal::new(405).with("Allow", ALLOW)),
        }
    }

    /// A response to a request of its own, or the status that stands for none.
    fn answered(&mut self, now: Instant, client: ClientKey, response: Result<&Response, u16>) {
        let status = response.map_or_else(|status| status, |response| response.status);
        if status < 200 {
            return;
        }
        match self.clients.remove(&client) {
            Some(ClientUse::Deliver(number)) => self.mt_answered(now, number, status),
            Some(ClientUse::Report(number)) => self.mo_reported(now, number, status),
            Some(ClientUse::Mms(number)) => self.mms_answered(now, number, status),
            Some(ClientUse::Aside) => {}
            None => {
                if let Some(gone) = self.subscriptions.answered(now, client, response) {
                    self.unsubscribe(gone);
                }
            }
        }
    }

    /// Sends a MESSAGE to a user; false when that cannot be.
    fn send(&mut self, now: Instant, user: &User, letter: &Letter<'_>, usage: ClientUse) -> bool {
        let made = letter.to_request(user, &self.own, &self.config.domain, self.config.uses_tel_uri);
        let sent = made.and_then(|(request, next_hop)| {
            self.shell.stack.send_request(now, request, next_hop).map_err(|error| error.to_string())
        });
        match sent {
            Ok(client) => {
                self.clients.insert(client, usage);
                true
            }
            Err(why) => {
                self.shell.say(format!("a MESSAGE for {} is not sent: {why}", user.imsi));
                false
            }
        }
    }

    fn store_answered(&mut self, now: Instant, answer: NodeStoreAnswer) {
        let Some((job, result)) = self.shell.take_answer(answer) else { return };
        if let Err(error) = &result {
            self.shell.say(format!("the store has failed: {error}"));
        }
        let is_durable = result.is_ok();
        match job {
            Job::Read => match result {
                Ok(tables) => self.restore(now, tables),
                // Without it numbers would be given twice, and rows of accepted messages be written over.
                Err(_) => self.read_again = Some(now + READ_AGAIN),
            },
            Job::Registered { key, user, expires_s, arrival } if is_durable => {
                self.registered(now, key, *user, expires_s);
                self.arrived(now, arrival, None);
            }
            Job::Registered { key, user, arrival, .. } => {
                self.users.written(key, &user.imsi);
                self.not_registered(now, key, arrival, &Refusal::new(500).because("Not stored"));
            }
            Job::Left { imsi, stamp, leaving } => self.left(now, (&imsi, stamp), leaving),
            Job::Changed(dialogue, invoke_id) => self.data_stored(now, (dialogue, invoke_id), is_durable),
            Job::Subscribed(subscribing) if is_durable => self.subscribed(now, *subscribing),
            Job::Subscribed(subscribing) => self.not_subscribed(now, &subscribing),
            Job::MoTaken(number) => self.mo_taken(now, number, is_durable),
            // What the service centre has said is true all the same.
            Job::MoAnswered(number, ticket) => {
                self.charging.kept(now, ticket);
                self.report_mo(now, number);
            }
            Job::MtPlaced(number) => self.mt_placed(now, number, is_durable),
            Job::MtReported(number, ticket) => {
                self.charging.kept(now, ticket);
                self.mt_delivered(now, number, is_durable);
            }
            Job::Charged(ticket) => self.charging.kept(now, ticket),
            Job::Nothing => {}
        }
    }

    /// What an earlier run has left.
    fn restore(&mut self, now: Instant, tables: Vec<Rows>) {
        let mut tables = tables.into_iter();
        let mut next = || tables.next().unwrap_or_default();
        let (users, messages, subscriptions) = (next(), next(), next());
        for (imsi, value) in users {
            match serde_json::from_slice::<User>(&value) {
                Ok(user) => self.users.insert(user),
                Err(_) => self.shell.say(format!("the user {imsi} in the store is unreadable and stays there")),
            }
        }
        for (key, value) in subscriptions {
            if !self.subscriptions.restore(&key, &value) {
                self.shell.say(format!("the subscription {key} in the store is unreadable and stays there"));
            }
        }
        for (key, value) in messages {
            let number = row::number_of(&key);
            self.last_number = self.last_number.max(number.unwrap_or(0));
            match (number, serde_json::from_slice::<Row>(&value)) {
                (Some(number), Ok(Row::Mo(mo))) => self.restore_mo(number, mo),
                (Some(number), Ok(Row::Mt(mt))) => self.restore_mt(now, number, mt),
                _ => self.shell.say(format!("the message {key} in the store is unreadable and stays there")),
            }
        }
        self.is_ready = true;
        self.resume_mos(now);
    }

    /// Messages on their way, both ways.
    fn waiting(&self) -> usize {
        self.mos.waiting() + self.mts.waiting()
    }

    const fn next_number(&mut self) -> u64 {
        self.last_number += 1;
        self.last_number
    }

    /// Its own host, or the home domain, whose users it registers.
    fn is_home(&self, uri: &SipUri) -> bool {
        let here = self.config.local.iter().any(|(_, at)| Some(at.ip()) == uri.host_address());
        here || [&self.config.domain, &self.own.host].into_iter().any(|host| host.eq_ignore_ascii_case(&uri.host))
    }
}

fn what_was_left() -> Vec<NodeStoreOp> {
    let tables = [Table::IpMessageGwUser, Table::IpMessageGwMessage, Table::IpMessageGwSubscription];
    tables.map(|table| NodeStoreOp::Scan { table }).to_vec()
}

/// How long nothing is read again that could not be read.
const READ_AGAIN: Duration = Duration::from_secs(1);
const ALLOW: &str = "MESSAGE, OPTIONS, REGISTER, SUBSCRIBE";
