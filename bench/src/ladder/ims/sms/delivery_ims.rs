//! Short messages using SIP/IMS (TR 23.804 clauses 8.9 and 8.10).

use protocol::map::OperationCode as Op;

use super::super::Has::{Expires, Header, Number, Rp, Words as Said};
use super::super::RpKind;
use super::super::rows::*;
use super::SmppPart::Success;
use super::*;

const PARTIES: &[Party] = &[Party::Ue, Party::Pcscf, Party::Scscf, GATEWAY, Party::Hss, GMSC, SC];

/// The UE is registered at the S-CSCF.
const REGISTERED: ProcedureStep =
    response(("1", "200: the UE is registered", "TS 24.229 5.4.1.2.2"), GM_DOWN, REGISTER, "reg", 200, &[Expires]);

/// A message from a UE.
pub(super) const ORIGINATED: Procedure = Procedure {
    procedure: "TR 23.804 8.9",
    title: "Message from a UE using SIP/IMS",
    parties: PARTIES,
    steps: &[
        REGISTERED,
        request(
            ("2", "MESSAGE with RP-DATA", "TS 24.341 5.3.1.2"),
            GM_UP,
            MESSAGE,
            "message",
            &[Rp(RpKind::DataFromMs)],
        ),
        request(("2a", "MESSAGE with P-Asserted-Identity", "TS 24.229 5.2.6.3"), P_TO_S, MESSAGE, "message", &[]),
        request(("3", "MESSAGE by the filter criteria", "TR 23.804 8.9"), S_TO_GATEWAY, MESSAGE, "message", &[]),
        success(("4", "202 Accepted", "TS 24.341 5.3.3.3"), GATEWAY_TO_S, MESSAGE, "message"),
        success(("5", "202 Accepted", "TS 24.229 5.4.3.2"), S_TO_P, MESSAGE, "message"),
        success(("5a", "202 Accepted", "TS 24.229 5.2.6.3"), GM_DOWN, MESSAGE, "message"),
        mo_forwarded("6").after("3"),
        mo_delivered("7"),
        mo_stored("8"),
        mo_answered("9"),
        request(
            ("10", "MESSAGE with RP-ACK, In-Reply-To", "TS 24.341 5.3.3.4.2"),
            GATEWAY_TO_S,
            MESSAGE,
            "report",
            &[Number(Party::Ue), Rp(RpKind::AckToMs), Header("In-Reply-To")],
        ),
        request(("11", "MESSAGE with RP-ACK", "TS 24.229 5.4.3.3"), S_TO_P, MESSAGE, "report", &[]),
        request(
            ("11a", "MESSAGE with RP-ACK", "TS 24.229 5.2.6.4"),
            GM_DOWN,
            MESSAGE,
            "report",
            &[Rp(RpKind::AckToMs)],
        ),
        success(("12", "200", "TS 24.341 5.3.1.2"), GM_UP, MESSAGE, "report"),
        success(("12a", "200", "TS 24.229 5.2.6.4"), P_TO_S, MESSAGE, "report"),
        success(("13", "200", "TS 24.229 5.4.3.3"), S_TO_GATEWAY, MESSAGE, "report"),
    ],
};

/// A message to a UE.
pub(super) const TERMINATED: Procedure = Procedure {
    procedure: "TR 23.804 8.10",
    title: "Message to a UE using SIP/IMS",
    parties: PARTIES,
    steps: &[
        REGISTERED,
        SUBMITTED,
        ASKED,
        ROUTED,
        FORWARDED,
        request(
            ("5", "MESSAGE with RP-DATA", "TS 24.341 5.3.3.4.1"),
            GATEWAY_TO_S,
            MESSAGE,
            "message",
            &[Number(Party::Ue), Rp(RpKind::DataToMs), Said("Accept-Contact", "+g.3gpp.smsip")],
        ),
        request(("6", "MESSAGE with RP-DATA", "TS 24.229 5.4.3.3"), S_TO_P, MESSAGE, "message", &[]),
        request(
            ("6a", "MESSAGE with RP-DATA", "TS 24.229 5.2.6.4"),
            GM_DOWN,
            MESSAGE,
            "message",
            &[Rp(RpKind::DataToMs)],
        ),
        success(("7", "200", "TS 24.341 5.3.2.3"), GM_UP, MESSAGE, "message"),
        success(("7a", "200", "TS 24.229 5.2.6.4"), P_TO_S, MESSAGE, "message"),
        success(("8", "200", "TS 24.229 5.4.3.3"), S_TO_GATEWAY, MESSAGE, "message"),
        request(("9", "MESSAGE with RP-ACK", "TS 24.341 5.3.2.4"), GM_UP, MESSAGE, "report", &[Rp(RpKind::AckFromMs)])
            .after("6a"),
        request(("9a", "MESSAGE with RP-ACK", "TS 24.229 5.2.6.3"), P_TO_S, MESSAGE, "report", &[]),
        request(("10", "MESSAGE by the filter criteria", "TR 23.804 8.10"), S_TO_GATEWAY, MESSAGE, "report", &[]),
        result(("11", "mt-ForwardSM result", "TS 29.002 12.9"), GATEWAY_TO_GMSC, Op::MT_FORWARD_SM, "mt"),
        invoke(("12", "reportSM-DeliveryStatus", "TS 29.002 12.3"), R5_UP, Op::REPORT_SM_DELIVERY_STATUS, "status"),
        smpp(("13", "submit_sm_resp: delivered", "SMPP 3.4 4.4.2"), GMSC_TO_SC, "submit_sm", Success, "mt").after("11"),
        success(("14", "202", "TS 24.341 5.3.3.3"), GATEWAY_TO_S, MESSAGE, "report").after("10"),
        success(("15", "202", "TS 24.229 5.4.3.2"), S_TO_P, MESSAGE, "report"),
        success(("15a", "202", "TS 24.229 5.2.6.3"), GM_DOWN, MESSAGE, "report"),
    ],
};
