//! xmllint validates what the codecs of presence, user service descriptions, push access and MCPTT write, and finds what
//! would be wrong.

use std::process::Command;

use protocol::mms::pap::{
    BadMessageResponse, MessageState, Pap, PapCode, PushAddress, PushMessage, PushResponse, QualityOfService,
    ResultNotificationMessage, ResultNotificationResponse,
};
use protocol::usd::{Bundle, DeliveryMethod, Envelope, EnvelopeItem, Name, Schedule, ScheduledSession, UserService};
use protocol::utc::to_rfc3339;
use protocol::xml::{
    Basic, BenchState, Contact, DATA_MODEL_NAMESPACE, Note, Pidf, Qualified, RPID_NAMESPACE, Tuple, Watcher,
    WatcherEvent, WatcherInfo, WatcherList, WatcherStatus,
};

/// What xmllint says of a document; none: it is not here.
fn validates(schema: &str, document: &str) -> Option<Result<(), String>> {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"));
    let digest = document.bytes().fold(7_u64, |sum, octet| sum.wrapping_mul(31).wrapping_add(octet.into()));
    let path = folder.join(format!("{schema}.{digest:x}.xml"));
    std::fs::write(&path, document).unwrap();
    let (kind, ending) = if schema == "pap" { ("--dtdvalid", "dtd") } else { ("--schema", "xsd") };
    let schema = format!("{}/tests/schemas/{schema}.{ending}", env!("CARGO_MANIFEST_DIR"));
    let output = Command::new("xmllint").args(["--nonet", "--noout", kind, &schema]).arg(&path).output();
    let output = match output {
        Ok(output) => output,
        Err(why) => {
            println!("skipped: xmllint: {why}");
            return None;
        }
    };
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    Some(if output.status.success() { Ok(()) } else { Err(said) })
}

fn pidf() -> Pidf {
    let mut tuple = Tuple::new("ue", Basic::Open);
    BenchState {
        location_area: Some("001-01-1a2b".into()),
        mbms_listening: Some(vec!["000001@262-01".parse().unwrap()]),
        ip_connected: Some(true),
    }
    .put(&mut tuple);
    tuple.others.push(Qualified::new(RPID_NAMESPACE, "relationship").child(Qualified::new(RPID_NAMESPACE, "self")));
    tuple.contact = Some(Contact { uri: "sip:a@ims.example".into(), priority: Some("0.8".into()) });
    tuple.notes.push(Note { language: Some("de".into()), text: "<da> & \"dort\"".into() });
    tuple.timestamp = Some(to_rfc3339(1_767_225_600_123));
    let person = Qualified::new(DATA_MODEL_NAMESPACE, "person").attribute("id", "p1");
    let mood = Qualified::new(RPID_NAMESPACE, "mood").child(Qualified::new(RPID_NAMESPACE, "happy"));
    Pidf {
        tuples: vec![tuple, Tuple { id: "other".into(), ..Tuple::default() }],
        notes: vec![Note { language: None, text: "n".into() }],
        others: vec![person.child(mood)],
        ..Pidf::new("sip:a@ims.example")
    }
}

#[test]
fn presence_documents() {
    let good = pidf();
    let Some(said) = validates("pidf", &good.to_document()) else { return };
    assert_eq!(said, Ok(()));
    assert_eq!(validates("pidf", &Pidf::new("sip:a@ims.example").to_document()), Some(Ok(())));
    let wrong = good.to_document().replace("open", "ajar");
    assert!(validates("pidf", &wrong).unwrap().is_err());
}

