//! `kill -9` of the processes that short messages pass, in the middle of messages from UE to UE (TR 23.804 clauses 8.9 and
//! 8.10): accepted = delivered + pending + expired with report, and nothing is shown twice. HLR, IP-Message-GW and SMS-GMSC are
//! one process, with SS7 between them in memory, and CSCFs beside them; the SM-SC is another.

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;
use std::time::Duration;

use hil::agent::sip::{AgentCommand, AgentEvent};
use hil::agent::sms::{
    OutgoingSms, SmsAccess, SmsClient, SmsCommand, SmsConfig, SmsEvent, SmsInput, SmsOutput, SmsPath,
};
use protocol::Entropy;
use protocol::sms::{Address, Content, Status};

use super::lab::{Lab, Program, now, page, ports};
use super::short_messages::{lab, msisdn};
use super::ue::Ue;

/// Kills of a run, and of a campaign at most (`CASTBENCH_KILLS`): each moment and victim fifty times.
const KILLS: usize = 8;
const MOST_KILLS: usize = 400;
/// How far a message has come when a process is killed.
const MOMENTS: [Moment; 4] = [Moment::Sent, Moment::Accepted, Moment::Acknowledged, Moment::Shown];
const VICTIMS: [&str; 2] = ["network", "sm_sc"];
/// Two who write to each other, and one who is never there.
const USERS: usize = 3;
const ABSENT: usize = 2;
/// How long the SM-SC keeps messages, seconds.
const VALIDITY_S: u64 = 25;
const PATIENCE: Duration = Duration::from_secs(60);

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Moment {
    /// By the UE.
    Sent,
    /// By the gateway: 202.
    Accepted,
    /// By the SM-SC: RP-ACK.
    Acknowledged,
    /// At the other UE.
    Shown,
}

/// A UE that follows the rules.
struct Phone {
    ue: Ue,
    sms: SmsClient,
    /// MESSAGEs of its own that were answered with 202.
    accepted: usize,
    events: Vec<SmsEvent>,
}

impl Phone {
    fn new(lab: &Lab, n: usize) -> Self {
        let mut config = SmsConfig::new(SmsPath::Ims, Address::of_number("+491700000004").unwrap());
        // Nobody waits for 40 s here.
        (config.timers.tr1m, config.pause, config.attempts) = (Duration::from_secs(4), Duration::from_millis(300), 40);
        config.places = 1000;
        let sms = SmsClient::new(config, Entropy::from_seed([50 + n as u8; 32]));
        let mut phone = Self { ue: Ue::new(n, lab.pcscf()), sms, accepted: 0, events: Vec::new() };
        phone.ue.command(AgentCommand::Register);
        let end = now() + PATIENCE;
        while !phone.sms.has(SmsAccess::Ip) {
            assert!(now() < end, "user{n} is not registered");
            phone.turn();
        }
        phone
    }

    fn send(&mut self, message: u64, to: usize) {
        let content = Content::Text(text(message));
        let mut sms = OutgoingSms::new(message, Address::of_number(&format!("+{}", msisdn(to))).unwrap(), content);
        sms.status_report = true;
        self.sms.handle_input(self.ue.time(), SmsInput::Command(SmsCommand::Send(Box::new(sms))));
        self.drain();
    }

    fn turn(&mut self) {
        self.ue.turn();
        let now = self.ue.time();
        for event in std::mem::take(&mut self.ue.events) {
            if matches!(&event, AgentEvent::MessageResult { result: Ok(202), .. }) && self.sms.is_own(&event) {
                self.accepted += 1;
            }
            self.sms.handle_input(now, SmsInput::Agent(&event));
        }
        if self.sms.poll_timeout().is_some_and(|due| due <= now) {
            self.sms.handle_timeout(now);
        }
        self.drain();
    }

