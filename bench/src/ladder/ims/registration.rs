//! Registration and what belongs to it (TS 24.229 clauses 5.1.1, 5.2.2, 5.3.1, 5.4.1; TS 29.228 clauses 6.1, 6.3).

use super::Has::{Expires, ExpiresZero, Header, Identity, NoResponse, Response, Words};
use super::rows::*;
use crate::ladder::{Party, Procedure};

const REGISTER: &str = "REGISTER";
const SUBSCRIBE: &str = "SUBSCRIBE";
const NOTIFY: &str = "NOTIFY";

const ALL: &[Party] = &[Party::Ue, Party::Pcscf, Party::Icscf, Party::Hss, Party::Scscf];

/// A registration of whatever kind whose first REGISTER is challenged.
macro_rules! with_challenge {
    (
        first: $opens:literal, [$($first:expr),*],
        second: [$($second:expr),*],
        assignment: $assignment:expr,
        granted: $grants:literal, [$($granted:expr),*]
    ) => {
        &[
            request(("1", $opens, "TS 24.229 5.1.1.2.1"), GM_UP, REGISTER, "reg", &[$($first),*]),
            request(
                ("2", "REGISTER with Path and visited network", "TS 24.229 5.2.2.1"),
                P_TO_I,
                REGISTER,
                "reg",
                &[$($first,)* Header("Path"), Header("P-Visited-Network-ID")],
            ),
            diameter(("3", "User-Authorization-Request", "TS 29.228 6.1.1"), I_TO_HSS, "UAR"),
            answer(("4", "User-Authorization-Answer", "TS 29.228 6.1.1"), HSS_TO_I, "UAA"),
            request(
                ("5", "REGISTER to the S-CSCF that was selected", "TS 24.229 5.3.1.2"),
                I_TO_S,
                REGISTER,
                "reg",
                &[$($first),*],
            ),
            diameter(("6", "Multimedia-Auth-Request", "TS 29.228 6.3.1"), S_TO_HSS, "MAR"),
            answer(("7", "Multimedia-Auth-Answer with a vector", "TS 29.228 6.3.1"), HSS_TO_S, "MAA"),
            response(("8", "401 with a challenge", "TS 24.229 5.4.1.2.1"), S_TO_I, REGISTER, "reg", 401, CHALLENGE),
            response(("9", "401 with a challenge", "TS 24.229 5.3.1.2"), I_TO_P, REGISTER, "reg", 401, CHALLENGE),
            response(("10", "401 with a challenge", "TS 24.229 5.2.2.1"), GM_DOWN, REGISTER, "reg", 401, CHALLENGE),
            request(
                ("11", "REGISTER with the response", "TS 24.229 5.1.1.5.1"),
                GM_UP,
                REGISTER,
                "reg",
                &[$($second),*],
            )
            .again(),
            request(
                ("12", "REGISTER with the response and Path", "TS 24.229 5.2.2.1"),
                P_TO_I,
                REGISTER,
                "reg",
                &[$($second,)* Header("Path")],
            )
            .again(),
            diameter(("13", "User-Authorization-Request", "TS 29.228 6.1.1"), I_TO_HSS, "UAR"),
            answer(("14", "User-Authorization-Answer", "TS 29.228 6.1.1"), HSS_TO_I, "UAA"),
            request(
                ("15", "REGISTER to the S-CSCF that the HSS names", "TS 24.229 5.3.1.2"),
                I_TO_S,
                REGISTER,
                "reg",
                &[$($second),*],
            )
            .again(),
            $assignment,
            answer(("17", "Server-Assignment-Answer", "TS 29.228 6.1.2"), HSS_TO_S, "SAA"),
            response(("18", $grants, "TS 24.229 5.4.1.2.2F"), S_TO_I, REGISTER, "reg", 200, &[$($granted),*]).again(),
            response(("19", $grants, "TS 24.229 5.3.1.2"), I_TO_P, REGISTER, "reg", 200, &[$($granted),*]).again(),
            response(("20", $grants, "TS 24.229 5.2.2.1"), GM_DOWN, REGISTER, "reg", 200, &[$($granted),*]).again(),
        ]
    };
}

/// What a 401 has.
const CHALLENGE: &[super::Has] = &[Header("WWW-Authenticate")];

/// A UE registers and is authenticated.
pub(crate) const REGISTRATION: Procedure = Procedure {
    procedure: "TS 24.229 5.1.1.2",
    title: "Initial registration with authentication",
    parties: ALL,
    steps: with_challenge! {
        first: "REGISTER without a response", [NoResponse, Expires],
        second: [Response, Expires],
        assignment: assignment(("16", "Server-Assignment-Request, REGISTRATION", "TS 29.228 6.1.2"), &[("Server-Assignment-Type", &[1, 2])]),
        granted: "200 with Service-Route and P-Associated-URI", [Header("Service-Route"), Header("P-Associated-URI")]
    },
};

