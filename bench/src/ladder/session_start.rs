//! MBMS session start (TS 23.246 clause 8.3.2) from the BM-SC to the eNB and back, as SGmb (TS 29.061 clause 20.3.1), M3 (TS
//! 36.444 clause 8.2), M2 (TS 36.443 clauses 8.2 and 8.4) and M1 show it.

use protocol::diameter::mbms::StartStop;
use protocol::diameter::sgmb::{Raa, Rar};
use protocol::m2ap::M2apPdu;
use protocol::m3ap::M3apPdu;
use protocol::{Joint, Tmgi};

use super::ims::Bound;
use crate::event::LadderHeader;
use crate::scenario::{Scenario, Session};

use super::{Order, Party, Procedure, ProcedureStep, See, Seen};

/// A bearer comes into being.
pub const SESSION_START: Procedure = Procedure {
    procedure: "TS 23.246 8.3.2",
    title: "MBMS session start",
    parties: &[Party::BmSc, Party::MbmsGw, Party::Mce, Party::Enb],
    steps: &[
        step("1", (Party::BmSc, Party::MbmsGw), Joint::SgMb, Bearer::Rar, Order::Free),
        step("2", (Party::MbmsGw, Party::Mce), Joint::M3, Bearer::M3Request, Order::After("1")),
        step("3", (Party::Mce, Party::Enb), Joint::M2, Bearer::M2Request, Order::After("2")),
        step("4", (Party::Mce, Party::Enb), Joint::M2, Bearer::Scheduling, Order::After("2")),
        step("5", (Party::Enb, Party::Mce), Joint::M2, Bearer::M2Response, Order::After("3")),
        step("6", (Party::Mce, Party::MbmsGw), Joint::M3, Bearer::M3Response, Order::After("5")),
        step("7", (Party::MbmsGw, Party::BmSc), Joint::SgMb, Bearer::Raa, Order::After("6")),
        step("8", (Party::MbmsGw, Party::Enb), Joint::M1, Bearer::Data, Order::After("7")),
    ],
};

/// One ladder for each session of a scenario.
pub(crate) fn session_starts(scenario: &Scenario) -> Vec<LadderHeader> {
    let start = |session: &Session| LadderHeader {
        procedure: SESSION_START.procedure.to_owned(),
        title: SESSION_START.title.to_owned(),
        ue: String::new(),
        session: session.name.clone(),
        ims: None,
    };
    scenario.sessions.iter().map(start).collect()
}

const fn step(
    number: &'static str,
    (from, to): (Party, Party),
    joint: Joint,
    bearer: Bearer,
    order: Order,
) -> ProcedureStep {
    let (expect, clause) = match bearer {
        Bearer::Rar => ("RAR that starts the session, with TMGI and QoS", "TS 29.061 20.3.1"),
        Bearer::M3Request => ("MBMS SESSION START REQUEST with the TMGI", "TS 36.444 8.2.2"),
        Bearer::M2Request => ("MBMS SESSION START REQUEST with the TMGI and its tunnel", "TS 36.443 8.2.2"),
        Bearer::Scheduling => ("MBMS SCHEDULING INFORMATION that lists the TMGI", "TS 36.443 8.4.2"),
        Bearer::M2Response => ("MBMS SESSION START RESPONSE", "TS 36.443 8.2.2"),
        Bearer::M3Response => ("MBMS SESSION START RESPONSE", "TS 36.444 8.2.2"),
        Bearer::Raa => ("RAA with success", "TS 29.061 20.3.1"),
        Bearer::Data => ("SYNC PDU with data on the tunnel", "TS 25.446 5.2, TS 36.300 15.3.2"),
    };
    ProcedureStep { number, from, to, joint, expect, clause, order, see: See::Bearer(bearer) }
}

/// What must be seen of a bearer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Bearer {
    /// Request of the BM-SC.
    Rar,
    /// Its answer.
    Raa,
    /// Request to the MCE.
    M3Request,
    /// Its answer.
    M3Response,
    /// Request to the eNB.
    M2Request,
    /// Its answer.
    M2Response,
    /// What the MCCH is to list.
    Scheduling,
    /// Data.
    Data,
}

/// What is learned: Session-Id, the identities of the requests on M3 and M2, the tunnel.
const SGMB_SESSION: &str = "SGmb session";
const MME_ID: &str = "MME MBMS M3AP ID";
const MCE_ID: &str = "MCE MBMS M2AP ID";
const C_TEID: &str = "C-TEID";

