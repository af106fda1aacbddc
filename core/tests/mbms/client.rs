//! An application server outside of the process under test: MB2-C over TCP, MB2-U over UDP.

use std::collections::VecDeque;
use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream, UdpSocket};
use std::time::{Duration, Instant as StdInstant};

use protocol::diameter::mb2c::{
    GcsActionAnswer, GcsActionRequest, GcsNotificationAnswer, GcsNotificationRequest, MbmsBearerRequest,
    MbmsBearerResponse, TmgiDeallocationRequest,
};
use protocol::diameter::mbms::{Arp, MbmsServiceArea, QosInformation, StartStop};
use protocol::diameter::{
    ConnectionId, DiameterConfig, DiameterEndpoint, DiameterInput, DiameterOutput, DiameterTransport, Outcome,
    PeerConfig, ResultCode, dictionary,
};
use protocol::{Entropy, Instant, Tmgi, UdpDatagram};

pub(crate) const REALM: &str = "mbms.test";
pub(crate) const AS: &str = "as.mbms.test";

/// The client.
pub(crate) struct Client {
    start: StdInstant,
    endpoint: DiameterEndpoint,
    stream: Option<TcpStream>,
    conn: ConnectionId,
    pub(crate) restart_counter: u32,
    answers: VecDeque<GcsActionAnswer>,
    /// What the BM-SC has told, oldest first.
    pub(crate) notices: Vec<GcsNotificationRequest>,
    mb2u: UdpSocket,
}

#[expect(clippy::disallowed_methods, reason = "sockets: time is the wall clock's")]
impl Client {
    /// At an address, with the BM-SC there.
    pub(crate) fn new(ip: Ipv4Addr, restart_counter: u32) -> Self {
        let mut config = DiameterConfig::new(AS, REALM, ip.into(), vec![dictionary::APP_MB2C]);
        config.retry = Duration::from_millis(100);
        config.origin_state = restart_counter;
        let connect = Some(SocketAddr::from((ip, 3898)));
        config.peers = vec![PeerConfig { host: format!("bmsc.{REALM}"), realm: REALM.to_owned(), connect }];
        let seed = [restart_counter as u8; 32];
        Self {
            start: StdInstant::now(),
            endpoint: DiameterEndpoint::new(config, Entropy::from_seed(seed)),
            stream: None,
            conn: ConnectionId(0),
            restart_counter,
            answers: VecDeque::new(),
            notices: Vec::new(),
            mb2u: UdpSocket::bind((ip, 0)).unwrap(),
        }
    }

    fn now(&self) -> Instant {
        Instant::ZERO + self.start.elapsed()
    }

    /// Goes on until something holds; false when that takes too long.
    pub(crate) fn until(&mut self, patience: Duration, mut holds: impl FnMut(&mut Self) -> bool) -> bool {
        let end = self.start.elapsed() + patience;
        loop {
            if holds(self) {
                return true;
            }
            if self.start.elapsed() > end {
                return false;
            }
            self.turn();
        }
    }

    /// Connects, and again when the connection is lost.
    pub(crate) fn is_up(&self) -> bool {
        self.endpoint.peers_up().count() == 1
    }

    /// Reads what has come, for a moment, and does what is due.
    pub(crate) fn turn(&mut self) {
        let mut bytes = vec![0; 16 * 1024];
        let read = match &mut self.stream {
            Some(stream) => stream.read(&mut bytes),
            None => {
                std::thread::sleep(Duration::from_millis(5));
                Err(ErrorKind::WouldBlock.into())
            }
        };
        let (now, conn) = (self.now(), self.conn);
        match read {
            Ok(0) => self.lost(now),
            Ok(count) => {
                self.endpoint.handle_input(now, DiameterInput::Received { conn, bytes: &bytes[..count] });
            }
            Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(_) => self.lost(now),
        }
        if self.endpoint.poll_timeout().is_some_and(|at| at <= now) {
            self.endpoint.handle_timeout(now);
        }
        self.drain(now);
    }

    fn lost(&mut self, now: Instant) {
        self.stream = None;
        self.endpoint.handle_input(now, DiameterInput::Closed { conn: self.conn });
    }

