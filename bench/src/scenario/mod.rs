//! Scenarios: one TOML file says what is built, done and expected (parameters by TS 36.331 SIB13 and MCCH, TS 26.346).

use std::fmt;
use std::path::PathBuf;

use protocol::Joint;
use radio::{Mcs, McsTable};
use serde::{Deserialize, Serialize};

pub(crate) mod channel;
mod check;
mod check_ims;
mod impairments;
mod ims;
mod ims_step;
mod load;
mod mc;
mod measurement;
mod mms;
mod read;
mod service;
mod sms;
mod step;
mod system;
mod transmitter;
mod unicast;

pub use channel::{Channel, ChannelModel, Fading, Profile};
pub use impairments::{Impairments, Interferer};
pub(crate) use ims::{
    APPLICATION_SERVER, DIAMETER_RELAY, HSS, ICSCF, Identity, MIGRATION_SERVER, NETWORKS, PCSCF, SCSCF, SIP_PROXY,
    VISITED_PCSCF, address_in, address_of, name_in,
};
pub use ims::{AccessNetwork, ApplicationServer, Ims, ImsAuth, ImsSecurity, ImsState, SipWhat, UeCell, UeIms};
pub use ims_step::ImsStep;
pub(crate) use load::content_type;
pub use load::{LoadScenarioError, Loaded, Overrides};
pub(crate) use mc::mc_box;
pub use mc::{Announces, Insufficient, Mc, McAuth, McBearer, McGroup, McServer, McStep, UeMc};
pub use measurement::{MeasurementName, Unit};
pub(crate) use mms::MMS_BOXES;
pub use mms::{Mms, MmsBy, MmsFiles, MmsPush, MmsRelayOf, MmsRetrieval, MmsStep, UeMms};
pub(crate) use read::mcs_table;
pub use service::{
    Access, Allocator, ConferenceStep, EntityTag, ExposureStep, Group, GroupBearers, IdentityStep, MbmsStep,
    MessagingStep, PresenceStep, Service, ServiceBox, ServiceStep, ThirdParty, XdmStep,
};
pub(crate) use service::{
    CDF, CHAT_MAX_OCTETS, CONFERENCE_SERVER, EXPOSURE, GROUP_MANAGEMENT, IDENTITY_SERVER, IMS_AS, IMS_GWF,
    MESSAGING_SERVER, OCS, PRESENCE_SERVER, XDM_SERVER,
};
pub(crate) use sms::{IP_MESSAGE_GW, MSC, SGSN, SM_SC, SMS_BOXES, SMS_GMSC};
pub use sms::{Served, SmScKind, Sms, SmsAccess, SmsBy, SmsStep, UeSms};
pub use step::{Selector, Step, StepAction};
pub use system::{Binding, System, UeMigrates};
pub(crate) use system::{PRIMARY, SystemView};
pub use transmitter::{Hears, Transmitter, Way};
pub use unicast::UnicastAccess;

/// What is built, done and expected in one run.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Short name, used in file names and reports.
    pub name: String,
    /// One line for a human.
    pub title: String,
    /// What a pass proves, one sentence.
    pub proves: String,
    /// Every random stream of the run comes from this number.
    pub seed: u64,
    /// The LTE cell; a run without one has no radio.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cell: Option<Cell>,
    /// The MBSFN areas that the cell belongs to, in the order of SIB13.
    #[serde(rename = "mbsfn_area", default, skip_serializing_if = "Vec::is_empty")]
    pub areas: Vec<MbsfnArea>,
    /// MBMS sessions.
    #[serde(rename = "session", default, skip_serializing_if = "Vec::is_empty")]
    pub sessions: Vec<Session>,
    /// The IMS network.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ims: Option<Ims>,
    /// Mission critical services.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mc: Option<Mc>,
    /// Short messages over IP.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sms: Option<Sms>,
    /// Multimedia messages over IP.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mms: Option<Mms>,
    /// Further MC systems.
    #[serde(rename = "system", default, skip_serializing_if = "Vec::is_empty")]
    pub systems: Vec<System>,
    /// The sites of a single-frequency network; one at 0 dB when there are none.
    #[serde(rename = "transmitter", default, skip_serializing_if = "Vec::is_empty")]
    pub transmitters: Vec<Transmitter>,
    /// The UEs.
    #[serde(rename = "ue")]
    pub ues: Vec<Ue>,
    /// What is done, in this order.
    #[serde(rename = "step")]
    pub steps: Vec<Step>,
    /// What must hold at the end.
    #[serde(rename = "expect")]
    pub expectations: Vec<Expectation>,
    /// Messages that are dropped or corrupted on purpose.
    #[serde(rename = "fault", default, skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<Fault>,
}

