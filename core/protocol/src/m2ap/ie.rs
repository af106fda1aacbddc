//! IEs of M2AP that sessions and resets have: TS 36.443 clause 9.3.5.

use crate::Tmgi;
use crate::aper::{AperError, Codec, Reader, Writer};
use crate::mbms_ap::{TnlInformation, connection, numbers};
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

connection! {
    /// MBMS-Service-associated Logical M2-Connection Item.
    Connection, "MBMS-Service-associatedLogicalM2-ConnectionList", 28 {
        /// eNB MBMS M2AP ID.
        enb: EnbMbmsM2apId,
        /// MCE MBMS M2AP ID.
        mce: MceMbmsM2apId,
    }
}

/// Reset Type.
pub type ResetType = crate::mbms_ap::ResetType<Connection>;

/// Connections of a Reset Acknowledge.
pub(super) type AcknowledgedConnections = crate::mbms_ap::Acknowledged<Connection>;
