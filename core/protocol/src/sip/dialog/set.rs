//! The dialogs of one INVITE: forking proxies make one for every UAS that answers (RFC 3261 clauses 12.1.2, 13.2.2.4).

use super::{Dialog, DialogError, DialogId, DialogState};
use crate::sip::{Request, Response};

/// Early and confirmed dialogs that came of one request of ours.
#[derive(Clone, Debug)]
pub struct DialogSet {
    request: Request,
    dialogs: Vec<Dialog>,
    /// A server beyond this many forks is not believed.
    most: usize,
}

/// What a response was to a set.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Taken {
    /// It made this dialog.
    New(usize),
    /// It belongs to this dialog, and confirmed it if `true`.
    Known(usize, bool),
}

impl DialogSet {
    /// No dialogs yet of `request`.
    pub const fn new(request: Request) -> Self {
        Self { request, dialogs: Vec::new(), most: MOST_FORKS }
    }

    /// A provisional response above 100 or a 2xx to the request.
    pub fn receive(&mut self, response: &Response) -> Result<Taken, DialogError> {
        let id = Dialog::id_of_response(response);
        if let Some(at) = self.dialogs.iter().position(|dialog| Some(&dialog.id) == id.as_ref()) {
            let dialog = &mut self.dialogs[at];
            let was_early = dialog.state == DialogState::Early;
            dialog.confirm(response)?;
            return Ok(Taken::Known(at, was_early && dialog.state == DialogState::Confirmed));
        }
        if self.dialogs.len() >= self.most {
            return Err(DialogError::Other);
        }
        self.dialogs.push(Dialog::uac(&self.request, response)?);
        Ok(Taken::New(self.dialogs.len() - 1))
    }

    /// A final response that is no success ends all early dialogs (clause 12.3).
    pub fn end_early(&mut self) {
        self.dialogs.retain(|dialog| dialog.state == DialogState::Confirmed);
    }

    /// All of them, in the order of their first responses.
    pub fn dialogs(&self) -> &[Dialog] {
        &self.dialogs
    }

    /// The dialog of this name.
    pub fn find(&mut self, id: &DialogId) -> Option<&mut Dialog> {
        self.dialogs.iter_mut().find(|dialog| dialog.id == *id)
    }

    /// The request that they came of.
    pub const fn request(&self) -> &Request {
        &self.request
    }
}

/// More early dialogs of one INVITE than this are dropped.
const MOST_FORKS: usize = 64;
