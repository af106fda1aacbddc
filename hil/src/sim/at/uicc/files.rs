//! Files of the card: what TS 31.102 clause 4.2, TS 31.103 clause 4.2 and ETSI TS 102 221 clause 13 have, as far as
//! hosts ask for them.

use super::super::personality::SimCard;
use super::{Application, ISIM_AID, NO_RECORD, NOT_FOUND, USIM_AID, WRONG_PARAMETERS};

/// MF, the application's own folder, DF_TELECOM.
const FOLDERS: [u16; 3] = [0x3F00, 0x7FFF, 0x7F10];
const LABEL: &[u8] = b"castbench";
/// EF_UST (TS 31.102 clause 4.2.8): SMSP, SPN, MSISDN, and one that is always set. There is no EF_SMS.
const SERVICES: [u8; 4] = [12, 19, 21, 33];

/// An elementary file: transparent, or records of one length.
#[derive(Clone, Debug)]
pub(in super::super) struct File {
    id: u16,
    /// Whose; `None`: above the applications.
    application: Option<Application>,
    pub(in super::super) records: Vec<Vec<u8>>,
    is_transparent: bool,
}

/// The files of a card.
pub(super) fn of(card: &SimCard) -> Vec<File> {
    let usim = Some(Application::Usim);
    let mut files = vec![
        transparent(0x2FE2, None, packed(&card.iccid, 10)),
        records(0x2F00, None, directory(card)),
        transparent(0x6F07, usim, imsi(&card.imsi)),
        // EF_AD: normal operation, MNC of two digits.
        transparent(0x6FAD, usim, vec![0, 0, 0, 2]),
        // EF_SPN: 17 octets, shown nowhere.
        transparent(0x6F46, usim, padded([&[0], LABEL].concat(), 17)),
        transparent(0x6F38, usim, service_table(&SERVICES)),
        records(0x6F40, usim, vec![dialling_number(&card.msisdn)]),
        records(0x6F42, usim, vec![service_centre(&card.service_centre)]),
    ];
    if card.isim {
        let isim = Some(Application::Isim);
        let (mcc, mnc) = (card.imsi.get(..3).unwrap_or_default(), card.imsi.get(3..5).unwrap_or_default());
        // TS 23.003 clause 13.2 to 13.4.
        let domain = format!("ims.mnc0{mnc}.mcc{mcc}.3gppnetwork.org");
        let private = format!("{}@{domain}", card.imsi);
        files.push(transparent(0x6F02, isim, tagged(&private)));
        files.push(transparent(0x6F03, isim, tagged(&domain)));
        files.push(records(0x6F04, isim, vec![tagged(&format!("sip:{private}"))]));
        files.push(transparent(0x6FAD, isim, vec![0, 0, 0]));
    }
    files
}

pub(super) fn find(files: &[File], application: Application, id: u16) -> Option<&File> {
    files.iter().find(|file| file.id == id && file.application.is_none_or(|of| of == application))
}

pub(super) fn is_folder(id: u16) -> bool {
    FOLDERS.contains(&id)
}

/// FCP template of an application (ETSI TS 102 221 clause 11.1.1.3).
pub(super) fn application_template(aid: &[u8; 16]) -> Vec<u8> {
    let inside = [&[0x82, 2, 0x78, 0x21, 0x84, 16][..], aid].concat();
    [&[0x62, inside.len() as u8][..], &inside].concat()
}

/// FCP template of a folder.
pub(super) fn folder_template(id: u16) -> Vec<u8> {
    let [high, low] = id.to_be_bytes();
    vec![0x62, 8, 0x82, 2, 0x78, 0x21, 0x83, 2, high, low]
}

impl File {
    /// FCP template: descriptor, identifier, size.
    pub(in super::super) fn template(&self) -> Vec<u8> {
        let length = self.records.first().map_or(0, Vec::len);
        let [high, low] = self.id.to_be_bytes();
        let size = ((length * self.records.len()) as u16).to_be_bytes();
        let descriptor = if self.is_transparent {
            vec![0x82, 2, 0x41, 0x21]
        } else {
            vec![0x82, 5, 0x42, 0x21, 0, length as u8, self.records.len() as u8]
        };
        let inside = [&descriptor[..], &[0x83, 2, high, low, 0x80, 2], &size].concat();
        [&[0x62, inside.len() as u8][..], &inside].concat()
    }

