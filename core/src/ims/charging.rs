//! P-Charging-Vector (RFC 7315 clause 5.6, TS 24.229 clauses 4.5 and 7.2A.5).

use protocol::Entropy;
use protocol::sip::PChargingVector;

/// A vector with a new charging identifier, made by `name`.
pub(super) fn identifier(entropy: &mut Entropy, name: &str) -> PChargingVector {
    let mut vector = PChargingVector::new(&entropy.token(32));
    vector.params.set("icid-generated-at", name);
    vector
}

/// The vector of a request that a UE has sent (TS 24.229 clauses 5.2.2.1 and 5.2.6.3.3): a new identifier, and this network
/// as the originating one in the form of type 1, between visited and home network (table 7.2A.5A).
pub(super) fn vector(entropy: &mut Entropy, name: &str, network: &str) -> PChargingVector {
    let mut vector = identifier(entropy, name);
    vector.params.set_quoted("orig-ioi", &format!("Type 1{network}"));
    vector
}

/// The vector of a response to a request for a UE (TS 24.229 clause 5.2.6.4.4): what the request had, and this network as the
/// terminating one.
pub(super) fn answer(mut request: PChargingVector, network: &str) -> PChargingVector {
    request.params.set_quoted("term-ioi", &format!("Type 1{network}"));
    request
}
