//! Ro: typed messages (TS 32.299 clauses 6.3 and 6.4; RFC 8506 clause 3).

use super::charging::{ChargingHeader, ServiceInformation, SubscriptionId, of_answer};
use super::cx::{Group, enumerated};
use super::dictionary as d;
use super::dictionary::charging as c;
use super::message::{Avp, DiameterProblem, Flags, Message};
use super::result;

enumerated! {
    /// CC-Request-Type (RFC 8506 clause 8.3).
    RequestType of CC_REQUEST_TYPE in c {
        /// INITIAL_REQUEST.
        Initial = 1,
        /// UPDATE_REQUEST.
        Update = 2,
        /// TERMINATION_REQUEST.
        Termination = 3,
        /// EVENT_REQUEST.
        Event = 4,
    }
}

enumerated! {
    /// Requested-Action of an event (RFC 8506 clause 8.41).
    RequestedAction of REQUESTED_ACTION in c {
        /// DIRECT_DEBITING.
        DirectDebiting = 0,
        /// REFUND_ACCOUNT.
        RefundAccount = 1,
        /// CHECK_BALANCE.
        CheckBalance = 2,
        /// PRICE_ENQUIRY.
        PriceEnquiry = 3,
    }
}

enumerated! {
    /// Final-Unit-Action (RFC 8506 clause 8.35).
    FinalUnitAction of FINAL_UNIT_ACTION in c {
        /// TERMINATE.
        Terminate = 0,
        /// REDIRECT.
        Redirect = 1,
        /// RESTRICT_ACCESS.
        RestrictAccess = 2,
    }
}

enumerated! {
    /// Credit-Control-Failure-Handling (RFC 8506 clause 8.14): what the client does when no server answers.
    FailureHandling of CREDIT_CONTROL_FAILURE_HANDLING in c {
        /// TERMINATE.
        Terminate = 0,
        /// CONTINUE.
        Continue = 1,
        /// RETRY_AND_TERMINATE.
        RetryAndTerminate = 2,
    }
}

/// Units of a service, of whatever kind they are.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Units {
    /// CC-Time, in seconds.
    pub time: Option<u32>,
    /// CC-Service-Specific-Units.
    pub specific: Option<u64>,
    /// CC-Total-Octets.
    pub octets: Option<u64>,
}

impl Units {
    /// Seconds.
    pub const fn seconds(seconds: u32) -> Self {
        Self { time: Some(seconds), specific: None, octets: None }
    }

    /// Messages and the like.
    pub const fn pieces(pieces: u64) -> Self {
        Self { time: None, specific: Some(pieces), octets: None }
    }

    fn to_avp(self, def: &d::AvpDef) -> Avp {
        let mut avps: Vec<Avp> = Vec::new();
        avps.extend(self.time.map(|time| Avp::u32(&c::CC_TIME, time)));
        avps.extend(self.octets.map(|octets| Avp::u64(&c::CC_TOTAL_OCTETS, octets)));
        avps.extend(self.specific.map(|units| Avp::u64(&c::CC_SERVICE_SPECIFIC_UNITS, units)));
        Avp::group(def, &avps)
    }

    fn from_avp(avp: &Avp) -> Result<Self, DiameterProblem> {
        let group = Group::of(avp)?;
        let long = |def| group.get(def).map(Avp::as_u64).transpose();
        Ok(Self {
            time: group.number(&c::CC_TIME)?,
            specific: long(&c::CC_SERVICE_SPECIFIC_UNITS)?,
            octets: long(&c::CC_TOTAL_OCTETS)?,
        })
    }
}

/// Multiple-Services-Credit-Control (RFC 8506 clause 8.16).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ServiceUnits {
    /// Granted-Service-Unit.
    pub granted: Option<Units>,
    /// Requested-Service-Unit; empty: as many as the server likes.
    pub requested: Option<Units>,
    /// Used-Service-Unit.
    pub used: Option<Units>,
    /// Service-Identifier.
    pub service: Option<u32>,
    /// Rating-Group.
    pub rating_group: Option<u32>,
    /// Validity-Time, in seconds.
    pub validity: Option<u32>,
    /// Result-Code.
    pub result: Option<u32>,
    /// Final-Unit-Indication: what comes after these units.
    pub final_action: Option<FinalUnitAction>,
}

