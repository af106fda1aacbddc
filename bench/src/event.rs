//! The one contract between the runner and everything that reports: facts, in the order in which they happened.
//!
//! `run.jsonl` holds one [`Event`] per line; console, JSON, JUnit, HTML are folds over them, so that a recorded run
//! replays to the same report. Times are virtual; nothing here knows wall time.

use protocol::{Joint, Tmgi};
use serde::{Deserialize, Serialize};

pub use self::ims::{IdentityHop, ImsFact, MmsPart, SpeechHeard};
pub use self::mc::McFigures;
pub use self::modem::{BoxBackend, ModemFact, SmsFact};
pub(crate) use self::radio::{AreaMeasured, MchMeasured, PathsMeasured};
pub use self::radio::{Measurement, RadioReport};
use crate::ladder::ImsCast;
use crate::scenario::Scenario;

mod ims;
mod mc;
mod modem;
mod radio;

/// A fact and when it became one.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Event {
    /// Nanoseconds of run time.
    pub t_ns: u64,
    /// What happened.
    #[serde(flatten)]
    pub what: What,
}

/// What a session has sent, as the BM-SC reports it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SessionSent {
    /// FLUTE packets.
    pub packets: u64,
    /// Octets of IP datagrams on the bearer: the bytes on air that are compared between sessions.
    pub ip_octets: u64,
    /// Whole passes of the carousel over the object.
    pub passes: u64,
}

