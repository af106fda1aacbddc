//! Procedures of the IMS as tables (TS 24.229, TS 29.228): what of SIP and Diameter ticks a step, as a matcher and as a
//! display filter made from the same data.

mod asked;
mod bearer;
mod calls;
mod find;
mod http;
mod mc;
mod media;
mod mms;
mod plain;
mod registration;
mod rows;
mod services;
mod sms;

use std::net::IpAddr;

use protocol::mms::MessageType;
use serde::{Deserialize, Serialize};

use super::Party;

pub(crate) use asked::ims_ladders;
pub use bearer::GroupBearer;
pub(crate) use calls::{
    BEARER_LOSS, CALL_CANCELLED, CALL_FORKED, CALL_NOT_REGISTERED, CALL_REJECTED, CALL_SETUP, CALL_UNANSWERED, HOLD,
    MESSAGE, MESSAGE_NOT_REGISTERED, RELEASE, RESUME,
};
pub(crate) use find::{Bound, SipSeen, diameter, identifiers};
pub(crate) use http::HttpSeen;
pub use http::{Http, HttpIs};
pub(crate) use mc::mc_procedures;
pub(crate) use mc::migration::PROCEDURE as MC_MIGRATION;
pub use mc::{McDocument, McMessage};
pub(crate) use media::MediaSeen;
pub use media::{Msrp, MsrpIs, Rtp};
pub use mms::{Mm1, Mm1Is, Mm4, Mm4Of};
pub(crate) use mms::{Mm4Seen, mms_procedures};
pub(crate) use plain::plain_procedures;
pub(crate) use registration::{
    DEREGISTRATION, DEREGISTRATION_CHALLENGED, NETWORK_DEREGISTRATION, RE_REGISTRATION, RE_REGISTRATION_CHALLENGED,
    REG_EVENT, REGISTRATION, THIRD_PARTY_REGISTRATION,
};
pub(crate) use services::service_procedures;
pub use sms::{Map, MapHas, MapPart, Smpp, SmppPart};
pub(crate) use sms::{MapSeen, SmppSeen, sms_procedures};

/// Who plays in a ladder of the IMS.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ImsCast {
    /// The scenario's step that asks for it, from 0: nothing before it counts.
    pub step: usize,
    /// The step from which all but the first message of the procedure count, where that one comes earlier: a registration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub then: Option<usize>,
    /// What of the procedure is not played.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub without: Vec<Without>,
    /// The UE whose view it is.
    pub ue: ImsActor,
    /// The other UE.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peer: Option<ImsActor>,
    /// A second device of the other UE's user, or a third UE.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second: Option<ImsActor>,
}

/// What is not played of a procedure, for a run does not have it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Without {
    /// A step, by its number: one of its boxes is not there, or says nothing.
    Step(String),
    /// The indication that an SMS-GMSC supports IP messaging (TR 23.804 clause 8.4 step 3).
    IpMessaging,
}

/// A UE in a ladder of the IMS.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ImsActor {
    /// Name in the scenario.
    pub name: String,
    /// Private identity.
    pub impi: String,
    /// Public identity.
    pub impu: String,
    /// Digits of its subscriber's international number; empty: nobody knows one.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub msisdn: String,
    /// Its address.
    pub ip: IpAddr,
    /// Name of its P-CSCF.
    pub pcscf: String,
    /// Name of the MMS Relay/Server that it is a subscriber of; empty: of none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub mms_relay: String,
    /// The further MC system that it is in; none: the first one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system: Option<ActorSystem>,
}

/// A further MC system in a ladder.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ActorSystem {
    /// Its name, with which those of its boxes begin.
    pub name: String,
    /// Its number, from 1.
    pub number: u8,
}

impl ImsActor {
    /// IMSI of its subscriber: the user of its private identity (TS 23.003 clause 13.3).
    pub(crate) fn imsi(&self) -> &str {
        self.impi.split('@').next().unwrap_or_default()
    }
}

/// What must be seen of SIP.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Sip {
    /// Method of the request, or of the request that a response is for.
    pub method: &'static str,
    /// Of a response; none: a request.
    pub status: Option<Status>,
    /// Name of the call that it belongs to: the first step with the name says which Call-ID that is.
    pub call: &'static str,
    /// Name of the transaction among those of its method in the call: the first step with the name says which CSeq that is,
    /// ACK and CANCEL belong to the transaction of their INVITE. A name of its own has another CSeq than the others.
    pub transaction: &'static str,
    /// What it must have besides.
    pub has: &'static [Has],
}

