//! Security agreement on Gm (RFC 3329, TS 33.203 clauses 7.2 and annex H): negotiated, verified against bidding down; no ESP
//! is applied to the packets.

use protocol::Entropy;
use protocol::sip::proxy::Refusal;
use protocol::sip::{Headers, Method, Request, SecurityMechanism, Transport};
use serde::{Deserialize, Serialize};

use super::GmSecurity;

/// Option tag (RFC 3329 clause 2.4).
const SEC_AGREE: &str = "sec-agree";
/// Integrity algorithms in the order of preference (TS 33.203 annex H).
const INTEGRITY: [&str; 2] = ["hmac-sha-1-96", "hmac-md5-96"];
/// Encryption algorithms in the order of preference (TS 33.203 annex H).
const ENCRYPTION: [&str; 2] = ["aes-cbc", "null"];

/// What both sides have said: the UE's list and ours, values of Security-Client and Security-Server.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Agreement {
    /// Of the UE.
    pub(super) client: Vec<String>,
    /// Ours.
    pub(super) server: Vec<String>,
}

/// What is known of the UE that a request comes from.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Known<'a> {
    /// Offered with a challenge, not yet used.
    pub(super) pending: Option<&'a Agreement>,
    /// In use since the last successful registration.
    pub(super) current: Option<&'a Agreement>,
}

/// What came of the check of a request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Checked {
    /// No agreement, and none is needed.
    Plain,
    /// The UE has proposed: this is what a challenge tells it.
    Offered(Agreement),
    /// The UE has confirmed our list.
    Verified {
        /// What it has confirmed.
        confirmed: Agreement,
        /// What it has proposed anew, for after the next challenge.
        proposal: Option<Agreement>,
    },
    /// To be answered so.
    Refused(Refusal),
}

/// Checks a REGISTER (TS 24.229 clause 5.2.2.2 and 5.2.2.4).
pub(super) fn check_register(
    mode: GmSecurity,
    request: &Request,
    transport: Transport,
    known: Known<'_>,
    mut ours: impl FnMut() -> Vec<String>,
) -> Checked {
    let headers = &request.headers;
    match mode {
        GmSecurity::Off if requires(headers) => return Checked::Refused(bad_extension()),
        GmSecurity::Off => return Checked::Plain,
        GmSecurity::Tls if transport != Transport::Tls => return refused_494(&ours()),
        GmSecurity::Tls if !headers.contains("Security-Client") && !requires(headers) => return Checked::Plain,
        GmSecurity::Tls | GmSecurity::SecAgree => {}
    }
    let client = values(headers, "Security-Client");
    let proposal = |server: Vec<String>| Agreement { client: client.clone(), server };
    if headers.contains("Security-Verify") {
        let verify = values(headers, "Security-Verify");
        let confirms = |agreement: &&Agreement| same_list(&agreement.server, &verify);
        // A challenge that is answered confirms the pending list with the same proposal (TS 33.203 clause 7.2); a
        // re-registration confirms the current one and may propose anew.
        if let Some(pending) = known.pending.filter(confirms) {
            return if same_list(&pending.client, &client) {
                Checked::Verified { confirmed: pending.clone(), proposal: None }
            } else {
                refused_494(&pending.server)
            };
        }
        return match known.current.filter(confirms) {
            Some(current) => {
                let anew = !client.is_empty() && !same_list(&current.client, &client);
                Checked::Verified { confirmed: current.clone(), proposal: anew.then(|| proposal(ours())) }
            }
            None => refused_494(&known.current.map_or_else(&mut ours, |current| current.server.clone())),
        };
    }
    if client.is_empty() {
        let speaks = requires(headers) || headers.lists("Supported", SEC_AGREE);
        return if speaks { refused_494(&ours()) } else { refused_421() };
    }
    let server = ours();
    let (offers, own) = (parsed(&client), parsed(&server));
    if offers.iter().any(|offer| own.iter().any(|own| is_common(offer, own))) {
        Checked::Offered(proposal(server))
    } else {
        refused_494(&server)
    }
}

