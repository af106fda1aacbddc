//! The end of registrations: TR 23.804 clauses 8.2.1 (by the UE), 8.2.2 (by the guard timer) and 8.8.1 (by the IMS), and
//! by the HLR (TS 29.002 clause 8.1.3: cancelLocation).

use protocol::Instant;
use protocol::map::{DialogueId, Imsi, InvokeFailure, Operation, OperationResult, PurgeMsArg};
use protocol::sip::ServerKey;
use protocol::xml::ContactEvent;

use super::users::User;
use super::{Asked, IpMessageGw, Job};

/// Why a registration ends, and who waits for it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Leaving {
    /// The UE, or its S-CSCF, has said so with this REGISTER.
    Asked(ServerKey),
    /// The guard timer has ended.
    Guard,
    /// The HLR has said so, in this dialogue.
    Cancelled(DialogueId, i8),
}

impl IpMessageGw {
    /// REGISTER with Expires 0, on ISC or on R2: the HLR is told first.
    pub(super) fn deregister(&mut self, now: Instant, key: ServerKey, imsi: &str, is_ims: bool) {
        match self.users.get(imsi) {
            Some(user) if user.access.is_ims() == is_ims => self.purge(now, imsi, Leaving::Asked(key)),
            // What is not registered need not be ended, and what he has in the other way stays.
            Some(_) | None => self.answer_register(now, key, None, 0),
        }
    }

    /// Registrations whose guard timer has ended: clause 8.2.2 step 1.
    pub(super) fn end_guarded(&mut self, now: Instant) {
        let utc_ms = self.shell.utc_ms(now);
        while let Some(imsi) = self.users.take_guarded(utc_ms) {
            self.shell.say(format!("{imsi} has not registered again"));
            self.purge(now, &imsi, Leaving::Guard);
        }
    }

    fn purge(&mut self, now: Instant, imsi: &str, leaving: Leaving) {
        let Ok(number) = Imsi::new(imsi) else { return self.leave(imsi, leaving, self.stamp(imsi)) };
        let sgsn_number = Some(self.titles.number.clone());
        let argument = PurgeMsArg { imsi: number, vlr_number: None, sgsn_number, extensions: Vec::new() };
        let asked = Asked::Purge { imsi: imsi.to_owned(), stamp: self.stamp(imsi), leaving };
        if self.ask_hlr(now, &Operation::PurgeMs(argument), asked).is_err() {
            self.leave(imsi, leaving, self.stamp(imsi));
        }
    }

    /// The HLR has forgotten that the user is here. When it has not, the user goes all the same: messages for him find nobody.
    pub(super) fn purged(
        &mut self,
        (imsi, stamp): (&str, u64),
        leaving: Leaving,
        result: Result<OperationResult, InvokeFailure>,
    ) {
        if let Err(failure) = result {
            self.shell.say(format!("purgeMS of {imsi}: {failure}"));
        }
        self.leave(imsi, leaving, stamp);
    }

    /// What tells a registration from those before and after it.
    pub(super) fn stamp(&self, imsi: &str) -> u64 {
        self.users.get(imsi).map_or(0, |user| user.guard_utc_ms)
    }

    /// Takes the mapping away; [`Self::left`] goes on when that is durable.
    pub(super) fn leave(&mut self, imsi: &str, leaving: Leaving, stamp: u64) {
        let ops = vec![User::delete(imsi)];
        self.leaving.insert(imsi.to_owned());
        self.shell.store(ops, Job::Left { imsi: imsi.to_owned(), stamp, leaving });
    }

    /// The mapping is gone.
    pub(super) fn left(&mut self, now: Instant, (imsi, stamp): (&str, u64), leaving: Leaving) {
        self.leaving.remove(imsi);
        // He may have come back while the HLR was told.
        let is_back = self.users.get(imsi).is_some_and(|user| user.guard_utc_ms != stamp);
        let user = match self.users.newest(imsi).filter(|_| is_back).map(User::put) {
            Some(put) => {
                self.shell.store(vec![put], Job::Nothing);
                None
            }
            None => self.users.remove(imsi),
        };
        match leaving {
            Leaving::Asked(key) => self.answer_register(now, key, None, 0),
            Leaving::Guard => {}
            Leaving::Cancelled(dialogue, invoke_id) => {
                self.answer_map(now, dialogue, invoke_id, &Ok(OperationResult::CancelLocation(Vec::new())));
            }
        }
        if let Some(user) = user {
            self.refuse_waiting(now, imsi);
            let event = match leaving {
                Leaving::Asked(_) => ContactEvent::Unregistered,
                Leaving::Guard => ContactEvent::Expired,
                Leaving::Cancelled(..) => ContactEvent::Deactivated,
            };
            self.tell_end(now, &user, event);
        }
    }
}
