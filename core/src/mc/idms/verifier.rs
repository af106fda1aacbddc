//! What resource servers ask of a token before they do anything (TS 33.180 annex B.10, RFC 6750, RFC 9068).

use std::collections::BTreeSet;

use http::StatusCode;
use http::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use serde_json::{Map, Value, json};

use super::jose::{JwsError, TokenKeys, TokenSigner};

/// What an access token says (TS 33.180 clause B.2.2).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Claims {
    /// Whom it was given for; a client that acts for itself is its own subject.
    pub subject: String,
    /// Which client it was given to.
    pub client_id: String,
    /// What it is for.
    pub scopes: BTreeSet<String>,
    /// When it was issued, seconds since 1970.
    pub issued: u64,
    /// When it ends, seconds since 1970.
    pub expires: u64,
    /// Its own name.
    pub id: String,
    /// MCPTT ID.
    pub mcptt_id: Option<String>,
    /// MCVideo ID.
    pub mcvideo_id: Option<String>,
    /// MCData ID.
    pub mcdata_id: Option<String>,
}

impl Claims {
    /// The access token with these claims (RFC 9068 clause 2).
    #[must_use]
    pub fn sign(&self, issuer: &str, audience: &str, signer: &TokenSigner) -> String {
        let mut claims = Map::new();
        for (name, value) in [
            ("iss", json!(issuer)),
            ("sub", json!(self.subject)),
            ("aud", json!(audience)),
            ("exp", json!(self.expires)),
            ("iat", json!(self.issued)),
            ("jti", json!(self.id)),
            ("client_id", json!(self.client_id)),
            ("scope", json!(self.scope())),
        ] {
            claims.insert(name.to_owned(), value);
        }
        for (name, id) in
            [("mcptt_id", &self.mcptt_id), ("mcvideo_id", &self.mcvideo_id), ("mcdata_id", &self.mcdata_id)]
        {
            if let Some(id) = id {
                claims.insert(name.to_owned(), json!(id));
            }
        }
        signer.sign("at+jwt", &Value::Object(claims))
    }

    /// Its scopes as one text.
    #[must_use]
    pub fn scope(&self) -> String {
        self.scopes.iter().map(String::as_str).collect::<Vec<_>>().join(" ")
    }
}

/// Why a token opens nothing.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum TokenRefusal {
    /// There is none.
    #[error("no bearer token")]
    Missing,
    /// It cannot be read, or lacks what it must have.
    #[error("no access token")]
    Malformed,
    /// Another algorithm than ES256, or none.
    #[error("signed with {0:?}")]
    Algorithm(String),
    /// The issuer has no such key.
    #[error("signed with a key that is not known")]
    UnknownKey,
    /// The signature is wrong.
    #[error("the signature is wrong")]
    Signature,
    /// It is of somebody else.
    #[error("of another issuer")]
    Issuer,
    /// It is for somebody else.
    #[error("for another audience")]
    Audience,
    /// It has ended.
    #[error("expired")]
    Expired,
    /// It has not begun.
    #[error("of the future")]
    NotYet,
    /// It is not for this.
    #[error("without the scope {needs}")]
    Scope {
        /// The scope that it takes.
        needs: String,
    },
}

impl TokenRefusal {
    /// What the client is answered (RFC 6750 clause 3.1).
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        match self {
            Self::Scope { .. } => StatusCode::FORBIDDEN,
            _ => StatusCode::UNAUTHORIZED,
        }
    }

    /// The WWW-Authenticate of the answer (RFC 6750 clause 3): why a token is refused is told as far as the client may act on it.
    #[must_use]
    pub fn challenge(&self, realm: &str) -> HeaderValue {
        let realm: String = realm.chars().filter(|c| c.is_ascii_graphic() && !matches!(c, '"' | '\\')).collect();
        let text = match self {
            Self::Missing => format!("Bearer realm=\"{realm}\""),
            Self::Scope { needs } => {
                let needs: String =
                    needs.chars().filter(|c| c.is_ascii_graphic() && !matches!(c, '"' | '\\')).collect();
                format!("Bearer realm=\"{realm}\", error=\"insufficient_scope\", scope=\"{needs}\"")
            }
            Self::Expired => {
                format!(
                    "Bearer realm=\"{realm}\", error=\"invalid_token\", error_description=\"the token has expired\""
                )
            }
            _ => format!("Bearer realm=\"{realm}\", error=\"invalid_token\""),
        };
        HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static("Bearer"))
    }
}

