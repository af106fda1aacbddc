//! What crosses Gm: a UE is outside the trust domain (TS 24.229 clause 4.4, RFC 3324, RFC 3325 clause 7).

use protocol::sip::{Headers, PAccessNetworkInfo, Uri};

/// Headers that only the network may assert (TS 24.229 clause 4.4 and clause 5.2): taken from whatever a UE sends.
const NETWORK_ONLY: [&str; 22] = [
    "P-Asserted-Identity",
    "P-Asserted-Service",
    "P-Associated-URI",
    "P-Called-Party-ID",
    "P-Charging-Function-Addresses",
    "P-Charging-Vector",
    "P-Private-Network-Indication",
    "P-Profile-Key",
    "P-Served-User",
    "P-User-Database",
    "P-Visited-Network-ID",
    "Additional-Identity",
    "Attestation-Info",
    "Feature-Caps",
    "Origination-Id",
    "Path",
    "Relayed-Charge",
    "Resource-Priority",
    "Response-Source",
    "Restoration-Info",
    "Service-Interact-Info",
    "Service-Route",
];

/// Headers that stay inside the network: taken from whatever goes to a UE (TS 24.229 clauses 4.4 and 5.2.6.4).
const NOT_FOR_UE: [&str; 10] = [
    "P-Access-Network-Info",
    "P-Charging-Function-Addresses",
    "P-Charging-Vector",
    "P-Private-Network-Indication",
    "P-Profile-Key",
    "P-Served-User",
    "P-User-Database",
    "P-Visited-Network-ID",
    "Relayed-Charge",
    "Restoration-Info",
];

/// Takes away what a UE may not assert. The names of what was there, for the log.
pub(crate) fn from_ue(headers: &mut Headers) -> Vec<&'static str> {
    let mut taken: Vec<_> = NETWORK_ONLY.into_iter().filter(|name| headers.remove(name) > 0).collect();
    if access_network_info(headers) {
        taken.push("P-Access-Network-Info;network-provided");
    }
    taken
}

/// Takes away what stays inside the network, and the asserted identities that their owner keeps private.
pub(crate) fn to_ue(headers: &mut Headers) {
    for name in NOT_FOR_UE {
        headers.remove(name);
    }
    if wants_privacy(headers) {
        headers.remove("P-Asserted-Identity");
    }
}

/// True if the sender keeps its asserted identity from those outside the trust domain (RFC 3325 clause 9.3).
fn wants_privacy(headers: &Headers) -> bool {
    // Privacy has its values between semicolons (RFC 3323 clause 4.2).
    headers
        .all("Privacy")
        .flat_map(|value| value.split([';', ',']))
        .any(|value| value.trim().eq_ignore_ascii_case("id"))
}

/// Values of P-Access-Network-Info that claim to come from the network do not (TS 24.229 clause 7.2A.4). True if there
/// were some.
fn access_network_info(headers: &mut Headers) -> bool {
    const NAME: &str = "P-Access-Network-Info";
    // What cannot be read claims nothing that can be trusted: it goes too.
    let claims = |value: &str| PAccessNetworkInfo::parse(value).map_or(true, |info| info.is_network_provided());
    if !headers.values(NAME).any(claims) {
        return false;
    }
    let own: Vec<String> = headers.values(NAME).filter(|value| !claims(value)).map(ToOwned::to_owned).collect();
    if own.is_empty() {
        headers.remove(NAME);
    } else {
        headers.set(NAME, &own.join(", "));
    }
    true
}

/// The identity that the network asserts for a UE (TS 24.229 clause 5.2.6.3.1): the preferred one if it is registered,
/// else the default public user identity, the first of `associated`.
pub(crate) fn asserted_identity<'a>(preferred: &[Uri], associated: &'a [Uri]) -> Option<&'a Uri> {
    let registered = |wanted: &Uri| associated.iter().find(|uri| same_identity(wanted, uri));
    preferred.iter().find_map(registered).or_else(|| associated.first())
}

/// True if both name the same public user identity (TS 23.003 clause 13.4).
pub(super) fn same_identity(a: &Uri, b: &Uri) -> bool {
    a.identity() == b.identity()
}
