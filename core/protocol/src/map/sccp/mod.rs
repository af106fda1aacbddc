//! SCCP, connectionless: unitdata and unitdata service messages of Q.713 clauses 4.10 and 4.11.
//!
//! Segmentation (XUDT, LUDT) is not there: what does not fit into a UDT is sent in more than one dialogue message, as
//! TS 29.002 has it. The crate `sccp` codes the messages; it writes lengths and pointers without looking whether they fit
//! into their octet, so that is looked at here.

use ::sccp as wire;

mod address;

pub use address::{GlobalTitle, GlobalTitleKind, SccpAddress, ssn};

/// A message of SCCP.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SccpMessage {
    /// UDT.
    UnitData(UnitData),
    /// UDTS.
    UnitDataService(UnitDataService),
}

impl SccpMessage {
    /// Reads a message.
    ///
    /// # Errors
    /// What is none, or one that is not supported.
    pub fn parse(octets: &[u8]) -> Result<Self, SccpError> {
        match *octets.first().ok_or(SccpError::Malformed)? {
            UDT => UnitData::parse(octets).map(Self::UnitData),
            UDTS => UnitDataService::parse(octets).map(Self::UnitDataService),
            other => Err(SccpError::Unsupported(other)),
        }
    }

    /// Its octets.
    ///
    /// # Errors
    /// What does not fit.
    pub fn emit(&self) -> Result<Vec<u8>, SccpError> {
        match self {
            Self::UnitData(message) => message.emit(),
            Self::UnitDataService(message) => message.emit(),
        }
    }

    /// Where it goes.
    pub const fn called(&self) -> &SccpAddress {
        match self {
            Self::UnitData(message) => &message.called,
            Self::UnitDataService(message) => &message.called,
        }
    }

    /// Where it comes from.
    pub const fn calling(&self) -> &SccpAddress {
        match self {
            Self::UnitData(message) => &message.calling,
            Self::UnitDataService(message) => &message.calling,
        }
    }

    /// Octets of what tells the sender of a unitdata that it was not delivered, where the sender wants to know.
    pub fn returned(&self, cause: ReturnCause) -> Option<Vec<u8>> {
        match self {
            Self::UnitData(message) => message.undelivered(cause)?.emit().ok(),
            Self::UnitDataService(_) => None,
        }
    }

    /// What it carries, or has carried: TCAP.
    pub fn data(&self) -> &[u8] {
        match self {
            Self::UnitData(message) => &message.data,
            Self::UnitDataService(message) => &message.data,
        }
    }
}

/// Unitdata.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UnitData {
    /// Called party address: where it goes.
    pub called: SccpAddress,
    /// Calling party address: where it comes from.
    pub calling: SccpAddress,
    /// Protocol class: 0, or 1 where the order is kept.
    pub class: u8,
    /// Whether it comes back as UDTS when it cannot be delivered.
    pub return_on_error: bool,
    /// Data: TCAP.
    pub data: Vec<u8>,
}

impl UnitData {
    /// One of class 0 that comes back when it cannot be delivered.
    pub const fn new(called: SccpAddress, calling: SccpAddress, data: Vec<u8>) -> Self {
        Self { called, calling, class: 0, return_on_error: true, data }
    }

    /// Reads one.
    ///
    /// # Errors
    /// What is none.
    pub fn parse(octets: &[u8]) -> Result<Self, SccpError> {
        let message = wire::UnitData::decode(octets).map_err(|_| SccpError::Malformed)?;
        Ok(Self {
            called: SccpAddress::of_wire(&message.called_party)?,
            calling: SccpAddress::of_wire(&message.calling_party)?,
            class: message.protocol_class,
            return_on_error: message.message_handling & RETURN_ON_ERROR != 0,
            data: message.data,
        })
    }

    /// Its octets.
    ///
    /// # Errors
    /// What does not fit.
    pub fn emit(&self) -> Result<Vec<u8>, SccpError> {
        check(&self.called, &self.calling, &self.data)?;
        let message = wire::UnitData {
            protocol_class: self.class & 0x0f,
            message_handling: if self.return_on_error { RETURN_ON_ERROR } else { 0 },
            called_party: self.called.to_wire(),
            calling_party: self.calling.to_wire(),
            data: self.data.clone(),
        };
        message.encode().map_err(|_| SccpError::Malformed)
    }