impl Scenario {
    /// Every MCH with its place: area, MCH of the area.
    pub fn mchs(&self) -> impl Iterator<Item = (usize, usize, &MbsfnArea, &Mch)> + Clone {
        let areas = self.areas.iter().enumerate();
        areas.flat_map(|(a, area)| area.mchs.iter().enumerate().map(move |(m, mch)| (a, m, area, mch)))
    }

    /// Some step needs the modems of UEs.
    pub fn needs_modems(&self) -> bool {
        let needs =
            |step: &Step| matches!(step.action, StepAction::SendSms { .. } | StepAction::RunUntilSmsDelivered { .. });
        self.steps.iter().any(needs)
    }

    /// Place of the MCH of this name: area, MCH of the area.
    pub fn mch(&self, name: &str) -> Option<(usize, usize)> {
        self.mchs().find(|(.., mch)| mch.name == name).map(|(a, m, ..)| (a, m))
    }
}

/// The LTE cell (TS 36.211).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cell {
    /// Downlink bandwidth N_RB^DL in resource blocks: 6, 15, 25, 50, 75, 100.
    pub n_rb_dl: u8,
    /// Physical-layer cell identity, 0 to 503.
    pub n_id_cell: u16,
    /// Sample rate of the IQ between eNB and UEs.
    #[serde(default)]
    pub sample_rate: SampleRate,
    /// Antenna ports with cell-specific reference signals: 1 or 2.
    #[serde(default = "one")]
    pub n_ports: u8,
}

/// Antennas of a cell or a UE that names none.
fn one() -> u8 {
    1
}

/// Family of the sample rate of the IQ; the bandwidth says which one of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SampleRate {
    /// 1.92, 3.84, 7.68, 15.36, 23.04, 30.72 MS/s.
    #[default]
    Standard,
    /// 1.92, 3.84, 5.76, 11.52, 15.36, 23.04 MS/s.
    ThreeQuarter,
}

/// What SIB2, SIB13 and the MCCH say about an MBSFN area (TS 36.331 clause 6.3.7, `MBSFN-AreaInfo`).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MbsfnArea {
    /// MBSFN area identity N_ID^MBSFN, 0 to 255.
    pub n_id_mbsfn: u8,
    /// Symbols of the non-MBSFN region: 1 or 2; 1 only with more than 10 resource blocks (TS 36.211 table 6.7-1).
    pub non_mbsfn_region: u8,
    /// `mcch-RepetitionPeriod` in radio frames: 32, 64, 128, 256.
    pub mcch_repetition_period_rf: u16,
    /// `mcch-Offset` in radio frames, 0 to 10.
    pub mcch_offset_rf: u8,
    /// `mcch-ModificationPeriod` in radio frames: 512, 1024.
    pub mcch_modification_period_rf: u16,
    /// Subframes that carry the MCCH (`sf-AllocInfo`).
    pub mcch_subframes: Vec<u8>,
    /// `signallingMCS`: 2, 7, 13, 19.
    pub signalling_mcs: u8,
    /// `notificationIndicator`: the bit of the area in a change notification, 0 to 7.
    pub notification_indicator: u8,
    /// `commonSF-AllocPeriod` in radio frames, 4 to 256: the MCHs share out the subframes of such a period.
    pub common_sf_alloc_period_rf: u16,
    /// Subframes of the area (`MBSFN-SubframeConfig` of SIB2, `commonSF-Alloc` of the MCCH).
    pub subframe_allocation: Vec<SubframeAllocation>,
    /// Multicast channels, in the order in which they take their subframes.
    #[serde(rename = "mch")]
    pub mchs: Vec<Mch>,
}

