//! Who may ask: clients with an access token (RFC 6749 clause 4.4, RFC 6750).

use std::fmt;

use http::header::HeaderMap;

use crate::mc::{TokenRefusal, TokenVerifier};

/// Checks the access token of a request: our identity server's, or that of somebody else.
pub trait TokenCheck: fmt::Debug + Send {
    /// The client that a good token was given to. `now_s` is in seconds since 1970.
    ///
    /// # Errors
    /// Why there is none, or why it is not good for the scope `needs`.
    fn client(&self, now_s: u64, headers: &HeaderMap, needs: &str) -> Result<String, TokenProblem>;
}

/// Why a token opens nothing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TokenProblem {
    /// True: it is good, but not for this (403). False: 401.
    pub is_scope: bool,
    /// WWW-Authenticate (RFC 6750 clause 3).
    pub challenge: String,
    /// For the log.
    pub why: String,
}

impl TokenCheck for TokenVerifier {
    fn client(&self, now_s: u64, headers: &HeaderMap, needs: &str) -> Result<String, TokenProblem> {
        let checked = self.check_request(now_s, headers, needs).map_err(|refusal| TokenProblem {
            is_scope: matches!(refusal, TokenRefusal::Scope { .. }),
            challenge: refusal.challenge(REALM).to_str().unwrap_or("Bearer").to_owned(),
            why: refusal.to_string(),
        })?;
        Ok(checked.client_id)
    }
}

/// Of challenges.
const REALM: &str = "exposure";
