//! Conferences (TS 24.147; RFC 4579, 4575): made by the factory, joined, left, watched.

use protocol::Joint;

use super::super::Has::{self, Body, Called, Header, PeerInBody, UserUri, Words};
use super::super::Rtp::{Bye, Heard, Said};
use super::super::rows::*;
use super::{Known, Wanted};
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
const SERVER_TO_I: Way = (SERVER, Party::Icscf, Joint::Isc);
const I_TO_SERVER: Way = (Party::Icscf, SERVER, Joint::Isc);
const SPEAKS: Way = (Party::Ue, SERVER, Joint::Mb);
const HEARS: Way = (SERVER, Party::Ue, Joint::Mb);
const PEER_SPEAKS: Way = (Party::Peer, SERVER, Joint::Mb);
const PEER_HEARS: Way = (SERVER, Party::Peer, Joint::Mb);
const REFER: &str = "REFER";
const WITH_PEER: &[Party] = &[Party::Ue, Party::Pcscf, Party::Scscf, SERVER, Party::Peer];
/// With those through whom the focus calls.
const CALLING: &[Party] =
    &[Party::Ue, Party::Pcscf, Party::Scscf, SERVER, Party::Icscf, Party::Hss, Party::PeerPcscf, Party::Peer];
const PARTIES: &[Party] = &[Party::Ue, Party::Pcscf, Party::Scscf, SERVER];
const FOCUS: Has = Words("Contact", "isfocus");

/// All of them.
pub(super) const PROCEDURES: &[&Procedure] = &[&FACTORY, &JOIN, &EVENT, &JOINED, &LEAVE, &LEFT, &INVITED, &EXPELLED];

/// Ladders that a step asks for.
pub(super) fn asked<'a>(known: &mut Known, step: &'a ConferenceStep) -> Vec<Wanted<'a>> {
    match step {
        ConferenceStep::ConferenceCreate { ue } => vec![Wanted::one(ue, &FACTORY)],
        ConferenceStep::ConferenceJoin { from, to } => {
            told(known, from, &JOINED).chain([Wanted::one(from, &JOIN).with(to)]).rev().collect()
        }
        ConferenceStep::ConferenceWatch { ue } => {
            known.watchers.insert(ue.clone());
            vec![Wanted::one(ue, &EVENT)]
        }
        ConferenceStep::ConferenceLeave { ue } => {
            told(known, ue, &LEFT).chain([Wanted::one(ue, &LEAVE)]).rev().collect()
        }
        ConferenceStep::ConferenceInvite { from, to } => {
            told(known, to, &JOINED).chain([Wanted::one(from, &INVITED).with(to)]).rev().collect()
        }
        ConferenceStep::ConferenceExpel { from, to } => {
            told(known, to, &LEFT).chain([Wanted::one(from, &EXPELLED).with(to)]).rev().collect()
        }
        ConferenceStep::ConferenceListen { .. } => Vec::new(),
    }
}

/// Whoever watches is told of this UE.
fn told<'a>(known: &Known, of: &'a str, procedure: &'static Procedure) -> impl DoubleEndedIterator<Item = Wanted<'a>> {
    let watchers: Vec<_> = known.watchers.iter().filter(|watcher| *watcher != of).cloned().collect();
    watchers.into_iter().map(move |watcher| Wanted::one(&watcher, procedure).with(of))
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
        rtp(("10", "RTP: what it says", "RFC 3550 5.1"), SPEAKS, Said("own")).after("6"),
        rtp(("11", "RTP: nobody else is there", "RFC 3550 7.1"), HEARS, Heard { of: &[], without: "own" }),
    ],
};

