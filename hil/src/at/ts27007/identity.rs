//! Who the modem and its subscriber are: TS 27.007 clauses 5.1 to 5.5, 5.6 (`+CIMI`), 7.1 (`+CNUM`), 8.18 (`+CRSM`).

use super::super::params::parse_params;
use super::{AtCommand, AtError, AtResponse, Request, any, ok};

/// What can be asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Identity {
    /// `+CGMI`.
    Manufacturer,
    /// `+CGMM`.
    Model,
    /// `+CGMR`.
    Revision,
    /// `+CGSN`: the IMEI, 15 digits.
    Imei,
    /// `+CIMI`: up to 15 digits.
    Imsi,
}

/// Reads an identity.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ReadIdentity(pub Identity);

impl Identity {
    const fn name(self) -> &'static str {
        match self {
            Self::Manufacturer => "+CGMI",
            Self::Model => "+CGMM",
            Self::Revision => "+CGMR",
            Self::Imei => "+CGSN",
            Self::Imsi => "+CIMI",
        }
    }
}

impl Request for ReadIdentity {
    type Answer = String;

    fn command(&self) -> AtCommand {
        AtCommand::new(self.0.name()).answered_by_text()
    }

    fn answer(&self, response: &AtResponse) -> Result<String, AtError> {
        let name = self.0.name();
        any(self, response, |text| {
            // The standard has the bare text; some add the prefix or quotation marks, `+CGSN: IMEI490154203237518`.
            let text =
                text.strip_prefix(name).map_or(text, |rest| rest.trim_start_matches(':')).trim().trim_matches('"');
            match self.0 {
                Identity::Imei => digits(text, 14..=16),
                Identity::Imsi => digits(text, 6..=15),
                Identity::Manufacturer | Identity::Model | Identity::Revision => {
                    (!text.is_empty()).then(|| text.to_owned())
                }
            }
        })
    }
}

/// The digits at the end of a text, if there are so many.
fn digits(text: &str, count: std::ops::RangeInclusive<usize>) -> Option<String> {
    let start =
        text.rfind(|c: char| !c.is_ascii_digit()).map_or(0, |i| i + text[i..].chars().next().map_or(1, char::len_utf8));
    Some(&text[start..]).filter(|d| count.contains(&d.len())).map(str::to_owned)
}

/// A number of the subscriber.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PhoneNumber {
    /// Digits, `+` in front of an international number.
    pub number: String,
}

/// `+CNUM`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ReadNumbers;

impl Request for ReadNumbers {
    type Answer = Vec<PhoneNumber>;

    fn command(&self) -> AtCommand {
        AtCommand::new("+CNUM").answered_by("+CNUM")
    }

    fn answer(&self, response: &AtResponse) -> Result<Self::Answer, AtError> {
        /// `<type>` of an international number (TS 24.008 clause 10.5.4.7).
        const INTERNATIONAL: u8 = 145;
        ok(self, response)?;
        let number = |text: &str| {
            let params = parse_params(text);
            let number = params.get(1)?.text()?.to_owned();
            let is_bare = params.get(2).and_then(|p| p.number()) == Some(INTERNATIONAL) && !number.starts_with('+');
            let number = if is_bare { format!("+{number}") } else { number };
            (!number.is_empty()).then_some(PhoneNumber { number })
        };
        Ok(response.lines.iter().filter_map(|line| number(&line.text)).collect())
    }
}

/// The ICCID of the SIM.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ReadIccid {
    /// `+CRSM`: READ BINARY of EF ICCID (TS 102 221 clause 13.2).
    Restricted,
    /// `+CCID`, which most modems have and no standard does.
    Ccid,
}

impl Request for ReadIccid {
    type Answer = String;

    fn command(&self) -> AtCommand {
        match self {
            // READ BINARY is 176; EF ICCID is 2FE2, ten octets.
            Self::Restricted => AtCommand::new("+CRSM=176,12258,0,0,10").answered_by("+CRSM"),
            Self::Ccid => AtCommand::new("+CCID").answered_by_text(),
        }
    }

    fn answer(&self, response: &AtResponse) -> Result<String, AtError> {
        /// `<sw1>` of success.
        const NORMAL_ENDING: u8 = 0x90;
        any(self, response, |text| match self {
            Self::Restricted => {
                let params = parse_params(text);
                let is_read = params.first()?.number() == Some(NORMAL_ENDING);
                // Two digits an octet, the lower half first; F fills up.
                let nibbles = params.get(2)?.text().filter(|_| is_read)?.as_bytes().chunks(2);
                let swapped: Vec<u8> = nibbles.flat_map(|pair| pair.iter().rev().copied()).collect();
                let text = String::from_utf8(swapped).ok()?;
                digits(text.trim_end_matches(['F', 'f']), 18..=20)
            }
            Self::Ccid => digits(text.trim_matches(['"', ' ']).trim_end_matches(['F', 'f']), 18..=20),
        })
    }
}
