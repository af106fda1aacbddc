//! Settings of the charging of short messages.

use std::time::Duration;

use protocol::diameter::DiameterConfig;
use protocol::diameter::ro::FailureHandling;

use crate::charging::{ChargingConfig, MessageCharging};

/// Settings of the charging of short messages.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct SmsChargingConfig {
    /// Offline charging on Rf; none: there are no records.
    pub rf: Option<ChargingConfig>,
    /// Online charging on Ro; none: nobody is asked.
    pub ro: Option<SmsCreditConfig>,
    /// The E.164 number of the gateway.
    pub gateway: String,
    /// UTC at the start of the run, in milliseconds.
    pub utc_ms_at_zero: u64,
}

/// Settings of online charging.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SmsCreditConfig {
    /// Its Diameter side on Ro. The application is credit control, whatever is in there, and `answer_timeout` is Tx.
    pub diameter: DiameterConfig,
    /// Realm of the OCS.
    pub ocs_realm: String,
    /// Host of the OCS; none: any of the realm.
    pub ocs_host: Option<String>,
    /// Rating-Group of short messages.
    pub rating_group: u32,
    /// Service-Identifier; none: none is told.
    pub service: Option<u32>,
    /// IEC: the price is taken before the message goes, and given back when it does not arrive. ECUR: it is taken when the
    /// message has arrived.
    pub charging: MessageCharging,
    /// What happens when no OCS answers, or none that can be believed, until an OCS says otherwise.
    pub failure_handling: FailureHandling,
    /// How long nothing is tried again that found no OCS.
    pub retry: Duration,
    /// How long what is owed, or to be given back, is tried.
    pub give_up: Duration,
    /// Messages that are asked about at a time; more find no OCS.
    pub max_asking: usize,
    /// What is kept for the OCS while it does not answer; more is lost, and counted.
    pub max_settling: usize,
}

/// Tx (RFC 8506 clause 13: 10 s are recommended).
const TX: Duration = Duration::from_secs(10);
/// Rating-Group of short messages, where nobody says another one.
const RATING_GROUP: u32 = 3;

impl SmsCreditConfig {
    /// With what is usual.
    #[must_use]
    pub fn new(mut diameter: DiameterConfig, ocs_realm: &str) -> Self {
        diameter.answer_timeout = TX;
        Self {
            diameter,
            ocs_realm: ocs_realm.to_owned(),
            ocs_host: None,
            rating_group: RATING_GROUP,
            service: None,
            charging: MessageCharging::Immediate,
            failure_handling: FailureHandling::Terminate,
            retry: Duration::from_secs(5),
            give_up: Duration::from_secs(24 * 3600),
            max_asking: 5000,
            max_settling: 100_000,
        }
    }
}
