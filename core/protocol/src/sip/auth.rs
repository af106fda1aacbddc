//! Digest authentication: RFC 7616 (and 2617, 2069), in SIP RFC 3261 clause 22 and RFC 8760, with AKA RFC 3310.

use std::fmt;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use md5::Md5;
use sha2::{Digest, Sha256};

use super::headers::{Challenge, Credentials, Params};
use super::{Method, SipProblem};

/// How a digest is made.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Algorithm {
    /// MD5.
    Md5,
    /// MD5-sess.
    Md5Sess,
    /// SHA-256.
    Sha256,
    /// SHA-256-sess.
    Sha256Sess,
    /// AKAv1-MD5 (RFC 3310): MD5 with RES as password.
    AkaV1Md5,
    /// One that this program does not compute.
    Other(String),
}

impl Algorithm {
    /// The algorithm of a parameter, MD5 when there is none.
    pub fn of(name: Option<&str>) -> Self {
        let Some(name) = name else { return Self::Md5 };
        let known = [Self::Md5, Self::Md5Sess, Self::Sha256, Self::Sha256Sess, Self::AkaV1Md5];
        let found = known.into_iter().find(|known| known.as_str().eq_ignore_ascii_case(name));
        found.unwrap_or_else(|| Self::Other(name.to_owned()))
    }

    /// Its name.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Md5 => "MD5",
            Self::Md5Sess => "MD5-sess",
            Self::Sha256 => "SHA-256",
            Self::Sha256Sess => "SHA-256-sess",
            Self::AkaV1Md5 => "AKAv1-MD5",
            Self::Other(name) => name,
        }
    }

    const fn is_session(&self) -> bool {
        matches!(self, Self::Md5Sess | Self::Sha256Sess)
    }

    /// The hash of `parts` joined by colons, in hexadecimal.
    fn hash(&self, parts: &[&[u8]]) -> String {
        match self {
            Self::Sha256 | Self::Sha256Sess => hex_hash::<Sha256>(parts),
            _ => hex_hash::<Md5>(parts),
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What the digest protects.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Qop {
    /// Method and URI.
    Auth,
    /// The body too.
    AuthInt,
    /// Something else.
    Other(String),
}

impl Qop {
    /// The one of that name.
    pub fn parse(name: &str) -> Self {
        match name {
            _ if name.eq_ignore_ascii_case("auth") => Self::Auth,
            _ if name.eq_ignore_ascii_case("auth-int") => Self::AuthInt,
            _ => Self::Other(name.to_owned()),
        }
    }

    /// Its name.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Auth => "auth",
            Self::AuthInt => "auth-int",
            Self::Other(name) => name,
        }
    }
}

/// All that a digest is made of. Texts are without quotes.
#[derive(Clone)]
pub struct DigestInput<'a> {
    /// The algorithm.
    pub algorithm: Algorithm,
    /// The user name.
    pub username: &'a str,
    /// The realm.
    pub realm: &'a str,
    /// The password; with AKA the octets of RES, or none with AUTS (RFC 3310 clauses 3.3, 3.4).
    pub password: &'a [u8],
    /// The nonce.
    pub nonce: &'a str,
    /// The digest URI as the client wrote it.
    pub uri: &'a str,
    /// The method of the request.
    pub method: &'a str,
    /// `None` for the form of RFC 2069.
    pub qop: Option<Qop>,
    /// The nonce count, eight hexadecimal digits.
    pub nc: &'a str,
    /// The client's nonce.
    pub cnonce: &'a str,
    /// The body, for auth-int.
    pub body: &'a [u8],
}

impl fmt::Debug for DigestInput<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DigestInput({} {} …)", self.algorithm, self.username)
    }
}

/// H(username:realm:password) in hexadecimal: what a server stores instead of the password.
pub fn digest_ha1(algorithm: &Algorithm, username: &str, realm: &str, password: &[u8]) -> String {
    algorithm.hash(&[username.as_bytes(), realm.as_bytes(), password])
}

/// The response of a client, in hexadecimal.
pub fn digest_response(input: &DigestInput<'_>) -> String {
    digest_response_of_ha1(&digest_ha1(&input.algorithm, input.username, input.realm, input.password), input)
}

/// The same for one who knows H(username:realm:password) only; the password of `input` is not looked at.
pub fn digest_response_of_ha1(ha1: &str, input: &DigestInput<'_>) -> String {
    with_a2(ha1, input, input.method)
}

