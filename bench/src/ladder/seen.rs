//! What a message on a reference point says, as far as ladders ask.

use std::net::SocketAddr;

use protocol::m2ap::M2apPdu;
use protocol::m3ap::M3apPdu;
use protocol::rtp::RtpPacket;
use protocol::{GtpuMessageType, GtpuPacket, Joint, SyncRepr, TapEvent, UdpDatagram};
use radio::{BcchDlSchMessage, MbsfnAreaConfiguration, STOP_NOT_SCHEDULED, SystemInformationBlock, msi_of};

use super::ims::{HttpSeen, MapSeen, MediaSeen, Mm4Seen, SipSeen, SmppSeen, diameter as ims_diameter};
use super::lct::LctHeader;

/// The parts of a message that steps are compared with. A malformed message says nothing.
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct Seen {
    /// TEID of a G-PDU with a valid SYNC PDU of type 1.
    pub(crate) m1_teid: Option<u32>,
    /// MBSFN areas of a SystemInformationBlockType13.
    pub(crate) sib13_areas: Vec<u8>,
    /// UDP destination of a datagram of an MTCH, of MB2-U and of SGi-mb.
    pub(crate) datagram: Option<SocketAddr>,
    /// An ALC packet in a UDP datagram, of M1 or MTCH.
    pub(crate) alc: Option<Alc>,
    /// Sessions of an MCCH message: TMGI and logical channel.
    pub(crate) mcch_sessions: Vec<([u8; 6], u8)>,
    /// Logical channels that an MSI schedules in its period.
    pub(crate) msi_scheduled: Vec<u8>,
    /// A SIP message.
    pub(crate) sip: Option<SipSeen>,
    /// A Diameter message.
    pub(crate) diameter: Option<protocol::diameter::Message>,
    /// An HTTP message.
    pub(crate) http: Option<HttpSeen>,
    /// A message of M3AP.
    pub(crate) m3: Option<M3apPdu>,
    /// A message of M2AP.
    pub(crate) m2: Option<M2apPdu>,
    /// MSRP, RTP or RTCP.
    pub(crate) media: Option<MediaSeen>,
    /// A message of TCAP.
    pub(crate) map: Option<MapSeen>,
    /// PDUs of SMPP.
    pub(crate) smpp: Option<SmppSeen>,
    /// The beginning of a mail of MM4.
    pub(crate) mm4: Option<Mm4Seen>,
}

/// An ALC packet.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Alc {
    /// UDP destination.
    pub(crate) destination: SocketAddr,
    /// Its LCT header.
    pub(crate) lct: LctHeader,
}

impl Alc {
    /// True for a packet of the FLUTE session with this destination and TSI.
    pub(crate) fn is_of(&self, destination: &str, tsi: u64) -> bool {
        self.lct.tsi == tsi && destination.parse() == Ok(self.destination)
    }

    fn of(ip_datagram: &[u8]) -> Option<Self> {
        let udp = UdpDatagram::parse(ip_datagram).ok()?;
        Some(Self { destination: udp.destination, lct: LctHeader::parse(udp.payload).ok()? })
    }
}

impl Seen {
    pub(crate) fn of(event: &TapEvent) -> Self {
        let bytes = &event.bytes[..];
        match event.joint {
            Joint::M1 => Self::of_m1(bytes).unwrap_or_default(),
            Joint::Mtch => {
                let datagram = UdpDatagram::parse(bytes).ok().map(|udp| udp.destination);
                Self { alc: Alc::of(bytes), datagram, ..Self::default() }
            }
            Joint::BcchDlSch => Self { sib13_areas: sib13_areas(bytes), ..Self::default() },
            Joint::Mcch => Self { mcch_sessions: mcch_sessions(bytes), ..Self::default() },
            Joint::BcchBch | Joint::Pdcch | Joint::Rlc | Joint::At | Joint::Sms => Self::default(),
            Joint::Mm4 => Self { mm4: Mm4Seen::of(bytes), ..Self::default() },
            Joint::R1 | Joint::R5 | Joint::R6 => Self { map: MapSeen::of(bytes), ..Self::default() },
            Joint::Smpp => Self { smpp: Some(SmppSeen::of(bytes)), ..Self::default() },
            Joint::Gm | Joint::Mw | Joint::Isc | Joint::Mcptt3 | Joint::R2 => {
                Self { sip: SipSeen::of(bytes), ..Self::default() }
            }
            Joint::Ut | Joint::Csc1 | Joint::Api | Joint::XmbC | Joint::Mm1 => {
                Self { http: HttpSeen::of(event), ..Self::default() }
            }
            Joint::Mb => Self { media: MediaSeen::of(event), ..Self::default() },
            Joint::Mb2U => Self { datagram: destination(bytes), ..Self::default() },
            Joint::SgiMb => match SyncRepr::parse(bytes) {
                Ok(SyncRepr::UserData { payload, .. }) => Self { datagram: destination(payload), ..Self::default() },
                _ => Self::default(),
            },
            Joint::M3 => Self { m3: M3apPdu::parse(bytes).ok(), ..Self::default() },
            Joint::M2 => Self { m2: M2apPdu::parse(bytes).ok(), ..Self::default() },
            Joint::Cx | Joint::Sh | Joint::Rf | Joint::Ro | Joint::Mb2C | Joint::SgMb | Joint::Migration => {
                Self { diameter: ims_diameter(event), ..Self::default() }
            }
            Joint::Mch => Self { msi_scheduled: msi_scheduled(bytes).unwrap_or_default(), ..Self::default() },
        }
    }

