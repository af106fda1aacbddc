//! Secrets of SIP and Diameter messages, taken out before anything is written. Lengths stay, so that messages stay whole.

use protocol::Joint;
use protocol::diameter::dictionary;
use protocol::map::sccp::SccpMessage;
use protocol::map::tcap::{Code, Component, TcapMessage};
use protocol::map::{OperationCode, OperationResult};

/// Octets of the head of an HTTP message (RFC 9112 sets no limit; servers do).
const HEAD_MAX: usize = protocol::http::HTTP_MAX_HEAD;
/// What stands for an octet that is not shown.
const MASK: u8 = b'*';
/// Octets of a Diameter header, of an AVP header without and with a vendor (RFC 6733 clauses 3, 4.1).
const DIAMETER_HEADER: usize = 20;
const AVP_HEADER: usize = 8;
const VENDOR_HEADER: usize = 12;
/// Octets of the header of a PDU (SMPP 3.4 clause 3.2).
const SMPP_HEADER: usize = 16;

/// Parameters of authentication headers that only CSCFs may see (TS 24.229 clause 5.4.1.2.1).
const KEY_PARAMETERS: [&[u8]; 2] = [b"ck=\"", b"ik=\""];
/// And those that say what somebody knows: not for records.
const PROOF_PARAMETERS: [&[u8]; 4] = [b"response=\"", b"rspauth=\"", b"auts=\"", b"nonce=\""];

/// Keys of a message: the digest on Gm, which everybody on the access hears, stays.
pub(crate) fn keys(joint: Joint, bytes: &mut [u8]) {
    match joint {
        Joint::Cx | Joint::Sh | Joint::Rf | Joint::Ro | Joint::Migration if bytes.len() > DIAMETER_HEADER => {
            avps(&mut bytes[DIAMETER_HEADER..])
        }
        Joint::Gm => after(&[MCPTT_TOKEN], bytes),
        Joint::Mw | Joint::Isc | Joint::Mcptt3 => {
            parameters(&KEY_PARAMETERS, bytes);
            after(&[MCPTT_TOKEN], bytes);
        }
        Joint::Ut | Joint::Csc1 | Joint::Api => tokens(bytes),
        // Credentials of content providers and of users of MMS are in header fields; bodies may be long files.
        Joint::XmbC | Joint::Mm1 => {
            let end = bytes.windows(4).position(|w| w == b"\r\n\r\n").unwrap_or_else(|| bytes.len().min(HEAD_MAX));
            tokens(&mut bytes[..end]);
        }
        Joint::R1 => quintuplets(bytes),
        Joint::Smpp => bind_password(bytes),
        _ => {}
    }
}

/// What authentication vectors have that only the IP-Message-GW may know (TS 33.102 clause 6.3).
fn quintuplets(bytes: &mut [u8]) {
    let Ok(message) = SccpMessage::parse(bytes) else { return };
    let Ok(tcap) = TcapMessage::parse(message.data()) else { return };
    let mut secrets: Vec<Vec<u8>> = Vec::new();
    for component in tcap.components() {
        let Component::ReturnResult { result: Some((Code::Local(code), parameter)), .. } = component else { continue };
        let result = OperationResult::parse(OperationCode(*code), Some(parameter));
        let Ok(OperationResult::SendAuthenticationInfo(vectors)) = result else { continue };
        for own in &vectors.quintuplet_list {
            secrets.extend([own.xres.expose().clone(), own.ck.expose().to_vec(), own.ik.expose().to_vec()]);
        }
    }
    for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
        while let Some(at) = bytes.windows(secret.len()).position(|window| window == secret) {
            if secret.iter().all(|&octet| octet == MASK) {
                break;
            }
            bytes[at..at + secret.len()].fill(MASK);
        }
    }
}

