//! REGISTER (RFC 3261 clause 10.3; RFC 3327): who proves to be the user puts, refreshes and removes his contacts; it is
//! acknowledged when it is durable.

use protocol::Instant;
use protocol::sip::proxy::{Refusal, add_service_route};
use protocol::sip::{Contacts, Flow, NameAddr, Request, Response, ServerKey, Uri};

use super::digest::{Place, Verdict};
use super::location::Binding;
use super::{Job, SipNetwork};
use crate::node::{NodeStoreOp, Table};
use crate::store::StoreError;

/// A REGISTER that is acknowledged when its result is durable.
#[derive(Debug)]
pub(super) struct Registered {
    key: ServerKey,
    response: Response,
    aor: String,
    /// What was there before.
    before: Vec<Binding>,
}

/// A contact that a REGISTER asks for.
struct Wanted {
    contact: NameAddr,
    expires: u32,
}

impl SipNetwork {
    pub(super) fn register(&mut self, now: Instant, key: ServerKey, request: Request, flow: Flow) {
        let outcome = self.may_register(now, &request).and_then(|(aor, info)| {
            let wanted = self.wanted(&request, &aor)?;
            let bindings = self.changed(now, &request, flow, &aor, &wanted)?;
            Ok((aor, info, bindings, !wanted.is_empty()))
        });
        let (aor, info, bindings, changes) = match outcome {
            Ok(outcome) => outcome,
            Err(refusal) => return self.refuse(now, key, &refusal),
        };
        let Some(response) = self.register_answer(now, key, &request, &bindings, info) else { return };
        if !changes {
            return self.shell.respond(now, key, response);
        }
        let before = self.location.of(&aor).to_vec();
        let op = Self::store_op(&aor, &bindings);
        self.location.put(&aor, bindings);
        self.shell.store(vec![op], Job::Registered(Box::new(Registered { key, response, aor, before })));
    }

    /// Steps 2 to 5: the address of record of a user who has shown who he is, and what his 200 says of that.
    fn may_register(&mut self, now: Instant, request: &Request) -> Result<(String, Option<String>), Refusal> {
        let to = request.to().ok().flatten().ok_or_else(|| Refusal::new(400).because("Bad To"))?;
        let (user, info) = match self.guard.check(now, request, Place::Registrar) {
            Verdict::User(user, info) => (user, info),
            Verdict::Bad(refusal) => return Err(refusal),
            verdict => {
                let stale = matches!(verdict, Verdict::Stale);
                return Err(self.guard.challenge(now, &mut self.shell.entropy, Place::Registrar, stale));
            }
        };
        let aor = to.uri.identity();
        match self.owners.get(&aor) {
            Some(owner) if *owner == user.name => Ok((aor, info)),
            Some(_) => Err(Refusal::new(403).because("Not an identity of this user")),
            None => Err(Refusal::new(404)),
        }
    }

    /// Step 6: contacts and their expiries, `*` being all that there are.
    fn wanted(&self, request: &Request, aor: &str) -> Result<Vec<Wanted>, Refusal> {
        let bad = |what: &str| Refusal::new(400).because(what);
        let header = request.expires().map_err(|_| bad("Bad Expires"))?;
        let list = match request.contacts().map_err(|_| bad("Bad Contact"))? {
            Contacts::Star if header != Some(0) => return Err(bad("Contact * needs Expires 0")),
            Contacts::Star => {
                let known = self.location.of(aor).iter().filter_map(Binding::address);
                return Ok(known.map(|contact| Wanted { contact, expires: 0 }).collect());
            }
            Contacts::List(list) => list,
        };
        if list.len() > MAX_CONTACTS {
            return Err(Refusal::new(403).because("Too many contacts"));
        }
        let mut wanted = Vec::new();
        for contact in list {
            if contact.to_string().len() > MAX_CONTACT_OCTETS || matches!(contact.uri, Uri::Other(_) | Uri::Tel(_)) {
                return Err(bad("Contact is too long, or no SIP URI"));
            }
            let asked = contact.expires().or(header).unwrap_or(self.config.default_expires);
            if asked > 0 && asked < self.config.min_expires {
                return Err(Refusal::new(423).with("Min-Expires", &self.config.min_expires.to_string()));
            }
            wanted.push(Wanted { contact, expires: asked.min(self.config.max_expires) });
        }
        Ok(wanted)
    }

