//! Front ends of a paced run: how the IQ of the eNB gets to the UEs, and what they report.
//!
//! Waiting is bounded everywhere: each front end has its time limits, and what lies between them waits longer than any.

mod one_way;
mod pump;
mod stream;

use std::path::Path;
use std::time::Duration;

use num_complex::Complex32;
use radio::{
    Broker, BrokerReceiver, ChannelConfig, ChannelModel, FileHints, FileSink, FileSource, FrontEndError, IqSink,
    IqSource, SampleFormat, SigmfHeader, StreamStatus, ZmqSink, ZmqSource, loopback,
};

pub(crate) use self::one_way::{Transmitter, receiver};
use self::pump::{Outside, Pump};
use self::stream::Stream;
use crate::rig::{BrokerKind, Channels, FileRig, FileRole, RadioFrontEnd, Rig, ZmqRig};
use crate::setup::FRAME;

/// The carrier and who hears it.
#[derive(Clone, Debug)]
pub(crate) struct OnAir {
    pub(crate) sample_rate_hz: f64,
    /// Of a frame, on each antenna.
    pub(crate) frame_samples: usize,
    pub(crate) n_antennas: usize,
    /// Width of the carrier, Hz: devices set their filters by it.
    #[cfg(feature = "soapy")]
    pub(crate) occupied_hz: f64,
    /// Factor that brings a loaded carrier below full scale.
    pub(crate) full_scale_gain: f32,
    pub(crate) ues: Vec<UeOnAir>,
}

/// A UE and its channel.
#[derive(Clone, Debug)]
pub(crate) struct UeOnAir {
    pub(crate) name: String,
    pub(crate) channel: ChannelConfig,
}

impl OnAir {
    /// Antennas of the UE that has the most.
    fn n_rx(&self) -> usize {
        self.ues.iter().map(|ue| ue.channel.n_rx).max().unwrap_or(1)
    }
}

/// The front ends between eNB and UEs.
pub(crate) struct FrontEnds {
    sink: Option<Sink>,
    ways: Ways,
    /// Threads, with who is at their front end.
    pumps: Vec<(String, Pump)>,
    /// Samples sent on each antenna.
    sent: u64,
    delay: Duration,
}

/// Where the eNB's samples go.
enum Sink {
    /// A recording, and the factor that brings samples below full scale.
    File(Box<FileSink>, f32),
    /// A thread that has the front end.
    Pumped(Box<dyn IqSink + Send>, f32),
}

/// How samples reach the UEs.
enum Ways {
    /// One stream for all; `gain` takes back what the transmitter did to the level.
    Shared { stream: Stream, gain: f32, arrived: Vec<Vec<Complex32>>, channels: Channels },
    /// One stream for each, which may be `behind` by so many samples.
    Own { streams: Vec<Stream>, arrived: Vec<Vec<Vec<Complex32>>>, behind: u64 },
}

