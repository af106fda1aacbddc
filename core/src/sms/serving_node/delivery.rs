//! Messages to phones: TS 29.002 clauses 23.3.3 and 23.3.5, TS 23.040 clauses 10.1 and 11.1.

use protocol::Instant;
use protocol::map::{
    AbsentSubscriberSm, DialogueId, ForwardSmRes, Imsi, MtForwardSmArg, OperationResult, SmDeliveryFailure,
    SmDeliveryFailureCause, SmRpDa, UserError,
};
use protocol::sms::{Carrier, DeliverReport, Direction, Parameters, Tpdu};

use super::{Service, ServingNode, ServingNodeEvent};

/// A message that a phone is busy with.
#[derive(Debug)]
pub(super) struct Paging {
    dialogue: DialogueId,
    invoke_id: i8,
    imsi: Imsi,
    tpdu: Vec<u8>,
    more: bool,
}

impl ServingNode {
    pub(super) fn on_mt_forward(
        &mut self,
        now: Instant,
        dialogue: DialogueId,
        invoke_id: i8,
        argument: MtForwardSmArg,
    ) {
        let imsi = match argument.sm_rp_da {
            SmRpDa::Imsi(imsi) => Some(imsi),
            // A later message of the dialogue.
            SmRpDa::None => self.terminating.get(&dialogue).cloned(),
            SmRpDa::Lmsi(_) | SmRpDa::ServiceCentreAddress(_) => None,
        };
        let served = imsi.filter(|imsi| self.subscribers.get(imsi).is_some_and(|it| it.is_registered));
        let Some(imsi) = served else {
            return self.answer_mt(now, (dialogue, invoke_id), false, Err(UserError::UnidentifiedSubscriber));
        };
        self.terminating.insert(dialogue, imsi.clone());
        self.last_paging += 1;
        let (tpdu, more) = (argument.sm_rp_ui, argument.more_messages_to_send);
        let paging = Paging { dialogue, invoke_id, imsi, tpdu, more };
        self.paging.insert((now + self.delivery_time(), self.last_paging), paging);
    }

    pub(super) fn paging_due(&mut self, now: Instant) {
        while let Some(entry) = self.paging.first_entry().filter(|entry| entry.key().0 <= now) {
            let Paging { dialogue, invoke_id, imsi, tpdu, more } = entry.remove();
            let Some(taken) = self.take(&imsi, tpdu) else { continue };
            if let Err(error) = &taken {
                self.counters.refused += 1;
                let error = error.name().to_owned();
                self.events.push(ServingNodeEvent::Refused { imsi: imsi.to_string(), error });
            }
            let answer = taken.map(|()| OperationResult::MtForwardSm(ForwardSmRes::default()));
            self.answer_mt(now, (dialogue, invoke_id), more && answer.is_ok(), answer);
        }
    }

    /// What the phone makes of a message; none: nothing is heard.
    fn take(&mut self, imsi: &Imsi, octets: Vec<u8>) -> Option<Result<(), UserError>> {
        let failure = |cause| UserError::SmDeliveryFailure(SmDeliveryFailure::new(cause));
        let subscriber = self.subscribers.get_mut(imsi)?;
        match subscriber.service {
            Service::Silent => return None,
            Service::Absent(diagnostic) => {
                subscriber.is_missed = true;
                let absent = AbsentSubscriberSm { diagnostic, ..AbsentSubscriberSm::default() };
                return Some(Err(UserError::AbsentSubscriberSm(absent)));
            }
            Service::MemoryFull => return Some(Err(failure(SmDeliveryFailureCause::MemoryCapacityExceeded))),
            Service::NotProvisioned => return Some(Err(UserError::TeleserviceNotProvisioned)),
            Service::Delivers => {}
        }
        let tpdu = match Tpdu::parse(Direction::ToMs, Carrier::Data, &octets) {
            Ok(tpdu) => tpdu,
            Err(error) => {
                let report = DeliverReport::new(Some(error.failure_cause()), Parameters::default());
                return Some(Err(UserError::SmDeliveryFailure(SmDeliveryFailure {
                    diagnostic_info: Some(report.emit()),
                    ..SmDeliveryFailure::new(SmDeliveryFailureCause::EquipmentProtocolError)
                })));
            }
        };
        let imsi = imsi.to_string();
        if subscriber.seen.contains(&tpdu) {
            self.counters.repeated += 1;
            self.events.push(ServingNodeEvent::Repeated { imsi });
        } else {
            subscriber.seen.remember(&tpdu);
            self.counters.delivered += 1;
            self.events.push(ServingNodeEvent::Delivered { imsi, tpdu: octets });
        }
        Some(Ok(()))
    }

    /// `goes_on`: another message is to come in the dialogue.
    fn answer_mt(
        &mut self,
        now: Instant,
        (dialogue, invoke_id): (DialogueId, i8),
        goes_on: bool,
        answer: Result<OperationResult, UserError>,
    ) {
        let mut said = self.map.respond(dialogue, invoke_id, &answer);
        if said.is_ok() && goes_on {
            said = self.map.delimit(now, dialogue);
        } else if said.is_ok() {
            self.terminating.remove(&dialogue);
            said = self.map.close(now, dialogue);
        }
        if let Err(error) = said {
            self.ignored("-", format!("answer to mt-ForwardSM: {error}"));
        }
    }
}
