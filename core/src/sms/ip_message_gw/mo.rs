//! Messages from UEs: TR 23.804 clauses 8.3 and 8.9, TS 24.341 clauses 5.3.3.2 and 5.3.3.3.
//!
//! A MESSAGE is answered with 202 when what it brings is durable. Then it is forwarded, one after the other for each UE, and
//! what the service centre says is durable before the UE is told. What a crash leaves without an answer is forwarded again,
//! with TP-RD: a service centre that has it already says so (TS 23.040 clause 9.2.3.25).

mod table;

use std::collections::VecDeque;

use protocol::Instant;
use protocol::map::sccp::{SccpAddress, ssn};
use protocol::map::{
    AddressString, AlertReason, ForwardSmRes, Imsi, InvokeFailure, IpAccess, MoForwardSmArg, Operation,
    OperationResult, ReadyForSmArg, SmRpDa, SmRpOa,
};
use protocol::sip::proxy::Refusal;
use protocol::sip::{ServerKey, Uri};
use protocol::sms::{Direction, RpBody, RpCause, RpData, RpElement, RpError, RpMessage, RpUserData};

use super::causes::{cause_of_mo_failure, cause_of_ready_failure, is_duplicate, report_of};
use super::charged::{access_name, outcome_of};
use super::letter::{Letter, LetterName};
use super::row::{self, RowRef};
use super::users::User;
use super::{Asked, ClientUse, IpMessageGw, Job};
use crate::sms::charging::SmsUsage;
use table::{Run, Stage, What};

pub(super) use table::{Mo, Mos};

impl IpMessageGw {
    /// RP-DATA of a UE.
    pub(super) fn submitted(
        &mut self,
        now: Instant,
        key: ServerKey,
        (user, call_id, uri): (&User, &str, &Uri),
        (reference, data): (u8, &RpData),
    ) {
        let tpdu = data.user_data.octets().to_vec();
        let refuse = |gateway: &mut Self, cause| {
            gateway.record_refused(now, user, ("", &tpdu), cause);
            gateway.refuse_mo(now, key, user, call_id, (reference, cause));
        };
        let barred = self.config.mo_barred.contains(&user.msisdn).then_some(RpCause::OPERATOR_BARRING);
        if let Some(cause) = user.rules.refusal().or(barred) {
            return refuse(self, cause);
        }
        let Some(service_centre) = self.service_centre_of(data, uri) else {
            return refuse(self, RpCause::UNASSIGNED_NUMBER);
        };
        if tpdu.is_empty() || tpdu.len() > MAX_SIGNAL_INFO {
            return refuse(self, RpCause::INVALID_MANDATORY_INFORMATION);
        }
        self.take(now, key, user, call_id, (reference, What::Message { service_centre, tpdu }));
    }

    /// RP-SMMA of a UE: TS 24.341 clause 5.3.3.5.
    pub(super) fn memory_available(&mut self, now: Instant, key: ServerKey, user: &User, call_id: &str, reference: u8) {
        self.take(now, key, user, call_id, (reference, What::MemoryAvailable));
    }

    /// The service centre of a message: RP-DA (TR 23.804 clause 8.9 step 6: in the SM content), else that of the
    /// Request-URI, else the usual one.
    fn service_centre_of(&self, data: &RpData, uri: &Uri) -> Option<String> {
        let named = data.destination.as_ref().and_then(|address| address.e164());
        let by_uri = || {
            let listed = self.config.service_centres.get(&uri.identity()).cloned();
            let number = || match uri {
                Uri::Tel(tel) => tel.digits().strip_prefix('+').map(str::to_owned),
                Uri::Sip(sip) => sip.user_text().and_then(|user| user.strip_prefix('+').map(str::to_owned)),
                Uri::Other(_) => None,
            };
            listed.or_else(number)
        };
        let unclear =
            || data.destination.as_ref().map(protocol::sms::Address::digits).filter(|digits| !digits.is_empty());
        let digits = named.or_else(by_uri).or_else(unclear).or_else(|| self.config.service_centre.clone())?;
        AddressString::international(&digits).is_ok().then_some(digits)
    }