/// What happened.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum What {
    /// First line of every record: everything that the reports need to know about the run.
    RunStarted(Box<RunHeader>),
    /// A step of the scenario began.
    StepStarted {
        /// Position in the scenario, from 0.
        index: usize,
        /// The scenario's own words.
        description: String,
    },
    /// A step of the scenario ended.
    StepFinished {
        /// Position in the scenario, from 0.
        index: usize,
        /// Why it ended: `done`, `elapsed`, `delivered`, `air_limit`, `nothing_to_send`, `timeout`,
        /// `modem_failed`.
        reason: String,
    },
    /// The BM-SC opened an MBMS session; what it allocated is durable.
    SessionStarted(SessionInfo),
    /// The BM-SC closed an MBMS session.
    SessionStopped {
        /// Name of the session.
        session: String,
        /// What it has sent; none: the BM-SC has given no report.
        #[serde(flatten)]
        sent: Option<SessionSent>,
    },
    /// From `from_ns` on the MCCH of an area lists other sessions: it is notified of before.
    McchChange {
        /// MBSFN area identity.
        n_id_mbsfn: u8,
        /// Start of the modification period, nanoseconds of run time.
        from_ns: u64,
        /// Sessions in it: TMGI and logical channel.
        sessions: Vec<(Tmgi, u8)>,
    },
    /// A session goes on on another MTCH.
    SessionMoved {
        /// Session.
        session: String,
        /// Name of the MCH.
        mch: String,
        /// Logical channel.
        lcid: u8,
        /// Since when, nanoseconds of run time.
        from_ns: u64,
    },
    /// The eNB scheduled an MCH scheduling period: what the MSI says.
    MchScheduled {
        /// Name of the MCH.
        mch: String,
        /// System frame number of the first frame of the period.
        sfn: u32,
        /// Per MTCH: logical channel and the last subframe of the period, counted in subframes of this MCH.
        stops: Vec<MtchStop>,
        /// Octets of SDUs still waiting after this period was filled.
        backlog_octets: u64,
    },
    /// A UE has found a cell and has its master information block.
    CellAcquired {
        /// UE.
        ue: String,
        /// Physical-layer cell identity.
        n_id_cell: u16,
        /// Antenna ports with cell-specific reference signals.
        n_ports: u8,
        /// System frame number.
        sfn: u32,
        /// Carrier frequency offset as found, Hz.
        cfo_hz: f64,
    },
    /// A UE has lost its cell and searches again.
    CellLost {
        /// UE.
        ue: String,
    },
    /// A UE found a change notification on the PDCCH (M-RNTI).
    McchNotified {
        /// UE.
        ue: String,
        /// System frame number.
        sfn: u32,
        /// Subframe in the frame.
        subframe: u8,
        /// Bits of the areas whose MCCH will change, the first area in the least significant one.
        bitmap: u8,
    },
    /// A UE has not acquired what it should have by now.
    NotAcquired {
        /// UE.
        ue: String,
        /// How long it had, milliseconds.
        within_ms: u64,
        /// The first stage of its receiver that fails.
        stage: String,
        /// The receiver's own words.
        hint: String,
    },
    /// How a UE's receiver sees itself at the end of the run.
    Diagnosis {
        /// UE.
        ue: String,
        /// The first stage that fails.
        stage: Option<String>,
        /// The receiver's own words.
        hint: String,
        /// Each stage: name, how often it was tried, how often that went well.
        stages: Vec<(String, u64, u64)>,
    },
    /// A UE decoded an MCCH message for the first time, or a changed one.
    McchAcquired {
        /// UE.
        ue: String,
        /// MBSFN area identity.
        n_id_mbsfn: u8,
        /// System frame number.
        sfn: u32,
        /// Sessions in it: TMGI and logical channel.
        sessions: Vec<(Tmgi, u8)>,
    },
    /// Block counts and quality of one UE over an interval that ends now. Intervals follow each other without gaps.
    Radio(RadioReport),
    /// A transport block failed its CRC.
    BlockLost {
        /// UE.
        ue: String,
        /// System frame number.
        sfn: u32,
        /// Subframe in the frame.
        subframe: u8,
        /// Name of the MCH; none for an MCCH block before the MCCH is known.
        mch: Option<String>,
        /// Modulation and coding scheme.
        mcs: u8,
        /// Carrier to interference and noise ratio of this subframe, dB.
        cinr_db: f64,
    },
    /// RLC found a gap in the sequence numbers.
    RlcGap {
        /// UE.
        ue: String,
        /// Name of the MCH.
        mch: String,
        /// Logical channel.
        lcid: u8,
        /// Sequence number of the first missing UMD PDU; none when the numbers do not show it.
        first_sn: Option<u8>,
        /// UMD PDUs missing (modulo 32, TS 36.322: 5-bit sequence number).
        lost_pdus: u32,
    },
    /// Datagrams of a session that the eNB sent did not come out of the receiver of a UE.
    DatagramsLost {
        /// UE.
        ue: String,
        /// Session.
        session: String,
        /// Number of the first one, counted from 1 in the session.
        first: u64,
        /// How many.
        count: u64,
        /// Name of the MCH.
        mch: String,
        /// Logical channel.
        lcid: u8,
        /// RLC sequence numbers, first and last, that are missing with them; none when RLC had all.
        rlc_sn: Option<(u8, u8)>,
    },
    /// A datagram came out of the receiver of a UE that it had already, or that was never sent.
    DatagramTooMany {
        /// UE.
        ue: String,
        /// Session.
        session: String,
        /// Its number when it was there already.
        number: Option<u64>,
    },
    /// Equalised symbols of one subframe, thinned out.
    Constellation {
        /// UE.
        ue: String,
        /// System frame number.
        sfn: u32,
        /// Subframe in the frame.
        subframe: u8,
        /// `QPSK`, `16QAM`, `64QAM`, `256QAM`.
        modulation: String,
        /// In-phase and quadrature parts in thousandths of the unit-power constellation.
        points_milli: Vec<[i16; 2]>,
    },
    /// Impulse response of an MBSFN area at a UE: power over delay, averaged over the subframes last measured.
    ImpulseResponse {
        /// UE.
        ue: String,
        /// Delay of the first value against the subframe as the UE follows it, microseconds.
        from_us: f64,
        /// From one value to the next, microseconds.
        step_us: f64,
        /// Delays between which a path is inside of the cyclic prefix, microseconds.
        prefix_us: (f64, f64),
        /// Relative to the strongest value, dB.
        power_db: Vec<f32>,
    },
    /// Power spectral density, averaged over the run so far.
    Spectrum {
        /// `eNB`, or the name of a UE.
        at: String,
        /// Sample rate, the width of the whole spectrum, Hz.
        span_hz: f64,
        /// From -span/2 to +span/2, dB relative to the mean of its strongest tenth.
        psd_db: Vec<f32>,
    },
    /// A UE has a new FDT instance (RFC 3926).
    FdtReceived {
        /// UE.
        ue: String,
        /// Session.
        session: String,
        /// FDT instance id.
        instance_id: u32,
        /// Files that it lists.
        files: Vec<String>,
    },
    /// How far a UE has come with an object; at most ten a second for each.
    ObjectProgress {
        /// UE.
        ue: String,
        /// Session.
        session: String,
        /// Octets of encoding symbols received, repeats included.
        received_octets: u64,
        /// Octets of the object already written out, in order.
        written_octets: u64,
    },
    /// A UE has the whole object.
    ObjectReceived {
        /// UE.
        ue: String,
        /// Session.
        session: String,
        /// Transport object identifier.
        toi: u64,
        /// Content location of the FDT.
        content_location: String,
        /// Length in octets.
        octets: u64,
        /// SHA-256 of what was received, hexadecimal.
        sha256: String,
        /// SHA-256 equals that of what was sent.
        intact: bool,
        /// Seconds since the session started.
        after_s: f64,
    },
    /// The session ended and a UE has not got the object.
    ObjectMissing {
        /// UE.
        ue: String,
        /// Session.
        session: String,
        /// Octets of encoding symbols received, repeats included.
        received_octets: u64,
        /// Why, in words for a human.
        reason: String,
    },
    /// A procedure step was seen on the wire.
    LadderTick {
        /// Ladder, by its position in [`RunHeader::ladders`].
        ladder: usize,
        /// The source's own step number.
        step: String,
        /// Number of the packet in `capture.pcapng`, from 1.
        packet: u64,
        /// What it says about those after it: Call-IDs, Session-Ids.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        bound: Vec<(String, String)>,
        /// A few fields of the message: name and value.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        decoded: Vec<(String, String)>,
    },
    /// A packet went into `capture.pcapng`; only the first ones of a kind are recorded, all are counted at the end.
    Captured {
        /// Reference point.
        joint: Joint,
        /// Packets on it over the whole run.
        packets: u64,
        /// Octets on it over the whole run.
        octets: u64,
    },
    /// User data between two boxes over the whole run, of which no message is recorded on its own.
    Carried {
        /// Reference point.
        joint: Joint,
        /// Who has sent it.
        from: String,
        /// To whom.
        to: String,
        /// Packets over the whole run.
        packets: u64,
    },
    /// A measured quantity, ready to be held against limits.
    Measured(Measurement),
    /// Hash of all IQ that the eNB sent (holds per machine: FFT paths differ by CPU).
    IqHash {
        /// SHA-256, hexadecimal.
        sha256: String,
        /// Complex samples.
        samples: u64,
    },
    /// What a front end of a paced run has seen.
    FrontEnd(FrontEndStatus),
    /// A front end is gone, silent or at its end: the run breaks off.
    FrontEndFailed {
        /// Which one and why.
        why: String,
    },
    /// About the modem of a UE.
    Modem {
        /// UE.
        ue: String,
        /// What.
        #[serde(flatten)]
        fact: ModemFact,
    },
    /// About a text message.
    Sms {
        /// Its number, from 1 in the order of the steps.
        number: u64,
        /// What.
        #[serde(flatten)]
        fact: SmsFact,
    },
    /// About a UE on the IMS.
    Ims {
        /// UE.
        ue: String,
        /// What.
        #[serde(flatten)]
        fact: ImsFact,
    },
    /// A SIP or Diameter message went by; the capture has all of it.
    Message {
        /// Reference point.
        joint: Joint,
        /// Name of the sending box.
        from: String,
        /// Name of the receiving box.
        to: String,
        /// Method or status, command or result.
        summary: String,
        /// Length.
        octets: u64,
        /// Number of the packet in `capture.pcapng`, from 1.
        packet: u64,
    },
    /// Something that the bench wants a human to know.
    Note {
        /// The words.
        text: String,
    },
    /// Last line of a complete record.
    RunFinished,
}

