//! RTR, PPR and their answers (TS 29.229 clauses 6.1.9 to 6.1.12).

use super::super::dictionary as d;
use super::super::message::{Avp, DiameterProblem, Message};
use super::super::session::{Outcome, Routing};
use super::{AuthItem, ChargingInformation, DeregistrationReason, Group, texts};

/// Registration-Termination-Request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rtr {
    /// Header.
    pub routing: Routing,
    /// Private identity (User-Name).
    pub impi: String,
    /// Associated-Identities: other private identities that it is about.
    pub associated: Vec<String>,
    /// Public-Identity; none: all of the private identities.
    pub impus: Vec<String>,
    /// Deregistration-Reason: Reason-Code.
    pub reason: DeregistrationReason,
    /// Deregistration-Reason: Reason-Info, for a human.
    pub info: Option<String>,
}

impl Rtr {
    /// As it goes out.
    pub fn to_message(&self) -> Message {
        let mut avps = vec![Avp::text(&d::USER_NAME, &self.impi)];
        avps.extend(associated_avp(&self.associated));
        avps.extend(self.impus.iter().map(|impu| Avp::text(&d::PUBLIC_IDENTITY, impu)));
        let mut reason = vec![self.reason.to_avp()];
        reason.extend(self.info.iter().map(|info| Avp::text(&d::REASON_INFO, info)));
        avps.push(Avp::group(&d::DEREGISTRATION_REASON, &reason));
        self.routing.request(d::REGISTRATION_TERMINATION, d::APP_CX, avps)
    }

    /// Reads it.
    pub fn from_message(message: &Message) -> Result<Self, DiameterProblem> {
        let reason = message.get(&d::DEREGISTRATION_REASON);
        let reason = Group::of(reason.ok_or_else(|| DiameterProblem::missing(&d::DEREGISTRATION_REASON))?)?;
        let code = reason.get(&d::REASON_CODE).ok_or_else(|| DiameterProblem::missing(&d::REASON_CODE))?;
        Ok(Self {
            routing: Routing::from_message(message)?,
            impi: message.need_text(&d::USER_NAME)?.to_owned(),
            associated: associated_of(message)?,
            impus: texts(message, &d::PUBLIC_IDENTITY)?,
            reason: DeregistrationReason::from_avp(code)?,
            info: reason.text(&d::REASON_INFO)?,
        })
    }
}

fn associated_avp(associated: &[String]) -> Option<Avp> {
    let names: Vec<_> = associated.iter().map(|impi| Avp::text(&d::USER_NAME, impi)).collect();
    (!names.is_empty()).then(|| Avp::group(&d::ASSOCIATED_IDENTITIES, &names))
}

fn associated_of(message: &Message) -> Result<Vec<String>, DiameterProblem> {
    message.get(&d::ASSOCIATED_IDENTITIES).map_or_else(|| Ok(Vec::new()), |avp| Group::of(avp)?.texts(&d::USER_NAME))
}

/// Registration-Termination-Answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rta {
    /// Header.
    pub outcome: Outcome,
    /// Associated-Identities: those whose registrations have ended.
    pub associated: Vec<String>,
}

impl Rta {
    /// As it goes out.
    pub fn to_message(&self, request: &Message) -> Message {
        self.outcome.answer(request, associated_avp(&self.associated).into_iter().collect())
    }

    /// Reads it.
    pub fn from_message(message: &Message) -> Result<Self, DiameterProblem> {
        Ok(Self { outcome: Outcome::from_message(message)?, associated: associated_of(message)? })
    }
}

/// Push-Profile-Request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ppr {
    /// Header.
    pub routing: Routing,
    /// Private identity (User-Name).
    pub impi: String,
    /// User-Data: the new profile.
    pub user_data: Option<Vec<u8>>,
    /// Charging-Information, when it is new.
    pub charging: Option<ChargingInformation>,
    /// SIP-Auth-Data-Item: new data of SIP digest.
    pub auth: Option<AuthItem>,
}

impl Ppr {
    /// As it goes out.
    pub fn to_message(&self) -> Message {
        let mut avps = vec![Avp::text(&d::USER_NAME, &self.impi)];
        avps.extend(self.user_data.iter().map(|data| Avp::new(&d::USER_DATA, data.clone())));
        avps.extend(self.charging.as_ref().and_then(ChargingInformation::to_avp));
        avps.extend(self.auth.as_ref().map(AuthItem::to_avp));
        self.routing.request(d::PUSH_PROFILE, d::APP_CX, avps)
    }

    /// Reads it.
    pub fn from_message(message: &Message) -> Result<Self, DiameterProblem> {
        Ok(Self {
            routing: Routing::from_message(message)?,
            impi: message.need_text(&d::USER_NAME)?.to_owned(),
            user_data: message.get(&d::USER_DATA).map(|a| a.data.clone()),
            charging: ChargingInformation::from_message(message)?,
            auth: message.get(&d::SIP_AUTH_DATA_ITEM).map(AuthItem::from_avp).transpose()?,
        })
    }
}

/// Push-Profile-Answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ppa {
    /// Header.
    pub outcome: Outcome,
}

impl Ppa {
    /// As it goes out.
    pub fn to_message(&self, request: &Message) -> Message {
        self.outcome.answer(request, Vec::new())
    }

    /// Reads it.
    pub fn from_message(message: &Message) -> Result<Self, DiameterProblem> {
        Ok(Self { outcome: Outcome::from_message(message)? })
    }
}
