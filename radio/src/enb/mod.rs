//! The radio side of an eNB: SDUs of MBMS bearers in, samples of the carrier out, one subframe at a time.
//!
//! Unicast subframes carry synchronization and reference signals, PBCH, PCFICH, and system information on PDCCH and PDSCH;
//! the PHICH has its resource elements and no groups in use. MBSFN subframes carry MCCH, MSI and MTCH of the
//! areas (TS 36.211 clause 6.5, TS 36.321 clause 5.12), and in the non-MBSFN region reference signals, PCFICH, and the PDCCH
//! that tells of MCCH changes.

mod area;
mod mib;
mod notification;
mod overlay;
mod si_sender;
mod subframe;
mod system_information;

use std::collections::VecDeque;

use num_complex::Complex32;

use crate::cell::{CarrierConfig, CellConfig, ConfigError, PhichConfig};
use crate::coding::CodingError;
use crate::mch::{MbsfnSubframes, MchSchedule, MchTxError, MchTxEvent, PushError};
use crate::numerology::MbsfnNumerology;
use crate::phch::ControlRegion;
use crate::rrc::{AreaConfigError, EncodeRrcError, MBSFN_SUBFRAMES, MbsfnAreaConfiguration, MbsfnAreaInfo};
use crate::time::SubframeTime;
use area::Area;
use mib::MibSender;
use notification::ChangeNotification;
pub use si_sender::SiDciFormat;
use si_sender::SiSender;
use subframe::SubframeComposer;
pub use system_information::SystemInformationPlan;
use system_information::{TEST_PLMN, TEST_SAI};

/// `maxMBSFN-Area` (TS 36.331 clause 6.4).
const MAX_MBSFN_AREA: usize = 8;
/// Radio frames after which every pattern and period has begun again.
const CYCLE_RF: u64 = 1024;
/// Events kept when nobody takes them; older ones go.
const EVENTS_MAX: usize = 64;
/// Level of a fully loaded carrier, see [`full_scale_gain`], dB relative to full scale.
pub const FULL_SCALE_RMS_DBFS: f32 = -12.0;

/// A carrier and its MBSFN areas.
#[derive(Clone, Debug)]
pub struct EnbConfig {
    /// Cell, antenna ports (1 or 2), PHICH.
    pub carrier: CarrierConfig,
    /// Control format indicator of unicast subframes, 1 to 3: symbols of the control region, one more up to 10 PRB.
    pub cfi: u8,
    /// System information; it has to agree with the areas.
    pub si: SystemInformationPlan,
    /// How the PDCCH announces it.
    pub si_dci: SiDciFormat,
    /// MBSFN areas, at most 8.
    pub areas: Vec<AreaSetup>,
}

/// An MBSFN area: what SIB13 and the MCCH say of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AreaSetup {
    /// In SIB13.
    pub info: MbsfnAreaInfo,
    /// On the MCCH.
    pub mcch: MbsfnAreaConfiguration,
}

impl EnbConfig {
    /// These areas and system information that tells of them, announced with format 1A after a CFI of 2: a cell of the test
    /// network alone (TS 36.508 clause 4.4.2) with MBMS service area 1.
    ///
    /// # Errors
    /// See [`SystemInformationPlan::for_areas`].
    pub fn new(carrier: CarrierConfig, areas: Vec<AreaSetup>) -> Result<Self, EnbError> {
        Self::of_networks(carrier, areas, &[TEST_PLMN], &[TEST_SAI])
    }

    /// The same of a cell that these networks share, with these MBMS service areas.
    ///
    /// # Errors
    /// See [`SystemInformationPlan::for_areas`].
    pub fn of_networks(
        carrier: CarrierConfig,
        areas: Vec<AreaSetup>,
        plmns: &[[u8; 3]],
        sais: &[u16],
    ) -> Result<Self, EnbError> {
        let mut si = SystemInformationPlan::for_areas(&areas, plmns, sais)?;
        // Every resource element has the same power: rho_B / rho_A = 1 (TS 36.213 table 5.2-1).
        si.sib2.p_b = u8::from(carrier.n_ports > 1);
        Ok(Self { carrier, cfi: 2, si, si_dci: SiDciFormat::OneA, areas })
    }

