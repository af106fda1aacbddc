//! MBMS bearers of an IMS AS in ladders (TS 29.468 clause 5, TS 23.246 clause 8.3): what the bearer is known by is learned from
//! the wire, from the answer that assigns a TMGI on.

use std::net::SocketAddr;

use protocol::diameter::mb2c::{GcsActionAnswer, GcsActionRequest};
use protocol::diameter::mbms::StartStop;
use protocol::{Joint, TapEvent, Tmgi};

use super::find::{Bound, escape};
use crate::ladder::{Bearer, Seen};
use crate::pcap::interface_name;

/// What must be seen of a bearer of an IMS AS.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum GroupBearer {
    /// A TMGI is asked for, or one that the AS has assigned is told, and a multicast address and port.
    Allocation,
    /// TMGI, multicast address and port are given, or taken.
    Allocated,
    /// The bearer is asked for, with what it is provisioned with.
    Provision,
    /// The bearer is granted.
    Provisioned,
    /// A message of the session start behind it.
    Start(Bearer),
    /// The MCCH lists it.
    Listed,
    /// The MSI schedules it.
    Scheduled,
    /// A datagram of the session, as the joint carries it.
    Datagram,
}

/// What is learned.
const TMGI: &str = "TMGI";
const DESTINATION: &str = "multicast";
const ALLOCATION: &str = "MB2-C allocation";
const BEARER: &str = "MB2-C bearer";
const LCID: &str = "LCID";
const MCH: &str = "MCH";

impl GroupBearer {
    /// What the message teaches; none when it is another one.
    pub(crate) fn sees(self, event: &TapEvent, seen: &Seen, bound: &Bound) -> Option<Vec<(String, String)>> {
        let is = |name: &str, value: &str| bound.get(name).is_some_and(|known| known == value);
        let tmgi = tmgi_of(bound);
        match self {
            Self::Allocation => {
                let gar = request(seen)?;
                gar.allocation.is_some().then(|| vec![(ALLOCATION.to_owned(), gar.routing.session_id)])
            }
            Self::Allocated => {
                let (session, gaa) = answer(seen)?;
                let given = gaa.allocation.filter(|_| is(ALLOCATION, &session))?;
                let tmgi = given.tmgis.first()?;
                let destination = given.provisioning.iter().find_map(|own| own.socket())?;
                Some(vec![
                    (TMGI.to_owned(), hex::encode(tmgi.to_octets())),
                    (DESTINATION.to_owned(), destination.to_string()),
                ])
            }
            Self::Provision => {
                let gar = request(seen)?;
                let is_it = |own: &protocol::diameter::mb2c::MbmsBearerRequest| {
                    own.indication == StartStop::Start
                        && own.tmgi == tmgi
                        && own.qos.is_some()
                        && own.provisioning.is_some()
                };
                gar.bearers.iter().any(is_it).then(|| vec![(BEARER.to_owned(), gar.routing.session_id)])
            }
            Self::Provisioned => {
                let (session, gaa) = answer(seen)?;
                let is_it = |own: &protocol::diameter::mb2c::MbmsBearerResponse| own.is_success() && own.port.is_some();
                (is(BEARER, &session) && gaa.bearers.iter().any(is_it)).then(Vec::new)
            }
            Self::Start(bearer) => bearer.sees(seen, tmgi?, bound),
            Self::Listed => {
                let octets = tmgi?.to_octets();
                let (_, lcid) = seen.mcch_sessions.iter().find(|(own, _)| *own == octets)?;
                Some(vec![(LCID.to_owned(), lcid.to_string())])
            }
            Self::Scheduled => {
                let is_it = seen.msi_scheduled.iter().any(|lcid| is(LCID, &lcid.to_string()));
                is_it.then(|| vec![(MCH.to_owned(), event.channel.clone())])
            }
            Self::Datagram => is(DESTINATION, &seen.datagram?.to_string()).then(Vec::new),
        }
    }

    /// The display filter, with the interface: `joint` to the box `to`.
    pub(crate) fn filter(self, joint: Joint, to: &str, bound: &Bound) -> Option<String> {
        let known = |name: &str| bound.get(name).map_or("", String::as_str);
        let interface = interface_name(joint, to, known(MCH));
        let destination: Option<SocketAddr> = known(DESTINATION).parse().ok();
        let words = match self {
            Self::Allocation => {
                gar(known(ALLOCATION), "diameter.flags.request == 1 && diameter.TMGI-Allocation-Request")
            }
            Self::Allocated => {
                gar(known(ALLOCATION), "diameter.flags.request == 0 && diameter.TMGI-Allocation-Response")
            }
            Self::Provision => {
                gar(known(BEARER), "diameter.flags.request == 1 && diameter.MBMS-StartStop-Indication == 0")
            }
            Self::Provisioned => gar(known(BEARER), "diameter.flags.request == 0 && diameter.MBMS-Bearer-Response"),
            Self::Start(bearer) => bearer.filter(tmgi_of(bound)?, bound),
            Self::Listed => {
                let [a, b, c] = tmgi_of(bound)?.service_id;
                let lcid = known(LCID);
                format!(
                    "lte-rrc.serviceId_r9 == {a:02x}:{b:02x}:{c:02x} && lte-rrc.logicalChannelIdentity_r9 == {lcid}"
                )
            }
            Self::Scheduled => {
                let lcid = known(LCID);
                format!(
                    "mac-lte.control.mch_scheduling_info.lcid == {lcid} && mac-lte.control.mch_scheduling_info.stop_mtch < 2047"
                )
            }
            Self::Datagram => match (joint, destination?) {
                (Joint::SgiMb, SocketAddr::V4(to)) => {
                    let [a, b, c, d] = to.ip().octets();
                    format!("sync.type == 1 && frame contains {a:02x}:{b:02x}:{c:02x}:{d:02x}")
                }
                (_, SocketAddr::V4(to)) => format!("ip.dst == {} && udp.dstport == {}", to.ip(), to.port()),
                (_, SocketAddr::V6(to)) => format!("ipv6.dst == {} && udp.dstport == {}", to.ip(), to.port()),
            },
        };
        Some(format!("frame.interface_name == \"{interface}\" && {words}"))
    }
}

fn gar(session: &str, words: &str) -> String {
    format!("diameter.cmd.code == 8388662 && {words} && diameter.Session-Id == \"{}\"", escape(session))
}

fn tmgi_of(bound: &Bound) -> Option<Tmgi> {
    let octets = hex::decode(bound.get(TMGI)?).ok()?;
    Tmgi::from_octets(octets.try_into().ok()?)
}

fn request(seen: &Seen) -> Option<GcsActionRequest> {
    GcsActionRequest::from_message(seen.diameter.as_ref()?).ok()
}

fn answer(seen: &Seen) -> Option<(String, GcsActionAnswer)> {
    let message = seen.diameter.as_ref()?;
    let session = message.text(&protocol::diameter::dictionary::SESSION_ID).ok().flatten()?;
    Some((session.to_owned(), GcsActionAnswer::from_message(message).ok()?))
}
