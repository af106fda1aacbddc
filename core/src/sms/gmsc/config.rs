//! What an SMS-GMSC/IWMSC is made with.

use std::time::Duration;

use protocol::Secret;
use protocol::map::{AddressString, MapTimers};
use protocol::sms::Address;

use crate::ims::TrustedPeer;

/// Settings of an SMS-GMSC/IWMSC.
#[derive(Clone, Debug)]
pub struct SmsGmscConfig {
    /// Its E.164 number, digits alone: where its dialogues come from.
    pub global_title: String,
    /// The number of the HLR.
    pub hlr: String,
    /// The service centres that it serves: what goes to their addresses comes to it.
    pub service_centres: Vec<ServiceCentre>,
    /// Whether it tells the HLR that it can take the addresses of IP-SM-GW, SGSN and MSC together (TR 23.804 clause 8.4
    /// step 3). MAP has no such indication; ip-sm-gwGuidanceIndicator stands for it, which only an SMS-GMSC that knows
    /// IP-SM-GWs sends (TS 29.002 clause 17.7.6).
    pub ip_messaging: bool,
    /// Whether it can deliver by SGSNs, too (gprsSupportIndicator).
    pub gprs: bool,
    /// Its name in SMPP, 15 characters at most.
    pub system_id: String,
    /// How long invocations wait for their answers (TS 29.002 clause 17.1.2).
    pub map_timers: MapTimers,
    /// How many dialogues of MAP there may be at a time.
    pub max_dialogues: usize,
    /// How many messages it may be delivering at a time; more are refused with ESME_RMSGQFUL.
    pub max_deliveries: usize,
    /// How many messages of one session it may be delivering at a time; more are refused with ESME_RTHROTTLED.
    pub peer_window: usize,
    /// How many messages a session of a service centre may be storing at a time; more are refused for congestion.
    pub window: usize,
    /// How long a service centre may take to store a message.
    pub response_time: Duration,
    /// How many connections it takes.
    pub max_sessions: usize,
    /// How long a dialogue with a serving node is kept for the next message of a service centre that has more.
    pub hold: Duration,
    /// Its time zone for messages that have no time stamp: quarters of an hour east of Greenwich.
    pub quarters: i8,
    /// UTC in milliseconds at the start of the run.
    pub utc_ms_at_zero: u64,
}

/// A service centre.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ServiceCentre {
    /// Its address, E.164 digits alone.
    pub address: String,
    /// Its name in SMPP.
    pub system_id: String,
    /// What only it knows, 8 characters at most.
    pub password: Secret<String>,
    /// From where it may connect; none: from anywhere.
    pub from: Vec<TrustedPeer>,
}

impl SmsGmscConfig {
    /// The usual settings.
    #[must_use]
    pub fn new(global_title: &str, hlr: &str, service_centres: Vec<ServiceCentre>) -> Self {
        Self {
            global_title: global_title.to_owned(),
            hlr: hlr.to_owned(),
            service_centres,
            ip_messaging: true,
            gprs: true,
            system_id: "sms-gmsc".to_owned(),
            map_timers: MapTimers::default(),
            max_dialogues: 10_000,
            max_deliveries: 5_000,
            peer_window: 1_000,
            window: 100,
            response_time: Duration::from_secs(30),
            max_sessions: 64,
            hold: Duration::from_secs(10),
            quarters: 0,
            utc_ms_at_zero: 0,
        }
    }
}

/// An E.164 number for MAP: 15 digits at most (E.164 clause 6.2.1).
pub(super) fn number(digits: &str) -> Result<AddressString, String> {
    let is_e164 = (1..=15).contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_digit());
    match AddressString::international(digits) {
        Ok(number) if is_e164 && Address::international(digits).is_some() => Ok(number),
        _ => Err(format!("{digits:?} is no E.164 number without +")),
    }
}
