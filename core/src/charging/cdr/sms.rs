//! Charging data records of short messages: TS 32.298 clause 5.1.4.6, TS 32.274 clause 6.1.3 (ISM-SMO, ISM-SMT, SC-SMO and
//! SC-SMT).

use protocol::diameter::charging::{
    AddressType, InterfaceType, RecipientInfo, SmAddress, SmInterface, SmMessageType, SmsInformation, SmsNode,
    SubscriptionId, SubscriptionKind,
};
use serde::{Deserialize, Serialize};

use super::moment;

/// What a record says of a short message.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SmsCdr {
    /// The service centre: digits.
    #[serde(rename = "sMSCAddress", default, skip_serializing_if = "Option::is_none")]
    pub service_centre: Option<String>,
    /// Who has sent it.
    #[serde(rename = "originatorInfo", default)]
    pub originator: CdrSmOriginator,
    /// To whom it was sent.
    #[serde(rename = "recipientInfos", default, skip_serializing_if = "Vec::is_empty")]
    pub recipients: Vec<CdrSmRecipient>,
    /// What it is: `submission`, `delivery`, `deliveryReport` and others.
    #[serde(rename = "sMMessageType", default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// TP-DCS.
    #[serde(rename = "sMDataCodingScheme", default, skip_serializing_if = "Option::is_none")]
    pub coding: Option<u8>,
    /// TP-RP.
    #[serde(rename = "sMReplyPathRequested", default, skip_serializing_if = "Option::is_none")]
    pub reply_path: Option<bool>,
    /// TP-UDH, in hexadecimal digits.
    #[serde(rename = "sMUserDataHeader", default, skip_serializing_if = "Option::is_none")]
    pub user_data_header: Option<String>,
    /// Parts of a concatenated message.
    #[serde(rename = "sMTotalNumber", default, skip_serializing_if = "Option::is_none")]
    pub total: Option<u32>,
    /// Which of them this is.
    #[serde(rename = "sMSequenceNumber", default, skip_serializing_if = "Option::is_none")]
    pub sequence: Option<u32>,
    /// TP-ST of a status report.
    #[serde(rename = "sMSStatus", default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u8>,
    /// When it was discharged.
    #[serde(rename = "sMDischargeTime", default, with = "moment", skip_serializing_if = "Option::is_none")]
    pub discharged: Option<u64>,
    /// What became of it: 0 success.
    #[serde(rename = "sMSResult", default, skip_serializing_if = "Option::is_none")]
    pub result: Option<u32>,
    /// The IP access flag of TR 23.804 clause 7, which no field of TS 32.298 has.
    #[serde(rename = "iPAccess", default)]
    pub ip_access: bool,
    /// What the operator wants to have beside.
    #[serde(rename = "serviceSpecificInfo", default, skip_serializing_if = "Vec::is_empty")]
    pub specific: Vec<CdrServiceInfo>,
}

/// OriginatorInfo.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CdrSmOriginator {
    /// IMSI, of the served subscriber.
    #[serde(rename = "originatorIMSI", default, skip_serializing_if = "Option::is_none")]
    pub imsi: Option<String>,
    /// MSISDN, of the served subscriber.
    #[serde(rename = "originatorMSISDN", default, skip_serializing_if = "Option::is_none")]
    pub msisdn: Option<String>,
    /// As it came.
    #[serde(rename = "originatorReceivedAddress", default, skip_serializing_if = "Option::is_none")]
    pub received: Option<CdrSmAddress>,
    /// SCCP address: digits.
    #[serde(rename = "originatorSCCPAddress", default, skip_serializing_if = "Option::is_none")]
    pub sccp: Option<String>,
    /// Where it came in.
    #[serde(rename = "sMOriginatorInterface", default, skip_serializing_if = "Option::is_none")]
    pub interface: Option<CdrSmInterface>,
    /// TP-PID.
    #[serde(rename = "sMOriginatorProtocolID", default, skip_serializing_if = "Option::is_none")]
    pub protocol_id: Option<u8>,
}

