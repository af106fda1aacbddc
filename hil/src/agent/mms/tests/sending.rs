//! Messages that are sent, over both ways, and what is told of them afterwards.

use protocol::mms::{
    ContentType, DeliveryInd, ForwardConf, MmsStatus, ReadOrigInd, ReadStatus, ResponseStatus, parts_of,
};
use protocol::sip::Credentials;

use super::*;

fn whole() -> OutgoingMms {
    let slide = MmsSlide {
        text: Some("Grüße aus <Espoo> & \"Turku\"".into()),
        picture: Some(MmsFile::new("image/jpeg", "castbench.jpg", picture())),
        sound: Some(MmsFile::new("audio/wav", "Stimme – laut.wav", content("speech.wav"))),
        seconds: 8,
    };
    let attachments = vec![MmsFile::new("text/x-vcard", "me.vcf", b"BEGIN:VCARD".to_vec())];
    OutgoingMms {
        subject: Some("Söndag".into()),
        content: MmsContent {
            slides: vec![slide, MmsSlide { text: Some("Ende".into()), ..MmsSlide::default() }],
            attachments,
        },
        delivery_report: true,
        read_report: true,
        ..own_message(1)
    }
}

#[test]
fn a_message_by_http_with_its_reports() {
    let mut rig = Rig::http();
    rig.command(MmsCommand::Send(Box::new(whole())));
    let request = rig.last_request();
    assert_eq!((request.method().as_str(), request.uri().to_string().as_str()), ("POST", RELAY));
    assert_eq!(request.headers()["content-type"], MMS_MEDIA_TYPE);
    let (pdu, body) = MmsPdu::parse(request.body()).unwrap();
    let MmsPdu::SendReq(sent) = pdu else { panic!("{pdu:?}") };
    assert_eq!(
        (sent.to[0].number().as_deref(), sent.delivery_report, sent.read_report),
        (Some(BOB), Some(true), Some(true))
    );
    assert_eq!(sent.subject.as_ref().unwrap().text(), "Söndag");
    let parts = parts_of(&sent.content_type, body).unwrap();
    let names: Vec<_> = parts.iter().map(|part| (part.content_type.essence.as_str(), part.name().unwrap())).collect();
    assert_eq!(
        names,
        [
            ("application/smil", "presentation.smil"),
            ("image/jpeg", "castbench.jpg"),
            ("text/plain", "text-1.txt"),
            ("audio/wav", "Stimme – laut.wav"),
            ("text/plain", "text-2.txt"),
            ("text/x-vcard", "me.vcf"),
        ]
    );
    assert_eq!((&parts[1].body[..], &parts[3].body[..]), (&picture()[..], &content("speech.wav")[..]));
    assert_eq!(&*parts[2].body, "Grüße aus <Espoo> & \"Turku\"".as_bytes());
    assert_eq!(sent.content_type.essence, ContentType::RELATED);
    assert_eq!(sent.content_type.start(), parts[0].content_id.as_deref());

    let conf = SendConf::ok(&sent.transaction_id, sent.version, "4711@mmsc.example");
    rig.answers_pdu(conf, &[]);
    let id = "4711@mmsc.example";
    let sent = MmsEvent::Sent { message: 1, message_id: Some(id.into()), access: MmsAccess::Http, attempts: 1 };
    assert_eq!(rig.take_events(), [sent]);

    // The delivery report by short message, twice; the read report by MESSAGE, twice.
    let delivered: MmsPdu = DeliveryInd::new(id, MmsAddress::phone(BOB), 1_794_518_500, MmsStatus::RETRIEVED).into();
    let to = (MmsAddress::phone(ALICE), MmsAddress::phone(BOB));
    let read: MmsPdu = ReadOrigInd::new(id, to.0, to.1, 1_794_518_600, ReadStatus::READ).into();
    for _ in 0..2 {
        rig.input(MmsInput::ShortMessage(&push(&delivered)));
        rig.says(read.clone());
    }
    let events = rig.take_events();
    let [MmsEvent::Delivered(delivered), MmsEvent::Read(read), MmsEvent::Duplicate { .. }, MmsEvent::Duplicate { .. }] =
        &events[..]
    else {
        panic!("{events:?}")
    };
    assert_eq!((delivered.message, delivered.status, delivered.date), (Some(1), MmsStatus::RETRIEVED, 1_794_518_500));
    assert_eq!((read.message, read.status), (Some(1), ReadStatus::READ));
    assert_eq!(read.recipient.as_ref().unwrap().number().as_deref(), Some(BOB));
    assert!(rig.client.is_idle() && rig.client.poll_timeout().is_none());
}

