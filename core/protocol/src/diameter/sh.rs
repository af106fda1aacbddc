//! Sh and Dh: typed messages (TS 29.329 clause 6).

use super::cx::{Group, enumerated};
use super::dictionary as d;
use super::message::{Avp, DiameterProblem, Message};
use super::session::{Outcome, Routing};
use crate::tbcd::{from_tbcd, to_tbcd};

/// Experimental-Result-Codes of Sh (TS 29.329 clause 6.2); those of Cx are used beside them.
pub mod code {
    /// DIAMETER_USER_DATA_NOT_AVAILABLE.
    pub const USER_DATA_NOT_AVAILABLE: u32 = 4100;
    /// DIAMETER_PRIOR_UPDATE_IN_PROGRESS.
    pub const PRIOR_UPDATE_IN_PROGRESS: u32 = 4101;
    /// DIAMETER_ERROR_USER_DATA_NOT_RECOGNIZED.
    pub const USER_DATA_NOT_RECOGNIZED: u32 = 5100;
    /// DIAMETER_ERROR_OPERATION_NOT_ALLOWED.
    pub const OPERATION_NOT_ALLOWED: u32 = 5101;
    /// DIAMETER_ERROR_USER_DATA_CANNOT_BE_READ.
    pub const USER_DATA_CANNOT_BE_READ: u32 = 5102;
    /// DIAMETER_ERROR_USER_DATA_CANNOT_BE_MODIFIED.
    pub const USER_DATA_CANNOT_BE_MODIFIED: u32 = 5103;
    /// DIAMETER_ERROR_USER_DATA_CANNOT_BE_NOTIFIED.
    pub const USER_DATA_CANNOT_BE_NOTIFIED: u32 = 5104;
    /// DIAMETER_ERROR_TRANSPARENT_DATA OUT_OF_SYNC.
    pub const TRANSPARENT_DATA_OUT_OF_SYNC: u32 = 5105;
    /// DIAMETER_ERROR_SUBS_DATA_ABSENT.
    pub const SUBS_DATA_ABSENT: u32 = 5106;
    /// DIAMETER_ERROR_NO_SUBSCRIPTION_TO_DATA.
    pub const NO_SUBSCRIPTION_TO_DATA: u32 = 5107;
    /// DIAMETER_ERROR_DSAI_NOT_AVAILABLE.
    pub const DSAI_NOT_AVAILABLE: u32 = 5108;
}

/// Values of Data-Reference (TS 29.329 clause 6.3.4).
pub mod reference {
    /// RepositoryData.
    pub const REPOSITORY_DATA: u32 = 0;
    /// IMSPublicIdentity.
    pub const IMS_PUBLIC_IDENTITY: u32 = 10;
    /// IMSUserState.
    pub const IMS_USER_STATE: u32 = 11;
    /// S-CSCFName.
    pub const SCSCF_NAME: u32 = 12;
    /// InitialFilterCriteria.
    pub const INITIAL_FILTER_CRITERIA: u32 = 13;
    /// LocationInformation.
    pub const LOCATION_INFORMATION: u32 = 14;
    /// UserState.
    pub const USER_STATE: u32 = 15;
    /// ChargingInformation.
    pub const CHARGING_INFORMATION: u32 = 16;
    /// MSISDN.
    pub const MSISDN: u32 = 17;
    /// PSIActivation.
    pub const PSI_ACTIVATION: u32 = 18;
    /// DSAI.
    pub const DSAI: u32 = 19;
    /// ServiceLevelTraceInfo.
    pub const SERVICE_LEVEL_TRACE_INFO: u32 = 21;
    /// IPAddressSecureBindingInformation.
    pub const IP_ADDRESS_SECURE_BINDING: u32 = 22;
    /// ServicePriorityLevel.
    pub const SERVICE_PRIORITY_LEVEL: u32 = 23;
    /// SMSRegistrationInfo.
    pub const SMS_REGISTRATION_INFO: u32 = 24;
    /// UEReachabilityForIP.
    pub const UE_REACHABILITY_FOR_IP: u32 = 25;
    /// TADSinformation.
    pub const TADS_INFORMATION: u32 = 26;
    /// STN-SR.
    pub const STN_SR: u32 = 27;
    /// UE-SRVCC-Capability.
    pub const UE_SRVCC_CAPABILITY: u32 = 28;
    /// ExtendedPriority.
    pub const EXTENDED_PRIORITY: u32 = 29;
    /// CSRN.
    pub const CSRN: u32 = 30;
    /// ReferenceLocationInformation.
    pub const REFERENCE_LOCATION_INFORMATION: u32 = 31;
    /// IMSI.
    pub const IMSI: u32 = 32;
    /// IMSPrivateUserIdentity.
    pub const IMS_PRIVATE_USER_IDENTITY: u32 = 33;
}

