//! UEs without samples: each hears what a reference receiver of high signal to noise ratio hears, and loses transport blocks as
//! often as was measured for its own ratio. What it makes of the blocks that are left, MCCH, MSI and UMD PDUs, is its own.
//!
//! Not in it: losses that follow each other because a channel fades, and SIBs that are lost. A cell is found again as long
//! after the coverage as the reference took from the cell to SIB13, and lost after as long as receivers keep looking.

use std::collections::BTreeMap;

use protocol::Entropy;
use radio::{
    BcchDlSchMessage, BlockFilter, BlockReport, FilteredBlock, MbsfnAreaInfo, MchRx, MchRxEvent, PdcpPrefix,
    SubframeTime, SystemInformationBlock,
};

use super::bler;
use super::heard::{Heard, HeardWhat, of_mch};

/// What the reference receiver knows of the carrier.
#[derive(Default)]
pub(super) struct Carrier {
    cell: Option<(u16, f64)>,
    mib: Option<([u8; 3], u8)>,
    messages: Vec<Vec<u8>>,
    areas: Vec<MbsfnAreaInfo>,
    found_ms: u64,
    /// From the cell to SIB13, milliseconds.
    took_ms: Option<u64>,
}

impl Carrier {
    /// Takes what the reference receiver has heard.
    pub(super) fn learn(&mut self, heard: &[Heard]) {
        for Heard { at_ms, what, .. } in heard {
            match what {
                HeardWhat::Cell { n_id_cell, cfo_hz } => {
                    *self = Self { cell: Some((*n_id_cell, *cfo_hz)), found_ms: *at_ms, ..Self::default() };
                }
                HeardWhat::Mib { bytes, n_ports } => self.mib = Some((*bytes, *n_ports)),
                HeardWhat::SystemInformation(bytes) if !self.messages.contains(bytes) => self.message(*at_ms, bytes),
                _ => {}
            }
        }
    }

    fn message(&mut self, at_ms: u64, bytes: &[u8]) {
        // A message that has changed takes the place of those before it some time; few of them come to that.
        if self.messages.len() >= MESSAGES_MAX {
            self.messages.remove(0);
        }
        self.messages.push(bytes.to_vec());
        let Ok(BcchDlSchMessage::SystemInformation(si)) = BcchDlSchMessage::decode(bytes) else { return };
        let sib13 = si.sibs.iter().find_map(|sib| match sib {
            SystemInformationBlock::Type13(sib13) => Some(sib13),
            _ => None,
        });
        if let Some(sib13) = sib13 {
            self.areas = sib13.areas.to_vec();
            self.took_ms.get_or_insert_with(|| at_ms.saturating_sub(self.found_ms));
        }
    }
}

/// A UE without samples.
pub(crate) struct TableLink {
    pub(super) name: String,
    snr_db: f64,
    entropy: Entropy,
    filter: Option<BlockFilter>,
    pdcp: PdcpPrefix,
    /// When its coverage began or ended last.
    since_ms: u64,
    is_covered: bool,
    /// It has the cell; the areas that it receives.
    areas: Option<BTreeMap<u8, MchRx>>,
    pub(super) heard: Vec<Heard>,
}

impl TableLink {
    /// A UE at this signal to noise ratio; `seed` is that of the run.
    pub(crate) fn new(name: &str, snr_db: f64, seed: u64, pdcp: PdcpPrefix) -> Self {
        let entropy = Entropy::of_box(seed, &format!("{name} transport blocks"));
        let (filter, areas, heard) = (None, None, Vec::new());
        Self { name: name.to_owned(), snr_db, entropy, filter, pdcp, since_ms: 0, is_covered: true, areas, heard }
    }

    /// Faults of the scenario.
    pub(crate) fn set_block_filter(&mut self, filter: BlockFilter) {
        self.filter = Some(filter);
    }

    pub(super) fn set_covered(&mut self, now_ms: u64, is_covered: bool) {
        if self.is_covered != is_covered {
            (self.is_covered, self.since_ms) = (is_covered, now_ms);
        }
    }

