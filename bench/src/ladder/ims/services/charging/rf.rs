//! Offline charging of sessions and of what is outside of them: the P-CSCF and the S-CSCF of both users tell it.

use super::*;

const START: Numbers = &[("Accounting-Record-Type", &[2])];
const STOP: Numbers = &[("Accounting-Record-Type", &[4])];
const START_TAKEN: Numbers = &[("Accounting-Record-Type", &[2]), ("Result-Code", &[2001])];
const STOP_TAKEN: Numbers = &[("Accounting-Record-Type", &[4]), ("Result-Code", &[2001])];
const EVENT_TAKEN: Numbers = &[("Accounting-Record-Type", &[1]), ("Result-Code", &[2001])];
// Role-Of-Node: who is served (TS 32.299 clause 7.2.173).
const START_CALLER: Numbers = &[START[0], ("Role-Of-Node", &[0])];
const START_CALLED: Numbers = &[START[0], ("Role-Of-Node", &[1])];
const EVENT_SENDER: Numbers = &[("Accounting-Record-Type", &[1]), ("Role-Of-Node", &[0])];
const EVENT_RECEIVER: Numbers = &[("Accounting-Record-Type", &[1]), ("Role-Of-Node", &[1])];

/// The charging sessions of a node for a user.
const P_CALLER: &str = "P-CSCF of the caller";
const S_CALLER: &str = "S-CSCF of the caller";
const P_CALLED: &str = "P-CSCF of the called";
const S_CALLED: &str = "S-CSCF of the called";

const SET_UP: &str = "TS 32.260 5.2.2.1.1";
const SET_UP_CALLED: &str = "TS 32.260 5.2.2.1.2";
const RELEASE: &str = "TS 32.260 5.2.2.1.4";
const UNRELATED: &str = "TS 32.260 5.2.2.1.5";

const PARTIES: &[Party] =
    &[Party::Ue, Party::Pcscf, Party::Scscf, Party::Icscf, Party::PeerPcscf, Party::Peer, Party::Server(CDF)];

/// A session, from the call to its end by the caller.
pub(crate) const SESSION: Procedure = Procedure {
    procedure: "TS 32.260 5.2.2.1.1",
    title: "Offline charging of a session",
    parties: PARTIES,
    steps: &[
        asked(INVITE, "call")[0],
        asked(INVITE, "call")[1],
        request(("3", "INVITE to the terminating side", "TS 24.229 5.4.3.2"), S_TO_I, INVITE, "call", CORRELATED),
        request(("4", "INVITE to the S-CSCF of the called", "TS 24.229 5.3.2.1"), I_TO_S, INVITE, "call", CORRELATED),
        request(("5", "INVITE", "TS 24.229 5.4.3.3"), S_TO_PEER_P, INVITE, "call", CORRELATED),
        request(("6", "INVITE", "TS 24.229 5.2.7.3"), PEER_DOWN, INVITE, "call", FIRST),
        response(("7", "200", "TS 24.229 5.1.4.1"), PEER_UP, INVITE, "call", 200, &[]),
        response(("8", "200", SET_UP_CALLED), PEER_P_TO_S, INVITE, "call", 200, &[]),
        charge(("9", "Accounting-Request, START", SET_UP_CALLED), PEER_P_TO_CDF, "ACR", P_CALLED, START_CALLED, &[])
            .after("7"),
        charged(("10", "Accounting-Answer", SET_UP_CALLED), CDF_TO_PEER_P, "ACA", P_CALLED, START_TAKEN, &[]),
        response(("11", "200", SET_UP_CALLED), S_TO_I, INVITE, "call", 200, &[]).after("8"),
        charge(("12", "Accounting-Request, START", SET_UP_CALLED), S_TO_CDF, "ACR", S_CALLED, START_CALLED, &[])
            .after("8"),
        charged(("13", "Accounting-Answer", SET_UP_CALLED), CDF_TO_S, "ACA", S_CALLED, START_TAKEN, &[]),
        response(("14", "200", SET_UP), I_TO_S, INVITE, "call", 200, &[]).after("11"),
        response(("15", "200", SET_UP), S_TO_P, INVITE, "call", 200, &[]),
        charge(("16", "Accounting-Request, START", SET_UP), S_TO_CDF, "ACR", S_CALLER, START_CALLER, &[]).after("14"),
        charged(("17", "Accounting-Answer", SET_UP), CDF_TO_S, "ACA", S_CALLER, START_TAKEN, &[]),
        response(("18", "200", SET_UP), GM_DOWN, INVITE, "call", 200, &[]).after("15"),
        charge(("19", "Accounting-Request, START", SET_UP), P_TO_CDF, "ACR", P_CALLER, START_CALLER, &[]).after("15"),
        charged(("20", "Accounting-Answer", SET_UP), CDF_TO_P, "ACA", P_CALLER, START_TAKEN, &[]),
        request(("21", "BYE", RELEASE), GM_UP, BYE, "call", &[]).after("18"),
        charge(("22", "Accounting-Request, STOP", RELEASE), P_TO_CDF, "ACR", P_CALLER, STOP, &[]),
        charged(("23", "Accounting-Answer", RELEASE), CDF_TO_P, "ACA", P_CALLER, STOP_TAKEN, &[]),
        request(("24", "BYE", RELEASE), P_TO_S, BYE, "call", &[]).after("21"),
        charge(("25", "Accounting-Request, STOP", RELEASE), S_TO_CDF, "ACR", S_CALLER, STOP, &[]),
        charged(("26", "Accounting-Answer", RELEASE), CDF_TO_S, "ACA", S_CALLER, STOP_TAKEN, &[]),
        charge(("27", "Accounting-Request, STOP", RELEASE), S_TO_CDF, "ACR", S_CALLED, STOP, &[]).after("24"),
        charged(("28", "Accounting-Answer", RELEASE), CDF_TO_S, "ACA", S_CALLED, STOP_TAKEN, &[]),
        request(("29", "BYE", RELEASE), S_TO_PEER_P, BYE, "call", &[]).after("24"),
        // A P-CSCF that serves both hears of it with step 21.
        charge(("30", "Accounting-Request, STOP", RELEASE), PEER_P_TO_CDF, "ACR", P_CALLED, STOP, &[]).after("21"),
        charged(("31", "Accounting-Answer", RELEASE), CDF_TO_PEER_P, "ACA", P_CALLED, STOP_TAKEN, &[]),
        request(("32", "BYE", RELEASE), PEER_DOWN, BYE, "call", &[]).after("29"),
        success(("33", "200", RELEASE), PEER_UP, BYE, "call"),
    ],
};

