//! `castbench iq analyze`: everything in a recording.
//!
//! The recording is read twice: once until cell, system information and MCCHs are known, then again from its first sample on
//! with what is known, so that nothing sent before the first SIB is lost.

use std::io::{self, Write};

use num_complex::Complex32;
use radio::{
    CellSearch, Diagnosis, FileHints, FileSource, FrontEndError, IqSource, PdcpPrefix, ReadBlock, Receiver,
    ReceiverConfig, ReceiverError, Recording, SampleFormat, Stage, StreamStatus,
};

use super::cell::Cells;
use super::mtch::MtchFiles;
use super::report::{AnalyzeReport, CellReport, RecordingReport, SCHEMA};
use super::text::text;
use crate::cli::{AnalyzeArgs, ExpectPdcp, IqCommand, IqFormat};
use crate::errors::{CommandError, Exit};

/// Samples of a read.
const READ: usize = 1 << 15;
/// Cells besides the strongest one that are looked at.
const OTHER_CELLS: usize = 3;
/// A cell that the search guessed and that has no MIB after this time is none.
const GUESS_S: f64 = 0.32;
/// What is searched for other cells: four radio frames.
const SEARCH_S: f64 = 0.04;

/// Runs `castbench iq analyze`.
pub fn iq(command: &IqCommand) -> Result<Exit, CommandError> {
    let IqCommand::Analyze(args) = command;
    let report = analyze(args)?;
    let out = if args.json {
        serde_json::to_string_pretty(&report).map_err(|e| CommandError::Bench(e.to_string()))? + "\n"
    } else {
        text(&report)
    };
    io::stdout()
        .write_all(out.as_bytes())
        .map_err(|source| CommandError::Write { path: "standard output".into(), source })?;
    Ok(Exit::Pass)
}

fn analyze(args: &AnalyzeArgs) -> Result<AnalyzeReport, CommandError> {
    let mut source = open(args)?;
    let recording = source.recording().clone();
    let config = config(args, &recording)?;
    let mut files = args.mtch.as_deref().map(MtchFiles::create).transpose()?;
    let others = if args.n_id_cell.is_none() { search(&mut source, &config)? } else { Vec::new() };
    let mut found = listen(args, &config, &mut files)?;
    for n_id_cell in others {
        if found.cells.iter().all(|cell| cell.n_id_cell != n_id_cell) {
            let config = ReceiverConfig { n_id_cell: Some(n_id_cell), ..config.clone() };
            let other = listen(args, &config, &mut files)?;
            // One without MIB is a guess of the search.
            if other.cells.iter().any(|cell| cell.mib.is_some()) {
                found.take(other);
            }
        }
    }
    files.map_or(Ok(()), MtchFiles::finish)?;
    Ok(AnalyzeReport {
        schema: SCHEMA,
        recording: about(&recording, found.status),
        cells: found.cells,
        first_failing_stage: found.diagnosis.first_failing_stage.map(Stage::name),
        hint: found.diagnosis.hint,
    })
}

/// What came of listening.
struct Found {
    cells: Vec<CellReport>,
    diagnosis: Diagnosis,
    status: StreamStatus,
}

impl Found {
    /// Adds another cell; of the diagnoses the one that came farther stays.
    fn take(&mut self, other: Self) {
        let came = |diagnosis: &Diagnosis| diagnosis.first_failing_stage.map_or(Stage::ALL.len(), |s| s as usize);
        if came(&other.diagnosis) > came(&self.diagnosis) {
            self.diagnosis = other.diagnosis;
        }
        self.cells.extend(other.cells);
    }
}

/// Reads the recording twice, or once when that does not lead to any MCCH.
fn listen(args: &AnalyzeArgs, config: &ReceiverConfig, files: &mut Option<MtchFiles>) -> Result<Found, CommandError> {
    let sample_rate_hz = f64::from(config.sample_rate_hz);
    let mut receiver = receiver(Receiver::new(config.clone()))?;
    let mut cells = Cells::new(sample_rate_hz, None);
    let mut known = None;
    let is_guess = config.n_id_cell.is_some() && args.n_id_cell.is_none();
    let give_up = (GUESS_S * sample_rate_hz) as u64;
    let mut status = pass(args, &mut receiver, &mut cells, |receiver, cells, samples| {
        let (areas, with_mcch) = cells.areas();
        if areas > 0 && areas == with_mcch {
            known = receiver.known().filter(|known| known.mcch.len() == areas);
        }
        known.is_some() || (is_guess && samples > give_up && !cells.has_mib())
    })?;
    let learnt = receiver.diagnosis();
    let known = known.or_else(|| receiver.known()).filter(|known| !known.mcch.is_empty());
    if let Some(known) = known {
        cells = Cells::new(sample_rate_hz, files.as_mut());
        cells.set_origin(known.at, known.time);
        receiver = self::receiver(Receiver::with_known(config.clone(), known))?;
        status = pass(args, &mut receiver, &mut cells, |_, _, _| false)?;
    }
    let mut diagnosis = receiver.diagnosis();
    for (stage, learnt) in diagnosis.stages.iter_mut().zip(learnt.stages) {
        // What the second pass was told it did not try.
        if stage.stage <= Stage::Sib13 && learnt.tried > stage.tried {
            *stage = learnt;
        }
    }
    let mut cells = cells.finish()?;
    if let Some(cell) = cells.last_mut() {
        cell.judge(&diagnosis);
        cell.cfo_hz = receiver.cfo_hz().unwrap_or(cell.cfo_hz);
    }
    Ok(Found { cells, diagnosis, status })
}