enumerated! {
    /// Subs-Req-Type (TS 29.329 clause 6.3.6).
    SubscriptionRequest of SUBS_REQ_TYPE {
        /// Subscribe.
        Subscribe = 0,
        /// Unsubscribe.
        Unsubscribe = 1,
    }
}

enumerated! {
    /// Identity-Set (TS 29.329 clause 6.3.10).
    IdentitySet of IDENTITY_SET {
        /// ALL_IDENTITIES.
        All = 0,
        /// REGISTERED_IDENTITIES.
        Registered = 1,
        /// IMPLICIT_IDENTITIES.
        Implicit = 2,
        /// ALIAS_IDENTITIES.
        Alias = 3,
    }
}

/// Whose data (User-Identity, TS 29.329 clause 6.3.1).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum UserIdentity {
    /// Public-Identity of a user or of a service.
    Public(String),
    /// MSISDN: digits, international without `+`.
    Msisdn(String),
}

impl UserIdentity {
    fn to_avp(&self) -> Avp {
        let inner = match self {
            Self::Public(identity) => Avp::text(&d::PUBLIC_IDENTITY, identity),
            Self::Msisdn(digits) => Avp::new(&d::MSISDN, msisdn_octets(digits)),
        };
        Avp::group(&d::USER_IDENTITY, &[inner])
    }

    fn from_message(message: &Message) -> Result<Self, DiameterProblem> {
        let avp = message.get(&d::USER_IDENTITY).ok_or_else(|| DiameterProblem::missing(&d::USER_IDENTITY))?;
        let group = Group::of(avp)?;
        if let Some(identity) = group.text(&d::PUBLIC_IDENTITY)? {
            return Ok(Self::Public(identity));
        }
        let octets = group.octets(&d::MSISDN).ok_or_else(|| DiameterProblem::missing(&d::PUBLIC_IDENTITY))?;
        msisdn_of(&octets).map(Self::Msisdn).ok_or_else(|| DiameterProblem::value(avp, "MSISDN is not digits"))
    }
}

/// An MSISDN is a TBCD-STRING (TS 29.329 clause 6.3.2).
fn msisdn_octets(digits: &str) -> Vec<u8> {
    to_tbcd(&digits.chars().filter(char::is_ascii_digit).collect::<String>())
}

fn msisdn_of(octets: &[u8]) -> Option<String> {
    from_tbcd(octets).filter(|digits| digits.bytes().all(|digit| digit.is_ascii_digit()))
}

/// User-Data-Request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Udr {
    /// Header.
    pub routing: Routing,
    /// Whose data.
    pub user: UserIdentity,
    /// Private identity (User-Name), when one of several is meant.
    pub impi: Option<String>,
    /// Data-Reference: which data.
    pub references: Vec<u32>,
    /// Service-Indication: with repository data.
    pub services: Vec<Vec<u8>>,
    /// Server-Name: the AS whose filter criteria are wanted.
    pub server: Option<String>,
    /// Identity-Set: which identities; ALL_IDENTITIES when absent.
    pub identity_sets: Vec<IdentitySet>,
}

