//! MBMS download delivery (TS 26.346 clause 7) over an MBMS bearer (TS 36.300 clause 15), as the wire shows it.

use std::net::SocketAddr;

use protocol::Joint;

use super::{Mbms, Order, Party, Procedure, ProcedureStep, See};
use crate::event::SessionInfo;

/// A file goes from the BM-SC to a UE.
pub const DOWNLOAD_DELIVERY: Procedure = Procedure {
    procedure: "TS 26.346 7",
    title: "MBMS download delivery",
    parties: &[Party::BmSc, Party::Enb, Party::Ue],
    steps: &[
        ProcedureStep {
            number: "1",
            from: Party::BmSc,
            to: Party::Enb,
            joint: Joint::M1,
            expect: "SYNC PDU with an ALC packet of the session",
            clause: "TS 25.446 5.2, TS 36.300 15.3.2",
            order: Order::Free,
            see: See::Mbms(Mbms {
                sees: |seen, session| {
                    seen.m1_teid == Some(session.c_teid)
                        && seen.alc.as_ref().is_some_and(|alc| alc.is_of(&session.destination, session.tsi))
                },
                filter: |session| {
                    // GTP-U 8 octets, SYNC type 1 11 octets, then the IP datagram, whose addresses a filter cannot name.
                    format!(
                        "gtp.message == 0xff && gtp.teid == 0x{:08x} && udp.payload[8:1] == 10 && {}",
                        session.c_teid,
                        inner_ip_filter(session, 19)
                    )
                },
            }),
        },
        ProcedureStep {
            number: "2",
            from: Party::Enb,
            to: Party::Ue,
            joint: Joint::Mcch,
            expect: "MBSFNAreaConfiguration that lists the TMGI",
            clause: "TS 36.331 5.8.2",
            order: Order::Free,
            see: See::Mbms(Mbms {
                sees: |seen, session| seen.mcch_sessions.contains(&(session.tmgi.to_octets(), session.lcid)),
                filter: |session| {
                    let [a, b, c] = session.tmgi.service_id;
                    format!(
                        "lte-rrc.serviceId_r9 == {a:02x}:{b:02x}:{c:02x} && lte-rrc.logicalChannelIdentity_r9 == {}",
                        session.lcid
                    )
                },
            }),
        },
        ProcedureStep {
            number: "3",
            from: Party::Enb,
            to: Party::Ue,
            joint: Joint::Mch,
            expect: "MSI that schedules the MTCH of the session",
            clause: "TS 36.321 6.1.3.7",
            order: Order::Free,
            see: See::Mbms(Mbms {
                sees: |seen, session| seen.msi_scheduled.contains(&session.lcid),
                filter: |session| {
                    format!(
                        "mac-lte.control.mch_scheduling_info.lcid == {} && mac-lte.control.mch_scheduling_info.stop_mtch < 2047",
                        session.lcid
                    )
                },
            }),
        },
        ProcedureStep {
            number: "4",
            from: Party::Enb,
            to: Party::Ue,
            joint: Joint::Mtch,
            expect: "FDT instance (TOI 0)",
            clause: "TS 26.346 7.2.10, RFC 3926 3.4",
            order: Order::Free,
            see: See::Mbms(Mbms {
                sees: |seen, session| {
                    seen.alc
                        .as_ref()
                        .is_some_and(|alc| alc.is_of(&session.destination, session.tsi) && alc.lct.is_fdt())
                },
                filter: |session| format!("{} && {}", udp_filter(session), alc_filter(session, "==")),
            }),
        },
        ProcedureStep {
            number: "5",
            from: Party::Enb,
            to: Party::Ue,
            joint: Joint::Mtch,
            expect: "Encoding symbols of the file (TOI 1 or more)",
            clause: "TS 26.346 7.2, RFC 3926 3",
            order: Order::Free,
            see: See::Mbms(Mbms {
                sees: |seen, session| {
                    seen.alc
                        .as_ref()
                        .is_some_and(|alc| alc.is_of(&session.destination, session.tsi) && !alc.lct.is_fdt())
                },
                filter: |session| format!("{} && {}", udp_filter(session), alc_filter(session, "!=")),
            }),
        },
    ],
};

/// Destination address and port of the datagram.
fn udp_filter(session: &SessionInfo) -> String {
    match session.destination.parse() {
        Ok(SocketAddr::V4(to)) => format!("ip.dst == {} && udp.dstport == {}", to.ip(), to.port()),
        Ok(SocketAddr::V6(to)) => format!("ipv6.dst == {} && udp.dstport == {}", to.ip(), to.port()),
        Err(_) => "udp".into(),
    }
}

/// Destination address and port of an IPv4 datagram that begins `at` octets into the payload of an outer one.
fn inner_ip_filter(session: &SessionInfo, at: usize) -> String {
    match session.destination.parse() {
        Ok(SocketAddr::V4(to)) => format!(
            "udp.payload[{}:4] == {} && udp.payload[{}:2] == {}",
            at + 16,
            octets(&to.ip().octets()),
            at + 22,
            octets(&to.port().to_be_bytes())
        ),
        _ => "udp".into(),
    }
}

/// TSI, and TOI compared with 0, in the layout of a sender that uses the shortest fields (RFC 5651 clause 5.1):
/// without configuration tshark knows no port of ALC.
fn alc_filter(session: &SessionInfo, toi_is_0: &str) -> String {
    let tsi = session.tsi.to_be_bytes();
    let short = session.tsi <= u64::from(u16::MAX);
    let tsi = if short { &tsi[6..] } else { &tsi[4..] };
    let toi_at = 8 + tsi.len();
    let toi = if short { "00:00" } else { "00:00:00:00" };
    format!("udp.payload[8:{}] == {} && udp.payload[{toi_at}:{}] {toi_is_0} {toi}", tsi.len(), octets(tsi), tsi.len())
}

fn octets(octets: &[u8]) -> String {
    let hex: Vec<String> = octets.iter().map(|o| format!("{o:02x}")).collect();
    hex.join(":")
}
