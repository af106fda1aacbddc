//! What a receiver tells of a recording.

use std::collections::{BTreeMap, BTreeSet};

use num_complex::Complex32;
use radio::{BcchDlSchMessage, MchRxEvent, Receiver, RxEvent, SystemInformationBlock, Tmgi};

/// What a receiver told of a recording.
#[derive(Default)]
pub(crate) struct Told {
    pub(crate) cells: Vec<(u16, u64)>,
    pub(crate) mibs: Vec<([u8; 3], u8, u32)>,
    pub(crate) sibs: BTreeSet<u8>,
    pub(crate) tmgis: Vec<Tmgi>,
    pub(crate) blocks: BTreeMap<u8, (u32, u32)>,
    pub(crate) sdus: Vec<Vec<u8>>,
    pub(crate) cfo_hz: f64,
    pub(crate) samples_lost: Vec<(u64, u64)>,
    pub(crate) cells_lost: u32,
}

impl Told {
    pub(crate) fn hear(&mut self, event: &RxEvent<'_>) {
        match event {
            RxEvent::CellFound { n_id_cell, frame_start, .. } => self.cells.push((*n_id_cell, *frame_start)),
            RxEvent::Mib { bytes, n_ports, time, .. } => self.mibs.push((*bytes, *n_ports, time.sfn())),
            RxEvent::SystemInformation { message, .. } => match message {
                BcchDlSchMessage::SystemInformationBlockType1(_) => {
                    self.sibs.insert(1);
                }
                BcchDlSchMessage::SystemInformation(si) => {
                    self.sibs.extend(si.sibs.iter().filter_map(SystemInformationBlock::number));
                }
            },
            RxEvent::Block(report, _) => {
                let (blocks, errors) = self.blocks.entry(report.mcs.index).or_default();
                *blocks += 1;
                *errors += u32::from(!report.quality.crc_ok && report.announced);
                self.cfo_hz = report.cfo_hz;
            }
            RxEvent::Mch { event: MchRxEvent::McchMessage { config, .. }, .. } => {
                self.tmgis = config.pmch.iter().flat_map(|pmch| &pmch.sessions).map(|session| session.tmgi).collect();
            }
            RxEvent::Mch { event: MchRxEvent::Sdu { bytes, .. }, .. } => self.sdus.push(bytes.to_vec()),
            RxEvent::SamplesLost { expected, at } => self.samples_lost.push((*expected, *at)),
            RxEvent::CellLost { .. } => self.cells_lost += 1,
            _ => {}
        }
    }
}

/// Hands a recording to a receiver in pushes of `chunk` samples.
pub(crate) fn listen(receiver: &mut Receiver, antennas: &[&[Complex32]], chunk: usize) -> Told {
    let mut told = Told::default();
    let len = antennas[0].len();
    for from in (0..len).step_by(chunk) {
        let part: Vec<_> = antennas.iter().map(|antenna| &antenna[from..len.min(from + chunk)]).collect();
        receiver.push(from as u64, &part, &mut |event| told.hear(&event));
    }
    receiver.finish(&mut |event| told.hear(&event));
    told
}

/// Numbers of the datagrams of the reference carrier among SDUs that are whole IPv4 packets.
pub(crate) fn datagrams(sdus: &[Vec<u8>]) -> BTreeSet<u32> {
    let number = |sdu: &Vec<u8>| {
        assert_eq!(sdu[0], 0x45, "an IPv4 packet: {:02x?}", &sdu[..4]);
        assert_eq!(usize::from(u16::from_be_bytes([sdu[2], sdu[3]])), sdu.len(), "total length");
        let text = std::str::from_utf8(&sdu[28..]).unwrap();
        text.split(' ').nth(3).unwrap().parse().unwrap()
    };
    sdus.iter().map(number).collect()
}
