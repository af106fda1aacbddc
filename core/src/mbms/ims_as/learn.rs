//! What the messages of a UE say of it: whether it can receive MBMS bearers, and where it is (TR 23.847 clause 1, step 1).

use protocol::sip::{EutranCell, Headers, PAccessNetworkInfo, Passed};

use super::server::ImsAs;

impl ImsAs {
    /// A message of a session has come.
    pub(super) fn learn(&mut self, passed: &Passed) {
        let (session, headers) = match passed {
            Passed::Request { request, flow: Some(_), .. } => (self.ua.session_of(request), &request.headers),
            Passed::Response { response, .. } if response.status < 300 => {
                (self.ua.session_of_response(response), &response.headers)
            }
            Passed::Request { .. } | Passed::Response { .. } | Passed::Unanswered { .. } => return,
        };
        let Some((key, id)) = session.and_then(|session| self.sessions.get(&session)) else { return };
        let Some(member) = self.groups.get_mut(key).and_then(|group| group.members.get_mut(id)) else { return };
        if headers.contains("Contact") {
            member.can_mbms = can_mbms(headers);
        }
        let cell = cell(headers).or(member.cell);
        if member.cell != cell {
            (member.cell, member.is_out_of_coverage, member.refuses) = (cell, false, None);
        }
    }
}

/// Whether the Contact of a message says that its UE can receive MBMS bearers.
pub(super) fn can_mbms(headers: &Headers) -> bool {
    headers.addresses("Contact").is_ok_and(|contacts| contacts.first().is_some_and(|contact| contact.has_mbms()))
}

/// The cell that a message says.
pub(super) fn cell(headers: &Headers) -> Option<EutranCell> {
    headers.values("P-Access-Network-Info").find_map(|value| PAccessNetworkInfo::parse(value).ok()?.cell())
}
