//! M2AP and M3AP: PDUs.

use crate::m2ap::M2apPdu;
use crate::m3ap::M3apPdu;

/// A PDU that parses is emitted as what parses again to the same; about one that does not, an Error Indication can be sent.
///
/// # Panics
/// When that does not hold.
pub fn m2ap(octets: &[u8]) {
    match M2apPdu::parse(octets) {
        Ok(pdu) => {
            let again = pdu.emit().expect("what was read can be said");
            assert_eq!(M2apPdu::parse(&again).as_ref(), Ok(&pdu), "what was emitted reads otherwise");
        }
        Err(error) => {
            let indication = M2apPdu::error_indication(&error);
            assert!(indication.is_none_or(|pdu| pdu.emit().is_ok()), "an indication that cannot be sent");
        }
    }
}

/// As [`m2ap`].
///
/// # Panics
/// When that does not hold.
pub fn m3ap(octets: &[u8]) {
    match M3apPdu::parse(octets) {
        Ok(pdu) => {
            let again = pdu.emit().expect("what was read can be said");
            assert_eq!(M3apPdu::parse(&again).as_ref(), Ok(&pdu), "what was emitted reads otherwise");
        }
        Err(error) => {
            let indication = M3apPdu::error_indication(&error);
            assert!(indication.is_none_or(|pdu| pdu.emit().is_ok()), "an indication that cannot be sent");
        }
    }
}
