//! Messages and calls between two UEs (TS 24.229 clauses 5.1.2A to 5.1.5, 5.2.6 to 5.2.9, 5.4.3 to 5.4.5; RFC 3428).

use super::Has::{self, Body, Header, NoToTag, ToTag, Words};
use super::rows::*;
use crate::ladder::{Party, Procedure, ProcedureStep};

const INVITE: &str = "INVITE";
const ACK: &str = "ACK";
const BYE: &str = "BYE";
const CANCEL: &str = "CANCEL";

/// Whom a call or a message goes through.
const CHAIN: &[Party] =
    &[Party::Ue, Party::Pcscf, Party::Scscf, Party::Icscf, Party::Hss, Party::PeerPcscf, Party::Peer];
/// Whom requests of a call that is set up go through.
const DIALOG: &[Party] = &[Party::Ue, Party::Pcscf, Party::Scscf, Party::PeerPcscf, Party::Peer];

/// Whom what is for a user who is not registered goes through.
const NOT_REGISTERED: &[Party] = &[Party::Ue, Party::Pcscf, Party::Scscf, Party::Icscf, Party::Hss];

/// The HSS says so: DIAMETER_ERROR_IDENTITY_NOT_REGISTERED (TS 29.229 clause 6.2.2.3).
const fn not_registered(number: &'static str) -> ProcedureStep {
    let words = (number, "Location-Info-Answer: not registered", "TS 29.228 6.1.4");
    answer_with(words, HSS_TO_I, "LIA", &[("Experimental-Result-Code", &[5003])])
}

const MESSAGE_1: ProcedureStep = request(("1", "MESSAGE", "TS 24.229 5.1.2A.1"), GM_UP, "MESSAGE", "message", &[]);
const MESSAGE_2: ProcedureStep = request(
    ("2", "MESSAGE with P-Asserted-Identity", "TS 24.229 5.2.6.3"),
    P_TO_S,
    "MESSAGE",
    "message",
    &[Header("P-Asserted-Identity")],
);
const MESSAGE_3: ProcedureStep =
    request(("3", "MESSAGE to the terminating side", "TS 24.229 5.4.3.2"), S_TO_I, "MESSAGE", "message", &[]);
/// Of a message as of an INVITE.
const LOCATION_4: ProcedureStep = location(("4", "Location-Info-Request", "TS 29.228 6.1.4"));

/// A UE sends a page-mode message.
pub(crate) const MESSAGE: Procedure = Procedure {
    procedure: "RFC 3428 4",
    title: "Message from UE to UE",
    parties: CHAIN,
    steps: &[
        MESSAGE_1,
        MESSAGE_2,
        MESSAGE_3,
        LOCATION_4,
        answer(("5", "Location-Info-Answer", "TS 29.228 6.1.4"), HSS_TO_I, "LIA"),
        request(("6", "MESSAGE to the S-CSCF of the other UE", "TS 24.229 5.3.2.1"), I_TO_S, "MESSAGE", "message", &[]),
        request(
            ("7", "MESSAGE with P-Called-Party-ID", "TS 24.229 5.4.3.3"),
            S_TO_PEER_P,
            "MESSAGE",
            "message",
            &[Header("P-Called-Party-ID")],
        ),
        request(("8", "MESSAGE", "TS 24.229 5.2.6.4"), PEER_DOWN, "MESSAGE", "message", &[]),
        success(("9", "200 or 202", "TS 24.229 5.1.2A.2"), PEER_UP, "MESSAGE", "message"),
        success(("10", "200 or 202", "TS 24.229 5.2.6.4"), PEER_P_TO_S, "MESSAGE", "message"),
        success(("11", "200 or 202", "TS 24.229 5.4.3.3"), S_TO_I, "MESSAGE", "message"),
        success(("12", "200 or 202", "TS 24.229 5.3.2.1"), I_TO_S, "MESSAGE", "message"),
        success(("13", "200 or 202", "TS 24.229 5.4.3.2"), S_TO_P, "MESSAGE", "message"),
        success(("14", "200 or 202", "TS 24.229 5.2.6.3"), GM_DOWN, "MESSAGE", "message"),
    ],
};

