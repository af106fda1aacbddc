//! eMBMS over AT, TS 27.007 clause 14. The grammar is data, because its source is not verified: see `ts27007-14.toml`.

mod answer;

use std::collections::BTreeMap;

use serde::Deserialize;

use super::command::{AtCommand, AtResponse};
use super::params::{Param, parse_params};
use super::ts27007::{AtError, Request, ok};
use super::urc::Urc;
pub(crate) use answer::EmbmsLine;

/// The grammar as far as it is known.
const TS_27_007_14: &str = include_str!("ts27007-14.toml");

/// How the eMBMS commands of a modem are spelled.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EmbmsGrammar {
    /// Somebody has held it against the tables of clause 14.2.
    pub verified: bool,
    configure: CommandGrammar,
    report: CommandGrammar,
    service: CommandGrammar,
    data: CommandGrammar,
    counting: CommandGrammar,
    service_areas: CommandGrammar,
}

#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CommandGrammar {
    names: Vec<String>,
    set: Vec<Field>,
    #[serde(default)]
    read: Vec<Field>,
    #[serde(default)]
    list: Vec<Field>,
    urc: Option<UrcGrammar>,
}

#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct UrcGrammar {
    name: String,
    fields: Vec<Field>,
}

/// A parameter.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Field {
    Setup,
    Reporting,
    Service,
    Tmgi,
    Activation,
    Priority,
    SessionId,
    Status,
    Count,
    Frequency,
    Sai,
}

/// A command of clause 14.2.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum EmbmsCommand {
    /// Support on and off.
    Configure,
    /// Reports of sessions.
    Report,
    /// Services.
    Service,
    /// Data channel.
    Data,
    /// Counting.
    Counting,
    /// Service area identities.
    ServiceAreas,
}

/// TMGI: service identity and PLMN as TS 24.008 clause 10.5.6.13 has them; in commands twelve hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Tmgi(pub [u8; 6]);

/// What a modem says of eMBMS unasked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EmbmsReport {
    /// Which command asked for it.
    pub of: EmbmsCommand,
    /// Status or activation, as it is.
    pub status: Option<u8>,
    /// TMGI.
    pub tmgi: Option<Tmgi>,
    /// Session identity.
    pub session_id: Option<u8>,
    /// Service area identities.
    pub service_areas: Vec<u16>,
}

impl EmbmsGrammar {
    /// Reads a grammar (TOML), as [`Self::default`] has that of TS 27.007.
    ///
    /// # Errors
    /// Where it is wrong, with line and column, or which command has no name.
    pub fn parse(text: &str) -> Result<Self, String> {
        let grammar: Self = toml::from_str(text).map_err(|e| e.to_string())?;
        let nameless = EmbmsCommand::ALL.into_iter().find(|&c| grammar.of(c).names.is_empty());
        nameless.map_or(Ok(grammar), |command| Err(format!("{command:?} has no names")))
    }

    /// What a report unasked means.
    pub fn report(&self, urc: &Urc) -> Option<EmbmsReport> {
        let (of, grammar) = EmbmsCommand::ALL.into_iter().find_map(|command| {
            let grammar = self.of(command).urc.as_ref()?;
            (grammar.name == urc.name).then_some((command, grammar))
        })?;
        let params = parse_params(&urc.text);
        let fields: BTreeMap<Field, &Param> = grammar.fields.iter().copied().zip(&params).collect();
        let number = |field: Field| fields.get(&field).and_then(|p| p.number());
        let sais = grammar.fields.iter().position(|&f| f == Field::Sai).unwrap_or(params.len());
        Some(EmbmsReport {
            of,
            status: number(Field::Status).or_else(|| number(Field::Activation)),
            tmgi: fields.get(&Field::Tmgi).and_then(|p| Tmgi::parse(p.text()?)),
            session_id: number(Field::SessionId),
            service_areas: params.iter().skip(sais).filter_map(Param::number).collect(),
        })
    }

    /// Names of the reports unasked, which a port's table of codes has to know.
    pub fn urc_names(&self) -> impl Iterator<Item = &str> {
        EmbmsCommand::ALL.into_iter().filter_map(|command| Some(self.of(command).urc.as_ref()?.name.as_str()))
    }

    const fn of(&self, command: EmbmsCommand) -> &CommandGrammar {
        match command {
            EmbmsCommand::Configure => &self.configure,
            EmbmsCommand::Report => &self.report,
            EmbmsCommand::Service => &self.service,
            EmbmsCommand::Data => &self.data,
            EmbmsCommand::Counting => &self.counting,
            EmbmsCommand::ServiceAreas => &self.service_areas,
        }
    }
}

