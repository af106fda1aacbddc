//! Messages to UEs: TR 23.804 clauses 8.4, 8.5 and 8.10, TS 24.341 clause 5.3.3.4.
//!
//! mt-ForwardSM is answered when the UE has: a final response to MESSAGE says only that it has come. One message at a time
//! goes to each UE (TS 24.011: one RP-DATA is outstanding), the others wait. What names a MESSAGE is durable before it goes
//! and the UE's report before its 202, so that a report finds its message, and a message that comes again its report, after
//! a crash, too: the SMS-GMSC, whose dialogue a crash ends, sends it again.

mod table;

use std::collections::BTreeSet;

use protocol::Instant;
use protocol::map::{DialogueId, ForwardSmRes, MtForwardSmArg, OperationResult, SmRpDa, SmRpOa, UserError};
use protocol::sip::ServerKey;
use protocol::sms::{RpBody, RpMessage};

use super::causes::{error_of_status, not_registered, silent};
use super::letter::{Letter, LetterName};
use super::row::{self, RowRef};
use super::users::User;
use super::{ClientUse, IpMessageGw, Job};
use crate::node::NodeStoreOp;
use crate::sms::charging::SmsOutcome;
use table::{Asker, Run, Stage, Talk};

pub(super) use table::{Mt, Mts};

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
        // The HLR says more to who asks it; mt-ForwardSM has no other error for it (TS 29.002 clause 12.9).
        if !user.rules.may_receive || user.rules.is_barred {
            return Err(UserError::FacilityNotSupported);
        }
        let (tpdu, reference, stage) = (argument.sm_rp_ui, 0, Stage::Waiting);
        let (msisdn, is_ims) = (user.msisdn.clone(), user.access.is_ims());
        let name = LetterName::new(&mut self.shell.entropy);
        let run = Run { asker: Some(asker), ..Run::default() };
        let mt = Mt { imsi, service_centre, tpdu, reference, name, stage, msisdn, is_ims, run };
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
        if !self.send(now, &user, &Letter::relay(&name, None, &body), ClientUse::Deliver(number)) {
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
        let put = RowRef::Mt(&mt).put(number);
        let (ops, ticket) = self.charge(now, None, Some((mt.usage(), SmsOutcome::Success)));
        self.shell.store(std::iter::once(put).chain(ops).collect(), Job::MtReported(number, ticket));
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
        let delete = (mt.stage != Stage::Waiting).then(|| row::delete(number));
        let (ops, ticket) = self.charge(now, None, Some((mt.usage(), SmsOutcome::of_error(&error))));
        let (error, missed) = self.not_reached(&mt.imsi, mt.run.has_come, error);
        let ops: Vec<_> = delete.into_iter().chain(missed).chain(ops).collect();
        if !ops.is_empty() {
            self.shell.store(ops, Job::Charged(ticket));
        }
        if let Some(asker) = mt.run.asker {
            self.answer_mt(now, asker, Err(error));
        }
        self.next_mt(&mt.imsi);
    }

    /// What the SMS-GMSC is told of a UE that has not the message, and what makes durable that it was not reached: that goes
    /// with the row of the message, which stands for it until then. Of a UE that has registered since the message went the
    /// HLR would hear only when it registers again: it is not absent, and the service centre tries again by itself.
    fn not_reached(&mut self, imsi: &str, has_come: bool, error: UserError) -> (UserError, Option<NodeStoreOp>) {
        match error {
            UserError::AbsentSubscriberSm(_) if has_come && self.users.get(imsi).is_some() => {
                (UserError::SystemFailure(None), None)
            }
            UserError::AbsentSubscriberSm(_) => (error, self.missed(imsi)),
            _ => (error, None),
        }
    }

    /// A registered user was not reached; what makes that durable, unless it is.
    fn missed(&mut self, imsi: &str) -> Option<NodeStoreOp> {
        if self.leaving.contains(imsi) {
            return None;
        }
        let is_new = !self.users.get(imsi)?.is_missed;
        let user = self.users.change(imsi, |user| {
            (user.is_missed, user.misses) = (true, user.misses.wrapping_add(1));
        });
        user.filter(|_| is_new).map(User::put)
    }

    /// UEs that have been silent for too long. What they report later is believed yet.
    pub(super) fn end_silences(&mut self, now: Instant) {
        while let Some(number) = self.mts.silences.next(now) {
            self.mts.silences.set(&number, None);
            let until_utc_ms = self.shell.utc_ms(now) + self.config.remembered.as_millis() as u64;
            let Some(mt) = self.mts.by_number.get_mut(&number).filter(|mt| mt.stage == Stage::Sent) else { continue };
            (mt.stage, mt.run.until_utc_ms) = (Stage::Late, Some(until_utc_ms));
            let (asker, imsi, usage, has_come) = (mt.run.asker.take(), mt.imsi.clone(), mt.usage(), mt.run.has_come);
            self.mts.ends.insert((until_utc_ms, number));
            self.counters.mt_failed += 1;
            let (ops, ticket) = self.charge(now, None, Some((usage, SmsOutcome::Absent)));
            let (error, missed) = self.not_reached(&imsi, has_come, silent());
            let ops: Vec<_> = missed.into_iter().chain(ops).collect();
            if !ops.is_empty() {
                self.shell.store(ops, Job::Charged(ticket));
            }
            if let Some(asker) = asker {
                self.answer_mt(now, asker, Err(error));
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
                // The run before may have said that its UE is absent, and no more.
                if let Some(put) = self.missed(&mt.imsi) {
                    self.shell.store(vec![put], Job::Nothing);
                }
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

/// TP-More-Messages-to-Send of SMS-DELIVER and SMS-STATUS-REPORT (TS 23.040 clauses 9.2.2.1 and 9.2.2.3).
const TP_MMS: u8 = 0x04;
