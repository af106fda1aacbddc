//! `+CSIM`, `+CRSM` (TS 27.007 clauses 8.17, 8.18), `+CCHO`, `+CCHC`, `+CGLA` (8.45 to 8.47), `+CUAD` (8.48).

use protocol::Instant;

use super::super::command_line::Operation;
use super::super::io::Reply;
use super::super::modem::SimModem;
use super::super::output::Final;
use super::{NOT_FOUND, OK, UNKNOWN_INSTRUCTION, WRONG_PARAMETERS};
use crate::at::{Param, parse_params};

/// TS 27.007 clause 9.2.1: not found; incorrect parameters.
const NO_APPLICATION: Final = Final::Cme(22);

impl SimModem {
    pub(in super::super) fn uicc_command(&mut self, now: Instant, name: &str, operation: &Operation) -> Reply {
        let parameters = match operation {
            Operation::Test => return Reply::ok(),
            Operation::Set(value) => parse_params(value),
            Operation::Execute if name == "+CUAD" => Vec::new(),
            Operation::Execute | Operation::Read => return self.unknown(),
        };
        if let Err(cause) = self.sim_ready(now) {
            return Reply::Final(cause);
        }
        let number = |at: usize| parameters.get(at).and_then(Param::number::<usize>);
        match name {
            "+CUAD" => {
                // Records of EF_DIR.
                let aids = self.uicc.applications();
                Reply::Lines(
                    aids.iter().map(|aid| format!("+CUAD: \"6112{}{}\"", "4F10", hex::encode_upper(aid))).collect(),
                )
            }
            "+CSIM" => match apdu(&parameters, 0) {
                Some(apdu) => response(name, &self.uicc.command(&apdu, None)),
                None => Reply::incorrect_parameters(),
            },
            "+CCHO" => match parameters.first().and_then(Param::text).and_then(|text| hex::decode(text).ok()) {
                Some(aid) => match self.uicc.open(&aid) {
                    Some(channel) => Reply::line(format!("+CCHO: {channel}")),
                    None => Reply::Final(NO_APPLICATION),
                },
                None => Reply::incorrect_parameters(),
            },
            "+CGLA" => match (number(0), apdu(&parameters, 1)) {
                (Some(channel), Some(apdu)) if channel != 0 && self.uicc.is_open(channel) => {
                    response(name, &self.uicc.command(&apdu, Some(channel)))
                }
                _ => Reply::incorrect_parameters(),
            },
            "+CCHC" if number(0).is_some_and(|channel| self.uicc.close(channel)) => Reply::ok(),
            "+CRSM" => self.restricted_access(&parameters),
            _ => Reply::incorrect_parameters(),
        }
    }

    /// `<command>,<fileid>,<P1>,<P2>,<P3>`.
    fn restricted_access(&self, parameters: &[Param]) -> Reply {
        let number = |at: usize| parameters.get(at).and_then(Param::number::<u16>);
        let Some(command) = number(0) else { return Reply::incorrect_parameters() };
        let octet = |at: usize| number(at).unwrap_or(0) as u8;
        let file = number(1).and_then(|id| self.uicc.file(id)).ok_or(NOT_FOUND);
        let data = match command {
            176 => file.and_then(|file| file.read(u16::from_be_bytes([octet(2), octet(3)]), octet(4))),
            178 => file.and_then(|file| file.record(octet(2))),
            192 => file.map(|file| file.template()),
            242 => Ok(Vec::new()),
            203 | 214 | 219 | 220 => Err(WRONG_PARAMETERS),
            _ => Err(UNKNOWN_INSTRUCTION),
        };
        let ([sw1, sw2], data) = data.map_or_else(|status| (status, Vec::new()), |data| (OK, data));
        let data = if data.is_empty() { String::new() } else { format!(",\"{}\"", hex::encode_upper(&data)) };
        Reply::line(format!("+CRSM: {sw1},{sw2}{data}"))
    }
}

/// `<length>,<command>` from a place on; the length counts digits.
fn apdu(parameters: &[Param], at: usize) -> Option<Vec<u8>> {
    let length: usize = parameters.get(at)?.number()?;
    hex::decode(parameters.get(at + 1)?.text()?).ok().filter(|apdu| 2 * apdu.len() == length)
}

fn response(name: &str, apdu: &[u8]) -> Reply {
    Reply::line(format!("{name}: {},\"{}\"", 2 * apdu.len(), hex::encode_upper(apdu)))
}
