//! How a kind of modem wants to be treated: a TOML file each, so that a lab adds one without code.

use std::time::Duration;

use serde::Deserialize;

use super::io::{ModemIdentity, ModemSignal};
use crate::at::embms::EmbmsGrammar;
use crate::at::{AtCommand, AtConfig, AtResponse, Param, UrcTable, parse_params};

/// The shipped ones; the last fits every modem.
const SHIPPED: [(&str, &str); 6] = [
    ("quectel", include_str!("../../profiles/quectel.toml")),
    ("sierra", include_str!("../../profiles/sierra.toml")),
    ("telit", include_str!("../../profiles/telit.toml")),
    ("simcom", include_str!("../../profiles/simcom.toml")),
    ("huawei", include_str!("../../profiles/huawei.toml")),
    ("generic", include_str!("../../profiles/generic.toml")),
];

/// How a kind of modem wants to be treated.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModemProfile {
    /// What reports call it.
    pub name: String,
    /// Somebody has held it against such a modem.
    pub verified: bool,
    /// Which modems it is for.
    #[serde(default, rename = "match")]
    pub matches: ProfileMatch,
    /// How lines are written.
    #[serde(default)]
    pub line: LineHabits,
    /// Commands of bring-up besides those of the standards, without `AT`. A refusal is noted and otherwise ignored.
    #[serde(default)]
    pub init: Vec<String>,
    /// What it says unasked besides what the standards have.
    #[serde(default)]
    pub urcs: Vec<String>,
    /// Commands that are never sent to it, because they hang or do harm: `+CMGL`, `+CNUM`.
    #[serde(default)]
    pub avoid: Vec<String>,
    /// How its signal is asked for; of several the first that it answers.
    #[serde(default, rename = "signal")]
    pub signals: Vec<SignalCommand>,
    /// Time limits.
    #[serde(default)]
    pub limits: TimeLimits,
    /// Its eMBMS commands, when they are not those of TS 27.007.
    pub embms: Option<EmbmsGrammar>,
}

/// Which modems a profile is for: texts that the answers of `+CGMI` and `+CGMM` contain, in any case. Of each list one
/// has to fit; an empty list fits all, two empty lists none.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ProfileMatch {
    /// In `+CGMI`.
    pub manufacturer: Vec<String>,
    /// In `+CGMM`.
    pub model: Vec<String>,
}

/// How lines are written.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LineHabits {
    /// What ends a command line.
    pub terminator: Terminator,
    /// Pause after a result code before the next command.
    pub gap_ms: u16,
}

/// What ends a command line.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Terminator {
    /// CR, as V.250 has it.
    #[default]
    Cr,
    /// CR LF.
    Crlf,
}

/// Time limits, seconds.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TimeLimits {
    /// Until `AT` is answered after the port was opened.
    pub boot_s: u16,
    /// Until the SIM is ready.
    pub sim_s: u16,
    /// For all of a bring-up.
    pub bring_up_s: u16,
    /// A modem that was not heard of for so long is spoken to.
    pub silence_s: u16,
}

impl Default for TimeLimits {
    fn default() -> Self {
        Self { boot_s: 30, sim_s: 30, bring_up_s: 120, silence_s: 60 }
    }
}

/// How a signal is asked for, and what the answer means.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignalCommand {
    /// Without `AT`.
    pub command: String,
    /// What the lines of the answer begin with; without it they may be anything.
    pub prefix: Option<String>,
    /// Only a line that has `text` at `place` is looked at.
    pub only: Option<LineCondition>,
    /// Reference signal received power, dBm.
    pub rsrp: Option<SignalField>,
    /// Reference signal received quality, dB.
    pub rsrq: Option<SignalField>,
    /// Received signal strength, dBm.
    pub rssi: Option<SignalField>,
    /// Signal to interference and noise, dB.
    pub sinr: Option<SignalField>,
}

/// Which line of an answer is meant.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LineCondition {
    /// Which parameter, from 0.
    pub place: usize,
    /// What it has to be, in any case.
    pub text: String,
}

/// Where a value stands and what it means: value times `scale` plus `offset`.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignalField {
    /// Which parameter, from 0.
    pub place: Option<usize>,
    /// The words before it, where answers are free text.
    pub after: Option<String>,
    /// Unit of the value, dB.
    #[serde(default = "one")]
    pub scale: f32,
    /// Meaning of 0.
    #[serde(default)]
    pub offset: f32,
    /// Below it there is no value but a word for none.
    pub least: Option<f32>,
    /// Above it likewise.
    pub most: Option<f32>,
}

const fn one() -> f32 {
    1.0
}

/// Why a profile is refused.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ProfileError {
    /// Not TOML, an unknown key, a wrong value: said with line and column.
    #[error("{0}")]
    Toml(String),
    /// A value that cannot be.
    #[error("{profile}: {why}")]
    Value {
        /// Its name.
        profile: String,
        /// What is wrong, and what would be right.
        why: String,
    },
    /// There is no shipped one of this name.
    #[error("no profile {name:?} is shipped; there are {}", shipped_names())]
    NotShipped {
        /// The name.
        name: String,
    },
}

fn shipped_names() -> String {
    SHIPPED.map(|(name, _)| name).join(", ")
}

impl ModemProfile {
    /// Reads a profile.
    ///
    /// # Errors
    /// What is wrong with it, and where.
    pub fn parse(text: &str) -> Result<Self, ProfileError> {
        let profile: Self = toml::from_str(text).map_err(|e| ProfileError::Toml(e.to_string()))?;
        profile.check().map_err(|why| ProfileError::Value { profile: profile.name.clone(), why })?;
        Ok(profile)
    }

