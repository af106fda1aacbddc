//! What is charged for: SMS-Information of a short message (TS 32.274 clause 6.3.1.2, TS 32.299 clause 7.2.211).

use protocol::diameter::charging::{
    AddressType, IP_ACCESS, InterfaceType, RecipientInfo, ServiceInformation, ServiceSpecificInfo, SmAddress,
    SmInterface, SmMessageType, SmsInformation, SmsNode, SubscriptionId, SubscriptionKind,
};
use protocol::map::{SmDeliveryFailureCause, UserError};
use protocol::sms::{Address, Carrier, Concatenation, Direction, RpCause, Tpdu, UserData};

/// A short message that is charged for, from a UE or to one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SmsUsage {
    /// What names it in charging, on Rf and on Ro ([`super::SmsCharging::new_charge`]): the same whenever it comes again.
    pub charge: String,
    /// From the UE, or to it.
    pub direction: Direction,
    /// IMSI of the UE.
    pub imsi: String,
    /// Its MSISDN: digits.
    pub msisdn: String,
    /// The service centre: digits.
    pub service_centre: String,
    /// The message.
    pub tpdu: Vec<u8>,
    /// The reference point at which the UE is: R2, or ISC.
    pub access: &'static str,
}

/// What became of a short message: SMS-Result, for which TS 32.299 leaves the numbers open. Here 0 is success, 1 to 127 are
/// RP-Cause (TS 24.011 clause 8.2.5.4), and what has none is as in TS 29.338 clause 7.3.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SmsOutcome {
    /// From a UE: the service centre has it. To a UE: the UE has it.
    Success,
    /// Refused with this cause.
    Cause(RpCause),
    /// The UE is not there, or says nothing.
    Absent,
    /// The UE is busy.
    Busy,
    /// It failed otherwise.
    Failed,
}

/// DIAMETER_ERROR_ABSENT_USER (TS 29.338 clause 7.3.3).
const ABSENT_USER: u32 = 5550;
/// DIAMETER_ERROR_USER_BUSY_FOR_MT_SMS (TS 29.338 clause 7.3.4).
const USER_BUSY: u32 = 5551;
/// DIAMETER_ERROR_SM_DELIVERY_FAILURE (TS 29.338 clause 7.3.8).
const SM_DELIVERY_FAILURE: u32 = 5555;

impl SmsOutcome {
    /// SMS-Result.
    #[must_use]
    pub const fn result(self) -> u32 {
        match self {
            Self::Success => 0,
            Self::Cause(cause) => cause.0 as u32,
            Self::Absent => ABSENT_USER,
            Self::Busy => USER_BUSY,
            Self::Failed => SM_DELIVERY_FAILURE,
        }
    }

    /// Of a message to a UE: what the SMS-GMSC is told.
    #[must_use]
    pub const fn of_error(error: &UserError) -> Self {
        match error {
            UserError::AbsentSubscriberSm(_) => Self::Absent,
            UserError::SubscriberBusyForMtSms(_) => Self::Busy,
            UserError::SmDeliveryFailure(failure) => match failure.cause {
                SmDeliveryFailureCause::MemoryCapacityExceeded => Self::Cause(RpCause::MEMORY_EXCEEDED),
                _ => Self::Failed,
            },
            _ => Self::Failed,
        }
    }

    /// It got to where it was to go.
    #[must_use]
    pub const fn is_success(self) -> bool {
        matches!(self, Self::Success)
    }
}

/// Service-Specific-Type of what online charging has said.
pub const ONLINE_OUTCOME: u32 = 1;
/// Service-Specific-Type of the Session-Id on Ro.
pub const ONLINE_SESSION: u32 = 2;

/// What names a concatenated message: payer, destination and reference, and its number of parts.
pub(super) type WholeName = (String, String, protocol::sms::ConcatenationReference, u8);

impl SmsUsage {
    /// Who pays.
    pub(super) fn subscriptions(&self) -> Vec<SubscriptionId> {
        let own = [(SubscriptionKind::E164, &self.msisdn), (SubscriptionKind::Imsi, &self.imsi)];
        let own = own.into_iter().filter(|(_, data)| !data.is_empty());
        own.map(|(kind, data)| SubscriptionId { kind, data: data.clone() }).collect()
    }

    /// Which part of which message it is.
    pub(super) fn part(&self) -> Option<(WholeName, u8)> {
        let Some(Tpdu::Submit(submit)) = self.parsed() else { return None };
        let part = submit.user_data.header()?.concatenation()?;
        let name = (self.msisdn.clone(), submit.destination.digits(), part.reference, part.total);
        Some((name, part.sequence))
    }

    /// Service-Information of a request: before it is known what becomes of the message.
    pub(super) fn information(&self, gateway: &str) -> ServiceInformation {
        let sms = match self.direction {
            Direction::ToNetwork => self.submission(gateway),
            Direction::ToMs => self.delivery(gateway),
        };
        ServiceInformation { subscriptions: self.subscriptions(), sms: Some(sms), ..ServiceInformation::default() }
    }

