//! The modems of a run: what their receivers find goes to them, what they say becomes taps and facts, messages from UE to
//! UE.

use std::collections::BTreeMap;
use std::time::Duration;

use hil::at::embms::Tmgi as AtTmgi;
use hil::at::ts27007::RegistrationStatus;
use hil::modem::{EmbmsEvent, ModemInput, ModemOutput, ModemState};
use hil::sim::{MbmsAir, MbmsService, SimCell};
use protocol::{Instant, Joint, Plmn, TapEvent, Tmgi};
use radio::{BcchDlSchMessage, MbsfnAreaConfiguration};

use super::{FRAME, Runner};
use crate::air::HeardMtch;
use crate::errors::CommandError;
use crate::event::{ModemFact, SmsFact, What};
use crate::modems::{Messages, Modems, ModemsOutput, SHUTDOWN_TIME};
use crate::scenario::Selector;
use crate::sms;

/// Level of the cell where its channel has no gain: what a rig without calibration has.
const RSRP_DBM: f64 = -85.0;
/// Quality of a cell that is alone.
const RSRQ_DB: f32 = -9.0;
/// What is on air comes out of a real modem within this time.
const REAL_MODEM_DELAY: Duration = Duration::from_secs(2);

/// The modems and what a run remembers for them.
pub(super) struct RunModems {
    modems: Modems,
    messages: Messages,
    /// What each UE has read in the MCCHs: by area the services, and by MTCH the TMGI.
    services: BTreeMap<(usize, u8), Vec<MbmsService>>,
    tmgis: BTreeMap<(usize, HeardMtch), AtTmgi>,
    /// Session of each TMGI that a modem was told to receive.
    sessions: BTreeMap<AtTmgi, String>,
}

impl RunModems {
    pub(super) fn new(modems: Modems) -> Self {
        Self {
            modems,
            messages: Messages::default(),
            services: BTreeMap::new(),
            tmgis: BTreeMap::new(),
            sessions: BTreeMap::new(),
        }
    }
}

