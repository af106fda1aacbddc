//! A cell that is followed: subframe by subframe from the MIB to the MCHs.

use super::area::AreaReceiver;
use super::config::{KnownCarrier, ReceiverConfig};
use super::counters::Counters;
use super::diagnosis::Stage;
use super::event::{BlockFilter, FilteredBlock, RxEvent};
use super::follow::Follower;
use super::stream::SampleStream;
use super::system_information::SystemInformationReceiver;
use super::unicast::Unicast;
use crate::cell::{CarrierConfig, CellConfig, NRbDl, PhichConfig};
use crate::estimate::{CrsQuality, EstimateQuality};
use crate::numerology::SFN_MODULUS;
use crate::phch::PbchDecoder;
use crate::rrc::{BcchDlSchMessage, MasterInformationBlock};
use crate::time::SubframeTime;

/// Subframes without anything that passed a CRC after which the MIB is read, to see whether the cell is still there.
const CHECK_AFTER: u64 = 160;
/// Radio frames from one MIB that is read anyway to the next, to see whether frames are still numbered as they were: a
/// transmitter that begins anew, or a recording that is played again, may send blocks that pass their CRC in other frames.
const CHECK_EVERY_RF: u64 = 64;
/// Subframes without anything that passed a CRC after which the cell is lost.
const LOST_AFTER: u64 = 640;
/// The same before the first MIB.
const REFUSED_AFTER: u64 = 160;
/// A measurement counts when the reference symbols agree this many times better than noise would: once in e^5 by chance,
/// and a wrong one does little harm.
const STANDS_OUT: f32 = 2.2;
/// Symbols of the longest control region of an MBSFN subframe (TS 36.211 table 6.7-1).
const NON_MBSFN_REGION_MAX: usize = 2;
/// Antenna ports whose reference signals are looked at before the MIB tells how many there are.
const PORTS_MAX: u8 = 4;

/// What the receiver lends for a subframe.
pub(super) struct Surroundings<'a> {
    pub(super) stream: &'a SampleStream,
    pub(super) counters: &'a mut Counters,
    pub(super) filter: Option<&'a mut BlockFilter>,
}

/// A cell that is followed.
pub(super) struct Carrier {
    config: ReceiverConfig,
    pub(super) follower: Follower,
    unicast: Unicast,
    pbch: PbchDecoder,
    /// The MIB and what it says, once it is known.
    mib: Option<([u8; 3], CarrierConfig)>,
    knowledge: Option<Knowledge>,
    /// Subframes since something passed a CRC.
    since_good: u64,
    /// The MIB says something else than it did.
    is_another: bool,
    /// A subframe of which time and frequency are well known: sample, time, frequency offset.
    origin: Option<(u64, SubframeTime, f64)>,
    /// Noise per resource element and power of the reference signals, as measured last.
    quality: CrsQuality,
    /// The area that a transport block was tried of last.
    last_area: usize,
}

/// What was learnt of a cell beyond its MIB; outlives a loss.
pub(super) struct Knowledge {
    carrier: CarrierConfig,
    si: SystemInformationReceiver,
    areas: Vec<AreaReceiver>,
}

impl Carrier {
    /// Follows the cell `n_id_cell`; nothing of it is known but time and frequency.
    pub(super) fn new(config: &ReceiverConfig, n_fft: usize, n_id_cell: u16, follower: Follower) -> Self {
        let cell = CellConfig { n_rb_dl: NRbDl::ALL[0], n_id_cell, n_fft };
        let narrow = CarrierConfig { cell, n_ports: PORTS_MAX, phich: PhichConfig::default() };
        Self {
            config: config.clone(),
            follower,
            unicast: Unicast::new(&narrow, config.n_rx),
            pbch: PbchDecoder::new(&cell),
            mib: None,
            knowledge: None,
            since_good: 0,
            is_another: false,
            origin: None,
            quality: CrsQuality::default(),
            last_area: 0,
        }
    }

    /// Physical layer cell identity.
    pub(super) const fn n_id_cell(&self) -> u16 {
        self.unicast.carrier().cell.n_id_cell
    }

    /// The carrier as the MIB tells it, once it is known.
    pub(super) fn carrier(&self) -> Option<&CarrierConfig> {
        self.mib.as_ref().map(|(_, carrier)| carrier)
    }