/// What a turn brought.
pub(crate) enum Arrived<'a> {
    /// Samples of each antenna of the eNB, before the channels of the UEs.
    BeforeChannels(&'a [Vec<Complex32>]),
    /// Samples of the antennas of a receiver that all UEs share.
    AtAll(&'a [Vec<Complex32>]),
    /// Samples of the antennas of each UE.
    AtEach(&'a [Vec<Vec<Complex32>>]),
}

/// What a front end has seen in a run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct FrontEndReport {
    /// `eNB`, `UEs`, `broker`, or the name of a UE.
    pub(crate) at: String,
    pub(crate) status: StreamStatus,
}

impl FrontEnds {
    /// Opens what the rig names; recordings are written into `folder`.
    ///
    /// # Errors
    /// A front end cannot be opened.
    ///
    /// # Panics
    /// If the rig has none, or not the table that goes with it: reading a rig checks that.
    pub(crate) fn open(rig: &Rig, on_air: &OnAir, folder: &Path) -> Result<Self, FrontEndError> {
        match (rig.radio, &rig.file, &rig.zmq) {
            (RadioFrontEnd::File, Some(file), _) => Self::file(file, rig.channels, on_air, folder),
            (RadioFrontEnd::Zmq, _, Some(zmq)) => Self::zmq(zmq, on_air),
            (RadioFrontEnd::SoapySdr, ..) => Self::soapy(rig, on_air),
            (radio, ..) => panic!("a rig with radio {radio} and no table for it"),
        }
    }

    fn file(rig: &FileRig, channels: Channels, on_air: &OnAir, folder: &Path) -> Result<Self, FrontEndError> {
        let path = if rig.source == FileRole::Enb { folder.join(&rig.recording) } else { rig.recording.clone() };
        let sink = match rig.source {
            FileRole::Enb => Some(Sink::File(Box::new(write_to(&path, rig, on_air)?), on_air.full_scale_gain)),
            FileRole::Recording => None,
        };
        let hints = FileHints {
            format: rig.format.filter(|_| sink.is_none()),
            sample_rate_hz: is_raw(&path).then_some(on_air.sample_rate_hz),
            n_antennas: is_raw(&path).then_some(on_air.n_antennas),
        };
        let source = Box::new(FileSource::open(&path, &hints)?);
        let ways = shared(source, channels, on_air, path.display().to_string())?;
        Ok(Self { sink, ways, pumps: Vec::new(), sent: 0, delay: FRAME })
    }

    fn soapy(rig: &Rig, on_air: &OnAir) -> Result<Self, FrontEndError> {
        let n_received = if rig.channels == Channels::Simulated { on_air.n_antennas } else { on_air.n_rx() };
        let (sink, source) = open_soapy(rig, on_air, n_received)?;
        let block = on_air.frame_samples / 10;
        let (to_device, from_run) =
            loopback(on_air.n_antennas, on_air.sample_rate_hz, 2 * on_air.frame_samples, PATIENCE_MS);
        let room = (on_air.sample_rate_hz * DEVICE_BACKLOG_S) as usize;
        let (to_run, from_device) = loopback(n_received, on_air.sample_rate_hz, room, PATIENCE_MS);
        let pumps = vec![
            ("UEs".to_owned(), Pump::start(source, Box::new(to_run), Outside::Source, block)),
            ("eNB".to_owned(), Pump::start(Box::new(from_run), sink, Outside::Sink, block)),
        ];
        let ways = shared(Box::new(from_device), rig.channels, on_air, "SDR receiver".into())?;
        let sink = Some(Sink::Pumped(Box::new(to_device), on_air.full_scale_gain));
        let lead_ms = rig.soapysdr.as_ref().map_or(0, |soapy| soapy.lead_ms());
        Ok(Self { sink, ways, pumps, sent: 0, delay: Duration::from_millis(lead_ms.into()) + 2 * FRAME })
    }

    fn zmq(rig: &ZmqRig, on_air: &OnAir) -> Result<Self, FrontEndError> {
        let (rate, block) = (on_air.sample_rate_hz, on_air.frame_samples / 10);
        let (to_zmq, from_run) = loopback(on_air.n_antennas, rate, 2 * on_air.frame_samples, PATIENCE_MS);
        let enb = ZmqSink::bind(&rig.enb(rate, on_air.n_antennas))?;
        let enb_endpoints: Vec<String> = enb.endpoints().map(str::to_owned).collect();
        let (mut receivers, mut lookahead) = (Vec::new(), 0);
        let mut ues = Vec::new();
        let mut before = 0;
        for ue in &on_air.ues {
            let n_rx = ue.channel.n_rx;
            let mut config = rig.ue(rate, before, n_rx);
            before += n_rx;
            if rig.broker == BrokerKind::Own {
                // Run and broker move on sample by sample.
                if ue.channel.impairments.clock_error_ppm != 0.0 {
                    let why = format!("UE {} has a clock error: take another rig, or clock_error_ppm = 0", ue.name);
                    return Err(FrontEndError::Unsupported { front_end: "broker".into(), why });
                }
                let sink = ZmqSink::bind(&config)?;
                config.endpoints = sink.endpoints().map(str::to_owned).collect();
                let channel = ChannelModel::new(&ue.channel);
                lookahead = lookahead.max(channel.lookahead());
                receivers.push(BrokerReceiver { channel, sink: Box::new(sink) });
            }
            ues.push((ue.name.clone(), n_rx, ZmqSource::connect(&config)?));
        }
        let mut pumps = vec![("eNB".to_owned(), Pump::start(Box::new(from_run), Box::new(enb), Outside::Sink, block))];
        if rig.broker == BrokerKind::Own {
            let source = ZmqSource::connect(&rig.config(enb_endpoints, rate))?;
            pumps.push(("broker".to_owned(), Pump::broker(Broker::new(Box::new(source), receivers, block))));
        }
        let (mut streams, mut arrived) = (Vec::new(), Vec::new());
        for (name, n_rx, source) in ues {
            arrived.push(vec![Vec::new(); n_rx]);
            let (to_run, from_zmq) = loopback(n_rx, rate, 2 * on_air.frame_samples, PATIENCE_MS);
            streams.push(Stream::new(Box::new(from_zmq), block, format!("UE {name}")));
            pumps.push((name, Pump::start(Box::new(source), Box::new(to_run), Outside::Source, block)));
        }
        let behind = match rig.broker {
            BrokerKind::Own => lookahead as u64,
            BrokerKind::External => on_air.frame_samples as u64,
        };
        let sink = Some(Sink::Pumped(Box::new(to_zmq), 1.0));
        Ok(Self { sink, ways: Ways::Own { streams, arrived, behind }, pumps, sent: 0, delay: 2 * FRAME })
    }

    /// What is sent now is heard after this time at the latest.
    pub(crate) fn delay(&self) -> Duration {
        self.delay
    }

    /// Sends a radio frame of each antenna and takes what arrives meanwhile.
    ///
    /// # Errors
    /// A front end is gone, silent or at its end.
    pub(crate) fn pass(&mut self, sent: &[Vec<Complex32>]) -> Result<Arrived<'_>, FrontEndError> {
        let passed = self.try_pass(sent);
        if let Err(seen) = passed {
            return Err(self.cause(seen));
        }
        Ok(match &self.ways {
            Ways::Shared { arrived, channels: Channels::Simulated, .. } => Arrived::BeforeChannels(arrived),
            Ways::Shared { arrived, channels: Channels::Real, .. } => Arrived::AtAll(arrived),
            Ways::Own { arrived, .. } => Arrived::AtEach(arrived),
        })
    }

    fn try_pass(&mut self, sent: &[Vec<Complex32>]) -> Result<(), FrontEndError> {
        match &mut self.sink {
            Some(Sink::File(file, gain)) => {
                write_scaled(file.as_mut(), sent, *gain)?;
                file.flush()?;
            }
            Some(Sink::Pumped(sink, gain)) => write_scaled(sink.as_mut(), sent, *gain)?,
            None => {}
        }
        self.sent += sent.first().map_or(0, Vec::len) as u64;
        match &mut self.ways {
            Ways::Shared { stream, gain, arrived, .. } => {
                arrived.iter_mut().for_each(Vec::clear);
                stream.read_to(self.sent, arrived)?;
                arrived.iter_mut().flatten().for_each(|sample| *sample *= *gain);
            }
            Ways::Own { streams, arrived, behind } => {
                for (stream, arrived) in streams.iter_mut().zip(arrived) {
                    arrived.iter_mut().for_each(Vec::clear);
                    stream.read_to(self.sent.saturating_sub(*behind), arrived)?;
                }
            }
        }
        Ok(())
    }

    /// What is behind an error: a thread that has ended knows more than who waits for it.
    fn cause(&self, seen: FrontEndError) -> FrontEndError {
        self.pumps.iter().find_map(|(_, pump)| pump.error()).unwrap_or(seen)
    }

    /// Closes all; what is under way to a device is still sent.
    ///
    /// # Errors
    /// A recording cannot be completed, a device is gone.
    pub(crate) fn finish(&mut self) -> Result<(), FrontEndError> {
        match &mut self.sink {
            Some(Sink::File(file, _)) => file.finish()?,
            Some(Sink::Pumped(sink, _)) => sink.finish()?,
            None => {}
        }
        // Only a device has anything to say at its end; streams of ZeroMQ have none.
        if let Ways::Shared { .. } = self.ways {
            for (_, pump) in self.pumps.iter_mut().filter(|(at, _)| at == "eNB") {
                pump.join()?;
            }
        }
        self.pumps.iter().for_each(|(_, pump)| pump.stop());
        Ok(())
    }

    /// What each front end has seen.
    pub(crate) fn reports(&self) -> Vec<FrontEndReport> {
        let report = |at: &str, status| FrontEndReport { at: at.to_owned(), status };
        let mut reports = Vec::new();
        if let Some(Sink::File(file, _)) = &self.sink {
            reports.push(report("eNB", file.status()));
        }
        if let (Ways::Shared { stream, .. }, true) = (&self.ways, self.pumps.is_empty()) {
            reports.push(report("UEs", stream.status()));
        }
        reports.extend(self.pumps.iter().map(|(at, pump)| report(at, pump.status())));
        reports
    }
}

