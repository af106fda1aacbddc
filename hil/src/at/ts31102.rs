//! The AUTHENTICATE command of a USIM (TS 31.102 clause 7.1.2) and of an ISIM (TS 31.103 clause 7.1.2), as APDUs for
//! `+CSIM` and `+CGLA`.

use std::fmt;

/// AID of a USIM, as far as all have it in common (ETSI TS 101 220 annex E).
pub const USIM: [u8; 7] = [0xA0, 0x00, 0x00, 0x00, 0x87, 0x10, 0x02];
/// AID of an ISIM, likewise.
pub const ISIM: [u8; 7] = [0xA0, 0x00, 0x00, 0x00, 0x87, 0x10, 0x04];

/// INS of AUTHENTICATE (TS 31.102 clause 7.1.2.3).
const AUTHENTICATE: u8 = 0x88;
/// P2: specific reference data; 3G context of a USIM, IMS AKA of an ISIM.
const AKA_CONTEXT: u8 = 0x81;
/// INS of GET RESPONSE (TS 102 221 clause 12.1.1).
const GET_RESPONSE: u8 = 0xC0;
/// Tags of the answer.
const SUCCESS: u8 = 0xDB;
const SYNCHRONISATION_FAILURE: u8 = 0xDC;

/// A challenge of AKA.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Authenticate {
    /// Random challenge.
    pub rand: [u8; 16],
    /// Authentication token.
    pub autn: [u8; 16],
}

/// What the SIM answers to a challenge that its network made.
#[derive(Clone, PartialEq, Eq)]
pub enum AkaAnswer {
    /// It is the network's, and fresh.
    Success {
        /// 4 to 16 octets.
        res: Vec<u8>,
        /// Cipher key.
        ck: [u8; 16],
        /// Integrity key.
        ik: [u8; 16],
    },
    /// It is the network's, but its sequence number is out of range: the network has to synchronise.
    SynchronisationFailure {
        /// What it needs for that.
        auts: [u8; 14],
    },
}

impl fmt::Debug for AkaAnswer {
    /// Keys are not for logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Success { .. } => "Success(..)",
            Self::SynchronisationFailure { .. } => "SynchronisationFailure(..)",
        })
    }
}

/// Why whoever asked a SIM has no answer.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum AuthenticationFailure {
    /// The challenge is not of the SIM's network.
    #[error("the challenge is not of the SIM's network: incorrect MAC")]
    IncorrectMac,
    /// The SIM, or what it is reached through, has not answered.
    #[error("the SIM gives no answer: {0}")]
    NoAnswer(String),
}

/// Why a response APDU has no answer.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum AkaError {
    /// `98 62`: the challenge is not the network's.
    #[error("authentication error, incorrect MAC (status 9862)")]
    IncorrectMac,
    /// `61 XX`, `9F XX`: the answer is to be fetched with [`get_response`].
    #[error("{0} octets wait to be fetched with GET RESPONSE")]
    Waiting(u8),
    /// Another status word than `90 00`.
    #[error("refused by the SIM: status {0:04X}{hint}", hint = hint(*.0))]
    Status(u16),
    /// Not an answer to AUTHENTICATE.
    #[error("the SIM's answer is not one to AUTHENTICATE")]
    Malformed,
}

/// What can be done about a status word (TS 31.102 clause 7.3, TS 102 221 clause 10.2).
const fn hint(status: u16) -> &'static str {
    match status {
        0x9864 => ": it has no such security context; is this the right application?",
        0x6982 => ": its PIN has not been verified",
        0x6985 => ": no application is selected on this channel",
        0x6D00 => ": the application does not know AUTHENTICATE",
        _ => "",
    }
}

impl Authenticate {
    /// The command APDU.
    pub fn apdu(&self) -> Vec<u8> {
        let mut apdu = vec![0x00, AUTHENTICATE, 0x00, AKA_CONTEXT, 34, 16];
        apdu.extend(self.rand);
        apdu.push(16);
        apdu.extend(self.autn);
        apdu.push(0x00);
        apdu
    }

    /// The challenge that a command APDU has: the SIM's side.
    pub fn of_apdu(apdu: &[u8]) -> Option<Self> {
        let data = apdu.get(5..5 + usize::from(*apdu.get(4)?))?;
        // The channel is in the lower bits of CLA.
        let is_command = apdu[0] & 0xF0 == 0 && apdu[1..4] == [AUTHENTICATE, 0x00, AKA_CONTEXT];
        let (rand, rest) = value(data).filter(|_| is_command)?;
        let (autn, _) = value(rest)?;
        Some(Self { rand: rand.try_into().ok()?, autn: autn.try_into().ok()? })
    }
}

impl AkaAnswer {
    /// What a response APDU says.
    ///
    /// # Errors
    /// The SIM refused, or there is more to be fetched.
    pub fn parse(response: &[u8]) -> Result<Self, AkaError> {
        let Some((data, status)) = response.split_last_chunk::<2>() else { return Err(AkaError::Malformed) };
        match status {
            [0x90, 0x00] => Self::of_data(data).ok_or(AkaError::Malformed),
            [0x61 | 0x9F, length] => Err(AkaError::Waiting(*length)),
            [0x98, 0x62] => Err(AkaError::IncorrectMac),
            _ => Err(AkaError::Status(u16::from_be_bytes(*status))),
        }
    }

