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
pub(super) mod way;

pub(super) use asked::{Wanted, asked};
pub(crate) use map::MapSeen;
pub use map::{Map, MapHas, MapPart};
pub(crate) use smpp::SmppSeen;
pub use smpp::{Smpp, SmppPart};

use protocol::Joint;
use protocol::map::OperationCode;
use protocol::mms::MessageType;

use super::ImsActor;
use super::rows::{Way, Words};
use crate::ladder::{Order, Party, Procedure, ProcedureStep, See};
use crate::scenario::{IP_MESSAGE_GW, MSC, PRESENCE_SERVER, SGSN, SM_SC, SMS_GMSC};

pub(super) const GATEWAY: Party = Party::Server(IP_MESSAGE_GW);
pub(super) const GMSC: Party = Party::Server(SMS_GMSC);
pub(super) const SC: Party = Party::Server(SM_SC);
const PRESENCE: Party = Party::Server(PRESENCE_SERVER);
const MSC_PARTY: Party = Party::Server(MSC);
const SGSN_PARTY: Party = Party::Server(SGSN);

const R2_UP: Way = (Party::Ue, GATEWAY, Joint::R2);
const R2_DOWN: Way = (GATEWAY, Party::Ue, Joint::R2);
const R1_UP: Way = (GATEWAY, Party::Hss, Joint::R1);
const R1_DOWN: Way = (Party::Hss, GATEWAY, Joint::R1);
pub(super) const R5_UP: Way = (GMSC, Party::Hss, Joint::R5);
const R5_DOWN: Way = (Party::Hss, GMSC, Joint::R5);
const GATEWAY_TO_GMSC: Way = (GATEWAY, GMSC, Joint::R6);
pub(super) const GMSC_TO_GATEWAY: Way = (GMSC, GATEWAY, Joint::R6);
const GMSC_TO_SC: Way = (GMSC, SC, Joint::Smpp);
pub(super) const SC_TO_GMSC: Way = (SC, GMSC, Joint::Smpp);
pub(super) const S_TO_GATEWAY: Way = (Party::Scscf, GATEWAY, Joint::Isc);
pub(super) const GATEWAY_TO_S: Way = (GATEWAY, Party::Scscf, Joint::Isc);
const HSS_TO_PRESENCE: Way = (Party::Hss, PRESENCE, Joint::Sh);
const PRESENCE_TO_HSS: Way = (PRESENCE, Party::Hss, Joint::Sh);

pub(super) const REGISTER: &str = "REGISTER";
pub(super) const MESSAGE: &str = "MESSAGE";
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
    &delivery::NOT_REGISTERED,
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
pub(super) const fn invoke(words: Words, way: Way, operation: OperationCode, exchange: &'static str) -> ProcedureStep {
    invoke_with(words, way, operation, exchange, &[])
}

pub(super) const fn invoke_with(
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
    row(words, way, See::Smpp(Smpp { command, part, exchange, push: None }))
}

/// The SM-SC is given a push with a PDU of MM1 for the UE's subscriber, or gives it on.
pub(super) const fn smpp_push(words: Words, way: Way, pdu: MessageType, exchange: &'static str) -> ProcedureStep {
    let (command, part) = ("submit_sm", SmppPart::Request);
    row(words, way, See::Smpp(Smpp { command, part, exchange, push: Some(pdu) }))
}

/// The SM-SC gives a message to the SMS-GMSC (clauses 8.4, 8.5 and 8.10 step 2).
const SUBMITTED: ProcedureStep =
    smpp(("2", "submit_sm in forward mode", "SMPP 3.4 4.4.1"), SC_TO_GMSC, "submit_sm", SmppPart::Request, "mt");
/// Which asks the HLR (step 3).
const ASKED: ProcedureStep = invoke_with(
    ("3", "sendRoutingInfoForSM, with the IP messaging indication where there is one", "TR 23.804 5.1.2"),
    R5_UP,
    OperationCode::SEND_ROUTING_INFO_FOR_SM,
    "routing",
    &[MapHas::IpMessaging],
);
/// The HLR's answer.
const ROUTED: ProcedureStep = result(
    ("3a", "Address of the IP-Message-GW, and of SGSN and MSC", "TR 23.804 5.1.2"),
    R5_DOWN,
    OperationCode::SEND_ROUTING_INFO_FOR_SM,
    "routing",
);
/// The message goes to the IP-Message-GW (step 4).
const FORWARDED: ProcedureStep =
    invoke(("4", "mt-ForwardSM", "TS 29.002 12.9"), GMSC_TO_GATEWAY, OperationCode::MT_FORWARD_SM, "mt");

/// A message from a UE goes to the SMS-IWMSC.
const fn mo_forwarded(number: &'static str) -> ProcedureStep {
    let words = (number, "mo-ForwardSM with the MSISDN", "TS 29.002 12.2");
    invoke(words, GATEWAY_TO_GMSC, OperationCode::MO_FORWARD_SM, "mo")
}

/// And on to the SM-SC.
const fn mo_delivered(number: &'static str) -> ProcedureStep {
    smpp((number, "deliver_sm", "SMPP 3.4 4.6.1"), GMSC_TO_SC, "deliver_sm", SmppPart::Request, "mo")
}

/// Whose report it is that it has it.
const fn mo_stored(number: &'static str) -> ProcedureStep {
    let words = (number, "deliver_sm_resp: the SM-SC has it", "SMPP 3.4 4.6.2");
    smpp(words, SC_TO_GMSC, "deliver_sm", SmppPart::Success, "mo")
}

/// The report goes back to the IP-Message-GW.
const fn mo_answered(number: &'static str) -> ProcedureStep {
    result((number, "mo-ForwardSM result", "TS 29.002 12.2"), GMSC_TO_GATEWAY, OperationCode::MO_FORWARD_SM, "mo")
}

/// International numbers and the identity of a UE's subscriber, as MAP and SMPP have them.
fn is_subscriber(ue: &ImsActor, digits: &str) -> bool {
    !digits.is_empty() && (digits == ue.imsi() || digits == ue.msisdn)
}
