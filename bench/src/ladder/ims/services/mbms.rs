//! A group session that gets an MBMS bearer (TR 23.847): the four steps of the procedure, its two interface functions, and the
//! session start behind them down to the air.

use protocol::Joint;

use super::super::Has::{self, Body, Called, Words};
use super::super::Rtp::Said;
use super::super::bearer::GroupBearer::{self, *};
use super::super::rows::*;
use super::Wanted;
use crate::ladder::{Bearer, Order, Party, Procedure, ProcedureStep, See};
use crate::scenario::{IMS_AS, MbmsStep, Scenario, UeCell};

const INVITE: &str = "INVITE";
const SERVER: Party = Party::Server(IMS_AS);
const S_TO_SERVER: Way = (Party::Scscf, SERVER, Joint::Isc);
const SERVER_TO_S: Way = (SERVER, Party::Scscf, Joint::Isc);
const SERVER_TO_I: Way = (SERVER, Party::Icscf, Joint::Isc);
const I_TO_SERVER: Way = (Party::Icscf, SERVER, Joint::Isc);
const ASKS: Way = (SERVER, Party::BmSc, Joint::Mb2C);
const ANSWERS: Way = (Party::BmSc, SERVER, Joint::Mb2C);
const CAN: &[Has] = &[Words("Contact", "+g.castbench.mbms"), Words("P-Access-Network-Info", "utran-cell-id-3gpp")];
const MBMS: &[Has] = &[Body("a=mbms-mode:")];
const ONLY_SENDS: &[Has] = &[Body("a=mbms-mode:"), Body("a=sendonly")];
const PARTIES: &[Party] = &[
    Party::Ue,
    Party::Pcscf,
    Party::Scscf,
    Party::Icscf,
    SERVER,
    Party::BmSc,
    Party::MbmsGw,
    Party::Mce,
    Party::Enb,
    Party::PeerPcscf,
    Party::Peer,
    // Out of the area.
    Party::Second,
];

/// All of them.
pub(super) const PROCEDURES: &[&Procedure] = &[&GROUP, &GROUP_IN_AREA];

/// Ladders that a step asks for: the caller of a group, a member in the area of the carrier and one that is not, where there is
/// one. A group whose members are not worth a bearer stays on unicast, and has none.
pub(super) fn asked<'a>(scenario: &'a Scenario, step: &'a MbmsStep) -> Vec<Wanted<'a>> {
    let MbmsStep::GroupCall { ue, group } = step else { return Vec::new() };
    let Some(ims) = scenario.ims.as_ref().filter(|_| scenario.cell.is_some()) else { return Vec::new() };
    let members = ims.groups.iter().filter(|own| own.name == *group).flat_map(|own| &own.members);
    if !members.clone().any(|member| member == ue) {
        // It is refused.
        return Vec::new();
    }
    let others: Vec<&String> = members.filter(|member| *member != ue).collect();
    let hears = |name: &str| {
        let own = scenario.ues.iter().find(|own| own.name == name);
        own.and_then(|own| own.ims.as_ref()).is_some_and(|own| own.mbms && own.cell == UeCell::Carrier)
    };
    let capable = others.iter().filter(|name| hears(name)).count() + usize::from(hears(ue));
    let costs = ims.bearers.clone().unwrap_or_default();
    if capable as u64 * u64::from(costs.unicast_cost) < u64::from(costs.bearer_cost) {
        return Vec::new();
    }
    let (near, far) = (others.iter().find(|name| hears(name)), others.iter().find(|name| !hears(name)));
    match (near, far) {
        (Some(near), Some(far)) => vec![Wanted { second: Some(far), ..Wanted::one(ue, &GROUP).with(near) }],
        (Some(near), None) => vec![Wanted::one(ue, &GROUP_IN_AREA).with(near)],
        (None, _) => Vec::new(),
    }
}

const fn bearer((number, expect, clause): Words3, (from, to, joint): Way, is: GroupBearer) -> ProcedureStep {
    ProcedureStep { number, from, to, joint, expect, clause, order: Order::AfterPrevious, see: See::Group(is) }
}