    /// Makes it durable, unless it is known.
    fn take(&mut self, now: Instant, key: ServerKey, user: &User, call_id: &str, (reference, what): (u8, What)) {
        let (imsi, msisdn) = (user.imsi.clone(), user.msisdn.clone());
        let run = Run { keys: vec![key], ..Run::default() };
        let (charge, is_ims) = (self.charging.new_charge(now), user.access.is_ims());
        let (call_id, stage) = (call_id.to_owned(), Stage::Taken);
        let mo = Mo { imsi, msisdn, call_id: call_id.clone(), reference, what, stage, charge, is_ims, run };
        let call_id = call_id.as_str();
        if let Some(&number) = self.mos.known.get(&mo.identity())
            && self.is_repeated(now, number, user, key, call_id)
        {
            return;
        }
        let limits = self.config.limits;
        let lane = self.mos.lanes.get(&mo.imsi).map_or(0, VecDeque::len);
        if lane >= limits.mo_per_user || self.waiting() >= limits.messages {
            if let What::Message { service_centre, tpdu } = &mo.what {
                self.record_refused(now, user, (service_centre, tpdu), RpCause::CONGESTION);
            }
            return self.refuse_mo(now, key, user, call_id, (reference, RpCause::CONGESTION));
        }
        let number = self.next_number();
        self.shell.store(vec![RowRef::Mo(&mo).put(number)], Job::MoTaken(number));
        self.mos.insert(number, mo);
    }

    /// A message that is known: nothing is sent twice. One that was refused is another attempt when it comes in another
    /// MESSAGE.
    fn is_repeated(&mut self, now: Instant, number: u64, user: &User, key: ServerKey, call_id: &str) -> bool {
        let Some(mo) = self.mos.by_number.get_mut(&number) else { return false };
        if let Stage::Over { report, .. } = &mo.stage
            && mo.call_id != call_id
            && (!Mo::is_success(report) || mo.what == What::MemoryAvailable)
        {
            self.mos.remove(number);
            self.shell.store(vec![row::delete(number)], Job::Nothing);
            return false;
        }
        self.counters.repeated += 1;
        call_id.clone_into(&mut mo.call_id);
        if !mo.run.is_durable {
            mo.run.keys.push(key);
            return true;
        }
        let report = match &mo.stage {
            Stage::Over { report, .. } => Some(report.clone()),
            Stage::Taken | Stage::Answered { .. } => None,
        };
        self.shell.reply(now, key, 202);
        if let Some(report) = report {
            self.tell_aside(now, user, call_id, &report);
        }
        true
    }

    /// It is durable, or cannot be.
    pub(super) fn mo_taken(&mut self, now: Instant, number: u64, is_durable: bool) {
        let Some(mo) = self.mos.by_number.get_mut(&number) else { return };
        let keys = std::mem::take(&mut mo.run.keys);
        mo.run.is_durable = is_durable;
        let imsi = mo.imsi.clone();
        for key in keys {
            match is_durable {
                true => self.shell.reply(now, key, 202),
                false => self.shell.refuse(now, key, &Refusal::new(500).because("Not stored")),
            }
        }
        if !is_durable {
            self.mos.remove(number);
            return;
        }
        self.counters.mo_accepted += 1;
        if self.mos.first(&imsi) == Some(number) {
            self.forward(now, number);
        }
    }

    /// To the service centre, when online charging lets it go; or to the HLR.
    fn forward(&mut self, now: Instant, number: u64) {
        if self.mos.under_way.len() >= self.config.limits.forwarding {
            return self.mos.held.push_back(number);
        }
        let Some(mo) = self.mos.by_number.get(&number) else { return };
        let asked = mo.usage().map(|usage| (usage, mo.run.is_again));
        self.mos.under_way.insert(number);
        match asked {
            Some((usage, is_again)) => self.authorise(now, number, &usage, is_again),
            None => self.pass_on(now, number),
        }
    }

    /// Online charging refuses a message.
    pub(super) fn refuse_charged(&mut self, now: Instant, number: u64, cause: RpCause) {
        let Some(mo) = self.mos.by_number.get(&number) else { return };
        let report = RpMessage::error(Direction::ToMs, mo.reference, cause, None).emit();
        self.mo_answered(now, number, report);
    }

