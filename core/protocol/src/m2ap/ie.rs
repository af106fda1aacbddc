//! IEs of M2AP that sessions and resets have: TS 36.443 clause 9.3.5.

use crate::Tmgi;
use crate::aper::{Aper, AperError, Codec, Reader, Writer};
use crate::mbms_ap::{Criticality, Extensions, Item, TnlInformation, numbers, read_ie, write_ie};
use crate::mbms_ap::{read_tmgi, read_tnl, write_tmgi, write_tnl};

numbers! {
    /// MCE MBMS M2AP ID.
    MceMbmsM2apId(u32) "MCE-MBMS-M2AP-ID" 0 to 16_777_215;
    /// eNB MBMS M2AP ID.
    EnbMbmsM2apId(u16) "ENB-MBMS-M2AP-ID" 0 to 65_535;
    /// MBSFN Area ID.
    MbsfnAreaId(u8) "MBSFN-Area-ID" 0 to 255;
}

/// TMGI and TNL Information as M2AP writes them: the one with an extension marker, the addresses of the other without.
#[derive(Debug)]
pub(super) struct InM2ap;

impl Codec<Tmgi> for InM2ap {
    fn write(value: &Tmgi, w: &mut Writer) -> Result<(), AperError> {
        write_tmgi(w, *value, true)
    }

    fn read(r: &mut Reader<'_>) -> Result<Tmgi, AperError> {
        read_tmgi(r, true)
    }
}

impl Codec<TnlInformation> for InM2ap {
    fn write(value: &TnlInformation, w: &mut Writer) -> Result<(), AperError> {
        write_tnl(w, value, false)
    }

    fn read(r: &mut Reader<'_>) -> Result<TnlInformation, AperError> {
        read_tnl(r, false)
    }
}

/// MBMS-Service-associated Logical M2-Connection Item.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct Connection {
    /// eNB MBMS M2AP ID.
    pub enb: Option<EnbMbmsM2apId>,
    /// MCE MBMS M2AP ID.
    pub mce: Option<MceMbmsM2apId>,
}

impl Aper for Connection {
    fn write(&self, w: &mut Writer) -> Result<(), AperError> {
        w.preamble(true, &[self.enb.is_some(), self.mce.is_some(), false]);
        self.enb.map_or(Ok(()), |id| id.write(w))?;
        self.mce.map_or(Ok(()), |id| id.write(w))
    }

    fn read(r: &mut Reader<'_>) -> Result<Self, AperError> {
        let (additions, [enb, mce, extensions]) = r.preamble(true)?;
        let enb = enb.then(|| EnbMbmsM2apId::read(r)).transpose()?;
        let mce = mce.then(|| MceMbmsM2apId::read(r)).transpose()?;
        Extensions::skip(r, extensions)?;
        r.skip_additions(additions)?;
        Ok(Self { enb, mce })
    }
}

/// id-MBMS-Service-associatedLogicalM2-ConnectionItem.
const CONNECTION: u16 = 28;

impl Item for Connection {
    const LIST: &'static str = "MBMS-Service-associatedLogicalM2-ConnectionList";
    const LEAST: u64 = 1;
    const MOST: u64 = 256;
    const IE: Option<(u16, Criticality)> = Some((CONNECTION, Criticality::Reject));
}

/// The list of a Reset Acknowledge, whose items may be ignored.
#[derive(Debug)]
pub(super) struct Acknowledged;

impl Codec<Vec<Connection>> for Acknowledged {
    fn write(value: &Vec<Connection>, w: &mut Writer) -> Result<(), AperError> {
        w.integer(Connection::LIST, value.len() as u64, Connection::LEAST, Connection::MOST)?;
        value.iter().try_for_each(|item| write_ie(w, CONNECTION, Criticality::Ignore, item))
    }

    fn read(r: &mut Reader<'_>) -> Result<Vec<Connection>, AperError> {
        let count = r.count(Connection::LIST, Connection::LEAST, Connection::MOST)?;
        (0..count).map(|_| read_ie(r, CONNECTION)).collect()
    }
}

/// Reset Type.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ResetType {
    /// M2 interface: all sessions.
    All,
    /// Part of M2 interface: these, one at least.
    Part(Vec<Connection>),
}

impl Aper for ResetType {
    fn write(&self, w: &mut Writer) -> Result<(), AperError> {
        w.choice("ResetType", u64::from(*self != Self::All), 2, true)?;
        match self {
            Self::All => w.choice("ResetAll", 0, 1, true),
            Self::Part(connections) => connections.write(w),
        }
    }

    fn read(r: &mut Reader<'_>) -> Result<Self, AperError> {
        match r.choice("ResetType", 2, true)? {
            0 => match r.choice("ResetAll", 1, true)? {
                0 => Ok(Self::All),
                _ => Err(AperError::Undefined("ResetAll")),
            },
            1 => Vec::read(r).map(Self::Part),
            _ => Err(AperError::Undefined("ResetType")),
        }
    }
}
