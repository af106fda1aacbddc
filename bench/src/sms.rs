//! Text messages as TPDUs: SMS-SUBMIT and SMS-DELIVER (TS 23.040 clause 9.2.2), default alphabet and UCS2 (TS 23.038).

/// Septets that one message holds.
const MAX_SEPTETS: usize = 160;
/// UCS2 characters that one message holds.
const MAX_UCS2: usize = 70;
/// First octet of SMS-SUBMIT: validity period relative, status report not requested.
const SUBMIT: u8 = 0x11;
/// TP-VP: a day.
const VALIDITY_A_DAY: u8 = 0xA7;
/// TP-DCS (TS 23.038 clause 4).
const DCS_DEFAULT: u8 = 0x00;
const DCS_UCS2: u8 = 0x08;
/// Type of number: international, ISDN numbering plan (TS 23.040 clause 9.1.2.5).
const INTERNATIONAL: u8 = 0x91;
/// Introduces a character of the extension table.
const ESCAPE: u8 = 0x1B;

/// The default alphabet (TS 23.038 clause 6.2.1); 0x1B leads to the extension.
const ALPHABET: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\u{a0}ÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
/// Its extension (TS 23.038 clause 6.2.1.1).
const EXTENSION: [(char, u8); 10] = [
    ('\u{c}', 0x0A),
    ('^', 0x14),
    ('{', 0x28),
    ('}', 0x29),
    ('\\', 0x2F),
    ('[', 0x3C),
    ('~', 0x3D),
    (']', 0x3E),
    ('|', 0x40),
    ('€', 0x65),
];

/// A message that came: who sent it, and its text as far as that can be read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Delivered {
    /// Digits of the originating address.
    pub(crate) from: String,
    pub(crate) text: String,
}

/// Does the text fit into one message?
pub(crate) fn fits(text: &str) -> bool {
    match septets(text) {
        Some(septets) => septets.len() <= MAX_SEPTETS,
        None => text.encode_utf16().count() <= MAX_UCS2,
    }
}

/// SMS-SUBMIT to an international number, behind a service centre address that says: the SIM's own. `None` for a text
/// that is too long, or a number that is none.
pub(crate) fn submit(to: &str, text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = to.bytes().map(|b| b.is_ascii_digit().then(|| b - b'0')).collect::<Option<_>>()?;
    if !fits(text) || digits.is_empty() || digits.len() > 20 {
        return None;
    }
    // TP-MR is the modem's to choose (TS 27.005 clause 3.1); TP-PID 0.
    let mut pdu = vec![0, SUBMIT, 0, digits.len() as u8, INTERNATIONAL];
    pdu.extend(digits.chunks(2).map(|pair| pair.get(1).copied().unwrap_or(0xF) << 4 | pair[0]));
    pdu.push(0);
    if let Some(septets) = septets(text) {
        pdu.extend([DCS_DEFAULT, VALIDITY_A_DAY, septets.len() as u8]);
        pdu.extend(packed(&septets));
    } else {
        let octets: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        pdu.extend([DCS_UCS2, VALIDITY_A_DAY, octets.len() as u8]);
        pdu.extend(octets);
    }
    Some(pdu)
}

/// The TPDU behind a service centre address.
pub(crate) fn tpdu(pdu: &[u8]) -> &[u8] {
    pdu.split_first().and_then(|(&length, rest)| rest.get(usize::from(length)..)).unwrap_or_default()
}

/// Reads an SMS-DELIVER behind a service centre address; `None`: it is none, or of an alphabet that is not known.
pub(crate) fn delivered(pdu: &[u8]) -> Option<Delivered> {
    let (&first, rest) = tpdu(pdu).split_first()?;
    // TP-MTI 0; TP-UDHI: a header precedes the text.
    if first & 0x43 != 0 {
        return None;
    }
    let (&digits, rest) = rest.split_first()?;
    let octets = usize::from(digits).div_ceil(2);
    let address = rest.get(1..=octets)?;
    let nibbles = address.iter().flat_map(|o| [o & 0xF, o >> 4]).take(digits.into());
    let from = nibbles.filter(|n| *n < 10).map(|n| char::from(b'0' + n)).collect();
    // TP-PID, TP-DCS, TP-SCTS of seven octets, TP-UDL, TP-UD.
    let rest = rest.get(1 + octets..)?;
    let (dcs, length, data) = (*rest.get(1)?, usize::from(*rest.get(9)?), rest.get(10..)?);
    let text = match dcs {
        DCS_DEFAULT => text_of(&unpacked(data, length)?)?,
        DCS_UCS2 => {
            let units = data.get(..length)?.chunks_exact(2).map(|c| u16::from_be_bytes([c[0], c[1]]));
            char::decode_utf16(units).collect::<Result<_, _>>().ok()?
        }
        _ => return None,
    };
    Some(Delivered { from, text })
}

