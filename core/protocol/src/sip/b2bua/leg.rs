//! One side of a bridged call.

use crate::sip::{Dialog, DialogId, DialogState, NextHop, Reliable, ReliableReceiver, Request, Response};

#[derive(Debug, Default)]
pub(super) struct Leg {
    pub(super) dialog: Option<Dialog>,
    /// The newest ACK that was sent here.
    pub(super) last_ack: Option<(Request, NextHop)>,
    /// CSeq numbers of INVITEs: on the other side, and here. The newest last.
    invites: Vec<(u32, u32)>,
    reliable: ReliableReceiver,
}

impl Leg {
    pub(super) fn of(dialog: Dialog) -> Self {
        Self { dialog: Some(dialog), ..Self::default() }
    }

    /// The callee's answer makes, moves or confirms its dialog; true: it repeats a 2xx.
    pub(super) fn answer(&mut self, dialog: Dialog, response: &Response) -> bool {
        let Some(own) = self.dialog.as_mut().filter(|own| own.id == dialog.id || own.state == DialogState::Confirmed)
        else {
            // Another fork rings: the newest one is the one to talk to until one accepts.
            self.dialog = Some(dialog);
            self.reliable = ReliableReceiver::default();
            return false;
        };
        let was_confirmed = own.state == DialogState::Confirmed;
        if own.id == dialog.id && !was_confirmed {
            // What it cannot read, it does not confirm with.
            let _confirmed = own.confirm(response);
        }
        was_confirmed
    }

    /// A fork has accepted, and it is not this one.
    pub(super) fn is_confirmed_as_other(&self, id: &DialogId) -> bool {
        self.dialog.as_ref().is_some_and(|own| own.state == DialogState::Confirmed && own.id != *id)
    }

    /// A reliable provisional response that was passed on, or that comes before its time.
    pub(super) fn has_seen(&mut self, response: &Response) -> bool {
        let rseq = response.headers.get("RSeq").and_then(|rseq| rseq.parse().ok());
        rseq.is_some_and(|rseq| self.reliable.receive(rseq) != Reliable::New)
    }

    pub(super) fn remember_invite(&mut self, there: u32, here: u32) {
        if self.invites.len() == KEPT_INVITES {
            self.invites.remove(0);
        }
        self.invites.push((there, here));
    }

    /// The CSeq number here of the INVITE with this one on the other side.
    pub(super) fn invite_seq(&self, there: u32) -> Option<u32> {
        self.invites.iter().rev().find(|(other, _)| *other == there).map(|(_, here)| *here)
    }
}

/// Only the newest INVITE of a dialog can still want an ACK; a few more do no harm.
const KEPT_INVITES: usize = 8;
