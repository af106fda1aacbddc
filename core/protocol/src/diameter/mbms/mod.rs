//! What MB2-C and SGmb have in common: TMGI, service area, cells, duration (TS 29.061 clauses 17.7 and 20.5a), QoS
//! (TS 29.212 clause 5.3.16), features (TS 29.229 clause 6.3.29), messages without Vendor-Specific-Application-Id.

mod area;
pub mod provisioning;
mod qos;

pub use area::{Ecgi, FlowId, MAX_CELLS, MAX_SERVICE_AREAS, MbmsCellList, MbmsServiceArea, SessionDuration};
pub use qos::{Arp, QosInformation};

use super::cx::{Group, enumerated};
use super::dictionary as d;
use super::dictionary::mbms as m;
use super::message::{Avp, DiameterProblem, Message};
use super::session::{NO_STATE_MAINTAINED, Outcome, Routing};
use crate::Tmgi;

enumerated! {
    /// MBMS-StartStop-Indication (TS 29.061 clause 17.7.5).
    StartStop of MBMS_STARTSTOP_INDICATION in m {
        /// START.
        Start = 0,
        /// STOP.
        Stop = 1,
        /// UPDATE.
        Update = 2,
        /// HEARTBEAT.
        Heartbeat = 3,
    }
}

/// Supported-Features (TS 29.229 clause 6.3.29) of 3GPP.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct SupportedFeatures {
    /// Feature-List-ID.
    pub list: u32,
    /// Feature-List: a bit for each feature.
    pub features: u32,
}

impl SupportedFeatures {
    /// The AVP that carries it.
    pub fn to_avp(self) -> Avp {
        let avps = [
            Avp::u32(&d::VENDOR_ID, d::VENDOR_3GPP),
            Avp::u32(&d::FEATURE_LIST_ID, self.list),
            Avp::u32(&d::FEATURE_LIST, self.features),
        ];
        Avp::group(&d::SUPPORTED_FEATURES, &avps)
    }

    /// Reads an AVP.
    pub fn from_avp(avp: &Avp) -> Result<Self, DiameterProblem> {
        let group = Group::of(avp)?;
        Ok(Self {
            list: group.number(&d::FEATURE_LIST_ID)?.ok_or_else(|| DiameterProblem::missing(&d::FEATURE_LIST_ID))?,
            features: group.number(&d::FEATURE_LIST)?.ok_or_else(|| DiameterProblem::missing(&d::FEATURE_LIST))?,
        })
    }

    /// All that are in a message.
    pub fn all(message: &Message) -> Result<Vec<Self>, DiameterProblem> {
        message.all(&d::SUPPORTED_FEATURES).map(Self::from_avp).collect()
    }
}

/// TMGI as an AVP (TS 29.061 clause 17.7.2).
pub fn tmgi_to_avp(tmgi: Tmgi) -> Avp {
    Avp::new(&m::TMGI, tmgi.to_octets())
}

/// Reads the AVP TMGI: six octets, the PLMN with them.
pub fn tmgi_from_avp(avp: &Avp) -> Result<Tmgi, DiameterProblem> {
    let octets = avp.data[..].try_into().map_err(|_| DiameterProblem::value(avp, "a TMGI has six octets"))?;
    Tmgi::from_octets(octets).ok_or_else(|| DiameterProblem::value(avp, "the PLMN of the TMGI is not digits"))
}

/// The number of one AVP, its members or the message having to have it.
pub(super) fn need<'a>(group: &'a Group, def: &'static d::AvpDef) -> Result<&'a Avp, DiameterProblem> {
    group.get(def).ok_or_else(|| DiameterProblem::missing(def))
}

/// An OctetString of exactly so many octets.
pub(super) fn octets<const N: usize>(avp: &Avp) -> Result<[u8; N], DiameterProblem> {
    let wrong = || DiameterProblem::value(avp, format!("{avp:?}: {N} octets are needed"));
    avp.data[..].try_into().map_err(|_| wrong())
}

/// The AVPs that are none of `known`: they are kept as they are.
pub(super) fn others(avps: &[Avp], known: &[&d::AvpDef]) -> Vec<Avp> {
    avps.iter().filter(|avp| !known.iter().any(|def| avp.is(def))).cloned().collect()
}

