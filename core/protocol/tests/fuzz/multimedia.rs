//! Bounded fuzz runs of multimedia messages on MM1, their push and push access.

use protocol::Entropy;
use protocol::fuzz;
use protocol::mms::pap::{
    MessageState, Pap, PapCode, PapSubmission, PushAddress, PushMessage, PushResponse, QualityOfService,
    ResultNotificationMessage, ResultNotificationResponse,
};
use protocol::mms::{
    AcknowledgeInd, Charset, ContentType, DeliveryInd, Disposition, EncodedString, ForwardReq, From, MmsAddress,
    MmsPdu, MmsStatus, MmsTime, MmsVersion, NotificationInd, NotifyRespInd, Part, PreviouslySentBy, PreviouslySentDate,
    ReadOrigInd, ReadRecInd, ReadStatus, RetrieveConf, SendConf, SendReq, WapPush, WspHeader, emit_parts,
};

use super::run;

fn parts() -> Vec<u8> {
    let mut image = Part::new(ContentType::new("image/jpeg"), vec![0xFF; 20]).named("i", "i.jpg");
    image.disposition = Some(Disposition::attachment("ü.jpg"));
    image.headers = vec![WspHeader::named("X-A", "b"), WspHeader::coded(0x01, 3)];
    let smil = Part::new(ContentType::new("application/smil"), &b"<smil/>"[..]).named("s", "s.smil");
    emit_parts(&[smil, Part::text("hello"), image])
}

/// A PDU of each kind.
fn pdus() -> Vec<Vec<u8>> {
    let phone = || MmsAddress::phone("+491701234567");
    let mut send =
        SendReq::new("T1", vec![phone(), MmsAddress::mail("a@b")], ContentType::related("s", "application/smil"));
    send.subject = EncodedString::in_charset(Charset::UTF_16, "Hé");
    (send.expiry, send.delivery_time) = (Some(MmsTime::Relative(60)), Some(MmsTime::Absolute(1 << 31)));
    let mut retrieve = RetrieveConf::new("m@r", 1 << 30, ContentType::new(ContentType::MIXED));
    retrieve.from = Some(From::Address(phone()));
    retrieve.previously_sent_by = vec![PreviouslySentBy { forwarded_count: 1, address: phone() }];
    retrieve.previously_sent_date = vec![PreviouslySentDate { forwarded_count: 1, date: 1 << 30 }];
    let mut notification = NotificationInd::new("N1", "http://r/1", 1 << 20, MmsTime::Relative(60));
    notification.from = Some(From::InsertAddress);
    notification.subject = Some("ä".into());
    notification.other = vec![WspHeader::coded_text(0x37, "app"), WspHeader::named("X-Y", "z")];
    let version = MmsVersion::V1_2;
    let alone: [MmsPdu; 9] = [
        SendConf::ok("T1", version, "m@r").into(),
        notification.into(),
        NotifyRespInd::new("N1", version, MmsStatus::DEFERRED).into(),
        AcknowledgeInd::new("R1", version).into(),
        DeliveryInd::new("m@r", phone(), 1 << 30, MmsStatus::RETRIEVED).into(),
        ReadRecInd::new("m@r", phone(), ReadStatus::READ).into(),
        ReadOrigInd::new("m@r", phone(), phone(), 1, ReadStatus::READ).into(),
        ForwardReq::new("F1", vec![phone()], "http://r/1").into(),
        RetrieveConf::failed(protocol::mms::RetrieveStatus::PERMANENT_FAILURE, "no", 1).0.into(),
    ];
    let whole = [MmsPdu::from(send), retrieve.into()].map(|pdu| pdu.emit(&parts()));
    whole.into_iter().chain(alone.into_iter().map(|pdu| pdu.emit(b"no"))).collect()
}

const WORDS: [&[u8]; 18] = [
    &[0x00],
    &[0x1F],
    &[0x1F, 0x8F, 0xFF, 0xFF, 0xFF, 0x7F],
    &[0x7F],
    &[0x7F, 0xE4],
    &[0x84, 0xA3],
    &[0x84, 0x1F, 0x20],
    &[0x89, 0x01, 0x81],
    &[0x8D, 0xA0],
    &[0x88, 0x05, 0x81, 0x03],
    &[0x02, 0x03, 0xF7],
    &[0x22],
    &[0x81, 0xEA],
    &[0xC0, 0x22],
    &[0xC5, 0x01],
    &[0x80],
    &[0xFF; 9],
    b"X-A\0b\0",
];

#[test]
fn mms_pdu() {
    run("mms_pdu", fuzz::mms_pdu, &pdus(), &WORDS);
}

#[test]
fn mms_parts() {
    run("mms_parts", fuzz::mms_parts, &[parts()], &WORDS);
}

#[test]
fn mms_push() {
    let pushes = pdus().into_iter().map(|pdu| WapPush::mms(1, pdu).emit());
    run(
        "mms_push",
        fuzz::mms_push,
        &pushes.collect::<Vec<_>>(),
        &[&[0xAF, 0x84], &[0x06], &[0xBE], WORDS[2], WORDS[17]],
    );
}

#[test]
fn pap() {
    let address = PushAddress::phone("+491701234567", "gw");
    let mut message = PushMessage::new("p", &address);
    (message.quality, message.deliver_before) = (Some(QualityOfService::default()), Some(1 << 40));
    let told = ResultNotificationMessage::new("p", &address.to_string(), MessageState::Delivered, PapCode::OK);
    let entities = [
        Pap::PushMessage(message.clone()),
        Pap::PushResponse(PushResponse::new("p", PapCode::ACCEPTED)),
        Pap::ResultNotificationResponse(ResultNotificationResponse::new(&told, PapCode::OK)),
        Pap::ResultNotificationMessage(told),
    ];
    let mut corpus: Vec<_> = entities.iter().map(|entity| entity.to_document().into_bytes()).collect();
    let (content_type, body) = PapSubmission::mms(message, vec![0x8C, 0x82]).to_body(&mut Entropy::of_box(1, "fuzz"));
    // The boundary that the body of the fuzz run has.
    let boundary = content_type.split("boundary=").nth(1).and_then(|rest| rest.split(';').next()).unwrap();
    corpus.push(String::from_utf8_lossy(&body).replace(boundary, "b").into_bytes());
    corpus.push(PushAddress::user("sip:ann@home1.net", "gw").to_string().into_bytes());
    let words: [&[u8]; 12] = [
        b"<!DOCTYPE pap [",
        b"]>",
        b"<?",
        b"?>",
        b"<!ENTITY a 'b'>",
        b"&amp;",
        b"/TYPE=",
        b"%40",
        b"--b\r\n",
        b"\r\n--b--",
        b"2001-02-28T06:45:00Z",
        b"code=\"1000\"",
    ];
    run("pap", fuzz::pap, &corpus, &words);
}
