//! MB2-U to SGi-mb: what comes before the bearer is active waits and goes first, in SYNC PDUs whose CRCs hold.

use protocol::diameter::mb2c::mask::MbmsBearerResult as R;
use protocol::diameter::mbms::provisioning::ServiceProvisioning;
use protocol::{SyncRepr, UdpDatagram};

use super::*;

/// An IP packet to a service.
fn packet(service: &ServiceProvisioning, payload: &[u8]) -> Vec<u8> {
    UdpDatagram { source: (ip(21), 5000).into(), destination: service.socket().unwrap(), payload }.emit().unwrap()
}

/// What the SYNC PDUs that an MBMS-GW has got carry, with their packet numbers and timestamps.
pub(super) fn carried(net: &Net, gateway: &str) -> Vec<(u16, u16, Vec<u8>)> {
    let datagrams = net.at(gateway).datagrams.clone();
    let pdus = datagrams.iter().filter_map(|octets| match SyncRepr::parse(octets).unwrap() {
        SyncRepr::UserData { header, payload } => {
            Some((header.timestamp.0, header.packet_number, UdpDatagram::parse(payload).unwrap().payload.to_vec()))
        }
        _ => None,
    });
    pdus.collect()
}

#[test]
fn what_comes_early_waits_and_goes_first() {
    let mut config = config();
    config.activation_wait = Duration::from_millis(100);
    let mut net = Net::with(config);
    net.at(GW).is_silent = true;
    let bearer = net.bearer(AS, start(None, &[2]));
    assert_eq!(result_of(&bearer), R::SUCCESS, "the other gateway is not silent");
    let tmgi = net.tmgis(AS, 1)[0];
    let early = net.bearer(AS, start(Some(tmgi), &[1]));
    assert_eq!(result_of(&early), R::SUCCESS.with(R::ACTIVATION_ONGOING));
    let service = early.provisioning.clone().unwrap();
    for n in 0..3u8 {
        net.at(AS).datagrams_to_send.push_back((early.port.unwrap(), packet(&service, &[n])));
    }
    net.run_ms(50);
    assert!(carried(&net, GW).is_empty());
    net.at(GW).is_silent = false;
    net.run_ms(3000);
    net.at(AS).datagrams_to_send.push_back((early.port.unwrap(), packet(&service, &[3])));
    net.run_ms(1000);
    let payloads: Vec<_> = carried(&net, GW).into_iter().map(|(_, _, payload)| payload).collect();
    assert_eq!(payloads, [[0], [1], [2], [3]]);
    // Each sequence is closed, an empty one, too (TS 25.446 clause 5.4.2.1): at least two in a second, of each bearer.
    let closed = net.at(GW).datagrams.iter().filter(|octets| octets[0] >> 4 != 1).count();
    assert!(closed >= 4, "{closed}");
    assert_eq!((net.figure("mb2u_packets_queued"), net.figure("mb2u_packets_sent")), (3, 4));
    net.bearer(AS, again(StartStop::Stop, &early));
    net.at(AS).datagrams_to_send.push_back((early.port.unwrap(), packet(&service, &[4])));
    net.run_ms(100);
    assert_eq!((carried(&net, GW).len(), net.figure("mb2u_packets_refused")), (4, 1));
}

#[test]
fn a_queue_has_a_bound_and_packets_for_others_are_refused() {
    let mut config = config();
    config.queue_octets = 100;
    config.activation_wait = Duration::from_millis(100);
    let mut net = Net::with(config);
    net.at(GW).is_silent = true;
    let bearer = net.bearer(AS, start(None, &[1]));
    let (service, port) = (bearer.provisioning.clone().unwrap(), bearer.port.unwrap());
    let mut other = service.clone();
    other.address = Some([239, 200, 0, 1].into());
    let long = packet(&service, &[0; 1480]);
    let bad = [packet(&other, &[9]), b"no IP".to_vec(), Vec::new(), long, packet(&service, &[9])[..28].to_vec()];
    for bytes in bad {
        net.at(AS).datagrams_to_send.push_back((port, bytes));
    }
    // 33 octets each: three fit.
    for n in 0..5u8 {
        net.at(AS).datagrams_to_send.push_back((port, packet(&service, &[n; 5])));
    }
    net.run_ms(100);
    assert_eq!((net.figure("mb2u_packets_refused"), net.figure("mb2u_packets_overflowed")), (5, 2));
    net.at(GW).is_silent = false;
    net.run_ms(3000);
    let payloads: Vec<_> = carried(&net, GW).into_iter().map(|(_, _, payload)| payload).collect();
    assert_eq!(payloads, [[2; 5], [3; 5], [4; 5]]);
}

#[test]
fn both_gateways_get_the_same_and_a_restart_repeats_no_packet_number() {
    let mut net = Net::new();
    let bearer = net.bearer(AS, start(None, &[2]));
    let (service, port) = (bearer.provisioning.clone().unwrap(), bearer.port.unwrap());
    for n in 0..20u8 {
        net.at(AS).datagrams_to_send.push_back((port, packet(&service, &[n])));
        net.run_ms(20);
        if n == 9 {
            net.restart();
            net.run_ms(500);
        }
    }
    net.run_ms(1000);
    let got = carried(&net, GW);
    assert_eq!(got, carried(&net, GW2));
    assert_eq!(got.iter().map(|(.., payload)| payload[0]).collect::<Vec<_>>(), (0..20).collect::<Vec<u8>>());
    let mut numbers: Vec<_> = got.iter().map(|(timestamp, number, _)| (*timestamp, *number)).collect();
    numbers.dedup();
    assert_eq!(numbers.len(), 20, "{numbers:?}");
    assert!(numbers.is_sorted(), "{numbers:?}");
}
