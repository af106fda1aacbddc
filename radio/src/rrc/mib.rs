//! TS 36.331 clause 6.2.2: MasterInformationBlock, what the physical broadcast channel carries.

use super::codec::{self, EncodeRrcError, RrcError, bit_string, value_at};
use super::generated::eutra_rrc as asn;
use crate::cell::{NRbDl, PhichConfig, PhichDuration, PhichResource};

/// `phich-Duration` (clause 6.3.2).
const PHICH_DURATION: [PhichDuration; 2] = [PhichDuration::Normal, PhichDuration::Extended];
/// `phich-Resource` (clause 6.3.2).
const PHICH_RESOURCE: [PhichResource; 4] =
    [PhichResource::OneSixth, PhichResource::Half, PhichResource::One, PhichResource::Two];

/// MasterInformationBlock. The spare bits are sent as zero and ignored on reception: later releases use some of them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MasterInformationBlock {
    /// `dl-Bandwidth`.
    pub n_rb_dl: NRbDl,
    /// `phich-Config`.
    pub phich: PhichConfig,
    /// `systemFrameNumber`: the 8 most significant bits of the SFN; the position in the 40 ms of the PBCH gives the others.
    pub sfn_msb: u8,
}

impl MasterInformationBlock {
    /// The 24 bits, first bit of the message first.
    pub fn encode(&self) -> [u8; 3] {
        let position = |found: Option<usize>| found.unwrap_or_default() as u8;
        let message = asn::BCCH_BCH_Message {
            message: asn::MasterInformationBlock {
                dl_bandwidth: asn::MasterInformationBlockDl_Bandwidth(self.n_rb_dl.index() as u8),
                phich_config: asn::PHICH_Config {
                    phich_duration: asn::PHICH_ConfigPhich_Duration(position(
                        PHICH_DURATION.iter().position(|&d| d == self.phich.duration),
                    )),
                    phich_resource: asn::PHICH_ConfigPhich_Resource(position(
                        PHICH_RESOURCE.iter().position(|&r| r == self.phich.resource),
                    )),
                },
                system_frame_number: asn::MasterInformationBlockSystemFrameNumber(bit_string(self.sfn_msb.into(), 8)),
                spare: asn::MasterInformationBlockSpare(bit_string(0, 10)),
            },
        };
        let octets: Result<[u8; 3], EncodeRrcError> = codec::encode(&message)
            .and_then(|octets| octets.try_into().map_err(|_| EncodeRrcError::Codec("not 24 bits".into())));
        octets.unwrap_or_else(|e| unreachable!("every value has a code: {e}"))
    }

    /// From the 24 bits: 3, 1, 2, 8 and 10 spare ones. A receiver that runs reads it again and again, so this allocates
    /// nothing.
    ///
    /// # Errors
    /// A bandwidth that does not exist.
    pub fn decode([first, second, _]: [u8; 3]) -> Result<Self, RrcError> {
        Ok(Self {
            n_rb_dl: value_at("dl-Bandwidth", &NRbDl::ALL, first >> 5)?,
            phich: PhichConfig {
                duration: value_at("phich-Duration", &PHICH_DURATION, first >> 4 & 1)?,
                resource: value_at("phich-Resource", &PHICH_RESOURCE, first >> 2 & 3)?,
            },
            sfn_msb: first << 6 | second >> 2,
        })
    }
}
