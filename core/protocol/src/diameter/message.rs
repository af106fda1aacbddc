//! Diameter messages and AVPs on the wire (RFC 6733 clauses 3 and 4).

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::dictionary::{self, AvpDef, AvpKind};
use super::result;

/// Octets of the header (RFC 6733 clause 3).
pub const HEADER_OCTETS: usize = 20;
/// Octets of a message that are accepted: far above what Cx and Sh carry, far below what the 24 bits of length allow.
pub const MAX_MESSAGE_OCTETS: usize = 1 << 20;
/// Grouped AVPs in each other that are looked into.
const MAX_DEPTH: usize = 16;
const VERSION: u8 = 1;

/// Command flags (RFC 6733 clause 3): request, proxiable, error, potentially re-transmitted; the others are reserved.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Flags(pub u8);

impl Flags {
    /// The message is a request.
    pub const REQUEST: u8 = 0x80;
    /// It may be proxied, relayed or redirected.
    pub const PROXIABLE: u8 = 0x40;
    /// It is an answer with a protocol error.
    pub const ERROR: u8 = 0x20;
    /// It may be a duplicate, sent again after a failover.
    pub const RETRANSMITTED: u8 = 0x10;

    /// Whether all bits of `mask` are set.
    pub const fn has(self, mask: u8) -> bool {
        self.0 & mask == mask
    }

    /// With the bits of `mask`.
    #[must_use]
    pub const fn with(self, mask: u8) -> Self {
        Self(self.0 | mask)
    }

    /// Without the bits of `mask`.
    #[must_use]
    pub const fn without(self, mask: u8) -> Self {
        Self(self.0 & !mask)
    }
}

impl fmt::Debug for Flags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let letters = [(0x80, 'R'), (0x40, 'P'), (0x20, 'E'), (0x10, 'T')];
        let text: String = letters.iter().map(|&(bit, letter)| if self.has(bit) { letter } else { '-' }).collect();
        write!(f, "{text}")
    }
}

/// What is wrong with a message: the result code that an answer has to carry, and the AVP that is to blame.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{what} (Result-Code {code})")]
pub struct DiameterProblem {
    /// Value of Result-Code (RFC 6733 clause 7.1).
    pub code: u32,
    /// What goes into Failed-AVP (RFC 6733 clause 7.5).
    pub failed: Option<Avp>,
    /// For a human.
    pub what: String,
}

impl DiameterProblem {
    /// A problem without an AVP that is to blame.
    pub fn new(code: u32, what: impl Into<String>) -> Self {
        Self { code, failed: None, what: what.into() }
    }

    /// An AVP is missing.
    pub fn missing(def: &AvpDef) -> Self {
        // RFC 6733 clause 7.5: an example of the missing AVP, its value of the least length, zeroes. A text has something.
        let least = if def.kind == AvpKind::Text { 1 } else { def.kind.least_octets() };
        let failed = Avp::new(def, vec![0; least]);
        Self { code: result::MISSING_AVP, failed: Some(failed), what: format!("{} is missing", def.name) }
    }

    /// The value of an AVP is wrong.
    pub fn value(avp: &Avp, what: impl Into<String>) -> Self {
        Self { code: result::INVALID_AVP_VALUE, failed: Some(avp.clone()), what: what.into() }
    }

    fn length(avp: &Avp) -> Self {
        let what = format!("{avp:?} has a wrong length");
        Self { code: result::INVALID_AVP_LENGTH, failed: Some(avp.clone()), what }
    }
}

/// An attribute-value pair (RFC 6733 clause 4).
#[derive(Clone, PartialEq, Eq)]
pub struct Avp {
    /// AVP code.
    pub code: u32,
    /// Flags as they are on the wire but V, which follows `vendor`.
    pub flags: u8,
    /// Vendor-Id, when the V bit is set.
    pub vendor: Option<u32>,
    /// The data without padding.
    pub data: Vec<u8>,
}

impl Avp {
    /// V: a Vendor-Id is there.
    pub const VENDOR: u8 = 0x80;
    /// M: who does not know it has to refuse the message.
    pub const MANDATORY: u8 = 0x40;

    /// As its definition says, with this data.
    pub fn new(def: &AvpDef, data: impl Into<Vec<u8>>) -> Self {
        let flags = if def.mandatory { Self::MANDATORY } else { 0 };
        Self { code: def.code, flags, vendor: (def.vendor != 0).then_some(def.vendor), data: data.into() }
    }