    /// A shipped profile.
    ///
    /// # Errors
    /// There is none of this name.
    pub fn shipped(name: &str) -> Result<Self, ProfileError> {
        let text = SHIPPED.iter().find(|(known, _)| *known == name).map(|(_, text)| text);
        text.map_or_else(|| Err(ProfileError::NotShipped { name: name.to_owned() }), |text| Self::parse(text))
    }

    /// That of a modem of which nothing is known.
    pub fn generic() -> Self {
        Self::shipped("generic").expect("the shipped profiles are read by a test")
    }

    /// All that are shipped, that of which nothing is known last.
    pub fn all_shipped() -> Vec<Self> {
        SHIPPED.iter().filter_map(|(name, _)| Self::shipped(name).ok()).collect()
    }

    /// Is it for this modem?
    pub fn is_for(&self, identity: &ModemIdentity) -> bool {
        let fits = |texts: &[String], told: Option<&String>| {
            let told = told.map(|told| told.to_lowercase()).unwrap_or_default();
            texts.is_empty() || texts.iter().any(|text| told.contains(&text.to_lowercase()))
        };
        let ProfileMatch { manufacturer, model } = &self.matches;
        !(manufacturer.is_empty() && model.is_empty())
            && fits(manufacturer, identity.manufacturer.as_ref())
            && fits(model, identity.model.as_ref())
    }

    /// How its port is to be spoken to.
    pub fn at_config(&self) -> AtConfig {
        let mut urcs = UrcTable::default();
        let grammar = self.embms_grammar();
        self.urcs.iter().map(String::as_str).chain(grammar.urc_names()).for_each(|name| urcs.add(name));
        let terminator = match self.line.terminator {
            Terminator::Cr => "\r",
            Terminator::Crlf => "\r\n",
        };
        AtConfig { terminator, gap: Duration::from_millis(self.line.gap_ms.into()), urcs, ..AtConfig::default() }
    }

    /// Its eMBMS commands.
    pub fn embms_grammar(&self) -> EmbmsGrammar {
        self.embms.clone().unwrap_or_default()
    }

    /// A command that must not be sent to it: `body` is what follows `AT`.
    pub fn avoids(&self, body: &str) -> bool {
        self.avoid
            .iter()
            .any(|name| body.strip_prefix(name.as_str()).is_some_and(|rest| !rest.starts_with(char::is_alphanumeric)))
    }

    fn check(&self) -> Result<(), String> {
        let is_clean = |text: &String| !text.is_empty() && !text.chars().any(char::is_control);
        let commands = self.init.iter().chain(self.signals.iter().map(|s| &s.command)).chain(&self.avoid);
        if let Some(wrong) = commands.chain(&self.urcs).find(|text| !is_clean(text)) {
            return Err(format!("{wrong:?} is no command: text without control characters, without AT"));
        }
        for signal in &self.signals {
            let fields = [&signal.rsrp, &signal.rsrq, &signal.rssi, &signal.sinr];
            let mut given = fields.into_iter().flatten().peekable();
            if given.peek().is_none() {
                return Err(format!("{}: none of rsrp, rsrq, rssi, sinr is said to be in its answer", signal.command));
            }
            if given.any(|field| field.place.is_some() == field.after.is_some()) {
                return Err(format!("{}: a value stands at a `place` or `after` words, one of both", signal.command));
            }
        }
        Ok(())
    }
}

impl SignalCommand {
    /// The command line.
    pub fn command(&self) -> AtCommand {
        let command = AtCommand::new(self.command.clone());
        match &self.prefix {
            Some(prefix) => command.answered_by(prefix),
            None => command.answered_by_text(),
        }
    }

    /// What an answer means; `None`: no line of it has a value.
    pub fn answer(&self, response: &AtResponse) -> Option<ModemSignal> {
        let is_meant = |text: &str| {
            self.only.as_ref().is_none_or(|only| {
                let params = parse_params(text);
                let told = params.get(only.place).and_then(Param::text);
                told.is_some_and(|told| told.eq_ignore_ascii_case(&only.text))
            })
        };
        let lines: Vec<_> =
            response.lines.iter().map(|line| line.text.as_str()).filter(|text| is_meant(text)).collect();
        let value = |field: &Option<SignalField>| field.as_ref().and_then(|f| lines.iter().find_map(|l| f.value(l)));
        let signal = ModemSignal {
            source: format!("AT{}", self.command),
            rsrp_dbm: value(&self.rsrp),
            rsrq_db: value(&self.rsrq),
            rssi_dbm: value(&self.rssi),
            sinr_db: value(&self.sinr),
        };
        // A modem without cell answers as well: with words for no value.
        (!lines.is_empty()).then_some(signal)
    }
}

impl SignalField {
    fn value(&self, line: &str) -> Option<f32> {
        let raw: f32 = match (&self.place, &self.after) {
            (Some(place), _) => parse_params(line).get(*place)?.number()?,
            (None, Some(words)) => {
                let (_, rest) = line.split_once(words.as_str())?;
                rest.split_whitespace().next()?.parse().ok()?
            }
            (None, None) => return None,
        };
        let is_value = self.least.is_none_or(|least| raw >= least) && self.most.is_none_or(|most| raw <= most);
        (is_value && raw.is_finite()).then(|| self.scale.mul_add(raw, self.offset))
    }
}