fn septets(text: &str) -> Option<Vec<u8>> {
    let mut septets = Vec::new();
    for c in text.chars() {
        if let Some(place) = alphabet().position(|own| own == Some(c)) {
            septets.push(place as u8);
        } else {
            let (_, code) = EXTENSION.iter().find(|(own, _)| *own == c)?;
            septets.extend([ESCAPE, *code]);
        }
    }
    Some(septets)
}

fn text_of(septets: &[u8]) -> Option<String> {
    let mut text = String::new();
    let mut septets = septets.iter();
    while let Some(&septet) = septets.next() {
        text.push(if septet == ESCAPE {
            let code = septets.next()?;
            EXTENSION.iter().find(|(_, own)| own == code)?.0
        } else {
            alphabet().nth(septet.into())??
        });
    }
    Some(text)
}

/// Characters by their septets; `None` for the escape.
fn alphabet() -> impl Iterator<Item = Option<char>> {
    ALPHABET.chars().enumerate().map(|(i, c)| (i != usize::from(ESCAPE)).then_some(c))
}

/// Septets one behind the other, the first one in the least significant bits (TS 23.038 clause 6.1.2.1).
fn packed(septets: &[u8]) -> Vec<u8> {
    let mut octets = vec![0; (septets.len() * 7).div_ceil(8)];
    for (i, &septet) in septets.iter().enumerate() {
        let (at, shift) = (i * 7 / 8, i * 7 % 8);
        let bits = u16::from(septet) << shift;
        octets[at] |= bits as u8;
        if shift > 1 {
            octets[at + 1] |= (bits >> 8) as u8;
        }
    }
    octets
}

fn unpacked(octets: &[u8], count: usize) -> Option<Vec<u8>> {
    let octets = octets.get(..(count * 7).div_ceil(8))?;
    let septet = |i: usize| {
        let (at, shift) = (i * 7 / 8, i * 7 % 8);
        let next = octets.get(at + 1).copied().unwrap_or(0);
        (u16::from_le_bytes([octets[at], next]) >> shift) as u8 & 0x7F
    };
    Some((0..count).map(septet).collect())
}

#[cfg(test)]
mod tests {
    use hil::sim::{SimNetwork, SimNetworkConfig, SimNetworkInput, SimNetworkOutput};
    use proptest::prelude::*;
    use protocol::Instant;

    use super::*;

    fn octets(hex: &str) -> Vec<u8> {
        hex::decode(hex).unwrap()
    }

    /// What ofono sends for the same text to the same number, but for the service centre address and TP-VP.
    #[test]
    fn a_submit_as_others_make_it() {
        let own = submit("358401234567", "hello").unwrap();
        assert_eq!(own, octets("0011000C915348103254760000A705E8329BFD06"));
    }

    #[test]
    fn a_deliver_that_gammu_made() {
        let pdu = octets("0791534810325476040C9153481032547600006211211212000005E8329BFD06");
        let read = delivered(&pdu).unwrap();
        assert_eq!((&*read.from, &*read.text), ("358401234567", "hello"));
        assert_eq!(tpdu(&pdu)[0], 0x04);
    }

    #[test]
    fn one_message_holds_160_septets_or_70_characters() {
        assert!(fits(&"a".repeat(160)) && !fits(&"a".repeat(161)));
        assert!(fits(&"€".repeat(80)) && !fits(&"€".repeat(81)));
        assert!(fits(&"ж".repeat(70)) && !fits(&"ж".repeat(71)));
        assert_eq!(submit("12a", "x"), None);
        assert_eq!(ALPHABET.chars().count(), 128);
    }

    /// What a network with another codec makes of it for the UE with the number 99900000001.
    fn handed_on(pdu: &[u8]) -> Vec<u8> {
        let mut network = SimNetwork::new(SimNetworkConfig::default());
        let (to, from) = (network.add_ue("99900000001"), network.add_ue("99900000002"));
        network.handle_input(Instant::ZERO, SimNetworkInput::Attached(to, true));
        network.handle_input(Instant::ZERO, SimNetworkInput::Submit { ue: from, token: 1, pdu });
        loop {
            while let Some(output) = network.poll_output() {
                if let SimNetworkOutput::Deliver { ue, pdu } = output {
                    assert_eq!(ue, to);
                    return pdu;
                }
            }
            let due = network.poll_timeout().expect("it is delivered");
            network.handle_timeout(due);
        }
    }

    proptest! {
        #[test]
        fn texts_come_back(text in "[ -~éñ€Ωж\n]{1,70}") {
            prop_assume!(fits(&text));
            let pdu = handed_on(&submit("99900000001", &text).unwrap());
            prop_assert_eq!(delivered(&pdu).unwrap(), Delivered { from: "99900000002".into(), text });
        }

        #[test]
        fn any_octets_are_read_or_not(pdu in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = delivered(&pdu);
        }
    }
}