/// Checks any other request: it comes under the agreement of the registration (TS 24.229 clause 5.2.6.3, RFC 3329 clause
/// 2.3.1).
pub(super) fn check_request(
    mode: GmSecurity,
    request: &Request,
    transport: Transport,
    current: Option<&Agreement>,
) -> Result<(), Refusal> {
    let headers = &request.headers;
    match (mode, current) {
        (GmSecurity::Off, _) if requires(headers) => Err(bad_extension()),
        (GmSecurity::Off, _) => Ok(()),
        (GmSecurity::Tls, None) if transport == Transport::Tls => Ok(()),
        (_, None) => Err(security_required(&[])),
        (GmSecurity::Tls, Some(agreement)) if transport != Transport::Tls => Err(security_required(&agreement.server)),
        (_, Some(agreement)) => {
            // ACK and CANCEL carry no Require (RFC 3261 clauses 8.2.2.3 and 9.1).
            let exempt = matches!(request.method, Method::ACK | Method::CANCEL);
            if exempt || same_list(&agreement.server, &values(headers, "Security-Verify")) {
                Ok(())
            } else {
                Err(security_required(&agreement.server))
            }
        }
    }
}

/// Takes the agreement's headers and option tags away before a request goes on (TS 24.229 clause 5.2.2.2).
pub(super) fn strip(headers: &mut Headers) {
    headers.remove("Security-Client");
    headers.remove("Security-Verify");
    for name in ["Require", "Proxy-Require"] {
        if !headers.lists(name, SEC_AGREE) {
            continue;
        }
        let rest: Vec<_> =
            headers.values(name).filter(|tag| !tag.eq_ignore_ascii_case(SEC_AGREE)).map(ToOwned::to_owned).collect();
        if rest.is_empty() {
            headers.remove(name);
        } else {
            headers.set(name, &rest.join(", "));
        }
    }
}

/// Our mechanisms for one UE. The list is the same for every UE but for the SPIs, so nobody between can make it shorter.
pub(super) fn mechanisms(mode: GmSecurity, port: u16, entropy: &mut Entropy) -> Vec<String> {
    if mode == GmSecurity::Tls {
        return vec!["tls;q=0.5".to_owned()];
    }
    let mut spi = || (entropy.next_u64() as u32).max(256); // 0 to 255 are reserved (RFC 4303 clause 2.1).
    let (spi_c, spi_s) = (spi(), spi());
    let pairs = INTEGRITY.iter().flat_map(|alg| ENCRYPTION.iter().map(move |ealg| (alg, ealg)));
    pairs
        .enumerate()
        .map(|(place, (alg, ealg))| {
            format!(
                "ipsec-3gpp;q=0.{};alg={alg};ealg={ealg};prot=esp;mod=trans;spi-c={spi_c};spi-s={spi_s};port-c={port};\
                 port-s={port}",
                9 - place
            )
        })
        .collect()
}

/// True if the request requires a security agreement.
fn requires(headers: &Headers) -> bool {
    headers.lists("Require", SEC_AGREE) || headers.lists("Proxy-Require", SEC_AGREE)
}

fn values(headers: &Headers, name: &str) -> Vec<String> {
    headers.values(name).map(ToOwned::to_owned).collect()
}

fn parsed(list: &[String]) -> Vec<SecurityMechanism> {
    list.iter().filter_map(|value| SecurityMechanism::parse(value).ok()).collect()
}

/// The same mechanisms with the same parameters; their order does not count.
fn same_list(a: &[String], b: &[String]) -> bool {
    let (own, other) = (parsed(a), parsed(b));
    let within = |list: &[SecurityMechanism], all: &[SecurityMechanism]| {
        list.iter().all(|one| all.iter().any(|another| one.is_same(another)))
    };
    own.len() == a.len() && other.len() == b.len() && within(&own, &other) && within(&other, &own)
}

/// True if the UE's mechanism and ours are the same one with the same algorithms.
fn is_common(offer: &SecurityMechanism, own: &SecurityMechanism) -> bool {
    // TS 33.203 annex H: without ealg there is no encryption.
    let pair = |mechanism: &SecurityMechanism| {
        let value = |name: &str, default: &str| mechanism.params.get(name).unwrap_or(default).to_ascii_lowercase();
        (value("alg", ""), value("ealg", "null"))
    };
    offer.name.eq_ignore_ascii_case(&own.name) && (own.name != "ipsec-3gpp" || pair(offer) == pair(own))
}

fn bad_extension() -> Refusal {
    Refusal::new(420).with("Unsupported", SEC_AGREE)
}

fn refused_421() -> Checked {
    Checked::Refused(Refusal::new(421).with("Require", SEC_AGREE))
}

fn refused_494(ours: &[String]) -> Checked {
    Checked::Refused(security_required(ours))
}

/// RFC 3329 clause 2.3.1.
fn security_required(ours: &[String]) -> Refusal {
    let refusal = Refusal::new(494).with("Require", SEC_AGREE);
    if ours.is_empty() { refusal } else { refusal.with("Security-Server", &ours.join(", ")) }
}
