//! Sessions of service centres (SMPP 3.4 clause 2.2): they bind with the name and password of the configuration, and serve the
//! address that they have there.

use std::net::SocketAddr;

use protocol::Instant;
use protocol::smpp::{
    Bind, Body, CommandStatus, Pdu, SmppConfig, SmppEvent, SmppInput, SmppOutput, SmppRole, SmppSession,
};

use super::SmsGmsc;
use crate::node::{NodeOutput, StreamId, StreamInput, StreamOutput};
use crate::sms::binding::Binder;

/// A connection, and the service centre that it is bound by: its place in the configuration.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) session: SmppSession,
    remote: SocketAddr,
    pub(super) centre: Option<usize>,
}

impl Link {
    /// Whether messages go from here to the service centre.
    pub(super) fn receives_for(&self, centre: usize) -> bool {
        self.centre == Some(centre) && self.session.bound().is_some_and(|kind| kind.receives())
    }
}

impl SmsGmsc {
    pub(super) fn on_stream(&mut self, now: Instant, input: StreamInput<'_>) {
        match input {
            StreamInput::Connected { conn, token: None, remote, .. } if self.links.len() < self.config.max_sessions => {
                let mut config = SmppConfig::new(SmppRole::MessageCentre);
                config.system_id = self.system_id.clone();
                (config.window, config.peer_window) = (self.config.window, self.config.peer_window);
                config.response_time = self.config.response_time;
                self.links.insert(conn, Link { session: SmppSession::new(now, config), remote, centre: None });
            }
            StreamInput::Connected { conn, .. } => {
                self.say("there are as many connections as there may be");
                self.out.push_back(NodeOutput::Stream(StreamOutput::Close { conn }));
            }
            StreamInput::Received { conn, bytes } => self.session_input(now, conn, SmppInput::Received(bytes)),
            StreamInput::Closed { conn } => self.session_input(now, conn, SmppInput::Closed),
            StreamInput::ConnectFailed { .. } => self.ignored("-", "a connection that nobody wanted failed"),
        }
    }

    fn session_input(&mut self, now: Instant, conn: StreamId, input: SmppInput<'_>) {
        match self.links.get_mut(&conn) {
            Some(link) => {
                link.session.handle_input(now, input);
                self.dirty.insert(conn);
            }
            None => self.ignored("-", "octets of a connection that is gone"),
        }
    }

    pub(super) fn sessions_due(&mut self, now: Instant) {
        for (conn, link) in &mut self.links {
            if link.session.poll_timeout().is_some_and(|at| at <= now) {
                link.session.handle_timeout(now);
                self.dirty.insert(*conn);
            }
        }
    }

    pub(super) fn unbind_all(&mut self, now: Instant) {
        for (conn, link) in &mut self.links {
            link.session.unbind(now);
            self.dirty.insert(*conn);
        }
    }

    pub(super) fn drain_session(&mut self, now: Instant, conn: StreamId) {
        while let Some(output) = self.links.get_mut(&conn).and_then(|link| link.session.poll_output()) {
            match output {
                SmppOutput::Send(bytes) => self.out.push_back(NodeOutput::Stream(StreamOutput::Send { conn, bytes })),
                SmppOutput::Close => self.out.push_back(NodeOutput::Stream(StreamOutput::Close { conn })),
                SmppOutput::Event(event) => self.on_session(now, conn, event),
            }
        }
        if self.links.get(&conn).is_some_and(|link| link.session.is_closed()) {
            self.links.remove(&conn);
        }
    }

