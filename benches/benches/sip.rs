//! What a message costs to read, to look into and to write: REGISTER with AKA, INVITE with a session description.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use protocol::sip::sdp::Sdp;
use protocol::sip::{Credentials, SipMessage, StreamFramer};

const REGISTER: &str = "REGISTER sip:ims.mnc001.mcc001.3gppnetwork.org SIP/2.0\n\
    Via: SIP/2.0/UDP 10.45.0.1:5060;branch=z9hG4bKnashds7;rport\n\
    Max-Forwards: 70\n\
    From: <sip:+999001@ims.mnc001.mcc001.3gppnetwork.org>;tag=4fa3\n\
    To: <sip:+999001@ims.mnc001.mcc001.3gppnetwork.org>\n\
    Call-ID: apb03a0s09dkjdfglkj49111\n\
    CSeq: 2 REGISTER\n\
    Contact: <sip:10.45.0.1:5060>;+sip.instance=\"<urn:gsma:imei:35684507-012345-0>\";+g.3gpp.smsip;expires=600000\n\
    Authorization: Digest username=\"001010000000001@ims.mnc001.mcc001.3gppnetwork.org\",\
    realm=\"ims.mnc001.mcc001.3gppnetwork.org\",nonce=\"YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXoxMjM0NTY=\",\
    uri=\"sip:ims.mnc001.mcc001.3gppnetwork.org\",response=\"6629fae49393a05397450978507c4ef1\",algorithm=AKAv1-MD5,\
    qop=auth,nc=00000001,cnonce=\"0a4f113b\"\n\
    P-Access-Network-Info: 3GPP-E-UTRAN-FDD;utran-cell-id-3gpp=0010100010000001\n\
    Supported: path, gruu\n\
    Content-Length: 0\n\n";

const INVITE: &str = "INVITE sip:+999002@ims.mnc001.mcc001.3gppnetwork.org SIP/2.0\n\
    Via: SIP/2.0/UDP 10.46.0.3;branch=z9hG4bK344a65.1\n\
    Via: SIP/2.0/UDP 10.46.0.1;branch=z9hG4bK120f34.1\n\
    Via: SIP/2.0/UDP 10.45.0.1:5060;branch=z9hG4bKnashds7;rport=5060;received=10.45.0.1\n\
    Max-Forwards: 68\n\
    Route: <sip:10.46.0.5;lr>, <sip:cb03a0s09a2sdfglkj490333@10.46.0.3;lr;orig>\n\
    Record-Route: <sip:10.46.0.3;lr>, <sip:10.46.0.1;lr>\n\
    P-Asserted-Identity: \"John Doe\" <sip:+999001@ims.mnc001.mcc001.3gppnetwork.org>, <tel:+999001>\n\
    P-Charging-Vector: icid-value=\"AyretyU0dm+6O2IrT5tAFrbHLso=023551024\";orig-ioi=home1.net\n\
    P-Access-Network-Info: 3GPP-E-UTRAN-FDD;utran-cell-id-3gpp=0010100010000001\n\
    From: <sip:+999001@ims.mnc001.mcc001.3gppnetwork.org>;tag=171828\n\
    To: <tel:+999002>\n\
    Call-ID: cb03a0s09a2sdfglkj490333\n\
    CSeq: 127 INVITE\n\
    Require: sec-agree\n\
    Supported: precondition, 100rel, timer\n\
    Session-Expires: 1800;refresher=uac\n\
    Accept-Contact: *;+g.3gpp.icsi-ref=\"urn%3Aurn-7%3A3gpp-service.ims.icsi.mmtel\"\n\
    Contact: <sip:10.45.0.1:5060>;+g.3gpp.icsi-ref=\"urn%3Aurn-7%3A3gpp-service.ims.icsi.mmtel\"\n\
    Allow: INVITE, ACK, CANCEL, BYE, PRACK, UPDATE, MESSAGE\n\
    Content-Type: application/sdp\n\
    Content-Length: 278\n\n\
    v=0\n\
    o=- 2987933615 2987933615 IN IP4 10.45.0.1\n\
    s=-\n\
    c=IN IP4 10.45.0.1\n\
    t=0 0\n\
    m=audio 3456 RTP/AVP 97 96\n\
    b=AS:41\n\
    a=rtpmap:97 AMR-WB/16000/1\n\
    a=fmtp:97 mode-change-capability=2;max-red=220\n\
    a=rtpmap:96 telephone-event/8000\n\
    a=maxptime:240\n\
    a=curr:qos local none\n\
    a=sendrecv\n";

fn wire(text: &str) -> Vec<u8> {
    let (head, body) = text.split_once("\n\n").expect("an empty line");
    let body = body.replace('\n', "\r\n");
    let head = head.replace('\n', "\r\n").replace("Content-Length: 278", &format!("Content-Length: {}", body.len()));
    format!("{head}\r\n\r\n{body}").into_bytes()
}

fn messages(c: &mut Criterion) {
    let mut group = c.benchmark_group("sip");
    for (name, octets) in [("register", wire(REGISTER)), ("invite", wire(INVITE))] {
        group.throughput(Throughput::Bytes(octets.len() as u64));
        let message = SipMessage::parse(&octets).expect("a message");
        assert_eq!(message.to_bytes(), octets);
        group.bench_function(BenchmarkId::new("parse", name), |b| b.iter(|| SipMessage::parse(&octets)));
        let request = message.as_request().expect("a request");
        group.bench_function(BenchmarkId::new("check", name), |b| b.iter(|| request.check()));
        group.bench_function(BenchmarkId::new("emit", name), |b| b.iter(|| message.to_bytes()));
        // What a proxy does to a request at the least: read, check, its Via on top, one hop less, write.
        let relay = || {
            let Ok(SipMessage::Request(mut request)) = SipMessage::parse(&octets) else { return Vec::new() };
            if request.check().is_err() {
                return Vec::new();
            }
            let hops = request.max_forwards().ok().flatten().unwrap_or(70);
            request.headers.set("Max-Forwards", &hops.saturating_sub(1).to_string());
            request.headers.pop_first_value("Route");
            request.headers.prepend("Via", "SIP/2.0/UDP 10.46.0.4;branch=z9hG4bKother.1");
            request.to_bytes()
        };
        assert!(!relay().is_empty());
        group.bench_function(BenchmarkId::new("relay", name), |b| b.iter(relay));
        group.bench_function(BenchmarkId::new("frame", name), |b| {
            b.iter(|| {
                let mut framer = StreamFramer::new(protocol::sip::Limits::default());
                framer.push(&octets);
                framer.poll()
            });
        });
    }
    group.finish();
}

fn parts(c: &mut Criterion) {
    let register = SipMessage::parse(&wire(REGISTER)).expect("a message");
    let authorization = register.headers().get("Authorization").expect("credentials").to_owned();
    let credentials = Credentials::parse(&authorization).expect("credentials");
    let method = protocol::sip::Method::REGISTER;
    c.bench_function("sip/digest/verify", |b| b.iter(|| credentials.verify(&[1; 8], &method, b"")));
    let invite = SipMessage::parse(&wire(INVITE)).expect("a message");
    let body = &invite.as_request().expect("a request").body;
    c.bench_function("sip/sdp/parse", |b| b.iter(|| Sdp::parse(body)));
}

criterion_group!(benches, messages, parts);
criterion_main!(benches);