/// The digest by which a server shows that it knows the secret too (RFC 7616 clause 3.5).
pub fn digest_rspauth_of_ha1(ha1: &str, input: &DigestInput<'_>) -> String {
    with_a2(ha1, input, "")
}

fn with_a2(ha1: &str, input: &DigestInput<'_>, method: &str) -> String {
    let algorithm = &input.algorithm;
    let session = algorithm
        .is_session()
        .then(|| algorithm.hash(&[ha1.as_bytes(), input.nonce.as_bytes(), input.cnonce.as_bytes()]));
    let ha1 = session.as_deref().unwrap_or(ha1);
    let ha2 = match input.qop {
        Some(Qop::AuthInt) => {
            let body = algorithm.hash(&[input.body]);
            algorithm.hash(&[method.as_bytes(), input.uri.as_bytes(), body.as_bytes()])
        }
        _ => algorithm.hash(&[method.as_bytes(), input.uri.as_bytes()]),
    };
    match &input.qop {
        None => algorithm.hash(&[ha1.as_bytes(), input.nonce.as_bytes(), ha2.as_bytes()]),
        Some(qop) => {
            let parts = [ha1, input.nonce, input.nc, input.cnonce, qop.as_str(), &ha2];
            algorithm.hash(&parts.map(str::as_bytes))
        }
    }
}

fn hex_hash<D: Digest>(parts: &[&[u8]]) -> String {
    let mut hash = D::new();
    for (at, part) in parts.iter().enumerate() {
        if at > 0 {
            hash.update(b":");
        }
        hash.update(part);
    }
    hash.finalize().iter().map(|octet| format!("{octet:02x}")).collect()
}

/// What a client knows when it answers a challenge.
#[derive(Clone, Copy)]
pub struct DigestClient<'a> {
    /// The user name, in the IMS the private identity.
    pub username: &'a str,
    /// The password, or RES, or nothing with AUTS.
    pub password: &'a [u8],
    /// The method of the request that will carry the answer.
    pub method: &'a Method,
    /// The digest URI, usually the Request-URI.
    pub uri: &'a str,
    /// How many requests have used this nonce, this one counted.
    pub nonce_count: u32,
    /// The client's nonce.
    pub cnonce: &'a str,
    /// The body, for auth-int.
    pub body: &'a [u8],
}

impl Challenge {
    /// The credentials that answer it: qop `auth` when it is offered, else `auth-int`.
    pub fn answer(&self, client: &DigestClient<'_>) -> Result<Credentials, SipProblem> {
        let bad = |why: &'static str| SipProblem::bad("challenge", why);
        let algorithm = self.algorithm();
        if !self.is_digest() || matches!(algorithm, Algorithm::Other(_)) {
            return Err(bad("asks for a scheme or an algorithm that is not known"));
        }
        let (Some(realm), Some(nonce)) = (self.realm(), self.nonce()) else { return Err(bad("has no realm or nonce")) };
        let offered = self.qops();
        let qop = [Qop::Auth, Qop::AuthInt].into_iter().find(|qop| offered.contains(qop));
        if qop.is_none() && !offered.is_empty() {
            return Err(bad("offers no qop that is known"));
        }
        let needs_cnonce = qop.is_some() || algorithm.is_session();
        let nc = format!("{:08x}", client.nonce_count);
        let response = digest_response(&DigestInput {
            algorithm,
            username: client.username,
            realm: &realm,
            password: client.password,
            nonce: &nonce,
            uri: client.uri,
            method: client.method.as_str(),
            qop: qop.clone(),
            nc: &nc,
            cnonce: client.cnonce,
            body: client.body,
        });
        let mut params = Params::new();
        params.set_quoted("username", client.username);
        for name in ["realm", "nonce"] {
            params.set(name, self.params.get(name).unwrap_or_default());
        }
        params.set_quoted("uri", client.uri);
        params.set_quoted("response", &response);
        for name in ["algorithm", "opaque"] {
            self.params.get(name).into_iter().for_each(|value| params.set(name, value));
        }
        if let Some(qop) = qop {
            params.set("qop", qop.as_str());
            params.set("nc", &nc);
        }
        if needs_cnonce {
            params.set_quoted("cnonce", client.cnonce);
        }
        Ok(Credentials { scheme: "Digest".to_owned(), params })
    }
}

