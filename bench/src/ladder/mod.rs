//! Ladders: a 3GPP procedure as numbered steps, each ticked by a message that was seen on a reference point.

mod decode;
mod decode_ims;
mod decode_map;
mod decode_mc;
mod decode_mms;
mod decode_smpp;
mod download_delivery;
mod ims;
mod interest;
mod lct;
mod mcch_acquisition;
mod seen;
mod session_start;
mod watch;

use std::net::IpAddr;
use std::sync::LazyLock;

use protocol::{Joint, TapEvent, Tmgi};

use crate::event::{LadderHeader, SessionInfo};
use crate::mbms::config::{BMSC, ENB, MBMS_GW, MCE};
use crate::pcap::interface_name;
use crate::scenario::{APPLICATION_SERVER, HSS, ICSCF, PCSCF, SCSCF, SIP_PROXY, address_in, address_of, name_in};
use decode::Field;
pub(crate) use decode_ims::summary;
pub use download_delivery::DOWNLOAD_DELIVERY;
use ims::Bound;
pub use ims::{
    ActorSystem, Diameter, GroupBearer, Has, Http, HttpIs, ImsActor, ImsCast, Map, MapHas, MapPart, McDocument,
    McMessage, Mm1, Mm1Is, Mm4, Mm4Of, Msrp, MsrpIs, Of, RpKind, Rtp, Sip, Smpp, SmppPart, Status, Without,
};
use ims::{
    BEARER_LOSS, CALL_CANCELLED, CALL_FORKED, CALL_NOT_REGISTERED, CALL_REJECTED, CALL_SETUP, CALL_UNANSWERED,
    DEREGISTRATION, DEREGISTRATION_CHALLENGED, HOLD, MESSAGE, MESSAGE_NOT_REGISTERED, NETWORK_DEREGISTRATION,
    RE_REGISTRATION, RE_REGISTRATION_CHALLENGED, REG_EVENT, REGISTRATION, RELEASE, RESUME, THIRD_PARTY_REGISTRATION,
    mc_procedures, mms_procedures, plain_procedures, service_procedures, sms_procedures,
};
pub(crate) use ims::{MC_MIGRATION, Mm4Seen, SmppSeen, ims_ladders};
pub use lct::{LctError, LctHeader};
pub use mcch_acquisition::MCCH_ACQUISITION;
pub(crate) use seen::{Seen, rtp_of};
pub(crate) use session_start::session_starts;
pub use session_start::{Bearer, SESSION_START};
pub use watch::{LadderWatch, Ticked};

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
    /// Which steps come before it.
    pub order: Order,
    /// What ticks it.
    pub see: See,
}

/// Which steps must have been seen before a message can tick one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Order {
    /// None.
    Free,
    /// The one before it in the table.
    AfterPrevious,
    /// The one with this number.
    After(&'static str),
}

/// What ticks a step, and the display filter that finds it.
#[derive(Clone, Copy, Debug)]
pub enum See {
    /// A message of a broadcast session.
    Mbms(Mbms),
    /// A message that has to do with the bearer of a broadcast session.
    Bearer(Bearer),
    /// A message that has to do with the bearer of a group session.
    Group(GroupBearer),
    /// A SIP message.
    Sip(Sip),
    /// A Diameter message.
    Diameter(Diameter),
    /// An HTTP message.
    Http(Http),
    /// A message of a session of messages.
    Msrp(Msrp),
    /// A packet of audio, or what controls it.
    Rtp(Rtp),
    /// A message of mission critical services.
    Mc(McMessage),
    /// A component of MAP.
    Map(Map),
    /// A PDU of SMPP.
    Smpp(Smpp),
    /// A message of MM1 over HTTP.
    Mm1(Mm1),
    /// A mail of MM4.
    Mm4(Mm4),
}

/// What must be seen of a broadcast session.
#[derive(Clone, Copy, Debug)]
pub struct Mbms {
    sees: fn(&Seen, &SessionInfo) -> bool,
    filter: fn(&SessionInfo) -> String,
}