/// What a front end has seen in a run.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct FrontEndStatus {
    /// `eNB`, `UEs` when they share one, the name of a UE, `broker`.
    pub at: String,
    /// Samples moved.
    pub samples: u64,
    /// Samples that were lost or left out, as far as known.
    pub samples_lost: u64,
    /// The device wanted samples that were not there yet.
    pub underflows: u64,
    /// The device had samples that nobody took.
    pub overflows: u64,
    /// Bursts that came after their time.
    pub late: u64,
    /// Components beyond full scale that were cut off.
    pub clipped: u64,
}

/// Everything that the reports need to know about the run.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct RunHeader {
    /// Version of castbench.
    pub castbench: String,
    /// The scenario as it was run, `--seed` and `--content` applied.
    pub scenario: Scenario,
    /// Name of the rig and what is real in it.
    pub rig: String,
    /// `virtual`, `paced`, `live`.
    pub clock: String,
    /// The ladders that this run must climb.
    pub ladders: Vec<LadderHeader>,
    /// Capacity of all MCHs for MTCHs after MCCH and MAC/RLC headers, bit/s.
    pub mch_capacity_bps: f64,
    /// Transport block size of data subframes, bits; the largest of all MCHs.
    pub tbs_bits: u32,
    /// The MCHs, area by area.
    pub mchs: Vec<MchHeader>,
    /// Sample rate, Hz.
    pub sample_rate_hz: f64,
    /// Power at the UEs' antenna connectors of samples with an rms of 1, dBm; none without a calibration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub full_scale_dbm: Option<f64>,
    /// What each box was.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub boxes: Vec<BoxBackend>,
}

