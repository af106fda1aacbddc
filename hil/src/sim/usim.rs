//! The USIM of a UE without a modem: it answers the challenges of AKA (TS 33.102 clause 6.3) as the card in a simulated
//! modem does.

use super::at::{SimCard, Uicc};
use crate::at::ts31102::{AkaAnswer, AkaError, Authenticate, AuthenticationFailure};

/// A USIM.
#[derive(Clone, Debug)]
pub struct SimUsim(Uicc);

impl SimUsim {
    /// With the keys and the sequence number of a card.
    pub fn new(card: &SimCard) -> Self {
        Self(Uicc::new(card))
    }

    /// It has accepted challenges elsewhere: its sequence numbers are higher by so much, and it answers the next challenge of who
    /// does not know with AUTS (TS 33.102 clause 6.3.3).
    pub fn go_ahead(&mut self, by: u64) {
        self.0.go_ahead(by);
    }

    /// What it answers to a challenge.
    ///
    /// # Errors
    /// The challenge is not of its network.
    pub fn authenticate(&mut self, challenge: &Authenticate) -> Result<AkaAnswer, AuthenticationFailure> {
        AkaAnswer::parse(&self.0.command(&challenge.apdu(), None)).map_err(|why| match why {
            AkaError::IncorrectMac => AuthenticationFailure::IncorrectMac,
            other => AuthenticationFailure::NoAnswer(other.to_string()),
        })
    }
}
