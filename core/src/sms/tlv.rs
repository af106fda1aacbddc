//! Optional parameters of SMPP between SM-SC and SMS-GMSC/IWMSC that the standard has no name for: SMPP 3.4 clause 5.3.2 leaves
//! tags 0x1400 to 0x3FFF to vendors of message centres. Who does not know them loses nothing that he needs: the fields of the
//! standard are filled in truly beside them.

use protocol::map::ScType;
use protocol::smpp::{Tlv, TlvTag, Tlvs};

/// The message came over an IP access (TR 23.804 clause 7): one octet, 0 or 1. In deliver_sm.
pub const IP_ACCESS: TlvTag = TlvTag(0x1400);
/// The TPDU of the transfer layer (TS 23.040 clause 9.2.2), octet for octet. In deliver_sm and submit_sm, and, for the report
/// of the other side, in their responses.
pub const TPDU: TlvTag = TlvTag(0x1401);
/// Kind of the service centre (TR 23.804 clause 8.5 step 8): one octet, 0 normal, 1 voice mail, 2 video mail. In submit_sm.
pub const SC_TYPE: TlvTag = TlvTag(0x1402);
/// What the service centre has decided on message waiting (TR 23.804 clause 8.5 step 8): one octet, 1 where it is to be set if
/// all attempts fail. In submit_sm.
pub const MESSAGE_WAITING: TlvTag = TlvTag(0x1403);
/// More about the error in network_error_code: one octet. In submit_sm_resp.
///
/// With absentSubscriberSM it is the diagnostic of TS 23.040 clause 3.3.2, with sm-DeliveryFailure the
/// sm-EnumeratedDeliveryFailureCause of TS 29.002 clause 17.7.6 (0 memoryCapacityExceeded, 1 equipmentProtocolError,
/// 2 equipmentNotSM-Equipped, 3 unknownServiceCentre, 4 sc-Congestion, 5 invalidSME-Address, 6 subscriberNotSC-Subscriber).
pub const CAUSE: TlvTag = TlvTag(0x1404);

/// [`IP_ACCESS`].
#[must_use]
pub fn ip_access(over_ip: bool) -> Tlv {
    Tlv::octet(IP_ACCESS, over_ip.into())
}

/// Whether `tlvs` say that the message came over an IP access.
#[must_use]
pub fn is_ip_access(tlvs: &[Tlv]) -> bool {
    tlvs.integer(IP_ACCESS) == Some(1)
}

/// [`TPDU`].
#[must_use]
pub fn tpdu(octets: impl Into<Vec<u8>>) -> Tlv {
    Tlv::new(TPDU, octets)
}

/// The TPDU that `tlvs` have.
#[must_use]
pub fn tpdu_of(tlvs: &[Tlv]) -> Option<&[u8]> {
    tlvs.octets(TPDU).filter(|octets| !octets.is_empty())
}

/// [`SC_TYPE`].
#[must_use]
pub fn sc_type(kind: ScType) -> Tlv {
    Tlv::octet(SC_TYPE, kind.0)
}

/// The kind of the service centre, if `tlvs` say it.
#[must_use]
pub fn sc_type_of(tlvs: &[Tlv]) -> Option<ScType> {
    match tlvs.octets(SC_TYPE)? {
        [kind] => Some(ScType(*kind)),
        _ => None,
    }
}

/// [`MESSAGE_WAITING`].
#[must_use]
pub fn message_waiting(wanted: bool) -> Tlv {
    Tlv::octet(MESSAGE_WAITING, wanted.into())
}

/// Whether `tlvs` want message waiting to be set if all attempts fail.
#[must_use]
pub fn wants_message_waiting(tlvs: &[Tlv]) -> bool {
    tlvs.integer(MESSAGE_WAITING) == Some(1)
}

/// [`CAUSE`].
#[must_use]
pub fn cause(value: u8) -> Tlv {
    Tlv::octet(CAUSE, value)
}

/// What [`CAUSE`] says in `tlvs`.
#[must_use]
pub fn cause_of(tlvs: &[Tlv]) -> Option<u8> {
    match tlvs.octets(CAUSE)? {
        [cause] => Some(*cause),
        _ => None,
    }
}

