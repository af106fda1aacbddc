//! The login of a mission critical user as its client does it (TS 33.180 clause B.4.2, RFC 7636): authorization request, login
//! form, code, tokens, and the check of the ID token by the keys that the server publishes.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use core_network::mc::TokenKeys;
use http::header::{CONTENT_TYPE, LOCATION};
use http::{Request, Response, Uri};
use protocol::Entropy;
use serde_json::Value;
use sha2::{Digest, Sha256};

/// The client's name and where its users come back to.
pub(crate) const CLIENT_ID: &str = "mcptt_client";
pub(crate) const REDIRECT_URI: &str = "http://3gpp.mcptt/cb";

const FORM: &str = "application/x-www-form-urlencoded";

/// A login that is under way.
#[derive(Debug)]
pub(crate) struct McLogin {
    user: String,
    password: String,
    issuer: String,
    /// What was asked for: the query of the authorization request.
    asked: Vec<(&'static str, String)>,
    state: String,
    nonce: String,
    verifier: String,
    stage: Stage,
}

/// What is waited for.
#[derive(Debug)]
enum Stage {
    Form,
    Code,
    Tokens,
    Keys { access_token: String, id_token: String },
}

/// What comes next.
pub(crate) enum Next {
    /// This request.
    Ask(Box<http::Result<Request<Vec<u8>>>>),
    /// Nothing: the access token.
    Done(String),
}

impl McLogin {
    /// A login, and its first request.
    pub(crate) fn begin(
        (user, password): (&str, &str),
        issuer: &str,
        scopes: &[String],
        entropy: &mut Entropy,
    ) -> (Self, http::Result<Request<Vec<u8>>>) {
        let (state, nonce, verifier) = (entropy.token(16), entropy.token(16), entropy.token(48));
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(&verifier));
        let scope = [&["openid".to_owned()], scopes].concat().join(" ");
        let asked = vec![
            ("response_type", "code".to_owned()),
            ("client_id", CLIENT_ID.to_owned()),
            ("scope", scope),
            ("redirect_uri", REDIRECT_URI.to_owned()),
            ("state", state.clone()),
            ("nonce", nonce.clone()),
            ("acr_values", "3gpp:acr:password".to_owned()),
            ("code_challenge", challenge),
            ("code_challenge_method", "S256".to_owned()),
        ];
        let request = Request::get(format!("/authorize?{}", encoded(&asked))).body(Vec::new());
        let (user, password, issuer) = (user.to_owned(), password.to_owned(), issuer.to_owned());
        (Self { user, password, issuer, asked, state, nonce, verifier, stage: Stage::Form }, request)
    }

    /// A response came: what comes next, or what is wrong with it.
    pub(crate) fn answered(&mut self, response: &Response<Vec<u8>>) -> Result<Next, String> {
        let status = response.status().as_u16();
        let body = String::from_utf8_lossy(response.body());
        match (&self.stage, status) {
            (Stage::Form, 200) if body.contains("<form") => {
                let mut fields = self.asked.clone();
                fields.extend([("username", self.user.clone()), ("password", self.password.clone())]);
                self.stage = Stage::Code;
                Ok(Next::Ask(post("/authorize", &fields).into()))
            }
            (Stage::Code, 302 | 303) => {
                let code = self.code(response)?;
                let fields = [
                    ("grant_type", "authorization_code".to_owned()),
                    ("client_id", CLIENT_ID.to_owned()),
                    ("redirect_uri", REDIRECT_URI.to_owned()),
                    ("code", code),
                    ("code_verifier", self.verifier.clone()),
                ];
                self.stage = Stage::Tokens;
                Ok(Next::Ask(post("/token", &fields).into()))
            }
            (Stage::Tokens, 200) => {
                let tokens: Value = serde_json::from_str(&body).map_err(|e| format!("tokens: {e}"))?;
                let token = |name: &str| tokens[name].as_str().map(str::to_owned).ok_or_else(|| format!("no {name}"));
                self.stage = Stage::Keys { access_token: token("access_token")?, id_token: token("id_token")? };
                Ok(Next::Ask(Request::get("/jwks").body(Vec::new()).into()))
            }
            (Stage::Keys { access_token, id_token }, 200) => {
                self.check(&body, id_token)?;
                Ok(Next::Done(access_token.clone()))
            }
            _ => Err(format!("{} where {} is waited for", response.status(), self.stage.name())),
        }
    }

    /// The code that the user comes back with (RFC 6749 clause 4.1.2, RFC 9207).
    fn code(&self, response: &Response<Vec<u8>>) -> Result<String, String> {
        let location = response.headers().get(LOCATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let query = location.parse::<Uri>().ok().filter(|_| location.starts_with(REDIRECT_URI));
        let query = query.as_ref().and_then(Uri::query).ok_or("sent somewhere else")?;
        let said = |name: &str| {
            let mut pairs = form_urlencoded::parse(query.as_bytes());
            pairs.find(|(own, _)| own == name).map(|(_, value)| value.into_owned())
        };
        if said("state").as_ref() != Some(&self.state) || said("iss").as_ref() != Some(&self.issuer) {
            return Err("the answer to something else".into());
        }
        said("code").ok_or_else(|| said("error").unwrap_or_else(|| "no code".into()))
    }

    /// The ID token is of the issuer, for this client and this login (TS 33.180 clause B.11.1).
    fn check(&self, keys: &str, id_token: &str) -> Result<(), String> {
        let keys = TokenKeys::from_jwks(keys).map_err(|e| format!("keys: {e}"))?;
        let said = keys.verify(id_token).map_err(|e| format!("ID token: {e:?}"))?;
        let is_ours = said["iss"] == self.issuer.as_str()
            && said["aud"] == CLIENT_ID
            && said["nonce"] == self.nonce.as_str()
            && said["sub"] == self.user.as_str();
        if is_ours { Ok(()) } else { Err("the ID token is of another login".into()) }
    }
}

impl Stage {
    const fn name(&self) -> &'static str {
        match self {
            Self::Form => "a login form",
            Self::Code => "a code",
            Self::Tokens => "tokens",
            Self::Keys { .. } => "keys",
        }
    }
}

/// A form that is sent.
pub(crate) fn post(path: &str, fields: &[(&str, String)]) -> http::Result<Request<Vec<u8>>> {
    Request::post(path).header(CONTENT_TYPE, FORM).body(encoded(fields).into_bytes())
}

fn encoded(fields: &[(&str, String)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}
