//! TS 36.331 clause 6.2.1: BCCH-DL-SCH-Message, the system information on the PDSCH.

use super::codec::{self, EncodeRrcError, RrcError, check_count};
use super::generated::eutra_rrc as asn;
use super::sib1::SystemInformationBlockType1;
use super::sib2::SystemInformationBlockType2;
use super::sib3::SystemInformationBlockType3;
use super::sib13::SystemInformationBlockType13;
use super::sib15::SystemInformationBlockType15;

/// Numbers of the additions to `sib-TypeAndInfo` as of V17.1.0, in their order.
const ADDITIONS: [u8; 13] = [12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 24, 25, 26];
/// Additions with an index above this one do not fit a small number (X.691 clause 11.6).
const MAX_ADDITION: i64 = 63;

/// BCCH-DL-SCH-Message.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum BcchDlSchMessage {
    /// `systemInformation`.
    SystemInformation(SystemInformation),
    /// `systemInformationBlockType1`.
    SystemInformationBlockType1(SystemInformationBlockType1),
}

/// SystemInformation: one SI message, 1 to 32 blocks.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SystemInformation {
    /// `sib-TypeAndInfo`.
    pub sibs: Vec<SystemInformationBlock>,
}

/// One of `sib-TypeAndInfo`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SystemInformationBlock {
    /// `sib2`.
    Type2(SystemInformationBlockType2),
    /// `sib3`.
    Type3(SystemInformationBlockType3),
    /// `sib13-v920`.
    Type13(SystemInformationBlockType13),
    /// `sib15-v1130`.
    Type15(SystemInformationBlockType15),
    /// Any other, as it came.
    Other(OtherSystemInformationBlock),
}

/// A block that is not looked into.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OtherSystemInformationBlock {
    /// Its number; `None` when it is of a later release than V17.1.0.
    pub number: Option<u8>,
    /// `sib-TypeAndInfo`: place among the alternatives, sib2 being 0 and sib12-v920 10.
    pub alternative: u8,
    /// Its own UPER octets. Of sib4 to sib11 without extensions, which are not kept.
    pub octets: Vec<u8>,
}

impl BcchDlSchMessage {
    /// The message in UPER, whole octets; the transport block is filled up with zero bits (clause 8.5).
    ///
    /// # Errors
    /// A value or a count outside of what the field can hold.
    pub fn encode(&self) -> Result<Vec<u8>, EncodeRrcError> {
        use asn::BCCH_DL_SCH_MessageType_c1 as C1;
        let message = match self {
            Self::SystemInformation(message) => C1::SystemInformation(message.to_asn()?),
            Self::SystemInformationBlockType1(message) => C1::SystemInformationBlockType1(message.to_asn()?),
        };
        codec::encode(&asn::BCCH_DL_SCH_Message { message: asn::BCCH_DL_SCH_MessageType::C1(message) })
    }

    /// From the UPER octets of a transport block. Extensions are skipped, octets after the message ignored.
    ///
    /// # Errors
    /// Another message, or one that breaks the standard. Never panics, whatever the octets.
    pub fn decode(octets: &[u8]) -> Result<Self, RrcError> {
        use asn::BCCH_DL_SCH_MessageType_c1 as C1;
        let asn::BCCH_DL_SCH_Message { message } = codec::decode(octets)?;
        let asn::BCCH_DL_SCH_MessageType::C1(message) = message else { return Err(RrcError::OtherMessage) };
        Ok(match message {
            C1::SystemInformation(message) => Self::SystemInformation(SystemInformation::from_asn(&message)?),
            C1::SystemInformationBlockType1(message) => {
                Self::SystemInformationBlockType1(SystemInformationBlockType1::from_asn(&message)?)
            }
        })
    }
}

impl SystemInformation {
    fn to_asn(&self) -> Result<asn::SystemInformation, EncodeRrcError> {
        check_count("sib-TypeAndInfo", self.sibs.len(), 1..=32, "1 to 32 entries")?;
        let sibs = self.sibs.iter().map(SystemInformationBlock::to_asn).collect::<Result<_, _>>()?;
        Ok(asn::SystemInformation {
            critical_extensions: asn::SystemInformationCriticalExtensions::SystemInformation_r8(
                asn::SystemInformation_r8_IEs {
                    sib_type_and_info: asn::SystemInformation_r8_IEsSib_TypeAndInfo(sibs),
                    non_critical_extension: None,
                },
            ),
        })
    }

    fn from_asn(message: &asn::SystemInformation) -> Result<Self, RrcError> {
        let asn::SystemInformationCriticalExtensions::SystemInformation_r8(message) = &message.critical_extensions
        else {
            return Err(RrcError::OtherMessage);
        };
        let sibs = message.sib_type_and_info.0.iter().map(SystemInformationBlock::from_asn);
        Ok(Self { sibs: sibs.collect::<Result<_, _>>()? })
    }
}