    fn drain(&mut self) {
        while let Some(output) = self.sms.poll_output() {
            match output {
                SmsOutput::Agent(command) => self.ue.command(command),
                SmsOutput::Event(event) => self.events.push(event),
                SmsOutput::Relay { .. } => panic!("there is no SGSN"),
            }
        }
    }

    /// What became of a message of its own: whether the SM-SC has taken it.
    fn is_taken(&self, message: u64) -> bool {
        let result = self.events.iter().find_map(|event| match event {
            SmsEvent::Sent { message: own, result } if *own == message => Some(result),
            _ => None,
        });
        assert!(result.is_none_or(Result::is_ok), "{message}: {result:?}");
        result.is_some()
    }

    /// How often it was shown a message.
    fn shown(&self, message: u64) -> usize {
        let is_it = |event: &&SmsEvent| match event {
            SmsEvent::Received(sms) => sms.content == Content::Text(text(message)),
            _ => false,
        };
        self.events.iter().filter(is_it).count()
    }

    /// What it was told of a message; a report that comes again is known to be the same.
    fn told(&self, message: u64) -> Option<Status> {
        let mut told = self.events.iter().filter_map(|event| match event {
            SmsEvent::StatusReport(report) if report.of == Some((message, 1)) => Some(report.status),
            _ => None,
        });
        let first = told.next();
        assert!(told.next().is_none(), "{message}: told twice");
        first
    }
}

fn text(message: u64) -> String {
    format!("message {message}")
}

struct Rig {
    lab: Lab,
    centre: Program,
    centre_http: u16,
    phones: Vec<Phone>,
    at: String,
}

impl Rig {
    fn new() -> Self {
        let (mut lab, places) = lab(USERS, false);
        let [http] = ports();
        let text = format!(
            "nodes = ['sm_sc']\ndatabase = 'sm_sc.sqlite'\nhttp = '127.0.0.1:{http}'\n[sm_sc]\n\
             listen = ['127.0.0.1:{}']\nmax_validity = {VALIDITY_S}\nretry_network = [1]\nretry_absent = [5]\n\
             message_centres = [{{ name = 'gmsc', connect = '127.0.0.1:{}', system_id = 'smsc', password = 'smsc' }}]\n",
            places.sm_sc, places.gmsc
        );
        fs::write(lab.path("sm_sc.toml"), text).unwrap();
        lab.start(&[]);
        let centre = Self::start_centre(&lab);
        let phones = (0..ABSENT).map(|n| Phone::new(&lab, n)).collect();
        let mut rig = Self { lab, centre, centre_http: http, phones, at: "at first".to_owned() };
        rig.until("ready", |rig| rig.centre.said().contains("ready\n"));
        rig
    }

    fn start_centre(lab: &Lab) -> Program {
        let mut command = Command::new(env!("CARGO_BIN_EXE_castbench"));
        command.current_dir(lab.folder()).args(["core", "--config", "sm_sc.toml"]);
        Program::start(&mut command, lab.path("sm_sc.log"))
    }

    fn kill(&mut self, victim: &str) {
        match victim {
            "sm_sc" => self.centre.kill(),
            _ => self.lab.core.as_mut().unwrap().kill(),
        }
    }

    fn restart(&mut self, victim: &str) {
        if victim == "sm_sc" {
            self.centre = Self::start_centre(&self.lab);
            self.until("ready", |rig| rig.centre.said().contains("ready\n"));
        } else {
            self.lab.start(&[]);
        }
    }

    fn run(&mut self, span: Duration) {
        let end = now() + span;
        while now() < end {
            self.phones.iter_mut().for_each(Phone::turn);
        }
    }

    fn until(&mut self, what: &str, is_so: impl Fn(&Self) -> bool) {
        let end = now() + PATIENCE;
        while !is_so(self) {
            assert!(now() < end, "{}: never {what}\n{}", self.at, self.story());
            self.phones.iter_mut().for_each(Phone::turn);
        }
    }

