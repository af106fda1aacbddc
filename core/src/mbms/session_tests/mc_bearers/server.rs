//! A server of the tests, which speaks of bearers as they are (TS 23.280 clause 10.7.3.9.2.2) and of calls without SIP.

use protocol::mc::coordination::Coordination;
use protocol::mc::names::COORDINATION_CONTENT_TYPE;

use super::*;
use crate::mc::bearers::BearersOutput;

/// A server without SIP: what it says to the others goes in datagrams, users answer at once.
#[derive(Debug)]
pub(super) struct Server {
    pub(super) number: u8,
    pub(super) bearers: Bearers,
    /// Messages that are not answered yet.
    open: BTreeMap<u64, Instant>,
    pub(super) switched: Vec<(u64, String, bool, usize)>,
    pub(super) announced: Vec<(String, UsageInfo)>,
    pub(super) said: Vec<(String, Coordination)>,
    out: VecDeque<NodeOutput>,
}

impl Server {
    pub(super) fn new(config: McMbmsConfig, number: u8, seed: u8) -> Self {
        let bearers = Bearers::new(Some(config), Entropy::from_seed([seed; 32]));
        let (open, switched, announced, said, out) = Default::default();
        let mut server = Self { number, bearers, open, switched, announced, said, out };
        server.drain(Instant::ZERO);
        server
    }

    fn drain(&mut self, now: Instant) {
        while let Some(output) = self.bearers.poll_output() {
            match output {
                BearersOutput::Node(output) => self.out.push_back(output),
                BearersOutput::Note(text) => {
                    self.out.push_back(NodeOutput::Note(crate::node::NodeNote::Said(text)));
                }
                BearersOutput::Switched { call, mcptt_id, to_broadcast, replay } => {
                    self.switched.push((call, mcptt_id, to_broadcast, replay.len()));
                }
                BearersOutput::Message { token, to, parts } => {
                    let part = parts.first().unwrap();
                    let text = String::from_utf8(part.body.clone()).unwrap();
                    if part.is(USAGE_INFO_CONTENT_TYPE) {
                        self.announced.push((to, UsageInfo::parse(&text).unwrap()));
                        self.bearers.answered(now, token, Some(200));
                        continue;
                    }
                    self.said.push((to.clone(), Coordination::parse(&text).unwrap()));
                    let other: u8 = to["sip:mc".len()..][..1].parse().unwrap();
                    self.open.insert(token, now + UNANSWERED);
                    self.post(other, &format!("{token}\n{text}"));
                }
            }
        }
    }

    fn post(&mut self, other: u8, text: &str) {
        let (local, remote) =
            (SocketAddr::new(ip(50 + self.number), MESSAGES), SocketAddr::new(ip(50 + other), MESSAGES));
        self.out.push_back(NodeOutput::Datagram { local, remote, bytes: text.as_bytes().to_vec() });
    }

    pub(super) fn figure(&self, name: &str) -> u64 {
        self.bearers.figures().into_iter().find(|(own, _)| *own == name).unwrap().1
    }
}

impl Node for Server {
    fn handle_input(&mut self, now: Instant, input: NodeInput<'_>) {
        match input {
            NodeInput::Datagram { local, remote, bytes } if local.port() == MESSAGES => {
                let IpAddr::V4(from) = remote.ip() else { panic!() };
                let other = from.octets()[3] - 50;
                let (token, text) = std::str::from_utf8(bytes).unwrap().split_once('\n').unwrap();
                match text.parse::<u16>() {
                    Ok(status) => {
                        let token = token.parse().unwrap();
                        if self.open.remove(&token).is_some() {
                            self.bearers.answered(now, token, Some(status));
                        }
                    }
                    Err(_) => {
                        let part = Part::new(COORDINATION_CONTENT_TYPE, text);
                        let status =
                            self.bearers.message(now, &uri(other), &[part]).map_or_else(|why| why.status, |()| 200);
                        self.post(other, &format!("{token}\n{status}"));
                    }
                }
            }
            NodeInput::Datagram { local, remote, bytes } => self.bearers.datagram(now, local, remote, bytes),
            NodeInput::Diameter(input) => self.bearers.diameter(now, input),
            NodeInput::Store(answer) => self.bearers.store(now, answer),
            _ => {}
        }
        self.drain(now);
    }

    fn handle_timeout(&mut self, now: Instant) {
        let over: Vec<u64> = self.open.iter().filter(|(_, at)| **at <= now).map(|(token, _)| *token).collect();
        for token in over {
            self.open.remove(&token);
            self.bearers.answered(now, token, None);
        }
        self.bearers.handle_timeout(now);
        self.drain(now);
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.open.values().min().copied().into_iter().chain(self.bearers.poll_timeout()).min()
    }

    fn poll_output(&mut self) -> Option<NodeOutput> {
        self.out.pop_front()
    }
}

const MESSAGES: u16 = 5060;
/// As SIP gives up.
const UNANSWERED: Duration = Duration::from_millis(900);