impl Runner<'_> {
    /// Modems do what is due before `end`.
    pub(super) fn turn_modems(&mut self, end: Instant) -> Result<(), CommandError> {
        let Some(own) = &mut self.modems else { return Ok(()) };
        own.modems.advance(self.now, end)?;
        for ue in 0..self.ues.len() {
            while own.modems.can_send(ue) {
                let Some((number, pdu)) = own.messages.take(ue) else { break };
                let name = self.ues[ue].name.clone();
                let tpdu = sms::tpdu(&pdu).to_vec();
                let (from, channel) = (HOST.to_owned(), name.clone());
                self.observer.tap(TapEvent {
                    at: self.now,
                    joint: Joint::Sms,
                    from,
                    to: name,
                    channel,
                    lcid: 0,
                    bytes: tpdu,
                })?;
                own.modems.drive(self.now, ue, ModemInput::SendSms { token: number, pdu: &pdu })?;
            }
        }
        self.drain_modems()
    }

    /// How much later than ours a real modem may give out what was on air.
    pub(super) fn modem_delay(&self) -> Duration {
        let are_real = self.modems.as_ref().is_some_and(|own| own.modems.are_real());
        if are_real { REAL_MODEM_DELAY } else { Duration::ZERO }
    }

    /// A step sends a message; its modem gets it when it is there.
    pub(super) fn send_sms(&mut self, from: &str, to: &str, text: &str) -> Result<&'static str, CommandError> {
        let place = |name: &str| self.ues.iter().position(|ue| ue.name == name);
        let (Some(own), Some(sender), Some(receiver)) = (&mut self.modems, place(from), place(to)) else {
            return Err(CommandError::Usage(format!("no message from {from} to {to}: there are no modems")));
        };
        let number = own.modems.number(receiver).to_owned();
        let pdu = sms::submit(&number, text);
        let pdu =
            pdu.ok_or_else(|| CommandError::Usage(format!("no message can hold {text:?}, or {number} is no number")))?;
        let sender_number = own.modems.number(sender).to_owned();
        let number = own.messages.submit(self.now, (sender, receiver), &sender_number, text, pdu);
        let fact = SmsFact::Submitted { from: from.to_owned(), to: to.to_owned(), text: text.to_owned() };
        self.fact(What::Sms { number, fact })?;
        self.turn_modems(self.now)?;
        Ok("done")
    }

    /// Why there is nothing left to wait for, once there is.
    pub(super) fn messages_end(&self) -> Option<&'static str> {
        let own = self.modems.as_ref()?;
        if own.messages.are_delivered() {
            return Some("delivered");
        }
        let is_settled = own.messages.are_settled(|ue| own.modems.is_failed(ue));
        is_settled.then_some("modem_failed")
    }

    /// Every UE that has not got these sessions has a modem that is given up.
    pub(super) fn waits_for_failed_modems(&self, selector: &Selector) -> bool {
        let Some(own) = &self.modems else { return false };
        let sessions = self.selected(selector);
        let has_all = |ue: &str| {
            let names = sessions.iter().map(|&i| &self.loaded.scenario.sessions[i].name);
            names.clone().all(|name| self.observer.model().delivery(ue, name).is_some_and(|d| d.is_complete()))
        };
        self.ues.iter().enumerate().all(|(i, ue)| own.modems.is_failed(i) || has_all(&ue.name))
    }

    /// A session runs: every UE asks its modem for it.
    pub(super) fn receive_service(&mut self, now: Instant, session: &str, tmgi: Tmgi) -> Result<(), CommandError> {
        let Some(own) = &mut self.modems else { return Ok(()) };
        own.sessions.insert(AtTmgi(tmgi.to_octets()), session.to_owned());
        for ue in 0..self.ues.len() {
            own.modems.receive(now, ue, tmgi)?;
        }
        self.drain_modems()
    }

    /// A receiver has system information: its SIB1 says what cell the UE camps on.
    pub(super) fn camp(&mut self, ue: usize, at: Instant, bytes: &[u8]) -> Result<(), CommandError> {
        let Some(own) = &mut self.modems else { return Ok(()) };
        let Ok(BcchDlSchMessage::SystemInformationBlockType1(sib1)) = BcchDlSchMessage::decode(bytes) else {
            return Ok(());
        };
        let scenario = &self.loaded.scenario;
        let settings = &scenario.ues[ue];
        let plmn = selected(&sib1.plmns, scenario.plmn(settings.system.as_deref()));
        let gain_db = settings.channel().gain_db;
        let cell = SimCell {
            plmn: plmn.map(|plmn| plmn.to_string().replace('-', "")).unwrap_or_default(),
            operator: "castbench".into(),
            tac: sib1.tracking_area_code,
            cell_identity: sib1.cell_identity,
            rsrp_dbm: (RSRP_DBM + gain_db) as f32,
            rsrq_db: RSRQ_DB,
        };
        own.modems.cell(at, ue, Some(cell))?;
        self.drain_modems()
    }

    /// A receiver has lost its cell.
    pub(super) fn leave_cell(&mut self, ue: usize, at: Instant) -> Result<(), CommandError> {
        let Some(own) = &mut self.modems else { return Ok(()) };
        own.services.retain(|(owner, _), _| *owner != ue);
        own.modems.cell(at, ue, None)?;
        self.drain_modems()
    }

    /// A receiver has read an MCCH.
    pub(super) fn announce_services(
        &mut self,
        ue: usize,
        at: Instant,
        n_id_mbsfn: u8,
        mcch: &MbsfnAreaConfiguration,
    ) -> Result<(), CommandError> {
        let Some(own) = &mut self.modems else { return Ok(()) };
        let mut services = Vec::new();
        own.tmgis.retain(|(owner, mtch), _| *owner != ue || mtch.n_id_mbsfn != n_id_mbsfn);
        for (pmch, session) in mcch.pmch.iter().enumerate().flat_map(|(i, p)| p.sessions.iter().map(move |s| (i, s))) {
            let Some(tmgi) = session.tmgi.octets().map(AtTmgi) else { continue };
            own.tmgis.insert((ue, HeardMtch { n_id_mbsfn, pmch, lcid: session.lcid }), tmgi);
            services.push(MbmsService { tmgi, session_id: session.session_id, n_id_mbsfn });
        }
        own.services.insert((ue, n_id_mbsfn), services);
        let all: Vec<MbmsService> = own.services.range((ue, 0)..=(ue, u8::MAX)).flat_map(|(_, s)| s.clone()).collect();
        own.modems.air(at, ue, MbmsAir::Services(&all))?;
        self.drain_modems()
    }

    /// A datagram on its way from the receiver to the MBMS client of a UE: through its modem, where it has one.
    pub(super) fn hand_to_client(
        &mut self,
        ue: usize,
        at: Instant,
        mtch: HeardMtch,
        datagram: &[u8],
    ) -> Result<(), CommandError> {
        let Some(own) = &mut self.modems else { return self.client(ue, at, datagram) };
        // What a real modem receives comes out of its data interface.
        if own.modems.are_real() {
            return Ok(());
        }
        let Some(&tmgi) = own.tmgis.get(&(ue, mtch)) else { return Ok(()) };
        own.modems.air(at, ue, MbmsAir::Datagram { tmgi, ip: datagram })?;
        self.drain_modems()
    }

    /// The end of a run: every modem's radio is switched off. One that is not ready by then, or does not obey, has failed.
    pub(super) fn switch_modems_off(&mut self) -> Result<(), CommandError> {
        let Some(own) = &mut self.modems else { return Ok(()) };
        let ues: Vec<usize> = (0..self.ues.len()).filter(|&ue| !own.modems.is_failed(ue)).collect();
        let unready: Vec<usize> = ues.iter().copied().filter(|&ue| !own.modems.is_ready(ue)).collect();
        for &ue in &ues {
            own.modems.drive(self.now, ue, ModemInput::Shutdown)?;
        }
        self.drain_modems()?;
        let (mut now, limit) = (self.now, self.now + SHUTDOWN_TIME);
        while now < limit && !self.not_off(&ues).is_empty() {
            let end = now + FRAME;
            self.modems.as_mut().map_or(Ok(()), |own| own.modems.advance(now, end))?;
            now = end;
            self.drain_modems()?;
        }
        let disobedient = self.not_off(&ues);
        for &ue in &unready {
            self.modem_failed(ue, "was not ready when the run ended")?;
        }
        for ue in disobedient.into_iter().filter(|ue| !unready.contains(ue)) {
            let seconds = SHUTDOWN_TIME.as_secs();
            self.modem_failed(ue, &format!("did not answer, nor switch its radio off within {seconds} s"))?;
        }
        let never_taken = self.modems.as_ref().map(|own| own.messages.never_taken()).unwrap_or_default();
        for number in never_taken {
            let why = "the modem was never ready and registered".to_owned();
            self.fact(What::Sms { number, fact: SmsFact::NotSent { why } })?;
        }
        Ok(())
    }

    fn not_off(&self, ues: &[usize]) -> Vec<usize> {
        let Some(own) = &self.modems else { return Vec::new() };
        ues.iter().copied().filter(|&ue| !own.modems.is_off(ue) && !own.modems.is_failed(ue)).collect()
    }

    fn modem_failed(&mut self, ue: usize, what: &str) -> Result<(), CommandError> {
        let Some(own) = &self.modems else { return Ok(()) };
        let name = self.ues[ue].name.clone();
        let why = format!("UE {name}: {} {what}", own.modems.name(ue));
        self.fact(What::Modem { ue: name, fact: ModemFact::Failed { why } })
    }

    fn client(&mut self, ue: usize, at: Instant, datagram: &[u8]) -> Result<(), CommandError> {
        let mut facts = Vec::new();
        self.ues[ue].datagram(at, datagram, &self.sent, &mut facts)?;
        facts.into_iter().try_for_each(|what| self.observer.fact(at, what))
    }

    fn drain_modems(&mut self) -> Result<(), CommandError> {
        while let Some((at, ue, output)) = self.modems.as_mut().and_then(|own| own.modems.poll_output()) {
            match output {
                ModemsOutput::Datagram(ip) => self.client(ue, at, &ip)?,
                ModemsOutput::At { to_modem, bytes } => self.tap_port(at, Joint::At, ue, to_modem, bytes)?,
                ModemsOutput::Driver(output) => self.of_driver(at, ue, output)?,
            }
        }
        Ok(())
    }

    fn of_driver(&mut self, at: Instant, ue: usize, output: ModemOutput) -> Result<(), CommandError> {
        let name = self.ues[ue].name.clone();
        let fact = match output {
            ModemOutput::SmsReceived { pdu } => return self.received_sms(at, ue, &pdu),
            ModemOutput::SmsSent { token, result } => {
                if let Some(own) = &mut self.modems {
                    own.messages.sent(token, result.is_ok());
                }
                let fact = match result {
                    Ok(reference) => SmsFact::Sent { reference },
                    Err(why) => SmsFact::NotSent { why: why.to_string() },
                };
                return self.observer.fact(at, What::Sms { number: token, fact });
            }
            ModemOutput::StatusReport { pdu } => {
                return self.tap_port(at, Joint::Sms, ue, false, sms::tpdu(&pdu).to_vec());
            }
            ModemOutput::Identity(identity) => {
                let words = [identity.manufacturer, identity.model, identity.revision];
                let device = words.into_iter().flatten().collect::<Vec<_>>().join(" ");
                ModemFact::Identified { device, profile: identity.profile }
            }
            ModemOutput::Registration(domain, registration) => {
                let status = registration_words(registration.status).to_owned();
                ModemFact::Registration { domain: domain.name().to_owned(), status }
            }
            ModemOutput::Signal(signal) => {
                ModemFact::Signal { source: signal.source, rsrp_dbm: signal.rsrp_dbm, rsrq_db: signal.rsrq_db }
            }
            ModemOutput::State(state) => ModemFact::State { state: state_word(state).to_owned() },
            ModemOutput::Embms(event) => match self.of_service(event) {
                Some(fact) => fact,
                None => return Ok(()),
            },
            ModemOutput::RungTaken { rung, why } => ModemFact::Rung { rung: rung.to_string(), why },
            ModemOutput::Quarantined { why } => ModemFact::Failed { why: format!("UE {name}: {why}") },
            ModemOutput::Note(text) => {
                return self.observer.fact(at, What::Note { text: format!("{name}: modem: {text}") });
            }
            ModemOutput::Write(_) | ModemOutput::Perform(_) | ModemOutput::Authenticated { .. } => return Ok(()),
        };
        self.observer.fact(at, What::Modem { ue: name, fact })
    }

    fn of_service(&self, event: EmbmsEvent) -> Option<ModemFact> {
        let own = self.modems.as_ref()?;
        let session = |tmgi: AtTmgi| own.sessions.get(&tmgi).cloned();
        match event {
            EmbmsEvent::Activated(tmgi) => Some(ModemFact::ServiceActivated { session: session(tmgi)? }),
            EmbmsEvent::Refused { tmgi, why } => Some(ModemFact::ServiceRefused { session: session(tmgi)?, why }),
            EmbmsEvent::Deactivated(_) | EmbmsEvent::Report(_) => None,
        }
    }

    /// A message came out of a modem: it is one that was sent to this UE, or a stray one.
    fn received_sms(&mut self, at: Instant, ue: usize, pdu: &[u8]) -> Result<(), CommandError> {
        self.tap_port(at, Joint::Sms, ue, false, sms::tpdu(pdu).to_vec())?;
        let name = self.ues[ue].name.clone();
        let read = sms::delivered(pdu);
        let known = read.as_ref().zip(self.modems.as_mut()).and_then(|(read, own)| own.messages.delivered(ue, read));
        match (known, read) {
            (Some((number, submitted)), _) => {
                let after = at.saturating_duration_since(submitted);
                let after_s = crate::radio_tally::round(after.as_secs_f64(), 3);
                self.observer.fact(at, What::Sms { number, fact: SmsFact::Delivered { after_s } })
            }
            (None, Some(read)) => {
                let text = format!("{name}: a message of {} that no step sent: {:?}", read.from, read.text);
                self.observer.fact(at, What::Note { text })
            }
            (None, None) => {
                let text = format!("{name}: a message of {} octets that cannot be read", pdu.len());
                self.observer.fact(at, What::Note { text })
            }
        }
    }

    /// Something went over the port of a modem.
    fn tap_port(
        &mut self,
        at: Instant,
        joint: Joint,
        ue: usize,
        to_modem: bool,
        bytes: Vec<u8>,
    ) -> Result<(), CommandError> {
        let name = self.ues[ue].name.clone();
        let (from, to) = if to_modem { (HOST.to_owned(), name.clone()) } else { (name.clone(), HOST.to_owned()) };
        self.observer.tap(TapEvent { at, joint, from, to, channel: name, lcid: 0, bytes })
    }
}