/// network_error_code (SMPP 3.4 clause 5.3.2.31): the network is GSM, and the code is that of the error of TS 29.002 clause
/// 17.6.6.
#[must_use]
pub fn network_error(code: u16) -> Tlv {
    let [high, low] = code.to_be_bytes();
    Tlv::new(TlvTag::NETWORK_ERROR_CODE, [GSM, high, low])
}

/// The code of an error of GSM, if `tlvs` have one.
#[must_use]
pub fn network_error_of(tlvs: &[Tlv]) -> Option<u16> {
    match *tlvs.octets(TlvTag::NETWORK_ERROR_CODE)? {
        [GSM, high, low] => Some(u16::from_be_bytes([high, low])),
        _ => None,
    }
}

/// delivery_failure_reason (SMPP 3.4 clause 5.3.2.33): why a message was not delivered.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct DeliveryFailureReason(pub u8);

impl DeliveryFailureReason {
    /// Destination unavailable.
    pub const UNAVAILABLE: Self = Self(0);
    /// Destination address invalid.
    pub const INVALID_ADDRESS: Self = Self(1);
    /// Permanent network error.
    pub const PERMANENT: Self = Self(2);
    /// Temporary network error.
    pub const TEMPORARY: Self = Self(3);

    /// As optional parameter.
    #[must_use]
    pub fn to_tlv(self) -> Tlv {
        Tlv::octet(TlvTag::DELIVERY_FAILURE_REASON, self.0)
    }

    /// What `tlvs` say.
    #[must_use]
    pub fn find(tlvs: &[Tlv]) -> Option<Self> {
        match tlvs.octets(TlvTag::DELIVERY_FAILURE_REASON)? {
            [reason] => Some(Self(*reason)),
            _ => None,
        }
    }

    /// Whether another attempt may go better.
    #[must_use]
    pub const fn is_temporary(self) -> bool {
        !matches!(self, Self::INVALID_ADDRESS | Self::PERMANENT)
    }
}

/// Network type of network_error_code: GSM (SMPP 3.4 clause 5.3.2.31).
const GSM: u8 = 3;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let tlvs = [
            ip_access(true),
            tpdu([1, 2]),
            sc_type(ScType::VOICE_MAIL),
            message_waiting(true),
            cause(6),
            network_error(32),
            DeliveryFailureReason::PERMANENT.to_tlv(),
        ];
        assert!(tlvs.iter().take(5).all(|tlv| tlv.tag.is_of_vendor()));
        assert!(is_ip_access(&tlvs) && wants_message_waiting(&tlvs));
        assert_eq!((tpdu_of(&tlvs), sc_type_of(&tlvs)), (Some(&[1, 2][..]), Some(ScType::VOICE_MAIL)));
        assert_eq!((cause_of(&tlvs), network_error_of(&tlvs)), (Some(6), Some(32)));
        assert_eq!(tlvs.octets(TlvTag::NETWORK_ERROR_CODE), Some(&[3, 0, 32][..]));
        assert!(!DeliveryFailureReason::find(&tlvs).unwrap().is_temporary());
    }

    #[test]
    fn what_is_not_there_or_odd_says_nothing() {
        let odd = [
            Tlv::new(IP_ACCESS, [1, 1, 1]),
            Tlv::new(TPDU, []),
            Tlv::new(SC_TYPE, []),
            Tlv::octet(MESSAGE_WAITING, 2),
            Tlv::new(CAUSE, [1, 2]),
            Tlv::new(TlvTag::NETWORK_ERROR_CODE, [1, 0, 6]),
        ];
        for tlvs in [&odd[..], &[]] {
            assert!(!is_ip_access(tlvs) && !wants_message_waiting(tlvs));
            assert_eq!((tpdu_of(tlvs), sc_type_of(tlvs), cause_of(tlvs)), (None, None, None));
            assert_eq!((network_error_of(tlvs), DeliveryFailureReason::find(tlvs)), (None, None));
        }
    }
}
