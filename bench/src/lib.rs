//! castbench: the bench.

// Links the device in memory that the shipped rig `soapy-loop` names.
#[cfg(feature = "soapy")]
use soapy_loop as _;

/// Runs with many UEs free in another order than they allocate: the C library's heap costs more for each UE the more there are.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

mod air;
mod backends;
mod boxes;
mod capacity;
mod changes;
mod cli;
mod commands;
mod console;
mod errors;
mod event;
mod faults;
mod front_ends;
mod impulse;
mod ims;
mod lab_lease;
mod ladder;
mod ledger;
mod list;
mod mbms;
mod measure;
mod modems;
mod observer;
mod pcap;
mod perf;
mod radio_tally;
mod record;
mod report;
mod rig;
mod runner;
mod scenario;
mod setup;
mod sms;
mod strict_toml;
mod sweep;
mod ue;
mod verdict;

pub use cli::{
    AccountAddArgs, AccountCommand, AnalyzeArgs, Cli, Command, CoreArgs, CoreCommand, DevicesArgs, ExpectPdcp,
    HoldArgs, IqCommand, IqFormat, ListArgs, ModemCommand, ModemPersonalityArgs, ModemRecordArgs, PmchArgs,
    PmchCommand, PmchEncodeArgs, ReportArgs, RunArgs, RxArgs, SubscriberAddArgs, SubscriberCommand, SweepArgs, TxArgs,
};
pub use commands::{core, devices, guardian, hold, iq, list_command, modem, pmch, report, run, rx, sweep, tx, ue};
pub use errors::{CommandError, Exit};
pub use event::{
    BoxBackend, Event, FrontEndStatus, IdentityHop, ImsFact, LadderHeader, McFigures, MchHeader, Measurement, MmsPart,
    ModemFact, MtchStop, RadioReport, RunHeader, SessionInfo, SessionSent, SmsFact, SpeechHeard, What,
};
pub use ladder::{
    ActorSystem, Bearer, DOWNLOAD_DELIVERY, Diameter, GroupBearer, Has, Http, HttpIs, ImsActor, ImsCast, Ladder,
    LadderStep, LadderWatch, LctError, LctHeader, MBMS_PROCEDURES, MCCH_ACQUISITION, Map, MapHas, MapPart, Mbms,
    McDocument, McMessage, Mm1, Mm1Is, Mm4, Mm4Of, Msrp, MsrpIs, Of, Order, PROCEDURES, Party, Procedure,
    ProcedureStep, RpKind, Rtp, SESSION_START, See, Sip, Smpp, SmppPart, Status, Tick, Ticked, Without,
};
pub use list::list;
pub use measure::{Measured, NoValue, Value, measure};
pub use modems::{LineError, Trouble, TroubleKind};
pub use pcap::{CAPTURE_FILE, CaptureError, CaptureWriter, interface_name, wireshark_options};
pub use record::{RECORD_FILE, RecordError, RecordReader, RecordWriter};
pub use report::{
    Delivery, FoldError, ImsRun, MessageRun, Model, ModelError, ModemRun, MultimediaMessageCount, MultimediaMessageRun,
    Outcome, REPORT_FILES, RadioSum, Ratio, ReportError, SCHEMA, ShortMessageCount, ShortMessageRun, html, json, junit,
    replay, write_reports,
};
pub use rig::{
    BrokerKind, Channels, Clock, FileRig, FileRole, Lab, LabAttenuator, LabModem, LoadRigError, RadioFrontEnd, Rig,
    SHIPPED_RIGS, SimulatedModem, SoapyRig, UeKind, ZmqRig,
};
pub use scenario::{
    Access, AccessNetwork, Allocator, Announces, ApplicationServer, Binding, Cell, Channel, ChannelModel,
    ConferenceStep, EntityTag, Expectation, ExposureStep, Fading, Fault, FaultAction, FaultTarget, Fec, Group,
    GroupBearers, Hears, IdentityStep, Impairments, Ims, ImsAuth, ImsSecurity, ImsState, ImsStep, Insufficient,
    Interferer, LoadScenarioError, Loaded, MbmsStep, MbsfnArea, Mc, McAuth, McBearer, McGroup, McServer, McStep, Mch,
    MeasurementName, MessagingStep, Mms, MmsBy, MmsFiles, MmsPush, MmsRelayOf, MmsRetrieval, MmsStep, Overrides,
    PresenceStep, Profile, SampleRate, Scenario, Selector, Served, Service, ServiceBox, ServiceStep, Session, SipWhat,
    SmScKind, Sms, SmsAccess, SmsBy, SmsStep, Step, StepAction, SubframeAllocation, SubframePattern, System,
    ThirdParty, Transmitter, Ue, UeCell, UeIms, UeMc, UeMigrates, UeMms, UeRadio, UeSms, UnicastAccess, Unit, Way,
    XdmStep,
};
pub use strict_toml::{TomlProblem, TomlProblems};
pub use sweep::{
    Counts, Crossing, Curve, Edge, Finding, JournalError, LoadSweepError, Point, Reference, Requirement, SWEEP_FILES,
    Sampling, Sweep,
};
pub use verdict::{Check, Judgement, LadderVerdict, Verdict};
