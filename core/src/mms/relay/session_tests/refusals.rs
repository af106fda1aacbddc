//! What is refused, each clearly: malformed PDUs, content, sizes and quotas, wrong and other people's messages, strangers.

use super::*;
use protocol::mms::{
    AcknowledgeInd, ForwardReq, From, MmsTime, ReadRecInd, ReadStatus, ReplyCharging, ResponseStatus, RetrieveStatus,
    WspHeader,
};

#[track_caller]
fn refused(net: &mut Net, req: SendReq, body: &[u8], status: ResponseStatus, text: &str) {
    let conf = net.send(ALICE, req, body);
    assert_eq!(conf.response_status, status, "{conf:?}");
    let said = conf.response_text.clone().map(|text| text.text().into_owned()).unwrap_or_default();
    assert!(said.contains(text), "{said}");
    assert_eq!(conf.message_id, None);
}

#[test]
fn messages_that_are_not_taken_say_why() {
    let mut net = Net::with(1, |config| {
        config.limits.octets = 20_000;
        config.limits.parts = 4;
        config.limits.recipients = 3;
    });
    let new = |to: &[&str]| send_req("t", to);
    let (req, body) = new(&["4999999999"]);
    refused(&mut net, req, &body, ResponseStatus::PERMANENT_SENDING_ADDRESS_UNRESOLVED, "+4999999999");
    let (req, body) = new(&[]);
    refused(&mut net, req, &body, ResponseStatus::PERMANENT_SENDING_ADDRESS_UNRESOLVED, "no recipient");
    let (req, body) = new(&[BOB, CAROL, DAVE, ALICE]);
    refused(&mut net, req, &body, ResponseStatus::PERMANENT_FAILURE, "more than 3");
    let (mut req, body) = new(&[BOB]);
    req.from = From::Address(phone(BOB));
    refused(&mut net, req, &body, ResponseStatus::PERMANENT_SERVICE_DENIED, "From");
    let (mut req, body) = new(&[BOB]);
    req.reply_charging = Some(ReplyCharging::REQUESTED);
    refused(&mut net, req, &body, ResponseStatus::PERMANENT_REPLY_CHARGING_NOT_SUPPORTED, "not supported");
    let (mut req, body) = new(&[BOB]);
    req.expiry = Some(MmsTime::Absolute(1));
    refused(&mut net, req, &body, ResponseStatus::PERMANENT_FAILURE, "time");
    let (content_type, body) = picture(30_000);
    let req = SendReq::new("t", vec![phone(BOB)], content_type);
    refused(&mut net, req, &body, ResponseStatus::PERMANENT_CONTENT_NOT_ACCEPTED, "octets");
    let drm = [Part::new(ContentType::new("application/vnd.oma.drm.message"), vec![1, 2])];
    let req = SendReq::new("t", vec![phone(BOB)], ContentType::new(ContentType::MIXED));
    refused(&mut net, req, &emit_parts(&drm), ResponseStatus::PERMANENT_CONTENT_NOT_ACCEPTED, "drm");
    let (req, body) = new(&[BOB]);
    refused(&mut net, req, &body[..body.len() - 7], ResponseStatus::PERMANENT_MESSAGE_FORMAT_CORRUPT, "part");
    // MIME bombs: multiparts in multiparts, and more parts than a message has.
    let (mut of, mut bomb) = picture(1);
    for _ in 0..50 {
        (of, bomb) = (ContentType::new(ContentType::MIXED), emit_parts(&[Part::new(of.clone(), bomb.clone())]));
    }
    let req = SendReq::new("t", vec![phone(BOB)], of);
    refused(&mut net, req, &bomb, ResponseStatus::PERMANENT_CONTENT_NOT_ACCEPTED, "levels");
    let many: Vec<_> = (0..5).map(|_| Part::text("a")).collect();
    let req = SendReq::new("t", vec![phone(BOB)], ContentType::new(ContentType::MIXED));
    refused(&mut net, req, &emit_parts(&many), ResponseStatus::PERMANENT_CONTENT_NOT_ACCEPTED, "4 parts");
    net.is_empty();
    assert_eq!(net.pushes(BOB), []);
}

