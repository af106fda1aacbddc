//! Documents on Ut: UEs put and fetch them.

use http::Request;
use http::header::{CONTENT_TYPE, IF_MATCH, IF_NONE_MATCH};
use protocol::Instant;

use super::web::ask;
use crate::errors::CommandError;
use crate::ims::agent::ImsUe;
use crate::ims::services::xdm;
use crate::runner::Runner;
use crate::runner::ims::RunNetwork;
use crate::scenario::{EntityTag, Service, XdmStep};

impl Runner<'_> {
    pub(super) fn xdm_step(&mut self, places: &[usize], step: &XdmStep) -> Result<(), CommandError> {
        let now = self.now;
        let Some(ims) = &mut self.ims else { return Ok(()) };
        for &place in places {
            match step {
                XdmStep::XcapPut { contacts, if_match, .. } => {
                    let impu = |name: &String| Some(ims.network.ues.named(name)?.impu.clone());
                    let contacts: Vec<String> = contacts.iter().filter_map(impu).collect();
                    put(now, ims, place, &contacts, *if_match);
                }
                XdmStep::XcapGet { if_none_match, .. } => get(now, ims, place, *if_none_match),
            }
        }
        Ok(())
    }
}

fn put(now: Instant, ims: &mut RunNetwork, place: usize, contacts: &[String], if_match: Option<EntityTag>) {
    let own = &ims.network.ues[place];
    let path = xdm::contacts_path(&own.impu);
    let mut request = Request::put(path.as_str()).header(CONTENT_TYPE, "application/resource-lists+xml");
    if let Some(tag) = if_match.and_then(|tag| named(own, &path, tag)) {
        request = request.header(IF_MATCH, tag);
    }
    ask(now, ims, place, Service::Xdm, request.body(xdm::contacts_document(contacts).into_bytes()));
}

fn get(now: Instant, ims: &mut RunNetwork, place: usize, if_none_match: Option<EntityTag>) {
    let own = &ims.network.ues[place];
    let path = xdm::contacts_path(&own.impu);
    let mut request = Request::get(path.as_str());
    if let Some(tag) = if_none_match.and_then(|tag| named(own, &path, tag)) {
        request = request.header(IF_NONE_MATCH, tag);
    }
    ask(now, ims, place, Service::Xdm, request.body(Vec::new()));
}

/// The entity tag itself.
fn named(own: &ImsUe, path: &str, tag: EntityTag) -> Option<String> {
    match tag {
        EntityTag::Known => own.web.etags.get(path).cloned(),
        EntityTag::Stale => Some("\"none-of-these\"".into()),
    }
}
