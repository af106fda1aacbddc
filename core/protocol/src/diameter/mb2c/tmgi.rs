//! TMGIs: allocation, refresh, de-allocation, expiry (TS 29.468 clauses 6.4.11 to 6.4.17).

use super::super::cx::Group;
use super::super::dictionary::mbms as m;
use super::super::mbms::provisioning::ServiceProvisioning;
use super::super::mbms::{SessionDuration, need, tmgi_from_avp, tmgi_to_avp};
use super::super::message::{Avp, DiameterProblem};
use super::mask::{TmgiAllocationResult, TmgiDeallocationResult};
use crate::Tmgi;

fn tmgis(avps: &[Avp]) -> Result<Vec<Tmgi>, DiameterProblem> {
    avps.iter().filter(|avp| avp.is(&m::TMGI)).map(tmgi_from_avp).collect()
}

fn provisioning(avps: &[Avp]) -> Result<Vec<ServiceProvisioning>, DiameterProblem> {
    avps.iter().filter(|avp| avp.is(&m::SERVICE_PROVISIONING)).map(ServiceProvisioning::from_avp).collect()
}

/// TMGI-Allocation-Request (TS 29.468 clause 6.4.11).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct TmgiAllocationRequest {
    /// TMGI-Number: how many new ones.
    pub number: u32,
    /// Those whose expiry is to be moved.
    pub refresh: Vec<Tmgi>,
    /// Service-Provisioning: of new ones, of those that the AS has assigned itself.
    pub provisioning: Vec<ServiceProvisioning>,
}

impl TmgiAllocationRequest {
    /// The AVP that carries it.
    pub fn to_avp(&self) -> Avp {
        let mut avps = vec![Avp::u32(&m::TMGI_NUMBER, self.number)];
        avps.extend(self.refresh.iter().copied().map(tmgi_to_avp));
        avps.extend(self.provisioning.iter().map(ServiceProvisioning::to_avp));
        Avp::group(&m::TMGI_ALLOCATION_REQUEST, &avps)
    }

    /// Reads an AVP.
    pub fn from_avp(avp: &Avp) -> Result<Self, DiameterProblem> {
        let avps = avp.as_group()?;
        Ok(Self {
            number: need(&Group::of(avp)?, &m::TMGI_NUMBER)?.as_u32()?,
            refresh: tmgis(&avps)?,
            provisioning: provisioning(&avps)?,
        })
    }
}

/// TMGI-Allocation-Response (TS 29.468 clause 6.4.12).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct TmgiAllocationResponse {
    /// Those that are allocated: new ones and refreshed ones.
    pub tmgis: Vec<Tmgi>,
    /// MBMS-Session-Duration: when all of them expire.
    pub duration: Option<SessionDuration>,
    /// TMGI-Allocation-Result; absent: success.
    pub result: Option<TmgiAllocationResult>,
    /// Service-Provisioning: address and port that go with each, or why what the AS has assigned is refused.
    pub provisioning: Vec<ServiceProvisioning>,
}

impl TmgiAllocationResponse {
    /// The AVP that carries it.
    pub fn to_avp(&self) -> Avp {
        let mut avps: Vec<Avp> = self.tmgis.iter().copied().map(tmgi_to_avp).collect();
        avps.extend(self.duration.map(SessionDuration::to_avp));
        avps.extend(self.result.map(TmgiAllocationResult::to_avp));
        avps.extend(self.provisioning.iter().map(ServiceProvisioning::to_avp));
        Avp::group(&m::TMGI_ALLOCATION_RESPONSE, &avps)
    }

    /// Reads an AVP.
    pub fn from_avp(avp: &Avp) -> Result<Self, DiameterProblem> {
        let (avps, group) = (avp.as_group()?, Group::of(avp)?);
        Ok(Self {
            tmgis: tmgis(&avps)?,
            duration: group.get(&m::MBMS_SESSION_DURATION).map(SessionDuration::from_avp).transpose()?,
            result: group.get(&m::TMGI_ALLOCATION_RESULT).map(TmgiAllocationResult::from_avp).transpose()?,
            provisioning: provisioning(&avps)?,
        })
    }
}

/// TMGI-Deallocation-Request (TS 29.468 clause 6.4.14).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct TmgiDeallocationRequest {
    /// Those that are given back; none: all that this GCS AS has.
    pub tmgis: Vec<Tmgi>,
}

impl TmgiDeallocationRequest {
    /// The AVP that carries it.
    pub fn to_avp(&self) -> Avp {
        let avps: Vec<Avp> = self.tmgis.iter().copied().map(tmgi_to_avp).collect();
        Avp::group(&m::TMGI_DEALLOCATION_REQUEST, &avps)
    }

    /// Reads an AVP.
    pub fn from_avp(avp: &Avp) -> Result<Self, DiameterProblem> {
        Ok(Self { tmgis: tmgis(&avp.as_group()?)? })
    }
}

/// TMGI-Deallocation-Response (TS 29.468 clause 6.4.15).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TmgiDeallocationResponse {
    /// TMGI.
    pub tmgi: Tmgi,
    /// TMGI-Deallocation-Result; absent: success.
    pub result: Option<TmgiDeallocationResult>,
}

impl TmgiDeallocationResponse {
    /// The AVP that carries it.
    pub fn to_avp(self) -> Avp {
        let result = self.result.map(TmgiDeallocationResult::to_avp);
        let avps: Vec<Avp> = std::iter::once(tmgi_to_avp(self.tmgi)).chain(result).collect();
        Avp::group(&m::TMGI_DEALLOCATION_RESPONSE, &avps)
    }

    /// Reads an AVP.
    pub fn from_avp(avp: &Avp) -> Result<Self, DiameterProblem> {
        let group = Group::of(avp)?;
        Ok(Self {
            tmgi: tmgi_from_avp(need(&group, &m::TMGI)?)?,
            result: group.get(&m::TMGI_DEALLOCATION_RESULT).map(TmgiDeallocationResult::from_avp).transpose()?,
        })
    }
}

/// TMGI-Expiry (TS 29.468 clause 6.4.17): these are no longer allocated.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct TmgiExpiry {
    /// One at least.
    pub tmgis: Vec<Tmgi>,
}

impl TmgiExpiry {
    /// The AVP that carries it.
    pub fn to_avp(&self) -> Avp {
        let avps: Vec<Avp> = self.tmgis.iter().copied().map(tmgi_to_avp).collect();
        Avp::group(&m::TMGI_EXPIRY, &avps)
    }

    /// Reads an AVP.
    pub fn from_avp(avp: &Avp) -> Result<Self, DiameterProblem> {
        let tmgis = tmgis(&avp.as_group()?)?;
        if tmgis.is_empty() { Err(DiameterProblem::missing(&m::TMGI)) } else { Ok(Self { tmgis }) }
    }
}