impl Credentials {
    /// True when the response fits `password` (RES with AKA); an error when a directive is missing or not known.
    pub fn verify(&self, password: &[u8], method: &Method, body: &[u8]) -> Result<bool, SipProblem> {
        self.verify_with(|input| digest_response(&DigestInput { password, ..input.clone() }), method, body)
    }

    /// The same for one who knows H(username:realm:password) only.
    pub fn verify_ha1(&self, ha1: &str, method: &Method, body: &[u8]) -> Result<bool, SipProblem> {
        self.verify_with(|input| digest_response_of_ha1(ha1, input), method, body)
    }

    /// The `rspauth` of Authentication-Info for the request with these credentials, for one who knows the password.
    pub fn rspauth(&self, password: &[u8], body: &[u8]) -> Result<String, SipProblem> {
        let ha1 = |i: &DigestInput<'_>| digest_ha1(&i.algorithm, i.username, i.realm, password);
        self.with_input("", body, |input| digest_rspauth_of_ha1(&ha1(input), input))
    }

    /// The same for one who knows H(username:realm:password) only; `body` is that of the response.
    pub fn rspauth_of_ha1(&self, ha1: &str, body: &[u8]) -> Result<String, SipProblem> {
        self.with_input("", body, |input| digest_rspauth_of_ha1(ha1, input))
    }

    fn verify_with(
        &self,
        digest: impl Fn(&DigestInput<'_>) -> String,
        method: &Method,
        body: &[u8],
    ) -> Result<bool, SipProblem> {
        let expected = self.with_input(method.as_str(), body, digest)?;
        let response = self.response().unwrap_or_default();
        // In the same time wherever they differ.
        let differ = expected.bytes().zip(response.bytes()).fold(0, |all, (a, b)| all | (a ^ b.to_ascii_lowercase()));
        Ok(expected.len() == response.len() && differ == 0)
    }

    /// Gives `digest` what these credentials say.
    fn with_input(
        &self,
        method: &str,
        body: &[u8],
        digest: impl Fn(&DigestInput<'_>) -> String,
    ) -> Result<String, SipProblem> {
        let bad = |why: &'static str| SipProblem::bad("Authorization", why);
        let text = |name| self.params.text(name);
        let (algorithm, qop) = (self.algorithm(), self.qop());
        if !self.is_digest() || matches!(algorithm, Algorithm::Other(_)) || matches!(qop, Some(Qop::Other(_))) {
            return Err(bad("the scheme, algorithm or qop is not known"));
        }
        let (Some(username), Some(realm), Some(nonce), Some(uri)) =
            (text("username"), text("realm"), text("nonce"), text("uri"))
        else {
            return Err(bad("username, realm, nonce or uri is missing"));
        };
        if qop.is_some() && (self.nonce_count().is_none() || text("cnonce").is_none()) {
            return Err(bad("qop needs nc and cnonce"));
        }
        let (nc, cnonce) = (text("nc").unwrap_or_default(), text("cnonce").unwrap_or_default());
        Ok(digest(&DigestInput {
            algorithm,
            username: &username,
            realm: &realm,
            password: &[],
            nonce: &nonce,
            uri: &uri,
            method,
            qop,
            nc: &nc,
            cnonce: &cnonce,
            body,
        }))
    }
}

/// The nonce of an AKA challenge: RAND, AUTN and octets of the server's own, in base64 (RFC 3310 clause 3.2).
pub fn aka_nonce(rand: &[u8; 16], autn: &[u8; 16], server_data: &[u8]) -> String {
    base64_encode(&[rand, autn, server_data].concat())
}

/// RAND and AUTN of the nonce of an AKA challenge.
pub fn split_aka_nonce(nonce: &str) -> Option<([u8; 16], [u8; 16])> {
    let octets = base64_decode(nonce)?;
    let (rand, rest) = octets.split_first_chunk()?;
    Some((*rand, *rest.first_chunk()?))
}

/// `octets` in base64 (RFC 4648 clause 4).
pub fn base64_encode(octets: &[u8]) -> String {
    BASE64.encode(octets)
}

/// The octets of `text`, with padding or without.
pub fn base64_decode(text: &str) -> Option<Vec<u8>> {
    BASE64.decode(text).ok()
}

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

#[cfg(test)]
#[path = "auth_tests.rs"]
mod tests;
