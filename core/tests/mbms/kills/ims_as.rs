//! The IMS AS is killed in the middle of group sessions: after its restart nothing is left of them anywhere, the BM-SC has
//! noticed, and the next session has its bearer and its media. TMGIs, M1 and the media ports of the AS are few: what leaked
//! would be missing.

use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::mpsc::Receiver;
use std::time::Duration;

use protocol::Plmn;
use protocol::rtp::RtpPacket;
use protocol::sip::EutranCell;

use super::{GROUPS, KILLS, KILLS_VARIABLE, Nodes, PATIENCE, hear};
use crate::client::REALM;
use crate::phone::Phone;
use crate::process::{ALL, Running, address, config, figure_at};

const PHONES: usize = 3;
/// How far a group session has come when the AS is killed.
const MOMENTS: [&str; 6] = ["called", "answered", "TMGI allocated", "bearer told", "media on the bearer", "hung up"];

/// The other nodes in this process, the AS in one that is killed, phones and an eNB of others.
struct Rig {
    ip: Ipv4Addr,
    nodes: Running,
    server: Nodes,
    phones: Vec<Phone>,
    heard: Receiver<Vec<u8>>,
    group: String,
    restarts: u8,
}

impl Rig {
    fn new(ip: Ipv4Addr, phones: Ipv4Addr, folder: &Path) -> Self {
        let groups = format!("m1_groups = ['232.46.7.1', '232.46.7.{GROUPS}']");
        let nodes = config(ALL, ip, "core.sqlite")
            .replace("m1_groups = ['232.46.7.1', '232.46.7.200']", &groups)
            .replace("[bmsc]", "[bmsc]\nservice_ids = [1, 2]");
        let nodes = Running::start(&nodes, ip, folder, None);
        let heard = hear(ip);
        let cell = EutranCell { plmn: Plmn::new("262", "01").unwrap(), tac: 1, eci: 0x101 };
        let phones: Vec<_> = (1..=PHONES).map(|n| Phone::new(phones, &format!("user{n}"), cell)).collect();
        let members: Vec<_> = phones.iter().map(|phone| format!("'{}'", phone.identity())).collect();
        let server = format!(
            "domain = '{REALM}'
            nodes = ['ims_as']
            database = 'as.sqlite'
            http = '{ip}:8082'
            [ims_as]
            name = '{ip}:5130'
            listen = ['udp:{ip}:5130', 'tcp:{ip}:5130']
            ports = [25000, 25009]
            mb2u = '{ip}:25100'
            origin_host = 'ims-as.{REALM}'
            bmsc = {{ host = 'bmsc.{REALM}', connect = '{ip}:3898' }}
            rule = {{ bearer_cost = 2, stop_after_ms = 1000 }}
            cells = [{{ cell = '{cell}', areas = [1] }}]
            groups = [{{ user = 'group1', members = [{members}], dial_out = true }}]
            ",
            members = members.join(", "),
        );
        let server = Nodes::start(folder, "ims_as", &server);
        let group = format!("sip:group1@{ip}:5130");
        Self { ip, nodes, server, phones, heard, group, restarts: 0 }
    }

    fn until(&mut self, what: &str, mut is_so: impl FnMut(&[Phone]) -> bool) {
        assert!(Phone::until(&mut self.phones, PATIENCE, &mut is_so), "{} restarts: never {what}", self.restarts);
    }

    /// As far as that moment.
    fn go(&mut self, moment: &str) {
        let at = MOMENTS.iter().position(|name| *name == moment).unwrap();
        let (ip, group) = (self.ip, self.group.clone());
        self.phones[0].call(&group);
        if at >= 1 {
            self.until(MOMENTS[1], |phones| phones[0].is_in());
        }
        if at >= 2 {
            self.until(MOMENTS[2], |_| figure_at(ip, 8080, "bmsc", "tmgis") > 0);
        }
        if at >= 3 {
            self.until(MOMENTS[3], |phones| phones.iter().all(|phone| phone.mbms().is_some()));
        }
        if at >= 4 {
            self.speak();
        }
        if at >= 5 {
            self.phones.iter_mut().for_each(Phone::hang_up);
        }
    }

    /// The first phone speaks: the others hear it over unicast, and it is on M1.
    fn speak(&mut self) {
        let ssrc = u32::from_be_bytes(self.ip.octets()) ^ u32::from(self.restarts) << 8;
        let mut said = Vec::new();
        let is_on_m1 = |heard: &Receiver<Vec<u8>>| {
            heard.try_iter().any(|payload| RtpPacket::parse(&payload).is_ok_and(|packet| packet.ssrc == ssrc))
        };
        let mut broadcast = false;
        for _ in 0..500 {
            said.push(self.phones[0].say(ssrc));
            Phone::until(&mut self.phones, Duration::from_millis(20), |_| false);
            broadcast |= is_on_m1(&self.heard);
            let hears = |phone: &Phone| said.iter().any(|sequence| phone.has_heard(ssrc, *sequence));
            if broadcast && self.phones[1..].iter().all(hears) {
                return;
            }
        }
        panic!("{} restarts: no media on the bearer, or over unicast", self.restarts);
    }

    fn kill(&mut self) {
        self.server.kill();
        self.restarts += 1;
        let seed = self.restarts;
        self.phones.iter_mut().for_each(|phone| phone.restart(seed));
        self.server.restart();
    }

    /// Nothing is left of any session.
    fn is_clean(&self) -> bool {
        let of_bearers = [
            ("bmsc", "tmgis"),
            ("bmsc", "bearers"),
            ("bmsc", "sgmb_sessions_busy"),
            ("mbms-gw", "mbms_sessions"),
            ("mce", "mbms_sessions"),
            ("enb1", "mbms_sessions"),
        ];
        of_bearers.iter().all(|(node, what)| self.nodes.figure(node, what) == 0)
            && ["group_sessions", "group_bearers"].iter().all(|what| figure_at(self.ip, 8082, "ims-as", what) == 0)
    }

    fn until_clean(&mut self, what: &str) {
        for _ in 0..200 {
            if self.is_clean() {
                return;
            }
            Phone::until(&mut self.phones, Duration::from_millis(100), |_| false);
        }
        panic!("{} restarts: something is left {what}", self.restarts);
    }
}

#[test]
fn nothing_is_left_of_a_killed_server_of_groups_and_its_next_session_works() {
    let folder = tempfile::tempdir().unwrap();
    let mut rig = Rig::new(address(5), address(6), folder.path());
    let kills = std::env::var(KILLS_VARIABLE).ok().map_or(KILLS, |n| n.parse().unwrap());
    for round in 0..=kills {
        // One that goes well, so that the BM-SC knows which start of the AS this is.
        rig.go("hung up");
        rig.until_clean("of a session that has ended");
        assert_eq!(rig.nodes.figure("bmsc", "mbms_restarts_seen"), u64::from(rig.restarts), "round {round}");
        if round < kills {
            let moment = MOMENTS[round % MOMENTS.len()];
            rig.go(moment);
            // Somewhere in what follows from that.
            Phone::until(&mut rig.phones, Duration::from_millis((round * 7 % 11) as u64), |_| false);
            rig.kill();
            rig.until_clean(moment);
        }
    }
    assert_eq!(rig.nodes.figure("bmsc", "bearers_refused"), 0);
}
