//! Network registration: `+CREG` (TS 27.007 clause 7.2), `+CGREG` (10.1.20), `+CEREG` (10.1.22), `+C5GREG` (10.1.47).
//!
//! A read is answered with `<n>` first, an unsolicited code has none, and modems differ: location and cell with and
//! without quotation marks, zeros in front, a routing area in the middle, a field more at the end.

use super::super::params::{Param, parse_params};
use super::{AtCommand, AtError, AtResponse, Request, first};

/// What is registered with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RegistrationDomain {
    /// Circuit switched: `+CREG`.
    CircuitSwitched,
    /// GPRS: `+CGREG`.
    Gprs,
    /// Evolved packet system: `+CEREG`.
    Eps,
    /// 5G system: `+C5GREG`.
    FiveGs,
}

/// `<stat>`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RegistrationStatus {
    /// 0: not registered, not searching.
    NotSearching,
    /// 1: registered, home network.
    Home,
    /// 2: not registered, searching.
    Searching,
    /// 3: registration denied.
    Denied,
    /// 4: unknown, for instance out of coverage.
    Unknown,
    /// 5: registered, roaming.
    Roaming,
    /// 6, 7: registered for SMS only, home or roaming.
    SmsOnly,
    /// 8: attached for emergency bearer services only.
    EmergencyOnly,
    /// 9, 10: registered, CSFB not preferred, home or roaming.
    CsfbNotPreferred,
    /// 11: attached for restricted local operator services only.
    RestrictedLocalOnly,
}

/// `<AcT>`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AccessTechnology {
    /// 0, 1, 3, 8: GSM, with and without EGPRS, EC-GSM-IoT.
    Geran,
    /// 2, 4, 5, 6: UTRAN with and without HSPA.
    Utran,
    /// 7: E-UTRAN.
    Eutran,
    /// 9: E-UTRAN NB-S1.
    NbIot,
    /// 10 to 12: connected to a 5G core; 13: E-UTRA and NR together.
    Nr,
}

/// State of a registration.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Registration {
    /// Status.
    pub status: RegistrationStatus,
    /// Location or tracking area code.
    pub area_code: Option<u32>,
    /// Cell identity; of `+C5GREG` up to 36 bits.
    pub cell_identity: Option<u64>,
    /// Access technology.
    pub access_technology: Option<AccessTechnology>,
}

impl RegistrationDomain {
    /// The name of its command and of its unsolicited code.
    pub const fn name(self) -> &'static str {
        match self {
            Self::CircuitSwitched => "+CREG",
            Self::Gprs => "+CGREG",
            Self::Eps => "+CEREG",
            Self::FiveGs => "+C5GREG",
        }
    }
}

impl RegistrationStatus {
    /// A network serves the UE.
    pub const fn is_registered(self) -> bool {
        matches!(self, Self::Home | Self::Roaming | Self::SmsOnly | Self::CsfbNotPreferred)
    }

    const fn new(stat: u8) -> Option<Self> {
        Some(match stat {
            0 => Self::NotSearching,
            1 => Self::Home,
            2 => Self::Searching,
            3 => Self::Denied,
            4 => Self::Unknown,
            5 => Self::Roaming,
            6 | 7 => Self::SmsOnly,
            8 => Self::EmergencyOnly,
            9 | 10 => Self::CsfbNotPreferred,
            11 => Self::RestrictedLocalOnly,
            _ => return None,
        })
    }
}

impl AccessTechnology {
    pub(super) const fn new(act: u8) -> Option<Self> {
        Some(match act {
            0 | 1 | 3 | 8 => Self::Geran,
            2 | 4..=6 => Self::Utran,
            7 => Self::Eutran,
            9 => Self::NbIot,
            10..=13 => Self::Nr,
            _ => return None,
        })
    }
}

impl Registration {
    /// What an unsolicited code says: `<stat>[,...]`, on some modems with `<n>` as in a read.
    pub fn of_urc(text: &str) -> Option<Self> {
        let params = parse_params(text);
        let params = if is_read(&params) { &params[1..] } else { &params };
        Self::new(params)
    }

    fn of_read(text: &str) -> Option<Self> {
        let params = parse_params(text);
        // `+CREG:0`: a modem that leaves <n> out.
        Self::new(if params.len() > 1 { params.get(1..)? } else { &params })
    }

    /// From `<stat>` on.
    fn new(params: &[Param]) -> Option<Self> {
        let status = RegistrationStatus::new(params.first()?.number()?)?;
        let code =
            |param: Option<&Param>| u64::from_str_radix(param?.text()?.trim(), 16).ok().filter(|&code| code != 0);
        let area_code = code(params.get(1)).and_then(|code| u32::try_from(code).ok());
        // TS 27.007 version 8.6 put a routing area code, two hexadecimal digits in quotation marks, before <AcT>.
        let is_technology = |p: &&Param| matches!(p, Param::Bare(_));
        let access_technology =
            params.iter().skip(3).find(is_technology).and_then(|p| AccessTechnology::new(p.number()?));
        Some(Self { status, area_code, cell_identity: code(params.get(2)), access_technology })
    }
}

/// Is this `<n>,<stat>[,...]`? In `<stat>,<lac>,...` the second parameter is hexadecimal: quoted, or of several digits.
fn is_read(params: &[Param]) -> bool {
    matches!(params.get(1), Some(Param::Bare(stat)) if stat.len() <= 2 && stat.parse().is_ok_and(|stat: u8| stat <= 11))
}

/// `+CREG?` and its kin.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ReadRegistration(pub RegistrationDomain);

impl Request for ReadRegistration {
    type Answer = Registration;

    fn command(&self) -> AtCommand {
        let name = self.0.name();
        AtCommand::new(format!("{name}?")).answered_by(name).only_if(|text| {
            let params = parse_params(text);
            // A single value could be either; as long as a read runs, it is the answer (modems that leave <n> out).
            params.len() == 1 || is_read(&params)
        })
    }

    fn answer(&self, response: &AtResponse) -> Result<Registration, AtError> {
        // An unsolicited code of one value may have come first: the answer is the last line.
        let last =
            AtResponse { lines: response.lines.last().cloned().into_iter().collect(), code: response.code.clone() };
        first(self, &last, Registration::of_read)
    }
}
