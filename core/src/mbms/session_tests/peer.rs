//! A Diameter peer that says what it is told: the BM-SC on SGmb (TS 29.061 clause 20), an application server on MB2-C (TS 29.468).

use super::*;

/// What a peer is told, and what it was told.
#[derive(Debug, Default)]
pub(super) struct Desk {
    pub(super) requests: VecDeque<Message>,
    /// With the port that they go to.
    pub(super) datagrams: VecDeque<(u16, Vec<u8>)>,
    pub(super) answers: Vec<Result<Message, RequestFailure>>,
    /// Requests of the gateway.
    pub(super) asked: Vec<Message>,
}

/// A peer.
#[derive(Debug)]
pub(super) struct TestPeer {
    endpoint: DiameterEndpoint,
    /// Where its datagrams come from, and where they go.
    media: (SocketAddr, IpAddr),
    desk: Arc<Mutex<Desk>>,
    out: VecDeque<NodeOutput>,
}

impl TestPeer {
    /// A BM-SC, started so often.
    pub(super) fn bmsc(desk: Arc<Mutex<Desk>>, origin_state: u32) -> Self {
        let mut config = DiameterConfig::new(BMSC, "test", ip(31), vec![dictionary::APP_SGMB]);
        config.origin_state = origin_state;
        Self::new(config, (GATEWAY, ip(32)), 9000, desk)
    }

    /// An application server.
    pub(super) fn application_server(host: &str, last: u8, desk: Arc<Mutex<Desk>>) -> Self {
        let config = DiameterConfig::new(host, "test", ip(last), vec![dictionary::APP_MB2C]);
        Self::new(config, (BMSC, ip(31)), 5000, desk)
    }

    fn new(mut config: DiameterConfig, (host, to): (&str, IpAddr), port: u16, desk: Arc<Mutex<Desk>>) -> Self {
        config.retry = Duration::from_secs(1);
        let connect = Some(SocketAddr::new(to, 3868));
        config.peers.push(PeerConfig { host: host.to_owned(), realm: "test".to_owned(), connect });
        let media = (SocketAddr::new(config.addresses[0], port), to);
        let endpoint = DiameterEndpoint::new(config, Entropy::from_seed([7; 32]));
        Self { endpoint, media, desk, out: VecDeque::new() }
    }

    fn drain(&mut self, now: Instant) {
        let mut desk = self.desk.lock().unwrap();
        while let Some(message) = desk.requests.pop_front() {
            self.endpoint.send_request(now, 0, message);
        }
        while let Some((port, bytes)) = desk.datagrams.pop_front() {
            let (local, remote) = (self.media.0, SocketAddr::new(self.media.1, port));
            self.out.push_back(NodeOutput::Datagram { local, remote, bytes });
        }
        while let Some(output) = self.endpoint.poll_output() {
            match output {
                DiameterOutput::Transport(transport) => self.out.push_back(NodeOutput::Diameter(transport)),
                DiameterOutput::Answer { result, .. } => desk.answers.push(result),
                DiameterOutput::Request { handle, message } if message.application == dictionary::APP_SGMB => {
                    let (origin_host, origin_realm) = self.endpoint.origin();
                    let (origin_host, origin_realm) = (origin_host.to_owned(), origin_realm.to_owned());
                    let outcome = Outcome { origin_host, origin_realm, result: ResultCode::SUCCESS };
                    let raa = Raa { restart_counter: Some(1), ..Raa::new(outcome) };
                    self.endpoint.send_answer(now, handle, raa.to_message(&message));
                    desk.asked.push(message);
                }
                _ => {}
            }
        }
    }
}

impl Node for TestPeer {
    fn handle_input(&mut self, now: Instant, input: NodeInput<'_>) {
        if let NodeInput::Diameter(input) = input {
            self.endpoint.handle_input(now, input);
        }
        self.drain(now);
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.endpoint.handle_timeout(now);
        self.drain(now);
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.endpoint.poll_timeout()
    }

    fn poll_output(&mut self) -> Option<NodeOutput> {
        self.out.pop_front()
    }
}
