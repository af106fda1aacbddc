//! Thousands of sessions of content providers beside allocations of application servers, with restarts: never two services on
//! one TMGI or one address and port, and all that is taken away is given back.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use protocol::xmb::{Conflict, Problem};

use super::*;

#[test]
fn content_providers_and_application_servers_never_share_anything() {
    let mut config = xmb_config();
    config.pool.service_ids = 1..=40;
    config.pool.addresses = [239, 1, 0, 0].into()..=[239, 1, 0, 11].into();
    let mut net = Net::with(config);
    let services = [net.new_service(0), net.new_service(1)];
    // Whose it is, by TMGI: path of a session, or an application server.
    let mut model: BTreeMap<Tmgi, (String, SocketAddr)> = BTreeMap::new();
    let mut random = Entropy::of_box(29, "xmb campaign");
    let mut counts = [0usize; 6];
    for _ in 0..1500 {
        let kind = random.below(100);
        let provider = random.below(2) as usize;
        let sessions = format!("{}/sessions", services[provider]);
        match kind {
            0..30 => {
                let body = if random.below(2) == 0 { streaming(&[1]) } else { json!({ "session-type": "Streaming" }) };
                let request = Request::post(&sessions).body(body.to_string().into_bytes()).unwrap();
                let response = net.try_http(provider, request).unwrap();
                if response.status() == 201 {
                    counts[0] += 1;
                    add(&mut model, &sessions, &serde_json::from_slice(response.body()).unwrap());
                } else {
                    assert_eq!(response.status(), 503, "{}", String::from_utf8_lossy(response.body()));
                }
            }
            30..50 => {
                let tmgi = Tmgi { service_id: [0, 0, random.below(60) as u8], plmn: Plmn::new("001", "01").unwrap() };
                let socket = SocketAddr::new([239, 1, 0, random.below(15) as u8].into(), 5000 + random.below(4) as u16);
                let body = json!({ "session-type": "Streaming", "castbench": { "allocation-mode": "provider",
                    "tmgi": tmgi, "multicast-address": socket.ip(), "multicast-port": socket.port() } });
                let request = Request::post(&sessions).body(body.to_string().into_bytes()).unwrap();
                let response = net.try_http(provider, request).unwrap();
                let is_address = model.values().any(|(_, own)| *own == socket);
                match response.status().as_u16() {
                    201 => {
                        counts[1] += 1;
                        add(&mut model, &sessions, &serde_json::from_slice(response.body()).unwrap());
                    }
                    409 => {
                        let problem: Problem = serde_json::from_slice(response.body()).unwrap();
                        let reason =
                            if model.contains_key(&tmgi) { Conflict::TmgiInUse } else { Conflict::AddressInUse };
                        assert!(
                            problem.conflict == Some(reason) && (model.contains_key(&tmgi) || is_address),
                            "{problem:?}"
                        );
                    }
                    status => panic!("{status}: {}", String::from_utf8_lossy(response.body())),
                }
            }
            50..70 => {
                let Some((tmgi, path)) = pick(&model, &mut random, "/") else { continue };
                let owner = usize::from(path.starts_with(&services[1]));
                let request = Request::delete(&path).body(Vec::new()).unwrap();
                assert_eq!(net.try_http(owner, request).unwrap().status(), 204);
                counts[2] += 1;
                // Until its bearer has ended nobody else gets it; that takes no longer than this.
                net.run_ms(200);
                model.remove(&tmgi);
            }
            70..85 => {
                for tmgi in net.tmgis(AS, random.below(3)) {
                    counts[3] += 1;
                    let socket = net.node.lock().unwrap().services.get(tmgi).unwrap().destination;
                    assert!(model.insert(tmgi, (AS.to_owned(), socket)).is_none());
                }
            }
            85..97 => {
                let Some((tmgi, _)) = pick(&model, &mut random, AS) else { continue };
                net.release(AS, &[tmgi]);
                counts[4] += 1;
                model.remove(&tmgi);
            }
            _ => {
                counts[5] += 1;
                net.restart();
                net.run_ms(1500);
            }
        }
        let sockets: std::collections::BTreeSet<_> = model.values().map(|(_, socket)| *socket).collect();
        assert_eq!(sockets.len(), model.len());
        net.audit();
    }
    assert!(counts.iter().all(|count| *count > 20), "{counts:?}");
    assert_eq!(net.figure("tmgis") as usize, model.len());
    for (provider, service) in services.iter().enumerate() {
        let request = Request::delete(service).body(Vec::new()).unwrap();
        assert_eq!(net.try_http(provider, request).unwrap().status(), 204);
    }
    net.release(AS, &[]);
    net.run_ms(2000);
    assert_eq!((net.figure("tmgis"), net.figure("bearers"), net.at(GW).sessions.len()), (0, 0, 0));
    net.audit();
}

fn add(model: &mut BTreeMap<Tmgi, (String, SocketAddr)>, sessions: &str, session: &Session) {
    let own = &session.castbench;
    let socket = SocketAddr::new(own.multicast_address.unwrap(), own.multicast_port.unwrap());
    assert!(model.values().all(|(_, other)| *other != socket), "{socket} twice");
    let path = format!("{sessions}/{}", session.id);
    assert!(model.insert(own.tmgi.unwrap(), (path, socket)).is_none(), "{session:?} twice");
}

fn pick(model: &BTreeMap<Tmgi, (String, SocketAddr)>, random: &mut Entropy, whose: &str) -> Option<(Tmgi, String)> {
    let own: Vec<_> = model.iter().filter(|(_, (owner, _))| owner.starts_with(whose)).collect();
    let (tmgi, (owner, _)) = *own.get(random.below(own.len().max(1) as u32) as usize)?;
    Some((*tmgi, owner.clone()))
}
