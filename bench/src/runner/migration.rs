//! Steps of users who migrate between MC systems (TS 23.280 clause 10.1.6), and what their UEs ask by HTTP.

use std::collections::{BTreeMap, BTreeSet};

use http::Request;
use http::header::{AUTHORIZATION, IF_NONE_MATCH};
use protocol::diameter::dictionary::AvpDef;
use protocol::diameter::{Message, dictionary};
use protocol::{Instant, Joint, Plmn, TapEvent};
use radio::BcchDlSchMessage;

use super::Runner;
use super::ims_services::ask_to;
use crate::errors::CommandError;
use crate::event::{IdentityHop, ImsFact, What};
use crate::ims::migrant::WebWish;
use crate::ims::services::{self, identity};
use crate::scenario::{DIAMETER_RELAY, MIGRATION_SERVER, McStep, PRIMARY, Scenario, Service, Ue};

impl Runner<'_> {
    /// A message goes by: what it calls a user who migrates.
    pub(super) fn identity_hop(&mut self, now: Instant, event: &TapEvent) -> Result<(), CommandError> {
        match self.ims.as_ref().and_then(|ims| ims.user_names.hop(event)) {
            Some((ue, hop)) => self.observer.fact(now, What::Ims { ue, fact: ImsFact::IdentityHop(hop) }),
            None => Ok(()),
        }
    }

    /// A receiver has system information: its SIB1 names the networks that share the cell, which who may go to another one is to
    /// know (TS 23.251 clause 4.2.3).
    pub(super) fn networks_read(&mut self, ue: usize, at: Instant, bytes: &[u8]) -> Result<(), CommandError> {
        let Some(settings) = self.loaded.scenario.ues.get(ue).filter(|own| own.migrates.is_some()) else {
            return Ok(());
        };
        let Ok(BcchDlSchMessage::SystemInformationBlockType1(sib1)) = BcchDlSchMessage::decode(bytes) else {
            return Ok(());
        };
        let plmns: Vec<Plmn> = sib1.plmns.iter().filter_map(|plmn| Plmn::from_octets(*plmn)).collect();
        if self.acquired[ue].plmns == plmns {
            return Ok(());
        }
        let names: Vec<String> = plmns.iter().map(Plmn::to_string).collect();
        self.acquired[ue].plmns = plmns;
        let what = format!("networks of the cell: {}", names.join(", "));
        let fact = ImsFact::Migration { what };
        self.observer.fact(at, What::Ims { ue: settings.name.clone(), fact })
    }

    /// Does a step of users who migrate.
    pub(super) fn migration_step(&mut self, step: &McStep) -> Result<(), CommandError> {
        let now = self.now;
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
                    let home = migrant.area_at_home();
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
                let to = services::web(scenario.system_number(system.as_deref()), Service::Identity);
                own.migrant.iter_mut().for_each(|own| own.logs_in(token, id, system.clone()));
                (to, request)
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

/// Private identities of users who migrate, at home and there, each with the UE that it is of.
pub(super) struct UserNames(BTreeMap<String, String>);

impl UserNames {
    pub(super) fn of(scenario: &Scenario) -> Self {
        let migrants = scenario.ues.iter().filter(|ue| ue.migrates.is_some());
        let names = |ue: &Ue| {
            let (home, there) = (scenario.ims_identity(&ue.name), scenario.visitor_identity(ue));
            [home.map(|own| own.impi), there.map(|own| own.impi)].into_iter().flatten()
        };
        Self(migrants.flat_map(|ue| names(ue).map(|name| (name, ue.name.clone()))).collect())
    }

    /// Who is meant by a message between an S-CSCF of one system and the database of another, and what it calls him.
    fn hop(&self, event: &TapEvent) -> Option<(String, IdentityHop)> {
        let is_on_way = |name: &str| [MIGRATION_SERVER, DIAMETER_RELAY].iter().any(|own| name.ends_with(own));
        let is_asked = match event.joint {
            Joint::Migration => true,
            Joint::Cx => is_on_way(&event.from) || is_on_way(&event.to),
            _ => false,
        };
        if !is_asked || self.0.is_empty() {
            return None;
        }
        let message = Message::parse(&event.bytes).ok()?;
        let command = message.name();
        if !["MAR", "MAA"].contains(&command.as_str()) {
            return None;
        }
        let text = |def: &AvpDef| message.text(def).ok().flatten().map(str::to_owned);
        let user_name = text(&dictionary::USER_NAME)?;
        let ue = self.0.get(&user_name)?.clone();
        let hop = IdentityHop {
            from: event.from.clone(),
            to: event.to.clone(),
            command,
            public_identity: text(&dictionary::PUBLIC_IDENTITY),
            server_name: text(&dictionary::SERVER_NAME),
            origin_host: text(&dictionary::ORIGIN_HOST),
            destination_realm: text(&dictionary::DESTINATION_REALM),
            user_name,
        };
        Some((ue, hop))
    }
}