    /// Takes what the reference receiver has heard up to `now_ms`.
    pub(super) fn hear(&mut self, carrier: &Carrier, heard: &[Heard], now_ms: u64) {
        if !self.is_covered && self.areas.is_some() && now_ms >= self.since_ms + LOST_AFTER_MS {
            self.areas = None;
            self.tell(SubframeTime::default(), now_ms, HeardWhat::CellLost);
        }
        for Heard { time, at_ms, what } in heard {
            match what {
                HeardWhat::CellLost if self.areas.take().is_some() => self.tell(*time, *at_ms, HeardWhat::CellLost),
                HeardWhat::Block(report, tb) => self.block(*at_ms, report, tb.as_deref()),
                HeardWhat::SystemInformation(bytes) if self.areas.is_some() && self.is_covered => {
                    self.tell(*time, *at_ms, HeardWhat::SystemInformation(bytes.clone()));
                }
                HeardWhat::Notification(bitmap) if self.areas.is_some() && self.is_covered => {
                    for rx in self.areas.iter_mut().flat_map(BTreeMap::values_mut) {
                        if bitmap >> rx.info().notification_indicator & 1 == 1 {
                            rx.expect_change(time.frame());
                        }
                    }
                    self.tell(*time, *at_ms, HeardWhat::Notification(*bitmap));
                }
                _ => {}
            }
        }
        self.find(carrier, now_ms);
    }

    /// Finds the cell, when it has been covered for long enough.
    fn find(&mut self, carrier: &Carrier, now_ms: u64) {
        let (Some(cell), Some(mib), Some(took_ms)) = (carrier.cell, carrier.mib, carrier.took_ms) else { return };
        if self.areas.is_some() || !self.is_covered || now_ms < self.since_ms + took_ms {
            return;
        }
        let rx = |info: &MbsfnAreaInfo| Some((info.n_id_mbsfn, MchRx::new(info).ok()?));
        self.areas = Some(carrier.areas.iter().filter_map(rx).collect());
        let time = SubframeTime::default();
        self.tell(time, now_ms, HeardWhat::Cell { n_id_cell: cell.0, cfo_hz: cell.1 });
        self.tell(time, now_ms, HeardWhat::Mib { bytes: mib.0, n_ports: mib.1 });
        for message in &carrier.messages {
            self.tell(time, now_ms, HeardWhat::SystemInformation(message.clone()));
        }
    }

    /// A transport block that the reference receiver has tried.
    fn block(&mut self, at_ms: u64, report: &BlockReport, tb: Option<&[u8]>) {
        let (time, n_id_mbsfn, pdcp) = (report.time, report.n_id_mbsfn, self.pdcp);
        let Some(rx) = self.areas.as_mut().and_then(|areas| areas.get_mut(&n_id_mbsfn)) else { return };
        // As a receiver of its own: what it knows says whether it listens.
        let Some(wanted) = rx.wants(time.frame(), time.subframe()) else { return };
        let bler = if self.is_covered { bler::of(report.mcs, self.snr_db) } else { 1.0 };
        let is_lost = bler > 0.0 && (self.entropy.next_u64() >> 11) as f64 * SCALE < bler;
        let mut tb = tb.filter(|_| !is_lost && report.mcs == wanted.mcs).map(<[u8]>::to_vec);
        let mut own = BlockReport {
            pmch: wanted.pmch,
            mcs: wanted.mcs,
            signalling: wanted.is_signalling,
            announced: wanted.is_announced,
            ..*report
        };
        own.quality.crc_ok = tb.is_some();
        own.estimate.noise = own.estimate.signal / 10_f32.powf(self.snr_db as f32 / 10.0);
        // Nothing was measured here.
        (own.measured.paths, own.measured.data) = (None, None);
        let asked = FilteredBlock::Mch { n_id_mbsfn, pmch: wanted.pmch };
        if let (Some(filter), Some(octets)) = (&mut self.filter, &mut tb)
            && !filter(&asked, octets)
        {
            tb = None;
        }
        self.heard.push(Heard { time, at_ms, what: HeardWhat::Block(own, None) });
        let heard = &mut self.heard;
        rx.push_block(time.frame(), time.subframe(), tb.as_deref(), &mut |event| {
            let event = match event {
                MchRxEvent::Sdu { pmch, lcid, bytes } => MchRxEvent::Sdu { pmch, lcid, bytes: pdcp.strip(bytes) },
                // It is repeated without end.
                MchRxEvent::McchMessage { changed: false, .. } => return,
                event => event,
            };
            heard.extend(of_mch(n_id_mbsfn, event).map(|what| Heard { time, at_ms, what }));
        });
    }

