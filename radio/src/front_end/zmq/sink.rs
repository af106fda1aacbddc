//! The transmitting side.

use num_complex::Complex32;

use super::super::format::SampleFormat;
use super::super::pace::Deadline;
use super::super::{FrontEndError, IqSink, MAX_ANTENNAS, StreamStatus};
use super::{MAX_MESSAGE_SAMPLES, SAMPLE_OCTETS, Socket, ZmqConfig, ZmqPattern, front_end};

/// Samples to receivers: REP to one of them, PUB to any number.
pub struct ZmqSink {
    config: ZmqConfig,
    antennas: Vec<Antenna>,
    status: StreamStatus,
    bytes: Vec<u8>,
}

struct Antenna {
    socket: Socket,
    /// There is, or was, a receiver.
    heard: bool,
    /// There is a subscriber.
    subscribed: bool,
}

impl ZmqSink {
    /// Binds; receivers need not be there yet.
    ///
    /// # Errors
    /// An endpoint cannot be bound, or there are more than two.
    pub fn bind(config: &ZmqConfig) -> Result<Self, FrontEndError> {
        if !(1..=MAX_ANTENNAS).contains(&config.endpoints.len()) {
            let why = format!("{} endpoints; one for each antenna, 1 to {MAX_ANTENNAS}", config.endpoints.len());
            return Err(FrontEndError::Unsupported { front_end: "zmq".into(), why });
        }
        let context = zmq::Context::new();
        let bind = |endpoint: &String| {
            let kind = match config.pattern {
                ZmqPattern::RequestReply => zmq::REP,
                // XPUB is PUB on the wire, and tells about subscribers.
                ZmqPattern::PublishSubscribe => zmq::XPUB,
            };
            let mut socket = Socket::new(&context, kind, endpoint)?;
            socket.bind()?;
            Ok(Antenna { socket, heard: false, subscribed: false })
        };
        Ok(Self {
            antennas: config.endpoints.iter().map(bind).collect::<Result<_, FrontEndError>>()?,
            config: config.clone(),
            status: StreamStatus::default(),
            bytes: Vec::new(),
        })
    }

    /// The endpoints as bound: a port given as `*` has its number.
    pub fn endpoints(&self) -> impl Iterator<Item = &str> {
        self.antennas.iter().map(|a| a.socket.endpoint.as_str())
    }
}

impl Antenna {
    /// Waits for a request and answers it, or publishes as soon as anybody listens.
    fn send(&mut self, config: &ZmqConfig, message: &[u8]) -> Result<(), FrontEndError> {
        let waited_ms = if self.heard { config.answer_ms } else { config.first_answer_ms };
        let deadline = Deadline::after_ms(waited_ms);
        let silent = |socket: &Socket, hint| FrontEndError::NoAnswer {
            front_end: front_end(&socket.endpoint),
            waited_ms: waited_ms.into(),
            hint,
        };
        match config.pattern {
            ZmqPattern::RequestReply => {
                if !self.socket.wait(deadline)? {
                    let hint = if self.heard { HINT_STOPPED } else { "is a receiver (REQ) connected to it?" };
                    return Err(silent(&self.socket, hint));
                }
                self.socket.socket.recv_multipart(zmq::DONTWAIT).map_err(|e| self.socket.error(e))?;
            }
            ZmqPattern::PublishSubscribe => loop {
                self.note_subscriptions()?;
                if self.subscribed {
                    break;
                }
                if !self.socket.wait(deadline)? {
                    let hint =
                        if self.heard { "all subscribers have left" } else { "is a receiver (SUB) connected to it?" };
                    return Err(silent(&self.socket, hint));
                }
            },
        }
        self.heard = true;
        self.socket.socket.send(message, zmq::DONTWAIT).map_err(|e| self.socket.error(e))
    }

    /// The first octet of a message to a publisher: 1 the first subscriber has come, 0 the last one has left.
    fn note_subscriptions(&mut self) -> Result<(), FrontEndError> {
        loop {
            match self.socket.socket.recv_msg(zmq::DONTWAIT) {
                Ok(message) => self.subscribed = message.first() == Some(&1),
                Err(zmq::Error::EAGAIN) => return Ok(()),
                Err(e) => return Err(self.socket.error(e)),
            }
        }
    }
}

impl IqSink for ZmqSink {
    /// One message, more when it would be too long for receivers.
    ///
    /// # Panics
    /// If there is not one slice for each antenna, all of one length.
    fn write(&mut self, antennas: &[&[Complex32]]) -> Result<(), FrontEndError> {
        assert_eq!(antennas.len(), self.antennas.len(), "one slice for each antenna");
        let len = antennas[0].len();
        assert!(antennas.iter().all(|a| a.len() == len), "slices of one length");
        for from in (0..len).step_by(MAX_MESSAGE_SAMPLES) {
            let to = len.min(from + MAX_MESSAGE_SAMPLES);
            for (antenna, samples) in self.antennas.iter_mut().zip(antennas) {
                self.bytes.clear();
                self.bytes.reserve((to - from) * SAMPLE_OCTETS);
                for sample in &samples[from..to] {
                    SampleFormat::Cf32.encode(*sample, &mut self.bytes);
                }
                antenna.send(&self.config, &self.bytes)?;
            }
            self.status.samples += (to - from) as u64;
        }
        Ok(())
    }

    /// Nothing is held here; closing gives the last message half a second to leave.
    fn finish(&mut self) -> Result<(), FrontEndError> {
        Ok(())
    }

    fn status(&self) -> StreamStatus {
        self.status
    }
}

const HINT_STOPPED: &str = "the receiver has stopped asking";
