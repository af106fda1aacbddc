//! From counts to the first stage that fails and its likely cause.

use super::area_diagnosis::likely_cause;
use super::carrier::Carrier;
use super::config::ReceiverConfig;
use super::counters::Counters;
use super::diagnosis::{Diagnosis, Stage};
use super::system_information::SystemInformationReceiver;

/// Where the receiver is stuck, and why that may be.
pub(super) fn diagnose(counters: &Counters, carrier: Option<&Carrier>, config: &ReceiverConfig) -> Diagnosis {
    let failure = acquisition(counters, carrier, config)
        .or_else(|| system_information(counters, carrier?))
        .or_else(|| mbms(counters, carrier?));
    let (first_failing_stage, hint) = failure.map_or((None, String::new()), |(stage, hint)| (Some(stage), hint));
    Diagnosis { first_failing_stage, hint, stages: counters.stages() }
}

/// PSS and PBCH.
fn acquisition(counters: &Counters, carrier: Option<&Carrier>, config: &ReceiverConfig) -> Option<(Stage, String)> {
    if counters.good(Stage::Pss) == 0 {
        let wanted = config.n_id_cell.map_or(String::new(), |id| format!(" of cell {id}"));
        let hint = match counters.tried(Stage::Pss) {
            0 => "less than 20 ms of samples".to_string(),
            n => format!(
                "no synchronisation signals{wanted} in {n} stretches of samples: nothing but noise, or a wrong centre \
                 frequency (more than 8 kHz off) or sample rate"
            ),
        };
        return Some((Stage::Pss, hint));
    }
    if let Some(carrier) = carrier.filter(|carrier| carrier.carrier().is_some()) {
        let cell = &carrier.carrier()?.cell;
        return (cell.n_rb_dl.subcarriers() >= cell.n_fft).then(|| {
            let least_hz = 15_000 * cell.n_rb_dl.n_fft(crate::cell::SampleRateFamily::ThreeQuarter);
            let hint = format!(
                "the carrier has {} PRB, more than {} samples a second hold: record it with {least_hz} at least",
                cell.n_rb_dl, config.sample_rate_hz
            );
            (Stage::Cfi, hint)
        });
    }
    if counters.good(Stage::Pbch) > 0 {
        return Some((Stage::Pss, "the cell was lost: the signal became too weak, or went off air".to_string()));
    }
    let hint = if counters.extended_prefix {
        "the cell has an extended cyclic prefix in its unicast subframes: normal ones are read only".to_string()
    } else {
        let quality = carrier.map(Carrier::quality).or(counters.refused_quality).unwrap_or_default();
        format!(
            "no master information block in {} subframes 0 (reference signals at {:.1} dB): no PBCH is sent, or the \
             signal is too weak",
            counters.tried(Stage::Pbch),
            quality.cinr_db()
        )
    };
    Some((Stage::Pbch, hint))
}

/// CFI, DCI, SIB, SIB13.
fn system_information(counters: &Counters, carrier: &Carrier) -> Option<(Stage, String)> {
    let si = carrier.system_information()?;
    if si.sib13().is_some() {
        return None;
    }
    let Some(sib1) = si.sib1() else { return Some(before_sib1(counters)) };
    let scheduled: Vec<u8> = sib1.scheduling_info.iter().flat_map(|info| info.sibs.iter().copied()).collect();
    if !scheduled.contains(&13) || si.is_complete() {
        let hint = format!("SIB1 schedules SIB2 and {scheduled:?}, no SIB13: the cell has no MBSFN area");
        return Some((Stage::Sib13, hint));
    }
    Some((Stage::Sib, missing_messages(counters, si)))
}

