//! Short messages over IP (TR 23.804 clauses 8.1 to 8.10): what of MAP and SMPP ticks a step, as a matcher and as a display
//! filter made from the same data.

mod asked;
mod delivery;
mod delivery_ims;
mod map;
mod registration;
mod registration_ims;
mod smpp;
#[cfg(test)]
mod tests;

pub(super) use asked::asked;
pub(crate) use map::MapSeen;
pub use map::{Map, MapHas, MapPart};
pub(crate) use smpp::SmppSeen;
pub use smpp::{Smpp, SmppPart};

use protocol::Joint;
use protocol::map::OperationCode;

use super::ImsActor;
use super::rows::{Way, Words};
use crate::ladder::{Order, Party, Procedure, ProcedureStep, See};
use crate::scenario::{IP_MESSAGE_GW, MSC, PRESENCE_SERVER, SGSN, SM_SC, SMS_GMSC};

const GATEWAY: Party = Party::Server(IP_MESSAGE_GW);
const GMSC: Party = Party::Server(SMS_GMSC);
const SC: Party = Party::Server(SM_SC);
const PRESENCE: Party = Party::Server(PRESENCE_SERVER);
const MSC_PARTY: Party = Party::Server(MSC);
const SGSN_PARTY: Party = Party::Server(SGSN);

const R2_UP: Way = (Party::Ue, GATEWAY, Joint::R2);
const R2_DOWN: Way = (GATEWAY, Party::Ue, Joint::R2);
const R1_UP: Way = (GATEWAY, Party::Hss, Joint::R1);
const R1_DOWN: Way = (Party::Hss, GATEWAY, Joint::R1);
const R5_UP: Way = (GMSC, Party::Hss, Joint::R5);
const R5_DOWN: Way = (Party::Hss, GMSC, Joint::R5);
const GATEWAY_TO_GMSC: Way = (GATEWAY, GMSC, Joint::R6);
const GMSC_TO_GATEWAY: Way = (GMSC, GATEWAY, Joint::R6);
const GMSC_TO_SC: Way = (GMSC, SC, Joint::Smpp);
const SC_TO_GMSC: Way = (SC, GMSC, Joint::Smpp);
const S_TO_GATEWAY: Way = (Party::Scscf, GATEWAY, Joint::Isc);
const GATEWAY_TO_S: Way = (GATEWAY, Party::Scscf, Joint::Isc);
const HSS_TO_PRESENCE: Way = (Party::Hss, PRESENCE, Joint::Sh);
const PRESENCE_TO_HSS: Way = (PRESENCE, Party::Hss, Joint::Sh);

const REGISTER: &str = "REGISTER";
const MESSAGE: &str = "MESSAGE";
const NOTIFY: &str = "NOTIFY";

/// Procedures of short messages over IP.
pub(crate) fn sms_procedures() -> impl Iterator<Item = &'static Procedure> {
    PROCEDURES.iter().copied()
}

/// All of them.
const PROCEDURES: &[&Procedure] = &[
    &registration::REGISTRATION,
    &registration::DEREGISTRATION,
    &registration::NETWORK_DEREGISTRATION,
    &delivery::ORIGINATED,
    &delivery::TERMINATED,
    &delivery::FAILED,
    &delivery::ALERT,
    &registration_ims::REGISTRATION,
    &registration_ims::DEREGISTRATION,
    &delivery_ims::ORIGINATED,
    &delivery_ims::TERMINATED,
];

const fn row((number, expect, clause): Words, (from, to, joint): Way, see: See) -> ProcedureStep {
    ProcedureStep { number, from, to, joint, expect, clause, order: Order::AfterPrevious, see }
}

/// An operation of the UE's subscriber is invoked: the first step with the name of the exchange says which one that is.
const fn invoke(words: Words, way: Way, operation: OperationCode, exchange: &'static str) -> ProcedureStep {
    invoke_with(words, way, operation, exchange, &[])
}

const fn invoke_with(
    words: Words,
    way: Way,
    operation: OperationCode,
    exchange: &'static str,
    has: &'static [MapHas],
) -> ProcedureStep {
    row(words, way, See::Map(Map { operation, part: MapPart::Invoke, exchange, has }))
}

/// It has gone well.
const fn result(words: Words, way: Way, operation: OperationCode, exchange: &'static str) -> ProcedureStep {
    row(words, way, See::Map(Map { operation, part: MapPart::Result, exchange, has: &[] }))
}

/// It has failed.
const fn error(words: Words, way: Way, operation: OperationCode, exchange: &'static str) -> ProcedureStep {
    row(words, way, See::Map(Map { operation, part: MapPart::Error, exchange, has: &[] }))
}

/// A PDU of SMPP about the UE's subscriber, or the response to it.
const fn smpp(words: Words, way: Way, command: &'static str, part: SmppPart, exchange: &'static str) -> ProcedureStep {
    row(words, way, See::Smpp(Smpp { command, part, exchange }))
}

/// International numbers and the identity of a UE's subscriber, as MAP and SMPP have them.
fn is_subscriber(ue: &ImsActor, digits: &str) -> bool {
    !digits.is_empty() && (digits == ue.imsi() || digits == ue.msisdn)
}