type Words3 = (&'static str, &'static str, &'static str);

const fn start(words: Words3, way: Way, is: Bearer) -> ProcedureStep {
    bearer(words, way, Start(is))
}

const GROUP: Procedure =
    Procedure { procedure: "TR 23.847 1", title: "IMS session over an MBMS bearer", parties: PARTIES, steps: STEPS };

/// The same, and nobody is out of the area.
const GROUP_IN_AREA: Procedure = Procedure {
    procedure: "TR 23.847 1, all in the area",
    title: GROUP.title,
    parties: PARTIES.split_at(PARTIES.len() - 1).0,
    steps: STEPS.split_at(STEPS.len() - 1).0,
};

/// The last one is of a UE out of the area.
const STEPS: &[ProcedureStep] = &[
    request(
        ("1a", "INVITE to the group: what the UE can, and where it is", "TR 23.847 1 step 1"),
        GM_UP,
        INVITE,
        "call",
        CAN,
    ),
    request(("1b", "INVITE with both at the IMS AS", "TS 24.229 5.4.3.2"), S_TO_SERVER, INVITE, "call", CAN),
    request(("1c", "INVITE to a member", "TS 24.229 5.7.3"), SERVER_TO_I, INVITE, "leg", &[Called(Party::Peer)]),
    response(
        ("1d", "200: what the member can, and where it is", "TR 23.847 1 step 1"),
        PEER_UP,
        INVITE,
        "leg",
        200,
        CAN,
    ),
    response(("1e", "200 with both at the IMS AS", "TS 24.229 5.4.3.3"), I_TO_SERVER, INVITE, "leg", 200, CAN),
    bearer(
        (
            "2",
            "GAR: the IMS AS has decided, it wants TMGI, multicast address and port",
            "TR 23.847 1 step 2, TS 29.468 5.2.1",
        ),
        ASKS,
        Allocation,
    )
    .after("1b"),
    bearer(
        ("3a", "GAA: TMGI, multicast address and port", "TR 23.847 2 function 1, TS 29.468 5.2.1"),
        ANSWERS,
        Allocated,
    ),
    bearer(
        ("3b", "GAR: bearer with SDP, QoS, times, address and TMGI", "TR 23.847 2 function 2, TS 29.468 5.3.2"),
        ASKS,
        Provision,
    ),
    start(
        ("3c", "RAR that starts the session", "TS 29.061 20.3.1"),
        (Party::BmSc, Party::MbmsGw, Joint::SgMb),
        Bearer::Rar,
    ),
    start(
        ("3d", "MBMS SESSION START REQUEST", "TS 36.444 8.2.2"),
        (Party::MbmsGw, Party::Mce, Joint::M3),
        Bearer::M3Request,
    ),
    start(
        ("3e", "MBMS SESSION START REQUEST with its tunnel", "TS 36.443 8.2.2"),
        (Party::Mce, Party::Enb, Joint::M2),
        Bearer::M2Request,
    ),
    start(
        ("3f", "MBMS SCHEDULING INFORMATION that lists the TMGI", "TS 36.443 8.4.2"),
        (Party::Mce, Party::Enb, Joint::M2),
        Bearer::Scheduling,
    )
    .after("3d"),
    start(
        ("3g", "MBMS SESSION START RESPONSE", "TS 36.443 8.2.2"),
        (Party::Enb, Party::Mce, Joint::M2),
        Bearer::M2Response,
    )
    .after("3e"),
    start(
        ("3h", "MBMS SESSION START RESPONSE", "TS 36.444 8.2.2"),
        (Party::Mce, Party::MbmsGw, Joint::M3),
        Bearer::M3Response,
    ),
    start(("3i", "RAA with success", "TS 29.061 20.3.1"), (Party::MbmsGw, Party::BmSc, Joint::SgMb), Bearer::Raa),
    bearer(("3j", "GAA: the bearer is granted, with the port of MB2-U", "TS 29.468 5.3.2"), ANSWERS, Provisioned)
        .after("3b"),
    request(("4a", "re-INVITE with the MBMS bearer", "TR 23.847 1 step 4"), SERVER_TO_S, INVITE, "leg", MBMS)
        .again()
        .after("3j"),
    request(("4b", "re-INVITE with the MBMS bearer", "TS 26.346 7.3"), PEER_DOWN, INVITE, "leg", MBMS).again(),
    response(("4c", "200: the bearer is known", "RFC 3264 6.2"), PEER_UP, INVITE, "leg", 200, MBMS).again(),
    response(("4d", "200: the bearer is known", "RFC 3264 6.2"), S_TO_SERVER, INVITE, "leg", 200, MBMS).again(),
    bearer(
        ("4e", "MBSFNAreaConfiguration that lists the TMGI", "TS 36.331 5.8.2"),
        (Party::Enb, Party::Peer, Joint::Mcch),
        Listed,
    )
    .after("3f"),
    bearer(("4f", "RTP in a datagram to the BM-SC", "TS 29.468 5.4"), (SERVER, Party::BmSc, Joint::Mb2U), Datagram)
        .after("3j"),
    bearer(("4g", "SYNC PDU with the datagram", "TS 25.446 5.2"), (Party::BmSc, Party::MbmsGw, Joint::SgiMb), Datagram),
    start(("4h", "SYNC PDU on the tunnel", "TS 36.300 15.3.2"), (Party::MbmsGw, Party::Enb, Joint::M1), Bearer::Data)
        .after("3e"),
    bearer(("4i", "MSI that schedules the MTCH", "TS 36.321 5.12"), (Party::Enb, Party::Peer, Joint::Mch), Scheduled)
        .after("4e"),
    bearer(
        ("4j", "RTP in a datagram of the MTCH", "TS 36.331 5.8.3"),
        (Party::Enb, Party::Peer, Joint::Mtch),
        Datagram,
    )
    .after("4e"),
    request(("4k", "re-INVITE: the UE listens to the bearer", "TS 26.346 7.3"), PEER_UP, INVITE, "back", ONLY_SENDS)
        .after("4d"),
    request(
        ("4l", "re-INVITE: the UE listens to the bearer", "TS 24.229 5.4.3.2"),
        S_TO_SERVER,
        INVITE,
        "back",
        ONLY_SENDS,
    ),
    response(("4m", "200: unicast ends", "RFC 3264 6.1"), SERVER_TO_S, INVITE, "back", 200, MBMS),
    response(("4n", "200: unicast ends", "RFC 3264 6.1"), PEER_DOWN, INVITE, "back", 200, MBMS),
    rtp(
        ("4o", "RTP by unicast to a UE out of the area", "TR 23.847 1 step 4"),
        (SERVER, Party::Second, Joint::Mb),
        Said("talker"),
    )
    .after("1e"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Overrides;

    #[test]
    fn a_ladder_is_asked_for_where_it_can_be_climbed() {
        let file = fixtures::scenario("mbms/ims_session.toml");
        let shipped = Scenario::load(&file, &Overrides::default()).unwrap().scenario;
        let step = MbmsStep::GroupCall { ue: "car1".into(), group: "team".into() };
        let names = |change: &dyn Fn(&mut Scenario)| {
            let mut scenario = shipped.clone();
            change(&mut scenario);
            let all = asked(&scenario, &step);
            all.iter().map(|own| (own.procedure.procedure, own.peer.map(str::to_owned))).collect::<Vec<_>>()
        };
        let costs = |s: &mut Scenario, bearer_cost| {
            s.ims.as_mut().unwrap().bearers.as_mut().unwrap().bearer_cost = bearer_cost;
        };
        let only = |s: &mut Scenario, kind: &str| {
            s.ims.as_mut().unwrap().groups[0].members.retain(|name| name.starts_with(kind));
        };
        let near = Some("car2".to_owned());
        assert_eq!(names(&|_| ()), [("TR 23.847 1", near.clone())]);
        assert_eq!(names(&|s| only(s, "car")), [("TR 23.847 1, all in the area", near.clone())]);
        assert_eq!(names(&|s| only(s, "far")), []);
        assert_eq!(names(&|s| costs(s, 5)), [("TR 23.847 1", near)]);
        assert_eq!(names(&|s| costs(s, 6)), []);
        assert_eq!(names(&|s| s.cell = None), []);
        assert_eq!(GROUP_IN_AREA.steps.len() + 1, GROUP.steps.len());
        assert!(!GROUP_IN_AREA.parties.contains(&Party::Second));
        let is_far = |row: &ProcedureStep| row.from == Party::Second || row.to == Party::Second;
        assert!(!GROUP_IN_AREA.steps.iter().any(is_far));
    }
}
