//! RTCP (RFC 3550 clause 6): sender and receiver reports, source description, BYE and APP; compound packets.

/// A packet of a compound one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RtcpPacket {
    /// SR (clause 6.4.1).
    SenderReport {
        /// Who reports.
        ssrc: u32,
        /// What it has sent.
        sent: SenderInfo,
        /// What it has received; at most 31.
        reports: Vec<ReceptionReport>,
    },
    /// RR (clause 6.4.2).
    ReceiverReport {
        /// Who reports.
        ssrc: u32,
        /// What it has received; at most 31.
        reports: Vec<ReceptionReport>,
    },
    /// SDES (clause 6.5): items of sources, as type and text; at most 31 sources.
    SourceDescription(Vec<(u32, SourceItems)>),
    /// BYE (clause 6.6).
    Bye {
        /// Who leaves; at most 31.
        sources: Vec<u32>,
        /// Why.
        reason: Option<Vec<u8>>,
    },
    /// APP (clause 6.7).
    App {
        /// 5 bits.
        subtype: u8,
        /// Who sends.
        ssrc: u32,
        /// Four letters.
        name: [u8; 4],
        /// Whole words.
        data: Vec<u8>,
    },
    /// Another type.
    Other {
        /// 5 bits.
        count: u8,
        /// Its type.
        packet_type: u8,
        /// What follows the header, whole words.
        body: Vec<u8>,
    },
}

/// Items of a source, as type and text (clause 6.5).
pub type SourceItems = Vec<(u8, Vec<u8>)>;

/// What a sender has sent (clause 6.4.1).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct SenderInfo {
    /// When it says so: seconds since 1900 and their fraction.
    pub ntp: u64,
    /// The same instant as an RTP timestamp.
    pub timestamp: u32,
    /// Packets.
    pub packets: u32,
    /// Octets of payload.
    pub octets: u32,
}

/// What has been received of a source (clause 6.4.1).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ReceptionReport {
    /// The source.
    pub ssrc: u32,
    /// Lost since the report before, of 256.
    pub fraction_lost: u8,
    /// Lost since the beginning; 24 bits with sign.
    pub lost: i32,
    /// Highest sequence number with its cycles.
    pub highest: u32,
    /// Interarrival jitter in timestamp units.
    pub jitter: u32,
    /// Middle of the NTP timestamp of its last SR.
    pub last_sr: u32,
    /// Since then, in 1/65536 s.
    pub delay: u32,
}

/// The octets are no compound RTCP packet.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum RtcpProblem {
    /// Another version than 2.
    #[error("RTCP: version {0} is not 2")]
    Version(u8),
    /// Fewer octets than a header says.
    #[error("RTCP: a packet leaves the {0} octets that there are")]
    Truncated(usize),
    /// A part of a packet leaves it, or padding that cannot be.
    #[error("RTCP: a packet of type {0} does not hold what it says")]
    Content(u8),
}

impl RtcpPacket {
    /// SDES with the canonical name of a source (clause 6.5.1).
    pub fn cname(ssrc: u32, name: &str) -> Self {
        Self::SourceDescription(vec![(ssrc, vec![(ITEM_CNAME, name.as_bytes().to_vec())])])
    }

    fn parse(count: u8, packet_type: u8, body: &[u8]) -> Option<Self> {
        let mut body = Scan(body);
        Some(match packet_type {
            SR => Self::SenderReport {
                ssrc: body.word()?,
                sent: SenderInfo {
                    ntp: u64::from(body.word()?) << 32 | u64::from(body.word()?),
                    timestamp: body.word()?,
                    packets: body.word()?,
                    octets: body.word()?,
                },
                reports: body.reports(count)?,
            },
            RR => Self::ReceiverReport { ssrc: body.word()?, reports: body.reports(count)? },
            SDES => Self::SourceDescription((0..count).map(|_| body.chunk()).collect::<Option<_>>()?),
            BYE => {
                let sources = (0..count).map(|_| body.word()).collect::<Option<_>>()?;
                let reason = if body.0.is_empty() { None } else { Some(body.text()?) };
                Self::Bye { sources, reason }
            }
            APP => {
                let ssrc = body.word()?;
                Self::App { subtype: count, ssrc, name: body.word()?.to_be_bytes(), data: body.0.to_vec() }
            }
            _ => Self::Other { count, packet_type, body: body.0.to_vec() },
        })
    }

    /// Count, type and body.
    fn write(&self) -> (u8, u8, Vec<u8>) {
        let mut body = Vec::new();
        let mut word = |value: u32| body.extend(value.to_be_bytes());
        match self {
            Self::SenderReport { ssrc, sent, reports } => {
                word(*ssrc);
                word((sent.ntp >> 32) as u32);
                word(sent.ntp as u32);
                [sent.timestamp, sent.packets, sent.octets].into_iter().for_each(word);
                (write_reports(reports, &mut body), SR, body)
            }
            Self::ReceiverReport { ssrc, reports } => {
                word(*ssrc);
                (write_reports(reports, &mut body), RR, body)
            }
            Self::SourceDescription(chunks) => {
                let chunks = &chunks[..chunks.len().min(MOST)];
                for (ssrc, items) in chunks {
                    body.extend(ssrc.to_be_bytes());
                    for (item, text) in items.iter().filter(|(item, _)| *item != 0) {
                        body.push(*item);
                        write_text(text, &mut body);
                    }
                    // At least one octet ends the list.
                    body.resize(body.len() / 4 * 4 + 4, 0);
                }
                (chunks.len() as u8, SDES, body)
            }
            Self::Bye { sources, reason } => {
                let sources = &sources[..sources.len().min(MOST)];
                sources.iter().copied().for_each(word);
                if let Some(reason) = reason {
                    write_text(reason, &mut body);
                    body.resize(body.len().next_multiple_of(4), 0);
                }
                (sources.len() as u8, BYE, body)
            }
            Self::App { subtype, ssrc, name, data } => {
                word(*ssrc);
                body.extend(name);
                body.extend(&data[..data.len() / 4 * 4]);
                (subtype & COUNT, APP, body)
            }
            Self::Other { count, packet_type, body } => {
                (count & COUNT, *packet_type, body[..body.len() / 4 * 4].to_vec())
            }
        }
    }
}

