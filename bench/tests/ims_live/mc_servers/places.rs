//! Who is where, and the settings of the processes.

use std::net::{Ipv4Addr, SocketAddr};
use std::ops::Range;

use protocol::Plmn;
use protocol::sip::EutranCell;

use super::super::lab::DOMAIN;

pub(super) const GROUP: &str = "sip:team@groups.example";
/// Users 0 and 1 are at server 1, the others at server 3.
pub(super) const TALKER: usize = 2;
pub(super) const LISTENERS: [usize; 3] = [0, 1, 3];
/// Who comes to where the bearer is later than the others.
pub(super) const LATE: usize = 3;
pub(super) const USERS: usize = 4;
pub(super) const SERVERS: [&str; 3] = ["mc1", "mc2", "mc3"];
/// Groups of M1.
pub(super) const M1: Range<u8> = 1..9;

pub(super) const fn server_of(user: usize) -> &'static str {
    if user < 2 { "mc1" } else { "mc3" }
}

pub(super) fn server_uri(server: &str) -> String {
    format!("sip:{server}.{DOMAIN}")
}

pub(super) fn mcptt_id(user: usize) -> String {
    format!("sip:user{user}@mcptt.example")
}

/// A cell with MBMS, or one without.
pub(super) fn cell(is_covered: bool) -> EutranCell {
    EutranCell { plmn: Plmn::new("001", "01").unwrap(), tac: 1, eci: if is_covered { 0x101 } else { 0x201 } }
}

/// Addresses of this process.
pub(super) fn address(last: u8) -> Ipv4Addr {
    let id = std::process::id();
    Ipv4Addr::new(127, 1 + (id >> 8) as u8 % 200, id as u8, last)
}

pub(super) fn address_of(process: &str) -> Ipv4Addr {
    address(match process {
        "mc1" => 51,
        "mc2" => 52,
        "mc3" => 53,
        "bmsc" => 31,
        _ => 32,
    })
}

/// Names that messages are routed by, and where they are.
fn hosts([_, mw, icscf, scscf, ..]: [u16; 6]) -> String {
    let cscfs = [("pcscf", mw), ("icscf", icscf), ("scscf", scscf)];
    let cscfs = cscfs.map(|(name, port)| (name, SocketAddr::from((Ipv4Addr::LOCALHOST, port))));
    let servers = SERVERS.map(|name| (name, SocketAddr::from((address_of(name), 5060))));
    let line = |(name, at): (&str, SocketAddr)| format!("'{name}.{DOMAIN}' = ['udp:{at}', 'tcp:{at}']\n");
    format!("[hosts]\n{}", cscfs.into_iter().chain(servers).map(line).collect::<String>())
}

/// CSCFs and what is behind the BM-SC.
pub(super) fn network(cscfs: &str, ports: [u16; 6]) -> String {
    let own = address_of("network");
    let (first, last) = (group(M1.start), group(M1.end - 1));
    let hosts = hosts(ports);
    // The process's own names are known to it.
    let hosts: String = hosts.lines().filter(|line| !line.contains("cscf")).map(|line| format!("{line}\n")).collect();
    format!(
        "nodes = ['pcscf', 'icscf', 'scscf', 'hss', 'mbms_gw', 'mce', 'enb']\n{cscfs}\
         [mbms_gw]\nlisten = ['{own}:3899']\npeers = [{{ host = 'bmsc.{DOMAIN}' }}]\nm3 = ['{own}:36444']\n\
         sgi_mb = '{own}'\nm1_source = '{own}'\nm1_groups = ['{first}', '{last}']\nrestoration_s = 20\n\
         [mce]\nm2 = ['{own}:36443']\n[[enb]]\naddress = '{own}'\n{hosts}"
    )
}

pub(super) fn bmsc() -> String {
    let (own, network) = (address_of("bmsc"), address_of("network"));
    format!(
        "nodes = ['bmsc']\ndatabase = 'bmsc.sqlite'\nhttp = '{own}:8080'\n[bmsc]\nlisten = ['{own}:3898']\n\
         accept_unknown = true\nplmn = ['001', '01']\nmb2u = '{own}'\nsgi_mb = '{own}:2153'\n\
         gateways = [{{ host = 'mbms-gw.{DOMAIN}', connect = '{network}:3899' }}]\n"
    )
}

/// A server; the second one has the bearer.
pub(super) fn server(name: &str, ports: [u16; 6]) -> String {
    let (own, bmsc, icscf) = (address_of(name), address_of("bmsc"), ports[2]);
    let users: Vec<_> = (0..USERS)
        .map(|n| {
            let (id, server) = (mcptt_id(n), server_of(n));
            format!("{{ mcptt_id = '{id}', impus = ['sip:user{n}@{DOMAIN}'], server = '{server}.{DOMAIN}' }}")
        })
        .collect();
    let members: Vec<_> = (0..USERS).map(|n| format!("'{}'", mcptt_id(n))).collect();
    let others: Vec<_> =
        SERVERS.iter().filter(|other| **other != name).map(|other| format!("'{other}.{DOMAIN}'")).collect();
    let bearers = match name {
        "mc2" => format!(
            "bmsc = {{ host = 'bmsc.{DOMAIN}', connect = '{bmsc}:3898' }}\n\
             bearers = [{{ areas = [1], bit_rate = 256000, qci = 1 }}]\n"
        ),
        _ => format!("discover = ['mc2.{DOMAIN}']\n"),
    };
    format!(
        "nodes = ['mc_server']\ndatabase = '{name}.sqlite'\nhttp = '{own}:8080'\n{hosts}\
         [[mc_server]]\nname = '{name}.{DOMAIN}'\nlisten = ['udp:{own}:5060', 'tcp:{own}:5060']\n\
         entry = 'sip:icscf.{DOMAIN}:{icscf}'\nservers = [{others}]\nusers = [{users}]\n\
         groups = [{{ id = '{GROUP}', server = 'mc3.{DOMAIN}', members = [{members}], ends_with_first = true }}]\n\
         [mc_server.mbms]\nmb2u = '{own}:49756'\ncells = [{{ cell = '{cell}', areas = [1] }}]\n\
         rule = {{ unicast_cost = 2, bearer_cost = 1, stop_after_ms = 100 }}\n{bearers}\
         patience_ms = 500\nlease_ms = 1500\nconversation_ms = 2000\nmap_repeat_ms = 200\nretry_s = 1\n",
        hosts = hosts(ports),
        others = others.join(", "),
        users = users.join(", "),
        members = members.join(", "),
        cell = cell(true),
    )
}

pub(super) fn group(last: u8) -> Ipv4Addr {
    Ipv4Addr::new(232, 46, 9, last)
}
