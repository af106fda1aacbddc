//! Migration between two live processes over loopback, each a whole MC system: SIP over UDP, Cx over TCP.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::Duration;

use core_network::ims::hss::{add_subscribers, parse_subscribers};
use core_network::net::{LiveProcess, NetTap};
use core_network::node::{NodeStore, Table};
use core_network::process::{CoreConfig, start_core};
use protocol::sip::{Request, Response, SipMessage};
use protocol::{Entropy, Joint, TapEvent};
use tokio::net::UdpSocket;

mod ports;
#[expect(dead_code, reason = "the same UE says more in other tests")]
#[path = "../src/mc/migration/session_tests/ue.rs"]
mod ue;

use ports::free_port;
use ue::{Identities, Ue};

const HOME: &str = "ims.home.test";
const PARTNER: &str = "ims.partner.test";

fn home() -> Identities {
    Identities { domain: HOME.to_owned(), impi: format!("001010000000001@{HOME}"), impu: format!("sip:user1@{HOME}") }
}

fn partner() -> Identities {
    Identities { domain: PARTNER.to_owned(), impi: format!("m1@{PARTNER}"), impu: format!("sip:m1@{PARTNER}") }
}

/// A process of a system whose relay is at `own`; that of the other system is at `other`, and connected to where `connects`.
async fn start(
    folder: &Path,
    (domain, pcscf): (&str, u16),
    (own, other, connects): (u16, u16, bool),
    rest: &str,
) -> (LiveProcess, Receiver<TapEvent>) {
    let far = if domain == HOME { PARTNER } else { HOME };
    let [mw, icscf, scscf, hss, migration] = std::array::from_fn(|_| free_port());
    let connect = if connects { format!(", connect = '127.0.0.1:{other}'") } else { String::new() };
    let route = format!("identities = ['m*@{domain}']\nhost = 'migration.{domain}'\nrealm = '{domain}'");
    let text = format!(
        "domain = '{domain}'
        nodes = ['pcscf', 'icscf', 'scscf', 'hss', 'migration_server', 'diameter_relay']
        http = 'off'
        [pcscf]
        gm = ['udp:127.0.0.1:{pcscf}']
        mw = ['udp:127.0.0.1:{mw}', 'tcp:127.0.0.1:{mw}']
        subscribe_reg = false
        [icscf]
        listen = ['udp:127.0.0.1:{icscf}', 'tcp:127.0.0.1:{icscf}']
        [[icscf.hss_routes]]
        {route}
        [scscf]
        listen = ['udp:127.0.0.1:{scscf}', 'tcp:127.0.0.1:{scscf}']
        [[scscf.hss_routes]]
        {route}
        [hss]
        listen = ['127.0.0.1:{hss}']
        [diameter_relay]
        listen = ['127.0.0.1:{own}']
        peers = [{{ host = 'dra.{far}', realm = '{far}'{connect} }}]
        routes = [{{ realm = '{far}', next_hops = ['dra.{far}'] }}]
        interconnects = [{{ peer = 'dra.{far}', realms = ['{far}'], reaches = ['migration.{domain}'] }}]
        [migration_server]
        listen = ['127.0.0.1:{migration}']
        systems = [{{ name = 'far', host = 'migration.{far}', realm = '{far}' }}]
        {rest}"
    );
    let config = CoreConfig::parse(&text).unwrap();
    let (tap, seen) = sync_channel(10_000);
    let process =
        start_core(&config, folder, Entropy::from_seed([own as u8; 32]), Some(NetTap::new(tap))).await.unwrap();
    (process, seen)
}

/// Both relays are there for each other and for their own boxes.
async fn ready(process: &mut LiveProcess) {
    let mut up: Vec<String> = Vec::new();
    let wait = async {
        let wanted = ["dra: Diameter peer dra.", "dra: Diameter peer hss.", "dra: Diameter peer migration."];
        while !wanted.iter().all(|want| up.iter().any(|note| note.starts_with(want))) {
            let Some((node, note)) = process.note().await else { break };
            up.extend(note.to_string().ends_with("is up").then(|| format!("{node}: {note}")));
        }
    };
    let done = tokio::time::timeout(Duration::from_secs(60), wait).await;
    assert!(done.is_ok(), "{up:#?}");
}

async fn ask(socket: &UdpSocket, to: SocketAddr, request: Request) -> Response {
    let bytes = SipMessage::Request(request).to_bytes();
    let mut buffer = [0; 4096];
    for _ in 0..20 {
        socket.send_to(&bytes, to).await.unwrap();
        let received = tokio::time::timeout(Duration::from_secs(2), socket.recv_from(&mut buffer)).await;
        let Ok(Ok((length, _))) = received else { continue };
        if let Ok(SipMessage::Response(response)) = SipMessage::parse(&buffer[..length])
            && response.status >= 200
        {
            return response;
        }
    }
    panic!("no response from {to}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_of_one_process_registers_in_another() {
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let mut ue = Ue::new(1);
    let (own, other) = (home(), partner());
    let subscriber = format!(
        "[[subscriber]]\nimpi = '{}'\nk = '{}'\nopc = '{}'\n[[subscriber.set]]\nimpus = ['{}']\n",
        own.impi,
        hex::encode(ue.k),
        hex::encode(ue.opc()),
        own.impu
    );
    let database = folders[0].path().join("core.sqlite");
    let mut store = NodeStore::open(&database).unwrap();
    add_subscribers(&mut store, &parse_subscribers("test.toml", &subscriber).unwrap()).unwrap();
    drop(store);
    let binding = format!(
        "[[binding]]\nsystem = 'far'\nimpi = '{}'\nprimary_impi = '{}'\n\
         identities = [{{ partner = '{}', primary = '{}' }}]\n",
        other.impi, own.impi, other.impu, own.impu
    );
    std::fs::write(folders[1].path().join("bindings.toml"), binding).unwrap();
    let (relays, pcscfs) = ([free_port(), free_port()], [free_port(), free_port()]);
    let rules = "rules = [{ identities = ['*@ims.home.test'], systems = ['far'] }]";
    let first = start(folders[0].path(), (HOME, pcscfs[0]), (relays[0], relays[1], false), rules).await;
    let bindings = "bindings = 'bindings.toml'";
    let second = start(folders[1].path(), (PARTNER, pcscfs[1]), (relays[1], relays[0], true), bindings).await;
    let ((mut primary, at_home), (mut away, at_partner)) = (first, second);
    ready(&mut primary).await;
    ready(&mut away).await;

    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let pcscf: SocketAddr = ([127, 0, 0, 1], pcscfs[1]).into();
    // CSCFs connect on their own time.
    let mut challenge = ask(&socket, pcscf, ue.register(&other, 3600, None)).await;
    for _ in 0..20 {
        if challenge.status == 401 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
        challenge = ask(&socket, pcscf, ue.register(&other, 3600, None)).await;
    }
    assert_eq!(challenge.status, 401, "{challenge:?}");
    let credentials = ue.credentials(&other, &challenge);
    let done = ask(&socket, pcscf, ue.register(&other, 3600, Some(&credentials))).await;
    assert_eq!(done.status, 200, "{done:?}");
    // A stranger is none here.
    let stranger = Identities { impi: format!("m2@{PARTNER}"), impu: format!("sip:m2@{PARTNER}"), ..partner() };
    assert_eq!(ask(&socket, pcscf, Ue::new(2).register(&stranger, 3600, None)).await.status, 403);
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