/// Header AVPs of requests and answers, which typed messages have in [`Routing`] and [`Outcome`].
pub(super) const HEADER: [&d::AvpDef; 9] = [
    &d::SESSION_ID,
    &d::AUTH_APPLICATION_ID,
    &d::AUTH_SESSION_STATE,
    &d::ORIGIN_HOST,
    &d::ORIGIN_REALM,
    &d::DESTINATION_HOST,
    &d::DESTINATION_REALM,
    &d::RESULT_CODE,
    &d::EXPERIMENTAL_RESULT,
];

/// What the endpoints on the way put in and take out again: no part of what a message says.
pub(super) const ON_THE_WAY: [&d::AvpDef; 2] = [&d::PROXY_INFO, &d::ROUTE_RECORD];

/// A request whose application is in Auth-Application-Id (TS 29.468 clause 6.6.2, TS 29.061 clause 20.4.1).
pub(super) fn request(routing: &Routing, command: u32, application: u32, stateless: bool, avps: Vec<Avp>) -> Message {
    let mut all = vec![
        Avp::text(&d::SESSION_ID, &routing.session_id),
        Avp::u32(&d::AUTH_APPLICATION_ID, application),
        Avp::text(&d::ORIGIN_HOST, &routing.origin_host),
        Avp::text(&d::ORIGIN_REALM, &routing.origin_realm),
        Avp::text(&d::DESTINATION_REALM, &routing.destination_realm),
    ];
    all.extend(routing.destination_host.as_ref().map(|host| Avp::text(&d::DESTINATION_HOST, host)));
    if stateless {
        all.insert(2, Avp::u32(&d::AUTH_SESSION_STATE, NO_STATE_MAINTAINED));
    }
    all.extend(avps);
    Message::request(command, application, all)
}

/// The answer to such a request.
pub(super) fn answer(outcome: &Outcome, request: &Message, avps: Vec<Avp>) -> Message {
    let mut all = of_answer(request);
    all.push(outcome.result.to_avp());
    all.push(Avp::text(&d::ORIGIN_HOST, &outcome.origin_host));
    all.push(Avp::text(&d::ORIGIN_REALM, &outcome.origin_realm));
    all.extend(avps);
    Message::answer(request, all)
}

/// What an answer of MB2-C has before its result: the application, and that no state is kept (TS 29.468 clause 6.6.3). On
/// SGmb there is neither (TS 29.061 clause 20.4.2).
pub(super) fn of_answer(request: &Message) -> Vec<Avp> {
    if request.application != d::APP_MB2C {
        return Vec::new();
    }
    vec![Avp::u32(&d::AUTH_APPLICATION_ID, d::APP_MB2C), Avp::u32(&d::AUTH_SESSION_STATE, NO_STATE_MAINTAINED)]
}

/// An AVP of Unsigned32 that is a bit mask: a type with a name for each bit; bits without a name survive.
macro_rules! mask {
    ($(#[$doc:meta])* $name:ident of $def:ident { $($(#[$bit_doc:meta])* $bit:ident = $number:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
        pub struct $name(pub u32);

        impl $name {
            $($(#[$bit_doc])* pub const $bit: Self = Self(1 << $number);)*
            /// All bits that have a name, from bit 0 on.
            pub const ALL: &[(Self, &str)] = &[$((Self::$bit, stringify!($bit)),)*];

            /// Whether all bits of `other` are set.
            #[must_use]
            pub const fn has(self, other: Self) -> bool {
                self.0 & other.0 == other.0
            }

            /// With the bits of `other`.
            #[must_use]
            pub const fn with(self, other: Self) -> Self {
                Self(self.0 | other.0)
            }

            /// Names of the bits that are set and have one.
            pub fn names(self) -> impl Iterator<Item = &'static str> {
                Self::ALL.iter().filter(move |(bit, _)| self.has(*bit)).map(|(_, name)| *name)
            }

            /// The AVP that carries it.
            pub fn to_avp(self) -> Avp {
                Avp::u32(&m::$def, self.0)
            }

            /// Reads an AVP.
            pub fn from_avp(avp: &Avp) -> Result<Self, DiameterProblem> {
                avp.as_u32().map(Self)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                let names: Vec<_> = self.names().collect();
                write!(f, "{}", names.join("+"))
            }
        }
    };
}
pub(super) use mask;

#[cfg(test)]
mod tests;
