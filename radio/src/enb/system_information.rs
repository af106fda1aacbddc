//! What the system information of a cell says, and that it agrees with the MBSFN areas (TS 36.331 clauses 5.2.2, 5.8.1.3
//! and 6.3.1).

use super::si_sender::is_sib1;
use super::{AreaSetup, CYCLE_RF, EnbError};
use crate::mch::MbsfnSubframes;
use crate::numerology::SUBFRAMES_PER_FRAME;
use crate::rrc::{
    BcchDlSchMessage, MBSFN_SUBFRAMES, MbsfnAreaInfo, MbsfnSubframeConfig, NotificationConfig, SchedulingInfo,
    SiWindow, SubframeAllocation, SystemInformation, SystemInformationBlock, SystemInformationBlockType1,
    SystemInformationBlockType2, SystemInformationBlockType3, SystemInformationBlockType13,
    SystemInformationBlockType15,
};
use crate::time::SubframeTime;

/// `maxMBSFN-Allocations` (TS 36.331 clause 6.4).
const MAX_MBSFN_ALLOCATIONS: usize = 8;
/// Test network of TS 36.508 clause 4.4.2, MCC 001 and MNC 01, as octets of TS 24.008 clause 10.5.1.13.
pub(super) const TEST_PLMN: [u8; 3] = [0x00, 0xf1, 0x10];
/// MBMS service area of a cell that is told of none.
pub(super) const TEST_SAI: u16 = 1;

/// System information of a cell with MBSFN areas.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SystemInformationPlan {
    /// SIB1. Its `schedulingInfoList` says which SI message has which of the blocks below.
    pub sib1: SystemInformationBlockType1,
    /// SIB2: its `mbsfn-SubframeConfigList` names every subframe that is no unicast subframe.
    pub sib2: SystemInformationBlockType2,
    /// SIB3.
    pub sib3: SystemInformationBlockType3,
    /// SIB13, unless there is no MBSFN area.
    pub sib13: Option<SystemInformationBlockType13>,
    /// SIB15.
    pub sib15: Option<SystemInformationBlockType15>,
}

impl SystemInformationPlan {
    /// A cell whose SIB2 names the subframes that the areas have, and whose SIB13 puts change notifications into the first
    /// of them, twice in a modification period. SIB2 and SIB3 come every 80 ms, SIB13 and SIB15 every 160 ms, in windows
    /// of 10 ms.
    ///
    /// SIB1 names the networks that share the cell (TS 23.251 clause 4.2.2), 1 to 6 `plmns` as octets of TS 24.008 clause
    /// 10.5.1.13, and SIB15 the MBMS service area identities of the carrier, at most 64 `sais`: by them UEs know whether
    /// this is the carrier of a service (TS 36.331 clause 5.8.5). Each is named once: one that comes again would say that
    /// this cell has neither it nor those after it (clause 6.3.1, `mbms-SAI-IntraFreq`). Without any there is no SIB15.
    ///
    /// # Errors
    /// The subframes need more patterns than SIB2 has, or a service area is named twice.
    pub fn for_areas(areas: &[AreaSetup], plmns: &[[u8; 3]], sais: &[u16]) -> Result<Self, EnbError> {
        if let Some(i) = (1..sais.len()).find(|&i| sais[..i].contains(&sais[i])) {
            return Err(EnbError::ServiceAreaTwice(sais[i]));
        }
        let mbsfn_subframe_config_list = patterns(areas)?;
        let notification = notification(&mbsfn_subframe_config_list);
        let areas: Vec<MbsfnAreaInfo> = areas.iter().map(|area| area.info).collect();
        let mut scheduling_info = vec![SchedulingInfo { si_periodicity_rf: 8, sibs: vec![3] }];
        let sib15 = (!areas.is_empty() && !sais.is_empty())
            .then(|| SystemInformationBlockType15 { intra_freq_sais: sais.to_vec(), inter_freq: Vec::new() });
        if !areas.is_empty() {
            let sibs = [13].into_iter().chain(sib15.as_ref().map(|_| 15)).collect();
            scheduling_info.push(SchedulingInfo { si_periodicity_rf: 16, sibs });
        }
        Ok(Self {
            sib1: SystemInformationBlockType1 {
                plmns: plmns.to_vec(),
                tracking_area_code: 1,
                cell_identity: 1,
                cell_barred: false,
                q_rx_lev_min_dbm: -130,
                freq_band_indicator: 7,
                scheduling_info,
                si_window_length_ms: 10,
                system_info_value_tag: 0,
            },
            sib2: SystemInformationBlockType2 { mbsfn_subframe_config_list, ..Default::default() },
            sib3: SystemInformationBlockType3::default(),
            sib15,
            sib13: (!areas.is_empty()).then_some(SystemInformationBlockType13 { areas, notification }),
        })
    }

