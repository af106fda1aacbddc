//! What Rf and Ro have in common (TS 32.299 clauses 6.2, 6.4 and 7): header, Subscription-Id, Service-Information.

mod ims_information;
mod mms_codes;
mod mms_information;
mod mms_record;
mod sms_information;

pub use ims_information::{ImsInformation, InterOperator, MediaComponent, NodeFunctionality, RoleOfNode, ServerUse};
pub use mms_codes::{AddresseeType, MmsChargedKind, MmsContentClass, MmsPriority};
pub use mms_information::{MmComponent, MmContent, MmsChargedAddress, MmsChargedClass, MmsInformation};
pub use mms_record::{MmsRecordType, mms_specific};
pub use sms_information::{
    AddressType, IP_ACCESS, InterfaceType, RecipientInfo, ServiceSpecificInfo, SmAddress, SmInterface, SmMessageType,
    SmsInformation, SmsNode,
};

use super::cx::{Group, enumerated};
use super::dictionary as d;
use super::dictionary::charging as c;
use super::message::{Avp, DiameterProblem, Message};

/// Service-Context-Id of IMS charging (TS 32.299 clause 7.1.12): the release of TS 32.260 that is meant.
pub const IMS_CONTEXT: &str = "12.32260@3gpp.org";
/// The same of SMS charging: TS 32.274.
pub const SMS_CONTEXT: &str = "12.32274@3gpp.org";
/// The same of MMS charging: TS 32.270.
pub const MMS_CONTEXT: &str = "12.32270@3gpp.org";
/// Seconds from 1900 to 1970 (RFC 6733 clause 4.3.1: Time).
const NTP_OFFSET: u64 = 2_208_988_800;

/// A time in milliseconds since 1970 as Time (RFC 6733 clause 4.3.1): seconds of NTP.
pub const fn to_time(utc_ms: u64) -> u32 {
    (utc_ms / 1000).wrapping_add(NTP_OFFSET) as u32
}

/// Time as milliseconds since 1970. What has the highest bit clear lies after 2036 (RFC 5905 figure 4).
pub fn from_time(time: u32) -> u64 {
    let era = if time & 0x8000_0000 == 0 { 1 << 32 } else { 0 };
    (u64::from(time) + era).saturating_sub(NTP_OFFSET) * 1000
}

/// Header of the messages of a charging session.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ChargingHeader {
    /// Session-Id.
    pub session_id: String,
    /// Origin-Host.
    pub origin_host: String,
    /// Origin-Realm.
    pub origin_realm: String,
    /// Destination-Host, when a certain one is meant.
    pub destination_host: Option<String>,
    /// Destination-Realm.
    pub destination_realm: String,
    /// Origin-State-Id: greater after each restart.
    pub origin_state: Option<u32>,
    /// User-Name: the private identity.
    pub user_name: Option<String>,
    /// Event-Timestamp, in milliseconds since 1970; whole seconds on the wire.
    pub at_utc_ms: u64,
    /// The T bit: it may have been sent before.
    pub retransmitted: bool,
}

impl ChargingHeader {
    /// Session-Id, origin and destination, in this order.
    pub(super) fn first(&self) -> Vec<Avp> {
        let mut avps = vec![
            Avp::text(&d::SESSION_ID, &self.session_id),
            Avp::text(&d::ORIGIN_HOST, &self.origin_host),
            Avp::text(&d::ORIGIN_REALM, &self.origin_realm),
            Avp::text(&d::DESTINATION_REALM, &self.destination_realm),
        ];
        avps.extend(self.destination_host.as_ref().map(|host| Avp::text(&d::DESTINATION_HOST, host)));
        avps
    }

    /// User-Name, Origin-State-Id and Event-Timestamp.
    pub(super) fn last(&self) -> Vec<Avp> {
        let mut avps: Vec<_> = self.user_name.iter().map(|name| Avp::text(&d::USER_NAME, name)).collect();
        avps.extend(self.origin_state.map(|state| Avp::u32(&d::ORIGIN_STATE_ID, state)));
        avps.push(Avp::u32(&d::EVENT_TIMESTAMP, to_time(self.at_utc_ms)));
        avps
    }

    pub(super) fn of(message: &Message) -> Result<Self, DiameterProblem> {
        let text = |def| message.text(def).map(|text| text.map(str::to_owned));
        Ok(Self {
            session_id: message.need_text(&d::SESSION_ID)?.to_owned(),
            origin_host: message.need_text(&d::ORIGIN_HOST)?.to_owned(),
            origin_realm: message.need_text(&d::ORIGIN_REALM)?.to_owned(),
            destination_host: text(&d::DESTINATION_HOST)?,
            destination_realm: message.need_text(&d::DESTINATION_REALM)?.to_owned(),
            origin_state: message.number(&d::ORIGIN_STATE_ID)?,
            user_name: text(&d::USER_NAME)?,
            at_utc_ms: message.number(&d::EVENT_TIMESTAMP)?.map_or(0, from_time),
            retransmitted: message.flags.has(super::message::Flags::RETRANSMITTED),
        })
    }
}