impl Default for EmbmsGrammar {
    /// That of TS 27.007 as far as it is known.
    fn default() -> Self {
        Self::parse(TS_27_007_14).expect("the shipped grammar is read by a test")
    }
}

impl EmbmsCommand {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Configure, Self::Report, Self::Service, Self::Data, Self::Counting, Self::ServiceAreas];
}

impl Tmgi {
    /// Twelve hexadecimal digits.
    pub fn parse(text: &str) -> Option<Self> {
        let mut octets = [0; 6];
        hex::decode_to_slice(text, &mut octets).ok()?;
        Some(Self(octets))
    }

    /// As commands have it.
    pub fn to_hex(self) -> String {
        hex::encode_upper(self.0)
    }
}

/// Which spelling of a command a modem knows: asked with `=?` before it is used.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ProbeEmbms {
    name: String,
    set: Vec<Field>,
}

impl ProbeEmbms {
    /// Every spelling of a command, the likeliest first.
    pub fn spellings(grammar: &EmbmsGrammar, command: EmbmsCommand) -> impl Iterator<Item = Self> {
        let CommandGrammar { names, set, .. } = grammar.of(command);
        names.iter().map(|name| Self { name: name.clone(), set: set.clone() })
    }

    /// The command as it is spelled here, `+CEMBMSCFG`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl Request for ProbeEmbms {
    /// The command as this modem has it; `None`: it does not.
    type Answer = Option<KnownEmbms>;

    fn command(&self) -> AtCommand {
        AtCommand::new(format!("{}=?", self.name)).answered_by(&self.name)
    }

    fn answer(&self, response: &AtResponse) -> Result<Self::Answer, AtError> {
        // Some modems answer everything with OK: only the ranges of the parameters are proof.
        let ranges = response.lines.first().filter(|_| response.code.is_ok()).map(|line| parse_params(&line.text));
        Ok(ranges.map(|ranges| KnownEmbms { probe: self.clone(), ranges }))
    }
}

/// A command that a modem knows, with the values that it may have.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KnownEmbms {
    probe: ProbeEmbms,
    ranges: Vec<Param>,
}

/// What a set command is to say; what is not given is left out.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct EmbmsValues {
    /// Support or reports, on and off.
    pub on: Option<bool>,
    /// `<embms_service>`: 0 available, 1 in use, 2 configure.
    pub service: Option<u8>,
    /// TMGI.
    pub tmgi: Option<Tmgi>,
    /// Session identity.
    pub session_id: Option<u8>,
    /// The service is to be received.
    pub active: Option<bool>,
}

impl KnownEmbms {
    /// The set command.
    ///
    /// # Errors
    /// The modem says that it has no such value, or the command has no place for it.
    pub fn set(&self, values: EmbmsValues) -> Result<SetEmbms, String> {
        let ProbeEmbms { name, set } = &self.probe;
        let flag = |on: Option<bool>| on.map(i64::from);
        let mut given = BTreeMap::new();
        given.extend(
            flag(values.on).map(|v| (if set.contains(&Field::Setup) { Field::Setup } else { Field::Reporting }, v)),
        );
        given.extend(values.service.map(|v| (Field::Service, v.into())));
        given.extend(values.session_id.map(|v| (Field::SessionId, v.into())));
        given.extend(flag(values.active).map(|v| (Field::Activation, v)));
        let mut texts = Vec::new();
        for (place, field) in set.iter().enumerate() {
            let text = match (field, given.remove(field)) {
                (Field::Tmgi, _) => values.tmgi.map(|tmgi| format!("\"{}\"", tmgi.to_hex())),
                (_, Some(value)) if self.ranges.get(place).is_some_and(|range| !range.admits(value)) => {
                    return Err(format!("AT{name}: the modem has no {field:?} {value}, only {:?}", self.ranges[place]));
                }
                (_, value) => value.map(|value| value.to_string()),
            };
            texts.push(text.unwrap_or_default());
        }
        let has_place = values.tmgi.is_none() || set.contains(&Field::Tmgi);
        if let Some(field) = given.keys().next().copied().or_else(|| (!has_place).then_some(Field::Tmgi)) {
            return Err(format!("AT{name} has no place for {field:?}"));
        }
        let last = texts.iter().rposition(|text| !text.is_empty()).map_or(0, |i| i + 1);
        Ok(SetEmbms { body: format!("{name}={}", texts[..last].join(",")) })
    }
}

/// A set command of clause 14.2.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SetEmbms {
    body: String,
}

impl Request for SetEmbms {
    type Answer = ();

    fn command(&self) -> AtCommand {
        AtCommand::new(self.body.clone())
    }

    fn answer(&self, response: &AtResponse) -> Result<(), AtError> {
        ok(self, response)
    }
}

#[cfg(test)]
mod tests;
