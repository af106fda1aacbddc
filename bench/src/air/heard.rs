//! What a UE heard.

use num_complex::Complex32;
use radio::{BlockReport, MbsfnAreaConfiguration, MchRxEvent, Modulation, RxEvent, SubframeTime};

/// Subframes after which the system frame number comes round.
const SFN_CYCLE_SUBFRAMES: u64 = 10_240;

/// What a UE heard, in which subframe, and when that was at hand.
#[derive(Debug)]
pub(crate) struct Heard {
    /// As the UE counts.
    pub(crate) time: SubframeTime,
    /// Milliseconds of run time.
    pub(crate) at_ms: u64,
    pub(crate) what: HeardWhat,
}

/// What a UE heard.
#[derive(Debug)]
pub(crate) enum HeardWhat {
    /// A cell was found.
    Cell { n_id_cell: u16, cfo_hz: f64 },
    /// Its master information block.
    Mib { bytes: [u8; 3], n_ports: u8 },
    /// A message of the BCCH on the DL-SCH.
    SystemInformation(Vec<u8>),
    /// A change notification.
    Notification(u8),
    /// An MBSFN area that cannot be listened to.
    AreaRefused { n_id_mbsfn: u8, why: String },
    /// The cell is gone.
    CellLost,
    /// A transport block was tried; its octets when the CRC passed.
    Block(BlockReport, Option<Vec<u8>>),
    /// Equalised symbols, thinned out, of the block just tried.
    Symbols(Modulation, Vec<Complex32>),
    /// Samples of the subframe whose data block just failed, without the frequency offset.
    LostIq(BlockReport, Vec<Complex32>),
    /// An MCCH message, decoded when it is new.
    Mcch { n_id_mbsfn: u8, message: Vec<u8>, configuration: Option<MbsfnAreaConfiguration> },
    /// An SDU of an MTCH.
    Sdu { mtch: HeardMtch, sdu: Vec<u8> },
    /// RLC found a gap: the sequence number that was due and the one that came.
    RlcGap { mtch: HeardMtch, expected_sn: u8, received_sn: u8, lost_pdus: u32 },
    /// Layer 2 could not make sense of something.
    Trouble(String),
}

/// An MTCH as a UE knows it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct HeardMtch {
    pub(crate) n_id_mbsfn: u8,
    pub(crate) pmch: usize,
    pub(crate) lcid: u8,
}

/// The subframe that an event tells.
pub(super) fn time_of(event: &RxEvent<'_>) -> Option<SubframeTime> {
    match event {
        RxEvent::Block(report, _) => Some(report.time),
        RxEvent::Mib { time, .. }
        | RxEvent::SystemInformation { time, .. }
        | RxEvent::McchNotification { time, .. } => Some(*time),
        _ => None,
    }
}

/// End of a subframe in run time, which lies near `near_ms`: a UE knows the system frame number and no more.
pub(super) fn at_ms(time: SubframeTime, near_ms: u64) -> u64 {
    let phase = (time.subframes() + 1) % SFN_CYCLE_SUBFRAMES;
    let cycle = (near_ms + SFN_CYCLE_SUBFRAMES / 2).saturating_sub(phase) / SFN_CYCLE_SUBFRAMES;
    cycle * SFN_CYCLE_SUBFRAMES + phase
}

/// What outlives the call.
pub(super) fn owned(event: RxEvent<'_>) -> Option<HeardWhat> {
    Some(match event {
        RxEvent::CellFound { n_id_cell, cfo_hz, .. } => HeardWhat::Cell { n_id_cell, cfo_hz },
        RxEvent::Mib { bytes, n_ports, .. } => HeardWhat::Mib { bytes, n_ports },
        RxEvent::SystemInformation { bytes, .. } => HeardWhat::SystemInformation(bytes.to_vec()),
        RxEvent::McchNotification { bitmap, .. } => HeardWhat::Notification(bitmap),
        RxEvent::Area { info, error } => {
            HeardWhat::AreaRefused { n_id_mbsfn: info.n_id_mbsfn, why: error?.to_string() }
        }
        RxEvent::CellLost { .. } => HeardWhat::CellLost,
        RxEvent::Block(report, tb) => HeardWhat::Block(report, tb.map(<[u8]>::to_vec)),
        RxEvent::Mch { n_id_mbsfn, event } => return of_mch(n_id_mbsfn, event),
        RxEvent::SamplesLost { expected, at } => {
            HeardWhat::Trouble(format!("samples lost: {at} came where {expected} was expected"))
        }
    })
}

pub(super) fn of_mch(n_id_mbsfn: u8, event: MchRxEvent<'_>) -> Option<HeardWhat> {
    let mtch = |pmch, lcid| HeardMtch { n_id_mbsfn, pmch, lcid };
    Some(match event {
        MchRxEvent::McchMessage { bytes, config, changed, .. } => {
            HeardWhat::Mcch { n_id_mbsfn, message: bytes.to_vec(), configuration: changed.then(|| config.clone()) }
        }
        MchRxEvent::Msi { .. } => return None,
        MchRxEvent::Sdu { pmch, lcid, bytes } => HeardWhat::Sdu { mtch: mtch(pmch, lcid), sdu: bytes.to_vec() },
        MchRxEvent::RlcGap { pmch, lcid, expected_sn, received_sn, lost_pdus } => {
            HeardWhat::RlcGap { mtch: mtch(pmch, lcid), expected_sn, received_sn, lost_pdus: lost_pdus.into() }
        }
        MchRxEvent::Malformed { what } => HeardWhat::Trouble(what.to_string()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subframe_number_of_a_ue_is_found_in_run_time() {
        let time = |subframes| SubframeTime::from_subframes(subframes);
        assert_eq!(at_ms(time(0), 1), 1);
        assert_eq!(at_ms(time(4999), 5001), 5000);
        // SFN came round three times before the UE was switched on.
        assert_eq!(at_ms(time(10), 30_731), 30_731);
        assert_eq!(at_ms(time(10_239), 30_721), 30_720);
        assert_eq!(at_ms(time(3 * 10_240 + 10), 30_731), 30_731);
    }
}
