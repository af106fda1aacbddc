//! Ladders: a 3GPP procedure as numbered steps, each ticked by a message that was seen on a reference point.

mod decode;
mod download_delivery;
mod lct;
mod mcch_acquisition;
mod seen;

use std::fmt;

use protocol::{Joint, TapEvent};

use crate::event::{LadderHeader, SessionInfo, What};
use crate::pcap::interface_name;
use decode::Field;
pub use download_delivery::DOWNLOAD_DELIVERY;
pub use lct::{LctError, LctHeader};
pub use mcch_acquisition::MCCH_ACQUISITION;
pub(crate) use seen::Seen;

/// A procedure: its steps as a table.
#[derive(Clone, Copy, Debug)]
pub struct Procedure {
    /// Specification and clause.
    pub procedure: &'static str,
    /// Title.
    pub title: &'static str,
    /// Boxes, from left to right.
    pub parties: &'static [Party],
    /// Steps in the order of the source.
    pub steps: &'static [ProcedureStep],
}

/// One step of a procedure.
#[derive(Clone, Copy, Debug)]
pub struct ProcedureStep {
    /// The source's own number.
    pub number: &'static str,
    /// Who sends.
    pub from: Party,
    /// Who receives.
    pub to: Party,
    /// Where it is seen.
    pub joint: Joint,
    /// What must be seen, in a few words.
    pub expect: &'static str,
    /// Clause that demands it.
    pub clause: &'static str,
    sees: fn(&Seen, &SessionInfo) -> bool,
    filter: fn(&SessionInfo) -> String,
}

/// A box of a procedure.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Party {
    /// Broadcast multicast service centre.
    BmSc,
    /// The eNB with its agent.
    Enb,
    /// The UE that the ladder follows.
    Ue,
}

impl fmt::Display for Party {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BmSc => "BM-SC",
            Self::Enb => "eNB",
            Self::Ue => "UE",
        })
    }
}

/// Procedures that this version can follow.
pub const PROCEDURES: &[&Procedure] = &[&MCCH_ACQUISITION, &DOWNLOAD_DELIVERY];

/// A procedure played by one UE and one session, and what of it was seen.
#[derive(Clone, PartialEq, Debug)]
pub struct Ladder {
    /// Which procedure, UE and session.
    pub header: LadderHeader,
    /// The session once it has started.
    pub session: Option<SessionInfo>,
    ticks: Vec<Option<Tick>>,
}

/// When, in which packet and how a step was first seen.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Tick {
    /// Nanoseconds of run time.
    pub at_ns: u64,
    /// Number in `capture.pcapng`, from 1.
    pub packet: u64,
    /// Fields of the message.
    pub decoded: Vec<Field>,
}

/// A step of a ladder as reports show it.
#[derive(Clone, PartialEq, Debug)]
pub struct LadderStep {
    /// The table's row.
    pub row: &'static ProcedureStep,
    /// Name of the sender.
    pub from: String,
    /// Name of the receiver.
    pub to: String,
    /// tshark display filter that finds the message in `capture.pcapng`; `None` before the session started.
    pub filter: Option<String>,
    /// When it was seen.
    pub tick: Option<Tick>,
}

impl PartialEq for ProcedureStep {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}

impl Ladder {
    /// A ladder of which nothing was seen.
    pub fn new(header: LadderHeader) -> Self {
        let steps = procedure(&header.procedure).map_or(0, |p| p.steps.len());
        Self { header, session: None, ticks: vec![None; steps] }
    }

