//! IEs that M2AP and M3AP have in common: TS 36.443 and TS 36.444 clause 9.3.5.

use std::net::IpAddr;

use super::macros::enumerated;
use super::pdu::Criticality;
use crate::aper::{Aper, AperError, Reader, Writer};
use crate::diameter::mbms::{Arp, Ecgi, MbmsServiceArea};
use crate::{Plmn, Tmgi};

/// ProtocolExtensionContainer: extensions by their ids.
#[derive(Debug, Default)]
pub(crate) struct Extensions<'a>(Vec<(u16, &'a [u8])>);

impl<'a> Extensions<'a> {
    /// Of a SEQUENCE that knows none: one that has to be known is an error.
    pub(crate) fn skip(r: &mut Reader<'a>, there: bool) -> Result<(), AperError> {
        Self::read(r, there, &[]).map(|_| ())
    }

    /// Of a SEQUENCE that knows some.
    pub(crate) fn read(r: &mut Reader<'a>, there: bool, known: &[u16]) -> Result<Self, AperError> {
        let mut read = Self::default();
        if !there {
            return Ok(read);
        }
        for _ in 0..r.integer("iE-Extensions", 1, 65_535)? {
            let id = r.integer("id", 0, 65_535)? as u16;
            let criticality = Criticality::read(r)?;
            let octets = r.string()?;
            if known.contains(&id) {
                read.0.push((id, octets));
            } else if criticality == Criticality::Reject {
                return Err(AperError::Extension(id));
            }
        }
        Ok(read)
    }

    /// The value of one of them.
    pub(crate) fn value<T>(
        &self,
        id: u16,
        read: impl FnOnce(&mut Reader<'a>) -> Result<T, AperError>,
    ) -> Result<Option<T>, AperError> {
        let octets = self.0.iter().find(|(found, _)| *found == id).map(|(_, octets)| *octets);
        octets.map(|octets| read(&mut Reader::new(octets))).transpose()
    }

    /// Writes those that are there, one at least.
    pub(crate) fn write(w: &mut Writer, extensions: &[(u16, Criticality, Vec<u8>)]) -> Result<(), AperError> {
        w.integer("iE-Extensions", extensions.len() as u64, 1, 65_535)?;
        for (id, criticality, octets) in extensions {
            w.integer("id", (*id).into(), 0, 65_535)?;
            criticality.write(w)?;
            w.string(octets)?;
        }
        Ok(())
    }
}

/// PLMN Identity.
impl Aper for Plmn {
    fn write(&self, w: &mut Writer) -> Result<(), AperError> {
        w.fixed(&self.to_octets());
        Ok(())
    }

    fn read(r: &mut Reader<'_>) -> Result<Self, AperError> {
        Self::from_octets(r.fixed()?).ok_or(AperError::Undefined("PLMN-Identity"))
    }
}

/// A TMGI, which has an extension marker in M2AP and none in M3AP.
pub(crate) fn write_tmgi(w: &mut Writer, tmgi: Tmgi, extensible: bool) -> Result<(), AperError> {
    w.preamble(extensible, &[false]);
    tmgi.plmn.write(w)?;
    w.fixed(&tmgi.service_id);
    Ok(())
}

/// Inverse of [`write_tmgi`].
pub(crate) fn read_tmgi(r: &mut Reader<'_>, extensible: bool) -> Result<Tmgi, AperError> {
    let (additions, [extensions]) = r.preamble(extensible)?;
    let plmn = Plmn::read(r)?;
    let service_id = r.fixed()?;
    Extensions::skip(r, extensions)?;
    r.skip_additions(additions)?;
    Ok(Tmgi { service_id, plmn })
}

/// TNL Information: where a session's user plane is on M1.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct TnlInformation {
    /// IP Multicast Address.
    pub group: IpAddr,
    /// IP Source Address.
    pub source: IpAddr,
    /// GTP DL TEID: the C-TEID.
    pub teid: u32,
}

fn write_address(w: &mut Writer, address: IpAddr, extensible: bool) -> Result<(), AperError> {
    if extensible {
        w.bit(false);
    }
    match address {
        IpAddr::V4(v4) => w.sized("IPAddress", &v4.octets(), 4, 16),
        IpAddr::V6(v6) => w.sized("IPAddress", &v6.octets(), 4, 16),
    }
}

fn read_address(r: &mut Reader<'_>, extensible: bool) -> Result<IpAddr, AperError> {
    let octets = if extensible && r.bit()? { r.string()? } else { r.sized("IPAddress", 4, 16)? };
    let v4 = <[u8; 4]>::try_from(octets).map(IpAddr::from);
    v4.or_else(|_| <[u8; 16]>::try_from(octets).map(IpAddr::from)).map_err(|_| AperError::Undefined("IPAddress"))
}

/// In M3AP the addresses have an extension marker, in M2AP they have none.
pub(crate) fn write_tnl(w: &mut Writer, tnl: &TnlInformation, extensible: bool) -> Result<(), AperError> {
    w.preamble(true, &[false]);
    write_address(w, tnl.group, extensible)?;
    write_address(w, tnl.source, extensible)?;
    w.fixed(&tnl.teid.to_be_bytes());
    Ok(())
}

/// Inverse of [`write_tnl`].
pub(crate) fn read_tnl(r: &mut Reader<'_>, extensible: bool) -> Result<TnlInformation, AperError> {
    let (additions, [extensions]) = r.preamble(true)?;
    let (group, source) = (read_address(r, extensible)?, read_address(r, extensible)?);
    let teid = u32::from_be_bytes(r.fixed()?);
    Extensions::skip(r, extensions)?;
    r.skip_additions(additions)?;
    Ok(TnlInformation { group, source, teid })
}

