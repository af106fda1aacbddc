//! MM1 as a terminal of somebody else has it: octets by hand (OMA-MMS-ENC clauses 6 and 7, WAP-230 clauses 8.4 and 8.5).

/// Field names (OMA-MMS-ENC table 12) as short integers.
pub(super) mod field {
    pub(crate) const MESSAGE_ID: u8 = 0x8B;
    pub(crate) const MESSAGE_TYPE: u8 = 0x8C;
    pub(crate) const CONTENT_LOCATION: u8 = 0x83;
    pub(crate) const CONTENT_TYPE: u8 = 0x84;
    pub(crate) const DELIVERY_REPORT: u8 = 0x86;
    pub(crate) const EXPIRY: u8 = 0x88;
    pub(crate) const FROM: u8 = 0x89;
    pub(crate) const VERSION: u8 = 0x8D;
    pub(crate) const PRIORITY: u8 = 0x8F;
    pub(crate) const READ_REPORT: u8 = 0x90;
    pub(crate) const RESPONSE_STATUS: u8 = 0x92;
    pub(crate) const STATUS: u8 = 0x95;
    pub(crate) const SUBJECT: u8 = 0x96;
    pub(crate) const TO: u8 = 0x97;
    pub(crate) const TRANSACTION_ID: u8 = 0x98;
    pub(crate) const RETRIEVE_STATUS: u8 = 0x99;
    pub(crate) const READ_STATUS: u8 = 0x9B;
}

/// X-Mms-Message-Type (clause 7.3.30).
pub(super) mod kind {
    pub(crate) const SEND_REQ: u8 = 0x80;
    pub(crate) const SEND_CONF: u8 = 0x81;
    pub(crate) const NOTIFICATION_IND: u8 = 0x82;
    pub(crate) const NOTIFY_RESP_IND: u8 = 0x83;
    pub(crate) const RETRIEVE_CONF: u8 = 0x84;
    pub(crate) const ACKNOWLEDGE_IND: u8 = 0x85;
    pub(crate) const DELIVERY_IND: u8 = 0x86;
    pub(crate) const READ_REC_IND: u8 = 0x87;
    pub(crate) const READ_ORIG_IND: u8 = 0x88;
}

/// Yes, OK, Read and such: the first value of a field.
pub(super) const FIRST: u8 = 0x80;
/// X-Mms-Status (clause 7.3.54).
pub(super) const EXPIRED: u8 = 0x80;
pub(super) const RETRIEVED: u8 = 0x81;
pub(super) const DEFERRED: u8 = 0x83;
/// Error-permanent-message-not-found of X-Mms-Retrieve-Status (clause 7.3.50).
pub(super) const NOT_FOUND: u8 = 0xE2;

/// Content-Type as WSP has it (WAP-230 table 40): application/vnd.wap.multipart.mixed, image/jpeg, text/plain in UTF-8.
const MIXED: &[u8] = &[0xA3];
pub(super) const JPEG: &[u8] = &[0x9E];
pub(super) const TEXT: &[u8] = &[0x03, 0x83, 0x81, 0xEA];
pub(super) const SMIL: &[u8] = b"application/smil\0";
pub(super) const AMR: &[u8] = b"audio/amr\0";
pub(super) const OCTETS: &[u8] = b"application/octet-stream\0";

/// A part of a message.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Part {
    /// Its Content-Type as WSP has it.
    pub(super) of: Vec<u8>,
    /// Its Content-Location and its Content-ID.
    pub(super) name: String,
    pub(super) octets: Vec<u8>,
}

impl Part {
    pub(super) fn new(of: &[u8], name: &str, octets: &[u8]) -> Self {
        Self { of: of.to_vec(), name: name.to_owned(), octets: octets.to_vec() }
    }

    /// As an entry of a multipart, whose data may be longer than what is here.
    pub(super) fn head(&self, data: usize) -> Vec<u8> {
        let headers =
            [&self.of[..], b"\xC0\"<", self.name.as_bytes(), b">\0\x8E", self.name.as_bytes(), b"\0"].concat();
        [uintvar(headers.len()), uintvar(data), headers].concat()
    }
}

