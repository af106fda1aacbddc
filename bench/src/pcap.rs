//! `capture.pcapng`: what was seen on the reference points, so that Wireshark needs no preferences to read it.
//!
//! One interface for each reference point, and for those on the air one for each UE: `M1`, `BCCH-DL-SCH ue1`, `MCCH ue1`,
//! `MTCH ue1`, `AT ue1`, `SMS ue1`; `MCH ue1 mch1` and `RLC ue1 mch1` for each MCH; `Gm`, `Mw`, `ISC`, `Cx`, `Sh`. IP
//! datagrams are raw; radio layers, SIP and Diameter are exported PDUs whose tags name the dissector, and the addresses.
//! Times are run time.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use pcap_file::pcapng::PcapNgWriter;
use pcap_file::pcapng::blocks::enhanced_packet::{EnhancedPacketBlock, EnhancedPacketOption};
use pcap_file::pcapng::blocks::interface_description::{InterfaceDescriptionBlock, InterfaceDescriptionOption};
use pcap_file::pcapng::blocks::section_header::{SectionHeaderBlock, SectionHeaderOption};
use pcap_file::{DataLink, Endianness, PcapError};
use protocol::{Instant, Joint, TapEvent};

use crate::event::SessionInfo;
use crate::record::BUFFER_OCTETS;

/// File name of the capture in a run's folder.
pub const CAPTURE_FILE: &str = "capture.pcapng";

/// Name of the interface on which messages of a joint to a receiver are found: `frame.interface_name` in a filter.
/// `channel` is the name of the MCH where there are several of a kind.
pub fn interface_name(joint: Joint, to: &str, channel: &str) -> String {
    let (to, channel) = apart(joint, to, channel);
    [&joint.to_string(), to, channel].into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// What tells interfaces of a joint apart: receiver and channel, or one of them, or neither.
fn apart<'a>(joint: Joint, to: &'a str, channel: &'a str) -> (&'a str, &'a str) {
    match joint {
        Joint::M1 => ("", ""),
        Joint::Mch | Joint::Rlc => (to, channel),
        Joint::At | Joint::Sms => ("", channel),
        joint if joint.is_core() => ("", ""),
        // BCCHs, PDCCH, MCCH, MTCH of each UE.
        _ => (to, ""),
    }
}

/// Options with which tshark and Wireshark also dissect what is inside M1 and inside the datagrams of the MTCH: SYNC and
/// ALC have no port of their own.
pub fn wireshark_options<'a>(sessions: impl IntoIterator<Item = &'a SessionInfo>) -> Vec<String> {
    let mut options = vec!["-o".to_owned(), "gtp.dissect_tpdu_as:SYNC".to_owned()];
    for session in sessions {
        if let Ok(destination) = session.destination.parse::<SocketAddr>() {
            options.extend(["-d".to_owned(), format!("udp.port=={},alc", destination.port())]);
        }
    }
    options
}

/// Writes a capture as the run goes. The file bears its name only once [`CaptureWriter::finish`] was called.
pub struct CaptureWriter {
    out: PcapNgWriter<BufWriter<File>>,
    interfaces: BTreeMap<(Joint, String, String), u32>,
    packets: u64,
    totals: BTreeMap<Joint, (u64, u64)>,
    part: PathBuf,
    path: PathBuf,
    scratch: Vec<u8>,
}

