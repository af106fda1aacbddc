//! Mobile originated messages, the SMS-IWMSC: TR 23.804 clause 8.3 steps 3 to 6, TS 29.002 clause 23.2, TS 23.040 clause 10.2.

use protocol::Instant;
use protocol::map::{
    DialogueId, ForwardSmRes, IpAccess, MoForwardSmArg, OperationResult, SmDeliveryFailure, SmDeliveryFailureCause,
    SmRpDa, SmRpOa, UserError,
};
use protocol::smpp::{
    Body, CommandStatus, EsmClass, MessageOctets, Pdu, RegisteredDelivery, ShortMessage, SmeAddress, Tlv, TlvTag,
    data_coding_of, octets_of,
};
use protocol::sms::{Carrier, Direction, Parameters, SubmitReport, Timestamp, Tpdu};

use super::{SmsGmsc, outcome};
use crate::sms::tlv;

/// A message that a service centre is storing: who waits for it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Originating {
    dialogue: DialogueId,
    invoke_id: i8,
}

impl SmsGmsc {
    pub(super) fn on_mo_forward(
        &mut self,
        now: Instant,
        dialogue: DialogueId,
        invoke_id: i8,
        argument: MoForwardSmArg,
    ) {
        let waiting = Originating { dialogue, invoke_id };
        if let Err(error) = self.store(now, waiting, argument) {
            self.answer_mo(now, waiting, Err(error));
        }
    }

    /// Gives a message to the service centre.
    fn store(&mut self, now: Instant, waiting: Originating, argument: MoForwardSmArg) -> Result<(), UserError> {
        let failure = |cause| UserError::SmDeliveryFailure(SmDeliveryFailure::new(cause));
        let (SmRpDa::ServiceCentreAddress(address), SmRpOa::Msisdn(msisdn)) = (&argument.sm_rp_da, &argument.sm_rp_oa)
        else {
            return Err(UserError::UnexpectedDataValue);
        };
        let centre = self.centres.iter().position(|centre| centre.digits() == address.digits());
        let centre = centre.ok_or_else(|| failure(SmDeliveryFailureCause::UnknownServiceCentre))?;
        let source = SmeAddress::international(msisdn.digits()).ok_or(UserError::UnexpectedDataValue)?;
        let parsed = Tpdu::parse(Direction::ToNetwork, Carrier::Data, &argument.sm_rp_ui).map_err(|error| {
            let time = Timestamp::from_utc_ms(self.utc_ms(now), self.config.quarters);
            let report = SubmitReport::new(Some(error.failure_cause()), time, Parameters::default());
            UserError::SmDeliveryFailure(SmDeliveryFailure {
                diagnostic_info: Some(report.emit()),
                ..SmDeliveryFailure::new(SmDeliveryFailureCause::EquipmentProtocolError)
            })
        })?;
        let (message, mut tlvs) =
            to_smpp(source, &parsed).ok_or_else(|| failure(SmDeliveryFailureCause::InvalidSmeAddress))?;
        tlvs.extend([
            tlv::ip_access(IpAccess::find(&argument.extensions) == Some(IpAccess(true))),
            tlv::tpdu(argument.sm_rp_ui),
        ]);
        let mut receiving = self.links.iter_mut().filter(|(_, link)| link.receives_for(centre)).peekable();
        // Nobody is there for a while: another matter than a service centre that cannot take more.
        receiving.peek().ok_or(UserError::SystemFailure(None))?;
        // The least busy one; of equal ones the first.
        let (conn, link) = receiving
            .filter(|(_, link)| link.session.room() > 0)
            .min_by_key(|(_, link)| usize::MAX - link.session.room())
            .ok_or_else(|| failure(SmDeliveryFailureCause::ScCongestion))?;
        let token = self.last_token + 1;
        let sent = link.session.request(now, token, Body::DeliverSm(message), tlvs);
        sent.map_err(|_| failure(SmDeliveryFailureCause::ScCongestion))?;
        self.dirty.insert(*conn);
        self.last_token = token;
        self.originating.insert(token, waiting);
        Ok(())
    }

