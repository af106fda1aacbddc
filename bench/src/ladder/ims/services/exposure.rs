//! Exposure to third parties (OMA-TR IMSinOMA clause 9.1 and appendix C): what they ask for by HTTP and what becomes of it on the
//! IMS. The UE of such a ladder is the third party, the one at the other end the UE of the user.

use protocol::Joint;

use super::super::Has::{Body, Header, NoToTag, ToTag, Words};
use super::super::HttpIs::{Request, Response};
use super::super::rows::*;
use super::Wanted;
use crate::ladder::{Party, Procedure};
use crate::scenario::{EXPOSURE, ExposureStep, IDENTITY_SERVER, PRESENCE_SERVER};

const API: Party = Party::Server(EXPOSURE);
const UP: Way = (Party::Ue, API, Joint::Api);
const DOWN: Way = (API, Party::Ue, Joint::Api);
const TO_IDMS: Way = (Party::Ue, Party::Server(IDENTITY_SERVER), Joint::Api);
const FROM_IDMS: Way = (Party::Server(IDENTITY_SERVER), Party::Ue, Joint::Api);
const API_TO_I: Way = (API, Party::Icscf, Joint::Isc);
const I_TO_API: Way = (Party::Icscf, API, Joint::Isc);
const API_TO_S: Way = (API, Party::Scscf, Joint::Isc);
const S_TO_API: Way = (Party::Scscf, API, Joint::Isc);
const S_TO_PRESENCE: Way = (Party::Scscf, Party::Server(PRESENCE_SERVER), Joint::Isc);
const PRESENCE_TO_S: Way = (Party::Server(PRESENCE_SERVER), Party::Scscf, Joint::Isc);
const TWO: &[Party] = &[Party::Ue, API];
const CHAIN: &[Party] = &[Party::Ue, API, Party::Icscf, Party::Hss, Party::Scscf, Party::PeerPcscf, Party::Peer];
const BEARER: &[&str] = &["Authorization: Bearer"];
const INVITE: &str = "INVITE";
const BYE: &str = "BYE";
const MESSAGES: &str = "/v1/messages";
const SESSIONS: &str = "/v1/sessions";

/// All of them.
pub(super) const PROCEDURES: &[&Procedure] = &[
    &TOKEN,
    &MESSAGE,
    &MESSAGE_STATE,
    &WRITTEN,
    &INCOMING,
    &PRESENCE,
    &CALL,
    &CALL_STATE,
    &CALL_END,
    &NO_TOKEN,
    &OTHER_SCOPE,
    &TOO_MANY,
];

/// Ladders that a step asks for.
pub(super) fn asked(step: &ExposureStep) -> Vec<Wanted<'_>> {
    let own = |procedure| Wanted::one(step.client(), procedure);
    let wanted = match step {
        ExposureStep::ApiToken { .. } => own(&TOKEN),
        ExposureStep::ApiMessage { to, status, .. } => match status {
            401 => own(&NO_TOKEN),
            403 => own(&OTHER_SCOPE),
            429 => own(&TOO_MANY),
            _ => own(&MESSAGE).with(to),
        },
        ExposureStep::ApiMessageState { .. } => own(&MESSAGE_STATE),
        ExposureStep::ApiIncoming { .. } => own(&INCOMING),
        ExposureStep::ApiPresence { to, .. } => own(&PRESENCE).with(to),
        ExposureStep::ApiCall { from, to, .. } => Wanted { second: Some(to), ..own(&CALL).with(from) },
        ExposureStep::ApiCallState { .. } => own(&CALL_STATE),
        ExposureStep::ApiCallEnd { .. } => own(&CALL_END),
        ExposureStep::WriteToClient { from, .. } => Wanted::one(from, &WRITTEN),
    };
    vec![wanted]
}

