//! UAR, SAR, LIR and their answers (TS 29.229 clauses 6.1.1 to 6.1.6).

use super::super::dictionary as d;
use super::super::message::{Avp, DiameterProblem, Message};
use super::super::session::{Outcome, Routing};
use super::{Group, ServerAssignmentType, USER_DATA_ALREADY_AVAILABLE, UserAuthorizationType, texts};

/// User-Authorization-Request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Uar {
    /// Header.
    pub routing: Routing,
    /// Private identity (User-Name).
    pub impi: String,
    /// Public-Identity.
    pub impu: String,
    /// Visited-Network-Identifier.
    pub visited_network: Vec<u8>,
    /// User-Authorization-Type; REGISTRATION when absent.
    pub authorization: Option<UserAuthorizationType>,
    /// UAR-Flags; bit 0: IMS emergency registration.
    pub flags: u32,
}

impl Uar {
    /// As it goes out.
    pub fn to_message(&self) -> Message {
        let mut avps = vec![
            Avp::text(&d::USER_NAME, &self.impi),
            Avp::text(&d::PUBLIC_IDENTITY, &self.impu),
            Avp::new(&d::VISITED_NETWORK_IDENTIFIER, self.visited_network.clone()),
        ];
        avps.extend(self.authorization.map(UserAuthorizationType::to_avp));
        avps.extend((self.flags != 0).then(|| Avp::u32(&d::UAR_FLAGS, self.flags)));
        self.routing.request(d::USER_AUTHORIZATION, d::APP_CX, avps)
    }

    /// Reads it.
    pub fn from_message(message: &Message) -> Result<Self, DiameterProblem> {
        let visited = message.get(&d::VISITED_NETWORK_IDENTIFIER);
        Ok(Self {
            routing: Routing::from_message(message)?,
            impi: message.need_text(&d::USER_NAME)?.to_owned(),
            impu: message.need_text(&d::PUBLIC_IDENTITY)?.to_owned(),
            visited_network: visited
                .ok_or_else(|| DiameterProblem::missing(&d::VISITED_NETWORK_IDENTIFIER))?
                .data
                .clone(),
            authorization: message.get(&d::USER_AUTHORIZATION_TYPE).map(UserAuthorizationType::from_avp).transpose()?,
            flags: message.number(&d::UAR_FLAGS)?.unwrap_or(0),
        })
    }
}

/// What an S-CSCF has to be able to do (Server-Capabilities, TS 29.229 clause 6.3.4).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Capabilities {
    /// Mandatory-Capability.
    pub mandatory: Vec<u32>,
    /// Optional-Capability.
    pub optional: Vec<u32>,
    /// Server-Name: S-CSCFs that are wanted, first one first.
    pub servers: Vec<String>,
}

impl Capabilities {
    fn to_avp(&self) -> Avp {
        let mandatory = self.mandatory.iter().map(|&c| Avp::u32(&d::MANDATORY_CAPABILITY, c));
        let optional = self.optional.iter().map(|&c| Avp::u32(&d::OPTIONAL_CAPABILITY, c));
        let servers = self.servers.iter().map(|s| Avp::text(&d::SERVER_NAME, s));
        Avp::group(&d::SERVER_CAPABILITIES, &mandatory.chain(optional).chain(servers).collect::<Vec<_>>())
    }

    fn from_message(message: &Message) -> Result<Option<Self>, DiameterProblem> {
        let Some(avp) = message.get(&d::SERVER_CAPABILITIES) else { return Ok(None) };
        let group = Group::of(avp)?;
        Ok(Some(Self {
            mandatory: group.numbers(&d::MANDATORY_CAPABILITY)?,
            optional: group.numbers(&d::OPTIONAL_CAPABILITY)?,
            servers: group.texts(&d::SERVER_NAME)?,
        }))
    }
}

/// User-Authorization-Answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Uaa {
    /// Header.
    pub outcome: Outcome,
    /// Server-Name: the S-CSCF that is assigned.
    pub server: Option<String>,
    /// Server-Capabilities: what a new one has to be able to do.
    pub capabilities: Option<Capabilities>,
}

impl Uaa {
    /// As it goes out.
    pub fn to_message(&self, request: &Message) -> Message {
        self.outcome.answer(request, server_avps(self.server.as_deref(), self.capabilities.as_ref()))
    }

    /// Reads it.
    pub fn from_message(message: &Message) -> Result<Self, DiameterProblem> {
        Ok(Self {
            outcome: Outcome::from_message(message)?,
            server: message.text(&d::SERVER_NAME)?.map(str::to_owned),
            capabilities: Capabilities::from_message(message)?,
        })
    }
}

