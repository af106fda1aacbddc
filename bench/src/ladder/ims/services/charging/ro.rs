//! Online charging of prepaid users: the S-CSCF leads what they ask for to the gateway function, which asks the online charging
//! system first.

use super::super::super::Has::Words;
use super::*;

// CC-Request-Type (RFC 8506 clause 8.3): INITIAL, UPDATE, TERMINATION, EVENT.
const INITIAL: Numbers = &[("CC-Request-Type", &[1])];
const ANSWERED: Numbers = &[("CC-Request-Type", &[2]), ("CC-Request-Number", &[1])];
const MORE: Numbers = &[("CC-Request-Type", &[2]), ("CC-Request-Number", &[2])];
const TERMINATION: Numbers = &[("CC-Request-Type", &[3])];
/// DIRECT_DEBITING (RFC 8506 clause 8.41).
const DEBIT: Numbers = &[("CC-Request-Type", &[4]), ("Requested-Action", &[0])];
const INITIAL_GRANTED: Numbers = &[INITIAL[0], SUCCESS];
const ANSWERED_GRANTED: Numbers = &[ANSWERED[0], ANSWERED[1], SUCCESS];
/// TERMINATE (RFC 8506 clause 8.35).
const LAST_GRANTED: Numbers = &[MORE[0], MORE[1], SUCCESS, ("Final-Unit-Action", &[0])];
const TERMINATED: Numbers = &[TERMINATION[0], SUCCESS];
const DEBITED: Numbers = &[DEBIT[0], SUCCESS];
const SUCCESS: (&str, &[u32]) = ("Result-Code", &[2001]);
/// DIAMETER_CREDIT_LIMIT_REACHED (RFC 8506 clause 9.1).
const NO_CREDIT: Numbers = &[("Result-Code", &[4012])];
const GRANT: &[&str] = &["Granted-Service-Unit"];
const USED: &[&str] = &["Used-Service-Unit"];
/// The session on Ro.
const CREDIT: &str = "credit";

const SET_UP: &str = "TS 32.260 5.3.2.2.1.1";
const EVENTS: &str = "TS 32.260 5.3.2.1.1";
const TERMINATES: &str = "TS 32.260 5.3.2.3";
const REASON: &[Has] = &[Words("Reason", "cause=402")];

const PARTIES: &[Party] =
    &[Party::Ue, Party::Pcscf, Party::Scscf, Party::Server(IMS_GWF), Party::Server(OCS), Party::PeerPcscf, Party::Peer];
const CALLER: &[Party] = &[Party::Ue, Party::Pcscf, Party::Scscf, Party::Server(IMS_GWF), Party::Server(OCS)];

const TO_GWF: ProcedureStep =
    request(("3", "INVITE by filter criteria", "TS 24.229 5.4.3.2"), S_TO_GWF, INVITE, "call", CORRELATED);
const RESERVE: ProcedureStep =
    charge(("4", "Credit-Control-Request, INITIAL", SET_UP), GWF_TO_OCS, "CCR", CREDIT, INITIAL, &[]);