/// Reads a compound packet. At its end, octets that are too few for a header are refused.
pub fn parse_rtcp(octets: &[u8]) -> Result<Vec<RtcpPacket>, RtcpProblem> {
    let mut packets = Vec::new();
    let mut rest = octets;
    while let Some((head, tail)) = rest.split_first_chunk::<4>() {
        if head[0] >> 6 != super::VERSION {
            return Err(RtcpProblem::Version(head[0] >> 6));
        }
        let words = usize::from(u16::from_be_bytes([head[2], head[3]]));
        let truncated = RtcpProblem::Truncated(octets.len());
        let (mut body, tail) = tail.split_at_checked(4 * words).ok_or(truncated)?;
        let wrong = RtcpProblem::Content(head[1]);
        if head[0] & super::PADDING != 0 {
            let count = usize::from(body.last().copied().unwrap_or_default());
            let length = body.len().checked_sub(count).filter(|_| count > 0 && count % 4 == 0);
            body = &body[..length.ok_or(wrong)?];
        }
        packets.push(RtcpPacket::parse(head[0] & COUNT, head[1], body).ok_or(wrong)?);
        rest = tail;
    }
    if rest.is_empty() && !packets.is_empty() { Ok(packets) } else { Err(RtcpProblem::Truncated(octets.len())) }
}

/// A compound packet. What is beyond a limit of its packet is left out.
pub fn rtcp_bytes(packets: &[RtcpPacket]) -> Vec<u8> {
    let mut octets = Vec::new();
    for packet in packets {
        let (count, packet_type, mut body) = packet.write();
        body.truncate(4 * usize::from(u16::MAX));
        octets.extend([super::VERSION << 6 | count, packet_type]);
        octets.extend(((body.len() / 4) as u16).to_be_bytes());
        octets.extend(body);
    }
    octets
}

struct Scan<'a>(&'a [u8]);

impl Scan<'_> {
    fn take(&mut self, count: usize) -> Option<&[u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn word(&mut self) -> Option<u32> {
        let octets = self.take(4)?;
        Some(u32::from_be_bytes([octets[0], octets[1], octets[2], octets[3]]))
    }

    fn text(&mut self) -> Option<Vec<u8>> {
        let length = self.take(1)?[0];
        self.take(length.into()).map(<[u8]>::to_vec)
    }

    fn chunk(&mut self) -> Option<(u32, SourceItems)> {
        let ssrc = self.word()?;
        let (before, mut items) = (self.0.len(), Vec::new());
        loop {
            match self.take(1)?[0] {
                0 => break,
                item => items.push((item, self.text()?)),
            }
        }
        let used = before - self.0.len();
        self.take(used.next_multiple_of(4) - used)?;
        Some((ssrc, items))
    }

    fn reports(&mut self, count: u8) -> Option<Vec<ReceptionReport>> {
        (0..count).map(|_| self.report()).collect()
    }

    fn report(&mut self) -> Option<ReceptionReport> {
        let (ssrc, lost) = (self.word()?, self.word()?);
        Some(ReceptionReport {
            ssrc,
            fraction_lost: (lost >> 24) as u8,
            // The sign is that of 24 bits.
            lost: (lost << 8) as i32 >> 8,
            highest: self.word()?,
            jitter: self.word()?,
            last_sr: self.word()?,
            delay: self.word()?,
        })
    }
}

fn write_reports(reports: &[ReceptionReport], body: &mut Vec<u8>) -> u8 {
    let reports = &reports[..reports.len().min(MOST)];
    for report in reports {
        let lost = report.lost.clamp(-(1 << 23), (1 << 23) - 1) as u32 & 0x00ff_ffff;
        let lost = u32::from(report.fraction_lost) << 24 | lost;
        for word in [report.ssrc, lost, report.highest, report.jitter, report.last_sr, report.delay] {
            body.extend(word.to_be_bytes());
        }
    }
    reports.len() as u8
}

fn write_text(text: &[u8], body: &mut Vec<u8>) {
    let text = &text[..text.len().min(255)];
    body.push(text.len() as u8);
    body.extend(text);
}

/// Clause 12.1.
const SR: u8 = 200;
const RR: u8 = 201;
const SDES: u8 = 202;
const BYE: u8 = 203;
const APP: u8 = 204;
/// Clause 12.2.
const ITEM_CNAME: u8 = 1;
const COUNT: u8 = 0x1f;
const MOST: usize = 31;