/// A box of a procedure.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Party {
    /// Broadcast multicast service centre.
    BmSc,
    /// MBMS gateway, with the MME in it.
    MbmsGw,
    /// Multi-cell coordination entity.
    Mce,
    /// The eNB.
    Enb,
    /// The UE that the ladder follows.
    Ue,
    /// The UE at the other end.
    Peer,
    /// A second device of the user at the other end.
    Second,
    /// P-CSCF of the UE.
    Pcscf,
    /// P-CSCF of the UE at the other end.
    PeerPcscf,
    /// I-CSCF.
    Icscf,
    /// S-CSCF.
    Scscf,
    /// HSS.
    Hss,
    /// Application server.
    As,
    /// MMS Relay/Server of the UE.
    MmsRelay,
    /// MMS Relay/Server of the UE at the other end.
    PeerMmsRelay,
    /// The box of a service, by its name.
    Server(&'static str),
    /// A box of the MC system of the UE at the other end, by its name in it.
    There(&'static str),
    /// The proxy of a plain SIP network.
    SipProxy,
}

/// Procedures of broadcast sessions: every UE and session climbs them.
pub const MBMS_PROCEDURES: &[&Procedure] = &[&MCCH_ACQUISITION, &DOWNLOAD_DELIVERY];

/// Procedures of broadcast and of the IMS itself.
const OWN_PROCEDURES: [&Procedure; 23] = [
    &MCCH_ACQUISITION,
    &DOWNLOAD_DELIVERY,
    &SESSION_START,
    &REGISTRATION,
    &RE_REGISTRATION,
    &RE_REGISTRATION_CHALLENGED,
    &REG_EVENT,
    &DEREGISTRATION,
    &DEREGISTRATION_CHALLENGED,
    &NETWORK_DEREGISTRATION,
    &THIRD_PARTY_REGISTRATION,
    &MESSAGE,
    &MESSAGE_NOT_REGISTERED,
    &CALL_SETUP,
    &CALL_REJECTED,
    &CALL_CANCELLED,
    &CALL_UNANSWERED,
    &CALL_NOT_REGISTERED,
    &CALL_FORKED,
    &HOLD,
    &RESUME,
    &RELEASE,
    &BEARER_LOSS,
];

/// Procedures that this version can follow.
pub static PROCEDURES: LazyLock<Vec<&'static Procedure>> = LazyLock::new(|| {
    let services = service_procedures().chain(plain_procedures()).chain(mc_procedures());
    let messages = sms_procedures().chain(mms_procedures());
    OWN_PROCEDURES.into_iter().chain(services).chain(messages).collect()
});

/// A procedure played by one UE and one session, or by one UE and those that it has to do with on the IMS, and what of it
/// was seen.
#[derive(Clone, PartialEq, Debug)]
pub struct Ladder {
    /// Which procedure, UE and session.
    pub header: LadderHeader,
    /// The session once it has started.
    pub session: Option<SessionInfo>,
    /// The table behind it.
    table: Option<&'static Procedure>,
    /// Its TMGI, which is known before.
    tmgi: Option<Tmgi>,
    ticks: Vec<Option<Tick>>,
    /// What was learned from the messages so far.
    bound: Bound,
    /// The step of the scenario that asks for it has begun.
    has_begun: bool,
    /// And the one from which all but the first of its messages count.
    goes_on: bool,
}

/// When, in which packet and how a step was first seen.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Tick {
    /// Nanoseconds of run time.
    pub at_ns: u64,
    /// Number in `capture.pcapng`, from 1.
    pub packet: u64,
    /// What it says about those after it.
    pub bound: Vec<(String, String)>,
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

impl PartialEq for Procedure {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}

impl PartialEq for ProcedureStep {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}

impl Ladder {
    /// A ladder of which nothing was seen.
    pub fn new(header: LadderHeader) -> Self {
        let table = procedure(&header.procedure);
        let ticks = vec![None; table.map_or(0, |p| p.steps.len())];
        let goes_on = header.ims.as_ref().is_none_or(|cast| cast.then.is_none());
        Self { header, session: None, table, tmgi: None, ticks, bound: Bound::new(), has_begun: false, goes_on }
    }

