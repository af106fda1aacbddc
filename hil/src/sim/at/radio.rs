//! Registration, operator and signal as a modem tells them: TS 27.007 clauses 7.2, 7.3, 8.5, 8.69, 10.1.20, 10.1.22.

use super::command_line::Operation;
use super::io::{Reply, SimOutput, Wait};
use super::modem::{SimModem, numbers};
use super::output::NOT_SUPPORTED;
use super::personality::Quirk;

/// The cell that a UE camps on, as its receiver knows it.
#[derive(Clone, PartialEq, Debug)]
pub struct SimCell {
    /// MCC and MNC.
    pub plmn: String,
    /// Name of the operator.
    pub operator: String,
    /// Tracking area code.
    pub tac: u16,
    /// 28 bits.
    pub cell_identity: u32,
    /// Reference signal received power.
    pub rsrp_dbm: f32,
    /// Reference signal received quality.
    pub rsrq_db: f32,
}

/// The test network (TS 36.508 clause 4.4.2: MCC 001, MNC 01, TAC 1) at levels of a desk in a lab.
impl Default for SimCell {
    fn default() -> Self {
        Self {
            plmn: "00101".into(),
            operator: "castbench".into(),
            tac: 1,
            cell_identity: 0x1A2_D001,
            rsrp_dbm: -85.0,
            rsrq_db: -9.0,
        }
    }
}

/// `<AcT>` of E-UTRAN.
const EUTRAN: u8 = 7;
/// Bearers between RSRP and the RSSI of 50 resource blocks: 10 log10(12 x 50) dB.
const RSSI_OVER_RSRP_DB: f32 = 27.8;

/// Which registrations there are, in the order of [`Registrations::modes`].
pub(super) const REGISTRATION_NAMES: [&str; 3] = ["+CREG", "+CGREG", "+CEREG"];

/// `+COPS` and the registrations.
#[derive(Clone, Debug, Default)]
pub(super) struct Registrations {
    /// `<n>` of each.
    pub(super) modes: [u8; 3],
    /// What was last told of each.
    told: [Option<String>; 3],
    /// `<format>` of `+COPS`.
    operator_format: u8,
    /// `+COPS=2`.
    deregistered: bool,
    /// What the network was last told.
    attached: bool,
}

impl SimModem {
    /// `<stat>`: 1 in a cell, 2 searching, 0 without radio.
    fn registration_status(&self) -> u8 {
        match (&self.cell, self.has_service()) {
            (Some(_), true) if !self.registrations.deregistered => 1,
            (None, true) if !self.registrations.deregistered => 2,
            _ => 0,
        }
    }

    /// Registered with a cell.
    pub(super) fn is_attached(&self) -> bool {
        self.registration_status() == 1
    }

    /// Tells the network whether the UE can be reached.
    pub(super) fn tell_attachment(&mut self) {
        match (self.registrations.attached, self.is_attached()) {
            (false, true) => {
                self.registrations.attached = true;
                self.outputs.push_back(SimOutput::Attached(true));
            }
            (true, false) => self.detach(),
            _ => {}
        }
    }

    /// Leaves the network, with what waits for its host refused; nothing when the network knows already.
    pub(super) fn detach(&mut self) {
        if std::mem::take(&mut self.registrations.attached) {
            self.refuse_waiting_sms();
            self.outputs.push_back(SimOutput::Attached(false));
        }
    }

    /// The radio is on and the SIM is usable.
    fn has_service(&self) -> bool {
        self.functionality == 1 && self.personality.sim.present && !self.pin_needed
    }

    /// From `<stat>` on; location and cell with `<n>` of 2 and more.
    fn registration(&self, mode: u8) -> String {
        let status = self.registration_status();
        let Some(cell) = self.cell.as_ref().filter(|_| status == 1 && mode >= 2) else { return status.to_string() };
        let (tac, identity) = (cell.tac, cell.cell_identity);
        if self.personality.has(Quirk::RegistrationUnquoted) {
            format!("{status},{tac:04X},{identity:08X},{EUTRAN}")
        } else {
            format!("{status},\"{tac:04X}\",\"{identity:08X}\",{EUTRAN}")
        }
    }

