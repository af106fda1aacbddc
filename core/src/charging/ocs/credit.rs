//! Credit control at the OCS (RFC 8506 clauses 5 and 6; TS 32.299 clause 6.3): sessions with reservation, immediate events,
//! refunds, enquiries.

use protocol::Instant;
use protocol::diameter::ro::{Cca, Ccr, FinalUnitAction, RequestType, RequestedAction, ServiceUnits, Units};
use protocol::diameter::{DiameterProblem, result};

use super::account::{Account, Answered, Reservation};
use super::tariff::{Tariff, TariffUnit};
use super::{Ocs, account_op, payer_key, session_op};
use crate::node::NodeStoreOp;

type Outcome = Result<(Cca, Vec<NodeStoreOp>), DiameterProblem>;

impl Ocs {
    /// What is answered, and what has to be durable before.
    pub(super) fn control(&mut self, now: Instant, ccr: &Ccr) -> Outcome {
        let id = &ccr.header.session_id;
        if let Some(known) = self.sessions.get(id).filter(|known| ccr.number <= known.number) {
            self.counters.duplicates += 1;
            let said = if ccr.number == known.number { known.answer } else { Answered::success() };
            return Ok((self.answer(said, &known.tariff, known), Vec::new()));
        }
        match (ccr.kind, ccr.action) {
            (RequestType::Initial, _) => self.initial(now, ccr),
            (RequestType::Update | RequestType::Termination, _) => self.follow_up(now, ccr),
            (RequestType::Event, Some(RequestedAction::DirectDebiting)) => self.debit(now, ccr),
            (RequestType::Event, Some(RequestedAction::RefundAccount)) => self.refund(now, ccr),
            (RequestType::Event, Some(RequestedAction::CheckBalance)) => self.check_balance(ccr),
            (RequestType::Event, Some(RequestedAction::PriceEnquiry)) => self.price(ccr),
            (RequestType::Event, None) => {
                Err(DiameterProblem::missing(&protocol::diameter::dictionary::charging::REQUESTED_ACTION))
            }
        }
    }

    fn payer(&self, ccr: &Ccr) -> Result<Account, DiameterProblem> {
        let all = ccr.subscriptions.iter().chain(&ccr.information.subscriptions);
        let found = all.filter_map(|id| self.payers.get(&payer_key(&id.data))).find_map(|id| self.accounts.get(id));
        match found {
            None => Err(DiameterProblem::new(result::USER_UNKNOWN, "nobody of these has an account")),
            Some(account) if account.blocked => {
                Err(DiameterProblem::new(result::END_USER_SERVICE_DENIED, "the account is blocked"))
            }
            Some(account) => Ok(account.clone()),
        }
    }

    fn rate(&self, ccr: &Ccr) -> Result<Tariff, DiameterProblem> {
        if ccr.services.len() > 1 {
            return Err(DiameterProblem::new(result::RATING_FAILED, "more than one service in a session"));
        }
        let asked = ccr.services.first();
        let tariff = self.config.tariffs.find(asked.and_then(|s| s.rating_group), asked.and_then(|s| s.service));
        let failed = || DiameterProblem::new(result::RATING_FAILED, "no tariff for this rating group and service");
        tariff.cloned().ok_or_else(failed)
    }

    fn begin(&self, ccr: &Ccr, account: &Account, tariff: Tariff) -> Reservation {
        Reservation {
            account: account.id.clone(),
            icid: ccr.information.ims.as_ref().and_then(|ims| ims.icid.clone()),
            tariff,
            granted: 0,
            used: 0,
            returned: 0,
            overrun: 0,
            outstanding: 0,
            lost: 0,
            reserved: 0,
            debited: 0,
            number: ccr.number,
            answer: Answered::default(),
            open: true,
            deadline_utc_ms: 0,
        }
    }

    fn initial(&mut self, now: Instant, ccr: &Ccr) -> Outcome {
        if self.sessions.len() >= self.config.max_sessions {
            return Err(DiameterProblem::new(result::TOO_BUSY, "too many sessions"));
        }
        let (mut account, tariff) = (self.payer(ccr)?, self.rate(ccr)?);
        if tariff.is_free() {
            let code = result::CREDIT_CONTROL_NOT_APPLICABLE;
            return Ok((Cca::new(self.server.endpoint.origin(), code), Vec::new()));
        }
        let mut session = self.begin(ccr, &account, tariff);
        let (granted, is_final) = session.grant(&mut account, requested(ccr));
        if granted == 0 {
            return Err(DiameterProblem::new(result::CREDIT_LIMIT_REACHED, "the account gives no unit"));
        }
        session.answer = Answered { result: result::SUCCESS, granted, is_final };
        Ok(self.settle(now, ccr, account, session))
    }

    fn follow_up(&mut self, now: Instant, ccr: &Ccr) -> Outcome {
        let unknown = || DiameterProblem::new(result::UNKNOWN_SESSION_ID, "no such session");
        let mut session = self.sessions.get(&ccr.header.session_id).cloned().ok_or_else(unknown)?;
        let mut account = self.accounts.get(&session.account).cloned().ok_or_else(unknown)?;
        let used = ccr.services.iter().filter_map(|s| s.used).map(|units| count(units, session.tariff.unit)).sum();
        session.report(&mut account, used);
        session.number = ccr.number;
        session.answer = Answered::success();
        session.open = ccr.kind == RequestType::Update;
        if session.open {
            let (granted, is_final) = session.grant(&mut account, requested(ccr));
            let code = if granted == 0 { result::CREDIT_LIMIT_REACHED } else { result::SUCCESS };
            session.answer = Answered { result: code, granted, is_final };
        }
        Ok(self.settle(now, ccr, account, session))
    }

