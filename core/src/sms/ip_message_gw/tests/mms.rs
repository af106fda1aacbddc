//! Multimedia messages over the IMS (TR 23.804 clause 8.11): PDUs of UEs, retrieval, and push.

use http::{Request as WebRequest, Response as WebResponse};
use protocol::mms::MMS_MEDIA_TYPE;
use protocol::mms::pap::{
    MessageState, Pap, PapCode, PapSubmission, PushAddress, PushMessage, ResultNotificationMessage,
};

use super::*;
use crate::node::HttpExchange;
use crate::sms::{GatewayMms, GatewayRelay};

const RELAY: &str = "10.46.0.71";
const NOTIFY: &str = "http://10.46.0.71/pap";
/// Octets that the gateway has no business with.
const PDU: &[u8] = b"\x8c\x80\x98T1\0\x8d\x92";

fn with_mms() -> IpMessageGwConfig {
    let relay = |ip: &str, numbers: &str| GatewayRelay {
        url: format!("http://{ip}"),
        from: vec![ip.parse().unwrap()],
        numbers: vec![numbers.to_owned()],
    };
    let mut config = config();
    config.mms = Some(GatewayMms::new(vec![relay("10.47.0.71", ""), relay(RELAY, "3584")]));
    config
}

/// A gateway with a UE of the IMS.
fn rig() -> Rig {
    let mut rig = Rig::with(with_mms());
    rig.third_party(600, &format!("imsi={IMSI} msisdn={MSISDN}"));
    rig.response(200);
    rig
}

impl Rig {
    fn mms(&mut self, call_id: &str, kind: &str, body: &[u8]) {
        let text = format!(
            "MESSAGE sip:ipsmgw.ims.test SIP/2.0
            From: <sip:a@ims.test>;tag=u
            To: <sip:ipsmgw.ims.test>
            Call-ID: {call_id}
            CSeq: 1 MESSAGE
            Max-Forwards: 70
            P-Asserted-Identity: <sip:a@ims.test>
            Content-Type: {kind}"
        );
        self.request(SCSCF, &text, body);
    }

    fn relay_says(&mut self, token: u64, status: u16, kind: &str, body: &[u8]) {
        let response = WebResponse::builder().status(status).header("Content-Type", kind).body(body.to_vec()).unwrap();
        self.gateway.handle_input(self.world.now, NodeInput::HttpResponse { token, result: Ok(response) });
        self.drain();
    }

    #[track_caller]
    fn relay_asked(&mut self) -> (u64, WebRequest<Vec<u8>>) {
        self.world.asked.pop_front().expect("a request to the relay")
    }

    /// What the gateway answers to a POST.
    fn post(&mut self, from: &str, kind: &str, body: Vec<u8>) -> WebResponse<Vec<u8>> {
        let request = WebRequest::post("/pap").header("Content-Type", kind).body(body).unwrap();
        let (exchange, peer) = (HttpExchange(1), format!("{from}:40000").parse().unwrap());
        self.gateway.handle_input(self.world.now, NodeInput::Http { exchange, peer, request });
        self.drain();
        self.world.answered.pop_front().expect("an answer")
    }

    fn pushed(&mut self, push: &PapSubmission) -> PapCode {
        let (kind, body) = push.to_body(&mut Entropy::of_box(1, "relay"));
        let answer = self.post(RELAY, &kind, body);
        assert_eq!(answer.status(), 202);
        match Pap::parse(std::str::from_utf8(answer.body()).unwrap()) {
            Ok(Pap::PushResponse(response)) => response.code,
            other => panic!("{other:?}"),
        }
    }
}

fn push(id: &str, number: &str) -> PapSubmission {
    let mut message = PushMessage::new(id, &PushAddress::phone(&format!("+{number}"), "ppg.ims.test"));
    message.notify_to = Some(NOTIFY.to_owned());
    PapSubmission::mms(message, PDU.to_vec())
}