/// What is known of a tunnel; a session that starts again has another one.
pub(super) fn tunnel(c_teid: u32) -> (String, String) {
    (C_TEID.to_owned(), format!("0x{c_teid:08x}"))
}

impl Bearer {
    /// What the message teaches; none when it is another one.
    pub(super) fn sees(self, seen: &Seen, tmgi: Tmgi, bound: &Bound) -> Option<Vec<(String, String)>> {
        let is = |name: &str, value: String| bound.get(name) == Some(&value);
        let learn = |name: &str, value: String| Some(vec![(name.to_owned(), value)]);
        match self {
            Self::Rar => {
                let rar = seen.diameter.as_ref().and_then(|message| Rar::from_message(message).ok())?;
                let is_it = rar.tmgi == Some(tmgi) && rar.indication == Some(StartStop::Start) && rar.qos.is_some();
                is_it.then(|| vec![(SGMB_SESSION.to_owned(), rar.routing.session_id)])
            }
            Self::Raa => {
                let message = seen.diameter.as_ref()?;
                let raa = Raa::from_message(message).ok()?;
                let session = message.text(&protocol::diameter::dictionary::SESSION_ID).ok().flatten()?;
                (raa.outcome.result.is_success() && is(SGMB_SESSION, session.to_owned())).then(Vec::new)
            }
            Self::M3Request => match seen.m3.as_ref()? {
                M3apPdu::MbmsSessionStartRequest(m) if m.tmgi == tmgi => learn(MME_ID, m.mme_id.0.to_string()),
                _ => None,
            },
            Self::M3Response => match seen.m3.as_ref()? {
                M3apPdu::MbmsSessionStartResponse(m) => is(MME_ID, m.mme_id.0.to_string()).then(Vec::new),
                _ => None,
            },
            Self::M2Request => match seen.m2.as_ref()? {
                M2apPdu::SessionStartRequest(m) if m.tmgi == tmgi => {
                    Some(vec![(MCE_ID.to_owned(), m.mce_id.0.to_string()), tunnel(m.tnl.teid)])
                }
                _ => None,
            },
            Self::M2Response => match seen.m2.as_ref()? {
                M2apPdu::SessionStartResponse(m) => is(MCE_ID, m.mce_id.0.to_string()).then(Vec::new),
                _ => None,
            },
            Self::Scheduling => match seen.m2.as_ref()? {
                M2apPdu::MbmsSchedulingInformation(m) => {
                    let mut sessions = m.areas.iter().flat_map(|area| &area.pmchs).flat_map(|pmch| &pmch.sessions);
                    sessions.any(|session| session.tmgi == tmgi).then(Vec::new)
                }
                _ => None,
            },
            Self::Data => {
                let own = tunnel(seen.m1_teid?);
                is(C_TEID, own.1.clone()).then(|| vec![own])
            }
        }
    }

    /// The display filter.
    pub(super) fn filter(self, tmgi: Tmgi, bound: &Bound) -> String {
        let [a, b, c] = tmgi.service_id;
        let service = format!("{a:02x}:{b:02x}:{c:02x}");
        let known = |name: &str| bound.get(name).map_or("0", String::as_str);
        match self {
            // MBMS-StartStop-Indication: START is 0.
            Self::Rar => format!(
                "diameter.cmd.code == 258 && diameter.flags.request == 1 && diameter.MBMS-StartStop-Indication == 0 \
                 && diameter.TMGI[0:3] == {service}"
            ),
            Self::Raa => format!(
                "diameter.cmd.code == 258 && diameter.flags.request == 0 && diameter.Session-Id == \"{}\"",
                known(SGMB_SESSION)
            ),
            Self::M3Request => format!("m3ap.MBMSSessionStartRequest_element && m3ap.serviceID == {service}"),
            Self::M3Response => {
                format!("m3ap.MBMSSessionStartResponse_element && m3ap.MME_MBMS_M3AP_ID == {}", known(MME_ID))
            }
            Self::M2Request => format!("m2ap.SessionStartRequest_element && m2ap.serviceID == {service}"),
            Self::M2Response => {
                format!("m2ap.SessionStartResponse_element && m2ap.MCE_MBMS_M2AP_ID == {}", known(MCE_ID))
            }
            Self::Scheduling => format!("m2ap.MbmsSchedulingInformation_element && m2ap.serviceID == {service}"),
            Self::Data => format!("gtp.message == 0xff && gtp.teid == {} && udp.payload[8:1] == 10", known(C_TEID)),
        }
    }
}
