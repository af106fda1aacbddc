//! Messages to UEs: by the IMS, with the notification in a short message (TR 23.804 clause 8.11.2), and by HTTP, with the
//! notification in a MESSAGE (clause 8.11.3.3).

use protocol::map::OperationCode as Op;
use protocol::mms::MessageType;

use super::super::Has::{Mms, Number, Push, Retrieval};
use super::super::rows::*;
use super::super::sms::{
    GATEWAY_TO_S, GMSC, GMSC_TO_GATEWAY, MESSAGE, MapHas, S_TO_GATEWAY, SC_TO_GMSC, invoke_with, smpp_push,
};
use super::originated::{FORWARD, REPORT};
use super::*;

/// A message that is retrieved by the IMS.
pub(super) const BY_IMS: Procedure = Procedure {
    procedure: "TR 23.804 8.11.2",
    title: "MMS terminating procedure",
    parties: &[Party::Ue, Party::Pcscf, Party::Scscf, GATEWAY, RELAY, PEER_RELAY, GMSC, SC],
    steps: &[
        REGISTERED,
        mail(("2", "MM4_forward.REQ", "TS 23.140 8.4.1"), MM4_IN, FORWARD, Mm4Of::Recipient, "forward"),
        smpp_push(
            ("3", "submit_sm: a push with M-Notification.ind", "WAP-235 5.2"),
            RELAY_TO_SC,
            MessageType::NOTIFICATION_IND,
            "push",
        ),
        smpp_push(
            ("4", "submit_sm in forward mode", "SMPP 3.4 4.4.1"),
            SC_TO_GMSC,
            MessageType::NOTIFICATION_IND,
            "mt",
        ),
        invoke_with(
            ("5", "mt-ForwardSM", "TS 29.002 12.9"),
            GMSC_TO_GATEWAY,
            Op::MT_FORWARD_SM,
            "mt",
            &[MapHas::Push(MessageType::NOTIFICATION_IND)],
        ),
        request(
            ("6", "MESSAGE with RP-DATA", "TS 24.341 5.3.3.4.1"),
            GATEWAY_TO_S,
            MESSAGE,
            "notification",
            &[Number(Party::Ue), Push(MessageType::NOTIFICATION_IND)],
        ),
        request(
            ("7", "MESSAGE with RP-DATA", "TS 24.229 5.2.6.4"),
            GM_DOWN,
            MESSAGE,
            "notification",
            &[Push(MessageType::NOTIFICATION_IND)],
        ),
        success(("8", "200", "TS 24.341 5.3.2.3"), GM_UP, MESSAGE, "notification"),
        success(("9", "200", "TS 24.229 5.4.3.3"), S_TO_GATEWAY, MESSAGE, "notification"),
        request(("10", "MESSAGE with GET of the message", "RFC 9112 10.1"), GM_UP, MESSAGE, "retrieval", &[Retrieval])
            .after("7"),
        request(("11", "MESSAGE with P-Asserted-Identity", "TS 24.229 5.2.6.3"), P_TO_S, MESSAGE, "retrieval", &[]),
        request(("12", "MESSAGE by the filter criteria", "TR 23.804 8.11.2"), S_TO_GATEWAY, MESSAGE, "retrieval", &[]),
        asserted(("13", "GET for the user", "TS 24.109 6.5"), Mm1Is::Get, "retrieval"),
        answered(
            ("13a", "200 with M-Retrieve.conf", "OMA-MMS-ENC 6.3"),
            RELAY_TO_GATEWAY,
            MessageType::RETRIEVE_CONF,
            "retrieval",
        ),
        request(
            ("14", "MESSAGE with M-Retrieve.conf", "TR 23.804 8.11.2"),
            GATEWAY_TO_S,
            MESSAGE,
            "content",
            &[Number(Party::Ue), Mms(MessageType::RETRIEVE_CONF)],
        ),
        request(
            ("14a", "MESSAGE with M-Retrieve.conf", "TS 24.229 5.2.6.4"),
            GM_DOWN,
            MESSAGE,
            "content",
            &[Mms(MessageType::RETRIEVE_CONF)],
        ),
        success(("14b", "200", "RFC 3428 7"), GM_UP, MESSAGE, "content"),
        success(("15", "202", "RFC 3428 7"), GATEWAY_TO_S, MESSAGE, "retrieval"),
        success(("16", "202", "TS 24.229 5.2.6.3"), GM_DOWN, MESSAGE, "retrieval"),
    ],
};

/// A message that is retrieved by HTTP.
pub(super) const BY_HTTP: Procedure = Procedure {
    procedure: "TR 23.804 8.11.3.3",
    title: "MMS terminating procedure with SIP-based push",
    parties: &[Party::Ue, Party::Pcscf, Party::Scscf, GATEWAY, RELAY, PEER_RELAY],
    steps: &[
        mail(("1", "MM4_forward.REQ", "TS 23.140 8.4.1"), MM4_IN, FORWARD, Mm4Of::Recipient, "forward"),
        request(
            ("2", "MESSAGE with M-Notification.ind", "OMA-MMS-ENC 6.2"),
            GATEWAY_TO_S,
            MESSAGE,
            "push",
            &[Number(Party::Ue), Mms(MessageType::NOTIFICATION_IND)],
        ),
        request(
            ("3", "MESSAGE with M-Notification.ind", "TS 24.229 5.2.6.4"),
            GM_DOWN,
            MESSAGE,
            "push",
            &[Mms(MessageType::NOTIFICATION_IND)],
        ),
        success(("4", "200", "RFC 3428 7"), GM_UP, MESSAGE, "push"),
        success(("5", "200", "TS 24.229 5.4.3.3"), S_TO_GATEWAY, MESSAGE, "push"),
        post(
            ("6", "POST of M-NotifyResp.ind: deferred", "OMA-MMS-ENC 6.2"),
            MM1_UP,
            MessageType::NOTIFYRESP_IND,
            "response",
        )
        .after("3"),
        get(("7", "GET of the message", "OMA-MMS-ENC 6.3"), MM1_UP, "retrieval"),
        answered(
            ("8", "200 with M-Retrieve.conf", "OMA-MMS-ENC 6.3"),
            MM1_DOWN,
            MessageType::RETRIEVE_CONF,
            "retrieval",
        ),
        mail(("9", "MM4_delivery_report.REQ", "TS 23.140 8.4.2"), MM4_OUT, REPORT, Mm4Of::Message, "report"),
    ],
};