    /// The same with one antenna port and one MBSFN area.
    ///
    /// # Errors
    /// See [`SystemInformationPlan::for_areas`].
    pub fn single_area(cell: CellConfig, info: MbsfnAreaInfo, mcch: MbsfnAreaConfiguration) -> Result<Self, EnbError> {
        let carrier = CarrierConfig { cell, n_ports: 1, phich: PhichConfig::default() };
        Self::new(carrier, vec![AreaSetup { info, mcch }])
    }
}

/// A configuration that cannot be sent.
#[derive(Debug, thiserror::Error)]
pub enum EnbError {
    /// Physical layer.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Channel coding.
    #[error(transparent)]
    Coding(#[from] CodingError),
    /// MBSFN area or MCCH.
    #[error(transparent)]
    Mch(#[from] MchTxError),
    /// Change notifications, or an area before anything else was looked at.
    #[error(transparent)]
    Area(#[from] AreaConfigError),
    /// Antenna ports that are not sent.
    #[error("{0} antenna ports: 1 or 2 are sent")]
    Ports(u8),
    /// More areas than a cell can have, or two with one identity.
    #[error("MBSFN areas: at most 8, each with its own identity (TS 36.331 clause 6.3.1)")]
    Areas,
    /// No such area.
    #[error("the eNB has no MBSFN area number {0}")]
    UnknownArea(usize),
    /// A subframe in use that is a unicast subframe by SIB2.
    #[error("subframe {time} of MBSFN area {n_id_mbsfn} is no MBSFN subframe by SIB2")]
    OutsideOfSib2 {
        /// The first one.
        time: SubframeTime,
        /// The area.
        n_id_mbsfn: u8,
    },
    /// A subframe that two areas have.
    #[error("subframe {time} belongs to MBSFN areas {first} and {second}: give it to one")]
    Overlap {
        /// The first one.
        time: SubframeTime,
        /// An area.
        first: u8,
        /// Another area.
        second: u8,
    },
    /// A change notification outside of MBSFN subframes.
    #[error("the MCCH change notification of subframe {time} is not in an MBSFN subframe (TS 36.331 clause 5.8.1.3)")]
    NotificationSubframe {
        /// The first one.
        time: SubframeTime,
    },
    /// A control region that the carrier cannot have, or without room for a PDCCH.
    #[error(
        "CFI {cfi}: TS 36.211 table 6.7-1 and the PHICH duration do not allow it here, or the region has no room for a \
         PDCCH of 4 control channel elements: take a larger one, or fewer PHICH groups"
    )]
    ControlRegion {
        /// What was given.
        cfi: u8,
    },
    /// A message of system information.
    #[error(transparent)]
    Rrc(#[from] EncodeRrcError),
    /// SIB13 tells of other areas.
    #[error("SIB13 does not name the areas of the eNB, in their order")]
    OtherAreasInSib13,
    /// A service area that SIB15 would name twice.
    #[error("MBMS service area {0} is named twice: SIB15 has each once (TS 36.331 clause 6.3.1)")]
    ServiceAreaTwice(u16),
    /// A block that SIB1 schedules and that is not there.
    #[error("SIB1 schedules SIB{0}, which is not given")]
    NoSuchSib(u8),
    /// An SI message without a window.
    #[error("SI message {index} has no window in its period (TS 36.331 clause 5.2.3)")]
    NoSiWindow {
        /// Its place in `schedulingInfoList`.
        index: usize,
    },
    /// An SI message whose windows have no subframe for it.
    #[error(
        "SI message {index} is never sent: every subframe of its windows is an MBSFN subframe by SIB2, SIB1's, or in the \
         window of an earlier message: take a longer si-WindowLength, another place in schedulingInfoList, or fewer MBSFN \
         subframes"
    )]
    NoSiSubframe {
        /// Its place in `schedulingInfoList`.
        index: usize,
    },
    /// A message of system information that no transport block holds.
    #[error("a message of system information has {octets} octets: share its blocks out among more messages")]
    SiTooLong {
        /// Its size.
        octets: usize,
    },
    /// More patterns of MBSFN subframes than SIB2 can name.
    #[error("the MBSFN subframes of the areas take {patterns} patterns: SIB2 names at most 8")]
    TooManyPatterns {
        /// How many.
        patterns: usize,
    },
}

/// What happened on the sending side.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum EnbEvent {
    /// Layer 2 of an MBSFN area.
    Mch {
        /// Place of the area in [`EnbConfig::areas`].
        area: usize,
        /// What.
        event: MchTxEvent,
    },
    /// An MCCH change notification went out.
    ChangeNotification {
        /// Subframe.
        time: SubframeTime,
        /// Bit i (from the least significant one) is set when the MCCH of areas with notificationIndicator i changes.
        bitmap: u8,
    },
}