    /// SIB13 names these areas, in this order, and every SI message has subframes to be sent in.
    pub(super) fn check(&self, areas: &[AreaSetup]) -> Result<(), EnbError> {
        let told = self.sib13.iter().flat_map(|sib13| &sib13.areas);
        if !told.eq(areas.iter().map(|area| &area.info)) {
            return Err(EnbError::OtherAreasInSib13);
        }
        let window = |index| self.sib1.si_window(index).ok_or(EnbError::NoSiWindow { index });
        let windows = (0..self.sib1.scheduling_info.len()).map(window).collect::<Result<Vec<_>, _>>()?;
        let mbsfn_subframes = MbsfnSubframes::new(&self.sib2.mbsfn_subframe_config_list);
        let is_unicast = |time: &SubframeTime| !mbsfn_subframes.contains(time.frame(), time.subframe());
        let cycle = (0..CYCLE_RF * SUBFRAMES_PER_FRAME).map(SubframeTime::from_subframes);
        let free: Vec<_> = cycle.filter(|time| is_unicast(time) && !is_sib1(*time)).collect();
        for index in 0..windows.len() {
            let is_in = |window: &SiWindow, time| window.position(time).is_some();
            let (earlier, window) = (&windows[..index], &windows[index]);
            if !free.iter().any(|&time| is_in(window, time) && !earlier.iter().any(|window| is_in(window, time))) {
                return Err(EnbError::NoSiSubframe { index });
            }
        }
        Ok(())
    }

    /// The SI messages of `schedulingInfoList`; SIB2 is the first block of the first (TS 36.331 clause 5.2.1.2).
    pub(super) fn messages(&self) -> Result<Vec<BcchDlSchMessage>, EnbError> {
        let scheduling_info = self.sib1.scheduling_info.iter().enumerate();
        let messages = scheduling_info.map(|(i, info)| {
            let sib2 = (i == 0).then(|| SystemInformationBlock::Type2(self.sib2.clone()));
            let others = info.sibs.iter().map(|&number| self.block(number));
            let sibs = sib2.map(Ok).into_iter().chain(others).collect::<Result<_, _>>()?;
            Ok(BcchDlSchMessage::SystemInformation(SystemInformation { sibs }))
        });
        messages.collect()
    }

    fn block(&self, number: u8) -> Result<SystemInformationBlock, EnbError> {
        let block = match number {
            3 => Some(SystemInformationBlock::Type3(self.sib3)),
            13 => self.sib13.clone().map(SystemInformationBlock::Type13),
            15 => self.sib15.clone().map(SystemInformationBlock::Type15),
            _ => None,
        };
        block.ok_or(EnbError::NoSuchSib(number))
    }
}

/// `mbsfn-SubframeConfigList`: all subframes of the areas.
fn patterns(areas: &[AreaSetup]) -> Result<Vec<MbsfnSubframeConfig>, EnbError> {
    let mut list: Vec<MbsfnSubframeConfig> = Vec::new();
    for area in areas {
        let mcch = &area.info.mcch;
        // Offsets end at 7; those of the MCCH at 10.
        let of_mcch = MbsfnSubframeConfig {
            radioframe_allocation_period_rf: if mcch.offset_rf > 7 { 8 } else { 32 },
            radioframe_allocation_offset_rf: mcch.offset_rf % 8,
            subframes: SubframeAllocation::OneFrame(mcch.subframes.bits()),
        };
        let common = MbsfnSubframes::new(&area.mcch.common_sf_alloc);
        let covered = mcch.subframes.iter().all(|subframe| common.contains(mcch.offset_rf.into(), subframe));
        let of_area = area.mcch.common_sf_alloc.iter().copied().chain((!covered).then_some(of_mcch));
        of_area.for_each(|pattern| add(&mut list, pattern));
    }
    if list.len() > MAX_MBSFN_ALLOCATIONS {
        return Err(EnbError::TooManyPatterns { patterns: list.len() });
    }
    Ok(list)
}

/// Adds a pattern; those of one period and offset become one.
fn add(list: &mut Vec<MbsfnSubframeConfig>, pattern: MbsfnSubframeConfig) {
    use SubframeAllocation::{FourFrames, OneFrame};
    let times = |p: &MbsfnSubframeConfig| (p.radioframe_allocation_period_rf, p.radioframe_allocation_offset_rf);
    for known in list.iter_mut().filter(|known| times(known) == times(&pattern)) {
        match (&mut known.subframes, pattern.subframes) {
            (OneFrame(bits), OneFrame(more)) => return *bits |= more,
            (FourFrames(bits), FourFrames(more)) => return *bits |= more,
            _ => {}
        }
    }
    list.push(pattern);
}

