//! eMBMS of a modem: the commands of TS 27.007 clause 14.2 against what the UE's receiver finds.

use super::command_line::Operation;
use super::io::{MbmsAir, MbmsService, Reply, SimOutput};
use super::modem::SimModem;
use super::output::Final;
use crate::at::embms::{EmbmsCommand, EmbmsGrammar, EmbmsLine, Tmgi};

/// `<embms_service>` of `+CEMBMSSRV`: what is asked for.
const AVAILABLE: u8 = 0;
const IN_USE: u8 = 1;
const CONFIGURE: u8 = 2;
/// Services that a host can activate at once.
const MAX_ACTIVE: usize = 16;
/// Operation not allowed (TS 27.007 clause 9.2.1): support is off.
const NOT_ALLOWED: Final = Final::Cme(3);
/// MBMS bearer capabilities insufficient for the service (clause 9.2.2): too many services.
const INSUFFICIENT: Final = Final::Cme(124);

/// What a modem knows of eMBMS.
#[derive(Clone, Debug, Default)]
pub(super) struct EmbmsState {
    grammar: EmbmsGrammar,
    /// `+CEMBMSCFG`.
    supported: bool,
    /// `<reporting>` of `+CEMBMSR`, `+CEMBMSSRV`, `+CEMBMSSAI`.
    tells_sessions: bool,
    tells_services: bool,
    tells_areas: bool,
    /// What the carrier has, in order.
    services: Vec<MbmsService>,
    service_areas: Vec<Vec<u16>>,
    /// What the host has activated.
    active: Vec<Tmgi>,
    /// `+CEMBMSCNT`.
    counted: Vec<Tmgi>,
    /// What the receiver was last told.
    received: Vec<Tmgi>,
}

impl EmbmsState {
    /// After a restart: the carrier is where it was, settings are not.
    pub(super) fn restarted(self) -> Self {
        let Self { grammar, services, service_areas, received, .. } = self;
        Self { grammar, services, service_areas, received, ..Self::default() }
    }
}

impl SimModem {
    /// The receiver has found something.
    pub(super) fn hear(&mut self, air: &MbmsAir<'_>) {
        match air {
            MbmsAir::Services(services) => self.have_services(services.to_vec()),
            MbmsAir::Lost => self.have_services(Vec::new()),
            MbmsAir::ServiceAreas(areas) => {
                if self.embms.service_areas != *areas {
                    self.embms.service_areas = areas.to_vec();
                    let on = self.embms.tells_areas && self.embms.supported;
                    self.service_area_lines()
                        .iter()
                        .filter(|_| on)
                        .for_each(|l| self.tell(EmbmsCommand::ServiceAreas, l));
                }
            }
            MbmsAir::Datagram { tmgi, ip } => {
                if self.embms.received.contains(tmgi) {
                    self.outputs.push_back(SimOutput::MbmsDatagram { tmgi: *tmgi, ip: ip.to_vec() });
                }
            }
        }
    }

    /// Tells which services have come and which have gone.
    fn have_services(&mut self, mut services: Vec<MbmsService>) {
        services.sort_unstable();
        services.dedup();
        let before = std::mem::replace(&mut self.embms.services, services.clone());
        let gone = before.iter().filter(|service| !services.contains(service)).map(|service| (0, service));
        let come = services.iter().filter(|service| !before.contains(service)).map(|service| (1, service));
        for (status, service) in gone.chain(come) {
            let active = self.embms.active.contains(&service.tmgi);
            if !self.embms.supported {
                continue;
            }
            let line = EmbmsLine { status: Some(status), active: Some(active), ..line_of(service) };
            if self.embms.tells_services {
                self.tell(EmbmsCommand::Service, &line);
            }
            if self.embms.tells_sessions && active {
                self.tell(EmbmsCommand::Report, &line);
            }
        }
    }

    fn tell(&mut self, command: EmbmsCommand, line: &EmbmsLine) {
        if let Some(text) = self.embms.grammar.urc_line(command, line) {
            self.urc(text);
        }
    }

    /// Tells the receiver what it is to receive, when that has changed.
    pub(super) fn tune(&mut self) {
        let on = self.embms.supported && self.functionality == 1;
        let wanted: &[Tmgi] = if on { &self.embms.active } else { &[] };
        if self.embms.received != wanted {
            self.embms.received = wanted.to_vec();
            self.outputs.push_back(SimOutput::MbmsReceive(self.embms.received.clone()));
        }
    }

    /// For `+CLAC`.
    pub(super) fn embms_names(&self) -> Vec<String> {
        let names = self.embms.grammar.names().filter(|_| self.personality.embms);
        names.map(str::to_owned).collect()
    }

    /// `None`: it is no command of clause 14.2, or of a modem without eMBMS.
    pub(super) fn embms_command(&mut self, name: &str, operation: &Operation) -> Option<Reply> {
        let command = self.embms.grammar.command_of(name).filter(|_| self.personality.embms)?;
        Some(match operation {
            Operation::Test => Reply::line(format!("{name}: {}", self.embms.grammar.ranges(command))),
            Operation::Read => self.embms_read(command, name),
            Operation::Execute => self.unknown(),
            Operation::Set(parameters) => match self.embms.grammar.understand(command, parameters) {
                Some(line) => self.embms_set(command, name, line),
                None => Reply::incorrect_parameters(),
            },
        })
    }