/// A client gets a token for itself.
const TOKEN: Procedure = Procedure {
    procedure: "RFC 6749 4.4",
    title: "Access token for a third party",
    parties: &[Party::Ue, Party::Server(IDENTITY_SERVER)],
    steps: &[
        http(
            ("1", "Request with client credentials", "RFC 6749 4.4.2"),
            TO_IDMS,
            Request("POST"),
            "token",
            "/token",
            &["Authorization: Basic"],
            "grant_type=client_credentials",
        ),
        http(
            ("2", "200 with an access token", "RFC 6749 4.4.3"),
            FROM_IDMS,
            Response(200),
            "token",
            "",
            &["Cache-Control: no-store"],
            "\"access_token\"",
        ),
    ],
};

/// A text to a user.
const MESSAGE: Procedure = Procedure {
    procedure: "OMA-TR IMSinOMA C, message",
    title: "Text of a third party to a user",
    parties: CHAIN,
    steps: &[
        http(("1", "POST of a text", "RFC 6750 2.1"), UP, Request("POST"), "post", MESSAGES, BEARER, "\"text\""),
        http(
            ("2", "201 with its name", "RFC 9110 15.3.2"),
            DOWN,
            Response(201),
            "post",
            "",
            &["Location: /v1/messages/"],
            "",
        ),
        request(
            ("3", "MESSAGE with the identity of the client", "TS 24.229 5.7.3"),
            API_TO_I,
            "MESSAGE",
            "message",
            &[Header("P-Asserted-Identity")],
        )
        .after("1"),
        location(("4", "Location-Info-Request", "TS 29.228 6.1.4")),
        answer(("5", "Location-Info-Answer", "TS 29.228 6.1.4"), HSS_TO_I, "LIA"),
        request(("6", "MESSAGE to the S-CSCF of the user", "TS 24.229 5.3.2.1"), I_TO_S, "MESSAGE", "message", &[]),
        request(("7", "MESSAGE", "TS 24.229 5.4.3.3"), S_TO_PEER_P, "MESSAGE", "message", &[]),
        request(("8", "MESSAGE", "TS 24.229 5.2.6.4"), PEER_DOWN, "MESSAGE", "message", &[]),
        success(("9", "200", "RFC 3428 7"), PEER_UP, "MESSAGE", "message"),
        success(("10", "200", "TS 24.229 5.2.6.4"), PEER_P_TO_S, "MESSAGE", "message"),
        success(("11", "200", "TS 24.229 5.4.3.3"), S_TO_I, "MESSAGE", "message"),
        success(("12", "200", "TS 24.229 5.3.2.1"), I_TO_API, "MESSAGE", "message"),
    ],
};

/// What became of a text.
const MESSAGE_STATE: Procedure = Procedure {
    procedure: "OMA-TR IMSinOMA C, message state",
    title: "What became of a text",
    parties: TWO,
    steps: &[
        http(("1", "GET of the text", "RFC 6750 2.1"), UP, Request("GET"), "get", "/v1/messages/", BEARER, ""),
        http(("2", "200, delivered", "RFC 9110 15.3.1"), DOWN, Response(200), "get", "", &[], "\"delivered\""),
    ],
};

/// A user writes to a third party.
const WRITTEN: Procedure = Procedure {
    procedure: "OMA-TR IMSinOMA C, user to third party",
    title: "Text of a user to a third party",
    parties: &[Party::Ue, Party::Pcscf, Party::Scscf, API],
    steps: &[
        request(("1", "MESSAGE to the URI of the client", "RFC 3428 4"), GM_UP, "MESSAGE", "message", &[]),
        request(
            ("2", "MESSAGE with P-Asserted-Identity", "TS 24.229 5.2.6.3"),
            P_TO_S,
            "MESSAGE",
            "message",
            &[Header("P-Asserted-Identity")],
        ),
        request(
            ("3", "MESSAGE to the exposure", "TS 24.229 5.4.3.2"),
            S_TO_API,
            "MESSAGE",
            "message",
            &[Header("P-Asserted-Identity")],
        ),
        success(("4", "200", "RFC 3428 7"), API_TO_S, "MESSAGE", "message"),
        success(("5", "200", "TS 24.229 5.4.3.2"), S_TO_P, "MESSAGE", "message"),
        success(("6", "200", "TS 24.229 5.2.6.3"), GM_DOWN, "MESSAGE", "message"),
    ],
};