/// WAP-230 clause 8.1.2.
pub(super) fn uintvar(number: usize) -> Vec<u8> {
    let mut octets = vec![(number & 0x7F) as u8];
    let mut rest = number >> 7;
    while rest > 0 {
        octets.insert(0, 0x80 | (rest & 0x7F) as u8);
        rest >>= 7;
    }
    octets
}

/// What every PDU begins with; 0x92 is version 1.2.
fn begin(kind: u8, transaction: Option<&str>) -> Vec<u8> {
    let mut octets = vec![field::MESSAGE_TYPE, kind];
    if let Some(transaction) = transaction {
        put(&mut octets, field::TRANSACTION_ID, transaction);
    }
    octets.extend([field::VERSION, 0x92]);
    octets
}

/// A field with a text. One whose first octet has its highest bit would need a quote.
fn put(octets: &mut Vec<u8>, field: u8, text: &str) {
    octets.push(field);
    octets.extend_from_slice(text.as_bytes());
    octets.push(0);
}

/// What M-Send.req says besides its parts.
#[derive(Clone, Copy)]
pub(super) struct Sending<'a> {
    pub(super) transaction: &'a str,
    /// Digits.
    pub(super) to: &'a str,
    pub(super) subject: &'a str,
    /// Seconds.
    pub(super) expiry: u16,
}

/// The header of M-Send.req with both reports wanted: the insert-address-token as From, a relative expiry, and a
/// multipart/mixed to follow.
pub(super) fn send_head(own: Sending<'_>) -> Vec<u8> {
    let mut octets = begin(kind::SEND_REQ, Some(own.transaction));
    octets.extend([field::FROM, 1, 0x81]);
    put(&mut octets, field::TO, &format!("+{}/TYPE=PLMN", own.to));
    put(&mut octets, field::SUBJECT, own.subject);
    octets.extend([field::EXPIRY, 4, 0x81, 2]);
    octets.extend(own.expiry.to_be_bytes());
    octets.extend([
        field::PRIORITY,
        0x82,
        field::DELIVERY_REPORT,
        FIRST,
        field::READ_REPORT,
        FIRST,
        field::CONTENT_TYPE,
    ]);
    octets.extend(MIXED);
    octets
}

pub(super) fn send_req(own: Sending<'_>, parts: &[Part]) -> Vec<u8> {
    let mut octets = [send_head(own), uintvar(parts.len())].concat();
    for part in parts {
        octets.extend(part.head(part.octets.len()));
        octets.extend(&part.octets);
    }
    octets
}

pub(super) fn notify_resp(transaction: &str, status: u8) -> Vec<u8> {
    [begin(kind::NOTIFY_RESP_IND, Some(transaction)), vec![field::STATUS, status]].concat()
}

pub(super) fn acknowledge(transaction: &str) -> Vec<u8> {
    begin(kind::ACKNOWLEDGE_IND, Some(transaction))
}

/// That the message was read.
pub(super) fn read_rec(message_id: &str, to: &str) -> Vec<u8> {
    let mut octets = begin(kind::READ_REC_IND, None);
    put(&mut octets, field::MESSAGE_ID, message_id);
    put(&mut octets, field::TO, to);
    octets.extend([field::FROM, 1, 0x81, field::READ_STATUS, FIRST]);
    octets
}

/// A PDU that was read: names and values, and what follows the Content-Type.
#[derive(Clone, Debug)]
pub(super) struct Pdu<'a> {
    fields: Vec<(u8, &'a [u8])>,
    pub(super) body: &'a [u8],
}

impl<'a> Pdu<'a> {
    pub(super) fn read(octets: &'a [u8]) -> Self {
        let (mut fields, mut rest) = (Vec::new(), octets);
        while let Some((name, behind)) = rest.split_first() {
            assert!(*name >= 0x80, "a field by its text: {rest:02x?}");
            let (value, behind) = behind.split_at(value_length(behind));
            fields.push((*name, value));
            rest = behind;
            if *name == field::CONTENT_TYPE {
                break;
            }
        }
        Self { fields, body: rest }
    }