    /// False when no ladder of the IMS need look at it.
    pub(crate) fn is_ims(&self) -> bool {
        let is_of_bearer = self.m3.is_some() || self.m2.is_some() || self.m1_teid.is_some() || self.datagram.is_some();
        let is_on_air = !self.mcch_sessions.is_empty() || !self.msi_scheduled.is_empty();
        let is_media = self.http.is_some() || self.media.is_some();
        let is_sms = self.map.is_some() || self.smpp.is_some() || self.mm4.is_some();
        self.sip.is_some() || self.diameter.is_some() || is_sms || is_media || is_of_bearer || is_on_air
    }

    fn of_m1(bytes: &[u8]) -> Option<Self> {
        let udp = UdpDatagram::parse(bytes).ok()?;
        let gtpu = GtpuPacket::new_checked(udp.payload).ok().filter(|g| g.message_type() == GtpuMessageType::G_PDU)?;
        let SyncRepr::UserData { payload, .. } = SyncRepr::parse(gtpu.payload()).ok()? else { return None };
        Some(Self { m1_teid: Some(gtpu.teid()), alc: Alc::of(payload), ..Self::default() })
    }
}

/// UDP destination of an IP datagram.
/// The RTP packet in an IP datagram.
pub(crate) fn rtp_of(ip_datagram: &[u8]) -> Option<RtpPacket> {
    let udp = UdpDatagram::parse(ip_datagram).ok()?;
    // RTCP shares the first octets of the format (RFC 5761 clause 4).
    let is_control = matches!(udp.payload.get(1), Some(192..=223));
    RtpPacket::parse(udp.payload).ok().filter(|_| !is_control)
}

fn destination(datagram: &[u8]) -> Option<SocketAddr> {
    UdpDatagram::parse(datagram).ok().map(|udp| udp.destination)
}

fn sib13_areas(bytes: &[u8]) -> Vec<u8> {
    let Ok(BcchDlSchMessage::SystemInformation(si)) = BcchDlSchMessage::decode(bytes) else { return Vec::new() };
    let areas = si.sibs.iter().filter_map(|sib| match sib {
        SystemInformationBlock::Type13(sib13) => Some(&sib13.areas),
        _ => None,
    });
    areas.flatten().map(|area| area.n_id_mbsfn).collect()
}

fn mcch_sessions(bytes: &[u8]) -> Vec<([u8; 6], u8)> {
    let pmch = MbsfnAreaConfiguration::decode(bytes).map(|m| m.pmch).unwrap_or_default();
    let sessions = pmch.iter().flat_map(|p| &p.sessions);
    sessions.filter_map(|s| Some((s.tmgi.octets()?, s.lcid))).collect()
}

/// Logical channels that the MCH scheduling information of a MAC PDU schedules (TS 36.321 clause 6.1.3.7).
fn msi_scheduled(pdu: &[u8]) -> Option<Vec<u8>> {
    let msi = msi_of(pdu)?;
    Some(msi.iter().filter(|e| e.stop != STOP_NOT_SCHEDULED).map(|e| e.lcid).collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Octets as tshark 4.0.17 dissects them: MSI with MTCH 1 up to subframe 5, then the SDU of LCID 1.
    #[test]
    fn msi_as_tshark_reads_it() {
        assert_eq!(msi_scheduled(&[0x3e, 0x02, 0x01, 0x08, 0x05, 0, 1, 2]), Some(vec![1]));
        // MCCH of three octets before it, a second entry that is not scheduled.
        let pdu = [0x3e, 4, 0x20, 3, 0x01, 0x08, 5, 0x17, 0xff, 9, 9, 9, 1, 2];
        assert_eq!(msi_scheduled(&pdu), Some(vec![1]));
    }

    #[test]
    fn no_msi_no_channels() {
        assert_eq!(msi_scheduled(&[0x01, 1, 2, 3]), None);
        assert_eq!(msi_scheduled(&[0x3e, 200, 0x01]), None);
        assert_eq!(msi_scheduled(&[0x3f; 40]), None);
    }

    proptest! {
        #[test]
        fn any_octets_on_any_joint(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            for joint in Joint::ALL {
                let event = TapEvent {
                    at: protocol::Instant::ZERO, joint, from: String::new(), to: String::new(), channel: String::new(), lcid: 0, bytes: bytes.clone(),
                };
                let _ = Seen::of(&event);
            }
        }
    }
}