    fn parsed(&self) -> Option<Tpdu> {
        Tpdu::parse(self.direction, Carrier::Data, &self.tpdu).ok()
    }

    fn interface(&self, kind: InterfaceType) -> SmInterface {
        let text = |text: &str| Some(text.to_owned());
        SmInterface { id: text(IP_ACCESS), text: text(self.access), port: None, kind: Some(kind) }
    }

    /// From a UE. What cannot be read is left out: the service centre will say that.
    fn submission(&self, gateway: &str) -> SmsInformation {
        let mut own = SmsInformation {
            node: Some(SmsNode::IpSmGw),
            originator_sccp: number(gateway),
            service_centre: number(&self.service_centre),
            kind: Some(SmMessageType::Submission),
            interface: Some(self.interface(InterfaceType::MobileOriginating)),
            ..SmsInformation::default()
        };
        let destination = match self.parsed() {
            Some(Tpdu::Submit(submit)) => {
                own.coding = Some(submit.coding.0);
                own.protocol_id = Some(submit.protocol_identifier.0);
                own.reply_path = Some(submit.reply_path);
                add_header(&mut own, &submit.user_data);
                Some(submit.destination)
            }
            Some(Tpdu::Command(command)) => {
                own.protocol_id = Some(command.protocol_identifier.0);
                Some(command.destination)
            }
            _ => None,
        };
        own.recipients = vec![RecipientInfo {
            addresses: destination.as_ref().and_then(address).into_iter().collect(),
            sccp: number(&self.service_centre),
            ..RecipientInfo::default()
        }];
        own
    }

    /// To a UE.
    fn delivery(&self, gateway: &str) -> SmsInformation {
        let mut own = SmsInformation {
            node: Some(SmsNode::IpSmGw),
            originator_sccp: number(&self.service_centre),
            service_centre: number(&self.service_centre),
            kind: Some(SmMessageType::Delivery),
            ..SmsInformation::default()
        };
        match self.parsed() {
            Some(Tpdu::Deliver(deliver)) => {
                own.coding = Some(deliver.coding.0);
                own.protocol_id = Some(deliver.protocol_identifier.0);
                own.reply_path = Some(deliver.reply_path);
                own.originator = address(&deliver.originator);
                add_header(&mut own, &deliver.user_data);
            }
            Some(Tpdu::StatusReport(report)) => {
                own.kind = Some(SmMessageType::DeliveryReport);
                own.status = Some(report.status.0);
                own.discharge_utc_ms = report.discharge_time.to_utc_ms();
                own.originator = address(&report.recipient);
            }
            _ => {}
        }
        let msisdn = SmAddress { kind: Some(AddressType::Msisdn), data: self.msisdn.clone() };
        own.recipients = vec![RecipientInfo {
            interface: Some(self.interface(InterfaceType::MobileTerminating)),
            addresses: vec![msisdn],
            sccp: number(gateway),
            ..RecipientInfo::default()
        }];
        own
    }
}

/// Adds to a record what became of the message, and what online charging has said.
pub(super) fn conclude(
    information: &mut ServiceInformation,
    outcome: SmsOutcome,
    online: Option<(String, Option<String>)>,
) {
    let Some(sms) = &mut information.sms else { return };
    sms.result = Some(outcome.result());
    let (said, session) = online.map_or((None, None), |(said, session)| (Some(said), session));
    sms.specific.extend(said.map(|data| ServiceSpecificInfo { kind: ONLINE_OUTCOME, data }));
    sms.specific.extend(session.map(|data| ServiceSpecificInfo { kind: ONLINE_SESSION, data }));
}

fn add_header(own: &mut SmsInformation, data: &UserData) {
    let header = data.header_octets();
    own.user_data_header = (!header.is_empty()).then(|| header.to_vec());
    if let Some(Concatenation { total, sequence, .. }) = data.header().and_then(|header| header.concatenation()) {
        (own.total, own.sequence) = (Some(total.into()), Some(sequence.into()));
    }
}

/// Digits that an Address can have.
fn number(digits: &str) -> Option<String> {
    let is_number = !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit());
    is_number.then(|| digits.to_owned())
}

/// An address of the transfer layer: E.164 as MSISDN, other digits as a short code.
fn address(own: &Address) -> Option<SmAddress> {
    let (kind, data) = match (own.e164(), own.text()) {
        (Some(digits), _) => (AddressType::Msisdn, digits),
        (None, Some(text)) => (AddressType::AlphanumericShortcode, text),
        (None, None) => (AddressType::NumericShortcode, own.digits()),
    };
    (!data.is_empty()).then_some(SmAddress { kind: Some(kind), data })
}
