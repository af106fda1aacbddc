//! Messaging (RFC 5365, RFC 5438, RFC 3428 clause 7; TS 24.247): messages to lists, what becomes of messages, messages that
//! wait, sessions of messages.

use super::super::Has::{self, Body, Called, Header, NoToTag, PeerIdentity, UserUri, Words};
use super::super::MsrpIs::{Chunk, Opening, Report, Response};
use super::super::rows::*;
use super::{Ues, Wanted};
use crate::ladder::{Party, Procedure};
use crate::scenario::{MESSAGING_SERVER, MessagingStep};
use protocol::Joint;

const MESSAGE: &str = "MESSAGE";
const REGISTER: &str = "REGISTER";
const INVITE: &str = "INVITE";
const ACK: &str = "ACK";
const SERVER: Party = Party::Server(MESSAGING_SERVER);
const S_TO_SERVER: Way = (Party::Scscf, SERVER, Joint::Isc);
const SERVER_TO_S: Way = (SERVER, Party::Scscf, Joint::Isc);
const SERVER_TO_I: Way = (SERVER, Party::Icscf, Joint::Isc);
const I_TO_SERVER: Way = (Party::Icscf, SERVER, Joint::Isc);
const TO_PEER: Way = (Party::Ue, Party::Peer, Joint::Mb);
const FROM_PEER: Way = (Party::Peer, Party::Ue, Joint::Mb);
const UES: &[Party] = &[Party::Ue, Party::Peer];
const CHAIN: &[Party] =
    &[Party::Ue, Party::Pcscf, Party::Scscf, Party::Icscf, Party::Hss, Party::PeerPcscf, Party::Peer];
/// With the server beside the core.
const STORING: &[Party] =
    &[Party::Ue, Party::Pcscf, Party::Scscf, Party::Icscf, Party::Hss, SERVER, Party::PeerPcscf, Party::Peer];
const WISHED: Has = Body("Disposition-Notification");

/// All of them.
pub(super) const PROCEDURES: &[&Procedure] = &[&LIST, &TRACKED, &DEFERRED, &EXPIRED, &SESSION, &IN_SESSION];

/// Ladders that a step asks for.
pub(super) fn asked<'a>(step: &'a MessagingStep, ues: &Ues<'_, 'a>) -> Vec<Wanted<'a>> {
    match step {
        // The first two stand for the others.
        MessagingStep::ListMessage { from, recipients, .. } => match recipients.as_slice() {
            [first, second, ..] => vec![Wanted { second: Some(second), ..Wanted::one(from, &LIST).with(first) }],
            _ => Vec::new(),
        },
        MessagingStep::TrackedMessage { from, to, message_expires_s, .. } => {
            let procedure = match (ues.registered.contains(to.as_str()), message_expires_s) {
                (true, _) => &TRACKED,
                (false, None) => &DEFERRED,
                (false, Some(_)) => &EXPIRED,
            };
            vec![Wanted::one(from, procedure).with(to)]
        }
        MessagingStep::Chat { from, to } => vec![Wanted::one(from, &SESSION).with(to)],
        MessagingStep::ChatSend { ue, .. } => {
            let peer = ues.calls.get(ue.as_str());
            peer.map(|peer| Wanted::one(ue, &IN_SESSION).with(peer)).into_iter().collect()
        }
    }
}

