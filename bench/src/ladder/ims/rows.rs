//! Short forms for the rows of the tables.

use protocol::Joint;

use super::{Diameter, Has, Http, HttpIs, Msrp, MsrpIs, Of, Rtp, Sip, Status};
use crate::ladder::{Order, Party, ProcedureStep, See};

/// Who sends, who receives, and where that is seen.
pub(super) type Way = (Party, Party, Joint);

pub(super) const GM_UP: Way = (Party::Ue, Party::Pcscf, Joint::Gm);
pub(super) const GM_DOWN: Way = (Party::Pcscf, Party::Ue, Joint::Gm);
pub(super) const P_TO_I: Way = (Party::Pcscf, Party::Icscf, Joint::Mw);
pub(super) const I_TO_P: Way = (Party::Icscf, Party::Pcscf, Joint::Mw);
pub(super) const I_TO_S: Way = (Party::Icscf, Party::Scscf, Joint::Mw);
pub(super) const S_TO_I: Way = (Party::Scscf, Party::Icscf, Joint::Mw);
pub(super) const P_TO_S: Way = (Party::Pcscf, Party::Scscf, Joint::Mw);
pub(super) const S_TO_P: Way = (Party::Scscf, Party::Pcscf, Joint::Mw);
pub(super) const I_TO_HSS: Way = (Party::Icscf, Party::Hss, Joint::Cx);
pub(super) const HSS_TO_I: Way = (Party::Hss, Party::Icscf, Joint::Cx);
pub(super) const S_TO_HSS: Way = (Party::Scscf, Party::Hss, Joint::Cx);
pub(super) const HSS_TO_S: Way = (Party::Hss, Party::Scscf, Joint::Cx);
pub(super) const S_TO_AS: Way = (Party::Scscf, Party::As, Joint::Isc);
pub(super) const AS_TO_S: Way = (Party::As, Party::Scscf, Joint::Isc);
pub(super) const S_TO_PEER_P: Way = (Party::Scscf, Party::PeerPcscf, Joint::Mw);
pub(super) const PEER_P_TO_S: Way = (Party::PeerPcscf, Party::Scscf, Joint::Mw);
pub(super) const PEER_DOWN: Way = (Party::PeerPcscf, Party::Peer, Joint::Gm);
pub(super) const PEER_UP: Way = (Party::Peer, Party::PeerPcscf, Joint::Gm);
pub(super) const SECOND_DOWN: Way = (Party::PeerPcscf, Party::Second, Joint::Gm);
pub(super) const SECOND_UP: Way = (Party::Second, Party::PeerPcscf, Joint::Gm);

/// What a step is called and where it is demanded: number, what is expected, clause.
pub(super) type Words = (&'static str, &'static str, &'static str);

const fn row((number, expect, clause): Words, (from, to, joint): Way, see: See) -> ProcedureStep {
    ProcedureStep { number, from, to, joint, expect, clause, order: Order::AfterPrevious, see }
}

/// A request.
pub(super) const fn request(
    words: Words,
    way: Way,
    method: &'static str,
    call: &'static str,
    has: &'static [Has],
) -> ProcedureStep {
    row(words, way, See::Sip(Sip { method, status: None, call, transaction: "", has }))
}

/// A response with this status.
pub(super) const fn response(
    words: Words,
    way: Way,
    method: &'static str,
    call: &'static str,
    status: u16,
    has: &'static [Has],
) -> ProcedureStep {
    row(words, way, See::Sip(Sip { method, status: Some(Status::Is(status)), call, transaction: "", has }))
}

/// A response of success.
pub(super) const fn success(words: Words, way: Way, method: &'static str, call: &'static str) -> ProcedureStep {
    row(words, way, See::Sip(Sip { method, status: Some(Status::Class(2)), call, transaction: "", has: &[] }))
}

const fn asks(command: &'static str, of: Of, numbers: &'static [(&'static str, &'static [u32])]) -> See {
    See::Diameter(Diameter { command, of, session: "", numbers, has: &[], words: &[] })
}

/// A Diameter request of the UE.
pub(super) const fn diameter(words: Words, way: Way, command: &'static str) -> ProcedureStep {
    row(words, way, asks(command, Of::Ue, &[]))
}

/// A Diameter message of a session with this name.
pub(super) const fn diameter_of(
    words: Words,
    way: Way,
    command: &'static str,
    of: Of,
    session: &'static str,
) -> ProcedureStep {
    row(words, way, See::Diameter(Diameter { command, of, session, numbers: &[], has: &[], words: &[] }))
}

/// Server-Assignment-Request with one of these types (TS 29.229 clause 6.3.15).
pub(super) const fn assignment(words: Words, types: &'static [(&'static str, &'static [u32])]) -> ProcedureStep {
    row(words, S_TO_HSS, asks("SAR", Of::Ue, types))
}

/// Location-Info-Request for the other UE.
pub(super) const fn location(words: Words) -> ProcedureStep {
    row(words, I_TO_HSS, asks("LIR", Of::PeerIdentity, &[]))
}

/// The answer to the Diameter request before it.
pub(super) const fn answer(words: Words, way: Way, command: &'static str) -> ProcedureStep {
    row(words, way, asks(command, Of::Request, &[]))
}

/// The answer to the Diameter request before it, with these numbers.
pub(super) const fn answer_with(
    words: Words,
    way: Way,
    command: &'static str,
    numbers: &'static [(&'static str, &'static [u32])],
) -> ProcedureStep {
    row(words, way, asks(command, Of::Request, numbers))
}

/// A request for charging (TS 32.299): of which Diameter session, with these numbers and AVPs.
pub(super) const fn charge(
    words: Words,
    way: Way,
    command: &'static str,
    session: &'static str,
    numbers: &'static [(&'static str, &'static [u32])],
    has: &'static [&'static str],
) -> ProcedureStep {
    row(words, way, See::Diameter(Diameter { command, of: Of::Charging, session, numbers, has, words: &[] }))
}

/// The answer to a request for charging.
pub(super) const fn charged(
    words: Words,
    way: Way,
    command: &'static str,
    session: &'static str,
    numbers: &'static [(&'static str, &'static [u32])],
    has: &'static [&'static str],
) -> ProcedureStep {
    row(words, way, See::Diameter(Diameter { command, of: Of::Request, session, numbers, has, words: &[] }))
}

/// An HTTP message: of which exchange, words of the target of a request, header fields, words of the body.
pub(super) const fn http(
    words: Words,
    way: Way,
    is: HttpIs,
    exchange: &'static str,
    target: &'static str,
    has: &'static [&'static str],
    body: &'static str,
) -> ProcedureStep {
    row(words, way, See::Http(Http { is, exchange, target, has, body }))
}

/// An MSRP message of a transaction with this name.
pub(super) const fn msrp(words: Words, way: Way, is: MsrpIs, transaction: &'static str) -> ProcedureStep {
    row(words, way, See::Msrp(Msrp { is, transaction }))
}

/// RTP or RTCP.
pub(super) const fn rtp(words: Words, way: Way, rtp: Rtp) -> ProcedureStep {
    row(words, way, See::Rtp(rtp))
}

impl ProcedureStep {
    /// The same step, which waits for another one than that before it.
    pub(super) const fn after(self, number: &'static str) -> Self {
        Self { order: Order::After(number), ..self }
    }

    /// The same step in another transaction of its method than those without a name.
    pub(super) const fn again(self) -> Self {
        match self.see {
            See::Sip(sip) => Self { see: See::Sip(Sip { transaction: "again", ..sip }), ..self },
            _ => self,
        }
    }
}
