//! SMS-Information (TS 32.299 clause 7.2.211; TS 32.274 clause 6.3): what is known of a short message.

use crate::diameter::cx::{Group, enumerated};
use crate::diameter::dictionary::AvpDef;
use crate::diameter::dictionary::charging as c;
use crate::diameter::message::{Avp, DiameterProblem};

use super::{from_time, to_time};

enumerated! {
    /// SMS-Node (TS 32.299): what the node is that charges.
    SmsNode of SMS_NODE in c {
        /// SMS Router.
        SmsRouter = 0,
        /// IP-SM-GW.
        IpSmGw = 1,
        /// SMS Router and IP-SM-GW in one.
        SmsRouterAndIpSmGw = 2,
        /// SMS-SC.
        SmsSc = 3,
    }
}

enumerated! {
    /// SM-Message-Type (TS 32.299; DELIVERY and what follows as SMMessageType of TS 32.298 has them).
    SmMessageType of SM_MESSAGE_TYPE in c {
        /// SUBMISSION: a message from a UE.
        Submission = 0,
        /// DELIVERY_REPORT: a status report.
        DeliveryReport = 1,
        /// SM Service Request.
        ServiceRequest = 2,
        /// DELIVERY: a message to a UE.
        Delivery = 3,
        /// T4 Device Trigger.
        T4DeviceTrigger = 4,
        /// SM Device Trigger.
        SmDeviceTrigger = 5,
    }
}

enumerated! {
    /// Interface-Type (TS 32.299): what an interface is for.
    InterfaceType of INTERFACE_TYPE in c {
        /// Unknown.
        Unknown = 0,
        /// MOBILE_ORIGINATING.
        MobileOriginating = 1,
        /// MOBILE_TERMINATING.
        MobileTerminating = 2,
        /// APPLICATION_ORIGINATING.
        ApplicationOriginating = 3,
        /// APPLICATION_TERMINATION.
        ApplicationTerminating = 4,
    }
}

enumerated! {
    /// Address-Type (TS 32.299): what Address-Data is.
    AddressType of ADDRESS_TYPE in c {
        /// E-mail address.
        Email = 0,
        /// MSISDN.
        Msisdn = 1,
        /// IPv4 address.
        Ipv4 = 2,
        /// IPv6 address.
        Ipv6 = 3,
        /// Numeric shortcode.
        NumericShortcode = 4,
        /// Alphanumeric shortcode.
        AlphanumericShortcode = 5,
        /// Something else.
        Other = 6,
        /// IMSI.
        Imsi = 7,
    }
}

/// Interface-Id of what reaches a UE over an IP access: the IP access flag of TR 23.804 clause 7, for which TS 32.299 has no
/// AVP of its own. Interface-Text beside it names the reference point.
pub const IP_ACCESS: &str = "IP";

/// Originator-Interface and Destination-Interface (TS 32.299): where a message came in and where it leaves.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct SmInterface {
    /// Interface-Id: [`IP_ACCESS`] over an IP access.
    pub id: Option<String>,
    /// Interface-Text: the reference point.
    pub text: Option<String>,
    /// Interface-Port.
    pub port: Option<String>,
    /// Interface-Type.
    pub kind: Option<InterfaceType>,
}

/// An address of an originator or recipient (Address-Type and Address-Data).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SmAddress {
    /// What it is.
    pub kind: Option<AddressType>,
    /// The address.
    pub data: String,
}

/// Recipient-Info (TS 32.299).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct RecipientInfo {
    /// Destination-Interface.
    pub interface: Option<SmInterface>,
    /// Recipient-Address.
    pub addresses: Vec<SmAddress>,
    /// Recipient-Received-Address: as it came.
    pub received: Option<SmAddress>,
    /// Recipient-SCCP-Address: digits of E.164.
    pub sccp: Option<String>,
    /// SM-Protocol-ID: TP-PID.
    pub protocol_id: Option<u8>,
}

/// Service-Specific-Info (TS 32.299): what an operator wants to have beside. It is in the SMS-Information or the
/// MMS-Information here.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ServiceSpecificInfo {
    /// Service-Specific-Type: the operator's number.
    pub kind: u32,
    /// Service-Specific-Data.
    pub data: String,
}

