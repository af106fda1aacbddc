//! Mission critical services (TS 23.280).

mod idms;

pub use idms::{
    Claims, HashedPassword, IdentityServer, IdmsClient, IdmsConfig, IdmsLifetimes, IdmsLimits, JwsError, MC_SCOPES,
    McUser, TokenKeys, TokenRefusal, TokenSigner, TokenVerifier, bearer_of,
};
