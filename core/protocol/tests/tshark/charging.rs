//! Messages of Rf and Ro as another program reads them (TS 32.299): tshark finds no fault in them, and in its fields what we
//! have put in.

use protocol::UdpDatagram;
use protocol::diameter::charging::{
    AddressType, AddresseeType, ChargingHeader, IP_ACCESS, ImsInformation, InterOperator, InterfaceType,
    MediaComponent, MmComponent, MmContent, MmsChargedAddress, MmsChargedClass, MmsChargedKind, MmsContentClass,
    MmsInformation, MmsPriority, MmsRecordType, NodeFunctionality, RecipientInfo, RoleOfNode, ServerUse,
    ServiceInformation, ServiceSpecificInfo, SmAddress, SmInterface, SmMessageType, SmsInformation, SmsNode,
    SubscriptionId, mms_specific,
};
use protocol::diameter::rf::{Aca, Acr, RecordType};
use protocol::diameter::ro::{
    Cca, Ccr, FailureHandling, FinalUnitAction, RequestType, RequestedAction, ServiceUnits, Units,
};
use protocol::diameter::{DiameterProblem, Message, check_answer, check_request, problem_answer, result};

use super::RAW_IP;
use super::capture::{capture, tshark};

fn header(at_utc_ms: u64) -> ChargingHeader {
    ChargingHeader {
        session_id: "scscf.ims.test;1700000000;1;abc".to_owned(),
        origin_host: "scscf.ims.test".to_owned(),
        origin_realm: "ims.test".to_owned(),
        destination_host: Some("cdf.ims.test".to_owned()),
        destination_realm: "ims.test".to_owned(),
        origin_state: Some(7),
        user_name: Some("alice@ims.test".to_owned()),
        at_utc_ms,
        retransmitted: true,
    }
}

fn information() -> ServiceInformation {
    let ims = ImsInformation {
        method: Some("INVITE".to_owned()),
        event: Some("presence".to_owned()),
        expires: Some(3600),
        role: Some(RoleOfNode::Terminating),
        user_session: Some("call-id@10.45.0.1".to_owned()),
        outgoing_session: Some("other-call".to_owned()),
        calling: vec!["sip:alice@ims.test".to_owned(), "tel:+999".to_owned()],
        called: Some("sip:bob@ims.test".to_owned()),
        requested: vec!["sip:group@ims.test".to_owned()],
        request_utc_ms: Some(1_700_000_000_123),
        response_utc_ms: Some(1_700_000_001_456),
        servers: vec![ServerUse {
            server: "sip:as.ims.test".to_owned(),
            called: vec!["sip:carol@ims.test".to_owned()],
        }],
        operators: vec![InterOperator {
            originating: Some("Type 1visited.test".to_owned()),
            terminating: Some("Type 1ims.test".to_owned()),
        }],
        icid: Some("0123456789abcdef".to_owned()),
        sdp_session: vec!["c=IN IP4 10.45.0.1".to_owned()],
        media: vec![MediaComponent {
            name: "audio 4000 RTP/AVP 0".to_owned(),
            descriptions: vec!["a=sendrecv".to_owned()],
            initiator: Some(1),
        }],
        body: Some(("text/plain".to_owned(), 5)),
        cause: Some(-1),
        reasons: vec!["SIP;cause=402;text=\"Credit exhausted\"".to_owned()],
        access: Some("3GPP-E-UTRAN-FDD;utran-cell-id-3gpp=0010100010000001".to_owned()),
        ..ImsInformation::new(NodeFunctionality::Pcscf)
    };
    ServiceInformation {
        subscriptions: vec![SubscriptionId::of_uri("sip:alice@ims.test"), SubscriptionId::of_uri("tel:+999")],
        ims: Some(ims),
        ..ServiceInformation::default()
    }
}