impl From<JwsError> for TokenRefusal {
    fn from(error: JwsError) -> Self {
        match error {
            JwsError::Malformed => Self::Malformed,
            JwsError::Algorithm(name) => Self::Algorithm(name),
            JwsError::UnknownKey => Self::UnknownKey,
            JwsError::Signature => Self::Signature,
        }
    }
}

/// The bearer token of a request (RFC 6750 clause 2.1): in the header field, nowhere else.
///
/// # Errors
/// When there is none, or more than one Authorization.
pub fn bearer_of(headers: &HeaderMap) -> Result<&str, TokenRefusal> {
    let mut fields = headers.get_all(AUTHORIZATION).iter();
    let field = match (fields.next(), fields.next()) {
        (Some(field), None) => field.to_str().map_err(|_| TokenRefusal::Malformed)?,
        (None, _) => return Err(TokenRefusal::Missing),
        (Some(_), Some(_)) => return Err(TokenRefusal::Malformed),
    };
    let (scheme, token) = field.split_once(' ').ok_or(TokenRefusal::Missing)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(TokenRefusal::Missing);
    }
    let token = token.trim_matches(' ');
    if token.is_empty() || token.contains(' ') { Err(TokenRefusal::Malformed) } else { Ok(token) }
}

/// Checks access tokens of one issuer.
#[derive(Clone, Debug)]
pub struct TokenVerifier {
    issuer: String,
    audience: String,
    keys: TokenKeys,
}

impl TokenVerifier {
    /// Takes tokens that this issuer has signed with one of these keys for this audience.
    #[must_use]
    pub fn new(issuer: &str, audience: &str, keys: TokenKeys) -> Self {
        Self { issuer: issuer.to_owned(), audience: audience.to_owned(), keys }
    }

    /// What a token says that is good at `now` (seconds since 1970) and has the scope `needs`.
    ///
    /// # Errors
    /// Why it is not.
    pub fn check(&self, now: u64, token: &str, needs: &str) -> Result<Claims, TokenRefusal> {
        let said = self.keys.verify(token)?;
        if said["iss"] != self.issuer.as_str() {
            return Err(TokenRefusal::Issuer);
        }
        let is_ours = |audience: &Value| *audience == self.audience.as_str();
        if !is_ours(&said["aud"]) && !said["aud"].as_array().is_some_and(|listed| listed.iter().any(is_ours)) {
            return Err(TokenRefusal::Audience);
        }
        let claims = read(&said).ok_or(TokenRefusal::Malformed)?;
        let begins = said["nbf"].as_u64().map_or(claims.issued, |nbf| nbf.max(claims.issued));
        if claims.expires.saturating_add(LEEWAY_S) <= now {
            return Err(TokenRefusal::Expired);
        }
        if begins > now.saturating_add(LEEWAY_S) {
            return Err(TokenRefusal::NotYet);
        }
        if !claims.scopes.contains(needs) {
            return Err(TokenRefusal::Scope { needs: needs.to_owned() });
        }
        Ok(claims)
    }

    /// The same for the token of a request.
    ///
    /// # Errors
    /// Why there is none, or why it is not good.
    pub fn check_request(&self, now: u64, headers: &HeaderMap, needs: &str) -> Result<Claims, TokenRefusal> {
        self.check(now, bearer_of(headers)?, needs)
    }
}

/// An access token has client, scope and end (TS 33.180 clause B.2.2.2): an ID token has not, and is none.
fn read(said: &Value) -> Option<Claims> {
    let text = |name: &str| said[name].as_str().filter(|text| text.len() <= MAX_TEXT).map(str::to_owned);
    Some(Claims {
        subject: text("sub")?,
        client_id: text("client_id")?,
        scopes: text("scope")?.split(' ').filter(|scope| !scope.is_empty()).map(str::to_owned).collect(),
        issued: said["iat"].as_u64()?,
        expires: said["exp"].as_u64()?,
        id: text("jti").unwrap_or_default(),
        mcptt_id: text("mcptt_id"),
        mcvideo_id: text("mcvideo_id"),
        mcdata_id: text("mcdata_id"),
    })
}

/// How much clocks may differ (TS 33.180 clause B.2.1.2: not more than 30 seconds).
const LEEWAY_S: u64 = 10;
const MAX_TEXT: usize = 2048;

#[cfg(test)]
mod tests {
    use protocol::Entropy;

