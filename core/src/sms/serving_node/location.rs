//! Whom a node serves, and what it tells the HLR: updateGprsLocation of an SGSN (TS 29.002 clause 8.1.7), readyForSM of both
//! (clause 12.4, TS 23.040 clause 10.3), cancelLocation.

use protocol::Instant;
use protocol::map::{
    AlertReason, DialogueId, Imsi, InsertSubscriberDataRes, InvokeFailure, Operation, OperationResult, ReadyForSmArg,
    UpdateGprsLocationArg, UserError,
};
use protocol::sms::RpCause;

use super::{Asked, Service, ServingNode, ServingNodeEvent, ServingNodeKind};

impl ServingNode {
    /// SGSN: the HLR is told of subscribers that have attached.
    pub(super) fn updates_due(&mut self, now: Instant) {
        while let Some((_, imsi)) = self.updates.first().filter(|(at, _)| *at <= now).cloned() {
            self.updates.pop_first();
            let argument = UpdateGprsLocationArg::new(imsi.clone(), self.number.clone(), self.config.address);
            let operation = Operation::UpdateGprsLocation(argument);
            if !self.ask(now, self.hlr.clone(), &operation, Asked::Update(imsi.clone())) {
                self.updates.insert((now + self.config.retry, imsi));
            }
        }
    }

    pub(super) fn updated(&mut self, now: Instant, imsi: Imsi, result: Result<OperationResult, InvokeFailure>) {
        match result {
            Ok(_) => {
                if let Some(subscriber) = self.subscribers.get_mut(&imsi) {
                    subscriber.is_registered = true;
                    // The update itself tells the HLR that it is there (TS 23.040 clause 10.3).
                    subscriber.is_missed = false;
                }
            }
            // Nothing that time mends.
            Err(InvokeFailure::User(error @ (UserError::UnknownSubscriber(_) | UserError::RoamingNotAllowed(_)))) => {
                self.say(format!("updateGprsLocation of {imsi}: {error}"));
            }
            Err(error) => {
                self.say(format!("updateGprsLocation of {imsi}: {error}"));
                self.updates.insert((now + self.config.retry, imsi));
            }
        }
    }

    /// A subscriber comes, goes, or has room again.
    pub(super) fn set_service(&mut self, now: Instant, imsi: &Imsi, service: Service) {
        let Some(subscriber) = self.subscribers.get_mut(imsi) else { return };
        let before = std::mem::replace(&mut subscriber.service, service);
        let is_here = !matches!(service, Service::Absent(_));
        let is_missed = subscriber.is_missed && is_here;
        if is_here && !subscriber.is_registered {
            let waits = self.updates.iter().any(|(_, waiting)| waiting == imsi);
            if !waits {
                self.updates.insert((now, imsi.clone()));
            }
            return;
        }
        if before == Service::MemoryFull && service == Service::Delivers {
            self.ready(now, imsi, AlertReason::MemoryAvailable);
        } else if is_missed {
            self.ready(now, imsi, AlertReason::MsPresent);
        }
    }

    /// A phone says that it has memory again (TS 29.002 clause 23.5, TS 23.040 clause 10.3).
    pub(super) fn memory_available(&mut self, now: Instant, imsi: Imsi) {
        let asked = Asked::Memory(imsi.clone());
        if !self.ready_for_sm(now, &imsi, AlertReason::MemoryAvailable, asked) {
            let result = Err(RpCause::NETWORK_OUT_OF_ORDER);
            self.events.push(ServingNodeEvent::MemoryKnown { imsi: imsi.to_string(), result });
        }
    }

    /// Tells the HLR that messages would be taken now.
    fn ready(&mut self, now: Instant, imsi: &Imsi, reason: AlertReason) {
        self.ready_for_sm(now, imsi, reason, Asked::Ready(imsi.clone()));
    }

    fn ready_for_sm(&mut self, now: Instant, imsi: &Imsi, reason: AlertReason, asked: Asked) -> bool {
        let mut argument = ReadyForSmArg::new(imsi.clone(), reason);
        argument.alert_reason_indicator = self.config.kind == ServingNodeKind::Sgsn;
        let told = self.ask(now, self.hlr.clone(), &Operation::ReadyForSm(argument), asked);
        if let Some(subscriber) = self.subscribers.get_mut(imsi).filter(|_| told) {
            subscriber.is_missed = false;
        }
        told
    }

    /// What the HLR wants: to give data, which nothing here needs, or to take a subscriber away.
    pub(super) fn on_hlr(&mut self, now: Instant, dialogue: DialogueId, invoke_id: i8, operation: &Operation) {
        let answered = match operation {
            Operation::InsertSubscriberData(_) => {
                let answer = Ok(OperationResult::InsertSubscriberData(InsertSubscriberDataRes::default()));
                // Within our updateGprsLocation the dialogue goes on, otherwise this was all.
                let is_ours = self.asked.contains_key(&dialogue);
                let said = self.map.respond(dialogue, invoke_id, &answer);
                said.and_then(|()| match is_ours {
                    true => self.map.delimit(now, dialogue),
                    false => self.map.close(now, dialogue),
                })
            }
            Operation::CancelLocation(argument) => {
                if let Some(subscriber) = self.subscribers.get_mut(&argument.imsi) {
                    subscriber.is_registered = false;
                }
                self.map.answer(now, dialogue, invoke_id, &Ok(OperationResult::CancelLocation(Vec::new())))
            }
            other => {
                self.ignored("-", other.code().to_string());
                self.map.answer(now, dialogue, invoke_id, &Err(UserError::FacilityNotSupported))
            }
        };
        if let Err(error) = answered {
            self.ignored("-", format!("answer to {}: {error}", operation.code()));
        }
    }
}