/// A message to a user whom no S-CSCF serves.
pub(crate) const MESSAGE_NOT_REGISTERED: Procedure = Procedure {
    procedure: "RFC 3428 4, not registered",
    title: "Message to a user who is not registered",
    parties: NOT_REGISTERED,
    steps: &[
        MESSAGE_1,
        MESSAGE_2,
        MESSAGE_3,
        LOCATION_4,
        not_registered("5"),
        response(("6", "480", "TS 24.229 5.3.2.1"), I_TO_S, "MESSAGE", "message", 480, &[]),
        response(("7", "480", "RFC 3261 16.7"), S_TO_P, "MESSAGE", "message", 480, &[]),
        response(("8", "480", "RFC 3261 16.7"), GM_DOWN, "MESSAGE", "message", 480, &[]),
    ],
};

const INVITE_1: ProcedureStep =
    request(("1", "INVITE with an offer", "TS 24.229 5.1.3.1"), GM_UP, INVITE, "call", &[NoToTag]);
const INVITE_2: ProcedureStep = request(
    ("2", "INVITE with P-Asserted-Identity", "TS 24.229 5.2.7.2"),
    P_TO_S,
    INVITE,
    "call",
    &[NoToTag, Header("P-Asserted-Identity")],
);
const INVITE_3: ProcedureStep =
    request(("3", "INVITE to the terminating side", "TS 24.229 5.4.3.2"), S_TO_I, INVITE, "call", &[NoToTag]);
const INVITE_5: ProcedureStep = answer(("5", "Location-Info-Answer", "TS 29.228 6.1.4"), HSS_TO_I, "LIA");
const INVITE_6: ProcedureStep =
    request(("6", "INVITE to the S-CSCF of the other UE", "TS 24.229 5.3.2.1"), I_TO_S, INVITE, "call", &[NoToTag]);
const INVITE_7: ProcedureStep = request(
    ("7", "INVITE with P-Called-Party-ID", "TS 24.229 5.4.3.3"),
    S_TO_PEER_P,
    INVITE,
    "call",
    &[NoToTag, Header("P-Called-Party-ID")],
);
const INVITE_8: ProcedureStep =
    request(("8", "INVITE with an offer", "TS 24.229 5.2.7.3"), PEER_DOWN, INVITE, "call", &[NoToTag]);
const RINGING_9: ProcedureStep = response(("9", "180", "TS 24.229 5.1.4.1"), PEER_UP, INVITE, "call", 180, &[]);
const RINGING_10: ProcedureStep = response(("10", "180", "TS 24.229 5.2.7.3"), PEER_P_TO_S, INVITE, "call", 180, &[]);
const RINGING_11: ProcedureStep = response(("11", "180", "TS 24.229 5.4.3.3"), S_TO_I, INVITE, "call", 180, &[]);
const RINGING_12: ProcedureStep = response(("12", "180", "TS 24.229 5.3.2.1"), I_TO_S, INVITE, "call", 180, &[]);
const RINGING_13: ProcedureStep = response(("13", "180", "TS 24.229 5.4.3.2"), S_TO_P, INVITE, "call", 180, &[]);
const RINGING_14: ProcedureStep = response(("14", "180", "TS 24.229 5.2.7.2"), GM_DOWN, INVITE, "call", 180, &[]);

/// An INVITE all the way to the other UE, and what follows.
macro_rules! invited {
    ($($step:expr),* $(,)?) => {
        &[INVITE_1, INVITE_2, INVITE_3, LOCATION_4, INVITE_5, INVITE_6, INVITE_7, INVITE_8, $($step),*]
    };
}

/// An INVITE all the way to the other UE, its 180 all the way back, and what follows.
macro_rules! rung {
    ($($step:expr),* $(,)?) => {
        invited![RINGING_9, RINGING_10, RINGING_11, RINGING_12, RINGING_13, RINGING_14, $($step),*]
    };
}

