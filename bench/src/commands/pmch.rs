//! `castbench pmch`: one subframe in or out, the way other people's vectors come in.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use num_complex::Complex32;
use radio::{
    CellConfig, CyclicPrefix, CyclicPrefixSync, IqFileError, Isa, MbsfnSubframeDemodulator, MbsfnSubframeModulator,
    Oscillator, PmchDecoder, PmchEncoder, PmchParams, read_cf32, write_cf32,
};
use serde::Serialize;

use crate::cli::{CellCp, PmchArgs, PmchCommand, PmchEncodeArgs};
use crate::errors::{CommandError, Exit};

/// Runs `castbench pmch encode` or `decode`.
pub fn pmch(command: &PmchCommand) -> Result<Exit, CommandError> {
    match command {
        PmchCommand::Encode(args) => encode(args),
        PmchCommand::Decode(args) => decode(args),
    }
}

/// What `pmch decode` prints.
#[derive(Serialize)]
struct DecodeResult {
    crc: bool,
    tbs: usize,
    cinr_db: f32,
    evm_percent: f32,
    iterations: u32,
    code_blocks: u32,
    cfo_hz: f64,
    timing_samples: f32,
}

fn decode(args: &PmchArgs) -> Result<Exit, CommandError> {
    let params = params(args)?;
    check_input(&args.input)?;
    let mut iq = read_cf32(&args.input).map_err(usage_or_read)?;
    let samples = params.cell.samples_per_subframe();
    if iq.len() != samples {
        return Err(CommandError::Usage(format!(
            "{}: {} samples, but one subframe at {} Hz is {samples}; is it truncated, or of another sample rate?",
            args.input.display(),
            iq.len(),
            args.sample_rate
        )));
    }
    let cfo_hz = correct_frequency(&params, &mut iq);
    let mut demodulator =
        MbsfnSubframeDemodulator::new(&params.cell, params.n_id_mbsfn, params.non_mbsfn_region, params.numerology);
    let estimate = demodulator.demodulate(args.subframe, &iq);
    let mut decoder = PmchDecoder::new(params, Isa::fastest()).map_err(|e| CommandError::Usage(e.to_string()))?;
    let mut tb = vec![0; params.format.octets()];
    let quality = demodulator.decode(&mut decoder, args.subframe, &mut tb);
    let result = DecodeResult {
        crc: quality.crc_ok,
        tbs: params.format.tbs_bits,
        cinr_db: estimate.cinr_db(),
        evm_percent: quality.evm_percent(),
        iterations: quality.iterations,
        code_blocks: quality.code_blocks,
        cfo_hz: cfo_hz + f64::from(estimate.frequency_error_hz),
        timing_samples: estimate.timing_samples,
    };
    if quality.crc_ok {
        write_whole(&args.output, &tb)?;
    }
    let line = serde_json::to_string(&result).map_err(|e| CommandError::Bench(e.to_string()))?;
    writeln!(io::stdout(), "{line}")
        .map_err(|source| CommandError::Write { path: "standard output".into(), source })?;
    Ok(if quality.crc_ok { Exit::Pass } else { Exit::Fail })
}

fn encode(own: &PmchEncodeArgs) -> Result<Exit, CommandError> {
    let args = &own.subframe;
    let params = params(args)?;
    check_input(&args.input)?;
    let tb = fs::read(&args.input).map_err(|source| CommandError::Read { path: args.input.clone(), source })?;
    if tb.len() != params.format.octets() {
        return Err(CommandError::Usage(format!(
            "{}: {} octets, but MCS {} at {} PRB carries a transport block of {} octets",
            args.input.display(),
            tb.len(),
            args.mcs,
            args.n_rb_dl,
            params.format.octets()
        )));
    }
    let mut encoder = PmchEncoder::new(params).map_err(|e| CommandError::Usage(e.to_string()))?;
    let cell_cp = match own.cell_cp {
        CellCp::Normal => CyclicPrefix::Normal,
        CellCp::Extended => CyclicPrefix::Extended,
    };
    let mut modulator = MbsfnSubframeModulator::new(&params.cell, cell_cp, params.non_mbsfn_region, params.numerology);
    let mut iq = vec![Complex32::default(); params.cell.samples_per_subframe()];
    modulator.modulate(args.subframe, Some((&mut encoder, &tb)), &mut iq);
    write_cf32(&args.output, &iq).map_err(|e| match e {
        IqFileError::Io { path, source } => CommandError::Write { path, source },
        other => CommandError::Bench(other.to_string()),
    })?;
    Ok(Exit::Pass)
}

fn params(args: &PmchArgs) -> Result<PmchParams, CommandError> {
    let usage = |e: radio::ConfigError| CommandError::Usage(e.to_string());
    let n_rb_dl = u16::from(args.n_rb_dl).try_into().map_err(usage)?;
    let cell = CellConfig::with_sample_rate(n_rb_dl, args.n_id_cell, args.sample_rate.into()).map_err(usage)?;
    PmchParams::new(cell, args.n_id_mbsfn, args.non_mbsfn_region, args.mcs).map_err(usage)
}

/// Refuses what cannot be one subframe before it is read: a device may never end.
fn check_input(path: &Path) -> Result<(), CommandError> {
    let about = fs::metadata(path).map_err(|source| CommandError::Read { path: path.into(), source })?;
    let why = match about.len() {
        _ if !about.is_file() => "not a file".to_owned(),
        octets if octets > MAX_INPUT_OCTETS => {
            format!("{octets} octets; one subframe has at most {MAX_INPUT_OCTETS} at 30720000 Hz")
        }
        _ => return Ok(()),
    };
    Err(CommandError::Usage(format!("{}: {why}", path.display())))
}

/// Takes the carrier frequency offset out of one subframe and tells how large it was.
fn correct_frequency(params: &PmchParams, iq: &mut [Complex32]) -> f64 {
    let mut sync = CyclicPrefixSync::new(params.cell.n_fft, params.non_mbsfn_region, params.numerology);
    sync.push(iq);
    let cfo_hz = sync.frequency_offset_hz();
    Oscillator::new(-cfo_hz, params.cell.sample_rate_hz()).rotate(iq);
    cfo_hz
}

fn usage_or_read(error: IqFileError) -> CommandError {
    match error {
        IqFileError::Io { path, source } => CommandError::Read { path, source },
        wrong => CommandError::Usage(wrong.to_string()),
    }
}

/// Writes to a neighbour first, so that nothing half-written stays under the name.
fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), CommandError> {
    let mut part = path.as_os_str().to_owned();
    part.push(".part");
    fs::write(&part, bytes).and_then(|()| fs::rename(&part, path)).map_err(|source| {
        let _ = fs::remove_file(&part);
        CommandError::Write { path: path.into(), source }
    })
}

/// A subframe of 1 ms at 30.72 MS/s as cf32.
const MAX_INPUT_OCTETS: u64 = 30_720 * 8;
