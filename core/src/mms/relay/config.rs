//! Settings of an MMS Relay/Server.

use std::net::SocketAddr;
use std::time::Duration;

use http::Uri;
use protocol::Secret;
use serde::Deserialize;

use crate::charging::ChargingConfig;
use crate::ims::TrustedPeer;
use crate::sms::SmppPeer;

/// Settings of an MMS Relay/Server.
#[derive(Clone, Debug)]
pub struct MmsRelayConfig {
    /// Its mail domain, as other relays know it (TS 23.140 clause 8.4.5.1): `mmsc.example`. Message-IDs end with it, it is said
    /// in EHLO, and addresses of its subscribers have it on MM4.
    pub domain: String,
    /// What X-Mms-Content-Location begins with, as UEs reach MM1: `http://10.46.0.71`.
    pub base: String,
    /// Its subscribers.
    pub subscribers: Vec<MmsSubscriber>,
    /// Other MMS Relay/Servers and mail relays.
    pub relays: Vec<OtherRelay>,
    /// Whose X-3GPP-Asserted-Identity is believed on MM1 (TS 24.109 clause 6.5): the IP-Message-GW.
    pub trusted: Vec<TrustedPeer>,
    /// Realm of HTTP Digest on MM1; empty: the domain.
    pub realm: String,
    /// The SM-SC that it binds to as an ESME, for push over SMS; none: there is no such push.
    pub sm_sc: Option<SmppPeer>,
    /// Where pushes over SMS come from: digits or a short number.
    pub push_number: String,
    /// The push proxy gateway for push over SIP: the IP-Message-GW; none: there is no such push.
    pub gateway: Option<PushGateway>,
    /// Media types of parts that are taken: `image/*` for all that begin so. All others are content that is not accepted.
    pub media_types: Vec<String>,
    /// Where records of what is charged for go (Rf, TS 32.270); none: nothing is charged.
    pub charging: Option<ChargingConfig>,
    /// Bounds.
    pub limits: MmsLimits,
    /// Times.
    pub times: MmsTimes,
    /// UTC in milliseconds at the start of the run.
    pub utc_ms_at_zero: u64,
}

/// Where PAP goes (WAP-247).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PushGateway {
    /// URL that pushes are POSTed to: `http://10.46.0.61:8085/pap`.
    pub url: String,
    /// Domain in the client address, `WAPPUSH=+491.../TYPE=PLMN@domain` (WAP-251 clause 9.1).
    pub domain: String,
    /// Who may POST result notifications; none: whose host is that of the URL.
    pub from: Vec<TrustedPeer>,
}

/// A push proxy gateway as the relay talks to it.
#[derive(Debug)]
pub(super) struct Gateway {
    pub(super) url: Uri,
    pub(super) domain: String,
    from: Vec<TrustedPeer>,
}

/// A subscriber of the relay.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MmsSubscriber {
    /// E.164 digits.
    pub msisdn: String,
    /// Other identities by which MM1 may assert it, and mail addresses that are its own: `sip:ue@ims.example`,
    /// `ue@mmsc.example`.
    pub identities: Vec<String>,
    /// User name and password of HTTP Digest on MM1; none: it is known by other means only.
    pub login: Option<(String, Secret<String>)>,
    /// Addresses that nobody else can have in the access network: what comes from there is of this subscriber.
    pub from: Vec<TrustedPeer>,
    /// How it is notified, the first way first; empty: it asks by itself.
    pub push: Vec<MmsPush>,
    /// Messages that are kept for it.
    pub messages: u64,
    /// Octets of them.
    pub octets: u64,
}

/// A way of push.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MmsPush {
    /// PAP to the gateway, and MESSAGE from there (TR 23.804 clause 8.11.3).
    Sip,
    /// Short messages to WAP ports (TS 23.140 annex B.2, WAP-259).
    Sms,
}

/// Another MMS Relay/Server, or a mail relay on the way to it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OtherRelay {
    /// Its name in logs and in the store: no `/` in it.
    pub name: String,
    /// Its mail domain.
    pub domain: String,
    /// Where mail for it goes.
    pub next_hop: SocketAddr,
    /// Who may send mail of it; none: the host of the next hop.
    pub from: Vec<TrustedPeer>,
    /// MSISDNs of its subscribers, digits: `4917*` for all that begin so.
    pub numbers: Vec<String>,
    /// Other mail domains that it takes.
    pub domains: Vec<String>,
    /// Connections to it at a time, a message each.
    pub connections: usize,
}

/// Bounds of an MMS Relay/Server.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MmsLimits {
    /// Octets of the content of a message, without the header fields of its PDU.
    pub octets: usize,
    /// Octets of these header fields.
    pub header_octets: usize,
    /// Recipients of a message.
    pub recipients: usize,
    /// Parts of a message.
    pub parts: usize,
    /// Messages that are kept, of all subscribers and for other relays.
    pub messages: u64,
    /// Octets of them.
    pub stored_octets: u64,
    /// Octets of messages that are in memory at a time: content that is being taken, and content that is being given out.
    pub memory: usize,
    /// Connections of SMTP that others may open.
    pub connections: usize,
}