impl SystemInformationBlock {
    /// 2 for SIB2, and so on; `None` when it is of a later release than V17.1.0.
    pub fn number(&self) -> Option<u8> {
        match self {
            Self::Type2(_) => Some(2),
            Self::Type3(_) => Some(3),
            Self::Type13(_) => Some(13),
            Self::Type15(_) => Some(15),
            Self::Other(other) => other.number,
        }
    }

    fn to_asn(&self) -> Result<asn::SIB_TypeAndInfo, EncodeRrcError> {
        use asn::SIB_TypeAndInfo_root as Root;
        Ok(match self {
            Self::Type2(sib) => asn::SIB_TypeAndInfo::Root(Root::Sib2(sib.to_asn()?)),
            Self::Type3(sib) => asn::SIB_TypeAndInfo::Root(Root::Sib3(sib.to_asn()?)),
            Self::Type13(sib) => addition(1, codec::encode(&sib.to_asn()?)?)?,
            Self::Type15(sib) => addition(3, codec::encode(&sib.to_asn()?)?)?,
            Self::Other(sib) => sib.to_asn()?,
        })
    }

    fn from_asn(sib: &asn::SIB_TypeAndInfo) -> Result<Self, RrcError> {
        use asn::SIB_TypeAndInfo_root as Root;
        let root = |number: u8, octets: Result<Vec<u8>, EncodeRrcError>| {
            let octets = octets.map_err(|e| RrcError::Codec(e.to_string()))?;
            Ok(Self::Other(OtherSystemInformationBlock { number: Some(number), alternative: number - 2, octets }))
        };
        match sib {
            asn::SIB_TypeAndInfo::Root(sib) => match sib {
                Root::Sib2(sib) => Ok(Self::Type2(SystemInformationBlockType2::from_asn(sib)?)),
                Root::Sib3(sib) => Ok(Self::Type3(SystemInformationBlockType3::from_asn(sib)?)),
                Root::Sib4(sib) => root(4, codec::encode(sib)),
                Root::Sib5(sib) => root(5, codec::encode(sib)),
                Root::Sib6(sib) => root(6, codec::encode(sib)),
                Root::Sib7(sib) => root(7, codec::encode(sib)),
                Root::Sib8(sib) => root(8, codec::encode(sib)),
                Root::Sib9(sib) => root(9, codec::encode(sib)),
                Root::Sib10(sib) => root(10, codec::encode(sib)),
                Root::Sib11(sib) => root(11, codec::encode(sib)),
            },
            asn::SIB_TypeAndInfo::Addition(sib) => {
                let (index, octets) = (sib.index.0, &sib.open_type.0);
                match ADDITIONS.get(usize::from(index)) {
                    Some(13) => Ok(Self::Type13(SystemInformationBlockType13::from_asn(&codec::decode(octets)?)?)),
                    Some(15) => Ok(Self::Type15(SystemInformationBlockType15::from_asn(&codec::decode(octets)?)?)),
                    number => Ok(Self::Other(OtherSystemInformationBlock {
                        number: number.copied(),
                        alternative: codec::within("sib-TypeAndInfo", index, MAX_ADDITION as u8)? + 10,
                        octets: octets.clone(),
                    })),
                }
            }
        }
    }
}

impl OtherSystemInformationBlock {
    /// The number does not matter: the alternative says what it is.
    fn to_asn(&self) -> Result<asn::SIB_TypeAndInfo, EncodeRrcError> {
        use asn::SIB_TypeAndInfo_root as Root;
        let octets = &self.octets;
        let root = match self.alternative {
            0 => decoded(octets).map(Root::Sib2),
            1 => decoded(octets).map(Root::Sib3),
            2 => decoded(octets).map(Root::Sib4),
            3 => decoded(octets).map(Root::Sib5),
            4 => decoded(octets).map(Root::Sib6),
            5 => decoded(octets).map(Root::Sib7),
            6 => decoded(octets).map(Root::Sib8),
            7 => decoded(octets).map(Root::Sib9),
            8 => decoded(octets).map(Root::Sib10),
            9 => decoded(octets).map(Root::Sib11),
            alternative => return addition(i64::from(alternative) - 10, octets.clone()),
        };
        Ok(asn::SIB_TypeAndInfo::Root(root?))
    }
}

fn decoded<T: asn1_codecs::uper::UperCodec<Output = T>>(octets: &[u8]) -> Result<T, EncodeRrcError> {
    codec::decode(octets).map_err(|e| EncodeRrcError::Codec(e.to_string()))
}

fn addition(index: i64, octets: Vec<u8>) -> Result<asn::SIB_TypeAndInfo, EncodeRrcError> {
    codec::check("sib-TypeAndInfo", index, 0..=MAX_ADDITION, "64 additions")?;
    Ok(asn::SIB_TypeAndInfo::Addition(asn::SIB_TypeAndInfo_addition {
        index: asn::SIB_TypeAndInfo_additionIndex(index as u8),
        open_type: asn::SIB_TypeAndInfo_additionOpenType(octets),
    }))
}

#[cfg(test)]
#[path = "bcch_tests.rs"]
mod tests;
