//! Short messages over generic 3GPP IP access (TR 23.804 clauses 8.3 to 8.6).

use protocol::map::OperationCode as Op;

use super::super::Has::{Expires, Header, Rp};
use super::super::RpKind;
use super::super::rows::{request, response, success};
use super::SmppPart::{Failure, Request, Success};
use super::*;

const PARTIES: &[Party] = &[Party::Ue, GATEWAY, Party::Hss, GMSC, SC];

/// The UE is registered at the IP-Message-GW.
const REGISTERED: ProcedureStep =
    response(("1", "200: the UE is registered", "TR 23.804 8.1"), R2_DOWN, REGISTER, "reg", 200, &[Expires]);

/// A message from a UE.
pub(super) const ORIGINATED: Procedure = Procedure {
    procedure: "TR 23.804 8.3",
    title: "Message from a UE over an IP connection",
    parties: PARTIES,
    steps: &[
        REGISTERED,
        request(
            ("2", "MESSAGE with RP-DATA", "TS 24.341 5.3.1.2"),
            R2_UP,
            MESSAGE,
            "message",
            &[Rp(RpKind::DataFromMs)],
        ),
        success(("2a", "202: it is durable", "TS 24.341 5.3.3.3"), R2_DOWN, MESSAGE, "message"),
        mo_forwarded("3").after("2"),
        mo_delivered("4"),
        mo_stored("5"),
        mo_answered("6"),
        request(
            ("7", "MESSAGE with RP-ACK, In-Reply-To", "TS 24.341 5.3.3.4.2"),
            R2_DOWN,
            MESSAGE,
            "report",
            &[Rp(RpKind::AckToMs), Header("In-Reply-To")],
        ),
        success(("7a", "200", "TS 24.341 5.3.1.2"), R2_UP, MESSAGE, "report"),
    ],
};

/// A message to a UE.
pub(super) const TERMINATED: Procedure = Procedure {
    procedure: "TR 23.804 8.4",
    title: "Message to a UE over an IP connection",
    parties: PARTIES,
    steps: &[
        REGISTERED,
        SUBMITTED,
        ASKED,
        ROUTED,
        FORWARDED,
        request(
            ("5", "MESSAGE with RP-DATA", "TS 24.341 5.3.3.4.1"),
            R2_DOWN,
            MESSAGE,
            "message",
            &[Rp(RpKind::DataToMs)],
        ),
        success(("5a", "200", "TS 24.341 5.3.2.3"), R2_UP, MESSAGE, "message"),
        request(("5b", "MESSAGE with RP-ACK", "TS 24.341 5.3.2.4"), R2_UP, MESSAGE, "report", &[Rp(RpKind::AckFromMs)])
            .after("5"),
        success(("5c", "202", "TS 24.341 5.3.3.3"), R2_DOWN, MESSAGE, "report"),
        result(("6", "mt-ForwardSM result", "TS 29.002 12.9"), GATEWAY_TO_GMSC, Op::MT_FORWARD_SM, "mt").after("5b"),
        invoke(("7", "reportSM-DeliveryStatus", "TS 29.002 12.3"), R5_UP, Op::REPORT_SM_DELIVERY_STATUS, "status"),
        result(("7a", "It is taken", "TS 29.002 12.3"), R5_DOWN, Op::REPORT_SM_DELIVERY_STATUS, "status"),
        smpp(("8", "submit_sm_resp: delivered", "SMPP 3.4 4.4.2"), GMSC_TO_SC, "submit_sm", Success, "mt").after("6"),
    ],
};