    fn drain(&mut self, now: Instant) {
        while let Some(output) = self.endpoint.poll_output() {
            match output {
                DiameterOutput::Transport(DiameterTransport::Connect { peer, address }) => {
                    self.conn.0 += 1;
                    let Ok(stream) = TcpStream::connect(address) else {
                        self.endpoint.handle_input(now, DiameterInput::ConnectFailed { peer });
                        continue;
                    };
                    stream.set_read_timeout(Some(Duration::from_millis(2))).unwrap();
                    stream.set_nodelay(true).unwrap();
                    self.stream = Some(stream);
                    let connected = DiameterInput::Connected { conn: self.conn, peer: Some(peer) };
                    self.endpoint.handle_input(now, connected);
                }
                DiameterOutput::Transport(DiameterTransport::Send { bytes, .. }) => {
                    if let Some(stream) = &mut self.stream {
                        // A peer that is gone is noticed when it is read from.
                        let _ = stream.write_all(&bytes);
                    }
                }
                DiameterOutput::Transport(DiameterTransport::Close { .. }) => self.stream = None,
                DiameterOutput::Answer { result, .. } => {
                    self.answers.extend(result.ok().and_then(|message| GcsActionAnswer::from_message(&message).ok()));
                }
                DiameterOutput::Request { handle, message } => {
                    let outcome = Outcome {
                        origin_host: AS.to_owned(),
                        origin_realm: REALM.to_owned(),
                        result: ResultCode::SUCCESS,
                    };
                    self.notices.push(GcsNotificationRequest::from_message(&message).unwrap());
                    let answer = GcsNotificationAnswer { outcome, restart_counter: Some(self.restart_counter) };
                    self.endpoint.send_answer(now, handle, answer.to_message(&message));
                }
                _ => {}
            }
        }
    }

    /// Sends a request, and waits for nothing.
    pub(crate) fn send(&mut self, gar: GcsActionRequest) {
        let now = self.now();
        let routing = self.endpoint.routing(None, REALM);
        let gar = GcsActionRequest { routing, restart_counter: Some(self.restart_counter), ..gar };
        self.endpoint.send_request(now, 0, gar.to_message());
        self.drain(now);
    }

    /// The answer to what was sent; none: it does not come.
    pub(crate) fn answer(&mut self, patience: Duration) -> Option<GcsActionAnswer> {
        self.until(patience, |client| !client.answers.is_empty());
        self.answers.pop_front()
    }

    pub(crate) fn ask(&mut self, gar: GcsActionRequest) -> GcsActionAnswer {
        self.send(gar);
        self.answer(Duration::from_secs(20)).expect("an answer")
    }

    /// Starts a bearer with a TMGI of its own.
    pub(crate) fn start(&mut self) -> MbmsBearerResponse {
        let mut answer = self.ask(start());
        answer.bearers.remove(0)
    }

    /// Stops a bearer, and gives its TMGI back.
    pub(crate) fn stop(&mut self, bearer: &MbmsBearerResponse) -> GcsActionAnswer {
        self.ask(stop(bearer))
    }

    /// Sends an IP datagram to a port of the BM-SC.
    pub(crate) fn datagram(&self, bmsc: SocketAddr, to: SocketAddr, payload: &[u8]) {
        let source = self.mb2u.local_addr().unwrap();
        self.packet(bmsc, &UdpDatagram { source, destination: to, payload }.emit().unwrap());
    }

    /// The same with one that is whole.
    pub(crate) fn packet(&self, bmsc: SocketAddr, packet: &[u8]) {
        self.mb2u.send_to(packet, bmsc).unwrap();
    }
}

/// A bearer with a TMGI of its own in service area 1.
pub(crate) fn start() -> GcsActionRequest {
    let qos = QosInformation {
        qci: Some(1),
        mbr: Some(20_000),
        gbr: Some(20_000),
        arp: Some(Arp { priority: 5, may_preempt: false, preemptable: false }),
        other: Vec::new(),
    };
    let area = MbmsServiceArea::new([1]);
    let bearer = MbmsBearerRequest { qos: Some(qos), area, ..MbmsBearerRequest::new(StartStop::Start) };
    GcsActionRequest { bearers: vec![bearer], ..Default::default() }
}

/// The end of a bearer and of its TMGI.
pub(crate) fn stop(bearer: &MbmsBearerResponse) -> GcsActionRequest {
    let stop = MbmsBearerRequest { tmgi: bearer.tmgi, flow: bearer.flow, ..MbmsBearerRequest::new(StartStop::Stop) };
    let tmgis: Vec<Tmgi> = bearer.tmgi.into_iter().collect();
    GcsActionRequest {
        bearers: vec![stop],
        deallocation: Some(TmgiDeallocationRequest { tmgis }),
        ..Default::default()
    }
}
