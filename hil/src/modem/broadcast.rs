//! Broadcast services over AT, TS 27.007 clause 14: what a modem knows is asked with `=?` before it is used.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::job::Job;
use super::machine::{Modem, Phase};
use super::{EmbmsEvent, EmbmsService, ModemOutput};
use crate::at::embms::{EmbmsCommand, EmbmsGrammar, EmbmsValues, KnownEmbms, ProbeEmbms, SetEmbms, Tmgi};
use crate::at::ts27007::Request;
use crate::at::{AtCommand, AtResponse};

/// `<embms_service>`: configure a service.
const CONFIGURE_A_SERVICE: u8 = 2;
/// Commands that a service needs. The data channel of a session would take the port out of command state: datagrams are
/// looked for where the modem has its network interface.
const NEEDED: [EmbmsCommand; 3] = [EmbmsCommand::Configure, EmbmsCommand::Report, EmbmsCommand::Service];

/// What is asked about services.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum EmbmsJob {
    /// Which spelling of a command does it know?
    Probe { command: EmbmsCommand, spelling: usize },
    /// Support and reports on.
    Set(EmbmsCommand),
    /// A service on or off.
    Service { tmgi: Tmgi, active: bool },
}

/// What is known of services.
#[derive(Debug)]
pub(super) struct Broadcast {
    pub(super) grammar: EmbmsGrammar,
    wanted: BTreeMap<Tmgi, EmbmsService>,
    /// The commands that were asked for, and what the modem knows of them.
    probed: BTreeMap<EmbmsCommand, Option<KnownEmbms>>,
    /// The modem has been told what is wanted, or is being told.
    pub(super) configured: bool,
    queue: VecDeque<EmbmsJob>,
    /// The modem was told to receive these, and has not said since that it does not.
    active: BTreeSet<Tmgi>,
}

impl Broadcast {
    pub(super) fn new(grammar: EmbmsGrammar) -> Self {
        let (wanted, probed) = (BTreeMap::new(), BTreeMap::new());
        Self { grammar, wanted, probed, configured: false, queue: VecDeque::new(), active: BTreeSet::new() }
    }

    /// All that has to be said to a modem that has been told nothing.
    fn plan(&mut self) {
        self.configured = true;
        let unknown = NEEDED.into_iter().filter(|command| !self.probed.contains_key(command));
        let probes = unknown.map(|command| EmbmsJob::Probe { command, spelling: 0 });
        let switches = [EmbmsCommand::Configure, EmbmsCommand::Report].map(EmbmsJob::Set);
        let services = self.wanted.keys().map(|&tmgi| EmbmsJob::Service { tmgi, active: true });
        let unwanted = self.active.iter().filter(|tmgi| !self.wanted.contains_key(tmgi));
        let stops = unwanted.map(|&tmgi| EmbmsJob::Service { tmgi, active: false });
        self.queue = probes.chain(switches).chain(stops).chain(services).collect();
    }

    fn known(&self, command: EmbmsCommand) -> Option<&KnownEmbms> {
        self.probed.get(&command).and_then(Option::as_ref)
    }

    fn set(&self, job: EmbmsJob) -> Option<Result<SetEmbms, String>> {
        match job {
            EmbmsJob::Probe { .. } => None,
            EmbmsJob::Set(command) => {
                let on = EmbmsValues { on: Some(true), ..EmbmsValues::default() };
                Some(self.known(command)?.set(on))
            }
            EmbmsJob::Service { tmgi, active } => {
                let known = self.known(EmbmsCommand::Service)?;
                let service = Some(CONFIGURE_A_SERVICE);
                let values = EmbmsValues { service, tmgi: Some(tmgi), active: Some(active), ..EmbmsValues::default() };
                // With reports of its changes, where the modem has them.
                Some(known.set(EmbmsValues { on: Some(true), ..values }).or_else(|_| known.set(values)))
            }
        }
    }

    /// The command of a job that can be done.
    pub(super) fn command(&self, job: EmbmsJob) -> Option<AtCommand> {
        match job {
            EmbmsJob::Probe { command, spelling } => self.probe(command, spelling).map(|probe| probe.command()),
            _ => self.set(job)?.ok().map(|set| set.command()),
        }
    }

