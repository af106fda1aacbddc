//! Character sets by their numbers: the MIBenum of IANA's registry (WAP-230 clause 8.4.2.8).

use crate::sms::{of_ucs2, to_ucs2};

crate::codes::codes! {
    /// A character set.
    pub struct Charset(u32) {
        /// US-ASCII.
        US_ASCII = 3, "us-ascii";
        /// ISO-8859-1.
        ISO_8859_1 = 4, "iso-8859-1";
        /// ISO-8859-2.
        ISO_8859_2 = 5, "iso-8859-2";
        /// ISO-8859-5.
        ISO_8859_5 = 8, "iso-8859-5";
        /// ISO-8859-6.
        ISO_8859_6 = 9, "iso-8859-6";
        /// ISO-8859-7.
        ISO_8859_7 = 10, "iso-8859-7";
        /// ISO-8859-8.
        ISO_8859_8 = 11, "iso-8859-8";
        /// ISO-8859-9.
        ISO_8859_9 = 12, "iso-8859-9";
        /// Shift_JIS.
        SHIFT_JIS = 17, "shift_jis";
        /// EUC-JP.
        EUC_JP = 18, "euc-jp";
        /// EUC-KR.
        EUC_KR = 38, "euc-kr";
        /// ISO-2022-JP.
        ISO_2022_JP = 39, "iso-2022-jp";
        /// UTF-8.
        UTF_8 = 106, "utf-8";
        /// GBK.
        GBK = 113, "gbk";
        /// GB18030.
        GB18030 = 114, "gb18030";
        /// ISO-10646-UCS-2: two octets a character, the higher one first.
        UCS_2 = 1000, "iso-10646-ucs-2";
        /// UTF-16BE.
        UTF_16BE = 1013, "utf-16be";
        /// UTF-16LE.
        UTF_16LE = 1014, "utf-16le";
        /// UTF-16 with a mark for the order of its octets, or the higher one first (RFC 2781 clause 4.3).
        UTF_16 = 1015, "utf-16";
        /// GB2312.
        GB2312 = 2025, "gb2312";
        /// Big5.
        BIG5 = 2026, "big5";
        /// KOI8-R.
        KOI8_R = 2084, "koi8-r";
        /// Windows-1251.
        WINDOWS_1251 = 2251, "windows-1251";
        /// Windows-1252.
        WINDOWS_1252 = 2252, "windows-1252";
    }
}

impl Charset {
    const NAMED: [Self; 24] = [
        Self::US_ASCII,
        Self::ISO_8859_1,
        Self::ISO_8859_2,
        Self::ISO_8859_5,
        Self::ISO_8859_6,
        Self::ISO_8859_7,
        Self::ISO_8859_8,
        Self::ISO_8859_9,
        Self::SHIFT_JIS,
        Self::EUC_JP,
        Self::EUC_KR,
        Self::ISO_2022_JP,
        Self::UTF_8,
        Self::GBK,
        Self::GB18030,
        Self::UCS_2,
        Self::UTF_16BE,
        Self::UTF_16LE,
        Self::UTF_16,
        Self::GB2312,
        Self::BIG5,
        Self::KOI8_R,
        Self::WINDOWS_1251,
        Self::WINDOWS_1252,
    ];

    /// The one with this name of MIME; `None`: it has no number here.
    pub fn of_name(name: &str) -> Option<Self> {
        let own = Self::NAMED.into_iter().find(|charset| charset.name().is_some_and(|n| n.eq_ignore_ascii_case(name)));
        own.or_else(|| match name.to_ascii_lowercase().as_str() {
            "ascii" | "ansi_x3.4-1968" => Some(Self::US_ASCII),
            "latin1" => Some(Self::ISO_8859_1),
            "utf8" => Some(Self::UTF_8),
            // What an unnamed one is shown as.
            other => other.strip_prefix("0x").and_then(|hex| u32::from_str_radix(hex, 16).ok()).map(Self),
        })
    }

    /// The text that octets are; `None`: they are none, or the set is not known here.
    pub fn decode(self, octets: &[u8]) -> Option<String> {
        match self {
            Self::US_ASCII => octets.is_ascii().then(|| octets.iter().map(|octet| char::from(*octet)).collect()),
            Self::ISO_8859_1 => Some(octets.iter().map(|octet| char::from(*octet)).collect()),
            Self::UTF_8 => String::from_utf8(octets.to_vec()).ok(),
            Self::UCS_2 | Self::UTF_16BE => Some(utf16(octets, false)),
            Self::UTF_16LE => Some(utf16(octets, true)),
            Self::UTF_16 => Some(match octets {
                [0xFE, 0xFF, text @ ..] => utf16(text, false),
                [0xFF, 0xFE, text @ ..] => utf16(text, true),
                text => utf16(text, false),
            }),
            _ => None,
        }
    }

    /// The octets of a text; `None`: the set has not all its characters, or is not known here.
    pub fn encode(self, text: &str) -> Option<Vec<u8>> {
        match self {
            Self::US_ASCII => text.is_ascii().then(|| text.into()),
            Self::ISO_8859_1 => text.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect(),
            Self::UTF_8 => Some(text.into()),
            Self::UCS_2 | Self::UTF_16BE => Some(to_ucs2(text)),
            Self::UTF_16LE => Some(swapped(&to_ucs2(text))),
            Self::UTF_16 => Some([&[0xFE, 0xFF], &to_ucs2(text)[..]].concat()),
            _ => None,
        }
    }
}

/// A text of two octets a character. One octet of what was taken for the end of the string may be missing, or be left.
fn utf16(octets: &[u8], little_endian: bool) -> String {
    let mut octets = octets.to_vec();
    octets.resize(octets.len().next_multiple_of(2), 0);
    let text = of_ucs2(&if little_endian { swapped(&octets) } else { octets });
    text.trim_end_matches('\0').to_owned()
}

fn swapped(octets: &[u8]) -> Vec<u8> {
    octets.chunks(2).flat_map(|pair| pair.iter().rev().copied()).collect()
}
