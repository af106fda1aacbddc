//! Messages to UEs: TR 23.804 clauses 8.4, 8.5 and 8.10, TS 24.341 clause 5.3.3.4.
//!
//! mt-ForwardSM is answered when the UE has: a final response to MESSAGE says only that it has come. One message at a time
//! goes to each UE (TS 24.011: one RP-DATA is outstanding), the others wait. What names a MESSAGE is durable before it goes
//! and the UE's report before its 202, so that a report finds its message, and a message that comes again its report, after
//! a crash, too: the SMS-GMSC, whose dialogue a crash ends, sends it again.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use protocol::map::{DialogueId, ForwardSmRes, MtForwardSmArg, OperationResult, SmRpDa, SmRpOa, UserError};
use protocol::sip::ServerKey;
use protocol::sms::{Address, Direction, RpBody, RpData, RpMessage, RpUserData};
use protocol::{Due, Instant};
use serde::{Deserialize, Serialize};

use super::causes::{barred, error_of_status, not_registered, silent};
use super::letter::LetterName;
use super::row::{self, RowRef, octets};
use super::{ClientUse, IpMessageGw, Job};

/// A message to a UE.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Mt {
    pub(super) imsi: String,
    /// Digits of the service centre.
    service_centre: String,
    #[serde(with = "octets")]
    tpdu: Vec<u8>,
    /// RP-Message-Reference.
    pub(super) reference: u8,
    pub(super) name: LetterName,
    pub(super) stage: Stage,
    #[serde(skip)]
    pub(super) run: Run,
}

/// How far it is.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) enum Stage {
    /// It waits for its turn; this is not durable.
    Waiting,
    /// It goes to the UE, which is to report.
    Sent,
    /// The UE was silent for too long; it may report yet.
    Late,
    /// The UE has it: its SMS-DELIVER-REPORT.
    Over { report: Option<String>, until_utc_ms: u64 },
}

/// What a restart forgets.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Run {
    /// Who waits for the outcome.
    pub(super) asker: Option<Asker>,
    /// Reports that wait for their 202.
    pub(super) keys: Vec<ServerKey>,
    /// When it is forgotten: UTC in milliseconds.
    until_utc_ms: Option<u64>,
}

/// An mt-ForwardSM that waits for its answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Asker {
    pub(super) dialogue: DialogueId,
    invoke_id: i8,
    /// More messages come in the same dialogue.
    is_more: bool,
}

/// Messages of one UE.
#[derive(Debug, Default)]
struct Lane {
    waiting: VecDeque<u64>,
    /// The one that is on its way.
    current: Option<u64>,
}

/// All messages to UEs.
#[derive(Debug, Default)]
pub(super) struct Mts {
    pub(super) by_number: BTreeMap<u64, Mt>,
    /// What names a message, so that one that comes again is known.
    known: BTreeMap<String, u64>,
    of_call_id: BTreeMap<String, u64>,
    of_reference: BTreeMap<(String, u8), u64>,
    lanes: BTreeMap<String, Lane>,
    last_reference: u8,
    /// When UEs have been silent for too long.
    silences: Due<Instant, u64>,
    /// Those that are done or late, in the order in which they are forgotten.
    ends: BTreeSet<(u64, u64)>,
    dialogues: BTreeMap<DialogueId, Talk>,
}

/// A dialogue of an SMS-GMSC.
#[derive(Debug)]
struct Talk {
    /// Whom it is about, and the service centre: the second message of it does not say.
    addresses: (String, String),
    /// Messages that came in it.
    numbers: BTreeSet<u64>,
}

impl Mt {
    /// What names it: TP-MMS is another when it comes again.
    fn identity(&self) -> String {
        let first = self.tpdu.first().map_or(0, |first| first & !TP_MMS);
        let rest = hex::encode(self.tpdu.get(1..).unwrap_or_default());
        format!("{} {} {first:02x}{rest}", self.imsi, self.service_centre)
    }

    /// RP-DATA.
    fn relayed(&self) -> Option<Vec<u8>> {
        let data = RpData {
            originator: Address::international(&self.service_centre),
            destination: None,
            user_data: RpUserData::new(self.tpdu.clone())?,
            elements: Vec::new(),
        };
        Some(RpMessage::new(Direction::ToMs, self.reference, RpBody::Data(data)).emit())
    }
}

