//! The words of MM1 and MM4 in those of charging (TS 32.299 clause 7.2, TS 32.298 clause 5.2.4.1).

use protocol::diameter::Avp;
use protocol::diameter::charging::{
    AddressType, IP_ACCESS, InterfaceType, MmComponent, MmsChargedAddress, MmsChargedClass, MmsInformation,
    MmsPriority, SmInterface,
};
use protocol::diameter::dictionary::charging::MMS_INFORMATION;
use protocol::mm4::RequestStatus;
use protocol::mms::{AddressKind, ContentType, MessageClass, MmsAddress, MmsStatus, Priority};

/// Where a UE or another relay is, as a record says it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum MmsInterface {
    /// HTTP from a UE or to it, over an access that nobody names.
    Mm1,
    /// The same through the IP-Message-GW: the UE is on an IP access.
    Isc,
    /// Push over short messages.
    Smpp,
    /// Another relay.
    Mm4,
}

impl MmsInterface {
    /// Originator-Interface (`is_to_ue` false) or Destination-Interface.
    pub(crate) fn avp(self, is_to_ue: bool) -> SmInterface {
        let (text, is_ip) = match self {
            Self::Mm1 => ("MM1", false),
            Self::Isc => ("ISC", true),
            Self::Smpp => ("SMPP", false),
            Self::Mm4 => ("MM4", false),
        };
        let kind = match (self, is_to_ue) {
            (Self::Mm4, false) => InterfaceType::ApplicationOriginating,
            (Self::Mm4, true) => InterfaceType::ApplicationTerminating,
            (_, false) => InterfaceType::MobileOriginating,
            (_, true) => InterfaceType::MobileTerminating,
        };
        SmInterface {
            id: is_ip.then(|| IP_ACCESS.to_owned()),
            text: Some(text.to_owned()),
            port: None,
            kind: Some(kind),
        }
    }
}

/// An address as MM1 or MM4 has it.
pub(crate) fn address(text: &str) -> MmsChargedAddress {
    // On MM4 numbers are at a domain: +4917…/TYPE=PLMN@mms.example.
    let upper = text.to_ascii_uppercase();
    let number = upper.find("/TYPE=PLMN@").map(|at| text.split_at(at + "/TYPE=PLMN".len()));
    let (plain, domain) = number.map_or((text, None), |(plain, rest)| (plain, rest.strip_prefix('@')));
    let (kind, data) = match MmsAddress::of_text(plain).kind() {
        AddressKind::Phone(number) => (AddressType::Msisdn, number.trim_start_matches('+').to_owned()),
        AddressKind::Mail(mail) => (AddressType::Email, mail),
        AddressKind::Ipv4(ip) => (AddressType::Ipv4, ip.to_string()),
        AddressKind::Ipv6(ip) => (AddressType::Ipv6, ip.to_string()),
        AddressKind::ShortCode(code) => (AddressType::NumericShortcode, code),
        AddressKind::Other(other) => (AddressType::Other, other),
    };
    let domain = domain.map(str::to_owned);
    MmsChargedAddress { kind: Some(kind), data: Some(data), domain, addressee: None }
}

/// A content or a part of one.
pub(crate) fn component((essence, octets): &(String, u64)) -> MmComponent {
    let number = ContentType::new(essence).well_known_code();
    // 0 is */*: any.
    let name = number.is_none().then(|| essence.clone());
    MmComponent { number: number.or(Some(0)), name, size: Some(u32::try_from(*octets).unwrap_or(u32::MAX)) }
}

/// X-Mms-Message-Class by its name.
pub(crate) fn class_of(name: &str) -> MmsChargedClass {
    match MessageClass::of_name(name) {
        MessageClass::Personal => MmsChargedClass::Known(0),
        MessageClass::Advertisement => MmsChargedClass::Known(1),
        MessageClass::Informational => MmsChargedClass::Known(2),
        MessageClass::Auto => MmsChargedClass::Known(3),
        other => MmsChargedClass::Named(other.to_string()),
    }
}

