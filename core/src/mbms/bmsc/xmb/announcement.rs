//! User service description of a service (TS 26.346 clauses 5.2 and 11.2): what UEs need to know of its sessions, for everybody
//! who asks.
//!
//! At the URL of the announcement all fragments come together, the envelope first; each one has a URL below it. A session is
//! described as soon as it has a TMGI; it is in the schedule when its begin and its end are known.

use http::{Method, Response, StatusCode};
use protocol::sip::sdp::MbmsMode;
use protocol::usd::{
    Announcement, Bundle, Delivered, DeliveryDescription, DeliveryMethod, ENVELOPE_CONTENT_TYPE, Envelope,
    EnvelopeItem, Fragment, Name, SCHEDULE_CONTENT_TYPE, SDP_CONTENT_TYPE, Schedule, ScheduledSession,
    USD_CONTENT_TYPE, UserService,
};
use protocol::xmb::{DeliveryFec, Route, SessionType, TransportMode};

use super::Entry;
use super::answer::{Refused, not_allowed, with_body};
use super::bearers::stop_of;
use super::records::ServiceRecord;
use crate::mbms::bmsc::BmscNode;
use crate::mbms::bmsc::mb2::Work;

/// Names of fragments below the URL of the announcement.
const ENVELOPE: &str = "envelope.xml";
const BUNDLE: &str = "usd.xml";
const SCHEDULE: &str = "schedule.xml";
/// FEC encoding identifiers (RFC 5445, RFC 5053).
const NO_CODE: u8 = 0;
const RAPTOR: u8 = 1;

impl BmscNode {
    pub(super) fn on_announcement(&self, route: &Route, method: &Method) -> Result<Response<Vec<u8>>, Refused> {
        let nothing = || Refused::new(StatusCode::NOT_FOUND, "no such announcement");
        let (Route::Announcement(service) | Route::Fragment(service, _)) = route else { return Err(nothing()) };
        if *method != Method::GET {
            return Ok(not_allowed("GET"));
        }
        let record = self.xmb.services.get(service).ok_or_else(nothing)?;
        let announcement = self.announcement(record);
        match route {
            Route::Fragment(..) => {
                let fragment = announcement.find(&self.url(route)).ok_or_else(nothing)?;
                Ok(with_body(StatusCode::OK, &fragment.content_type, fragment.body.clone()))
            }
            _ => {
                let (media, body) = announcement.to_body();
                Ok(with_body(StatusCode::OK, &media, body))
            }
        }
    }

    fn announcement(&self, record: &ServiceRecord) -> Announcement {
        let id = &record.service.id;
        let url = |name: &str| self.url(&Route::Fragment(id.clone(), name.to_owned()));
        let fragment = |name: &str, content_type: &str, body: String| {
            let location = url(name);
            Fragment { location, content_type: content_type.to_owned(), body: body.into_bytes() }
        };
        let entries: Vec<&Entry> = self.sessions_of(id).collect();
        let mut versioned =
            vec![(record.version, fragment(BUNDLE, USD_CONTENT_TYPE, self.bundle(record, &entries).to_document()))];
        for entry in &entries {
            if let Some(sdp) = self.description(entry) {
                let name = sdp_name(entry);
                versioned.push((entry.record.version, fragment(&name, SDP_CONTENT_TYPE, sdp)));
            }
        }
        let schedule = Self::schedule(&entries);
        if !schedule.sessions.is_empty() {
            versioned.push((record.version, fragment(SCHEDULE, SCHEDULE_CONTENT_TYPE, schedule.to_document())));
        }
        let items = versioned.iter().map(|(version, fragment)| EnvelopeItem {
            metadata_uri: fragment.location.clone(),
            version: version + 1,
            content_type: Some(fragment.content_type.clone()),
            ..EnvelopeItem::default()
        });
        let envelope = Envelope { items: items.collect() }.to_document();
        let mut fragments = vec![fragment(ENVELOPE, ENVELOPE_CONTENT_TYPE, envelope)];
        fragments.extend(versioned.into_iter().map(|(_, fragment)| fragment));
        Announcement { fragments }
    }

