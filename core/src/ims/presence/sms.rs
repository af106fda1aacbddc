//! Who is reached by short messages over IP (TR 23.804 clauses 8.1 step 4 and 8.2 step 3): the HSS tells it by Sh, watchers see
//! it in the document of the presentity.
//!
//! PNR with SMSRegistrationInfo (TS 29.328 clause 7.6.17) becomes a tuple of its own, `sms-over-ip`: its basic status is open
//! while an IP-Message-GW has the UE registered, and `status` has the element `ip-connected` of [`BenchState`]. It is kept like
//! a publication, and does not end by itself.

use protocol::Entropy;
use protocol::Instant;
use protocol::diameter::cx::code as cx_code;
use protocol::diameter::sh::{Pnr, ShAnswer, UserIdentity, code};
use protocol::diameter::{
    DiameterConfig, DiameterEndpoint, DiameterOutput, Message, Outcome, RequestHandle, ResultCode, dictionary,
    problem_answer, result,
};
use protocol::diameter::{DiameterProblem, DisconnectCause};
use protocol::sip::Uri;
use protocol::xml::{Basic, BenchState, Element, Pidf, Tuple};

use super::publications::{NEVER, Publication};
use super::{Job, PresenceServer};
use crate::node::NodeOutput;

/// The tuple about short messages over IP.
const SMS_OVER_IP: &str = "sms-over-ip";
/// Requests that come before the store has told what there was.
const MAX_EARLY: usize = 1000;

/// Sh of the presence server.
#[derive(Debug)]
pub(super) struct Sh {
    pub(super) endpoint: DiameterEndpoint,
    early: Vec<(RequestHandle, Message)>,
}

/// What the HSS has told; it is answered when it is durable.
#[derive(Debug)]
pub(super) struct Told {
    handle: RequestHandle,
    request: Message,
    publication: Publication,
}

impl Sh {
    pub(super) fn new(mut config: DiameterConfig, entropy: Entropy) -> Self {
        config.applications = vec![dictionary::APP_SH];
        Self { endpoint: DiameterEndpoint::new(config, entropy), early: Vec::new() }
    }
}

impl PresenceServer {
    /// What Sh has to say; false when there is nothing.
    pub(super) fn drain_sh(&mut self, now: Instant) -> bool {
        let Some(output) = self.sh.as_mut().and_then(|sh| sh.endpoint.poll_output()) else { return false };
        match output {
            DiameterOutput::Transport(transport) => self.shell.output(NodeOutput::Diameter(transport)),
            DiameterOutput::Request { handle, message } => self.on_sh(now, handle, message),
            DiameterOutput::PeerUp { host } => self.shell.say(format!("Diameter peer {host} is up")),
            DiameterOutput::PeerDown { host } => self.shell.say(format!("Diameter peer {host} is down")),
            DiameterOutput::Answer { .. } => {}
            DiameterOutput::Ignored { state, event } => self.shell.ignore(&state, &event),
        }
        true
    }

    fn on_sh(&mut self, now: Instant, handle: RequestHandle, request: Message) {
        let Some(sh) = &mut self.sh else { return };
        if self.held.is_some() {
            if sh.early.len() < MAX_EARLY {
                return sh.early.push((handle, request));
            }
            // Nothing is known yet that it could be taken to.
            return self.answer_sh(now, handle, &request, ResultCode::Base(result::TOO_BUSY));
        }
        match self.take_sh(&request) {
            Ok(publication) => {
                let op = publication.put();
                self.shell.store(vec![op], Job::Told(Box::new(Told { handle, request, publication })));
            }
            Err(result) => self.answer_sh(now, handle, &request, result),
        }
    }

    /// What is to be shown.
    fn take_sh(&mut self, request: &Message) -> Result<Publication, ResultCode> {
        if request.command != dictionary::PUSH_NOTIFICATION {
            return Err(ResultCode::Base(result::COMMAND_UNSUPPORTED));
        }
        let pnr = Pnr::from_message(request).map_err(|_| ResultCode::Base(result::UNABLE_TO_COMPLY))?;
        let uri = match pnr.user {
            UserIdentity::Public(identity) => identity,
            UserIdentity::Msisdn(digits) => format!("tel:+{digits}"),
        };
        let unknown = ResultCode::Experimental(cx_code::USER_UNKNOWN);
        let resource = Uri::parse(&uri).ok().and_then(|uri| self.resource_of(&uri)).ok_or(unknown)?;
        let unread = ResultCode::Experimental(code::USER_DATA_NOT_RECOGNIZED);
        let text = std::str::from_utf8(&pnr.user_data).map_err(|_| unread)?;
        let document = Element::parse(text).map_err(|_| unread)?;
        let info = document.first("Extension").and_then(|e| e.first("SMSRegistrationInfo")).ok_or(unread)?;
        let is_connected = info.first("IP-SM-GW-Number").is_some();
        let limits = &self.config.limits;
        if self.publications.count_of(&resource) == 0 && self.publications.counts().0 >= limits.presentities {
            return Err(ResultCode::Base(result::TOO_BUSY));
        }
        let number = match self.publications.number_by_network(&resource) {
            Some(number) => number,
            None => self.publications.next_by_network(&resource),
        };
        let document = document_of(&resource, is_connected);
        let etag = self.shell.entropy.token(16);
        Ok(Publication { resource, etag, document, expires_utc_ms: NEVER, number, by_network: true })
    }

    /// It is durable, or could not be kept.
    pub(super) fn told(&mut self, now: Instant, told: Told, is_durable: bool) {
        let Told { handle, request, publication } = told;
        if !is_durable {
            return self.answer_sh(now, handle, &request, ResultCode::Base(result::UNABLE_TO_COMPLY));
        }
        let resource = publication.resource.clone();
        self.publications.insert(publication);
        self.answer_sh(now, handle, &request, ResultCode::SUCCESS);
        self.decide_again(now, &resource);
    }

    fn answer_sh(&mut self, now: Instant, handle: RequestHandle, request: &Message, result: ResultCode) {
        let Some(sh) = &mut self.sh else { return };
        let (host, realm) = sh.endpoint.origin();
        let answer = match result {
            // With what RFC 6733 clause 7.2 wants of an answer to what was not understood.
            ResultCode::Base(code) if code != result::SUCCESS => {
                problem_answer(request, host, realm, &DiameterProblem::new(code, "not taken"))
            }
            _ => {
                let (origin_host, origin_realm) = (host.to_owned(), realm.to_owned());
                let outcome = Outcome { origin_host, origin_realm, result };
                ShAnswer { outcome, user_data: None, expiry: None }.to_message(request)
            }
        };
        sh.endpoint.send_answer(now, handle, answer);
    }

    /// The store has told what there was.
    pub(super) fn sh_restored(&mut self, now: Instant) {
        let early = self.sh.as_mut().map(|sh| std::mem::take(&mut sh.early)).unwrap_or_default();
        early.into_iter().for_each(|(handle, request)| self.on_sh(now, handle, request));
    }

    pub(super) fn close_sh(&mut self, now: Instant) {
        if let Some(sh) = &mut self.sh {
            sh.endpoint.disconnect(now, DisconnectCause::Rebooting);
        }
    }
}

fn document_of(resource: &str, is_connected: bool) -> String {
    let mut tuple = Tuple::new(SMS_OVER_IP, if is_connected { Basic::Open } else { Basic::Closed });
    BenchState { ip_connected: Some(is_connected), ..BenchState::default() }.put(&mut tuple);
    Pidf { tuples: vec![tuple], ..Pidf::new(resource) }.to_document()
}