/// A message to a list, of which two recipients are followed.
const LIST: Procedure = Procedure {
    procedure: "RFC 5365 7",
    title: "Message to a list of recipients",
    parties: &[
        Party::Ue,
        Party::Pcscf,
        Party::Scscf,
        SERVER,
        Party::Icscf,
        Party::PeerPcscf,
        Party::Peer,
        Party::Second,
    ],
    steps: &[
        request(
            ("1", "MESSAGE with a list of recipients", "RFC 5365 6"),
            GM_UP,
            MESSAGE,
            "list",
            &[UserUri("list"), Words("Require", "recipient-list-message"), Body("recipient-list")],
        ),
        request(
            ("2", "MESSAGE with P-Asserted-Identity", "TS 24.229 5.2.6.3"),
            P_TO_S,
            MESSAGE,
            "list",
            &[UserUri("list"), Header("P-Asserted-Identity")],
        ),
        request(
            ("3", "MESSAGE with a list to the server", "TS 24.229 5.4.3.2"),
            S_TO_SERVER,
            MESSAGE,
            "list",
            &[UserUri("list"), Header("P-Asserted-Identity")],
        ),
        response(("4", "202: it is durable", "RFC 5365 7.2"), SERVER_TO_S, MESSAGE, "list", 202, &[]),
        response(("5", "202", "TS 24.229 5.4.3.2"), S_TO_P, MESSAGE, "list", 202, &[]),
        response(("6", "202", "TS 24.229 5.2.6.3"), GM_DOWN, MESSAGE, "list", 202, &[]),
        request(
            ("7", "MESSAGE to the first one", "RFC 5365 7.3"),
            SERVER_TO_I,
            MESSAGE,
            "first",
            &[Called(Party::Peer), Header("P-Asserted-Identity")],
        )
        .after("3"),
        request(("8", "MESSAGE to the first one", "TS 24.229 5.3.2.1"), I_TO_S, MESSAGE, "first", &[]),
        request(("9", "MESSAGE to the first one", "TS 24.229 5.4.3.3"), S_TO_PEER_P, MESSAGE, "first", &[]),
        request(
            ("10", "MESSAGE with who else got it", "RFC 5365 7.3"),
            PEER_DOWN,
            MESSAGE,
            "first",
            &[Body("recipient-list-history")],
        ),
        success(("11", "200", "TS 24.229 5.1.2A.2"), PEER_UP, MESSAGE, "first"),
        success(("12", "200", "TS 24.229 5.2.6.4"), PEER_P_TO_S, MESSAGE, "first"),
        success(("13", "200", "TS 24.229 5.4.3.3"), S_TO_I, MESSAGE, "first"),
        success(("14", "200", "TS 24.229 5.3.2.1"), I_TO_SERVER, MESSAGE, "first"),
        request(
            ("15", "MESSAGE to the second one", "RFC 5365 7.3"),
            SERVER_TO_I,
            MESSAGE,
            "second",
            &[Called(Party::Second), Header("P-Asserted-Identity")],
        )
        .after("3"),
        request(("16", "MESSAGE to the second one", "TS 24.229 5.3.2.1"), I_TO_S, MESSAGE, "second", &[]),
        request(("17", "MESSAGE to the second one", "TS 24.229 5.4.3.3"), S_TO_PEER_P, MESSAGE, "second", &[]),
        request(
            ("18", "MESSAGE with who else got it", "RFC 5365 7.3"),
            SECOND_DOWN,
            MESSAGE,
            "second",
            &[Body("recipient-list-history")],
        ),
        success(("19", "200", "TS 24.229 5.1.2A.2"), SECOND_UP, MESSAGE, "second"),
        success(("20", "200", "TS 24.229 5.2.6.4"), PEER_P_TO_S, MESSAGE, "second"),
        success(("21", "200", "TS 24.229 5.4.3.3"), S_TO_I, MESSAGE, "second"),
        success(("22", "200", "TS 24.229 5.3.2.1"), I_TO_SERVER, MESSAGE, "second"),
    ],
};

