//! What a receiver has to say.

use crate::cell::ConfigError;
use crate::coding::CodingError;
use crate::estimate::EstimateQuality;
use crate::mch::MchRxEvent;
use crate::measure::SubframeMeasurement;
use crate::numerology::CyclicPrefix;
use crate::phch::PmchQuality;
use crate::rrc::{AreaConfigError, BcchDlSchMessage, MasterInformationBlock, MbsfnAreaInfo};
use crate::tbs::Mcs;
use crate::time::SubframeTime;

/// What a receiver has to say, in the order of the subframes that told it.
#[derive(Debug)]
pub enum RxEvent<'a> {
    /// PSS and SSS of a cell were found; what follows belongs to it.
    CellFound {
        /// Physical layer cell identity.
        n_id_cell: u16,
        /// Cyclic prefix of its unicast subframes.
        cyclic_prefix: CyclicPrefix,
        /// Carrier frequency offset, Hz.
        cfo_hz: f64,
        /// Number in the stream of the first sample of a radio frame.
        frame_start: u64,
    },
    /// The master information block: told when it is first received and when it changes.
    Mib {
        /// Decoded.
        mib: &'a MasterInformationBlock,
        /// As sent, first bit first.
        bytes: [u8; 3],
        /// Antenna ports with cell-specific reference signals.
        n_ports: u8,
        /// Subframe that completed it; from here on times count with the system frame number.
        time: SubframeTime,
    },
    /// A message of the BCCH on the DL-SCH: SystemInformationBlockType1 or SystemInformation.
    SystemInformation {
        /// Subframe that completed it.
        time: SubframeTime,
        /// As sent, UPER.
        bytes: &'a [u8],
        /// Decoded.
        message: &'a BcchDlSchMessage,
    },
    /// MCCH change notification (TS 36.331 clause 5.8.1.3, DCI format 1C with the M-RNTI).
    McchNotification {
        /// Subframe.
        time: SubframeTime,
        /// Bit i (from the least significant one) is set when the MCCH of areas with notificationIndicator i changes.
        bitmap: u8,
    },
    /// SystemInformationBlockType13 names an MBSFN area, which is listened to from here on unless it cannot be.
    Area {
        /// What SIB13 says.
        info: &'a MbsfnAreaInfo,
        /// Why it cannot be listened to.
        error: Option<&'a ReceiverError>,
    },
    /// A transport block was tried; its octets when the CRC passed.
    Block(BlockReport, Option<&'a [u8]>),
    /// Layer 2 and 3 of an MCH of an area.
    Mch {
        /// MBSFN area identity.
        n_id_mbsfn: u8,
        /// What it told.
        event: MchRxEvent<'a>,
    },
    /// Nothing was heard of the cell for too long; the search goes on.
    CellLost {
        /// The last subframe that was looked at.
        time: SubframeTime,
    },
    /// The stream of samples was interrupted; what was begun is lost.
    SamplesLost {
        /// Where the stream should have gone on.
        expected: u64,
        /// Where it went on.
        at: u64,
    },
}

/// What one transport block of an MCH told.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct BlockReport {
    /// Subframe.
    pub time: SubframeTime,
    /// MBSFN area identity.
    pub n_id_mbsfn: u8,
    /// Place of the (P)MCH in the MCCH's list; none for an MCCH subframe before the MCCH is known.
    pub pmch: Option<usize>,
    /// Modulation and coding scheme.
    pub mcs: Mcs,
    /// Sent at the signalling MCS.
    pub signalling: bool,
    /// Something was sent for sure: without the MSI of the period a failed CRC may mean that nothing was.
    pub announced: bool,
    /// Channel measurements of the subframe.
    pub estimate: EstimateQuality,
    /// Decoding.
    pub quality: PmchQuality,
    /// What else was measured.
    pub measured: SubframeMeasurement,
    /// Frequency offset that was taken out of the samples of this subframe, Hz.
    pub cfo_hz: f64,
    /// Number in the stream of the sample at which this subframe begins, as it is followed.
    pub at: u64,
}

/// What a [`BlockFilter`] is asked about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FilteredBlock {
    /// A message of the BCCH on the DL-SCH.
    SystemInformation,
    /// The eight bits of a change notification, one octet.
    ChangeNotification,
    /// A transport block of an MCH.
    Mch {
        /// MBSFN area identity.
        n_id_mbsfn: u8,
        /// Place of the (P)MCH in the MCCH's list; none for an MCCH subframe before the MCCH is known.
        pmch: Option<usize>,
    },
}

/// Changes or drops (by giving `false`) what came without error before layer 2 and the events see it: a fault put in on
/// purpose.
pub type BlockFilter = Box<dyn FnMut(&FilteredBlock, &mut [u8]) -> bool + Send>;

/// A configuration that cannot be received.
#[derive(Debug, thiserror::Error)]
pub enum ReceiverError {
    /// Physical layer.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Channel coding.
    #[error(transparent)]
    Coding(#[from] CodingError),
    /// MBSFN area.
    #[error(transparent)]
    Area(#[from] AreaConfigError),
    /// Not a sample rate at which every subcarrier falls on a bin of the transform.
    #[error(
        "sample rate {sample_rate_hz} Hz: allowed are 1920000, 3840000, 5760000, 7680000, 11520000, 15360000, \
         23040000, 30720000"
    )]
    SampleRate {
        /// What was asked for.
        sample_rate_hz: u32,
    },
    /// Not a number of receive antennas.
    #[error("{n_rx} receive antennas: allowed are 1 and 2")]
    Antennas {
        /// What was asked for.
        n_rx: u8,
    },
}
