//! Messages that come in, from subscribers and from other relays: once each, and all of it in one transaction.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use protocol::Instant;
use protocol::mms::EncodedString;
use protocol::mms::{ForwardConf, MmsPdu, MmsVersion, ResponseStatus, SendConf};
use protocol::smtp::SmtpReply;
use serde::{Deserialize, Serialize};

use super::keys::{piece_key, put};
use super::message::{Destination, Message, Origin};
use super::mm1::answer_pdu;
use super::task::{Letter, Task, UPKEEP_WAY, Work, relay_way};
use super::work::{Change, Effect, Event, Written};
use super::{Job, MmsRelay};
use crate::node::rows::{of_number_key, of_row};
use crate::node::{HttpExchange, NodeStoreOp, Rows, StreamId, Table};

/// A message that is about to come in.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) message: Message,
    /// What only one at a time may have: by what its sender calls it.
    pub(super) lock: String,
    /// Its content, unless it shares that of another one.
    pub(super) pieces: Vec<Vec<u8>>,
    /// It goes to nobody before.
    pub(super) not_before_ms: u64,
    pub(super) reply: Reply,
    /// The message that its sender sends on, at which recipient, and whether that may be reported.
    pub(super) source: Option<(u64, usize, bool)>,
    /// Where that message waits: the last part of X-Mms-Content-Location.
    pub(super) reference: Option<String>,
}

/// How who has sent it is answered.
#[derive(Debug)]
pub(super) enum Reply {
    /// By M-Send.conf, or M-Forward.conf.
    Mm1 {
        exchange: HttpExchange,
        transaction_id: String,
        version: MmsVersion,
        is_forward: bool,
        /// Why it is refused, unless it came before: when it did it may have been in time.
        unless_known: Option<Refusal>,
    },
    /// By 250, and MM4_forward.RES when that is wanted.
    Mail { conn: StreamId, response: Option<Letter> },
}

/// Why it is not taken.
#[derive(Clone, Debug)]
pub(super) struct Refusal {
    pub(super) status: ResponseStatus,
    pub(super) text: String,
}

/// What is kept by the sender's name for a message.
#[derive(Debug, Serialize, Deserialize)]
struct Known {
    number: u64,
}

impl Refusal {
    pub(super) fn new(status: ResponseStatus, text: impl Into<String>) -> Self {
        Self { status, text: text.into() }
    }
}

impl MmsRelay {
    /// A message wants to come in.
    pub(super) fn admit(&mut self, draft: Draft) {
        if let Some(root) = draft.message.content_of {
            return self.on_message(root, Event::Share(Box::new(draft)));
        }
        if let Some(waiting) = self.arriving.get_mut(&draft.lock) {
            return waiting.push_back(draft);
        }
        self.arriving.insert(draft.lock.clone(), VecDeque::new());
        self.shell.store(reads(&draft), Job::Known(Box::new(draft)));
    }

    /// The next one of this name may come in.
    pub(super) fn arrived(&mut self, lock: &str) {
        let mut waiting = self.arriving.remove(lock).unwrap_or_default().into_iter();
        if let Some(draft) = waiting.next() {
            self.admit(draft);
            if let Some(queue) = self.arriving.get_mut(lock) {
                queue.extend(waiting);
            }
        }
    }

    pub(super) fn origin_read(&mut self, now: Instant, draft: Draft, rows: &[Rows]) {
        let lock = draft.lock.clone();
        match self.sift(draft, rows) {
            Ok(draft) => match self.check_new(&draft) {
                Ok(()) => self.take_in(now, draft, None),
                Err(refusal) => {
                    self.refuse_draft(now, draft, &refusal);
                    self.arrived(&lock);
                }
            },
            Err(known) => {
                let (draft, number) = *known;
                let accepted_ms = draft.message.accepted_ms;
                self.take_again(draft.reply, accepted_ms, number, Written { origin: Some(lock), ..Written::default() });
            }
        }
    }

    /// A new message shares the content of this one, which has its turn.
    pub(super) fn share(&mut self, now: Instant, root: u64, message: Option<Message>, draft: Draft) {
        match message.filter(|message| message.has_content) {
            Some(message) => self.shell.store(reads(&draft), Job::Shared(root, Box::new(message), Box::new(draft))),
            None => {
                self.refuse_draft(now, draft, &not_there());
                self.unlock(root);
            }
        }
    }

