//! IQ over ZeroMQ, framed as srsRAN 4G does: the transmitter binds REP or PUB, the receiver connects REQ or SUB, one
//! socket for each antenna. A request is one octet of any value; an answer or publication is one single-part message
//! of cf32 samples and nothing else: no rate, no time, no sequence number. Samples alone are the clock.
//!
//! With srsENB: `base_srate` equal to the sample rate here, else it repeats samples; without `rx_port` it needs
//! nothing but our requests, with it [`ZmqSource::serve_zeros_at`] keeps its uplink going. Its `sc16` is not usable:
//! it checks lengths against 8 octets a sample.

mod sink;
mod source;
#[cfg(test)]
mod tests;

pub use sink::ZmqSink;
pub use source::ZmqSource;

use super::FrontEndError;
use super::pace::Deadline;

/// Who asks whom.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum ZmqPattern {
    /// The receiver asks for every message: it paces the transmitter, nothing is lost.
    #[default]
    RequestReply,
    /// The transmitter sends at its own pace; a receiver that is too slow loses messages and cannot know it.
    PublishSubscribe,
}

/// A ZeroMQ front end.
#[derive(Clone, PartialEq, Debug)]
pub struct ZmqConfig {
    /// One for each antenna: `tcp://127.0.0.1:2000`; a transmitter may bind `tcp://*:2000`.
    pub endpoints: Vec<String>,
    /// Who asks whom.
    pub pattern: ZmqPattern,
    /// Samples per second; the peer must agree, nothing on the wire says it.
    pub sample_rate_hz: f64,
    /// How long the peer may take to appear, ms.
    pub first_answer_ms: u32,
    /// How long the peer may be silent after that, ms.
    pub answer_ms: u32,
}

impl ZmqConfig {
    /// One antenna, request and reply, half a minute for the peer to appear and five seconds for each answer.
    pub fn new(endpoint: &str, sample_rate_hz: f64) -> Self {
        Self {
            endpoints: vec![endpoint.to_owned()],
            pattern: ZmqPattern::RequestReply,
            sample_rate_hz,
            first_answer_ms: 30_000,
            answer_ms: 5_000,
        }
    }
}

/// Most samples in one message: the buffers of srsRAN hold no more.
pub const MAX_MESSAGE_SAMPLES: usize = 3_072_000;
/// Octets of one sample.
const SAMPLE_OCTETS: usize = 8;
/// What libzmq takes from a peer at all, octets. Above the most that is right, so that what is too long can be named.
const MAX_OCTETS_TAKEN: i64 = (4 * MAX_MESSAGE_SAMPLES * SAMPLE_OCTETS) as i64;
/// How long a front end that is closed tries to get rid of its last message, ms.
const LINGER_MS: i32 = 500;
/// Messages that a publisher keeps for a subscriber that is behind.
const PUBLISHED_KEPT: i32 = 200;

/// One antenna's socket.
struct Socket {
    endpoint: String,
    socket: zmq::Socket,
}

impl Socket {
    fn new(context: &zmq::Context, kind: zmq::SocketType, endpoint: &str) -> Result<Self, FrontEndError> {
        let front_end = || front_end(endpoint);
        let ready = context.socket(kind).and_then(|socket| {
            socket.set_linger(LINGER_MS)?;
            socket.set_maxmsgsize(MAX_OCTETS_TAKEN)?;
            socket.set_sndhwm(PUBLISHED_KEPT)?;
            Ok(socket)
        });
        let socket = ready.map_err(|e| FrontEndError::Io { front_end: front_end(), source: e.into() })?;
        Ok(Self { endpoint: endpoint.to_owned(), socket })
    }

    /// Binds, after which the endpoint has its port if that was `*`.
    fn bind(&mut self) -> Result<(), FrontEndError> {
        self.socket.bind(&self.endpoint).map_err(|e| self.error(e))?;
        if let Ok(Ok(bound)) = self.socket.get_last_endpoint() {
            self.endpoint = bound;
        }
        Ok(())
    }

    fn error(&self, error: zmq::Error) -> FrontEndError {
        FrontEndError::Io { front_end: front_end(&self.endpoint), source: error.into() }
    }

    fn malformed(&self, why: String) -> FrontEndError {
        FrontEndError::Malformed { front_end: front_end(&self.endpoint), why }
    }

    /// True when something can be received within the limit.
    fn wait(&self, deadline: Deadline) -> Result<bool, FrontEndError> {
        while let Some(left_ms) = deadline.left_ms() {
            match self.socket.poll(zmq::POLLIN, left_ms) {
                Ok(0) | Err(zmq::Error::EINTR) => {}
                Ok(_) => return Ok(true),
                Err(e) => return Err(self.error(e)),
            }
        }
        Ok(false)
    }
}

fn front_end(endpoint: &str) -> String {
    format!("zmq {endpoint}")
}
