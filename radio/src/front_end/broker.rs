//! One transmitter, many receivers, each behind its own channel: what plain srsRAN pairs cannot do.

use num_complex::Complex32;

use super::{FrontEndError, IqSink, IqSource, ReadBlock, StreamStatus};
use crate::channel::ChannelModel;

/// A receiver of a [`Broker`].
pub struct BrokerReceiver {
    /// What lies between the antennas of the transmitter and those of the receiver.
    pub channel: ChannelModel,
    /// Where the samples go.
    pub sink: Box<dyn IqSink + Send>,
}

/// Hands the samples of one transmitter on to receivers. The slowest receiver that asks sets the pace.
pub struct Broker {
    source: Box<dyn IqSource + Send>,
    receivers: Vec<(usize, BrokerReceiver)>,
    sent: Vec<Vec<Complex32>>,
    received: Vec<Vec<Complex32>>,
}

/// What one step of a broker came to.
#[derive(Debug)]
pub struct BrokerStep {
    /// Samples handed on; 0 when the transmitter has ended.
    pub samples: usize,
    /// Receivers that are served no more, by their number, and why. The others go on.
    pub lost: Vec<(usize, FrontEndError)>,
}

impl Broker {
    /// Connects `receivers` to `source`; samples go in blocks of `block` at most.
    ///
    /// # Panics
    /// If a channel wants more antennas than the source has, or `block` is 0.
    pub fn new(source: Box<dyn IqSource + Send>, receivers: Vec<BrokerReceiver>, block: usize) -> Self {
        let n_antennas = source.n_antennas();
        assert!(receivers.iter().all(|r| r.channel.n_inputs() <= n_antennas), "channels of {n_antennas} antennas");
        assert!(block > 0, "blocks of 0 samples");
        Self {
            source,
            receivers: receivers.into_iter().enumerate().collect(),
            sent: vec![vec![Complex32::default(); block]; n_antennas],
            received: Vec::new(),
        }
    }

    /// Waits for samples and hands them on to every receiver in turn.
    ///
    /// # Errors
    /// As [`IqSource::read`] of the source; a receiver's error only ends that receiver.
    pub fn step(&mut self) -> Result<BrokerStep, FrontEndError> {
        let mut antennas: Vec<&mut [Complex32]> = self.sent.iter_mut().map(Vec::as_mut_slice).collect();
        let mut lost = Vec::new();
        let ReadBlock::Samples { len: samples, .. } = self.source.read(&mut antennas)? else {
            for (number, receiver) in &mut self.receivers {
                lost.extend(receiver.sink.finish().err().map(|e| (*number, e)));
            }
            return Ok(BrokerStep { samples: 0, lost });
        };
        let Self { receivers, sent, received, .. } = self;
        let sent: Vec<&[Complex32]> = sent.iter().map(|antenna| &antenna[..samples]).collect();
        receivers.retain_mut(|(number, receiver)| {
            received.resize_with(receiver.channel.n_rx(), Vec::new);
            receiver.channel.process(&sent, received);
            let heard: Vec<&[Complex32]> = received.iter().map(Vec::as_slice).collect();
            let written = if heard[0].is_empty() { Ok(()) } else { receiver.sink.write(&heard) };
            let goes_on = written.is_ok();
            lost.extend(written.err().map(|e| (*number, e)));
            goes_on
        });
        Ok(BrokerStep { samples, lost })
    }

    /// Receivers that are still served.
    pub fn receivers(&self) -> usize {
        self.receivers.len()
    }

    /// What the side of the transmitter has seen.
    pub fn status(&self) -> StreamStatus {
        self.source.status()
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;
    use crate::channel::{ChannelConfig, PathConfig};
    use crate::front_end::{LoopbackSink, loopback};

    /// From `n_antennas` at phases of their own.
    fn channel(seed: u64, n_antennas: usize, gain_db: f64, delay_s: f64) -> ChannelModel {
        let cfo_hz = 100.0 * seed as f64;
        let path = |stream| PathConfig { stream, phase_rad: stream as f64, delay_s, cfo_hz, ..PathConfig::default() };
        let paths = (0..n_antennas).map(path).collect();
        ChannelModel::new(&ChannelConfig { gain_db, paths, ..ChannelConfig::awgn(1.92e6, 20.0, seed) })
    }

    fn iq(len: usize) -> Vec<Complex32> {
        (0..len).map(|i| Complex32::cis(i as f32 * 0.01)).collect()
    }

    fn send(mut sink: LoopbackSink, iq: Vec<Complex32>, n_antennas: usize) -> thread::JoinHandle<()> {
        thread::spawn(move || {
            for part in iq.chunks(700) {
                sink.write(&vec![part; n_antennas]).unwrap();
            }
            sink.finish().unwrap();
        })
    }

    #[test]
    fn every_receiver_hears_its_own_channel() {
        let iq = iq(9_600);
        for n_antennas in 1..=2 {
            let (sink, source) = loopback(n_antennas, 1.92e6, 4096, 5_000);
            let transmitter = send(sink, iq.clone(), n_antennas);
            let channel = |ue: usize| channel(ue as u64, n_antennas, ue as f64, 1e-6 * ue as f64);
            let (sinks, sources): (Vec<_>, Vec<_>) = (0..3).map(|_| loopback(1, 1.92e6, 1 << 20, 5_000)).unzip();
            let receiver = |(ue, sink)| BrokerReceiver { channel: channel(ue), sink: Box::new(sink) };
            let receivers = sinks.into_iter().enumerate().map(receiver).collect();
            let mut broker = Broker::new(Box::new(source), receivers, 1024);
            while broker.step().unwrap().samples > 0 {}
            transmitter.join().unwrap();
            assert_eq!(broker.status().samples, 9_600);
            for (ue, mut source) in sources.into_iter().enumerate() {
                let mut expected = [Vec::new()];
                channel(ue).process(&vec![iq.as_slice(); n_antennas], &mut expected);
                let [expected] = expected;
                let mut heard = vec![Complex32::default(); expected.len()];
                let mut at = 0;
                while let ReadBlock::Samples { len, .. } = source.read(&mut [&mut heard[at..]]).unwrap() {
                    at += len;
                    if at == heard.len() {
                        break;
                    }
                }
                let apart = heard.iter().zip(&expected).map(|(a, b)| (a - b).norm()).fold(0.0, f32::max);
                assert!(apart < 1e-3, "UE {ue}: {apart}");
            }
        }
    }

    #[test]
    fn a_receiver_that_leaves_does_not_end_the_others() {
        let (sink, source) = loopback(1, 1.92e6, 4096, 5_000);
        let transmitter = send(sink, iq(7_000), 1);
        let (gone, stays) = (loopback(1, 1.92e6, 1 << 20, 5_000), loopback(1, 1.92e6, 1 << 20, 5_000));
        drop(gone.1);
        let receiver =
            |ue, sink: LoopbackSink| BrokerReceiver { channel: channel(ue, 1, 0.0, 0.0), sink: Box::new(sink) };
        let mut broker = Broker::new(Box::new(source), vec![receiver(0, gone.0), receiver(1, stays.0)], 1024);
        let first = broker.step().unwrap();
        assert_eq!((first.lost.len(), first.lost[0].0, broker.receivers()), (1, 0, 1));
        assert!(first.lost[0].1.to_string().contains("the device is gone"), "{}", first.lost[0].1);
        while broker.step().unwrap().samples > 0 {}
        transmitter.join().unwrap();
        assert_eq!(stays.1.status().samples, 0);
        assert_eq!(broker.receivers(), 1);
    }
}
