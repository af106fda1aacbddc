//! Signed tokens: JWS in compact form with ES256 (RFC 7515, RFC 7518 clause 3.4) and the keys as JWKs (RFC 7517).
//!
//! ES256 and nothing else: the header of a token may not choose (RFC 8725 clause 3.1). Signatures are those of RFC 6979: the
//! same key and octets give the same signature.

use std::collections::BTreeMap;
use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use p256::ecdsa::signature::{Signer as _, Verifier as _};
use p256::ecdsa::{Signature, SigningKey, VerifyingKey};
use p256::pkcs8::{DecodePrivateKey, EncodePrivateKey, LineEnding};
use protocol::Entropy;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// Octets of a token that is looked at.
const MAX_TOKEN: usize = 8 * 1024;

/// What is wrong with a token as such.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum JwsError {
    /// It is no JWS in compact form.
    #[error("no signed token")]
    Malformed,
    /// Another algorithm than ES256, or none.
    #[error("signed with {0:?}, not ES256")]
    Algorithm(String),
    /// Its key is not known.
    #[error("signed with a key that is not known")]
    UnknownKey,
    /// The signature is not that of the key.
    #[error("the signature is wrong")]
    Signature,
}

/// A private key of an issuer.
#[derive(Clone)]
pub struct TokenSigner {
    key: SigningKey,
    id: String,
}

impl fmt::Debug for TokenSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenSigner").field("id", &self.id).finish_non_exhaustive()
    }
}

impl TokenSigner {
    /// A new key.
    #[must_use]
    pub fn generate(entropy: &mut Entropy) -> Self {
        loop {
            let mut octets = [0; 32];
            entropy.fill(&mut octets);
            // All but one of 2^32 draws are below the order of the curve.
            if let Ok(key) = SigningKey::from_slice(&octets) {
                return Self::of(key);
            }
        }
    }

    /// The key of a PEM text (PKCS #8).
    ///
    /// # Errors
    /// When it is no private key of the curve P-256.
    pub fn from_pem(pem: &str) -> Result<Self, String> {
        let key = SigningKey::from_pkcs8_pem(pem);
        key.map(Self::of).map_err(|e| format!("no PKCS #8 private key of the curve P-256: {e}"))
    }

    /// The key as PEM text (PKCS #8): a secret.
    ///
    /// # Errors
    /// When it cannot be written so.
    pub fn to_pem(&self) -> Result<String, String> {
        self.key.to_pkcs8_pem(LineEnding::LF).map(|pem| pem.to_string()).map_err(|e| e.to_string())
    }

    fn of(key: SigningKey) -> Self {
        let id = thumbprint(key.verifying_key());
        Self { key, id }
    }

    /// Signs claims; `kind` is the `typ` of the header.
    #[must_use]
    pub fn sign(&self, kind: &str, claims: &Value) -> String {
        let header = json!({ "alg": ALGORITHM, "kid": self.id, "typ": kind });
        let signed = format!("{}.{}", encode(header.to_string()), encode(claims.to_string()));
        let signature: Signature = self.key.sign(signed.as_bytes());
        format!("{signed}.{}", encode(signature.to_bytes()))
    }

    /// The public key.
    #[must_use]
    pub fn public(&self) -> TokenKeys {
        TokenKeys { keys: [(self.id.clone(), *self.key.verifying_key())].into() }
    }
}

/// Public keys of an issuer, by their names.
#[derive(Clone, Default)]
pub struct TokenKeys {
    keys: BTreeMap<String, VerifyingKey>,
}

impl fmt::Debug for TokenKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.keys.keys()).finish()
    }
}

impl TokenKeys {
    /// These keys and those: an issuer that changes its key has both for a while.
    #[must_use]
    pub fn and(mut self, others: Self) -> Self {
        self.keys.extend(others.keys);
        self
    }