impl Mts {
    /// Those that are not done.
    pub(super) fn waiting(&self) -> usize {
        self.by_number.len().saturating_sub(self.ends.len())
    }

    /// Takes one in; it ends then (UTC in milliseconds) when it is done or late.
    pub(super) fn insert(&mut self, number: u64, mut mt: Mt, until_utc_ms: Option<u64>) {
        mt.run.until_utc_ms = until_utc_ms;
        self.known.insert(mt.identity(), number);
        if mt.stage != Stage::Waiting {
            self.of_call_id.insert(mt.name.call_id.clone(), number);
            self.of_reference.insert((mt.imsi.clone(), mt.reference), number);
        }
        self.ends.extend(until_utc_ms.map(|until| (until, number)));
        self.by_number.insert(number, mt);
    }

    pub(super) fn remove(&mut self, number: u64) -> Option<Mt> {
        let mt = self.by_number.remove(&number)?;
        let own = |found: Option<&u64>| found == Some(&number);
        if own(self.known.get(&mt.identity())) {
            self.known.remove(&mt.identity());
        }
        self.of_call_id.remove(&mt.name.call_id);
        let reference = (mt.imsi.clone(), mt.reference);
        if own(self.of_reference.get(&reference)) {
            self.of_reference.remove(&reference);
        }
        if let Some(until) = mt.run.until_utc_ms {
            self.ends.remove(&(until, number));
        }
        self.silences.set(&number, None);
        self.leave_lane(&mt.imsi, number);
        Some(mt)
    }

    fn leave_lane(&mut self, imsi: &str, number: u64) {
        let Some(lane) = self.lanes.get_mut(imsi) else { return };
        lane.waiting.retain(|own| *own != number);
        if lane.current == Some(number) {
            lane.current = None;
        }
        if lane.current.is_none() && lane.waiting.is_empty() {
            self.lanes.remove(imsi);
        }
    }

    /// The message that a report is about: by the Call-ID that it names, else by RP-Message-Reference (TS 24.341 clause
    /// 5.3.2.4 has the UE name it; not every UE does).
    pub(super) fn reported(&self, imsi: &str, in_reply_to: Option<&str>, reference: u8) -> Option<u64> {
        let number = match in_reply_to {
            Some(call_id) => self.of_call_id.get(call_id),
            None => self.of_reference.get(&(imsi.to_owned(), reference)),
        };
        let is_it =
            |number: &u64| self.by_number.get(number).is_some_and(|mt| mt.imsi == imsi && mt.reference == reference);
        number.copied().filter(is_it)
    }

    /// A reference that no message of this UE has.
    fn next_reference(&mut self, imsi: &str) -> u8 {
        for _ in 0..=u8::MAX {
            self.last_reference = self.last_reference.wrapping_add(1);
            if !self.of_reference.contains_key(&(imsi.to_owned(), self.last_reference)) {
                break;
            }
        }
        self.last_reference
    }

    pub(super) fn next_silence(&self) -> Option<Instant> {
        self.silences.first()
    }

    /// When the first one is forgotten, UTC in milliseconds.
    pub(super) fn next_end(&self) -> Option<u64> {
        self.ends.first().map(|(utc_ms, _)| *utc_ms)
    }

    fn wanted_by(&mut self, dialogue: DialogueId, number: u64) {
        if let Some(talk) = self.dialogues.get_mut(&dialogue) {
            talk.numbers.insert(number);
        }
    }

    /// A dialogue is no more: what waits of it is not wanted any more, what is on its way goes on without it.
    pub(super) fn dialogue_over(&mut self, dialogue: DialogueId) -> Vec<u64> {
        let mut unwanted = Vec::new();
        for number in self.dialogues.remove(&dialogue).map(|talk| talk.numbers).unwrap_or_default() {
            let Some(mt) = self.by_number.get_mut(&number) else { continue };
            if mt.run.asker.is_some_and(|asker| asker.dialogue == dialogue) {
                mt.run.asker = None;
                unwanted.extend((mt.stage == Stage::Waiting).then_some(number));
            }
        }
        unwanted
    }

    pub(super) fn knows_dialogue(&self, dialogue: DialogueId) -> bool {
        self.dialogues.contains_key(&dialogue)
    }
}