/// The network of a cell that a UE takes: its home, where the cell is one of it (TS 23.122 clause 4.4.3.1.1), else the first.
fn selected(plmns: &[[u8; 3]], home: Option<Plmn>) -> Option<Plmn> {
    let is_home = |octets: &&[u8; 3]| home.is_some_and(|home| home.to_octets() == **octets);
    plmns.iter().find(is_home).or_else(|| plmns.first()).copied().and_then(Plmn::from_octets)
}

fn state_word(state: ModemState) -> &'static str {
    match state {
        ModemState::Closed => "closed",
        ModemState::Starting => "starting",
        ModemState::Ready => "ready",
        ModemState::Recovering { .. } => "recovering",
        ModemState::Quarantined => "quarantined",
        ModemState::Off => "off",
    }
}

fn registration_words(status: RegistrationStatus) -> &'static str {
    match status {
        RegistrationStatus::NotSearching => "not registered",
        RegistrationStatus::Home => "home",
        RegistrationStatus::Searching => "searching",
        RegistrationStatus::Denied => "denied",
        RegistrationStatus::Roaming => "roaming",
        RegistrationStatus::SmsOnly => "messages only",
        RegistrationStatus::EmergencyOnly => "emergency only",
        _ => "unknown",
    }
}

/// The other side of the port of a modem.
const HOST: &str = "host";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_the_networks_of_a_shared_cell_a_ue_takes_its_own() {
        let plmn = |mnc| Plmn::new("001", mnc).unwrap();
        let shared = ["01", "02"].map(|mnc| plmn(mnc).to_octets());
        assert_eq!(selected(&shared, Some(plmn("02"))), Some(plmn("02")));
        assert_eq!(selected(&shared, Some(plmn("03"))), Some(plmn("01")));
        assert_eq!(selected(&shared, None), Some(plmn("01")));
        assert_eq!(selected(&[], Some(plmn("01"))), None);
    }
}
