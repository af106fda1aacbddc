//! PDUs between a modem and its host: TS 27.005 clause 3.1, `<pdu>`. The address of the service centre as RP-OA and RP-DA
//! have it, and a TPDU.

use super::address::Address;
use crate::octets::Octets;

/// A TPDU behind the address of a service centre; none: the one that the SIM names.
pub fn to_pdu(service_centre: Option<&Address>, tpdu: &[u8]) -> Vec<u8> {
    let mut pdu = Vec::new();
    Address::emit_relay(service_centre, &mut pdu);
    pdu.extend(tpdu);
    pdu
}

/// The TPDU behind the address of a service centre, whatever that is; `None`: the address is not whole.
pub fn tpdu_of(pdu: &[u8]) -> Option<&[u8]> {
    let mut octets = Octets(pdu);
    let length = octets.octet()?;
    octets.take(length.into())?;
    Some(octets.rest())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_in_front() {
        let centre = Address::international("358405202000").unwrap();
        let pdu = to_pdu(Some(&centre), &[1, 2]);
        assert_eq!(pdu, [7, 0x91, 0x53, 0x48, 0x50, 0x02, 0x02, 0x00, 1, 2]);
        assert_eq!((tpdu_of(&pdu), to_pdu(None, &[3])), (Some(&[1, 2][..]), vec![0, 3]));
        assert_eq!((tpdu_of(&[2, 0x91]), tpdu_of(&[]), tpdu_of(&[0])), (None, None, Some(&[][..])));
    }
}
