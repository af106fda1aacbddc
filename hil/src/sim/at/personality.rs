//! What kind of modem a stand-in is: its identity, its SIM, its quirks. A TOML file each.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

/// A kind of modem.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Personality {
    /// `+CGMI`.
    pub manufacturer: String,
    /// `+CGMM`.
    pub model: String,
    /// `+CGMR`.
    pub revision: String,
    /// `+CGSN`, 15 digits.
    pub imei: String,
    /// The SIM.
    pub sim: SimCard,
    /// Messages that its memory holds.
    pub sms_capacity: u16,
    /// It has the eMBMS commands of TS 27.007 clause 14.2.
    pub embms: bool,
    /// Where it departs from the standards.
    pub quirks: BTreeSet<Quirk>,
}

/// The SIM in it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SimCard {
    /// There is one.
    pub present: bool,
    /// Up to 15 digits.
    pub imsi: String,
    /// Up to 20 digits.
    pub iccid: String,
    /// International number without `+`.
    pub msisdn: String,
    /// International number of the service centre without `+`.
    pub service_centre: String,
    /// Asked for after power-up, when given.
    pub pin: Option<String>,
    /// Has an ISIM beside the USIM.
    pub isim: bool,
    /// Subscriber key of Milenage, 32 hexadecimal digits.
    pub k: Key,
    /// OPc of Milenage.
    pub opc: Key,
    /// Sequence number that it has seen already: challenges with a lower one are answered with AUTS.
    pub sqn: u64,
}

/// A key of 128 bits; in files 32 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Key(pub [u8; 16]);

impl std::fmt::Debug for Key {
    /// Keys are not for logs.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key(..)")
    }
}

impl TryFrom<String> for Key {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let digits = u128::from_str_radix(&text, 16).ok().filter(|_| text.len() == 32 && !text.starts_with('+'));
        digits.map(|digits| Self(digits.to_be_bytes())).ok_or_else(|| format!("{text:?} is not 32 hexadecimal digits"))
    }
}

impl From<Key> for String {
    fn from(key: Key) -> Self {
        format!("{:032X}", u128::from_be_bytes(key.0))
    }
}

/// What real modems do against the standards.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Quirk {
    /// `>` without the space behind it.
    PromptWithoutSpace,
    /// `>` alone on a line.
    PromptOnALine,
    /// `COMMAND NOT SUPPORT` for unknown commands.
    CommandNotSupport,
    /// Blank lines at the end of an answer.
    BlankLines,
    /// The memory for messages begins with index 0.
    SmsIndexFromZero,
    /// `+CFUN: 1,0`.
    CfunWithReset,
    /// Location and cell in `+CREG` and its kin without quotation marks.
    RegistrationUnquoted,
    /// `+CREG` and its kin with `<n>` in unsolicited codes.
    RegistrationUrcWithN,
    /// No space after the colon of an answer.
    NoSpaceAfterColon,
    /// NUL characters between answers.
    Nuls,
    /// The first command after power-up is swallowed.
    SwallowsFirstCommand,
    /// Codes of the manufacturer come all the time, `^RSSI: 20`.
    PeriodicUrcs,
    /// An unsolicited code comes between a command and its echo.
    UrcBeforeEcho,
    /// The SIM is busy for some seconds after power-up (`+CME ERROR: 14`).
    SimBusyAtFirst,
    /// `+CGSN: IMEI` and the digits.
    ImeiDecorated,
    /// `+CMGL` never ends.
    CmglHangs,
    /// Unknown commands are answered with OK.
    UnknownIsOk,
    /// Error causes in words, whatever `+CMEE` says.
    ErrorsInWords,
    /// Result codes in digits until `ATV1`.
    NumericAtFirst,
    /// Stops answering at all after a hundred commands.
    HangsAfterHundred,
    /// Spaces behind the commas of an answer.
    SpacesAfterCommas,
    /// LF alone ends lines.
    LfOnly,
    /// Status words of text mode in PDU mode.
    StatusInWords,
    /// Several unsolicited codes at once when the registration changes.
    UrcBurst,
}