impl IpMessageGw {
    /// mt-ForwardSM: clause 8.4 step 4, clause 8.10 step 4.
    pub(super) fn mt_forward(&mut self, now: Instant, dialogue: DialogueId, invoke_id: i8, argument: MtForwardSmArg) {
        let asker = Asker { dialogue, invoke_id, is_more: argument.more_messages_to_send };
        if let Err(error) = self.take_mt(now, asker, argument) {
            self.answer_mt(now, asker, Err(error));
        }
    }

    fn take_mt(&mut self, now: Instant, asker: Asker, argument: MtForwardSmArg) -> Result<(), UserError> {
        let before = self.mts.dialogues.get(&asker.dialogue).map(|talk| talk.addresses.clone());
        let (imsi, service_centre) = match (argument.sm_rp_da, argument.sm_rp_oa, before) {
            (SmRpDa::Imsi(imsi), SmRpOa::ServiceCentreAddress(address), _) => {
                (imsi.as_str().to_owned(), address.digits().to_owned())
            }
            (SmRpDa::None, SmRpOa::None, Some(before)) => before,
            (SmRpDa::None, _, None) => return Err(UserError::DataMissing),
            _ => return Err(UserError::UnexpectedDataValue),
        };
        let addresses = (imsi.clone(), service_centre.clone());
        let talk = || Talk { addresses: addresses.clone(), numbers: BTreeSet::new() };
        self.mts.dialogues.entry(asker.dialogue).or_insert_with(talk).addresses = addresses.clone();
        if !self.is_ready {
            return Err(UserError::SystemFailure(None));
        }
        let user = self.users.get(&imsi).ok_or_else(not_registered)?;
        if !user.rules.may_receive {
            return Err(UserError::TeleserviceNotProvisioned);
        }
        if user.rules.is_barred {
            return Err(barred());
        }
        let (tpdu, reference) = (argument.sm_rp_ui, 0);
        let name = LetterName::new(&mut self.shell.entropy);
        let run = Run { asker: Some(asker), ..Run::default() };
        let mt = Mt { imsi, service_centre, tpdu, reference, name, stage: Stage::Waiting, run };
        if let Some(&number) = self.mts.known.get(&mt.identity())
            && self.is_repeated_mt(now, number, asker)?
        {
            return Ok(());
        }
        let limits = self.config.limits;
        if self.mts.lanes.get(&mt.imsi).is_some_and(|lane| lane.waiting.len() >= limits.mt_per_user) {
            return Err(UserError::SubscriberBusyForMtSms(false));
        }
        if self.waiting() >= limits.messages {
            return Err(UserError::SystemFailure(None));
        }
        let (number, imsi) = (self.next_number(), mt.imsi.clone());
        self.mts.lanes.entry(imsi.clone()).or_default().waiting.push_back(number);
        self.mts.insert(number, mt, None);
        self.mts.wanted_by(asker.dialogue, number);
        self.next_mt(&imsi);
        Ok(())
    }

    /// A message that is known: the UE has it, or is asked already. One that the UE was silent about goes once more.
    fn is_repeated_mt(&mut self, now: Instant, number: u64, asker: Asker) -> Result<bool, UserError> {
        let Some(mt) = self.mts.by_number.get_mut(&number) else { return Ok(false) };
        match &mt.stage {
            Stage::Over { .. } if !mt.run.keys.is_empty() => {
                // Its report is not durable yet.
                mt.run.asker = Some(asker);
                self.mts.wanted_by(asker.dialogue, number);
                Ok(true)
            }
            Stage::Over { report, .. } => {
                let sm_rp_ui = report.as_ref().and_then(|report| hex::decode(report).ok());
                self.counters.repeated += 1;
                self.answer_mt(now, asker, Ok(ForwardSmRes { sm_rp_ui, extensions: Vec::new() }));
                Ok(true)
            }
            Stage::Late => {
                self.mts.remove(number);
                self.shell.store(vec![row::delete(number)], Job::Nothing);
                Ok(false)
            }
            Stage::Waiting | Stage::Sent if mt.run.asker.is_some() => Err(UserError::SubscriberBusyForMtSms(false)),
            Stage::Waiting | Stage::Sent => {
                mt.run.asker = Some(asker);
                self.mts.wanted_by(asker.dialogue, number);
                Ok(true)
            }
        }
    }

