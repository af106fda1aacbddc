//! Registration by the IMS and its end (TR 23.804 clauses 8.7 and 8.8.1), and who may send.

use super::*;

#[test]
fn the_s_cscf_registers_a_user_and_ends_it() {
    let mut rig = Rig::new();
    rig.third_party(600, &format!("imsi={IMSI} msisdn={MSISDN}"));
    assert_eq!(rig.response(200).headers.get("Expires"), Some("600"));
    assert_eq!(rig.world.hlr.log, ["updateGprsLocation"]);
    // He registers again: the HLR knows.
    rig.third_party(600, &format!("imsi={IMSI} msisdn={MSISDN}"));
    rig.response(200);
    assert_eq!(rig.world.hlr.log.len(), 1);
    rig.restart(config());
    rig.third_party(0, "");
    rig.response(200);
    assert_eq!(rig.world.hlr.log, ["updateGprsLocation", "purgeMS"]);
    assert!(rig.world.rows.is_empty());
    // Of what is not there nothing ends.
    rig.third_party(0, "");
    rig.response(200);
    assert_eq!(rig.world.hlr.log.len(), 2);
}

#[test]
fn a_registration_is_ended_by_whom_it_was_begun() {
    let mut rig = Rig::new();
    rig.register(600);
    rig.third_party(0, &format!("imsi={IMSI} msisdn={MSISDN}"));
    rig.response(200);
    assert!(!rig.world.hlr.log.contains(&"purgeMS".to_owned()));
    assert!(rig.gateway.users.get(IMSI).is_some_and(|user| !user.access.is_ims()));
    // He goes over to the IMS, and what is left of R2 ends.
    rig.third_party(600, &format!("imsi={IMSI} msisdn={MSISDN}"));
    rig.response(200);
    assert_eq!(register(&mut rig.gateway, &mut rig.world, 0), Some(()));
    rig.response(200);
    assert!(!rig.world.hlr.log.contains(&"purgeMS".to_owned()));
    assert!(rig.gateway.users.get(IMSI).is_some_and(|user| user.access.is_ims()));
    rig.third_party(0, "");
    rig.response(200);
    assert_eq!((rig.gateway.users.len(), rig.world.hlr.log.last().map(String::as_str)), (0, Some("purgeMS")));
}

#[test]
fn the_guard_timer_ends_it_when_the_s_cscf_is_silent() {
    let mut rig = Rig::new();
    rig.third_party(600, &format!("imsi={IMSI}"));
    rig.response(200);
    // The MSISDN is that of the HLR.
    assert_eq!(rig.gateway.users.get(IMSI).unwrap().msisdn, MSISDN);
    rig.pass(Duration::from_secs(661));
    assert_eq!(rig.world.hlr.log, ["updateGprsLocation", "purgeMS"]);
    rig.is_silent();
    assert_eq!(rig.gateway.users.len(), 0);
}

#[test]
fn the_imsi_comes_from_the_copied_register_too() {
    let mut rig = Rig::new();
    let copied = format!(
        "REGISTER sip:ims.test SIP/2.0\r\nVia: SIP/2.0/UDP 1.2.3.4;branch=z9hG4bK1\r\nFrom: <sip:a@ims.test>;tag=1\r\nTo: \
         <sip:a@ims.test>\r\nCall-ID: c\r\nCSeq: 1 REGISTER\r\nAuthorization: Digest username=\"{IMSI}@ims.test\"\r\n\r\n"
    );
    let body = format!(
        "--b\r\nContent-Type: application/3gpp-ims+xml\r\n\r\n<ims-3gpp version=\"1\"><service-info>{MSISDN}</service-info>\
         </ims-3gpp>\r\n--b\r\nContent-Type: message/sip\r\n\r\n{copied}\r\n--b--\r\n"
    );
    let text = format!(
        "REGISTER sip:ipsmgw.ims.test SIP/2.0
        From: <sip:scscf.ims.test>;tag=s
        To: <sip:a@ims.test>
        Call-ID: third
        CSeq: 1 REGISTER
        Max-Forwards: 70
        Contact: <sip:{SCSCF}>
        Content-Type: multipart/mixed;boundary=b
        Expires: 600"
    );
    rig.world.data.msisdn = None;
    rig.request(SCSCF, &text, body.as_bytes());
    rig.response(200);
    assert_eq!(rig.gateway.users.get(IMSI).unwrap().msisdn, MSISDN);
    // Without any IMSI there is nobody whom the HLR could be told of.
    let other = text.replace("sip:a@", "sip:b@").replace("Call-ID: third", "Call-ID: fourth");
    rig.request(SCSCF, &other.replace("multipart/mixed;boundary=b", "text/plain"), b"x");
    rig.response(403);
}