/// Status of a response.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Status {
    /// This one.
    Is(u16),
    /// Any of these hundred: 2 is 200 to 299.
    Class(u16),
}

/// A property of a SIP message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Has {
    /// Credentials with a response.
    Response,
    /// No credentials with a response.
    NoResponse,
    /// An expiry of 0.
    ExpiresZero,
    /// No expiry of 0.
    Expires,
    /// A tag in To: within a dialog.
    ToTag,
    /// No tag in To: outside of any dialog.
    NoToTag,
    /// A header field that is there.
    Header(&'static str),
    /// A header field with these words.
    Words(&'static str, &'static str),
    /// These words in the body.
    Body(&'static str),
    /// The UE's public identity in this header field.
    Identity(&'static str),
    /// The other UE's public identity in this header field.
    PeerIdentity(&'static str),
    /// The other UE's public identity in the body.
    PeerInBody,
    /// A request to a user of this name, or one that begins like it.
    UserUri(&'static str),
    /// A request to the user of this UE.
    Called(Party),
    /// A message of the relay layer in the body (TS 24.341 clause 5.3).
    Rp(RpKind),
    /// A request to the telephone number of this UE.
    Number(Party),
    /// RP-DATA to the UE with a push that has a PDU of MM1.
    Push(MessageType),
    /// A PDU of MM1 in the body (TR 23.804 clause 8.11), of the message that the ladder is about; one that says what has become of
    /// something says that it went well.
    Mms(MessageType),
    /// A GET of a multimedia message in the body: the first step with it says which one.
    Retrieval,
    /// P-Charging-Vector with the charging identifier of the session: the first step with it says which.
    ChargingVector,
}

/// Message types of the relay layer (TS 24.011 clause 8.2.2).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
#[expect(clippy::enum_variant_names, reason = "names of the standard: three kinds of message, and which way each goes")]
pub enum RpKind {
    /// RP-DATA from the UE.
    DataFromMs = 0,
    /// RP-DATA to the UE.
    DataToMs = 1,
    /// RP-ACK from the UE.
    AckFromMs = 2,
    /// RP-ACK to the UE.
    AckToMs = 3,
    /// RP-ERROR from the UE.
    ErrorFromMs = 4,
}

impl ImsCast {
    /// A UE, and others, of a procedure that is played as a whole from a step on.
    pub fn new(step: usize, ue: ImsActor, peer: Option<ImsActor>, second: Option<ImsActor>) -> Self {
        Self { step, then: None, without: Vec::new(), ue, peer, second }
    }

    /// The scenario's step that asks for the procedure.
    pub fn asked_by(&self) -> usize {
        self.then.unwrap_or(self.step)
    }

    /// A UE of the ladder.
    pub(crate) fn actor(&self, party: Party) -> Option<&ImsActor> {
        match party {
            Party::Ue => Some(&self.ue),
            Party::Peer => self.peer.as_ref(),
            Party::Second => self.second.as_ref(),
            _ => None,
        }
    }

    /// The telephone number of a UE, as a URI (RFC 3966).
    fn number(&self, party: Party) -> String {
        format!("tel:+{}", self.actor(party).map_or("", |actor| &actor.msisdn))
    }

    /// User of a UE's public identity.
    fn user(&self, party: Party) -> &str {
        let impu = self.actor(party).map_or("", |actor| &actor.impu);
        impu.strip_prefix("sip:").unwrap_or(impu).split('@').next().unwrap_or_default()
    }
}

/// What must be seen of Diameter.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Diameter {
    /// Name of the command (`MAR`, `MAA`).
    pub command: &'static str,
    /// Whose it is; an answer belongs to the request before it.
    pub of: Of,
    /// Name of the Diameter session that it belongs to: the first step with the name says which Session-Id that is. Without a
    /// name: that of the last request without one.
    pub session: &'static str,
    /// AVPs, in groups too, each with one of these numbers: `Server-Assignment-Type`.
    pub numbers: &'static [(&'static str, &'static [u32])],
    /// AVPs that are there, in groups too.
    pub has: &'static [&'static str],
    /// Words that an AVP has, or that none has.
    pub words: &'static [(&'static str, bool)],
}

/// To whom a Diameter message belongs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Of {
    /// User-Name is the UE's private identity.
    Ue,
    /// Public-Identity is that of the UE, in a group too.
    Identity,
    /// Public-Identity is that of the other UE.
    PeerIdentity,
    /// Session-Id is that of the request before.
    Request,
    /// IMS-Charging-Identifier is that of the session.
    Charging,
    /// It is of no UE: the first step with the name of its session says which Session-Id that is.
    Anybody,
}