impl CaptureWriter {
    /// Opens `dir/capture.pcapng.part`.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn create(dir: &Path) -> Result<Self, CaptureError> {
        Self::create_file(&dir.join(CAPTURE_FILE))
    }

    /// Opens the file of this name with `.part` behind it.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn create_file(path: &Path) -> Result<Self, CaptureError> {
        let path = path.to_owned();
        let mut part = path.clone().into_os_string();
        part.push(".part");
        let part = PathBuf::from(part);
        let error = |source| CaptureError { path: part.clone(), source };
        let file = File::create(&part).map_err(|e| error(PcapError::IoError(e)))?;
        let application = concat!("castbench ", env!("CARGO_PKG_VERSION"));
        let section = SectionHeaderBlock {
            endianness: Endianness::Little,
            options: vec![SectionHeaderOption::UserApplication(application.into())],
            ..SectionHeaderBlock::default()
        };
        let file = BufWriter::with_capacity(BUFFER_OCTETS, file);
        let out = PcapNgWriter::with_section_header(file, section).map_err(error)?;
        let (interfaces, totals, scratch) = (BTreeMap::new(), BTreeMap::new(), Vec::new());
        Ok(Self { out, interfaces, packets: 0, totals, part, path, scratch })
    }

    /// Number that the next packet will have, from 1.
    pub fn next_packet(&self) -> u64 {
        self.packets + 1
    }

    /// Appends a message with a comment for each procedure step that it ticks.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write(&mut self, event: &TapEvent, comments: &[String]) -> Result<(), CaptureError> {
        let interface_id = self.interface(event)?;
        let mut scratch = std::mem::take(&mut self.scratch);
        scratch.clear();
        frame(event, interface_id, &mut scratch);
        let options = comments.iter().map(|c| EnhancedPacketOption::Comment(c.into())).collect();
        let block = EnhancedPacketBlock {
            interface_id,
            timestamp: event.at.elapsed(),
            original_len: scratch.len() as u32,
            data: (&scratch[..scratch.len().min(MAX_PACKET_OCTETS)]).into(),
            options,
        };
        let written = self.out.write_pcapng_block(block);
        self.scratch = scratch;
        written.map_err(|source| CaptureError { path: self.part.clone(), source })?;
        self.packets += 1;
        let total = self.totals.entry(event.joint).or_default();
        *total = (total.0 + 1, total.1 + event.bytes.len() as u64);
        Ok(())
    }

    /// Packets and octets per reference point so far.
    pub fn totals(&self) -> &BTreeMap<Joint, (u64, u64)> {
        &self.totals
    }

    /// Flushes and gives the file its name.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn finish(self) -> Result<PathBuf, CaptureError> {
        let path = self.path.clone();
        let mut file = self.out.into_inner();
        file.flush()
            .and_then(|()| std::fs::rename(&self.part, &self.path))
            .map_err(|e| CaptureError { path, source: PcapError::IoError(e) })?;
        Ok(self.path)
    }

    fn interface(&mut self, event: &TapEvent) -> Result<u32, CaptureError> {
        let (to, channel) = apart(event.joint, &event.to, &event.channel);
        let key = (event.joint, to.to_owned(), channel.to_owned());
        if let Some(&known) = self.interfaces.get(&key) {
            return Ok(known);
        }
        let block = InterfaceDescriptionBlock {
            linktype: match event.joint {
                Joint::M1 | Joint::Mtch => DataLink::RAW,
                _ => DataLink::WIRESHARK_UPPER_PDU,
            },
            snaplen: 0,
            options: vec![
                InterfaceDescriptionOption::IfName(interface_name(event.joint, to, channel).into()),
                InterfaceDescriptionOption::IfDescription(description(event.joint, to, channel).into()),
                InterfaceDescriptionOption::IfTsResol(NANOSECONDS),
            ],
        };
        let written = self.out.write_pcapng_block(block);
        written.map_err(|source| CaptureError { path: self.part.clone(), source })?;
        let id = self.interfaces.len() as u32;
        self.interfaces.insert(key, id);
        Ok(id)
    }
}

/// The capture cannot be written.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {source}")]
pub struct CaptureError {
    /// File.
    pub path: PathBuf,
    /// Why.
    pub source: PcapError,
}

