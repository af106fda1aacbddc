//! Messages of the carrier as JSON: the fields of the standard, values in the unit that their name tells.

use radio::{
    BcchDlSchMessage, MasterInformationBlock, MbsfnAreaConfiguration, MbsfnSubframeConfig, McchConfig, PhichDuration,
    PhichResource, PlmnId, SubframeAllocation, SystemInformationBlock, SystemInformationBlockType1, Tmgi,
};
use serde_json::{Value, json};

/// Octets in hex.
/// MCC and MNC of PLMN octets (TS 24.008 clause 10.5.1.13): `001-01`.
pub(super) fn plmn([a, b, c]: [u8; 3]) -> String {
    let mnc3 = if b >> 4 == 0xf { String::new() } else { format!("{:x}", b >> 4) };
    format!("{:x}{:x}{:x}-{:x}{:x}{mnc3}", a & 0xf, a >> 4, b & 0xf, c & 0xf, c >> 4)
}

/// Service identity and PLMN in hex; an index into the PLMNs of SIB1 is looked up, and named when it is not known.
pub(super) fn tmgi(tmgi: &Tmgi, plmns: &[[u8; 3]]) -> String {
    let plmn = match tmgi.plmn {
        PlmnId::Explicit(octets) => Some(octets),
        PlmnId::Index(index) => plmns.get(usize::from(index).saturating_sub(1)).copied(),
    };
    let plmn = match (plmn, tmgi.plmn) {
        (None, PlmnId::Index(index)) => format!("-plmn{index}"),
        (plmn, _) => hex::encode(plmn.unwrap_or_default()),
    };
    hex::encode(tmgi.service_id) + &plmn
}

pub(super) fn mib(mib: &MasterInformationBlock, bytes: [u8; 3], sfn: u32) -> Value {
    let duration = match mib.phich.duration {
        PhichDuration::Normal => "normal",
        PhichDuration::Extended => "extended",
    };
    let resource = match mib.phich.resource {
        PhichResource::OneSixth => "1/6",
        PhichResource::Half => "1/2",
        PhichResource::One => "1",
        PhichResource::Two => "2",
    };
    json!({
        "hex": hex::encode(bytes),
        "n_rb_dl": mib.n_rb_dl.get(),
        "phich_duration": duration,
        "phich_resource": resource,
        "sfn": sfn,
    })
}

/// The blocks of a message, each with its number.
pub(super) fn sibs(message: &BcchDlSchMessage, bytes: &[u8]) -> Vec<Value> {
    let whole = hex::encode(bytes);
    match message {
        BcchDlSchMessage::SystemInformationBlockType1(sib) => {
            vec![json!({ "sib": 1, "message_hex": whole, "content": sib1(sib) })]
        }
        BcchDlSchMessage::SystemInformation(message) => {
            let block = |block| json!({ "sib": SystemInformationBlock::number(block), "message_hex": whole, "content": sib(block) });
            message.sibs.iter().map(block).collect()
        }
    }
}

fn sib1(sib: &SystemInformationBlockType1) -> Value {
    let scheduling = |(index, info): (usize, &radio::SchedulingInfo)| {
        let window = sib.si_window(index);
        json!({
            "si_periodicity_rf": info.si_periodicity_rf,
            "sibs": info.sibs,
            "window_offset_rf": window.map(|window| window.offset_rf),
            "window_subframe": window.map(|window| window.subframe),
        })
    };
    json!({
        "plmns": sib.plmns.iter().map(|&octets| plmn(octets)).collect::<Vec<_>>(),
        "tracking_area_code": sib.tracking_area_code,
        "cell_identity": sib.cell_identity,
        "cell_barred": sib.cell_barred,
        "q_rx_lev_min_dbm": sib.q_rx_lev_min_dbm,
        "freq_band_indicator": sib.freq_band_indicator,
        "scheduling_info": sib.scheduling_info.iter().enumerate().map(scheduling).collect::<Vec<_>>(),
        "si_window_length_ms": sib.si_window_length_ms,
        "system_info_value_tag": sib.system_info_value_tag,
    })
}

