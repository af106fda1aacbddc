//! The primary system's side: own users who register in another system (TS 23.280 clause 10.1.6.2 steps 5 to 8).

use protocol::diameter::cx::{Mar, SCHEME_AKA, code};
use protocol::diameter::{ResultCode, result};

use super::{McSystem, MigrationServer, Question, refused};
use crate::ims::names_one;

impl MigrationServer {
    /// Step 5 to step 6: the HSS is asked for vectors in the name of this server, so that no S-CSCF is assigned and the
    /// registration at home stays what it is.
    pub(super) fn question_to_hss(&mut self, mar: &Mar, system: &McSystem) -> Question {
        self.counters.from_systems += 1;
        if !mar.routing.origin_realm.eq_ignore_ascii_case(&system.realm) {
            return refused(ResultCode::Base(result::AUTHORIZATION_REJECTED));
        }
        let rule = self.config.rules.iter().find(|rule| names_one(&rule.identities, &mar.impi));
        match rule {
            Some(rule) if rule.barred => return refused(ResultCode::Base(result::AUTHORIZATION_REJECTED)),
            Some(rule) if rule.systems.contains(&system.name) => {}
            _ => return refused(ResultCode::Experimental(code::ROAMING_NOT_ALLOWED)),
        }
        let question = Mar {
            routing: self.hss.routing(self.config.hss_host.as_deref(), &self.config.hss_realm),
            impi: mar.impi.clone(),
            impu: mar.impu.clone(),
            scheme: SCHEME_AKA.to_owned(),
            authorization: mar.authorization.clone(),
            items: mar.items,
            server: self.config.server_name.clone(),
        };
        Ok((question, self.config.hss_timeout))
    }
}