    pub(super) fn shared_read(&mut self, now: Instant, root: u64, message: Message, draft: Draft, rows: &[Rows]) {
        match self.sift(draft, rows) {
            Ok(draft) => match self.check_new(&draft) {
                Ok(()) => self.take_in(now, draft, Some((root, message))),
                Err(refusal) => {
                    self.refuse_draft(now, draft, &refusal);
                    self.unlock(root);
                }
            },
            Err(known) => {
                let (draft, number) = *known;
                let accepted_ms = draft.message.accepted_ms;
                self.take_again(draft.reply, accepted_ms, number, Written { unlock: Some(root), ..Written::default() });
            }
        }
    }

    /// Takes those recipients out who have it; it came before when nobody is left, or when it is a subscriber's.
    fn sift(&self, mut draft: Draft, rows: &[Rows]) -> Result<Draft, Box<(Draft, u64)>> {
        let known: Vec<Option<u64>> = rows
            .iter()
            .map(|rows| rows.first().and_then(|(_, value)| of_row::<Known>(value)).map(|known| known.number))
            .collect();
        let Some(number) = known.iter().flatten().next().copied() else { return Ok(draft) };
        if known.iter().all(Option::is_some) || matches!(draft.message.origin, Origin::Subscriber(_)) {
            return Err(Box::new((draft, number)));
        }
        let mut recipients = known.iter();
        draft.message.recipients.retain(|_| recipients.next().is_none_or(Option::is_none));
        let mut keys = known.iter();
        draft.message.origin_keys.retain(|_| keys.next().is_none_or(Option::is_none));
        Ok(draft)
    }

    /// What did not come before is in time, and has room.
    fn check_new(&self, draft: &Draft) -> Result<(), Refusal> {
        match &draft.reply {
            Reply::Mm1 { unless_known: Some(refusal), .. } => Err(refusal.clone()),
            _ => self.check_room(draft),
        }
    }

    /// Quotas (TS 23.140 clause 7.1.2).
    fn check_room(&self, draft: &Draft) -> Result<(), Refusal> {
        let (limits, octets) = (&self.config.limits, draft.message.octets);
        let full = |what: String| Err(Refusal::new(ResponseStatus::TRANSIENT_FAILURE, what));
        let is_own = draft.message.content_of.is_none();
        let is_full = self.census.messages() >= limits.messages
            || self.census.octets().saturating_add(octets) > limits.stored_octets;
        if is_own && is_full {
            return full("the relay has no room left: try again later".to_owned());
        }
        let recipients = draft.message.recipients.iter().filter_map(|recipient| recipient.own());
        let mut full_ones = recipients.clone().filter(|msisdn| !self.has_room(msisdn, octets)).peekable();
        let Some(msisdn) = full_ones.peek().copied() else { return Ok(()) };
        // A mail is taken for all or for nobody now, and who was full when it was asked has refused it: one who has become so
        // does not keep it from the others, and has one message more than there is room for.
        let is_mail = matches!(draft.reply, Reply::Mail { .. });
        match is_mail && full_ones.count() < recipients.count() {
            true => Ok(()),
            false => full(format!("there is no room left for +{msisdn}: try again later")),
        }
    }

    /// Whether a message of so many octets has room at a subscriber.
    pub(super) fn has_room(&self, msisdn: &str, octets: u64) -> bool {
        let own = self.routes.subscriber(msisdn).and_then(|n| self.config.subscribers.get(n));
        own.is_none_or(|own| {
            let (messages, sum) = self.census.of_user(msisdn);
            messages < own.messages && sum.saturating_add(octets) <= own.octets
        })
    }