    fn embms_set(&mut self, command: EmbmsCommand, name: &str, line: EmbmsLine) -> Reply {
        if !self.embms.supported && command != EmbmsCommand::Configure {
            return Reply::Final(NOT_ALLOWED);
        }
        match (command, line.on, line.service) {
            (EmbmsCommand::Configure, Some(on), _) => {
                if !on {
                    let embms = std::mem::take(&mut self.embms);
                    self.embms = embms.restarted();
                }
                self.embms.supported = on;
            }
            (EmbmsCommand::Report, Some(on), _) => self.embms.tells_sessions = on,
            (EmbmsCommand::ServiceAreas, Some(on), _) => self.embms.tells_areas = on,
            (EmbmsCommand::Service, on, service) => {
                self.embms.tells_services = on.unwrap_or(self.embms.tells_services);
                return match service {
                    Some(CONFIGURE) if line.tmgis.is_empty() => Reply::incorrect_parameters(),
                    Some(CONFIGURE) => self.activate(&line.tmgis, line.active.unwrap_or(true)),
                    Some(which) => Reply::Lines(self.embms_list(command, name, which)),
                    None if on.is_some() => Reply::ok(),
                    None => Reply::incorrect_parameters(),
                };
            }
            // Datagrams come out of the UE's data interface: the port stays with commands.
            (EmbmsCommand::Data, ..) if !line.tmgis.is_empty() => return self.open_data(&line),
            (EmbmsCommand::Counting, ..) => {
                if line.count.is_some_and(|count| usize::from(count) != line.tmgis.len()) {
                    return Reply::incorrect_parameters();
                }
                self.embms.counted = line.tmgis;
            }
            _ => return Reply::incorrect_parameters(),
        }
        Reply::ok()
    }

    fn activate(&mut self, tmgis: &[Tmgi], on: bool) -> Reply {
        let active = &mut self.embms.active;
        if !on {
            active.retain(|tmgi| !tmgis.contains(tmgi));
            return Reply::ok();
        }
        let new: Vec<Tmgi> = tmgis.iter().copied().filter(|tmgi| !active.contains(tmgi)).collect();
        if active.len() + new.len() > MAX_ACTIVE {
            return Reply::Final(INSUFFICIENT);
        }
        active.extend(&new);
        // What is under way already is told as if it had begun now.
        let sessions: Vec<_> = self.embms.services.iter().filter(|s| new.contains(&s.tmgi)).map(line_of).collect();
        if self.embms.tells_sessions {
            sessions.iter().for_each(|l| self.tell(EmbmsCommand::Report, &EmbmsLine { status: Some(1), ..l.clone() }));
        }
        Reply::ok()
    }

    /// A data channel there is for what the carrier has.
    fn open_data(&mut self, line: &EmbmsLine) -> Reply {
        let is_meant = |service: &MbmsService| {
            line.tmgis.contains(&service.tmgi) && (line.session_id.is_none() || line.session_id == service.session_id)
        };
        if self.embms.services.iter().any(is_meant) {
            self.activate(&line.tmgis, true)
        } else {
            Reply::Final(NOT_ALLOWED)
        }
    }

    fn embms_read(&self, command: EmbmsCommand, name: &str) -> Reply {
        let embms = &self.embms;
        let line = EmbmsLine {
            on: Some(match command {
                EmbmsCommand::Configure => embms.supported,
                EmbmsCommand::Report => embms.tells_sessions,
                EmbmsCommand::Service => embms.tells_services,
                EmbmsCommand::ServiceAreas => embms.tells_areas,
                EmbmsCommand::Data | EmbmsCommand::Counting => false,
            }),
            service: Some(IN_USE),
            count: Some(embms.counted.len() as u8),
            tmgis: embms.counted.clone(),
            ..EmbmsLine::default()
        };
        let Some(first) = embms.grammar.read_line(command, &line) else { return self.unknown() };
        let mut lines = vec![format!("{name}: {first}")];
        lines.extend(self.embms_list(command, name, IN_USE));
        Reply::Lines(lines)
    }

    /// Services available or in use, sessions, service areas; nothing without support.
    fn embms_list(&self, command: EmbmsCommand, name: &str, which: u8) -> Vec<String> {
        let is_active = |service: &&MbmsService| self.embms.active.contains(&service.tmgi);
        let services = self.embms.services.iter().filter(|s| which == AVAILABLE || is_active(s)).map(|service| {
            EmbmsLine { status: Some(1), service: Some(which), active: Some(is_active(&service)), ..line_of(service) }
        });
        let lines = match command {
            _ if !self.embms.supported => Vec::new(),
            EmbmsCommand::Report | EmbmsCommand::Service => services.collect(),
            EmbmsCommand::ServiceAreas => self.service_area_lines(),
            EmbmsCommand::Configure | EmbmsCommand::Data | EmbmsCommand::Counting => Vec::new(),
        };
        let text = |line: &EmbmsLine| Some(format!("{name}: {}", self.embms.grammar.list_line(command, line)?));
        lines.iter().filter_map(text).collect()
    }

    fn service_area_lines(&self) -> Vec<EmbmsLine> {
        let line = |(frequency, areas): (usize, &Vec<u16>)| EmbmsLine {
            frequency: Some(frequency as u8),
            service_areas: areas.clone(),
            ..EmbmsLine::default()
        };
        self.embms.service_areas.iter().enumerate().map(line).collect()
    }
}

fn line_of(service: &MbmsService) -> EmbmsLine {
    EmbmsLine { tmgis: vec![service.tmgi], session_id: service.session_id, ..EmbmsLine::default() }
}