    use super::*;

    const NOW: u64 = 1_800_000_000;

    fn claims() -> Claims {
        Claims {
            subject: "alice".into(),
            client_id: "mcptt_client".into(),
            scopes: ["3gpp:mc:ptt_service".to_owned()].into(),
            issued: NOW,
            expires: NOW + 600,
            id: "1".into(),
            mcptt_id: Some("sip:alice@mc".into()),
            mcvideo_id: None,
            mcdata_id: None,
        }
    }

    #[test]
    fn a_token_opens_what_it_is_for_and_nothing_else() {
        let signer = TokenSigner::generate(&mut Entropy::from_seed([1; 32]));
        let stranger = TokenSigner::generate(&mut Entropy::from_seed([2; 32]));
        let verifier = TokenVerifier::new("https://idms", "mc", signer.public());
        let scope = "3gpp:mc:ptt_service";
        let good = claims().sign("https://idms", "mc", &signer);
        assert_eq!(verifier.check(NOW, &good, scope), Ok(claims()));
        let listed = signer.sign(
            "JWT",
            &json!({ "iss": "https://idms", "aud": ["x", "mc"], "sub": "alice",
            "client_id": "c", "scope": scope, "iat": NOW, "exp": NOW + 1 }),
        );
        assert!(verifier.check(NOW, &listed, scope).is_ok());
        let id_token = signer
            .sign("JWT", &json!({ "iss": "https://idms", "aud": "mc", "sub": "alice", "exp": NOW + 9, "iat": NOW }));
        let early = Claims { issued: NOW + 60, ..claims() }.sign("https://idms", "mc", &signer);
        for (case, now, token, needs, refusal, status) in [
            (
                "scope",
                NOW,
                &good,
                "3gpp:mc:data_service",
                TokenRefusal::Scope { needs: "3gpp:mc:data_service".into() },
                403,
            ),
            ("part of a scope", NOW, &good, "3gpp:mc:ptt", TokenRefusal::Scope { needs: "3gpp:mc:ptt".into() }, 403),
            ("expired", NOW + 611, &good, scope, TokenRefusal::Expired, 401),
            ("of the future", NOW, &early, scope, TokenRefusal::NotYet, 401),
            ("issuer", NOW, &claims().sign("https://other", "mc", &signer), scope, TokenRefusal::Issuer, 401),
            ("audience", NOW, &claims().sign("https://idms", "other", &signer), scope, TokenRefusal::Audience, 401),
            ("key", NOW, &claims().sign("https://idms", "mc", &stranger), scope, TokenRefusal::UnknownKey, 401),
            ("signature", NOW, &format!("{}A", &good[..good.len() - 1]), scope, TokenRefusal::Signature, 401),
            ("ID token", NOW, &id_token, scope, TokenRefusal::Malformed, 401),
            ("nonsense", NOW, &"a.b.c".to_owned(), scope, TokenRefusal::Malformed, 401),
        ] {
            let refused = verifier.check(now, token, needs).expect_err(case);
            // The last character of a signature may be one that base64 does not know there.
            let is_signature = case == "signature" && refused == TokenRefusal::Malformed;
            assert!(refused == refusal || is_signature, "{case}: {refused:?}");
            assert_eq!(refused.status(), status, "{case}");
        }
    }

    #[test]
    fn bearers_are_in_the_header_and_one() {
        let of = |fields: &[&str]| {
            let mut headers = HeaderMap::new();
            for field in fields {
                headers.append(AUTHORIZATION, HeaderValue::try_from(*field).unwrap());
            }
            bearer_of(&headers).map(str::to_owned)
        };
        assert_eq!(of(&["bearer a.b.c"]), Ok("a.b.c".into()));
        assert_eq!(of(&[]), Err(TokenRefusal::Missing));
        assert_eq!(of(&["Basic abc"]), Err(TokenRefusal::Missing));
        assert_eq!(of(&["Bearer a b"]), Err(TokenRefusal::Malformed));
        assert_eq!(of(&["Bearer a", "Bearer b"]), Err(TokenRefusal::Malformed));
        let scope = TokenRefusal::Scope { needs: "a\"b".into() };
        assert_eq!(scope.challenge("r\"\n"), "Bearer realm=\"r\", error=\"insufficient_scope\", scope=\"ab\"");
        assert_eq!(TokenRefusal::Missing.challenge("r"), "Bearer realm=\"r\"");
    }
}