#[test]
fn only_registered_users_send() {
    let mut rig = Rig::new();
    rig.message(SCSCF, "m1", "", &mo(1, "x"));
    rig.response(403);
    rig.third_party(600, &format!("imsi={IMSI} msisdn={MSISDN}"));
    rig.response(200);
    // A UE cannot say on R2 that it is one of the IMS.
    rig.message(UE, "m2", "P-Asserted-Identity: <sip:a@ims.test>", &mo(1, "x"));
    rig.response(403);
    rig.message(SCSCF, "m3", "", b"\x00");
    rig.response(400);
    rig.message(SCSCF, "m4", "Content-Encoding: gzip", &mo(1, "x"));
    rig.response(415);
    assert!(rig.world.forwarded.is_empty());
}

/// A registration that the HLR has not answered, and two messages that came meanwhile.
fn early(limits: IpMessageGwLimits) -> Rig {
    let mut own = IpMessageGwConfig { limits, ..config() };
    own.map.medium = Duration::from_secs(30);
    let mut rig = Rig::with(own);
    rig.world.hlr_is_silent = true;
    rig.third_party(600, &format!("imsi={IMSI} msisdn={MSISDN}"));
    rig.message(SCSCF, "m1", "", &mo(1, "x"));
    rig.message(SCSCF, "m2", "", &mo(2, "y"));
    rig
}

/// The HLR says at last what it has to.
pub(super) fn answered(rig: &mut Rig, answer: Result<(), UserError>) {
    let (dialogue, invoke_id) = rig.world.asked_in_silence.pop_front().unwrap();
    let hlr_number = number(HLR);
    let result = UpdateGprsLocationRes { hlr_number, mme_registered_for_sms: false, extensions: vec![] };
    let answer = answer.map(|()| OperationResult::UpdateGprsLocation(result));
    rig.world.hlr.map.answer(rig.world.now, dialogue, invoke_id, &answer).unwrap();
    rig.world.peers(&mut rig.gateway);
    rig.drain();
}

#[test]
fn what_comes_before_the_hlr_has_answered_waits() {
    let mut rig = early(IpMessageGwLimits::default());
    rig.is_silent();
    // Of somebody else nothing waits.
    let other = "MESSAGE sip:ipsmgw.ims.test SIP/2.0
        From: <sip:b@ims.test>;tag=u
        To: <sip:ipsmgw.ims.test>
        Call-ID: other
        CSeq: 1 MESSAGE
        Max-Forwards: 70
        Content-Type: application/vnd.3gpp.sms
        P-Asserted-Identity: <sip:b@ims.test>";
    rig.request(SCSCF, other, &mo(1, "x"));
    rig.response(403);
    answered(&mut rig, Ok(()));
    assert_eq!(rig.response(200).headers.get("CSeq"), Some("1 REGISTER"));
    for call_id in ["m1", "m2"] {
        assert_eq!(rig.response(202).call_id(), Some(call_id));
    }
    for (call_id, reference) in [("m1", 1), ("m2", 2)] {
        let (request, message) = rig.letter(SCSCF, 200);
        is_ack(&message);
        assert_eq!((message.reference, request.headers.get("In-Reply-To")), (reference, Some(call_id)));
    }
    rig.is_silent();
    assert_eq!((rig.world.forwarded.len(), rig.gateway.arrivals.waiting()), (2, 0));
}

