//! Live nodes that have something to say to each other at once, and say what they have heard.

use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::Duration;

use protocol::map::sccp::{SccpAddress, UnitData, ssn};
use protocol::{Instant, Joint, TapEvent};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::super::process::{LiveNode, LiveProcess, Sockets, Surroundings};
use super::super::{Directory, LiveClock, NetLimits, NetTap};
use super::*;
use crate::node::{Node, NodeInput, NodeNote, NodeOutput, NodeStoreAnswer, NodeStoreRequest, Role};

#[derive(Debug)]
struct Talker(VecDeque<NodeOutput>);

impl Node for Talker {
    fn handle_input(&mut self, _: Instant, input: NodeInput<'_>) {
        if let NodeInput::Sccp { bytes } = input {
            let said = match SccpMessage::parse(bytes).unwrap() {
                SccpMessage::UnitData(unitdata) => format!("heard {}", unitdata.calling),
                SccpMessage::UnitDataService(service) => format!("{}: {}", service.calling, service.cause),
            };
            self.0.push_back(NodeOutput::Note(NodeNote::Said(said)));
        }
    }

    fn handle_timeout(&mut self, _: Instant) {}

    fn poll_timeout(&self) -> Option<Instant> {
        None
    }

    fn poll_output(&mut self) -> Option<NodeOutput> {
        self.0.pop_front()
    }
}

fn unitdata(from: &str, to: &str) -> Vec<u8> {
    let address = |digits| SccpAddress::e164(digits, ssn::MSC).unwrap();
    UnitData::new(address(to), address(from), b"TCAP".to_vec()).emit().unwrap()
}

fn node(name: &str, role: Role, title: Option<&str>, says: &[Vec<u8>]) -> LiveNode {
    let says = says.iter().map(|bytes| NodeOutput::Sccp { bytes: bytes.clone() }).collect();
    let sockets =
        Sockets { global_titles: title.iter().map(|title| (*title).to_owned()).collect(), ..Sockets::default() };
    let node = Box::new(Talker(says));
    LiveNode { name: name.into(), role, stranger: Role::Scscf, client: Role::Ue, sockets, node }
}

async fn start(nodes: Vec<LiveNode>) -> (io::Result<LiveProcess>, Receiver<TapEvent>) {
    let (tap, seen) = sync_channel(100);
    let store = |requests: &[NodeStoreRequest]| {
        requests.iter().map(|r| NodeStoreAnswer { token: r.token, result: Ok(Vec::new()) }).collect()
    };
    let around = Surroundings {
        clock: LiveClock::start(),
        store: Box::new(store),
        http: Some((Ipv4Addr::LOCALHOST, 0).into()),
        tls: None,
        limits: NetLimits::default(),
        directory: Directory::default(),
        tap: Some(NetTap::new(tap)),
    };
    (LiveProcess::start(nodes, around).await, seen)
}

async fn notes(process: &mut LiveProcess, count: usize) -> Vec<String> {
    let mut notes = Vec::new();
    while notes.len() < count {
        let note = tokio::time::timeout(Duration::from_secs(20), process.note()).await.expect("a note in time");
        let (name, note) = note.expect("nodes that run");
        notes.push(format!("{name}: {note}"));
    }
    notes.sort();
    notes
}

async fn failures(process: &LiveProcess, node: &str) -> String {
    let http = process.listening().iter().find(|listening| listening.node == "http").unwrap();
    let mut stream = tokio::net::TcpStream::connect(http.address).await.unwrap();
    stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await.unwrap();
    let mut page = String::new();
    stream.read_to_string(&mut page).await.unwrap();
    let name = format!("castbench_send_failures_total{{node=\"{node}\"}} ");
    page.lines().find_map(|line| line.strip_prefix(&name)).unwrap_or_default().to_owned()
}

#[tokio::test]
async fn what_is_delivered_and_what_comes_back_is_told_seen_and_counted() {
    let gmsc = node("GMSC", Role::SmsGmsc, Some("1"), &[unitdata("1", "2"), unitdata("1", "3"), b"?".to_vec()]);
    // It has no title, and cannot be heard.
    let dumb = node("dumb", Role::As, None, &[unitdata("4", "2")]);
    let (process, seen) = start(vec![gmsc, node("HLR", Role::Hss, Some("2"), &[]), dumb]).await;
    let mut process = process.unwrap();
    let back = format!("GMSC: 3:8: {}", ReturnCause::NO_TRANSLATION);
    assert_eq!(notes(&mut process, 2).await, [back, "HLR: heard 1:8".to_owned()]);
    assert_eq!([failures(&process, "GMSC").await, failures(&process, "dumb").await], ["2", "1"]);
    process.stop().await;
    let seen: Vec<_> = seen.try_iter().map(|event| (event.joint, event.from, event.to, event.bytes[0])).collect();
    let said = |joint, from: &str, to: &str, kind| (joint, from.to_owned(), to.to_owned(), kind);
    let wanted = [
        said(Joint::R5, "GMSC", "HLR", 9),
        said(Joint::R6, "GMSC", "SS7", 9),
        said(Joint::R6, "SS7", "GMSC", 10),
        said(Joint::R6, "GMSC", "SS7", b'?'),
    ];
    assert_eq!(seen, wanted);
}

#[tokio::test]
async fn a_global_title_has_one_node() {
    let nodes = vec![node("GMSC", Role::SmsGmsc, Some("1"), &[]), node("HLR", Role::Hss, Some("1"), &[])];
    let why = start(nodes).await.0.unwrap_err();
    assert_eq!((why.kind(), why.to_string().contains("of GMSC and of HLR")), (io::ErrorKind::AddrInUse, true));
}

#[test]
fn a_node_that_is_too_slow_or_has_ended_takes_nothing() {
    let ss7 = Ss7::default();
    let (events, arrivals) = mpsc::channel(1);
    let party = Party { role: Role::Hss, name: "HLR".into(), own: true };
    let remote = ss7.join("2", party, events).unwrap();
    let message = SccpMessage::parse(&unitdata("1", "2")).unwrap();
    let refused = |cause| Sent { remote, taken: Err(message.returned(cause)) };
    assert_eq!(ss7.send(&unitdata("1", "2")), Sent { remote, taken: Ok(()) });
    assert_eq!(ss7.send(&unitdata("1", "2")), refused(ReturnCause::SUBSYSTEM_CONGESTION));
    drop(arrivals);
    assert_eq!(ss7.send(&unitdata("1", "2")), refused(ReturnCause::SUBSYSTEM_FAILURE));
}