/// What an interface has.
fn description(joint: Joint, to: &str, channel: &str) -> String {
    match joint {
        Joint::M1 => "reference point M1, MBMS-GW to eNB: GTP-U, SYNC (TS 25.446)".to_owned(),
        Joint::BcchBch => format!("master information blocks as {to} decoded them (TS 36.331)"),
        Joint::BcchDlSch => format!("system information as {to} decoded it (TS 36.331)"),
        Joint::Pdcch => format!("MCCH change notifications as {to} found them (TS 36.212 5.3.3.1.4)"),
        Joint::Mch => format!("MAC PDUs of MCH {channel} as {to} decoded them (TS 36.321)"),
        Joint::Rlc => format!("UMD PDUs in MCH {channel} as {to} decoded them (TS 36.322)"),
        Joint::Mcch => format!("MCCH messages as {to} decoded them (TS 36.331)"),
        Joint::Mtch => format!("IP datagrams of the MBMS bearers as {to} received them"),
        Joint::At => format!("the port of the modem of {channel} (V.250, TS 27.007, TS 27.005)"),
        Joint::Sms => format!("TPDUs over the port of the modem of {channel} (TS 23.040)"),
        Joint::Gm => "reference point Gm, UE and P-CSCF: SIP (TS 24.229)".to_owned(),
        Joint::Mw => "reference point Mw, CSCFs among each other: SIP (TS 24.229)".to_owned(),
        Joint::Isc => "reference point ISC, S-CSCF and application server: SIP (TS 24.229)".to_owned(),
        Joint::Mcptt3 => "reference point MCPTT-3, MCPTT servers among each other: SIP (TS 24.379)".to_owned(),
        Joint::Cx => "reference point Cx, CSCF and HSS: Diameter (TS 29.229)".to_owned(),
        Joint::Sh => "reference point Sh, application server and HSS: Diameter (TS 29.329)".to_owned(),
        Joint::Ut => "reference point Ut, UE and XDM server: XCAP (TS 24.623)".to_owned(),
        Joint::Mb => "reference point Mb, media: RTP (RFC 3550), MSRP (RFC 4975)".to_owned(),
        Joint::Rf => "reference point Rf, offline charging: Diameter (TS 32.299)".to_owned(),
        Joint::Ro => "reference point Ro, online charging: Diameter (TS 32.299)".to_owned(),
        Joint::Csc1 => "reference point CSC-1, identity management: OpenID Connect (TS 33.180)".to_owned(),
        Joint::Api => "exposure to third parties: HTTP".to_owned(),
        Joint::Mb2C => "reference point MB2-C, application server and BM-SC: Diameter (TS 29.468)".to_owned(),
        Joint::Mb2U => "reference point MB2-U, application server to BM-SC: IP datagrams (TS 29.468)".to_owned(),
        Joint::XmbC => "reference point xMB-C, content provider and BM-SC: HTTP (TS 29.116)".to_owned(),
        Joint::SgMb => "reference point SGmb, BM-SC and MBMS-GW: Diameter (TS 29.061)".to_owned(),
        Joint::SgiMb => "reference point SGi-mb, BM-SC to MBMS-GW: SYNC (TS 25.446)".to_owned(),
        Joint::M3 => "reference point M3, MBMS-GW and MCE: M3AP (TS 36.444)".to_owned(),
        Joint::M2 => "reference point M2, MCE and eNB: M2AP (TS 36.443)".to_owned(),
        Joint::R1 => "reference point R1, IP-Message-GW and HLR/HSS: MAP (TS 29.002)".to_owned(),
        Joint::R2 => "reference point R2, UE and IP-Message-GW: SIP (TR 23.804)".to_owned(),
        Joint::R5 => "reference point R5, SMS-GMSC and HLR/HSS: MAP (TS 29.002)".to_owned(),
        Joint::R6 => "reference point R6, SMS-GMSC and IP-Message-GW, MSC, SGSN: MAP (TS 29.002)".to_owned(),
        Joint::Smpp => "SM-SC and SMS-GMSC or outside systems: SMPP 3.4".to_owned(),
        Joint::Mm1 => "reference point MM1, UE or IP-Message-GW and MMS Relay/Server: HTTP (TS 23.140)".to_owned(),
        Joint::Mm4 => "reference point MM4, MMS Relay/Servers among each other: SMTP (TS 23.140)".to_owned(),
        Joint::Migration => {
            "migration management servers of MC systems, through Diameter relays: Cx (TS 23.280)".to_owned()
        }
    }
}