#[test]
fn what_is_no_pdu_is_answered_all_the_same() {
    let mut net = Net::new();
    for octets in [vec![], vec![0], b"hello".to_vec(), vec![0x8C], vec![0x8C, 0x80], vec![0xFF; 3000]] {
        let token = net.ask(ALICE, post_octets(A, octets.clone()));
        let answered = net.answer(ALICE, token);
        let is_conf =
            matches!(MmsPdu::parse(&answered.body), Ok((MmsPdu::SendConf(conf), _)) if !conf.response_status.is_ok());
        assert!(answered.status == 400 || is_conf, "{octets:?}: {answered:?}");
    }
    // What a box of messages would have.
    let mbox = [0x8C, 0x8D, 0x98, b'x', 0, 0x8D, 0x92];
    let token = net.ask(ALICE, post_octets(A, mbox.to_vec()));
    let answered = net.answer(ALICE, token);
    let Ok((MmsPdu::SendConf(conf), _)) = MmsPdu::parse(&answered.body) else { panic!("{answered:?}") };
    assert_eq!(conf.response_status, ResponseStatus::ERROR_UNSUPPORTED_MESSAGE);
    let text = Request::post(format!("{A}/")).header("content-type", "text/plain").body(b"x".to_vec()).unwrap();
    let token = net.ask(ALICE, text);
    assert_eq!(net.answer(ALICE, token).status, 415);
    for (method, path, status) in [("GET", "/", 405), ("PUT", "/", 405), ("POST", "/x", 404), ("DELETE", "/x", 405)] {
        let request = Request::builder().method(method).uri(format!("{A}{path}")).body(Vec::new()).unwrap();
        let token = net.ask(ALICE, request);
        assert_eq!(net.answer(ALICE, token).status, status, "{method} {path}");
    }
}

#[test]
fn a_message_is_for_its_recipient_alone() {
    let mut net = Net::new();
    let (req, body) = send_req("t1", &[BOB]);
    let sent = net.send(ALICE, req, &body);
    let ind = net.notification(BOB);
    // Somebody else, at this relay and with nothing to do with it, gets nothing that tells it from nothing.
    let nothing = format!("{A}/1-0-abc");
    for location in [ind.content_location.as_str(), &nothing, &format!("{A}/x"), &format!("{}x", ind.content_location)]
    {
        let (conf, got) = net.get(ALICE, location);
        assert_eq!(conf.retrieve_status, Some(RetrieveStatus::PERMANENT_MESSAGE_NOT_FOUND));
        assert_eq!(got, b"there is no such message for you", "{location}");
    }
    assert_eq!(net.tell(ALICE, notify_resp(&ind, MmsStatus::REJECTED)), 404);
    assert_eq!(net.tell(ALICE, AcknowledgeInd::new(&ind.transaction_id, MmsVersion::V1_2)), 404);
    assert_eq!(net.tell(BOB, AcknowledgeInd::new("77-0", MmsVersion::V1_2)), 404);
    assert_eq!(net.tell(BOB, AcknowledgeInd::new("x", MmsVersion::V1_2)), 404);
    let id = sent.message_id.unwrap();
    for (from, id) in [(ALICE, id.as_str()), (BOB, "x"), (BOB, "00000001deadbeef@mms.a.example")] {
        assert_eq!(net.tell(from, ReadRecInd::new(id, phone(ALICE), ReadStatus::READ)), 404, "{from} {id}");
    }
    let req = ForwardReq::new("f", vec![phone(CAROL)], &ind.content_location);
    let token = net.ask(ALICE, post(A, &req.into(), &[]));
    let answered = net.answer(ALICE, token);
    let Ok((MmsPdu::ForwardConf(conf), _)) = MmsPdu::parse(&answered.body) else { panic!() };
    assert_eq!(conf.response_status, ResponseStatus::PERMANENT_MESSAGE_NOT_FOUND);
    // That it was retrieved only who was given it can say.
    assert_eq!(net.tell(BOB, notify_resp(&ind, MmsStatus::RETRIEVED)), 409);
    let (conf, _) = net.get(BOB, &ind.content_location);
    assert!(conf.is_ok());
}

#[test]
fn strangers_are_asked_who_they_are() {
    let mut net = Net::with(1, |config| {
        for subscriber in &mut config.subscribers {
            subscriber.from.clear();
        }
        config.subscribers[0].login = Some(("alice".to_owned(), "secret".to_owned().into()));
    });
    let (req, body) = send_req("t1", &[BOB]);
    let request = post(A, &req.into(), &body);
    let token = net.ask(ALICE, request.clone());
    assert_eq!(net.answer(ALICE, token).status, 401);
    // Whose word is not believed asserts nothing.
    let mut asserted = request;
    asserted.headers_mut().insert("x-3gpp-asserted-identity", "\"tel:+491721000001\"".parse().unwrap());
    let token = net.ask(ALICE, asserted);
    assert_eq!(net.answer(ALICE, token).status, 401);
    // Nor may it tell results of pushes.
    let token = net.ask(ALICE, Request::post(format!("{A}/pap")).body(b"<pap/>".to_vec()).unwrap());
    assert_eq!(net.answer(ALICE, token).status, 403);
}