/// A message whose sender wants to be told, to somebody who is there.
const TRACKED: Procedure = Procedure {
    procedure: "RFC 5438 7.2.1",
    title: "Notification that a message was delivered",
    parties: CHAIN,
    steps: &[
        request(("1", "MESSAGE with a wish", "RFC 5438 7.1.1"), GM_UP, MESSAGE, "message", &[WISHED]),
        request(
            ("2", "MESSAGE with P-Asserted-Identity", "TS 24.229 5.2.6.3"),
            P_TO_S,
            MESSAGE,
            "message",
            &[Header("P-Asserted-Identity")],
        ),
        request(("3", "MESSAGE to the terminating side", "TS 24.229 5.4.3.2"), S_TO_I, MESSAGE, "message", &[]),
        location(("4", "Location-Info-Request", "TS 29.228 6.1.4")),
        answer(("5", "Location-Info-Answer", "TS 29.228 6.1.4"), HSS_TO_I, "LIA"),
        request(("6", "MESSAGE to the S-CSCF of the other UE", "TS 24.229 5.3.2.1"), I_TO_S, MESSAGE, "message", &[]),
        request(("7", "MESSAGE", "TS 24.229 5.4.3.3"), S_TO_PEER_P, MESSAGE, "message", &[]),
        request(("8", "MESSAGE with a wish", "TS 24.229 5.2.6.4"), PEER_DOWN, MESSAGE, "message", &[WISHED]),
        success(("9", "200", "TS 24.229 5.1.2A.2"), PEER_UP, MESSAGE, "message"),
        success(("10", "200", "TS 24.229 5.2.6.4"), PEER_P_TO_S, MESSAGE, "message"),
        success(("11", "200", "TS 24.229 5.4.3.3"), S_TO_I, MESSAGE, "message"),
        success(("12", "200", "TS 24.229 5.3.2.1"), I_TO_S, MESSAGE, "message"),
        success(("13", "200", "TS 24.229 5.4.3.2"), S_TO_P, MESSAGE, "message"),
        success(("14", "200", "TS 24.229 5.2.6.3"), GM_DOWN, MESSAGE, "message"),
        request(
            ("15", "MESSAGE: it was delivered", "RFC 5438 7.2.1.1"),
            PEER_UP,
            MESSAGE,
            "told",
            &[Body("delivery-notification"), Body("<delivered")],
        )
        .after("8"),
        request(("16", "MESSAGE: it was delivered", "TS 24.229 5.2.6.3"), PEER_P_TO_S, MESSAGE, "told", &[]),
        request(("17", "MESSAGE: it was delivered", "TS 24.229 5.4.3.2"), S_TO_I, MESSAGE, "told", &[]),
        request(("18", "MESSAGE: it was delivered", "TS 24.229 5.3.2.1"), I_TO_S, MESSAGE, "told", &[]),
        request(("19", "MESSAGE: it was delivered", "TS 24.229 5.4.3.3"), S_TO_P, MESSAGE, "told", &[]),
        request(
            ("20", "MESSAGE: it was delivered", "RFC 5438 7.1.3"),
            GM_DOWN,
            MESSAGE,
            "told",
            &[Body("delivery-notification"), Body("<delivered")],
        ),
        success(("21", "200", "TS 24.229 5.1.2A.2"), GM_UP, MESSAGE, "told"),
        success(("22", "200", "TS 24.229 5.2.6.4"), P_TO_S, MESSAGE, "told"),
        success(("23", "200", "TS 24.229 5.4.3.3"), S_TO_I, MESSAGE, "told"),
        success(("24", "200", "TS 24.229 5.3.2.1"), I_TO_S, MESSAGE, "told"),
        success(("25", "200", "TS 24.229 5.4.3.2"), S_TO_PEER_P, MESSAGE, "told"),
        success(("26", "200", "TS 24.229 5.2.6.3"), PEER_DOWN, MESSAGE, "told"),
    ],
};