/// What the answer to an ACR or a CCR has beside Result-Code and origin: application, type and number of the request.
pub(super) fn of_answer(request: &Message) -> Vec<Avp> {
    let of = |def: &'static d::AvpDef| request.get(def).cloned();
    match request.command {
        d::ACCOUNTING => {
            let own = Avp::u32(&d::ACCT_APPLICATION_ID, d::APP_RF);
            let rest = [of(&c::ACCOUNTING_RECORD_TYPE), of(&c::ACCOUNTING_RECORD_NUMBER)];
            std::iter::once(own).chain(rest.into_iter().flatten()).collect()
        }
        d::CREDIT_CONTROL => {
            let own = Avp::u32(&d::AUTH_APPLICATION_ID, d::APP_RO);
            let rest = [of(&c::CC_REQUEST_TYPE), of(&c::CC_REQUEST_NUMBER)];
            std::iter::once(own).chain(rest.into_iter().flatten()).collect()
        }
        _ => Vec::new(),
    }
}

enumerated! {
    /// Subscription-Id-Type (RFC 8506 clause 8.47).
    SubscriptionKind of SUBSCRIPTION_ID_TYPE in c {
        /// END_USER_E164.
        E164 = 0,
        /// END_USER_IMSI.
        Imsi = 1,
        /// END_USER_SIP_URI.
        SipUri = 2,
        /// END_USER_NAI.
        Nai = 3,
        /// END_USER_PRIVATE.
        Private = 4,
    }
}

/// Who pays (Subscription-Id, RFC 8506 clause 8.46).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct SubscriptionId {
    /// What kind of identity it is.
    pub kind: SubscriptionKind,
    /// The identity.
    pub data: String,
}

impl SubscriptionId {
    /// Of a public identity: `tel` URIs as E.164, others as SIP URI.
    pub fn of_uri(uri: &str) -> Self {
        match uri.strip_prefix("tel:+") {
            Some(digits) => Self { kind: SubscriptionKind::E164, data: digits.to_owned() },
            None => Self { kind: SubscriptionKind::SipUri, data: uri.to_owned() },
        }
    }

    /// The AVP that carries it.
    pub fn to_avp(&self) -> Avp {
        let avps = [self.kind.to_avp(), Avp::text(&c::SUBSCRIPTION_ID_DATA, &self.data)];
        Avp::group(&c::SUBSCRIPTION_ID, &avps)
    }

    /// Reads an AVP.
    pub fn from_avp(avp: &Avp) -> Result<Self, DiameterProblem> {
        let group = Group::of(avp)?;
        let kind = group.get(&c::SUBSCRIPTION_ID_TYPE);
        let data = group.text(&c::SUBSCRIPTION_ID_DATA)?;
        Ok(Self {
            kind: SubscriptionKind::from_avp(kind.ok_or_else(|| DiameterProblem::missing(&c::SUBSCRIPTION_ID_TYPE))?)?,
            data: data.ok_or_else(|| DiameterProblem::missing(&c::SUBSCRIPTION_ID_DATA))?,
        })
    }
}

/// Service-Information (TS 32.299 clause 7.2.192): of the IMS, of short messages, of multimedia messages.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ServiceInformation {
    /// Who pays.
    pub subscriptions: Vec<SubscriptionId>,
    /// IMS-Information.
    pub ims: Option<ImsInformation>,
    /// SMS-Information.
    pub sms: Option<SmsInformation>,
    /// MMS-Information.
    pub mms: Option<Box<MmsInformation>>,
}

impl ServiceInformation {
    /// The AVP that carries it.
    pub fn to_avp(&self) -> Avp {
        let mut avps: Vec<_> = self.subscriptions.iter().map(SubscriptionId::to_avp).collect();
        avps.extend(self.ims.as_ref().map(ImsInformation::to_avp));
        avps.extend(self.mms.as_ref().map(|mms| mms.to_avp()));
        avps.extend(self.sms.as_ref().map(SmsInformation::to_avp));
        Avp::group(&c::SERVICE_INFORMATION, &avps)
    }

    /// Reads that of a message; what is absent is empty.
    pub fn of(message: &Message) -> Result<Self, DiameterProblem> {
        let Some(avp) = message.get(&c::SERVICE_INFORMATION) else { return Ok(Self::default()) };
        let avps = avp.as_group()?;
        let of = |def: &'static d::AvpDef| avps.iter().filter(move |a| a.is(def));
        Ok(Self {
            subscriptions: of(&c::SUBSCRIPTION_ID).map(SubscriptionId::from_avp).collect::<Result<_, _>>()?,
            ims: of(&c::IMS_INFORMATION).next().map(ImsInformation::from_avp).transpose()?,
            sms: of(&c::SMS_INFORMATION).next().map(SmsInformation::from_avp).transpose()?,
            mms: of(&c::MMS_INFORMATION).next().map(MmsInformation::from_avp).transpose()?.map(Box::new),
        })
    }

    /// Service-Context-Id of what it is about.
    pub const fn context(&self) -> &'static str {
        match (&self.ims, &self.sms, &self.mms) {
            (None, Some(_), _) => SMS_CONTEXT,
            (None, None, Some(_)) => MMS_CONTEXT,
            _ => IMS_CONTEXT,
        }
    }

    /// What became of it: Cause-Code, SMS-Result or the status of a multimedia message; above zero has failed (TS 32.299
    /// clause 7.2.35).
    pub fn outcome(&self) -> Option<i32> {
        let of_ims = self.ims.as_ref().and_then(|ims| ims.cause);
        let of_sms = self.sms.as_ref().and_then(|sms| sms.result);
        let of_mms = self.mms.as_ref().and_then(|mms| mms.request_status());
        of_ims.or_else(|| of_sms.or(of_mms).map(|result| i32::try_from(result).unwrap_or(i32::MAX)))
    }
}