fn server_avps(server: Option<&str>, capabilities: Option<&Capabilities>) -> Vec<Avp> {
    let server = server.map(|s| Avp::text(&d::SERVER_NAME, s));
    server.into_iter().chain(capabilities.map(Capabilities::to_avp)).collect()
}

/// Location-Info-Request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Lir {
    /// Header.
    pub routing: Routing,
    /// Public-Identity: of a user or of a service.
    pub impu: String,
    /// Originating-Request: an AS sends on behalf of the user.
    pub originating: bool,
    /// User-Authorization-Type: REGISTRATION_AND_CAPABILITIES asks for capabilities, whatever is assigned.
    pub authorization: Option<UserAuthorizationType>,
}

impl Lir {
    /// As it goes out.
    pub fn to_message(&self) -> Message {
        let mut avps = vec![Avp::text(&d::PUBLIC_IDENTITY, &self.impu)];
        avps.extend(self.originating.then(|| Avp::u32(&d::ORIGINATING_REQUEST, 0)));
        avps.extend(self.authorization.map(UserAuthorizationType::to_avp));
        self.routing.request(d::LOCATION_INFO, d::APP_CX, avps)
    }

    /// Reads it.
    pub fn from_message(message: &Message) -> Result<Self, DiameterProblem> {
        Ok(Self {
            routing: Routing::from_message(message)?,
            impu: message.need_text(&d::PUBLIC_IDENTITY)?.to_owned(),
            originating: message.get(&d::ORIGINATING_REQUEST).is_some(),
            authorization: message.get(&d::USER_AUTHORIZATION_TYPE).map(UserAuthorizationType::from_avp).transpose()?,
        })
    }
}

/// Location-Info-Answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Lia {
    /// Header.
    pub outcome: Outcome,
    /// Server-Name: the S-CSCF that is assigned.
    pub server: Option<String>,
    /// Server-Capabilities: what a new one has to be able to do.
    pub capabilities: Option<Capabilities>,
}

impl Lia {
    /// As it goes out.
    pub fn to_message(&self, request: &Message) -> Message {
        self.outcome.answer(request, server_avps(self.server.as_deref(), self.capabilities.as_ref()))
    }

    /// Reads it.
    pub fn from_message(message: &Message) -> Result<Self, DiameterProblem> {
        let Uaa { outcome, server, capabilities } = Uaa::from_message(message)?;
        Ok(Self { outcome, server, capabilities })
    }
}

/// Server-Assignment-Request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sar {
    /// Header.
    pub routing: Routing,
    /// Private identity (User-Name).
    pub impi: Option<String>,
    /// Public-Identity: one, but with de-registrations any number.
    pub impus: Vec<String>,
    /// Server-Name: the S-CSCF that asks.
    pub server: String,
    /// Server-Assignment-Type.
    pub assignment: ServerAssignmentType,
    /// User-Data-Already-Available: the S-CSCF has the profile.
    pub has_user_data: bool,
}

impl Sar {
    /// As it goes out.
    pub fn to_message(&self) -> Message {
        let mut avps: Vec<_> = self.impi.iter().map(|impi| Avp::text(&d::USER_NAME, impi)).collect();
        avps.extend(self.impus.iter().map(|impu| Avp::text(&d::PUBLIC_IDENTITY, impu)));
        avps.push(Avp::text(&d::SERVER_NAME, &self.server));
        avps.push(self.assignment.to_avp());
        let available = if self.has_user_data { USER_DATA_ALREADY_AVAILABLE } else { 0 };
        avps.push(Avp::u32(&d::USER_DATA_ALREADY_AVAILABLE, available));
        self.routing.request(d::SERVER_ASSIGNMENT, d::APP_CX, avps)
    }

    /// Reads it.
    pub fn from_message(message: &Message) -> Result<Self, DiameterProblem> {
        let assignment = message.get(&d::SERVER_ASSIGNMENT_TYPE);
        Ok(Self {
            routing: Routing::from_message(message)?,
            impi: message.text(&d::USER_NAME)?.map(str::to_owned),
            impus: texts(message, &d::PUBLIC_IDENTITY)?,
            server: message.need_text(&d::SERVER_NAME)?.to_owned(),
            assignment: ServerAssignmentType::from_avp(
                assignment.ok_or_else(|| DiameterProblem::missing(&d::SERVER_ASSIGNMENT_TYPE))?,
            )?,
            has_user_data: message.need_number(&d::USER_DATA_ALREADY_AVAILABLE)? == USER_DATA_ALREADY_AVAILABLE,
        })
    }
}