/// SMS-Information. Addresses of SCCP are digits of E.164.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct SmsInformation {
    /// SMS-Node.
    pub node: Option<SmsNode>,
    /// Client-Address: of a third party; digits of E.164.
    pub client: Option<String>,
    /// Originator-SCCP-Address.
    pub originator_sccp: Option<String>,
    /// SMSC-Address.
    pub service_centre: Option<String>,
    /// Data-Coding-Scheme: TP-DCS.
    pub coding: Option<u8>,
    /// SM-Discharge-Time, in milliseconds since 1970; whole seconds on the wire.
    pub discharge_utc_ms: Option<u64>,
    /// SM-Message-Type.
    pub kind: Option<SmMessageType>,
    /// Originator-Interface.
    pub interface: Option<SmInterface>,
    /// SM-Protocol-ID: TP-PID.
    pub protocol_id: Option<u8>,
    /// Reply-Path-Requested: TP-RP.
    pub reply_path: Option<bool>,
    /// SM-Status: TP-ST of a status report.
    pub status: Option<u8>,
    /// SM-User-Data-Header: TP-UDH.
    pub user_data_header: Option<Vec<u8>>,
    /// Number-Of-Messages-Sent: the parts of a concatenated message.
    pub total: Option<u32>,
    /// SM-Sequence-Number: which part this is.
    pub sequence: Option<u32>,
    /// Recipient-Info.
    pub recipients: Vec<RecipientInfo>,
    /// Originator-Received-Address: as it came.
    pub originator: Option<SmAddress>,
    /// SM-Service-Type.
    pub service_type: Option<u32>,
    /// SMS-Result: 0 success.
    pub result: Option<u32>,
    /// Service-Specific-Info.
    pub specific: Vec<ServiceSpecificInfo>,
}

impl SmsInformation {
    /// The AVP that carries it.
    pub fn to_avp(&self) -> Avp {
        let mut avps: Vec<Avp> = self.node.map(SmsNode::to_avp).into_iter().collect();
        avps.extend(self.client.iter().map(|digits| e164(&c::CLIENT_ADDRESS, digits)));
        avps.extend(self.originator_sccp.iter().map(|digits| e164(&c::ORIGINATOR_SCCP_ADDRESS, digits)));
        avps.extend(self.service_centre.iter().map(|digits| e164(&c::SMSC_ADDRESS, digits)));
        avps.extend(self.coding.map(|coding| Avp::u32(&c::DATA_CODING_SCHEME, coding.into())));
        avps.extend(self.discharge_utc_ms.map(|at| Avp::u32(&c::SM_DISCHARGE_TIME, to_time(at))));
        avps.extend(self.kind.map(SmMessageType::to_avp));
        avps.extend(self.interface.as_ref().map(|interface| interface.to_avp(&c::ORIGINATOR_INTERFACE)));
        avps.extend(self.protocol_id.map(|id| Avp::new(&c::SM_PROTOCOL_ID, [id])));
        avps.extend(self.reply_path.map(|requested| Avp::u32(&c::REPLY_PATH_REQUESTED, requested.into())));
        avps.extend(self.status.map(|status| Avp::new(&c::SM_STATUS, [status])));
        avps.extend(self.user_data_header.iter().map(|header| Avp::new(&c::SM_USER_DATA_HEADER, header.clone())));
        avps.extend(self.total.map(|total| Avp::u32(&c::NUMBER_OF_MESSAGES_SENT, total)));
        avps.extend(self.sequence.map(|sequence| Avp::u32(&c::SM_SEQUENCE_NUMBER, sequence)));
        avps.extend(self.recipients.iter().map(RecipientInfo::to_avp));
        avps.extend(self.originator.as_ref().map(|address| address.to_avp(&c::ORIGINATOR_RECEIVED_ADDRESS)));
        avps.extend(self.service_type.map(|kind| Avp::u32(&c::SM_SERVICE_TYPE, kind)));
        avps.extend(self.result.map(|result| Avp::u32(&c::SMS_RESULT, result)));
        avps.extend(self.specific.iter().map(ServiceSpecificInfo::to_avp));
        Avp::group(&c::SMS_INFORMATION, &avps)
    }

    /// Reads an AVP; what is not known to it is left alone.
    pub fn from_avp(avp: &Avp) -> Result<Self, DiameterProblem> {
        let avps = avp.as_group()?;
        let group = Group::of(avp)?;
        let all = |def: &'static AvpDef| avps.iter().filter(move |avp| avp.is(def));
        Ok(Self {
            node: group.get(&c::SMS_NODE).map(SmsNode::from_avp).transpose()?,
            client: digits(&group, &c::CLIENT_ADDRESS)?,
            originator_sccp: digits(&group, &c::ORIGINATOR_SCCP_ADDRESS)?,
            service_centre: digits(&group, &c::SMSC_ADDRESS)?,
            coding: group.number(&c::DATA_CODING_SCHEME)?.and_then(|coding| u8::try_from(coding).ok()),
            discharge_utc_ms: group.number(&c::SM_DISCHARGE_TIME)?.map(from_time),
            kind: group.get(&c::SM_MESSAGE_TYPE).map(SmMessageType::from_avp).transpose()?,
            interface: group.get(&c::ORIGINATOR_INTERFACE).map(SmInterface::from_avp).transpose()?,
            protocol_id: octet(&group, &c::SM_PROTOCOL_ID),
            reply_path: group.number(&c::REPLY_PATH_REQUESTED)?.map(|requested| requested == 1),
            status: octet(&group, &c::SM_STATUS),
            user_data_header: group.octets(&c::SM_USER_DATA_HEADER),
            total: group.number(&c::NUMBER_OF_MESSAGES_SENT)?,
            sequence: group.number(&c::SM_SEQUENCE_NUMBER)?,
            recipients: all(&c::RECIPIENT_INFO).map(RecipientInfo::from_avp).collect::<Result<_, _>>()?,
            originator: group.get(&c::ORIGINATOR_RECEIVED_ADDRESS).map(SmAddress::from_avp).transpose()?.flatten(),
            service_type: group.number(&c::SM_SERVICE_TYPE)?,
            result: group.number(&c::SMS_RESULT)?,
            specific: all(&c::SERVICE_SPECIFIC_INFO).map(ServiceSpecificInfo::from_avp).collect::<Result<_, _>>()?,
        })
    }

