//! Registration and de-registration using SIP/IMS (TR 23.804 clauses 8.7 and 8.8.1).

use protocol::map::OperationCode as Op;

use super::super::Has::{Expires, ExpiresZero, Header, Identity, NoResponse, Response};
use super::super::rows::*;
use super::*;

const PARTIES: &[Party] = &[Party::Ue, Party::Pcscf, Party::Scscf, GATEWAY, Party::Hss];

/// The UE registers at the S-CSCF, which tells the IP-Message-GW.
pub(super) const REGISTRATION: Procedure = Procedure {
    procedure: "TR 23.804 8.7",
    title: "Registration using SIP/IMS",
    parties: PARTIES,
    steps: &[
        request(
            ("1", "REGISTER: the IP connection is there", "TS 24.229 5.1.1.2"),
            GM_UP,
            REGISTER,
            "reg",
            &[NoResponse, Expires],
        ),
        request(
            ("2", "REGISTER with the response, g.3gpp.smsip in Contact", "TS 24.341 5.3.2.2"),
            GM_UP,
            REGISTER,
            "reg",
            &[Response, super::super::Has::Words("Contact", "+g.3gpp.smsip")],
        )
        .again(),
        assignment(("3a", "Server-Assignment-Request", "TS 29.228 6.1.2"), &[("Server-Assignment-Type", &[1])]),
        answer(("3", "Server-Assignment-Answer with the filter criteria", "TR 23.804 8.7"), HSS_TO_S, "SAA"),
        request(
            ("4", "REGISTER of the S-CSCF for the user", "TS 24.229 5.4.1.7"),
            S_TO_GATEWAY,
            REGISTER,
            "third party",
            &[Identity("To"), Expires],
        ),
        invoke(("5", "updateGprsLocation", "TR 23.804 5.1.3.1"), R1_UP, Op::UPDATE_GPRS_LOCATION, "location"),
        invoke(
            ("5a", "insertSubscriberData with the MSISDN", "TS 29.002 8.8.1"),
            R1_DOWN,
            Op::INSERT_SUBSCRIBER_DATA,
            "data",
        ),
        result(("5b", "It is taken", "TS 29.002 8.8.1"), R1_UP, Op::INSERT_SUBSCRIBER_DATA, "data"),
        result(("6", "Registration response", "TR 23.804 5.1.3.1"), R1_DOWN, Op::UPDATE_GPRS_LOCATION, "location"),
        response(("7", "200", "TS 24.229 5.7.1.1"), GATEWAY_TO_S, REGISTER, "third party", 200, &[]).after("4"),
    ],
};

/// The UE leaves the IMS, and with it the IP-Message-GW.
pub(super) const DEREGISTRATION: Procedure = Procedure {
    procedure: "TR 23.804 8.8.1",
    title: "De-registration by the UE using SIP/IMS",
    parties: PARTIES,
    steps: &[
        request(("1", "REGISTER with an expiry of 0", "TS 24.229 5.1.1.6"), GM_UP, REGISTER, "reg", &[ExpiresZero]),
        assignment(("3a", "Server-Assignment-Request", "TS 29.228 6.1.2"), &[("Server-Assignment-Type", &[5, 7])])
            .after("1"),
        answer(("3", "Server-Assignment-Answer", "TS 29.228 6.1.2"), HSS_TO_S, "SAA"),
        // It may have been challenged before.
        success(("2", "200", "TS 24.229 5.4.1.4"), GM_DOWN, REGISTER, "left").after("1"),
        request(
            ("4", "REGISTER of the S-CSCF with an expiry of 0", "TS 24.229 5.4.1.7"),
            S_TO_GATEWAY,
            REGISTER,
            "third party",
            &[Identity("To"), ExpiresZero, Header("Expires")],
        )
        .after("1"),
        invoke(("5", "purgeMS", "TR 23.804 5.1.3.1"), R1_UP, Op::PURGE_MS, "purge"),
        result(("6", "De-register response", "TR 23.804 5.1.3.1"), R1_DOWN, Op::PURGE_MS, "purge"),
        response(("7", "200", "TS 24.229 5.7.1.1"), GATEWAY_TO_S, REGISTER, "third party", 200, &[]).after("4"),
    ],
};