#[test]
fn watcher_information_documents() {
    let watchers =
        WatcherStatus::ALL.iter().flat_map(|status| WatcherEvent::ALL.iter().map(move |event| (status, event)));
    let watchers = watchers.enumerate().map(|(n, (status, event))| Watcher {
        id: format!("w{n}"),
        status: *status,
        event: *event,
        expiration: (n % 2 == 0).then_some(3600),
        duration_subscribed: (n % 3 == 0).then_some(0),
        display_name: (n % 5 == 0).then(|| "A & \"B\"".to_owned()),
        uri: format!("sip:u{n}@ims.example"),
    });
    let resource = "sip:a@ims.example".to_owned();
    let list = WatcherList { resource, package: "presence".into(), watchers: watchers.collect() };
    for (version, is_full, lists) in [(0, true, vec![list]), (u32::MAX, false, Vec::new())] {
        let info = WatcherInfo { version, is_full, lists };
        let Some(said) = validates("watcherinfo", &info.to_document()) else { return };
        assert_eq!(said, Ok(()));
        let wrong = info.to_document().replace("state=", "condition=");
        assert!(validates("watcherinfo", &wrong).unwrap().is_err());
    }
}

#[test]
fn error_documents_of_xcap_are_of_their_schema() {
    use protocol::xcap::{Taken, XcapConflict};
    let words = || "<\"&'>\u{1} ä".to_owned();
    let taken = |alternatives| Taken { field: "a/*%5B1%5D/@uri".to_owned(), alternatives };
    let all = [
        XcapConflict::NotWellFormed(words()),
        XcapConflict::NotXmlFragment(words()),
        XcapConflict::NoParent { ancestor: None },
        XcapConflict::NoParent { ancestor: Some("http://x.test/a/global/b/~~/c%5B1%5D?xmlns(a=b)".to_owned()) },
        XcapConflict::SchemaValidation(words()),
        XcapConflict::NotXmlAttributeValue(words()),
        XcapConflict::CannotInsert(words()),
        XcapConflict::CannotDelete(words()),
        XcapConflict::Uniqueness(vec![taken(Vec::new()), taken(vec![words(), "b".to_owned()])]),
        XcapConflict::Constraint(words()),
        XcapConflict::NotUtf8,
    ];
    for conflict in all {
        let document = conflict.to_document();
        let Some(result) = validates("xcap-error", &document) else { return };
        assert_eq!(result, Ok(()), "{document}");
    }
    let wrong = "<xcap-error xmlns=\"urn:ietf:params:xml:ns:xcap-error\"><other/></xcap-error>";
    assert!(validates("xcap-error", wrong).is_some_and(|result| result.is_err()), "the schema finds nothing");
}

#[test]
fn user_service_descriptions() {
    let service = UserService {
        service_id: "urn:a".into(),
        service_class: Some("urn:b".into()),
        is_receive_only: true,
        names: vec![Name { language: Some("de".into()), text: "<N> & \"M\"".into() }],
        languages: vec!["de".into()],
        methods: vec![DeliveryMethod { session_description_uri: "http://a/1.sdp".into() }],
        schedule_uri: Some("http://a/schedule.xml".into()),
        areas: vec![1, 2],
    };
    let bundle = Bundle { services: vec![service.clone(), service] }.to_document();
    let Some(said) = validates("mbms-usd", &bundle) else { return };
    assert_eq!(said, Ok(()));
    assert!(validates("mbms-usd", &bundle.replace("serviceId", "id")).unwrap().is_err());
    let sessions = vec![ScheduledSession { start_ms: 1_767_225_600_123, stop_ms: 1_767_225_700_000 }];
    let schedule = Schedule { update_ms: Some(1_767_225_600_000), sessions }.to_document();
    assert_eq!(validates("mbms-schedule", &schedule), Some(Ok(())));
    assert!(validates("mbms-schedule", &schedule.replace("2026", "soon")).unwrap().is_err());
    let item = EnvelopeItem {
        metadata_uri: "http://a/1.sdp".into(),
        version: 3,
        content_type: Some("application/sdp".into()),
        valid_from_ms: Some(1_767_225_600_000),
        valid_until_ms: None,
    };
    let envelope = Envelope { items: vec![item] }.to_document();
    assert_eq!(validates("mbms-envelope", &envelope), Some(Ok(())));
    assert!(validates("mbms-envelope", &envelope.replace("version=\"3\"", "version=\"-3\"")).unwrap().is_err());
}

fn tmgi() -> protocol::Tmgi {
    "abcd01@001-01".parse().unwrap()
}

