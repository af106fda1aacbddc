//! How long it takes from the GAR of an application server, with TMGI, bearer and a datagram on MB2-U that waits for it, to
//! the first user data on M1.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant as StdInstant};

use protocol::diameter::mb2c::GcsActionRequest;
use protocol::diameter::mb2c::mask::MbmsBearerResult;
use protocol::diameter::mbms::provisioning::{AllocationMode, ServiceProvisioning};
use protocol::{GtpuPacket, Plmn, SyncRepr, Tmgi};

use super::client::{Client, start, stop};
use super::listener::listener;
use super::process::{ALL, Running, config};

const PATIENCE: Duration = Duration::from_secs(20);

/// Ports of MB2-U: each start takes the one that has rested longest, and only the BM-SC knows which that is.
const MB2U: std::ops::RangeInclusive<u16> = 24_000..=24_003;
const GROUPS: u8 = 4;

/// Milliseconds of each of these rounds, sorted.
#[expect(clippy::disallowed_methods, reason = "what is measured is time on the wall")]
pub(crate) fn times_to_m1(ip: Ipv4Addr, folder: &Path, rounds: usize) -> Vec<f64> {
    let text = config(ALL, ip, "core.sqlite")
        .replace("mb2u_ports = [24000, 24031]", "mb2u_ports = [24000, 24003]")
        .replace("m1_groups = ['232.46.7.1', '232.46.7.200']", "m1_groups = ['232.46.7.1', '232.46.7.4']");
    assert!(text.contains("24003") && text.contains("232.46.7.4"));
    let running = Running::start(&text, ip, folder, None);
    let heard = hear(ip);
    let mut client = Client::new(ip, 1);
    assert!(client.until(PATIENCE, |client| client.is_up()), "no connection of MB2-C");
    // Until MCE and eNBs have found each other.
    assert!(client.until(PATIENCE, |_| running.figure("mce", "enbs") == 2 && running.figure("mbms-gw", "mces") == 1));
    let mut times = Vec::new();
    for round in 0..rounds {
        while heard.try_recv().is_ok() {}
        // What the one before had may not be free yet.
        let service = SocketAddr::from(([239, 1, (round >> 8) as u8, round as u8], 5004));
        let tmgi = tmgi(round);
        let sender = Sender::new(ip, service);
        let begun = StdInstant::now();
        client.send(assigned(tmgi, service));
        let at = std::thread::scope(|scope| {
            scope.spawn(|| sender.run());
            let at = heard.recv_timeout(PATIENCE);
            sender.has_ended.store(true, Ordering::Relaxed);
            at
        });
        let Ok(at) = at else { panic!("round {round}: nothing on M1, {:?}", client.answer(PATIENCE)) };
        let answer = client.answer(PATIENCE).expect("an answer");
        let bearer = &answer.bearers[0];
        assert_eq!(bearer.result.unwrap_or(MbmsBearerResult::SUCCESS), MbmsBearerResult::SUCCESS, "round {round}");
        assert!(MB2U.contains(&bearer.port.unwrap()) && bearer.tmgi == Some(tmgi));
        times.push((at - begun).as_secs_f64() * 1000.0);
        assert!(client.ask(stop(bearer)).outcome.result.is_success());
    }
    assert!(
        client.until(PATIENCE, |_| ["mbms-gw", "mce"].iter().all(|node| running.figure(node, "mbms_sessions") == 0))
    );
    running.stop();
    times.sort_by(f64::total_cmp);
    times
}

pub(crate) fn tmgi(round: usize) -> Tmgi {
    let [.., a, b, c] = (round as u32 + 1).to_be_bytes();
    Tmgi { service_id: [a, b, c], plmn: Plmn::new("262", "01").unwrap() }
}

/// TMGI, address and port of the application server: only so can it send before it is answered.
pub(crate) fn assigned(tmgi: Tmgi, service: SocketAddr) -> GcsActionRequest {
    let mut gar = start();
    let provisioning = ServiceProvisioning {
        tmgi: Some(tmgi),
        mode: Some(AllocationMode::AsAssigned),
        address: Some(service.ip()),
        port: Some(service.port()),
        ..ServiceProvisioning::default()
    };
    gar.bearers[0].tmgi = Some(tmgi);
    gar.bearers[0].provisioning = Some(provisioning);
    gar
}

/// Sends a datagram of the service to all ports of MB2-U, again and again.
struct Sender {
    socket: UdpSocket,
    ip: Ipv4Addr,
    packet: Vec<u8>,
    has_ended: AtomicBool,
}

impl Sender {
    fn new(ip: Ipv4Addr, destination: SocketAddr) -> Self {
        let source = SocketAddr::from((ip, 5004));
        let packet = protocol::UdpDatagram { source, destination, payload: &[1; 160] }.emit().unwrap();
        let socket = UdpSocket::bind((ip, 0)).unwrap();
        Self { socket, ip, packet, has_ended: AtomicBool::new(false) }
    }

    fn run(&self) {
        while !self.has_ended.load(Ordering::Relaxed) {
            for port in MB2U {
                self.socket.send_to(&self.packet, (self.ip, port)).unwrap();
            }
            std::thread::park_timeout(Duration::from_millis(1));
        }
    }
}

/// When user data come on M1.
#[expect(clippy::disallowed_methods, reason = "what is measured is time on the wall")]
fn hear(ip: Ipv4Addr) -> Receiver<StdInstant> {
    let (sender, heard) = channel();
    for n in 1..=GROUPS {
        let (socket, sender) = (listener(ip, Ipv4Addr::new(232, 46, 7, n)), sender.clone());
        socket.set_read_timeout(None).unwrap();
        std::thread::spawn(move || {
            let mut buffer = [0; 2048];
            while let Ok((count, _)) = socket.recv_from(&mut buffer) {
                let at = StdInstant::now();
                let packet = GtpuPacket::new_checked(&buffer[..count]).unwrap();
                let is_data = matches!(SyncRepr::parse(packet.payload()), Ok(SyncRepr::UserData { .. }));
                if is_data && sender.send(at).is_err() {
                    return;
                }
            }
        });
    }
    heard
}

/// The time that this part of all rounds keeps.
pub(crate) fn quantile(sorted: &[f64], part: f64) -> f64 {
    let last = sorted.len().saturating_sub(1);
    sorted[((last as f64 * part).ceil() as usize).min(last)]
}