/// Change notifications in the first MBSFN subframe: repetition periods are whole multiples of every pattern.
fn notification(patterns: &[MbsfnSubframeConfig]) -> NotificationConfig {
    let all = MbsfnSubframes::new(patterns);
    let first = (0..=10u8).find_map(|offset_rf| {
        let index = MBSFN_SUBFRAMES.iter().position(|&subframe| all.contains(offset_rf.into(), subframe))?;
        Some((offset_rf, index as u8 + 1))
    });
    let (offset_rf, sf_index) = first.unwrap_or((0, 1));
    NotificationConfig { repetition_coeff: 2, offset_rf, sf_index }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rrc::{MbsfnAreaConfiguration, McchConfig, SubframeSet};

    fn area(n_id_mbsfn: u8, subframe: u8) -> AreaSetup {
        let subframes = SubframeSet::new(&[subframe]).unwrap();
        let mcch = McchConfig {
            repetition_period_rf: 32,
            offset_rf: 0,
            modification_period_rf: 512,
            subframes,
            signalling_mcs: 2,
        };
        AreaSetup {
            info: MbsfnAreaInfo { n_id_mbsfn, non_mbsfn_region: 2, notification_indicator: 0, mcch },
            mcch: MbsfnAreaConfiguration::single_pmch(subframes, 9, 32, Vec::new()),
        }
    }

    fn bits(message: &[u8]) -> String {
        message.iter().map(|octet| format!("{octet:08b}")).collect()
    }

    #[test]
    fn networks_that_share_the_cell_are_in_sib1_in_their_order() {
        let partner = [0x00, 0xf1, 0x20];
        let of = |plmns: &[[u8; 3]]| SystemInformationPlan::for_areas(&[area(1, 1)], plmns, &[1]).unwrap().sib1;
        let encoded = |plmns: &[[u8; 3]]| BcchDlSchMessage::SystemInformationBlockType1(of(plmns)).encode();
        assert_eq!(of(&[TEST_PLMN, partner]).plmns, [TEST_PLMN, partner]);
        // TS 36.331 clause 6.2.2: c1, systemInformationBlockType1, two times three options left out; entries less one; mcc is
        // there, its digits, an mnc of two digits, not reserved; the second one has an mcc of its own. The tracking area
        // follows.
        let first = "1 0000 0000 0001 0 0000 0001 1";
        let second = "1 0000 0000 0001 0 0000 0010 1";
        let expected = format!("0 1 000 0 001 {first} {second} 0000000000000001").replace(' ', "");
        let message = encoded(&[TEST_PLMN, partner]).unwrap();
        assert!(bits(&message).starts_with(&expected), "{}", bits(&message));
        let read = BcchDlSchMessage::decode(&message).unwrap();
        assert_eq!(read, BcchDlSchMessage::SystemInformationBlockType1(of(&[TEST_PLMN, partner])));
        // `maxPLMN-r11` (clause 6.4).
        let many: Vec<[u8; 3]> = (0..7).map(|digit| [0x00, 0xf1, digit]).collect();
        assert!(encoded(&many[..6]).is_ok() && encoded(&many).is_err() && encoded(&[]).is_err());
    }

    #[test]
    fn service_areas_of_all_networks_are_in_sib15() {
        let areas = [area(1, 1), area(2, 6)];
        let plan = SystemInformationPlan::for_areas(&areas, &[TEST_PLMN], &[1, 2]).unwrap();
        assert_eq!(plan.sib1.scheduling_info[1].sibs, [13, 15]);
        let messages = plan.messages().unwrap();
        let octets: Vec<_> = messages.iter().map(|message| message.encode().unwrap()).collect();
        // SIB15 ends the message but for padding: no extension, one of three options, entries less one in six bits, then 16
        // bits each.
        let expected = format!("0100{:06b}{:016b}{:016b}", 1, 1, 2);
        assert!(bits(&octets[1]).trim_end_matches('0').ends_with(expected.trim_end_matches('0')));
        let alone = SystemInformationPlan::for_areas(&areas, &[TEST_PLMN], &[1]).unwrap().messages().unwrap();
        assert_eq!(octets[0], alone[0].encode().unwrap());

        let without = SystemInformationPlan::for_areas(&areas, &[TEST_PLMN], &[]).unwrap();
        assert!(without.sib15.is_none() && without.sib1.scheduling_info[1].sibs == [13]);
        let twice = SystemInformationPlan::for_areas(&areas, &[TEST_PLMN], &[1, 2, 1]);
        assert!(matches!(twice, Err(EnbError::ServiceAreaTwice(1))));
    }
}