    /// Tells what has changed, if the host wants to know.
    pub(super) fn tell_registration(&mut self) {
        for (i, name) in REGISTRATION_NAMES.iter().enumerate() {
            let mode = self.registrations.modes[i];
            let now = self.registration(mode);
            let known = self.registrations.told[i].replace(now.clone());
            if mode == 0 || known.is_none_or(|known| known == now) {
                continue;
            }
            let n = if self.personality.has(Quirk::RegistrationUrcWithN) { format!("{mode},") } else { String::new() };
            self.urc(format!("{name}: {n}{now}"));
            if self.personality.has(Quirk::UrcBurst) {
                (0..5).for_each(|i| self.urc(format!("^NWTIME: {i}")));
            }
        }
    }

    pub(super) fn registration_command(&mut self, which: usize, operation: &Operation) -> Reply {
        let name = REGISTRATION_NAMES[which];
        match operation {
            Operation::Test => Reply::line(format!("{name}: (0-2)")),
            Operation::Read => {
                let mode = self.registrations.modes[which];
                Reply::line(format!("{name}: {mode},{}", self.registration(mode)))
            }
            Operation::Set(value) => match numbers(value).as_deref() {
                Some([Some(mode @ 0..=2)]) => {
                    self.registrations.modes[which] = *mode as u8;
                    self.registrations.told[which] = Some(self.registration(*mode as u8));
                    Reply::ok()
                }
                _ => Reply::incorrect_parameters(),
            },
            Operation::Execute => Reply::Final(NOT_SUPPORTED),
        }
    }

    pub(super) fn operator_command(&mut self, operation: &Operation) -> Reply {
        let registered = self.registration_status() == 1;
        match operation {
            Operation::Test => Reply::Wait(Wait::Scan),
            Operation::Read => {
                let mode = if self.registrations.deregistered { 2 } else { 0 };
                let format = self.registrations.operator_format;
                Reply::line(match self.cell.as_ref().filter(|_| registered) {
                    Some(cell) => {
                        let name = if format == 2 { &cell.plmn } else { &cell.operator };
                        format!("+COPS: {mode},{format},\"{name}\",{EUTRAN}")
                    }
                    None => format!("+COPS: {mode}"),
                })
            }
            Operation::Set(value) => {
                let parameters = numbers(value.split(",\"").next().unwrap_or_default()).unwrap_or_default();
                match parameters[..] {
                    [Some(0), ..] => self.registrations.deregistered = false,
                    [Some(1 | 4), ..] => {
                        let name = value.split('"').nth(1).unwrap_or_default();
                        let is_known = self.cell.as_ref().is_some_and(|c| c.plmn == name || c.operator == name);
                        if !is_known {
                            return Reply::Final(super::output::Final::Cme(30)); // no network service
                        }
                        self.registrations.deregistered = false;
                    }
                    [Some(2), ..] => self.registrations.deregistered = true,
                    [Some(3), Some(format @ 0..=2), ..] => self.registrations.operator_format = format as u8,
                    _ => return Reply::incorrect_parameters(),
                }
                Reply::ok()
            }
            Operation::Execute => Reply::Final(NOT_SUPPORTED),
        }
    }

    /// The answer of a scan that is over.
    pub(super) fn scanned(&self) -> String {
        let cell = self.cell.as_ref().filter(|_| self.functionality == 1).map(|cell| {
            let status = if self.registration_status() == 1 { 2 } else { 1 };
            format!("({status},\"{0}\",\"{0}\",\"{1}\",{EUTRAN})", cell.operator, cell.plmn)
        });
        format!("+COPS: {},,(0-4),(0-2)", cell.unwrap_or_default())
    }

    pub(super) fn signal_command(&self) -> Reply {
        let cell = self.cell.as_ref().filter(|_| self.functionality == 1);
        let rssi = cell.map(|cell| ((cell.rsrp_dbm + RSSI_OVER_RSRP_DB + 113.0) / 2.0).clamp(0.0, 31.0) as u8);
        Reply::line(format!("+CSQ: {},99", rssi.unwrap_or(99)))
    }

    /// Values stand for intervals whose lower edge is given here: 1 of RSRP begins at -140 dBm, 1 of RSRQ at -19.5 dB.
    pub(super) fn extended_signal_command(&self) -> Reply {
        let cell = self.cell.as_ref().filter(|_| self.functionality == 1);
        let rsrp = cell.map_or(255, |cell| (cell.rsrp_dbm + 141.0).floor().clamp(0.0, 97.0) as u8);
        let rsrq = cell.map_or(255, |cell| ((cell.rsrq_db + 20.0) * 2.0).floor().clamp(0.0, 34.0) as u8);
        Reply::line(format!("+CESQ: 99,99,255,255,{rsrq},{rsrp}"))
    }
}