#[test]
fn quotas_are_kept() {
    let mut net = Net::with(1, |config| {
        for subscriber in &mut config.subscribers {
            subscriber.messages = 1;
        }
    });
    for (transaction, to) in [("t1", BOB), ("t2", CAROL)] {
        let (req, body) = send_req(transaction, &[to]);
        assert!(net.send(ALICE, req, &body).response_status.is_ok());
        net.run_ms(2_000);
    }
    let (req, body) = send_req("t3", &[BOB]);
    refused(&mut net, req, &body, ResponseStatus::TRANSIENT_FAILURE, "no room");
    // The other relay says so too, and the message goes when there is room.
    let (req, body) = send_req("t4", &[CAROL]);
    assert!(net.send(ALICE, req, &body).response_status.is_ok());
    net.run_ms(5_000);
    assert!(net.notes.iter().any(|note| note.contains("452")), "{:#?}", net.notes);
    let ind = net.notification(CAROL);
    assert_eq!(net.tell(CAROL, notify_resp(&ind, MmsStatus::REJECTED)), 200);
    net.run_ms(120_000);
    net.notification(CAROL);
}

#[test]
fn a_message_that_comes_again_is_the_same() {
    let mut net = Net::new();
    let (req, body) = send_req("t1", &[BOB]);
    let first = net.send(ALICE, req.clone(), &body);
    assert_eq!(net.send(ALICE, req.clone(), &body), first);
    net.notification(BOB);
    assert_eq!((net.figure("A", "mms_messages_kept"), net.figure("A", "mms_messages_repeated")), (1, 1));
    // Another one with the same number is another one.
    let (mut other, body) = send_req("t1", &[BOB]);
    other.subject = Some("anders".into());
    assert_ne!(net.send(ALICE, other, &body).message_id, first.message_id);
}

#[test]
fn what_is_not_done_is_refused_and_not_left_out() {
    let mut net = Net::new();
    let none = ResponseStatus::PERMANENT_CONTENT_NOT_ACCEPTED;
    // Streaming (TS 23.140 clause 7.1.14.1), protected content, programs, and what nobody knows: alone or among others.
    for essence in [
        "application/sdp",
        "application/vnd.oma.drm.message",
        "application/vnd.oma.drm.content",
        "application/vnd.oma.drm.rights+xml",
        "application/java-archive",
        "application/x-wsp-7f",
        "chemical/x-pdb",
        "*/*",
    ] {
        let req = SendReq::new("t", vec![phone(BOB)], ContentType::new(essence));
        refused(&mut net, req, b"x", none, essence);
        let parts = [Part::text("a"), Part::new(ContentType::new(essence), vec![1])];
        let req = SendReq::new("t", vec![phone(BOB)], ContentType::new(ContentType::MIXED));
        refused(&mut net, req, &emit_parts(&parts), none, essence);
    }
    let (mut req, body) = send_req("t", &[BOB]);
    req.drm_content = Some(true);
    refused(&mut net, req, &body, none, "DRM");
    // X-Mms-Applic-ID, X-Mms-Replace-ID.
    for (code, text) in [(0x37, "applications"), (0x3D, "replacing")] {
        let (mut req, body) = send_req("t", &[BOB]);
        req.other.push(WspHeader::coded_text(code, "org.example.chess"));
        refused(&mut net, req, &body, ResponseStatus::PERMANENT_FAILURE, text);
    }
    net.is_empty();
    assert_eq!(net.pushes(BOB), []);
    // What says that it is not protected is taken.
    let (mut req, body) = send_req("t", &[BOB]);
    req.drm_content = Some(false);
    assert!(net.send(ALICE, req, &body).response_status.is_ok());
}

#[test]
fn contents_that_claim_more_than_they_have_are_corrupt() {
    let mut net = Net::new();
    let mixed = || SendReq::new("t", vec![phone(BOB)], ContentType::new(ContentType::MIXED));
    let most = [0x8F, 0xFF, 0xFF, 0xFF, 0x7F];
    // So many parts; a head of so many octets; a body of so many; numbers without an end.
    let head = [1, 1, 0x83];
    let bombs = [
        most.to_vec(),
        [&[1][..], &most, &[1, 0x83]].concat(),
        [&[1, 1][..], &most, &[0x83]].concat(),
        [&head[..], &[0x80; 64]].concat(),
        vec![0xFF; 4096],
        [1; 3].repeat(2000),
    ];
    for bomb in bombs {
        let conf = net.send(ALICE, mixed(), &bomb);
        let statuses =
            [ResponseStatus::PERMANENT_MESSAGE_FORMAT_CORRUPT, ResponseStatus::PERMANENT_CONTENT_NOT_ACCEPTED];
        assert!(statuses.contains(&conf.response_status), "{conf:?}: {}", bomb.len());
        assert!(conf.response_text.is_some() && conf.message_id.is_none());
    }
    net.is_empty();
}