    /// The table behind it; `None` when this version does not know the procedure.
    pub fn procedure(&self) -> Option<&'static Procedure> {
        procedure(&self.header.procedure)
    }

    /// Takes note of a session that started.
    pub fn session_started(&mut self, info: &SessionInfo) {
        if self.header.session == info.session {
            self.session = Some(info.clone());
        }
    }

    /// Ticks a step, the first time counts; false when there is no such step.
    pub fn tick(&mut self, number: &str, tick: Tick) -> bool {
        let Some(position) = self.procedure().and_then(|p| p.steps.iter().position(|s| s.number == number)) else {
            return false;
        };
        self.ticks[position].get_or_insert(tick);
        true
    }

    /// All steps with what was seen of them.
    pub fn steps(&self) -> Vec<LadderStep> {
        let name = |party: Party| if party == Party::Ue { self.header.ue.clone() } else { party.to_string() };
        let rows = self.procedure().map_or(&[][..], |p| p.steps);
        rows.iter()
            .zip(&self.ticks)
            .map(|(row, tick)| LadderStep {
                row,
                from: name(row.from),
                to: name(row.to),
                filter: self.session.as_ref().map(|s| {
                    let interface = interface_name(row.joint, &name(row.to), &s.mch);
                    format!("frame.interface_name == \"{interface}\" && {}", (row.filter)(s))
                }),
                tick: tick.clone(),
            })
            .collect()
    }

    /// The first step that was not seen.
    pub fn first_unseen(&self) -> Option<&'static ProcedureStep> {
        let rows = self.procedure().map_or(&[][..], |p| p.steps);
        rows.iter().zip(&self.ticks).find(|(_, tick)| tick.is_none()).map(|(row, _)| row)
    }

    fn observe(&self, event: &TapEvent, seen: &Seen) -> Option<&'static ProcedureStep> {
        let session = self.session.as_ref()?;
        let rows = self.procedure()?.steps;
        let (row, _) = rows.iter().zip(&self.ticks).find(|(row, tick)| {
            tick.is_none()
                && row.joint == event.joint
                && (row.to != Party::Ue || event.to == self.header.ue)
                && (row.joint != Joint::Mch || event.channel == session.mch)
                && (row.sees)(seen, session)
        })?;
        Some(row)
    }
}

/// Watches the taps of a run and says which steps were seen.
#[derive(Clone, PartialEq, Debug)]
pub struct LadderWatch {
    ladders: Vec<Ladder>,
    /// System information is told once and holds for sessions that start later: messages with their packets.
    system_information: Vec<(TapEvent, u64)>,
}

/// Messages of system information that are kept.
const SYSTEM_INFORMATION_MAX: usize = 256;

/// A step of a ladder was seen for the first time.
#[derive(Clone, PartialEq, Debug)]
pub struct Ticked {
    /// Position in the run header's ladders.
    pub ladder: usize,
    /// The table's row.
    pub step: &'static ProcedureStep,
    /// Specification and clause of the procedure.
    pub procedure: &'static str,
    /// When and how it was seen.
    pub tick: Tick,
}

impl LadderWatch {
    /// Watches for these ladders, in the order of the run header.
    pub fn new(headers: &[LadderHeader]) -> Self {
        Self { ladders: headers.iter().cloned().map(Ladder::new).collect(), system_information: Vec::new() }
    }

    /// A session has started: what it allocated is what messages are compared with. System information that a UE has
    /// already counts.
    pub fn session_started(&mut self, info: &SessionInfo) -> Vec<Ticked> {
        self.ladders.iter_mut().for_each(|l| l.session_started(info));
        let known = std::mem::take(&mut self.system_information);
        let ticked = known.iter().flat_map(|(event, packet)| self.tick(event, *packet)).collect();
        self.system_information = known;
        ticked
    }

    /// Looks at a message that will be packet number `packet` of the capture. Cheap once all steps are ticked.
    pub fn observe(&mut self, event: &TapEvent, packet: u64) -> Vec<Ticked> {
        if !self.ladders.iter().any(|l| l.first_unseen().is_some()) {
            return Vec::new();
        }
        if event.joint == Joint::BcchDlSch && self.system_information.len() < SYSTEM_INFORMATION_MAX {
            self.system_information.push((event.clone(), packet));
        }
        self.tick(event, packet)
    }

    fn tick(&mut self, event: &TapEvent, packet: u64) -> Vec<Ticked> {
        let seen = Seen::of(event);
        let mut ticked = Vec::new();
        for (index, ladder) in self.ladders.iter_mut().enumerate() {
            let (Some(step), Some(procedure)) = (ladder.observe(event, &seen), ladder.procedure()) else { continue };
            let tick = Tick { at_ns: event.at.as_nanos(), packet, decoded: decode::decode(event) };
            ladder.tick(step.number, tick.clone());
            ticked.push(Ticked { ladder: index, step, procedure: procedure.procedure, tick });
        }
        ticked
    }
}

impl Ticked {
    /// The fact for the record.
    pub fn fact(self) -> What {
        let Tick { packet, decoded, .. } = self.tick;
        What::LadderTick { ladder: self.ladder, step: self.step.number.to_owned(), packet, decoded }
    }

    /// One line for a packet comment: procedure, step, what it is, clause.
    pub fn comment(&self) -> String {
        format!("{} step {}: {} ({})", self.procedure, self.step.number, self.step.expect, self.step.clause)
    }
}

fn procedure(name: &str) -> Option<&'static Procedure> {
    PROCEDURES.iter().find(|p| p.procedure == name).copied()
}