impl Udr {
    /// As it goes out.
    pub fn to_message(&self) -> Message {
        let mut avps = vec![self.user.to_avp()];
        avps.extend(self.server.iter().map(|s| Avp::text(&d::SERVER_NAME, s)));
        avps.extend(self.services.iter().map(|s| Avp::new(&d::SERVICE_INDICATION, s.clone())));
        avps.extend(self.references.iter().map(|&r| Avp::u32(&d::DATA_REFERENCE, r)));
        avps.extend(self.identity_sets.iter().map(|s| s.to_avp()));
        avps.extend(self.impi.iter().map(|impi| Avp::text(&d::USER_NAME, impi)));
        self.routing.request(d::USER_DATA_COMMAND, d::APP_SH, avps)
    }

    /// Reads it.
    pub fn from_message(message: &Message) -> Result<Self, DiameterProblem> {
        Ok(Self {
            routing: Routing::from_message(message)?,
            user: UserIdentity::from_message(message)?,
            impi: message.text(&d::USER_NAME)?.map(str::to_owned),
            references: references(message)?,
            services: services(message),
            server: message.text(&d::SERVER_NAME)?.map(str::to_owned),
            identity_sets: message.all(&d::IDENTITY_SET).map(IdentitySet::from_avp).collect::<Result<_, _>>()?,
        })
    }
}

fn references(message: &Message) -> Result<Vec<u32>, DiameterProblem> {
    message.all(&d::DATA_REFERENCE).map(Avp::as_u32).collect()
}

fn services(message: &Message) -> Vec<Vec<u8>> {
    message.all(&d::SERVICE_INDICATION).map(|a| a.data.clone()).collect()
}

/// Answer to UDR, PUR, SNR and PNR: a result, and data with the first and the third.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ShAnswer {
    /// Header.
    pub outcome: Outcome,
    /// User-Data: an XML document (TS 29.328 annex C).
    pub user_data: Option<Vec<u8>>,
    /// Expiry-Time of a subscription: seconds since 1900 (RFC 6733 clause 4.3.1).
    pub expiry: Option<u32>,
}

impl ShAnswer {
    /// As it goes out.
    pub fn to_message(&self, request: &Message) -> Message {
        let mut avps: Vec<_> = self.user_data.iter().map(|data| Avp::new(&d::SH_USER_DATA, data.clone())).collect();
        avps.extend(self.expiry.map(|time| Avp::u32(&d::EXPIRY_TIME, time)));
        self.outcome.answer(request, avps)
    }

    /// Reads it.
    pub fn from_message(message: &Message) -> Result<Self, DiameterProblem> {
        Ok(Self {
            outcome: Outcome::from_message(message)?,
            user_data: message.get(&d::SH_USER_DATA).map(|a| a.data.clone()),
            expiry: message.number(&d::EXPIRY_TIME)?,
        })
    }
}

/// Profile-Update-Request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Pur {
    /// Header.
    pub routing: Routing,
    /// Whose data.
    pub user: UserIdentity,
    /// Private identity (User-Name), when one of several is meant.
    pub impi: Option<String>,
    /// Data-Reference: which data.
    pub references: Vec<u32>,
    /// User-Data: an XML document (TS 29.328 annex C).
    pub user_data: Vec<u8>,
}

impl Pur {
    /// As it goes out.
    pub fn to_message(&self) -> Message {
        let mut avps = vec![self.user.to_avp()];
        avps.extend(self.references.iter().map(|&r| Avp::u32(&d::DATA_REFERENCE, r)));
        avps.push(Avp::new(&d::SH_USER_DATA, self.user_data.clone()));
        avps.extend(self.impi.iter().map(|impi| Avp::text(&d::USER_NAME, impi)));
        self.routing.request(d::PROFILE_UPDATE, d::APP_SH, avps)
    }

    /// Reads it.
    pub fn from_message(message: &Message) -> Result<Self, DiameterProblem> {
        let data = message.get(&d::SH_USER_DATA).ok_or_else(|| DiameterProblem::missing(&d::SH_USER_DATA))?;
        Ok(Self {
            routing: Routing::from_message(message)?,
            user: UserIdentity::from_message(message)?,
            impi: message.text(&d::USER_NAME)?.map(str::to_owned),
            references: references(message)?,
            user_data: data.data.clone(),
        })
    }
}

