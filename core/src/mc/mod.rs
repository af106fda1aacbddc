//! Mission critical services (TS 23.280).

#[expect(dead_code, clippy::needless_pass_by_ref_mut, reason = "the server that has them comes next")]
mod bearers;
mod idms;

pub use bearers::{Announcer, BearerSettings, Insufficient, McMbmsConfig, PlannedBearer};
pub use idms::{
    Claims, HashedPassword, IdentityServer, IdmsClient, IdmsConfig, IdmsLifetimes, IdmsLimits, JwsError, MC_SCOPES,
    McUser, TokenKeys, TokenRefusal, TokenSigner, TokenVerifier, bearer_of,
};
