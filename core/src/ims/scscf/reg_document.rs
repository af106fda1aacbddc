//! Documents of the reg event package as an S-CSCF fills them (TS 24.229 clause 5.4.2.1.2, RFC 3680).

use protocol::xml::{ContactEvent, ContactState, RegContact, Registration, RegistrationState};

use super::registrar::canonical;
use super::registration::Change;
use crate::ims::profile::{IdentityKind, PublicIdentity};

/// What has become of the contacts of one identity.
pub(super) fn registration(identity: &PublicIdentity, active: bool, changes: &[Change], utc: u64) -> Registration {
    let aor = canonical(&identity.identity);
    let id = format!("r{:016x}", fnv(&aor));
    let contacts = changes.iter().map(|c| contact(c, &aor, &id, utc)).collect();
    let wildcarded_identity = match &identity.kind {
        IdentityKind::WildcardedUser(wildcard) => Some(wildcard.clone()),
        _ => None,
    };
    let state = if active { RegistrationState::Active } else { RegistrationState::Terminated };
    Registration { aor: identity.identity.clone(), id, state, wildcarded_identity, contacts }
}

fn contact(change: &Change, aor: &str, registration: &str, utc: u64) -> RegContact {
    let Change { binding, event } = change;
    // Clause 5.4.2.1.2: the identities that were not in To are registered implicitly.
    let event = match event {
        ContactEvent::Registered if binding.impu != aor => ContactEvent::Created,
        event => *event,
    };
    let active = matches!(
        event,
        ContactEvent::Registered | ContactEvent::Created | ContactEvent::Refreshed | ContactEvent::Shortened
    );
    let address = binding.address();
    let known = |name: &str| ["q", "expires"].iter().any(|k| k.eq_ignore_ascii_case(name));
    let params = address.iter().flat_map(|a| a.params.iter()).filter(|p| !known(&p.name));
    RegContact {
        id: format!("{registration}c{}", binding.number),
        state: if active { ContactState::Active } else { ContactState::Terminated },
        event,
        expires: Some(if active { binding.remaining(utc) } else { 0 }),
        retry_after: None,
        duration_registered: u32::try_from(utc.saturating_sub(binding.registered_utc_ms) / 1000).ok(),
        q: address.as_ref().and_then(|a| a.params.get("q").map(str::to_owned)),
        call_id: Some(binding.call_id.clone()),
        cseq: Some(binding.cseq),
        uri: address.as_ref().map_or_else(|| binding.contact.clone(), |a| a.uri.to_string()),
        display_name: address.as_ref().and_then(|a| a.display_name().map(std::borrow::Cow::into_owned)),
        unknown_params: params.map(|p| (p.name.clone(), p.value.clone())).collect(),
    }
}

/// FNV-1a: ids that stay the same over restarts. No secret hangs on it.
fn fnv(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0000_0100_0000_01b3))
}