/// A call that is answered.
pub(crate) const CALL_SETUP: Procedure = Procedure {
    procedure: "TS 24.229 5.1.3",
    title: "Session set-up",
    parties: CHAIN,
    steps: rung![
        response(("15", "200 with an answer", "TS 24.229 5.1.4.1"), PEER_UP, INVITE, "call", 200, &[Body("m=audio")])
            .after("9"),
        response(("16", "200 with an answer", "TS 24.229 5.2.7.3"), PEER_P_TO_S, INVITE, "call", 200, &[]),
        response(("17", "200 with an answer", "TS 24.229 5.4.3.3"), S_TO_I, INVITE, "call", 200, &[]),
        response(("18", "200 with an answer", "TS 24.229 5.3.2.1"), I_TO_S, INVITE, "call", 200, &[]),
        response(("19", "200 with an answer", "TS 24.229 5.4.3.2"), S_TO_P, INVITE, "call", 200, &[]),
        response(("20", "200 with an answer", "TS 24.229 5.2.7.2"), GM_DOWN, INVITE, "call", 200, &[Body("m=audio")]),
        request(("21", "ACK", "TS 24.229 5.1.3.1"), GM_UP, ACK, "call", &[]),
        request(("22", "ACK", "TS 24.229 5.2.6.3"), P_TO_S, ACK, "call", &[]),
        request(("23", "ACK", "TS 24.229 5.4.3.3"), S_TO_PEER_P, ACK, "call", &[]),
        request(("24", "ACK", "TS 24.229 5.2.6.4"), PEER_DOWN, ACK, "call", &[]),
    ],
};

/// A call that the other side refuses.
pub(crate) const CALL_REJECTED: Procedure = Procedure {
    procedure: "TS 24.229 5.1.4",
    title: "Session set-up refused",
    parties: CHAIN,
    steps: invited![
        response(("9", "486", "RFC 3261 21.4.24"), PEER_UP, INVITE, "call", 486, &[]),
        response(("10", "486", "TS 24.229 5.2.7.3"), PEER_P_TO_S, INVITE, "call", 486, &[]),
        response(("11", "486", "TS 24.229 5.4.3.3"), S_TO_I, INVITE, "call", 486, &[]),
        response(("12", "486", "TS 24.229 5.3.2.1"), I_TO_S, INVITE, "call", 486, &[]),
        response(("13", "486", "TS 24.229 5.4.3.2"), S_TO_P, INVITE, "call", 486, &[]),
        response(("14", "486", "TS 24.229 5.2.7.2"), GM_DOWN, INVITE, "call", 486, &[]),
        request(("15", "ACK", "RFC 3261 17.1.1.3"), GM_UP, ACK, "call", &[]),
    ],
};

/// A call that the calling side gives up.
pub(crate) const CALL_CANCELLED: Procedure = Procedure {
    procedure: "RFC 3261 9",
    title: "Session set-up given up",
    parties: CHAIN,
    steps: rung![
        request(("15", "CANCEL", "RFC 3261 9.1"), GM_UP, CANCEL, "call", &[]),
        request(("16", "CANCEL", "RFC 3261 16.10"), P_TO_S, CANCEL, "call", &[]),
        request(("17", "CANCEL", "RFC 3261 16.10"), S_TO_I, CANCEL, "call", &[]),
        request(("18", "CANCEL", "RFC 3261 16.10"), I_TO_S, CANCEL, "call", &[]),
        request(("19", "CANCEL", "RFC 3261 16.10"), S_TO_PEER_P, CANCEL, "call", &[]),
        request(("20", "CANCEL", "RFC 3261 16.10"), PEER_DOWN, CANCEL, "call", &[]),
        response(("21", "487", "RFC 3261 9.2"), PEER_UP, INVITE, "call", 487, &[]),
        response(("22", "487", "RFC 3261 16.7"), PEER_P_TO_S, INVITE, "call", 487, &[]),
        response(("23", "487", "RFC 3261 16.7"), S_TO_I, INVITE, "call", 487, &[]),
        response(("24", "487", "RFC 3261 16.7"), I_TO_S, INVITE, "call", 487, &[]),
        response(("25", "487", "RFC 3261 16.7"), S_TO_P, INVITE, "call", 487, &[]),
        response(("26", "487", "RFC 3261 16.7"), GM_DOWN, INVITE, "call", 487, &[]),
        request(("27", "ACK", "RFC 3261 17.1.1.3"), GM_UP, ACK, "call", &[]),
    ],
};