#[test]
fn the_presentation_is_xml_and_names_each_part() {
    let (content_type, body) = whole().content.compose().unwrap();
    let parts = parts_of(&content_type, &body).unwrap();
    let document = std::str::from_utf8(&parts[0].body).unwrap();
    let mut file = tempfile::NamedTempFile::new().unwrap();
    std::io::Write::write_all(&mut file, document.as_bytes()).unwrap();
    if let Ok(output) = std::process::Command::new("xmllint").arg("--noout").arg(file.path()).output() {
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    let shown: Vec<_> = document.split("src=\"cid:").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    let ids: Vec<_> = parts[1..5].iter().map(|part| part.content_id.as_deref().unwrap()).collect();
    assert_eq!(shown, ids);
    assert!(document.contains("<par dur=\"8000ms\">") && document.contains("<par>"));
}

#[test]
fn content_that_makes_no_message() {
    let file = |media_type, name| MmsFile::new(media_type, name, vec![1]);
    let shown = |file| MmsContent::slide(MmsSlide { picture: Some(file), ..MmsSlide::default() });
    let beside = |files| MmsContent { slides: Vec::new(), attachments: files };
    for (content, problem) in [
        (MmsContent::default(), ComposeProblem::Empty),
        (MmsContent::slide(MmsSlide::default()), ComposeProblem::Empty),
        (beside(vec![file("image/png", "a.png"); 65]), ComposeProblem::TooMany(65)),
        (shown(file("image/png", "a\r\nb")), ComposeProblem::Name("a\r\nb".into())),
        (shown(file("image/png", "")), ComposeProblem::Name(String::new())),
        (shown(file("audio/amr", "a.amr")), ComposeProblem::Place("audio/amr".into())),
        (beside(vec![file("nothing", "a")]), ComposeProblem::MediaType("nothing".into())),
        (beside(vec![file("multipart/mixed", "a")]), ComposeProblem::MediaType("multipart/mixed".into())),
    ] {
        let mut rig = Rig::http();
        rig.command(MmsCommand::Send(Box::new(OutgoingMms { content, ..own_message(1) })));
        assert_eq!(rig.take_events(), [MmsEvent::Failed { message: 1, why: MmsFailure::Content(problem) }]);
        assert!(rig.requests.is_empty());
    }
    let mut rig = Rig::new(MmsConfig { largest: 10, ..by_http() });
    rig.command(MmsCommand::Send(Box::new(OutgoingMms { to: Vec::new(), ..own_message(1) })));
    rig.command(MmsCommand::Send(Box::new(own_message(2))));
    let events = rig.take_events();
    assert!(
        matches!(
            events[..],
            [
                MmsEvent::Failed { message: 1, why: MmsFailure::NoRecipient },
                MmsEvent::Failed { message: 2, why: MmsFailure::TooLarge { .. } },
            ]
        ),
        "{events:?}"
    );
}

#[test]
fn a_message_over_the_ims() {
    // The answer of the relay comes behind the one of the gateway, or overtakes it.
    for overtakes in [false, true] {
        let mut rig = Rig::ims();
        rig.command(MmsCommand::Send(Box::new(own_message(1))));
        let message = rig.messages[0].clone();
        assert_eq!((message.to.as_str(), message.content_type.as_str()), (GATEWAY, MMS_MEDIA_TYPE));
        let (pdu, _) = MmsPdu::parse(&message.body).unwrap();
        let conf = SendConf::ok(pdu.transaction_id().unwrap(), pdu.version(), "1@mmsc");
        if overtakes {
            rig.says(conf.clone());
            rig.answers_message(Ok(202));
        } else {
            rig.answers_message(Ok(202));
            assert!(rig.events.is_empty(), "202 says that it was taken, not that it was sent");
            rig.says(conf.clone());
        }
        let sent =
            MmsEvent::Sent { message: 1, message_id: Some("1@mmsc".into()), access: MmsAccess::Ims, attempts: 1 };
        assert_eq!(rig.take_events(), [sent]);
        rig.says(conf);
        assert!(matches!(rig.take_events()[..], [MmsEvent::Ignored { .. }]));
        assert!(rig.requests.is_empty() && rig.client.is_idle());
    }
}

#[test]
fn what_the_ims_does_not_carry_goes_by_http() {
    // Too large, not registered, too large for the gateway.
    let mut rig = Rig::new(MmsConfig { ims_largest: 300, ..MmsConfig::ims(GATEWAY, RELAY) });
    rig.register();
    rig.command(MmsCommand::Send(Box::new(whole())));
    assert_eq!((rig.messages.len(), rig.requests.len()), (0, 1));

    let mut rig = Rig::ims();
    rig.agent(&AgentEvent::Unregistered(UnregisteredWhy::Expired));
    rig.command(MmsCommand::Send(Box::new(own_message(1))));
    assert_eq!((rig.messages.len(), rig.requests.len()), (0, 1));

    let mut rig = Rig::ims();
    rig.command(MmsCommand::Send(Box::new(own_message(1))));
    rig.answers_message(Err(Refusal::Status { status: 413, reason: "Request Entity Too Large".into() }));
    assert_eq!(*rig.last_request().body(), rig.messages[0].body, "the same transaction");

    // There is no HTTP.
    let mut rig = Rig::new(MmsConfig::ims(GATEWAY, ""));
    rig.command(MmsCommand::Send(Box::new(own_message(1))));
    assert_eq!(rig.take_events(), [MmsEvent::Failed { message: 1, why: MmsFailure::NoAccess }]);
    rig.register();
    rig.command(MmsCommand::Send(Box::new(own_message(2))));
    rig.answers_message(Err(Refusal::Status { status: 413, reason: String::new() }));
    assert!(matches!(rig.take_events()[..], [MmsEvent::Failed { message: 2, why: MmsFailure::Message(_) }]));
}

#[test]
fn refusals_of_the_relay() {
    let permanent = ResponseStatus::PERMANENT_SENDING_ADDRESS_UNRESOLVED;
    for (status, attempts) in [
        (permanent, 1),
        (ResponseStatus::TRANSIENT_PARTIAL_SUCCESS, 1),
        (ResponseStatus(0xF7), 1),
        (ResponseStatus::TRANSIENT_FAILURE, 4),
        (ResponseStatus(0xDF), 4),
    ] {
        let mut rig = Rig::http();
        rig.command(MmsCommand::Send(Box::new(own_message(1))));
        let pdu = rig.last_pdu();
        let mut conf = SendConf::new(pdu.transaction_id().unwrap(), pdu.version(), status);
        conf.response_text = Some("nobody".into());
        for attempt in 1..=attempts {
            assert_eq!(rig.requests.len(), attempt);
            rig.answers_pdu(conf.clone(), &[]);
            rig.run(60);
        }
        assert_eq!(rig.take_events(), [MmsEvent::Refused { message: 1, status, text: "nobody".into() }]);
        assert!(rig.requests.iter().all(|(_, request)| request.body() == rig.requests[0].1.body()));
        assert!(rig.client.is_idle());
    }
}

#[test]
fn a_message_that_waits_is_passed_on() {
    let mut rig = Rig::http();
    rig.command(MmsCommand::OnNotification(OnNotification::Defer));
    rig.says(notification("T7"));
    rig.answers_status(200);
    rig.take_events();
    let to = vec![MmsAddress::phone("+358400000001")];
    let forward =
        |message, number, to| MmsCommand::Forward { message, number, to, delivery_report: true, read_report: false };
    rig.command(forward(5, 1, to.clone()));
    let MmsPdu::ForwardReq(request) = rig.last_pdu() else { panic!() };
    assert_eq!((request.content_location.as_str(), &request.to), (LOCATION, &to));
    assert_eq!((request.delivery_report, request.read_report), (Some(true), Some(false)));
    let conf = ForwardConf::new(&request.transaction_id, request.version, ResponseStatus::OK);
    rig.answers_pdu(ForwardConf { message_id: Some("8@mmsc".into()), ..conf }, &[]);
    let sent = MmsEvent::Sent { message: 5, message_id: Some("8@mmsc".into()), access: MmsAccess::Http, attempts: 1 };
    assert_eq!(rig.take_events(), [sent]);
    rig.command(forward(6, 1, Vec::new()));
    rig.command(forward(7, 99, to));
    let events = rig.take_events();
    let failed = |message, why| MmsEvent::Failed { message, why };
    assert_eq!(events, [failed(6, MmsFailure::NoRecipient), failed(7, MmsFailure::NotWaiting)]);
}

#[test]
fn the_relay_asks_who_it_is() {
    let mut config = by_http();
    let (username, password) = ("alice".to_owned(), "hunter2".to_owned().into());
    config.credentials = Some(MmsCredentials { username, password });
    let mut rig = Rig::new(config);
    let challenge = || {
        let mut response = status_response(401);
        let value = "Digest realm=\"mms\", nonce=\"dcd98b7102dd2f0e\", qop=\"auth\", algorithm=SHA-256";
        response.headers_mut().insert("www-authenticate", value.parse().unwrap());
        response
    };
    let credentials = |rig: &Rig, method| {
        let request = rig.last_request();
        let text = request.headers().get("authorization")?.to_str().unwrap().to_owned();
        let credentials = Credentials::parse(&text).unwrap();
        let is_right = credentials.verify(b"hunter2", method, request.body()).unwrap();
        assert!(is_right && credentials.uri().unwrap() == request.uri().path());
        credentials.nonce_count()
    };
    let (post, get) = (&protocol::sip::Method::parse("POST").unwrap(), &protocol::sip::Method::parse("GET").unwrap());
    rig.command(MmsCommand::Send(Box::new(own_message(1))));
    assert_eq!(credentials(&rig, post), None);
    rig.answers(challenge());
    assert_eq!(credentials(&rig, post), Some(1));
    assert_eq!(rig.requests[0].1.body(), rig.requests[1].1.body());
    // Once it is known it is said at once; a second challenge to one request is an end.
    rig.says(notification("T1"));
    assert_eq!((rig.requests.len(), credentials(&rig, get)), (3, Some(2)));
    rig.answers(challenge());
    assert_eq!(credentials(&rig, get), Some(1));
    rig.take_events();
    rig.answers(challenge());
    let events = rig.take_events();
    assert!(
        matches!(
            &events[..],
            [MmsEvent::NotRetrieved { why: MmsFailure::Http { status: 401, .. }, is_gone: false, .. }]
        ),
        "{events:?}"
    );
    // Elsewhere nobody gets anything to try passwords on.
    let elsewhere = NotificationInd { content_location: "http://thief.example/1".into(), ..notification("T2") };
    rig.says(elsewhere);
    let request = rig.last_request();
    assert_eq!((request.uri().host(), request.headers().get("authorization")), (Some("thief.example"), None));
    rig.answers(challenge());
    assert!(rig.events.iter().any(|event| matches!(event, MmsEvent::NotRetrieved { number: 2, .. })));
    assert!(!format!("{:?}", rig.client).contains("hunter2"), "the password does not print");
}