/// A UE that is registered registers again without anything that protects its requests, and is authenticated again (TS
/// 24.229 clause 5.4.1.2.1).
pub(crate) const RE_REGISTRATION_CHALLENGED: Procedure = Procedure {
    procedure: "TS 24.229 5.1.1.4, challenged",
    title: "Re-registration with authentication",
    parties: ALL,
    steps: with_challenge! {
        first: "REGISTER", [Expires],
        second: [Response, Expires],
        assignment: assignment(("16", "Server-Assignment-Request, RE_REGISTRATION", "TS 29.228 6.1.2"), &[("Server-Assignment-Type", &[2])]),
        granted: "200 with Service-Route and P-Associated-URI", [Header("Service-Route"), Header("P-Associated-URI")]
    },
};

/// A UE ends its registration without anything that protects its requests, and is authenticated again.
pub(crate) const DEREGISTRATION_CHALLENGED: Procedure = Procedure {
    procedure: "TS 24.229 5.1.1.6, challenged",
    title: "De-registration by the user with authentication",
    parties: ALL,
    steps: with_challenge! {
        first: "REGISTER with an expiry of 0", [ExpiresZero],
        second: [Response, ExpiresZero],
        assignment: assignment(("16", "Server-Assignment-Request, USER_DEREGISTRATION", "TS 29.228 6.1.2"), &[("Server-Assignment-Type", &[5, 7])]),
        granted: "200", []
    },
};

/// A UE that is registered registers again.
pub(crate) const RE_REGISTRATION: Procedure = Procedure {
    procedure: "TS 24.229 5.1.1.4",
    title: "Re-registration",
    parties: ALL,
    steps: &[
        request(("1", "REGISTER", "TS 24.229 5.1.1.4.1"), GM_UP, REGISTER, "reg", &[Expires]),
        request(("2", "REGISTER with Path", "TS 24.229 5.2.2.1"), P_TO_I, REGISTER, "reg", &[Expires, Header("Path")]),
        diameter(("3", "User-Authorization-Request", "TS 29.228 6.1.1"), I_TO_HSS, "UAR"),
        answer(("4", "User-Authorization-Answer", "TS 29.228 6.1.1"), HSS_TO_I, "UAA"),
        request(
            ("5", "REGISTER to the S-CSCF that the HSS names", "TS 24.229 5.3.1.2"),
            I_TO_S,
            REGISTER,
            "reg",
            &[Expires],
        ),
        assignment(
            ("6", "Server-Assignment-Request, RE_REGISTRATION", "TS 29.228 6.1.2"),
            &[("Server-Assignment-Type", &[2])],
        ),
        answer(("7", "Server-Assignment-Answer", "TS 29.228 6.1.2"), HSS_TO_S, "SAA"),
        response(
            ("8", "200 with Service-Route and P-Associated-URI", "TS 24.229 5.4.1.2.2F"),
            S_TO_I,
            REGISTER,
            "reg",
            200,
            &[Header("Service-Route"), Header("P-Associated-URI")],
        ),
        response(
            ("9", "200 with Service-Route", "TS 24.229 5.3.1.2"),
            I_TO_P,
            REGISTER,
            "reg",
            200,
            &[Header("Service-Route")],
        ),
        response(
            ("10", "200 with Service-Route and P-Associated-URI", "TS 24.229 5.2.2.1"),
            GM_DOWN,
            REGISTER,
            "reg",
            200,
            &[Header("Service-Route"), Header("P-Associated-URI")],
        ),
    ],
};