    /// It is written.
    fn take_in(&mut self, now: Instant, draft: Draft, root: Option<(u64, Message)>) {
        let Draft { mut message, lock, pieces, not_before_ms, reply, source, reference } = draft;
        let (number, now_ms) = (self.new_number(), self.shell.utc_ms(now));
        let mut change = Change::default();
        let mut undo = Vec::new();
        message.pieces = pieces.len();
        for (at, value) in pieces.into_iter().enumerate() {
            change.ops.push(NodeStoreOp::Put { table: Table::MmsContent, key: piece_key(number, at), value });
        }
        if message.content_of.is_none() {
            self.census.enter(message.octets);
            undo.push(Effect::Freed(number, message.octets));
        }
        for key in &message.origin_keys {
            change.ops.push(put(Table::MmsOrigin, key.clone(), &Known { number }));
        }
        self.begin_tasks(&mut change.ops, now_ms, number, &mut message, not_before_ms);
        for msisdn in message.recipients.iter().filter_map(|recipient| recipient.own()) {
            self.census.enter_user(msisdn, message.octets);
            undo.push(Effect::Left(number, msisdn.to_owned(), message.octets));
        }
        change.save(number, &message);
        let unlock = root.as_ref().map(|(root, _)| *root);
        if let Some((root, mut shared)) = root {
            shared.holders.insert(number);
            if let Some((_, recipient, allowed)) = source.filter(|(source, ..)| *source == root) {
                self.report_sent_on(now, &mut change, root, &mut shared, recipient, allowed);
            }
            change.save(root, &shared);
        }
        if let Some((source, recipient, true)) = source.filter(|(source, ..)| Some(*source) != unlock) {
            let work = Work::SentOn { message: source, recipient };
            self.add_task(&mut change.ops, &Task::new(work, UPKEEP_WAY, now_ms, now_ms));
        }
        self.counters.accepted += 1;
        self.charge_accepted(now, number, &message, reference.as_deref());
        self.accepted(&mut change, now_ms, reply, number);
        let origin = unlock.is_none().then_some(lock);
        self.write(change.ops, Written { then: change.then, otherwise: undo, unlock, origin, ..Written::default() });
    }

    /// What is to be done with a new message.
    fn begin_tasks(
        &mut self,
        ops: &mut Vec<NodeStoreOp>,
        now_ms: u64,
        number: u64,
        message: &mut Message,
        not_before_ms: u64,
    ) {
        let due_ms = now_ms.max(not_before_ms);
        let mut leaving: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for at in 0..message.recipients.len() {
            match message.recipients[at].to.clone() {
                Destination::Own(msisdn) => {
                    let location = format!("{number:x}-{at}-{}", self.entropy.token(LOCATION));
                    message.recipients[at].location = location;
                    if let Some(way) = self.first_push(&msisdn) {
                        let work = Work::Notify { message: number, recipient: at, msisdn };
                        self.add_task(ops, &Task::new(work, way, now_ms, due_ms));
                    }
                }
                Destination::Relay(name) => leaving.entry(name).or_default().push(at),
            }
        }
        for (name, recipients) in leaving {
            let work = Work::Forward { message: number, recipients };
            self.add_task(ops, &Task::new(work, &relay_way(&name), due_ms, due_ms));
        }
        let work = Work::Expire { message: number };
        self.add_task(ops, &Task::new(work, UPKEEP_WAY, now_ms, message.expires_ms));
    }

    /// It came before: it is answered as then.
    fn take_again(&mut self, reply: Reply, accepted_ms: u64, number: u64, mut written: Written) {
        self.counters.repeated += 1;
        let mut change = Change::default();
        self.accepted(&mut change, accepted_ms, reply, number);
        written.then = change.then;
        self.write(change.ops, written);
    }

    /// Something is sent on that is not there any more: it is taken if that was done before.
    pub(super) fn sent_on_before(&mut self, now: Instant, reply: Reply, rows: &Rows) {
        match rows.first().and_then(|(_, value)| of_row::<Known>(value)) {
            Some(known) => self.take_again(reply, self.shell.utc_ms(now), known.number, Written::default()),
            None => self.refuse_reply(now, reply, &not_there()),
        }
    }

