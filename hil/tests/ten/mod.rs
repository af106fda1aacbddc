//! Hosts that send and receive all the time, what became of their messages, and what the process holds.

pub(crate) mod live;

use std::collections::{BTreeMap, VecDeque};
use std::fs;

use hil::at::ts27005::{Acknowledge, DeleteMessage, ReadMessage, SendMessage, SmsIndication};
use hil::at::ts27007::Request;
use hil::at::{AtCommand, AtConfig, AtEngine, AtOutput, AtResponse, CommandId};
use protocol::Instant;
use tpdu::{SMSAddress, SmsDeliver, SmsStatusReport, SmsSubmit, unpack_gsm7};

/// SplitMix64.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let n = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let n = (n ^ n >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((n ^ n >> 31) % end as u64) as usize
    }
}

/// What became of every message, by its text.
#[derive(Default)]
pub(crate) struct Ledger {
    messages: BTreeMap<String, Fate>,
    accepted: usize,
    pub(crate) reports: usize,
}

#[derive(Default)]
struct Fate {
    to: usize,
    accepted: bool,
    refused: bool,
    received: usize,
}

impl Ledger {
    pub(crate) fn accepted(&self) -> usize {
        self.accepted
    }

    /// Messages that nothing has been reported of yet.
    pub(crate) fn under_way(&self) -> usize {
        self.accepted.saturating_sub(self.reports)
    }

    /// Accepted, but not received.
    pub(crate) fn missing(&self) -> usize {
        self.messages.values().filter(|fate| fate.accepted && fate.received == 0).count()
    }

    /// What was accepted has been received and reported; what was refused has not.
    pub(crate) fn balance(&self) {
        for (text, fate) in &self.messages {
            assert!(fate.accepted || fate.refused, "{text:?}: nobody said what became of it");
            assert_eq!(fate.received > 0, fate.accepted, "{text:?} was received {} times", fate.received);
        }
        let twice = self.messages.values().filter(|fate| fate.received > 1).count();
        println!("{} accepted, {twice} received more than once, {} reports", self.accepted(), self.reports);
        // Again only after a modem went away before it could acknowledge.
        assert!(100 * twice <= 5 * self.accepted() + 100, "{twice} messages came more than once");
        assert!(self.reports >= self.accepted(), "{} reports for {} messages", self.reports, self.accepted());
    }
}

enum Job {
    Set(&'static str),
    Send { text: String, pdu: Vec<u8> },
    Read(u16),
    Delete(u16),
    Acknowledge,
}

/// A host: sends, reads what is indicated, deletes what it has read, acknowledges what is routed to it.
pub(crate) struct Host {
    ue: usize,
    ues: usize,
    number: fn(usize) -> String,
    jobs: VecDeque<Job>,
    running: Option<(CommandId, Job)>,
    sequence: u32,
}

impl Host {
    /// `routed`: messages come with +CMT and are acknowledged; otherwise they are stored and indicated.
    pub(crate) fn new(ue: usize, ues: usize, number: fn(usize) -> String, routed: bool) -> Self {
        let setting = if routed { ["+CSMS=1", "+CNMI=2,2,0,1,0"] } else { ["+CSMS=0", "+CNMI=2,1,0,2,0"] };
        let jobs = ["", "E0V1", "+CMEE=1", "+CMGF=0"].into_iter().chain(setting).map(Job::Set).collect();
        Self { ue, ues, number, jobs, running: None, sequence: 0 }
    }

    pub(crate) fn config() -> AtConfig {
        let mut config = AtConfig::default();
        ["^RSSI", "^NWTIME"].into_iter().for_each(|name| config.urcs.add(name));
        config
    }

    pub(crate) fn begin(&mut self, now: Instant, engine: &mut AtEngine) {
        self.go_on(now, engine);
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.running.is_none() && self.jobs.is_empty()
    }

    pub(crate) fn fly(&mut self, now: Instant, engine: &mut AtEngine, on: bool) {
        self.jobs.push_back(Job::Set(if on { "+CFUN=4" } else { "+CFUN=1" }));
        self.go_on(now, engine);
    }

    /// Sends to anybody, itself among them.
    pub(crate) fn send(&mut self, now: Instant, engine: &mut AtEngine, random: &mut Random, ledger: &mut Ledger) {
        if self.jobs.len() > 20 {
            return;
        }
        self.sequence += 1;
        let to = random.below(self.ues);
        let text = format!("{} to {to}, number {}{}", self.ue, self.sequence, ".".repeat(random.below(100)));
        let address = SMSAddress { ton: 1, npi: 1, address: (self.number)(to) };
        let submit = SmsSubmit::builder().destination_address(address).srr(true).gsm7_text(&text).build().unwrap();
        let pdu = [vec![0], submit.encode().unwrap()].concat();
        ledger.messages.insert(text.clone(), Fate { to, ..Fate::default() });
        self.jobs.push_back(Job::Send { text, pdu });
        self.go_on(now, engine);
    }

