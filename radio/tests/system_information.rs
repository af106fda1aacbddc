//! Control region and system information of another transmitter (srsENB): 25 PRB, cell 1, one antenna port, SIB1 in
//! subframe 5 of even frames, one SI message in subframe 9, redundancy versions by the clauses.

use std::collections::BTreeMap;

use num_complex::Complex32;
use radio::transmit_diversity::ReceiveAntenna;
use radio::{
    AggregationLevel, BcchDlSchMessage, CarrierConfig, CellConfig, CellSearch, ControlRegion, CrsEstimator, Dci1A,
    DciFormat, Grid, Isa, M_RNTI, MbsfnNumerology, NRbDl, OfdmDemodulator, Pcfich, PdcchDecoder, PdschDecoder,
    PhichConfig, PhichDuration, PhichResource, SI_RNTI, SampleRateFamily, SiAssignment, SoftBuffer, SubframeLayout,
    VrbType,
};

const SAMPLES: usize = 7680;
const MBSFN_SUBFRAMES: [u8; 6] = [1, 2, 3, 6, 7, 8];

/// What was decoded of one PDSCH.
#[derive(Debug)]
struct Message {
    index: usize,
    subframe: u8,
    dci: Dci1A,
    crc_ok: bool,
    octets: Vec<u8>,
}

/// The whole recording, or `None` without it: every CFI as (subframe, CFI, metric), and every PDSCH alone.
struct Walk {
    cfis: Vec<(u8, u8, f32)>,
    messages: Vec<Message>,
    /// M-RNTI and format 1C: this transmitter sends none.
    others: usize,
    /// Decoded from the transmissions with redundancy versions 2, 3 and 1 alone, by transport block size.
    combined: BTreeMap<usize, Vec<u8>>,
}

fn walk(gain: f32) -> Option<Walk> {
    let vector = fixtures::vectors::embms_carrier()?;
    let iq: Vec<Complex32> = vector.iq.iter().map(|s| s * gain).collect();
    let found = CellSearch::new(512).unwrap().search(&[&iq[..40 * SAMPLES]]);
    assert_eq!(found[0].n_id_cell, 1);
    let cell = CellConfig::new(NRbDl::ALL[2], 1, SampleRateFamily::Standard).unwrap();
    let phich = PhichConfig { duration: PhichDuration::Normal, resource: PhichResource::OneSixth };
    let carrier = CarrierConfig { cell, n_ports: 1, phich };
    let regions = [false, true].map(|mbsfn| ControlRegion::new(&carrier, mbsfn));
    let layouts = [SubframeLayout::normal(512), SubframeLayout::mbsfn(512, 2, MbsfnNumerology::Khz15)];
    let mut ofdm = layouts.clone().map(|layout| OfdmDemodulator::new(layout, 4));
    let mut estimate = CrsEstimator::new(&carrier);
    let (mut pcfich, mut pdcch, mut pdsch) = (Pcfich::new(), PdcchDecoder::new(&carrier), PdschDecoder::new(&carrier));
    let mut later: BTreeMap<usize, SoftBuffer> = BTreeMap::new();
    let mut out = Walk { cfis: Vec::new(), messages: Vec::new(), others: 0, combined: BTreeMap::new() };
    let start = usize::try_from(found[0].frame_start).unwrap();
    for (index, iq) in iq[start..].chunks_exact(SAMPLES).enumerate() {
        let subframe = (index % 10) as u8;
        let mbsfn = usize::from(MBSFN_SUBFRAMES.contains(&subframe));
        let rows = if mbsfn == 1 { 2 } else { 14 };
        let mut grid = Grid::new(layouts[mbsfn].rows(), 300);
        ofdm[mbsfn].demodulate(iq, 0..rows, &mut grid);
        estimate.estimate(subframe, &grid, rows);
        let antennas = [ReceiveAntenna { grid: &grid, estimate: &estimate }];
        let region = &regions[mbsfn];
        let cfi = pcfich.decode(region, subframe, &antennas);
        out.cfis.push((subframe, cfi.cfi, cfi.metric));
        pdcch.receive(region, subframe, cfi.cfi, &antennas);
        out.others += usize::from(pdcch.search(M_RNTI, DciFormat::OneC).is_some());
        out.others += usize::from(pdcch.search(SI_RNTI, DciFormat::OneC).is_some());
        let Some(found) = pdcch.search(SI_RNTI, DciFormat::OneA) else { continue };
        assert!(found.metric > 0.9 && found.level >= AggregationLevel::Four, "{found:?}");
        let dci = Dci1A::unpack(NRbDl::ALL[2], found.dci).unwrap();
        let assignment = SiAssignment::from(dci);
        let symbols = region.symbols(cfi.cfi);
        let mut alone = SoftBuffer::new(assignment.tbs_bits, Isa::Scalar).unwrap();
        let mut octets = vec![0; alone.octets()];
        let decoded = pdsch.decode(subframe, symbols, &assignment, &antennas, &mut alone, &mut octets);
        if dci.rv != 0 {
            let buffer = later
                .entry(assignment.tbs_bits)
                .or_insert_with(|| SoftBuffer::new(assignment.tbs_bits, Isa::Scalar).unwrap());
            let mut octets = vec![0; buffer.octets()];
            if pdsch.decode(subframe, symbols, &assignment, &antennas, buffer, &mut octets).crc_ok {
                out.combined.insert(assignment.tbs_bits, octets);
            }
        }
        out.messages.push(Message { index, subframe, dci, crc_ok: decoded.crc_ok, octets });
    }
    Some(out)
}

