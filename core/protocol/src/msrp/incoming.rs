//! Messages on their way in: which octets of them have come (RFC 4975 clause 7.3.1).

use std::collections::BTreeMap;
use std::time::Duration;

use super::message::{ByteRange, Continuation, MsrpHead};
use super::ranges::Ranges;
use super::sdp::accepts;
use super::{MsrpUri, SessionOptions};
use crate::Instant;
use crate::mime::MediaType;

/// Messages of a session that are not complete.
#[derive(Debug, Default)]
pub(super) struct Incoming {
    messages: BTreeMap<String, Message>,
}

#[derive(Debug)]
struct Message {
    there: Ranges,
    /// Told by the last chunk.
    total: Option<u64>,
    until: Instant,
}

/// A chunk that is coming.
#[derive(Debug)]
pub(super) struct Chunk {
    pub(super) message: String,
    range: ByteRange,
    octets: u64,
}

/// What a complete message still needs.
#[derive(Clone, Debug)]
pub(super) struct Report {
    pub(super) to: Vec<MsrpUri>,
    pub(super) message: String,
    pub(super) total: u64,
    pub(super) wanted: bool,
}

impl Incoming {
    /// A chunk begins; the flag tells that the message does, too.
    pub(super) fn begin(
        &mut self,
        now: Instant,
        head: &MsrpHead,
        options: &SessionOptions,
    ) -> Result<(Chunk, bool), u16> {
        let message = head.message_id().ok_or(400_u16)?.to_owned();
        let range = head.byte_range().map_err(|_| 400_u16)?;
        let media = head.headers.get("Content-Type").map(MediaType::parse);
        if let Some(media) = media {
            let media = media.map_err(|_| 400_u16)?;
            if !accepts(&options.accept_types, &media.essence) {
                return Err(415);
            }
        }
        if range.total.unwrap_or(range.start - 1) > options.max_size {
            self.messages.remove(&message);
            return Err(413);
        }
        let is_new = !self.messages.contains_key(&message);
        if is_new && self.messages.len() >= MAX_MESSAGES {
            return Err(413);
        }
        let kept = self.messages.entry(message.clone()).or_insert_with(|| Message {
            there: Ranges::default(),
            total: None,
            until: now,
        });
        kept.until = now + IDLE;
        Ok((Chunk { message, range, octets: 0 }, is_new))
    }

    /// Octets of a chunk came: where they belong, counted from 0, or the status that ends it.
    pub(super) fn octets(&mut self, chunk: &mut Chunk, octets: u64, options: &SessionOptions) -> Result<u64, u16> {
        let offset = chunk.range.start - 1 + chunk.octets;
        chunk.octets += octets;
        let end = offset + octets;
        let told = chunk.range.end.or(chunk.range.total);
        let refused = if end > options.max_size {
            Some(413)
        } else if told.is_some_and(|told| end > told) {
            Some(400)
        } else {
            None
        };
        let Some(message) = self.messages.get_mut(&chunk.message) else { return Err(refused.unwrap_or(413)) };
        if refused.is_none() && message.there.add(offset, end) {
            return Ok(offset);
        }
        self.messages.remove(&chunk.message);
        Err(refused.unwrap_or(413))
    }

    /// A chunk has ended: the total when the message is complete.
    pub(super) fn end(&mut self, now: Instant, chunk: &Chunk, flag: Continuation) -> Option<u64> {
        let message = self.messages.get_mut(&chunk.message)?;
        message.until = now + IDLE;
        match flag {
            Continuation::Abort => {
                self.messages.remove(&chunk.message);
                return None;
            }
            Continuation::More => {}
            // An end that lies before what is there already is none.
            Continuation::End => message.total = Some((chunk.range.start - 1 + chunk.octets).max(message.there.end())),
        }
        let total = message.total.filter(|total| message.there.covers(*total))?;
        self.messages.remove(&chunk.message);
        Some(total)
    }

    /// Forgets messages of which nothing came for long.
    pub(super) fn late(&mut self, now: Instant) -> Vec<String> {
        let late: Vec<_> = self.messages.iter().filter(|(_, m)| m.until <= now).map(|(id, _)| id.clone()).collect();
        late.iter().for_each(|id| drop(self.messages.remove(id)));
        late
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.messages.values().map(|message| message.until).min()
    }

    /// All of them, to be told that they will not be complete.
    pub(super) fn give_up(&mut self) -> Vec<String> {
        std::mem::take(&mut self.messages).into_keys().collect()
    }
}

/// No time is told by the standard.
const IDLE: Duration = Duration::from_secs(120);
/// At a time in a session.
const MAX_MESSAGES: usize = 16;