    /// The service centre has answered for a message, or will not any more.
    pub(super) fn on_stored(&mut self, now: Instant, token: u64, response: Option<Pdu>) {
        let Some(waiting) = self.originating.remove(&token) else { return };
        let answer = match response {
            Some(response) => answer_of(&response),
            // It may have the message; the sender asks again, and the service centre knows it by TP-MR.
            None => Err(UserError::SystemFailure(None)),
        };
        self.answer_mo(now, waiting, answer);
    }

    fn answer_mo(&mut self, now: Instant, waiting: Originating, answer: Result<ForwardSmRes, UserError>) {
        match &answer {
            Ok(_) => self.counters.originated += 1,
            Err(error) => {
                self.counters.refused += 1;
                self.say(format!("mobile originated message not taken: {error}"));
            }
        }
        let Originating { dialogue, invoke_id } = waiting;
        let answer = answer.map(OperationResult::MoForwardSm);
        if let Err(error) = self.map.answer(now, dialogue, invoke_id, &answer) {
            self.ignored("-", format!("answer to mo-ForwardSM: {error}"));
        }
    }
}

/// The fields of deliver_sm, as far as there are any for the TPDU; what they cannot say is in the TPDU beside them. None: SMPP
/// has no room for the address.
fn to_smpp(source: SmeAddress, tpdu: &Tpdu) -> Option<(ShortMessage, Vec<Tlv>)> {
    let mut message = ShortMessage { source, ..ShortMessage::default() };
    let reference = match tpdu {
        Tpdu::Submit(submit) => {
            message.destination = SmeAddress::of_sms(&submit.destination)?;
            message.protocol_id = submit.protocol_identifier.0;
            message.esm_class =
                EsmClass(EsmClass::MESSAGE).with_features(submit.user_data.has_header(), submit.reply_path);
            message.data_coding = data_coding_of(submit.coding);
            if submit.status_report {
                message.registered_delivery = RegisteredDelivery::ALWAYS;
            }
            let octets = octets_of(submit.coding, &submit.user_data);
            message.message = MessageOctets::new(octets).unwrap_or_default();
            Some(submit.reference)
        }
        Tpdu::Command(command) => {
            message.destination = SmeAddress::of_sms(&command.destination)?;
            message.protocol_id = command.protocol_identifier.0;
            Some(command.reference)
        }
        _ => None,
    };
    let reference = reference.map(|reference| Tlv::word(TlvTag::USER_MESSAGE_REFERENCE, reference.into()));
    Some((message, reference.into_iter().collect()))
}

/// The answer to mo-ForwardSM that deliver_sm_resp stands for. A service centre of ours says the cause itself.
fn answer_of(response: &Pdu) -> Result<ForwardSmRes, UserError> {
    use SmDeliveryFailureCause as Cause;
    let report = tlv::tpdu_of(&response.tlvs).filter(|octets| octets.len() <= MAX_SIGNAL_INFO).map(<[u8]>::to_vec);
    if response.status.is_ok() && matches!(response.body, Body::DeliverSmResp(_)) {
        return Ok(ForwardSmRes { sm_rp_ui: report, extensions: Vec::new() });
    }
    let cause = tlv::cause_of(&response.tlvs).and_then(outcome::cause_of).or(match response.status {
        CommandStatus::QUEUE_FULL | CommandStatus::THROTTLED | CommandStatus::TEMPORARY_APPLICATION_ERROR => {
            Some(Cause::ScCongestion)
        }
        CommandStatus::INVALID_DESTINATION
        | CommandStatus::INVALID_DESTINATION_TON
        | CommandStatus::INVALID_DESTINATION_NPI => Some(Cause::InvalidSmeAddress),
        CommandStatus::INVALID_SOURCE | CommandStatus::INVALID_SOURCE_TON | CommandStatus::INVALID_SOURCE_NPI => {
            Some(Cause::SubscriberNotScSubscriber)
        }
        CommandStatus::PERMANENT_APPLICATION_ERROR | CommandStatus::REJECTED_BY_APPLICATION => {
            Some(Cause::EquipmentProtocolError)
        }
        _ => None,
    });
    Err(cause.map_or(UserError::SystemFailure(None), |cause| {
        UserError::SmDeliveryFailure(SmDeliveryFailure { diagnostic_info: report, ..SmDeliveryFailure::new(cause) })
    }))
}

/// SignalInfo has 200 octets at most (TS 29.002 clause 17.7.8: maxSignalInfoLength).
pub(super) const MAX_SIGNAL_INFO: usize = 200;