impl Quirk {
    /// All of them.
    pub const ALL: [Self; 24] = [
        Self::PromptWithoutSpace,
        Self::PromptOnALine,
        Self::CommandNotSupport,
        Self::BlankLines,
        Self::SmsIndexFromZero,
        Self::CfunWithReset,
        Self::RegistrationUnquoted,
        Self::RegistrationUrcWithN,
        Self::NoSpaceAfterColon,
        Self::Nuls,
        Self::SwallowsFirstCommand,
        Self::PeriodicUrcs,
        Self::UrcBeforeEcho,
        Self::SimBusyAtFirst,
        Self::ImeiDecorated,
        Self::CmglHangs,
        Self::UnknownIsOk,
        Self::ErrorsInWords,
        Self::NumericAtFirst,
        Self::HangsAfterHundred,
        Self::SpacesAfterCommas,
        Self::LfOnly,
        Self::StatusInWords,
        Self::UrcBurst,
    ];

    /// As personalities and command lines call it.
    pub fn name(self) -> String {
        // The names of the variants, in snake case.
        let mut name = String::new();
        for c in format!("{self:?}").chars() {
            if c.is_ascii_uppercase() && !name.is_empty() {
                name.push('_');
            }
            name.push(c.to_ascii_lowercase());
        }
        name
    }

    /// What it is, for people.
    pub const fn describe(self) -> &'static str {
        match self {
            Self::PromptWithoutSpace => "> without the space behind it",
            Self::PromptOnALine => "> alone on a line",
            Self::CommandNotSupport => "COMMAND NOT SUPPORT for unknown commands",
            Self::BlankLines => "Blank lines at the end of an answer",
            Self::SmsIndexFromZero => "The memory for messages begins with index 0",
            Self::CfunWithReset => "+CFUN: 1,0",
            Self::RegistrationUnquoted => "Location and cell in +CREG and its kin without quotation marks",
            Self::RegistrationUrcWithN => "+CREG and its kin with <n> in unsolicited codes",
            Self::NoSpaceAfterColon => "No space after the colon of an answer",
            Self::Nuls => "NUL characters between answers",
            Self::SwallowsFirstCommand => "The first command after power-up is swallowed",
            Self::PeriodicUrcs => "Codes of the manufacturer come all the time, ^RSSI: 20",
            Self::UrcBeforeEcho => "An unsolicited code comes between a command and its echo",
            Self::SimBusyAtFirst => "The SIM is busy for some seconds after power-up (+CME ERROR: 14)",
            Self::ImeiDecorated => "+CGSN: IMEI and the digits",
            Self::CmglHangs => "+CMGL never ends",
            Self::UnknownIsOk => "Unknown commands are answered with OK",
            Self::ErrorsInWords => "Error causes in words, whatever +CMEE says",
            Self::NumericAtFirst => "Result codes in digits until ATV1",
            Self::HangsAfterHundred => "Stops answering at all after a hundred commands",
            Self::SpacesAfterCommas => "Spaces behind the commas of an answer",
            Self::LfOnly => "LF alone ends lines",
            Self::StatusInWords => "Status words of text mode in PDU mode",
            Self::UrcBurst => "Several unsolicited codes at once when the registration changes",
        }
    }
}

impl std::str::FromStr for Quirk {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|quirk| quirk.name() == name).ok_or_else(|| {
            let names = Self::ALL.map(Self::name).join(", ");
            format!("unknown quirk {name:?}; known are: {names}")
        })
    }
}

impl Default for Personality {
    fn default() -> Self {
        Self {
            manufacturer: "castbench".into(),
            model: "simulated modem".into(),
            revision: env!("CARGO_PKG_VERSION").into(),
            // Type allocation code 00440245: test equipment (GSMA TS.06).
            imei: "004402450000017".into(),
            sim: SimCard::default(),
            sms_capacity: 30,
            embms: true,
            quirks: BTreeSet::new(),
        }
    }
}

impl Default for SimCard {
    fn default() -> Self {
        Self {
            present: true,
            imsi: "001010000000001".into(),
            iccid: "8988211000000000019".into(),
            msisdn: "358401234567".into(),
            service_centre: "358405202000".into(),
            pin: None,
            isim: true,
            // Test set 1 of TS 35.208 clause 4.3.
            k: Key(0x465B_5CE8_B199_B49F_AA5F_0A2E_E238_A6BC_u128.to_be_bytes()),
            opc: Key(0xCD63_CB71_954A_9F4E_48A5_994E_37A0_2BAF_u128.to_be_bytes()),
            sqn: 0,
        }
    }
}

impl Personality {
    /// Has it this quirk?
    pub(super) fn has(&self, quirk: Quirk) -> bool {
        self.quirks.contains(&quirk)
    }
}
