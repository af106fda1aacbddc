//! Services (TS 29.116 clause 5.2.1).

use http::{Method, StatusCode};
use protocol::Instant;
use protocol::xmb::{self, Route, Service};

use super::answer::{Refused, created, empty, json, not_allowed};
use super::check::check_service;
use super::records::{ServiceRecord, delete_service, put_service};
use super::{Reply, SessionKey};
use crate::mbms::bmsc::BmscNode;

impl BmscNode {
    pub(super) fn url(&self, route: &Route) -> String {
        let base = self.config.xmb.as_ref().map_or("", |xmb| xmb.base.as_str());
        format!("{base}{route}")
    }

    /// A service as its content provider sees it.
    pub(super) fn shown_service(&self, record: &ServiceRecord) -> Service {
        let mut service = record.service.clone();
        let default = || format!("urn:castbench:xmb:{}", service.id);
        service.service_id = Some(service.service_id.clone().unwrap_or_else(default));
        service.service_announcement_url = Some(self.url(&Route::Announcement(service.id.clone())));
        service
    }

    /// A service of a content provider.
    pub(super) fn service(&self, provider: &str, id: &str) -> Result<&ServiceRecord, Refused> {
        let found = self.xmb.services.get(id).filter(|record| record.provider == provider);
        found.ok_or_else(|| Refused::new(StatusCode::NOT_FOUND, format!("there is no service {id}")))
    }

    pub(super) fn list_services(&self, provider: &str) -> Reply {
        let own = self.xmb.services.values().filter(|record| record.provider == provider);
        let services: Vec<_> = own.map(|record| self.shown_service(record)).collect();
        Reply::Now(json(StatusCode::OK, &services))
    }

    pub(super) fn create_service(&mut self, provider: &str, body: &[u8]) -> Result<Reply, Refused> {
        let mut service: Service = xmb::parse(body)?;
        check_service(&service)?;
        let most = self.config.xmb.as_ref().map_or(0, |xmb| xmb.max_services);
        if self.xmb.services.values().filter(|record| record.provider == provider).count() >= most {
            return Err(Refused::new(StatusCode::FORBIDDEN, format!("a content provider has at most {most} services")));
        }
        service.id = self.new_id();
        service.service_announcement_url = None;
        let record = ServiceRecord { provider: provider.to_owned(), service, version: 0 };
        let mut work = self.work_of(provider, None);
        work.ops.extend(put_service(&record));
        let location = self.url(&Route::Service(record.service.id.clone()));
        let response = created(&location, &self.shown_service(&record));
        self.xmb.services.insert(record.service.id.clone(), record);
        Ok(Reply::After(Box::new(work), response))
    }

    pub(super) fn on_service(
        &mut self,
        now: Instant,
        provider: &str,
        id: &str,
        method: &Method,
        body: &[u8],
    ) -> Result<Reply, Refused> {
        let record = self.service(provider, id)?;
        match *method {
            Method::GET => Ok(Reply::Now(json(StatusCode::OK, &self.shown_service(record)))),
            Method::PUT => {
                let service = xmb::parse(body)?;
                self.change_service(provider, id, service)
            }
            Method::PATCH => {
                let service = xmb::patch(&record.service, body)?;
                self.change_service(provider, id, service)
            }
            Method::DELETE => Ok(self.delete_service(now, provider, id)),
            _ => Ok(Reply::Now(not_allowed("GET, PUT, PATCH, DELETE"))),
        }
    }

    fn change_service(&mut self, provider: &str, id: &str, mut service: Service) -> Result<Reply, Refused> {
        check_service(&service)?;
        id.clone_into(&mut service.id);
        service.service_announcement_url = None;
        let version = self.service(provider, id)?.version + 1;
        let record = ServiceRecord { provider: provider.to_owned(), service, version };
        let mut work = self.work_of(provider, None);
        work.ops.extend(put_service(&record));
        let response = json(StatusCode::OK, &self.shown_service(&record));
        self.xmb.services.insert(id.to_owned(), record);
        Ok(Reply::After(Box::new(work), response))
    }

    /// A service goes with all its sessions.
    fn delete_service(&mut self, now: Instant, provider: &str, id: &str) -> Reply {
        let mut work = self.work_of(provider, None);
        let sessions: Vec<_> = self.sessions_of(id).map(|entry| entry.record.key()).collect();
        sessions.iter().for_each(|key| self.remove_session(now, &mut work, key));
        self.xmb.services.remove(id);
        work.ops.push(delete_service(id));
        Reply::After(Box::new(work), empty(StatusCode::NO_CONTENT))
    }

    /// The sessions of a service.
    pub(super) fn sessions_of(&self, service: &str) -> impl Iterator<Item = &super::Entry> {
        let first: SessionKey = (service.to_owned(), String::new());
        let service = service.to_owned();
        self.xmb.sessions.range(first..).take_while(move |((own, _), _)| *own == service).map(|(_, entry)| entry)
    }

    /// The URL of a session, of what is pushed to it.
    pub(super) fn session_url(&self, (service, session): &SessionKey) -> String {
        self.url(&Route::Session(service.clone(), session.clone()))
    }

    /// What the URLs of files begin with that are pushed to a session.
    pub(super) fn push_url(&self, (service, session): &SessionKey) -> String {
        self.url(&Route::File(service.clone(), session.clone(), String::new()))
    }
}
