//! What `castbench iq analyze` says to people.

use std::fmt::Write;

use radio::Mcs;
use serde_json::Value;

use super::report::{AnalyzeReport, AreaReport, BlockReportSum, CellReport, MeasurementReport, MtchReport, PmchReport};
use crate::report::{counted, percent};

/// The report, a few lines for each cell, area and MCH.
pub(super) fn text(report: &AnalyzeReport) -> String {
    let mut out = String::new();
    let r = &report.recording;
    let megahertz = r.sample_rate_hz / 1e6;
    let antennas = if r.n_antennas == 1 { "1 antenna".to_owned() } else { format!("{} antennas", r.n_antennas) };
    let _ = writeln!(out, "{}: {:.1} ms at {megahertz} MS/s, {}, {antennas}", r.file, r.duration_ms, r.format);
    if r.samples_lost > 0 || r.overflows > 0 {
        let _ = writeln!(out, "  {} samples are missing, {} overflows", r.samples_lost, r.overflows);
    }
    report.cells.iter().for_each(|c| cell(&mut out, c));
    match report.first_failing_stage {
        None => out.push_str("no stage fails\n"),
        Some(stage) => {
            let _ = writeln!(out, "first failing stage: {stage}\n  {}", report.hint);
        }
    }
    out
}

fn cell(out: &mut String, cell: &CellReport) {
    let ports = match cell.n_ports {
        None => "no MIB".to_owned(),
        Some(1) => "1 antenna port".to_owned(),
        Some(n) => format!("{n} antenna ports"),
    };
    let bandwidth = cell.n_rb_dl.map_or(String::new(), |n| format!("{n} PRB, "));
    let _ = writeln!(
        out,
        "cell {}: {bandwidth}{ports}, {} cyclic prefix, carrier offset {:+.1} Hz",
        cell.n_id_cell, cell.cyclic_prefix, cell.cfo_hz
    );
    if let Some(mib) = &cell.mib {
        let (hex, duration, resource) = (word(&mib["hex"]), word(&mib["phich_duration"]), word(&mib["phich_resource"]));
        let _ = writeln!(out, "  MIB    {hex}: PHICH {duration}, Ng {resource}");
    }
    for sib in &cell.sibs {
        let name = sib["sib"].as_u64().map_or_else(|| "SIB?".to_owned(), |number| format!("SIB{number}"));
        let _ = writeln!(out, "  {name:6} {}", sib_line(sib));
    }
    for n in &cell.mcch_notifications {
        let _ = writeln!(
            out,
            "  MCCH change notified from SFN {} subframe {} on, {}: bitmap {:08b}",
            n.sfn,
            n.subframe,
            counted(n.times, "time"),
            n.bitmap
        );
    }
    cell.mbsfn_areas.iter().for_each(|a| area(out, a));
    if cell.lost > 0 {
        let _ = writeln!(out, "  lost {} times", cell.lost);
    }
}

fn sib_line(sib: &Value) -> String {
    let c = &sib["content"];
    match sib["sib"].as_u64() {
        Some(1) => {
            let messages = c["scheduling_info"].as_array().map_or(&[][..], Vec::as_slice).iter().enumerate();
            let messages = messages.map(|(i, info)| {
                let second = if i == 0 { "2 " } else { "" };
                let sibs: Vec<_> = info["sibs"].as_array().into_iter().flatten().map(Value::to_string).collect();
                format!("SIB {second}{} every {}0 ms", sibs.join(" "), info["si_periodicity_rf"])
            });
            let plmns: Vec<_> = c["plmns"].as_array().into_iter().flatten().map(word).collect();
            format!(
                "PLMN {}, TAC {}, cell {}, band {}; {}; windows of {} ms",
                plmns.join(" "),
                c["tracking_area_code"],
                c["cell_identity"],
                c["freq_band_indicator"],
                messages.collect::<Vec<_>>().join(", "),
                c["si_window_length_ms"]
            )
        }
        Some(2) => {
            let patterns = allocations(&c["mbsfn_subframe_config_list"]);
            format!("MBSFN subframes: {}", if patterns.is_empty() { "none" } else { &patterns })
        }
        Some(13) => {
            let ids = c["areas"].as_array().into_iter().flatten().map(|area| area["n_id_mbsfn"].to_string());
            format!("MBSFN areas {}", ids.collect::<Vec<_>>().join(", "))
        }
        Some(15) => format!("service areas {}", c["intra_freq_sais"]),
        Some(3) => format!("reselection: q-Hyst {} dB, priority {}", c["q_hyst_db"], c["cell_reselection_priority"]),
        _ => word(&c["hex"]).to_owned(),
    }
}

/// `oneFrame 111111 in every radio frame`.
fn allocations(list: &Value) -> String {
    let one = |config: &Value| {
        let (kind, bits) = config["oneFrame"]
            .as_str()
            .map_or_else(|| ("fourFrames", word(&config["fourFrames"])), |bits| ("oneFrame", bits));
        let (period, offset) = (&config["radioframe_allocation_period_rf"], &config["radioframe_allocation_offset_rf"]);
        if period == 1 {
            return format!("{kind} {bits} in every radio frame");
        }
        format!("{kind} {bits} every {period} radio frames from {offset}")
    };
    list.as_array().into_iter().flatten().map(one).collect::<Vec<_>>().join("; ")
}