#[test]
fn what_waits_is_refused_as_the_registration_is() {
    let system_failure = UserError::SystemFailure(None);
    for (error, register, message) in [(UserError::UnknownSubscriber(None), 403, 403), (system_failure, 500, 503)] {
        let mut rig = early(IpMessageGwLimits::default());
        answered(&mut rig, Err(error));
        rig.response(register);
        rig.response(message);
        assert_eq!(rig.response(message).headers.get("Retry-After"), (message == 503).then_some("10"));
        rig.is_silent();
        // Nobody is on his way any more.
        rig.message(SCSCF, "m3", "", &mo(3, "x"));
        rig.response(403);
    }
    // A store that writes nothing.
    let mut rig = early(IpMessageGwLimits::default());
    rig.world.store_fails = true;
    answered(&mut rig, Ok(()));
    [500, 503, 503].into_iter().for_each(|status| drop(rig.response(status)));
    assert!(rig.world.forwarded.is_empty());
}

#[test]
fn nothing_waits_without_bounds() {
    let limits = IpMessageGwLimits::default();
    for limits in [IpMessageGwLimits { early_per_user: 1, ..limits }, IpMessageGwLimits { early: 1, ..limits }] {
        let mut rig = early(limits);
        assert_eq!((rig.response(503).call_id(), rig.gateway.arrivals.waiting()), (Some("m2"), 1));
        rig.pass(Duration::from_secs(24));
        rig.is_silent();
        rig.pass(Duration::from_secs(1));
        assert_eq!((rig.response(504).call_id(), rig.gateway.arrivals.waiting()), (Some("m1"), 0));
        rig.pass(Duration::from_secs(10));
        assert_eq!(rig.response(504).headers.get("CSeq"), Some("1 REGISTER"));
        rig.is_silent();
    }
}

#[test]
fn both_ways_by_the_ims() {
    let mut rig = Rig::new();
    rig.third_party(600, &format!("imsi={IMSI} msisdn={MSISDN}"));
    rig.response(200);
    rig.message(SCSCF, "m1", "", &mo(7, "hello"));
    rig.response(202);
    let (request, message) = rig.letter(SCSCF, 200);
    is_ack(&message);
    assert_eq!((request.uri.to_string().as_str(), request.headers.get("In-Reply-To")), ("sip:a@ims.test", Some("m1")));
    assert_eq!(request.headers.get("Route"), Some(format!("<sip:{SCSCF};lr>").as_str()));
    assert_eq!(rig.world.forwarded[0].sm_rp_oa, SmRpOa::Msisdn(number(MSISDN)));
    rig.mt(&deliver("hi"), false);
    let (request, message) = rig.letter(SCSCF, 200);
    for (name, value) in [
        ("P-Asserted-Identity", "<sip:ipsmgw.ims.test>"),
        ("Accept-Contact", "*;+g.3gpp.smsip;require;explicit"),
        ("Request-Disposition", "no-fork"),
        ("Content-Type", "application/vnd.3gpp.sms"),
        ("Content-Transfer-Encoding", "binary"),
    ] {
        assert_eq!(request.headers.get(name), Some(value), "{name}");
    }
    assert_eq!(request.headers.get("In-Reply-To"), None);
    assert_eq!(message.user_data(), Some(&deliver("hi")[..]));
    rig.message(SCSCF, "r1", &format!("In-Reply-To: {}", request.call_id().unwrap()), &ack(message.reference));
    rig.response(202);
    assert!(rig.outcome().is_ok());
}

#[test]
fn the_tel_uri_is_used_where_that_is_wanted() {
    let mut rig = Rig::with(IpMessageGwConfig { uses_tel_uri: true, ..config() });
    rig.third_party(600, &format!("imsi={IMSI} msisdn={MSISDN}"));
    rig.response(200);
    rig.mt(&deliver("hi"), false);
    let (request, _) = rig.letter(SCSCF, 200);
    assert_eq!(request.uri.to_string(), format!("tel:+{MSISDN}"));
}
