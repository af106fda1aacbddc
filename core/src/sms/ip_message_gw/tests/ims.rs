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