/// The password of a bind or an outbind (SMPP 3.4 clauses 4.1.1 to 4.1.7): after the header and system_id.
fn bind_password(bytes: &mut [u8]) {
    let is_bind = bytes.get(4..8).is_some_and(|id| matches!(id, [0, 0, 0, 1 | 2 | 9 | 0x0b]));
    let Some((_, body)) = bytes.split_at_mut_checked(SMPP_HEADER).filter(|_| is_bind) else { return };
    let mut strings = body.split_mut(|&octet| octet == 0);
    strings.next();
    if let Some(password) = strings.next() {
        password.fill(MASK);
    }
}

/// A header field's value as records and reports may show it.
pub(crate) fn for_records(value: &str) -> String {
    let mut bytes = value.as_bytes().to_vec();
    parameters(&KEY_PARAMETERS, &mut bytes);
    parameters(&PROOF_PARAMETERS, &mut bytes);
    tokens(&mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Credentials that whoever has them may use (RFC 6750, RFC 7617, RFC 6749, RFC 7636): on the wire they are inside TLS. What
/// stands before them in a header field, a form or a JSON object.
const TOKENS: [&[u8]; 18] = [
    b"Bearer ",
    b"Basic ",
    b"code=",
    b"code_verifier=",
    b"password=",
    b"client_secret=",
    b"access_token=",
    b"refresh_token=",
    b"id_token=",
    b"\"code\":\"",
    b"\"password\":\"",
    b"\"client_secret\":\"",
    b"\"access_token\":\"",
    b"\"refresh_token\":\"",
    b"\"id_token\":\"",
    b"\"access_token\": \"",
    b"\"refresh_token\": \"",
    b"\"id_token\": \"",
];

/// What stands before the access token of an MCPTT user in the body of a SIP message (TS 24.379 annex F.1).
const MCPTT_TOKEN: &[u8] = b"<mcptt-access-token type=\"Normal\"><mcpttString>";

fn tokens(bytes: &mut [u8]) {
    after(&TOKENS, bytes);
}

/// Overwrites what comes after these words, as far as it goes.
fn after(words: &[&[u8]], bytes: &mut [u8]) {
    for &word in words {
        let mut at = 0;
        while let Some(found) = find(&bytes[at..], word) {
            let begins =
                at + found == 0 || !bytes[at + found - 1].is_ascii_alphanumeric() && bytes[at + found - 1] != b'_';
            at += found + word.len();
            let is_end = |b: &u8| matches!(b, b'&' | b'"' | b'\'' | b' ' | b'\r' | b'\n' | b',' | b'<');
            let end = bytes[at..].iter().position(is_end).unwrap_or(bytes.len() - at);
            // A challenge names the scheme too, and has no credentials.
            let is_challenge = bytes[at..].get(..6).is_some_and(|next| next.eq_ignore_ascii_case(b"realm="));
            if begins && !is_challenge {
                bytes[at..at + end].fill(MASK);
            }
            at += end;
        }
    }
}

/// Overwrites the quoted value of each of these parameters.
fn parameters(names: &[&[u8]], bytes: &mut [u8]) {
    for name in names {
        let mut at = 0;
        while let Some(found) = find(&bytes[at..], name) {
            // `nonce="` ends `cnonce="` as well, and `response="` nothing else: a parameter begins after a separator.
            let begins = at + found == 0 || !bytes[at + found - 1].is_ascii_alphanumeric();
            at += found + name.len();
            let end = bytes[at..].iter().position(|&b| b == b'"').unwrap_or(bytes.len() - at);
            if begins {
                bytes[at..at + end].fill(MASK);
            }
            at += end;
        }
    }
}

/// Where a word begins, whatever its case. Most octets are not even its first letter.
fn find(bytes: &[u8], word: &[u8]) -> Option<usize> {
    let first = word.first()?;
    let mut begins = memchr::memchr2_iter(first.to_ascii_lowercase(), first.to_ascii_uppercase(), bytes);
    begins.find(|&at| bytes[at..].get(..word.len()).is_some_and(|own| own.eq_ignore_ascii_case(word)))
}

/// Overwrites the data of secret AVPs, in groups too.
fn avps(mut bytes: &mut [u8]) {
    while bytes.len() >= AVP_HEADER {
        let word = |at: usize| u32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
        let (code, flags_length) = (word(0), word(4));
        let has_vendor = flags_length >> 31 == 1;
        let header = if has_vendor { VENDOR_HEADER } else { AVP_HEADER };
        let length = (flags_length & 0x00ff_ffff) as usize;
        if length < header || length > bytes.len() {
            return;
        }
        let vendor = if has_vendor { word(8) } else { 0 };
        let definition = dictionary::avp(code, vendor);
        let (avp, rest) = bytes.split_at_mut(length.next_multiple_of(4).min(bytes.len()));
        match definition {
            Some(definition) if definition.secret => avp[header..length].fill(MASK),
            Some(definition) if definition.kind == dictionary::AvpKind::Grouped => avps(&mut avp[header..length]),
            _ => {}
        }
        bytes = rest;
    }
}

#[cfg(test)]
mod tests {
    use protocol::Secret;
    use protocol::diameter::{Avp, Message};
    use protocol::map::sccp::{SccpAddress, UnitData};
    use protocol::map::{AuthenticationQuintuplet, SendAuthenticationInfoRes};
    use protocol::mc::info::McpttInfo;
    use protocol::smpp::{Bind, BindKind, Body, Outbind, Pdu};

    use super::*;

    #[test]
    fn access_tokens_of_mcptt_users_stay_out_of_sip() {
        let info =
            McpttInfo { access_token: Some("ey.J.s".into()), client_id: Some("c".into()), ..McpttInfo::default() };
        for joint in [Joint::Gm, Joint::Mw, Joint::Isc, Joint::Mcptt3] {
            let mut bytes = info.to_document().into_bytes();
            keys(joint, &mut bytes);
            let expected = McpttInfo { access_token: Some("******".into()), ..info.clone() };
            assert_eq!(String::from_utf8(bytes).unwrap(), expected.to_document());
        }
    }

    #[test]
    fn keys_leave_cx_and_mw_and_lengths_stay() {
        let item = Avp::group(
            &dictionary::SIP_AUTH_DATA_ITEM,
            &[
                Avp::new(&dictionary::SIP_AUTHENTICATE, *b"RANDAUTN"),
                Avp::new(&dictionary::CONFIDENTIALITY_KEY, *b"ckckckc"),
                Avp::new(&dictionary::INTEGRITY_KEY, *b"ikikikik"),
            ],
        );
        let message = Message::request(303, dictionary::APP_CX, vec![Avp::text(&dictionary::USER_NAME, "a@b"), item]);
        let wire = message.emit();
        let mut masked = wire.clone();
        keys(Joint::Cx, &mut masked);
        assert_eq!(masked.len(), wire.len());
        let has = |bytes: &[u8], what: &[u8]| bytes.windows(what.len()).any(|w| w == what);
        assert!(has(&wire, b"ckckckc") && has(&wire, b"ikikikik"));
        assert!(!has(&masked, b"ckckckc") && !has(&masked, b"ikikikik"));
        assert!(has(&masked, b"RANDAUTN") && Message::parse(&masked).is_ok());

        let challenge = b"WWW-Authenticate: Digest nonce=\"abc\", ck=\"00ff\", ik=\"11ee\"\r\n".to_vec();
        let (mut on_mw, mut on_gm) = (challenge.clone(), challenge.clone());
        keys(Joint::Mw, &mut on_mw);
        keys(Joint::Gm, &mut on_gm);
        assert_eq!(on_gm, challenge);
        assert_eq!(on_mw, b"WWW-Authenticate: Digest nonce=\"abc\", ck=\"****\", ik=\"****\"\r\n");
    }

    #[test]
    fn tokens_leave_http_and_lengths_stay() {
        let request =
            b"POST /token HTTP/1.1\r\nAuthorization: Basic YTpi\r\n\r\ngrant_type=authorization_code&code=s3cret&\
                        code_verifier=v3rify&client_id=ue";
        let mut masked = request.to_vec();
        keys(Joint::Csc1, &mut masked);
        let shown = "POST /token HTTP/1.1\r\nAuthorization: Basic ****\r\n\r\ngrant_type=authorization_code&code=******&\
                     code_verifier=******&client_id=ue";
        assert_eq!(String::from_utf8_lossy(&masked), shown);
        let mut answer = br#"{"access_token":"aaa.bbb","token_type":"Bearer","id_token": "ccc"}"#.to_vec();
        keys(Joint::Csc1, &mut answer);
        let shown = r#"{"access_token":"*******","token_type":"Bearer","id_token": "***"}"#;
        assert_eq!(String::from_utf8_lossy(&answer), shown);
        let challenge = b"WWW-Authenticate: Bearer realm=\"x\", error=\"insufficient_scope\"\r\n".to_vec();
        let mut same = challenge.clone();
        keys(Joint::Api, &mut same);
        assert_eq!(same, challenge);
    }

    #[test]
    fn records_have_no_proof_either() {
        let value = r#"Digest username="u", response="0a1b", cnonce="zz", nonce="nn", AUTS="q==""#;
        assert_eq!(for_records(value), r#"Digest username="u", response="****", cnonce="zz", nonce="**", AUTS="***""#);
    }

    #[test]
    fn vectors_and_passwords_leave_map_and_smpp_and_lengths_stay() {
        let own = AuthenticationQuintuplet {
            rand: [1; 16],
            xres: Secret::new(vec![2; 8]),
            ck: Secret::new([3; 16]),
            ik: Secret::new([4; 16]),
            autn: [5; 16],
        };
        let result = SendAuthenticationInfoRes { quintuplet_list: vec![own], ..SendAuthenticationInfoRes::default() };
        let parameter = OperationResult::SendAuthenticationInfo(result).emit();
        let code = Code::Local(OperationCode::SEND_AUTHENTICATION_INFO.0);
        let component = Component::ReturnResult {
            invoke_id: 1,
            result: Some((code, parameter.unwrap_or_default())),
            is_last: true,
        };
        let end = TcapMessage::End { dtid: 1.into(), dialogue: None, components: vec![component] }.emit().unwrap();
        let [gateway, hlr] =
            [("999700000002", 149), ("999700000001", 6)].map(|(n, s)| SccpAddress::e164(n, s).unwrap());
        let bytes = UnitData::new(gateway, hlr, end).emit().unwrap();
        let mut masked = bytes.clone();
        keys(Joint::R1, &mut masked);
        let has = |octet: u8, count: usize| masked.windows(count).any(|window| *window == vec![octet; count][..]);
        assert!(masked.len() == bytes.len() && has(1, 16) && has(5, 16) && !has(2, 8) && !has(3, 16) && !has(4, 16));
        assert_eq!(masked.iter().filter(|octet| **octet == MASK).count(), 40);

        let bind = Bind::new("sm-sc", "s3cret").unwrap();
        let outbind = Body::Outbind(Outbind::new("sm-sc", "s3cret").unwrap());
        for body in [Body::Bind(BindKind::Transceiver, bind), outbind] {
            let mut pdu = Pdu::request(1, body).emit();
            keys(Joint::Smpp, &mut pdu);
            let text = String::from_utf8_lossy(&pdu).into_owned();
            assert!(text.contains("sm-sc\0******\0") && Pdu::parse(&pdu).is_ok(), "{text:?}");
        }
    }

    #[test]
    fn broken_messages_are_left_alone() {
        for bytes in [&b"\x01"[..], &[0; 21], &[0xff; 60]] {
            let mut own = bytes.to_vec();
            keys(Joint::Cx, &mut own);
            assert_eq!(own.len(), bytes.len());
        }
    }
}
