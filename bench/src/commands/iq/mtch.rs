//! The IP datagrams of each MTCH in a pcapng file of its own.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use pcap_file::pcapng::PcapNgWriter;
use pcap_file::pcapng::blocks::enhanced_packet::EnhancedPacketBlock;
use pcap_file::pcapng::blocks::interface_description::{InterfaceDescriptionBlock, InterfaceDescriptionOption};
use pcap_file::pcapng::blocks::section_header::{SectionHeaderBlock, SectionHeaderOption};
use pcap_file::{DataLink, Endianness, PcapError};

use crate::errors::CommandError;

/// Which MTCH: cell, MBSFN area, place of the (P)MCH, logical channel and TMGI.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct MtchKey {
    pub(super) n_id_cell: u16,
    pub(super) n_id_mbsfn: u8,
    pub(super) pmch: usize,
    pub(super) lcid: u8,
    pub(super) tmgi: String,
}

/// Writes the files as datagrams come. They bear their names only after [`MtchFiles::finish`].
pub(super) struct MtchFiles {
    folder: PathBuf,
    files: BTreeMap<MtchKey, (PathBuf, PcapNgWriter<BufWriter<File>>)>,
}

impl MtchFiles {
    /// Makes the folder if need be.
    pub(super) fn create(folder: &Path) -> Result<Self, CommandError> {
        std::fs::create_dir_all(folder).map_err(|source| CommandError::Write { path: folder.into(), source })?;
        Ok(Self { folder: folder.into(), files: BTreeMap::new() })
    }

    /// Appends a datagram that was whole `at` this time of the recording.
    pub(super) fn write(&mut self, key: &MtchKey, at: Duration, datagram: &[u8]) -> Result<(), CommandError> {
        if !self.files.contains_key(key) {
            let path = self.folder.join(key.file_name());
            let writer = open(&part(&path), key)?;
            self.files.insert(key.clone(), (path, writer));
        }
        let Some((path, writer)) = self.files.get_mut(key) else { return Ok(()) };
        let block = EnhancedPacketBlock {
            interface_id: 0,
            timestamp: at,
            original_len: datagram.len() as u32,
            data: datagram.into(),
            options: Vec::new(),
        };
        writer.write_pcapng_block(block).map(drop).map_err(|e| cannot_write(path, e))
    }

    /// Flushes and gives the files their names.
    pub(super) fn finish(self) -> Result<(), CommandError> {
        for (path, writer) in self.files.into_values() {
            let mut file = writer.into_inner();
            let written = file.flush().and_then(|()| std::fs::rename(part(&path), &path));
            written.map_err(|source| CommandError::Write { path, source })?;
        }
        Ok(())
    }
}

impl MtchKey {
    /// `cell1_area1_mch0_lcid1_00000000f030.pcapng`.
    pub(super) fn file_name(&self) -> String {
        let Self { n_id_cell, n_id_mbsfn, pmch, lcid, tmgi } = self;
        format!("cell{n_id_cell}_area{n_id_mbsfn}_mch{pmch}_lcid{lcid}_{tmgi}.pcapng")
    }
}

fn part(path: &Path) -> PathBuf {
    path.with_extension("pcapng.part")
}

fn open(path: &Path, key: &MtchKey) -> Result<PcapNgWriter<BufWriter<File>>, CommandError> {
    let file = File::create(path).map_err(|source| CommandError::Write { path: path.into(), source })?;
    let application = concat!("castbench ", env!("CARGO_PKG_VERSION"));
    let section = SectionHeaderBlock {
        endianness: Endianness::Little,
        options: vec![SectionHeaderOption::UserApplication(application.into())],
        ..SectionHeaderBlock::default()
    };
    let MtchKey { n_id_cell, n_id_mbsfn, pmch, lcid, tmgi } = key;
    let name = format!("MTCH {tmgi}");
    let description =
        format!("IP datagrams of TMGI {tmgi}: cell {n_id_cell}, MBSFN area {n_id_mbsfn}, MCH {pmch}, LCID {lcid}");
    let interface = InterfaceDescriptionBlock {
        linktype: DataLink::RAW,
        snaplen: 0,
        options: vec![
            InterfaceDescriptionOption::IfName(name.into()),
            InterfaceDescriptionOption::IfDescription(description.into()),
            InterfaceDescriptionOption::IfTsResol(NANOSECONDS),
        ],
    };
    let writer = PcapNgWriter::with_section_header(BufWriter::new(file), section);
    let mut writer = writer.map_err(|e| cannot_write(path, e))?;
    writer.write_pcapng_block(interface).map_err(|e| cannot_write(path, e))?;
    Ok(writer)
}

fn cannot_write(path: &Path, error: PcapError) -> CommandError {
    match error {
        PcapError::IoError(source) => CommandError::Write { path: path.into(), source },
        other => CommandError::Bench(format!("{}: {other}", path.display())),
    }
}

/// `if_tsresol`: powers of ten.
const NANOSECONDS: u8 = 9;
