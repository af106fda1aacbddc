//! What an SMS agent has to know (TS 24.341 clause 5.3: from the USIM, the ISIM, or given), and the SIP agent that it has
//! where it speaks straight to an IP-Message-GW (TR 23.804 clause 8.1).

use std::net::SocketAddr;
use std::time::Duration;

use protocol::Plmn;
use protocol::sip::Target;
use protocol::sms::{Address, SmsAccess};

use crate::agent::sip::{AgentConfig, SipDialect};

/// The configuration of an SMS agent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SmsConfig {
    /// How it reaches the gateway by IP.
    pub path: SmsPath,
    /// The service centre: RP-Destination-Address (EF_SMSP).
    pub service_centre: Address,
    /// PSI of the service centre (EF_PSISMSC), a SIP or tel URI; when empty the tel URI of [`Self::service_centre`] (TS 24.341
    /// clause 5.3.1.2).
    pub service_centre_uri: String,
    /// Messages that the memory holds; a part of a message takes a place too.
    pub places: usize,
    /// Reports of the relay layer name the request that they are about (TS 24.341 clause 5.3.2.4). Without it a gateway has
    /// to know them by RP-MR.
    pub in_reply_to: bool,
    /// What the user prefers for messages that he sends (TR 23.804 clause 4), best first; what is not named is not used.
    pub preference: Vec<SmsAccess>,
    /// How often a message is sent at most, where what goes wrong may be over soon.
    pub attempts: usize,
    /// Until it is sent again over the same access.
    pub pause: Duration,
    /// How long a message may stay incomplete.
    pub patience: Duration,
    /// Timers of the relay layer.
    pub timers: SmsTimers,
    /// What it does about messages that come.
    pub reporting: Reporting,
}

/// How an SMS agent reaches the gateway by IP.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum SmsPath {
    /// Through an IMS: registered there with `+g.3gpp.smsip` (TS 24.341 clause 5.3.1.1).
    #[default]
    Ims,
    /// Straight over R2: registered with the gateway itself (TR 23.804 clause 8.1).
    Gateway,
}

/// Timers of the relay layer in an MS (TS 24.011 clause 10.1). TR2M, 12 to 20 s until a message that came has to be reported
/// on, never ends here: the report goes out with the answer to the request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SmsTimers {
    /// TR1M, for the report about a message that was sent: more than 35 s, less than 45 s.
    pub tr1m: Duration,
    /// TRAM, until RP-SMMA is sent again: more than 25 s, less than 35 s.
    pub tram: Duration,
}

impl Default for SmsTimers {
    fn default() -> Self {
        Self { tr1m: Duration::from_secs(40), tram: Duration::from_secs(30) }
    }
}

/// What is done about messages that come: a UE for tests may be one that does not answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Reporting {
    /// They are taken and reported on at once.
    #[default]
    AtOnce,
    /// They are not looked at: the request is answered, the relay layer is silent.
    Never,
}

impl SmsConfig {
    /// An agent with the usual settings.
    pub fn new(path: SmsPath, service_centre: Address) -> Self {
        Self {
            path,
            service_centre,
            service_centre_uri: String::new(),
            places: 50,
            in_reply_to: true,
            preference: vec![SmsAccess::Ip, SmsAccess::Sgsn, SmsAccess::Msc],
            attempts: 3,
            pause: Duration::from_secs(5),
            patience: Duration::from_secs(24 * 3600),
            timers: SmsTimers::default(),
            reporting: Reporting::default(),
        }
    }

    /// Where messages of its own go: PSI, or tel URI, of the service centre.
    pub(super) fn centre(&self) -> String {
        match self.service_centre_uri.as_str() {
            "" => format!("tel:{}", self.service_centre),
            uri => uri.to_owned(),
        }
    }
}

/// A UE that registers with an IP-Message-GW over R2 (TR 23.804 clause 8.1).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct GatewayAccess {
    /// IMSI.
    pub imsi: String,
    /// Home network: its NAI is in the domain of that.
    pub plmn: Plmn,
    /// Home domain of From, To and the Request-URI of REGISTER.
    pub domain: String,
    /// The gateway.
    pub gateway: Target,
    /// Address and port of the UE.
    pub contact: SocketAddr,
}

impl GatewayAccess {
    /// NAI: IMSI at the domain of the home network (TS 23.003 clause 19.3.2). Its leading digit, which tells an EAP method, is
    /// left out: what stands before `@` is the IMSI.
    pub fn nai(&self) -> String {
        let [mcc, mnc] = [self.plmn.mcc(), self.plmn.mnc()].map(|digits| digits.iter().map(u8::to_string).collect());
        let (mcc, mnc): (String, String) = (mcc, mnc);
        format!("{}@nai.epc.mnc{mnc:0>3}.mcc{mcc}.3gppnetwork.org", self.imsi)
    }

    /// The SIP agent: it registers as `sip:IMSI@domain`, proves who it is by AKA under the name of the NAI, and subscribes to
    /// its registration state at the gateway, by which it hears that the gateway has ended it (clause 8.2.2).
    pub fn agent_config(&self) -> AgentConfig {
        let impu = format!("sip:{}@{}", self.imsi, self.domain);
        AgentConfig {
            dialect: SipDialect::Gateway,
            access_network_info: String::new(),
            ..AgentConfig::new(&self.nai(), &impu, &self.domain, self.gateway, self.contact)
        }
    }
}