/// Part 2 of 3 of a message from a UE, and all that there is to say.
fn short_message() -> ServiceInformation {
    let interface = |text: &str, kind| SmInterface {
        id: Some(IP_ACCESS.to_owned()),
        text: Some(text.to_owned()),
        port: Some("5060".to_owned()),
        kind: Some(kind),
    };
    let address = |data: &str| SmAddress { kind: Some(AddressType::Msisdn), data: data.to_owned() };
    let recipient = RecipientInfo {
        interface: Some(interface("R6", InterfaceType::MobileTerminating)),
        addresses: vec![address("491710000002")],
        received: Some(address("01710000002")),
        sccp: Some("491700000003".to_owned()),
        protocol_id: Some(0x41),
    };
    let sms = SmsInformation {
        node: Some(SmsNode::IpSmGw),
        client: Some("491700000009".to_owned()),
        originator_sccp: Some("491700000002".to_owned()),
        service_centre: Some("491700000004".to_owned()),
        coding: Some(8),
        discharge_utc_ms: Some(1_700_000_003_000),
        kind: Some(SmMessageType::Submission),
        interface: Some(interface("R2", InterfaceType::MobileOriginating)),
        protocol_id: Some(0x40),
        reply_path: Some(true),
        status: Some(0x30),
        user_data_header: Some(vec![0x05, 0x00, 0x03, 0x2a, 0x03, 0x02]),
        total: Some(3),
        sequence: Some(2),
        recipients: vec![recipient],
        originator: Some(address("491710000001")),
        service_type: None,
        result: Some(21),
        specific: vec![ServiceSpecificInfo { kind: 1, data: "refused 4012".to_owned() }],
    };
    let subscriptions = vec![SubscriptionId::of_uri("tel:+491710000001")];
    ServiceInformation { subscriptions, sms: Some(sms), ..ServiceInformation::default() }
}

/// A picture with a text that a UE has sent over the IMS, to a number and a mail address.
fn multimedia_message() -> ServiceInformation {
    let address = |kind, data: &str, addressee| MmsChargedAddress {
        kind: Some(kind),
        data: Some(data.to_owned()),
        domain: Some("mms.example".to_owned()),
        addressee,
    };
    let part = |number, size| MmComponent { number: Some(number), name: None, size: Some(size) };
    let other = MmComponent { number: Some(0), name: Some("image/x-else".to_owned()), size: Some(7) };
    let mut mms = MmsInformation {
        originator: Some(address(AddressType::Msisdn, "491710000001", None)),
        recipients: vec![
            address(AddressType::Msisdn, "491710000002", Some(AddresseeType::To)),
            address(AddressType::Email, "bob@mms.example", Some(AddresseeType::Cc)),
        ],
        submitted_utc_ms: Some(1_700_000_000_000),
        // application/vnd.wap.multipart.mixed of text/plain, image/jpeg and what has no number (WAP-230 table 40).
        content: Some(MmContent { whole: part(0x23, 5100), parts: vec![part(3, 21), part(0x1E, 5000), other] }),
        priority: Some(MmsPriority::High),
        message_id: Some("00000001000000a1@mms.example".to_owned()),
        kind: Some(MmsChargedKind::SendReq),
        size: Some(5100),
        class: Some(MmsChargedClass::Known(2)),
        delivery_report: Some(true),
        read_reply: Some(false),
        mmbox_storage: Some(false),
        application: Some("org.example.chess".to_owned()),
        reply_application: Some("org.example.go".to_owned()),
        aux_application: Some("e4".to_owned()),
        content_class: Some(MmsContentClass::ImageRich),
        drm: Some(false),
        adaptations: Some(true),
        vasp: Some("news".to_owned()),
        vas: Some("weather".to_owned()),
        came_by: Some(SmInterface {
            id: Some(IP_ACCESS.to_owned()),
            text: Some("ISC".to_owned()),
            port: None,
            kind: Some(InterfaceType::MobileOriginating),
        }),
        goes_by: None,
        specific: Vec::new(),
    };
    mms.add(mms_specific::RECORD_TYPE, MmsRecordType::O1S.name());
    mms.add(mms_specific::REQUEST_STATUS, "0");
    let subscriptions = vec![SubscriptionId::of_uri("tel:+491710000001")];
    ServiceInformation { subscriptions, mms: Some(Box::new(mms)), ..ServiceInformation::default() }
}

fn acr() -> Acr {
    Acr {
        header: header(1_700_000_000_000),
        kind: RecordType::Interim,
        number: 3,
        interval: Some(300),
        information: information(),
    }
}

fn ccr() -> Ccr {
    let services = ServiceUnits {
        requested: Some(Units::default()),
        used: Some(Units::seconds(59)),
        service: Some(1),
        rating_group: Some(10),
        ..ServiceUnits::default()
    };
    Ccr {
        header: header(1_700_000_000_000),
        kind: RequestType::Update,
        number: 2,
        action: None,
        subscriptions: vec![SubscriptionId::of_uri("tel:+999")],
        termination: Some(1),
        services: vec![services],
        information: information(),
    }
}

fn cca() -> Cca {
    let services = ServiceUnits {
        granted: Some(Units::seconds(60)),
        rating_group: Some(10),
        validity: Some(120),
        result: Some(result::SUCCESS),
        final_action: Some(FinalUnitAction::Terminate),
        ..ServiceUnits::default()
    };
    Cca {
        services: vec![services],
        failure_handling: Some(FailureHandling::Terminate),
        low_balance: Some(true),
        has_credit: Some(true),
        cost: Some((125, 978)),
        ..Cca::new(("ocs.ims.test", "ims.test"), result::SUCCESS)
    }
}

