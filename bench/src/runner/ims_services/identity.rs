//! Mission critical users log in, and UEs show their tokens.

use http::Request;
use http::header::{AUTHORIZATION, CONTENT_TYPE};

use super::web::ask_as;
use crate::errors::CommandError;
use crate::ims::services::identity;
use crate::runner::Runner;
use crate::scenario::{IdentityStep, Service};

impl Runner<'_> {
    pub(super) fn identity_step(&mut self, places: &[usize], step: &IdentityStep) -> Result<(), CommandError> {
        let (now, scenario) = (self.now, &self.loaded.scenario);
        let Some(ims) = &mut self.ims else { return Ok(()) };
        for &place in places {
            let own = &mut ims.network.ues[place];
            let domain = &own.domain().to_owned();
            let token = own.state.new_request("MC service");
            match step {
                IdentityStep::McLogin { scopes, .. } => {
                    let password = identity::password(scenario, &own.name);
                    let who = (own.name.as_str(), password.as_str());
                    own.web.access_token = None;
                    let request = own.web.log_in(token, who, &identity::issuer(domain), scopes);
                    ask_as(now, ims, (place, token), Service::Identity, request);
                }
                IdentityStep::McGroupPut { members, .. } => {
                    let path = identity::group_path(&identity::mcptt_id(domain, &own.name));
                    let mut request = Request::put(path).header(CONTENT_TYPE, "application/vnd.oma.poc.groups+xml");
                    if let Some(token) = &own.web.access_token {
                        request = request.header(AUTHORIZATION, format!("Bearer {token}"));
                    }
                    let document = identity::group_document(domain, &own.name, members);
                    ask_as(now, ims, (place, token), Service::Xdm, request.body(document.into_bytes()));
                }
            }
        }
        Ok(())
    }
}
