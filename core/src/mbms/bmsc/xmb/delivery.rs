//! Delivery of the files of a session (TS 26.346 clause 7.2): FLUTE from the time at which content begins until the bearer ends,
//! one file after the other, again and again.

use std::collections::BTreeMap;
use std::io::Cursor;
use std::net::{IpAddr, SocketAddr, SocketAddrV4};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use protocol::Instant;
use protocol::xmb::{NotificationClass, SessionType};
use serde_json::{Map, Value};

use super::check::delivery_of;
use super::files::File;
use super::notices::Event;
use super::{Entry, SessionKey};
use crate::mbms::bmsc::BmscNode;
use crate::mbms::bmsc::mb2::Work;
use crate::mbms::bmsc::records::BearerState;
use crate::mbms::flute_sender::{Content, DeliveryError, FluteOutput, FluteSender, Toi};
use crate::mbms::sequence_clock::SequenceClock;

/// The FLUTE session of a session.
#[derive(Debug)]
pub(super) struct Sending {
    sender: FluteSender,
    /// Files, and whether each has gone out whole.
    files: BTreeMap<String, (Toi, bool)>,
}

impl Sending {
    /// How often each file has gone out whole, by Content-Location.
    pub(super) fn passes(&mut self, files: &BTreeMap<String, File>) -> Map<String, Value> {
        let mut passes = Map::new();
        for (name, (toi, _)) in &self.files {
            if let Some(file) = files.get(name) {
                passes.insert(file.meta.location.clone(), self.sender.passes(*toi).into());
            }
        }
        passes
    }
}

/// Content that is kept once, however often it is sent.
#[derive(Debug)]
struct Shared(Arc<Vec<u8>>);

impl AsRef<[u8]> for Shared {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

fn content(file: &File) -> Content {
    Content {
        stream: Box::new(Cursor::new(Shared(Arc::clone(&file.content)))),
        location: file.meta.location.clone(),
        content_type: file.meta.content_type.clone(),
    }
}

impl Entry {
    /// Its files are to go out: its bearer is there, and nothing of them stands against it.
    fn is_to_send(&self) -> bool {
        self.record.active_since.is_some()
            && self.record.session.session_type == Some(SessionType::Files)
            && !self.files.is_empty()
            && !self.cannot_send
    }
}

impl BmscNode {
    /// When the next packet of a session is due, or its first.
    pub(super) fn packet_due(&self, entry: &Entry) -> Option<Instant> {
        let bearer = entry.record.bearer().and_then(|key| self.bearers.get(key));
        if bearer.is_none_or(|bearer| bearer.record.state != BearerState::Active) {
            return None;
        }
        match &entry.sending {
            Some(sending) => sending.sender.poll_timeout(),
            None if entry.is_to_send() => entry.record.content_from.map(|from| self.instant(from)),
            None => None,
        }
    }

    /// Sends what is due of the files of a session.
    pub(super) fn run_delivery(&mut self, now: Instant, key: &SessionKey) {
        let Some(entry) = self.xmb.sessions.get(key) else { return };
        if self.packet_due(entry).is_none_or(|due| due > now) {
            return;
        }
        let Some(bearer) = entry.record.bearer().and_then(|key| self.bearers.get(key)) else { return };
        let port = bearer.record.port;
        let plan = self.config.sync_of(&bearer.record.area, bearer.record.qos.qci);
        let clock = SequenceClock { plan, max_transfer_delay: self.config.max_transfer_delay };
        if entry.sending.is_none() {
            let provider = entry.record.provider.clone();
            let mut work = self.work_of(&provider, Some(key));
            self.begin_delivery(now, &mut work, key, port);
            self.apply(now, work);
        }
        let Some(entry) = self.xmb.sessions.get_mut(key) else { return };
        let Some(sending) = &mut entry.sending else { return };
        // The bearer may be on another MCH than before; one that is too short for the packets keeps the old pace.
        let _ = sending.sender.set_clock(now, clock);
        if sending.sender.poll_timeout().is_some_and(|due| due + clock.plan.sequence() < now) {
            // Time has leapt: what was not sent meanwhile is not sent in a burst.
            sending.sender.postpone(now);
        }
        sending.sender.handle_timeout(now);
        let mut is_limited = false;
        while let Some(output) = sending.sender.poll_output() {
            match output {
                FluteOutput::Datagram(packet) => self.user_plane.packet(now, port, &packet, self.config.sgi_mb),
                FluteOutput::LimitReached => is_limited = true,
            }
        }
        let mut events = Vec::new();
        for (name, (toi, is_told)) in &mut sending.files {
            if !*is_told && sending.sender.passes(*toi) > 0 {
                *is_told = true;
                let delivered = Event::of(NotificationClass::Delivery, "file-delivered");
                events.extend(entry.files.get(name).map(|file| delivered.with_file(&file.meta.location)));
            }
        }
        if is_limited {
            events.push(Event::of(NotificationClass::Delivery, "limit-reached"));
        }
        // Most packets are no news.
        if !events.is_empty() {
            let provider = entry.record.provider.clone();
            let mut work = self.work_of(&provider, Some(key));
            events.into_iter().for_each(|event| self.tell_provider(now, &mut work, key, event));
            self.apply(now, work);
        }
    }