fn area(out: &mut String, area: &AreaReport) {
    let c = &area.mcch_config;
    let _ = writeln!(
        out,
        "  MBSFN area {}: MCCH every {} radio frames in subframe {} at MCS {}, may change every {}",
        area.n_id_mbsfn,
        c["repetition_period_rf"],
        numbers(&c["subframes"]),
        c["signalling_mcs"],
        c["modification_period_rf"]
    );
    if let Some(error) = &area.error {
        let _ = writeln!(out, "    cannot be listened to: {error}");
    }
    match &area.mcch {
        None => {
            let _ = writeln!(out, "    no MCCH: {}", blocks(&area.mcch_blocks));
        }
        Some(mcch) => {
            let (alloc, period) = (allocations(&mcch["common_sf_alloc"]), &mcch["common_sf_alloc_period_rf"]);
            let changes = if area.mcch_changes > 0 {
                format!("; changed {}", counted(area.mcch_changes, "time"))
            } else {
                String::new()
            };
            let _ = writeln!(out, "    MCHs share {alloc}, shared out anew every {period} radio frames{changes}");
        }
    }
    if let Some(first) = &area.first_malformed {
        let _ = writeln!(out, "    {} malformed, first: {first}", area.malformed);
    }
    area.pmchs.iter().for_each(|p| pmch(out, p));
}

fn pmch(out: &mut String, pmch: &PmchReport) {
    let mcs = Mcs { table: pmch.mcs_table, index: pmch.data_mcs };
    let _ = writeln!(
        out,
        "    MCH {}: MCS {}, scheduling period {} radio frames, {} MSI",
        pmch.index, mcs, pmch.mch_scheduling_period_rf, pmch.msis
    );
    let _ = writeln!(out, "      data blocks       {}", blocks(&pmch.data));
    let _ = writeln!(out, "      signalling blocks {}", blocks(&pmch.signalling));
    let m = &pmch.measurements;
    if let (Some(mean), Some(low), Some(high)) = (m.cinr_db, m.cinr_min_db, m.cinr_max_db) {
        let evm = m.evm_percent.unwrap_or_default();
        let turbo = m.turbo_iterations.unwrap_or_default();
        let _ = writeln!(
            out,
            "      CINR {mean:.1} dB ({low:.1} to {high:.1}), EVM {evm:.1} %, {turbo:.1} turbo iterations"
        );
    }
    meters(out, m);
    pmch.mtchs.iter().for_each(|s| mtch(out, s));
}

/// Level, data symbols, paths: a line each.
fn meters(out: &mut String, m: &MeasurementReport) {
    if let (Some(rsrp), Some(rsrq), Some(cfo)) = (m.mbsfn_rsrp_dbfs, m.mbsfn_rsrq_db, m.cfo_hz) {
        let _ = writeln!(
            out,
            "      MBSFN RSRP {rsrp:.1} dB of full scale, MBSFN RSRQ {rsrq:.1} dB, carrier offset {cfo:+.1} Hz"
        );
    }
    if let (Some(sinr), Some((low, high))) = (m.mbsfn_sinr_db, m.ber_95) {
        let _ = writeln!(
            out,
            "      MBSFN SINR {sinr:.1} dB; before decoding {} of {} bits wrong in {} (95 %: {} to {})",
            m.bit_errors,
            m.compared_bits,
            counted(m.compared_blocks, "block"),
            percent(low),
            percent(high)
        );
    }
    if let Some(p) = &m.paths {
        let (before, after) = p.margin_us;
        let _ = writeln!(
            out,
            "      paths from {:.2} to {:.2} us; cyclic prefix: at least {before:.2} us left before, {after:.2} us after, {} of \
             the energy outside",
            p.first_us,
            p.last_us,
            percent(p.outside_share)
        );
    }
}

fn mtch(out: &mut String, mtch: &MtchReport) {
    let to: Vec<_> = mtch.destinations.iter().map(|(to, n)| format!("{n} to {to}")).collect();
    let to = if to.is_empty() { String::new() } else { format!(" ({})", to.join(", ")) };
    let _ = writeln!(
        out,
        "      TMGI {} on LCID {}: {}, {} octets{to}; {}",
        mtch.tmgi,
        mtch.lcid,
        counted(mtch.datagrams, "datagram"),
        mtch.octets,
        gaps(mtch.rlc_pdus_lost, mtch.rlc_gaps)
    );
    if mtch.other_sdus > 0 {
        let _ = writeln!(out, "        {} SDUs are no IP datagrams", mtch.other_sdus);
    }
    if let Some(file) = &mtch.file {
        let _ = writeln!(out, "        written to {file}");
    }
}

/// What is missing in the sequence numbers of RLC.
fn gaps(pdus: u64, gaps: u64) -> String {
    match pdus {
        0 => "no RLC PDU lost".to_owned(),
        _ => format!("{} lost in {}", counted(pdus, "RLC PDU"), counted(gaps, "gap")),
    }
}

/// `1 2 3`.
fn numbers(list: &Value) -> String {
    list.as_array().into_iter().flatten().map(Value::to_string).collect::<Vec<_>>().join(" ")
}

/// `312, 2 failed (BLER 0.64 %, 0.18 to 2.3 %)`.
fn blocks(sum: &BlockReportSum) -> String {
    let bler = match (sum.bler, sum.bler_95) {
        (Some(bler), Some((low, high))) => {
            format!(" (BLER {}, 95 %: {} to {})", percent(bler), percent(low), percent(high))
        }
        _ => String::new(),
    };
    let maybe = if sum.maybe_empty > 0 {
        format!("; {} more with nothing in them, as far as known", sum.maybe_empty)
    } else {
        String::new()
    };
    format!("{}, {} failed{bler}{maybe}", sum.blocks, sum.errors)
}

fn word(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