    fn probe(&self, command: EmbmsCommand, spelling: usize) -> Option<ProbeEmbms> {
        ProbeEmbms::spellings(&self.grammar, command).nth(spelling)
    }

    /// The command of a job does not end: one that asks what the modem knows has its answer in that.
    pub(super) fn hangs(&mut self, job: EmbmsJob) {
        if let EmbmsJob::Probe { command, .. } = job {
            self.probed.insert(command, None);
        }
        self.configured = false;
    }
}

impl Modem {
    pub(super) fn embms_start(&mut self, service: EmbmsService) {
        let EmbmsService { tmgi, .. } = service;
        if matches!(self.phase, Phase::Quarantined | Phase::Off | Phase::Stopping { .. }) {
            let why = "the modem is switched off or in quarantine".into();
            return self.put(ModemOutput::Embms(EmbmsEvent::Refused { tmgi, why }));
        }
        let is_new = self.embms.wanted.insert(tmgi, service).is_none();
        if is_new && self.embms.configured {
            self.embms.queue.push_back(EmbmsJob::Service { tmgi, active: true });
        }
    }

    pub(super) fn embms_stop(&mut self, tmgi: Tmgi) {
        if self.embms.wanted.remove(&tmgi).is_some() && self.embms.configured {
            self.embms.queue.push_back(EmbmsJob::Service { tmgi, active: false });
        }
    }

    /// No service will be received.
    pub(super) fn embms_give_up(&mut self, why: &str) {
        self.embms.queue.clear();
        self.embms.active.clear();
        for tmgi in std::mem::take(&mut self.embms.wanted).into_keys() {
            self.put(ModemOutput::Embms(EmbmsEvent::Refused { tmgi, why: why.to_owned() }));
        }
    }

    /// What the modem is to be told next.
    pub(super) fn next_embms(&mut self) -> Option<Job> {
        let concerned = !self.embms.wanted.is_empty() || !self.embms.active.is_empty();
        if !self.embms.configured && concerned {
            self.embms.plan();
        }
        while let Some(job) = self.embms.queue.pop_front() {
            if self.embms.command(job).is_some() {
                if let EmbmsJob::Service { tmgi, active: true } = job {
                    self.embms.active.insert(tmgi);
                }
                return Some(Job::Embms(job));
            }
            let why = match (job, self.embms.set(job)) {
                (EmbmsJob::Probe { command, .. }, _) => {
                    self.embms.probed.insert(command, None);
                    continue;
                }
                (_, Some(Err(why))) => why,
                _ => "no command for it is answered with the values that it may have: no eMBMS by TS 27.007 clause 14"
                    .to_owned(),
            };
            match job {
                EmbmsJob::Service { tmgi, active } => self.embms_refused(tmgi, active, why),
                _ => self.note(format!("eMBMS: {why}")),
            }
        }
        None
    }

    pub(super) fn embms_done(&mut self, job: EmbmsJob, response: &AtResponse) {
        match job {
            EmbmsJob::Probe { command, spelling } => {
                let known = self.embms.probe(command, spelling).and_then(|probe| probe.answer(response).ok().flatten());
                if known.is_none() {
                    self.embms.queue.push_front(EmbmsJob::Probe { command, spelling: spelling + 1 });
                } else {
                    self.embms.probed.insert(command, known);
                }
            }
            EmbmsJob::Set(command) if !response.code.is_ok() => {
                self.note(format!("eMBMS: {command:?}: {}", response.code));
            }
            EmbmsJob::Set(_) => {}
            EmbmsJob::Service { tmgi, active } if !response.code.is_ok() => {
                self.embms_refused(tmgi, active, response.code.to_string());
            }
            EmbmsJob::Service { tmgi, active: true } => self.put(ModemOutput::Embms(EmbmsEvent::Activated(tmgi))),
            EmbmsJob::Service { tmgi, active: false } => {
                self.embms.active.remove(&tmgi);
                self.put(ModemOutput::Embms(EmbmsEvent::Deactivated(tmgi)));
            }
        }
    }

    fn embms_refused(&mut self, tmgi: Tmgi, active: bool, why: String) {
        self.embms.active.remove(&tmgi);
        if active {
            self.embms.wanted.remove(&tmgi);
        }
        self.put(ModemOutput::Embms(EmbmsEvent::Refused { tmgi, why }));
    }
}
