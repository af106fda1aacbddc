//! A P-CSCF between scripted peers, in virtual time.

mod originating;
mod reg_event;
mod register;
mod release;
mod sec_agree;
mod terminating;

use std::collections::BTreeMap;

use protocol::Entropy;
use protocol::sip::{HostTable, Request, SipTimers, Transport};

use super::{GmSecurity, HomeNetwork, Pcscf, PcscfConfig};
use crate::ims::rig::Rig;
use crate::node::{Node, Table};

const PCSCF: &str = "10.47.0.1:5060";
const UE: &str = "10.45.0.1:5060";
const ICSCF: &str = "10.46.0.2:5060";
const SCSCF: &str = "10.46.0.3:5060";
const IMPU: &str = "sip:user1@home.net";

fn config() -> PcscfConfig {
    PcscfConfig {
        name: "pcscf.visited.net".to_owned(),
        gm: vec![(Transport::Udp, PCSCF.parse().unwrap()), (Transport::Tcp, PCSCF.parse().unwrap())],
        mw: Vec::new(),
        trusted: vec!["10.46.0.2".parse().unwrap(), "10.46.0.3".parse().unwrap()],
        network: "visited.net".to_owned(),
        homes: vec![HomeNetwork { domain: "home.net".to_owned(), entry: "icscf.home.net".to_owned() }],
        security: GmSecurity::Off,
        hosts: HostTable::new()
            .with("as.home.net", "10.46.0.5:5060".parse().unwrap(), Transport::Udp)
            .with("icscf.home.net", ICSCF.parse().unwrap(), Transport::Udp)
            .with("scscf.home.net", SCSCF.parse().unwrap(), Transport::Udp),
        timers: SipTimers::default(),
        subscribe_reg: false,
        session_expires: None,
        emergency_numbers: vec!["112".to_owned()],
        utc_ms_at_zero: 1_800_000_000_000,
    }
}

fn rig_of(config: PcscfConfig) -> Rig<Pcscf> {
    rig_with(config, BTreeMap::new())
}

fn rig_with(config: PcscfConfig, rows: BTreeMap<(Table, String), Vec<u8>>) -> Rig<Pcscf> {
    Rig::new(Pcscf::new(config, Entropy::from_seed([7; 32])), PCSCF, rows)
}

/// A REGISTER of the UE; `more` are further header lines.
fn register(branch: &str, expires: u32, more: &str) -> String {
    format!(
        "REGISTER sip:home.net SIP/2.0
        Via: SIP/2.0/UDP 10.45.0.1:5060;branch=z9hG4bK{branch};rport
        Max-Forwards: 70
        From: <{IMPU}>;tag=a
        To: <{IMPU}>
        Call-ID: r1
        CSeq: 1 REGISTER
        Contact: <sip:user1@10.45.0.1:5060>;expires={expires}
        {more}
        Content-Length: 0

"
    )
    .lines()
    .filter(|line| !line.trim().is_empty())
    .collect::<Vec<_>>()
    .join("\n")
}

/// Registers the UE; gives the URI that the S-CSCF has got as Path.
fn registered(rig: &mut Rig<Pcscf>) -> String {
    rig.udp(UE, &register("reg", 3600, ""));
    let request = rig.request("REGISTER", ICSCF);
    let path = request.headers.get("Path").unwrap().to_owned();
    accept(rig, &request, 3600);
    rig.response(200, UE);
    path
}

fn accept(rig: &mut Rig<Pcscf>, request: &Request, expires: u32) {
    rig.answer(
        ICSCF,
        request,
        200,
        &[
            ("Contact", &format!("<sip:user1@10.45.0.1:5060>;expires={expires}")),
            ("Path", request.headers.get("Path").unwrap()),
            ("Service-Route", "<sip:orig@scscf.home.net;lr>"),
            ("P-Associated-URI", "<sip:user1@home.net>, <tel:+999123>"),
            ("P-Charging-Vector", "icid-value=x"),
        ],
    );
}

/// The token in the URI of Path.
fn token(path: &str) -> String {
    path.trim_start_matches("<sip:").split('@').next().unwrap().to_owned()
}

/// An INVITE of the UE.
fn invite(more: &str) -> String {
    request_of_ue("INVITE", "sip:user2@home.net", "inv", more)
}

/// A request of the UE outside dialogs.
fn request_of_ue(method: &str, uri: &str, branch: &str, more: &str) -> String {
    format!(
        "{method} {uri} SIP/2.0
        Via: SIP/2.0/UDP 10.45.0.1:5060;branch=z9hG4bK{branch};rport
        Max-Forwards: 70
        From: <{IMPU}>;tag=ue
        To: <sip:user2@home.net>
        Call-ID: c1
        CSeq: 5 {method}
        Contact: <sip:user1@10.45.0.1:5060>
        {more}
        Content-Length: 0"
    )
    .lines()
    .filter(|line| !line.trim().is_empty())
    .collect::<Vec<_>>()
    .join("\n")
}

/// A request of the S-CSCF for the UE, by the Path of its registration.
fn request_for_ue(method: &str, path: &str, branch: &str, more: &str) -> String {
    format!(
        "{method} sip:user1@10.45.0.1:5060 SIP/2.0
        Via: SIP/2.0/UDP 10.46.0.3:5060;branch=z9hG4bK{branch}
        Max-Forwards: 68
        Route: {path}
        From: <sip:user2@home.net>;tag=peer
        To: <{IMPU}>
        Call-ID: c2
        CSeq: 9 {method}
        Contact: <sip:user2@10.45.0.2:5060>
        {more}
        Content-Length: 0"
    )
    .lines()
    .filter(|line| !line.trim().is_empty())
    .collect::<Vec<_>>()
    .join("\n")
}
