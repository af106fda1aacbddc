//! MB2-C: typed messages (TS 29.468 clause 6.6) between a GCS AS and a BM-SC.
//!
//! The result of a Diameter message says whether the command was served; what became of each item is in the masks of
//! [`mask`]. AVPs that are not known stay in the fields `other`.

mod bearer;
pub mod mask;
mod tmgi;
mod userplane;

pub use bearer::{BearerDiagnostic, MbmsBearerEventNotification, MbmsBearerRequest, MbmsBearerResponse};
pub use tmgi::{
    TmgiAllocationRequest, TmgiAllocationResponse, TmgiDeallocationRequest, TmgiDeallocationResponse, TmgiExpiry,
};
pub use userplane::{LocalM1Information, LocalMb2UInformation, RohcRequest, UserplaneProtocolResult};

use super::dictionary as d;
use super::dictionary::mbms as m;
use super::mbms::{HEADER, ON_THE_WAY, SupportedFeatures, answer, others, request};
use super::message::{Avp, DiameterProblem, Message};
use super::session::{Outcome, Routing};

/// Items of one kind that are taken from one message.
pub const MAX_ITEMS: usize = 1024;

/// GCS-Action-Request (TS 29.468 clause 6.6.2), GCS AS to BM-SC.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct GcsActionRequest {
    /// Header.
    pub routing: Routing,
    /// Supported-Features.
    pub features: Vec<SupportedFeatures>,
    /// TMGI-Allocation-Request.
    pub allocation: Option<TmgiAllocationRequest>,
    /// TMGI-Deallocation-Request.
    pub deallocation: Option<TmgiDeallocationRequest>,
    /// MBMS-Bearer-Request.
    pub bearers: Vec<MbmsBearerRequest>,
    /// Restart-Counter; alone in the message it is the heartbeat (clause 5.6.3).
    pub restart_counter: Option<u32>,
    /// What else is in it, untouched.
    pub other: Vec<Avp>,
}

impl GcsActionRequest {
    /// Whether it is the heartbeat of a GCS AS (clause 5.6.3): nothing but Restart-Counter.
    pub fn is_heartbeat(&self) -> bool {
        self.restart_counter.is_some()
            && self.allocation.is_none()
            && self.deallocation.is_none()
            && self.bearers.is_empty()
    }

    /// As it goes out.
    pub fn to_message(&self) -> Message {
        let mut avps: Vec<Avp> = self.features.iter().map(|features| features.to_avp()).collect();
        avps.extend(self.allocation.as_ref().map(TmgiAllocationRequest::to_avp));
        avps.extend(self.deallocation.as_ref().map(TmgiDeallocationRequest::to_avp));
        avps.extend(self.bearers.iter().map(MbmsBearerRequest::to_avp));
        avps.extend(self.restart_counter.map(|counter| Avp::u32(&m::RESTART_COUNTER, counter)));
        avps.extend(self.other.iter().cloned());
        request(&self.routing, d::GCS_ACTION, d::APP_MB2C, true, avps)
    }

    /// Reads it.
    pub fn from_message(message: &Message) -> Result<Self, DiameterProblem> {
        Ok(Self {
            routing: Routing::from_message(message)?,
            features: SupportedFeatures::all(message)?,
            allocation: message.get(&m::TMGI_ALLOCATION_REQUEST).map(TmgiAllocationRequest::from_avp).transpose()?,
            deallocation: message
                .get(&m::TMGI_DEALLOCATION_REQUEST)
                .map(TmgiDeallocationRequest::from_avp)
                .transpose()?,
            bearers: items(message, &m::MBMS_BEARER_REQUEST, MbmsBearerRequest::from_avp)?,
            restart_counter: message.number(&m::RESTART_COUNTER)?,
            other: rest(
                message,
                &[&m::TMGI_ALLOCATION_REQUEST, &m::TMGI_DEALLOCATION_REQUEST, &m::MBMS_BEARER_REQUEST],
            ),
        })
    }
}

/// GCS-Action-Answer (TS 29.468 clause 6.6.3), BM-SC to GCS AS.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct GcsActionAnswer {
    /// Who answers, and whether the command was served.
    pub outcome: Outcome,
    /// Supported-Features.
    pub features: Vec<SupportedFeatures>,
    /// TMGI-Allocation-Response.
    pub allocation: Option<TmgiAllocationResponse>,
    /// TMGI-Deallocation-Response, one for each TMGI.
    pub deallocations: Vec<TmgiDeallocationResponse>,
    /// MBMS-Bearer-Response, one for each request, in its order.
    pub bearers: Vec<MbmsBearerResponse>,
    /// Restart-Counter.
    pub restart_counter: Option<u32>,
    /// What else is in it, untouched.
    pub other: Vec<Avp>,
}

impl GcsActionAnswer {
    /// A result and nothing more.
    pub const fn new(outcome: Outcome) -> Self {
        Self {
            outcome,
            features: Vec::new(),
            allocation: None,
            deallocations: Vec::new(),
            bearers: Vec::new(),
            restart_counter: None,
            other: Vec::new(),
        }
    }

    /// As it goes out.
    pub fn to_message(&self, request: &Message) -> Message {
        let mut avps: Vec<Avp> = self.features.iter().map(|features| features.to_avp()).collect();
        avps.extend(self.allocation.as_ref().map(TmgiAllocationResponse::to_avp));
        avps.extend(self.deallocations.iter().copied().map(TmgiDeallocationResponse::to_avp));
        avps.extend(self.bearers.iter().map(MbmsBearerResponse::to_avp));
        avps.extend(self.restart_counter.map(|counter| Avp::u32(&m::RESTART_COUNTER, counter)));
        avps.extend(self.other.iter().cloned());
        answer(&self.outcome, request, avps)
    }

