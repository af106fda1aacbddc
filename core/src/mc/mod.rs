//! Mission critical services (TS 23.280).

pub(crate) mod bearers;
mod config;
mod coordination;
mod floor;
pub(crate) mod idms;
mod migration;
mod recent;
mod server;
mod subchannel;

pub use bearers::{Announcer, BearerSettings, Insufficient, McMbmsConfig, PlannedBearer};
pub use config::{McAuthentication, McGroup, McLimits, McServerConfig, McSubscriber};
pub use floor::FloorSettings;
pub use idms::{
    Claims, HashedPassword, IdentityServer, IdmsClient, IdmsConfig, IdmsLifetimes, IdmsLimits, JwsError, MC_SCOPES,
    McUser, TokenKeys, TokenRefusal, TokenSigner, TokenVerifier, bearer_of,
};
pub use migration::{
    BoundIdentity, McSystem, MigrationBinding, MigrationConfig, MigrationRule, MigrationServer, parse_bindings,
};
pub use server::McServer;

#[cfg(test)]
mod session_tests;
