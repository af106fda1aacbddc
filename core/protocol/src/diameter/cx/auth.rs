//! MAR, MAA and the authentication data in them (TS 29.229 clauses 6.1.7, 6.1.8 and 6.3.13; TS 29.228 tables 6.3.3 to 6.3.7).

use super::super::dictionary as d;
use super::super::message::{Avp, DiameterProblem, Message};
use super::super::session::{Outcome, Routing};
use super::Group;
use crate::Secret;

/// SIP-Authentication-Scheme of IMS AKA.
pub const SCHEME_AKA: &str = "Digest-AKAv1-MD5";
/// SIP-Authentication-Scheme of SIP digest.
pub const SCHEME_DIGEST: &str = "SIP Digest";
/// SIP-Authentication-Scheme of a request that leaves the choice to the HSS.
pub const SCHEME_UNKNOWN: &str = "Unknown";

/// Multimedia-Auth-Request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mar {
    /// Header.
    pub routing: Routing,
    /// Private identity (User-Name).
    pub impi: String,
    /// Public-Identity.
    pub impu: String,
    /// SIP-Authentication-Scheme.
    pub scheme: String,
    /// SIP-Authorization: RAND and AUTS of a resynchronisation.
    pub authorization: Option<Vec<u8>>,
    /// SIP-Number-Auth-Items: how many vectors are wanted.
    pub items: u32,
    /// Server-Name: the S-CSCF that asks.
    pub server: String,
}

impl Mar {
    /// As it goes out.
    pub fn to_message(&self) -> Message {
        let mut item = vec![Avp::text(&d::SIP_AUTHENTICATION_SCHEME, &self.scheme)];
        item.extend(self.authorization.iter().map(|octets| Avp::new(&d::SIP_AUTHORIZATION, octets.clone())));
        let avps = vec![
            Avp::text(&d::USER_NAME, &self.impi),
            Avp::text(&d::PUBLIC_IDENTITY, &self.impu),
            Avp::u32(&d::SIP_NUMBER_AUTH_ITEMS, self.items),
            Avp::group(&d::SIP_AUTH_DATA_ITEM, &item),
            Avp::text(&d::SERVER_NAME, &self.server),
        ];
        self.routing.request(d::MULTIMEDIA_AUTH, d::APP_CX, avps)
    }

    /// Reads it.
    pub fn from_message(message: &Message) -> Result<Self, DiameterProblem> {
        let item =
            message.get(&d::SIP_AUTH_DATA_ITEM).ok_or_else(|| DiameterProblem::missing(&d::SIP_AUTH_DATA_ITEM))?;
        let item = Group::of(item)?;
        let scheme = item.text(&d::SIP_AUTHENTICATION_SCHEME)?;
        Ok(Self {
            routing: Routing::from_message(message)?,
            impi: message.need_text(&d::USER_NAME)?.to_owned(),
            impu: message.need_text(&d::PUBLIC_IDENTITY)?.to_owned(),
            scheme: scheme.ok_or_else(|| DiameterProblem::missing(&d::SIP_AUTHENTICATION_SCHEME))?,
            authorization: item.octets(&d::SIP_AUTHORIZATION),
            items: message.need_number(&d::SIP_NUMBER_AUTH_ITEMS)?,
            server: message.need_text(&d::SERVER_NAME)?.to_owned(),
        })
    }
}

/// What SIP digest needs (SIP-Digest-Authenticate, TS 29.229 clause 6.3.36).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DigestAuthenticate {
    /// Digest-Realm.
    pub realm: String,
    /// Digest-Algorithm.
    pub algorithm: Option<String>,
    /// Digest-QoP.
    pub qop: String,
    /// Digest-HA1: hexadecimal digits.
    pub ha1: Secret<String>,
}

/// Data of one authentication (TS 29.228 tables 6.3.4 and 6.3.5a).
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum AuthData {
    /// A vector of AKA.
    Aka {
        /// SIP-Authenticate: RAND, AUTN.
        rand: [u8; 16],
        /// SIP-Authenticate: RAND, AUTN.
        autn: [u8; 16],
        /// SIP-Authorization: XRES.
        xres: Secret<Vec<u8>>,
        /// Confidentiality-Key.
        ck: Secret<[u8; 16]>,
        /// Integrity-Key.
        ik: Secret<[u8; 16]>,
    },
    /// SIP digest.
    Digest(DigestAuthenticate),
}

/// SIP-Auth-Data-Item of an answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AuthItem {
    /// SIP-Item-Number: their order.
    pub number: Option<u32>,
    /// The data.
    pub data: AuthData,
}

