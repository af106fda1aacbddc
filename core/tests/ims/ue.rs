//! A UE in test clothes: what it says is written here, AKA is that of its USIM (TS 33.102 clause 6.3).

use milenage::Milenage;
use protocol::sip::{Challenge, DigestClient, Method, Request, Response, Uri, base64_encode, split_aka_nonce};

pub(crate) const DOMAIN: &str = "ims.mnc001.mcc001.3gppnetwork.org";

/// A UE and its USIM.
pub(crate) struct Ue {
    pub(crate) name: String,
    pub(crate) impi: String,
    pub(crate) impu: String,
    pub(crate) contact: String,
    pub(crate) k: [u8; 16],
    pub(crate) op: [u8; 16],
    /// Highest sequence number that was accepted.
    pub(crate) sqn: u64,
    pub(crate) service_route: Vec<String>,
    cseq: u32,
    calls: u32,
}

/// What the USIM makes of a challenge.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Usim {
    Res(Vec<u8>),
    MacFailure,
    Auts([u8; 14]),
}

impl Ue {
    pub(crate) fn new(n: u8) -> Self {
        Self {
            name: format!("ue{n}"),
            impi: format!("00101000000000{n}@{DOMAIN}"),
            impu: format!("sip:user{n}@{DOMAIN}"),
            contact: format!("sip:user{n}@10.45.0.{n}:5060"),
            k: [n; 16],
            op: [0x5a; 16],
            sqn: 0,
            service_route: Vec::new(),
            cseq: 0,
            calls: 0,
        }
    }

    pub(crate) fn usim(&mut self, rand: &[u8; 16], autn: &[u8; 16]) -> Usim {
        let mut f = Milenage::new_with_op(self.k, self.op);
        let (res, _, _, ak) = f.f2345(rand);
        let mut sqn = [0; 6];
        for (at, octet) in sqn.iter_mut().enumerate() {
            *octet = autn[at] ^ ak[at];
        }
        let amf = [autn[6], autn[7]];
        if f.f1(rand, &sqn, &amf) != autn[8..] {
            return Usim::MacFailure;
        }
        let number = sqn.iter().fold(0, |n, o| n << 8 | u64::from(*o));
        if number <= self.sqn {
            let own = &self.sqn.to_be_bytes()[2..];
            let own: [u8; 6] = own.try_into().unwrap();
            let mac = f.f1star(rand, &own, &[0, 0]);
            let ak = f.f5star(rand);
            let mut auts = [0; 14];
            for at in 0..6 {
                auts[at] = own[at] ^ ak[at];
            }
            auts[6..].copy_from_slice(&mac);
            return Usim::Auts(auts);
        }
        self.sqn = number;
        Usim::Res(res.to_vec())
    }

    /// The answer to a 401: RES, an empty response or AUTS.
    pub(crate) fn credentials(&mut self, response: &Response) -> String {
        let challenge = Challenge::parse(response.headers.get("WWW-Authenticate").unwrap()).unwrap();
        assert!(challenge.params.get("ck").is_none() && challenge.params.get("ik").is_none(), "{challenge:?}");
        let nonce = challenge.nonce().unwrap().into_owned();
        let (rand, autn) = split_aka_nonce(&nonce).unwrap();
        match self.usim(&rand, &autn) {
            Usim::Res(res) => self.digest(&challenge, &res),
            Usim::Auts(auts) => format!("{}, auts=\"{}\"", self.digest(&challenge, b""), base64_encode(&auts)),
            Usim::MacFailure => format!(
                "Digest username=\"{}\", realm=\"{DOMAIN}\", nonce=\"{nonce}\", uri=\"sip:{DOMAIN}\", response=\"\", \
                 algorithm=AKAv1-MD5",
                self.impi
            ),
        }
    }

    pub(crate) fn digest(&self, challenge: &Challenge, res: &[u8]) -> String {
        let uri = format!("sip:{DOMAIN}");
        let client = DigestClient {
            username: &self.impi,
            password: res,
            method: &Method::REGISTER,
            uri: &uri,
            nonce_count: 1,
            cnonce: "c0ffee",
            body: &[],
        };
        challenge.answer(&client).unwrap().to_string()
    }

    /// REGISTER, the first of its kind without credentials.
    pub(crate) fn register(&mut self, expires: u32, credentials: Option<&str>) -> Request {
        self.cseq += 1;
        let empty = format!(
            "Digest username=\"{}\", realm=\"{DOMAIN}\", nonce=\"\", uri=\"sip:{DOMAIN}\", response=\"\"",
            self.impi
        );
        let mut request = self.plain("REGISTER", &format!("sip:{DOMAIN}"), &format!("reg{}", self.name), self.cseq);
        request.headers.set("To", &format!("<{}>", self.impu));
        request.headers.append("Contact", &format!("<{}>;+g.3gpp.smsip", self.contact));
        request.headers.append("Expires", &expires.to_string());
        request.headers.append("Supported", "path");
        request.headers.append("Authorization", credentials.unwrap_or(&empty));
        request
    }

    /// A request outside a dialog, by the Service-Route.
    pub(crate) fn request(&mut self, method: &str, to: &str) -> Request {
        self.calls += 1;
        let call = format!("{}c{}", self.name, self.calls);
        let mut request = self.plain(method, to, &call, 1);
        request.headers.append("Route", "<sip:10.46.0.1:5060;lr>");
        self.service_route.iter().for_each(|route| request.headers.append("Route", route));
        request.headers.append("Contact", &format!("<{}>", self.contact));
        request
    }

    fn plain(&self, method: &str, uri: &str, call: &str, cseq: u32) -> Request {
        let mut request = Request::new(Method::parse(method).unwrap(), Uri::parse(uri).unwrap());
        let host = self.contact.split_once('@').unwrap().1;
        let headers = &mut request.headers;
        headers.append("Via", &format!("SIP/2.0/UDP {host};branch=z9hG4bK{call}{method}{cseq};rport"));
        headers.append("From", &format!("<{}>;tag={}", self.impu, self.name));
        headers.append("To", &format!("<{uri}>"));
        headers.append("Call-ID", call);
        headers.append("CSeq", &format!("{cseq} {method}"));
        headers.append("Max-Forwards", "70");
        headers.append("P-Access-Network-Info", "3GPP-E-UTRAN-FDD;utran-cell-id-3gpp=0010100010000001");
        request
    }

    /// A request within a dialog that this UE opened with `invite` and that `ok` answered.
    pub(crate) fn within(&self, method: &str, invite: &Request, ok: &Response, cseq: u32) -> Request {
        let contact = ok.contact().unwrap().unwrap().uri.to_string();
        let mut request = self.plain(method, &contact, invite.call_id().unwrap(), cseq);
        request.headers.set("To", ok.headers.get("To").unwrap());
        for route in ok.record_routes().unwrap().iter().rev() {
            request.headers.append("Route", &route.to_string());
        }
        request.headers.append("Contact", &format!("<{}>", self.contact));
        request
    }
}