    /// It came from a UE, or goes to one, over an IP access: TR 23.804 clause 7.
    pub fn is_ip_access(&self) -> bool {
        let own = self.recipients.iter().filter_map(|recipient| recipient.interface.as_ref());
        own.chain(&self.interface).any(|interface| interface.id.as_deref() == Some(IP_ACCESS))
    }
}

impl SmInterface {
    pub(super) fn to_avp(&self, def: &AvpDef) -> Avp {
        let mut avps: Vec<_> = self.id.iter().map(|id| Avp::text(&c::INTERFACE_ID, id)).collect();
        avps.extend(self.text.iter().map(|text| Avp::text(&c::INTERFACE_TEXT, text)));
        avps.extend(self.port.iter().map(|port| Avp::text(&c::INTERFACE_PORT, port)));
        avps.extend(self.kind.map(InterfaceType::to_avp));
        Avp::group(def, &avps)
    }

    pub(super) fn from_avp(avp: &Avp) -> Result<Self, DiameterProblem> {
        let group = Group::of(avp)?;
        Ok(Self {
            id: group.text(&c::INTERFACE_ID)?,
            text: group.text(&c::INTERFACE_TEXT)?,
            port: group.text(&c::INTERFACE_PORT)?,
            kind: group.get(&c::INTERFACE_TYPE).map(InterfaceType::from_avp).transpose()?,
        })
    }
}

impl SmAddress {
    fn to_avp(&self, def: &AvpDef) -> Avp {
        let kind = self.kind.map(AddressType::to_avp);
        let avps: Vec<_> = kind.into_iter().chain([Avp::text(&c::ADDRESS_DATA, &self.data)]).collect();
        Avp::group(def, &avps)
    }

    /// None of a group without Address-Data.
    fn from_avp(avp: &Avp) -> Result<Option<Self>, DiameterProblem> {
        let group = Group::of(avp)?;
        // Kinds that came later survive as none.
        let kind = group.get(&c::ADDRESS_TYPE).and_then(|kind| AddressType::from_avp(kind).ok());
        Ok(group.text(&c::ADDRESS_DATA)?.map(|data| Self { kind, data }))
    }
}

impl RecipientInfo {
    fn to_avp(&self) -> Avp {
        let interface = self.interface.as_ref().map(|interface| interface.to_avp(&c::DESTINATION_INTERFACE));
        let mut avps: Vec<_> = interface.into_iter().collect();
        avps.extend(self.addresses.iter().map(|address| address.to_avp(&c::RECIPIENT_ADDRESS)));
        avps.extend(self.received.as_ref().map(|address| address.to_avp(&c::RECIPIENT_RECEIVED_ADDRESS)));
        avps.extend(self.sccp.iter().map(|digits| e164(&c::RECIPIENT_SCCP_ADDRESS, digits)));
        avps.extend(self.protocol_id.map(|id| Avp::new(&c::SM_PROTOCOL_ID, [id])));
        Avp::group(&c::RECIPIENT_INFO, &avps)
    }

    fn from_avp(avp: &Avp) -> Result<Self, DiameterProblem> {
        let avps = avp.as_group()?;
        let group = Group::of(avp)?;
        let addresses = avps.iter().filter(|avp| avp.is(&c::RECIPIENT_ADDRESS)).map(SmAddress::from_avp);
        Ok(Self {
            interface: group.get(&c::DESTINATION_INTERFACE).map(SmInterface::from_avp).transpose()?,
            addresses: addresses.filter_map(Result::transpose).collect::<Result<_, _>>()?,
            received: group.get(&c::RECIPIENT_RECEIVED_ADDRESS).map(SmAddress::from_avp).transpose()?.flatten(),
            sccp: digits(&group, &c::RECIPIENT_SCCP_ADDRESS)?,
            protocol_id: octet(&group, &c::SM_PROTOCOL_ID),
        })
    }
}

