//! The receiving side.

use num_complex::Complex32;

use super::super::format::SampleFormat;
use super::super::pace::Deadline;
use super::super::{FrontEndError, IqSource, MAX_ANTENNAS, ReadBlock, StreamStatus, buffer_len};
use super::{MAX_MESSAGE_SAMPLES, SAMPLE_OCTETS, Socket, ZmqConfig, ZmqPattern, front_end};

/// Samples from a transmitter: REQ or SUB.
pub struct ZmqSource {
    context: zmq::Context,
    config: ZmqConfig,
    antennas: Vec<Antenna>,
    zeros: Option<Socket>,
    status: StreamStatus,
}

struct Antenna {
    socket: Socket,
    /// A request is out.
    asked: bool,
    /// Something has come.
    heard: bool,
    message: zmq::Message,
    /// Octets of the message that have been read.
    read: usize,
}

impl ZmqSource {
    /// Connects; the transmitter need not be there yet.
    ///
    /// # Errors
    /// An endpoint is not one, or there are more than two.
    pub fn connect(config: &ZmqConfig) -> Result<Self, FrontEndError> {
        if !(1..=MAX_ANTENNAS).contains(&config.endpoints.len()) {
            let why = format!("{} endpoints; one for each antenna, 1 to {MAX_ANTENNAS}", config.endpoints.len());
            return Err(FrontEndError::Unsupported { front_end: "zmq".into(), why });
        }
        let context = zmq::Context::new();
        let connect = |endpoint: &String| {
            let kind = match config.pattern {
                ZmqPattern::RequestReply => zmq::REQ,
                ZmqPattern::PublishSubscribe => zmq::SUB,
            };
            let socket = Socket::new(&context, kind, endpoint)?;
            if config.pattern == ZmqPattern::PublishSubscribe {
                socket.socket.set_subscribe(b"").map_err(|e| socket.error(e))?;
            }
            socket.socket.connect(endpoint).map_err(|e| socket.error(e))?;
            Ok(Antenna { socket, asked: false, heard: false, message: zmq::Message::new(), read: 0 })
        };
        Ok(Self {
            antennas: config.endpoints.iter().map(connect).collect::<Result<_, FrontEndError>>()?,
            context,
            config: config.clone(),
            zeros: None,
            status: StreamStatus::default(),
        })
    }

    /// Answers requests for an uplink at this endpoint with a millisecond of silence each, while waiting for the
    /// downlink: a peer that is a base station does not go on without. Gives the endpoint as bound.
    ///
    /// # Errors
    /// The endpoint cannot be bound.
    pub fn serve_zeros_at(&mut self, endpoint: &str) -> Result<&str, FrontEndError> {
        let mut socket = Socket::new(&self.context, zmq::REP, endpoint)?;
        socket.bind()?;
        Ok(&self.zeros.insert(socket).endpoint)
    }

    /// Waits for a message of an antenna that has none.
    fn receive(&mut self, antenna: usize) -> Result<(), FrontEndError> {
        let Self { config, zeros, antennas, .. } = self;
        let antenna = &mut antennas[antenna];
        let waited_ms = if antenna.heard { config.answer_ms } else { config.first_answer_ms };
        let deadline = Deadline::after_ms(waited_ms);
        // Empty messages are allowed, and do not count as an answer.
        while antenna.read == antenna.message.len() {
            if config.pattern == ZmqPattern::RequestReply && !antenna.asked {
                antenna.socket.socket.send(&[REQUEST][..], zmq::DONTWAIT).map_err(|e| antenna.socket.error(e))?;
                antenna.asked = true;
            }
            let Some(left_ms) = deadline.left_ms() else {
                return Err(FrontEndError::NoAnswer {
                    front_end: front_end(&antenna.socket.endpoint),
                    waited_ms: waited_ms.into(),
                    hint: if antenna.heard { "the transmitter has stopped" } else { HINT_NOBODY },
                });
            };
            let mut items = vec![antenna.socket.socket.as_poll_item(zmq::POLLIN)];
            items.extend(zeros.iter().map(|z| z.socket.as_poll_item(zmq::POLLIN)));
            match zmq::poll(&mut items, left_ms) {
                Ok(_) | Err(zmq::Error::EINTR) => {}
                Err(e) => return Err(antenna.socket.error(e)),
            }
            let ready = items[0].is_readable();
            if let Some(zeros) = zeros.as_ref().filter(|_| items.get(1).is_some_and(zmq::PollItem::is_readable)) {
                let samples = (config.sample_rate_hz / 1000.0) as usize;
                zeros.socket.recv_msg(zmq::DONTWAIT).map_err(|e| zeros.error(e))?;
                zeros.socket.send(vec![0; samples * SAMPLE_OCTETS], zmq::DONTWAIT).map_err(|e| zeros.error(e))?;
            }
            if ready {
                antenna.take()?;
            }
        }
        Ok(())
    }
}