#[test]
fn information_of_mcptt_calls() {
    use protocol::mc::info::{McpttInfo, SessionType};
    let text = |words: &str| Some(words.to_owned());
    let info = McpttInfo {
        access_token: text("eyJh.b.c"),
        session_type: Some(SessionType::Prearranged),
        request_uri: text("sip:fire@mcptt.example"),
        calling_user_id: text("sip:anna@mcptt.example"),
        called_party_id: text("sip:bert@mcptt.example"),
        calling_group_id: text("sip:fire@mcptt.example"),
        emergency: Some(true),
        alert: Some(false),
        imminent_peril: Some(false),
        broadcast: Some(true),
        organisation: text("<fire> & rescue"),
        floor_state: text("floor-idle"),
        associated_group_id: text("sip:all@mcptt.example"),
        originated_by: text("sip:anna@mcptt.example"),
        client_id: text("urn:uuid:1"),
    };
    let Some(said) = validates("mcptt-info", &info.to_document()) else { return };
    assert_eq!(said, Ok(()));
    assert_eq!(validates("mcptt-info", &McpttInfo::default().to_document()), Some(Ok(())));
    assert!(validates("mcptt-info", &info.to_document().replace("Normal", "normal")).unwrap().is_err());
}

#[test]
fn use_of_mbms_bearers_by_mcptt() {
    use protocol::mc::usage_info::{Announcement, ListeningStatus, SuspensionStatus, UsageInfo};
    let listening = ListeningStatus {
        listening: true,
        session: Some("sip:call-1@mc1.example".into()),
        general_purpose: Some(false),
        tmgis: vec![tmgi(), tmgi()],
    };
    let suspension = SuspensionStatus {
        suspending: true,
        reported_bearers: Some(2),
        suspended: vec![tmgi()],
        others: vec![tmgi(), tmgi()],
    };
    let announcement = Announcement {
        qci: Some(65),
        frequency: Some(3350),
        service_areas: Some(vec![1, 0xff02]),
        gpms: Some(1),
        report_suspension: Some(true),
        unicast_status: Some(false),
        ..Announcement::cancellation(tmgi())
    };
    let announcements = vec![announcement, Announcement::cancellation(tmgi())];
    let both = UsageInfo { version: 1, listening: Some(listening), suspension: Some(suspension), announcements };
    let Some(said) = validates("mcptt-mbms-usage-info", &both.to_document()) else { return };
    assert_eq!(said, Ok(()));
    let none = UsageInfo::of_announcements(Vec::new());
    assert_eq!(validates("mcptt-mbms-usage-info", &none.to_document()), Some(Ok(())));
    for (right, wrong) in [("listening<", "deaf<"), ("ABCD0100F110", "ABCD01"), ("FF02", "F02"), (">1</version>", "/>")]
    {
        let document = both.to_document().replace(right, wrong);
        assert!(validates("mcptt-mbms-usage-info", &document).unwrap().is_err(), "{wrong}");
    }
}

#[test]
fn affiliations_of_mcptt_users() {
    use protocol::mc::affiliation::{AffiliationStatus, Affiliations, GroupAffiliation};
    let mut affiliations = Affiliations::request("sip:anna@mcptt.example", "urn:uuid:1", ["sip:fire@mcptt.example"]);
    affiliations.clients[0].groups.push(GroupAffiliation {
        status: Some(AffiliationStatus::Affiliated),
        expires_ms: Some(1_767_225_600_123),
        ..GroupAffiliation::wanted("sip:police@mcptt.example")
    });
    affiliations.publication = Some("p-1".into());
    let Some(said) = validates("mcptt-presence", &affiliations.to_document()) else { return };
    assert_eq!(said, Ok(()));
    let wrong = affiliations.to_document().replace("\"affiliated", "\"engaged");
    assert!(validates("mcptt-presence", &wrong).unwrap().is_err());
}

