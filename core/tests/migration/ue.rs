//! A UE of the primary system with the identities of one system or the other: what it says is written here, AKA is that of its
//! ISIM (TS 33.102 clause 6.3), the same in both.

use milenage::Milenage;
use protocol::sip::{Challenge, DigestClient, Method, Request, Response, Uri, base64_encode, split_aka_nonce};

/// Who a UE is in a system.
#[derive(Clone, Debug)]
pub(super) struct Identities {
    pub(super) domain: String,
    pub(super) impi: String,
    pub(super) impu: String,
}

#[derive(Debug)]
pub(super) struct Ue {
    pub(super) number: u8,
    pub(super) k: [u8; 16],
    pub(super) op: [u8; 16],
    /// Highest sequence number that was accepted.
    pub(super) sqn: u64,
    cseq: u32,
}

impl Ue {
    pub(super) const fn new(number: u8) -> Self {
        // Octets that nothing else has next to each other.
        let k = [0xa7, number, 0xd3, 0x19, 0xc5, 0x7e, 0x81, number, 0x3b, 0xf2, 0x64, 0x9d, 0x0e, number, 0xb8, 0x52];
        Self { number, k, op: [0x5a; 16], sqn: 0, cseq: 0 }
    }

    pub(super) fn opc(&self) -> [u8; 16] {
        *Milenage::new_with_op(self.k, self.op).opc()
    }

    /// RES, or AUTS.
    fn isim(&mut self, rand: &[u8; 16], autn: &[u8; 16]) -> Result<Vec<u8>, [u8; 14]> {
        let mut f = Milenage::new_with_op(self.k, self.op);
        let (res, _, _, ak) = f.f2345(rand);
        let sqn: [u8; 6] = std::array::from_fn(|at| autn[at] ^ ak[at]);
        assert_eq!(f.f1(rand, &sqn, &[autn[6], autn[7]]), autn[8..], "the network knows the key");
        let number = sqn.iter().fold(0, |n, o| n << 8 | u64::from(*o));
        if number > self.sqn {
            self.sqn = number;
            return Ok(res.to_vec());
        }
        let own: [u8; 6] = self.sqn.to_be_bytes()[2..].try_into().unwrap();
        let (mac, ak) = (f.f1star(rand, &own, &[0, 0]), f.f5star(rand));
        let mut auts = [0; 14];
        (0..6).for_each(|at| auts[at] = own[at] ^ ak[at]);
        auts[6..].copy_from_slice(&mac);
        Err(auts)
    }

    /// The answer to a challenge.
    pub(super) fn credentials(&mut self, who: &Identities, response: &Response) -> String {
        let challenge = Challenge::parse(response.headers.get("WWW-Authenticate").unwrap()).unwrap();
        let (rand, autn) = split_aka_nonce(&challenge.nonce().unwrap()).unwrap();
        match self.isim(&rand, &autn) {
            Ok(res) => digest(who, &challenge, &res),
            Err(auts) => format!("{}, auts=\"{}\"", digest(who, &challenge, b""), base64_encode(&auts)),
        }
    }

    /// A response that is none.
    pub(super) fn wrong(who: &Identities, response: &Response) -> String {
        let challenge = Challenge::parse(response.headers.get("WWW-Authenticate").unwrap()).unwrap();
        digest(who, &challenge, b"not this")
    }

    pub(super) fn register(&mut self, who: &Identities, expires: u32, credentials: Option<&str>) -> Request {
        self.cseq += 1;
        let Identities { domain, impi, .. } = who;
        let empty =
            format!("Digest username=\"{impi}\", realm=\"{domain}\", nonce=\"\", uri=\"sip:{domain}\", response=\"\"");
        let mut request = self.plain(who, "REGISTER", &format!("sip:{domain}"));
        request.headers.set("To", &format!("<{}>", who.impu));
        request.headers.append("Contact", &format!("<sip:ue@10.45.0.{}:5060>", self.number));
        request.headers.append("Expires", &expires.to_string());
        request.headers.append("Supported", "path");
        request.headers.append("Authorization", credentials.unwrap_or(&empty));
        request
    }

    /// A MESSAGE by way of the P-CSCF and the S-CSCF.
    pub(super) fn message(&mut self, who: &Identities, to: &str, routes: &[String]) -> Request {
        self.cseq += 1;
        let mut request = self.plain(who, "MESSAGE", to);
        routes.iter().for_each(|route| request.headers.append("Route", route));
        request
    }

    fn plain(&self, who: &Identities, method: &str, uri: &str) -> Request {
        let Self { number, cseq, .. } = self;
        let mut request = Request::new(Method::parse(method).unwrap(), Uri::parse(uri).unwrap());
        let headers = &mut request.headers;
        headers.append("Via", &format!("SIP/2.0/UDP 10.45.0.{number}:5060;branch=z9hG4bKue{number}c{cseq};rport"));
        headers.append("From", &format!("<{}>;tag=ue{number}", who.impu));
        headers.append("To", &format!("<{uri}>"));
        headers.append("Call-ID", &format!("ue{number}-{method}-{}", who.domain));
        headers.append("CSeq", &format!("{cseq} {method}"));
        headers.append("Max-Forwards", "70");
        headers.append("P-Access-Network-Info", "3GPP-E-UTRAN-FDD;utran-cell-id-3gpp=0010100010000001");
        request
    }
}

fn digest(who: &Identities, challenge: &Challenge, res: &[u8]) -> String {
    let uri = format!("sip:{}", who.domain);
    let client = DigestClient {
        username: &who.impi,
        password: res,
        method: &Method::REGISTER,
        uri: &uri,
        nonce_count: 1,
        cnonce: "c0ffee",
        body: &[],
    };
    challenge.answer(&client).unwrap().to_string()
}