/// The octets of a packet block: raw IP, or exported PDU tags and the message.
fn frame(event: &TapEvent, interface_id: u32, out: &mut Vec<u8>) {
    match event.joint {
        Joint::M1 | Joint::Mtch => {}
        Joint::BcchBch => exported_pdu_tags("lte-rrc.bcch.bch", out),
        Joint::BcchDlSch => exported_pdu_tags("lte-rrc.bcch.dl.sch", out),
        Joint::Pdcch => exported_pdu_tags("data", out),
        Joint::Mcch => exported_pdu_tags("lte-rrc.mcch", out),
        Joint::Mch => {
            exported_pdu_tags("mac-lte-framed", out);
            mac_lte_context(event.at, out);
        }
        Joint::Rlc => {
            exported_pdu_tags("dct2000", out);
            rlc_lte_context(event, interface_id, out);
        }
        Joint::Gm | Joint::Mw | Joint::Isc | Joint::Mcptt3 | Joint::R2 => {
            addressed_pdu_tags("sip", &event.channel, out)
        }
        Joint::Cx | Joint::Sh | Joint::Rf | Joint::Ro | Joint::Mb2C | Joint::SgMb | Joint::Migration => {
            addressed_pdu_tags("diameter", &event.channel, out);
        }
        Joint::Mb2U => addressed_pdu_tags("ip", &event.channel, out),
        Joint::SgiMb => addressed_pdu_tags("sync", &event.channel, out),
        Joint::M3 => addressed_pdu_tags("m3ap", &event.channel, out),
        Joint::M2 => addressed_pdu_tags("m2ap", &event.channel, out),
        Joint::R1 | Joint::R5 | Joint::R6 => addressed_pdu_tags("sccp", &event.channel, out),
        Joint::Smpp => addressed_pdu_tags("smpp", &event.channel, out),
        Joint::Ut | Joint::Csc1 | Joint::Api | Joint::XmbC | Joint::Mm1 => {
            addressed_pdu_tags("http", &event.channel, out)
        }
        Joint::Mm4 => addressed_pdu_tags("smtp", &event.channel, out),
        Joint::Mb => addressed_pdu_tags(media_dissector(event), &event.channel, out),
        // Wireshark 4.0 takes the service centre address before a TPDU for its beginning: SMS has the TPDU alone. From the
        // host to the modem is "sent" to the dissector of AT, and "received" by the network of the messages.
        Joint::At => directed_pdu_tags("at", if event.to == event.channel { P2P_SENT } else { P2P_RECEIVED }, out),
        Joint::Sms => {
            directed_pdu_tags("gsm_sms", if event.to == event.channel { P2P_RECEIVED } else { P2P_SENT }, out)
        }
    }
    out.extend_from_slice(&event.bytes);
}

/// What a message of media is: MSRP on streams; RTCP and RTP by their packet types (RFC 5761 clause 4).
fn media_dissector(event: &TapEvent) -> &'static str {
    match event.bytes.get(1) {
        _ if !event.channel.starts_with("udp ") => "msrp",
        Some(200..=204) => "rtcp",
        _ => "rtp",
    }
}

/// Context of a UMD PDU. Wireshark's RLC dissector has no framing of its own that works without a preference; the log
/// format of Catapult DCT2000 can tell it all that it must know (`packet-catapult-dct2000.c`): mode UM, downlink, no
/// priority, 5-bit sequence numbers, logical channel and its type, a number that keeps channels apart, length.
fn rlc_lte_context(event: &TapEvent, interface_id: u32, out: &mut Vec<u8>) {
    let (lcid, octets) = (event.lcid, event.bytes.len());
    let channel_type = if lcid == 0 { RLC_LTE_MCCH } else { RLC_LTE_MTCH };
    let at = event.at.as_nanos() / 100_000;
    let (seconds, fraction) = (at / 10_000, at % 10_000);
    out.extend_from_slice(b"castbench\0");
    out.push(0);
    let fields =
        format!("{seconds}.{fraction:04}\0rlc_r8_lte\x001\x002,1,0,5,{lcid},{channel_type},{interface_id},{octets}\0");
    out.extend_from_slice(fields.as_bytes());
    out.extend([DCT2000_RECEIVED, DCT2000_NO_ENCAPSULATION]);
}

/// Tags of an exported PDU (LINKTYPE_WIRESHARK_UPPER_PDU, Wireshark `epan/exported_pdu.h`): dissector name, end.
fn exported_pdu_tags(dissector: &str, out: &mut Vec<u8>) {
    dissector_name_tag(dissector, out);
    out.extend([0; 4]);
}

/// The same with the direction between them.
fn directed_pdu_tags(dissector: &str, direction: u32, out: &mut Vec<u8>) {
    dissector_name_tag(dissector, out);
    out.extend(EXP_PDU_TAG_P2P_DIRECTION.to_be_bytes());
    out.extend((size_of::<u32>() as u16).to_be_bytes());
    out.extend(direction.to_be_bytes());
    out.extend([0; 4]);
}