#[test]
fn every_cfi_is_read() {
    let Some(walk) = walk(1.0) else { return };
    assert!(walk.cfis.len() > 380);
    for &(subframe, cfi, metric) in &walk.cfis {
        assert!(metric > 0.95, "subframe {subframe}: CFI {cfi}, {metric}");
        // The control region of MBSFN subframes is the non-MBSFN region, two symbols here.
        assert!(cfi == 2 || (cfi == 1 && !MBSFN_SUBFRAMES.contains(&subframe)), "subframe {subframe}: CFI {cfi}");
    }
    assert_eq!(walk.others, 0, "nothing on the M-RNTI, nothing in format 1C");
}

#[test]
fn both_messages_are_read_each_time_they_are_sent() {
    let Some(walk) = walk(30.0) else { return };
    let of = |tbs: usize| walk.messages.iter().filter(move |m| m.dci.tbs_bits() == tbs).collect::<Vec<_>>();
    let (sib1, si) = (of(144), of(392));
    assert_eq!(sib1.len() + si.len(), walk.messages.len());
    assert!(walk.messages.iter().all(|m| m.crc_ok), "{:?}", walk.messages);
    // Every other frame without a gap, redundancy versions 0, 2, 3, 1 in turn (TS 36.321 clause 5.3.1).
    assert!(sib1.len() >= 17 && sib1.iter().all(|m| m.subframe == 5 && m.dci.allocation.kind() == VrbType::Localized));
    for pair in sib1.windows(2) {
        assert_eq!(pair[1].index - pair[0].index, 20);
        let turn = [0, 2, 3, 1];
        let place = |rv| turn.iter().position(|&t| t == rv);
        assert_eq!(place(pair[1].dci.rv), place(pair[0].dci.rv).map(|p| (p + 1) % 4));
    }
    assert!(si.len() >= 2 && si.iter().all(|m| m.subframe == 9), "{si:?}");
    assert!(si.iter().any(|m| m.dci.rv != 0), "{si:?}");
    for (messages, tbs) in [(&sib1, 144), (&si, 392)] {
        assert!(messages.iter().all(|m| m.octets == messages[0].octets), "one content");
        assert_eq!(walk.combined.get(&tbs), Some(&messages[0].octets), "from redundancy versions 2, 3 and 1 together");
    }
    let first = BcchDlSchMessage::decode(&sib1[0].octets);
    assert!(matches!(first, Ok(BcchDlSchMessage::SystemInformationBlockType1(_))), "{first:?}");
    let second = BcchDlSchMessage::decode(&si[0].octets);
    assert!(matches!(second, Ok(BcchDlSchMessage::SystemInformation(_))), "{second:?}");
}