#[test]
fn profiles_of_mcptt_users() {
    use protocol::mc::user_profile::{PartnerSystem, ProfileEntry, UserProfile};
    let text = |words: &str| Some(words.to_owned());
    let partner = PartnerSystem {
        id: "partner".into(),
        plmn: protocol::Plmn::new("001", "02").unwrap(),
        service_pdn: "mcptt.partner".into(),
        common_core_pdn: text("core.partner"),
        identity_pdn: text("id.partner"),
        domain: "ims.partner.example".into(),
        pcscf: "[2001:db8::1]:5060".parse().unwrap(),
        private_identity: "visitor1@ims.partner.example".into(),
        public_identity: "sip:visitor1@ims.partner.example".into(),
        identity_server: text("https://idms.partner.example"),
        mc_id: text("visitor1"),
        mcptt_id: "sip:visitor1@mcptt.partner.example".into(),
        server: "sip:mc1.partner.example".into(),
        groups: vec!["sip:joint@mcptt.partner.example".into()],
    };
    let group = ProfileEntry { uri: "sip:fire@mcptt.example".into(), name: text("<fire> & rescue") };
    let profile = UserProfile {
        name: text("Anna"),
        profile_name: text("on duty"),
        is_preselected: true,
        aliases: vec!["Fire 1".into()],
        private_calls: vec![ProfileEntry::new("sip:bert@mcptt.example")],
        max_calls: Some(4),
        priority: Some(7),
        participant_type: text("first responder"),
        organization: text("rescue"),
        groups: vec![group.clone()],
        max_affiliations: Some(10),
        implicit_affiliations: vec![group],
        max_transmissions: Some(1),
        partners: vec![partner],
        ..UserProfile::new("sip:anna@mcptt.example", 1)
    };
    let Some(said) = validates("mcptt-user-profile", &profile.to_document()) else { return };
    assert_eq!(said, Ok(()));
    assert_eq!(
        validates("mcptt-user-profile", &UserProfile::new("sip:a@mcptt.example", 0).to_document()),
        Some(Ok(()))
    );
    let all = [
        ("user-profile-index=\"1\"", ""),
        ("Status>true", "Status>maybe"),
        ("uri-entry", "uri"),
        ("MaxAffiliationsN2>10", "MaxAffiliationsN2>-1"),
        (">00102<", ">001-02<"),
        ("private-identity", "identity"),
    ];
    for (right, wrong) in all {
        let document = profile.to_document();
        assert!(document.contains(right), "{right}");
        assert!(validates("mcptt-user-profile", &document.replace(right, wrong)).unwrap().is_err(), "{wrong}");
    }
}

