//! The authorization endpoint (RFC 6749 clause 3.1, OpenID Connect Core clause 3.1.2, TS 33.180 clause B.4.2.2).

use std::collections::BTreeSet;

use http::header::{CONTENT_SECURITY_POLICY, HeaderName, HeaderValue, LOCATION, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{Method, Request, Response, StatusCode};
use maud::{DOCTYPE, Markup, html};
use protocol::Instant;

use super::config::{IdmsClient, OPENID};
use super::form::{Params, answer, basic, text_answer};
use super::grants::{Code, key_of};
use super::{From, IdentityServer};

/// What is asked for, once it is known to be good.
#[derive(Debug)]
struct Asked {
    client: String,
    redirect_uri: String,
    state: String,
    scopes: BTreeSet<String>,
    challenge: String,
    nonce: Option<String>,
}

/// Why a user is not sent on with a code.
enum NoCode {
    /// It is not known where he may be sent: he is told himself, so that nobody is sent where a stranger wants.
    Told(&'static str),
    /// The client is told, where it is registered.
    Sent { redirect_uri: String, state: Option<String>, error: &'static str, why: &'static str },
}

impl IdentityServer {
    pub(super) fn authorize(&mut self, now: Instant, from: From, request: &Request<Vec<u8>>) {
        let is_post = request.method() == Method::POST;
        let params = match is_post {
            true => Params::of_body(request),
            false => Params::parse(request.uri().query().unwrap_or_default().as_bytes()),
        };
        let asked = params.map_err(NoCode::Told).and_then(|params| {
            let asked = self.asked(&params)?;
            Ok((params, asked))
        });
        let (params, asked) = match asked {
            Ok(asked) => asked,
            Err(NoCode::Told(why)) => {
                self.say(format!("authorization refused to {}: {why}", from.peer));
                return self.answer(from, text_answer(StatusCode::BAD_REQUEST, why));
            }
            Err(NoCode::Sent { redirect_uri, state, error, why }) => {
                self.say(format!("authorization refused to {}: {error}, {why}", from.peer));
                let said = [("error", error), ("error_description", why)];
                let location = self.location(&redirect_uri, state.as_deref(), &said);
                return self.answer(from, redirect(is_post, &location));
            }
        };
        let typed = params
            .get("username")
            .filter(|_| is_post)
            .map(|name| Ok((name.to_owned(), params.get("password").unwrap_or_default().to_owned())));
        match typed.or_else(|| basic(request.headers())) {
            Some(Ok((user, password))) => self.login(now, from, &params, asked, (&user, &password), is_post),
            Some(Err(why)) => self.answer(from, text_answer(StatusCode::BAD_REQUEST, why)),
            None if params.get("prompt") == Some("none") => {
                let location = self.location(&asked.redirect_uri, Some(&asked.state), &[("error", "login_required")]);
                self.answer(from, redirect(is_post, &location));
            }
            None => self.answer(from, page(StatusCode::OK, &form(&params, None))),
        }
    }

    fn asked(&self, params: &Params) -> Result<Asked, NoCode> {
        let client = params
            .get("client_id")
            .and_then(|id| self.clients.get(id))
            .ok_or(NoCode::Told("client_id is not known"))?;
        let uri = params.get("redirect_uri").ok_or(NoCode::Told("redirect_uri is missing"))?;
        if !client.redirect_uris.iter().any(|known| known == uri) {
            return Err(NoCode::Told("redirect_uri is not registered"));
        }
        let state = params.get("state");
        let wrong = |error, why| NoCode::Sent {
            redirect_uri: uri.to_owned(),
            state: state.filter(|state| state.len() <= MAX_STATE).map(str::to_owned),
            error,
            why,
        };
        let refuse = |error, why| Err(wrong(error, why));
        if params.get("request").is_some() {
            return refuse("request_not_supported", "say it in parameters");
        }
        if params.get("request_uri").is_some() {
            return refuse("request_uri_not_supported", "say it in parameters");
        }
        if params.get("response_type") != Some("code") {
            return refuse("unsupported_response_type", "response_type is code");
        }
        if params.get("response_mode").is_some_and(|mode| mode != "query") {
            return refuse("invalid_request", "response_mode is query");
        }
        let Some(state) = state.filter(|state| state.len() <= MAX_STATE) else {
            return refuse("invalid_request", "state is missing or too long");
        };
        if params.get("code_challenge_method") != Some("S256") {
            return refuse("invalid_request", "code_challenge_method is S256");
        }
        let Some(challenge) = params.get("code_challenge").filter(|challenge| is_challenge(challenge)) else {
            return refuse("invalid_request", "code_challenge is the base64url of a SHA-256");
        };
        if params.get("nonce").is_some_and(|nonce| nonce.len() > MAX_STATE) {
            return refuse("invalid_request", "nonce is too long");
        }
        let scopes =
            scopes(client, params.get("scope").unwrap_or_default()).map_err(|why| wrong("invalid_scope", why))?;
        if !scopes.contains(OPENID) {
            return refuse("invalid_scope", "openid is missing");
        }
        Ok(Asked {
            client: client.id.clone(),
            redirect_uri: uri.to_owned(),
            state: state.to_owned(),
            scopes,
            challenge: challenge.to_owned(),
            nonce: params.get("nonce").map(str::to_owned),
        })
    }

    fn login(
        &mut self,
        now: Instant,
        from: From,
        params: &Params,
        asked: Asked,
        (name, password): (&str, &str),
        is_post: bool,
    ) {
        if let Some(wait) = self.must_wait(now, from, name) {
            self.say(format!("login of {name:.64?} from {} refused: too many wrong passwords", from.peer.ip()));
            let mut response = text_answer(StatusCode::TOO_MANY_REQUESTS, "too many wrong passwords: wait");
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(wait));
            return self.answer(from, response);
        }
        let user = self.users.get(name);
        // The same time passes for a name that is not known.
        let is_right = user.map_or(&self.decoy, |user| &user.password).is_of(password) && user.is_some();
        let Some(user) = user.filter(|_| is_right) else {
            self.has_failed(now, from, name);
            self.say(format!("wrong name or password: {name:.64?} from {}", from.peer.ip()));
            let mut response = page(StatusCode::UNAUTHORIZED, &form(params, Some("Wrong name or password.")));
            if !is_post {
                let challenge = HeaderValue::from_static("Basic realm=\"MC users\", charset=\"UTF-8\"");
                response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
            }
            return self.answer(from, response);
        };
        let scopes = asked.scopes.into_iter().filter(|scope| user.has(scope)).collect();
        let user = user.mc_id.clone();
        self.has_succeeded(from, name);
        if self.grants.codes.len() >= self.config.limits.codes {
            self.say("too many codes wait for their clients");
            let location =
                self.location(&asked.redirect_uri, Some(&asked.state), &[("error", "temporarily_unavailable")]);
            return self.answer(from, redirect(is_post, &location));
        }
        let now_ms = self.utc_ms(now);
        let code = self.secret();
        let record = Code {
            client: asked.client,
            user,
            scopes,
            challenge: asked.challenge,
            nonce: asked.nonce,
            login_ms: now_ms,
            expires_ms: now_ms + self.config.lifetimes.code.as_millis() as u64,
            is_used: false,
            redirect_uri: asked.redirect_uri.clone(),
        };
        self.say(format!("{} has logged in for {} from {}", record.user, record.client, from.peer.ip()));
        let ops = vec![self.grants.put_code(key_of(&code), record)];
        let location = self.location(&asked.redirect_uri, Some(&asked.state), &[("code", &code)]);
        self.answer_when_stored(ops, from, redirect(is_post, &location));
    }

    /// A redirect URI with the answer in it, and who gives it (RFC 9207).
    fn location(&self, redirect_uri: &str, state: Option<&str>, said: &[(&str, &str)]) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(said);
        query.extend_pairs(state.map(|state| ("state", state)));
        query.append_pair("iss", &self.config.issuer);
        let mark = if redirect_uri.contains('?') { '&' } else { '?' };
        format!("{redirect_uri}{mark}{}", query.finish())
    }
}