    pub(super) fn value(&self, name: u8) -> Option<&'a [u8]> {
        self.fields.iter().find(|(own, _)| *own == name).map(|(_, value)| *value)
    }

    /// A value that is one octet.
    pub(super) fn code(&self, name: u8) -> Option<u8> {
        self.value(name)?.first().copied()
    }

    pub(super) fn kind(&self) -> u8 {
        self.code(field::MESSAGE_TYPE).unwrap()
    }

    /// A text, without what stands before it: a charset, or that it is an address.
    pub(super) fn text(&self, name: u8) -> Option<String> {
        let value = self.value(name)?;
        let text = match value.first()? {
            0..0x20 => value.split_at(value.iter().rposition(|octet| *octet >= 0x80)? + 1).1,
            _ => value,
        };
        Some(String::from_utf8(text.strip_suffix(b"\0")?.to_vec()).unwrap())
    }

    /// The parts of its multipart.
    pub(super) fn parts(&self) -> Vec<Part> {
        let mut rest = self.body;
        let count = take_uintvar(&mut rest);
        let mut parts = Vec::new();
        for _ in 0..count {
            let (headers, data) = (take_uintvar(&mut rest), take_uintvar(&mut rest));
            let (headers, behind) = rest.split_at(headers);
            let (octets, behind) = behind.split_at(data);
            let (of, headers) = headers.split_at(value_length(headers));
            parts.push(Part { of: of.to_vec(), name: name_of(headers), octets: octets.to_vec() });
            rest = behind;
        }
        assert_eq!(rest, b"", "octets behind the last part");
        parts
    }
}

/// Content-Location, or Content-ID, of a part.
fn name_of(mut headers: &[u8]) -> String {
    let mut name = String::new();
    while let Some((field, behind)) = headers.split_first() {
        let (value, behind) = behind.split_at(value_length(behind));
        headers = behind;
        if *field == 0x8E {
            name = String::from_utf8_lossy(value.strip_suffix(b"\0").unwrap()).into_owned();
        }
    }
    name
}

/// Octets of a value, its length's own included (WAP-230 clause 8.4.1.2).
fn value_length(octets: &[u8]) -> usize {
    match octets[0] {
        length @ 0..=30 => 1 + usize::from(length),
        31 => {
            let mut rest = &octets[1..];
            let length = take_uintvar(&mut rest);
            octets.len() - rest.len() + length
        }
        0x20..=0x7F => 1 + octets.iter().position(|octet| *octet == 0).unwrap(),
        _ => 1,
    }
}

fn take_uintvar(octets: &mut &[u8]) -> usize {
    let mut number = 0;
    loop {
        let (first, rest) = octets.split_first().unwrap();
        *octets = rest;
        number = (number << 7) | usize::from(first & 0x7F);
        if first & 0x80 == 0 {
            return number;
        }
    }
}

#[test]
fn a_terminal_reads_what_it_writes() {
    // M-Send.req octet by octet.
    let sending = Sending { transaction: "t", to: "491", subject: "S", expiry: 60 };
    let octets = send_req(sending, &[Part::new(TEXT, "a", b"xy")]);
    let head = b"\x8C\x80\x98t\0\x8D\x92\x89\x01\x81\x97+491/TYPE=PLMN\0\x96S\0\x88\x04\x81\x02\0\x3C\x8F\x82\x86\x80\x90\x80\x84\xA3";
    assert_eq!(octets, [&head[..], b"\x01\x0D\x02\x03\x83\x81\xEA\xC0\"<a>\0\x8Ea\0xy"].concat());
    let pdu = Pdu::read(&octets);
    assert_eq!((pdu.kind(), pdu.text(field::TO).unwrap().as_str()), (kind::SEND_REQ, "+491/TYPE=PLMN"));
    assert_eq!(pdu.parts(), [Part::new(TEXT, "a", b"xy")]);
    assert_eq!(uintvar(0x87A5), [0x82, 0x8F, 0x25]);
    assert_eq!(Pdu::read(b"\x89\x05\x80a@b\0").text(field::FROM).unwrap(), "a@b");
    assert_eq!(Pdu::read(b"\x96\x05\xEAabc\0").text(field::SUBJECT).unwrap(), "abc");
}