    /// To the service centre, or to the HLR: clause 8.3 step 3, clause 8.9 step 6.
    pub(super) fn pass_on(&mut self, now: Instant, number: u64) {
        let Some(mo) = self.mos.by_number.get(&number) else { return };
        let asked = match &mo.what {
            What::Message { service_centre, tpdu } => {
                let operation = mo.operation(service_centre, tpdu);
                let called = SccpAddress::e164(service_centre, ssn::MSC);
                operation.zip(called.ok()).map(|(operation, called)| (self.titles.r6.clone(), called, operation))
            }
            What::MemoryAvailable => Imsi::new(&mo.imsi).ok().map(|imsi| {
                let mut argument = ReadyForSmArg::new(imsi, AlertReason::MemoryAvailable);
                argument.additional_alert_reason_indicator = true;
                (self.titles.r1.clone(), self.titles.hlr.clone(), Operation::ReadyForSm(argument))
            }),
        };
        let sent = asked.and_then(|(calling, called, operation)| {
            self.ask(now, (calling, called), &operation, Asked::Forward(number)).ok()
        });
        if sent.is_none() {
            self.forwarded(now, number, Err(InvokeFailure::Ended));
        }
    }

    /// What the service centre, or the HLR, has said: clause 8.3 step 6, clause 8.9 step 9.
    pub(super) fn forwarded(&mut self, now: Instant, number: u64, result: Result<OperationResult, InvokeFailure>) {
        let Some(mo) = self.mos.by_number.get(&number) else { return };
        let report = mo.report(result).emit();
        self.mo_answered(now, number, report);
    }

    /// The UE is to be told; that is durable before it is.
    fn mo_answered(&mut self, now: Instant, number: u64, report: Vec<u8>) {
        let name = LetterName::new(&mut self.shell.entropy);
        let Some(mo) = self.mos.by_number.get_mut(&number) else { return };
        match Mo::is_success(&report) {
            true => self.counters.mo_forwarded += 1,
            false => self.counters.mo_refused += 1,
        }
        let charged = mo.usage().map(|usage| (usage, outcome_of(&report)));
        mo.stage = Stage::Answered { report, name };
        let (imsi, put) = (mo.imsi.clone(), RowRef::Mo(mo).put(number));
        let (ops, ticket) = self.charge(now, Some(number), charged);
        self.shell.store(std::iter::once(put).chain(ops).collect(), Job::MoAnswered(number, ticket));
        self.mos.leave_lane(&imsi, number);
        self.mos.under_way.remove(&number);
        if let Some(held) = self.mos.held.pop_front() {
            self.forward(now, held);
        }
        if let Some(next) = self.mos.first(&imsi).filter(|next| self.mos.is_durable(*next)) {
            self.forward(now, next);
        }
    }

    /// Tells the UE: clause 8.3 step 7, clause 8.9 step 10.
    pub(super) fn report_mo(&mut self, now: Instant, number: u64) {
        let Some(mo) = self.mos.by_number.get(&number) else { return };
        let Stage::Answered { report, name } = mo.stage.clone() else { return };
        let (user, call_id) = (self.users.get(&mo.imsi).cloned(), mo.call_id.clone());
        let letter = Letter::relay(&name, Some(&call_id), &report);
        let is_sent = user.is_some_and(|user| self.send(now, &user, &letter, ClientUse::Report(number)));
        if !is_sent {
            self.mo_reported(now, number, 503);
        }
    }

    /// The UE has the report, or is not reached: it knows that by its timer.
    pub(super) fn mo_reported(&mut self, now: Instant, number: u64, status: u16) {
        let until_utc_ms = self.shell.utc_ms(now) + self.config.remembered.as_millis() as u64;
        let Some(mut mo) = self.mos.remove(number) else { return };
        if let Stage::Answered { report, .. } = mo.stage {
            if status >= 300 {
                self.shell.say(format!("{} is not told what became of its message: {status}", mo.imsi));
            }
            mo.stage = Stage::Over { report, until_utc_ms };
            self.shell.store(vec![RowRef::Mo(&mo).put(number)], Job::Nothing);
        }
        self.mos.insert(number, mo);
        while self.mos.over.len() > self.config.limits.remembered {
            let Some((_, oldest)) = self.mos.over.first().copied() else { break };
            self.forget_mo(oldest);
        }
    }

    fn forget_mo(&mut self, number: u64) {
        self.mos.remove(number);
        self.shell.store(vec![row::delete(number)], Job::Nothing);
    }

    /// Forgets what need not be known any more.
    pub(super) fn forget_mos(&mut self, utc_ms: u64) {
        while let Some((_, number)) = self.mos.over.first().copied().filter(|(until, _)| *until <= utc_ms) {
            self.forget_mo(number);
        }
    }

    /// A message of an earlier run.
    pub(super) fn restore_mo(&mut self, number: u64, mut mo: Mo) {
        mo.run = Run { is_durable: true, is_again: true, ..Run::default() };
        self.mos.insert(number, mo);
    }

