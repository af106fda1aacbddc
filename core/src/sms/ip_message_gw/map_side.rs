//! R1 and R6: MAP with the HLR and with SMS-GMSC and SMS-IWMSC (TR 23.804 clause 5.1.3).

use protocol::Instant;
use protocol::map::sccp::{SccpAddress, ssn};
use protocol::map::{
    AddressString, ApplicationContext, CancelLocationArg, DialogueId, Imsi, InsertSubscriberDataArg,
    InsertSubscriberDataRes, InvokeFailure, MapConfig, MapError, MapEvent, MapInput, MapOutput, Operation,
    OperationResult, UserError,
};
use protocol::sip::proxy::Refusal;

use super::leaving::Leaving;
use super::registration::{Challenging, Registering};
use super::users::User;
use super::{IpMessageGw, IpMessageGwConfig, Job};
use crate::node::NodeOutput;

/// What was asked, by dialogue.
#[derive(Debug)]
pub(super) enum Asked {
    /// sendAuthenticationInfo.
    Vector(Box<Challenging>),
    /// updateGprsLocation.
    Location(Box<Registering>),
    /// purgeMS.
    Purge { imsi: String, stamp: u64, leaving: Leaving },
    /// mo-ForwardSM or readyForSM of this message.
    Forward(u64),
}

/// Its own addresses, and that of the HLR.
#[derive(Debug)]
pub(super) struct Titles {
    /// To the HLR it is an SGSN.
    pub(super) r1: SccpAddress,
    /// To SMS-GMSC and SMS-IWMSC it is an MSC.
    pub(super) r6: SccpAddress,
    pub(super) hlr: SccpAddress,
    pub(super) number: AddressString,
}

impl Titles {
    pub(super) fn of(config: &IpMessageGwConfig) -> Result<Self, String> {
        let address =
            |digits: &str, ssn| SccpAddress::e164(digits, ssn).map_err(|error| format!("{digits:?}: {error}"));
        let own = &config.global_title;
        let number = AddressString::international(own).map_err(|error| format!("{own:?}: {error}"))?;
        let (r1, r6) = (address(own, ssn::SGSN)?, address(own, ssn::MSC)?);
        Ok(Self { r1, r6, hlr: address(&config.hlr, ssn::HLR)?, number })
    }
}

/// What others may ask of it.
pub(super) fn map_config(config: &IpMessageGwConfig) -> MapConfig {
    let contexts = [
        ApplicationContext::SHORT_MSG_MT_RELAY_V3,
        ApplicationContext::SUBSCRIBER_DATA_MNGT_V3,
        ApplicationContext::LOCATION_CANCELLATION_V3,
    ];
    // Each message has a dialogue, and each registration.
    let max_dialogues = config.limits.messages.saturating_add(config.limits.registrations);
    MapConfig { timers: config.map, max_dialogues, ..MapConfig::new(contexts) }
}

impl IpMessageGw {
    pub(super) fn sccp(&mut self, now: Instant, bytes: &[u8]) {
        self.map.handle_input(now, MapInput::Sccp(bytes));
    }

    /// Asks somebody; what he says comes to whom `asked` names.
    pub(super) fn ask(
        &mut self,
        now: Instant,
        (calling, called): (SccpAddress, SccpAddress),
        operation: &Operation,
        asked: Asked,
    ) -> Result<(), MapError> {
        let (dialogue, _) = self.map.request(now, calling, called, operation).inspect_err(|error| {
            self.shell.say(format!("{}: {error}", operation.code()));
        })?;
        self.asked.insert(dialogue, asked);
        Ok(())
    }

    /// Asks the HLR for the sake of a REGISTER.
    pub(super) fn ask_hlr(&mut self, now: Instant, operation: &Operation, asked: Asked) -> Result<(), Refusal> {
        if self.asked.len() >= self.config.limits.registrations.saturating_add(self.config.limits.messages) {
            return Err(Refusal::new(503).because("Too much at a time").with("Retry-After", "10"));
        }
        let addresses = (self.titles.r1.clone(), self.titles.hlr.clone());
        let sent = self.ask(now, addresses, operation, asked);
        sent.map_err(|_| Refusal::new(503).because("The HLR cannot be asked").with("Retry-After", "10"))
    }

    pub(super) fn answer_map(
        &mut self,
        now: Instant,
        dialogue: DialogueId,
        invoke_id: i8,
        answer: &Result<OperationResult, UserError>,
    ) {
        if let Err(error) = self.map.answer(now, dialogue, invoke_id, answer) {
            self.shell.say(format!("an answer of MAP is not given: {error}"));
        }
    }

    pub(super) fn answer_map_and_go_on(
        &mut self,
        now: Instant,
        dialogue: DialogueId,
        invoke_id: i8,
        answer: &Result<OperationResult, UserError>,
    ) {
        let said = self.map.respond(dialogue, invoke_id, answer).and_then(|()| self.map.delimit(now, dialogue));
        if let Err(error) = said {
            self.shell.say(format!("an answer of MAP is not given: {error}"));
        }
    }

    pub(super) fn handle_map(&mut self, now: Instant, output: MapOutput) {
        match output {
            MapOutput::Sccp(bytes) => self.shell.output(NodeOutput::Sccp { bytes }),
            MapOutput::Ignored { state, event } => self.shell.ignore(state, &event),
            MapOutput::Event(event) => self.handle_map_event(now, event),
        }
    }