/// A call to a UE that does not answer in any way.
pub(crate) const CALL_UNANSWERED: Procedure = Procedure {
    procedure: "RFC 3261 16.8",
    title: "Session set-up without an answer",
    parties: CHAIN,
    steps: &[
        INVITE_1,
        INVITE_2,
        INVITE_3,
        LOCATION_4,
        INVITE_5,
        INVITE_6,
        INVITE_7,
        request(
            ("8", "INVITE, to which nothing comes back", "TS 24.229 5.2.7.3"),
            PEER_DOWN,
            INVITE,
            "call",
            &[NoToTag],
        ),
        response(("9", "408", "RFC 3261 16.7"), PEER_P_TO_S, INVITE, "call", 408, &[]),
        response(("10", "408", "RFC 3261 16.7"), S_TO_I, INVITE, "call", 408, &[]),
        response(("11", "408", "RFC 3261 16.7"), I_TO_S, INVITE, "call", 408, &[]),
        response(("12", "408", "RFC 3261 16.7"), S_TO_P, INVITE, "call", 408, &[]),
        response(("13", "408", "RFC 3261 16.7"), GM_DOWN, INVITE, "call", 408, &[]),
        request(("14", "ACK", "RFC 3261 17.1.1.3"), GM_UP, ACK, "call", &[]),
    ],
};

/// A call to a user whom no S-CSCF serves.
pub(crate) const CALL_NOT_REGISTERED: Procedure = Procedure {
    procedure: "TS 24.229 5.1.3, not registered",
    title: "Session set-up to a user who is not registered",
    parties: NOT_REGISTERED,
    steps: &[
        INVITE_1,
        INVITE_2,
        INVITE_3,
        LOCATION_4,
        not_registered("5"),
        response(("6", "480", "TS 24.229 5.3.2.1"), I_TO_S, INVITE, "call", 480, &[]),
        response(("7", "480", "RFC 3261 16.7"), S_TO_P, INVITE, "call", 480, &[]),
        response(("8", "480", "RFC 3261 16.7"), GM_DOWN, INVITE, "call", 480, &[]),
        request(("9", "ACK", "RFC 3261 17.1.1.3"), GM_UP, ACK, "call", &[]),
    ],
};

/// A call to a user with two devices, both of which answer.
pub(crate) const CALL_FORKED: Procedure = Procedure {
    procedure: "RFC 3261 13.2.2.4",
    title: "Session set-up, forked and answered twice",
    parties: &[
        Party::Ue,
        Party::Pcscf,
        Party::Scscf,
        Party::Icscf,
        Party::Hss,
        Party::PeerPcscf,
        Party::Peer,
        Party::Second,
    ],
    steps: &[
        INVITE_1,
        INVITE_2,
        INVITE_3,
        LOCATION_4,
        INVITE_5,
        INVITE_6,
        request(("7", "INVITE to one device", "TS 24.229 5.4.3.3"), PEER_DOWN, INVITE, "call", &[NoToTag]),
        request(("8", "INVITE to the other device", "TS 24.229 5.4.3.3"), SECOND_DOWN, INVITE, "call", &[NoToTag])
            .after("6"),
        response(("9", "200 of one device", "TS 24.229 5.1.4.1"), PEER_UP, INVITE, "call", 200, &[]).after("7"),
        response(("10", "200 of the other device", "TS 24.229 5.1.4.1"), SECOND_UP, INVITE, "call", 200, &[])
            .after("8"),
        response(("11", "200", "RFC 3261 16.7"), GM_DOWN, INVITE, "call", 200, &[]).after("6"),
        request(("12", "ACK to one device", "RFC 3261 13.2.2.4"), PEER_DOWN, ACK, "call", &[]).after("9"),
        request(("13", "ACK to the other device", "RFC 3261 13.2.2.4"), SECOND_DOWN, ACK, "call", &[]).after("10"),
        request(("14", "BYE for the second dialog", "RFC 3261 13.2.2.4"), GM_UP, BYE, "call", &[ToTag]).after("11"),
        success(("15", "200", "RFC 3261 15.1.2"), GM_DOWN, BYE, "call"),
    ],
};

/// A call is put on hold.
pub(crate) const HOLD: Procedure = Procedure {
    procedure: "RFC 3264 8.4",
    title: "Session put on hold",
    parties: DIALOG,
    steps: &reinvite(
        ("INVITE in the dialog, sendonly", &[ToTag, Body("a=sendonly")]),
        ("200, recvonly", &[Body("a=recvonly")]),
    ),
};