/// One stream that all UEs hear.
fn shared(
    source: Box<dyn IqSource + Send>,
    channels: Channels,
    on_air: &OnAir,
    name: String,
) -> Result<Ways, FrontEndError> {
    let (rate, n_antennas) = (source.sample_rate_hz(), source.n_antennas());
    let unsupported = |why| Err(FrontEndError::Unsupported { front_end: name.clone(), why });
    if (rate - on_air.sample_rate_hz).abs() > 0.5 {
        return unsupported(format!("{rate} samples per second; the scenario's carrier has {}", on_air.sample_rate_hz));
    }
    if channels == Channels::Simulated && n_antennas != on_air.n_antennas {
        return unsupported(format!("{n_antennas} antennas; the scenario's eNB has {}", on_air.n_antennas));
    }
    if channels == Channels::Real && n_antennas < on_air.n_rx() {
        return unsupported(format!("{n_antennas} antennas; a UE of the scenario has {}", on_air.n_rx()));
    }
    let gain = if channels == Channels::Simulated { on_air.full_scale_gain.recip() } else { 1.0 };
    let stream = Stream::new(source, on_air.frame_samples / 10, name);
    Ok(Ways::Shared { stream, gain, arrived: vec![Vec::new(); n_antennas], channels })
}

fn write_scaled(sink: &mut dyn IqSink, sent: &[Vec<Complex32>], gain: f32) -> Result<(), FrontEndError> {
    if gain == 1.0 {
        return sink.write(&sent.iter().map(Vec::as_slice).collect::<Vec<_>>());
    }
    let scaled: Vec<Vec<Complex32>> = sent.iter().map(|antenna| antenna.iter().map(|s| s * gain).collect()).collect();
    sink.write(&scaled.iter().map(Vec::as_slice).collect::<Vec<_>>())
}

