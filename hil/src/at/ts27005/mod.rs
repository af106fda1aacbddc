//! Short messages in PDU mode, TS 27.005: the commands as types. PDUs are octets here, the service centre address first.

mod indication;
mod message;

pub use indication::{Acknowledge, IndicationModes, ReadIndicationModes, SelectService, SetIndications, SmsIndication};
pub use message::{
    DeleteMessage, ListMessages, MessageStatus, ReadMessage, ReadServiceCentre, ReadStorages, SelectReading,
    SelectStorage, SendMessage, SetPduMode, StorageUse, StoredMessage,
};

use super::command::AtLine;

/// Longest PDU: a service centre address of 12 octets and a TPDU of 164 (TS 23.040 clause 9.2.3).
const MAX_PDU: usize = 176;

/// A PDU in hexadecimal, of which the TPDU has `tpdu_octets`.
fn pdu(text: Option<&str>, tpdu_octets: usize) -> Option<Vec<u8>> {
    let octets = hex::decode(text?).ok()?;
    let service_centre = 1 + usize::from(*octets.first()?);
    (octets.len() <= MAX_PDU && octets.len() == service_centre + tpdu_octets).then_some(octets)
}

/// The PDU of a line whose last parameter is `<length>`.
fn body(line: &AtLine, length: usize) -> Option<Vec<u8>> {
    pdu(line.body.as_deref(), length)
}

#[cfg(test)]
mod tests;