#[test]
fn a_request_that_is_cut_or_broken_anywhere_is_answered() {
    let mut net = Net::new();
    let (mut req, _) = send_req("t", &[BOB]);
    let (content_type, body) = picture(40);
    req.content_type = content_type;
    let whole = MmsPdu::from(req).emit(&body);
    let mut taken = 0;
    for at in 0..whole.len() {
        let mut broken = whole.clone();
        broken[at] ^= 0xFF;
        for octets in [whole[..at].to_vec(), broken] {
            let is_cut = octets.len() < whole.len();
            let token = net.ask(ALICE, post_octets(A, octets));
            net.run_ms(200);
            let answered = net.answered(ALICE, token).unwrap_or_else(|| panic!("{at}: {:#?}", net.notes));
            let conf = MmsPdu::parse(&answered.body).ok().map(|(pdu, _)| pdu);
            let is_ok = matches!(&conf, Some(MmsPdu::SendConf(conf)) if conf.response_status.is_ok());
            let is_refused = matches!(&conf, Some(MmsPdu::SendConf(conf)) if !conf.response_status.is_ok())
                || answered.status.is_client_error()
                || matches!(&conf, Some(MmsPdu::ForwardConf(_)));
            assert!(is_ok || is_refused, "{at}: {answered:?}");
            assert!(!is_cut || is_refused, "cut at {at} and taken");
            taken += u64::from(is_ok);
        }
    }
    net.run_ms(5_000);
    assert_eq!(net.figure("A", "mms_messages_accepted"), taken);
}

#[test]
fn what_is_over_cannot_be_had_sent_on_or_acknowledged_any_more() {
    let mut net = Net::new();
    let (mut req, body) = send_req("t1", &[BOB]);
    req.expiry = Some(MmsTime::Relative(600));
    net.send(ALICE, req, &body);
    net.run_ms(2_000);
    let ind = net.notification(BOB);
    net.run_ms(600_000);
    assert_eq!(net.delivery(ALICE).1, MmsStatus::EXPIRED);
    let (conf, got) = net.get(BOB, &ind.content_location);
    assert_eq!(conf.retrieve_status, Some(RetrieveStatus::PERMANENT_MESSAGE_NOT_FOUND));
    assert_eq!(got, b"the time of the message is over");
    let req = ForwardReq::new("f", vec![phone(CAROL)], &ind.content_location);
    let token = net.ask(BOB, post(A, &req.into(), &[]));
    let answered = net.answer(BOB, token);
    let Ok((MmsPdu::ForwardConf(conf), _)) = MmsPdu::parse(&answered.body) else { panic!() };
    assert_eq!(conf.response_status, ResponseStatus::PERMANENT_MESSAGE_NOT_FOUND);
    // It changes nothing any more: its sender was told that it is over.
    assert_eq!(net.tell(BOB, notify_resp(&ind, MmsStatus::RETRIEVED)), 200);
    assert_eq!(net.tell(BOB, AcknowledgeInd::new(&ind.transaction_id, MmsVersion::V1_2)), 200);
    net.run_ms(5_000);
    assert_eq!(net.pushes(ALICE), []);
    // Nobody remembers it for ever.
    net.run_ms(2 * 86_400_000);
    let (conf, _) = net.get(BOB, &ind.content_location);
    assert_eq!(conf.retrieve_status, Some(RetrieveStatus::PERMANENT_MESSAGE_NOT_FOUND));
    assert_eq!(net.tell(BOB, notify_resp(&ind, MmsStatus::RETRIEVED)), 404);
    net.is_empty();
}

#[test]
fn a_relay_that_is_full_says_so_and_takes_again_when_it_is_not() {
    let mut net = Net::with(1, |config| config.limits.messages = 1);
    let (req, body) = send_req("t1", &[BOB]);
    assert!(net.send(ALICE, req, &body).response_status.is_ok());
    let ind = net.notification(BOB);
    let (req, body) = send_req("t2", &[BOB]);
    refused(&mut net, req.clone(), &body, ResponseStatus::TRANSIENT_FAILURE, "no room left");
    assert_eq!(net.tell(BOB, notify_resp(&ind, MmsStatus::REJECTED)), 200);
    net.run_ms(2_000);
    assert!(net.send(ALICE, req, &body).response_status.is_ok());
}