/// Scopes that a client asks for: those that it may.
pub(super) fn scopes(client: &IdmsClient, asked: &str) -> Result<BTreeSet<String>, &'static str> {
    let asked: BTreeSet<String> = asked.split(' ').filter(|scope| !scope.is_empty()).map(str::to_owned).collect();
    match asked.iter().all(|scope| scope == OPENID || client.scopes.contains(scope)) {
        true => Ok(asked),
        false => Err("a scope that is not known, or not for this client"),
    }
}

fn is_challenge(text: &str) -> bool {
    text.len() == CHALLENGE && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
}

/// After a form the browser is to ask anew (RFC 9700 clause 4.12).
fn redirect(is_post: bool, location: &str) -> Response<Vec<u8>> {
    let status = if is_post { StatusCode::SEE_OTHER } else { StatusCode::FOUND };
    let mut response = text_answer(status, "");
    response.body_mut().clear();
    match HeaderValue::try_from(location) {
        Ok(location) => drop(response.headers_mut().insert(LOCATION, location)),
        Err(_) => *response.status_mut() = StatusCode::BAD_REQUEST,
    }
    response
}

fn page(status: StatusCode, markup: &Markup) -> Response<Vec<u8>> {
    let mut response = answer(status, "text/html; charset=utf-8", markup.0.clone());
    let policy = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'; base-uri 'none'");
    response.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
    response.headers_mut().insert(HeaderName::from_static("x-frame-options"), HeaderValue::from_static("DENY"));
    response
}

/// Name and password, and all that was asked for once more.
fn form(params: &Params, trouble: Option<&str>) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head { meta charset="utf-8"; title { "Mission critical login" } }
            body {
                h1 { "Mission critical login" }
                @if let Some(trouble) = trouble { p role="alert" { (trouble) } }
                form method="post" action="/authorize" {
                    @for (name, value) in params.iter().filter(|(name, _)| !["username", "password"].contains(name)) {
                        input type="hidden" name=(name) value=(value);
                    }
                    p { label { "MC ID " input name="username" autocomplete="username" required; } }
                    p { label { "Password " input name="password" type="password" autocomplete="current-password" required; } }
                    p { button type="submit" { "Log in" } }
                }
            }
        }
    }
}

/// Characters of the base64url of a SHA-256.
const CHALLENGE: usize = 43;
const MAX_STATE: usize = 1024;