impl ServiceUnits {
    fn to_avp(&self) -> Avp {
        let mut avps: Vec<Avp> = Vec::new();
        avps.extend(self.granted.map(|units| units.to_avp(&c::GRANTED_SERVICE_UNIT)));
        avps.extend(self.requested.map(|units| units.to_avp(&c::REQUESTED_SERVICE_UNIT)));
        avps.extend(self.used.map(|units| units.to_avp(&c::USED_SERVICE_UNIT)));
        avps.extend(self.service.map(|service| Avp::u32(&c::SERVICE_IDENTIFIER, service)));
        avps.extend(self.rating_group.map(|group| Avp::u32(&c::RATING_GROUP, group)));
        avps.extend(self.validity.map(|seconds| Avp::u32(&c::VALIDITY_TIME, seconds)));
        avps.extend(self.result.map(|code| Avp::u32(&d::RESULT_CODE, code)));
        avps.extend(self.final_action.map(|action| Avp::group(&c::FINAL_UNIT_INDICATION, &[action.to_avp()])));
        Avp::group(&c::MULTIPLE_SERVICES_CREDIT_CONTROL, &avps)
    }

    fn from_avp(avp: &Avp) -> Result<Self, DiameterProblem> {
        let group = Group::of(avp)?;
        let units = |def| group.get(def).map(Units::from_avp).transpose();
        let end = group.get(&c::FINAL_UNIT_INDICATION).map(Group::of).transpose()?;
        let action = end.as_ref().and_then(|end| end.get(&c::FINAL_UNIT_ACTION));
        Ok(Self {
            granted: units(&c::GRANTED_SERVICE_UNIT)?,
            requested: units(&c::REQUESTED_SERVICE_UNIT)?,
            used: units(&c::USED_SERVICE_UNIT)?,
            service: group.number(&c::SERVICE_IDENTIFIER)?,
            rating_group: group.number(&c::RATING_GROUP)?,
            validity: group.number(&c::VALIDITY_TIME)?,
            result: group.number(&d::RESULT_CODE)?,
            final_action: action.map(FinalUnitAction::from_avp).transpose()?,
        })
    }

    fn all(message: &Message) -> Result<Vec<Self>, DiameterProblem> {
        message.all(&c::MULTIPLE_SERVICES_CREDIT_CONTROL).map(Self::from_avp).collect()
    }
}

/// Credit-Control-Request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ccr {
    /// Header.
    pub header: ChargingHeader,
    /// CC-Request-Type.
    pub kind: RequestType,
    /// CC-Request-Number: with Session-Id it names the request (RFC 8506 clause 8.2).
    pub number: u32,
    /// Requested-Action, of an event.
    pub action: Option<RequestedAction>,
    /// Who pays.
    pub subscriptions: Vec<SubscriptionId>,
    /// Termination-Cause (RFC 6733 clause 8.15).
    pub termination: Option<u32>,
    /// Multiple-Services-Credit-Control.
    pub services: Vec<ServiceUnits>,
    /// Service-Information.
    pub information: ServiceInformation,
}

/// MULTIPLE_SERVICES_SUPPORTED (RFC 8506 clause 8.40).
const MULTIPLE_SERVICES_SUPPORTED: u32 = 1;

impl Ccr {
    /// As it goes out.
    pub fn to_message(&self) -> Message {
        let mut avps = self.header.first();
        avps.push(Avp::u32(&d::AUTH_APPLICATION_ID, d::APP_RO));
        avps.push(Avp::text(&c::SERVICE_CONTEXT_ID, self.information.context()));
        avps.push(self.kind.to_avp());
        avps.push(Avp::u32(&c::CC_REQUEST_NUMBER, self.number));
        avps.extend(self.header.last());
        avps.extend(self.subscriptions.iter().map(SubscriptionId::to_avp));
        avps.extend(self.termination.map(|cause| Avp::u32(&c::TERMINATION_CAUSE, cause)));
        avps.extend(self.action.map(RequestedAction::to_avp));
        avps.push(Avp::u32(&c::MULTIPLE_SERVICES_INDICATOR, MULTIPLE_SERVICES_SUPPORTED));
        avps.extend(self.services.iter().map(ServiceUnits::to_avp));
        avps.push(self.information.to_avp());
        let mut message = Message::request(d::CREDIT_CONTROL, d::APP_RO, avps);
        if self.header.retransmitted {
            message.flags = message.flags.with(Flags::RETRANSMITTED);
        }
        message
    }

    /// Reads it.
    pub fn from_message(message: &Message) -> Result<Self, DiameterProblem> {
        let kind = message.get(&c::CC_REQUEST_TYPE).ok_or_else(|| DiameterProblem::missing(&c::CC_REQUEST_TYPE))?;
        let subscriptions = message.all(&c::SUBSCRIPTION_ID).map(SubscriptionId::from_avp);
        Ok(Self {
            header: ChargingHeader::of(message)?,
            kind: RequestType::from_avp(kind)?,
            number: message.need_number(&c::CC_REQUEST_NUMBER)?,
            action: message.get(&c::REQUESTED_ACTION).map(RequestedAction::from_avp).transpose()?,
            subscriptions: subscriptions.collect::<Result<_, _>>()?,
            termination: message.number(&c::TERMINATION_CAUSE)?,
            services: ServiceUnits::all(message)?,
            information: ServiceInformation::of(message)?,
        })
    }
}

