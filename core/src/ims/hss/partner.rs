//! Partner identities (TS 23.280 clause 10.1.6.2): subscribers whose authentication data their primary MC system has. It makes an
//! HSS that of a migration management server; all of Cx but the vectors is as anywhere (TS 29.228).

use std::collections::{BTreeSet, VecDeque};

use protocol::diameter::cx::{AuthItem, Mar};
use protocol::diameter::{
    DiameterProblem, Message, RequestFailure, RequestHandle, ResultCode, Routing, dictionary, result,
};
use protocol::{Entropy, Instant};

use super::subscriber::Subscriber;
use super::{Hss, HssConfig, Reply, Waiting};

/// A MAR, and who has sent it, while somebody else has the answer.
#[derive(Clone, Debug)]
pub(crate) struct PartnerMar {
    handle: RequestHandle,
    request: Message,
    /// What is asked.
    pub(crate) mar: Mar,
}

/// Why there is no authentication data.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Unanswered {
    /// It is said as the result of Cx.
    Refused(ResultCode),
    /// It is said with a reason for a human.
    Failed(DiameterProblem),
}

/// Who else may ask, and what waits for the migration management server.
#[derive(Debug, Default)]
pub(super) struct PartnerIdentities {
    subscribers: Vec<Subscriber>,
    /// Origin-Hosts of servers of other systems.
    systems: BTreeSet<String>,
    mars: VecDeque<PartnerMar>,
    answers: VecDeque<(u64, Result<Message, RequestFailure>)>,
}

impl Hss {
    /// An HSS of subscribers without keys, who are not in the store. `systems`: Origin-Hosts of servers of other systems, which
    /// may send MARs here.
    pub(crate) fn of_partner_identities(
        config: HssConfig,
        subscribers: Vec<Subscriber>,
        systems: impl Iterator<Item = String>,
        entropy: Entropy,
    ) -> Self {
        let mut hss = Self::new(config, entropy);
        let systems = systems.map(|host| host.to_ascii_lowercase()).collect();
        hss.partner = Some(PartnerIdentities { subscribers, systems, ..PartnerIdentities::default() });
        hss
    }

    /// A MAR that is to be answered with [`Self::answer_partner_mar`].
    pub(crate) fn poll_partner_mar(&mut self) -> Option<PartnerMar> {
        self.partner.as_mut()?.mars.pop_front()
    }

    /// What has become of a request of [`Self::ask`].
    pub(crate) fn poll_answer(&mut self) -> Option<(u64, Result<Message, RequestFailure>)> {
        self.partner.as_mut()?.answers.pop_front()
    }

    /// Whether a MAR of our own SIP core may be answered at all (TS 29.228 clause 6.3.1).
    pub(crate) fn may_authenticate(&self, mar: &Mar) -> Result<(), ResultCode> {
        let place = self.place(&mar.impi, &mar.impu)?;
        if place.subscriber.sets[place.set].is_barred() {
            return Err(ResultCode::Base(result::AUTHORIZATION_REJECTED));
        }
        self.may_resynchronise(&place.subscriber.subscription, mar)
    }

    /// Sends a request to wherever its Destination-Host leads; what becomes of it has the token that this gives.
    pub(crate) fn ask(&mut self, now: Instant, message: Message) -> u64 {
        self.next_token += 1;
        self.endpoint.send_request(now, self.next_token, message);
        self.next_token
    }

    /// A header for [`Self::ask`].
    pub(crate) fn routing(&mut self, host: Option<&str>, realm: &str) -> Routing {
        self.endpoint.routing(host, realm)
    }

    /// Answers a MAR; of one of our own SIP core, the S-CSCF is assigned with it.
    pub(crate) fn answer_partner_mar(
        &mut self,
        now: Instant,
        asked: PartnerMar,
        is_own_core: bool,
        answer: Result<Vec<AuthItem>, Unanswered>,
    ) {
        let PartnerMar { handle, request, mar } = asked;
        let done = match answer {
            // The subscriber may be gone meanwhile.
            Ok(items) if is_own_core => self.authentication_begins(now, &mar).map(|ops| (items, ops)),
            Ok(items) => Ok((items, Vec::new())),
            Err(Unanswered::Refused(result)) => Err(result),
            Err(Unanswered::Failed(problem)) => {
                self.counters.refused += 1;
                let answer = self.problem(&request, &problem);
                self.endpoint.send_answer(now, handle, answer);
                return self.drain(now);
            }
        };
        self.counters.refused += u64::from(done.is_err());
        let Reply { answer, ops } = self.maa(&request, &mar, done);
        if ops.is_empty() {
            self.endpoint.send_answer(now, handle, answer);
        } else {
            self.store(ops, Waiting::Answer { handle, request, answer });
        }
        self.notify_changes(now);
        self.drain(now);
    }

    pub(super) fn load_partner_identities(&mut self) {
        let own = self.partner.as_mut();
        let subscribers = own.map(|own| std::mem::take(&mut own.subscribers)).unwrap_or_default();
        for subscriber in subscribers {
            self.directory.put(subscriber);
        }
    }

    /// Takes a MAR out of what the HSS itself answers; other systems get nothing else, and strangers nothing at all.
    pub(super) fn takes_partner_mar(
        &mut self,
        handle: RequestHandle,
        request: &Message,
    ) -> Result<bool, DiameterProblem> {
        let Some(partner) = &mut self.partner else { return Ok(false) };
        let origin = |def| request.text(def).ok().flatten().unwrap_or_default();
        let is_system = partner.systems.contains(&origin(&dictionary::ORIGIN_HOST).to_ascii_lowercase());
        let is_own = origin(&dictionary::ORIGIN_REALM).eq_ignore_ascii_case(&self.config.diameter.origin_realm);
        let is_mar = request.command == dictionary::MULTIMEDIA_AUTH;
        if !(is_own || is_system && is_mar) {
            let what = "only a migration management server that is known may ask from another system, and for vectors";
            return Err(DiameterProblem::new(result::AUTHORIZATION_REJECTED, what));
        }
        if is_mar {
            let mar = Mar::from_message(request)?;
            partner.mars.push_back(PartnerMar { handle, request: request.clone(), mar });
        }
        Ok(is_mar)
    }

    /// An answer that nothing of the HSS itself waits for.
    pub(super) fn on_asked_answer(&mut self, token: u64, result: Result<Message, RequestFailure>) {
        if let Some(partner) = &mut self.partner {
            partner.answers.push_back((token, result));
        }
    }
}
