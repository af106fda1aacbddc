//! AKA in the home network: vectors by Milenage (TS 35.206), sequence numbers (TS 33.102 clause 6.3 and annex C).

use milenage::Milenage;
use protocol::Secret;
use serde::{Deserialize, Serialize};

/// Bits of the index in a sequence number (TS 33.102 clause C.3.2).
const IND_BITS: u32 = 5;
/// A sequence number has 48 bits.
const SQN_MAX: u64 = (1 << 48) - 1;
/// AMF of a resynchronisation (TS 33.102 clause 6.3.3).
const AMF_RESYNCHRONISATION: [u8; 2] = [0, 0];
/// RAND and AUTS in SIP-Authorization (TS 29.228 table 6.3.3).
const RESYNCHRONISATION_OCTETS: usize = 30;

/// What a subscription shares with its USIM or ISIM.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct AkaKeys {
    /// K.
    #[serde(serialize_with = "Secret::serialize_exposed")]
    pub k: Secret<[u8; 16]>,
    /// OPc.
    #[serde(serialize_with = "Secret::serialize_exposed")]
    pub opc: Secret<[u8; 16]>,
    /// AMF of its vectors.
    pub amf: [u8; 2],
}

impl AkaKeys {
    /// With OPc.
    pub const fn with_opc(k: [u8; 16], opc: [u8; 16], amf: [u8; 2]) -> Self {
        Self { k: Secret::new(k), opc: Secret::new(opc), amf }
    }

    /// With OP, of which OPc is computed (TS 35.206 clause 4.1).
    pub fn with_op(k: [u8; 16], op: [u8; 16], amf: [u8; 2]) -> Self {
        let milenage = Milenage::new_with_op(k, op);
        Self::with_opc(k, *milenage.opc(), amf)
    }

    /// The vector of a challenge (TS 33.102 clause 6.3.2).
    pub fn vector(&self, rand: [u8; 16], sqn: Sqn) -> Vector {
        let mut milenage = self.milenage();
        let (res, ck, ik, ak) = milenage.f2345(&rand);
        let mac = milenage.f1(&rand, &sqn.octets(), &self.amf);
        let mut autn = [0; 16];
        autn[..6].copy_from_slice(&xor(sqn.octets(), ak));
        autn[6..8].copy_from_slice(&self.amf);
        autn[8..].copy_from_slice(&mac);
        Vector { rand, autn, xres: Secret::new(res), ck: Secret::new(ck), ik: Secret::new(ik) }
    }

    /// SQN_MS out of RAND and AUTS, when MAC-S is right (TS 33.102 clause 6.3.5).
    pub fn resynchronise(&self, authorization: &[u8]) -> Result<Sqn, ResynchronisationProblem> {
        let octets: &[u8; RESYNCHRONISATION_OCTETS] =
            authorization.try_into().map_err(|_| ResynchronisationProblem::Length(authorization.len()))?;
        let [rand @ .., _, _, _, _, _, _, _, _, _, _, _, _, _, _] = octets;
        let [.., a, b, c, d, e, f, m0, m1, m2, m3, m4, m5, m6, m7] = octets;
        let mut milenage = self.milenage();
        let sqn = xor([*a, *b, *c, *d, *e, *f], milenage.f5star(rand));
        let mac = milenage.f1star(rand, &sqn, &AMF_RESYNCHRONISATION);
        let different =
            mac.iter().zip([m0, m1, m2, m3, m4, m5, m6, m7]).fold(0, |all, (ours, theirs)| all | ours ^ theirs);
        if different == 0 { Ok(Sqn::from_octets(sqn)) } else { Err(ResynchronisationProblem::Mac) }
    }

    fn milenage(&self) -> Milenage {
        Milenage::new_with_opc(*self.k.expose(), *self.opc.expose())
    }
}

fn xor(a: [u8; 6], b: [u8; 6]) -> [u8; 6] {
    std::array::from_fn(|i| a[i] ^ b[i])
}

/// Why a resynchronisation is refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ResynchronisationProblem {
    /// Not RAND and AUTS.
    #[error("SIP-Authorization has {0} octets, RAND and AUTS are {RESYNCHRONISATION_OCTETS}")]
    Length(usize),
    /// AUTS is not of the USIM that has the key, or not for this RAND.
    #[error("MAC-S is wrong")]
    Mac,
}

/// A vector of AKA.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Vector {
    /// RAND.
    pub rand: [u8; 16],
    /// AUTN.
    pub autn: [u8; 16],
    /// XRES.
    pub xres: Secret<[u8; 8]>,
    /// CK.
    pub ck: Secret<[u8; 16]>,
    /// IK.
    pub ik: Secret<[u8; 16]>,
}

/// A sequence number: 43 bits of SEQ, 5 bits of index (TS 33.102 clause C.3.2: not time-based, the index cycles).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Sqn(u64);

impl Sqn {
    /// The number in the lower 48 bits; `None` beyond them.
    pub const fn new(number: u64) -> Option<Self> {
        if number <= SQN_MAX { Some(Self(number)) } else { None }
    }

    /// The number.
    pub const fn number(self) -> u64 {
        self.0
    }

    /// As it is concealed in AUTN.
    pub const fn octets(self) -> [u8; 6] {
        let [_, _, a, b, c, d, e, f] = self.0.to_be_bytes();
        [a, b, c, d, e, f]
    }

    /// Inverse of [`Self::octets`].
    pub const fn from_octets([a, b, c, d, e, f]: [u8; 6]) -> Self {
        Self(u64::from_be_bytes([0, 0, a, b, c, d, e, f]))
    }

    /// SEQ.
    pub const fn seq(self) -> u64 {
        self.0 >> IND_BITS
    }

    /// IND.
    pub const fn index(self) -> u64 {
        self.0 & ((1 << IND_BITS) - 1)
    }

    /// The next one to use: SEQ and IND go on by one each; `None` when SEQ is at its end (clause C.2.3 keeps honest networks
    /// from there).
    #[must_use]
    pub const fn next(self) -> Option<Self> {
        let index = (self.index() + 1) & ((1 << IND_BITS) - 1);
        Self::new(((self.seq() + 1) << IND_BITS) | index)
    }
}

#[cfg(test)]
mod tests;