/// What users have written.
const INCOMING: Procedure = Procedure {
    procedure: "OMA-TR IMSinOMA C, incoming",
    title: "What users have written to a third party",
    parties: TWO,
    steps: &[
        http(("1", "GET of the texts", "RFC 6750 2.1"), UP, Request("GET"), "get", "/v1/incoming", BEARER, ""),
        http(("2", "200 with a text", "RFC 9110 15.3.1"), DOWN, Response(200), "get", "", &[], "\"from\""),
    ],
};

/// The presence of a user.
const PRESENCE: Procedure = Procedure {
    procedure: "OMA-TR IMSinOMA C, presence",
    title: "Presence of a user for a third party",
    parties: &[Party::Ue, API, Party::Icscf, Party::Hss, Party::Scscf, Party::Server(PRESENCE_SERVER)],
    steps: &[
        http(("1", "GET of the presence", "RFC 6750 2.1"), UP, Request("GET"), "get", "/v1/presence/", BEARER, ""),
        request(
            ("2", "SUBSCRIBE for one notification", "RFC 6665 4.4.3"),
            API_TO_I,
            "SUBSCRIBE",
            "watch",
            &[Words("Event", "presence"), Header("P-Asserted-Identity")],
        ),
        location(("3", "Location-Info-Request", "TS 29.228 6.1.4")),
        answer(("4", "Location-Info-Answer", "TS 29.228 6.1.4"), HSS_TO_I, "LIA"),
        request(("5", "SUBSCRIBE to the S-CSCF of the user", "TS 24.229 5.3.2.1"), I_TO_S, "SUBSCRIBE", "watch", &[]),
        request(("6", "SUBSCRIBE to the server", "TS 24.229 5.4.3.3"), S_TO_PRESENCE, "SUBSCRIBE", "watch", &[]),
        success(("7", "200", "RFC 6665 4.2.1"), PRESENCE_TO_S, "SUBSCRIBE", "watch"),
        success(("8", "200", "TS 24.229 5.4.3.3"), S_TO_I, "SUBSCRIBE", "watch"),
        success(("9", "200", "TS 24.229 5.3.2.1"), I_TO_API, "SUBSCRIBE", "watch"),
        request(
            ("10", "NOTIFY with the presence document", "RFC 3856 6.7"),
            PRESENCE_TO_S,
            "NOTIFY",
            "watch",
            &[Body("<presence")],
        )
        .after("6"),
        request(("11", "NOTIFY", "TS 24.229 5.4.3.3"), S_TO_API, "NOTIFY", "watch", &[Body("<presence")]),
        http(("12", "200 with what is told", "RFC 9110 15.3.1"), DOWN, Response(200), "get", "", &[], "\"tuples\""),
    ],
};

/// Two users are called and joined.
const CALL: Procedure = Procedure {
    procedure: "RFC 3725 4.3",
    title: "Call that a third party sets up",
    parties: &[Party::Ue, API, Party::Icscf, Party::Scscf, Party::PeerPcscf, Party::Peer, Party::Second],
    steps: &[
        http(("1", "POST of a call", "RFC 6750 2.1"), UP, Request("POST"), "post", SESSIONS, BEARER, "\"a\""),
        http(
            ("2", "201 with its name", "RFC 9110 15.3.2"),
            DOWN,
            Response(201),
            "post",
            "",
            &["Location: /v1/sessions/"],
            "",
        ),
        request(("3", "INVITE of the first user", "RFC 3725 4.3"), API_TO_I, INVITE, "first", &[NoToTag]).after("1"),
        request(("4", "INVITE", "TS 24.229 5.2.7.3"), PEER_DOWN, INVITE, "first", &[NoToTag]),
        response(("5", "200", "TS 24.229 5.1.4.1"), PEER_UP, INVITE, "first", 200, &[]),
        response(("6", "200", "TS 24.229 5.3.2.1"), I_TO_API, INVITE, "first", 200, &[Body("m=audio")]),
        request(("7", "INVITE of the second user", "RFC 3725 4.3"), API_TO_I, INVITE, "second", &[Body("m=audio")]),
        request(("8", "INVITE", "TS 24.229 5.2.7.3"), SECOND_DOWN, INVITE, "second", &[NoToTag]),
        response(("9", "200", "TS 24.229 5.1.4.1"), SECOND_UP, INVITE, "second", 200, &[]),
        response(("10", "200", "TS 24.229 5.3.2.1"), I_TO_API, INVITE, "second", 200, &[Body("m=audio")]),
        request(
            ("11", "re-INVITE of the first user", "RFC 3725 4.3"),
            API_TO_S,
            INVITE,
            "first",
            &[ToTag, Body("m=audio")],
        )
        .again(),
        request(("12", "re-INVITE", "TS 24.229 5.2.9.2"), PEER_DOWN, INVITE, "first", &[ToTag]).again(),
        response(("13", "200", "RFC 3261 14.2"), PEER_UP, INVITE, "first", 200, &[]).again(),
        response(("14", "200", "TS 24.229 5.4.5.1"), S_TO_API, INVITE, "first", 200, &[]).again(),
    ],
};