/// Where charging data go (Charging-Information, TS 29.229 clause 6.3.19): Diameter URIs.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ChargingInformation {
    /// Primary-Event-Charging-Function-Name.
    pub primary_ecf: Option<String>,
    /// Secondary-Event-Charging-Function-Name.
    pub secondary_ecf: Option<String>,
    /// Primary-Charging-Collection-Function-Name.
    pub primary_ccf: Option<String>,
    /// Secondary-Charging-Collection-Function-Name.
    pub secondary_ccf: Option<String>,
}

impl ChargingInformation {
    /// The AVP that carries it; none when nothing is known.
    pub fn to_avp(&self) -> Option<Avp> {
        let of = |def, name: &Option<String>| name.as_ref().map(|name| Avp::text(def, name));
        let names = [
            of(&d::PRIMARY_EVENT_CHARGING_FUNCTION_NAME, &self.primary_ecf),
            of(&d::SECONDARY_EVENT_CHARGING_FUNCTION_NAME, &self.secondary_ecf),
            of(&d::PRIMARY_CHARGING_COLLECTION_FUNCTION_NAME, &self.primary_ccf),
            of(&d::SECONDARY_CHARGING_COLLECTION_FUNCTION_NAME, &self.secondary_ccf),
        ];
        let avps: Vec<_> = names.into_iter().flatten().collect();
        (!avps.is_empty()).then(|| Avp::group(&d::CHARGING_INFORMATION, &avps))
    }

    /// Reads it from a message.
    pub fn from_message(message: &Message) -> Result<Option<Self>, DiameterProblem> {
        let Some(avp) = message.get(&d::CHARGING_INFORMATION) else { return Ok(None) };
        let group = Group::of(avp)?;
        Ok(Some(Self {
            primary_ecf: group.text(&d::PRIMARY_EVENT_CHARGING_FUNCTION_NAME)?,
            secondary_ecf: group.text(&d::SECONDARY_EVENT_CHARGING_FUNCTION_NAME)?,
            primary_ccf: group.text(&d::PRIMARY_CHARGING_COLLECTION_FUNCTION_NAME)?,
            secondary_ccf: group.text(&d::SECONDARY_CHARGING_COLLECTION_FUNCTION_NAME)?,
        }))
    }
}

/// Server-Assignment-Answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Saa {
    /// Header.
    pub outcome: Outcome,
    /// Private identity (User-Name).
    pub impi: Option<String>,
    /// User-Data: the profile, an XML document (TS 29.228 annex E).
    pub user_data: Option<Vec<u8>>,
    /// Charging-Information.
    pub charging: Option<ChargingInformation>,
    /// Associated-Identities: private identities of the same subscription.
    pub associated: Vec<String>,
    /// Server-Name: the S-CSCF that is assigned, when the one that asked is not.
    pub server: Option<String>,
}

impl Saa {
    /// As it goes out.
    pub fn to_message(&self, request: &Message) -> Message {
        let mut avps: Vec<_> = self.impi.iter().map(|impi| Avp::text(&d::USER_NAME, impi)).collect();
        avps.extend(self.user_data.iter().map(|data| Avp::new(&d::USER_DATA, data.clone())));
        avps.extend(self.charging.as_ref().and_then(ChargingInformation::to_avp));
        if !self.associated.is_empty() {
            let names: Vec<_> = self.associated.iter().map(|impi| Avp::text(&d::USER_NAME, impi)).collect();
            avps.push(Avp::group(&d::ASSOCIATED_IDENTITIES, &names));
        }
        avps.extend(self.server.iter().map(|server| Avp::text(&d::SERVER_NAME, server)));
        self.outcome.answer(request, avps)
    }

    /// Reads it.
    pub fn from_message(message: &Message) -> Result<Self, DiameterProblem> {
        let associated = message.get(&d::ASSOCIATED_IDENTITIES).map(Group::of).transpose()?;
        Ok(Self {
            outcome: Outcome::from_message(message)?,
            impi: message.text(&d::USER_NAME)?.map(str::to_owned),
            user_data: message.get(&d::USER_DATA).map(|a| a.data.clone()),
            charging: ChargingInformation::from_message(message)?,
            associated: associated.map_or_else(|| Ok(Vec::new()), |group| group.texts(&d::USER_NAME))?,
            server: message.text(&d::SERVER_NAME)?.map(str::to_owned),
        })
    }
}