/// The transmitter; samples are its only clock. Allocates in `new` and when an MCCH changes.
pub struct Enb {
    carrier: CarrierConfig,
    mbsfn_subframes: MbsfnSubframes,
    /// None when the non-MBSFN region has no room for it, as with 6 PRB.
    notification: Option<ChangeNotification>,
    areas: Vec<Area>,
    next: SubframeTime,
    is_on_air: bool,
    mib: MibSender,
    si: SiSender,
    unicast: SubframeComposer,
    /// By length of the non-MBSFN region, 1 and 2; those in use.
    mbsfn: [Option<SubframeComposer>; 2],
    /// The region of MBSFN subframes that no area has.
    idle_region: u8,
    events: VecDeque<EnbEvent>,
}

impl Enb {
    /// Plans a transmitter that starts at frame 0.
    ///
    /// # Errors
    /// What the standard does not allow, or what does not fit together.
    pub fn new(config: &EnbConfig) -> Result<Self, EnbError> {
        let EnbConfig { carrier, cfi, si, si_dci, areas } = config;
        check_carrier(carrier, areas)?;
        si.check(areas)?;
        let region = ControlRegion::new(carrier, false);
        if !region.allowed_cfis().contains(cfi) {
            return Err(EnbError::ControlRegion { cfi: *cfi });
        }
        let idle_region = areas.iter().map(|area| area.info.non_mbsfn_region).max().unwrap_or(2);
        let mut mbsfn = [None, None];
        for region in areas.iter().map(|area| area.info.non_mbsfn_region).chain([idle_region]) {
            let composer = SubframeComposer::mbsfn(carrier, region, MbsfnNumerology::Khz15)?;
            mbsfn[usize::from(region) - 1].get_or_insert(composer);
        }
        let notification = si.sib13.as_ref().map(ChangeNotification::new).transpose()?;
        let has_room = mbsfn.iter().flatten().all(SubframeComposer::has_room_for_pdcch);
        let enb = Self {
            carrier: *carrier,
            mbsfn_subframes: MbsfnSubframes::new(&si.sib2.mbsfn_subframe_config_list),
            notification: notification.filter(|_| has_room),
            areas: areas.iter().map(|area| Area::new(carrier.cell, area)).collect::<Result<_, _>>()?,
            next: SubframeTime::default(),
            is_on_air: false,
            mib: MibSender::new(carrier),
            si: SiSender::new(carrier, &region, *cfi, si, *si_dci)?,
            unicast: SubframeComposer::unicast(carrier, region, *cfi),
            mbsfn,
            idle_region,
            events: VecDeque::with_capacity(EVENTS_MAX),
        };
        enb.check_occasions()?;
        for (area, setup) in areas.iter().enumerate() {
            enb.check_subframes(area, &MchSchedule::new(&setup.info, Some(&setup.mcch)))?;
        }
        Ok(enb)
    }

    /// Change notifications are in MBSFN subframes.
    fn check_occasions(&self) -> Result<(), EnbError> {
        let mut occasions = self.notification.iter().flat_map(ChangeNotification::occasions);
        let outside = occasions.find(|time| !self.mbsfn_subframes.contains(time.frame(), time.subframe()));
        outside.map_or(Ok(()), |time| Err(EnbError::NotificationSubframe { time }))
    }

    /// The subframes of an area are MBSFN subframes, and no other area has them.
    fn check_subframes(&self, area: usize, schedule: &MchSchedule) -> Result<(), EnbError> {
        let n_id_mbsfn = self.areas[area].mch.info().n_id_mbsfn;
        for (frame, subframe) in (0..CYCLE_RF).flat_map(|frame| MBSFN_SUBFRAMES.map(|subframe| (frame, subframe))) {
            if !schedule.is_of_area(frame, subframe) {
                continue;
            }
            let time = SubframeTime::new(frame, subframe);
            if !self.mbsfn_subframes.contains(frame, subframe) {
                return Err(EnbError::OutsideOfSib2 { time, n_id_mbsfn });
            }
            let mut others = self.areas.iter().enumerate().filter(|(other, _)| *other != area);
            if let Some((_, other)) = others.find(|(_, other)| other.mch.may_use(frame, subframe)) {
                return Err(EnbError::Overlap { time, first: n_id_mbsfn, second: other.mch.info().n_id_mbsfn });
            }
        }
        Ok(())
    }