    fn story(&self) -> String {
        let events: Vec<_> = self.phones.iter().map(|phone| format!("{:#?}", phone.events)).collect();
        let network = self.lab.core.as_ref().map(Program::said).unwrap_or_default();
        format!("{}\nnetwork:\n{network}\nSM-SC:\n{}", events.join("\n"), self.centre.said())
    }

    fn held(&self) -> Option<u64> {
        let name = "castbench_node{node=\"sm-sc\",what=\"sm_sc_messages_held\"}";
        page(self.centre_http, "/metrics").lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok())
    }

    /// A message of the phone with this number, in whose middle somebody is killed.
    fn round(&mut self, message: u64, (from, to): (usize, usize), (moment, victim): (Moment, &str), wait: [u32; 2]) {
        let accepted = self.phones[from].accepted;
        self.phones[from].send(message, to);
        self.until("so far", |rig| match moment {
            Moment::Sent => true,
            Moment::Accepted => rig.phones[from].accepted > accepted,
            Moment::Acknowledged => rig.phones[from].is_taken(message),
            Moment::Shown => rig.phones[to].shown(message) > 0,
        });
        self.run(Duration::from_millis(wait[0].into()));
        self.kill(victim);
        self.run(Duration::from_millis(wait[1].into()));
        self.restart(victim);
        self.until("taken", |rig| rig.phones[from].is_taken(message));
    }
}

#[test]
fn what_was_accepted_outlives_kills() {
    let began = now();
    let kills = std::env::var("CASTBENCH_KILLS").ok().and_then(|n| n.parse().ok());
    let kills = kills.map_or(KILLS, |n: usize| n.clamp(1, MOST_KILLS));
    let mut rig = Rig::new();
    let mut chance = Entropy::from_seed([8; 32]);
    let mut sent: BTreeMap<u64, (usize, usize)> = BTreeMap::new();
    // Two for somebody who does not come: one expires, one is there at the end.
    rig.phones[0].send(1, ABSENT);
    rig.until("taken", |rig| rig.phones[0].is_taken(1));
    sent.insert(1, (0, ABSENT));
    for round in 0..kills {
        let (moment, victim) = (MOMENTS[round % 4], VICTIMS[(round / 4 + round) % 2]);
        let (message, between) = (100 + round as u64, (round % 2, (round + 1) % 2));
        rig.at = format!("round {round}: {victim} killed when {moment:?}");
        sent.insert(message, between);
        rig.round(message, between, (moment, victim), [chance.below(25), chance.below(150)]);
    }
    rig.at = "afterwards".to_owned();
    // All that can be is delivered or expired, and told.
    rig.until("over", |rig| sent.iter().all(|(message, (from, _))| rig.phones[*from].told(*message).is_some()));
    rig.phones[1].send(2, ABSENT);
    sent.insert(2, (1, ABSENT));
    rig.until("taken", |rig| rig.phones[1].is_taken(2));
    for victim in VICTIMS {
        rig.kill(victim);
        rig.restart(victim);
    }
    rig.until("counted", |rig| rig.held() == Some(1));
    let (mut delivered, mut expired) = (0, 0);
    for (message, (from, to)) in &sent {
        let shown = rig.phones.get(*to).map_or(0, |phone| phone.shown(*message));
        match rig.phones[*from].told(*message) {
            Some(Status::RECEIVED) => delivered += 1,
            Some(Status::VALIDITY_EXPIRED) => expired += 1,
            other => assert_eq!((*message, other), (2, None), "{}", rig.story()),
        }
        let is_received = rig.phones[*from].told(*message) == Some(Status::RECEIVED);
        assert_eq!(shown, usize::from(is_received), "{message}: {}", rig.story());
    }
    assert_eq!(sent.len(), delivered + expired + 1, "{}", rig.story());
    assert_eq!(expired, 1, "{}", rig.story());
    let seconds = began.elapsed().as_secs_f64();
    println!(
        "{kills} kills: {} accepted = {delivered} delivered + {expired} expired + 1 pending; {seconds:.1} s",
        sent.len()
    );
}
