//! The LTE eMBMS broadcast carrier: PHY, MAC, RLC, RRC, channel models, front ends.
//!
//! Samples are the only clock in here: no I/O besides front ends, no wall time, no unseeded randomness.

mod cell;
mod channel;
mod coding;
mod dci;
mod enb;
mod estimate;
mod front_end;
mod grid;
mod isa;
mod link;
mod mac;
mod mch;
mod measure;
mod modem;
mod numerology;
mod ofdm;
mod oscillator;
mod phch;
mod receiver;
mod refsignal;
mod rlc;
mod rrc;
mod sequence;
mod spectrum;
mod sync;
mod tbs;
mod time;

pub use cell::{
    CarrierConfig, CellConfig, ConfigError, NRbDl, PhichConfig, PhichDuration, PhichResource, SampleRateFamily,
};
pub use channel::{
    ChannelConfig, ChannelModel, DelayProfile, DelayTap, Evolution, FadingConfig, Impairments, Interferer, PathConfig,
};
pub use coding::{
    CRC8, CRC16, CRC24A, CRC24B, CodingError, Crc, DEFAULT_MAX_ITERATIONS, Decoded, Segmentation, SoftBuffer,
    TransportBlockDecoder, TransportBlockEncoder, TransportBlockParams, conv,
};
pub use dci::{
    Dci1A, Dci1C, DciError, M_RNTI, NPrb1A, SI_RNTI, pack_mcch_change_notification, si_rv, sib1_rv,
    unpack_mcch_change_notification,
};
pub use enb::{
    AreaSetup, Enb, EnbConfig, EnbError, EnbEvent, FULL_SCALE_RMS_DBFS, SiDciFormat, SystemInformationPlan,
    full_scale_gain,
};
pub use estimate::{CrsEstimator, CrsQuality, EstimateQuality, MbsfnEstimator};
pub use front_end::{
    Broker, BrokerReceiver, BrokerStep, FileHints, FileSink, FileSource, FrontEndError, IqFileError, IqSink, IqSource,
    LoopbackSink, LoopbackSource, MAX_ANTENNAS, MAX_MESSAGE_SAMPLES, Paced, ReadBlock, Recording, SampleFormat,
    SigmfHeader, SoapyDeviceConfig, SoapyFormat, SoapyRxConfig, SoapyTxConfig, StreamStatus, Tap, Transmission,
    TransmitPermission, TransmitRefused, UnknownSampleFormat, ZmqConfig, ZmqPattern, ZmqSink, ZmqSource, loopback,
    read_cf32, write_cf32,
};
#[cfg(feature = "soapy")]
pub use front_end::{SoapyDeviceState, SoapyFound, SoapySink, SoapySource, silence_soapy, soapy_devices};
pub use grid::Grid;
pub use isa::{Isa, UnknownIsa};
pub use link::{LinkBlock, PmchLink, PmchLinkConfig};
pub use mac::{LCID_MCCH, LCID_MSI, Msi, MsiEntry, STOP_NOT_SCHEDULED, hide_mac_elements, mac_elements, msi_of};
pub use mch::{
    BlockInfo, MalformedMch, MbsfnSubframes, MchRx, MchRxEvent, MchSchedule, MchTx, MchTxError, MchTxEvent, PdcpPrefix,
    PmchPosition, PushError, SubframeUse, Wanted,
};
pub use measure::{
    BlocksReceived, DataQuality, MbsfnPower, Paths, PowerDelayProfile, SubframeMeasurement, bler_range,
    mbsfn_rsrq_range, resource_element_dbfs, rsrp_range,
};
pub use modem::{Demapper, Mapper, Modulation};
pub use numerology::{CyclicPrefix, MbsfnNumerology, SubframeLayout, SymbolPosition};
pub use ofdm::{OfdmDemodulator, OfdmModulator};
pub use oscillator::Oscillator;
pub use phch::{
    AggregationLevel, BitErrors, ControlRegion, DciFormat, FoundPdcch, Gap, MbsfnSubframeDemodulator,
    MbsfnSubframeModulator, PBCH_FRAMES, PbchDecoder, PbchEncoder, PbchMessage, Pcfich, Pdcch, PdcchDecoder,
    PdcchEncoder, PdschDecoder, PdschEncoder, PmchDecoder, PmchEncoder, PmchParams, PmchQuality, ReceivedCfi,
    SiAssignment, UnicastSubframeModulator, VrbAllocation, VrbError, VrbType, transmit_diversity,
};
pub use receiver::{
    BlockFilter, BlockReport, Diagnosis, FilteredBlock, KnownCarrier, Receiver, ReceiverConfig, ReceiverError, RxEvent,
    Stage, StageCount,
};
pub use refsignal::{crs, crs_symbols};
pub use rrc::{
    AreaConfigError, BcchDlSchMessage, EncodeRrcError, MasterInformationBlock, MbmsSaiInterFreq,
    MbsfnAreaConfiguration, MbsfnAreaInfo, MbsfnSubframeConfig, McchConfig, NotificationConfig,
    OtherSystemInformationBlock, PlmnId, PmchInfo, RrcError, SchedulingInfo, SessionInfo, SiWindow, SubframeAllocation,
    SubframeSet, SystemInformation, SystemInformationBlock, SystemInformationBlockType1, SystemInformationBlockType2,
    SystemInformationBlockType3, SystemInformationBlockType13, SystemInformationBlockType15, Tmgi,
};
pub use sequence::GoldSequence;
pub use spectrum::SpectrumAnalyzer;
pub use sync::{
    CellSearch, CyclicPrefixSync, FoundCell, PSS_ROW, SSS_ROW, SYNC_SUBCARRIERS, pss_sequence, put_pss, put_sss,
    sss_sequence,
};
pub use tbs::{Mcs, McsTable, TransportFormat};
pub use time::SubframeTime;
