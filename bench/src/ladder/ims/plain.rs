//! Procedures on a plain SIP network (RFC 3261): registration with digest, and those of the IMS with one proxy where the IMS
//! has its CSCFs. Their steps have the numbers that they have on the IMS; what goes on inside of its core is not there.

use std::sync::LazyLock;

use protocol::Joint;

use super::Has::{Expires, ExpiresZero, Header, NoResponse, Response};
use super::rows::{request, response};
use super::{
    CALL_CANCELLED, CALL_FORKED, CALL_NOT_REGISTERED, CALL_REJECTED, CALL_SETUP, CALL_UNANSWERED, HOLD, MESSAGE,
    MESSAGE_NOT_REGISTERED, RELEASE, RESUME, service_procedures,
};
use crate::ladder::{Order, Party, Procedure, ProcedureStep, See};

const REGISTER: &str = "REGISTER";
const UP: super::rows::Way = (Party::Ue, Party::SipProxy, Joint::Gm);
const DOWN: super::rows::Way = (Party::SipProxy, Party::Ue, Joint::Gm);
const PARTIES: &[Party] = &[Party::Ue, Party::SipProxy];

/// A UE registers and is asked who it is.
pub(super) const REGISTRATION: Procedure = Procedure {
    procedure: "RFC 3261 10.2",
    title: "Registration with digest",
    parties: PARTIES,
    steps: &[
        request(("1", "REGISTER without credentials", "RFC 3261 10.2"), UP, REGISTER, "reg", &[NoResponse, Expires]),
        response(
            ("2", "401 with a challenge", "RFC 3261 22.2"),
            DOWN,
            REGISTER,
            "reg",
            401,
            &[Header("WWW-Authenticate")],
        ),
        request(("3", "REGISTER with the response", "RFC 7616 3.4"), UP, REGISTER, "reg", &[Response, Expires]).again(),
        response(("4", "200 with the contacts", "RFC 3261 10.3"), DOWN, REGISTER, "reg", 200, &[Header("Contact")])
            .again(),
    ],
};

/// A UE that is registered registers again, with the nonce that it has.
pub(super) const REFRESH: Procedure = Procedure {
    procedure: "RFC 3261 10.2.4",
    title: "Registration refreshed",
    parties: PARTIES,
    steps: &[
        request(("1", "REGISTER with a response", "RFC 7616 3.4.5"), UP, REGISTER, "reg", &[Response, Expires]),
        response(("2", "200 with the contacts", "RFC 3261 10.3"), DOWN, REGISTER, "reg", 200, &[Header("Contact")]),
    ],
};

/// A UE takes its contact away.
pub(super) const REMOVAL: Procedure = Procedure {
    procedure: "RFC 3261 10.2.2",
    title: "Registration removed",
    parties: PARTIES,
    steps: &[
        request(
            ("1", "REGISTER with an expiry of 0", "RFC 3261 10.2.2"),
            UP,
            REGISTER,
            "reg",
            &[Response, ExpiresZero],
        ),
        response(("2", "200", "RFC 3261 10.3"), DOWN, REGISTER, "reg", 200, &[]),
    ],
};

/// Procedures between UEs.
const BETWEEN_UES: [&Procedure; 11] = [
    &MESSAGE,
    &MESSAGE_NOT_REGISTERED,
    &CALL_SETUP,
    &CALL_REJECTED,
    &CALL_CANCELLED,
    &CALL_UNANSWERED,
    &CALL_NOT_REGISTERED,
    &CALL_FORKED,
    &HOLD,
    &RESUME,
    &RELEASE,
];

/// Names of procedures on the IMS, and the same ones on a plain SIP network. They are made once and stay.
static PLAIN: LazyLock<Vec<(&'static str, &'static Procedure)>> = LazyLock::new(|| {
    let of_cscfs =
        service_procedures().filter(|own| own.parties.contains(&Party::Pcscf) && own.steps.iter().all(is_sip));
    BETWEEN_UES.into_iter().chain(of_cscfs).map(|own| (own.procedure, &*Box::leak(Box::new(plain(own))))).collect()
});

/// SIP, what CSCFs ask the HSS about it, or media.
fn is_sip(row: &ProcedureStep) -> bool {
    matches!(row.joint, Joint::Gm | Joint::Mw | Joint::Isc | Joint::Cx | Joint::Mb)
}

/// All procedures on a plain SIP network that it does not share with the IMS.
pub(crate) fn plain_procedures() -> impl Iterator<Item = &'static Procedure> {
    [&REGISTRATION, &REFRESH, &REMOVAL].into_iter().chain(PLAIN.iter().map(|(_, own)| *own))
}