    /// The next message of a UE, when none is on its way.
    fn next_mt(&mut self, imsi: &str) {
        let Some(lane) = self.mts.lanes.get_mut(imsi).filter(|lane| lane.current.is_none()) else { return };
        let Some(number) = lane.waiting.pop_front() else { return };
        lane.current = Some(number);
        let reference = self.mts.next_reference(imsi);
        let Some(mut mt) = self.mts.by_number.remove(&number) else { return };
        (mt.reference, mt.stage) = (reference, Stage::Sent);
        self.shell.store(vec![RowRef::Mt(&mt).put(number)], Job::MtPlaced(number));
        self.mts.insert(number, mt, None);
    }

    /// What names the MESSAGE is durable: it goes (clause 8.4 step 5, clause 8.10 step 5).
    pub(super) fn mt_placed(&mut self, now: Instant, number: u64, is_durable: bool) {
        let Some(mt) = self.mts.by_number.get(&number) else { return };
        if !is_durable {
            return self.mt_failed(now, number, UserError::SystemFailure(None));
        }
        let Some(user) = self.users.get(&mt.imsi).cloned() else {
            return self.mt_failed(now, number, not_registered());
        };
        let (name, body) = (mt.name.clone(), mt.relayed().unwrap_or_default());
        self.mts.silences.set(&number, Some(now + self.config.answer_time));
        if !self.send(now, &user, (&name, None, &body), ClientUse::Deliver(number)) {
            self.mt_failed(now, number, silent());
        }
    }

    /// A final response to MESSAGE: with 2xx it has come, and the UE will report.
    pub(super) fn mt_answered(&mut self, now: Instant, number: u64, status: u16) {
        let is_sent = self.mts.by_number.get(&number).is_some_and(|mt| mt.stage == Stage::Sent);
        if status >= 300 && is_sent {
            self.mt_failed(now, number, error_of_status(status));
        }
    }

    /// RP-ACK or RP-ERROR of a UE: clause 8.4 step 6, clause 8.10 steps 9 to 11. Its 202 waits until it is durable.
    pub(super) fn mt_reported(&mut self, now: Instant, key: ServerKey, number: u64, report: &RpMessage) {
        let until_utc_ms = self.shell.utc_ms(now) + self.config.remembered.as_millis() as u64;
        let Some(mt) = self.mts.by_number.get_mut(&number) else { return };
        if let Stage::Over { .. } = mt.stage {
            match mt.run.keys.is_empty() {
                true => self.shell.reply(now, key, 202),
                false => mt.run.keys.push(key),
            }
            return;
        }
        if let RpBody::Error(error) = &report.body {
            let error = super::causes::error_of_cause(error.cause, report.user_data());
            self.shell.reply(now, key, 202);
            return self.mt_failed(now, number, error);
        }
        let report = report.user_data().map(hex::encode);
        let Some(mut mt) = self.mts.remove_kept(number) else { return };
        mt.stage = Stage::Over { report, until_utc_ms };
        mt.run.keys.push(key);
        self.shell.store(vec![RowRef::Mt(&mt).put(number)], Job::MtReported(number));
        self.mts.insert(number, mt, Some(until_utc_ms));
    }

    /// The UE has the message, and that is durable.
    pub(super) fn mt_delivered(&mut self, now: Instant, number: u64, is_durable: bool) {
        let Some(mt) = self.mts.by_number.get_mut(&number) else { return };
        let (keys, asker, imsi) = (std::mem::take(&mut mt.run.keys), mt.run.asker.take(), mt.imsi.clone());
        let Stage::Over { report, .. } = &mt.stage else { return };
        let sm_rp_ui = report.as_ref().and_then(|report| hex::decode(report).ok()).filter(|report| !report.is_empty());
        for key in keys {
            self.shell.reply(now, key, if is_durable { 202 } else { 500 });
        }
        self.counters.mt_delivered += 1;
        if let Some(asker) = asker {
            self.answer_mt(now, asker, Ok(ForwardSmRes { sm_rp_ui, extensions: Vec::new() }));
        }
        self.mts.leave_lane(&imsi, number);
        while self.mts.ends.len() > self.config.limits.remembered {
            let Some((_, oldest)) = self.mts.ends.first().copied() else { break };
            self.forget_mt(oldest);
        }
        self.next_mt(&imsi);
    }