    fn handle_map_event(&mut self, now: Instant, event: MapEvent) {
        match event {
            MapEvent::Opened { .. } => {}
            MapEvent::Invoked { dialogue, invoke_id, operation } => self.invoked(now, dialogue, invoke_id, operation),
            MapEvent::Returned { dialogue, result, .. } => {
                if let Some(asked) = self.asked.remove(&dialogue) {
                    self.returned(now, asked, result);
                }
            }
            MapEvent::Delimited { dialogue } => self.delimited(now, dialogue),
            MapEvent::Closed { dialogue } | MapEvent::Aborted { dialogue, .. } => {
                // Whatever was asked has come back before.
                self.asked.remove(&dialogue);
                self.mt_dialogue_over(dialogue);
            }
        }
    }

    /// The other end has said all for now.
    fn delimited(&mut self, now: Instant, dialogue: DialogueId) {
        let said = match self.asked.get(&dialogue) {
            // The HLR wants to hear that its data have come.
            Some(Asked::Location(_)) => self.map.delimit(now, dialogue),
            Some(_) => Ok(()),
            None if self.mts.knows_dialogue(dialogue) || self.serving.contains(&dialogue) => Ok(()),
            // What was asked is answered, and there is nothing more to say.
            None => self.map.close(now, dialogue),
        };
        match said {
            // What was invoked in it was answered at once.
            Ok(()) | Err(MapError::NoDialogue) => {}
            Err(error) => self.shell.say(format!("dialogue {dialogue}: {error}")),
        }
    }

    fn invoked(&mut self, now: Instant, dialogue: DialogueId, invoke_id: i8, operation: Operation) {
        match operation {
            Operation::MtForwardSm(argument) => self.mt_forward(now, dialogue, invoke_id, argument),
            // Nobody knows yet who is here; neither operation has an error that says so.
            Operation::InsertSubscriberData(_) | Operation::CancelLocation(_) if !self.is_ready => {
                self.answer_map(now, dialogue, invoke_id, &Err(UserError::UnexpectedDataValue));
            }
            Operation::InsertSubscriberData(data) => match self.asked.get_mut(&dialogue) {
                Some(Asked::Location(registering)) => {
                    registering.told(&data);
                    let answer = Ok(OperationResult::InsertSubscriberData(InsertSubscriberDataRes::default()));
                    if let Err(error) = self.map.respond(dialogue, invoke_id, &answer) {
                        self.shell.say(format!("insertSubscriberData is not answered: {error}"));
                    }
                }
                _ => self.data_inserted(now, dialogue, invoke_id, &data),
            },
            Operation::CancelLocation(argument) => self.location_cancelled(now, dialogue, invoke_id, &argument),
            // None of the contexts that others may open has another one.
            _ => self.answer_map(now, dialogue, invoke_id, &Err(UserError::FacilityNotSupported)),
        }
    }

    /// insertSubscriberData by itself: the subscription has changed (TS 29.002 clause 8.8.1). It is in force at once, and
    /// answered when it is durable: registrations that are being written meanwhile take it over.
    fn data_inserted(&mut self, now: Instant, dialogue: DialogueId, invoke_id: i8, data: &InsertSubscriberDataArg) {
        let imsi = data.imsi.as_ref().map(Imsi::as_str).filter(|imsi| !self.leaving.contains(*imsi));
        let user = imsi.and_then(|imsi| {
            self.users.change(imsi, |user| {
                if let Some(msisdn) = &data.msisdn {
                    msisdn.digits().clone_into(&mut user.msisdn);
                }
                user.rules.update(data);
            })
        });
        let Some(put) = user.map(User::put) else {
            let error = if data.imsi.is_some() { UserError::UnidentifiedSubscriber } else { UserError::DataMissing };
            return self.answer_map(now, dialogue, invoke_id, &Err(error));
        };
        self.serving.insert(dialogue);
        self.shell.store(vec![put], Job::Changed(dialogue, invoke_id));
    }

    /// What has changed is durable, or cannot be.
    pub(super) fn data_stored(&mut self, now: Instant, (dialogue, invoke_id): (DialogueId, i8), is_durable: bool) {
        self.serving.remove(&dialogue);
        let answer = match is_durable {
            true => Ok(OperationResult::InsertSubscriberData(InsertSubscriberDataRes::default())),
            false => Err(UserError::UnexpectedDataValue),
        };
        self.answer_map(now, dialogue, invoke_id, &answer);
    }

    /// cancelLocation: another node serves the user now, or none does (TS 29.002 clause 8.1.3). One who is not here is gone
    /// as the HLR wants it.
    fn location_cancelled(&mut self, now: Instant, dialogue: DialogueId, invoke_id: i8, argument: &CancelLocationArg) {
        let imsi = argument.imsi.as_str();
        if self.users.get(imsi).is_none() {
            return self.answer_map(now, dialogue, invoke_id, &Ok(OperationResult::CancelLocation(Vec::new())));
        }
        self.serving.insert(dialogue);
        self.leave(imsi, Leaving::Cancelled(dialogue, invoke_id), self.stamp(imsi));
    }

    fn returned(&mut self, now: Instant, asked: Asked, result: Result<OperationResult, InvokeFailure>) {
        match asked {
            Asked::Vector(challenging) => self.vector_came(now, *challenging, result),
            Asked::Location(registering) => self.location_updated(now, *registering, result),
            Asked::Purge { imsi, stamp, leaving } => self.purged((&imsi, stamp), leaving, result),
            Asked::Forward(number) => self.forwarded(now, number, result),
        }
    }
}
