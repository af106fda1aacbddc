//! TP-DCS, how user data are coded: TS 23.038 clause 4.

use std::fmt;

/// TP-Data-Coding-Scheme, as it is on the wire.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct DataCodingScheme(pub u8);

/// What the characters of a message are.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Alphabet {
    /// GSM 7 bit default alphabet.
    Gsm7,
    /// 8 bit data.
    EightBit,
    /// UCS2, in practice UTF-16.
    Ucs2,
}

/// Where a message belongs.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum MessageClass {
    /// Class 0: shown at once, not stored.
    Display,
    /// Class 1: the equipment.
    Equipment,
    /// Class 2: the (U)SIM.
    Sim,
    /// Class 3: the terminal equipment.
    Terminal,
}

/// That messages wait somewhere else, or wait no more.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct MessageWaiting {
    /// The text may be discarded once the indication is shown.
    pub discard: bool,
    /// Messages wait.
    pub active: bool,
    /// 0 voice mail, 1 facsimile, 2 electronic mail, 3 another.
    pub kind: u8,
}

impl DataCodingScheme {
    /// Default alphabet, no class.
    pub const GSM7: Self = Self(0x00);
    /// 8 bit data, no class.
    pub const EIGHT_BIT: Self = Self(0x04);
    /// UCS2, no class.
    pub const UCS2: Self = Self(0x08);

    /// An alphabet without a class.
    pub const fn of(alphabet: Alphabet) -> Self {
        match alphabet {
            Alphabet::Gsm7 => Self::GSM7,
            Alphabet::EightBit => Self::EIGHT_BIT,
            Alphabet::Ucs2 => Self::UCS2,
        }
    }

    /// An alphabet with a class: general data coding, bit 4 set.
    pub const fn with_class(alphabet: Alphabet, class: MessageClass) -> Self {
        Self(Self::of(alphabet).0 | 0x10 | class as u8)
    }

    /// The alphabet; what is reserved counts as the default one, as clause 4 wants it.
    pub const fn alphabet(self) -> Alphabet {
        match (self.0 >> 4, self.0 >> 2 & 3) {
            (0x0..=0x7, 1) | (0xF, 1 | 3) => Alphabet::EightBit,
            (0x0..=0x7, 2) | (0xE, _) => Alphabet::Ucs2,
            _ => Alphabet::Gsm7,
        }
    }

    /// Is the text compressed (TS 23.042)? Then TP-UDL counts octets, and nothing here decompresses it.
    pub const fn is_compressed(self) -> bool {
        self.0 & 0xA0 == 0x20
    }

    /// Does TP-UDL count septets?
    pub const fn counts_septets(self) -> bool {
        matches!(self.alphabet(), Alphabet::Gsm7) && !self.is_compressed()
    }

    /// The class, where there is one.
    pub const fn class(self) -> Option<MessageClass> {
        if self.0 & 0x90 != 0x10 && self.0 & 0xF0 != 0xF0 {
            return None;
        }
        Some(match self.0 & 3 {
            0 => MessageClass::Display,
            1 => MessageClass::Equipment,
            2 => MessageClass::Sim,
            _ => MessageClass::Terminal,
        })
    }

    /// Is the message to be deleted once it was read?
    pub const fn is_deleted_when_read(self) -> bool {
        self.0 & 0xC0 == 0x40
    }

    /// What it says about waiting messages.
    pub const fn message_waiting(self) -> Option<MessageWaiting> {
        match self.0 >> 4 {
            group @ 0xC..=0xE => {
                Some(MessageWaiting { discard: group == 0xC, active: self.0 & 8 != 0, kind: self.0 & 3 })
            }
            _ => None,
        }
    }
}

impl fmt::Display for DataCodingScheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let compressed = if self.is_compressed() { ", compressed" } else { "" };
        let alphabet = match self.alphabet() {
            Alphabet::Gsm7 => "GSM 7 bit",
            Alphabet::EightBit => "8 bit",
            Alphabet::Ucs2 => "UCS2",
        };
        write!(f, "{alphabet}{compressed}")?;
        self.class().map_or(Ok(()), |class| write!(f, ", class {}", class as u8))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_codec_agrees_on_all_values() {
        for dcs in 0..=255 {
            let own = DataCodingScheme(dcs);
            let wanted = match tpdu::user_data_coding(dcs) {
                tpdu::UserDataCoding::Compressed => {
                    assert!(own.is_compressed(), "{dcs:#x}");
                    continue;
                }
                tpdu::UserDataCoding::Gsm7Bit => Alphabet::Gsm7,
                tpdu::UserDataCoding::EightBit => Alphabet::EightBit,
                tpdu::UserDataCoding::Ucs2 => Alphabet::Ucs2,
            };
            assert_eq!((own.alphabet(), own.is_compressed()), (wanted, false), "{dcs:#x}");
        }
    }

    #[test]
    fn classes_and_waiting_messages() {
        let class = |dcs| DataCodingScheme(dcs).class();
        assert_eq!(
            (class(0x00), class(0x10), class(0x52)),
            (None, Some(MessageClass::Display), Some(MessageClass::Sim))
        );
        assert_eq!((class(0xF5), class(0xC8), class(0x93)), (Some(MessageClass::Equipment), None, None));
        assert_eq!(DataCodingScheme::with_class(Alphabet::Ucs2, MessageClass::Terminal), DataCodingScheme(0x1B));
        let waiting = |dcs| DataCodingScheme(dcs).message_waiting();
        assert_eq!(waiting(0xC8), Some(MessageWaiting { discard: true, active: true, kind: 0 }));
        assert_eq!(waiting(0xE2), Some(MessageWaiting { discard: false, active: false, kind: 2 }));
        assert_eq!(waiting(0xF0), None);
        assert!(DataCodingScheme(0x40).is_deleted_when_read() && !DataCodingScheme(0x80).is_deleted_when_read());
        assert_eq!(DataCodingScheme(0x1B).to_string(), "UCS2, class 3");
    }
}