    /// The UE has not the message: clause 8.5 step 6.
    fn mt_failed(&mut self, now: Instant, number: u64, error: UserError) {
        let Some(mt) = self.mts.remove(number) else { return };
        self.counters.mt_failed += 1;
        if mt.stage != Stage::Waiting {
            self.shell.store(vec![row::delete(number)], Job::Nothing);
        }
        if let Some(asker) = mt.run.asker {
            self.answer_mt(now, asker, Err(error));
        }
        self.next_mt(&mt.imsi);
    }

    /// UEs that have been silent for too long. What they report later is believed yet.
    pub(super) fn end_silences(&mut self, now: Instant) {
        while let Some(number) = self.mts.silences.next(now) {
            self.mts.silences.set(&number, None);
            let until_utc_ms = self.shell.utc_ms(now) + self.config.remembered.as_millis() as u64;
            let Some(mt) = self.mts.by_number.get_mut(&number).filter(|mt| mt.stage == Stage::Sent) else { continue };
            (mt.stage, mt.run.until_utc_ms) = (Stage::Late, Some(until_utc_ms));
            let (asker, imsi) = (mt.run.asker.take(), mt.imsi.clone());
            self.mts.ends.insert((until_utc_ms, number));
            self.counters.mt_failed += 1;
            if let Some(asker) = asker {
                self.answer_mt(now, asker, Err(silent()));
            }
            self.mts.leave_lane(&imsi, number);
            self.next_mt(&imsi);
        }
    }

    /// A UE is not registered any more: what waits for it does not go.
    pub(super) fn refuse_waiting(&mut self, now: Instant, imsi: &str) {
        let waiting = self.mts.lanes.get(imsi).map(|lane| lane.waiting.clone()).unwrap_or_default();
        for number in waiting {
            self.mt_failed(now, number, not_registered());
        }
    }

    /// A dialogue of an SMS-GMSC is no more.
    pub(super) fn mt_dialogue_over(&mut self, dialogue: DialogueId) {
        for number in self.mts.dialogue_over(dialogue) {
            self.mts.remove(number);
        }
    }

    /// Answers mt-ForwardSM; the dialogue goes on where more messages come.
    fn answer_mt(&mut self, now: Instant, asker: Asker, answer: Result<ForwardSmRes, UserError>) {
        // Charging is told of the outcome here.
        let is_more = asker.is_more && answer.is_ok();
        let answer = answer.map(OperationResult::MtForwardSm);
        if is_more {
            return self.answer_map_and_go_on(now, asker.dialogue, asker.invoke_id, &answer);
        }
        self.mts.dialogues.remove(&asker.dialogue);
        self.answer_map(now, asker.dialogue, asker.invoke_id, &answer);
    }

    /// A message of an earlier run: nobody waits for it, and the UE may report yet.
    pub(super) fn restore_mt(&mut self, now: Instant, number: u64, mut mt: Mt) {
        let until_utc_ms = match mt.stage {
            Stage::Over { until_utc_ms, .. } => until_utc_ms,
            Stage::Waiting | Stage::Sent | Stage::Late => {
                mt.stage = Stage::Late;
                self.shell.utc_ms(now) + self.config.remembered.as_millis() as u64
            }
        };
        self.mts.insert(number, mt, Some(until_utc_ms));
    }

    fn forget_mt(&mut self, number: u64) {
        self.mts.remove(number);
        self.shell.store(vec![row::delete(number)], Job::Nothing);
    }

    /// Forgets what need not be known any more.
    pub(super) fn forget_mts(&mut self, utc_ms: u64) {
        while let Some((_, number)) = self.mts.ends.first().copied().filter(|(until, _)| *until <= utc_ms) {
            self.forget_mt(number);
        }
    }
}

impl Mts {
    /// Takes one out to be put back: its lane stays as it is.
    fn remove_kept(&mut self, number: u64) -> Option<Mt> {
        self.silences.set(&number, None);
        let mt = self.by_number.remove(&number)?;
        if let Some(until) = mt.run.until_utc_ms {
            self.ends.remove(&(until, number));
        }
        Some(mt)
    }
}

/// TP-More-Messages-to-Send of SMS-DELIVER and SMS-STATUS-REPORT (TS 23.040 clauses 9.2.2.1 and 9.2.2.3).
const TP_MMS: u8 = 0x04;
