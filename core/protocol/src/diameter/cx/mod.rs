//! Cx and Dx: typed messages (TS 29.229 clause 6).
//!
//! Each reads what its procedure needs and leaves the rest alone; requests that come in are first held against the grammar
//! of their command ([`super::check_request`]).

mod auth;
mod location;
mod termination;

pub use auth::{AuthData, AuthItem, DigestAuthenticate, Maa, Mar, SCHEME_AKA, SCHEME_DIGEST, SCHEME_UNKNOWN};
pub use location::{Capabilities, ChargingInformation, Lia, Lir, Saa, Sar, Uaa, Uar};
pub use termination::{Ppa, Ppr, Rta, Rtr};

use super::dictionary as d;
use super::message::{Avp, DiameterProblem, Message};

/// Experimental-Result-Codes of Cx (TS 29.229 clause 6.2).
pub mod code {
    /// DIAMETER_FIRST_REGISTRATION.
    pub const FIRST_REGISTRATION: u32 = 2001;
    /// DIAMETER_SUBSEQUENT_REGISTRATION.
    pub const SUBSEQUENT_REGISTRATION: u32 = 2002;
    /// DIAMETER_UNREGISTERED_SERVICE.
    pub const UNREGISTERED_SERVICE: u32 = 2003;
    /// DIAMETER_SUCCESS_SERVER_NAME_NOT_STORED.
    pub const SUCCESS_SERVER_NAME_NOT_STORED: u32 = 2004;
    /// DIAMETER_ERROR_USER_UNKNOWN.
    pub const USER_UNKNOWN: u32 = 5001;
    /// DIAMETER_ERROR_IDENTITIES_DONT_MATCH.
    pub const IDENTITIES_DONT_MATCH: u32 = 5002;
    /// DIAMETER_ERROR_IDENTITY_NOT_REGISTERED.
    pub const IDENTITY_NOT_REGISTERED: u32 = 5003;
    /// DIAMETER_ERROR_ROAMING_NOT_ALLOWED.
    pub const ROAMING_NOT_ALLOWED: u32 = 5004;
    /// DIAMETER_ERROR_IDENTITY_ALREADY_REGISTERED.
    pub const IDENTITY_ALREADY_REGISTERED: u32 = 5005;
    /// DIAMETER_ERROR_AUTH_SCHEME_NOT_SUPPORTED.
    pub const AUTH_SCHEME_NOT_SUPPORTED: u32 = 5006;
    /// DIAMETER_ERROR_IN_ASSIGNMENT_TYPE.
    pub const IN_ASSIGNMENT_TYPE: u32 = 5007;
    /// DIAMETER_ERROR_TOO_MUCH_DATA.
    pub const TOO_MUCH_DATA: u32 = 5008;
    /// DIAMETER_ERROR_NOT_SUPPORTED_USER_DATA.
    pub const NOT_SUPPORTED_USER_DATA: u32 = 5009;
    /// DIAMETER_ERROR_FEATURE_UNSUPPORTED.
    pub const FEATURE_UNSUPPORTED: u32 = 5011;
}

