//! MCCH information acquisition (TS 36.331 clause 5.8.2) and what it leads to (clause 5.8.3), as a UE that starts cold sees
//! it.

use std::net::SocketAddr;

use protocol::Joint;

use super::{Mbms, Order, Party, Procedure, ProcedureStep, See};

/// A UE comes from system information to the data of a session.
pub const MCCH_ACQUISITION: Procedure = Procedure {
    procedure: "TS 36.331 5.8.2",
    title: "MCCH information acquisition",
    parties: &[Party::Enb, Party::Ue],
    steps: &[
        ProcedureStep {
            number: "1",
            from: Party::Enb,
            to: Party::Ue,
            joint: Joint::BcchDlSch,
            expect: "SystemInformation with SIB13 that names the MBSFN area",
            clause: "TS 36.331 5.2.2.20",
            order: Order::Free,
            see: See::Mbms(Mbms {
                sees: |seen, session| seen.sib13_areas.contains(&session.n_id_mbsfn),
                filter: |session| format!("lte-rrc.mbsfn_AreaId_r9 == {}", session.n_id_mbsfn),
            }),
        },
        ProcedureStep {
            number: "2",
            from: Party::Enb,
            to: Party::Ue,
            joint: Joint::Mcch,
            expect: "MBSFNAreaConfiguration that lists the TMGI",
            clause: "TS 36.331 5.8.2.3",
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
            clause: "TS 36.321 5.12",
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
            expect: "IP datagram of the session",
            clause: "TS 36.331 5.8.3",
            order: Order::Free,
            see: See::Mbms(Mbms {
                sees: |seen, session| seen.datagram.is_some_and(|to| session.destination.parse() == Ok(to)),
                filter: |session| match session.destination.parse() {
                    Ok(SocketAddr::V4(to)) => format!("ip.dst == {} && udp.dstport == {}", to.ip(), to.port()),
                    Ok(SocketAddr::V6(to)) => format!("ipv6.dst == {} && udp.dstport == {}", to.ip(), to.port()),
                    Err(_) => "udp".into(),
                },
            }),
        },
    ],
};