/// A message.
pub(crate) const EVENT: Procedure = Procedure {
    procedure: "TS 32.260 5.2.2.1.5",
    title: "Offline charging of a message",
    parties: PARTIES,
    steps: &[
        asked(MESSAGE, "message")[0],
        asked(MESSAGE, "message")[1],
        request(("3", "MESSAGE", "TS 24.229 5.4.3.2"), S_TO_I, MESSAGE, "message", CORRELATED),
        request(("4", "MESSAGE", "TS 24.229 5.3.2.1"), I_TO_S, MESSAGE, "message", CORRELATED),
        request(("5", "MESSAGE", "TS 24.229 5.4.3.3"), S_TO_PEER_P, MESSAGE, "message", CORRELATED),
        request(("6", "MESSAGE", "TS 24.229 5.2.6.4"), PEER_DOWN, MESSAGE, "message", &[]),
        success(("7", "200", UNRELATED), PEER_UP, MESSAGE, "message"),
        success(("8", "200", UNRELATED), PEER_P_TO_S, MESSAGE, "message"),
        charge(("9", "Accounting-Request, EVENT", UNRELATED), PEER_P_TO_CDF, "ACR", P_CALLED, EVENT_RECEIVER, &[])
            .after("7"),
        charged(("10", "Accounting-Answer", UNRELATED), CDF_TO_PEER_P, "ACA", P_CALLED, EVENT_TAKEN, &[]),
        success(("11", "200", UNRELATED), S_TO_I, MESSAGE, "message").after("8"),
        charge(("12", "Accounting-Request, EVENT", UNRELATED), S_TO_CDF, "ACR", S_CALLED, EVENT_RECEIVER, &[])
            .after("8"),
        charged(("13", "Accounting-Answer", UNRELATED), CDF_TO_S, "ACA", S_CALLED, EVENT_TAKEN, &[]),
        success(("14", "200", UNRELATED), I_TO_S, MESSAGE, "message").after("11"),
        success(("15", "200", UNRELATED), S_TO_P, MESSAGE, "message"),
        charge(("16", "Accounting-Request, EVENT", UNRELATED), S_TO_CDF, "ACR", S_CALLER, EVENT_SENDER, &[])
            .after("14"),
        charged(("17", "Accounting-Answer", UNRELATED), CDF_TO_S, "ACA", S_CALLER, EVENT_TAKEN, &[]),
        success(("18", "200", UNRELATED), GM_DOWN, MESSAGE, "message").after("15"),
        charge(("19", "Accounting-Request, EVENT", UNRELATED), P_TO_CDF, "ACR", P_CALLER, EVENT_SENDER, &[])
            .after("15"),
        charged(("20", "Accounting-Answer", UNRELATED), CDF_TO_P, "ACA", P_CALLER, EVENT_TAKEN, &[]),
    ],
};
