//! Charging of the messages: TR 23.804 clause 7.1. A message from a UE is asked for before it goes, and what became of any
//! message is a record, which is durable together with the outcome.

use protocol::Instant;
use protocol::sms::{Direction, RpBody, RpCause, RpMessage};

use super::users::User;
use super::{IpMessageGw, Job};
use crate::node::NodeStoreOp;
use crate::sms::charging::{SmsDecision, SmsOutcome, SmsTicket, SmsUsage};

impl IpMessageGw {
    /// May a message from a UE go?
    pub(super) fn authorise(&mut self, now: Instant, number: u64, usage: &SmsUsage, is_again: bool) {
        if let Some(decision) = self.charging.authorise(now, number, usage, is_again) {
            self.mo_decided(now, number, decision);
        }
    }

    /// It may, or may not.
    pub(super) fn mo_decided(&mut self, now: Instant, number: u64, decision: SmsDecision) {
        match decision {
            SmsDecision::Granted => self.pass_on(now, number),
            SmsDecision::Refused(cause) => self.refuse_charged(now, number, cause),
        }
    }

    /// A message from a UE that is refused before it is taken has a record, too (TS 32.274 clause 5.2.2.1 step 3: successful or
    /// unsuccessful). The UE does not wait for it.
    pub(super) fn record_refused(
        &mut self,
        now: Instant,
        user: &User,
        (service_centre, tpdu): (&str, &[u8]),
        cause: RpCause,
    ) {
        let usage = SmsUsage {
            charge: String::new(),
            direction: Direction::ToNetwork,
            imsi: user.imsi.clone(),
            msisdn: user.msisdn.clone(),
            service_centre: service_centre.to_owned(),
            tpdu: tpdu.to_vec(),
            access: access_name(user.access.is_ims()),
        };
        let (ops, ticket) = self.charge(now, None, Some((usage, SmsOutcome::Cause(cause))));
        if !ops.is_empty() {
            self.shell.store(ops, Job::Charged(ticket));
        }
    }

    /// What became of a message: what is to be stored together with that, and given back when it is.
    pub(super) fn charge(
        &mut self,
        now: Instant,
        asked: Option<u64>,
        charged: Option<(SmsUsage, SmsOutcome)>,
    ) -> (Vec<NodeStoreOp>, SmsTicket) {
        let Some((mut usage, outcome)) = charged else { return Default::default() };
        if usage.charge.is_empty() {
            usage.charge = self.charging.new_charge(now);
        }
        self.charging.done(now, asked, &usage, outcome)
    }
}

/// The reference point at which a UE is.
pub(super) const fn access_name(is_ims: bool) -> &'static str {
    if is_ims { "ISC" } else { "R2" }
}

/// What a report of the relay layer tells a UE of its message.
pub(super) fn outcome_of(report: &[u8]) -> SmsOutcome {
    match RpMessage::parse(report).map(|report| report.body) {
        Ok(RpBody::Ack(_)) => SmsOutcome::Success,
        Ok(RpBody::Error(error)) => SmsOutcome::Cause(error.cause),
        _ => SmsOutcome::Cause(RpCause::PROTOCOL_ERROR),
    }
}