/// A message that no access can deliver.
pub(super) const FAILED: Procedure = Procedure {
    procedure: "TR 23.804 8.5",
    title: "Message to a UE that cannot be delivered",
    parties: &[Party::Ue, GATEWAY, Party::Hss, SGSN_PARTY, MSC_PARTY, GMSC, SC],
    steps: &[
        REGISTERED,
        SUBMITTED,
        ASKED,
        ROUTED,
        FORWARDED,
        request(
            ("5", "MESSAGE with RP-DATA, in vain", "TS 24.341 5.3.3.4.1"),
            R2_DOWN,
            MESSAGE,
            "message",
            &[Rp(RpKind::DataToMs)],
        ),
        success(("5a", "200", "TS 24.341 5.3.2.3"), R2_UP, MESSAGE, "message"),
        request(
            ("5b", "MESSAGE with RP-ERROR: no memory", "TS 24.341 5.3.2.4"),
            R2_UP,
            MESSAGE,
            "report",
            &[Rp(RpKind::ErrorFromMs)],
        )
        .after("5"),
        success(("5c", "202", "TS 24.341 5.3.3.3"), R2_DOWN, MESSAGE, "report"),
        error(("6", "mt-ForwardSM error", "TS 29.002 12.9"), GATEWAY_TO_GMSC, Op::MT_FORWARD_SM, "mt").after("5b"),
        invoke(
            ("7", "mt-ForwardSM to the SGSN", "TS 23.040 10.1"),
            (GMSC, SGSN_PARTY, Joint::R6),
            Op::MT_FORWARD_SM,
            "sgsn",
        ),
        error(("7a", "mt-ForwardSM error", "TS 29.002 12.9"), (SGSN_PARTY, GMSC, Joint::R6), Op::MT_FORWARD_SM, "sgsn"),
        invoke(
            ("7b", "mt-ForwardSM to the MSC", "TS 23.040 10.1"),
            (GMSC, MSC_PARTY, Joint::R6),
            Op::MT_FORWARD_SM,
            "msc",
        )
        .after("6"),
        error(("7c", "mt-ForwardSM error", "TS 29.002 12.9"), (MSC_PARTY, GMSC, Joint::R6), Op::MT_FORWARD_SM, "msc"),
        invoke_with(
            ("8", "reportSM-DeliveryStatus with the SM-SC and its kind", "TR 23.804 8.5"),
            R5_UP,
            Op::REPORT_SM_DELIVERY_STATUS,
            "status",
            &[MapHas::ScType],
        ),
        result(("8a", "Message waiting is set", "TS 29.002 12.3"), R5_DOWN, Op::REPORT_SM_DELIVERY_STATUS, "status"),
        smpp(("9", "submit_sm_resp: not delivered", "SMPP 3.4 4.4.2"), GMSC_TO_SC, "submit_sm", Failure, "mt")
            .after("7c"),
    ],
};

/// A message to a UE that is registered nowhere.
pub(super) const NOT_REGISTERED: Procedure = Procedure {
    procedure: "TR 23.804 8.5, not registered",
    title: "Message to a UE that is registered nowhere",
    parties: &[Party::Hss, GMSC, SC],
    steps: &[
        SUBMITTED,
        ASKED,
        error(
            ("3a", "Absent subscriber: the SM-SC is among those that wait", "TS 29.002 12.1"),
            R5_DOWN,
            Op::SEND_ROUTING_INFO_FOR_SM,
            "routing",
        ),
        smpp(("9", "submit_sm_resp: not delivered", "SMPP 3.4 4.4.2"), GMSC_TO_SC, "submit_sm", Failure, "mt"),
    ],
};

/// A UE for which messages wait is back.
pub(super) const ALERT: Procedure = Procedure {
    procedure: "TR 23.804 8.6",
    title: "Alert: a UE for which messages wait is back",
    parties: PARTIES,
    steps: &[
        smpp(("1", "submit_sm", "SMPP 3.4 4.4.1"), SC_TO_GMSC, "submit_sm", Request, "mt"),
        smpp(
            ("1a", "submit_sm_resp: not delivered, the SM-SC keeps it", "TR 23.804 8.6"),
            GMSC_TO_SC,
            "submit_sm",
            Failure,
            "mt",
        ),
        invoke(
            ("2", "updateGprsLocation: common registration", "TR 23.804 8.1"),
            R1_UP,
            Op::UPDATE_GPRS_LOCATION,
            "location",
        ),
        invoke(
            ("3", "alertServiceCentre with the address of the SM-SC", "TS 29.002 12.5"),
            R5_DOWN,
            Op::ALERT_SERVICE_CENTRE,
            "alert",
        ),
        result(("3a", "It is taken", "TS 29.002 12.5"), R5_UP, Op::ALERT_SERVICE_CENTRE, "alert"),
        smpp(("4", "alert_notification", "SMPP 3.4 4.12.1"), GMSC_TO_SC, "alert_notification", Request, "alert")
            .after("3"),
    ],
};