    /// Queues an SDU of a session for the first MCH scheduling period that starts at radio frame `due_frame` or later. The
    /// session is one of what the MCCH of the area will say then.
    ///
    /// # Errors
    /// See [`PushError`]; nothing is queued then.
    pub fn push_sdu(
        &mut self,
        area: usize,
        pmch: usize,
        lcid: u8,
        sdu: &[u8],
        due_frame: u64,
    ) -> Result<(), PushError> {
        let area = self.areas.get_mut(area).ok_or(PushError::UnknownArea(area))?;
        area.mch.push_sdu(pmch, lcid, sdu, due_frame)
    }

    /// Octets of SDUs that wait on an MTCH of what the MCCH says now; 0 when there is none.
    pub fn backlog_octets(&self, area: usize, pmch: usize, lcid: u8) -> usize {
        self.areas.get(area).map_or(0, |area| area.mch.backlog_octets_of(pmch, lcid))
    }

    /// Changes what the MCCH of an area says, and gives the first radio frame of the modification period from which it
    /// holds (TS 36.331 clause 5.8.1.3): the next one before which a change notification can still go out. Before the
    /// first subframe is made it holds at once. A non-MBSFN region without room for a PDCCH, as with 6 PRB, carries no
    /// notification: then it is the next modification period, which receivers notice by reading the MCCH in each.
    ///
    /// Sessions that go on keep their RLC entity and their queue; SDUs of new ones can be queued from now on.
    ///
    /// # Errors
    /// A configuration that cannot be sent; nothing changes then.
    pub fn set_mcch(&mut self, area: usize, mcch: &MbsfnAreaConfiguration) -> Result<u64, EnbError> {
        let of = self.areas.get_mut(area).ok_or(EnbError::UnknownArea(area))?;
        if self.is_on_air {
            of.mch.advance(self.next.frame());
        }
        let (info, last_change) = (*of.mch.info(), of.mch.last_change());
        self.check_subframes(area, &MchSchedule::new(&info, Some(mcch)))?;
        let period = u64::from(info.mcch.modification_period_rf);
        let from = match (&self.notification, last_change) {
            _ if !self.is_on_air => self.next.frame(),
            (None, _) => (self.next.frame() / period + 1) * period,
            (Some(notification), None) => notification.next_boundary(&info, self.next),
            // It was announced, and there is time to announce this one with it.
            (Some(notification), Some(boundary)) if notification.has_occasion(self.next, boundary) => boundary,
            (Some(_), Some(boundary)) => boundary + period,
        };
        self.areas[area].change(mcch, from)?;
        Ok(from)
    }

    /// Are MCCH changes notified of on the PDCCH? False when a non-MBSFN region has no room for it, as with 6 PRB.
    pub fn notifies_changes(&self) -> bool {
        self.notification.is_some()
    }

    /// First radio frame of the next modification period with another MCCH of the area, if one is to come.
    pub fn next_mcch_change(&self, area: usize) -> Option<u64> {
        self.areas.get(area)?.mch.next_change()
    }

    /// What the MCCH of an area says in the subframe that is made next, if nothing changes there.
    pub fn mcch(&self, area: usize) -> Option<&MbsfnAreaConfiguration> {
        self.areas.get(area).map(|area| area.mch.configuration())
    }

    /// Fills `antennas` with the next subframe, one slice for each antenna port, and tells which one it is. The PMCH and
    /// its reference signals (antenna port 4) and the synchronization signals go out on the first antenna.
    ///
    /// # Panics
    /// If there is not one slice for each antenna port, or one is not one subframe long.
    pub fn next_subframe(&mut self, antennas: &mut [&mut [Complex32]]) -> SubframeTime {
        let time = self.next;
        self.next = time.next();
        self.is_on_air = true;
        let (frame, subframe) = (time.frame(), time.subframe());
        self.areas.iter_mut().for_each(|area| area.mch.advance(frame));
        if self.mbsfn_subframes.contains(frame, subframe) {
            self.mbsfn_subframe(time, antennas);
        } else {
            let grids = self.unicast.begin(subframe);
            if subframe == 0 {
                self.mib.put(frame, grids);
            }
            self.si.put(time, grids);
            self.unicast.modulate(antennas);
        }
        time
    }

