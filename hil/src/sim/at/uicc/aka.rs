//! AKA in a USIM and ISIM: Milenage (TS 35.206), sequence numbers as TS 33.102 annex C has them.

use milenage::Milenage;

use super::super::personality::{Key, SimCard};
use super::{INCORRECT_MAC, WRONG_LENGTH};

/// Bits of the index in a sequence number (TS 33.102 clause C.3.2).
const IND_BITS: u32 = 5;
/// AMF of a resynchronisation (TS 33.102 clause 6.3.3).
const AMF_RESYNCHRONISATION: [u8; 2] = [0, 0];
/// Tags of the answer (TS 31.102 clause 7.1.2.1).
const SUCCESS: u8 = 0xDB;
const SYNCHRONISATION_FAILURE: u8 = 0xDC;

/// Keys, and which challenges there have been.
#[derive(Clone, Debug)]
pub(super) struct Aka {
    k: Key,
    opc: Key,
    /// The highest sequence number accepted for each index.
    seq: [u64; 1 << IND_BITS],
}

impl Aka {
    pub(super) fn new(card: &SimCard) -> Self {
        Self { k: card.k, opc: card.opc, seq: [card.sqn >> IND_BITS; 1 << IND_BITS] }
    }

    /// It has accepted challenges with sequence numbers that are higher by so much (SEQ, TS 33.102 annex C.1.1).
    pub(super) fn go_ahead(&mut self, by: u64) {
        self.seq.iter_mut().for_each(|seq| *seq = seq.saturating_add(by));
    }

    /// The data of AUTHENTICATE: RAND and AUTN, each after its length.
    pub(super) fn authenticate(&mut self, data: &[u8]) -> Result<Vec<u8>, [u8; 2]> {
        let [16, rest @ ..] = data else { return Err(WRONG_LENGTH) };
        let Some((rand, [16, autn @ ..])) = rest.split_first_chunk::<16>() else { return Err(WRONG_LENGTH) };
        let Ok(autn) = <&[u8; 16]>::try_from(autn) else { return Err(WRONG_LENGTH) };
        self.answer(rand, autn)
    }

    fn answer(&mut self, rand: &[u8; 16], autn: &[u8; 16]) -> Result<Vec<u8>, [u8; 2]> {
        let mut milenage = Milenage::new_with_opc(self.k.0, self.opc.0);
        let (res, ck, ik, ak) = milenage.f2345(rand);
        let mut sqn = [0; 6];
        sqn.iter_mut().zip(autn).zip(ak).for_each(|((sqn, hidden), ak)| *sqn = hidden ^ ak);
        if milenage.f1(rand, &sqn, &[autn[6], autn[7]]) != autn[8..] {
            return Err(INCORRECT_MAC);
        }
        let number = sqn.iter().fold(0, |number: u64, octet| number << 8 | u64::from(*octet));
        let (seq, index) = (number >> IND_BITS, (number & ((1 << IND_BITS) - 1)) as usize);
        if seq <= self.seq[index] {
            let auts = self.auts(&mut milenage, rand);
            return Ok([&[SYNCHRONISATION_FAILURE, auts.len() as u8][..], &auts].concat());
        }
        self.seq[index] = seq;
        Ok([&[SUCCESS, 8][..], &res, &[16], &ck, &[16], &ik].concat())
    }

