//! The token endpoint (RFC 6749 clauses 3.2, 4.1.3, 4.4, 6; RFC 7636 clause 4.6; TS 33.180 clause B.4.2.4).

use std::collections::BTreeSet;

use http::{Request, StatusCode};
use protocol::Instant;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::authorize::scopes;
use super::config::OPENID;
use super::form::{Params, TokenError, basic, json_answer};
use super::grants::{Refresh, key_of};
use super::jose::encode;
use super::verifier::Claims;
use super::{From, IdentityServer};
use crate::node::NodeStoreOp;

/// What tokens are made of.
struct Login {
    /// The key of its code.
    family: String,
    client: String,
    user: String,
    login_ms: u64,
}

/// What is kept before the answer leaves, and the answer.
type Granted = Result<(Vec<NodeStoreOp>, Value), Refused>;

/// Nothing is given; what has to be kept all the same.
struct Refused {
    ops: Vec<NodeStoreOp>,
    error: TokenError,
}

impl std::convert::From<TokenError> for Refused {
    fn from(error: TokenError) -> Self {
        Self { ops: Vec::new(), error }
    }
}

impl IdentityServer {
    pub(super) fn token(&mut self, now: Instant, from: From, request: &Request<Vec<u8>>) {
        let granted = match Params::of_body(request) {
            Ok(params) => self.grant(now, from, request, &params),
            Err(why) => Err(TokenError::new("invalid_request", why).into()),
        };
        match granted {
            Ok((ops, body)) => self.answer_when_stored(ops, from, json_answer(StatusCode::OK, &body)),
            Err(Refused { ops, error }) => {
                self.say(format!("token refused to {}: {}, {}", from.peer, error.error, error.why));
                self.answer_when_stored(ops, from, error.response());
            }
        }
    }

    fn grant(&mut self, now: Instant, from: From, request: &Request<Vec<u8>>, params: &Params) -> Granted {
        let client = self.client(now, from, request, params)?;
        match params.get("grant_type") {
            Some("authorization_code") => self.redeem(now, &client, params),
            Some("refresh_token") => self.refresh(now, &client, params),
            Some("client_credentials") => self.for_itself(now, &client, params),
            Some(_) => Err(TokenError::new(
                "unsupported_grant_type",
                "authorization_code, refresh_token or client_credentials",
            )
            .into()),
            None => Err(TokenError::new("invalid_request", "grant_type is missing").into()),
        }
    }

    /// Which client asks (RFC 6749 clause 2.3): one that has a secret shows it.
    fn client(
        &mut self,
        now: Instant,
        from: From,
        request: &Request<Vec<u8>>,
        params: &Params,
    ) -> Result<String, TokenError> {
        let invalid = |why| Err(TokenError::new("invalid_client", why));
        let (id, secret) = match basic(request.headers()) {
            Some(Err(why)) => return invalid(why),
            Some(Ok(_)) if params.get("client_secret").is_some() => {
                return Err(TokenError::new("invalid_request", "the client is authenticated twice"));
            }
            Some(Ok((id, secret))) => {
                let (id, secret) = (unescape(&id), unescape(&secret));
                if params.get("client_id").is_some_and(|said| said != id) {
                    return Err(TokenError::new("invalid_request", "client_id is another than in Authorization"));
                }
                (id, Some(secret))
            }
            None => match params.get("client_id") {
                Some(id) => (id.to_owned(), params.get("client_secret").map(str::to_owned)),
                None => return invalid("client_id is missing"),
            },
        };
        if secret.is_some() && self.must_wait(now, from, &id).is_some() {
            return Err(TokenError::new("slow_down", "too many wrong secrets: wait"));
        }
        let known = self.clients.get(&id);
        let is_right = match (known.and_then(|client| client.secret.as_ref()), &secret) {
            (Some(hash), Some(secret)) => hash.is_of(secret),
            (Some(_), None) => return invalid("a secret is missing"),
            (None, None) => known.is_some(),
            // The same time passes for a client that is not known, or has no secret.
            (None, Some(secret)) => {
                let _ = self.decoy.is_of(secret);
                false
            }
        };
        match (is_right, secret.is_some()) {
            (false, true) => {
                self.has_failed(now, from, &id);
                invalid("client or secret is wrong")
            }
            (false, false) => invalid("client_id is not known"),
            (true, with_secret) => {
                if with_secret {
                    self.has_succeeded(from, &id);
                }
                Ok(id)
            }
        }
    }

