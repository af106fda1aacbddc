//! sendAuthenticationInfo: TS 29.002 clauses 8.5.2, 17.6.1 and 17.7.1 (MAP-MS-DataTypes). Triplets and vectors of EPS are
//! skipped.

use gsm_map::operations::auth as wire;
use rasn::types::OctetString;

use super::super::extension::{PrivateExtension, container, extensions};
use super::super::number::Imsi;
use super::super::parameter::*;
use crate::Secret;

/// SendAuthenticationInfoArg. The argument is left out where further segments are asked for: that is not supported.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SendAuthenticationInfoArg {
    /// Whose vectors.
    pub imsi: Imsi,
    /// numberOfRequestedVectors: 1 to 5.
    pub number_of_requested_vectors: u8,
    /// segmentationProhibited.
    pub segmentation_prohibited: bool,
    /// immediateResponsePreferred.
    pub immediate_response_preferred: bool,
    /// re-synchronisationInfo.
    pub re_synchronisation_info: Option<ReSynchronisationInfo>,
    /// requestingNodeType.
    pub requesting_node_type: Option<RequestingNodeType>,
    /// Private extensions.
    pub extensions: Vec<PrivateExtension>,
}

impl SendAuthenticationInfoArg {
    /// The argument with what is mandatory.
    pub const fn new(imsi: Imsi, number_of_requested_vectors: u8) -> Self {
        Self {
            imsi,
            number_of_requested_vectors,
            segmentation_prohibited: false,
            immediate_response_preferred: false,
            re_synchronisation_info: None,
            requesting_node_type: None,
            extensions: Vec::new(),
        }
    }
}

/// RequestingNodeType.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct RequestingNodeType(pub u8);

impl RequestingNodeType {
    /// vlr.
    pub const VLR: Self = Self(0);
    /// sgsn.
    pub const SGSN: Self = Self(1);
    /// s-cscf.
    pub const S_CSCF: Self = Self(2);
    /// bsf.
    pub const BSF: Self = Self(3);
    /// gan-aaa-server.
    pub const GAN_AAA_SERVER: Self = Self(4);
    /// wlan-aaa-server.
    pub const WLAN_AAA_SERVER: Self = Self(5);
}

/// Re-synchronisationInfo.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct ReSynchronisationInfo {
    /// RAND of the challenge.
    pub rand: [u8; 16],
    /// AUTS of the USIM.
    pub auts: [u8; 14],
}

impl Parameter for SendAuthenticationInfoArg {
    type Wire = wire::SendAuthenticationInfoArg;

    fn to_wire(&self) -> Self::Wire {
        Self::Wire {
            segmentation_prohibited: flag(self.segmentation_prohibited),
            immediate_response_preferred: flag(self.immediate_response_preferred),
            re_synchronisation_info: self
                .re_synchronisation_info
                .map(|info| wire::ReSynchronisationInfo { rand: of_octets(&info.rand), auts: of_octets(&info.auts) }),
            extension_container: container(&self.extensions),
            requesting_node_type: self.requesting_node_type.map(|node| node.0.into()),
            ..Self::Wire::new(of_imsi(&self.imsi), self.number_of_requested_vectors.into())
        }
    }

    fn of_wire(wire: &Self::Wire) -> Result<Self, ParameterError> {
        let number = octet(&wire.number_of_requested_vectors)?;
        if !(1..=MAX_VECTORS as u8).contains(&number) {
            return Err(ParameterError::Unexpected("a number of vectors out of its range"));
        }
        Ok(Self {
            imsi: imsi(&wire.imsi)?,
            number_of_requested_vectors: number,
            segmentation_prohibited: wire.segmentation_prohibited.is_some(),
            immediate_response_preferred: wire.immediate_response_preferred.is_some(),
            re_synchronisation_info: optional(&wire.re_synchronisation_info, |info| {
                Ok(ReSynchronisationInfo { rand: array(&info.rand)?, auts: array(&info.auts)? })
            })?,
            requesting_node_type: optional(&wire.requesting_node_type, octet)?.map(RequestingNodeType),
            extensions: extensions(&wire.extension_container)?,
        })
    }
}

/// SendAuthenticationInfoRes.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct SendAuthenticationInfoRes {
    /// quintupletList of authenticationSetList; empty: there is none. A message has room for two.
    pub quintuplet_list: Vec<AuthenticationQuintuplet>,
    /// Private extensions.
    pub extensions: Vec<PrivateExtension>,
}

/// AuthenticationQuintuplet: a vector of UMTS AKA (TS 33.102 clause 6.3.2).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AuthenticationQuintuplet {
    /// RAND.
    pub rand: [u8; 16],
    /// XRES: 4 to 16 octets.
    pub xres: Secret<Vec<u8>>,
    /// CK.
    pub ck: Secret<[u8; 16]>,
    /// IK.
    pub ik: Secret<[u8; 16]>,
    /// AUTN.
    pub autn: [u8; 16],
}

impl Parameter for SendAuthenticationInfoRes {
    type Wire = wire::SendAuthenticationInfoRes;

    fn to_wire(&self) -> Self::Wire {
        let vector = |vector: &AuthenticationQuintuplet| wire::AuthenticationQuintuplet {
            rand: of_octets(&vector.rand),
            xres: of_octets(vector.xres.expose()),
            ck: of_octets(vector.ck.expose()),
            ik: of_octets(vector.ik.expose()),
            autn: of_octets(&vector.autn),
        };
        let list = &self.quintuplet_list;
        Self::Wire {
            quintuplet_list: (!list.is_empty()).then(|| list.iter().map(vector).collect()),
            extension_container: container(&self.extensions),
            ..Self::Wire::default()
        }
    }

    fn of_wire(wire: &Self::Wire) -> Result<Self, ParameterError> {
        let vector = |vector: &wire::AuthenticationQuintuplet| {
            if !(4..=16).contains(&vector.xres.len()) {
                return Err(ParameterError::Mistyped("an XRES of a wrong length"));
            }
            Ok(AuthenticationQuintuplet {
                rand: array(&vector.rand)?,
                xres: Secret::new(octets(&vector.xres)),
                ck: Secret::new(array(&vector.ck)?),
                ik: Secret::new(array(&vector.ik)?),
                autn: array(&vector.autn)?,
            })
        };
        let list = wire.quintuplet_list.as_deref().unwrap_or_default();
        if wire.quintuplet_list.is_some() && !(1..=MAX_VECTORS).contains(&list.len()) {
            return Err(ParameterError::Mistyped("a QuintupletList has one to five vectors"));
        }
        let quintuplet_list = list.iter().map(vector).collect::<Result<_, _>>()?;
        Ok(Self { quintuplet_list, extensions: extensions(&wire.extension_container)? })
    }
}

fn array<const N: usize>(octets: &OctetString) -> Result<[u8; N], ParameterError> {
    (&**octets).try_into().map_err(|_| ParameterError::Mistyped("a part of a vector of a wrong length"))
}

/// NumberOfRequestedVectors and QuintupletList: 1 to 5.
const MAX_VECTORS: usize = 5;