/// RecipientInfo.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CdrSmRecipient {
    /// IMSI, of the served subscriber.
    #[serde(rename = "recipientIMSI", default, skip_serializing_if = "Option::is_none")]
    pub imsi: Option<String>,
    /// MSISDN.
    #[serde(rename = "recipientMSISDN", default, skip_serializing_if = "Option::is_none")]
    pub msisdn: Option<String>,
    /// Other addresses.
    #[serde(rename = "recipientOtherAddresses", default, skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<CdrSmAddress>,
    /// As it came.
    #[serde(rename = "recipientReceivedAddress", default, skip_serializing_if = "Option::is_none")]
    pub received: Option<CdrSmAddress>,
    /// SCCP address: digits.
    #[serde(rename = "recipientSCCPAddress", default, skip_serializing_if = "Option::is_none")]
    pub sccp: Option<String>,
    /// Where it leaves.
    #[serde(rename = "sMDestinationInterface", default, skip_serializing_if = "Option::is_none")]
    pub interface: Option<CdrSmInterface>,
    /// TP-PID.
    #[serde(rename = "sMRecipientProtocolID", default, skip_serializing_if = "Option::is_none")]
    pub protocol_id: Option<u8>,
}

/// SMAddressInfo.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CdrSmAddress {
    /// `mSISDN`, `numericShortCode` and others.
    #[serde(rename = "sMAddressType", default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// The address.
    #[serde(rename = "sMAddressData")]
    pub data: String,
}

/// SMInterface.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CdrSmInterface {
    /// `IP` over an IP access.
    #[serde(rename = "interfaceId", default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The reference point.
    #[serde(rename = "interfaceText", default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The port.
    #[serde(rename = "interfacePort", default, skip_serializing_if = "Option::is_none")]
    pub port: Option<String>,
    /// `mobileOriginating`, `mobileTerminating` and others.
    #[serde(rename = "interfaceType", default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
}

/// ServiceSpecificInfo.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CdrServiceInfo {
    /// The operator's number of what it is.
    #[serde(rename = "serviceSpecificType")]
    pub kind: u32,
    /// What it is.
    #[serde(rename = "serviceSpecificData")]
    pub data: String,
}

/// Addresses and operator's data that a record lists.
const MOST: usize = 16;

impl SmsCdr {
    /// What SMS-Information says, and who is served.
    pub(super) fn of(sms: &SmsInformation, subscriptions: &[SubscriptionId]) -> Self {
        let identity = |kind| subscriptions.iter().find(|id| id.kind == kind).map(|id| id.data.clone());
        let served = (identity(SubscriptionKind::Imsi), identity(SubscriptionKind::E164));
        let is_to_ue = !matches!(sms.kind, Some(SmMessageType::Submission));
        let (from, to) = if is_to_ue { ((None, None), served) } else { (served, (None, None)) };
        let mut recipients: Vec<_> = sms.recipients.iter().take(MOST).map(CdrSmRecipient::of).collect();
        if let (true, Some(recipient)) = (is_to_ue, recipients.first_mut()) {
            let known = recipient.msisdn.take();
            (recipient.imsi, recipient.msisdn) = (to.0, to.1.or(known));
        }
        Self {
            service_centre: sms.service_centre.clone(),
            originator: CdrSmOriginator {
                imsi: from.0,
                msisdn: from.1,
                received: sms.originator.as_ref().map(CdrSmAddress::of),
                sccp: sms.originator_sccp.clone(),
                interface: sms.interface.as_ref().map(CdrSmInterface::of),
                protocol_id: sms.protocol_id,
            },
            recipients,
            kind: sms.kind.map(|kind| kind_name(kind).to_owned()),
            coding: sms.coding,
            reply_path: sms.reply_path,
            user_data_header: sms.user_data_header.as_ref().map(hex::encode),
            total: sms.total,
            sequence: sms.sequence,
            status: sms.status,
            discharged: sms.discharge_utc_ms,
            result: sms.result,
            ip_access: sms.is_ip_access(),
            specific: sms
                .specific
                .iter()
                .take(MOST)
                .map(|own| CdrServiceInfo { kind: own.kind, data: own.data.clone() })
                .collect(),
        }
    }