    /// A code becomes tokens: once, for the client that it was given to, with the verifier of its challenge.
    fn redeem(&mut self, now: Instant, client: &str, params: &Params) -> Granted {
        let missing = TokenError::new("invalid_request", "code, redirect_uri and code_verifier are needed");
        let parts = [params.get("code"), params.get("redirect_uri"), params.get("code_verifier")];
        let [Some(code), Some(redirect_uri), Some(verifier)] = parts else { return Err(missing.into()) };
        let now_ms = self.utc_ms(now);
        let family = key_of(code);
        let invalid = |why| TokenError::new("invalid_grant", why);
        let Some(mut record) = self.grants.codes.get(&family).filter(|code| code.expires_ms > now_ms).cloned() else {
            return Err(invalid("the code is not known or has expired").into());
        };
        if record.is_used {
            // Somebody else has it, or had it (RFC 6749 clause 4.1.2).
            let ops = self.grants.revoke(&record.user, &family);
            return Err(Refused {
                ops,
                error: invalid("the code was used before: what was given for it is taken back"),
            });
        }
        record.is_used = true;
        let used = self.grants.put_code(family.clone(), record.clone());
        let trouble = if record.client != client {
            Some("the code is of another client")
        } else if record.redirect_uri != redirect_uri {
            Some("redirect_uri is another than that of the authorization")
        } else if !is_verifier(verifier) || encode(Sha256::digest(verifier)) != record.challenge {
            Some("code_verifier is not that of code_challenge")
        } else {
            None
        };
        if let Some(why) = trouble {
            return Err(Refused { ops: vec![used], error: invalid(why) });
        }
        let mut ops = vec![used];
        ops.extend(self.grants.make_room(&record.user, self.config.limits.logins));
        let login = Login { family, client: record.client, user: record.user, login_ms: record.login_ms };
        let (refresh, put) = self.new_refresh(now_ms, &login, &record.scopes)?;
        ops.push(put);
        let mut body = self.tokens(now_ms, &login, &record.scopes)?;
        body.insert("refresh_token".into(), json!(refresh));
        body.insert("id_token".into(), json!(self.id_token(now_ms, &login, &record.scopes, record.nonce.as_deref())));
        Ok((ops, Value::Object(body)))
    }

    /// A refresh token becomes tokens and another of its kind; one that comes again ends its login (RFC 9700 clause 4.14.2).
    fn refresh(&mut self, now: Instant, client: &str, params: &Params) -> Granted {
        let Some(token) = params.get("refresh_token") else {
            return Err(TokenError::new("invalid_request", "refresh_token is missing").into());
        };
        let now_ms = self.utc_ms(now);
        let invalid = |why| TokenError::new("invalid_grant", why);
        let key = key_of(token);
        let Some(mut record) = self.grants.refreshes.get(&key).filter(|token| token.expires_ms > now_ms).cloned()
        else {
            return Err(invalid("the refresh token is not known or has expired").into());
        };
        if record.is_used || record.client != client {
            let ops = self.grants.revoke(&record.user, &record.family);
            let why = if record.is_used { "the refresh token was used before" } else { "it is of another client" };
            return Err(Refused { ops, error: invalid(why) });
        }
        let scopes = match params.get("scope") {
            None => record.scopes.clone(),
            Some(asked) => {
                let asked: BTreeSet<String> = asked.split(' ').filter(|s| !s.is_empty()).map(str::to_owned).collect();
                if !asked.is_subset(&record.scopes) {
                    return Err(TokenError::new("invalid_scope", "more than the user has granted").into());
                }
                asked
            }
        };
        record.is_used = true;
        let Refresh { family, client, user, login_ms, scopes: all, .. } = record.clone();
        let login = Login { family, client, user, login_ms };
        let mut ops = vec![self.grants.put_refresh(key, record)];
        let (refresh, put) = self.new_refresh(now_ms, &login, &all)?;
        ops.push(put);
        let mut body = self.tokens(now_ms, &login, &scopes)?;
        body.insert("refresh_token".into(), json!(refresh));
        if scopes.contains(OPENID) {
            body.insert("id_token".into(), json!(self.id_token(now_ms, &login, &scopes, None)));
        }
        Ok((ops, Value::Object(body)))
    }

    /// A client acts for itself (RFC 6749 clause 4.4).
    fn for_itself(&mut self, now: Instant, id: &str, params: &Params) -> Granted {
        let client = self.clients.get(id).filter(|client| client.acts_for_itself && client.secret.is_some());
        let Some(client) = client else {
            return Err(TokenError::new("unauthorized_client", "the client does not act for itself").into());
        };
        let wanted = params.get("scope");
        let scopes = match wanted {
            Some(asked) => scopes(client, asked).map_err(|why| TokenError::new("invalid_scope", why))?,
            None => client.scopes.clone(),
        };
        // Who is nobody's has no ID token.
        if scopes.contains(OPENID) {
            return Err(TokenError::new("invalid_scope", "openid is for users").into());
        }
        let claims = self.claims(self.utc_ms(now), id, id, scopes);
        Ok((Vec::new(), Value::Object(self.access(&claims))))
    }