/// The same with the addresses and ports that the channel of the message names: transport, source, destination.
fn addressed_pdu_tags(dissector: &str, channel: &str, out: &mut Vec<u8>) {
    dissector_name_tag(dissector, out);
    let mut words = channel.split(' ');
    let transport = words.next();
    let mut address = || words.next()?.parse::<SocketAddr>().ok();
    if let (Some(source), Some(destination)) = (address(), address()) {
        ip_tag(source.ip(), (EXP_PDU_TAG_IPV4_SRC, EXP_PDU_TAG_IPV6_SRC), out);
        ip_tag(destination.ip(), (EXP_PDU_TAG_IPV4_DST, EXP_PDU_TAG_IPV6_DST), out);
        let port_type = match transport {
            Some("udp") => EXP_PDU_PT_UDP,
            Some("sctp") => EXP_PDU_PT_SCTP,
            _ => EXP_PDU_PT_TCP,
        };
        number_tag(EXP_PDU_TAG_PORT_TYPE, port_type, out);
        number_tag(EXP_PDU_TAG_SRC_PORT, source.port().into(), out);
        number_tag(EXP_PDU_TAG_DST_PORT, destination.port().into(), out);
    }
    out.extend([0; 4]);
}

fn ip_tag(address: IpAddr, (v4, v6): (u16, u16), out: &mut Vec<u8>) {
    let (tag, octets) = match address {
        IpAddr::V4(address) => (v4, address.octets().to_vec()),
        IpAddr::V6(address) => (v6, address.octets().to_vec()),
    };
    out.extend(tag.to_be_bytes());
    out.extend((octets.len() as u16).to_be_bytes());
    out.extend(octets);
}

fn number_tag(tag: u16, value: u32, out: &mut Vec<u8>) {
    out.extend(tag.to_be_bytes());
    out.extend((size_of::<u32>() as u16).to_be_bytes());
    out.extend(value.to_be_bytes());
}

fn dissector_name_tag(dissector: &str, out: &mut Vec<u8>) {
    let padded = dissector.len().next_multiple_of(4);
    out.extend(EXP_PDU_TAG_DISSECTOR_NAME.to_be_bytes());
    out.extend((padded as u16).to_be_bytes());
    out.extend_from_slice(dissector.as_bytes());
    out.resize(out.len() + padded - dissector.len(), 0);
}

/// Context of a MAC PDU (Wireshark `epan/dissectors/packet-mac-lte.h`): FDD, downlink, M-RNTI, time, CRC passed.
fn mac_lte_context(at: Instant, out: &mut Vec<u8>) {
    // The tap says when the last bit was there: up to half a subframe after the end of the subframe.
    let subframes = (at.as_nanos() + HALF_SUBFRAME_NS) / (2 * HALF_SUBFRAME_NS);
    let subframe = subframes.saturating_sub(1);
    let sfn_and_subframe = (((subframe / 10 % 1024) << 4) | (subframe % 10)) as u16;
    out.extend([FDD_RADIO, DIRECTION_DOWNLINK, M_RNTI, MAC_LTE_RNTI_TAG]);
    out.extend(M_RNTI_VALUE.to_be_bytes());
    out.push(MAC_LTE_FRAME_SUBFRAME_TAG);
    out.extend(sfn_and_subframe.to_be_bytes());
    out.extend([MAC_LTE_CRC_STATUS_TAG, CRC_SUCCESS, MAC_LTE_PAYLOAD_TAG]);
}