/// A recording of the eNB.
pub(crate) fn write_to(path: &Path, rig: &FileRig, on_air: &OnAir) -> Result<FileSink, FrontEndError> {
    let format = rig.format.unwrap_or(SampleFormat::Cf32);
    if let Some(folder) = path.parent() {
        let io = |source| FrontEndError::Io { front_end: folder.display().to_string(), source };
        std::fs::create_dir_all(folder).map_err(io)?;
    }
    if is_raw(path) {
        return FileSink::raw(path, format, on_air.n_antennas);
    }
    let header = SigmfHeader {
        format,
        sample_rate_hz: on_air.sample_rate_hz,
        n_antennas: on_air.n_antennas,
        frequency_hz: None,
        datetime: None,
        description: "LTE eMBMS carrier of castbench's eNB, one channel for each antenna".into(),
    };
    FileSink::sigmf(path, &header)
}

/// A name that says that it is no SigMF recording.
pub(crate) fn is_raw(path: &Path) -> bool {
    path.extension().and_then(|e| e.to_str()).is_some_and(|e| e.parse::<SampleFormat>().is_ok())
}

/// Transmitter and receiver.
type Device = (Box<dyn IqSink + Send>, Box<dyn IqSource + Send>);

fn open_soapy(rig: &Rig, on_air: &OnAir, n_received: usize) -> Result<Device, FrontEndError> {
    let sink = one_way::soapy_sink(rig, on_air)?;
    Ok((sink, one_way::soapy_source(rig, on_air.sample_rate_hz, n_received)?))
}

/// Between the threads of a run: longer than any time limit of a front end, so that the one that knows why says so.
const PATIENCE_MS: u32 = 1_300_000;
/// How long a receiver may go on while the run computes, seconds.
const DEVICE_BACKLOG_S: f64 = 2.0;