    /// The table behind it; `None` when this version does not know the procedure.
    pub fn procedure(&self) -> Option<&'static Procedure> {
        self.table
    }

    /// Takes note of a session that started.
    pub fn session_started(&mut self, info: &SessionInfo) {
        if self.header.ims.is_none() && self.header.session == info.session {
            self.tmgi = Some(info.tmgi);
            self.session = Some(info.clone());
        }
    }

    /// The TMGI that a session will have.
    pub fn session_named(&mut self, session: &str, tmgi: Tmgi) {
        if self.header.ims.is_none() && self.header.session == session {
            self.tmgi = Some(tmgi);
        }
    }

    /// A step of the scenario begins; true: more may be seen from now on.
    pub fn step_started(&mut self, index: usize) -> bool {
        let Some(cast) = &self.header.ims else { return false };
        self.has_begun |= cast.step == index;
        self.goes_on |= cast.then == Some(index);
        [Some(cast.step), cast.then].contains(&Some(index))
    }

    /// The rows that are played, each with what was seen of it.
    fn rows(&self) -> impl Iterator<Item = (&'static ProcedureStep, Option<&Tick>)> {
        let rows = self.procedure().map_or(&[][..], |p| p.steps);
        let ticks = self.ticks.iter().map(Option::as_ref);
        rows.iter().zip(ticks).filter(|(row, _)| !self.leaves_out(row))
    }

    /// A row that is not played.
    fn leaves_out(&self, row: &ProcedureStep) -> bool {
        let without = self.header.ims.as_ref().map_or(&[][..], |cast| &cast.without);
        without.iter().any(|own| matches!(own, Without::Step(number) if number == row.number))
    }

    /// Boxes of the procedure, from left to right, but those of rows alone that are not played.
    pub fn parties(&self) -> impl Iterator<Item = Party> {
        let procedure = self.procedure();
        let has = |row: &ProcedureStep, party| row.from == party || row.to == party;
        let is_there = move |party: &Party| {
            let all = procedure.map_or(&[][..], |p| p.steps);
            self.rows().any(|(row, _)| has(row, *party)) || !all.iter().any(|row| has(row, *party))
        };
        procedure.map_or(&[][..], |p| p.parties).iter().copied().filter(is_there)
    }

    /// Ticks a step, the first time counts; false when there is no such step.
    pub fn tick(&mut self, number: &str, tick: Tick) -> bool {
        let Some(position) = self.procedure().and_then(|p| p.steps.iter().position(|s| s.number == number)) else {
            return false;
        };
        self.bound.extend(tick.bound.iter().cloned());
        self.ticks[position].get_or_insert(tick);
        true
    }

    /// All steps with what was seen of them.
    pub fn steps(&self) -> Vec<LadderStep> {
        self.rows()
            .map(|(row, tick)| LadderStep {
                row,
                from: self.name(row.from),
                to: self.name(row.to),
                filter: self.filter(row, tick),
                tick: tick.cloned(),
            })
            .collect()
    }

    /// When those of its steps were seen that were, nanoseconds of run time, and how many steps there are.
    pub fn seen(&self) -> (Vec<u64>, usize) {
        (self.rows().filter_map(|(_, tick)| Some(tick?.at_ns)).collect(), self.rows().count())
    }

    /// The first step that was not seen.
    pub fn first_unseen(&self) -> Option<&'static ProcedureStep> {
        self.rows().find(|(_, tick)| tick.is_none()).map(|(row, _)| row)
    }

    /// Name of a box in this run.
    pub(crate) fn name(&self, party: Party) -> String {
        let actor = |actor: Option<&ImsActor>| actor.map_or_else(|| "UE".to_owned(), |own| own.name.clone());
        let pcscf = |actor: Option<&ImsActor>| actor.map_or_else(|| PCSCF.to_owned(), |own| own.pcscf.clone());
        let relay = |actor: Option<&ImsActor>| actor.map_or_else(String::new, |own| own.mms_relay.clone());
        let cast = self.header.ims.as_ref();
        match party {
            Party::Ue => self.header.ue.clone(),
            Party::Peer => actor(cast.and_then(|c| c.peer.as_ref())),
            Party::Second => actor(cast.and_then(|c| c.second.as_ref())),
            Party::Pcscf => pcscf(cast.map(|c| &c.ue)),
            Party::PeerPcscf => pcscf(cast.and_then(|c| c.peer.as_ref())),
            Party::MmsRelay => relay(cast.map(|c| &c.ue)),
            Party::PeerMmsRelay => relay(cast.and_then(|c| c.peer.as_ref())),
            Party::BmSc => BMSC.into(),
            Party::MbmsGw => MBMS_GW.into(),
            Party::Mce => MCE.into(),
            Party::Enb => ENB.into(),
            Party::Icscf => ICSCF.into(),
            Party::Scscf => SCSCF.into(),
            Party::Hss => HSS.into(),
            Party::As => APPLICATION_SERVER.into(),
            Party::Server(name) => name.into(),
            Party::There(name) => name_in(self.system().map(|own| own.name.as_str()), name),
            Party::SipProxy => SIP_PROXY.into(),
        }
    }

    fn filter(&self, row: &ProcedureStep, tick: Option<&Tick>) -> Option<String> {
        let words = match (&row.see, &self.header.ims) {
            (See::Mbms(mbms), _) => {
                let session = self.session.as_ref()?;
                let interface = interface_name(row.joint, &self.name(row.to), &session.mch);
                return Some(format!("frame.interface_name == \"{interface}\" && {}", (mbms.filter)(session)));
            }
            (See::Bearer(bearer), _) => {
                let (interface, bound) = (interface_name(row.joint, "", ""), self.bound_at(tick));
                let words = bearer.filter(self.tmgi?, &bound);
                return Some(format!("frame.interface_name == \"{interface}\" && {words}"));
            }
            (See::Mc(mc), _) if mc.is_on_bearer() => {
                return Some(mc.filter(row.joint, &self.name(row.to), &self.bound_at(tick)));
            }
            (See::Mc(mc), Some(_)) => mc.filter(row.joint, "", &self.bound_at(tick)),
            (See::Group(bearer), _) => return bearer.filter(row.joint, &self.name(row.to), &self.bound_at(tick)),
            (See::Sip(sip), Some(cast)) => sip.filter(cast, &self.bound_at(tick)),
            (See::Diameter(diameter), Some(cast)) => diameter.filter(cast, &self.bound_at(tick)),
            (See::Http(http), Some(_)) => http.filter(&self.bound_at(tick)),
            (See::Msrp(msrp), Some(_)) => msrp.filter(&self.bound_at(tick)),
            (See::Rtp(rtp), Some(_)) => rtp.filter(&self.bound_at(tick)),
            (See::Map(map), Some(_)) => map.filter(&self.bound_at(tick)),
            (See::Smpp(smpp), Some(_)) => smpp.filter(&self.bound_at(tick)),
            (See::Mm1(mm1), Some(cast)) => mm1.filter(cast, &self.bound_at(tick)),
            (See::Mm4(mm4), Some(cast)) => mm4.filter(cast, &self.bound_at(tick)),
            _ => return None,
        };
        let interface = interface_name(row.joint, "", "");
        let (from, to) = (self.address(row.from)?, self.address(row.to)?);
        Some(format!("frame.interface_name == \"{interface}\" && ip.src == {from} && ip.dst == {to} && {words}"))
    }

    /// What was known when a step was ticked.
    fn bound_at(&self, tick: Option<&Tick>) -> Bound {
        let mut bound = self.bound.clone();
        bound.extend(tick.iter().flat_map(|tick| tick.bound.iter().cloned()));
        bound
    }

    /// The MC system of the UE at the other end.
    fn system(&self) -> Option<&ActorSystem> {
        self.header.ims.as_ref()?.peer.as_ref()?.system.as_ref()
    }

    /// Address of a box on the IMS.
    fn address(&self, party: Party) -> Option<IpAddr> {
        let cast = self.header.ims.as_ref()?;
        let there = |name: &str| Some(address_in(self.system().map_or(0, |own| own.number), name));
        match party {
            Party::Ue => Some(cast.ue.ip),
            Party::Peer => Some(cast.peer.as_ref()?.ip),
            Party::Second => Some(cast.second.as_ref()?.ip),
            Party::PeerPcscf if self.system().is_some() => there(PCSCF),
            Party::There(name) => there(name),
            _ => Some(address_of(&self.name(party))),
        }
    }

    /// The step that a message ticks, and what is learned from it.
    fn observe(&self, event: &TapEvent, seen: &Seen) -> Option<(&'static ProcedureStep, Vec<(String, String)>)> {
        if self.header.ims.is_some() && (!self.has_begun || !seen.is_ims()) {
            return None;
        }
        self.due().filter(|row| row.joint == event.joint).find_map(|row| Some((row, self.sees(row, event, seen)?)))
    }

    /// Steps that were not seen and may be seen now.
    fn due(&self) -> impl Iterator<Item = &'static ProcedureStep> {
        let rows = self.procedure().map_or(&[][..], |p| p.steps);
        let is_open = |i: usize, row: &ProcedureStep| self.ticks[i].is_none() && !self.leaves_out(row);
        let unseen = rows.iter().enumerate().filter(move |(i, row)| is_open(*i, row));
        unseen.filter(|(i, _)| (*i == 0 || self.goes_on) && self.is_due(rows, *i)).map(|(_, row)| row)
    }

    /// What comes before a row was seen; in the place of one that is not played, what comes before that.
    fn is_due(&self, rows: &[ProcedureStep], i: usize) -> bool {
        let before = match rows[i].order {
            Order::Free => return true,
            Order::AfterPrevious if i == 0 => return true,
            Order::AfterPrevious => i - 1,
            Order::After(number) => match rows.iter().position(|row| row.number == number) {
                Some(before) => before,
                None => return false,
            },
        };
        self.ticks[before].is_some() || before < i && self.leaves_out(&rows[before]) && self.is_due(rows, before)
    }

    fn sees(&self, row: &ProcedureStep, event: &TapEvent, seen: &Seen) -> Option<Vec<(String, String)>> {
        match (&row.see, &self.header.ims) {
            (See::Mbms(mbms), _) => {
                let session = self.session.as_ref()?;
                let is_it = (row.to != Party::Ue || event.to == self.header.ue)
                    && (row.joint != Joint::Mch || event.channel == session.mch)
                    && (mbms.sees)(seen, session);
                is_it.then(Vec::new)
            }
            (See::Bearer(bearer), _) => {
                let is_between = event.from == self.name(row.from) && event.to == self.name(row.to);
                // A session that starts again has another tunnel than the one before.
                let mut bound = self.bound.clone();
                bound.extend(self.session.as_ref().map(|session| session_start::tunnel(session.c_teid)));
                bearer.sees(seen, self.tmgi.filter(|_| is_between)?, &bound)
            }
            (see, Some(cast)) if event.from == self.name(row.from) && event.to == self.name(row.to) => match see {
                See::Sip(sip) => sip.sees(seen.sip.as_ref()?, cast, &self.bound),
                See::Diameter(diameter) => diameter.sees(seen.diameter.as_ref()?, cast, &self.bound),
                See::Http(http) => http.sees(seen.http.as_ref()?, &self.bound),
                See::Msrp(msrp) => msrp.sees(seen.media.as_ref()?, &self.bound),
                See::Rtp(rtp) => rtp.sees(seen.media.as_ref()?, &self.bound),
                See::Group(bearer) => bearer.sees(event, seen, &self.bound),
                See::Mc(mc) => mc.sees(event, seen, &self.bound),
                See::Map(map) => map.sees(seen.map.as_ref()?, cast, &self.bound),
                See::Smpp(smpp) => smpp.sees(seen.smpp.as_ref()?, cast, &self.bound),
                See::Mm1(mm1) => mm1.sees(seen.http.as_ref()?, cast, &self.bound),
                See::Mm4(mm4) => mm4.sees(seen.mm4.as_ref()?, cast, &self.bound),
                See::Mbms(_) | See::Bearer(_) => None,
            },
            _ => None,
        }
    }
}

fn procedure(name: &str) -> Option<&'static Procedure> {
    PROCEDURES.iter().find(|p| p.procedure == name).copied()
}