/// A message to somebody who is not there: it waits for him.
const DEFERRED: Procedure = Procedure {
    procedure: "RFC 3428 7",
    title: "Message that waits for its recipient",
    parties: STORING,
    steps: &[
        request(("1", "MESSAGE with a wish", "RFC 5438 7.1.1"), GM_UP, MESSAGE, "message", &[WISHED]),
        request(
            ("2", "MESSAGE with P-Asserted-Identity", "TS 24.229 5.2.6.3"),
            P_TO_S,
            MESSAGE,
            "message",
            &[Header("P-Asserted-Identity")],
        ),
        request(("3", "MESSAGE to the terminating side", "TS 24.229 5.4.3.2"), S_TO_I, MESSAGE, "message", &[]),
        location(("4", "Location-Info-Request", "TS 29.228 6.1.4")),
        answer(("5", "Location-Info-Answer", "TS 29.228 6.1.4"), HSS_TO_I, "LIA"),
        request(("6", "MESSAGE to the S-CSCF of the other UE", "TS 24.229 5.3.2.1"), I_TO_S, MESSAGE, "message", &[]),
        request(
            ("7", "MESSAGE for one who is not registered", "TS 24.229 5.4.3.3"),
            S_TO_SERVER,
            MESSAGE,
            "message",
            &[Words("P-Served-User", "regstate=unreg")],
        ),
        response(("8", "202: it is durable", "RFC 3428 7"), SERVER_TO_S, MESSAGE, "message", 202, &[]),
        response(("9", "202", "TS 24.229 5.4.3.3"), S_TO_I, MESSAGE, "message", 202, &[]),
        response(("10", "202", "TS 24.229 5.3.2.1"), I_TO_S, MESSAGE, "message", 202, &[]),
        response(("11", "202", "TS 24.229 5.4.3.2"), S_TO_P, MESSAGE, "message", 202, &[]),
        response(("12", "202", "TS 24.229 5.2.6.3"), GM_DOWN, MESSAGE, "message", 202, &[]),
        request(
            ("13", "MESSAGE: it was stored", "RFC 5438 7.2.1.3"),
            SERVER_TO_I,
            MESSAGE,
            "stored",
            &[Called(Party::Ue), Body("processing-notification"), Body("<stored")],
        )
        .after("7"),
        request(("14", "MESSAGE: it was stored", "TS 24.229 5.3.2.1"), I_TO_S, MESSAGE, "stored", &[]),
        request(("15", "MESSAGE: it was stored", "TS 24.229 5.4.3.3"), S_TO_P, MESSAGE, "stored", &[]),
        request(
            ("16", "MESSAGE: it was stored", "RFC 5438 7.1.3"),
            GM_DOWN,
            MESSAGE,
            "stored",
            &[Body("processing-notification")],
        ),
        success(("17", "200", "TS 24.229 5.1.2A.2"), GM_UP, MESSAGE, "stored"),
        success(("18", "200", "TS 24.229 5.2.6.4"), P_TO_S, MESSAGE, "stored"),
        success(("19", "200", "TS 24.229 5.4.3.3"), S_TO_I, MESSAGE, "stored"),
        success(("20", "200", "TS 24.229 5.3.2.1"), I_TO_SERVER, MESSAGE, "stored"),
        request(
            ("21", "REGISTER: he is there", "TS 24.229 5.4.1.7"),
            S_TO_SERVER,
            REGISTER,
            "registration",
            &[PeerIdentity("To")],
        )
        .after("8"),
        success(("22", "200", "TS 24.229 5.7.1.1"), SERVER_TO_S, REGISTER, "registration"),
        request(
            ("23", "MESSAGE that has waited", "RFC 3428 7"),
            SERVER_TO_I,
            MESSAGE,
            "message",
            &[Called(Party::Peer), Header("Date")],
        )
        .after("21"),
        request(("24", "MESSAGE that has waited", "TS 24.229 5.3.2.1"), I_TO_S, MESSAGE, "message", &[Header("Date")]),
        request(
            ("25", "MESSAGE that has waited", "TS 24.229 5.4.3.3"),
            S_TO_PEER_P,
            MESSAGE,
            "message",
            &[Header("Date")],
        ),
        request(
            ("26", "MESSAGE that has waited", "TS 24.229 5.2.6.4"),
            PEER_DOWN,
            MESSAGE,
            "message",
            &[Header("Date"), WISHED],
        ),
        success(("27", "200", "TS 24.229 5.1.2A.2"), PEER_UP, MESSAGE, "message"),
        success(("28", "200", "TS 24.229 5.2.6.4"), PEER_P_TO_S, MESSAGE, "message"),
        success(("29", "200", "TS 24.229 5.4.3.3"), S_TO_I, MESSAGE, "message"),
        success(("30", "200", "TS 24.229 5.3.2.1"), I_TO_SERVER, MESSAGE, "message"),
        request(
            ("31", "MESSAGE: it was delivered", "RFC 5438 7.2.1.1"),
            PEER_UP,
            MESSAGE,
            "told",
            &[Body("delivery-notification"), Body("<delivered")],
        )
        .after("26"),
        request(("32", "MESSAGE: it was delivered", "TS 24.229 5.2.6.3"), PEER_P_TO_S, MESSAGE, "told", &[]),
        request(("33", "MESSAGE: it was delivered", "TS 24.229 5.4.3.2"), S_TO_I, MESSAGE, "told", &[]),
        request(("34", "MESSAGE: it was delivered", "TS 24.229 5.3.2.1"), I_TO_S, MESSAGE, "told", &[]),
        request(("35", "MESSAGE: it was delivered", "TS 24.229 5.4.3.3"), S_TO_P, MESSAGE, "told", &[]),
        request(
            ("36", "MESSAGE: it was delivered", "RFC 5438 7.1.3"),
            GM_DOWN,
            MESSAGE,
            "told",
            &[Body("delivery-notification"), Body("<delivered")],
        ),
        success(("37", "200", "TS 24.229 5.1.2A.2"), GM_UP, MESSAGE, "told"),
    ],
};