/// X-Mms-Priority.
pub(crate) const fn priority_of(priority: u8) -> Option<MmsPriority> {
    match Priority(priority) {
        Priority::LOW => Some(MmsPriority::Low),
        Priority::NORMAL => Some(MmsPriority::Normal),
        Priority::HIGH => Some(MmsPriority::High),
        _ => None,
    }
}

/// MMStatusCodeType by its name; what it has no code for has one of its own.
pub(crate) const fn status_name(status: MmsStatus) -> &'static str {
    match status {
        MmsStatus::RETRIEVED => "retrieved",
        MmsStatus::FORWARDED => "forwarded",
        MmsStatus::EXPIRED => "expired",
        MmsStatus::REJECTED => "rejected",
        MmsStatus::DEFERRED => "deferred",
        MmsStatus::UNRECOGNISED => "unrecognised",
        MmsStatus::UNREACHABLE => "unreachable",
        _ => "indeterminate",
    }
}

/// RequestStatusCodeType.
pub(crate) const fn request_status(status: &RequestStatus) -> u32 {
    match status {
        RequestStatus::Ok => 0,
        RequestStatus::ErrorServiceDenied => 30,
        RequestStatus::ErrorMessageFormatCorrupt => 31,
        RequestStatus::ErrorSendingAddressUnresolved => 32,
        RequestStatus::ErrorMessageNotFound => 33,
        RequestStatus::ErrorNetworkProblem => 34,
        RequestStatus::ErrorContentNotAccepted => 35,
        RequestStatus::ErrorUnsupportedMessage => 36,
        _ => 4,
    }
}

/// What a record says, as it is kept until it is made.
pub(crate) fn kept(mms: &MmsInformation) -> String {
    hex::encode(mms.to_avp().data)
}

/// The same as it is read.
pub(crate) fn of_kept(text: &str) -> Option<MmsInformation> {
    let avp = Avp::new(&MMS_INFORMATION, hex::decode(text).ok()?);
    MmsInformation::from_avp(&avp).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_what_they_are() {
        for (text, kind, data, domain) in [
            ("+491721000001/TYPE=PLMN", AddressType::Msisdn, "491721000001", None),
            ("+491721000001", AddressType::Msisdn, "491721000001", None),
            ("+491721000001/TYPE=PLMN@mms.example", AddressType::Msisdn, "491721000001", Some("mms.example")),
            ("bob@mms.example", AddressType::Email, "bob@mms.example", None),
            ("12345", AddressType::NumericShortcode, "12345", None),
            ("nobody", AddressType::Other, "nobody", None),
        ] {
            let own = address(text);
            assert_eq!(
                (own.kind, own.data.as_deref(), own.domain.as_deref()),
                (Some(kind), Some(data), domain),
                "{text}"
            );
        }
    }

    #[test]
    fn types_have_numbers_or_names() {
        let known = component(&("image/jpeg".to_owned(), 5));
        assert_eq!((known.number, known.name, known.size), (Some(0x1E), None, Some(5)));
        let other = component(&("image/x-else".to_owned(), u64::MAX));
        assert_eq!((other.number, other.name.as_deref(), other.size), (Some(0), Some("image/x-else"), Some(u32::MAX)));
        assert_eq!(class_of("Auto"), MmsChargedClass::Known(3));
        assert_eq!(class_of("x-own"), MmsChargedClass::Named("x-own".to_owned()));
    }

    #[test]
    fn what_is_kept_comes_back() {
        let mms = MmsInformation { message_id: Some("1@a".to_owned()), size: Some(9), ..MmsInformation::default() };
        assert_eq!(of_kept(&kept(&mms)), Some(mms));
        assert_eq!((of_kept("x"), of_kept("00")), (None, None));
    }
}