    /// Of text.
    pub fn text(def: &AvpDef, text: &str) -> Self {
        Self::new(def, text.as_bytes())
    }

    /// Of Unsigned32 and Enumerated.
    pub fn u32(def: &AvpDef, value: u32) -> Self {
        Self::new(def, value.to_be_bytes())
    }

    /// Of Unsigned64 and Integer64.
    pub fn u64(def: &AvpDef, value: u64) -> Self {
        Self::new(def, value.to_be_bytes())
    }

    /// Of an address (RFC 6733 clause 4.3.1).
    pub fn address(def: &AvpDef, address: IpAddr) -> Self {
        let data = match address {
            IpAddr::V4(v4) => [&[0, 1][..], &v4.octets()].concat(),
            IpAddr::V6(v6) => [&[0, 2][..], &v6.octets()].concat(),
        };
        Self::new(def, data)
    }

    /// Of a group.
    pub fn group(def: &AvpDef, avps: &[Self]) -> Self {
        Self::new(def, emit_avps(avps))
    }

    /// Whether the M bit is set.
    pub const fn is_mandatory(&self) -> bool {
        self.flags & Self::MANDATORY != 0
    }

    /// Whether it is what `def` defines.
    pub fn is(&self, def: &AvpDef) -> bool {
        self.code == def.code && self.vendor.unwrap_or(0) == def.vendor
    }

    /// What the dictionary knows of it.
    pub fn definition(&self) -> Option<&'static AvpDef> {
        dictionary::avp(self.code, self.vendor.unwrap_or(0))
    }

    /// The data as text.
    pub fn as_text(&self) -> Result<&str, DiameterProblem> {
        std::str::from_utf8(&self.data).map_err(|_| DiameterProblem::value(self, format!("{self:?} is not UTF-8")))
    }

    /// The data as Unsigned32 or Enumerated.
    pub fn as_u32(&self) -> Result<u32, DiameterProblem> {
        let octets: [u8; 4] = self.data[..].try_into().map_err(|_| DiameterProblem::length(self))?;
        Ok(u32::from_be_bytes(octets))
    }

    /// The data as Unsigned64 or Integer64.
    pub fn as_u64(&self) -> Result<u64, DiameterProblem> {
        let octets: [u8; 8] = self.data[..].try_into().map_err(|_| DiameterProblem::length(self))?;
        Ok(u64::from_be_bytes(octets))
    }

    /// The data as an address; `Ok(None)` for families that are neither IPv4 nor IPv6.
    pub fn as_address(&self) -> Result<Option<IpAddr>, DiameterProblem> {
        match &self.data[..] {
            [0, 1, v4 @ ..] => <[u8; 4]>::try_from(v4)
                .map(|v4| Some(Ipv4Addr::from(v4).into()))
                .map_err(|_| DiameterProblem::length(self)),
            [0, 2, v6 @ ..] => <[u8; 16]>::try_from(v6)
                .map(|v6| Some(Ipv6Addr::from(v6).into()))
                .map_err(|_| DiameterProblem::length(self)),
            [_, _, ..] => Ok(None),
            _ => Err(DiameterProblem::length(self)),
        }
    }

    /// The AVPs of a group.
    pub fn as_group(&self) -> Result<Vec<Self>, DiameterProblem> {
        parse_avps(&self.data).map_err(|mut problem| {
            // RFC 6733 clause 7.5: Failed-AVP holds the whole hierarchy down to the one that fails; the group stands for it.
            problem.failed = Some(self.clone());
            problem
        })
    }

    fn emit(&self, out: &mut Vec<u8>) {
        let header = if self.vendor.is_some() { 12 } else { 8 };
        let flags = if self.vendor.is_some() { self.flags | Self::VENDOR } else { self.flags & !Self::VENDOR };
        out.extend(self.code.to_be_bytes());
        out.extend(((header + self.data.len()) as u32 & 0xff_ffff | u32::from(flags) << 24).to_be_bytes());
        if let Some(vendor) = self.vendor {
            out.extend(vendor.to_be_bytes());
        }
        out.extend(&self.data);
        out.resize(out.len().next_multiple_of(4), 0);
    }

    fn write(&self, f: &mut fmt::Formatter<'_>, depth: usize) -> fmt::Result {
        let definition = self.definition();
        match definition {
            Some(def) => f.write_str(def.name)?,
            None => write!(f, "AVP {}:{}", self.vendor.unwrap_or(0), self.code)?,
        }
        let Some(def) = definition else { return write!(f, "({} octets)", self.data.len()) };
        if def.secret {
            return f.write_str("=…");
        }
        match def.kind {
            AvpKind::Grouped if depth < MAX_DEPTH => {
                let Ok(avps) = parse_avps(&self.data) else { return f.write_str("{unreadable}") };
                f.write_str("{")?;
                for (i, avp) in avps.iter().enumerate() {
                    if i > 0 {
                        f.write_str(", ")?;
                    }
                    avp.write(f, depth + 1)?;
                }
                f.write_str("}")
            }
            AvpKind::Unsigned32 if self.data.len() == 4 => {
                write!(f, "={}", self.data.iter().fold(0u32, |n, o| n << 8 | u32::from(*o)))
            }
            AvpKind::Text if self.data.len() <= 200 => write!(f, "={:?}", String::from_utf8_lossy(&self.data)),
            _ => write!(f, "({} octets)", self.data.len()),
        }
    }
}