    /// What tells the sender that it was not delivered; nothing where it does not want to know. The addresses change places
    /// (Q.714 clause 4.2).
    pub fn undelivered(&self, cause: ReturnCause) -> Option<UnitDataService> {
        self.return_on_error.then(|| UnitDataService {
            cause,
            called: self.calling.clone(),
            calling: self.called.clone(),
            data: self.data.clone(),
        })
    }

    /// How many octets of data a UDT between these addresses can have: what is left of the signalling information field of
    /// MTP level 2, and no more than its length can say.
    pub fn max_data(called: &SccpAddress, calling: &SccpAddress) -> usize {
        MAX_SCCP_OCTETS.saturating_sub(UDT_HEADER_OCTETS + called.octets() + calling.octets()).min(usize::from(u8::MAX))
    }
}

/// Unitdata service: a unitdata that has come back.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UnitDataService {
    /// Return cause.
    pub cause: ReturnCause,
    /// Who has sent the unitdata.
    pub called: SccpAddress,
    /// Where it should have gone.
    pub calling: SccpAddress,
    /// Its data.
    pub data: Vec<u8>,
}

impl UnitDataService {
    /// Reads one.
    ///
    /// # Errors
    /// What is none.
    pub fn parse(octets: &[u8]) -> Result<Self, SccpError> {
        let message = wire::UnitDataService::decode(octets).map_err(|_| SccpError::Malformed)?;
        Ok(Self {
            cause: ReturnCause(message.return_cause.value()),
            called: SccpAddress::of_wire(&message.called_party)?,
            calling: SccpAddress::of_wire(&message.calling_party)?,
            data: message.data,
        })
    }

    /// Its octets.
    ///
    /// # Errors
    /// What does not fit.
    pub fn emit(&self) -> Result<Vec<u8>, SccpError> {
        check(&self.called, &self.calling, &self.data)?;
        let message = wire::UnitDataService {
            return_cause: wire::ReturnCause::from_u8(self.cause.0),
            called_party: self.called.to_wire(),
            calling_party: self.calling.to_wire(),
            data: self.data.clone(),
        };
        message.encode().map_err(|_| SccpError::Malformed)
    }
}

crate::codes::numbers! {
    /// Return cause: Q.713 clause 3.12.
    pub struct ReturnCause(u8), "cause" {
        /// No translation for an address of such nature.
        NO_TRANSLATION_NATURE = 0, "no translation for an address of such nature";
        /// No translation for this specific address.
        NO_TRANSLATION = 1, "no translation for this specific address";
        /// Subsystem congestion.
        SUBSYSTEM_CONGESTION = 2, "subsystem congestion";
        /// Subsystem failure.
        SUBSYSTEM_FAILURE = 3, "subsystem failure";
        /// Unequipped user.
        UNEQUIPPED_USER = 4, "unequipped user";
        MTP_FAILURE = 5, "MTP failure";
        /// Network congestion.
        NETWORK_CONGESTION = 6, "network congestion";
        /// Unqualified.
        UNQUALIFIED = 7, "unqualified";
        SCCP_FAILURE = 11, "SCCP failure";
    }
}

/// What is wrong with a message of SCCP.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SccpError {
    /// Not a message of SCCP.
    #[error("not a message of SCCP")]
    Malformed,
    /// A message type that is not supported.
    #[error("SCCP message type {0} is not supported")]
    Unsupported(u8),
    /// Addresses or data do not fit into a unitdata.
    #[error("{0} octets do not fit into a unitdata")]
    TooLong(usize),
}

fn check(called: &SccpAddress, calling: &SccpAddress, data: &[u8]) -> Result<(), SccpError> {
    // The pointer to the data counts both addresses with their lengths, and itself.
    let addresses = called.octets() + calling.octets() + 3;
    match [addresses, data.len()].into_iter().find(|&octets| octets > usize::from(u8::MAX)) {
        Some(octets) => Err(SccpError::TooLong(octets)),
        None => Ok(()),
    }
}

/// Message type of unitdata (Q.713 table 1).
const UDT: u8 = 0x09;
/// Message type of unitdata service.
const UDTS: u8 = 0x0a;
/// Message handling: return message on error (Q.713 clause 3.6).
const RETURN_ON_ERROR: u8 = 8;
/// Signalling information field of MTP level 2 (Q.703 clause 2.3.8: up to 272 octets) without the routing label (Q.704 clause 2.2).
const MAX_SCCP_OCTETS: usize = 272 - 4;
/// Message type, protocol class, three pointers, three lengths.
const UDT_HEADER_OCTETS: usize = 8;