/// Hands the recording to a receiver until its end or until `is_enough`.
fn pass(
    args: &AnalyzeArgs,
    receiver: &mut Receiver,
    cells: &mut Cells<'_>,
    mut is_enough: impl FnMut(&Receiver, &Cells<'_>, u64) -> bool,
) -> Result<StreamStatus, CommandError> {
    let mut source = open(args)?;
    let mut buffers = vec![vec![Complex32::default(); READ]; source.n_antennas()];
    loop {
        let mut antennas: Vec<_> = buffers.iter_mut().map(Vec::as_mut_slice).collect();
        let ReadBlock::Samples { at, len } = source.read(&mut antennas).map_err(refused)? else { break };
        let antennas: Vec<_> = buffers.iter().map(|antenna| &antenna[..len]).collect();
        receiver.push(at, &antennas, &mut |event| cells.hear(&event));
        if is_enough(receiver, cells, at + len as u64) {
            return Ok(source.status());
        }
    }
    receiver.finish(&mut |event| cells.hear(&event));
    Ok(source.status())
}

/// Cells at the beginning of the recording, the strongest first.
fn search(source: &mut FileSource, config: &ReceiverConfig) -> Result<Vec<u16>, CommandError> {
    let n_fft = (config.sample_rate_hz / 15_000) as usize;
    let Some(mut search) = CellSearch::new(n_fft) else { return Ok(Vec::new()) };
    let mut buffers =
        vec![vec![Complex32::default(); (SEARCH_S * f64::from(config.sample_rate_hz)) as usize]; source.n_antennas()];
    let mut filled = 0;
    while filled < buffers[0].len() {
        let mut antennas: Vec<_> = buffers.iter_mut().map(|antenna| &mut antenna[filled..]).collect();
        match source.read(&mut antennas).map_err(refused)? {
            // Only what hangs together can be searched.
            ReadBlock::Samples { at, len } if at == filled as u64 => filled += len,
            _ => break,
        }
    }
    let antennas: Vec<_> = buffers.iter().map(|antenna| &antenna[..filled]).collect();
    let found = search.search(&antennas);
    Ok(found.iter().map(|cell| cell.n_id_cell).take(OTHER_CELLS + 1).collect())
}

fn open(args: &AnalyzeArgs) -> Result<FileSource, CommandError> {
    let is_sigmf = args.file.extension().is_some_and(|e| e == "sigmf-meta" || e == "sigmf-data");
    let format = match args.format {
        None => None,
        Some(IqFormat::Sigmf) if is_sigmf => None,
        Some(IqFormat::Sigmf) => {
            let file = args.file.display();
            return Err(CommandError::Usage(format!("{file}: a SigMF recording ends in .sigmf-meta or .sigmf-data")));
        }
        Some(IqFormat::Cf32) => Some(SampleFormat::Cf32),
        Some(IqFormat::Sc16) => Some(SampleFormat::Ci16),
        Some(IqFormat::Ci8) => Some(SampleFormat::Ci8),
    };
    let about =
        std::fs::metadata(&args.file).map_err(|source| CommandError::Read { path: args.file.clone(), source })?;
    if !about.is_file() {
        return Err(CommandError::Usage(format!("{}: not a file", args.file.display())));
    }
    let hints = FileHints {
        format,
        sample_rate_hz: args.sample_rate.map(f64::from),
        n_antennas: args.antennas.map(usize::from),
    };
    FileSource::open(&args.file, &hints).map_err(|error| match refused(error) {
        CommandError::Usage(why) if args.sample_rate.is_none() && why.contains("sample rate") => {
            CommandError::Usage(format!("{why} (--sample-rate HZ)"))
        }
        other => other,
    })
}

fn config(args: &AnalyzeArgs, recording: &Recording) -> Result<ReceiverConfig, CommandError> {
    let rate = recording.sample_rate_hz;
    let wrong = |why: String| CommandError::Usage(format!("{}: {why}", args.file.display()));
    if rate.fract() != 0.0 || !(1.0..=f64::from(u32::MAX)).contains(&rate) {
        return Err(wrong(format!("a sample rate of {rate} Hz; resample to 15 kHz times the size of the transform")));
    }
    if recording.samples == 0 {
        return Err(wrong("no samples".to_owned()));
    }
    let config = ReceiverConfig {
        n_rx: recording.n_antennas as u8,
        n_id_cell: args.n_id_cell,
        // A short carrier may begin anywhere.
        search_rests: false,
        pdcp: match args.expect_pdcp {
            ExpectPdcp::Auto => PdcpPrefix::Auto,
            ExpectPdcp::Yes => PdcpPrefix::Yes,
            ExpectPdcp::No => PdcpPrefix::No,
        },
        ..ReceiverConfig::new(rate as u32)
    };
    Receiver::new(config.clone()).map_err(|e| wrong(e.to_string()))?;
    Ok(config)
}

fn receiver(made: Result<Receiver, ReceiverError>) -> Result<Receiver, CommandError> {
    made.map_err(|e| CommandError::Usage(e.to_string()))
}

fn refused(error: FrontEndError) -> CommandError {
    match error {
        FrontEndError::Io { front_end, source } => CommandError::Read { path: front_end.into(), source },
        other => CommandError::Usage(other.to_string()),
    }
}

fn about(recording: &Recording, status: StreamStatus) -> RecordingReport {
    RecordingReport {
        file: recording.path.display().to_string(),
        format: recording.format.to_string(),
        sample_rate_hz: recording.sample_rate_hz,
        n_antennas: recording.n_antennas,
        samples: recording.samples,
        duration_ms: recording.samples as f64 / recording.sample_rate_hz * 1e3,
        frequency_hz: recording.frequency_hz,
        datetime: recording.datetime.clone(),
        samples_lost: status.samples_lost,
        overflows: status.overflows,
    }
}
