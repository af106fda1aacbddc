//! Messages of UEs: by the IMS (TR 23.804 clause 8.11.1) and by HTTP (clause 8.11.3.2), and the reports about them.

use protocol::map::OperationCode as Op;
use protocol::mms::MessageType;

use super::super::Has::{Mms, Number, Push};
use super::super::rows::*;
use super::super::sms::{
    GATEWAY_TO_S, GMSC, GMSC_TO_GATEWAY, MESSAGE, MapHas, R5_UP, S_TO_GATEWAY, SC_TO_GMSC, invoke, invoke_with,
    smpp_push,
};
use super::*;

/// A message by the IMS, and its delivery report in a short message.
pub(super) const BY_IMS: Procedure = Procedure {
    procedure: "TR 23.804 8.11.1",
    title: "MMS origination procedure",
    parties: &[Party::Ue, Party::Pcscf, Party::Scscf, GATEWAY, RELAY, PEER_RELAY, Party::Hss, GMSC, SC],
    steps: &[
        REGISTERED,
        request(
            ("2", "MESSAGE with M-Send.req", "OMA-MMS-ENC 6.1.1"),
            GM_UP,
            MESSAGE,
            "send",
            &[Mms(MessageType::SEND_REQ)],
        ),
        request(("3", "MESSAGE with P-Asserted-Identity", "TS 24.229 5.2.6.3"), P_TO_S, MESSAGE, "send", &[]),
        request(("4", "MESSAGE by the filter criteria", "TR 23.804 8.11.1"), S_TO_GATEWAY, MESSAGE, "send", &[]),
        asserted(
            ("4a", "POST of M-Send.req for the user", "TS 24.109 6.5"),
            Mm1Is::Post(MessageType::SEND_REQ),
            "send",
        ),
        mail(("5", "MM4_forward.REQ", "TS 23.140 8.4.1"), MM4_OUT, FORWARD, Mm4Of::Sender, "forward").after("4a"),
        request(
            ("6", "MESSAGE with M-Send.conf", "OMA-MMS-ENC 6.1.2"),
            GATEWAY_TO_S,
            MESSAGE,
            "confirmation",
            &[Number(Party::Ue), Mms(MessageType::SEND_CONF)],
        )
        .after("4a"),
        request(
            ("7", "MESSAGE with M-Send.conf", "TS 24.229 5.2.6.4"),
            GM_DOWN,
            MESSAGE,
            "confirmation",
            &[Mms(MessageType::SEND_CONF)],
        ),
        smpp_push(
            ("8", "submit_sm: a push with M-Delivery.ind", "WAP-235 5.2"),
            RELAY_TO_SC,
            MessageType::DELIVERY_IND,
            "push",
        )
        .after("5"),
        smpp_push(("9", "submit_sm in forward mode", "SMPP 3.4 4.4.1"), SC_TO_GMSC, MessageType::DELIVERY_IND, "mt"),
        invoke(("10", "sendRoutingInfoForSM", "TS 29.002 12.1"), R5_UP, Op::SEND_ROUTING_INFO_FOR_SM, "routing"),
        invoke_with(
            ("11", "mt-ForwardSM", "TS 29.002 12.9"),
            GMSC_TO_GATEWAY,
            Op::MT_FORWARD_SM,
            "mt",
            &[MapHas::Push(MessageType::DELIVERY_IND)],
        ),
        request(
            ("12", "MESSAGE with RP-DATA", "TS 24.341 5.3.3.4.1"),
            GATEWAY_TO_S,
            MESSAGE,
            "report",
            &[Number(Party::Ue), Push(MessageType::DELIVERY_IND)],
        ),
        request(
            ("13", "MESSAGE with RP-DATA", "TS 24.229 5.2.6.4"),
            GM_DOWN,
            MESSAGE,
            "report",
            &[Push(MessageType::DELIVERY_IND)],
        ),
        success(("14", "200", "TS 24.341 5.3.2.3"), GM_UP, MESSAGE, "report"),
        success(("15", "200", "TS 24.229 5.4.3.3"), S_TO_GATEWAY, MESSAGE, "report"),
    ],
};

/// A message by HTTP, and its delivery report in a MESSAGE.
pub(super) const BY_HTTP: Procedure = Procedure {
    procedure: "TR 23.804 8.11.3.2",
    title: "MMS origination procedure with SIP-based push",
    parties: &[Party::Ue, Party::Pcscf, Party::Scscf, GATEWAY, RELAY, PEER_RELAY],
    steps: &[
        post(("1", "POST of M-Send.req", "OMA-MMS-ENC 6.1.1"), MM1_UP, MessageType::SEND_REQ, "send"),
        answered(("2", "200 with M-Send.conf", "OMA-MMS-ENC 6.1.2"), MM1_DOWN, MessageType::SEND_CONF, "send"),
        mail(("3", "MM4_forward.REQ", "TS 23.140 8.4.1"), MM4_OUT, FORWARD, Mm4Of::Sender, "forward").after("1"),
        mail(("4", "MM4_delivery_report.REQ", "TS 23.140 8.4.2"), MM4_IN, REPORT, Mm4Of::Message, "report"),
        request(
            ("5", "MESSAGE with M-Delivery.ind", "OMA-MMS-ENC 6.5"),
            GATEWAY_TO_S,
            MESSAGE,
            "push",
            &[Number(Party::Ue), Mms(MessageType::DELIVERY_IND)],
        ),
        request(
            ("6", "MESSAGE with M-Delivery.ind", "TS 24.229 5.2.6.4"),
            GM_DOWN,
            MESSAGE,
            "push",
            &[Mms(MessageType::DELIVERY_IND)],
        ),
        success(("7", "200", "RFC 3428 7"), GM_UP, MESSAGE, "push"),
        success(("8", "200", "TS 24.229 5.4.3.3"), S_TO_GATEWAY, MESSAGE, "push"),
        mail(
            ("9", "MM4_delivery_report.RES", "TS 23.140 8.4.2"),
            MM4_OUT,
            "MM4_delivery_report.RES",
            Mm4Of::Transaction,
            "report",
        ),
    ],
};

pub(super) const FORWARD: &str = "MM4_forward.REQ";
pub(super) const REPORT: &str = "MM4_delivery_report.REQ";