    /// Is this a subframe of an MBSFN area?
    pub fn is_mbsfn(&self, time: SubframeTime) -> bool {
        self.mbsfn_subframes.contains(time.frame(), time.subframe())
    }

    fn mbsfn_subframe(&mut self, time: SubframeTime, antennas: &mut [&mut [Complex32]]) {
        let (frame, subframe) = (time.frame(), time.subframe());
        let notification = self.change_notification(time);
        let area = self.areas.iter_mut().find(|area| area.mch.is_of_area(frame, subframe));
        let region = area.as_ref().map_or(self.idle_region, |area| area.mch.info().non_mbsfn_region);
        let Some(composer) = self.mbsfn[usize::from(region) - 1].as_mut() else {
            unreachable!("planned for the regions of all areas")
        };
        let grids = composer.begin(subframe);
        if let Some((encoder, tb)) = area.and_then(|area| area.next_block(frame, subframe)) {
            encoder.encode(subframe, tb, &mut grids[0]);
        }
        if let Some(bitmap) = notification {
            composer.put_change_notification(subframe, bitmap);
            if self.events.len() == EVENTS_MAX {
                self.events.pop_front();
            }
            self.events.push_back(EnbEvent::ChangeNotification { time, bitmap });
        }
        composer.modulate(antennas);
    }

    /// What the change notification of the subframe says, if it has one.
    fn change_notification(&self, time: SubframeTime) -> Option<u8> {
        self.notification.filter(|notification| notification.is_occasion(time))?;
        let bit = |area: &Area| {
            let info = area.mch.info();
            let changes = area.mch.next_change()?;
            ChangeNotification::is_announced(info, changes, time.frame()).then_some(1 << info.notification_indicator)
        };
        let bitmap = self.areas.iter().filter_map(bit).fold(0u8, |bitmap, bit| bitmap | bit);
        (bitmap != 0).then_some(bitmap)
    }

    /// What was announced and changed, the oldest first for each area.
    pub fn poll_event(&mut self) -> Option<EnbEvent> {
        let mut areas = self.areas.iter_mut().enumerate();
        let of_area = areas.find_map(|(area, of)| of.mch.poll_event().map(|event| EnbEvent::Mch { area, event }));
        of_area.or_else(|| self.events.pop_front())
    }

    /// The subframe that [`Self::next_subframe`] will make.
    pub fn next_time(&self) -> SubframeTime {
        self.next
    }

    /// Leaves out subframes that nobody listens to; `time` must not lie in the past.
    ///
    /// # Panics
    /// If it does.
    pub fn skip_to(&mut self, time: SubframeTime) {
        assert!(time >= self.next, "{time} is before {}", self.next);
        self.next = time;
        self.areas.iter_mut().for_each(|area| area.mch.advance(time.frame()));
    }

    /// The cell.
    pub fn cell(&self) -> &CellConfig {
        &self.carrier.cell
    }

    /// The carrier.
    pub fn carrier(&self) -> &CarrierConfig {
        &self.carrier
    }
}

fn check_carrier(carrier: &CarrierConfig, areas: &[AreaSetup]) -> Result<(), EnbError> {
    if !matches!(carrier.n_ports, 1 | 2) {
        return Err(EnbError::Ports(carrier.n_ports));
    }
    let ids: Vec<_> = areas.iter().map(|area| area.info.n_id_mbsfn).collect();
    let twice = (1..ids.len()).any(|i| ids[..i].contains(&ids[i]));
    if areas.len() > MAX_MBSFN_AREA || twice {
        return Err(EnbError::Areas);
    }
    areas.iter().try_for_each(|area| area.info.check().map_err(EnbError::from))
}

/// What samples of a carrier are multiplied with for a front end whose full scale is 1: a carrier with every resource
/// element in use then has [`FULL_SCALE_RMS_DBFS`] on each antenna.
///
/// The envelope of OFDM is near to Rayleigh: 12 dB above its rms value is passed once in 10^7 samples, so clipping is
/// below the noise of any converter, and no more than two of its bits are given away.
pub fn full_scale_gain(cell: &CellConfig) -> f32 {
    let rms = (cell.n_rb_dl.subcarriers() as f32 / cell.n_fft as f32).sqrt();
    10f32.powf(FULL_SCALE_RMS_DBFS / 20.0) / rms
}
