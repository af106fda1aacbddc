//! Registration by the IMS: TR 23.804 clauses 8.7 and 8.8.1, TS 24.341 clause 5.3.3.1 (third-party REGISTER on ISC).

use protocol::Instant;
use protocol::map::{AddressString, Imsi};
use protocol::mime::{MediaType, Multipart};
use protocol::sip::proxy::Refusal;
use protocol::sip::{Contacts, Credentials, Request, ServerKey, SipMessage, Uri};
use protocol::xml::Element;

use super::IpMessageGw;
use super::registration::imsi_of_nai;
use super::users::Access;

/// What a third-party REGISTER tells of a user beside his identity.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
struct Told {
    imsi: Option<String>,
    msisdn: Option<String>,
}

impl IpMessageGw {
    /// The S-CSCF tells of a registration, or of its end.
    pub(super) fn third_party_register(
        &mut self,
        now: Instant,
        key: ServerKey,
        request: &Request,
    ) -> Result<(), Refusal> {
        let bad = |what: &str| Refusal::new(400).because(what);
        let to = request.to().ok().flatten().ok_or_else(|| bad("Bad To"))?;
        let identity = to.uri.identity();
        let expires_s = request.expires().map_err(|_| bad("Bad Expires"))?.unwrap_or(0);
        let known = self.users.of_identity(&identity).cloned();
        let told = Told::of(request, &to.uri);
        let imsi = told.imsi.or_else(|| known.as_ref().map(|user| user.imsi.clone()));
        let Some(imsi) = imsi else {
            if expires_s == 0 {
                self.answer_register(now, key, None, 0);
                return Ok(());
            }
            return Err(Refusal::new(403).because("Nothing tells the IMSI"));
        };
        if expires_s == 0 {
            self.deregister(now, key, &imsi, true);
            return Ok(());
        }
        let contact = match request.contacts() {
            Ok(Contacts::List(list)) => list.into_iter().next(),
            _ => None,
        };
        let scscf = contact.ok_or_else(|| bad("No Contact"))?.uri.to_string();
        let access = Access::Ims { identity: to.uri.identity(), scscf };
        self.mts.has_come(&imsi);
        let known = known.filter(|user| user.imsi == imsi);
        let msisdn = told.msisdn.or_else(|| known.as_ref().map(|user| user.msisdn.clone()));
        match known {
            // What was registered before needs not be told to the HLR again, unless messages wait for it (TR 23.804 clause
            // 8.6).
            Some(user) if !user.is_missed => {
                self.refresh(now, key, (user, access), expires_s, None);
                Ok(())
            }
            _ => self.update_location(now, key, (&imsi, access), expires_s, msisdn),
        }
    }
}

impl Told {
    fn of(request: &Request, identity: &Uri) -> Self {
        let mut told = Self::default();
        let media = MediaType::of(&request.headers).ok().flatten();
        let parts = media.filter(MediaType::is_multipart).and_then(|m| Multipart::parse(&m, &request.body).ok());
        match parts {
            Some(parts) => {
                for part in &parts.parts {
                    let kind = part.media_type().map(|media| media.essence).unwrap_or_default();
                    told.read(&kind, &part.body);
                }
            }
            None => {
                let kind = MediaType::of(&request.headers).ok().flatten().map(|media| media.essence);
                told.read(&kind.unwrap_or_default(), &request.body);
            }
        }
        // TS 23.003 clause 13.4B: a temporary public identity is made of the IMSI.
        let user =
            identity.as_sip().and_then(|uri| imsi_of_nai(&uri.user_text()?).filter(|_| is_of_operator(&uri.host)));
        told.imsi = told.imsi.or(user);
        told.msisdn =
            told.msisdn.or_else(|| identity.as_tel().map(|tel| tel.digits().trim_start_matches('+').to_owned()));
        told
    }

    fn read(&mut self, kind: &str, body: &[u8]) {
        match kind {
            "application/3gpp-ims+xml" => {
                let document = std::str::from_utf8(body).ok().and_then(|text| Element::parse(text).ok());
                if let Some(text) = document.as_ref().and_then(|document| document.text_of("service-info")) {
                    self.read_service_info(text);
                }
            }
            "message/sip" => {
                let copied = SipMessage::parse(body).ok();
                if let Some(SipMessage::Request(register)) = copied {
                    let credentials = register.headers.get("Authorization").and_then(|c| Credentials::parse(c).ok());
                    let name = credentials.as_ref().and_then(Credentials::username);
                    self.imsi = self.imsi.take().or_else(|| imsi_of_nai(&name?));
                }
            }
            _ => {}
        }
    }

    /// `imsi=DIGITS` and `msisdn=DIGITS`, in any order; a number alone is the MSISDN (TS 24.341 annex B.3 has that).
    fn read_service_info(&mut self, text: &str) {
        for word in text.split([' ', ',', ';', '\n', '\t']).map(str::trim).filter(|word| !word.is_empty()) {
            let (name, digits) = word.split_once('=').unwrap_or(("msisdn", word));
            let digits = digits.trim_start_matches('+');
            match name.to_ascii_lowercase().as_str() {
                "imsi" if Imsi::new(digits).is_ok() => self.imsi = Some(digits.to_owned()),
                "msisdn" if is_msisdn(digits) => self.msisdn = Some(digits.to_owned()),
                _ => {}
            }
        }
    }
}

fn is_msisdn(digits: &str) -> bool {
    (1..=15).contains(&digits.len())
        && digits.bytes().all(|digit| digit.is_ascii_digit())
        && AddressString::international(digits).is_ok()
}

/// A home domain that is made of MCC and MNC.
fn is_of_operator(host: &str) -> bool {
    host.to_ascii_lowercase().ends_with(".3gppnetwork.org")
}