    /// The response APDU: the SIM's side.
    pub fn response(&self) -> Vec<u8> {
        let mut response = Vec::new();
        let mut put = |value: &[u8]| {
            response.push(value.len() as u8);
            response.extend_from_slice(value);
        };
        let tag = match self {
            Self::Success { res, ck, ik } => {
                [&res[..], ck, ik].into_iter().for_each(&mut put);
                SUCCESS
            }
            Self::SynchronisationFailure { auts } => {
                put(auts);
                SYNCHRONISATION_FAILURE
            }
        };
        response.insert(0, tag);
        response.extend([0x90, 0x00]);
        response
    }

    fn of_data(data: &[u8]) -> Option<Self> {
        let (tag, rest) = data.split_first()?;
        let (first, rest) = value(rest)?;
        match *tag {
            SUCCESS => {
                // Kc may follow; nobody wants it.
                let (ck, rest) = value(rest)?;
                let (ik, _) = value(rest)?;
                let res = Some(first).filter(|res| (4..=16).contains(&res.len()))?;
                Some(Self::Success { res: res.to_vec(), ck: ck.try_into().ok()?, ik: ik.try_into().ok()? })
            }
            SYNCHRONISATION_FAILURE => Some(Self::SynchronisationFailure { auts: first.try_into().ok()? }),
            _ => None,
        }
    }
}

/// GET RESPONSE for so many octets.
pub const fn get_response(length: u8) -> [u8; 5] {
    [0x00, GET_RESPONSE, 0x00, 0x00, length]
}

/// A value after its length, and what follows it.
fn value(data: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = data.split_first()?;
    rest.split_at_checked((*length).into())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn octets(hex: &str) -> Vec<u8> {
        hex::decode(hex.replace(' ', "")).unwrap()
    }

    /// RAND, AUTN and RES, CK, IK as in test set 1 of TS 35.208 clause 4.3, the lengths as in TS 31.102 table 7.1.2.1.
    #[test]
    fn a_challenge_and_its_answer() {
        let (rand, autn) = ("23553cbe9637a89d218ae64dae47bf35", "55f328b43577b9b94a9ffac354dfafb3");
        let challenge = Authenticate { rand: octets(rand).try_into().unwrap(), autn: octets(autn).try_into().unwrap() };
        assert_eq!(challenge.apdu(), octets(&format!("00 88 00 81 22 10 {rand} 10 {autn} 00")));
        assert_eq!(Authenticate::of_apdu(&challenge.apdu()), Some(challenge));
        let (res, ck, ik) =
            ("a54211d5e3ba50bf", "b40ba9a3c58b2a05bbf0d987b21bf8cb", "f769bcd751044604127672711c6d3441");
        let answer = octets(&format!("DB 08 {res} 10 {ck} 10 {ik} 9000"));
        let parsed = AkaAnswer::parse(&answer).unwrap();
        let AkaAnswer::Success { res: r, .. } = &parsed else { panic!("{parsed:?}") };
        assert_eq!(r, &octets(res));
        assert_eq!(parsed.response(), answer);
        // With Kc behind it.
        let with_kc = octets(&format!("DB 08 {res} 10 {ck} 10 {ik} 08 eae4be823af9a08b 9000"));
        assert_eq!(AkaAnswer::parse(&with_kc), Ok(parsed));
        let failure = octets("DC 0E 0102030405060708090A0B0C0D0E 9000");
        let auts = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14];
        assert_eq!(AkaAnswer::parse(&failure), Ok(AkaAnswer::SynchronisationFailure { auts }));
        assert_eq!(AkaAnswer::SynchronisationFailure { auts }.response(), failure);
    }

    #[test]
    fn refusals_say_what_to_do() {
        assert_eq!(AkaAnswer::parse(&[0x98, 0x62]), Err(AkaError::IncorrectMac));
        assert_eq!(AkaAnswer::parse(&[0x61, 0x35]), Err(AkaError::Waiting(0x35)));
        assert_eq!(get_response(0x35), [0, 0xC0, 0, 0, 0x35]);
        let wrong = AkaAnswer::parse(&[0x69, 0x85]).unwrap_err().to_string();
        assert!(wrong.contains("6985") && wrong.contains("no application is selected"), "{wrong}");
        assert_eq!(AkaAnswer::parse(&[0xDB, 0x90, 0x00]), Err(AkaError::Malformed));
        assert_eq!(AkaAnswer::parse(&[]), Err(AkaError::Malformed));
    }

    proptest! {
        #[test]
        fn any_answer_is_survived(octets in prop::collection::vec(any::<u8>(), 0..80)) {
            let _ = (AkaAnswer::parse(&octets), Authenticate::of_apdu(&octets));
        }
    }
}