#[test]
fn coordination_of_mc_service_servers() {
    use protocol::mc::coordination::{AnnouncedBy, Coordination, DistributionOutcome, LocatedUser, SharedBearer};
    use protocol::mc::subchannel::MbmsSubchannel;
    let (id, group, call) = (|| "r-1".to_owned(), || "sip:fire@mcptt.example".to_owned(), || "c-9".to_owned());
    let sdp = "v=0\r\no=- 1 1 IN IP4 10.46.0.51\r\ns=-\r\n".to_owned();
    let bearer = |announced_by| SharedBearer {
        tmgi: tmgi(),
        areas: vec![1, 0xff02],
        frequency: Some(3350),
        qci: 65,
        has_bandwidth: true,
        available_bps: u32::MAX,
        announced_by,
        sdp: sdp.clone(),
    };
    let bearers = || vec![bearer(AnnouncedBy::Own), bearer(AnnouncedBy::ControllingServer)];
    let user = LocatedUser { mcptt_id: "sip:a@mcptt.example".into(), uri: "tel:+1".into(), areas: vec![1] };
    let floor = Some((3, 5004));
    let v4 = MbmsSubchannel { audio_m_line: 2, floor, media: ([239, 1, 0, 7], 5002).into() };
    let v6 = MbmsSubchannel { audio_m_line: 15, floor: None, media: "[ff0e::1]:5002".parse().unwrap() };
    let address = |port: u16| ([10, 46, 0, 52], port).into();
    let response = |outcome| Coordination::MediaDistributionResponse { id: id(), outcome, lease_ms: 30_000 };
    let release = |released, reason| Coordination::MediaDistributionReleaseResponse { id: id(), released, reason };
    let all = [
        Coordination::DiscoverBearerRequest { id: id(), areas: vec![1], gbr_bps: 1, qci: 65, users: vec![user] },
        Coordination::DiscoverBearerResponse { id: id(), bearers: bearers() },
        Coordination::MediaDistributionRequest {
            id: id(),
            group: group(),
            call: call(),
            tmgi: tmgi(),
            gbr_bps: 32_000,
            sdp: sdp.clone(),
        },
        response(DistributionOutcome::Distribute {
            media: address(6000),
            floor: address(6001),
            general_purpose: "[2001:db8::1]:6002".parse().unwrap(),
            subchannel: v4,
        }),
        response(DistributionOutcome::AlreadyTransmitted { server: "sip:mc1.example".into(), subchannel: v6 }),
        response(DistributionOutcome::InsufficientBandwidth),
        response(DistributionOutcome::Refused { reason: "<no>".into() }),
        Coordination::MediaDistributionReleaseRequest { id: id(), group: group(), call: call() },
        release(true, None),
        release(false, Some("call goes on".into())),
        Coordination::BearerChange { bearers: bearers(), gone: vec![tmgi()] },
    ];
    for message in &all {
        let Some(said) = validates("mbms-coordination", &message.to_document()) else { return };
        assert_eq!(said, Ok(()), "{}", message.name());
    }
    for (at, right, wrong) in
        [(0, "<qci>65</qci>", ""), (3, "10.46.0.52:6000", "mc2:6000"), (5, "insufficient", "much"), (10, "own", "me")]
    {
        let document = all[at].to_document().replace(right, wrong);
        assert!(validates("mbms-coordination", &document).unwrap().is_err(), "{wrong}");
    }
}

#[test]
fn control_entities_of_push_access() {
    let address = PushAddress::phone("+491701234567", "gw.example.net");
    let mut message = PushMessage::new("p1@relay", &address);
    message.addresses.push(PushAddress::user("sip:ann@home1.net", "gw.example.net").to_string());
    (message.deliver_before, message.deliver_after) = (Some(983_342_700_123), Some(983_342_600_000));
    (message.source_reference, message.notify_to) = (Some("<relay>".into()), Some("http://relay/?a=1&b=2".into()));
    message.progress_notes = true;
    let (network, bearer) = (Some("3GPP".to_owned()), Some("SIP".to_owned()));
    let required = QualityOfService { network_required: true, bearer_required: true, ..QualityOfService::default() };
    message.quality = Some(QualityOfService { network, bearer, ..required });
    let told = ResultNotificationMessage {
        sender_address: Some("http://gw/".into()),
        sender_name: Some("gw".into()),
        received_time: Some(1_000),
        event_time: Some(2_000),
        quality: Some(QualityOfService::default()),
        ..ResultNotificationMessage::new(
            "p1",
            &address.to_string(),
            MessageState::Aborted,
            PapCode::MOBILE_CLIENT_ABORTED,
        )
    };
    let response = PushResponse { reply_time: Some(0), ..PushResponse::new("p1", PapCode::DUPLICATE_PUSH_ID) };
    let all = [
        Pap::PushMessage(message),
        Pap::PushMessage(PushMessage::new("p2", &address)),
        Pap::PushResponse(response),
        Pap::ResultNotificationResponse(ResultNotificationResponse::new(&told, PapCode::OK)),
        Pap::ResultNotificationMessage(told),
        Pap::BadMessageResponse(BadMessageResponse::new("not XML", b"<pap\x01")),
    ];
    for entity in &all {
        let Some(said) = validates("pap", &entity.to_document()) else { return };
        assert_eq!(said, Ok(()), "{}", entity.to_document());
    }
    for (at, right, wrong) in [(0, "push-id=", "id="), (2, "response-result", "result"), (4, "aborted", "odd")] {
        let document = all[at].to_document().replace(right, wrong);
        assert!(validates("pap", &document).unwrap().is_err(), "{wrong}");
    }
}