macro_rules! enumerated {
    ($(#[$doc:meta])* $name:ident of $def:ident { $($rest:tt)* }) => {
        enumerated! { $(#[$doc])* $name of $def in d { $($rest)* } }
    };
    ($(#[$doc:meta])* $name:ident of $def:ident in $dict:ident {
        $($(#[$variant_doc:meta])* $variant:ident = $code:literal,)*
    }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
        pub enum $name {
            $($(#[$variant_doc])* $variant = $code,)*
        }

        impl $name {
            /// The value on the wire.
            pub const fn code(self) -> u32 {
                self as u32
            }

            /// Reads an AVP.
            pub fn from_avp(avp: &Avp) -> Result<Self, DiameterProblem> {
                match avp.as_u32()? {
                    $($code => Ok(Self::$variant),)*
                    other => Err(DiameterProblem::value(avp, format!("{} {other} is not defined", $dict::$def.name))),
                }
            }

            /// The AVP that carries it.
            pub fn to_avp(self) -> Avp {
                Avp::u32(&$dict::$def, self.code())
            }
        }
    };
}
pub(crate) use enumerated;

enumerated! {
    /// User-Authorization-Type (TS 29.229 clause 6.3.24).
    UserAuthorizationType of USER_AUTHORIZATION_TYPE {
        /// REGISTRATION.
        Registration = 0,
        /// DE_REGISTRATION.
        DeRegistration = 1,
        /// REGISTRATION_AND_CAPABILITIES.
        RegistrationAndCapabilities = 2,
    }
}

enumerated! {
    /// Server-Assignment-Type (TS 29.229 clause 6.3.15).
    ServerAssignmentType of SERVER_ASSIGNMENT_TYPE {
        /// NO_ASSIGNMENT.
        NoAssignment = 0,
        /// REGISTRATION.
        Registration = 1,
        /// RE_REGISTRATION.
        ReRegistration = 2,
        /// UNREGISTERED_USER.
        UnregisteredUser = 3,
        /// TIMEOUT_DEREGISTRATION.
        TimeoutDeregistration = 4,
        /// USER_DEREGISTRATION.
        UserDeregistration = 5,
        /// TIMEOUT_DEREGISTRATION_STORE_SERVER_NAME.
        TimeoutDeregistrationStoreServerName = 6,
        /// USER_DEREGISTRATION_STORE_SERVER_NAME.
        UserDeregistrationStoreServerName = 7,
        /// ADMINISTRATIVE_DEREGISTRATION.
        AdministrativeDeregistration = 8,
        /// AUTHENTICATION_FAILURE.
        AuthenticationFailure = 9,
        /// AUTHENTICATION_TIMEOUT.
        AuthenticationTimeout = 10,
        /// DEREGISTRATION_TOO_MUCH_DATA.
        DeregistrationTooMuchData = 11,
        /// AAA_USER_DATA_REQUEST.
        AaaUserDataRequest = 12,
        /// PGW_UPDATE.
        PgwUpdate = 13,
        /// RESTORATION.
        Restoration = 14,
    }
}

enumerated! {
    /// Reason-Code of Deregistration-Reason (TS 29.229 clause 6.3.17).
    DeregistrationReason of REASON_CODE {
        /// PERMANENT_TERMINATION.
        PermanentTermination = 0,
        /// NEW_SERVER_ASSIGNED.
        NewServerAssigned = 1,
        /// SERVER_CHANGE.
        ServerChange = 2,
        /// REMOVE_S-CSCF.
        RemoveScscf = 3,
    }
}

/// User-Data-Already-Available (TS 29.229 clause 6.3.26): USER_DATA_ALREADY_AVAILABLE.
const USER_DATA_ALREADY_AVAILABLE: u32 = 1;

/// Members of a group, by definition.
#[derive(Debug)]
pub(crate) struct Group(Vec<Avp>);

impl Group {
    pub(crate) fn of(avp: &Avp) -> Result<Self, DiameterProblem> {
        avp.as_group().map(Self)
    }

    pub(crate) fn get(&self, def: &d::AvpDef) -> Option<&Avp> {
        self.0.iter().find(|a| a.is(def))
    }

    pub(crate) fn text(&self, def: &d::AvpDef) -> Result<Option<String>, DiameterProblem> {
        self.get(def).map(|a| a.as_text().map(str::to_owned)).transpose()
    }

    pub(crate) fn number(&self, def: &d::AvpDef) -> Result<Option<u32>, DiameterProblem> {
        self.get(def).map(Avp::as_u32).transpose()
    }

    pub(crate) fn numbers(&self, def: &d::AvpDef) -> Result<Vec<u32>, DiameterProblem> {
        self.0.iter().filter(|a| a.is(def)).map(Avp::as_u32).collect()
    }

    pub(crate) fn texts(&self, def: &d::AvpDef) -> Result<Vec<String>, DiameterProblem> {
        self.0.iter().filter(|a| a.is(def)).map(|a| a.as_text().map(str::to_owned)).collect()
    }

    pub(crate) fn octets(&self, def: &d::AvpDef) -> Option<Vec<u8>> {
        self.get(def).map(|a| a.data.clone())
    }
}

/// All texts of a definition.
pub(crate) fn texts(message: &Message, def: &'static d::AvpDef) -> Result<Vec<String>, DiameterProblem> {
    message.all(def).map(|a| a.as_text().map(str::to_owned)).collect()
}