/// A message that nobody has fetched in time.
const EXPIRED: Procedure = Procedure {
    procedure: "RFC 3428 7, expired",
    title: "Message that has waited in vain",
    parties: &[Party::Ue, Party::Pcscf, Party::Scscf, Party::Icscf, Party::Hss, SERVER],
    steps: &[
        request(
            ("1", "MESSAGE with a wish and an expiry", "RFC 3428 4"),
            GM_UP,
            MESSAGE,
            "message",
            &[WISHED, Header("Expires")],
        ),
        request(
            ("2", "MESSAGE with P-Asserted-Identity", "TS 24.229 5.2.6.3"),
            P_TO_S,
            MESSAGE,
            "message",
            &[Header("P-Asserted-Identity"), Header("Expires")],
        ),
        request(("3", "MESSAGE to the terminating side", "TS 24.229 5.4.3.2"), S_TO_I, MESSAGE, "message", &[]),
        location(("4", "Location-Info-Request", "TS 29.228 6.1.4")),
        answer(("5", "Location-Info-Answer", "TS 29.228 6.1.4"), HSS_TO_I, "LIA"),
        request(("6", "MESSAGE to the S-CSCF of the other UE", "TS 24.229 5.3.2.1"), I_TO_S, MESSAGE, "message", &[]),
        request(
            ("7", "MESSAGE for one who is not registered", "TS 24.229 5.4.3.3"),
            S_TO_SERVER,
            MESSAGE,
            "message",
            &[Words("P-Served-User", "regstate=unreg"), Header("Expires")],
        ),
        response(("8", "202: it is durable", "RFC 3428 7"), SERVER_TO_S, MESSAGE, "message", 202, &[]),
        response(("9", "202", "TS 24.229 5.4.3.3"), S_TO_I, MESSAGE, "message", 202, &[]),
        response(("10", "202", "TS 24.229 5.3.2.1"), I_TO_S, MESSAGE, "message", 202, &[]),
        response(("11", "202", "TS 24.229 5.4.3.2"), S_TO_P, MESSAGE, "message", 202, &[]),
        response(("12", "202", "TS 24.229 5.2.6.3"), GM_DOWN, MESSAGE, "message", 202, &[]),
        request(
            ("13", "MESSAGE: it was not delivered", "RFC 5438 7.2.1.1"),
            SERVER_TO_I,
            MESSAGE,
            "told",
            &[Called(Party::Ue), Body("delivery-notification"), Body("<failed")],
        )
        .after("8"),
        request(("14", "MESSAGE: it was not delivered", "TS 24.229 5.3.2.1"), I_TO_S, MESSAGE, "told", &[]),
        request(("15", "MESSAGE: it was not delivered", "TS 24.229 5.4.3.3"), S_TO_P, MESSAGE, "told", &[]),
        request(
            ("16", "MESSAGE: it was not delivered", "RFC 5438 7.1.3"),
            GM_DOWN,
            MESSAGE,
            "told",
            &[Body("delivery-notification"), Body("<failed")],
        ),
        success(("17", "200", "TS 24.229 5.1.2A.2"), GM_UP, MESSAGE, "told"),
        success(("18", "200", "TS 24.229 5.2.6.4"), P_TO_S, MESSAGE, "told"),
        success(("19", "200", "TS 24.229 5.4.3.3"), S_TO_I, MESSAGE, "told"),
        success(("20", "200", "TS 24.229 5.3.2.1"), I_TO_SERVER, MESSAGE, "told"),
    ],
};