    /// The access token of a user.
    fn tokens(
        &mut self,
        now_ms: u64,
        login: &Login,
        scopes: &BTreeSet<String>,
    ) -> Result<Map<String, Value>, TokenError> {
        let gone = TokenError::new("invalid_grant", "the user is not known any more");
        let user = self.users.get(&login.user).ok_or(gone)?.clone();
        let allowed = self.clients.get(&login.client).map(|client| client.scopes.clone()).unwrap_or_default();
        // What was taken away meanwhile from user or client is not given again.
        let is_allowed = |scope: &&String| user.has(scope) && (*scope == OPENID || allowed.contains(*scope));
        let scopes = scopes.iter().filter(is_allowed).cloned().collect();
        let mut claims = self.claims(now_ms, &user.mc_id, &login.client, scopes);
        let has = |service: &str| claims.scopes.iter().any(|scope| scope.starts_with(service));
        let ids = (has("3gpp:mc:ptt_"), has("3gpp:mc:video_"), has("3gpp:mc:data_"));
        claims.mcptt_id = user.mcptt_id.filter(|_| ids.0);
        claims.mcvideo_id = user.mcvideo_id.filter(|_| ids.1);
        claims.mcdata_id = user.mcdata_id.filter(|_| ids.2);
        Ok(self.access(&claims))
    }

    fn claims(&mut self, now_ms: u64, subject: &str, client: &str, scopes: BTreeSet<String>) -> Claims {
        let issued = now_ms / 1000;
        Claims {
            subject: subject.to_owned(),
            client_id: client.to_owned(),
            scopes,
            issued,
            expires: issued + self.config.lifetimes.token.as_secs(),
            id: self.entropy.token(20),
            mcptt_id: None,
            mcvideo_id: None,
            mcdata_id: None,
        }
    }

    fn access(&self, claims: &Claims) -> Map<String, Value> {
        let token = claims.sign(&self.config.issuer, &self.config.audience, &self.config.signer);
        let body = [
            ("access_token", json!(token)),
            ("token_type", json!("Bearer")),
            ("expires_in", json!(self.config.lifetimes.token.as_secs())),
            ("scope", json!(claims.scope())),
        ];
        body.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }

    /// OpenID Connect Core clause 2, TS 33.180 clause B.2.1.
    fn id_token(&self, now_ms: u64, login: &Login, scopes: &BTreeSet<String>, nonce: Option<&str>) -> String {
        let issued = now_ms / 1000;
        let mut claims = json!({
            "iss": self.config.issuer,
            "sub": login.user,
            "aud": login.client,
            "exp": issued + self.config.lifetimes.token.as_secs(),
            "iat": issued,
            "auth_time": login.login_ms / 1000,
            "acr": "3gpp:acr:password",
        });
        let user = self.users.get(&login.user);
        let has = |service: &str| scopes.iter().any(|scope| scope.starts_with(service));
        for (name, service, id) in [
            ("mcptt_id", "3gpp:mc:ptt_", user.and_then(|user| user.mcptt_id.as_ref())),
            ("mcvideo_id", "3gpp:mc:video_", user.and_then(|user| user.mcvideo_id.as_ref())),
            ("mcdata_id", "3gpp:mc:data_", user.and_then(|user| user.mcdata_id.as_ref())),
        ] {
            if let Some(id) = id.filter(|_| has(service)) {
                claims[name] = json!(id);
            }
        }
        if let Some(nonce) = nonce {
            claims["nonce"] = json!(nonce);
        }
        self.config.signer.sign("JWT", &claims)
    }

    fn new_refresh(
        &mut self,
        now_ms: u64,
        login: &Login,
        scopes: &BTreeSet<String>,
    ) -> Result<(String, NodeStoreOp), TokenError> {
        if self.grants.refreshes.len() >= self.config.limits.refresh_tokens {
            self.say("too many refresh tokens are kept");
            return Err(TokenError::new("temporarily_unavailable", "too many logins"));
        }
        let token = self.secret();
        let record = Refresh {
            family: login.family.clone(),
            client: login.client.clone(),
            user: login.user.clone(),
            scopes: scopes.clone(),
            login_ms: login.login_ms,
            expires_ms: now_ms + self.config.lifetimes.refresh.as_millis() as u64,
            is_used: false,
        };
        let put = self.grants.put_refresh(key_of(&token), record);
        Ok((token, put))
    }
}

/// RFC 7636 clause 4.1.
fn is_verifier(text: &str) -> bool {
    let is_unreserved = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~');
    (43..=128).contains(&text.len()) && text.bytes().all(is_unreserved)
}

/// Names and secrets are form encoded before they are base64 (RFC 6749 clause 2.3.1).
fn unescape(text: &str) -> String {
    let pair = format!("={text}");
    let value = form_urlencoded::parse(pair.as_bytes()).next().map(|(_, value)| value.into_owned());
    value.unwrap_or_default()
}