    /// Reads it.
    pub fn from_message(message: &Message) -> Result<Self, DiameterProblem> {
        Ok(Self {
            outcome: Outcome::from_message(message)?,
            features: SupportedFeatures::all(message)?,
            allocation: message.get(&m::TMGI_ALLOCATION_RESPONSE).map(TmgiAllocationResponse::from_avp).transpose()?,
            deallocations: items(message, &m::TMGI_DEALLOCATION_RESPONSE, TmgiDeallocationResponse::from_avp)?,
            bearers: items(message, &m::MBMS_BEARER_RESPONSE, MbmsBearerResponse::from_avp)?,
            restart_counter: message.number(&m::RESTART_COUNTER)?,
            other: rest(
                message,
                &[&m::TMGI_ALLOCATION_RESPONSE, &m::TMGI_DEALLOCATION_RESPONSE, &m::MBMS_BEARER_RESPONSE],
            ),
        })
    }
}

/// GCS-Notification-Request (TS 29.468 clause 6.6.4), BM-SC to GCS AS.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct GcsNotificationRequest {
    /// Header; Destination-Host has to be there.
    pub routing: Routing,
    /// TMGI-Expiry.
    pub expiry: Option<TmgiExpiry>,
    /// MBMS-Bearer-Event-Notification.
    pub events: Vec<MbmsBearerEventNotification>,
    /// Restart-Counter; alone in the message it is the heartbeat (clause 5.6.4).
    pub restart_counter: Option<u32>,
    /// What else is in it, untouched.
    pub other: Vec<Avp>,
}

impl GcsNotificationRequest {
    /// Whether it is the heartbeat of a BM-SC (clause 5.6.4): nothing but Restart-Counter.
    pub fn is_heartbeat(&self) -> bool {
        self.restart_counter.is_some() && self.expiry.is_none() && self.events.is_empty()
    }

    /// As it goes out.
    pub fn to_message(&self) -> Message {
        let mut avps: Vec<Avp> = self.expiry.iter().map(TmgiExpiry::to_avp).collect();
        avps.extend(self.events.iter().map(MbmsBearerEventNotification::to_avp));
        avps.extend(self.restart_counter.map(|counter| Avp::u32(&m::RESTART_COUNTER, counter)));
        avps.extend(self.other.iter().cloned());
        request(&self.routing, d::GCS_NOTIFICATION, d::APP_MB2C, true, avps)
    }

    /// Reads it.
    pub fn from_message(message: &Message) -> Result<Self, DiameterProblem> {
        let mut other = rest(message, &[&m::TMGI_EXPIRY, &m::MBMS_BEARER_EVENT_NOTIFICATION]);
        // Not in the grammar of this command: here it is one of the AVPs that are not known.
        other.extend(message.all(&d::SUPPORTED_FEATURES).cloned());
        Ok(Self {
            routing: Routing::from_message(message)?,
            expiry: message.get(&m::TMGI_EXPIRY).map(TmgiExpiry::from_avp).transpose()?,
            events: items(message, &m::MBMS_BEARER_EVENT_NOTIFICATION, MbmsBearerEventNotification::from_avp)?,
            restart_counter: message.number(&m::RESTART_COUNTER)?,
            other,
        })
    }
}

/// GCS-Notification-Answer (TS 29.468 clause 6.6.5), GCS AS to BM-SC.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct GcsNotificationAnswer {
    /// Who answers, and whether the command was served.
    pub outcome: Outcome,
    /// Restart-Counter.
    pub restart_counter: Option<u32>,
}

impl GcsNotificationAnswer {
    /// As it goes out.
    pub fn to_message(&self, request: &Message) -> Message {
        let counter = self.restart_counter.map(|counter| Avp::u32(&m::RESTART_COUNTER, counter));
        answer(&self.outcome, request, counter.into_iter().collect())
    }

    /// Reads it.
    pub fn from_message(message: &Message) -> Result<Self, DiameterProblem> {
        Ok(Self { outcome: Outcome::from_message(message)?, restart_counter: message.number(&m::RESTART_COUNTER)? })
    }
}

/// The AVPs that are neither header nor one of `known` nor what all of them have.
fn rest(message: &Message, known: &[&d::AvpDef]) -> Vec<Avp> {
    let common: [&d::AvpDef; 2] = [&d::SUPPORTED_FEATURES, &m::RESTART_COUNTER];
    others(&message.avps, &[&HEADER, &ON_THE_WAY[..], &common, known].concat())
}

/// All AVPs of a definition, [`MAX_ITEMS`] at most.
fn items<T>(
    message: &Message,
    def: &'static d::AvpDef,
    read: impl Fn(&Avp) -> Result<T, DiameterProblem>,
) -> Result<Vec<T>, DiameterProblem> {
    if let Some(surplus) = message.all(def).nth(MAX_ITEMS) {
        let what = format!("{} is there more than {MAX_ITEMS} times", def.name);
        let code = super::result::AVP_OCCURS_TOO_MANY_TIMES;
        return Err(DiameterProblem { code, failed: Some(surplus.clone()), what });
    }
    message.all(def).map(read).collect()
}

#[cfg(test)]
mod tests;
