//! Authentication data at the HSS (TS 29.228 clause 6.3): MAR.

use protocol::diameter::cx::{
    AuthData, AuthItem, DeregistrationReason, DigestAuthenticate, Maa, Mar, SCHEME_AKA, SCHEME_DIGEST, SCHEME_UNKNOWN,
    code,
};
use protocol::diameter::{Message, ResultCode, Routing, result};
use protocol::{Instant, Secret};

use super::cx::{Place, client};
use super::registration::Registration;
use super::subscriber::DigestSecret;
use super::{Hss, Reply};
use crate::ims::aka::{Sqn, Vector};
use crate::node::{NodeStoreOp, Table};

/// Vectors that one MAR gets at most: each is a sequence number.
const MAX_VECTORS: u32 = 5;
/// DIAMETER_ERROR_AUTH_SCHEME_NOT_SUPPORTED.
const UNSUPPORTED: ResultCode = ResultCode::Experimental(code::AUTH_SCHEME_NOT_SUPPORTED);

/// Why there are no vectors.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum VectorProblem {
    /// The subscriber has no keys for AKA.
    NoKeys,
    /// AUTS is wrong.
    Resynchronisation,
    /// There are no sequence numbers left.
    Exhausted,
}

impl Hss {
    pub(super) fn mar(&mut self, now: Instant, request: &Message, mar: &Mar) -> Reply {
        let done = self.authenticate(now, mar);
        self.maa(request, mar, done)
    }

    /// The answer to a MAR, with what has to be durable before.
    pub(super) fn maa(
        &self,
        request: &Message,
        mar: &Mar,
        done: Result<(Vec<AuthItem>, Vec<NodeStoreOp>), ResultCode>,
    ) -> Reply {
        let (result, items, ops) = match done {
            Ok((items, ops)) => (ResultCode::SUCCESS, items, ops),
            Err(result) => (result, Vec::new(), Vec::new()),
        };
        let (impi, impu) = (Some(mar.impi.clone()), Some(mar.impu.clone()));
        Reply { answer: Maa { outcome: self.outcome(result), impi, impu, items }.to_message(request), ops }
    }

    /// Clause 6.3.1.
    fn authenticate(&mut self, now: Instant, mar: &Mar) -> Result<(Vec<AuthItem>, Vec<NodeStoreOp>), ResultCode> {
        let Place { subscriber, set, .. } = self.place(&mar.impi, &mar.impu)?;
        if self.is_migration_server(&mar.routing) {
            // Nobody has asked UAR of this user here.
            if subscriber.sets[set].is_barred() {
                return Err(ResultCode::Base(result::AUTHORIZATION_REJECTED));
            }
            // A digest is bound to our realm: it is of no use elsewhere.
            if mar.scheme != SCHEME_AKA && mar.scheme != SCHEME_UNKNOWN {
                return Err(UNSUPPORTED);
            }
            // TS 23.280 clause 10.1.6.2: who registers elsewhere is still registered here by whom he was, or not at all.
            return self.aka_items(mar);
        }
        let with_aka = match mar.scheme.as_str() {
            SCHEME_AKA => true,
            SCHEME_DIGEST => false,
            SCHEME_UNKNOWN => subscriber.aka.is_some(),
            _ => return Err(UNSUPPORTED),
        };
        let (items, mut ops) = if with_aka {
            self.may_resynchronise(&subscriber.subscription, mar)?;
            self.aka_items(mar)?
        } else {
            let secret = subscriber.digest.as_ref().ok_or(UNSUPPORTED)?;
            (vec![digest_item(secret)], Vec::new())
        };
        ops.extend(self.authentication_begins(now, mar)?);
        Ok((items, ops))
    }

    /// Only the S-CSCF that is assigned has sent the challenge that a resynchronisation answers.
    pub(super) fn may_resynchronise(&self, subscription: &str, mar: &Mar) -> Result<(), ResultCode> {
        let assigned = self.registrations.get(subscription).and_then(|r| r.server.as_ref());
        let is_other = assigned.is_some_and(|server| *server != mar.server);
        if mar.authorization.is_some() && is_other {
            return Err(ResultCode::Base(result::UNABLE_TO_COMPLY));
        }
        Ok(())
    }