    fn begin_delivery(&mut self, now: Instant, work: &mut Work, key: &SessionKey, port: u16) {
        match self.flute(now, key, port) {
            Ok(sending) => {
                if let Some(entry) = self.xmb.sessions.get_mut(key) {
                    entry.sending = Some(sending);
                }
                self.tell_provider(now, work, key, Event::of(NotificationClass::Delivery, "delivery-started"));
            }
            Err(why) => self.cannot_send(now, work, key, &why),
        }
    }

    fn cannot_send(&mut self, now: Instant, work: &mut Work, key: &SessionKey, why: &str) {
        if let Some(entry) = self.xmb.sessions.get_mut(key) {
            entry.cannot_send = true;
            entry.trouble = Some(why.to_owned());
        }
        self.tell_state(now, work, key, why);
    }

    /// The FLUTE session of all files that are there.
    fn flute(&self, now: Instant, key: &SessionKey, port: u16) -> Result<Sending, String> {
        let nothing = || "there is nothing to send".to_owned();
        let entry = self.xmb.sessions.get(key).ok_or_else(nothing)?;
        let session = &entry.record.session;
        let service = entry.record.tmgi.and_then(|tmgi| self.services.get(tmgi)).ok_or_else(nothing)?;
        let (IpAddr::V4(source), SocketAddr::V4(destination)) = (self.config.mb2u, service.destination) else {
            return Err("files are sent over IPv4 only: give the session an IPv4 multicast address".to_owned());
        };
        let own = session.castbench.delivery.clone().unwrap_or_default();
        let delivery = delivery_of(&own, session.max_bitrate.unwrap_or_default());
        let mut files: Vec<_> = entry.files.iter().collect();
        files.sort_by_key(|(_, file)| file.meta.order);
        let mut files = files.into_iter();
        let (name, first) = files.next().ok_or_else(nothing)?;
        let wrong = |error: DeliveryError| error.to_string();
        let way = (SocketAddrV4::new(source, port), destination);
        let utc = SystemTime::UNIX_EPOCH + Duration::from_millis(self.config.utc_ms_at_zero);
        let clock = self.clock_of(session);
        let sender = FluteSender::new(now, way, own.tsi.into(), &delivery, content(first), clock, utc);
        let mut sender = sender.map_err(wrong)?;
        let mut sent = BTreeMap::from([(name.clone(), (sender.first(), false))]);
        for (name, file) in files {
            sent.insert(name.clone(), (sender.add(now, content(file)).map_err(wrong)?, false));
        }
        Ok(Sending { sender, files: sent })
    }

    /// A file has come, or another in its place, while files are being sent.
    pub(super) fn send_also(&mut self, now: Instant, work: &mut Work, key: &SessionKey, name: &str) {
        let Some(entry) = self.xmb.sessions.get_mut(key) else { return };
        entry.cannot_send = false;
        let (Some(sending), Some(file)) = (&mut entry.sending, entry.files.get(name)) else { return };
        let old = sending.files.remove(name);
        let outcome = old.map_or(Ok(()), |(toi, _)| sending.sender.remove(now, toi));
        match outcome.and_then(|()| sending.sender.add(now, content(file))) {
            Ok(toi) => drop(sending.files.insert(name.to_owned(), (toi, false))),
            Err(why) => {
                let location = file.meta.location.clone();
                let event = Event::of(NotificationClass::Delivery, "file-failed").with_file(&location);
                self.tell_provider(now, work, key, event.because(&why.to_string()));
            }
        }
    }

    /// A file is not sent any more.
    pub(super) fn send_no_more(&mut self, now: Instant, key: &SessionKey, name: &str) {
        let Some(sending) = self.xmb.sessions.get_mut(key).and_then(|entry| entry.sending.as_mut()) else { return };
        if let Some((toi, _)) = sending.files.remove(name)
            && let Err(why) = sending.sender.remove(now, toi)
        {
            self.say(format!("session {}: {why}", key.1));
        }
    }
}