    /// As measured last by cell-specific reference signals.
    pub(super) const fn quality(&self) -> CrsQuality {
        self.quality
    }

    pub(super) fn areas(&self) -> &[AreaReceiver] {
        self.knowledge.as_ref().map_or(&[], |knowledge| &knowledge.areas)
    }

    pub(super) fn system_information(&self) -> Option<&SystemInformationReceiver> {
        self.knowledge.as_ref().map(|knowledge| &knowledge.si)
    }

    /// The area that a transport block was tried of last.
    pub(super) fn last_area(&self) -> Option<&AreaReceiver> {
        self.areas().get(self.last_area)
    }

    /// Has nothing passed a CRC for so long that the cell is given up, or has it become another one?
    pub(super) fn is_lost(&self) -> bool {
        self.is_another || self.since_good > if self.mib.is_some() { LOST_AFTER } else { REFUSED_AFTER }
    }

    /// What is worth keeping of a cell that is lost.
    pub(super) fn into_knowledge(self) -> Option<Knowledge> {
        self.knowledge
    }

    /// Everything that a second pass over the same samples can begin with.
    pub(super) fn known(&self) -> Option<KnownCarrier> {
        let ((mib, carrier), (at, time, cfo_hz)) = (self.mib.as_ref()?, self.origin?);
        let octets = self.system_information().into_iter().flat_map(SystemInformationReceiver::octets);
        let mcch = |area: &AreaReceiver| Some((area.info().n_id_mbsfn, area.mch().message()?.to_vec()));
        Some(KnownCarrier {
            n_id_cell: carrier.cell.n_id_cell,
            n_ports: carrier.n_ports,
            mib: *mib,
            cfo_hz,
            at,
            time,
            bcch: octets.map(<[u8]>::to_vec).collect(),
            mcch: self.areas().iter().filter_map(mcch).collect(),
        })
    }

