//! Where, how long and which flow: MBMS-Service-Area, MBMS-Cell-List, MBMS-Session-Duration, MBMS-Flow-Identifier
//! (TS 29.061 clauses 17.7.6, 17.7.7, 17.7.23 and 20.5a.12).

use super::super::dictionary::mbms as m;
use super::super::message::{Avp, DiameterProblem};
use super::octets;
use crate::Plmn;

/// Service area identities that one MBMS-Service-Area holds (TS 29.061 clause 17.7.6).
pub const MAX_SERVICE_AREAS: usize = 256;
/// Cells that one MBMS-Cell-List holds (TS 29.061 clause 20.5a.12).
pub const MAX_CELLS: usize = 4096;

/// MBMS-Service-Area (TS 29.061 clause 17.7.6): service area identities (TS 23.003 clause 15.3), one at least; 0 means the
/// whole PLMN.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct MbmsServiceArea(Vec<u16>);

impl MbmsServiceArea {
    /// Of these identities; `None` when there are none or more than [`MAX_SERVICE_AREAS`].
    pub fn new(areas: impl Into<Vec<u16>>) -> Option<Self> {
        let areas = areas.into();
        (1..=MAX_SERVICE_AREAS).contains(&areas.len()).then_some(Self(areas))
    }

    /// The identities, one at least.
    pub fn areas(&self) -> &[u16] {
        &self.0
    }

    /// Whether an area is in both.
    pub fn overlaps(&self, other: &Self) -> bool {
        self.0.iter().any(|area| *area == 0 || other.0.contains(area)) || other.0.contains(&0)
    }

    /// The octets of the AVP, of GTP and of M3AP (TS 36.444 clause 9.2.1.11): their number less one, then two for each.
    pub fn to_octets(&self) -> Vec<u8> {
        let number = (self.0.len() - 1) as u8;
        std::iter::once(number).chain(self.0.iter().flat_map(|area| area.to_be_bytes())).collect()
    }

    /// Inverse of [`MbmsServiceArea::to_octets`].
    pub fn from_octets(octets: &[u8]) -> Option<Self> {
        let (&number, rest) = octets.split_first()?;
        let (areas, odd) = rest.as_chunks::<2>();
        let fits = odd.is_empty() && areas.len() == usize::from(number) + 1;
        fits.then(|| Self(areas.iter().map(|area| u16::from_be_bytes(*area)).collect()))
    }

    /// The AVP that carries it.
    pub fn to_avp(&self) -> Avp {
        Avp::new(&m::MBMS_SERVICE_AREA, self.to_octets())
    }

    /// Reads an AVP.
    pub fn from_avp(avp: &Avp) -> Result<Self, DiameterProblem> {
        let wrong = || DiameterProblem::value(avp, "MBMS-Service-Area: the number is not that of the areas");
        Self::from_octets(&avp.data).ok_or_else(wrong)
    }
}

/// E-UTRAN cell global identification (TS 29.274 clause 8.21.5).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Ecgi {
    /// PLMN.
    pub plmn: Plmn,
    /// Cell identity, 28 bits.
    pub cell: u32,
}

impl Ecgi {
    /// Bits of a cell identity.
    const CELL: u32 = 0x0fff_ffff;

    fn to_octets(self) -> [u8; 7] {
        let ([a, b, c], [d, e, f, g]) = (self.plmn.to_octets(), (self.cell & Self::CELL).to_be_bytes());
        [a, b, c, d, e, f, g]
    }

    fn from_octets([a, b, c, d, e, f, g]: [u8; 7]) -> Option<Self> {
        // TS 29.274 clause 8.21.5: the upper half of the fourth octet is spare.
        Some(Self { plmn: Plmn::from_octets([a, b, c])?, cell: u32::from_be_bytes([d, e, f, g]) & Self::CELL })
    }
}

/// MBMS-Cell-List (TS 29.061 clause 20.5a.12): cells, one at least.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MbmsCellList(Vec<Ecgi>);