const OFFER: Has = Body("TCP/MSRP");
const PATH: Has = Body("a=path:msrp");

/// A session of messages is set up.
const SESSION: Procedure = Procedure {
    procedure: "TS 24.247 5.1",
    title: "Session of messages: set-up and connection",
    parties: CHAIN,
    steps: &[
        request(("1", "INVITE with MSRP", "RFC 4975 8.1"), GM_UP, INVITE, "call", &[NoToTag, OFFER]),
        request(
            ("2", "INVITE with P-Asserted-Identity", "TS 24.229 5.2.7.2"),
            P_TO_S,
            INVITE,
            "call",
            &[NoToTag, OFFER, Header("P-Asserted-Identity")],
        ),
        request(
            ("3", "INVITE to the terminating side", "TS 24.229 5.4.3.2"),
            S_TO_I,
            INVITE,
            "call",
            &[NoToTag, OFFER],
        ),
        location(("4", "Location-Info-Request", "TS 29.228 6.1.4")),
        answer(("5", "Location-Info-Answer", "TS 29.228 6.1.4"), HSS_TO_I, "LIA"),
        request(
            ("6", "INVITE to the S-CSCF of the other UE", "TS 24.229 5.3.2.1"),
            I_TO_S,
            INVITE,
            "call",
            &[NoToTag, OFFER],
        ),
        request(("7", "INVITE", "TS 24.229 5.4.3.3"), S_TO_PEER_P, INVITE, "call", &[NoToTag, OFFER]),
        request(("8", "INVITE with MSRP", "TS 24.229 5.2.7.3"), PEER_DOWN, INVITE, "call", &[NoToTag, OFFER]),
        response(("9", "200 with a path", "RFC 4975 8.2"), PEER_UP, INVITE, "call", 200, &[PATH]),
        response(("10", "200 with a path", "TS 24.229 5.2.7.3"), PEER_P_TO_S, INVITE, "call", 200, &[PATH]),
        response(("11", "200 with a path", "TS 24.229 5.4.3.3"), S_TO_I, INVITE, "call", 200, &[PATH]),
        response(("12", "200 with a path", "TS 24.229 5.3.2.1"), I_TO_S, INVITE, "call", 200, &[PATH]),
        response(("13", "200 with a path", "TS 24.229 5.4.3.2"), S_TO_P, INVITE, "call", 200, &[PATH]),
        response(("14", "200 with a path", "TS 24.229 5.2.7.2"), GM_DOWN, INVITE, "call", 200, &[PATH]),
        request(("15", "ACK", "RFC 3261 13.2.2.4"), GM_UP, ACK, "call", &[]),
        request(("16", "ACK", "TS 24.229 5.2.6.3"), P_TO_S, ACK, "call", &[]),
        request(("17", "ACK", "TS 24.229 5.4.3.3"), S_TO_PEER_P, ACK, "call", &[]),
        request(("18", "ACK", "TS 24.229 5.2.6.4"), PEER_DOWN, ACK, "call", &[]),
        msrp(("19", "SEND without a body: the connection is bound", "RFC 4975 5.4"), FROM_PEER, Opening, "opening"),
        msrp(("20", "200", "RFC 4975 7.2"), TO_PEER, Response(200), "opening"),
    ],
};

/// A message in chunks.
const IN_SESSION: Procedure = Procedure {
    procedure: "RFC 4975 5.1",
    title: "Message in chunks, and the report that all of it is there",
    parties: UES,
    steps: &[
        msrp(
            ("1", "SEND, Byte-Range from 1, more to come", "RFC 4975 7.1.1"),
            TO_PEER,
            Chunk { is_last: false },
            "first",
        ),
        msrp(("2", "200", "RFC 4975 7.2"), FROM_PEER, Response(200), "first"),
        msrp(("3", "SEND, the last chunk", "RFC 4975 7.1.1"), TO_PEER, Chunk { is_last: true }, "last").after("1"),
        msrp(("4", "200", "RFC 4975 7.2"), FROM_PEER, Response(200), "last"),
        msrp(("5", "REPORT 000 200: all is there", "RFC 4975 7.1.2"), FROM_PEER, Report(200), "report").after("3"),
    ],
};