/// Credit-Control-Answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Cca {
    /// Origin-Host.
    pub origin_host: String,
    /// Origin-Realm.
    pub origin_realm: String,
    /// Result-Code.
    pub result: u32,
    /// Multiple-Services-Credit-Control.
    pub services: Vec<ServiceUnits>,
    /// Credit-Control-Failure-Handling.
    pub failure_handling: Option<FailureHandling>,
    /// Low-Balance-Indication: whether the account is below its threshold.
    pub low_balance: Option<bool>,
    /// Check-Balance-Result: whether there is enough credit.
    pub has_credit: Option<bool>,
    /// Cost-Information: the smallest units of the currency, and its number of ISO 4217.
    pub cost: Option<(u64, u32)>,
}

/// Exponent of amounts: the smallest unit of currencies is a hundredth here.
const HUNDREDTHS: u32 = (-2_i32).cast_unsigned();

impl Cca {
    /// A result and nothing more.
    pub fn new(origin: (&str, &str), code: u32) -> Self {
        Self {
            origin_host: origin.0.to_owned(),
            origin_realm: origin.1.to_owned(),
            result: code,
            services: Vec::new(),
            failure_handling: None,
            low_balance: None,
            has_credit: None,
            cost: None,
        }
    }

    /// As it goes out.
    pub fn to_message(&self, request: &Message) -> Message {
        let mut avps = vec![
            Avp::u32(&d::RESULT_CODE, self.result),
            Avp::text(&d::ORIGIN_HOST, &self.origin_host),
            Avp::text(&d::ORIGIN_REALM, &self.origin_realm),
        ];
        avps.extend(of_answer(request));
        avps.extend(self.services.iter().map(ServiceUnits::to_avp));
        avps.extend(self.cost.map(|(amount, currency)| {
            let value = [Avp::u64(&c::VALUE_DIGITS, amount), Avp::u32(&c::EXPONENT, HUNDREDTHS)];
            let avps = [Avp::group(&c::UNIT_VALUE, &value), Avp::u32(&c::CURRENCY_CODE, currency)];
            Avp::group(&c::COST_INFORMATION, &avps)
        }));
        // RFC 8506 clause 8.6: ENOUGH_CREDIT is 0.
        avps.extend(self.has_credit.map(|enough| Avp::u32(&c::CHECK_BALANCE_RESULT, (!enough).into())));
        avps.extend(self.failure_handling.map(FailureHandling::to_avp));
        avps.extend(self.low_balance.map(|low| Avp::u32(&c::LOW_BALANCE_INDICATION, low.into())));
        Message::answer(request, avps)
    }

    /// Reads it.
    pub fn from_message(message: &Message) -> Result<Self, DiameterProblem> {
        let cost = message.get(&c::COST_INFORMATION).map(Group::of).transpose()?;
        let value = cost.as_ref().and_then(|cost| cost.get(&c::UNIT_VALUE)).map(Group::of).transpose()?;
        let amount = value.as_ref().and_then(|v| v.get(&c::VALUE_DIGITS)).map(Avp::as_u64).transpose()?;
        let currency = cost.as_ref().map(|cost| cost.number(&c::CURRENCY_CODE)).transpose()?.flatten();
        Ok(Self {
            origin_host: message.need_text(&d::ORIGIN_HOST)?.to_owned(),
            origin_realm: message.need_text(&d::ORIGIN_REALM)?.to_owned(),
            result: message.need_number(&d::RESULT_CODE)?,
            services: ServiceUnits::all(message)?,
            failure_handling: message
                .get(&c::CREDIT_CONTROL_FAILURE_HANDLING)
                .map(FailureHandling::from_avp)
                .transpose()?,
            low_balance: message.number(&c::LOW_BALANCE_INDICATION)?.map(|low| low == 1),
            has_credit: message.number(&c::CHECK_BALANCE_RESULT)?.map(|none| none == 0),
            cost: amount.map(|amount| (amount, currency.unwrap_or(0))),
        })
    }

    /// Whether the service may be had: granted, or not charged for (RFC 8506 clause 9.1).
    pub const fn permits(&self) -> bool {
        matches!(self.result, result::SUCCESS | result::CREDIT_CONTROL_NOT_APPLICABLE)
    }
}
