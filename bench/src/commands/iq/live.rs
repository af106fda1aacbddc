//! `castbench rx`: any front end to the receiver; says at once what it finds, and at the end all of it.

use std::io::{self, Write};

use num_complex::Complex32;
use radio::{
    BcchDlSchMessage, FileSink, FrontEndError, IqSource, MchRxEvent, PdcpPrefix, ReadBlock, Receiver, ReceiverConfig,
    RxEvent, SampleFormat, SigmfHeader, Stage, Tap,
};

use super::cell::Cells;
use super::mtch::MtchFiles;
use super::report::{AnalyzeReport, RecordingReport, SCHEMA};
use super::text::text;
use crate::cli::{ExpectPdcp, RxArgs};
use crate::errors::{CommandError, Exit};
use crate::front_ends::receiver;
use crate::rig::Rig;

/// Runs `castbench rx`.
pub fn rx(args: &RxArgs) -> Result<Exit, CommandError> {
    let rig = Rig::find(&args.rig)?;
    let mut source = receiver(&rig, args.sample_rate, usize::from(args.antennas))?;
    let (rate, n_antennas) = (source.sample_rate_hz(), source.n_antennas());
    let config = ReceiverConfig {
        n_rx: n_antennas as u8,
        n_id_cell: args.n_id_cell,
        pdcp: match args.expect_pdcp {
            ExpectPdcp::Auto => PdcpPrefix::Auto,
            ExpectPdcp::Yes => PdcpPrefix::Yes,
            ExpectPdcp::No => PdcpPrefix::No,
        },
        ..ReceiverConfig::new(rate.round() as u32)
    };
    let receiver = Receiver::new(config).map_err(|e| CommandError::Usage(e.to_string()))?;
    let mut files = args.mtch.as_deref().map(MtchFiles::create).transpose()?;
    let (report, ended) = if let Some(path) = &args.record {
        let header = SigmfHeader {
            format: SampleFormat::Cf32,
            sample_rate_hz: rate,
            n_antennas,
            frequency_hz: None,
            datetime: None,
            description: format!("received with {rig}"),
        };
        let mut tap = Tap::new(source, FileSink::sigmf(path, &header)?);
        let heard = listen(args, &rig, &mut tap, receiver, files.as_mut());
        tap.finish_recording()?;
        heard?
    } else {
        listen(args, &rig, &mut source, receiver, files.as_mut())?
    };
    files.map_or(Ok(()), MtchFiles::finish)?;
    let out = if args.json {
        serde_json::to_string_pretty(&report).map_err(|e| CommandError::Bench(e.to_string()))? + "\n"
    } else {
        text(&report)
    };
    say(&out)?;
    if let Err(error) = ended {
        eprintln!("castbench: {error}");
        return Ok(Exit::Error);
    }
    Ok(Exit::Pass)
}

/// Until the time is over, the stream ends or breaks.
fn listen(
    args: &RxArgs,
    rig: &Rig,
    source: &mut impl IqSource,
    mut receiver: Receiver,
    files: Option<&mut MtchFiles>,
) -> Result<(AnalyzeReport, Result<(), FrontEndError>), CommandError> {
    let (rate, n_antennas) = (source.sample_rate_hz(), source.n_antennas());
    let mut cells = Cells::new(rate, files);
    let mut buffers = vec![vec![Complex32::ZERO; (rate / 1000.0) as usize]; n_antennas];
    let most = (args.for_s * rate) as u64;
    let mut said = Ok(());
    let mut ended = Ok(());
    while source.status().samples < most {
        let mut antennas: Vec<&mut [Complex32]> = buffers.iter_mut().map(Vec::as_mut_slice).collect();
        let (at, len) = match source.read(&mut antennas) {
            Ok(ReadBlock::Samples { at, len }) => (at, len),
            Ok(ReadBlock::End) => break,
            Err(error) => {
                ended = Err(error);
                break;
            }
        };
        let antennas: Vec<&[Complex32]> = buffers.iter().map(|b| &b[..len]).collect();
        receiver.push(at, &antennas, &mut |event| {
            cells.hear(&event);
            if let Some(line) = line(&event).filter(|_| !args.json && said.is_ok()) {
                said = say(&format!("[{:9.3} s] {line}\n", at as f64 / rate));
            }
        });
        std::mem::replace(&mut said, Ok(()))?;
    }
    receiver.finish(&mut |event| cells.hear(&event));
    let (status, diagnosis) = (source.status(), receiver.diagnosis());
    let mut cells = cells.finish()?;
    if let Some(cell) = cells.last_mut() {
        cell.judge(&diagnosis);
        cell.cfo_hz = receiver.cfo_hz().unwrap_or(cell.cfo_hz);
    }
    let recording = RecordingReport {
        file: rig.to_string(),
        format: "live".into(),
        sample_rate_hz: rate,
        n_antennas,
        samples: status.samples,
        duration_ms: status.samples as f64 / rate * 1e3,
        frequency_hz: None,
        datetime: None,
        samples_lost: status.samples_lost,
        overflows: status.overflows,
    };
    let first_failing_stage = diagnosis.first_failing_stage.map(Stage::name);
    let report = AnalyzeReport { schema: SCHEMA, recording, cells, first_failing_stage, hint: diagnosis.hint };
    Ok((report, ended))
}

/// What is worth a line at once.
fn line(event: &RxEvent<'_>) -> Option<String> {
    Some(match event {
        RxEvent::CellFound { n_id_cell, cfo_hz, .. } => format!("cell {n_id_cell}, frequency offset {cfo_hz:+.0} Hz"),
        RxEvent::Mib { bytes: [a, b, c], n_ports, time, .. } => {
            format!("MIB {a:02x}{b:02x}{c:02x}, {n_ports} antenna ports, SFN {}", time.sfn())
        }
        RxEvent::SystemInformation { message: BcchDlSchMessage::SystemInformationBlockType1(_), .. } => "SIB1".into(),
        RxEvent::SystemInformation { bytes, .. } => format!("system information, {} octets", bytes.len()),
        RxEvent::McchNotification { bitmap, .. } => format!("MCCH change notified: {bitmap:08b}"),
        RxEvent::Area { info, error: None } => format!("MBSFN area {}", info.n_id_mbsfn),
        RxEvent::Area { info, error: Some(why) } => format!("MBSFN area {}: {why}", info.n_id_mbsfn),
        RxEvent::Mch { n_id_mbsfn, event: MchRxEvent::McchMessage { config, changed: true, .. } } => {
            let sessions: usize = config.pmch.iter().map(|pmch| pmch.sessions.len()).sum();
            format!("MCCH of area {n_id_mbsfn}: {} MCHs, {sessions} sessions", config.pmch.len())
        }
        RxEvent::CellLost { .. } => "cell lost".into(),
        RxEvent::SamplesLost { expected, at } => format!("{} samples lost", at.saturating_sub(*expected)),
        _ => return None,
    })
}

fn say(text: &str) -> Result<(), CommandError> {
    let said = io::stdout().write_all(text.as_bytes());
    said.map_err(|source| CommandError::Write { path: "standard output".into(), source })
}
