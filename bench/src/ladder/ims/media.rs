//! MSRP (RFC 4975) and RTP (RFC 3550) in ladders: whether a message is the one that a step waits for, and the display filter
//! that finds it.

use protocol::msrp::{Continuation, MsrpFramer, MsrpHead, MsrpItem, MsrpMethod, MsrpStart};
use protocol::rtp::{RtcpPacket, RtpPacket, parse_rtcp};
use protocol::{Joint, TapEvent};

use super::find::{Bound, escape};

/// What must be seen of MSRP.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Msrp {
    /// Which message.
    pub is: MsrpIs,
    /// Name of its transaction: the first step with the name says which transaction identifier that is.
    pub transaction: &'static str,
}

/// A request or a response.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MsrpIs {
    /// SEND without a body.
    Opening,
    /// SEND with a piece of a message; all of a ladder are of the same message.
    Chunk {
        /// Nothing comes after it.
        is_last: bool,
    },
    /// REPORT on the message, with this status.
    Report(u16),
    /// Response.
    Response(u16),
}

/// What must be seen of RTP and RTCP.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Rtp {
    /// A packet of audio: its source has this name from here on.
    Said(&'static str),
    /// A packet that is mixed of all these sources, and not of this one.
    Heard {
        /// Who is heard.
        of: &'static [&'static str],
        /// Who is not.
        without: &'static str,
    },
    /// RTCP BYE.
    Bye,
}

/// A message of Mb as far as steps ask.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum MediaSeen {
    Msrp { head: Box<MsrpHead>, has_body: bool, end: Continuation },
    Rtp(Box<RtpPacket>),
    Rtcp(Vec<RtcpPacket>),
}

/// Name under which the Message-ID of the message is kept.
const MESSAGE_ID: &str = "Message-ID";

impl MediaSeen {
    /// None: neither.
    pub(crate) fn of(event: &TapEvent) -> Option<Self> {
        if event.joint != Joint::Mb {
            return None;
        }
        if !event.channel.starts_with("udp ") {
            return Self::of_stream(&event.bytes);
        }
        match event.bytes.get(1) {
            Some(200..=204) => parse_rtcp(&event.bytes).ok().map(Self::Rtcp),
            _ => RtpPacket::parse(&event.bytes).ok().map(|packet| Self::Rtp(Box::new(packet))),
        }
    }

    /// Ends give whole messages to the stream.
    fn of_stream(bytes: &[u8]) -> Option<Self> {
        let mut framer = MsrpFramer::new();
        framer.push(bytes);
        let MsrpItem::Head(head) = framer.poll().ok()?? else { return None };
        let (head, mut has_body) = (Box::new(head), false);
        loop {
            match framer.poll().ok()?? {
                MsrpItem::Body(piece) => has_body |= !piece.is_empty(),
                MsrpItem::End(end) => return Some(Self::Msrp { head, has_body, end }),
                MsrpItem::Head(_) => return None,
            }
        }
    }
}

impl Msrp {
    /// What the message teaches; none when it is another one.
    pub(crate) fn sees(&self, seen: &MediaSeen, bound: &Bound) -> Option<Vec<(String, String)>> {
        let MediaSeen::Msrp { head, has_body, end } = seen else { return None };
        let is_send = head.start == MsrpStart::Request(MsrpMethod::Send);
        let is_it = match self.is {
            MsrpIs::Opening => is_send && !has_body,
            MsrpIs::Chunk { is_last } => is_send && *has_body && is_last == (*end == Continuation::End),
            MsrpIs::Report(code) => {
                head.start == MsrpStart::Request(MsrpMethod::Report)
                    && head.status().is_some_and(|status| status.code == code)
            }
            MsrpIs::Response(wanted) => matches!(head.start, MsrpStart::Response { status, .. } if status == wanted),
        };
        let of_transaction = bound.get(&self.bound()).is_none_or(|known| *known == head.transaction);
        let of_message = !self.is_of_message()
            || bound.get(MESSAGE_ID).is_none_or(|known| head.message_id().is_some_and(|own| own == known));
        if !is_it || !of_transaction || !of_message {
            return None;
        }
        let mut learned = vec![(self.bound(), head.transaction.clone())];
        if self.is_of_message() {
            learned.push((MESSAGE_ID.to_owned(), head.message_id()?.to_owned()));
        }
        Some(learned)
    }

    const fn is_of_message(&self) -> bool {
        matches!(self.is, MsrpIs::Chunk { .. } | MsrpIs::Report(_))
    }

    fn bound(&self) -> String {
        format!("MSRP {}", self.transaction)
    }

    /// The display filter.
    pub(crate) fn filter(&self, bound: &Bound) -> String {
        let mut filter = match self.is {
            MsrpIs::Opening => "msrp.method == \"SEND\" && !msrp.content.type".to_owned(),
            MsrpIs::Chunk { is_last } => {
                let flag = if is_last { "$" } else { "+" };
                format!("msrp.method == \"SEND\" && msrp.content.type && msrp.cnt.flg == \"{flag}\"")
            }
            MsrpIs::Report(status) => {
                format!("msrp.method == \"REPORT\" && msrp.status contains \"000 {status:03}\"")
            }
            MsrpIs::Response(status) => format!("msrp.status.code == {status}"),
        };
        if let Some(transaction) = bound.get(&self.bound()) {
            filter += &format!(" && msrp.transaction.id == \"{}\"", escape(transaction));
        }
        if let Some(message) = bound.get(MESSAGE_ID).filter(|_| self.is_of_message()) {
            filter += &format!(" && msrp.messageid == \"{}\"", escape(message));
        }
        filter
    }
}

impl Rtp {
    /// What the packet teaches; none when it is another one.
    pub(crate) fn sees(&self, seen: &MediaSeen, bound: &Bound) -> Option<Vec<(String, String)>> {
        let source = |name: &str| bound.get(&Self::bound(name)).and_then(|text| text.parse::<u32>().ok());
        match (self, seen) {
            (Self::Said(name), MediaSeen::Rtp(packet)) => {
                let is_own = source(name).is_none_or(|known| known == packet.ssrc);
                is_own.then(|| vec![(Self::bound(name), packet.ssrc.to_string())])
            }
            (Self::Heard { of, without }, MediaSeen::Rtp(packet)) => {
                let has = |name: &str| source(name).is_some_and(|ssrc| packet.csrc.contains(&ssrc));
                (of.iter().all(|name| has(name)) && !has(without)).then(Vec::new)
            }
            (Self::Bye, MediaSeen::Rtcp(packets)) => {
                packets.iter().any(|packet| matches!(packet, RtcpPacket::Bye { .. })).then(Vec::new)
            }
            _ => None,
        }
    }

    fn bound(name: &str) -> String {
        format!("SSRC {name}")
    }

    /// The display filter.
    pub(crate) fn filter(&self, bound: &Bound) -> String {
        let source = |name: &str| bound.get(&Self::bound(name));
        match self {
            Self::Said(name) => match source(name) {
                Some(ssrc) => format!("rtp && rtp.ssrc == {ssrc}"),
                None => "rtp".to_owned(),
            },
            Self::Heard { of, without } => {
                let mut filter = format!("rtp.cc >= {}", of.len());
                for ssrc in of.iter().filter_map(|name| source(name)) {
                    filter += &format!(" && rtp.csrc.item == {ssrc}");
                }
                if let Some(ssrc) = source(without) {
                    filter += &format!(" && !(rtp.csrc.item == {ssrc})");
                }
                filter
            }
            Self::Bye => "rtcp.pt == 203".to_owned(),
        }
    }
}
