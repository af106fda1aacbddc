//! QoS-Information as MBMS bearers have it (TS 29.212 clauses 5.3.16 and 5.3.32, TS 29.061 clause 20.4.1): QCI, bit rates
//! downlink, allocation and retention priority.

use super::super::cx::Group;
use super::super::dictionary::mbms as m;
use super::super::message::{Avp, DiameterProblem};
use super::{need, others};

/// Allocation-Retention-Priority (TS 29.212 clause 5.3.32).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Arp {
    /// Priority-Level, 1 (highest) to 15.
    pub priority: u8,
    /// Pre-emption-Capability: it may take what others have.
    pub may_preempt: bool,
    /// Pre-emption-Vulnerability: others may take what it has.
    pub preemptable: bool,
}

impl Arp {
    /// The AVP that carries it. In both AVPs 0 is yes (TS 29.212 clauses 5.3.46 and 5.3.47).
    pub fn to_avp(self) -> Avp {
        let avps = [
            Avp::u32(&m::PRIORITY_LEVEL, self.priority.into()),
            Avp::u32(&m::PRE_EMPTION_CAPABILITY, (!self.may_preempt).into()),
            Avp::u32(&m::PRE_EMPTION_VULNERABILITY, (!self.preemptable).into()),
        ];
        Avp::group(&m::ALLOCATION_RETENTION_PRIORITY, &avps)
    }

    /// Reads an AVP. Without the others it may not pre-empt and may be pre-empted (TS 29.212 clauses 5.3.46 and 5.3.47).
    pub fn from_avp(avp: &Avp) -> Result<Self, DiameterProblem> {
        let group = Group::of(avp)?;
        let level = need(&group, &m::PRIORITY_LEVEL)?;
        let priority = match level.as_u32()? {
            priority @ 1..=15 => priority as u8,
            other => return Err(DiameterProblem::value(level, format!("Priority-Level {other} is not in 1 to 15"))),
        };
        let flag = |def, default: u32| match group.number(def)?.unwrap_or(default) {
            0 => Ok(true),
            1 => Ok(false),
            other => Err(DiameterProblem::value(avp, format!("{} {other} is not 0 or 1", def.name))),
        };
        let (may_preempt, preemptable) =
            (flag(&m::PRE_EMPTION_CAPABILITY, 1)?, flag(&m::PRE_EMPTION_VULNERABILITY, 0)?);
        Ok(Self { priority, may_preempt, preemptable })
    }
}

/// QoS-Information (TS 29.212 clause 5.3.16).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct QosInformation {
    /// QoS-Class-Identifier (TS 23.203 table 6.1.7).
    pub qci: Option<u32>,
    /// Max-Requested-Bandwidth-DL, in bit/s.
    pub mbr: Option<u32>,
    /// Guaranteed-Bitrate-DL, in bit/s.
    pub gbr: Option<u32>,
    /// Allocation-Retention-Priority.
    pub arp: Option<Arp>,
    /// What else is in it, untouched.
    pub other: Vec<Avp>,
}

impl QosInformation {
    /// The AVP that carries it.
    pub fn to_avp(&self) -> Avp {
        let mut avps: Vec<Avp> = Vec::new();
        avps.extend(self.qci.map(|qci| Avp::u32(&m::QOS_CLASS_IDENTIFIER, qci)));
        avps.extend(self.mbr.map(|rate| Avp::u32(&m::MAX_REQUESTED_BANDWIDTH_DL, rate)));
        avps.extend(self.gbr.map(|rate| Avp::u32(&m::GUARANTEED_BITRATE_DL, rate)));
        avps.extend(self.arp.map(Arp::to_avp));
        avps.extend(self.other.iter().cloned());
        Avp::group(&m::QOS_INFORMATION, &avps)
    }

    /// Reads an AVP.
    pub fn from_avp(avp: &Avp) -> Result<Self, DiameterProblem> {
        let avps = avp.as_group()?;
        let other = others(&avps, &Self::KNOWN);
        let group = Group::of(avp)?;
        Ok(Self {
            qci: group.number(&m::QOS_CLASS_IDENTIFIER)?,
            mbr: group.number(&m::MAX_REQUESTED_BANDWIDTH_DL)?,
            gbr: group.number(&m::GUARANTEED_BITRATE_DL)?,
            arp: group.get(&m::ALLOCATION_RETENTION_PRIORITY).map(Arp::from_avp).transpose()?,
            other,
        })
    }

    const KNOWN: [&'static super::d::AvpDef; 4] = [
        &m::QOS_CLASS_IDENTIFIER,
        &m::MAX_REQUESTED_BANDWIDTH_DL,
        &m::GUARANTEED_BITRATE_DL,
        &m::ALLOCATION_RETENTION_PRIORITY,
    ];
}