    /// The S-CSCF that asks is assigned, and the authentication is pending: what of it has to be durable.
    pub(super) fn authentication_begins(&mut self, now: Instant, mar: &Mar) -> Result<Vec<NodeStoreOp>, ResultCode> {
        let Place { subscriber, key, .. } = self.place(&mar.impi, &mar.impu)?;
        let subscription = subscriber.subscription.clone();
        let mut registration = self.registrations.get(&subscription).cloned().unwrap_or_default();
        let other = registration.server.as_ref().is_some_and(|server| *server != mar.server);
        if other {
            // Clause 8.1.1: the new one takes over; the old one is told when it is another Diameter client.
            self.cancel_old(now, mar, &registration);
        }
        if other || !registration.is_registered_by(&key, &mar.impi) {
            registration.assign(&mar.server, client(&mar.routing));
            registration.set_pending(&key, &mar.impi);
        }
        Ok(self.change(&subscription, registration))
    }

    fn is_migration_server(&self, from: &Routing) -> bool {
        self.config.migration_servers.iter().any(|host| host.eq_ignore_ascii_case(&from.origin_host))
    }

    fn cancel_old(&mut self, now: Instant, mar: &Mar, registration: &Registration) {
        let Some(old) = registration.client.clone() else { return };
        if !old.host.eq_ignore_ascii_case(&mar.routing.origin_host) {
            let info = Some("another S-CSCF has been assigned".to_owned());
            self.send_rtr(now, &mar.impi, &old, DeregistrationReason::NewServerAssigned, info, false);
        }
    }

    fn aka_items(&mut self, mar: &Mar) -> Result<(Vec<AuthItem>, Vec<NodeStoreOp>), ResultCode> {
        let vectors = self.vectors(&mar.impi, mar.authorization.as_deref(), mar.items.clamp(1, MAX_VECTORS));
        let (vectors, sqn) = vectors.map_err(|problem| match problem {
            VectorProblem::NoKeys => UNSUPPORTED,
            VectorProblem::Resynchronisation | VectorProblem::Exhausted => ResultCode::Base(result::UNABLE_TO_COMPLY),
        })?;
        let item = |(number, vector): (u32, Vector)| {
            let xres = Secret::new(vector.xres.expose().to_vec());
            let Vector { rand, autn, ck, ik, .. } = vector;
            AuthItem { number: Some(number), data: AuthData::Aka { rand, autn, xres, ck, ik } }
        };
        Ok(((1..).zip(vectors).map(item).collect(), vec![store_sqn(&mar.impi, sqn)]))
    }

    /// New vectors, and the last sequence number in them. The numbers are used up, whatever becomes of the answer.
    /// `resynchronisation`: RAND and AUTS.
    pub(super) fn vectors(
        &mut self,
        impi: &str,
        resynchronisation: Option<&[u8]>,
        count: u32,
    ) -> Result<(Vec<Vector>, Sqn), VectorProblem> {
        let keys = self.directory.by_impi(impi).and_then(|s| s.aka.clone()).ok_or(VectorProblem::NoKeys)?;
        let mut sqn = self.sqns.get(impi).copied().unwrap_or_default();
        if let Some(authorization) = resynchronisation {
            match keys.resynchronise(authorization) {
                // TS 33.102 clause 6.3.5: when the next number would be taken by the USIM anyway, ours stays.
                Ok(theirs) if sqn.next().is_some_and(|next| next.seq() > theirs.seq()) => {}
                Ok(theirs) => sqn = theirs,
                Err(problem) => {
                    self.say(format!("resynchronisation of {impi} refused: {problem}"));
                    return Err(VectorProblem::Resynchronisation);
                }
            }
        }
        let mut vectors = Vec::new();
        for _ in 0..count {
            sqn = sqn.next().ok_or(VectorProblem::Exhausted)?;
            let mut rand = [0; 16];
            self.entropy.fill(&mut rand);
            vectors.push(keys.vector(rand, sqn));
            self.counters.vectors += 1;
        }
        self.sqns.insert(impi.to_owned(), sqn);
        Ok((vectors, sqn))
    }
}

fn digest_item(secret: &DigestSecret) -> AuthItem {
    let digest = DigestAuthenticate {
        realm: secret.realm.clone(),
        algorithm: Some("MD5".to_owned()),
        qop: "auth".to_owned(),
        ha1: secret.ha1.clone(),
    };
    AuthItem { number: None, data: AuthData::Digest(digest) }
}

/// What makes the highest sequence number in use durable.
pub(super) fn store_sqn(impi: &str, sqn: Sqn) -> NodeStoreOp {
    let value = sqn.number().to_string().into_bytes();
    NodeStoreOp::Put { table: Table::Sqn, key: impi.to_owned(), value }
}
