//! P-Charging-Vector (RFC 7315 clause 5.6, TS 24.229 clauses 4.5 and 7.2A.5).

use protocol::Entropy;
use protocol::sip::{Headers, PChargingVector};

use crate::charging::ChargingClient;

/// The vector of a message.
pub(super) fn of(headers: &Headers) -> Option<PChargingVector> {
    headers.whole("P-Charging-Vector", PChargingVector::parse).ok().flatten()
}

/// A vector with a new charging identifier, made by `name`.
pub(super) fn identifier(entropy: &mut Entropy, name: &str) -> PChargingVector {
    let mut vector = PChargingVector::new(&entropy.token(32));
    vector.params.set("icid-generated-at", name);
    vector
}

/// The same for a request that an application server makes (TS 24.229 clause 5.7.3): its own network is the originating one,
/// in the form of type 3, between services and home network.
pub(super) fn originated(entropy: &mut Entropy, name: &str, charging: &ChargingClient) -> PChargingVector {
    let mut vector = identifier(entropy, name);
    if let Some(network) = charging.network() {
        vector.params.set_quoted("orig-ioi", &format!("Type 3{network}"));
    }
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

/// The vector of the response of an application server that has served a request itself (TS 24.229 clause 5.7.1.4): what the
/// request had, and its own network as the terminating one, in the form that the originating one has; else that of type 3,
/// between home network and services.
pub(super) fn served(mut request: PChargingVector, charging: &ChargingClient) -> PChargingVector {
    if let Some(network) = charging.network() {
        let kind =
            request.ioi().0.and_then(|ioi| ioi.get(..6).filter(|kind| kind.starts_with("Type ")).map(str::to_owned));
        let kind = kind.unwrap_or_else(|| "Type 3".to_owned());
        request.params.set_quoted("term-ioi", &format!("{kind}{network}"));
    }
    request
}