impl ServiceSpecificInfo {
    pub(super) fn to_avp(&self) -> Avp {
        let avps = [Avp::text(&c::SERVICE_SPECIFIC_DATA, &self.data), Avp::u32(&c::SERVICE_SPECIFIC_TYPE, self.kind)];
        Avp::group(&c::SERVICE_SPECIFIC_INFO, &avps)
    }

    pub(super) fn from_avp(avp: &Avp) -> Result<Self, DiameterProblem> {
        let group = Group::of(avp)?;
        Ok(Self {
            kind: group.number(&c::SERVICE_SPECIFIC_TYPE)?.unwrap_or(0),
            data: group.text(&c::SERVICE_SPECIFIC_DATA)?.unwrap_or_default(),
        })
    }
}

/// AddressType of E.164 numbers in Address (RFC 6733 clause 4.3.1: address family numbers).
const E164: [u8; 2] = [0, 8];

/// A number as Address.
fn e164(def: &AvpDef, digits: &str) -> Avp {
    Avp::new(def, [&E164, digits.as_bytes()].concat())
}

/// The number of an Address; none when it is of another kind.
fn digits(group: &Group, def: &AvpDef) -> Result<Option<String>, DiameterProblem> {
    let Some(avp) = group.get(def) else { return Ok(None) };
    match avp.data.strip_prefix(&E164) {
        Some(digits) if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) => {
            Err(DiameterProblem::value(avp, format!("{} has an E.164 address of no digits", def.name)))
        }
        Some(digits) => Ok(Some(digits.iter().copied().map(char::from).collect())),
        None => Ok(None),
    }
}

fn octet(group: &Group, def: &AvpDef) -> Option<u8> {
    group.get(def).and_then(|avp| avp.data.first().copied())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn interface() -> impl Strategy<Value = SmInterface> {
        (prop::option::of("[A-Z]{1,4}"), prop::option::of(Just(InterfaceType::MobileOriginating)))
            .prop_map(|(id, kind)| SmInterface { text: id.clone(), id, port: Some("5060".to_owned()), kind })
    }

    fn recipient() -> impl Strategy<Value = RecipientInfo> {
        let address = prop_oneof![Just(Some(AddressType::Msisdn)), Just(Some(AddressType::Other)), Just(None)];
        (prop::option::of(interface()), address, "[0-9]{1,20}", any::<u8>()).prop_map(|(interface, kind, data, id)| {
            let address = SmAddress { kind, data: data.clone() };
            RecipientInfo {
                interface,
                addresses: vec![address.clone(), address.clone()],
                received: Some(address),
                sccp: Some(data),
                protocol_id: Some(id),
            }
        })
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(
            interface in prop::option::of(interface()),
            recipients in prop::collection::vec(recipient(), 0..3),
            digits in prop::option::of("[0-9]{1,15}"),
            (octet, header) in (prop::option::of(any::<u8>()), prop::option::of(prop::collection::vec(any::<u8>(), 0..140))),
            (seconds, number) in (prop::option::of(0u64..4_000_000_000), prop::option::of(any::<u32>())),
            flag in prop::option::of(any::<bool>()),
        ) {
            let information = SmsInformation {
                node: Some(SmsNode::IpSmGw),
                client: digits.clone(),
                originator_sccp: digits.clone(),
                service_centre: digits.clone(),
                coding: octet,
                discharge_utc_ms: seconds.map(|seconds| seconds * 1000),
                kind: Some(SmMessageType::Delivery),
                interface,
                protocol_id: octet,
                reply_path: flag,
                status: octet,
                user_data_header: header,
                total: number,
                sequence: number,
                recipients,
                originator: digits.map(|data| SmAddress { kind: None, data }),
                service_type: number,
                result: number,
                specific: vec![ServiceSpecificInfo { kind: 1, data: "granted".to_owned() }],
            };
            prop_assert_eq!(SmsInformation::from_avp(&information.to_avp()), Ok(information));
        }

        #[test]
        fn nothing_upsets_the_reader(octets in prop::collection::vec(any::<u8>(), 0..200)) {
            let _read = SmsInformation::from_avp(&Avp::new(&c::SMS_INFORMATION, octets));
        }
    }

    #[test]
    fn an_ip_access_shows() {
        let ip = SmInterface { id: Some(IP_ACCESS.to_owned()), ..SmInterface::default() };
        let recipient = RecipientInfo { interface: Some(ip.clone()), ..RecipientInfo::default() };
        let sent = SmsInformation { interface: Some(ip), ..SmsInformation::default() };
        let delivered = SmsInformation { recipients: vec![recipient], ..SmsInformation::default() };
        assert!(sent.is_ip_access() && delivered.is_ip_access() && !SmsInformation::default().is_ip_access());
    }
}
