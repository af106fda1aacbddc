//! Called and calling party addresses: Q.713 clauses 3.4 and 3.5.

use std::fmt;

use ::sccp as wire;

use super::SccpError;
use crate::tbcd::is_tbcd;

/// A party address.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct SccpAddress {
    /// Routing indicator: by subsystem number and point code, and not by global title.
    pub route_on_ssn: bool,
    /// Signalling point code, 14 bits.
    pub point_code: Option<u16>,
    /// Subsystem number, see [`ssn`].
    pub ssn: Option<u8>,
    /// Global title.
    pub global_title: Option<GlobalTitle>,
}

/// Subsystem numbers: TS 23.003 clause 8.2.
pub mod ssn {
    /// HLR.
    pub const HLR: u8 = 6;
    /// VLR.
    pub const VLR: u8 = 7;
    /// MSC; also SMS-GMSC, SMS-IWMSC, and an IP-SM-GW as it appears to them.
    pub const MSC: u8 = 8;
    /// SGSN.
    pub const SGSN: u8 = 149;
}

impl SccpAddress {
    /// A subsystem by an international E.164 number.
    ///
    /// # Errors
    /// What is no number.
    pub fn e164(digits: &str, ssn: u8) -> Result<Self, SccpError> {
        let global_title = Some(GlobalTitle::e164(digits)?);
        Ok(Self { route_on_ssn: false, point_code: None, ssn: Some(ssn), global_title })
    }

    /// Digits of the global title; none without.
    pub fn digits(&self) -> Option<&str> {
        self.global_title.as_ref().map(|title| title.digits.as_str())
    }

    /// How many octets it has.
    pub(super) fn octets(&self) -> usize {
        let point_code = if self.point_code.is_some() { 2 } else { 0 };
        let title = self.global_title.as_ref().map_or(0, |t| t.kind.octets() + t.digits.len().div_ceil(2));
        1 + point_code + usize::from(self.ssn.is_some()) + title
    }

    pub(super) fn of_wire(address: &wire::SccpAddress) -> Result<Self, SccpError> {
        Ok(Self {
            route_on_ssn: address.route_on_ssn,
            point_code: address.point_code,
            ssn: address.ssn.map(|ssn| ssn.value()),
            global_title: GlobalTitle::of_wire(&address.global_title)?,
        })
    }

    pub(super) fn to_wire(&self) -> wire::SccpAddress {
        wire::SccpAddress {
            route_on_ssn: self.route_on_ssn,
            point_code: self.point_code,
            ssn: self.ssn.map(wire::SubsystemNumber::from_u8),
            global_title: self.global_title.as_ref().map_or(wire::GlobalTitle::NoTitle, GlobalTitle::to_wire),
        }
    }
}

impl fmt::Display for SccpAddress {
    /// `49170:8`: digits and subsystem number.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.digits().unwrap_or("-"))?;
        self.ssn.map_or(Ok(()), |ssn| write!(f, ":{ssn}"))
    }
}

/// Global title: what is said about the digits, and the digits.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct GlobalTitle {
    kind: GlobalTitleKind,
    digits: String,
}

/// Global title indicator, with what it announces.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum GlobalTitleKind {
    /// 0001.
    Nature {
        /// Nature of address indicator.
        nature: u8,
    },
    /// 0010.
    Translation {
        /// Translation type.
        translation_type: u8,
    },
    /// 0011.
    TranslationPlan {
        /// Translation type.
        translation_type: u8,
        /// Numbering plan, 4 bits.
        plan: u8,
        /// Encoding scheme, 4 bits; none for BCD, which says whether there is an odd digit.
        encoding: Option<u8>,
    },
    /// 0100: the one of MAP.
    TranslationPlanNature {
        /// Translation type.
        translation_type: u8,
        /// Numbering plan, 4 bits.
        plan: u8,
        /// Encoding scheme, 4 bits; none for BCD, which says whether there is an odd digit.
        encoding: Option<u8>,
        /// Nature of address indicator, 7 bits.
        nature: u8,
    },
}

impl GlobalTitleKind {
    /// International E.164 numbers as TS 29.002 clause 6.1.3 wants them: translation type 0, numbering plan 1, nature of
    /// address 4.
    pub const E164: Self = Self::TranslationPlanNature { translation_type: 0, plan: 1, encoding: None, nature: 4 };

    /// Octets before the digits.
    const fn octets(self) -> usize {
        match self {
            Self::Nature { .. } | Self::Translation { .. } => 1,
            Self::TranslationPlan { .. } => 2,
            Self::TranslationPlanNature { .. } => 3,
        }
    }
}