/// What became of a call.
const CALL_STATE: Procedure = Procedure {
    procedure: "OMA-TR IMSinOMA C, session state",
    title: "What became of a call",
    parties: TWO,
    steps: &[
        http(("1", "GET of the call", "RFC 6750 2.1"), UP, Request("GET"), "get", "/v1/sessions/", BEARER, ""),
        http(("2", "200, joined", "RFC 9110 15.3.1"), DOWN, Response(200), "get", "", &[], "\"joined\""),
    ],
};

/// A third party ends its call.
const CALL_END: Procedure = Procedure {
    procedure: "OMA-TR IMSinOMA C, session end",
    title: "Call that a third party ends",
    parties: &[Party::Ue, API, Party::Scscf],
    steps: &[
        http(("1", "DELETE of the call", "RFC 6750 2.1"), UP, Request("DELETE"), "end", "/v1/sessions/", BEARER, ""),
        http(("2", "204", "RFC 9110 15.3.5"), DOWN, Response(204), "end", "", &[], ""),
        request(("3", "BYE to the first user", "RFC 3261 15.1.1"), API_TO_S, BYE, "first", &[]).after("1"),
        success(("4", "200", "RFC 3261 15.1.2"), S_TO_API, BYE, "first"),
    ],
};

/// Nobody is let in without a token.
const NO_TOKEN: Procedure = Procedure {
    procedure: "RFC 6750 3, no token",
    title: "Third party refused: no token",
    parties: TWO,
    steps: &[
        http(("1", "POST of a text", "RFC 6750 3"), UP, Request("POST"), "post", MESSAGES, &[], "\"text\""),
        http(
            ("2", "401 with a challenge", "RFC 6750 3"),
            DOWN,
            Response(401),
            "post",
            "",
            &["WWW-Authenticate: Bearer"],
            "",
        ),
    ],
};

/// A token is for what its scope says.
const OTHER_SCOPE: Procedure = Procedure {
    procedure: "RFC 6750 3.1, other scope",
    title: "Third party refused: the token is for something else",
    parties: TWO,
    steps: &[
        http(("1", "POST of a text", "RFC 6750 2.1"), UP, Request("POST"), "post", MESSAGES, BEARER, "\"text\""),
        http(
            ("2", "403, insufficient_scope", "RFC 6750 3.1"),
            DOWN,
            Response(403),
            "post",
            "",
            &["WWW-Authenticate: insufficient_scope"],
            "",
        ),
    ],
};

/// More than was agreed upon.
const TOO_MANY: Procedure = Procedure {
    procedure: "RFC 6585 4",
    title: "Third party refused: more than its quota",
    parties: TWO,
    steps: &[
        http(("1", "POST of a text", "RFC 6750 2.1"), UP, Request("POST"), "post", MESSAGES, BEARER, "\"text\""),
        http(("2", "429 with Retry-After", "RFC 6585 4"), DOWN, Response(429), "post", "", &["Retry-After"], ""),
    ],
};