    /// Reads a set of keys (RFC 7517 clause 5); those that are not for ES256 are passed over.
    ///
    /// # Errors
    /// When it is none, or has none for ES256.
    pub fn from_jwks(text: &str) -> Result<Self, String> {
        let set: Value = serde_json::from_str(text).map_err(|e| e.to_string())?;
        let listed = set["keys"].as_array().ok_or("a JWK set has keys")?;
        let read = |jwk: &Value| {
            let is_ours =
                jwk["kty"] == "EC" && jwk["crv"] == CURVE && jwk["alg"].as_str().is_none_or(|a| a == ALGORITHM);
            let coordinate = |name: &str| decode(jwk[name].as_str()?).filter(|octets| octets.len() == COORDINATE);
            let point = [vec![UNCOMPRESSED], coordinate("x")?, coordinate("y")?].concat();
            let key = VerifyingKey::from_sec1_bytes(&point).ok().filter(|_| is_ours)?;
            Some((jwk["kid"].as_str().map_or_else(|| thumbprint(&key), str::to_owned), key))
        };
        let keys: BTreeMap<_, _> = listed.iter().take(MAX_KEYS).filter_map(read).collect();
        if keys.is_empty() { Err("no key of the curve P-256 in the set".into()) } else { Ok(Self { keys }) }
    }

    /// The set of keys (RFC 7517 clause 5).
    #[must_use]
    pub fn to_jwks(&self) -> Value {
        let keys = self.keys.iter().map(|(id, key)| {
            let (x, y) = coordinates(key);
            json!({ "kty": "EC", "crv": CURVE, "x": x, "y": y, "kid": id, "use": "sig", "alg": ALGORITHM })
        });
        json!({ "keys": keys.collect::<Vec<_>>() })
    }

    /// The claims of a token whose signature is right; what they say is not judged.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn verify(&self, token: &str) -> Result<Value, JwsError> {
        let (signed, signature) = token.rsplit_once('.').ok_or(JwsError::Malformed)?;
        let (header, payload) = signed.split_once('.').ok_or(JwsError::Malformed)?;
        if token.len() > MAX_TOKEN || payload.contains('.') {
            return Err(JwsError::Malformed);
        }
        let read = |part: &str| decode(part).and_then(|octets| serde_json::from_slice::<Value>(&octets).ok());
        let header = read(header).filter(Value::is_object).ok_or(JwsError::Malformed)?;
        let algorithm = header["alg"].as_str().ok_or(JwsError::Malformed)?;
        if algorithm != ALGORITHM {
            return Err(JwsError::Algorithm(algorithm.chars().take(MAX_NAME).collect()));
        }
        // Extensions that must be understood, and none is (RFC 7515 clause 4.1.11).
        if header.get("crit").is_some() {
            return Err(JwsError::Malformed);
        }
        let key = match header["kid"].as_str() {
            Some(id) => self.keys.get(id),
            None => self.keys.values().next().filter(|_| self.keys.len() == 1),
        };
        let key = key.ok_or(JwsError::UnknownKey)?;
        let signature = decode(signature).ok_or(JwsError::Malformed)?;
        let signature = Signature::from_slice(&signature).map_err(|_| JwsError::Signature)?;
        key.verify(signed.as_bytes(), &signature).map_err(|_| JwsError::Signature)?;
        read(payload).filter(Value::is_object).ok_or(JwsError::Malformed)
    }
}

fn coordinates(key: &VerifyingKey) -> (String, String) {
    let point = key.to_sec1_point(false);
    let (x, y) = point.as_bytes()[1..].split_at(COORDINATE);
    (encode(x), encode(y))
}

