//! Extension container: TS 29.002 clause 17.7.11, and what castbench says in it.

use gsm_map::types::{ExtensionContainer, Opaque};
use rasn::types::{Any, ObjectIdentifier};

use super::parameter::{ParameterError, decode, encode, object_identifier};

/// PrivateExtension: an object identifier, and the encoding of one ASN.1 value.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct PrivateExtension {
    /// Arcs of `extId`, at least two; the first is 0, 1 or 2.
    pub id: Vec<u32>,
    /// Encoding of `extType`: tag, length and content.
    pub value: Option<Vec<u8>>,
}

/// Extensions of castbench are below the enterprise number that RFC 5612 has for documentation: castbench has none.
const CASTBENCH: [u32; 7] = [1, 3, 6, 1, 4, 1, 32473];
/// Arc below it for MAP.
const MAP: u32 = 29_002;

/// Kind of a service centre, which TR 23.804 clause 8.5 step 8 has in reportSM-DeliveryStatus.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct ScType(pub u8);

impl ScType {
    /// Short messages of people and machines.
    pub const NORMAL: Self = Self(0);
    /// Voice mail server.
    pub const VOICE_MAIL: Self = Self(1);
    /// Video mail server.
    pub const VIDEO_MAIL: Self = Self(2);

    /// As extension: an ENUMERATED below arc 1.
    pub fn to_extension(self) -> PrivateExtension {
        PrivateExtension::castbench(1, &[0x0a, 1, self.0 & 0x7f])
    }

    /// What is said among `extensions`.
    pub fn find(extensions: &[PrivateExtension]) -> Option<Self> {
        match PrivateExtension::find(extensions, 1)? {
            [0x0a, 1, kind] => Some(Self(*kind)),
            _ => None,
        }
    }
}

/// IP access flag of TR 23.804 clause 7: a message has come, or is to go, over an IP access.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct IpAccess(pub bool);

impl IpAccess {
    /// As extension: a BOOLEAN below arc 2.
    pub fn to_extension(self) -> PrivateExtension {
        PrivateExtension::castbench(2, &[0x01, 1, if self.0 { 0xff } else { 0 }])
    }

    /// What is said among `extensions`.
    pub fn find(extensions: &[PrivateExtension]) -> Option<Self> {
        match PrivateExtension::find(extensions, 2)? {
            [0x01, 1, value] => Some(Self(*value != 0)),
            _ => None,
        }
    }
}

/// A way to and from a UE for short messages.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct SmsAccess(pub u8);

impl SmsAccess {
    /// Over IP, by an IP-SM-GW.
    pub const IP: Self = Self(0);
    /// By an SGSN.
    pub const SGSN: Self = Self(1);
    /// By an MSC.
    pub const MSC: Self = Self(2);
}

/// Which accesses are preferred for short messages (TR 23.804 clause 4): in insertSubscriberData what is in force, in
/// updateGprsLocation what the user wants. No member of either operation has that.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct SmsPreferences {
    /// For messages to the UE, the preferred one first.
    pub mt: Vec<SmsAccess>,
    /// For messages from the UE.
    pub mo: Vec<SmsAccess>,
    /// Whether the operator allows the user an order of its own.
    pub is_user_allowed: bool,
}

impl SmsPreferences {
    /// As extension: a SEQUENCE of an OCTET STRING for messages to the UE, one for messages from it, and a BOOLEAN, below
    /// arc 3. An octet for each access; what is beyond the eighth is left out.
    pub fn to_extension(&self) -> PrivateExtension {
        let list = |accesses: &[SmsAccess]| {
            let codes: Vec<u8> = accesses.iter().take(MAX_ACCESSES).map(|access| access.0).collect();
            [&[0x04, codes.len() as u8][..], &codes].concat()
        };
        let flag = [0x01, 1, if self.is_user_allowed { 0xff } else { 0 }];
        let content = [list(&self.mt), list(&self.mo), flag.to_vec()].concat();
        PrivateExtension::castbench(3, &[&[0x30, content.len() as u8][..], &content].concat())
    }

    /// What is said among `extensions`.
    pub fn find(extensions: &[PrivateExtension]) -> Option<Self> {
        let content = match PrivateExtension::find(extensions, 3)? {
            [0x30, length, content @ ..] if usize::from(*length) == content.len() => content,
            _ => return None,
        };
        let list = |content: &[u8]| -> Option<(Vec<SmsAccess>, Vec<u8>)> {
            let [0x04, length, rest @ ..] = content else { return None };
            let (codes, rest) = rest.split_at_checked(usize::from(*length).min(MAX_ACCESSES + 1))?;
            (codes.len() <= MAX_ACCESSES).then(|| (codes.iter().copied().map(SmsAccess).collect(), rest.to_vec()))
        };
        let (mt, rest) = list(content)?;
        let (mo, rest) = list(&rest)?;
        match rest[..] {
            [0x01, 1, value] => Some(Self { mt, mo, is_user_allowed: value != 0 }),
            _ => None,
        }
    }
}

/// Accesses in one list of [`SmsPreferences`].
const MAX_ACCESSES: usize = 8;

impl PrivateExtension {
    fn castbench(arc: u32, value: &[u8]) -> Self {
        Self { id: [&CASTBENCH[..], &[MAP, arc]].concat(), value: Some(value.to_vec()) }
    }