impl GlobalTitle {
    /// An international E.164 number, without a plus sign.
    ///
    /// # Errors
    /// What is none.
    pub fn e164(digits: &str) -> Result<Self, SccpError> {
        Self::new(GlobalTitleKind::E164, digits)
    }

    /// Digits out of `0-9*#abc`.
    ///
    /// # Errors
    /// Other characters, more than 38 of them, and what does not fit into its bits.
    pub fn new(kind: GlobalTitleKind, digits: &str) -> Result<Self, SccpError> {
        let fits = match kind {
            GlobalTitleKind::Nature { nature } => nature < 0x80,
            GlobalTitleKind::Translation { .. } => true,
            GlobalTitleKind::TranslationPlan { plan, encoding, .. } => plan < 16 && is_other_scheme(encoding),
            GlobalTitleKind::TranslationPlanNature { plan, encoding, nature, .. } => {
                plan < 16 && is_other_scheme(encoding) && nature < 0x80
            }
        };
        let digits = digits.to_ascii_lowercase();
        match fits && is_tbcd(&digits) {
            true if digits.len() > MAX_DIGITS => Err(SccpError::TooLong(digits.len())),
            true => Ok(Self { kind, digits }),
            false => Err(SccpError::Malformed),
        }
    }

    /// What is said about the digits.
    pub const fn kind(&self) -> GlobalTitleKind {
        self.kind
    }

    /// The digits.
    pub fn digits(&self) -> &str {
        &self.digits
    }

    /// The crate gives the digits in the characters that it takes, and lets fillers be.
    fn of_wire(title: &wire::GlobalTitle) -> Result<Option<Self>, SccpError> {
        let scheme = |encoding: u8| Some(encoding).filter(|encoding| !BCD.contains(encoding));
        let (kind, digits) = match title {
            wire::GlobalTitle::NoTitle => return Ok(None),
            wire::GlobalTitle::Gt0001 { nature_of_address: nature, digits, .. } => {
                (GlobalTitleKind::Nature { nature: *nature }, digits)
            }
            wire::GlobalTitle::Gt0010 { translation_type, digits } => {
                (GlobalTitleKind::Translation { translation_type: *translation_type }, digits)
            }
            wire::GlobalTitle::Gt0011 { translation_type, numbering_plan: plan, encoding_scheme, digits } => {
                let encoding = scheme(*encoding_scheme);
                let kind =
                    GlobalTitleKind::TranslationPlan { translation_type: *translation_type, plan: *plan, encoding };
                (kind, digits)
            }
            wire::GlobalTitle::Gt0100 {
                translation_type,
                numbering_plan: plan,
                encoding_scheme,
                nature_of_address: nature,
                digits,
            } => {
                let (translation_type, plan, nature) = (*translation_type, *plan, *nature);
                let encoding = scheme(*encoding_scheme);
                (GlobalTitleKind::TranslationPlanNature { translation_type, plan, encoding, nature }, digits)
            }
        };
        Self::new(kind, digits).map(Some)
    }

    fn to_wire(&self) -> wire::GlobalTitle {
        let digits = self.digits.clone();
        match self.kind {
            GlobalTitleKind::Nature { nature: nature_of_address } => {
                wire::GlobalTitle::Gt0001 { nature_of_address, odd_even: digits.len() % 2 == 1, digits }
            }
            GlobalTitleKind::Translation { translation_type } => wire::GlobalTitle::Gt0010 { translation_type, digits },
            GlobalTitleKind::TranslationPlan { translation_type, plan: numbering_plan, encoding } => {
                // For BCD the crate says itself whether the number of digits is odd.
                let encoding_scheme = encoding.unwrap_or(BCD[0]);
                wire::GlobalTitle::Gt0011 { translation_type, numbering_plan, encoding_scheme, digits }
            }
            GlobalTitleKind::TranslationPlanNature { translation_type, plan: numbering_plan, encoding, nature } => {
                wire::GlobalTitle::Gt0100 {
                    translation_type,
                    numbering_plan,
                    encoding_scheme: encoding.unwrap_or(BCD[0]),
                    nature_of_address: nature,
                    digits,
                }
            }
        }
    }
}

/// Encoding schemes BCD, odd and even number of digits (Q.713 clause 3.4.2.3.3).
const BCD: [u8; 2] = [1, 2];
/// As in an AddressString; Q.713 has no limit of its own.
const MAX_DIGITS: usize = 38;

fn is_other_scheme(encoding: Option<u8>) -> bool {
    encoding.is_none_or(|encoding| encoding < 16 && !BCD.contains(&encoding))
}