    /// What tells the network the highest sequence number (TS 33.102 clause 6.3.3).
    fn auts(&self, milenage: &mut Milenage, rand: &[u8; 16]) -> Vec<u8> {
        let highest = (0..).zip(&self.seq).map(|(index, seq): (u64, _)| seq << IND_BITS | index).max().unwrap_or(0);
        let [_, _, sqn @ ..] = highest.to_be_bytes();
        let (mac, ak) = (milenage.f1star(rand, &sqn, &AMF_RESYNCHRONISATION), milenage.f5star(rand));
        sqn.iter().zip(ak).map(|(sqn, ak)| sqn ^ ak).chain(mac).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::{OK, Uicc};
    use super::*;

    fn octets<const N: usize>(hex: &str) -> [u8; N] {
        hex::decode(hex).unwrap().try_into().unwrap()
    }

    /// Sets 1 and 3 of TS 35.208 clause 4: K, OPc, RAND, SQN, AMF; then f1, f2, f3, f4, f5; f1*, f5*.
    const SETS: [[&str; 12]; 2] = [
        [
            "465b5ce8b199b49faa5f0a2ee238a6bc",
            "cd63cb71954a9f4e48a5994e37a02baf",
            "23553cbe9637a89d218ae64dae47bf35",
            "ff9bb4d0b607",
            "b9b9",
            "4a9ffac354dfafb3",
            "a54211d5e3ba50bf",
            "b40ba9a3c58b2a05bbf0d987b21bf8cb",
            "f769bcd751044604127672711c6d3441",
            "aa689c648370",
            "01cfaf9ec4e871e9",
            "451e8beca43b",
        ],
        [
            "fec86ba6eb707ed08905757b1bb44b8f",
            "1006020f0a478bf6b699f15c062e42b3",
            "9f7c8d021accf4db213ccff0c7f71a6a",
            "9d0277595ffc",
            "725c",
            "9cabc3e99baf7281",
            "8011c48c0c214ed2",
            "5dbdbb2954e8f3cde665b046179a5098",
            "59a92d3b476a0443487055cf88b2307b",
            "33484dc2136b",
            "95814ba2b3044324",
            "deacdd848cc6",
        ],
    ];

    fn apdu(rand: &[u8; 16], sqn: &[u8; 6], ak: &[u8; 6], amf: &[u8; 2], mac: &[u8; 8]) -> Vec<u8> {
        let hidden: Vec<u8> = sqn.iter().zip(ak).map(|(s, a)| s ^ a).collect();
        [&[0x00, 0x88, 0x00, 0x81, 34, 16][..], rand, &[16], &hidden, amf, mac, &[0]].concat()
    }

    #[test]
    fn vectors_of_ts_35_208() {
        for [k, opc, rand, sqn, amf, mac, res, ck, ik, ak, _, _] in SETS {
            let card = SimCard { k: Key(octets(k)), opc: Key(octets(opc)), ..SimCard::default() };
            let mut uicc = Uicc::new(&card);
            let apdu = apdu(&octets(rand), &octets(sqn), &octets(ak), &octets(amf), &octets(mac));
            let answer = uicc.command(&apdu, None);
            let wanted =
                [&[SUCCESS, 8][..], &octets::<8>(res), &[16], &octets::<16>(ck), &[16], &octets::<16>(ik), &OK];
            assert_eq!(answer, wanted.concat());
            // The same again is stale: AUTS has the number that was accepted.
            let answer = uicc.command(&apdu, None);
            assert_eq!((answer.len(), &answer[..2]), (18, &[SYNCHRONISATION_FAILURE, 14][..]));
            let mut broken = apdu.clone();
            broken[6] ^= 1;
            assert_eq!(uicc.command(&broken, None), INCORRECT_MAC);
            assert_eq!(uicc.command(&apdu[..20], None), WRONG_LENGTH);
        }
    }

    /// f1* of the vectors is over their AMF, AUTS has AMF 0: computed by the crate, whose f1* and f5* are the vectors'.
    #[test]
    fn the_network_can_read_the_sequence_number_from_auts() {
        let [k, opc, rand, sqn, amf, mac, _, _, _, ak, mac_s, ak_s] = SETS[0];
        let rand = octets(rand);
        let mut milenage = Milenage::new_with_opc(octets(k), octets(opc));
        assert_eq!(milenage.f1star(&rand, &octets(sqn), &octets(amf)), octets(mac_s));
        assert_eq!(milenage.f5star(&rand), octets(ak_s));
        // The card is ahead of the network by far.
        let card = SimCard { k: Key(octets(k)), opc: Key(octets(opc)), sqn: 0xFFFF_FFFF_FFE0, ..SimCard::default() };
        let answer =
            Uicc::new(&card).command(&apdu(&rand, &octets(sqn), &octets(ak), &octets(amf), &octets(mac)), None);
        let auts = &answer[2..16];
        let sqn_ms: Vec<u8> = auts.iter().zip(octets::<6>(ak_s)).map(|(hidden, ak)| hidden ^ ak).collect();
        assert_eq!(sqn_ms, [0xFF; 6]);
        assert_eq!(auts[6..], milenage.f1star(&rand, &[0xFF; 6], &[0, 0]));
    }
}
