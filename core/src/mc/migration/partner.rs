//! The partner system's side: users of other systems who register here (TS 23.280 clause 10.1.6.2 steps 3 to 5 and 8 to 10).

use protocol::diameter::ResultCode;
use protocol::diameter::cx::{Mar, SCHEME_AKA, code};

use super::{MigrationServer, Question, refused};
use crate::ims::hss::canonical;

impl MigrationServer {
    /// Step 3 to step 5: what the SIP core asks of a partner identity becomes what the primary system is asked of its own.
    ///
    /// | AVP | from the S-CSCF | to the primary system |
    /// |---|---|---|
    /// | User-Name, Public-Identity | partner identities | primary identities |
    /// | Origin-Host, Origin-Realm, Session-Id | those of the S-CSCF | those of this server |
    /// | Destination-Host, Destination-Realm | this server | the migration management server of the primary system |
    /// | Server-Name | the S-CSCF | the migration management server of the primary system |
    /// | SIP-Authorization | RAND and AUTS | the same |
    pub(super) fn question_to_primary(&mut self, mar: &Mar) -> Question {
        self.counters.from_core += 1;
        if let Err(result) = self.hss.may_authenticate(mar) {
            return refused(result);
        }
        // Step 4. The HSS of partner identities may have subscribers that the operator has added: they are bound to nobody.
        let binding = self.bindings.get(&mar.impi);
        let system = binding.and_then(|b| self.config.systems.iter().find(|system| system.name == b.system));
        let (Some(binding), Some(system)) = (binding, system) else {
            return refused(ResultCode::Experimental(code::USER_UNKNOWN));
        };
        let asked = canonical(&mar.impu);
        let Some(identity) = binding.identities.iter().find(|own| canonical(&own.partner) == asked) else {
            return refused(ResultCode::Experimental(code::IDENTITIES_DONT_MATCH));
        };
        // Step 5.
        let question = Mar {
            routing: self.hss.routing(Some(&system.host), &system.realm),
            impi: binding.primary_impi.clone(),
            impu: identity.primary.clone(),
            scheme: SCHEME_AKA.to_owned(),
            authorization: mar.authorization.clone(),
            items: mar.items,
            server: system.server_name(),
        };
        Ok((question, self.config.system_timeout))
    }
}
