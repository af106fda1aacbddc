//! PDUs out of a stream: command_length (SMPP 3.4 clause 3.2) says where each ends.

use super::command::{CommandId, CommandStatus};
use super::pdu::{HEADER, PduProblem};

/// Cuts a stream in PDUs. It keeps no more than a PDU, and what was pushed last.
#[derive(Clone, Debug)]
pub struct SmppFramer {
    max_pdu: usize,
    buffer: Vec<u8>,
    /// Where the next PDU begins.
    start: usize,
    is_lost: bool,
}

impl SmppFramer {
    /// A framer for PDUs of at most so many octets.
    pub const fn new(max_pdu: usize) -> Self {
        Self { max_pdu, buffer: Vec::new(), start: 0, is_lost: false }
    }

    /// Takes what came; nothing after an error.
    pub fn push(&mut self, octets: &[u8]) {
        if !self.is_lost {
            self.buffer.drain(..self.start);
            self.start = 0;
            self.buffer.extend(octets);
        }
    }

    /// The octets of the next whole PDU.
    ///
    /// # Errors
    /// A PDU of a length that none has: where the next one begins is not known any more.
    pub fn poll(&mut self) -> Result<Option<&[u8]>, PduProblem> {
        let rest = &self.buffer[self.start..];
        // All of the header, also of a PDU whose length is wrong: who has sent it is told which one it was.
        let Some(header) = rest.first_chunk::<HEADER>() else { return Ok(None) };
        let word = |at: usize| u32::from_be_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
        let octets = usize::try_from(word(0)).unwrap_or(usize::MAX);
        if octets < HEADER || octets > self.max_pdu {
            let problem = PduProblem {
                command_id: CommandId(word(4)),
                sequence_number: word(12),
                status: CommandStatus::INVALID_COMMAND_LENGTH,
            };
            self.is_lost = true;
            (self.buffer, self.start) = (Vec::new(), 0);
            return Err(problem);
        }
        if rest.len() < octets {
            return Ok(None);
        }
        let start = self.start;
        self.start += octets;
        Ok(Some(&self.buffer[start..self.start]))
    }
}