    /// Immediate event charging (IEC).
    fn debit(&mut self, now: Instant, ccr: &Ccr) -> Outcome {
        let (mut account, tariff) = (self.payer(ccr)?, self.rate(ccr)?);
        let units = requested(ccr).filter(|&units| units > 0).unwrap_or(1);
        if tariff.cost(units) > account.available() {
            return Err(DiameterProblem::new(result::CREDIT_LIMIT_REACHED, "the account does not cover the event"));
        }
        let mut session = self.begin(ccr, &account, tariff);
        (session.granted, session.outstanding) = (units, units);
        session.report(&mut account, units);
        session.open = false;
        session.answer = Answered { result: result::SUCCESS, granted: units, is_final: false };
        Ok(self.settle(now, ccr, account, session))
    }

    /// What an event of the same session was charged is given back, once.
    fn refund(&mut self, now: Instant, ccr: &Ccr) -> Outcome {
        let unknown = || DiameterProblem::new(result::UNKNOWN_SESSION_ID, "no event of this session was charged");
        let mut session = self.sessions.get(&ccr.header.session_id).cloned().ok_or_else(unknown)?;
        let mut account = self.accounts.get(&session.account).cloned().ok_or_else(unknown)?;
        session.refund(&mut account);
        session.number = ccr.number;
        session.answer = Answered::success();
        Ok(self.settle(now, ccr, account, session))
    }

    fn check_balance(&self, ccr: &Ccr) -> Outcome {
        let (account, tariff) = (self.payer(ccr)?, self.rate(ccr)?);
        let mut cca = Cca::new(self.server.endpoint.origin(), result::SUCCESS);
        cca.has_credit = Some(tariff.cost(requested(ccr).unwrap_or(1).max(1)) <= account.available());
        Ok((cca, Vec::new()))
    }

    fn price(&self, ccr: &Ccr) -> Outcome {
        let tariff = self.rate(ccr)?;
        let mut cca = Cca::new(self.server.endpoint.origin(), result::SUCCESS);
        let cost = tariff.cost(requested(ccr).unwrap_or(1).max(1));
        cca.cost = Some((cost, self.config.tariffs.currency));
        Ok((cca, Vec::new()))
    }

    /// Keeps a session and its account.
    fn settle(
        &mut self,
        now: Instant,
        ccr: &Ccr,
        account: Account,
        mut session: Reservation,
    ) -> (Cca, Vec<NodeStoreOp>) {
        let utc = self.server.utc_ms(now);
        // RFC 8506 clause 13: Tcc is twice the Validity-Time.
        let patience = if session.open { u64::from(session.tariff.validity) * 2000 } else { self.remembered_ms() };
        session.deadline_utc_ms = utc + patience;
        let id = &ccr.header.session_id;
        let ops = [account_op(&account), session_op(id, &session)].into_iter().flatten().collect();
        self.accounts.insert(account.id.clone(), account);
        let cca = self.answer(session.answer, &session.tariff, &session);
        self.put_session(id, session);
        (cca, ops)
    }

    fn answer(&self, said: Answered, tariff: &Tariff, session: &Reservation) -> Cca {
        let mut cca = Cca::new(self.server.endpoint.origin(), said.result);
        cca.failure_handling = Some(self.config.failure_handling);
        let balance = self.accounts.get(&session.account).map(|account| account.balance);
        cca.low_balance = balance.map(|balance| balance < self.config.tariffs.low_balance);
        if said.granted > 0 {
            cca.services = vec![ServiceUnits {
                granted: Some(units(said.granted, tariff.unit)),
                service: tariff.service,
                rating_group: tariff.rating_group,
                validity: session.open.then_some(tariff.validity),
                result: Some(result::SUCCESS),
                final_action: said.is_final.then_some(FinalUnitAction::Terminate),
                ..ServiceUnits::default()
            }];
        }
        cca
    }
}

impl Answered {
    const fn success() -> Self {
        Self { result: result::SUCCESS, granted: 0, is_final: false }
    }
}

/// Units that are asked for; none: as many as there are.
fn requested(ccr: &Ccr) -> Option<u64> {
    let units = ccr.services.first()?.requested?;
    units.time.map(u64::from).or(units.specific).or(units.octets)
}

fn count(units: Units, unit: TariffUnit) -> u64 {
    match unit {
        TariffUnit::Seconds => units.time.map_or(0, u64::from),
        TariffUnit::Pieces => units.specific.unwrap_or(0),
        TariffUnit::Octets => units.octets.unwrap_or(0),
    }
}

fn units(count: u64, unit: TariffUnit) -> Units {
    match unit {
        TariffUnit::Seconds => Units::seconds(u32::try_from(count).unwrap_or(u32::MAX)),
        TariffUnit::Pieces => Units::pieces(count),
        TariffUnit::Octets => Units { octets: Some(count), ..Units::default() },
    }
}
