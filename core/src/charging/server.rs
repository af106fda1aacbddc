//! A Diameter server of charging (RFC 6733 clause 9.4, RFC 8506 clause 5.7): what it answers is durable before, and nothing is
//! answered before it knows what it had.

use std::collections::VecDeque;
use std::ops::{Deref, DerefMut};

use protocol::diameter::{
    DiameterConfig, DiameterEndpoint, DiameterOutput, DiameterProblem, DisconnectCause, Message, RequestHandle,
    problem_answer,
};
use protocol::{Entropy, Instant};

use crate::node::{Admin, NodeInput, NodeOutput, NodeShell, NodeStoreAnswer, NodeStoreOp, Rows, Table};

/// What a server is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Service {
    /// For the log.
    pub(super) name: &'static str,
    /// Its application.
    pub(super) application: u32,
    /// What it keeps.
    pub(super) tables: &'static [Table],
    /// Result-Code where that cannot be kept.
    pub(super) not_kept: u32,
}

/// What the server leaves to what it is the shell of.
#[derive(Debug)]
pub(super) enum ServerEvent<J> {
    /// The tables were read, at the start or again: what was in memory before does not count.
    Loaded(Vec<Rows>),
    /// A request.
    Request(RequestHandle, Message),
    /// What it has asked the store for is done, or not.
    Stored(J, Result<(), String>),
}

/// What waits for the store.
#[derive(Debug)]
pub(super) enum Waiting<J> {
    Load,
    Answer { handle: RequestHandle, request: Message, answer: Message },
    Own(J),
    Nothing,
}

/// The shell of such a server. `J` is what else waits for the store.
#[derive(Debug)]
pub(super) struct DiameterServer<J> {
    service: Service,
    pub(super) endpoint: DiameterEndpoint,
    shell: NodeShell<Waiting<J>>,
    /// Requests that came while the tables are read.
    early: Option<Vec<(RequestHandle, Message)>>,
    events: VecDeque<ServerEvent<J>>,
}

/// Requests that are held while the store is read.
const MAX_EARLY: usize = 10_000;

impl<J> Deref for DiameterServer<J> {
    type Target = NodeShell<Waiting<J>>;

    fn deref(&self) -> &Self::Target {
        &self.shell
    }
}

impl<J> DerefMut for DiameterServer<J> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.shell
    }
}

impl<J> DiameterServer<J> {
    /// A server that first reads its tables.
    pub(super) fn new(service: Service, diameter: &DiameterConfig, utc_ms_at_zero: u64, entropy: Entropy) -> Self {
        let diameter = DiameterConfig { applications: vec![service.application], ..diameter.clone() };
        let endpoint = DiameterEndpoint::new(diameter, entropy);
        let (shell, events) = (NodeShell::new(utc_ms_at_zero), VecDeque::new());
        let mut own = Self { service, endpoint, shell, early: None, events };
        own.reload();
        own
    }

    /// The tables are being read: what is in memory does not count.
    pub(super) const fn is_loading(&self) -> bool {
        self.early.is_some()
    }

    /// What is in memory is not on the disk: what is there counts.
    pub(super) fn reload(&mut self) {
        if self.early.is_none() {
            self.early = Some(Vec::new());
            let scans = self.service.tables.iter().map(|&table| NodeStoreOp::Scan { table }).collect();
            self.store(scans, Waiting::Load);
        }
    }

    pub(super) fn handle_input(&mut self, now: Instant, input: NodeInput<'_>) {
        match input {
            NodeInput::Diameter(input) => self.endpoint.handle_input(now, input),
            NodeInput::Store(answer) => self.stored(now, answer),
            NodeInput::Admin(Admin::Shutdown) => self.endpoint.disconnect(now, DisconnectCause::Rebooting),
            _ => self.shell.ignore(self.service.name, "input that is not Diameter"),
        }
    }

    pub(super) fn handle_timeout(&mut self, now: Instant) {
        if self.endpoint.poll_timeout().is_some_and(|at| at <= now) {
            self.endpoint.handle_timeout(now);
        }
    }

    /// The next thing to do; none: everything is done.
    pub(super) fn poll_event(&mut self) -> Option<ServerEvent<J>> {
        while let Some(output) = self.endpoint.poll_output() {
            match output {
                DiameterOutput::Transport(transport) => self.output(NodeOutput::Diameter(transport)),
                DiameterOutput::Request { handle, message } => match &mut self.early {
                    Some(early) if early.len() < MAX_EARLY => early.push((handle, message)),
                    Some(_) => {}
                    None => self.events.push_back(ServerEvent::Request(handle, message)),
                },
                DiameterOutput::PeerUp { host } => self.say(format!("Diameter peer {host} is up")),
                DiameterOutput::PeerDown { host } => self.say(format!("Diameter peer {host} is down")),
                DiameterOutput::Ignored { state, event } => self.ignore(&state, &event),
                DiameterOutput::Answer { .. } => {}
            }
        }
        self.events.pop_front()
    }

    /// Answers a request when this is durable. Also one that changes nothing waits: what it repeats may still be on its way
    /// to the disk.
    pub(super) fn answer(&mut self, handle: RequestHandle, request: Message, answer: Message, ops: Vec<NodeStoreOp>) {
        self.store(ops, Waiting::Answer { handle, request, answer });
    }

    pub(super) fn refuse(&mut self, now: Instant, handle: RequestHandle, request: &Message, problem: &DiameterProblem) {
        self.say(format!("{} is refused: {problem}", request.name()));
        let (host, realm) = self.endpoint.origin();
        let answer = problem_answer(request, host, realm, problem);
        self.endpoint.send_answer(now, handle, answer);
    }

    fn stored(&mut self, now: Instant, answer: NodeStoreAnswer) {
        let Some((job, result)) = self.take_answer(answer) else { return };
        match (job, result) {
            (Waiting::Load, Ok(tables)) => {
                self.events.push_back(ServerEvent::Loaded(tables));
                let early = self.early.take().unwrap_or_default();
                self.events.extend(early.into_iter().map(|(handle, message)| ServerEvent::Request(handle, message)));
            }
            (Waiting::Load, Err(error)) => {
                self.shell.say(format!("{}: what was there before cannot be read: {error}", self.service.name));
                self.endpoint.disconnect(now, DisconnectCause::Busy);
            }
            (Waiting::Answer { handle, answer, .. }, Ok(_)) => self.endpoint.send_answer(now, handle, answer),
            (Waiting::Answer { handle, request, .. }, Err(error)) => {
                // What is in memory now is not on the disk: all of it is read again before anything is said.
                let problem = DiameterProblem::new(self.service.not_kept, format!("this cannot be kept: {error}"));
                self.refuse(now, handle, &request, &problem);
                self.reload();
            }
            (Waiting::Own(job), result) => {
                let result = result.map(drop).map_err(|error| error.to_string());
                self.events.push_back(ServerEvent::Stored(job, result));
            }
            (Waiting::Nothing, Err(error)) => {
                self.say(format!("a change is not durable: {error}"));
                self.reload();
            }
            (Waiting::Nothing, Ok(_)) => {}
        }
    }
}
