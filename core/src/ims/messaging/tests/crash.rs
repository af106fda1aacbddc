//! The server is killed at every step, and started again on what was durable: nothing that was acknowledged is lost, and
//! nothing comes twice to a recipient who knows a request again.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use protocol::Instant;
use protocol::sip::{Flow, Response, SipMessage, Transport};

use super::*;
use crate::node::{Node, NodeInput, NodeOutput, NodeStoreAnswer, NodeStoreOp};

const MESSAGES: u32 = 4;

/// The world around the server: its store, senders that repeat what is not answered, and a recipient.
#[derive(Default)]
struct World {
    rows: RowMap,
    /// Steps until the server is killed.
    fuel: u32,
    now_ms: u64,
    acknowledged: BTreeSet<String>,
    /// What the recipient was shown, by what names a request.
    shown: Vec<String>,
    known: BTreeSet<String>,
    is_there: bool,
}

impl World {
    fn now(&self) -> Instant {
        Instant::from_millis(self.now_ms)
    }

    /// Gives the server something and does what it says; `None`: it was killed meanwhile.
    fn play(&mut self, node: &mut MessagingServer, input: Option<&str>) -> Option<()> {
        match input {
            Some(text) => self.receive(node, text),
            None => node.handle_timeout(self.now()),
        }
        while let Some(output) = node.poll_output() {
            self.fuel = self.fuel.checked_sub(1)?;
            match output {
                NodeOutput::Store(request) => {
                    let mut tables = Vec::new();
                    for op in request.ops {
                        match op {
                            NodeStoreOp::Put { table, key, value } => drop(self.rows.insert((table, key), value)),
                            NodeStoreOp::Delete { table, key } => drop(self.rows.remove(&(table, key))),
                            NodeStoreOp::Scan { .. } | NodeStoreOp::Range { .. } => {
                                tables.push(self.rows.iter().map(|((_, key), v)| (key.clone(), v.clone())).collect());
                            }
                        }
                    }
                    // Killed between the commit and its answer.
                    self.fuel = self.fuel.checked_sub(1)?;
                    let answer = NodeStoreAnswer { token: request.token, result: Ok(tables) };
                    node.handle_input(self.now(), NodeInput::Store(answer));
                }
                NodeOutput::Sip { bytes, .. } => self.sip(node, &bytes)?,
                _ => {}
            }
        }
        Some(())
    }

    fn receive(&self, node: &mut MessagingServer, text: &str) {
        let text = text.trim_start().lines().map(str::trim_start).collect::<Vec<_>>().join("\r\n") + "\r\n";
        let text = if text.contains("\r\n\r\n") { text } else { text + "\r\n" };
        self.deliver(node, text.as_bytes());
    }

    fn deliver(&self, node: &mut MessagingServer, bytes: &[u8]) {
        let (local, remote) = (OWN.parse().unwrap(), SCSCF.parse().unwrap());
        let flow = Flow { transport: Transport::Udp, local, remote };
        node.handle_input(self.now(), NodeInput::Sip { flow, bytes });
    }

    fn sip(&mut self, node: &mut MessagingServer, bytes: &[u8]) -> Option<()> {
        match SipMessage::parse(bytes).unwrap() {
            SipMessage::Response(response) => {
                if response.status == 202 {
                    self.acknowledged.insert(response.call_id().unwrap().to_owned());
                }
            }
            SipMessage::Request(request) => {
                let status = if self.is_there { 200 } else { 480 };
                let tag = request.from().unwrap().unwrap().tag().unwrap().to_owned();
                let name = format!("{} {tag} {}", request.call_id().unwrap(), request.headers.get("CSeq").unwrap());
                if self.is_there && self.known.insert(name) {
                    self.shown.push(request.call_id().unwrap().to_owned());
                }
                self.fuel = self.fuel.checked_sub(1)?;
                let mut response = Response::to(&request, status, None);
                response.set_to_tag("b");
                self.deliver(node, &response.to_bytes());
            }
        }
        Some(())
    }

    /// The whole story, as far as the fuel lasts; true when it came to its end.
    fn story(&mut self, node: &mut MessagingServer, round: u32) -> Option<()> {
        self.play(node, None)?;
        for n in 1..=MESSAGES {
            if !self.acknowledged.contains(&format!("call-{n}")) {
                let again = format!("z9hG4bKm{n}r{round}");
                self.play(node, Some(&message(n, "unreg", "", "x").replace(&format!("z9hG4bKm{n}"), &again)))?;
            }
        }
        self.is_there = true;
        let register = format!(
            "REGISTER sip:messaging.ims.test SIP/2.0\nVia: SIP/2.0/UDP {SCSCF};branch=z9hG4bKr{round}\nMax-Forwards: 70\n\
             From: <sip:scscf.ims.test>;tag=s\nTo: <sip:b@ims.test>\nCall-ID: reg-{round}\nCSeq: 1 REGISTER\n\
             Contact: <sip:scscf.ims.test>\nExpires: 600\nContent-Length: 0\n\n"
        );
        self.play(node, Some(&register))?;
        for _ in 0..20 {
            self.now_ms += 2000;
            self.play(node, None)?;
        }
        Some(())
    }
}

#[test]
fn killed_at_every_step_nothing_is_lost_and_nothing_comes_twice() {
    let mut kills = 0;
    for fuel in 0.. {
        let mut world = World { fuel, ..World::default() };
        let mut rounds = 0;
        let mut ended = false;
        while !ended {
            // Killed again after as many steps, and then left alone.
            world.fuel = if rounds < 2 { fuel } else { u32::MAX };
            let mut node = MessagingServer::new(config(), Entropy::of_box(u64::from(rounds), "messaging")).unwrap();
            ended = world.story(&mut node, rounds).is_some();
            rounds += 1;
            world.now_ms += Duration::from_millis(500).as_millis() as u64;
        }
        let wanted: BTreeMap<String, usize> = (1..=MESSAGES).map(|n| (format!("call-{n}"), 1)).collect();
        let mut shown: BTreeMap<String, usize> = BTreeMap::new();
        world.shown.iter().for_each(|call| *shown.entry(call.clone()).or_default() += 1);
        assert_eq!(shown, wanted, "killed after {fuel} steps, {rounds} rounds");
        assert!(world.shown.is_sorted(), "order: {:?}", world.shown);
        assert_eq!(world.acknowledged.len(), MESSAGES as usize);
        kills += rounds - 1;
        if rounds == 1 {
            break;
        }
    }
    assert!(kills > 40, "{kills}");
}