/// Names it; values of secret AVPs stay out.
impl fmt::Debug for Avp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, 0)
    }
}

/// A message (RFC 6733 clause 3).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Message {
    /// Command flags.
    pub flags: Flags,
    /// Command code.
    pub command: u32,
    /// Application-Id.
    pub application: u32,
    /// Joins an answer to its request on one connection.
    pub hop_by_hop: u32,
    /// With Origin-Host, what is the same in duplicates.
    pub end_to_end: u32,
    /// In the order of the wire.
    pub avps: Vec<Avp>,
}

impl Message {
    /// A request without identifiers: the endpoint gives them.
    pub fn request(command: u32, application: u32, avps: Vec<Avp>) -> Self {
        let proxiable = dictionary::command(command).is_none_or(|c| c.proxiable);
        let flags = Flags(Flags::REQUEST).with(if proxiable { Flags::PROXIABLE } else { 0 });
        Self { flags, command, application, hop_by_hop: 0, end_to_end: 0, avps }
    }

    /// An answer to `request` (RFC 6733 clause 6.2): its identifiers, Session-Id first, Proxy-Info last.
    pub fn answer(request: &Self, avps: Vec<Avp>) -> Self {
        let of = |def: &'static AvpDef| request.avps.iter().filter(|a| a.is(def)).cloned();
        let session = of(&dictionary::SESSION_ID).take(1);
        let rest = avps.into_iter().filter(|a| !a.is(&dictionary::SESSION_ID));
        Self {
            flags: Flags(request.flags.0 & Flags::PROXIABLE),
            command: request.command,
            application: request.application,
            hop_by_hop: request.hop_by_hop,
            end_to_end: request.end_to_end,
            avps: session.chain(rest).chain(of(&dictionary::PROXY_INFO)).collect(),
        }
    }

    /// Whether it is a request.
    pub const fn is_request(&self) -> bool {
        self.flags.has(Flags::REQUEST)
    }

    /// Name of the command as the standard has it, such as `MAR` or `MAA`.
    pub fn name(&self) -> String {
        match dictionary::command(self.command) {
            Some(command) => format!("{}{}", command.letters, if self.is_request() { 'R' } else { 'A' }),
            None => format!("command {} {}", self.command, if self.is_request() { "request" } else { "answer" }),
        }
    }

    /// The first AVP of a definition.
    pub fn get(&self, def: &AvpDef) -> Option<&Avp> {
        self.avps.iter().find(|a| a.is(def))
    }

    /// All AVPs of a definition.
    pub fn all<'a>(&'a self, def: &'a AvpDef) -> impl Iterator<Item = &'a Avp> {
        self.avps.iter().filter(move |a| a.is(def))
    }

    /// The text of the first AVP of a definition.
    pub fn text(&self, def: &AvpDef) -> Result<Option<&str>, DiameterProblem> {
        self.get(def).map(Avp::as_text).transpose()
    }

    /// The number in the first AVP of a definition.
    pub fn number(&self, def: &AvpDef) -> Result<Option<u32>, DiameterProblem> {
        self.get(def).map(Avp::as_u32).transpose()
    }

    /// The text of an AVP that has to be there.
    pub fn need_text(&self, def: &AvpDef) -> Result<&str, DiameterProblem> {
        self.text(def)?.ok_or_else(|| DiameterProblem::missing(def))
    }

    /// The number in an AVP that has to be there.
    pub fn need_number(&self, def: &AvpDef) -> Result<u32, DiameterProblem> {
        self.number(def)?.ok_or_else(|| DiameterProblem::missing(def))
    }