/// A record, and the request that asks whether it may go.
fn of_short_message() -> (Acr, Ccr) {
    let information = short_message();
    let acr = Acr { kind: RecordType::Event, interval: None, number: 0, information: information.clone(), ..acr() };
    let one = ServiceUnits { requested: Some(Units::pieces(1)), rating_group: Some(3), ..ServiceUnits::default() };
    let (kind, action) = (RequestType::Event, Some(RequestedAction::DirectDebiting));
    let ccr = Ccr { kind, action, number: 0, termination: None, services: vec![one], information, ..ccr() };
    (acr, ccr)
}

fn of_multimedia_message() -> Acr {
    let (kind, information) = (RecordType::Event, multimedia_message());
    Acr { kind, interval: None, number: 0, information, ..acr() }
}

fn messages() -> Vec<Message> {
    let (acr, ccr) = (acr().to_message(), ccr().to_message());
    let event = Ccr { kind: RequestType::Event, action: Some(RequestedAction::DirectDebiting), ..self::ccr() };
    let (host, realm) = ("cdf.ims.test".to_owned(), "ims.test".to_owned());
    let aca = Aca { origin_host: host, origin_realm: realm, result: result::SUCCESS, interval: Some(60) };
    let problem = DiameterProblem::new(result::UNKNOWN_SESSION_ID, "no such session");
    let mut all = vec![
        acr.clone(),
        aca.to_message(&acr),
        ccr.clone(),
        cca().to_message(&ccr),
        event.to_message(),
        problem_answer(&ccr, "ocs.ims.test", "ims.test", &problem),
        problem_answer(&acr, "cdf.ims.test", "ims.test", &problem),
        of_short_message().0.to_message(),
        of_short_message().1.to_message(),
        of_multimedia_message().to_message(),
    ];
    for (number, message) in (1..).zip(&mut all) {
        (message.hop_by_hop, message.end_to_end) = (number, number);
    }
    all
}

#[test]
fn messages_come_back_as_they_were_and_follow_their_grammar() {
    for message in messages() {
        let message = Message::parse(&message.emit()).unwrap();
        let checked = if message.is_request() { check_request(&message) } else { check_answer(&message) };
        assert_eq!(checked, Ok(()), "{message:?}");
    }
    let (acr, ccr, cca) = (acr(), ccr(), cca());
    assert_eq!(Acr::from_message(&acr.to_message()), Ok(acr));
    assert_eq!(Ccr::from_message(&ccr.to_message()), Ok(ccr.clone()));
    assert_eq!(Cca::from_message(&cca.to_message(&ccr.to_message())), Ok(cca));
    let (acr, ccr) = of_short_message();
    assert_eq!(Acr::from_message(&acr.to_message()), Ok(acr));
    assert_eq!(Ccr::from_message(&ccr.to_message()), Ok(ccr));
    let acr = of_multimedia_message();
    assert_eq!((acr.information.context(), acr.information.outcome()), ("12.32270@3gpp.org", Some(0)));
    assert_eq!(Acr::from_message(&acr.to_message()), Ok(acr));
    // A fraction of a second survives; after 2036 seconds begin anew (RFC 5905 clause 6).
    for at in [1_700_000_000_000, 2_085_978_496_000, 2_200_000_000_000] {
        let acr = Acr { header: header(at), ..self::acr() };
        assert_eq!(Acr::from_message(&acr.to_message()).unwrap().header.at_utc_ms, at);
    }
}