    /// Step 7: the contacts as the REGISTER leaves them.
    fn changed(
        &self,
        now: Instant,
        request: &Request,
        flow: Flow,
        aor: &str,
        wanted: &[Wanted],
    ) -> Result<Vec<Binding>, Refusal> {
        let bad = |what: &str| Refusal::new(400).because(what);
        let (Some(call_id), Ok(Some(cseq))) = (request.call_id(), request.cseq()) else { return Err(bad("Bad CSeq")) };
        let is_behind = request.headers.values("Via").nth(1).is_some();
        let path: Vec<String> = request.headers.values("Path").map(ToOwned::to_owned).collect();
        if !path.is_empty() && !request.headers.lists("Supported", "path") {
            return Err(Refusal::new(421).with("Require", "path"));
        }
        let utc = self.shell.utc_ms(now);
        let mut bindings: Vec<Binding> = self.location.of(aor).to_vec();
        bindings.retain(|known| known.expires_utc_ms > utc);
        for Wanted { contact, expires } in wanted {
            let known = bindings.iter().position(|known| known.is(&contact.uri));
            if let Some(known) = known {
                let old = &bindings[known];
                if old.call_id == call_id && cseq.seq <= old.cseq {
                    return Err(Refusal::new(500).because("CSeq out of order"));
                }
                bindings.remove(known);
            }
            if *expires > 0 {
                let new = Binding::new(contact, path.clone(), (call_id, cseq.seq), is_behind);
                bindings.push(new.at(flow, utc + u64::from(*expires) * 1000));
            }
        }
        if bindings.len() > MAX_CONTACTS {
            return Err(Refusal::new(403).because("Too many contacts"));
        }
        Ok(bindings)
    }

    /// Step 8.
    fn register_answer(
        &self,
        now: Instant,
        key: ServerKey,
        request: &Request,
        bindings: &[Binding],
        info: Option<String>,
    ) -> Option<Response> {
        let mut response = self.shell.stack.prepare(key, 200, None)?;
        let utc = self.shell.utc_ms(now);
        for binding in bindings {
            let left = binding.expires_utc_ms.saturating_sub(utc).div_ceil(1000);
            let contact = binding.address()?.with_param("expires", &left.to_string());
            response.headers.append("Contact", &contact.to_string());
        }
        response.headers.copy_from(&request.headers, "Path");
        // RFC 3608: what its user sends comes by here.
        add_service_route(&mut response, &self.own);
        info.into_iter().for_each(|info| response.headers.append("Authentication-Info", &info));
        Some(response)
    }

    pub(super) fn registration_stored(&mut self, now: Instant, job: Registered, error: Option<StoreError>) {
        let Registered { key, response, aor, before } = job;
        if let Some(error) = error {
            self.shell.say(format!("contacts of {aor} could not be stored: {error}"));
            self.location.put(&aor, before);
            return self.refuse(now, key, &Refusal::new(500).because("Registration could not be stored"));
        }
        self.shell.respond(now, key, response);
        self.tell_services(now, &aor, !before.is_empty());
    }

    /// Contacts whose time is over.
    pub(super) fn expire_contacts(&mut self, now: Instant) {
        let utc = self.shell.utc_ms(now);
        for aor in self.location.ended(utc) {
            let left: Vec<_> = self.location.of(&aor).iter().filter(|b| b.expires_utc_ms > utc).cloned().collect();
            let op = Self::store_op(&aor, &left);
            let is_over = left.is_empty();
            self.location.put(&aor, left);
            self.shell.store(vec![op], Job::Nothing);
            if is_over {
                self.tell_services(now, &aor, true);
            }
        }
    }

    fn store_op(aor: &str, bindings: &[Binding]) -> NodeStoreOp {
        let (table, key) = (Table::SipLocation, aor.to_owned());
        match serde_json::to_vec(bindings) {
            Ok(value) if !bindings.is_empty() => NodeStoreOp::Put { table, key, value },
            _ => NodeStoreOp::Delete { table, key },
        }
    }
}

/// Of one address of record: the 200 lists all of them.
const MAX_CONTACTS: usize = 16;
const MAX_CONTACT_OCTETS: usize = 1024;