/// Subframes of the radio frames with SFN mod period = offset, and of the three after each (`MBSFN-SubframeConfig`).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SubframeAllocation {
    /// `radioframeAllocationPeriod` in radio frames: 1, 2, 4, 8, 16, 32.
    pub period_rf: u8,
    /// `radioframeAllocationOffset` in radio frames, 0 to 7.
    pub offset_rf: u8,
    /// `subframeAllocation`.
    #[serde(flatten)]
    pub pattern: SubframePattern,
}

/// `subframeAllocation`: some of the subframes 1, 2, 3, 6, 7, 8 (FDD), ascending.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "pattern", rename_all = "snake_case")]
pub enum SubframePattern {
    /// `oneFrame`.
    OneFrame {
        /// Of the frame.
        subframes: Vec<u8>,
    },
    /// `fourFrames`.
    FourFrames {
        /// Of each of four frames in a row.
        subframes: Vec<Vec<u8>>,
    },
}

/// A multicast channel (TS 36.331 clause 6.3.7, `PMCH-Config`).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mch {
    /// Name in this scenario.
    pub name: String,
    /// `dataMCS`: 0 to 28, with 256QAM to 27.
    pub data_mcs: u8,
    /// The table that `data_mcs` counts in.
    #[serde(default, skip_serializing_if = "McsTable::is_qam64")]
    pub mcs_table: McsTable,
    /// `mch-SchedulingPeriod` in radio frames: 8, 16, 32, 64, 128, 256, 512, 1024.
    pub scheduling_period_rf: u16,
    /// Subframes of each common allocation period; MCHs without it share the rest in equal parts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subframes_per_period: Option<u16>,
}

impl Mch {
    /// Modulation and coding scheme of its data.
    pub fn mcs(&self) -> Mcs {
        Mcs { table: self.mcs_table, index: self.data_mcs }
    }
}

/// An MBMS session that delivers one file (TS 26.346 clause 7).
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Session {
    /// Name in this scenario.
    pub name: String,
    /// The MCH that carries it.
    pub mch: String,
    /// The file, relative to the scenario's own file.
    pub content: PathBuf,
    /// Media type that the FDT gives.
    pub content_type: String,
    /// Bit rate of IP datagrams to which the sender paces, kbit/s.
    pub bit_rate_kbps: u32,
    /// Forward error correction.
    pub fec: Fec,
    /// Encoding symbol length, octets.
    pub symbol_octets: u16,
    /// Longest source block, symbols.
    pub source_block_symbols: u16,
    /// The sender falls silent after this many octets of IP datagrams; without it the carousel turns until it is stopped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub air_limit_octets: Option<u64>,
}

/// Forward error correction of a FLUTE session.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "snake_case", deny_unknown_fields)]
pub enum Fec {
    /// Compact no-code FEC, FEC encoding ID 0 (RFC 5445).
    NoCode,
    /// Raptor, FEC encoding ID 1 (RFC 5053).
    Raptor {
        /// Repair symbols per source symbols, percent.
        overhead_percent: u16,
    },
}

impl fmt::Display for Fec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoCode => "no_code",
            Self::Raptor { .. } => "raptor",
        })
    }
}