#[test]
fn tshark_finds_no_fault() {
    let (a, b) = ("10.46.0.3:3868".parse().unwrap(), "10.46.0.15:3868".parse().unwrap());
    let datagrams = messages().into_iter().map(|message| {
        let (source, destination) = if message.is_request() { (a, b) } else { (b, a) };
        UdpDatagram { source, destination, payload: &message.emit() }.emit().unwrap()
    });
    let fields = [
        "_ws.malformed",
        "_ws.expert.message",
        "diameter.cmd.code",
        "diameter.flags.T",
        "diameter.IMS-Charging-Identifier",
        "diameter.Originating-IOI",
        "diameter.Role-Of-Node",
        "diameter.Node-Functionality",
        "diameter.Cause-Code",
        "diameter.SDP-Media-Name",
        "diameter.CC-Time",
        "diameter.Validity-Time",
        "diameter.Final-Unit-Action",
        "diameter.Low-Balance-Indication",
        "diameter.Subscription-Id-Data",
        "diameter.Accounting-Record-Number",
        "diameter.CC-Request-Number",
        "diameter.Value-Digits",
        "diameter.avp.unknown",
        "diameter.Service-Context-Id",
        "diameter.SMS-Node",
        "diameter.SM-Message-Type",
        "diameter.Data-Coding-Scheme",
        "diameter.Reply-Path-Requested",
        "diameter.SM-User-Data-Header",
        "diameter.Number-of-Messages-Sent",
        "diameter.SM-Sequence-Number",
        "diameter.Interface-Id",
        "diameter.Interface-Text",
        "diameter.Interface-Type",
        "diameter.Address-Data",
        "diameter.SMS-Result",
        "diameter.Service-Specific-Data",
        "diameter.SM-Protocol-ID",
        "diameter.SM-Status",
        "diameter.CC-Service-Specific-Units",
        "diameter.SMSC-Address",
        "diameter.Addressee-Type",
        "diameter.Submission-Time",
        "diameter.Type-Number",
        "diameter.Additional-Type-Information",
        "diameter.Content-Size",
        "diameter.Priority",
        "diameter.Message-ID",
        "diameter.Message-Type",
        "diameter.Message-Size",
        "diameter.Class-Identifier",
        "diameter.Delivery-Report-Requested",
        "diameter.Read-Reply-Report-Requested",
        "diameter.MMBox-Storage-Requested",
        "diameter.Applic-ID",
        "diameter.Reply-Applic-ID",
        "diameter.Aux-Applic-Info",
        "diameter.Content-Class",
        "diameter.DRM-Content",
        "diameter.Adaptations",
        "diameter.VASP-ID",
        "diameter.VAS-ID",
        "diameter.Domain-Name",
        "diameter.Address-Type",
    ];
    let arguments = ["-d", "udp.port==3868,diameter", "-T", "fields", "-E", "aggregator=|"].into_iter();
    let arguments: Vec<_> = arguments.chain(fields.iter().flat_map(|field| ["-e", field])).collect();
    let Some(text) = tshark(&capture(RAW_IP, datagrams), &arguments) else { return };
    let rows: Vec<Vec<&str>> = text.lines().map(|line| line.split('\t').collect()).collect();
    assert_eq!(rows.len(), messages().len(), "{text}");
    for row in &rows {
        assert_eq!((row[0], row[18]), ("", ""), "malformed or unknown: {row:?}");
        // tshark remarks a result that is no success, and an empty Requested-Service-Unit (RFC 8506 clause 8.18 has it so).
        let fine = |remark: &str| remark.contains("Result-Code") || remark == "Data is empty";
        assert!(row[1].is_empty() || row[1].split('|').all(fine), "{row:?}");
    }
    for row in &rows[7..9] {
        println!("{}", row[19..].join(" "));
        let said = "12.32274@3gpp.org 1 0 8 1 0500032a0302 3 2 IP|IP R2|R6 1|2 491710000002|01710000002|491710000001 21 \
                    refused 4012 40|41 30";
        let said: Vec<_> = said.split_whitespace().collect();
        assert_eq!(row[19..35].join(" ").split_whitespace().collect::<Vec<_>>(), said);
    }
    assert_eq!((rows[7][35], rows[8][35], rows[0][19]), ("", "1", "12.32260@3gpp.org"));
    let mms = &rows[9];
    println!("{}", mms[19..].join(" "));
    assert_eq!((mms[19], mms[27], mms[28], mms[29]), ("12.32270@3gpp.org", "IP", "ISC", "1"));
    assert_eq!(mms[30], "491710000001|491710000002|bob@mms.example");
    assert_eq!((mms[32], mms[37]), ("mMO1SRecord|0", "0|1"));
    assert!(mms[38].contains("2023"), "{}", mms[38]);
    let said = "35|3|30|0 image/x-else 5100|21|5000|7 2 00000001000000a1@mms.example 1 5100 2 1 0 0 org.example.chess \
                org.example.go e4 2 0 1 news weather mms.example|mms.example|mms.example 1|1|0";
    assert_eq!(mms[39..].join(" "), said);
    let (acr, ccr, cca) = (&rows[0], &rows[2], &rows[3]);
    assert_eq!(acr[2..10].join(" "), "271 1 0123456789abcdef Type 1visited.test 1 1 -1 audio 4000 RTP/AVP 0");
    assert_eq!((acr[14], acr[15]), ("sip:alice@ims.test|999", "3"));
    assert_eq!((ccr[2], ccr[10], ccr[16]), ("272", "59", "2"));
    assert_eq!((cca[10], cca[11], cca[12], cca[13], cca[17]), ("60", "120", "0", "1", "125"));
}