impl AuthItem {
    /// The AVP that carries it.
    pub fn to_avp(&self) -> Avp {
        let mut avps: Vec<_> = self.number.iter().map(|&n| Avp::u32(&d::SIP_ITEM_NUMBER, n)).collect();
        match &self.data {
            AuthData::Aka { rand, autn, xres, ck, ik } => avps.extend([
                Avp::text(&d::SIP_AUTHENTICATION_SCHEME, SCHEME_AKA),
                Avp::new(&d::SIP_AUTHENTICATE, [*rand, *autn].concat()),
                Avp::new(&d::SIP_AUTHORIZATION, xres.expose().clone()),
                Avp::new(&d::CONFIDENTIALITY_KEY, *ck.expose()),
                Avp::new(&d::INTEGRITY_KEY, *ik.expose()),
            ]),
            AuthData::Digest(digest) => {
                let mut group = vec![Avp::text(&d::DIGEST_REALM, &digest.realm)];
                group.extend(digest.algorithm.iter().map(|algorithm| Avp::text(&d::DIGEST_ALGORITHM, algorithm)));
                group.push(Avp::text(&d::DIGEST_QOP, &digest.qop));
                group.push(Avp::text(&d::DIGEST_HA1, digest.ha1.expose()));
                avps.push(Avp::text(&d::SIP_AUTHENTICATION_SCHEME, SCHEME_DIGEST));
                avps.push(Avp::group(&d::SIP_DIGEST_AUTHENTICATE, &group));
            }
        }
        Avp::group(&d::SIP_AUTH_DATA_ITEM, &avps)
    }

    /// Reads it.
    pub fn from_avp(avp: &Avp) -> Result<Self, DiameterProblem> {
        let group = Group::of(avp)?;
        let scheme = group.text(&d::SIP_AUTHENTICATION_SCHEME)?;
        let data = match scheme.as_deref() {
            Some(SCHEME_AKA) => aka(&group, avp)?,
            Some(SCHEME_DIGEST) => {
                let digest = group.get(&d::SIP_DIGEST_AUTHENTICATE);
                AuthData::Digest(digest_of(
                    digest.ok_or_else(|| DiameterProblem::missing(&d::SIP_DIGEST_AUTHENTICATE))?,
                )?)
            }
            other => {
                let what = format!("SIP-Authentication-Scheme {other:?} of an answer is not known");
                return Err(DiameterProblem::value(avp, what));
            }
        };
        Ok(Self { number: group.number(&d::SIP_ITEM_NUMBER)?, data })
    }
}

fn aka(group: &Group, whole: &Avp) -> Result<AuthData, DiameterProblem> {
    let need = |def: &'static d::AvpDef| group.octets(def).ok_or_else(|| DiameterProblem::missing(def));
    let key = |def| {
        let octets: [u8; 16] = need(def)?
            .try_into()
            .map_err(|_| DiameterProblem::value(whole, format!("{} is not of 16 octets", def.name)))?;
        Ok::<_, DiameterProblem>(Secret::new(octets))
    };
    let challenge = need(&d::SIP_AUTHENTICATE)?;
    let (Some((rand, [])), Some(autn)) = (
        challenge.get(..16).and_then(|r| r.split_first_chunk::<16>()),
        challenge.get(16..).and_then(|a| a.try_into().ok()),
    ) else {
        return Err(DiameterProblem::value(whole, "SIP-Authenticate is not RAND and AUTN of 16 octets each"));
    };
    Ok(AuthData::Aka {
        rand: *rand,
        autn,
        xres: Secret::new(need(&d::SIP_AUTHORIZATION)?),
        ck: key(&d::CONFIDENTIALITY_KEY)?,
        ik: key(&d::INTEGRITY_KEY)?,
    })
}

fn digest_of(avp: &Avp) -> Result<DigestAuthenticate, DiameterProblem> {
    let group = Group::of(avp)?;
    let need = |def: &'static d::AvpDef| group.text(def)?.ok_or_else(|| DiameterProblem::missing(def));
    Ok(DigestAuthenticate {
        realm: need(&d::DIGEST_REALM)?,
        algorithm: group.text(&d::DIGEST_ALGORITHM)?,
        qop: need(&d::DIGEST_QOP)?,
        ha1: Secret::new(need(&d::DIGEST_HA1)?),
    })
}

/// Multimedia-Auth-Answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Maa {
    /// Header.
    pub outcome: Outcome,
    /// Private identity (User-Name).
    pub impi: Option<String>,
    /// Public-Identity.
    pub impu: Option<String>,
    /// The data, in the order of their numbers.
    pub items: Vec<AuthItem>,
}

impl Maa {
    /// As it goes out.
    pub fn to_message(&self, request: &Message) -> Message {
        let mut avps: Vec<_> = self.impi.iter().map(|impi| Avp::text(&d::USER_NAME, impi)).collect();
        avps.extend(self.impu.iter().map(|impu| Avp::text(&d::PUBLIC_IDENTITY, impu)));
        if !self.items.is_empty() {
            avps.push(Avp::u32(&d::SIP_NUMBER_AUTH_ITEMS, self.items.len() as u32));
            avps.extend(self.items.iter().map(AuthItem::to_avp));
        }
        self.outcome.answer(request, avps)
    }

    /// Reads it.
    pub fn from_message(message: &Message) -> Result<Self, DiameterProblem> {
        let items: Result<Vec<_>, _> = message.all(&d::SIP_AUTH_DATA_ITEM).map(AuthItem::from_avp).collect();
        let mut items = items?;
        items.sort_by_key(|item| item.number);
        Ok(Self {
            outcome: Outcome::from_message(message)?,
            impi: message.text(&d::USER_NAME)?.map(str::to_owned),
            impu: message.text(&d::PUBLIC_IDENTITY)?.map(str::to_owned),
            items,
        })
    }
}