/// A session that goes on until the credit is used up.
pub(crate) const CUT_OFF: Procedure = Procedure {
    procedure: "TS 32.260 5.3.2.2.1.1",
    title: "Online charging of a session, cut off",
    parties: PARTIES,
    steps: &[
        asked(INVITE, "call")[0],
        asked(INVITE, "call")[1],
        TO_GWF,
        RESERVE,
        charged(("5", "Credit-Control-Answer with units", SET_UP), OCS_TO_GWF, "CCA", CREDIT, INITIAL_GRANTED, GRANT),
        request(("6", "INVITE onward", SET_UP), GWF_TO_S, INVITE, "onward", &[NoToTag]),
        request(("7", "INVITE", "TS 24.229 5.2.7.3"), PEER_DOWN, INVITE, "onward", &[NoToTag]),
        response(("8", "200", "TS 24.229 5.1.4.1"), PEER_UP, INVITE, "onward", 200, &[]),
        response(("9", "200", SET_UP), S_TO_GWF, INVITE, "onward", 200, &[]),
        response(("10", "200", SET_UP), GWF_TO_S, INVITE, "call", 200, &[]),
        charge(("11", "Credit-Control-Request, UPDATE", SET_UP), GWF_TO_OCS, "CCR", CREDIT, ANSWERED, USED).after("9"),
        charged(("12", "Credit-Control-Answer with units", SET_UP), OCS_TO_GWF, "CCA", CREDIT, ANSWERED_GRANTED, GRANT),
        response(("13", "200", "TS 24.229 5.2.7.2"), GM_DOWN, INVITE, "call", 200, &[]).after("10"),
        charge(("14", "Credit-Control-Request, UPDATE", "RFC 8506 5.3"), GWF_TO_OCS, "CCR", CREDIT, MORE, USED)
            .after("12"),
        charged(
            ("15", "Credit-Control-Answer with the last units", "RFC 8506 5.6"),
            OCS_TO_GWF,
            "CCA",
            CREDIT,
            LAST_GRANTED,
            GRANT,
        ),
        request(("16", "BYE to the caller, cause 402", TERMINATES), GWF_TO_S, BYE, "call", REASON),
        request(("17", "BYE to the called, cause 402", TERMINATES), GWF_TO_S, BYE, "onward", REASON).after("15"),
        charge(("18", "Credit-Control-Request, TERMINATION", TERMINATES), GWF_TO_OCS, "CCR", CREDIT, TERMINATION, USED)
            .after("15"),
        charged(("19", "Credit-Control-Answer", TERMINATES), OCS_TO_GWF, "CCA", CREDIT, TERMINATED, &[]),
        request(("20", "BYE", "TS 24.229 5.2.8.3"), GM_DOWN, BYE, "call", REASON).after("16"),
        request(("21", "BYE", "TS 24.229 5.2.8.3"), PEER_DOWN, BYE, "onward", REASON).after("17"),
        success(("22", "200 of the caller", "RFC 3261 15.1.2"), GM_UP, BYE, "call").after("20"),
        success(("23", "200 of the called", "RFC 3261 15.1.2"), PEER_UP, BYE, "onward").after("21"),
    ],
};

/// A message that is paid for before it goes.
pub(crate) const EVENT: Procedure = Procedure {
    procedure: "TS 32.260 5.3.2.1.1",
    title: "Online charging of a message",
    parties: PARTIES,
    steps: &[
        asked(MESSAGE, "message")[0],
        asked(MESSAGE, "message")[1],
        request(("3", "MESSAGE by filter criteria", "TS 24.229 5.4.3.2"), S_TO_GWF, MESSAGE, "message", CORRELATED),
        charge(("4", "Credit-Control-Request, EVENT", EVENTS), GWF_TO_OCS, "CCR", CREDIT, DEBIT, &[]),
        charged(("5", "Credit-Control-Answer with a unit", EVENTS), OCS_TO_GWF, "CCA", CREDIT, DEBITED, GRANT),
        request(("6", "MESSAGE onward", EVENTS), GWF_TO_S, MESSAGE, "onward", &[]),
        request(("7", "MESSAGE", "TS 24.229 5.2.6.4"), PEER_DOWN, MESSAGE, "onward", &[]),
        success(("8", "200", "TS 24.229 5.1.2A.2"), PEER_UP, MESSAGE, "onward"),
        success(("9", "200", EVENTS), S_TO_GWF, MESSAGE, "onward"),
        success(("10", "200", EVENTS), GWF_TO_S, MESSAGE, "message"),
        success(("11", "200", "TS 24.229 5.4.3.2"), S_TO_P, MESSAGE, "message"),
        success(("12", "200", "TS 24.229 5.2.6.3"), GM_DOWN, MESSAGE, "message"),
    ],
};

/// A call of a user who has no credit.
pub(crate) const REFUSED: Procedure = Procedure {
    procedure: "TS 32.260 B.1",
    title: "Session refused for want of credit",
    parties: CALLER,
    steps: &[
        asked(INVITE, "call")[0],
        asked(INVITE, "call")[1],
        TO_GWF,
        RESERVE,
        charged(
            ("5", "Credit-Control-Answer, CREDIT_LIMIT_REACHED", "RFC 8506 9.1"),
            OCS_TO_GWF,
            "CCA",
            CREDIT,
            NO_CREDIT,
            &[],
        ),
        response(("6", "402", TERMINATES), GWF_TO_S, INVITE, "call", 402, &[]),
        response(("7", "402", "TS 24.229 5.4.3.2"), S_TO_P, INVITE, "call", 402, &[]),
        response(("8", "402", "TS 24.229 5.2.7.2"), GM_DOWN, INVITE, "call", 402, &[]),
        request(("9", "ACK", "RFC 3261 17.1.1.3"), GM_UP, "ACK", "call", &[]),
    ],
};
