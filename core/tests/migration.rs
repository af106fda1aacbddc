//! Migration between two live processes over loopback, each a whole MC system: SIP over UDP, Cx over TCP.

use std::path::Path;
use std::sync::mpsc::sync_channel;

use core_network::net::NetTap;
use core_network::node::{NodeStore, Table};
use protocol::{Joint, TapEvent};
use tokio::net::UdpSocket;

mod ports;
#[path = "migration/systems.rs"]
mod systems;
#[expect(dead_code, reason = "the same UE says more in other tests")]
#[path = "migration/ue.rs"]
mod ue;

use systems::{ask, both, home, partner, register};
use ue::Ue;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_of_one_process_registers_in_another() {
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let mut ues = [Ue::new(1)];
    let own = home(1);
    let ((tap_home, at_home), (tap_partner, at_partner)) = (sync_channel(10_000), sync_channel(10_000));
    let taps = [tap_home, tap_partner].map(|tap| Some(NetTap::new(tap)));
    let ([primary, away], pcscf) = both([folders[0].path(), folders[1].path()], &mut ues, taps).await;
    let [mut ue] = ues;

    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let done = register(&socket, pcscf, &mut ue).await;
    assert_eq!(done.status, 200, "{done:?}");
    // A stranger is none here.
    assert_eq!(ask(&socket, pcscf, Ue::new(2).register(&partner(2), 3600, None)).await.status, 403);
    primary.stop().await;
    away.stop().await;

    let rows =
        |folder: &Path| NodeStore::open(&folder.join("core.sqlite")).unwrap().scan(Table::HssRegistration).unwrap();
    assert!(rows(folders[0].path()).is_empty(), "nobody was moved at home");
    let kept = rows(folders[1].path());
    assert!(kept.len() == 1 && kept[0].0.starts_with("migration "), "{kept:?}");
    let (at_home, at_partner): (Vec<_>, Vec<_>) = (at_home.try_iter().collect(), at_partner.try_iter().collect());
    for event in at_home.iter().chain(&at_partner) {
        let has = |octets: &[u8]| event.bytes.windows(octets.len()).any(|window| window == octets);
        assert!(!has(&ue.k) && !has(hex::encode(ue.k).as_bytes()), "{} {} {}", event.joint, event.from, event.to);
    }
    let joints = |events: &[TapEvent]| {
        let mut joints: Vec<_> = events.iter().map(|event| event.joint).collect();
        joints.sort_unstable();
        joints.dedup();
        joints
    };
    assert_eq!(joints(&at_home), [Joint::Cx, Joint::Migration]);
    assert_eq!(joints(&at_partner), [Joint::Gm, Joint::Mw, Joint::Cx, Joint::Migration]);
    for event in at_partner.iter().filter(|event| event.joint != Joint::Migration) {
        let text = String::from_utf8_lossy(&event.bytes);
        assert!(!text.contains(&own.impi) && !text.contains(&own.impu[4..]), "{} {}: {text}", event.joint, event.from);
    }
}