    pub(crate) fn hear(&mut self, now: Instant, engine: &mut AtEngine, output: AtOutput, ledger: &mut Ledger) {
        match output {
            AtOutput::Done(id, result) => {
                let Some((running, job)) = self.running.take() else { panic!("an answer to nothing") };
                assert_eq!(running, id);
                self.done(job, &result.unwrap_or_else(|failure| panic!("host {}: {failure}", self.ue)), ledger);
            }
            AtOutput::Urc(urc) => match SmsIndication::of_urc(&urc) {
                Some(SmsIndication::Stored { index, .. } | SmsIndication::ReportStored { index, .. }) => {
                    self.jobs.push_back(Job::Read(index));
                }
                Some(SmsIndication::Message(pdu)) => {
                    self.jobs.push_front(Job::Acknowledge);
                    self.received(&pdu, ledger);
                }
                Some(SmsIndication::StatusReport(pdu)) => {
                    self.jobs.push_front(Job::Acknowledge);
                    self.received(&pdu, ledger);
                }
                None => {}
            },
            AtOutput::Write(_) | AtOutput::Ignored(_) => {}
        }
        self.go_on(now, engine);
    }

    fn go_on(&mut self, now: Instant, engine: &mut AtEngine) {
        if self.running.is_some() {
            return;
        }
        let Some(job) = self.jobs.pop_front() else { return };
        let command = match &job {
            Job::Set(body) if body.starts_with("+CSMS") => AtCommand::new(*body).answered_by("+CSMS"),
            Job::Set(body) => AtCommand::new(*body),
            Job::Send { pdu, .. } => SendMessage { pdu: pdu.clone() }.command(),
            Job::Read(index) => ReadMessage { index: *index }.command(),
            Job::Delete(index) => DeleteMessage { index: *index }.command(),
            Job::Acknowledge => Acknowledge.command(),
        };
        self.running = Some((engine.submit(now, command), job));
    }

    fn done(&mut self, job: Job, response: &AtResponse, ledger: &mut Ledger) {
        match job {
            Job::Send { text, .. } => {
                let fate = ledger.messages.get_mut(&text).unwrap();
                match response.code.cms() {
                    // Without a network: it was never sent.
                    Some(331) => fate.refused = true,
                    None if response.code.is_ok() => {
                        fate.accepted = true;
                        ledger.accepted += 1;
                    }
                    _ => panic!("host {}: {:?}", self.ue, response.code),
                }
            }
            Job::Read(index) => {
                let message = ReadMessage { index }.answer(response).unwrap().expect("it was indicated");
                self.received(&message.pdu, ledger);
                self.jobs.push_front(Job::Delete(index));
            }
            // What was routed may have been refused meanwhile, as the radio went off.
            Job::Acknowledge => assert!(response.code.is_ok() || response.code.cms() == Some(340)),
            Job::Set(_) | Job::Delete(_) => assert!(response.code.is_ok(), "host {}: {:?}", self.ue, response.code),
        }
    }

    fn received(&self, pdu: &[u8], ledger: &mut Ledger) {
        let tpdu = &pdu[1 + usize::from(pdu[0])..];
        if tpdu[0] & 3 == 2 {
            assert_eq!(SmsStatusReport::decode(tpdu).unwrap().tp_status, 0);
            ledger.reports += 1;
            return;
        }
        let message = SmsDeliver::decode(tpdu).unwrap();
        let text = unpack_gsm7(&message.tp_user_data, message.tp_user_data_length.into()).unwrap();
        let fate = ledger.messages.get_mut(&text).unwrap_or_else(|| panic!("nobody sent {text:?}"));
        assert_eq!(fate.to, self.ue, "{text:?}");
        fate.received += 1;
    }
}

/// Resident octets and open files of this process; `None`: this system does not tell.
pub(crate) fn resources() -> Option<(usize, usize)> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let kib =
        status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.split_whitespace().next()?.parse::<usize>().ok());
    Some((kib? << 10, fs::read_dir("/proc/self/fd").ok()?.count()))
}

/// Has what the process holds grown since then?
pub(crate) fn leak(before: Option<(usize, usize)>, allowed: usize) {
    let (Some((octets, files)), Some((octets_now, files_now))) = (before, resources()) else {
        println!("skipped: this system has no /proc/self");
        return;
    };
    println!("{octets} octets and {files} files before, {octets_now} and {files_now} after");
    assert!(octets_now < octets + allowed, "{octets} octets resident before, {octets_now} after");
    assert!(files_now <= files, "{files} files open before, {files_now} after");
}