/// A UE joins a conference.
const JOIN: Procedure = Procedure {
    procedure: "RFC 4579 5.1",
    title: "Conference joined by its URI",
    parties: WITH_PEER,
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
        rtp(("10", "RTP: what it says", "RFC 3550 5.1"), SPEAKS, Said("own")).after("6"),
        rtp(("11", "RTP: what the other one says", "RFC 3550 5.1"), PEER_SPEAKS, Said("peer")),
        rtp(
            ("12", "RTP mixed of the other one and not of its own", "RFC 3550 7.1"),
            HEARS,
            Heard { of: &["peer"], without: "own" },
        ),
        rtp(
            ("13", "RTP mixed of the one that has joined", "RFC 3550 7.1"),
            PEER_HEARS,
            Heard { of: &["own"], without: "peer" },
        ),
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
        rtp(("7", "RTCP BYE of the focus", "RFC 3550 6.6"), HEARS, Bye).after("3"),
        rtp(("8", "RTCP BYE of the UE", "RFC 3550 6.6"), SPEAKS, Bye).after("1"),
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

const CHANGE: &[Has] = &[Words("Event", "conference"), Body("partial"), PeerInBody, Body(">connected<")];
const DEPARTURE: &[Has] = &[Words("Event", "conference"), Body("partial"), PeerInBody, Body(">disconnected<")];

/// Who watches is told of one that has come.
const JOINED: Procedure = Procedure {
    procedure: "RFC 4575 4.4, joined",
    title: "Notification of a participant that has come",
    parties: PARTIES,
    steps: &[
        request(("1", "NOTIFY with who has come", "RFC 4575 5.6"), SERVER_TO_S, NOTIFY, "watch", CHANGE),
        request(("2", "NOTIFY with who has come", "TS 24.229 5.4.3.2"), S_TO_P, NOTIFY, "watch", CHANGE),
        request(("3", "NOTIFY with who has come", "TS 24.229 5.2.6.4"), GM_DOWN, NOTIFY, "watch", CHANGE),
        response(("4", "200", "RFC 6665 4.1.3"), GM_UP, NOTIFY, "watch", 200, &[]),
        response(("5", "200", "TS 24.229 5.2.6.4"), P_TO_S, NOTIFY, "watch", 200, &[]),
        response(("6", "200", "TS 24.229 5.4.3.2"), S_TO_SERVER, NOTIFY, "watch", 200, &[]),
    ],
};

/// Who watches is told of one that has gone.
const LEFT: Procedure = Procedure {
    procedure: "RFC 4575 4.4, left",
    title: "Notification of a participant that has gone",
    parties: PARTIES,
    steps: &[
        request(("1", "NOTIFY with who has gone", "RFC 4575 5.7.7"), SERVER_TO_S, NOTIFY, "watch", DEPARTURE),
        request(("2", "NOTIFY with who has gone", "TS 24.229 5.4.3.2"), S_TO_P, NOTIFY, "watch", DEPARTURE),
        request(("3", "NOTIFY with who has gone", "TS 24.229 5.2.6.4"), GM_DOWN, NOTIFY, "watch", DEPARTURE),
        response(("4", "200", "RFC 6665 4.1.3"), GM_UP, NOTIFY, "watch", 200, &[]),
        response(("5", "200", "TS 24.229 5.2.6.4"), P_TO_S, NOTIFY, "watch", 200, &[]),
        response(("6", "200", "TS 24.229 5.4.3.2"), S_TO_SERVER, NOTIFY, "watch", 200, &[]),
    ],
};

const TO_CALL: &[Has] = &[UserUri("conf-"), Words("Refer-To", "method=INVITE")];
const TRYING: &[Has] = &[Words("Event", "refer"), Body("SIP/2.0 100")];
const REACHED: &[Has] = &[Words("Subscription-State", "terminated"), Body("SIP/2.0 200")];

/// A UE has the focus call another one.
const INVITED: Procedure = Procedure {
    procedure: "TS 24.147 5.3.1.5.3",
    title: "Conference: the focus calls another UE",
    parties: CALLING,
    steps: &[
        request(("1", "REFER to the focus", "RFC 4579 5.5"), GM_UP, REFER, "refer", TO_CALL),
        request(("2", "REFER to the focus", "TS 24.229 5.2.6.3"), P_TO_S, REFER, "refer", TO_CALL),
        request(("3", "REFER to the focus", "TS 24.229 5.4.3.2"), S_TO_SERVER, REFER, "refer", TO_CALL),
        response(("4", "202", "RFC 3515 2.4.2"), SERVER_TO_S, REFER, "refer", 202, &[]),
        response(("5", "202", "TS 24.229 5.4.3.2"), S_TO_P, REFER, "refer", 202, &[]),
        response(("6", "202", "TS 24.229 5.2.6.3"), GM_DOWN, REFER, "refer", 202, &[]),
        request(("7", "NOTIFY: it is tried", "RFC 3515 2.4.4"), SERVER_TO_S, NOTIFY, "refer", TRYING).after("3"),
        request(("8", "NOTIFY: it is tried", "TS 24.229 5.4.3.2"), S_TO_P, NOTIFY, "refer", TRYING),
        request(("9", "NOTIFY: it is tried", "TS 24.229 5.2.6.4"), GM_DOWN, NOTIFY, "refer", TRYING),
        response(("10", "200", "RFC 6665 4.1.3"), GM_UP, NOTIFY, "refer", 200, &[]),
        request(
            ("11", "INVITE of the focus", "TS 24.147 5.3.2.5.2"),
            SERVER_TO_I,
            INVITE,
            "call",
            &[Called(Party::Peer), FOCUS, Header("P-Asserted-Identity"), Header("Referred-By")],
        )
        .after("3"),
        location(("12", "Location-Info-Request", "TS 29.228 6.1.4")),
        answer(("13", "Location-Info-Answer", "TS 29.228 6.1.4"), HSS_TO_I, "LIA"),
        request(("14", "INVITE of the focus", "TS 24.229 5.3.2.1"), I_TO_S, INVITE, "call", &[FOCUS]),
        request(("15", "INVITE of the focus", "TS 24.229 5.4.3.3"), S_TO_PEER_P, INVITE, "call", &[FOCUS]),
        request(("16", "INVITE of the focus", "TS 24.229 5.2.7.3"), PEER_DOWN, INVITE, "call", &[FOCUS]),
        response(("17", "200", "TS 24.229 5.1.4.1"), PEER_UP, INVITE, "call", 200, &[]),
        response(("18", "200", "TS 24.229 5.2.7.3"), PEER_P_TO_S, INVITE, "call", 200, &[]),
        response(("19", "200", "TS 24.229 5.4.3.3"), S_TO_I, INVITE, "call", 200, &[]),
        response(("20", "200", "TS 24.229 5.3.2.1"), I_TO_SERVER, INVITE, "call", 200, &[]),
        request(("21", "ACK", "RFC 3261 13.2.2.4"), SERVER_TO_S, ACK, "call", &[]),
        request(("22", "ACK", "TS 24.229 5.4.3.3"), S_TO_PEER_P, ACK, "call", &[]),
        request(("23", "ACK", "TS 24.229 5.2.6.4"), PEER_DOWN, ACK, "call", &[]),
        request(("24", "NOTIFY: it is in", "RFC 3515 2.4.5"), SERVER_TO_S, NOTIFY, "refer", REACHED)
            .again()
            .after("20"),
        request(("25", "NOTIFY: it is in", "TS 24.229 5.4.3.2"), S_TO_P, NOTIFY, "refer", REACHED).again(),
        request(("26", "NOTIFY: it is in", "TS 24.229 5.2.6.4"), GM_DOWN, NOTIFY, "refer", REACHED).again(),
        response(("27", "200", "RFC 6665 4.1.3"), GM_UP, NOTIFY, "refer", 200, &[]).again(),
        rtp(("28", "RTP: what the new one says", "RFC 3550 5.1"), PEER_SPEAKS, Said("peer")).after("17"),
        rtp(("29", "RTP: what the UE says", "RFC 3550 5.1"), SPEAKS, Said("own")),
        rtp(
            ("30", "RTP mixed of the UE and not of its own", "RFC 3550 7.1"),
            PEER_HEARS,
            Heard { of: &["own"], without: "peer" },
        ),
        rtp(("31", "RTP mixed of the new one", "RFC 3550 7.1"), HEARS, Heard { of: &["peer"], without: "own" }),
    ],
};

const TO_GO: &[Has] = &[UserUri("conf-"), Words("Refer-To", "method=BYE")];

/// A UE has the focus put another one out.
const EXPELLED: Procedure = Procedure {
    procedure: "TS 24.147 5.3.2.6.2",
    title: "Conference: the focus lets another UE go",
    parties: CALLING,
    steps: &[
        request(("1", "REFER to the focus", "RFC 4579 5.11"), GM_UP, REFER, "refer", TO_GO),
        request(("2", "REFER to the focus", "TS 24.229 5.2.6.3"), P_TO_S, REFER, "refer", TO_GO),
        request(("3", "REFER to the focus", "TS 24.229 5.4.3.2"), S_TO_SERVER, REFER, "refer", TO_GO),
        response(("4", "202", "RFC 3515 2.4.2"), SERVER_TO_S, REFER, "refer", 202, &[]),
        response(("5", "202", "TS 24.229 5.4.3.2"), S_TO_P, REFER, "refer", 202, &[]),
        response(("6", "202", "TS 24.229 5.2.6.3"), GM_DOWN, REFER, "refer", 202, &[]),
        request(("7", "BYE of the focus", "TS 24.147 5.3.2.6.2"), SERVER_TO_S, BYE, "call", &[]).after("3"),
        request(("8", "BYE of the focus", "TS 24.229 5.4.5.1"), S_TO_PEER_P, BYE, "call", &[]),
        request(("9", "BYE of the focus", "TS 24.229 5.2.8.3"), PEER_DOWN, BYE, "call", &[]),
        success(("10", "200", "RFC 3261 15.1.2"), PEER_UP, BYE, "call"),
        success(("11", "200", "TS 24.229 5.2.8.3"), PEER_P_TO_S, BYE, "call"),
        success(("12", "200", "TS 24.229 5.4.5.1"), S_TO_SERVER, BYE, "call"),
        request(("13", "NOTIFY: it is out", "RFC 3515 2.4.5"), SERVER_TO_S, NOTIFY, "refer", REACHED).after("3"),
        request(("14", "NOTIFY: it is out", "TS 24.229 5.4.3.2"), S_TO_P, NOTIFY, "refer", REACHED),
        request(("15", "NOTIFY: it is out", "TS 24.229 5.2.6.4"), GM_DOWN, NOTIFY, "refer", REACHED),
        response(("16", "200", "RFC 6665 4.1.3"), GM_UP, NOTIFY, "refer", 200, &[]),
        rtp(("17", "RTCP BYE of the focus", "RFC 3550 6.6"), PEER_HEARS, Bye).after("3"),
    ],
};
