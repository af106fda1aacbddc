//! Authorization of REGISTER (TS 24.229 clauses 5.1.1.2.2, 5.1.1.5.1, 5.1.1.5.3; RFC 3310).

use protocol::sip::{Challenge, Credentials, DigestClient, Method, Params, SipProblem, base64_encode};

/// Who registers, and where.
#[derive(Clone, Copy, Debug)]
pub(super) struct Registrant<'a> {
    pub(super) impi: &'a str,
    pub(super) domain: &'a str,
    /// The digest URI: the Request-URI of REGISTER.
    pub(super) uri: &'a str,
}

impl Registrant<'_> {
    /// Before there is a challenge: who it is, an empty nonce and an empty response.
    pub(super) fn introduction(&self) -> Credentials {
        self.without_response(self.domain, "")
    }

    /// The challenge is not of our network: an empty response, no AUTS (clause 5.1.1.5.3).
    pub(super) fn refusal(&self, challenge: &Challenge) -> Credentials {
        let (realm, nonce) = (challenge.realm().unwrap_or_default(), challenge.nonce().unwrap_or_default());
        let mut credentials = self.without_response(&realm, &nonce);
        credentials.params.set("algorithm", challenge.algorithm().as_str());
        credentials
    }

    /// The answer to a challenge; the password is RES with AKA, and empty with AUTS (RFC 3310 clauses 3.3, 3.4).
    pub(super) fn answer(
        &self,
        challenge: &Challenge,
        (password, auts): (&[u8], Option<&[u8]>),
        (nonce_count, cnonce): (u32, &str),
    ) -> Result<Credentials, SipProblem> {
        let (username, method, uri) = (self.impi, &Method::REGISTER, self.uri);
        let client = DigestClient { username, password, method, uri, nonce_count, cnonce, body: &[] };
        let mut credentials = challenge.answer(&client)?;
        if let Some(auts) = auts {
            credentials.params.set_quoted("auts", &base64_encode(auts));
        }
        Ok(credentials)
    }

    fn without_response(&self, realm: &str, nonce: &str) -> Credentials {
        let mut params = Params::new();
        let values = [("username", self.impi), ("realm", realm), ("nonce", nonce), ("uri", self.uri), ("response", "")];
        values.iter().for_each(|(name, value)| params.set_quoted(name, value));
        Credentials { scheme: "Digest".to_owned(), params }
    }
}
