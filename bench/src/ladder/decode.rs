//! The message that ticked a step, in a few fields for people. The capture has all of it.

use std::fmt::Display;
use std::time::Duration;

use protocol::{GtpuPacket, Joint, SyncRepr, TapEvent, Tmgi, UdpDatagram};
use radio::{BcchDlSchMessage, MbsfnAreaConfiguration, STOP_NOT_SCHEDULED, SystemInformationBlock, msi_of};

use super::decode_ims;
use super::lct::LctHeader;
use super::{decode_map, decode_mc, decode_mms, decode_smpp};

/// Name and value of a field.
pub(crate) type Field = (String, String);

/// Sessions and files that are listed; a message may have many.
const LISTED_MAX: usize = 4;
/// Characters of a text from the wire.
const TEXT_MAX: usize = 120;

/// The fields of a message; of a malformed one as many as there are.
pub(crate) fn decode(event: &TapEvent) -> Vec<Field> {
    let mut fields = Vec::new();
    let bytes = &event.bytes[..];
    // What cannot be read any further ends the list.
    let _ = match event.joint {
        Joint::M1 => m1(bytes, &mut fields),
        Joint::BcchDlSch => system_information(bytes, &mut fields),
        Joint::BcchBch | Joint::Pdcch | Joint::Rlc | Joint::At | Joint::Sms => None,
        Joint::M3 | Joint::M2 => {
            push(&mut fields, "Message", decode_ims::summary(event));
            None
        }
        Joint::SgiMb => None,
        Joint::Mm4 => decode_mms::mail(bytes, &mut fields),
        Joint::Smpp => decode_smpp::fields(bytes, &mut fields),
        Joint::R1 | Joint::R5 | Joint::R6 => decode_map::fields(bytes, &mut fields),
        Joint::Mb2U => datagram(bytes, &mut fields),
        Joint::Gm | Joint::Mw | Joint::Isc | Joint::Mcptt3 | Joint::R2 => decode_ims::sip(bytes, &mut fields),
        Joint::Cx | Joint::Sh | Joint::Rf | Joint::Ro | Joint::Mb2C | Joint::SgMb | Joint::Migration => {
            decode_ims::diameter(bytes, &mut fields)
        }
        Joint::Ut | Joint::Csc1 | Joint::Api | Joint::XmbC | Joint::Mm1 => decode_ims::http(&event.bytes, &mut fields),
        Joint::Mb => decode_ims::media(event, &mut fields),
        Joint::Mcch => mcch(bytes, &mut fields),
        Joint::Mch => msi(bytes, &mut fields),
        Joint::Mtch => datagram(bytes, &mut fields),
    };
    fields
}

/// GTP-U (TS 29.281) with a SYNC PDU (TS 25.446 clause 5.5.2) around the datagram.
fn m1(bytes: &[u8], fields: &mut Vec<Field>) -> Option<()> {
    let udp = UdpDatagram::parse(bytes).ok()?;
    push(fields, "Tunnel", format!("{} → {}", udp.source, udp.destination));
    let gtpu = GtpuPacket::new_checked(udp.payload).ok()?;
    push(fields, "C-TEID", format!("0x{:08x}", gtpu.teid()));
    let SyncRepr::UserData { header, payload } = SyncRepr::parse(gtpu.payload()).ok()? else { return None };
    // The unit of the timestamp is 10 ms (TS 25.446 clause 5.5.3.2).
    let start = Duration::from_millis(10 * u64::from(header.timestamp.0));
    push(fields, "SYNC timestamp", format!("{}, {:.2} s into the period", header.timestamp.0, start.as_secs_f64()));
    push(fields, "Packet number", header.packet_number);
    push(fields, "Elapsed octets", header.elapsed_octets);
    datagram(payload, fields)
}

/// SystemInformation (TS 36.331 clause 6.2.2): its blocks, and the areas of SIB13.
fn system_information(bytes: &[u8], fields: &mut Vec<Field>) -> Option<()> {
    let BcchDlSchMessage::SystemInformation(si) = BcchDlSchMessage::decode(bytes).ok()? else { return None };
    let blocks: Vec<String> = si.sibs.iter().filter_map(|s| Some(format!("SIB{}", s.number()?))).collect();
    push(fields, "Blocks", blocks.join(", "));
    for sib in &si.sibs {
        let SystemInformationBlock::Type13(sib13) = sib else { continue };
        for area in sib13.areas.iter().take(LISTED_MAX) {
            let (id, period, mcs) = (area.n_id_mbsfn, area.mcch.repetition_period_rf, area.mcch.signalling_mcs);
            push(fields, "MBSFN area", format!("{id}, MCCH every {period} radio frames at MCS {mcs}"));
        }
    }
    Some(())
}