    fn find(extensions: &[Self], arc: u32) -> Option<&[u8]> {
        let of_us = |id: &[u32]| id.strip_prefix(&CASTBENCH) == Some(&[MAP, arc]);
        extensions.iter().find(|extension| of_us(&extension.id))?.value.as_deref()
    }
}

/// The container of these extensions; none without. An extension whose identifier is none, or whose value is not one
/// encoding, is left out.
pub(super) fn container(extensions: &[PrivateExtension]) -> Option<ExtensionContainer> {
    let list = extensions.iter().filter_map(|extension| {
        let value = extension.value.as_ref();
        let whole = value.is_none_or(|value| decode::<Any>(value).is_ok());
        let id = object_identifier(&extension.id).filter(|_| whole)?;
        let members = [Some(encode(&id)), extension.value.clone()];
        Some(encode(&members.into_iter().flatten().map(Any::new).collect::<Vec<_>>()))
    });
    let list: Vec<u8> = list.flatten().collect();
    let private_extension_list = (!list.is_empty()).then(|| Opaque::new(list));
    private_extension_list.is_some().then_some(ExtensionContainer { private_extension_list, pcs_extensions: None })
}

/// What a container has. PrivateExtension is read as a SEQUENCE OF anything: `gsm_map` takes an open type that is OPTIONAL
/// for absent, and skips it.
pub(super) fn extensions(container: &Option<ExtensionContainer>) -> Result<Vec<PrivateExtension>, ParameterError> {
    let Some(list) = container.as_ref().and_then(|c| c.private_extension_list.as_ref()) else { return Ok(Vec::new()) };
    let mut sequence = vec![0x30, 0x83];
    sequence.extend_from_slice(&(list.as_bytes().len() as u32).to_be_bytes()[1..]);
    sequence.extend_from_slice(list.as_bytes());
    let list: Vec<Vec<Any>> = decode(&sequence)?;
    let extension = |members: Vec<Any>| {
        let mut members = members.into_iter();
        let id: ObjectIdentifier = decode(members.next().as_ref().map_or(&[], Any::as_bytes))?;
        match (members.next(), members.next()) {
            (value, None) => Ok(PrivateExtension { id: id.to_vec(), value: value.map(Any::into_bytes) }),
            (_, Some(_)) => Err(ParameterError::Mistyped("a private extension has two members")),
        }
    };
    list.into_iter().map(extension).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extensions_of_castbench_are_found_again() {
        let list = [ScType::VIDEO_MAIL.to_extension(), IpAccess(true).to_extension()];
        let container = container(&list);
        let octets = encode(container.as_ref().unwrap());
        // ExtensionContainer { [0] { { OBJECT IDENTIFIER, ENUMERATED 2 }, { OBJECT IDENTIFIER, BOOLEAN TRUE } } }:
        // 32473 is 1*16384 + 125*128 + 89, 29002 is 1*16384 + 98*128 + 74.
        let oid = |arc| vec![0x06, 0x0c, 0x2b, 6, 1, 4, 1, 0x81, 0xfd, 0x59, 0x81, 0xe2, 0x4a, arc];
        let expected = [
            vec![0x30, 0x28, 0xa0, 0x26, 0x30, 0x11],
            oid(1),
            vec![0x0a, 1, 2, 0x30, 0x11],
            oid(2),
            vec![0x01, 1, 0xff],
        ];
        assert_eq!(octets, expected.concat());
        let again = extensions(&decode(&octets).ok()).unwrap();
        assert_eq!(again, list);
        assert_eq!(ScType::find(&again), Some(ScType::VIDEO_MAIL));
        assert_eq!(IpAccess::find(&again), Some(IpAccess(true)));
        assert_eq!(IpAccess::find(&again[..1]), None);
    }

    #[test]
    fn preferences_are_found_again() {
        let preferences = SmsPreferences {
            mt: vec![SmsAccess::IP, SmsAccess::SGSN, SmsAccess::MSC],
            mo: vec![SmsAccess::IP],
            is_user_allowed: true,
        };
        let extension = preferences.to_extension();
        // SEQUENCE { OCTET STRING, OCTET STRING, BOOLEAN }
        assert_eq!(extension.value.as_deref(), Some(&[0x30, 11, 4, 3, 0, 1, 2, 4, 1, 0, 1, 1, 0xff][..]));
        assert_eq!(SmsPreferences::find(std::slice::from_ref(&extension)), Some(preferences));
        let empty = SmsPreferences::default().to_extension();
        assert_eq!(SmsPreferences::find(&[empty]), Some(SmsPreferences::default()));
        let whole = extension.value.unwrap();
        for cut in 0..whole.len() {
            let odd = PrivateExtension { value: Some(whole[..cut].to_vec()), id: extension.id.clone() };
            assert_eq!(SmsPreferences::find(&[odd]), None, "{cut}");
        }
    }

    #[test]
    fn what_is_no_extension_is_left_out() {
        let odd = [
            PrivateExtension { id: vec![], value: None },
            PrivateExtension { id: vec![1, 40], value: None },
            PrivateExtension { id: vec![1, 2], value: Some(vec![4, 2, 0]) },
        ];
        assert_eq!(container(&odd), None);
        let good = PrivateExtension { id: vec![2, 999, 1], value: None };
        assert_eq!(extensions(&container(std::slice::from_ref(&good))), Ok(vec![good]));
    }
}
