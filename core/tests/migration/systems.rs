//! Two live processes on loopback, each a whole MC system, and users of the first one who may go to the second one.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use core_network::ims::hss::{add_subscribers, parse_subscribers};
use core_network::net::{LiveProcess, NetTap};
use core_network::node::NodeStore;
use core_network::process::{CoreConfig, start_core};
use protocol::Entropy;
use protocol::sip::{Request, Response, SipMessage};
use tokio::net::UdpSocket;

use super::ports::free_port;
use super::ue::{Identities, Ue};

const HOME: &str = "ims.home.test";
const PARTNER: &str = "ims.partner.test";

/// Who a UE is in the first system.
pub(crate) fn home(ue: u8) -> Identities {
    let domain = HOME.to_owned();
    Identities { impi: format!("001010000000{ue:03}@{domain}"), impu: format!("sip:user{ue}@{domain}"), domain }
}

/// Who it is in the second one.
pub(crate) fn partner(ue: u8) -> Identities {
    let domain = PARTNER.to_owned();
    Identities { impi: format!("m{ue}@{domain}"), impu: format!("sip:m{ue}@{domain}"), domain }
}

/// Both systems with these users, connected to each other, in these folders; and where the P-CSCF of the second one is. The first
/// user is challenged once already.
pub(crate) async fn both(
    folders: [&Path; 2],
    ues: &mut [Ue],
    [first, second]: [Option<NetTap>; 2],
) -> ([LiveProcess; 2], SocketAddr) {
    let (mut subscribers, mut bindings) = (String::new(), String::new());
    for ue in ues.iter() {
        let (own, there) = (home(ue.number), partner(ue.number));
        let (k, opc) = (hex::encode(ue.k), hex::encode(ue.opc()));
        // Writing to a string cannot fail.
        let _ = writeln!(
            subscribers,
            "[[subscriber]]\nimpi = '{}'\nk = '{k}'\nopc = '{opc}'\n[[subscriber.set]]\nimpus = ['{}']",
            own.impi, own.impu
        );
        let _ = writeln!(
            bindings,
            "[[binding]]\nsystem = 'far'\nimpi = '{}'\nprimary_impi = '{}'\n\
             identities = [{{ partner = '{}', primary = '{}' }}]",
            there.impi, own.impi, there.impu, own.impu
        );
    }
    let mut store = NodeStore::open(&folders[0].join("core.sqlite")).unwrap();
    add_subscribers(&mut store, &parse_subscribers("test.toml", &subscribers).unwrap()).unwrap();
    drop(store);
    std::fs::write(folders[1].join("bindings.toml"), bindings).unwrap();
    let (relays, pcscfs) = ([free_port(), free_port()], [free_port(), free_port()]);
    let rules = "rules = [{ identities = ['*@ims.home.test'], systems = ['far'] }]";
    let way = (relays[0], relays[1], false);
    let mut primary = start(folders[0], (HOME, pcscfs[0]), way, rules, first).await;
    let way = (relays[1], relays[0], true);
    let mut away = start(folders[1], (PARTNER, pcscfs[1]), way, "bindings = 'bindings.toml'", second).await;
    ready(&mut primary).await;
    ready(&mut away).await;
    let pcscf = ([127, 0, 0, 1], pcscfs[1]).into();
    challenged(pcscf, &mut ues[0]).await;
    ([primary, away], pcscf)
}

/// The UE registers at a P-CSCF with the identities of the second system.
pub(crate) async fn register(socket: &UdpSocket, pcscf: SocketAddr, ue: &mut Ue) -> Response {
    let who = partner(ue.number);
    let challenge = ask(socket, pcscf, ue.register(&who, 3600, None)).await;
    assert_eq!(challenge.status, 401, "{challenge:?}");
    let credentials = ue.credentials(&who, &challenge);
    ask(socket, pcscf, ue.register(&who, 3600, Some(&credentials))).await
}

/// A process of a system whose relay is at `own`; that of the other system is at `other`, and connected to where `connects`.
async fn start(
    folder: &Path,
    (domain, pcscf): (&str, u16),
    (own, other, connects): (u16, u16, bool),
    rest: &str,
    tap: Option<NetTap>,
) -> LiveProcess {
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
    start_core(&config, folder, Entropy::from_seed([own as u8; 32]), tap).await.unwrap()
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

/// CSCFs connect on their own time: all are there when a UE is challenged.
async fn challenged(pcscf: SocketAddr, ue: &mut Ue) {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let who = partner(ue.number);
    for _ in 0..20 {
        if ask(&socket, pcscf, ue.register(&who, 3600, None)).await.status == 401 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    panic!("nobody is challenged by {pcscf}");
}

pub(crate) async fn ask(socket: &UdpSocket, to: SocketAddr, request: Request) -> Response {
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
