//! Charging between a node, an OCS and a CDF.

mod offline;
mod online;

use std::collections::BTreeMap;
use std::time::Duration;

use protocol::diameter::Message;
use protocol::diameter::dictionary::charging as c;
use protocol::diameter::rf::Acr;
use protocol::diameter::ro::{Cca, Ccr, FailureHandling, RequestType, RequestedAction, ServiceUnits, Units};
use protocol::diameter::{Flags, result};
use protocol::sms::{
    Address, Concatenation, ConcatenationReference, Direction, RpCause, Submit, Tpdu, UserData, UserDataHeader,
    alphabet,
};
use protocol::{Entropy, Instant};

use super::testing::{CDF, Far, Log, Near, OCS, PRICE, Script, Scripted, UTC, charging};
use super::*;
use crate::charging::Cdr;
use crate::node::{NodeStore, NodeStoreRequest};

const MSISDN: &str = "358401234567";
const GATEWAY: &str = "358500000030";

/// A node that charges, and its servers.
struct Rig {
    charging: SmsCharging,
    far: Far,
    store: NodeStore,
    now: Instant,
    runs: u32,
    config: fn(&mut SmsChargingConfig),
    notes: Vec<String>,
}

impl Rig {
    fn new(far: Far, config: fn(&mut SmsChargingConfig)) -> Self {
        let mut rig = Self {
            charging: SmsCharging::off(),
            far,
            store: NodeStore::in_memory().unwrap(),
            now: Instant::ZERO,
            runs: 0,
            config,
            notes: Vec::new(),
        };
        rig.restart();
        rig
    }

    /// With an OCS that says what a test wants, and a real CDF.
    fn scripted(says: Script, config: fn(&mut SmsChargingConfig)) -> (Self, Log) {
        let mut far = Far::real(MSISDN, 0);
        let (ocs, log) = Scripted::new("ocs.ims.test", says);
        far.add(OCS, Box::new(ocs));
        (Self::new(far, config), log)
    }

    /// The node is killed, and starts again.
    fn restart(&mut self) {
        self.far.forget_node(self.now);
        let mut config = charging(GATEWAY, self.runs);
        (self.config)(&mut config);
        self.charging = SmsCharging::new(config, Entropy::of_box(self.runs.into(), "sms"));
        self.runs += 1;
        self.pass(Duration::from_millis(1));
    }

    fn drain(&mut self) {
        while let Some(output) = self.charging.poll_output() {
            match output {
                NodeOutput::Diameter(transport) => {
                    let near = self.far.transport(self.now, transport);
                    self.near(near);
                }
                NodeOutput::Store(request) => {
                    let answer = self.store.execute(&request);
                    assert!(self.charging.stored(self.now, answer).is_none());
                }
                NodeOutput::Note(note) => self.notes.push(note.to_string()),
                other => panic!("{other:?}"),
            }
        }
    }

    fn near(&mut self, near: Vec<Near>) {
        for near in near {
            assert!(self.charging.diameter(self.now, near.input()).is_none(), "{near:?}");
        }
    }

    fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        self.drain();
        loop {
            let due = [self.charging.poll_timeout(), self.far.poll_timeout()].into_iter().flatten().min();
            let Some(due) = due.filter(|due| *due <= end) else { break };
            self.now = self.now.max(due);
            self.charging.handle_timeout(self.now);
            let near = self.far.handle_timeout(self.now);
            self.near(near);
            self.drain();
        }
        self.now = end;
    }

    fn set_dead(&mut self, at: &str, is_dead: bool) {
        let near = self.far.set_dead(self.now, at, is_dead);
        self.near(near);
        self.drain();
    }

    /// Asks whether a message may go, and waits for what is said.
    fn ask(&mut self, token: u64, usage: &SmsUsage, is_again: bool) -> SmsDecision {
        let (now, end) = (self.now, self.now + Duration::from_secs(60));
        let at_once = self.charging.authorise(now, token, usage, is_again);
        assert_eq!(at_once, None);
        self.drain();
        loop {
            if let Some(event) = self.charging.poll_event() {
                assert_eq!(event.token, token);
                return event.decision;
            }
            assert!(self.now < end, "no decision: {:?}", self.notes);
            self.pass(Duration::from_millis(100));
        }
    }

    fn done(&mut self, token: Option<u64>, usage: &SmsUsage, outcome: SmsOutcome) {
        let (ops, ticket) = self.charging.done(self.now, token, usage, outcome);
        let answer = self.store.execute(&NodeStoreRequest { token: StoreToken(1), ops });
        assert!(answer.result.is_ok());
        self.charging.kept(self.now, ticket);
        self.drain();
    }

    fn usage(&mut self, tpdu: Vec<u8>) -> SmsUsage {
        SmsUsage {
            charge: self.charging.new_charge(self.now),
            direction: Direction::ToNetwork,
            imsi: "001010000000001".to_owned(),
            msisdn: MSISDN.to_owned(),
            service_centre: "358500000100".to_owned(),
            tpdu,
            access: "R2",
        }
    }

    /// What the only record says of online charging.
    #[track_caller]
    fn said(&self) -> String {
        let records = self.far.records();
        assert_eq!(records.len(), 1, "{records:?}");
        said(&records[0]).to_owned()
    }

    fn to_settle(&self) -> usize {
        self.store.scan(Table::SmsCredit).unwrap().len()
    }
}

fn said(record: &Cdr) -> &str {
    record.sms.as_ref().unwrap().specific(ONLINE_OUTCOME).unwrap()
}

fn submit(text: &str) -> Vec<u8> {
    let (coding, data) = UserData::of_text(text).unwrap();
    Tpdu::Submit(Submit::new(7, Address::international("358409999999").unwrap(), coding, data)).emit()
}

fn part(sequence: u8, total: u8) -> Vec<u8> {
    let part = Concatenation { reference: ConcatenationReference::Short(42), total, sequence };
    let header = UserDataHeader::default().with_concatenation(part);
    let data = UserData::of_septets(Some(&header), &alphabet::to_septets("part").unwrap()).unwrap();
    let coding = protocol::sms::DataCodingScheme(0);
    Tpdu::Submit(Submit::new(sequence, Address::international("358409999999").unwrap(), coding, data)).emit()
}

fn cca(request: &Message, code: u32, granted: Option<u64>) -> Cca {
    let one = ServiceUnits { granted: granted.map(Units::pieces), ..ServiceUnits::default() };
    let services = granted.map(|_| one).into_iter().collect();
    assert!(Ccr::from_message(request).is_ok());
    Cca { services, ..Cca::new(("ocs.ims.test", "ims.test"), code) }
}

fn grant(request: &Message, _: usize) -> Option<Message> {
    Some(cca(request, result::SUCCESS, Some(1)).to_message(request))
}