/// A procedure on a plain SIP network; none: it is of the IMS alone.
pub(super) fn plain_form(of: &'static Procedure) -> Option<&'static Procedure> {
    let has_core = of.parties.iter().any(|party| on_plain(*party) != Some(*party));
    match PLAIN.iter().find(|(name, _)| *name == of.procedure) {
        Some((_, own)) => Some(own),
        None => (!has_core).then_some(of),
    }
}

fn plain(of: &Procedure) -> Procedure {
    let mut parties: Vec<Party> = Vec::new();
    for party in of.parties.iter().filter_map(|party| on_plain(*party)) {
        if !parties.contains(&party) {
            parties.push(party);
        }
    }
    let steps: Vec<ProcedureStep> = of.steps.iter().filter_map(|row| plain_row(row, of.steps)).collect();
    let name = CLAUSES.iter().find(|(ims, _)| *ims == of.procedure).map_or(of.procedure, |(_, plain)| plain);
    Procedure {
        procedure: format!("{name}, plain SIP").leak(),
        title: of.title,
        parties: parties.leak(),
        steps: steps.leak(),
    }
}

/// Who a box is on a plain SIP network.
fn on_plain(party: Party) -> Option<Party> {
    match party {
        Party::Pcscf | Party::PeerPcscf | Party::Icscf | Party::Scscf => Some(Party::SipProxy),
        Party::Hss => None,
        other => Some(other),
    }
}

/// A step on a plain SIP network; none: it is inside of the core of the IMS.
fn plain_row(row: &ProcedureStep, all: &[ProcedureStep]) -> Option<ProcedureStep> {
    let (from, to) = (on_plain(row.from)?, on_plain(row.to)?);
    let order = match row.order {
        Order::After(number) => after(number, all),
        other => other,
    };
    (from != to).then(|| ProcedureStep { from, to, clause: clause(row), order, ..*row })
}

/// The step with this number, or the last one before it that is there.
fn after(number: &str, all: &[ProcedureStep]) -> Order {
    let upto = all.iter().position(|row| row.number == number).map_or(0, |at| at + 1);
    let is_there = |row: &&ProcedureStep| on_plain(row.from).zip(on_plain(row.to)).is_some_and(|(from, to)| from != to);
    all[..upto].iter().rfind(is_there).map_or(Order::Free, |row| Order::After(row.number))
}

/// What demands a step on a plain SIP network.
fn clause(row: &ProcedureStep) -> &'static str {
    if let Some((_, plain)) = CLAUSES.iter().find(|(ims, _)| *ims == row.clause) {
        return plain;
    }
    let See::Sip(sip) = row.see else { return row.clause };
    let is_of = |start: &str| row.clause.starts_with(start);
    match sip.status {
        _ if !is_of("TS 24.229 ") => row.clause,
        None if is_of("TS 24.229 5.1") => "RFC 3261 8.1.1",
        Some(_) if is_of("TS 24.229 5.1") => "RFC 3261 8.2.6",
        None if sip.has.contains(&Header("P-Asserted-Identity")) => "RFC 3325 5",
        None => "RFC 3261 16.6",
        Some(_) => "RFC 3261 16.7",
    }
}

/// Procedures and clauses of 3GPP and what they profile.
const CLAUSES: [(&str, &str); 20] = [
    ("TS 24.229 5.1.3", "RFC 3261 13"),
    ("TS 24.229 5.1.3, not registered", "RFC 3261 13, not registered"),
    ("TS 24.229 5.1.4", "RFC 3261 13.2.2.3"),
    ("TS 24.229 5.1.5", "RFC 3261 15"),
    ("TS 24.229 5.4.1.7", "RFC 3261 10.2"),
    ("TS 24.229 5.7.1.1", "RFC 3261 10.3"),
    ("TS 24.141 5.3.1.3", "RFC 3903 4"),
    ("TS 24.141 5.3.2", "RFC 3856 6"),
    ("TS 24.141 5.3.2.4", "RFC 3857 4"),
    ("TS 24.147 5.3.1.2", "RFC 4575 3"),
    ("TS 24.147 5.3.1.3.2", "RFC 4579 5.4"),
    ("TS 24.147 5.3.1.4.1", "RFC 4579 5.1"),
    ("TS 24.147 5.3.1.5.3", "RFC 4579 5.5"),
    ("TS 24.147 5.3.1.6.1", "RFC 4579 5.9"),
    ("TS 24.147 5.3.2.3.1", "RFC 4579 5.4"),
    ("TS 24.147 5.3.2.3.3", "RFC 4575 3"),
    ("TS 24.147 5.3.2.4.1", "RFC 4579 5.1"),
    ("TS 24.147 5.3.2.5.2", "RFC 4579 5.5"),
    ("TS 24.147 5.3.2.6.2", "RFC 4579 5.11"),
    ("TS 24.247 5.1", "RFC 4975 8"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_the_ims_is_left() {
        for own in plain_procedures() {
            assert!(!own.procedure.contains("TS 24.") && own.parties.contains(&Party::SipProxy), "{}", own.procedure);
            for row in own.steps {
                assert!(!row.clause.starts_with("TS 24."), "{} {}: {}", own.procedure, row.number, row.clause);
                assert!(matches!(row.joint, Joint::Gm | Joint::Isc | Joint::Mb), "{} {}", own.procedure, row.number);
            }
        }
    }

    #[test]
    fn steps_keep_their_numbers_and_their_order() {
        let message = plain_form(&MESSAGE).unwrap();
        assert_eq!(message.steps.iter().map(|row| row.number).collect::<Vec<_>>(), ["1", "8", "9", "14"]);
        assert_eq!(message.parties, [Party::Ue, Party::SipProxy, Party::Peer]);
        let forked = plain_form(&CALL_FORKED).unwrap();
        let second = forked.steps.iter().find(|row| row.number == "8").unwrap();
        assert_eq!(second.order, Order::After("1"));
        assert!(plain_form(&super::super::BEARER_LOSS).is_none());
        assert_eq!(plain_form(&REGISTRATION).map(|own| own.procedure), Some("RFC 3261 10.2"));
    }
}
