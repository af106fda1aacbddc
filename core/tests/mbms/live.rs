//! BM-SC, MBMS-GW, MCE and eNBs in one process, with application servers, eNBs and captures outside.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::mpsc::sync_channel;
use std::time::Duration;

use core_network::net::NetTap;
use protocol::diameter::mb2c::MbmsBearerResponse;
use protocol::diameter::mb2c::mask::MbmsBearerResult;
use protocol::{GTPU_PORT, GtpuPacket, Joint, SyncRepr, UdpDatagram};

use super::client::Client;
use super::listener::listener;
use super::pace::{quantile, times_to_m1};
use super::process::{ALL, GROUPS, Running, address, config, page};

const PATIENCE: Duration = Duration::from_secs(20);

/// Starts a bearer, once all nodes have found each other.
pub(crate) fn begin(client: &mut Client) -> MbmsBearerResponse {
    assert!(client.until(PATIENCE, |client| client.is_up()), "no connection of MB2-C");
    let mut bearer = None;
    client.until(PATIENCE, |client| {
        let started = client.start();
        let is_success = started.result.unwrap_or(MbmsBearerResult::SUCCESS) == MbmsBearerResult::SUCCESS;
        bearer = Some(started).filter(|_| is_success);
        is_success
    });
    bearer.expect("a bearer")
}

#[test]
fn from_an_application_server_to_ip_multicast() {
    let (ip, folder) = (address(0), tempfile::tempdir().unwrap());
    let (tap, seen) = sync_channel(100_000);
    let running = Running::start(&config(ALL, ip, "core.sqlite"), ip, folder.path(), Some(NetTap::new(tap)));
    let mut client = Client::new(ip, 1);
    let other_enb = listener(ip, GROUPS.0);
    let bearer = begin(&mut client);
    assert!(page(ip, "/health").unwrap().starts_with("HTTP/1.1 200"));

    let to = bearer.provisioning.as_ref().unwrap().socket().unwrap();
    let port = SocketAddr::new(bearer.addresses[0], bearer.port.unwrap());
    let payloads: Vec<Vec<u8>> = (0..20).map(|n| vec![n; 160]).collect();
    payloads.iter().for_each(|payload| client.datagram(port, to, payload));
    let mut heard = Vec::new();
    let mut buffer = [0; 2048];
    while heard.len() < payloads.len() {
        let (count, from) = other_enb.recv_from(&mut buffer).expect("M1");
        assert_eq!(from, SocketAddr::from((ip, GTPU_PORT)));
        let packet = GtpuPacket::new_checked(&buffer[..count]).unwrap();
        if let Ok(SyncRepr::UserData { payload, .. }) = SyncRepr::parse(packet.payload()) {
            heard.push(UdpDatagram::parse(payload).unwrap().payload.to_vec());
        }
    }
    assert_eq!(heard, payloads);
    // Both eNBs of the process hear the group, too.
    assert!(client.until(PATIENCE, |_| ["enb1", "enb2"].iter().all(|enb| running.figure(enb, "m1_datagrams") >= 20)));
    assert_eq!([running.figure("mce", "enbs"), running.figure("mbms-gw", "mces")], [2, 1]);

    let stopped = client.stop(&bearer);
    assert!(stopped.outcome.result.is_success(), "{stopped:?}");
    let nodes = [("bmsc", "bearers"), ("bmsc", "tmgis"), ("mbms-gw", "mbms_sessions"), ("mce", "mbms_sessions")];
    assert!(client.until(PATIENCE, |_| nodes.iter().all(|(node, what)| running.figure(node, what) == 0)));
    running.stop();

    let events: Vec<_> = seen.try_iter().collect();
    let joints: BTreeSet<Joint> = events.iter().map(|event| event.joint).collect();
    let all = [Joint::M1, Joint::Mb2C, Joint::Mb2U, Joint::SgMb, Joint::SgiMb, Joint::M3, Joint::M2];
    assert_eq!(joints, BTreeSet::from(all), "{joints:?}");
    for event in &events {
        let boxes = (event.from.as_str(), event.to.as_str());
        let is_between = match event.joint {
            Joint::M3 => matches!(boxes, ("mbms-gw", "mce") | ("mce", "mbms-gw")) && event.channel.starts_with("sctp "),
            Joint::M2 => matches!(boxes, ("mce", "enb1" | "enb2") | ("enb1" | "enb2", "mce")),
            Joint::SgMb => matches!(boxes, ("bmsc", "mbms-gw") | ("mbms-gw", "bmsc")),
            Joint::SgiMb => boxes == ("bmsc", "mbms-gw"),
            Joint::M1 => boxes.0 == "mbms-gw" && UdpDatagram::parse(&event.bytes).is_ok(),
            _ => boxes.0 == "bmsc" || boxes.1 == "bmsc",
        };
        assert!(is_between, "{event:?}");
    }
    assert!(events.iter().filter(|event| event.joint == Joint::M1).count() >= 20);
}

/// The long form, with figures in `perf_bearer_live.json`: `make bench ARGS='--bench bearer_live'`.
#[test]
fn data_are_on_m1_soon_after_the_request() {
    let folder = tempfile::tempdir().unwrap();
    let rounds = std::env::var("CASTBENCH_ROUNDS").ok().map_or(20, |rounds| rounds.parse().unwrap());
    let times = times_to_m1(address(1), folder.path(), rounds);
    let [median, p99] = [0.5, 0.99].map(|part| quantile(&times, part));
    println!("{rounds} bearers: median {median:.1} ms, 99th percentile {p99:.1} ms");
    // Where tests run at once and unoptimised, the machine is the limit.
    assert!(median < 250.0, "{times:?} ms");
}
