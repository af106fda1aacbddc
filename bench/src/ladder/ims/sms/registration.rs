//! Registration and de-registration over generic 3GPP IP access (TR 23.804 clauses 8.1 and 8.2).

use protocol::map::OperationCode as Op;

use super::super::Has::{Body, Expires, ExpiresZero, Header, NoResponse, Response};
use super::super::Of;
use super::super::rows::{Words, request, response, success};
use super::*;
use crate::ladder::ims::Diameter;

const PARTIES: &[Party] = &[Party::Ue, GATEWAY, Party::Hss, PRESENCE];

/// The HSS tells the presence server that the UE is IP connected, or not any more: the number of the IP-Message-GW is there in
/// SMSRegistrationInfo (TS 29.328 annex D), or not.
const fn informs(words: Words, connection: &'static [(&'static str, bool)]) -> ProcedureStep {
    row(words, HSS_TO_PRESENCE, sh("PNR", Of::Identity, connection))
}

/// Its answer.
const fn informed(words: Words) -> ProcedureStep {
    row(words, PRESENCE_TO_HSS, sh("PNA", Of::Request, &[]))
}

const fn sh(command: &'static str, of: Of, words: &'static [(&'static str, bool)]) -> See {
    See::Diameter(Diameter { command, of, session: "presence", numbers: &[], has: &[], words })
}

const CONNECTED: &[(&str, bool)] = &[("SMSRegistrationInfo", true), ("IP-SM-GW-Number", true)];
const DISCONNECTED: &[(&str, bool)] = &[("SMSRegistrationInfo", true), ("IP-SM-GW-Number", false)];

/// Common registration procedure.
pub(super) const REGISTRATION: Procedure = Procedure {
    procedure: "TR 23.804 8.1",
    title: "Common registration over generic 3GPP IP access",
    parties: PARTIES,
    steps: &[
        request(
            ("1", "REGISTER: the IP connection is there", "TS 24.229 5.1.1.2"),
            R2_UP,
            REGISTER,
            "reg",
            &[NoResponse, Expires],
        ),
        invoke(
            ("1a", "sendAuthenticationInfo", "TS 29.002 8.5.2"),
            R1_UP,
            Op::SEND_AUTHENTICATION_INFO,
            "authentication",
        ),
        result(("1b", "Vectors", "TS 29.002 8.5.2"), R1_DOWN, Op::SEND_AUTHENTICATION_INFO, "authentication"),
        response(
            ("1c", "401 with AKAv1-MD5", "RFC 3310 3.2"),
            R2_DOWN,
            REGISTER,
            "reg",
            401,
            &[Header("WWW-Authenticate")],
        ),
        request(
            ("2", "REGISTER with an NAI and the response to the challenge", "TR 23.804 8.1"),
            R2_UP,
            REGISTER,
            "reg",
            &[Response, Expires],
        )
        .again(),
        invoke(
            ("3", "updateGprsLocation: the IMSI is registered", "TR 23.804 5.1.3.1"),
            R1_UP,
            Op::UPDATE_GPRS_LOCATION,
            "location",
        ),
        informs(("4", "PNR: IP-connected", "TR 23.804 8.1"), CONNECTED).after("3"),
        informed(("4a", "PNA", "TS 29.328 6.1.4")),
        invoke(
            ("5", "insertSubscriberData with the MSISDN", "TR 23.804 8.1"),
            R1_DOWN,
            Op::INSERT_SUBSCRIBER_DATA,
            "data",
        )
        .after("3"),
        result(("5a", "It is taken", "TS 29.002 8.8.1"), R1_UP, Op::INSERT_SUBSCRIBER_DATA, "data"),
        result(("5b", "Registration response", "TR 23.804 5.1.3.1"), R1_DOWN, Op::UPDATE_GPRS_LOCATION, "location"),
        response(("6", "200", "TR 23.804 8.1"), R2_DOWN, REGISTER, "reg", 200, &[]).again(),
    ],
};

/// The UE leaves.
pub(super) const DEREGISTRATION: Procedure = Procedure {
    procedure: "TR 23.804 8.2.1",
    title: "De-registration by the UE over generic 3GPP IP access",
    parties: PARTIES,
    steps: &[
        request(("1", "REGISTER with an expiry of 0", "TS 24.229 5.1.1.6"), R2_UP, REGISTER, "reg", &[ExpiresZero]),
        invoke(("2", "purgeMS", "TR 23.804 5.1.3.1"), R1_UP, Op::PURGE_MS, "purge"),
        informs(("3", "PNR: IP-disconnected", "TR 23.804 8.2.1"), DISCONNECTED),
        informed(("3a", "PNA", "TS 29.328 6.1.4")),
        result(("4", "De-register response", "TR 23.804 5.1.3.1"), R1_DOWN, Op::PURGE_MS, "purge").after("2"),
        // It may have been challenged before.
        response(("5", "200", "TR 23.804 8.2.1"), R2_DOWN, REGISTER, "left", 200, &[]).after("2"),
    ],
};

/// The guard timer of the IP-Message-GW has run out.
pub(super) const NETWORK_DEREGISTRATION: Procedure = Procedure {
    procedure: "TR 23.804 8.2.2",
    title: "De-registration by the IP-Message-GW",
    parties: PARTIES,
    steps: &[
        invoke(("1", "purgeMS: the guard timer has expired", "TR 23.804 8.2.2"), R1_UP, Op::PURGE_MS, "purge"),
        informs(("2", "PNR: IP-disconnected", "TR 23.804 8.2.2"), DISCONNECTED),
        informed(("2a", "PNA", "TS 29.328 6.1.4")),
        result(("3", "De-register response", "TR 23.804 5.1.3.1"), R1_DOWN, Op::PURGE_MS, "purge").after("1"),
        request(
            ("4", "NOTIFY: the registration is terminated", "RFC 3680 4.7"),
            R2_DOWN,
            NOTIFY,
            "reg event",
            &[Body("terminated")],
        ),
        success(("4a", "200", "RFC 6665 4.1.3"), R2_UP, NOTIFY, "reg event"),
    ],
};