/// MBSFNAreaConfiguration (TS 36.331 clause 6.2.2).
fn mcch(bytes: &[u8], fields: &mut Vec<Field>) -> Option<()> {
    let message = MbsfnAreaConfiguration::decode(bytes).ok()?;
    for pmch in message.pmch.iter().take(LISTED_MAX) {
        let period = pmch.mch_scheduling_period_rf;
        push(fields, "PMCH", format!("data MCS {}, scheduling period {period} radio frames", pmch.data_mcs));
        for session in pmch.sessions.iter().take(LISTED_MAX) {
            let tmgi = session.tmgi.octets().and_then(Tmgi::from_octets);
            let tmgi = tmgi.map_or_else(|| "with a PLMN of SIB1".to_owned(), |t| t.to_string());
            push(fields, "Session", format!("TMGI {tmgi}, logical channel {}", session.lcid));
        }
    }
    Some(())
}

/// MCH scheduling information (TS 36.321 clause 6.1.3.7).
fn msi(bytes: &[u8], fields: &mut Vec<Field>) -> Option<()> {
    for entry in msi_of(bytes)?.iter().take(LISTED_MAX) {
        let stop = match entry.stop {
            STOP_NOT_SCHEDULED => "not scheduled".to_owned(),
            stop => format!("stops at MCH subframe {stop}"),
        };
        push(fields, &format!("Logical channel {}", entry.lcid), stop);
    }
    push(fields, "MAC PDU", format!("{} octets", bytes.len()));
    Some(())
}

/// An IP datagram with an ALC packet (RFC 5775).
fn datagram(bytes: &[u8], fields: &mut Vec<Field>) -> Option<()> {
    let udp = UdpDatagram::parse(bytes).ok()?;
    push(fields, "Datagram", format!("{} → {}, {} octets", udp.source, udp.destination, bytes.len()));
    let messages = decode_mc::media_plane(udp.payload);
    if !messages.is_empty() {
        fields.extend(messages);
        return Some(());
    }
    let lct = LctHeader::parse(udp.payload).ok()?;
    push(fields, "TSI, TOI", format!("{}, {}", lct.tsi, lct.toi));
    push(fields, "Encoding", encoding(lct.codepoint));
    if let Some(instance) = lct.fdt_instance_id {
        push(fields, "FDT instance", instance);
    }
    if lct.is_fdt() {
        files(udp.payload.get(lct.header_octets..)?, fields);
    }
    Some(())
}

/// FEC Encoding ID (IANA registry of RFC 5052).
fn encoding(codepoint: u8) -> String {
    match codepoint {
        0 => "0, compact no-code".into(),
        1 => "1, Raptor".into(),
        other => other.to_string(),
    }
}

/// Files of an FDT instance, as far as this packet shows them (RFC 3926 clause 3.4.2).
fn files(payload: &[u8], fields: &mut Vec<Field>) {
    let text = String::from_utf8_lossy(payload);
    for element in text.split("<File ").skip(1).take(LISTED_MAX) {
        let element = element.split('>').next().unwrap_or_default();
        let of = |name: &str| {
            let value = element.split_once(&format!("{name}=\""))?.1.split('"').next()?;
            Some(value.chars().take(TEXT_MAX).collect::<String>())
        };
        let Some(location) = of("Content-Location") else { continue };
        let toi = of("TOI").map_or_else(String::new, |toi| format!(", TOI {toi}"));
        let length = of("Content-Length").map_or_else(String::new, |n| format!(", {n} octets"));
        push(fields, "File", format!("{location}{toi}{length}"));
    }
}

pub(super) fn push(fields: &mut Vec<Field>, name: &str, value: impl Display) {
    fields.push((name.to_owned(), value.to_string()));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use protocol::Instant;

    use super::*;

    fn event(joint: Joint, bytes: &[u8]) -> TapEvent {
        TapEvent {
            at: Instant::ZERO,
            joint,
            from: String::new(),
            to: String::new(),
            channel: String::new(),
            lcid: 0,
            bytes: bytes.to_vec(),
        }
    }

    /// Octets as tshark 4.0.17 dissects them: MSI with MTCH 1 up to subframe 5, then the SDU of LCID 1.
    #[test]
    fn msi_as_tshark_reads_it() {
        let fields = decode(&event(Joint::Mch, &[0x3e, 0x02, 0x01, 0x08, 0x05, 0, 1, 2]));
        assert_eq!(fields[0], ("Logical channel 1".into(), "stops at MCH subframe 5".into()));
    }

    #[test]
    fn files_of_an_fdt_instance() {
        let mut fields = Vec::new();
        let xml = br#"....<FDT-Instance Expires="1"><File Content-Location="a.mp4" TOI="7" Content-Length="12"/><File TOI="8"/>"#;
        files(xml, &mut fields);
        assert_eq!(fields, [("File".into(), "a.mp4, TOI 7, 12 octets".into())]);
    }

    proptest! {
        #[test]
        fn any_octets_give_few_fields(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            for joint in Joint::ALL {
                let fields = decode(&event(joint, &bytes));
                // A mail may have many header fields.
                let most = if joint == Joint::Mm4 { 41 } else { LISTED_MAX * (LISTED_MAX + 1) + 10 };
                prop_assert!(fields.len() <= most);
            }
        }
    }
}