    /// Messages of an earlier run go on.
    pub(super) fn resume_mos(&mut self, now: Instant) {
        let firsts: Vec<u64> = self.mos.lanes.values().filter_map(|lane| lane.front().copied()).collect();
        let is_answered = |mo: &Mo| matches!(mo.stage, Stage::Answered { .. });
        let answered = self.mos.by_number.iter().filter(|(_, mo)| is_answered(mo)).map(|(number, _)| *number);
        for number in answered.collect::<Vec<_>>() {
            self.report_mo(now, number);
        }
        for number in firsts {
            self.forward(now, number);
        }
    }

    /// A message that is not taken: 202, and RP-ERROR in a MESSAGE of its own.
    pub(super) fn refuse_mo(
        &mut self,
        now: Instant,
        key: ServerKey,
        user: &User,
        call_id: &str,
        (reference, cause): (u8, RpCause),
    ) {
        self.counters.mo_refused += 1;
        self.shell.reply(now, key, 202);
        let report = RpMessage::error(Direction::ToMs, reference, cause, None).emit();
        self.tell_aside(now, user, call_id, &report);
    }

    /// A report that nothing hangs on.
    fn tell_aside(&mut self, now: Instant, user: &User, call_id: &str, report: &[u8]) {
        let name = LetterName::new(&mut self.shell.entropy);
        self.send(now, user, &Letter::relay(&name, Some(call_id), report), ClientUse::Aside);
    }
}

impl Mo {
    /// What is charged for: messages, not that there is memory.
    fn usage(&self) -> Option<SmsUsage> {
        let What::Message { service_centre, tpdu } = &self.what else { return None };
        Some(SmsUsage {
            charge: self.charge.clone(),
            direction: Direction::ToNetwork,
            imsi: self.imsi.clone(),
            msisdn: self.msisdn.clone(),
            service_centre: service_centre.clone(),
            tpdu: tpdu.clone(),
            access: access_name(self.is_ims),
        })
    }

    fn operation(&self, service_centre: &str, tpdu: &[u8]) -> Option<Operation> {
        let service_centre = AddressString::international(service_centre).ok()?;
        let originator = SmRpOa::Msisdn(AddressString::international(&self.msisdn).ok()?);
        let mut tpdu = tpdu.to_vec();
        if let Some(first) = tpdu.first_mut().filter(|first| self.run.is_again && **first & TP_MTI == SUBMIT) {
            *first |= TP_RD;
        }
        let argument = MoForwardSmArg {
            imsi: Imsi::new(&self.imsi).ok(),
            // TR 23.804 clause 7.
            extensions: vec![IpAccess(true).to_extension()],
            ..MoForwardSmArg::new(SmRpDa::ServiceCentreAddress(service_centre), originator, tpdu)
        };
        Some(Operation::MoForwardSm(argument))
    }

    /// What the UE is told of an answer.
    fn report(&self, result: Result<OperationResult, InvokeFailure>) -> RpMessage {
        let ack = |report: Option<&[u8]>| RpBody::Ack(report.and_then(user_data).into_iter().collect());
        let body = match result {
            Ok(OperationResult::MoForwardSm(ForwardSmRes { sm_rp_ui, .. })) => ack(sm_rp_ui.as_deref()),
            Ok(_) => ack(None),
            Err(failure) if self.run.is_again && is_duplicate(&failure) => ack(None),
            Err(failure) => {
                let cause = match &self.what {
                    What::Message { .. } => cause_of_mo_failure(&failure),
                    What::MemoryAvailable => cause_of_ready_failure(&failure),
                };
                let report = report_of(&failure).and_then(user_data);
                RpBody::Error(RpError::new(cause, report.into_iter().collect()))
            }
        };
        RpMessage::new(Direction::ToMs, self.reference, body)
    }
}

/// RP-User-Data, whose identifier is 41 (TS 24.011 clause 8.2.5.3).
fn user_data(octets: &[u8]) -> Option<RpElement> {
    RpUserData::new(octets.to_vec()).map(|data| RpElement::Long(0x41, data))
}

/// TP-Message-Type-Indicator of SMS-SUBMIT (TS 23.040 clause 9.2.3.1).
const SUBMIT: u8 = 0x01;
const TP_MTI: u8 = 0x03;
/// TP-Reject-Duplicates (TS 23.040 clause 9.2.2.2).
const TP_RD: u8 = 0x04;
/// SignalInfo has 1 to 200 octets (TS 29.002 clause 17.7.8).
const MAX_SIGNAL_INFO: usize = 200;