    /// The bundle of a service, with some of its sessions.
    pub(super) fn bundle(&self, record: &ServiceRecord, entries: &[&Entry]) -> Bundle {
        let service = self.shown_service(record);
        let id = &record.service.id;
        let url = |name: &str| self.url(&Route::Fragment(id.clone(), name.to_owned()));
        let described: Vec<_> = entries.iter().filter(|entry| entry.record.tmgi.is_some()).collect();
        let mut areas: Vec<u16> = described.iter().flat_map(|e| e.record.session.geographical_areas.clone()).collect();
        areas.sort_unstable();
        areas.dedup();
        let methods = described.iter().map(|entry| DeliveryMethod { session_description_uri: url(&sdp_name(entry)) });
        Bundle {
            services: vec![UserService {
                service_id: service.service_id.unwrap_or_default(),
                service_class: service.service_class,
                is_receive_only: service.receive_only_mode,
                names: service.service_names.iter().map(|text| name(text)).collect(),
                languages: service.service_languages,
                methods: methods.collect(),
                schedule_uri: (!Self::schedule(entries).sessions.is_empty()).then(|| url(SCHEDULE)),
                areas,
            }],
        }
    }

    fn schedule(entries: &[&Entry]) -> Schedule {
        let sessions = entries.iter().filter_map(|entry| {
            let (start_ms, stop_ms) = (begin_of(entry)?, stop_of(&entry.record.session)?);
            entry.record.tmgi.map(|_| ScheduledSession { start_ms, stop_ms })
        });
        Schedule { update_ms: None, sessions: sessions.collect() }
    }

    /// The description of a session on its bearer.
    pub(super) fn description(&self, entry: &Entry) -> Option<String> {
        let record = &entry.record;
        let (session, service) = (&record.session, self.services.get(record.tmgi?)?);
        let of = |text: Option<&String>| {
            text.and_then(|text| DeliveryDescription::media(text)).unwrap_or_else(DeliveryDescription::octets)
        };
        let delivered = match session.session_type? {
            SessionType::Files => {
                let own = session.castbench.delivery.clone().unwrap_or_default();
                let fec = if own.fec == DeliveryFec::NoCode { NO_CODE } else { RAPTOR };
                Delivered::Files { tsi: own.tsi.into(), fec }
            }
            SessionType::Streaming => {
                of(session.streaming_session.as_ref().and_then(|own| own.session_description.as_ref()))
            }
            SessionType::TransportMode | SessionType::Application => {
                of(session.transport_session.as_ref().and_then(|own| own.session_description.as_ref()))
            }
        };
        let mode = session.transport_session.as_ref().map(|own| own.delivery_mode).unwrap_or_default();
        let is_foreign = session.session_type == Some(SessionType::TransportMode) && mode == TransportMode::ForwardOnly;
        let description = DeliveryDescription {
            mode: MbmsMode::Broadcast { tmgi: service.tmgi, counting: 0 },
            destination: service.destination,
            source: (!is_foreign).then_some(self.config.mb2u),
            start_ms: session.session_start.filter(|start| *start > 0).map(|start| start.saturating_mul(1000)),
            stop_ms: stop_of(session),
            bandwidth_kbps: session.max_bitrate.map(|rate| rate.div_ceil(1000)),
            delivered,
        };
        let service = self.xmb.services.get(&record.service)?;
        let name = service.service.service_names.first().map_or_else(|| "-".to_owned(), |text| name(text).text);
        Some(description.to_sdp(&name, u64::from(record.version) + 1).to_string())
    }

    /// What is announced of a service has changed.
    pub(super) fn touch_service(&mut self, work: &mut Work, id: &str) {
        if let Some(record) = self.xmb.services.get_mut(id) {
            record.version += 1;
            work.ops.extend(super::records::put_service(record));
        }
    }
}

/// When a session begins, or has begun.
fn begin_of(entry: &Entry) -> Option<u64> {
    let said = entry.record.session.session_start.filter(|start| *start > 0);
    said.map(|start| start.saturating_mul(1000)).or(entry.record.content_from)
}

fn sdp_name(entry: &Entry) -> String {
    format!("{}.sdp", entry.record.session.id)
}

/// A name with its language, when it begins with one.
fn name(text: &str) -> Name {
    match text.split_once(':') {
        Some((language, text)) if is_language(language) && !text.is_empty() => {
            Name { language: Some(language.to_owned()), text: text.to_owned() }
        }
        _ => Name { language: None, text: text.to_owned() },
    }
}

/// RFC 5646 clause 2.1: a language of two or three letters (ISO 639), then subtags.
fn is_language(text: &str) -> bool {
    let mut subtags = text.split('-');
    let is_primary = |tag: &str| (2..=3).contains(&tag.len()) && tag.bytes().all(|b| b.is_ascii_alphabetic());
    subtags.next().is_some_and(is_primary)
        && subtags.all(|tag| (1..=8).contains(&tag.len()) && tag.bytes().all(|b| b.is_ascii_alphanumeric()))
}