/// An MCH and what it carries.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct MchHeader {
    /// Name in the scenario.
    pub mch: String,
    /// MBSFN area identity.
    pub n_id_mbsfn: u8,
    /// Capacity for MTCHs after MCCH and MAC/RLC headers, bit/s.
    pub capacity_bps: f64,
    /// Transport block size of data subframes, bits.
    pub tbs_bits: u32,
}

/// Why a step ended that has waited in vain.
pub(crate) const TIMEOUT: &str = "timeout";
/// A step has found nothing to do.
pub(crate) const NOTHING: &str = "nothing";

/// A ladder instance: which procedure, played by whom.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct LadderHeader {
    /// Specification and clause, `TS 26.346 7`.
    pub procedure: String,
    /// Title.
    pub title: String,
    /// The UE whose view it is.
    pub ue: String,
    /// The session that it follows; empty on the IMS.
    pub session: String,
    /// Who plays in it, on the IMS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ims: Option<ImsCast>,
}

impl LadderHeader {
    /// Whose ladder it is, in words.
    pub fn whose(&self) -> String {
        let Some(cast) = &self.ims else {
            // A bearer is nobody's in particular.
            let ue = if self.ue.is_empty() { String::new() } else { format!("UE {}, ", self.ue) };
            return format!("{ue}session {}", self.session);
        };
        let peer = cast.peer.as_ref().map_or_else(String::new, |peer| format!(" and {}", peer.name));
        format!("UE {}{peer}, step {}", self.ue, cast.asked_by() + 1)
    }
}

/// What the BM-SC allocated and announced for a session.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct SessionInfo {
    /// Name in the scenario.
    pub session: String,
    /// Temporary mobile group identity.
    pub tmgi: Tmgi,
    /// Multicast address and port of the user service.
    pub destination: String,
    /// Transport session identifier of the FLUTE session.
    pub tsi: u64,
    /// Common tunnel endpoint identifier on M1.
    pub c_teid: u32,
    /// MBSFN area identity.
    pub n_id_mbsfn: u8,
    /// Name of the MCH.
    pub mch: String,
    /// Logical channel of the MTCH.
    pub lcid: u8,
    /// File name.
    pub content: String,
    /// Length in octets.
    pub content_octets: u64,
    /// SHA-256 of the content, hexadecimal.
    pub content_sha256: String,
    /// `no_code`, `raptor`.
    pub fec: String,
    /// Bit rate of IP datagrams to which the sender paces, bit/s.
    pub bit_rate_bps: u64,
}

/// One entry of the MCH scheduling information (TS 36.321 clause 6.1.3.7).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct MtchStop {
    /// Logical channel.
    pub lcid: u8,
    /// Last subframe, counted in subframes of this MCH; `None`: nothing scheduled (2047 on the wire).
    pub stop: Option<u16>,
}