    fn tell(&mut self, time: SubframeTime, at_ms: u64, what: HeardWhat) {
        self.heard.push(Heard { time, at_ms, what });
    }
}

/// A receiver gives a cell up that it has not heard for so many subframes (`radio`, `LOST_AFTER`).
const LOST_AFTER_MS: u64 = 640;
/// SIB1, and system information messages of a carrier that changes a few times.
const MESSAGES_MAX: usize = 16;
/// Of 53 bits to the unit interval.
const SCALE: f64 = 1.0 / (1_u64 << 53) as f64;

#[cfg(test)]
mod tests {
    use radio::{
        EstimateQuality, MbsfnAreaConfiguration, MbsfnPower, McchConfig, MchTx, NotificationConfig, PmchQuality,
        SessionInfo, SubframeMeasurement, SubframeSet, SystemInformation, SystemInformationBlockType13,
    };

    use super::*;

    const OCTETS: usize = 200;

    /// An eNB with one area, whose reference receiver gets every block.
    struct Side {
        tx: MchTx,
        carrier: Carrier,
        frame: u64,
        sent: u32,
    }

    impl Side {
        fn new() -> Self {
            let subframes = SubframeSet::new(&[1, 2, 3]).unwrap();
            let mcch = McchConfig {
                repetition_period_rf: 32,
                offset_rf: 0,
                modification_period_rf: 512,
                subframes: SubframeSet::new(&[1]).unwrap(),
                signalling_mcs: 2,
            };
            let info = MbsfnAreaInfo { n_id_mbsfn: 1, non_mbsfn_region: 2, notification_indicator: 0, mcch };
            let session = SessionInfo { tmgi: [0, 0, 1, 0x62, 0xf2, 0x10].into(), session_id: None, lcid: 1 };
            let content = MbsfnAreaConfiguration::single_pmch(subframes, 9, 32, vec![session]);
            let tx = MchTx::new(&info, &content, &|_| OCTETS).unwrap();
            let notification = NotificationConfig { repetition_coeff: 2, offset_rf: 0, sf_index: 1 };
            let sib13 = SystemInformationBlockType13 { areas: vec![info], notification };
            let sibs = vec![SystemInformationBlock::Type13(sib13)];
            let si = BcchDlSchMessage::SystemInformation(SystemInformation { sibs }).encode().unwrap();
            let told = [
                HeardWhat::Cell { n_id_cell: 7, cfo_hz: 1.0 },
                HeardWhat::Mib { bytes: [1, 2, 3], n_ports: 1 },
                HeardWhat::SystemInformation(si),
            ];
            let heard = |(at_ms, what)| Heard { time: SubframeTime::default(), at_ms, what };
            let mut carrier = Carrier::default();
            carrier.learn(&[20, 40, 100].into_iter().zip(told).map(heard).collect::<Vec<_>>());
            Self { tx, carrier, frame: 10, sent: 0 }
        }

        /// A radio frame with one SDU more to send.
        fn turn(&mut self, ues: &mut [TableLink]) {
            self.sent += 1;
            let _ = self.tx.push_sdu(0, 1, &self.sent.to_be_bytes().repeat(10), self.frame);
            let mut heard = Vec::new();
            for subframe in 0..10 {
                let mut tb = vec![0; OCTETS];
                let Some(info) = self.tx.next_block(self.frame, subframe, &mut tb) else { continue };
                let time = SubframeTime::new(self.frame, subframe);
                let report = BlockReport {
                    time,
                    n_id_mbsfn: 1,
                    pmch: info.pmch,
                    mcs: info.mcs,
                    signalling: info.is_signalling,
                    announced: true,
                    estimate: EstimateQuality {
                        noise: 1e-4,
                        signal: 1.0,
                        frequency_error_hz: 0.0,
                        timing_samples: 0.0,
                    },
                    quality: PmchQuality { crc_ok: true, ..PmchQuality::default() },
                    measured: SubframeMeasurement {
                        power: MbsfnPower { rsrp: 1.0, rsrq: 1.0 },
                        paths: None,
                        data: None,
                    },
                    cfo_hz: 0.0,
                    at: 0,
                };
                let at_ms = self.frame * 10 + u64::from(subframe) + 1;
                heard.push(Heard { time, at_ms, what: HeardWhat::Block(report, Some(tb)) });
            }
            self.frame += 1;
            ues.iter_mut().for_each(|ue| ue.hear(&self.carrier, &heard, self.frame * 10));
        }
    }

