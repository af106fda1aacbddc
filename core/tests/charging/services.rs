//! Application servers that serve a request themselves: a record of each, and an answer that says whose the service is.

use core_network::charging::{ChargingClient, ChargingConfig};
use core_network::ims::presence::{PresenceConfig, PresenceServer};
use core_network::ims::{MessagingConfig, MessagingServer};
use core_network::node::store::NodeStoreAnswer;
use core_network::node::{Node, NodeInput, NodeOutput, NodeStore, Table};
use protocol::diameter::charging::{NodeFunctionality, RoleOfNode};
use protocol::diameter::rf::{Acr, RecordType};
use protocol::diameter::{DiameterConfig, Message};
use protocol::sip::{Flow, Response, SipMessage, Transport};
use protocol::{Entropy, Instant};
use serde_json::Value;

const DOMAIN: &str = "ims.example";

fn charging(name: &str) -> ChargingClient {
    let ip = std::net::IpAddr::from([10, 46, 0, 11]);
    let diameter = DiameterConfig::new(&format!("{name}.{DOMAIN}"), DOMAIN, ip, vec![]);
    ChargingClient::new(ChargingConfig::new(NodeFunctionality::As, diameter, DOMAIN), Entropy::of_box(1, name))
}

/// Drives a node with a store of its own, and returns what it has answered to a request.
fn ask(node: &mut dyn Node, store: &mut NodeStore, request: Option<&str>) -> Vec<Response> {
    if let Some(text) = request {
        let local = "10.46.0.11:5060".parse().unwrap();
        let flow = Flow { transport: Transport::Udp, local, remote: "10.46.0.3:5060".parse().unwrap() };
        node.handle_input(Instant::ZERO, NodeInput::Sip { flow, bytes: text.as_bytes() });
    }
    let mut responses = Vec::new();
    while let Some(output) = node.poll_output() {
        match output {
            NodeOutput::Store(request) => {
                let answer: NodeStoreAnswer = store.execute(&request);
                node.handle_input(Instant::ZERO, NodeInput::Store(answer));
            }
            NodeOutput::Sip { bytes, .. } => {
                if let SipMessage::Response(response) = SipMessage::parse(&bytes).unwrap() {
                    // What is acknowledged has its record already.
                    assert!(!store.scan(Table::ChargingRecord).unwrap().is_empty(), "{response:?}");
                    responses.push(response);
                }
            }
            _ => {}
        }
    }
    responses
}

fn request(method: &str, headers: &str, kind: &str, body: &str) -> String {
    format!(
        "{method} sip:b@{DOMAIN} SIP/2.0\r\nVia: SIP/2.0/UDP 10.46.0.3;branch=z9hG4bK1\r\nFrom: <sip:b@{DOMAIN}>;tag=a\r\n\
         To: <sip:b@{DOMAIN}>\r\nCall-ID: c1\r\nCSeq: 1 {method}\r\nMax-Forwards: 70\r\n\
         P-Asserted-Identity: <sip:b@{DOMAIN}>\r\nP-Charging-Vector: icid-value=\"i1\";orig-ioi=\"Type 3{DOMAIN}\"\r\n\
         {headers}Content-Type: {kind}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// One answer and one record of a request that was served.
fn served(store: &NodeStore, responses: &[Response], method: &str, status: u16) {
    let [response] = responses else { panic!("{responses:?}") };
    assert_eq!(response.status, status);
    let vector = response.headers.get("P-Charging-Vector").expect("a charging vector");
    assert!(vector.contains("i1") && vector.contains(&format!("term-ioi=\"Type 3{DOMAIN}\"")), "{vector}");
    let rows = store.scan(Table::ChargingRecord).unwrap();
    let [(_, row)] = rows.as_slice() else { panic!("{rows:?}") };
    let row: Value = serde_json::from_slice(row).unwrap();
    let octets = hex::decode(row["octets"].as_str().unwrap()).unwrap();
    let acr = Acr::from_message(&Message::parse(&octets).unwrap()).unwrap();
    let ims = acr.information.ims.unwrap();
    assert_eq!((acr.kind, ims.method.as_deref(), ims.cause), (RecordType::Event, Some(method), Some(-1)));
    assert_eq!(
        (ims.icid.as_deref(), ims.node, ims.role),
        (Some("i1"), NodeFunctionality::As, Some(RoleOfNode::Terminating))
    );
    let network = Some(format!("Type 3{DOMAIN}"));
    assert_eq!((&ims.operators[0].originating, &ims.operators[0].terminating), (&network, &network));
    assert!(store.scan(Table::ChargingSession).unwrap().is_empty());
}

#[test]
fn a_publication_makes_a_record() {
    let mut config = PresenceConfig::new(&format!("sip:presence.{DOMAIN}"), DOMAIN, "10.46.0.11:5060".parse().unwrap());
    config.utc_ms_at_zero = 1_767_225_600_000;
    let mut store = NodeStore::in_memory().unwrap();
    let mut node = PresenceServer::new(config, Entropy::of_box(1, "p")).unwrap().with_charging(charging("presence"));
    ask(&mut node, &mut store, None);
    let body = format!(
        "<presence xmlns='urn:ietf:params:xml:ns:pidf' entity='sip:b@{DOMAIN}'><tuple id='t'><status/></tuple></presence>"
    );
    let text = request("PUBLISH", "Event: presence\r\nExpires: 3600\r\n", "application/pidf+xml", &body);
    let responses = ask(&mut node, &mut store, Some(&text));
    served(&store, &responses, "PUBLISH", 200);
}

#[test]
fn a_message_that_waits_makes_a_record() {
    let mut config = MessagingConfig::new(&format!("sip:messaging.{DOMAIN}"), "10.46.0.11:5060".parse().unwrap());
    config.utc_ms_at_zero = 1_767_225_600_000;
    let mut store = NodeStore::in_memory().unwrap();
    let mut node = MessagingServer::new(config, Entropy::of_box(1, "m")).unwrap().with_charging(charging("messaging"));
    ask(&mut node, &mut store, None);
    let to = format!("P-Served-User: <sip:b@{DOMAIN}>;sescase=term;regstate=unreg\r\n");
    let responses = ask(&mut node, &mut store, Some(&request("MESSAGE", &to, "text/plain", "hello")));
    served(&store, &responses, "MESSAGE", 202);
}