#[track_caller]
fn result(request: &WebRequest<Vec<u8>>) -> ResultNotificationMessage {
    match Pap::parse(std::str::from_utf8(request.body()).unwrap()) {
        Ok(Pap::ResultNotificationMessage(result)) => result,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_pdu_goes_to_the_relay_of_its_user_and_its_answer_comes_back() {
    let mut rig = rig();
    rig.mms("c1", MMS_MEDIA_TYPE, PDU);
    rig.is_silent();
    let (token, asked) = rig.relay_asked();
    assert_eq!((asked.method().as_str(), asked.uri().to_string().as_str()), ("POST", "http://10.46.0.71/"));
    assert_eq!(asked.headers()["X-3GPP-Asserted-Identity"], format!("\"tel:+{MSISDN}\"").as_str());
    assert_eq!((asked.headers()["Content-Type"].as_bytes(), asked.body().as_slice()), (MMS_MEDIA_TYPE.as_bytes(), PDU));
    rig.relay_says(token, 200, MMS_MEDIA_TYPE, b"conf");
    rig.response(202);
    let conf = rig.asked(&Method::MESSAGE, SCSCF);
    assert_eq!((conf.headers.get("In-Reply-To"), conf.headers.get("Content-Type")), (Some("c1"), Some(MMS_MEDIA_TYPE)));
    assert_eq!(conf.body, b"conf");
    assert!(!conf.headers.contains("Accept-Contact"), "{conf:?}");
    rig.answer(SCSCF, &conf, 200);
    // What needs no answer gets none.
    rig.mms("c2", MMS_MEDIA_TYPE, PDU);
    let (token, _) = rig.relay_asked();
    rig.relay_says(token, 204, "text/plain", b"");
    rig.response(202);
    rig.is_silent();
    assert!(rig.gateway.mms.len() == 0 && rig.world.rows.len() == 1, "{:?}", rig.world.rows.keys());
}

#[test]
fn what_the_relay_refuses_the_ue_hears_refused_and_a_slow_relay_is_not_waited_for() {
    let mut rig = rig();
    let all =
        [(403, 403), (404, 404), (413, 413), (500, 503), (401, 403), (200, 202), (409, 403), (429, 503), (302, 502)];
    for (said, heard) in all {
        rig.mms(&format!("c{said}"), MMS_MEDIA_TYPE, PDU);
        let (token, _) = rig.relay_asked();
        rig.relay_says(token, said, "text/plain", b"words");
        rig.response(heard);
    }
    rig.mms("slow", MMS_MEDIA_TYPE, PDU);
    let (token, _) = rig.relay_asked();
    rig.pass(Duration::from_secs(19));
    rig.is_silent();
    rig.pass(Duration::from_secs(2));
    rig.response(503);
    rig.relay_says(token, 200, MMS_MEDIA_TYPE, b"late");
    rig.is_silent();
}

#[test]
fn who_and_what_is_not_for_mms_is_refused() {
    let mut rig = rig();
    rig.mms("big", MMS_MEDIA_TYPE, &vec![0; 256 * 1024 + 1]);
    assert!(rig.response(413).reason.contains("HTTP"));
    rig.mms("empty", MMS_MEDIA_TYPE, b"");
    rig.response(400);
    rig.mms("type", "text/plain", b"Hello");
    assert_eq!(
        rig.response(415).headers.get("Accept"),
        Some("application/vnd.3gpp.sms, application/vnd.wap.mms-message, message/http")
    );
    let get = |host: &str| format!("GET /token HTTP/1.1\r\nHost: {host}\r\n\r\n").into_bytes();
    rig.mms("post", "message/http", b"DELETE / HTTP/1.1\r\nHost: 10.46.0.71\r\n\r\n");
    rig.response(403);
    rig.mms("words", "message/http", b"Hello");
    rig.response(400);
    rig.mms("strange", "message/http", &get("192.0.2.1"));
    rig.response(404);
    assert!(rig.world.asked.is_empty());
    // A gateway without relays has short messages only.
    let mut plain = Rig::new();
    plain.third_party(600, &format!("imsi={IMSI} msisdn={MSISDN}"));
    plain.response(200);
    plain.mms("c", MMS_MEDIA_TYPE, PDU);
    assert_eq!(plain.response(415).headers.get("Accept"), Some("application/vnd.3gpp.sms"));
}

#[test]
fn a_message_is_retrieved_in_a_message_of_its_own() {
    let mut rig = rig();
    let get = b"GET /token HTTP/1.1\r\nHost: 10.46.0.71\r\n\r\n";
    let retrieve = |rig: &mut Rig, call_id: &str| {
        rig.mms(call_id, "message/http; msgtype=request", get);
        let (token, asked) = rig.relay_asked();
        assert_eq!((asked.method().as_str(), asked.uri().to_string().as_str()), ("GET", "http://10.46.0.71/token"));
        rig.relay_says(token, 200, MMS_MEDIA_TYPE, b"content");
        let content = rig.asked(&Method::MESSAGE, SCSCF);
        assert_eq!((content.body.as_slice(), content.headers.get("In-Reply-To")), (&b"content"[..], Some(call_id)));
        rig.is_silent();
        content
    };
    let content = retrieve(&mut rig, "r1");
    rig.answer(SCSCF, &content, 200);
    rig.response(202);
    // The UE has no place for it.
    let content = retrieve(&mut rig, "r2");
    rig.answer(SCSCF, &content, 488);
    rig.response(480);
    // It is slow.
    let content = retrieve(&mut rig, "r3");
    rig.pass(Duration::from_secs(21));
    // It is sent again and again meanwhile.
    rig.world.sent.retain(|(_, message)| matches!(message, SipMessage::Response(_)));
    rig.response(202);
    rig.answer(SCSCF, &content, 200);
    rig.is_silent();
    // The relay was slow already: the UE's MESSAGE is not to wait for longer than it can.
    rig.mms("r5", "message/http", get);
    let (token, _) = rig.relay_asked();
    rig.pass(Duration::from_secs(19));
    rig.relay_says(token, 200, MMS_MEDIA_TYPE, b"content");
    let content = rig.asked(&Method::MESSAGE, SCSCF);
    rig.pass(Duration::from_secs(1));
    rig.world.sent.retain(|(_, message)| matches!(message, SipMessage::Response(_)));
    rig.response(202);
    rig.answer(SCSCF, &content, 200);
    rig.is_silent();
    // Too large for a MESSAGE.
    rig.mms("r4", "message/http", get);
    let (token, _) = rig.relay_asked();
    rig.relay_says(token, 200, MMS_MEDIA_TYPE, &vec![1; 300_000]);
    rig.response(413);
}

#[test]
fn a_push_reaches_the_ue_and_the_relay_hears_of_it() {
    let mut rig = rig();
    assert_eq!(rig.pushed(&push("p1", MSISDN)), PapCode::ACCEPTED);
    let letter = rig.asked(&Method::MESSAGE, SCSCF);
    assert_eq!((letter.body.as_slice(), letter.headers.get("Content-Type")), (PDU, Some(MMS_MEDIA_TYPE)));
    assert!(rig.world.asked.is_empty());
    rig.answer(SCSCF, &letter, 200);
    let (token, told) = rig.relay_asked();
    assert_eq!((told.method().as_str(), told.uri().to_string().as_str()), ("POST", NOTIFY));
    let heard = result(&told);
    assert_eq!((heard.push_id.as_str(), heard.message_state, heard.code), ("p1", MessageState::Delivered, PapCode::OK));
    // The relay is not there at first.
    rig.relay_says(token, 503, "text/plain", b"");
    rig.pass(Duration::from_secs(2));
    let (token, _) = rig.relay_asked();
    rig.relay_says(token, 204, "text/plain", b"");
    rig.pass(Duration::from_secs(60));
    assert!(rig.world.asked.is_empty() && rig.gateway.mms.len() == 0);
    // A UE that refuses, and one that is silent.
    for (id, status) in [("p2", Some(480)), ("p3", None)] {
        assert_eq!(rig.pushed(&push(id, MSISDN)), PapCode::ACCEPTED);
        let letter = rig.asked(&Method::MESSAGE, SCSCF);
        match status {
            Some(status) => rig.answer(SCSCF, &letter, status),
            None => rig.pass(Duration::from_secs(21)),
        }
        let (token, told) = rig.relay_asked();
        assert_eq!(result(&told).message_state, MessageState::Undeliverable);
        rig.relay_says(token, 200, "text/plain", b"");
    }
}

#[test]
fn pushes_that_cannot_be_are_refused_at_once() {
    let mut rig = rig();
    assert_eq!(rig.pushed(&push("p1", "358409999999")), PapCode::ADDRESS_NOT_FOUND);
    let mut text = push("p2", MSISDN);
    text.content = protocol::mime::Part::new("text/plain", b"Hello".to_vec());
    assert_eq!(rig.pushed(&text), PapCode::NOT_IMPLEMENTED);
    let mut elsewhere = push("p3", MSISDN);
    elsewhere.message.notify_to = Some("http://192.0.2.1/pap".to_owned());
    assert_eq!(rig.pushed(&elsewhere), PapCode::FORBIDDEN);
    let mut nobody = push("p4", MSISDN);
    nobody.message.addresses = vec!["somebody".to_owned()];
    assert_eq!(rig.pushed(&nobody), PapCode::ADDRESS_ERROR);
    nobody.message.addresses = [push("p4", MSISDN), push("p4", MSISDN)].map(|own| own.message.addresses).concat();
    assert_eq!(rig.pushed(&nobody), PapCode::MULTIPLE_ADDRESSES_NOT_SUPPORTED);
    assert_eq!(rig.pushed(&push("p5", MSISDN)), PapCode::ACCEPTED);
    assert_eq!(rig.pushed(&push("p5", MSISDN)), PapCode::DUPLICATE_PUSH_ID);
    let (kind, body) = push("p6", MSISDN).to_body(&mut Entropy::of_box(1, "relay"));
    assert_eq!(rig.post("192.0.2.1", &kind, body.clone()).status(), 403);
    let answer = rig.post(RELAY, &kind, body[..body.len() / 2].to_vec());
    assert_eq!(answer.status(), 202);
    assert!(String::from_utf8_lossy(answer.body()).contains("badmessage-response"));
}

#[test]
fn two_relays_on_one_host_push_each_their_own() {
    let mut config = with_mms();
    let mut far = config.mms.as_ref().unwrap().relays[1].clone();
    far.url = format!("http://{RELAY}:8080");
    config.mms.as_mut().unwrap().relays.push(far);
    let mut rig = Rig::with(config);
    rig.third_party(600, &format!("imsi={IMSI} msisdn={MSISDN}"));
    rig.response(200);
    for (id, notify) in [("p1", NOTIFY), ("p2", "http://10.46.0.71:8080/pap")] {
        let mut push = push(id, MSISDN);
        push.message.notify_to = Some(notify.to_owned());
        assert_eq!(rig.pushed(&push), PapCode::ACCEPTED);
        let letter = rig.asked(&Method::MESSAGE, SCSCF);
        rig.answer(SCSCF, &letter, 200);
        let (token, told) = rig.relay_asked();
        assert_eq!(told.uri().to_string(), notify);
        rig.relay_says(token, 200, "text/plain", b"");
    }
}