impl MbmsCellList {
    /// Of these cells; `None` when there are none or more than [`MAX_CELLS`].
    pub fn new(cells: impl Into<Vec<Ecgi>>) -> Option<Self> {
        let cells = cells.into();
        (1..=MAX_CELLS).contains(&cells.len()).then_some(Self(cells))
    }

    /// The cells, one at least.
    pub fn cells(&self) -> &[Ecgi] {
        &self.0
    }

    /// The AVP that carries it.
    pub fn to_avp(&self) -> Avp {
        let number = ((self.0.len() - 1) as u16).to_be_bytes();
        let octets: Vec<u8> = number.into_iter().chain(self.0.iter().flat_map(|cell| cell.to_octets())).collect();
        Avp::new(&m::MBMS_CELL_LIST, octets)
    }

    /// Reads an AVP.
    pub fn from_avp(avp: &Avp) -> Result<Self, DiameterProblem> {
        let wrong = || DiameterProblem::value(avp, "MBMS-Cell-List: the number is not that of the cells, or no cell");
        let (number, rest) = avp.data.split_first_chunk::<2>().ok_or_else(wrong)?;
        let (cells, odd) = rest.as_chunks::<7>();
        if !odd.is_empty() || cells.len() != usize::from(u16::from_be_bytes(*number)) + 1 || cells.len() > MAX_CELLS {
            return Err(wrong());
        }
        let cells: Option<Vec<_>> = cells.iter().map(|octets| Ecgi::from_octets(*octets)).collect();
        cells.map(Self).ok_or_else(wrong)
    }
}

/// MBMS-Session-Duration (TS 29.061 clause 17.7.7): 17 bits of seconds, 7 bits of days; all zeroes: without end.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct SessionDuration {
    days: u8,
    seconds: u32,
}

impl SessionDuration {
    /// Without end.
    pub const INDEFINITE: Self = Self { days: 0, seconds: 0 };
    const DAY: u64 = 86_400;
    /// Eighteen days, the longest that can be said (TS 29.061 clause 17.7.7).
    pub const MAX_SECONDS: u64 = 18 * Self::DAY;

    /// Of so many seconds: cut to what can be said, and to one at least, since zero is without end.
    pub fn from_seconds(seconds: u64) -> Self {
        let seconds = seconds.clamp(1, Self::MAX_SECONDS);
        Self { days: (seconds / Self::DAY) as u8, seconds: (seconds % Self::DAY) as u32 }
    }

    /// Seconds; `None` without end.
    pub fn seconds(self) -> Option<u64> {
        (self != Self::INDEFINITE).then(|| u64::from(self.days) * Self::DAY + u64::from(self.seconds))
    }

    /// The octets of the AVP, of GTP and of M3AP (TS 36.444 clause 9.2.1.9).
    pub const fn to_octets(self) -> [u8; 3] {
        let [_, a, b, c] = ((self.seconds & 0x1_ffff) << 7 | (self.days & 0x7f) as u32).to_be_bytes();
        [a, b, c]
    }

    /// Inverse of [`SessionDuration::to_octets`].
    pub const fn from_octets([a, b, c]: [u8; 3]) -> Self {
        let bits = u32::from_be_bytes([0, a, b, c]);
        Self { days: (bits & 0x7f) as u8, seconds: bits >> 7 }
    }

    /// The AVP that carries it.
    pub fn to_avp(self) -> Avp {
        Avp::new(&m::MBMS_SESSION_DURATION, self.to_octets())
    }

    /// Reads an AVP.
    pub fn from_avp(avp: &Avp) -> Result<Self, DiameterProblem> {
        octets(avp).map(Self::from_octets)
    }
}

/// MBMS-Flow-Identifier (TS 29.061 clause 17.7.23): tells apart the flows of one TMGI.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct FlowId(pub u16);

impl FlowId {
    /// The AVP that carries it.
    pub fn to_avp(self) -> Avp {
        Avp::new(&m::MBMS_FLOW_IDENTIFIER, self.0.to_be_bytes())
    }

    /// Reads an AVP.
    pub fn from_avp(avp: &Avp) -> Result<Self, DiameterProblem> {
        octets(avp).map(|octets| Self(u16::from_be_bytes(octets)))
    }
}