    fn on_session(&mut self, now: Instant, conn: StreamId, event: SmppEvent) {
        match event {
            SmppEvent::BindRequested(_, bind) => self.on_bind(now, conn, &bind),
            SmppEvent::Request(pdu) => self.on_request(now, conn, *pdu),
            SmppEvent::Response { token, pdu } => self.on_stored(now, token, Some(*pdu)),
            SmppEvent::Unanswered { token } => self.on_stored(now, token, None),
            SmppEvent::Ignored { state, event } => self.ignored(state, event),
            SmppEvent::Ended(why) => {
                if let Some(centre) = self.links.get(&conn).and_then(|link| link.centre) {
                    let address = &self.config.service_centres[centre].address;
                    let text = format!("service centre {address} has no session any more: {why:?}");
                    self.say(text);
                }
                self.abandon(conn);
            }
            SmppEvent::Bound { .. }
            | SmppEvent::OutbindRequested(_)
            | SmppEvent::BindRefused(_)
            | SmppEvent::Alert(..) => {}
        }
    }

    fn on_bind(&mut self, now: Instant, conn: StreamId, bind: &Bind) {
        let Some(remote) = self.links.get(&conn).map(|link| link.remote) else { return };
        let centre = self.centre_of(now, remote, bind);
        let Some(link) = self.links.get_mut(&conn) else { return };
        match centre {
            Ok(centre) => {
                link.centre = Some(centre);
                link.session.accept_bind(now);
            }
            Err((status, why)) => {
                link.session.refuse_bind(status);
                self.say(format!("bind of {} from {remote} refused: {why}", bind.system_id));
            }
        }
    }

    /// Who binds, or what is said there and here. A name may have several addresses: address_range says which.
    fn centre_of(
        &mut self,
        now: Instant,
        remote: SocketAddr,
        bind: &Bind,
    ) -> Result<usize, (CommandStatus, &'static str)> {
        let centres = &self.config.service_centres;
        let binders = centres.iter().zip(&self.passwords).map(|(centre, password)| Binder {
            system_id: &centre.system_id,
            password,
            from: &centre.from,
        });
        let proven = self.binding.admit(now, binders, remote, bind).map_err(|why| (why.status(), why.text()))?;
        let serves = |centre: &usize| is_in_range(&centres[*centre].address, bind.address_range.as_bytes());
        proven.into_iter().find(serves).ok_or((CommandStatus::BIND_FAILED, "it does not serve that address_range"))
    }

    fn on_request(&mut self, now: Instant, conn: StreamId, pdu: Pdu) {
        let number = pdu.sequence_number;
        let Pdu { body: Body::SubmitSm(message), tlvs, .. } = pdu else {
            // It keeps nothing that could be asked for, cancelled or replaced.
            return self.refuse(conn, number, CommandStatus::INVALID_COMMAND_ID);
        };
        if let Err(status) = self.submitted(now, conn, number, &message, &tlvs) {
            self.counters.failed += 1;
            self.refuse(conn, number, status);
        }
    }

    fn refuse(&mut self, conn: StreamId, number: u32, status: CommandStatus) {
        if let Some(link) = self.links.get_mut(&conn) {
            link.session.refuse(number, status);
            self.dirty.insert(conn);
        }
    }
}

/// address_range is a regular expression (SMPP 3.4 clause 5.2.7); taken are whole numbers and beginnings of them, with or
/// without anchors, and nothing for all.
fn is_in_range(address: &str, range: &[u8]) -> bool {
    let Ok(range) = std::str::from_utf8(range) else { return false };
    let digits = range.trim_start_matches(['^', '\\', '+']);
    let exact = digits.trim_end_matches('$');
    match digits.strip_suffix(".*") {
        Some(beginning) => address.starts_with(beginning),
        None => exact.is_empty() || exact == address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_numbers_and_their_beginnings() {
        for (range, is_in) in [
            ("", true),
            ("49170", true),
            ("+49170", true),
            ("^49170$", true),
            ("^\\+49170$", true),
            ("491.*", true),
            ("491", false),
            ("492.*", false),
            ("49170[0-9]", false),
        ] {
            assert_eq!(is_in_range("49170", range.as_bytes()), is_in, "{range}");
        }
        assert!(!is_in_range("49170", &[0xff]));
    }
}
