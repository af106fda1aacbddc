//! Security agreement of the UE (RFC 3329, TS 33.203 clause 7.2, TS 24.229 clause 5.1.1.5.1). No ESP is set up.

use protocol::Entropy;
use protocol::sip::{Headers, SecurityMechanism};

use super::config::SecurityMode;

/// Algorithms that the UE offers (TS 33.203 annex H).
const ALGORITHMS: [&str; 2] = ["hmac-sha-1-96", "hmac-md5-96"];

/// What is offered, and what was agreed upon.
#[derive(Debug)]
pub(super) struct Security {
    mode: SecurityMode,
    port: u16,
    entropy: Entropy,
    /// Security-Client.
    client: Vec<String>,
    /// Security-Server of the last challenge.
    server: Vec<String>,
    /// That of the registration that stands.
    agreed: Vec<String>,
}

impl Security {
    pub(super) fn new(mode: SecurityMode, port: u16, entropy: Entropy) -> Self {
        let (client, server, agreed) = (Vec::new(), Vec::new(), Vec::new());
        let mut security = Self { mode, port, entropy, client, server, agreed };
        security.begin();
        security
    }

    /// Nothing is agreed upon; a new offer.
    pub(super) fn begin(&mut self) {
        self.agreed.clear();
        self.renew();
    }

    /// A new offer under the agreement that stands (clause 5.1.1.4.2).
    pub(super) fn renew(&mut self) {
        self.server.clear();
        self.client = match self.mode {
            SecurityMode::Off => Vec::new(),
            SecurityMode::Tls => vec!["tls".to_owned()],
            SecurityMode::SecAgree => {
                // 0 to 255 are reserved (RFC 4303 clause 2.1).
                let mut spi = || (self.entropy.next_u64() as u32).max(256);
                let (spi_c, spi_s, port) = (spi(), spi(), self.port);
                let offer = |alg: &str| {
                    format!(
                        "ipsec-3gpp;alg={alg};ealg=null;prot=esp;mod=trans;spi-c={spi_c};spi-s={spi_s};port-c={port};\
                         port-s={port}"
                    )
                };
                ALGORITHMS.iter().map(|alg| offer(alg)).collect()
            }
        };
    }

    /// What a challenge says; why it is not good enough.
    pub(super) fn challenged(&mut self, headers: &Headers) -> Result<(), String> {
        if self.mode == SecurityMode::Off {
            return Ok(());
        }
        let server: Vec<_> = headers.values("Security-Server").map(ToOwned::to_owned).collect();
        if server.is_empty() && !self.agreed.is_empty() {
            return Ok(());
        }
        let offers: Vec<_> = server.iter().filter_map(|value| SecurityMechanism::parse(value).ok()).collect();
        let ours: Vec<_> = self.client.iter().filter_map(|value| SecurityMechanism::parse(value).ok()).collect();
        let alg = |mechanism: &SecurityMechanism| mechanism.params.get("alg").map(str::to_ascii_lowercase);
        let fits = |offer: &SecurityMechanism| {
            ours.iter().any(|own| own.name.eq_ignore_ascii_case(&offer.name) && alg(own) == alg(offer))
        };
        if !offers.iter().any(fits) {
            // RFC 3329 clause 2.3.1: there is no mechanism in common.
            return Err("the P-CSCF offers no security mechanism in common".into());
        }
        self.server = server;
        Ok(())
    }

    /// The registration stands.
    pub(super) fn agreed(&mut self) {
        if !self.server.is_empty() {
            self.agreed = std::mem::take(&mut self.server);
        }
    }

    /// What belongs into a REGISTER.
    pub(super) fn dress(&self, headers: &mut Headers) {
        if self.mode == SecurityMode::Off {
            return;
        }
        headers.append("Require", "sec-agree");
        headers.append("Proxy-Require", "sec-agree");
        headers.append("Security-Client", &self.client.join(", "));
        let verify = if self.server.is_empty() { &self.agreed } else { &self.server };
        if !verify.is_empty() {
            headers.append("Security-Verify", &verify.join(", "));
        }
    }

    /// What belongs into other requests (TS 24.229 clause 5.1.2A.1.1).
    pub(super) fn protection(&self) -> Vec<(String, String)> {
        if self.agreed.is_empty() {
            return Vec::new();
        }
        let fields = [
            ("Require", "sec-agree".to_owned()),
            ("Proxy-Require", "sec-agree".to_owned()),
            ("Security-Verify", self.agreed.join(", ")),
        ];
        fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }
}
