//! A messaging server on its own, its store and its clock.

mod crash;
mod deferred;
mod list;

use std::collections::BTreeMap;

use protocol::Entropy;
use protocol::sip::Request;

use super::{MessagingConfig, MessagingServer};
use crate::ims::rig::Rig;
use crate::node::Table;

const SCSCF: &str = "10.46.0.3:5060";
const ICSCF: &str = "10.46.0.2:5060";
const OWN: &str = "10.46.0.14:5060";
/// 2026-11-22T00:00:00Z.
const START_MS: u64 = 1_795_305_600_000;

type RowMap = BTreeMap<(Table, String), Vec<u8>>;

fn config() -> MessagingConfig {
    let mut config = MessagingConfig::new("sip:messaging.ims.test", OWN.parse().unwrap());
    config.trusted = vec!["10.46.0.2".parse().unwrap(), "10.46.0.3".parse().unwrap()];
    config.next_hop = Some(format!("sip:{ICSCF}"));
    config.reach.domains = vec!["ims.test".to_owned()];
    config.utc_ms_at_zero = START_MS;
    config
}

fn server(config: MessagingConfig, rows: RowMap) -> Rig<MessagingServer> {
    let node = MessagingServer::new(config, Entropy::of_box(1, "messaging")).unwrap();
    Rig::new(node, OWN, rows)
}

fn rig() -> Rig<MessagingServer> {
    server(config(), RowMap::new())
}

/// A MESSAGE of a to b as the S-CSCF sends it on ISC; `n` names it.
fn message(n: u32, state: &str, headers: &str, body: &str) -> String {
    let headers = if headers.contains("Content-Type") {
        headers.to_owned()
    } else {
        format!("Content-Type: text/plain\n{headers}")
    };
    let headers = headers.trim_end();
    let crlf = body.replace('\n', "\r\n").len();
    format!(
        "MESSAGE sip:b@ims.test SIP/2.0
        Via: SIP/2.0/UDP {SCSCF};branch=z9hG4bKm{n}
        Route: <sip:messaging.ims.test;lr>, <sip:odi@{SCSCF};lr>
        Max-Forwards: 68
        From: <sip:a@ims.test>;tag=a{n}
        To: <sip:b@ims.test>
        Call-ID: call-{n}
        CSeq: 1 MESSAGE
        P-Asserted-Identity: <sip:a@ims.test>
        P-Served-User: <sip:b@ims.test>;sescase=term;regstate={state}
        {headers}
        Content-Length: {length}

        {body}",
        length = crlf + 2,
    )
}

/// A third-party registration of b.
fn register(rig: &mut Rig<MessagingServer>, n: u32, expires: u32) {
    let text = format!(
        "REGISTER sip:messaging.ims.test SIP/2.0
        Via: SIP/2.0/UDP {SCSCF};branch=z9hG4bKr{n}
        Max-Forwards: 70
        From: <sip:scscf.ims.test>;tag=s{n}
        To: <sip:b@ims.test>
        Call-ID: reg-{n}
        CSeq: 1 REGISTER
        Contact: <sip:scscf.ims.test>
        Expires: {expires}
        Content-Length: 0

        "
    );
    rig.udp(SCSCF, &text);
    rig.response(200, SCSCF);
}

fn text(request: &Request) -> String {
    String::from_utf8(request.body.clone()).unwrap().trim_end().to_owned()
}

/// Rows that still wait.
fn waiting(rig: &Rig<MessagingServer>) -> usize {
    let is_open = |value: &[u8]| String::from_utf8_lossy(value).contains("\"done\":false");
    rig.rows.values().filter(|value| is_open(value)).count()
}