/// A call goes on.
pub(crate) const RESUME: Procedure = Procedure {
    procedure: "RFC 3264 8.4, resumed",
    title: "Session resumed",
    parties: DIALOG,
    steps: &reinvite(("INVITE in the dialog, sendrecv", &[ToTag, Body("a=sendrecv")]), ("200", &[])),
};

/// An offer in the dialog and its answer: what is expected of each.
const fn reinvite(
    (offer, offers): (&'static str, &'static [Has]),
    (answer, answers): (&'static str, &'static [Has]),
) -> [ProcedureStep; 12] {
    [
        request(("1", offer, "TS 24.229 5.1.3.1"), GM_UP, INVITE, "call", offers),
        request(("2", offer, "TS 24.229 5.2.9.1"), P_TO_S, INVITE, "call", offers),
        request(("3", offer, "TS 24.229 5.4.5.1"), S_TO_PEER_P, INVITE, "call", offers),
        request(("4", offer, "TS 24.229 5.2.9.2"), PEER_DOWN, INVITE, "call", offers),
        response(("5", answer, "RFC 3264 6.1"), PEER_UP, INVITE, "call", 200, answers),
        response(("6", answer, "TS 24.229 5.2.9.2"), PEER_P_TO_S, INVITE, "call", 200, answers),
        response(("7", answer, "TS 24.229 5.4.5.1"), S_TO_P, INVITE, "call", 200, answers),
        response(("8", answer, "TS 24.229 5.2.9.1"), GM_DOWN, INVITE, "call", 200, answers),
        request(("9", "ACK", "RFC 3261 13.2.2.4"), GM_UP, ACK, "call", &[]),
        request(("10", "ACK", "TS 24.229 5.2.9.1"), P_TO_S, ACK, "call", &[]),
        request(("11", "ACK", "TS 24.229 5.4.5.1"), S_TO_PEER_P, ACK, "call", &[]),
        request(("12", "ACK", "TS 24.229 5.2.9.2"), PEER_DOWN, ACK, "call", &[]),
    ]
}

/// A UE ends its call.
pub(crate) const RELEASE: Procedure = Procedure {
    procedure: "TS 24.229 5.1.5",
    title: "Session release by a UE",
    parties: DIALOG,
    steps: &[
        request(("1", "BYE", "TS 24.229 5.1.5"), GM_UP, BYE, "call", &[ToTag]),
        request(("2", "BYE", "TS 24.229 5.2.8.3"), P_TO_S, BYE, "call", &[]),
        request(("3", "BYE", "TS 24.229 5.4.5.1"), S_TO_PEER_P, BYE, "call", &[]),
        request(("4", "BYE", "TS 24.229 5.2.8.3"), PEER_DOWN, BYE, "call", &[]),
        success(("5", "200", "RFC 3261 15.1.2"), PEER_UP, BYE, "call"),
        success(("6", "200", "TS 24.229 5.2.8.3"), PEER_P_TO_S, BYE, "call"),
        success(("7", "200", "TS 24.229 5.4.5.1"), S_TO_P, BYE, "call"),
        success(("8", "200", "TS 24.229 5.2.8.3"), GM_DOWN, BYE, "call"),
    ],
};

/// The network ends a call whose UE has lost its bearer.
pub(crate) const BEARER_LOSS: Procedure = Procedure {
    procedure: "TS 24.229 5.2.8.1.2",
    title: "Session release after the loss of the bearer",
    parties: &[Party::Pcscf, Party::Scscf, Party::PeerPcscf, Party::Peer],
    steps: &[
        request(
            ("1", "BYE of the P-CSCF with the Reason", "TS 24.229 5.2.8.1.2"),
            P_TO_S,
            BYE,
            "call",
            &[Words("Reason", "SIP")],
        ),
        request(("2", "BYE", "TS 24.229 5.4.5.1"), S_TO_PEER_P, BYE, "call", &[Words("Reason", "SIP")]),
        request(("3", "BYE", "TS 24.229 5.2.8.3"), PEER_DOWN, BYE, "call", &[Words("Reason", "SIP")]),
        success(("4", "200", "RFC 3261 15.1.2"), PEER_UP, BYE, "call"),
        success(("5", "200", "TS 24.229 5.2.8.3"), PEER_P_TO_S, BYE, "call"),
        success(("6", "200", "TS 24.229 5.4.5.1"), S_TO_P, BYE, "call"),
    ],
};
