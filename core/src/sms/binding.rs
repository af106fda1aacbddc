//! Who may bind to a message centre (SMPP 3.4 clauses 2.2 and 4.1): SM-SC and SMS-GMSC ask here.

use std::net::SocketAddr;
use std::time::Duration;

use protocol::smpp::{Bind, CommandStatus};
use protocol::{Entropy, Instant};

use crate::ims::TrustedPeer;
use crate::mc::HashedPassword;
use crate::mc::idms::Throttle;

/// Somebody who may bind.
#[derive(Clone, Copy, Debug)]
pub(super) struct Binder<'a> {
    pub(super) system_id: &'a str,
    pub(super) password: &'a HashedPassword,
    /// From where; none: from anywhere.
    pub(super) from: &'a [TrustedPeer],
}

impl Binder<'_> {
    fn is_at(&self, remote: SocketAddr) -> bool {
        self.from.is_empty() || self.from.iter().any(|peer| peer.is(remote))
    }
}

/// Why somebody may not bind.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum NoAccess {
    /// Wrong name or password: which of them is not told.
    Unknown,
    /// Wrong so often that nothing is looked at for a while.
    Guesses,
    /// Not from where it may, which is not told either.
    Place,
}

impl NoAccess {
    /// What the other side is told.
    pub(super) const fn status(self) -> CommandStatus {
        match self {
            Self::Unknown | Self::Place => CommandStatus::INVALID_PASSWORD,
            Self::Guesses => CommandStatus::BIND_FAILED,
        }
    }

    /// In notes.
    pub(super) const fn text(self) -> &'static str {
        match self {
            Self::Unknown => "wrong name or password",
            Self::Guesses => "too many guesses",
            Self::Place => "not from there",
        }
    }
}

/// Who has tried to bind.
#[derive(Debug)]
pub(super) struct Binding {
    /// Nobody's password: trying it costs what trying somebody's does. It is made when it is needed first.
    decoy: Option<HashedPassword>,
    entropy: Entropy,
    by_name: Throttle,
    by_address: Throttle,
}

impl Binding {
    pub(super) const fn new(entropy: Entropy) -> Self {
        let by_name = Throttle::new(FAILURES, WINDOW);
        let by_address = Throttle::new(FAILURES * 10, WINDOW);
        Self { decoy: None, entropy, by_name, by_address }
    }

    /// Those whom a bind proves, by their places among `all`. A name counts its failures only where it may bind from:
    /// whoever guesses elsewhere locks nobody out.
    pub(super) fn admit<'a>(
        &mut self,
        now: Instant,
        all: impl IntoIterator<Item = Binder<'a>>,
        remote: SocketAddr,
        bind: &Bind,
    ) -> Result<Vec<usize>, NoAccess> {
        let name = bind.system_id.to_string();
        let place = remote.ip().to_string();
        let named = all.into_iter().enumerate().filter(|(_, own)| own.system_id == name);
        let (here, elsewhere): (Vec<_>, Vec<_>) = named.partition(|(_, own)| own.is_at(remote));
        let is_elsewhere = here.is_empty() && !elsewhere.is_empty();
        if self.by_address.wait(now, &place).is_some() || !is_elsewhere && self.by_name.wait(now, &name).is_some() {
            return Err(NoAccess::Guesses);
        }
        let password = String::from_utf8_lossy(bind.password.expose().as_bytes()).into_owned();
        if here.is_empty() {
            self.try_nobody(&password);
        }
        let proven = here.iter().filter(|(_, own)| own.password.is_of(&password));
        let proven: Vec<usize> = proven.map(|(place, _)| *place).collect();
        if !proven.is_empty() {
            self.by_name.succeeded(&name);
            return Ok(proven);
        }
        self.by_address.failed(now, &place);
        if is_elsewhere {
            return Err(NoAccess::Place);
        }
        self.by_name.failed(now, &name);
        Err(NoAccess::Unknown)
    }

    fn try_nobody(&mut self, password: &str) {
        if self.decoy.is_none() {
            let nobody = self.entropy.token(8);
            self.decoy = HashedPassword::new(&nobody, &mut self.entropy).ok();
        }
        // Nobody is let in by it.
        let _ = self.decoy.as_ref().is_some_and(|decoy| decoy.is_of(password));
    }
}

/// Wrong passwords for a name in [`WINDOW`]; ten times as many from an address.
const FAILURES: u32 = 5;
const WINDOW: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_not_where_he_may_be_is_nobody() {
        let hash = |text: &str| HashedPassword::of_cost(text, 8, 1, &mut Entropy::from_seed([1; 32])).unwrap();
        let (right, other) = (hash("right"), hash("other"));
        let from: Vec<TrustedPeer> = vec!["10.0.0.1".parse().unwrap()];
        let binder = |password, from| Binder { system_id: "sc", password, from };
        let all = [binder(&right, &from[..]), binder(&other, &[]), binder(&right, &[])];
        let mut binding = Binding::new(Entropy::from_seed([2; 32]));
        let mut admit = |at: &str, all: &[Binder<'_>], name: &str, password: &str| {
            let bind = Bind::new(name, password).unwrap();
            binding.admit(Instant::ZERO, all.iter().copied(), at.parse().unwrap(), &bind)
        };
        let (here, there) = ("10.0.0.1:5000", "10.0.0.2:5000");
        assert_eq!(admit(here, &all, "sc", "right"), Ok(vec![0, 2]));
        assert_eq!(admit(there, &all, "sc", "right"), Ok(vec![2]));
        assert_eq!(admit(there, &all, "sc", "wrong"), Err(NoAccess::Unknown));
        assert_eq!(admit(there, &all, "nobody", "right"), Err(NoAccess::Unknown));
        for _ in 0..9 {
            assert_eq!(admit(there, &all[..1], "sc", "right"), Err(NoAccess::Place));
        }
        assert_eq!(admit(here, &all[..1], "sc", "right"), Ok(vec![0]));
        for _ in 0..5 {
            assert_eq!(admit(here, &all, "sc", "wrong"), Err(NoAccess::Unknown));
        }
        assert_eq!(admit(here, &all, "sc", "right"), Err(NoAccess::Guesses));
    }
}