    fn ue(name: &str, snr_db: f64) -> TableLink {
        TableLink::new(name, snr_db, 1, PdcpPrefix::default())
    }

    fn count(ue: &TableLink, is_it: impl Fn(&HeardWhat) -> bool) -> usize {
        ue.heard.iter().filter(|heard| is_it(&heard.what)).count()
    }

    fn sdus(ue: &TableLink) -> usize {
        count(ue, |what| matches!(what, HeardWhat::Sdu { .. }))
    }

    #[test]
    fn ues_lose_what_their_table_says_and_find_the_cell_before() {
        let mut side = Side::new();
        let mut ues = [ue("near", 30.0), ue("edge", 4.75), ue("edge2", 4.75), ue("far", -10.0)];
        (0..20_000).for_each(|_| side.turn(&mut ues));
        let [near, edge, other, far] = &ues;
        for ue in &ues {
            let mibs = count(ue, |what| matches!(what, HeardWhat::Mib { bytes: [1, 2, 3], n_ports: 1 }));
            let found = ue.heard.iter().find(|heard| matches!(heard.what, HeardWhat::Cell { .. })).unwrap().at_ms;
            assert_eq!((mibs, found), (1, 110));
        }
        assert_eq!(count(near, |what| matches!(what, HeardWhat::RlcGap { .. })), 0);
        assert_eq!(count(near, |what| matches!(what, HeardWhat::Mcch { configuration: Some(_), .. })), 1);
        assert!(sdus(near) > 18_000, "{}", sdus(near));
        let is_lost = |what: &HeardWhat| matches!(what, HeardWhat::Block(r, _) if !r.signalling && !r.quality.crc_ok);
        let data = |what: &HeardWhat| matches!(what, HeardWhat::Block(r, _) if !r.signalling);
        for ue in [edge, other] {
            // 7.05 % of data blocks; those of the signalling MCS all come.
            let ratio = count(ue, is_lost) as f64 / count(ue, data) as f64;
            assert!((0.05..0.09).contains(&ratio), "{ratio}");
            assert!(count(ue, |what| matches!(what, HeardWhat::RlcGap { .. })) > 0 && sdus(ue) < sdus(near));
        }
        assert_ne!(sdus(edge), sdus(other), "each has its own luck");
        assert_eq!((sdus(far), count(far, |what| matches!(what, HeardWhat::Mcch { .. }))), (0, 0));
    }

    #[test]
    fn the_cell_is_lost_without_coverage_and_found_with_it() {
        let mut side = Side::new();
        let mut ues = [ue("ue", 30.0)];
        (0..100).for_each(|_| side.turn(&mut ues));
        ues[0].heard.clear();
        ues[0].set_covered(side.frame * 10, false);
        (0..63).for_each(|_| side.turn(&mut ues));
        assert_eq!((sdus(&ues[0]), count(&ues[0], |what| matches!(what, HeardWhat::CellLost))), (0, 0));
        (0..37).for_each(|_| side.turn(&mut ues));
        assert_eq!(count(&ues[0], |what| matches!(what, HeardWhat::CellLost)), 1);
        ues[0].set_covered(side.frame * 10, true);
        (0..7).for_each(|_| side.turn(&mut ues));
        assert_eq!(count(&ues[0], |what| matches!(what, HeardWhat::Cell { .. })), 0, "80 ms as the reference");
        (0..100).for_each(|_| side.turn(&mut ues));
        assert_eq!(count(&ues[0], |what| matches!(what, HeardWhat::Cell { .. })), 1);
        assert!(sdus(&ues[0]) > 0);
    }
}
