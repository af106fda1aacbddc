//! Steps of users who migrate between MC systems (TS 23.280 clause 10.1.6), and what their UEs ask by HTTP.

use std::collections::BTreeSet;

use http::Request;
use http::header::{AUTHORIZATION, IF_NONE_MATCH};
use protocol::{Instant, Plmn};

use super::Runner;
use super::ims_services::ask_to;
use crate::errors::CommandError;
use crate::event::{ImsFact, What};
use crate::ims::migrant::WebWish;
use crate::ims::services::{self, identity};
use crate::scenario::{McStep, PRIMARY, Service};

impl Runner<'_> {
    /// Does a step of users who migrate.
    pub(super) fn migration_step(&mut self, step: &McStep) -> Result<(), CommandError> {
        let now = self.now;
        let is_home = |systems: &[String]| systems.iter().any(|name| name == PRIMARY);
        for place in self.clients_of(step) {
            let scenario = &self.loaded.scenario;
            let Some(ims) = &mut self.ims else { return Ok(()) };
            let own = &mut ims.network.ues[place];
            let Some(migrant) = &mut own.migrant else { continue };
            let what = match step {
                McStep::Profile { .. } => {
                    migrant.obtain(now);
                    continue;
                }
                McStep::Migrate { system, .. } => {
                    migrant.migrate(now, system);
                    continue;
                }
                McStep::Hears { systems, .. } => {
                    let names = || systems.iter().map(|name| Some(name.as_str()).filter(|name| *name != PRIMARY));
                    let numbers: BTreeSet<u8> = names().map(|name| scenario.system_number(name)).collect();
                    let plmns: Vec<Plmn> = names().filter_map(|name| scenario.plmn(name)).collect();
                    migrant.hears_alone(now, (&plmns, numbers), &own.listed);
                    let settings = scenario.ues.iter().find(|ue| ue.name == own.name);
                    let home = settings.and_then(|ue| ue.mc.as_ref()?.area).filter(|_| is_home(systems));
                    let has_mbms = home.is_some() || migrant.hears_mbms();
                    own.mc.iter_mut().for_each(|mc| mc.stays(now, home, &own.listed));
                    self.air.iter_mut().for_each(|air| air.set_covered(&own.name, has_mbms));
                    let heard = if systems.is_empty() { "none".to_owned() } else { systems.join(", ") };
                    format!("cells heard: {heard}")
                }
                _ => continue,
            };
            let ue = own.name.clone();
            self.observer.fact(now, What::Ims { ue, fact: ImsFact::Migration { what } })?;
        }
        Ok(())
    }

    /// The UE of a user who migrates wants something of a server.
    pub(super) fn migrant_asks(&mut self, now: Instant, place: usize, wish: WebWish) {
        let scenario = &self.loaded.scenario;
        let Some(ims) = &mut self.ims else { return };
        let own = &mut ims.network.ues[place];
        let token = own.state.new_request("migration");
        let (to, request) = match wish {
            WebWish::LogIn { id, system, server, mc_id, scopes } => {
                let issuer = server.unwrap_or_else(|| identity::issuer(own.domain()));
                let password = identity::password(scenario, &mc_id);
                let request = own.web.log_in(token, (&mc_id, &password), &issuer, &scopes);
                own.migrant.iter_mut().for_each(|own| own.logs_in(token, id));
                (services::web(scenario.system_number(system.as_deref()), Service::Identity), request)
            }
            WebWish::Fetch { path, token: bearer, etag } => {
                let mut request = Request::get(path).header(AUTHORIZATION, format!("Bearer {bearer}"));
                if let Some(etag) = etag {
                    request = request.header(IF_NONE_MATCH, etag);
                }
                own.migrant.iter_mut().for_each(|own| own.fetches(token));
                (services::web(own.system, Service::Xdm), request.body(Vec::new()))
            }
        };
        match request {
            Ok(request) => ask_to(now, ims, (place, token), to, request),
            Err(why) => {
                own.state.requests.remove(&token);
                own.migrant.iter_mut().for_each(|own| own.unanswered(now, token, &why.to_string()));
            }
        }
    }
}