/// Times of an MMS Relay/Server.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MmsTimes {
    /// How long a message is kept when its sender does not say.
    pub expiry: Duration,
    /// How long at most.
    pub max_expiry: Duration,
    /// How long it is known what has become of a message, after its expiry, and how long a message that comes again is known.
    pub remembered: Duration,
    /// Pauses before a notification or a report is pushed again that was not delivered; the last one is taken for all that
    /// follow.
    pub push_retry: Vec<Duration>,
    /// Pauses before a notification is pushed again that was delivered, and that the UE has not answered.
    pub remind: Vec<Duration>,
    /// How long the gateway may take for the result of a push, and the SM-SC for its response.
    pub push_result: Duration,
    /// Pauses before MM4 is tried again.
    pub mm4_retry: Vec<Duration>,
    /// How long MM4 is tried in all.
    pub mm4: Duration,
    /// How long a response on MM4 may take once the request was taken (TS 23.140 clause 8.4.1.4).
    pub mm4_response: Duration,
    /// How long reports are tried to be pushed.
    pub report: Duration,
    /// How long a nonce of HTTP Digest holds.
    pub nonce: Duration,
    /// How long a connection of SMTP to another relay is kept without work.
    pub idle: Duration,
}

impl MmsRelayConfig {
    /// A relay with the usual settings and nobody to talk to.
    #[must_use]
    pub fn new(domain: &str, base: &str) -> Self {
        Self {
            domain: domain.to_owned(),
            base: base.trim_end_matches('/').to_owned(),
            subscribers: Vec::new(),
            relays: Vec::new(),
            trusted: Vec::new(),
            realm: String::new(),
            sm_sc: None,
            push_number: "99900".to_owned(),
            gateway: None,
            media_types: MEDIA_TYPES.map(str::to_owned).to_vec(),
            charging: None,
            limits: MmsLimits::default(),
            times: MmsTimes::default(),
            utc_ms_at_zero: 0,
        }
    }

    /// Whether all of it goes together.
    pub(super) fn check(&self) -> Result<(), String> {
        if self.domain.is_empty() || self.domain.contains(|c: char| c.is_whitespace() || c == '@' || c == '/') {
            return Err(format!("MMS relay: {:?} is no mail domain", self.domain));
        }
        url_of(&self.base)?;
        let mut names: Vec<&str> = self.relays.iter().map(|relay| relay.name.as_str()).collect();
        names.sort_unstable();
        if let Some(pair) = names.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(format!("MMS relay: two relays are called {:?}: give each a name of its own", pair[0]));
        }
        Ok(())
    }
}

impl Gateway {
    pub(super) fn new(config: &PushGateway) -> Result<Self, String> {
        let (url, mut from) = (url_of(&config.url)?, config.from.clone());
        if from.is_empty() {
            let host = url.host().and_then(|host| host.trim_matches(['[', ']']).parse().ok());
            from.extend(host.map(TrustedPeer::host));
        }
        Ok(Self { url, domain: config.domain.clone(), from })
    }

    /// Whether it may be the gateway that comes from there.
    pub(super) fn is(&self, peer: SocketAddr) -> bool {
        self.from.iter().any(|own| own.is(peer))
    }
}

impl MmsSubscriber {
    /// A subscriber with the quotas that are usual, who is not notified.
    #[must_use]
    pub fn new(msisdn: &str) -> Self {
        Self {
            msisdn: msisdn.trim_start_matches('+').to_owned(),
            identities: Vec::new(),
            login: None,
            from: Vec::new(),
            push: Vec::new(),
            messages: 200,
            octets: 512 << 20,
        }
    }
}

impl OtherRelay {
    /// A relay that has its own next hop.
    #[must_use]
    pub fn new(name: &str, domain: &str, next_hop: SocketAddr) -> Self {
        Self {
            name: name.to_owned(),
            domain: domain.to_owned(),
            next_hop,
            from: Vec::new(),
            numbers: Vec::new(),
            domains: Vec::new(),
            connections: 2,
        }
    }
}

impl Default for MmsLimits {
    fn default() -> Self {
        Self {
            octets: 10 << 20,
            header_octets: 64 << 10,
            recipients: 100,
            parts: 64,
            messages: 1_000_000,
            stored_octets: 64 << 30,
            memory: 64 << 20,
            connections: 256,
        }
    }
}

impl Default for MmsTimes {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self {
            expiry: seconds(3 * DAY),
            max_expiry: seconds(7 * DAY),
            remembered: seconds(DAY),
            push_retry: [30, 60, 300, 900, 3600].map(seconds).to_vec(),
            remind: [600, 3600, 6 * 3600, DAY].map(seconds).to_vec(),
            push_result: seconds(60),
            mm4_retry: [30, 60, 300, 900, 1800, 3600].map(seconds).to_vec(),
            mm4: seconds(DAY),
            mm4_response: seconds(900),
            report: seconds(DAY),
            nonce: seconds(300),
            idle: seconds(60),
        }
    }
}

fn url_of(text: &str) -> Result<Uri, String> {
    let url = text.parse::<Uri>().ok().filter(|url| url.host().is_some());
    let url = url.filter(|url| matches!(url.scheme_str(), Some("http" | "https")));
    url.ok_or_else(|| format!("MMS relay: {text:?} is no URL of http or https"))
}

const DAY: u64 = 86_400;

/// Media types that are taken as long as nobody says others: text, pictures, sound and video, and what holds them together.
const MEDIA_TYPES: [&str; 9] = [
    "text/*",
    "image/*",
    "audio/*",
    "video/*",
    "application/smil",
    "application/smil+xml",
    "application/vnd.wap.multipart.*",
    "multipart/*",
    "application/octet-stream",
];