    /// The first of the operator's data of a kind.
    #[must_use]
    pub fn specific(&self, kind: u32) -> Option<&str> {
        self.specific.iter().find(|own| own.kind == kind).map(|own| own.data.as_str())
    }
}

impl CdrSmRecipient {
    fn of(own: &RecipientInfo) -> Self {
        let (numbers, others): (Vec<_>, Vec<_>) =
            own.addresses.iter().take(MOST).partition(|address| address.kind == Some(AddressType::Msisdn));
        Self {
            imsi: None,
            msisdn: numbers.first().map(|address| address.data.clone()),
            others: others.into_iter().chain(numbers.into_iter().skip(1)).map(CdrSmAddress::of).collect(),
            received: own.received.as_ref().map(CdrSmAddress::of),
            sccp: own.sccp.clone(),
            interface: own.interface.as_ref().map(CdrSmInterface::of),
            protocol_id: own.protocol_id,
        }
    }
}

impl CdrSmAddress {
    fn of(own: &SmAddress) -> Self {
        let name = |kind| match kind {
            AddressType::Email => "emailAddress",
            AddressType::Msisdn => "mSISDN",
            AddressType::Ipv4 => "iPv4Address",
            AddressType::Ipv6 => "iPv6Address",
            AddressType::NumericShortcode => "numericShortCode",
            AddressType::AlphanumericShortcode => "alphanumericShortCode",
            AddressType::Other => "other",
            AddressType::Imsi => "iMSI",
        };
        Self { kind: own.kind.map(|kind| name(kind).to_owned()), data: own.data.clone() }
    }
}

impl CdrSmInterface {
    pub(super) fn of(own: &SmInterface) -> Self {
        let name = |kind| match kind {
            InterfaceType::Unknown => "unknown",
            InterfaceType::MobileOriginating => "mobileOriginating",
            InterfaceType::MobileTerminating => "mobileTerminating",
            InterfaceType::ApplicationOriginating => "applicationOriginating",
            InterfaceType::ApplicationTerminating => "applicationTerminating",
        };
        let kind = own.kind.map(|kind| name(kind).to_owned());
        Self { id: own.id.clone(), text: own.text.clone(), port: own.port.clone(), kind }
    }
}

/// Which record it is; none where the node does not say what it is.
pub(super) fn record_type(sms: &SmsInformation) -> Option<&'static str> {
    let is_submission = matches!(sms.kind, Some(SmMessageType::Submission));
    Some(match (sms.node?, is_submission) {
        (SmsNode::SmsSc, true) => "sCSMORecord",
        (SmsNode::SmsSc, false) => "sCSMTRecord",
        (SmsNode::IpSmGw | SmsNode::SmsRouterAndIpSmGw | SmsNode::SmsRouter, true) => "iSMSMORecord",
        (SmsNode::IpSmGw | SmsNode::SmsRouterAndIpSmGw | SmsNode::SmsRouter, false) => "iSMSMTRecord",
    })
}

const fn kind_name(kind: SmMessageType) -> &'static str {
    match kind {
        SmMessageType::Submission => "submission",
        SmMessageType::DeliveryReport => "deliveryReport",
        SmMessageType::ServiceRequest => "sMServiceRequest",
        SmMessageType::Delivery => "delivery",
        SmMessageType::T4DeviceTrigger => "t4DeviceTrigger",
        SmMessageType::SmDeviceTrigger => "sMDeviceTrigger",
    }
}