fn before_sib1(counters: &Counters) -> (Stage, String) {
    if let Some((told, other)) = counters.other_cfi {
        let hint = format!(
            "the PCFICH tells a control region of CFI {told}, but control information is laid out for CFI {other}: a \
             transmitter whose PCFICH and PDCCH disagree"
        );
        return (Stage::Cfi, hint);
    }
    let stage = |stage| (counters.tried(stage), counters.good(stage));
    let ((cfi_tried, cfi), (dci_tried, dci)) = (stage(Stage::Cfi), stage(Stage::Dci));
    if cfi_tried == 0 {
        return (Stage::Cfi, "no subframe with SIB1 (subframe 5 of even frames) was in the samples".to_string());
    }
    if 2 * cfi < cfi_tried {
        let hint = format!("the PCFICH was clear in {cfi} of {cfi_tried} subframes with SIB1: not sent, or too weak");
        return (Stage::Cfi, hint);
    }
    if dci == 0 {
        let hint = format!(
            "no control information with the SI-RNTI in {dci_tried} subframes with SIB1: no PDCCH is sent there, or \
             phich-Config of the MIB is not that of the transmitter, which moves the PDCCH"
        );
        return (Stage::Dci, hint);
    }
    let hint = match &counters.unreadable_sib {
        Some(error) => format!("SIB1 is not understood: {error}"),
        None => {
            format!("SIB1 is announced, but its transport block failed {dci} times: too weak, or scrambled otherwise")
        }
    };
    (Stage::Sib, hint)
}

fn missing_messages(counters: &Counters, si: &SystemInformationReceiver) -> String {
    let missing: Vec<String> =
        si.missing().map(|(sibs, period_rf)| format!("{sibs:?} every {period_rf}0 ms")).collect();
    let missing = missing.join(", ");
    match &counters.unreadable_sib {
        Some(error) => format!("an SI message is not understood: {error}"),
        None => format!("SI messages with SIBs {missing} did not come in their windows: not sent, or too few samples"),
    }
}

/// MCCH, MSI, MTCHs.
fn mbms(counters: &Counters, carrier: &Carrier) -> Option<(Stage, String)> {
    let of_areas = |stage: Stage| {
        let causes = carrier
            .areas()
            .iter()
            .filter_map(|area| Some(format!("area {}: {}", area.info().n_id_mbsfn, likely_cause(area, stage)?)));
        causes.collect::<Vec<_>>().join("; ")
    };
    if let Some(area) = carrier.areas().iter().find(|area| area.mch().configuration().is_none()) {
        let (id, mcch) = (area.info().n_id_mbsfn, &area.info().mcch);
        let hint = match likely_cause(area, Stage::McchCrc) {
            Some(cause) => format!("area {id}: no MCCH: {cause}"),
            None if counters.good(Stage::McchCrc) > 0 => {
                format!("area {id}: blocks of the MCCH pass their CRC, but no MBSFNAreaConfiguration is in them")
            }
            None => format!("area {id}: no MCCH was in the samples: it comes every {}0 ms", mcch.repetition_period_rf),
        };
        return Some((Stage::McchCrc, hint));
    }
    let stage = |stage| (counters.tried(stage), counters.good(stage));
    let (tried, good) = stage(Stage::Msi);
    if 2 * good < tried {
        let causes = of_areas(Stage::Msi);
        return Some((Stage::Msi, format!("{good} of {tried} scheduling periods have their MSI: {causes}")));
    }
    let ((tried, good), (pdus, in_order)) = (stage(Stage::MtchCrc), stage(Stage::RlcGap));
    if 2 * good < tried || (good < tried && in_order < pdus) {
        let (failed, causes) = (tried - good, of_areas(Stage::MtchCrc));
        return Some((Stage::MtchCrc, format!("{failed} of {tried} MTCH blocks failed: {causes}")));
    }
    if in_order < pdus {
        let hint = format!(
            "{}: every block received was good, so what is missing was lost before the receiver or with samples",
            counters.gaps()
        );
        return Some((Stage::RlcGap, hint));
    }
    let (sdus, datagrams) = stage(Stage::Ip);
    if 2 * datagrams < sdus {
        let hint = if counters.pdcp_prefixes > 0 {
            format!(
                "{} of {sdus} SDUs begin with a PDCP header of two octets: expect it (Auto or Yes)",
                counters.pdcp_prefixes
            )
        } else {
            format!("{} of {sdus} SDUs are no IP datagrams", sdus - datagrams)
        };
        return Some((Stage::Ip, hint));
    }
    None
}