/// Name of a key: the hash of what it is (RFC 7638 clause 3).
fn thumbprint(key: &VerifyingKey) -> String {
    let (x, y) = coordinates(key);
    encode(Sha256::digest(format!(r#"{{"crv":"{CURVE}","kty":"EC","x":"{x}","y":"{y}"}}"#)))
}

/// base64url without padding (RFC 7515 clause 2).
pub(super) fn encode(octets: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(octets)
}

pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

const ALGORITHM: &str = "ES256";
const CURVE: &str = "P-256";
/// Octets of a coordinate (RFC 7518 clause 6.2.1.2).
const COORDINATE: usize = 32;
/// First octet of a point with both coordinates (SEC 1 clause 2.3.3).
const UNCOMPRESSED: u8 = 4;
const MAX_KEYS: usize = 16;
/// Characters of a name that are told.
const MAX_NAME: usize = 16;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// RFC 7515 annex A.3: the key and the token of the specification.
    const JWK: &str = r#"{"keys":[{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0","d":"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"}]}"#;
    const TOKEN: &str = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.\
        DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";

    #[test]
    fn the_token_of_the_specification_verifies() {
        let keys = TokenKeys::from_jwks(JWK).unwrap();
        assert_eq!(keys.verify(TOKEN).unwrap()["iss"], "joe");
        let other = TokenSigner::generate(&mut Entropy::from_seed([1; 32])).public();
        assert_eq!(other.verify(TOKEN), Err(JwsError::Signature));
        assert_eq!(other.and(keys).verify(TOKEN), Err(JwsError::UnknownKey), "which of two is not said");
    }

    #[test]
    fn signatures_repeat_and_keys_survive_pem_and_jwk() {
        let signer = TokenSigner::generate(&mut Entropy::from_seed([7; 32]));
        let token = signer.sign("at+jwt", &json!({ "sub": "a" }));
        assert_eq!(
            TokenSigner::from_pem(&signer.to_pem().unwrap()).unwrap().sign("at+jwt", &json!({ "sub": "a" })),
            token
        );
        let keys = TokenKeys::from_jwks(&signer.public().to_jwks().to_string()).unwrap();
        assert_eq!(keys.verify(&token).unwrap()["sub"], "a");
        assert!(TokenSigner::from_pem("x").is_err() && TokenKeys::from_jwks("{}").is_err());
        assert_eq!(format!("{signer:?}"), format!("TokenSigner {{ id: {:?}, .. }}", signer.id));
    }

    #[test]
    fn the_header_does_not_choose() {
        let signer = TokenSigner::generate(&mut Entropy::from_seed([7; 32]));
        let keys = signer.public();
        let good = signer.sign("JWT", &json!({ "sub": "a" }));
        let parts: Vec<_> = good.split('.').collect();
        let with = |header: Value, signature: &str| format!("{}.{}.{signature}", encode(header.to_string()), parts[1]);
        for (token, error) in [
            (with(json!({ "alg": "none" }), ""), JwsError::Algorithm("none".into())),
            (with(json!({ "alg": "HS256", "kid": signer.id }), parts[2]), JwsError::Algorithm("HS256".into())),
            (with(json!({ "alg": "ES256", "kid": "x" }), parts[2]), JwsError::UnknownKey),
            (with(json!({ "alg": "ES256", "crit": ["x"] }), parts[2]), JwsError::Malformed),
            (with(json!({ "alg": "ES256" }), parts[2]), JwsError::Signature),
            (format!("{}.{}.{}", parts[0], encode("{\"sub\":\"b\"}"), parts[2]), JwsError::Signature),
            (format!("{good}x"), JwsError::Malformed),
            (format!("{good}.x"), JwsError::Malformed),
            (String::new(), JwsError::Malformed),
            ("a".repeat(MAX_TOKEN + 1), JwsError::Malformed),
        ] {
            assert_eq!(keys.verify(&token), Err(error), "{token:.60}");
        }
    }

    proptest! {
        // A signature is slow where nothing is optimised.
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn what_was_not_signed_is_refused(octets in proptest::collection::vec(any::<u8>(), 0..200), at in any::<prop::sample::Index>()) {
            let signer = TokenSigner::generate(&mut Entropy::from_seed([7; 32]));
            let keys = signer.public();
            let text = String::from_utf8_lossy(&octets).into_owned();
            prop_assert!(keys.verify(&text).is_err());
            prop_assert!(keys.verify(&[encode(&octets), encode(&octets), encode(&octets)].join(".")).is_err());
            let _ = TokenKeys::from_jwks(&text);
            // One character of what is signed, another.
            let mut changed = signer.sign("JWT", &json!({ "sub": "a" })).into_bytes();
            let signed = changed.iter().rposition(|b| *b == b'.').unwrap();
            let at = at.index(signed);
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            prop_assert!(keys.verify(&String::from_utf8(changed).unwrap()).is_err());
        }
    }
}