/// Channel types of `packet-rlc-lte.h`.
const RLC_LTE_MCCH: u8 = 7;
const RLC_LTE_MTCH: u8 = 8;
const DCT2000_RECEIVED: u8 = 1;
const DCT2000_NO_ENCAPSULATION: u8 = 0;
/// Octets of a packet that Wireshark takes (`WTAP_MAX_PACKET_SIZE_STANDARD`); the others of a longer one are not kept.
const MAX_PACKET_OCTETS: usize = 262_144;
/// `if_tsresol`: powers of ten.
const NANOSECONDS: u8 = 9;
const EXP_PDU_TAG_DISSECTOR_NAME: u16 = 12;
const EXP_PDU_TAG_IPV4_SRC: u16 = 20;
const EXP_PDU_TAG_IPV4_DST: u16 = 21;
const EXP_PDU_TAG_IPV6_SRC: u16 = 22;
const EXP_PDU_TAG_IPV6_DST: u16 = 23;
const EXP_PDU_TAG_PORT_TYPE: u16 = 24;
const EXP_PDU_TAG_SRC_PORT: u16 = 25;
const EXP_PDU_TAG_DST_PORT: u16 = 26;
/// Port types of `exported_pdu.h`, which are its own.
const EXP_PDU_PT_SCTP: u32 = 1;
const EXP_PDU_PT_TCP: u32 = 2;
const EXP_PDU_PT_UDP: u32 = 3;
const EXP_PDU_TAG_P2P_DIRECTION: u16 = 35;
const P2P_SENT: u32 = 0;
const P2P_RECEIVED: u32 = 1;
const HALF_SUBFRAME_NS: u64 = 500_000;
const FDD_RADIO: u8 = 1;
const DIRECTION_DOWNLINK: u8 = 1;
const M_RNTI: u8 = 6;
/// TS 36.321 table 7.1-1.
const M_RNTI_VALUE: u16 = 0xfffd;
const MAC_LTE_PAYLOAD_TAG: u8 = 1;
const MAC_LTE_RNTI_TAG: u8 = 2;
const MAC_LTE_FRAME_SUBFRAME_TAG: u8 = 4;
const MAC_LTE_CRC_STATUS_TAG: u8 = 7;
const CRC_SUCCESS: u8 = 1;

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn interfaces_have_the_name_of_what_tells_them_apart() {
        for (joint, name) in [
            (Joint::M1, "M1"),
            (Joint::Smpp, "SMPP"),
            (Joint::Mcptt3, "MCPTT-3"),
            (Joint::Mtch, "MTCH ue1"),
            (Joint::BcchDlSch, "BCCH-DL-SCH ue1"),
            (Joint::Rlc, "RLC ue1 mch1"),
            (Joint::At, "AT mch1"),
        ] {
            assert_eq!(interface_name(joint, "ue1", "mch1"), name);
        }
    }

    /// purgeMS as `protocol`'s tests of the layout of MAP have it, and the example of SMPP 3.4 clause 3.2.
    #[test]
    fn tshark_reads_map_and_smpp() {
        let purge = "0980030d170a120600110494710040000a129500110494710060004662444804112233446b1e281c060700118605010101\
                     a011600f80020780a109060704000001001b036c1ca11a020101020143a312040800010121436587f981069194710060f0";
        let bind = b"\0\0\0\x2F\0\0\0\x02\0\0\0\0\0\0\0\x01SMPP3TEST\0secret08\0SUBMIT1\0\x50\x01\x01\0";
        let dir = tempfile::tempdir().unwrap();
        let mut capture = CaptureWriter::create(dir.path()).unwrap();
        for (joint, channel, bytes) in [
            (Joint::R1, "sctp 10.46.0.1:2905 10.46.0.2:2905", hex::decode(purge).unwrap()),
            (Joint::Smpp, "tcp 10.46.0.3:40000 10.46.0.4:2775", bind.to_vec()),
        ] {
            let (from, to, channel) = ("a".to_owned(), "b".to_owned(), channel.to_owned());
            let event = TapEvent { at: Instant::from_millis(1), joint, from, to, channel, lcid: 0, bytes };
            capture.write(&event, &[]).unwrap();
        }
        let path = capture.finish().unwrap();
        let fields =
            ["frame.interface_name", "gsm_old.localValue", "sccp.called.digits", "smpp.system_id", "_ws.malformed"];
        let mut tshark = Command::new("tshark");
        tshark.arg("-r").arg(path).args(["-T", "fields"]).args(fields.iter().flat_map(|field| ["-e", field]));
        let Ok(output) = tshark.output() else {
            println!("skipped: tshark is not installed");
            return;
        };
        let said = String::from_utf8(output.stdout).unwrap();
        assert_eq!(
            said,
            "R1\t67\t491700040\t\t\nSMPP\t\t\tSMPP3TEST\t\n",
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
}