    /// Who has sent it hears so when it is durable.
    fn accepted(&mut self, change: &mut Change, now_ms: u64, reply: Reply, number: u64) {
        match reply {
            Reply::Mm1 { exchange, transaction_id, version, is_forward, .. } => {
                let message_id = self.message_id(number);
                let pdu = match is_forward {
                    true => {
                        let conf = ForwardConf::new(&transaction_id, version, ResponseStatus::OK);
                        MmsPdu::from(ForwardConf { message_id: Some(message_id), ..conf })
                    }
                    false => SendConf::ok(&transaction_id, version, &message_id).into(),
                };
                change.then.push(Effect::Answer(exchange, Box::new(answer_pdu(&pdu))));
            }
            Reply::Mail { conn, response } => {
                if let Some(letter) = response {
                    self.add_letter(&mut change.ops, now_ms, letter);
                }
                change.then.push(Effect::Mail(conn, None));
            }
        }
    }

    /// Who has sent it hears why it is not taken.
    pub(super) fn refuse_draft(&mut self, now: Instant, draft: Draft, refusal: &Refusal) {
        self.refuse_reply(now, draft.reply, refusal);
    }

    fn refuse_reply(&mut self, now: Instant, reply: Reply, refusal: &Refusal) {
        self.counters.refused += 1;
        match reply {
            Reply::Mm1 { exchange, transaction_id, version, is_forward, .. } => {
                let pdu = refused(&transaction_id, version, is_forward, refusal);
                self.shell.output(crate::node::NodeOutput::Http { exchange, response: answer_pdu(&pdu) });
            }
            // Only room is looked for so late: an MTA comes again by itself.
            Reply::Mail { conn, .. } => self.answer_mail(now, conn, Some(SmtpReply::no_room(&refusal.text))),
        }
    }

    /// The store has failed.
    pub(super) fn not_sent_on(&mut self, now: Instant, reply: Reply) {
        self.refuse_reply(now, reply, &Refusal::new(ResponseStatus::TRANSIENT_FAILURE, super::work::TRY_LATER));
    }

    /// The same.
    pub(super) fn not_accepted(&mut self, now: Instant, draft: Draft) {
        let lock = draft.message.content_of.is_none().then(|| draft.lock.clone());
        let refusal = Refusal::new(ResponseStatus::TRANSIENT_FAILURE, super::work::TRY_LATER);
        self.refuse_draft(now, draft, &refusal);
        if let Some(lock) = lock {
            self.arrived(&lock);
        }
    }

    /// When a message is over: what its sender wants, as far as it may.
    pub(super) fn expires_ms(&self, now_ms: u64, wanted_ms: Option<u64>) -> u64 {
        let most = now_ms.saturating_add(millis(self.config.times.max_expiry));
        wanted_ms.unwrap_or_else(|| now_ms.saturating_add(millis(self.config.times.expiry))).min(most)
    }

    /// Message-ID, and X-Mms-Message-ID on MM4.
    pub(super) fn message_id(&self, number: u64) -> String {
        format!("{number:016x}@{}", self.config.domain)
    }

    /// The number of a Message-ID of this relay.
    pub(super) fn of_message_id(&self, text: &str) -> Option<u64> {
        let text = text.trim().trim_matches(['<', '>', '"']);
        let (number, domain) = text.split_once('@')?;
        let is_own = domain.eq_ignore_ascii_case(&self.config.domain);
        of_number_key(number).filter(|_| is_own)
    }
}

/// What tells whether a message came before.
fn reads(draft: &Draft) -> Vec<NodeStoreOp> {
    draft.message.origin_keys.iter().map(|key| NodeStoreOp::get(Table::MmsOrigin, key)).collect()
}

/// M-Send.conf or M-Forward.conf that refuses.
pub(super) fn refused(transaction_id: &str, version: MmsVersion, is_forward: bool, refusal: &Refusal) -> MmsPdu {
    let (status, text) = (refusal.status.for_version(version), Some(EncodedString::new(&refusal.text)));
    match is_forward {
        true => ForwardConf { response_text: text, ..ForwardConf::new(transaction_id, version, status) }.into(),
        false => SendConf { response_text: text, ..SendConf::new(transaction_id, version, status) }.into(),
    }
}

pub(super) fn not_there() -> Refusal {
    Refusal::new(ResponseStatus::PERMANENT_MESSAGE_NOT_FOUND, "there is no such message for you")
}

pub(super) fn millis(period: Duration) -> u64 {
    u64::try_from(period.as_millis()).unwrap_or(u64::MAX / 4)
}

/// Characters of the last part of X-Mms-Content-Location that nobody guesses.
const LOCATION: usize = 24;