fn sib(block: &SystemInformationBlock) -> Value {
    match block {
        SystemInformationBlock::Type2(sib) => json!({
            "bcch_modification_period_rf": sib.bcch_modification_period_rf(),
            "reference_signal_power_dbm": sib.reference_signal_power_dbm,
            "p_b": sib.p_b,
            "mbsfn_subframe_config_list": patterns(&sib.mbsfn_subframe_config_list),
        }),
        SystemInformationBlock::Type3(sib) => json!({
            "q_hyst_db": sib.q_hyst_db,
            "thresh_serving_low_db": sib.thresh_serving_low_db,
            "cell_reselection_priority": sib.cell_reselection_priority,
            "q_rx_lev_min_dbm": sib.q_rx_lev_min_dbm,
            "presence_antenna_port1": sib.presence_antenna_port1,
            "neigh_cell_config": sib.neigh_cell_config,
            "t_reselection_eutra_s": sib.t_reselection_eutra_s,
        }),
        SystemInformationBlock::Type13(sib) => json!({
            "areas": sib.areas.iter().map(|area| json!({
                "n_id_mbsfn": area.n_id_mbsfn,
                "non_mbsfn_region": area.non_mbsfn_region,
                "notification_indicator": area.notification_indicator,
                "mcch": mcch_config(&area.mcch),
            })).collect::<Vec<_>>(),
            "notification": {
                "repetition_coeff": sib.notification.repetition_coeff,
                "offset_rf": sib.notification.offset_rf,
                "sf_index": sib.notification.sf_index,
            },
        }),
        SystemInformationBlock::Type15(sib) => json!({
            "intra_freq_sais": sib.intra_freq_sais,
            "inter_freq": sib.inter_freq.iter().map(|freq| json!({
                "dl_carrier_freq": freq.dl_carrier_freq,
                "sais": freq.sais,
            })).collect::<Vec<_>>(),
        }),
        SystemInformationBlock::Other(other) => json!({ "hex": hex::encode(&other.octets) }),
    }
}

pub(super) fn mcch_config(config: &McchConfig) -> Value {
    json!({
        "repetition_period_rf": config.repetition_period_rf,
        "offset_rf": config.offset_rf,
        "modification_period_rf": config.modification_period_rf,
        "subframes": config.subframes.iter().collect::<Vec<_>>(),
        "signalling_mcs": config.signalling_mcs,
    })
}

/// The MCCH but for its (P)MCHs, which are reported on their own.
pub(super) fn mcch(config: &MbsfnAreaConfiguration, bytes: &[u8], plmns: &[[u8; 3]]) -> Value {
    let sessions = config.pmch.iter().flat_map(|pmch| &pmch.sessions);
    json!({
        "hex": hex::encode(bytes),
        "common_sf_alloc": patterns(&config.common_sf_alloc),
        "common_sf_alloc_period_rf": config.common_sf_alloc_period_rf,
        "tmgis": sessions.map(|session| tmgi(&session.tmgi, plmns)).collect::<Vec<_>>(),
    })
}

fn patterns(list: &[MbsfnSubframeConfig]) -> Value {
    let pattern = |config: &MbsfnSubframeConfig| {
        let (kind, bits) = match config.subframes {
            SubframeAllocation::OneFrame(bits) => ("oneFrame", format!("{bits:06b}")),
            SubframeAllocation::FourFrames(bits) => ("fourFrames", format!("{bits:024b}")),
        };
        json!({
            "radioframe_allocation_period_rf": config.radioframe_allocation_period_rf,
            "radioframe_allocation_offset_rf": config.radioframe_allocation_offset_rf,
            kind: bits,
        })
    };
    list.iter().map(pattern).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plmns_and_tmgis_as_people_write_them() {
        assert_eq!(plmn([0x62, 0xf2, 0x10]), "262-01");
        assert_eq!(plmn([0x13, 0x00, 0x14]), "310-410");
        assert_eq!(plmn([0x00, 0xf0, 0x30]), "000-03");
        let indexed = |index| Tmgi { service_id: [0, 0, 0x2a], plmn: PlmnId::Index(index) };
        let plmns = [[0x62, 0xf2, 0x10]];
        assert_eq!(tmgi(&indexed(1), &plmns), "00002a62f210");
        assert_eq!(tmgi(&indexed(2), &plmns), "00002a-plmn2");
        assert_eq!(tmgi(&Tmgi::from([1, 2, 3, 4, 5, 6]), &[]), "010203040506");
    }
}
