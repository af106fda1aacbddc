//! IEs of M3AP that M2AP does not have or has otherwise: TS 36.444 clause 9.3.5.

use crate::aper::{Aper, AperError, Codec, Reader, Writer};
use crate::diameter::mbms::{Arp, Ecgi, SessionDuration};
use crate::diameter::sgmb::NtpTime;
use crate::mbms_ap::{Criticality, Extensions, GbrQos, Item, TnlInformation, connection, enumerated, numbers};
use crate::mbms_ap::{read_tmgi, read_tnl, write_tmgi, write_tnl};
use crate::{Plmn, Tmgi};

numbers! {
    /// MME MBMS M3AP ID.
    MmeMbmsM3apId(u16) "MME-MBMS-M3AP-ID" 0 to 65_535;
    /// MCE MBMS M3AP ID.
    MceMbmsM3apId(u16) "MCE-MBMS-M3AP-ID" 0 to 65_535;
}

enumerated! {
    /// Re-establishment: the session start re-establishes a session.
    Reestablishment (1, ...) {
        /// true.
        True = 0,
    }
}

/// TMGI and TNL Information as M3AP writes them: the one without extension marker, the addresses of the other with it.
#[derive(Debug)]
pub(super) struct InM3ap;

impl Codec<Tmgi> for InM3ap {
    fn write(value: &Tmgi, w: &mut Writer) -> Result<(), AperError> {
        write_tmgi(w, *value, false)
    }

    fn read(r: &mut Reader<'_>) -> Result<Tmgi, AperError> {
        read_tmgi(r, false)
    }
}

impl Codec<TnlInformation> for InM3ap {
    fn write(value: &TnlInformation, w: &mut Writer) -> Result<(), AperError> {
        write_tnl(w, value, true)
    }

    fn read(r: &mut Reader<'_>) -> Result<TnlInformation, AperError> {
        read_tnl(r, true)
    }
}

/// MBMS Session Duration.
impl Aper for SessionDuration {
    fn write(&self, w: &mut Writer) -> Result<(), AperError> {
        w.fixed(&self.to_octets());
        Ok(())
    }

    fn read(r: &mut Reader<'_>) -> Result<Self, AperError> {
        r.fixed().map(Self::from_octets)
    }
}

/// Absolute Time of MBMS Data: 64 bits of NTP.
impl Aper for NtpTime {
    fn write(&self, w: &mut Writer) -> Result<(), AperError> {
        w.bit_string("Absolute-Time-ofMBMS-Data", self.0, 64)
    }

    fn read(r: &mut Reader<'_>) -> Result<Self, AperError> {
        r.bit_string(64).map(Self)
    }
}

/// Minimum Time to MBMS Data Transfer: so many seconds less one (TS 48.018 clause 11.3.92).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct MinimumTimeToDataTransfer(pub u8);

impl Aper for MinimumTimeToDataTransfer {
    fn write(&self, w: &mut Writer) -> Result<(), AperError> {
        w.fixed(&[self.0]);
        Ok(())
    }

    fn read(r: &mut Reader<'_>) -> Result<Self, AperError> {
        r.fixed().map(|[octet]| Self(octet))
    }
}

/// One service area identity of an MCE.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct ServiceAreaId(pub u16);

impl Aper for ServiceAreaId {
    fn write(&self, w: &mut Writer) -> Result<(), AperError> {
        w.fixed(&self.0.to_be_bytes());
        Ok(())
    }

    fn read(r: &mut Reader<'_>) -> Result<Self, AperError> {
        r.fixed().map(|octets| Self(u16::from_be_bytes(octets)))
    }
}

impl Item for ServiceAreaId {
    const LIST: &'static str = "MBMSServiceAreaList";
    const LEAST: u64 = 1;
    const MOST: u64 = 65_536;
}

/// Cells of an MBMS Cell List.
impl Item for Ecgi {
    const LIST: &'static str = "MBMS-Cell-List";
    const LEAST: u64 = 1;
    const MOST: u64 = 4096;
}

/// MBMS E-RAB QoS Parameters.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct M3QosParameters {
    /// QCI.
    pub qci: u8,
    /// GBR QoS Information.
    pub gbr: Option<GbrQos>,
    /// Allocation and Retention Priority: an extension of release 10.
    pub arp: Option<Arp>,
}

/// id-AllocationAndRetentionPriority.
const ARP: u16 = 17;

impl Aper for M3QosParameters {
    fn write(&self, w: &mut Writer) -> Result<(), AperError> {
        w.preamble(true, &[self.gbr.is_some(), self.arp.is_some()]);
        w.integer("QCI", self.qci.into(), 0, 255)?;
        if let Some(gbr) = &self.gbr {
            gbr.write(w)?;
        }
        if let Some(arp) = &self.arp {
            Extensions::write(w, &[(ARP, Criticality::Ignore, Writer::octets_of(arp)?)])?;
        }
        Ok(())
    }

    fn read(r: &mut Reader<'_>) -> Result<Self, AperError> {
        let (additions, [gbr, extensions]) = r.preamble(true)?;
        let qci = r.integer("QCI", 0, 255)? as u8;
        let gbr = gbr.then(|| GbrQos::read(r)).transpose()?;
        let arp = Extensions::read(r, extensions, &[ARP])?.value(ARP, Arp::read)?;
        r.skip_additions(additions)?;
        Ok(Self { qci, gbr, arp })
    }
}

/// Global MCE ID.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct GlobalMceId {
    /// PLMN Identity.
    pub plmn: Plmn,
    /// MCE ID.
    pub mce: u16,
    /// Extended MCE ID.
    pub extended: Option<u8>,
}

impl Aper for GlobalMceId {
    fn write(&self, w: &mut Writer) -> Result<(), AperError> {
        w.preamble(true, &[self.extended.is_some(), false]);
        self.plmn.write(w)?;
        w.fixed(&self.mce.to_be_bytes());
        if let Some(extended) = self.extended {
            w.fixed(&[extended]);
        }
        Ok(())
    }

    fn read(r: &mut Reader<'_>) -> Result<Self, AperError> {
        let (additions, [extended, extensions]) = r.preamble(true)?;
        let plmn = Plmn::read(r)?;
        let mce = u16::from_be_bytes(r.fixed()?);
        let extended = extended.then(|| r.fixed()).transpose()?.map(|[octet]| octet);
        Extensions::skip(r, extensions)?;
        r.skip_additions(additions)?;
        Ok(Self { plmn, mce, extended })
    }
}

connection! {
    /// MBMS-Service-associated Logical M3-Connection Item.
    Connection, "MBMS-Service-associatedLogicalM3-ConnectionList", 14 {
        /// MME MBMS M3AP ID.
        mme: MmeMbmsM3apId,
        /// MCE MBMS M3AP ID.
        mce: MceMbmsM3apId,
    }
}

/// Reset Type.
pub type ResetType = crate::mbms_ap::ResetType<Connection>;

/// Connections of a Reset Acknowledge.
pub(super) type AcknowledgedConnections = crate::mbms_ap::Acknowledged<Connection>;
