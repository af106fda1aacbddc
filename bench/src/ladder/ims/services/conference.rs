//! Conferences (TS 24.147; RFC 4579, 4575): made by the factory, joined, left, watched.

use protocol::Joint;

use super::super::Has::{self, Body, Header, UserUri, Words};
use super::super::rows::*;
use super::Wanted;
use crate::ladder::{Party, Procedure};
use crate::scenario::{CONFERENCE_SERVER, ConferenceStep};

const INVITE: &str = "INVITE";
const ACK: &str = "ACK";
const BYE: &str = "BYE";
const NOTIFY: &str = "NOTIFY";
const SUBSCRIBE: &str = "SUBSCRIBE";
const SERVER: Party = Party::Server(CONFERENCE_SERVER);
const S_TO_SERVER: Way = (Party::Scscf, SERVER, Joint::Isc);
const SERVER_TO_S: Way = (SERVER, Party::Scscf, Joint::Isc);
const PARTIES: &[Party] = &[Party::Ue, Party::Pcscf, Party::Scscf, SERVER];
const FOCUS: Has = Words("Contact", "isfocus");

/// All of them.
pub(super) const PROCEDURES: &[&Procedure] = &[&FACTORY, &JOIN, &EVENT, &LEAVE];

/// Ladders that a step asks for.
pub(super) fn asked(step: &ConferenceStep) -> Vec<Wanted<'_>> {
    match step {
        ConferenceStep::ConferenceCreate { ue } => vec![Wanted::one(ue, &FACTORY)],
        ConferenceStep::ConferenceJoin { from, .. } => vec![Wanted::one(from, &JOIN)],
        ConferenceStep::ConferenceWatch { ue } => vec![Wanted::one(ue, &EVENT)],
        ConferenceStep::ConferenceLeave { ue } => vec![Wanted::one(ue, &LEAVE)],
    }
}

/// A UE has a conference made.
const FACTORY: Procedure = Procedure {
    procedure: "TS 24.147 5.3.1.3.2",
    title: "Conference made by the factory",
    parties: PARTIES,
    steps: &[
        request(
            ("1", "INVITE to the factory", "RFC 4579 5.4"),
            GM_UP,
            INVITE,
            "call",
            &[UserUri("conference-factory")],
        ),
        request(
            ("2", "INVITE with P-Asserted-Identity", "TS 24.229 5.2.7.2"),
            P_TO_S,
            INVITE,
            "call",
            &[UserUri("conference-factory"), Header("P-Asserted-Identity")],
        ),
        request(("3", "INVITE to the server", "TS 24.229 5.4.3.2"), S_TO_SERVER, INVITE, "call", &[]),
        response(
            ("4", "200 with the URI of the focus", "TS 24.147 5.3.2.3.1"),
            SERVER_TO_S,
            INVITE,
            "call",
            200,
            &[FOCUS],
        ),
        response(("5", "200 with the URI of the focus", "TS 24.229 5.4.3.2"), S_TO_P, INVITE, "call", 200, &[FOCUS]),
        response(("6", "200 with the URI of the focus", "TS 24.229 5.2.7.2"), GM_DOWN, INVITE, "call", 200, &[FOCUS]),
        request(("7", "ACK to the focus", "RFC 4579 5.4"), GM_UP, ACK, "call", &[UserUri("conf-")]),
        request(("8", "ACK", "TS 24.229 5.2.6.3"), P_TO_S, ACK, "call", &[]),
        request(("9", "ACK", "TS 24.229 5.4.3.2"), S_TO_SERVER, ACK, "call", &[]),
    ],
};