    /// Takes over what is known of the cell.
    pub(super) fn assume(&mut self, known: &KnownCarrier, sink: &mut impl FnMut(RxEvent<'_>)) {
        let Ok(mib) = MasterInformationBlock::decode(known.mib) else { return };
        let time = self.follower.time();
        self.camp(known.mib, &mib, known.n_ports, None);
        sink(RxEvent::Mib { mib: &mib, bytes: known.mib, n_ports: known.n_ports, time });
        for octets in &known.bcch {
            let Some(knowledge) = &mut self.knowledge else { return };
            let Some(message) = knowledge.si.assume(octets, time) else { continue };
            sink(RxEvent::SystemInformation { time, bytes: octets, message: &message });
            self.follow_areas(sink);
        }
        for (n_id_mbsfn, message) in &known.mcch {
            let areas = self.knowledge.iter_mut().flat_map(|knowledge| &mut knowledge.areas);
            if let Some(area) = areas.into_iter().find(|area| area.info().n_id_mbsfn == *n_id_mbsfn) {
                area.assume(message, sink);
            }
        }
    }

    /// Samples were left out; the next one is number `at`.
    pub(super) fn jump(&mut self, at: u64) {
        self.follower.skip_to(at);
        self.pbch.clear();
    }

    /// Processes the next subframe, which is at hand; `remembered` is what is known of cells from before.
    pub(super) fn subframe(
        &mut self,
        with: Surroundings<'_>,
        remembered: &mut Option<Knowledge>,
        sink: &mut impl FnMut(RxEvent<'_>),
    ) {
        let Surroundings { stream, counters, mut filter } = with;
        let time = self.follower.time();
        let subframe = time.subframe();
        let (bcch, notification) = self
            .knowledge
            .as_ref()
            .map_or((None, false), |knowledge| (knowledge.si.wants(time), knowledge.si.wants_notification(time)));
        let is_check = self.since_good >= CHECK_AFTER || time.frame().is_multiple_of(CHECK_EVERY_RF);
        let wants_mib = subframe == 0 && (self.mib.is_none() || is_check);
        let is_measured = subframe == 0 || subframe == 5;
        let wants_mch = self.areas().iter().any(|area| area.wants(time).is_some());
        self.since_good += 1;
        if (is_measured || bcch.is_some() || notification || wants_mch) && self.follower.load(stream) {
            if is_measured || bcch.is_some() {
                self.unicast(subframe, wants_mib || bcch.is_some());
            }
            if wants_mib {
                self.read_mib(counters, remembered, sink);
            }
            if let (Some(wanted), Some(Knowledge { si, .. })) = (bcch, &mut self.knowledge) {
                let good = counters.good(Stage::Sib);
                let news = self
                    .unicast
                    .with_antennas(|antennas| si.read(time, wanted, antennas, counters, filter.as_deref_mut()));
                if counters.good(Stage::Sib) > good {
                    self.since_good = 0;
                }
                if let Some((octets, message)) = news {
                    sink(RxEvent::SystemInformation { time, bytes: &octets, message: &message });
                    if matches!(message, BcchDlSchMessage::SystemInformationBlockType1(_)) {
                        self.set_origin();
                    }
                    self.follow_areas(sink);
                    let si = self.system_information();
                    let has_sib13 = si.is_some_and(|si| si.sib13().is_some());
                    if has_sib13 || si.is_some_and(SystemInformationReceiver::is_complete) {
                        counters.count(Stage::Sib13, has_sib13);
                    }
                }
            }
            if notification {
                self.read_notification(time, filter.as_deref_mut(), sink);
            }
            if wants_mch {
                self.read_mch(time, counters, filter, sink);
            }
        }
        self.follower.advance();
    }

    /// Measures a unicast subframe, and demodulates it when it is to be read; follows time and frequency.
    fn unicast(&mut self, subframe: u8, is_read: bool) {
        let iq = self.follower.iq();
        let quality =
            if is_read { self.unicast.demodulate(subframe, iq, 14) } else { self.unicast.measure(subframe, iq) };
        let pairs = (4 * self.unicast.carrier().cell.n_rb_dl.get()) as f32;
        let agreement = quality.rsrp / (quality.rsrp + quality.noise);
        self.quality = quality;
        if agreement > STANDS_OUT / pairs.sqrt() && (subframe == 0 || subframe == 5) {
            quality.cfo_hz.into_iter().for_each(|hz| self.follower.correct_frequency(hz));
            self.follower.correct_timing(quality.delay_samples);
        }
    }

    /// Tries the PBCH of a subframe 0.
    fn read_mib(
        &mut self,
        counters: &mut Counters,
        remembered: &mut Option<Knowledge>,
        sink: &mut impl FnMut(RxEvent<'_>),
    ) {
        let frame = self.follower.time().frame();
        let received = self.unicast.with_antennas(|antennas| self.pbch.push(frame, antennas));
        counters.count(Stage::Pbch, received.is_some());
        let Some(received) = received else { return };
        let Ok(mib) = MasterInformationBlock::decode(received.mib) else { return };
        let sfn = u32::from(mib.sfn_msb) * 4 + u32::from(received.quarter);
        // A check that finds something else: the transmitter has begun anew. Noise does not pass for a MIB.
        if let Some((_, carrier)) = &self.mib {
            let told = (received.n_ports, mib.n_rb_dl, mib.phich, sfn);
            let time = self.follower.time();
            self.is_another = (carrier.n_ports, carrier.cell.n_rb_dl, carrier.phich, time.sfn()) != told;
            self.since_good = 0;
            return;
        }
        self.since_good = 0;
        self.follower.set_sfn(sfn);
        self.camp(received.mib, &mib, received.n_ports, remembered.take());
        self.set_origin();
        let (bytes, n_ports, time) = (received.mib, received.n_ports, self.follower.time());
        sink(RxEvent::Mib { mib: &mib, bytes, n_ports, time });
    }

    /// The MIB is known: plans for the whole carrier, with what is remembered of it.
    fn camp(&mut self, octets: [u8; 3], mib: &MasterInformationBlock, n_ports: u8, remembered: Option<Knowledge>) {
        let cell = CellConfig { n_rb_dl: mib.n_rb_dl, ..self.unicast.carrier().cell };
        let carrier = CarrierConfig { cell, n_ports, phich: mib.phich };
        // What does not fit into the sample rate cannot be listened to: only the MIB is told.
        if cell.n_rb_dl.subcarriers() >= cell.n_fft {
            self.mib = Some((octets, carrier));
            return;
        }
        self.unicast = Unicast::new(&carrier, self.config.n_rx);
        self.pbch = PbchDecoder::new(&cell);
        self.mib = Some((octets, carrier));
        self.knowledge = Some(match remembered.filter(|knowledge| knowledge.carrier == carrier) {
            Some(mut knowledge) => {
                knowledge.si.check_again();
                knowledge
            }
            None => {
                let si = SystemInformationReceiver::new(&carrier, self.config.isa);
                Knowledge { carrier, si, areas: Vec::new() }
            }
        });
    }

    fn set_origin(&mut self) {
        self.origin = Some((self.follower.start(), self.follower.time(), self.follower.cfo_hz()));
    }

    /// Plans receivers for the areas that SIB13 names; those that stay as they are go on, others end.
    fn follow_areas(&mut self, sink: &mut impl FnMut(RxEvent<'_>)) {
        let Some(Knowledge { carrier, si, areas }) = &mut self.knowledge else { return };
        let mut old = std::mem::take(areas);
        for info in si.sib13().into_iter().flat_map(|sib13| &sib13.areas) {
            if areas.iter().any(|area| area.info().n_id_mbsfn == info.n_id_mbsfn) {
                continue;
            }
            if let Some(same) = old.iter().position(|area| area.info() == info) {
                areas.push(old.swap_remove(same));
                continue;
            }
            let planned = AreaReceiver::new(carrier.cell, info, &self.config);
            sink(RxEvent::Area { info, error: planned.as_ref().err() });
            areas.extend(planned);
        }
    }

    /// Looks for a change notification in the control region of an MBSFN subframe.
    fn read_notification(
        &mut self,
        time: SubframeTime,
        filter: Option<&mut BlockFilter>,
        sink: &mut impl FnMut(RxEvent<'_>),
    ) {
        let Some(Knowledge { si, areas, .. }) = &mut self.knowledge else { return };
        self.unicast.demodulate(time.subframe(), self.follower.iq(), NON_MBSFN_REGION_MAX);
        let Some(bitmap) = self.unicast.with_antennas(|antennas| si.notification(time, antennas)) else { return };
        let mut bits = [bitmap];
        if filter.is_some_and(|filter| !filter(&FilteredBlock::ChangeNotification, &mut bits)) {
            return;
        }
        let [bitmap] = bits;
        sink(RxEvent::McchNotification { time, bitmap });
        for area in areas.iter_mut().filter(|area| bitmap >> area.info().notification_indicator & 1 == 1) {
            area.expect_change(time);
        }
    }

    /// Tries the transport blocks of the subframe, of every area that wants it.
    fn read_mch(
        &mut self,
        time: SubframeTime,
        counters: &mut Counters,
        mut filter: Option<&mut BlockFilter>,
        sink: &mut impl FnMut(RxEvent<'_>),
    ) {
        let Some(Knowledge { areas, carrier, .. }) = &mut self.knowledge else { return };
        let pilots = carrier.cell.n_rb_dl.subcarriers() as f32 / 2.0;
        let mut late = 0;
        for (i, area) in areas.iter_mut().enumerate() {
            let Some(wanted) = area.wants(time) else { continue };
            let samples = (self.follower.iq(), self.follower.cfo_hz(), self.follower.start());
            let report = area.subframe(time, wanted, samples, filter.as_deref_mut(), counters, sink);
            let Some(report) = report else { continue };
            self.last_area = i;
            if report.quality.crc_ok {
                self.since_good = 0;
            }
            if report.quality.crc_ok || stands_out(&report.estimate, pilots) {
                self.follower.correct_frequency(report.estimate.frequency_error_hz);
                late = area.misplacement();
            }
        }
        if late != 0 {
            self.follower.move_start(late);
            areas.iter_mut().for_each(|area| area.moved(late));
        }
    }
}

/// Do MBSFN reference symbols agree better than noise would?
fn stands_out(estimate: &EstimateQuality, pilots: f32) -> bool {
    estimate.signal / (estimate.signal + estimate.noise) > 3.0 / pilots.sqrt()
}

impl KnownCarrier {
    /// The first whole subframe of the stream and its time, which counts on over frame 0 when it lies before it.
    pub(super) fn beginning(&self, samples_per_subframe: usize) -> (u64, SubframeTime) {
        let samples = samples_per_subframe as u64;
        let (before, start) = (self.at / samples, self.at % samples);
        let time = self.time.subframes();
        let time = if time >= before { time } else { time + SFN_MODULUS * 10 * before.div_ceil(SFN_MODULUS * 10) };
        (start, SubframeTime::from_subframes(time - before))
    }
}
