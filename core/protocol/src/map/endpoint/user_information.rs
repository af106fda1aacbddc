//! User information of dialogue portions: map-DialogueAS of TS 29.002 clause 17.4.

use super::io::UserAbortChoice;

/// EXTERNAL with map-userAbort.
pub(super) fn user_abort(choice: UserAbortChoice) -> Vec<u8> {
    let choice = match choice {
        UserAbortChoice::UserSpecificReason => vec![0x80, 0],
        UserAbortChoice::UserResourceLimitation => vec![0x81, 0],
        UserAbortChoice::ResourceUnavailable(reason) => vec![0x82, 1, reason & 0x7f],
        UserAbortChoice::ApplicationProcedureCancellation(reason) => vec![0x83, 1, reason & 0x7f],
    };
    let pdu = element(MAP_USER_ABORT, &choice);
    element(EXTERNAL, &[&MAP_DIALOGUE_AS[..], &element(SINGLE_ASN1_TYPE, &pdu)].concat())
}

/// What a map-userAbort among EXTERNALs says.
pub(super) fn find_user_abort(externals: &[Vec<u8>]) -> Option<UserAbortChoice> {
    let pdus = externals.iter().filter_map(|external| {
        let value = content(EXTERNAL, external)?.strip_prefix(&MAP_DIALOGUE_AS)?;
        content(MAP_USER_ABORT, content(SINGLE_ASN1_TYPE, value)?)
    });
    pdus.filter_map(|choice| match *choice {
        [0x80, 0, ..] => Some(UserAbortChoice::UserSpecificReason),
        [0x81, 0, ..] => Some(UserAbortChoice::UserResourceLimitation),
        [0x82, 1, reason, ..] => Some(UserAbortChoice::ResourceUnavailable(reason)),
        [0x83, 1, reason, ..] => Some(UserAbortChoice::ApplicationProcedureCancellation(reason)),
        _ => None,
    })
    .next()
}

/// All of this is shorter than 128 octets.
fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    [&[tag, content.len() as u8][..], content].concat()
}

fn content(tag: u8, octets: &[u8]) -> Option<&[u8]> {
    match octets {
        [found, length @ ..0x80, content @ ..] if *found == tag && content.len() == usize::from(*length) => {
            Some(content)
        }
        _ => None,
    }
}

const EXTERNAL: u8 = 0x28;
/// `{itu-t identified-organization etsi mobileDomain gsm-Network as-Id map-DialoguePDU(1) version1(1)}`.
const MAP_DIALOGUE_AS: [u8; 9] = [0x06, 7, 4, 0, 0, 1, 1, 1, 1];
const SINGLE_ASN1_TYPE: u8 = 0xa0;
/// `map-userAbort [4]`.
const MAP_USER_ABORT: u8 = 0xa4;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aborts_come_back_as_they_were() {
        for choice in [
            UserAbortChoice::UserSpecificReason,
            UserAbortChoice::UserResourceLimitation,
            UserAbortChoice::ResourceUnavailable(1),
            UserAbortChoice::ApplicationProcedureCancellation(6),
        ] {
            assert_eq!(find_user_abort(&[vec![0x28, 0], user_abort(choice)]), Some(choice));
        }
        let octets = [0x28, 15, 0x06, 7, 4, 0, 0, 1, 1, 1, 1, 0xa0, 4, 0xa4, 2, 0x80, 0];
        assert_eq!(user_abort(UserAbortChoice::UserSpecificReason), octets);
        assert_eq!(find_user_abort(&[octets[..16].to_vec()]), None);
    }
}