/// A UE ends its registration.
pub(crate) const DEREGISTRATION: Procedure = Procedure {
    procedure: "TS 24.229 5.1.1.6",
    title: "De-registration by the user",
    parties: ALL,
    steps: &[
        request(("1", "REGISTER with an expiry of 0", "TS 24.229 5.1.1.6.1"), GM_UP, REGISTER, "reg", &[ExpiresZero]),
        request(("2", "REGISTER with an expiry of 0", "TS 24.229 5.2.5.1"), P_TO_I, REGISTER, "reg", &[ExpiresZero]),
        diameter(("3", "User-Authorization-Request", "TS 29.228 6.1.1"), I_TO_HSS, "UAR"),
        answer(("4", "User-Authorization-Answer", "TS 29.228 6.1.1"), HSS_TO_I, "UAA"),
        request(("5", "REGISTER with an expiry of 0", "TS 24.229 5.3.1.2"), I_TO_S, REGISTER, "reg", &[ExpiresZero]),
        assignment(
            ("6", "Server-Assignment-Request, USER_DEREGISTRATION", "TS 29.228 6.1.2"),
            &[("Server-Assignment-Type", &[5, 7])],
        ),
        answer(("7", "Server-Assignment-Answer", "TS 29.228 6.1.2"), HSS_TO_S, "SAA"),
        response(("8", "200", "TS 24.229 5.4.1.4.1"), S_TO_I, REGISTER, "reg", 200, &[]),
        response(("9", "200", "TS 24.229 5.3.1.2"), I_TO_P, REGISTER, "reg", 200, &[]),
        response(("10", "200", "TS 24.229 5.2.5.1"), GM_DOWN, REGISTER, "reg", 200, &[]),
    ],
};

/// The S-CSCF tells an application server of a registration.
pub(crate) const THIRD_PARTY_REGISTRATION: Procedure = Procedure {
    procedure: "TS 24.229 5.4.1.7",
    title: "Third-party registration at an application server",
    parties: &[Party::Scscf, Party::As],
    steps: &[
        request(
            ("1", "REGISTER of the S-CSCF for the user", "TS 24.229 5.4.1.7"),
            S_TO_AS,
            REGISTER,
            "third party",
            &[Identity("To"), Expires],
        ),
        response(("2", "200", "TS 24.229 5.7.1.1"), AS_TO_S, REGISTER, "third party", 200, &[]),
    ],
};

/// A UE subscribes to the state of its registration.
pub(crate) const REG_EVENT: Procedure = Procedure {
    procedure: "TS 24.229 5.1.1.3",
    title: "Subscription to the state of the registration",
    parties: &[Party::Ue, Party::Pcscf, Party::Scscf],
    steps: &[
        request(("1", "SUBSCRIBE, Event: reg", "TS 24.229 5.1.1.3"), GM_UP, SUBSCRIBE, "sub", &[Words("Event", "reg")]),
        request(
            ("2", "SUBSCRIBE with P-Asserted-Identity", "TS 24.229 5.2.6.3"),
            P_TO_S,
            SUBSCRIBE,
            "sub",
            &[Words("Event", "reg"), Header("P-Asserted-Identity")],
        ),
        success(("3", "200", "TS 24.229 5.4.2.1.1"), S_TO_P, SUBSCRIBE, "sub"),
        success(("4", "200", "TS 24.229 5.2.6.4"), GM_DOWN, SUBSCRIBE, "sub"),
        request(
            ("5", "NOTIFY with the state of the registration", "TS 24.229 5.4.2.1.2"),
            S_TO_P,
            NOTIFY,
            "sub",
            &[Words("Subscription-State", "active")],
        )
        .after("2"),
        request(
            ("6", "NOTIFY with the state of the registration", "TS 24.229 5.2.6.4"),
            GM_DOWN,
            NOTIFY,
            "sub",
            &[Words("Subscription-State", "active")],
        ),
        response(("7", "200", "RFC 6665 4.1.3"), GM_UP, NOTIFY, "sub", 200, &[]),
        response(("8", "200", "RFC 6665 4.1.3"), P_TO_S, NOTIFY, "sub", 200, &[]),
    ],
};

/// The HSS takes a registration away.
pub(crate) const NETWORK_DEREGISTRATION: Procedure = Procedure {
    procedure: "TS 24.229 5.4.1.5",
    title: "De-registration by the network",
    parties: &[Party::Ue, Party::Pcscf, Party::Scscf, Party::Hss],
    steps: &[
        diameter(("1", "Registration-Termination-Request", "TS 29.228 6.1.3"), HSS_TO_S, "RTR"),
        answer(("2", "Registration-Termination-Answer", "TS 29.228 6.1.3"), S_TO_HSS, "RTA"),
        request(
            ("3", "NOTIFY that the registration is terminated", "TS 24.229 5.4.1.5"),
            S_TO_P,
            NOTIFY,
            "sub",
            &[Identity("To"), super::Has::Body("terminated")],
        )
        .after("1"),
        request(
            ("4", "NOTIFY that the registration is terminated", "TS 24.229 5.2.5.2"),
            GM_DOWN,
            NOTIFY,
            "sub",
            &[super::Has::Body("terminated")],
        ),
        response(("5", "200", "TS 24.229 5.1.1.7"), GM_UP, NOTIFY, "sub", 200, &[]),
        response(("6", "200", "TS 24.229 5.2.5.2"), P_TO_S, NOTIFY, "sub", 200, &[]),
    ],
};
