//! What the gateway function keeps of a call or a message that it charges for: enough to settle it after a kill.

use protocol::diameter::Message;
use protocol::diameter::charging::ServiceInformation;
use serde::{Deserialize, Serialize};

/// What is charged for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) enum Kind {
    /// A session with reservation (SCUR).
    Call,
    /// A message, immediate (IEC).
    Debited,
    /// A message, with reservation (ECUR).
    Reserved,
}

/// A row of the store.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Row {
    /// Session-Id on Ro.
    pub(super) session_id: String,
    pub(super) kind: Kind,
    /// Who pays.
    pub(super) payer: String,
    /// Service-Information, as an AVP.
    #[serde(with = "hex::serde")]
    pub(super) information: Vec<u8>,
    /// CC-Request-Number of the next request.
    pub(super) number: u32,
    /// The request that the OCS has not answered yet.
    pub(super) pending: Option<Pending>,
    /// The OCS has granted units, or taken the price.
    pub(super) granted: bool,
    /// Seconds that were reported.
    pub(super) reported: u64,
    /// Seconds of the grant that stands.
    pub(super) grant: u64,
    /// Nothing comes after this grant.
    pub(super) is_final: bool,
    /// When the grant has to be renewed at the latest (Validity-Time).
    pub(super) valid_until_utc_ms: Option<u64>,
    /// When the call was answered.
    pub(super) answered_utc_ms: Option<u64>,
    /// When it ended, or the message had its outcome.
    pub(super) ended_utc_ms: Option<u64>,
    /// A message has arrived.
    pub(super) delivered: bool,
    /// BYE for each side, as octets.
    pub(super) byes: Vec<String>,
}

/// A request on its way.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Pending {
    pub(super) kind: u32,
    #[serde(with = "hex::serde")]
    pub(super) octets: Vec<u8>,
}

impl Row {
    pub(super) fn new(session_id: String, kind: Kind, payer: String, information: &ServiceInformation) -> Self {
        Self {
            session_id,
            kind,
            payer,
            information: protocol::diameter::emit_avps(&[information.to_avp()]),
            number: 0,
            pending: None,
            granted: false,
            reported: 0,
            grant: 0,
            is_final: false,
            valid_until_utc_ms: None,
            answered_utc_ms: None,
            ended_utc_ms: None,
            delivered: false,
            byes: Vec::new(),
        }
    }

    pub(super) fn information(&self) -> ServiceInformation {
        let avps = protocol::diameter::parse_avps(&self.information).unwrap_or_default();
        ServiceInformation::of(&Message::request(0, 0, avps)).unwrap_or_default()
    }

    /// Seconds of the call until then, begun ones whole.
    pub(super) fn elapsed(&self, utc_ms: u64) -> u64 {
        let until = self.ended_utc_ms.unwrap_or(utc_ms);
        self.answered_utc_ms.map_or(0, |since| until.saturating_sub(since).div_ceil(1000))
    }

    /// Seconds that are to be reported: what was used of the grant, and, where a call may go on without one, beyond it.
    pub(super) fn unreported(&self, utc_ms: u64, beyond: bool) -> u64 {
        let used = self.elapsed(utc_ms).saturating_sub(self.reported);
        if beyond { used } else { used.min(self.grant) }
    }

    /// When the grant is used up.
    pub(super) fn used_up_utc_ms(&self) -> Option<u64> {
        let since = self.answered_utc_ms.filter(|_| self.ended_utc_ms.is_none())?;
        Some(since + (self.reported + self.grant) * 1000)
    }

    /// When the OCS is asked for more.
    pub(super) fn renew_utc_ms(&self) -> Option<u64> {
        if self.ended_utc_ms.is_some() || self.pending.is_some() || !self.granted {
            return None;
        }
        // So long before the end that the answer is there in time.
        let lead = (self.grant * 250).min(2000);
        let used_up = self.used_up_utc_ms().filter(|_| !self.is_final).map(|at| at - lead);
        [used_up, self.valid_until_utc_ms].into_iter().flatten().min()
    }
}
