//! How the profile is obtained (TS 24.484 clause 6, TS 33.180 annex B.10).

use protocol::Instant;
use protocol::mc::user_profile::UserProfile;

use super::io::{CommandRefusal, LogInId, McSystem, MigrationCommand, MigrationEvent, MigrationOutput, ProfileAnswer};
use super::machine::Migrator;

/// A scope for the token (TS 33.180 table B.4.2.2-1).
const CONFIGURATION: &str = "3gpp:mc:ptt_config_management_service";

/// The profile that is there, and how it is kept new.
#[derive(Debug, Default)]
pub(super) struct Known {
    pub(super) profile: Option<UserProfile>,
    etag: Option<String>,
    pub(super) obtaining: Option<Obtaining>,
}

/// A profile that is being fetched.
#[derive(Debug)]
pub(super) struct Obtaining {
    /// The login that is waited for; none: the document is.
    login: Option<LogInId>,
    pub(super) deadline: Instant,
    /// A token was not taken: a second one is not asked for.
    has_new_token: bool,
}

impl Migrator {
    pub(super) fn obtain(&mut self, now: Instant) {
        if self.known.obtaining.is_some() {
            return self.event(MigrationEvent::Refused(CommandRefusal::Fetching));
        }
        self.log_in_for_profile(now, false);
    }

    fn log_in_for_profile(&mut self, now: Instant, has_new_token: bool) {
        let id = self.log_in(&McSystem::Primary, vec![CONFIGURATION.to_owned()]);
        let deadline = now + self.config.timers.connect;
        self.known.obtaining = Some(Obtaining { login: Some(id), deadline, has_new_token });
    }

    /// True: the token was for the profile.
    pub(super) fn token_for_profile(&mut self, now: Instant, id: LogInId, result: &Result<String, String>) -> bool {
        let deadline = now + self.config.timers.connect;
        let Some(obtaining) = self.known.obtaining.as_mut().filter(|own| own.login == Some(id)) else { return false };
        match result {
            Ok(token) => {
                (obtaining.login, obtaining.deadline) = (None, deadline);
                let home = &self.config.home;
                let path = UserProfile::path(&home.mcptt_id, home.profile_index);
                let etag = self.known.etag.clone();
                self.outputs.push_back(MigrationOutput::Fetch { path, token: token.clone(), etag });
            }
            Err(why) => self.no_profile(None, format!("no access token: {why}")),
        }
        true
    }

    pub(super) fn profile_answered(&mut self, now: Instant, answer: Option<ProfileAnswer<'_>>) {
        let Some(obtaining) = self.known.obtaining.as_ref().filter(|own| own.login.is_none()) else { return };
        let has_new_token = obtaining.has_new_token;
        let Some(answer) = answer else { return self.no_profile(None, "nobody answered".into()) };
        let words = || String::from_utf8_lossy(answer.body).trim().chars().take(200).collect::<String>();
        match answer.status {
            200 => match std::str::from_utf8(answer.body).map(UserProfile::parse) {
                Ok(Ok(profile)) => {
                    self.known.etag = answer.etag.map(str::to_owned);
                    self.take_profile(now, profile);
                }
                Ok(Err(problem)) => self.no_profile(Some(200), problem.to_string()),
                Err(problem) => self.no_profile(Some(200), problem.to_string()),
            },
            304 if self.known.profile.is_some() => self.profile_is_there(now, true),
            // The token has ended, or its keys have: once more with a new one.
            401 if !has_new_token => self.log_in_for_profile(now, true),
            status => self.no_profile(Some(status), words()),
        }
    }

    fn take_profile(&mut self, now: Instant, profile: UserProfile) {
        if profile.mcptt_id != self.config.home.mcptt_id {
            return self.no_profile(Some(200), format!("it is the profile of {}", profile.mcptt_id));
        }
        self.known.profile = Some(profile);
        // What was refused by the old connectivity information may be granted by the new one.
        self.barred.clear();
        self.profile_is_there(now, false);
    }

    fn profile_is_there(&mut self, now: Instant, is_unchanged: bool) {
        self.known.obtaining = None;
        let partners = self.known.profile.iter().flat_map(|own| &own.partners).map(|own| own.id.clone()).collect();
        self.event(MigrationEvent::Profile { partners, is_unchanged });
        self.decide(now);
    }

    pub(super) fn no_profile(&mut self, status: Option<u16>, why: String) {
        self.known.obtaining = None;
        self.event(MigrationEvent::NoProfile { status, why });
    }

    /// Whether a command can be followed that wants to go there.
    pub(super) fn may_go(&self, to: &McSystem) -> Result<(), CommandRefusal> {
        if let McSystem::Partner(id) = to {
            let profile = self.known.profile.as_ref().ok_or(CommandRefusal::NoProfile)?;
            if !profile.is_enabled {
                return Err(CommandRefusal::ProfileDisabled);
            }
            profile.partner(id).ok_or_else(|| CommandRefusal::UnknownPartner(id.clone()))?;
        }
        if self.hears(to) { Ok(()) } else { Err(CommandRefusal::NotHeard(to.clone())) }
    }

    pub(super) fn command(&mut self, now: Instant, command: MigrationCommand) {
        match command {
            MigrationCommand::Obtain => self.obtain(now),
            MigrationCommand::Migrate(to) => match self.may_go(&to).and_then(|()| self.is_new_place(&to)) {
                Ok(()) => {
                    self.barred.remove(&to);
                    self.begin(now, to, false);
                }
                Err(why) => self.event(MigrationEvent::Refused(why)),
            },
        }
    }
}