    /// So many octets from an offset on, 0 for all.
    pub(in super::super) fn read(&self, offset: u16, expected: u8) -> Result<Vec<u8>, [u8; 2]> {
        let content = self.records.first().filter(|_| self.is_transparent).ok_or(WRONG_PARAMETERS)?;
        let rest = content.get(usize::from(offset)..).ok_or(WRONG_PARAMETERS)?;
        let expected = if expected == 0 { rest.len() } else { expected.into() };
        Ok(rest[..expected.min(rest.len())].to_vec())
    }

    /// From 1 on.
    pub(in super::super) fn record(&self, number: u8) -> Result<Vec<u8>, [u8; 2]> {
        if self.is_transparent {
            return Err(NOT_FOUND);
        }
        usize::from(number).checked_sub(1).and_then(|i| self.records.get(i)).cloned().ok_or(NO_RECORD)
    }
}

fn transparent(id: u16, application: Option<Application>, content: Vec<u8>) -> File {
    File { id, application, records: vec![content], is_transparent: true }
}

fn records(id: u16, application: Option<Application>, records: Vec<Vec<u8>>) -> File {
    File { id, application, records, is_transparent: false }
}

/// EF_DIR: an application template each (ETSI TS 102 221 clause 13.1).
fn directory(card: &SimCard) -> Vec<Vec<u8>> {
    let record = |aid: &[u8; 16]| [&[0x61, 18, 0x4F, 16][..], aid].concat();
    [USIM_AID, ISIM_AID].iter().take(if card.isim { 2 } else { 1 }).map(record).collect()
}

/// A bit for each service, the first one in bit 1 of the first octet; up to the last service that is there.
fn service_table(services: &[u8]) -> Vec<u8> {
    let mut table = Vec::new();
    for service in services.iter().map(|&number| usize::from(number - 1)) {
        table.resize(table.len().max(service / 8 + 1), 0);
        table[service / 8] |= 1 << (service % 8);
    }
    table
}

/// Two digits in an octet, the first one low; filled with F.
fn packed(digits: &str, octets: usize) -> Vec<u8> {
    let digits: Vec<u8> = digits.bytes().filter(u8::is_ascii_digit).map(|digit| digit - b'0').collect();
    let nibble = |i: usize| digits.get(i).copied().unwrap_or(0xF);
    (0..octets).map(|i| nibble(2 * i + 1) << 4 | nibble(2 * i)).collect()
}

/// EF_IMSI: length, parity, digits (TS 31.102 clause 4.2.2, TS 24.008 clause 10.5.1.4).
fn imsi(digits: &str) -> Vec<u8> {
    let length = digits.len() / 2 + 1;
    // The first digit shares its octet with the parity.
    let parity = if digits.len() % 2 == 1 { "9" } else { "1" };
    let content = packed(&format!("{parity}{digits}"), 8);
    [&[length as u8][..], &content].concat()
}

/// A record of EF_MSISDN (TS 31.102 clause 4.2.26) without a name.
fn dialling_number(digits: &str) -> Vec<u8> {
    let length = 1 + digits.len().div_ceil(2) as u8;
    [&[length, 0x91][..], &packed(digits, 10), &[0xFF, 0xFF]].concat()
}

/// A record of EF_SMSP (TS 31.102 clause 4.2.27): the service centre alone is there, octets of the others are FF.
fn service_centre(digits: &str) -> Vec<u8> {
    let address = [&[1 + digits.len().div_ceil(2) as u8, 0x91][..], &packed(digits, 10)].concat();
    [&[0xFD][..], &[0xFF; 12], &address, &[0xFF; 3]].concat()
}

fn padded(mut content: Vec<u8>, length: usize) -> Vec<u8> {
    content.resize(length, 0xFF);
    content
}

/// TLV 80 of an ISIM's identities (TS 31.103 clause 4.2.2).
fn tagged(text: &str) -> Vec<u8> {
    [&[0x80, text.len() as u8][..], text.as_bytes()].concat()
}