/// MBMS Service Area.
impl Aper for MbmsServiceArea {
    fn write(&self, w: &mut Writer) -> Result<(), AperError> {
        w.string(&self.to_octets())
    }

    fn read(r: &mut Reader<'_>) -> Result<Self, AperError> {
        Self::from_octets(r.string()?).ok_or(AperError::Undefined("MBMS-Service-Area"))
    }
}

/// MBMS Session Identity.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct SessionId(pub u8);

impl Aper for SessionId {
    fn write(&self, w: &mut Writer) -> Result<(), AperError> {
        w.fixed(&[self.0]);
        Ok(())
    }

    fn read(r: &mut Reader<'_>) -> Result<Self, AperError> {
        r.fixed().map(|[octet]| Self(octet))
    }
}

/// Allocation and Retention Priority.
impl Aper for Arp {
    fn write(&self, w: &mut Writer) -> Result<(), AperError> {
        w.preamble(false, &[false]);
        w.integer("priorityLevel", self.priority.into(), 0, 15)?;
        w.bit(self.may_preempt);
        w.bit(self.preemptable);
        Ok(())
    }

    fn read(r: &mut Reader<'_>) -> Result<Self, AperError> {
        let (_, [extensions]) = r.preamble(false)?;
        let priority = r.integer("priorityLevel", 0, 15)? as u8;
        let (may_preempt, preemptable) = (r.bit()?, r.bit()?);
        Extensions::skip(r, extensions)?;
        Ok(Self { priority, may_preempt, preemptable })
    }
}

/// GBR QoS Information: bit rates downlink, in bit/s.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct GbrQos {
    /// MBMS E-RAB Maximum Bit Rate Downlink.
    pub maximum: u64,
    /// MBMS E-RAB Guaranteed Bit Rate Downlink.
    pub guaranteed: u64,
}

/// The greatest Bit Rate.
const MAX_BIT_RATE: u64 = 10_000_000_000;

impl Aper for GbrQos {
    fn write(&self, w: &mut Writer) -> Result<(), AperError> {
        w.preamble(true, &[false]);
        w.integer("mBMS-E-RAB-MaximumBitrateDL", self.maximum, 0, MAX_BIT_RATE)?;
        w.integer("mBMS-E-RAB-GuaranteedBitrateDL", self.guaranteed, 0, MAX_BIT_RATE)
    }

    fn read(r: &mut Reader<'_>) -> Result<Self, AperError> {
        let (additions, [extensions]) = r.preamble(true)?;
        let maximum = r.integer("mBMS-E-RAB-MaximumBitrateDL", 0, MAX_BIT_RATE)?;
        let guaranteed = r.integer("mBMS-E-RAB-GuaranteedBitrateDL", 0, MAX_BIT_RATE)?;
        Extensions::skip(r, extensions)?;
        r.skip_additions(additions)?;
        Ok(Self { maximum, guaranteed })
    }
}

/// E-UTRAN CGI.
impl Aper for Ecgi {
    fn write(&self, w: &mut Writer) -> Result<(), AperError> {
        w.preamble(true, &[false]);
        self.plmn.write(w)?;
        w.bit_string("EUTRANCellIdentifier", self.cell.into(), 28)
    }

    fn read(r: &mut Reader<'_>) -> Result<Self, AperError> {
        let (additions, [extensions]) = r.preamble(true)?;
        let plmn = Plmn::read(r)?;
        let cell = r.bit_string(28)? as u32;
        Extensions::skip(r, extensions)?;
        r.skip_additions(additions)?;
        Ok(Self { plmn, cell })
    }
}

/// MCE Name or eNB Name: PrintableString of 1 to 150 characters, or of more by its extension marker.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Name(String);

impl Name {
    /// The text, when it has a character at least, at most [`Name::MOST`], and they are those of PrintableString.
    pub fn new(text: &str) -> Option<Self> {
        let printable = |b: u8| b.is_ascii_alphanumeric() || b" '()+,-./:=?".contains(&b);
        ((1..=Self::MOST).contains(&text.len()) && text.bytes().all(printable)).then(|| Self(text.to_owned()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Characters that a name has at most here.
    pub const MOST: usize = 1024;
    /// Characters of the root.
    const ROOT: usize = 150;
}

impl Aper for Name {
    fn write(&self, w: &mut Writer) -> Result<(), AperError> {
        w.bit(self.0.len() > Self::ROOT);
        if self.0.len() > Self::ROOT {
            return w.string(self.0.as_bytes());
        }
        w.sized("name", self.0.as_bytes(), 1, Self::ROOT as u64)
    }

    fn read(r: &mut Reader<'_>) -> Result<Self, AperError> {
        let octets = if r.bit()? { r.string()? } else { r.sized("name", 1, Self::ROOT as u64)? };
        let text = std::str::from_utf8(octets).ok().and_then(Self::new);
        text.ok_or(AperError::Undefined("name"))
    }
}

enumerated! {
    /// Time To Wait: before the setup is tried again.
    TimeToWait (6, ...) {
        /// 1 s.
        V1s = 0,
        /// 2 s.
        V2s = 1,
        /// 5 s.
        V5s = 2,
        /// 10 s.
        V10s = 3,
        /// 20 s.
        V20s = 4,
        /// 60 s.
        V60s = 5,
    }
}

impl TimeToWait {
    /// In seconds.
    pub const fn seconds(self) -> u64 {
        [1, 2, 5, 10, 20, 60][self as usize]
    }
}