/// A UE joins a conference.
const JOIN: Procedure = Procedure {
    procedure: "RFC 4579 5.1",
    title: "Conference joined by its URI",
    parties: PARTIES,
    steps: &[
        request(("1", "INVITE to the focus", "TS 24.147 5.3.1.4.1"), GM_UP, INVITE, "call", &[UserUri("conf-")]),
        request(("2", "INVITE to the focus", "TS 24.229 5.2.7.2"), P_TO_S, INVITE, "call", &[UserUri("conf-")]),
        request(("3", "INVITE to the focus", "TS 24.229 5.4.3.2"), S_TO_SERVER, INVITE, "call", &[UserUri("conf-")]),
        response(("4", "200 of the focus", "TS 24.147 5.3.2.4.1"), SERVER_TO_S, INVITE, "call", 200, &[FOCUS]),
        response(("5", "200 of the focus", "TS 24.229 5.4.3.2"), S_TO_P, INVITE, "call", 200, &[FOCUS]),
        response(("6", "200 of the focus", "TS 24.229 5.2.7.2"), GM_DOWN, INVITE, "call", 200, &[FOCUS]),
        request(("7", "ACK", "RFC 3261 13.2.2.4"), GM_UP, ACK, "call", &[]),
        request(("8", "ACK", "TS 24.229 5.2.6.3"), P_TO_S, ACK, "call", &[]),
        request(("9", "ACK", "TS 24.229 5.4.3.2"), S_TO_SERVER, ACK, "call", &[]),
    ],
};

/// A UE leaves a conference.
const LEAVE: Procedure = Procedure {
    procedure: "TS 24.147 5.3.1.6.1",
    title: "Conference left",
    parties: PARTIES,
    steps: &[
        request(("1", "BYE", "RFC 4579 5.9"), GM_UP, BYE, "call", &[]),
        request(("2", "BYE", "TS 24.229 5.2.8.3"), P_TO_S, BYE, "call", &[]),
        request(("3", "BYE", "TS 24.229 5.4.5.1"), S_TO_SERVER, BYE, "call", &[]),
        success(("4", "200", "RFC 3261 15.1.2"), SERVER_TO_S, BYE, "call"),
        success(("5", "200", "TS 24.229 5.4.5.1"), S_TO_P, BYE, "call"),
        success(("6", "200", "TS 24.229 5.2.8.3"), GM_DOWN, BYE, "call"),
    ],
};

/// A UE watches who is in a conference.
const EVENT: Procedure = Procedure {
    procedure: "RFC 4575 3",
    title: "Subscription to the state of a conference",
    parties: PARTIES,
    steps: &[
        request(
            ("1", "SUBSCRIBE, Event: conference", "TS 24.147 5.3.1.2"),
            GM_UP,
            SUBSCRIBE,
            "watch",
            &[Words("Event", "conference")],
        ),
        request(("2", "SUBSCRIBE", "TS 24.229 5.2.6.3"), P_TO_S, SUBSCRIBE, "watch", &[Words("Event", "conference")]),
        request(
            ("3", "SUBSCRIBE to the focus", "TS 24.229 5.4.3.2"),
            S_TO_SERVER,
            SUBSCRIBE,
            "watch",
            &[UserUri("conf-")],
        ),
        success(("4", "200", "TS 24.147 5.3.2.3.3"), SERVER_TO_S, SUBSCRIBE, "watch"),
        success(("5", "200", "TS 24.229 5.4.3.2"), S_TO_P, SUBSCRIBE, "watch"),
        success(("6", "200", "TS 24.229 5.2.6.3"), GM_DOWN, SUBSCRIBE, "watch"),
        request(
            ("7", "NOTIFY with the whole state", "RFC 4575 4.4"),
            SERVER_TO_S,
            NOTIFY,
            "watch",
            &[Body("<conference-info"), Body("full")],
        )
        .after("3"),
        request(
            ("8", "NOTIFY with the whole state", "TS 24.229 5.4.3.2"),
            S_TO_P,
            NOTIFY,
            "watch",
            &[Body("<conference-info")],
        ),
        request(
            ("9", "NOTIFY with the whole state", "TS 24.229 5.2.6.4"),
            GM_DOWN,
            NOTIFY,
            "watch",
            &[Body("<conference-info")],
        ),
        response(("10", "200", "RFC 6665 4.1.3"), GM_UP, NOTIFY, "watch", 200, &[]),
        response(("11", "200", "TS 24.229 5.2.6.4"), P_TO_S, NOTIFY, "watch", 200, &[]),
        response(("12", "200", "TS 24.229 5.4.3.2"), S_TO_SERVER, NOTIFY, "watch", 200, &[]),
    ],
};