impl Antenna {
    /// Takes the message that is there.
    fn take(&mut self) -> Result<(), FrontEndError> {
        let (socket, message) = (&self.socket, &mut self.message);
        self.read = 0;
        socket.socket.recv(message, zmq::DONTWAIT).map_err(|e| socket.error(e))?;
        (self.asked, self.heard) = (false, true);
        let octets = message.len();
        if message.get_more() {
            return Err(socket.malformed("a message of several parts; samples come in one".into()));
        }
        if octets % SAMPLE_OCTETS != 0 {
            let why = format!(
                "a message of {octets} octets is not whole cf32 samples of 8 octets: the peer must send float32 I and \
                 Q (srsRAN: no tx_format=sc16)"
            );
            return Err(socket.malformed(why));
        }
        if octets > MAX_MESSAGE_SAMPLES * SAMPLE_OCTETS {
            let samples = octets / SAMPLE_OCTETS;
            return Err(socket.malformed(format!("a message of {samples} samples; the most is {MAX_MESSAGE_SAMPLES}")));
        }
        Ok(())
    }
}

impl IqSource for ZmqSource {
    fn sample_rate_hz(&self) -> f64 {
        self.config.sample_rate_hz
    }

    fn n_antennas(&self) -> usize {
        self.antennas.len()
    }

    /// Messages of any size become blocks of the caller's size.
    ///
    /// # Panics
    /// If there is not one buffer for each antenna, all of one length that is not 0.
    fn read(&mut self, antennas: &mut [&mut [Complex32]]) -> Result<ReadBlock, FrontEndError> {
        let mut len = buffer_len(antennas, self.antennas.len());
        for i in 0..self.antennas.len() {
            self.receive(i)?;
            let Antenna { message, read, .. } = &self.antennas[i];
            len = len.min((message.len() - read) / SAMPLE_OCTETS);
        }
        for (antenna, out) in self.antennas.iter_mut().zip(antennas) {
            let octets = &antenna.message[antenna.read..][..len * SAMPLE_OCTETS];
            for (sample, octets) in out.iter_mut().zip(octets.chunks_exact(SAMPLE_OCTETS)) {
                *sample = SampleFormat::Cf32.decode(octets);
            }
            if !out[..len].iter().all(|s| s.is_finite()) {
                return Err(antenna.socket.malformed("samples that are not numbers: not float32 I and Q".into()));
            }
            antenna.read += len * SAMPLE_OCTETS;
        }
        let at = self.status.samples;
        self.status.samples += len as u64;
        Ok(ReadBlock::Samples { at, len })
    }

    fn status(&self) -> StreamStatus {
        self.status
    }
}

/// What srsRAN asks with; the value has no meaning.
const REQUEST: u8 = 0xff;
const HINT_NOBODY: &str = "is the transmitter running, bound to this endpoint, of the same pattern (REP or PUB)?";
