//! Multimedia messages over IP (TR 23.804 clause 8.11): what of MM1 and MM4 ticks a step, as a matcher and as a display filter
//! made from the same data.

mod asked;
mod mm1;
mod mm4;
mod originated;
mod pdu;
mod terminated;
#[cfg(test)]
mod tests;

pub(super) use asked::asked;
pub use mm1::{Mm1, Mm1Is};
pub(crate) use mm4::Mm4Seen;
pub use mm4::{Mm4, Mm4Of};
pub(super) use pdu::{TARGET, is_push, pdu_filter, push_filter, said};

use protocol::Joint;
use protocol::mms::MessageType;

use super::Has;
use super::rows::{GM_DOWN, Way, Words, response};
use super::sms::{GATEWAY, REGISTER, SC};
use crate::ladder::{Order, Party, Procedure, ProcedureStep, See};

const RELAY: Party = Party::MmsRelay;
const PEER_RELAY: Party = Party::PeerMmsRelay;

const MM1_UP: Way = (Party::Ue, RELAY, Joint::Mm1);
const MM1_DOWN: Way = (RELAY, Party::Ue, Joint::Mm1);
const GATEWAY_TO_RELAY: Way = (GATEWAY, RELAY, Joint::Mm1);
const RELAY_TO_GATEWAY: Way = (RELAY, GATEWAY, Joint::Mm1);
const MM4_OUT: Way = (RELAY, PEER_RELAY, Joint::Mm4);
const MM4_IN: Way = (PEER_RELAY, RELAY, Joint::Mm4);
const RELAY_TO_SC: Way = (RELAY, SC, Joint::Smpp);

/// Procedures of multimedia messages over IP.
pub(crate) fn mms_procedures() -> impl Iterator<Item = &'static Procedure> {
    PROCEDURES.iter().copied()
}

/// All of them.
const PROCEDURES: &[&Procedure] =
    &[&originated::BY_IMS, &terminated::BY_IMS, &originated::BY_HTTP, &terminated::BY_HTTP];

const fn row((number, expect, clause): Words, (from, to, joint): Way, see: See) -> ProcedureStep {
    ProcedureStep { number, from, to, joint, expect, clause, order: Order::AfterPrevious, see }
}

/// A UE sends a PDU of MM1.
const fn post(words: Words, way: Way, pdu: MessageType, exchange: &'static str) -> ProcedureStep {
    row(words, way, See::Mm1(Mm1 { is: Mm1Is::Post(pdu), exchange, is_asserted: false }))
}

/// The gateway sends it for the UE, or asks for a message.
const fn asserted(words: Words, is: Mm1Is, exchange: &'static str) -> ProcedureStep {
    row(words, GATEWAY_TO_RELAY, See::Mm1(Mm1 { is, exchange, is_asserted: true }))
}

/// It asks for a message.
const fn get(words: Words, way: Way, exchange: &'static str) -> ProcedureStep {
    row(words, way, See::Mm1(Mm1 { is: Mm1Is::Get, exchange, is_asserted: false }))
}

/// The relay answers with a PDU.
const fn answered(words: Words, way: Way, pdu: MessageType, exchange: &'static str) -> ProcedureStep {
    row(words, way, See::Mm1(Mm1 { is: Mm1Is::Answer(pdu), exchange, is_asserted: false }))
}

/// A mail of MM4.
const fn mail(words: Words, way: Way, kind: &'static str, of: Mm4Of, exchange: &'static str) -> ProcedureStep {
    row(words, way, See::Mm4(Mm4 { kind, of, exchange }))
}

/// The UE is registered at the S-CSCF.
const REGISTERED: ProcedureStep =
    response(("1", "200: the UE is registered", "TS 24.229 5.4.1.2.2"), GM_DOWN, REGISTER, "reg", 200, &[Has::Expires]);