/// A UE and the channel between the eNB and it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ue {
    /// Name in this scenario.
    pub name: String,
    /// Receive antennas: 1 or 2.
    #[serde(default = "one")]
    pub antennas: u8,
    /// Its channel, where there is a cell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<Channel>,
    /// Its IMS subscription and agent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ims: Option<UeIms>,
    /// Its MC client.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mc: Option<UeMc>,
    /// What it has for short messages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sms: Option<UeSms>,
    /// What it has for multimedia messages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mms: Option<UeMms>,
    /// The system that it is at home in; none: the first one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system: Option<String>,
    /// Who its user is in another system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub migrates: Option<UeMigrates>,
    /// What its own way to the network does; none: nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unicast: Option<UnicastAccess>,
    /// Which transmitters it hears; the only one when the scenario names none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hears: Vec<Hears>,
    /// What its front end adds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub impairments: Option<Impairments>,
    /// How it listens to the carrier.
    #[serde(default, skip_serializing_if = "UeRadio::is_samples")]
    pub radio: UeRadio,
}

/// How a UE listens to the carrier.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UeRadio {
    /// A receiver of its own decodes samples.
    #[default]
    Samples,
    /// It takes the transport blocks of a reference receiver and loses as many as was measured at its signal to noise ratio.
    Table,
}

impl UeRadio {
    fn is_samples(&self) -> bool {
        *self == Self::Samples
    }
}

impl Ue {
    /// Its channel; nothing is heard over that of a UE without one.
    pub fn channel(&self) -> &Channel {
        self.channel.as_ref().unwrap_or(&Channel::NONE)
    }
}

/// A limit on a measured quantity. With a selector of `all`, every one of the selected values must keep it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expectation {
    /// What is measured.
    pub measure: MeasurementName,
    /// Of which UE, when the measurement is of one.
    #[serde(default)]
    pub ue: Selector,
    /// Of which session, when the measurement is of one.
    #[serde(default)]
    pub session: Selector,
    /// Lowest value that passes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<f64>,
    /// Highest value that passes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<f64>,
    /// Unit of the limits, the measurement's own.
    pub unit: Unit,
}

/// Messages that are dropped or corrupted on purpose, so that a ladder can be seen to fail.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// Where.
    pub joint: Joint,
    /// Which messages there.
    pub what: FaultTarget,
    /// What becomes of them.
    pub action: FaultAction,
    /// On the way to which UE; M1 is before all of them.
    #[serde(default)]
    pub ue: Selector,
    /// Which messages of SIP or Diameter (`gm`, `mw`, `isc`, `cx`, `sh`).
    #[serde(rename = "message", default, skip_serializing_if = "Option::is_none")]
    pub sip: Option<SipWhat>,
    /// In which MCH, by its name; any when none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mch: Option<String>,
    /// So many of the messages are left alone first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<u64>,
    /// So many are taken then; all when there is no number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
}

/// Which messages of a joint a fault takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultTarget {
    /// Every one.
    Any,
    /// Messages with SystemInformationBlockType13 (`bcch_dl_sch`).
    Sib13,
    /// MAC PDUs with neither MCH scheduling information nor MCCH (`mch`).
    Data,
    /// MAC PDUs with MCH scheduling information (`mch`).
    Msi,
    /// Datagrams with an FDT instance (`m1`, `mtch`).
    Fdt,
    /// Datagrams with encoding symbols of an object (`m1`, `mtch`).
    Object,
    /// Datagrams with an RTP packet (`mtch`).
    Rtp,
}

/// What becomes of a message that a fault takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultAction {
    /// It is gone.
    Drop,
    /// One bit of its last octet is inverted; of SIP and Diameter one in the middle.
    Corrupt,
    /// It comes twice (SIP, Diameter).
    Duplicate,
    /// It comes late (SIP, Diameter).
    Delay,
    /// A response says something else (SIP).
    WrongStatus,
    /// The response to a challenge is another one (SIP).
    WrongResponse,
}

#[cfg(test)]
mod tests;