/// Subscribe-Notifications-Request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Snr {
    /// Header.
    pub routing: Routing,
    /// Whose data.
    pub user: UserIdentity,
    /// Private identity (User-Name), when one of several is meant.
    pub impi: Option<String>,
    /// Data-Reference: which data.
    pub references: Vec<u32>,
    /// Service-Indication: with repository data.
    pub services: Vec<Vec<u8>>,
    /// Server-Name: the AS whose filter criteria are meant.
    pub server: Option<String>,
    /// Subs-Req-Type.
    pub request: SubscriptionRequest,
    /// Send-Data-Indication: the data are wanted in the answer.
    pub send_data: bool,
    /// Expiry-Time: seconds since 1900.
    pub expiry: Option<u32>,
    /// One-Time-Notification.
    pub one_time: bool,
}

impl Snr {
    /// As it goes out.
    pub fn to_message(&self) -> Message {
        let mut avps = vec![self.user.to_avp()];
        avps.extend(self.services.iter().map(|s| Avp::new(&d::SERVICE_INDICATION, s.clone())));
        avps.extend(self.send_data.then(|| Avp::u32(&d::SEND_DATA_INDICATION, 1)));
        avps.extend(self.server.iter().map(|s| Avp::text(&d::SERVER_NAME, s)));
        avps.push(self.request.to_avp());
        avps.extend(self.references.iter().map(|&r| Avp::u32(&d::DATA_REFERENCE, r)));
        avps.extend(self.expiry.map(|time| Avp::u32(&d::EXPIRY_TIME, time)));
        avps.extend(self.one_time.then(|| Avp::u32(&d::ONE_TIME_NOTIFICATION, 0)));
        avps.extend(self.impi.iter().map(|impi| Avp::text(&d::USER_NAME, impi)));
        self.routing.request(d::SUBSCRIBE_NOTIFICATIONS, d::APP_SH, avps)
    }

    /// Reads it.
    pub fn from_message(message: &Message) -> Result<Self, DiameterProblem> {
        let request = message.get(&d::SUBS_REQ_TYPE).ok_or_else(|| DiameterProblem::missing(&d::SUBS_REQ_TYPE))?;
        Ok(Self {
            routing: Routing::from_message(message)?,
            user: UserIdentity::from_message(message)?,
            impi: message.text(&d::USER_NAME)?.map(str::to_owned),
            references: references(message)?,
            services: services(message),
            server: message.text(&d::SERVER_NAME)?.map(str::to_owned),
            request: SubscriptionRequest::from_avp(request)?,
            send_data: message.number(&d::SEND_DATA_INDICATION)? == Some(1),
            expiry: message.number(&d::EXPIRY_TIME)?,
            one_time: message.get(&d::ONE_TIME_NOTIFICATION).is_some(),
        })
    }
}

/// Push-Notification-Request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Pnr {
    /// Header.
    pub routing: Routing,
    /// Whose data.
    pub user: UserIdentity,
    /// User-Data: an XML document (TS 29.328 annex C).
    pub user_data: Vec<u8>,
}

impl Pnr {
    /// As it goes out.
    pub fn to_message(&self) -> Message {
        let avps = vec![self.user.to_avp(), Avp::new(&d::SH_USER_DATA, self.user_data.clone())];
        self.routing.request(d::PUSH_NOTIFICATION, d::APP_SH, avps)
    }

    /// Reads it.
    pub fn from_message(message: &Message) -> Result<Self, DiameterProblem> {
        let data = message.get(&d::SH_USER_DATA).ok_or_else(|| DiameterProblem::missing(&d::SH_USER_DATA))?;
        Ok(Self {
            routing: Routing::from_message(message)?,
            user: UserIdentity::from_message(message)?,
            user_data: data.data.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_of_an_msisdn() {
        assert_eq!(msisdn_octets("99912345"), [0x99, 0x19, 0x32, 0x54]);
        assert_eq!(msisdn_octets("999"), [0x99, 0xf9]);
        for digits in ["99912345", "999", ""] {
            assert_eq!(msisdn_of(&msisdn_octets(digits)).as_deref(), Some(digits));
        }
        assert_eq!(msisdn_of(&[0x9a]), None);
    }
}