    /// Octets of the wire.
    pub fn emit(&self) -> Vec<u8> {
        let mut out = vec![0; HEADER_OCTETS];
        self.avps.iter().for_each(|a| a.emit(&mut out));
        let length = out.len() as u32 & 0xff_ffff;
        out[..4].copy_from_slice(&(u32::from(VERSION) << 24 | length).to_be_bytes());
        out[4..8].copy_from_slice(&(u32::from(self.flags.0) << 24 | self.command & 0xff_ffff).to_be_bytes());
        out[8..12].copy_from_slice(&self.application.to_be_bytes());
        out[12..16].copy_from_slice(&self.hop_by_hop.to_be_bytes());
        out[16..20].copy_from_slice(&self.end_to_end.to_be_bytes());
        out
    }

    /// Reads one whole message.
    pub fn parse(octets: &[u8]) -> Result<Self, DiameterProblem> {
        let mut message = Self::parse_header(octets)?;
        message.avps = parse_avps(&octets[HEADER_OCTETS..])?;
        Ok(message)
    }

    /// Reads the header alone: what an answer needs when the rest is unreadable.
    pub fn parse_header(octets: &[u8]) -> Result<Self, DiameterProblem> {
        let wrong = |what: &str| DiameterProblem::new(result::INVALID_MESSAGE_LENGTH, what);
        let header = octets.first_chunk::<HEADER_OCTETS>().ok_or_else(|| wrong("shorter than a header"))?;
        let word = |i: usize| u32::from_be_bytes([header[i], header[i + 1], header[i + 2], header[i + 3]]);
        let (version, length) = (header[0], word(0) & 0xff_ffff);
        if version != VERSION {
            let what = format!("version {version} is not {VERSION}");
            return Err(DiameterProblem::new(result::UNSUPPORTED_VERSION, what));
        }
        if length as usize != octets.len() || !length.is_multiple_of(4) {
            return Err(wrong("the length of the message is not what its header says"));
        }
        Ok(Self {
            flags: Flags(header[4]),
            command: word(4) & 0xff_ffff,
            application: word(8),
            hop_by_hop: word(12),
            end_to_end: word(16),
            avps: Vec::new(),
        })
    }
}

/// Octets of AVPs one after the other, each padded to 32 bits.
pub fn emit_avps(avps: &[Avp]) -> Vec<u8> {
    let mut out = Vec::new();
    avps.iter().for_each(|a| a.emit(&mut out));
    out
}

/// Reads AVPs one after the other (RFC 6733 clause 4.1).
pub fn parse_avps(mut octets: &[u8]) -> Result<Vec<Avp>, DiameterProblem> {
    let mut avps = Vec::new();
    while !octets.is_empty() {
        let (avp, taken) = parse_avp(octets)?;
        avps.push(avp);
        octets = octets.get(taken..).unwrap_or(&[]);
    }
    Ok(avps)
}

fn parse_avp(octets: &[u8]) -> Result<(Avp, usize), DiameterProblem> {
    let word = |i: usize| octets.get(i..i + 4).and_then(|w| w.try_into().ok()).map(u32::from_be_bytes);
    // RFC 6733 clause 7.1.5: Failed-AVP of a length that cannot be has the header, its data zeroes of the least length.
    let wrong = |code: u32, vendor: Option<u32>, flags: u8| {
        let least = dictionary::avp(code, vendor.unwrap_or(0)).map_or(0, |d| d.kind.least_octets());
        let failed = Avp { code, flags: flags & !Avp::VENDOR, vendor, data: vec![0; least] };
        let what = format!("the length of {failed:?} is beyond what holds it or below its header");
        DiameterProblem { code: result::INVALID_AVP_LENGTH, failed: Some(failed), what }
    };
    let (Some(code), Some(second)) = (word(0), word(4)) else {
        return Err(wrong(word(0).unwrap_or(0), None, 0));
    };
    let (flags, length) = ((second >> 24) as u8, (second & 0xff_ffff) as usize);
    let (vendor, header) =
        if flags & Avp::VENDOR == 0 { (None, 8) } else { (Some(word(8).ok_or_else(|| wrong(code, None, flags))?), 12) };
    let data = octets.get(header..length).ok_or_else(|| wrong(code, vendor, flags))?;
    Ok((Avp { code, flags: flags & !Avp::VENDOR, vendor, data: data.to_vec() }, length.next_multiple_of(4)))
}
