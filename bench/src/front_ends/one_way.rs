//! One direction alone: `castbench tx` and `castbench rx`.

use std::path::Path;

use num_complex::Complex32;
use radio::{FileHints, FileSource, FrontEndError, IqSink, IqSource, StreamStatus, ZmqSink, ZmqSource};

use super::{OnAir, is_raw, write_scaled, write_to};
use crate::rig::{RadioFrontEnd, Rig};

/// A front end that takes the eNB's samples.
pub(crate) struct Transmitter {
    sink: Box<dyn IqSink + Send>,
    gain: f32,
}

impl Transmitter {
    /// Opens the transmitter that the rig names; a recording is written into `folder`.
    ///
    /// # Errors
    /// It cannot be opened, or the rig has none.
    pub(crate) fn open(rig: &Rig, on_air: &OnAir, folder: &Path) -> Result<Self, FrontEndError> {
        let gain = on_air.full_scale_gain;
        Ok(match (rig.radio, &rig.file, &rig.zmq) {
            (RadioFrontEnd::File, Some(file), _) => {
                Self { sink: Box::new(write_to(&folder.join(&file.recording), file, on_air)?), gain }
            }
            (RadioFrontEnd::Zmq, _, Some(zmq)) => {
                Self { sink: Box::new(ZmqSink::bind(&zmq.enb(on_air.sample_rate_hz, on_air.n_antennas))?), gain }
            }
            (RadioFrontEnd::SoapySdr, ..) => Self { sink: soapy_sink(rig, on_air)?, gain },
            _ => return Err(no_front_end()),
        })
    }

    /// Sends a frame of each antenna.
    pub(crate) fn write(&mut self, frame: &[Vec<Complex32>]) -> Result<(), FrontEndError> {
        // One message of ZeroMQ for each subframe, as other programs expect it.
        let step = (frame[0].len() / 10).max(1);
        for from in (0..frame[0].len()).step_by(step) {
            let part: Vec<Vec<Complex32>> = frame.iter().map(|antenna| antenna[from..from + step].to_vec()).collect();
            write_scaled(self.sink.as_mut(), &part, self.gain)?;
        }
        Ok(())
    }

    /// Sends what is still held and closes.
    pub(crate) fn finish(&mut self) -> Result<(), FrontEndError> {
        self.sink.finish()
    }

    pub(crate) fn status(&self) -> StreamStatus {
        self.sink.status()
    }
}

/// Opens the receiver that the rig names; `sample_rate_hz` where nothing else says it.
///
/// # Errors
/// It cannot be opened, the rig has none, or the sample rate is not known.
pub(crate) fn receiver(
    rig: &Rig,
    sample_rate_hz: Option<u32>,
    n_antennas: usize,
) -> Result<Box<dyn IqSource + Send>, FrontEndError> {
    let rate = sample_rate_hz.map(f64::from);
    let known = || {
        let why = "nothing says its sample rate: give --sample-rate HZ".to_owned();
        rate.ok_or_else(|| FrontEndError::Unsupported { front_end: rig.radio.to_string(), why })
    };
    match (rig.radio, &rig.file, &rig.zmq) {
        (RadioFrontEnd::File, Some(file), _) => {
            let raw = is_raw(&file.recording);
            let format = file.format.filter(|_| raw);
            let hints = FileHints { format, sample_rate_hz: rate, n_antennas: raw.then_some(n_antennas) };
            Ok(Box::new(FileSource::open(&file.recording, &hints)?))
        }
        (RadioFrontEnd::Zmq, _, Some(zmq)) => {
            let mut source = ZmqSource::connect(&zmq.enb(known()?, n_antennas))?;
            if let Some(uplink) = &zmq.uplink {
                source.serve_zeros_at(uplink)?;
            }
            Ok(Box::new(source))
        }
        (RadioFrontEnd::SoapySdr, ..) => soapy_source(rig, known()?, n_antennas),
        _ => Err(no_front_end()),
    }
}

#[cfg(feature = "soapy")]
pub(super) fn soapy_sink(rig: &Rig, on_air: &OnAir) -> Result<Box<dyn IqSink + Send>, FrontEndError> {
    let OnAir { sample_rate_hz, occupied_hz, n_antennas, .. } = *on_air;
    let soapy = rig.soapysdr.as_ref().and_then(|soapy| soapy.transmitter(sample_rate_hz, occupied_hz, n_antennas));
    let (config, permission) = soapy.ok_or_else(|| missing("transmit"))?;
    Ok(Box::new(radio::SoapySink::open(&config, permission)?))
}

#[cfg(feature = "soapy")]
pub(super) fn soapy_source(
    rig: &Rig,
    sample_rate_hz: f64,
    n_antennas: usize,
) -> Result<Box<dyn IqSource + Send>, FrontEndError> {
    let soapy = rig.soapysdr.as_ref().and_then(|soapy| soapy.receiver(sample_rate_hz, n_antennas));
    Ok(Box::new(radio::SoapySource::open(&soapy.ok_or_else(|| missing("receive"))?)?))
}

#[cfg(feature = "soapy")]
fn missing(what: &str) -> FrontEndError {
    let why = format!("the rig has no [soapysdr.{what}]");
    FrontEndError::Unsupported { front_end: "soapysdr".into(), why }
}

#[cfg(not(feature = "soapy"))]
pub(super) fn soapy_sink(_: &Rig, _: &OnAir) -> Result<Box<dyn IqSink + Send>, FrontEndError> {
    Err(without_soapy())
}

#[cfg(not(feature = "soapy"))]
pub(super) fn soapy_source(_: &Rig, _: f64, _: usize) -> Result<Box<dyn IqSource + Send>, FrontEndError> {
    Err(without_soapy())
}

#[cfg(not(feature = "soapy"))]
fn without_soapy() -> FrontEndError {
    let why = "this castbench was built without SoapySDR (feature `soapy`)".into();
    FrontEndError::Unsupported { front_end: "soapysdr".into(), why }
}

fn no_front_end() -> FrontEndError {
    let why = "the rig has no front end: radio = \"file\", \"zmq\" or \"soapysdr\"".into();
    FrontEndError::Unsupported { front_end: "rig".into(), why }
}
